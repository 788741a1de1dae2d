//! The difference between what an account should be and what it is.

use core::fmt;

use crate::base::{Code, Pii};
use crate::policy::{AccountDecision, GroupNames};

use super::marker::Marker;
use super::operation::{AccountChanges, Operation};
use super::state::{DesiredState, RemoteAccount, RemoteState, Settings};

/// The operations that lead from what is to what should be, in the order in which they are to be done: account, groups
/// that must exist, additions, removals, marker.
///
/// A new account that is to get groups has its marker written twice, as unfinished right after it was made and again at
/// the end: what only new people get is not lost when the sign-in breaks off in between.
///
/// Nothing carries it out as it is: [`super::Guardrail::approve`] comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    operations: Vec<Operation>,
}

impl Plan {
    /// The operations in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// True when everything is as it should be, so nothing is sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// How many memberships it ends.
    #[must_use]
    pub fn removals(&self) -> usize {
        let removes = |operation: &&Operation| matches!(operation, Operation::RemoveFromGroup { .. });
        self.operations.iter().filter(removes).count()
    }

    /// How many groups it makes.
    #[must_use]
    pub fn creations(&self) -> usize {
        let creates = |operation: &&Operation| matches!(operation, Operation::CreateGroup { .. });
        self.operations.iter().filter(creates).count()
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

/// There is no plan for this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProvisionError {
    /// There is no account, and it was not decided that one is made.
    AccountAbsent,
    /// The account is deactivated, and it was not decided that it is activated again.
    AccountInactive,
}

impl ProvisionError {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::AccountAbsent => Code::AccountAbsent,
            Self::AccountInactive => Code::AccountInactive,
        }
    }
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountAbsent => "the person has no account, and none is to be made",
            Self::AccountInactive => "the account is deactivated, and is to stay so",
        })
    }
}

impl core::error::Error for ProvisionError {}

/// Plans the way from `remote` to `desired`. Nothing to change gives an empty plan.
///
/// Only direct memberships are compared. An e-mail address is compared without case, and only when the application
/// shows one: Jira can be set to hide or mask addresses, and what cannot be read cannot be seen to differ.
///
/// # Errors
/// [`ProvisionError`] when there is no account and none may be made, or the account is deactivated.
pub fn plan(
    desired: &DesiredState,
    remote: &RemoteState,
    settings: &Settings,
) -> Result<Plan, ProvisionError> {
    let mut operations = Vec::new();
    let username = match &remote.account {
        None if desired.account != AccountDecision::Create => return Err(ProvisionError::AccountAbsent),
        None => {
            operations.push(create(desired));
            operations.extend(unfinished(desired, remote));
            desired.username.clone()
        }
        Some(account) => {
            let username = &account.username;
            let update = match (account.active, desired.account) {
                (false, AccountDecision::Reactivate { update }) => {
                    operations.push(Operation::ReactivateAccount { username: username.clone() });
                    update
                }
                (false, _) => return Err(ProvisionError::AccountInactive),
                // To be made, and there already: somebody else was faster.
                (true, decision) => matches!(decision, AccountDecision::Update | AccountDecision::Create),
            };
            let changes = changes(desired, account);
            if update && !changes.is_empty() {
                operations.push(Operation::UpdateAccount { username: username.clone(), changes });
            }
            username.clone()
        }
    };
    change_groups(&username, desired, remote, settings, &mut operations);
    let marker = desired.marker.as_ref().and_then(|update| update.against(&remote.marker));
    if let Some(marker) = marker {
        operations.push(Operation::WriteMarker { username, marker });
    }
    Ok(Plan { operations })
}

fn create(desired: &DesiredState) -> Operation {
    Operation::CreateAccount {
        username: desired.username.clone(),
        email: desired.email.as_ref().and_then(presentable),
        display_name: desired
            .display_name
            .as_ref()
            .and_then(presentable)
            .unwrap_or_else(|| desired.username.clone()),
    }
}

fn unfinished(desired: &DesiredState, remote: &RemoteState) -> Option<Operation> {
    let marker = desired.marker.as_ref()?.against(&remote.marker)?;
    (!desired.groups.ensure.is_empty()).then(|| Operation::WriteMarker {
        username: desired.username.clone(),
        marker: Marker { unfinished: true, ..marker },
    })
}

fn changes(desired: &DesiredState, account: &RemoteAccount) -> AccountChanges {
    let email = desired.email.as_ref().and_then(presentable).filter(|wanted| {
        account.email.as_ref().is_some_and(|have| {
            have.expose().contains('@') && have.expose().to_lowercase() != wanted.expose().to_lowercase()
        })
    });
    let display_name = desired
        .display_name
        .as_ref()
        .and_then(presentable)
        .filter(|wanted| account.display_name.expose().trim() != wanted.expose());
    AccountChanges { email, display_name }
}

/// `value` without white space around it, which applications drop too; `None` when nothing is left.
fn presentable(value: &Pii<String>) -> Option<Pii<String>> {
    let value = value.expose().trim();
    (!value.is_empty()).then(|| Pii::new(value.to_owned()))
}

fn change_groups(
    username: &Pii<String>,
    desired: &DesiredState,
    remote: &RemoteState,
    settings: &Settings,
    operations: &mut Vec<Operation>,
) {
    let current = GroupNames::from_iter(remote.account.iter().flat_map(|account| &account.groups));
    let ensure = GroupNames::from_iter(&desired.groups.ensure);
    let may_remove = GroupNames::from_iter(&desired.groups.may_remove);

    let missing = || ensure.iter().filter(|group| !current.contains(group));
    if settings.create_missing_groups {
        operations.extend(
            missing()
                .filter(|group| !remote.knows_group(group))
                .map(|group| Operation::CreateGroup { group: group.to_owned() }),
        );
    }
    let by_name = GroupNames::from_iter(&desired.groups.if_it_exists);
    operations.extend(missing().map(|group| Operation::AddToGroup {
        username: username.clone(),
        group: group.to_owned(),
        if_it_exists: by_name.contains(group) && !settings.create_missing_groups,
    }));
    operations.extend(
        current
            .iter()
            .filter(|group| may_remove.contains(group) && !ensure.contains(group))
            .map(|group| Operation::RemoveFromGroup { username: username.clone(), group: group.to_owned() }),
    );
}
