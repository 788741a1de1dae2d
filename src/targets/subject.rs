//! What an operation is about, for whoever has to read it again.

use crate::base::Pii;
use crate::provision::{AccountRef, Operation};

/// What shows whether an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// Somebody of whom only the name is known.
    Person(&'a Pii<String>),
    /// An account.
    Account(&'a AccountRef),
    /// An account and its groups.
    Membership(&'a AccountRef),
    /// Our marker at an account.
    Marker(&'a AccountRef),
    /// A group.
    Group(&'a str),
    /// An organization.
    Organization(&'a str),
}

impl<'a> Subject<'a> {
    /// What shows whether `operation` is done. What is renamed is looked for under its new name.
    pub(super) const fn of(operation: &'a Operation) -> Self {
        match operation {
            Operation::CreateAccount { username, .. } | Operation::RenameAccount { username, .. } => {
                Self::Person(username)
            }
            Operation::Deliver(delivery) => Self::Person(&delivery.username),
            Operation::AddToGroup { account, .. } | Operation::RemoveFromGroup { account, .. } => {
                Self::Membership(account)
            }
            Operation::ReactivateAccount { account }
            | Operation::UpdateAccount { account, .. }
            | Operation::AddCustomer { account, .. }
            | Operation::AddToOrganization { account, .. }
            | Operation::RemoveFromOrganization { account, .. }
            | Operation::DeactivateAccount { account }
            | Operation::AnonymizeAccount { account }
            | Operation::DeleteAccount { account } => Self::Account(account),
            Operation::WriteMarker { account, .. } => Self::Marker(account),
            Operation::CreateGroup { group }
            | Operation::DeleteGroup { group }
            | Operation::RenameGroup { name: group, .. } => Self::Group(group.as_str()),
            Operation::CreateOrganization { organization }
            | Operation::LinkOrganization { organization, .. }
            | Operation::DeleteOrganization { organization }
            | Operation::RenameOrganization { name: organization, .. } => {
                Self::Organization(organization.as_str())
            }
        }
    }
}
