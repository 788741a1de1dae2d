//! What an account should be, and what it is.

use std::collections::BTreeSet;

use crate::base::Pii;
use crate::policy::{AccountDecision, AccountFacts, DesiredGroups, FoldedName, GroupNames};

use super::marker::{MarkerUpdate, RemoteMarker};
use super::operation::Operation;

/// The checked part of the `provisioning` configuration that does not depend on the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Make groups that the rules give and the application lacks; otherwise adding to one is refused (SG8003).
    pub create_missing_groups: bool,
    /// The most groups that one sign-in may take from an account (SG8006).
    pub max_group_removals: usize,
    /// The most groups that one sign-in may make (SG8006): their names can come from the IdP.
    pub max_group_creations: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { create_missing_groups: false, max_group_removals: 20, max_group_creations: 10 }
    }
}

/// What the account should be after this sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredState {
    /// The user name as the identity has it.
    pub username: Pii<String>,
    /// `None` when the IdP sent none: the account's own stays.
    pub email: Option<Pii<String>>,
    /// `None` when the IdP sent none: the account's own stays, and a new account is named after its user name.
    pub display_name: Option<Pii<String>>,
    /// What may become of the account.
    pub account: AccountDecision,
    /// Groups to have and groups not to keep.
    pub groups: DesiredGroups,
    /// What to remember at the account about this sign-in; `None` to keep no marker.
    pub marker: Option<MarkerUpdate>,
}

/// An account as the application reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAccount {
    /// The user name in the application's spelling.
    pub username: Pii<String>,
    /// `None` when the application does not show it.
    pub email: Option<Pii<String>>,
    /// The display name.
    pub display_name: Pii<String>,
    /// Whether it may be used.
    pub active: bool,
    /// All direct memberships in the application's spelling.
    pub groups: BTreeSet<String>,
}

/// Everything that was read about one person at the application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteState {
    /// The account, if there is one.
    pub account: Option<RemoteAccount>,
    /// Our marker at the account.
    pub marker: RemoteMarker,
    /// Groups that are known to exist besides those of the account; may stay empty, which costs one needless
    /// [`Operation::CreateGroup`] for each group to add when missing groups are created.
    pub existing_groups: BTreeSet<String>,
}

impl RemoteState {
    /// The account as policy sees it.
    #[must_use]
    pub fn account_facts(&self) -> AccountFacts {
        self.account.as_ref().map_or(AccountFacts::Absent, |account| AccountFacts::Present {
            groups: account.groups.clone(),
            active: account.active,
            unfinished: matches!(&self.marker, RemoteMarker::Present(marker) if marker.unfinished),
        })
    }

    /// Does the application have a group of this name, as far as is known?
    #[must_use]
    pub fn knows_group(&self, name: &str) -> bool {
        let of_account = self.account.iter().flat_map(|account| &account.groups);
        of_account.chain(&self.existing_groups).any(|group| FoldedName::same(group, name))
    }

    /// This state after `operation` has been done: the application in miniature, for dry runs and proofs.
    ///
    /// An operation on an account that does not exist changes nothing, as at the application.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::CreateAccount { username, email, display_name } => {
                self.account.get_or_insert_with(|| RemoteAccount {
                    username: username.clone(),
                    email: email.clone(),
                    display_name: display_name.clone(),
                    active: true,
                    groups: BTreeSet::new(),
                });
            }
            Operation::UpdateAccount { changes, .. } => {
                if let Some(account) = &mut self.account {
                    if let Some(email) = &changes.email {
                        account.email = Some(email.clone());
                    }
                    if let Some(display_name) = &changes.display_name {
                        account.display_name = display_name.clone();
                    }
                }
            }
            Operation::ReactivateAccount { .. } => {
                if let Some(account) = &mut self.account {
                    account.active = true;
                }
            }
            Operation::CreateGroup { group } => {
                if !self.knows_group(group) {
                    self.existing_groups.insert(group.clone());
                }
            }
            Operation::AddToGroup { group, .. } => {
                if let Some(account) = &mut self.account
                    && !GroupNames::from_iter(&account.groups).contains(group)
                {
                    account.groups.insert(group.clone());
                }
            }
            Operation::RemoveFromGroup { group, .. } => {
                if let Some(account) = &mut self.account {
                    account.groups.retain(|have| !FoldedName::same(have, group));
                }
            }
            Operation::WriteMarker { marker, .. } => {
                if self.account.is_some() {
                    self.marker = RemoteMarker::Present(marker.clone());
                }
            }
        }
    }
}
