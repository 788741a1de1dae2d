//! What an account should be, and what it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Pii;
use crate::policy::{AccountDecision, AccountFacts, DesiredGroups, FoldedName, GroupNames};

use super::account::{Profile, RemoteAccount};
use super::capabilities::Capabilities;
use super::directory::Directory;
use super::marker::{MarkerUpdate, RemoteMarker};
use super::operation::Operation;
use super::pieces::Pieces;
use super::seats::Seats;

/// The checked part of the `provisioning` configuration that does not depend on the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Make groups that the rules give and the application lacks; otherwise adding to one is refused (SG8003).
    pub create_missing_groups: bool,
    /// The most groups that one sign-in may take from an account (SG8006).
    pub max_group_removals: usize,
    /// The most groups that one sign-in may make (SG8006): their names can come from the IdP.
    pub max_group_creations: usize,
    /// The largest part of somebody's memberships that one sign-in may take, in percent (SG8006). It says nothing about a
    /// person with few of them: one or two removals always pass.
    pub max_group_removal_percent: u8,
    /// What the application can do.
    pub capabilities: Capabilities,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            create_missing_groups: false,
            max_group_removals: 20,
            max_group_creations: 10,
            max_group_removal_percent: 100,
            capabilities: Capabilities::default(),
        }
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
    /// What else the IdP says; only fields that the application keeps are looked at.
    pub profile: Profile,
    /// It is a portal customer: the application may have a way of its own to make such accounts.
    pub is_customer: bool,
    /// What may become of the account.
    pub account: AccountDecision,
    /// Groups to have and groups not to keep.
    pub groups: DesiredGroups,
    /// What to remember at the account about this sign-in; `None` to keep no marker.
    pub marker: Option<MarkerUpdate>,
}

/// Everything that was read about one person at the application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteState {
    /// The account, if there is one.
    pub account: Option<RemoteAccount>,
    /// Our marker at the account.
    pub marker: RemoteMarker,
    /// What is known of groups and organizations besides who is in them; may stay empty, which costs one needless
    /// [`Operation::CreateGroup`] for each group to add when missing groups are created.
    pub directory: Directory,
    /// Licences, where somebody asked.
    pub seats: Vec<Seats>,
    /// Resources as they were read, by address, for applications that take only whole ones back. Of one sign-in only.
    pub documents: BTreeMap<String, Pii<String>>,
    /// The address led to more than one account, so to none.
    pub ambiguous: bool,
    /// The account was found by its address, not by the user name.
    pub linked: bool,
    /// What only the target reads that wrote it.
    pub pieces: Pieces,
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

    /// The user name of an account that was found by its address.
    #[must_use]
    pub fn linked_username(&self) -> Option<Pii<String>> {
        self.account.as_ref().filter(|_| self.linked).map(|account| account.username.clone())
    }

    /// Does the application have a group of this name, as far as is known?
    #[must_use]
    pub fn knows_group(&self, name: &str) -> bool {
        let mut of_account = self.account.iter().flat_map(|account| &account.groups);
        self.directory.has_group(name) || of_account.any(|group| FoldedName::same(group, name))
    }

    /// This state after `operation` has been done: the application in miniature, for dry runs and proofs.
    ///
    /// An operation on an account that does not exist changes nothing, as at the application.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::CreateAccount { username, email, display_name, profile, .. } => {
                self.account.get_or_insert_with(|| RemoteAccount {
                    id: None,
                    username: username.clone(),
                    email: email.clone(),
                    display_name: display_name.clone(),
                    active: true,
                    groups: BTreeSet::new(),
                    profile: profile.clone(),
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
                    account.profile.extend(changes.profile.clone());
                }
            }
            Operation::ReactivateAccount { .. } => {
                if let Some(account) = &mut self.account {
                    account.active = true;
                }
            }
            Operation::CreateGroup { group } => {
                if !self.knows_group(group) {
                    self.directory.learn_group(group, None);
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
            Operation::Deliver(delivery) => self.account = Some(delivery.told()),
            Operation::DeactivateAccount { .. } => {
                if let Some(account) = &mut self.account {
                    account.active = false;
                }
            }
            Operation::AnonymizeAccount { .. } | Operation::DeleteAccount { .. } => {
                self.account = None;
                self.marker = RemoteMarker::Absent;
            }
            Operation::RenameAccount { username, .. } => {
                if let Some(account) = &mut self.account {
                    account.username = username.clone();
                }
            }
            Operation::RenameGroup { group, name } => {
                self.directory.rename_group(group, name);
                if let Some(account) = &mut self.account
                    && GroupNames::from_iter(&account.groups).contains(group)
                {
                    account.groups.retain(|have| !FoldedName::same(have, group));
                    account.groups.insert(name.clone());
                }
            }
            Operation::DeleteGroup { group } => {
                self.directory.learn_no_group(group);
                if let Some(account) = &mut self.account {
                    account.groups.retain(|have| !FoldedName::same(have, group));
                }
            }
            Operation::RenameOrganization { organization, name } => {
                self.directory.rename_organization(organization, name);
            }
            Operation::DeleteOrganization { organization } => {
                self.directory.learn_no_organization(organization);
            }
            // Who is in an organization is remembered by the marker.
            Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. } => {}
        }
    }
}
