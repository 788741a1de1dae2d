//! Is an operation done?

use crate::policy::FoldedName;

use super::directory::Known;
use super::marker::RemoteMarker;
use super::operation::Operation;
use super::state::RemoteState;

/// Is what `operation` wants already so in `remote`, freshly read?
///
/// This is how an answer that can mean several things is understood: the state decides, never the text of an error.
/// An account that exists satisfies its creation only while it is active: the plan was made for a person without an
/// account, and a deactivated one must not be entered by the back door.
#[must_use]
pub fn satisfied(operation: &Operation, remote: &RemoteState) -> bool {
    let account = remote.account.as_ref();
    let is_member =
        |group: &str| account.map(|account| account.groups.iter().any(|have| FoldedName::same(have, group)));
    match operation {
        Operation::CreateAccount { username, .. } => account.is_some_and(|account| {
            account.active && FoldedName::same(account.username.expose(), username.expose())
        }),
        Operation::ReactivateAccount { .. } => account.is_some_and(|account| account.active),
        Operation::UpdateAccount { changes, .. } => account.is_some_and(|account| {
            // What the application does not show cannot be seen to differ.
            let have = account.email.as_ref();
            changes.email.as_ref().is_none_or(|email| have.is_none_or(|have| have == email))
                && changes.display_name.as_ref().is_none_or(|name| account.display_name == *name)
                && changes.profile.iter().all(|(field, value)| account.profile.get(field) == Some(value))
        }),
        Operation::CreateGroup { group } => remote.knows_group(group),
        Operation::AddToGroup { group, .. } => is_member(group) == Some(true),
        Operation::RemoveFromGroup { group, .. } => is_member(group) == Some(false),
        Operation::CreateOrganization { organization } => {
            matches!(remote.directory.organization(organization), Some(Known::Exists(_)))
        }
        Operation::LinkOrganization { organization, service_desk } => {
            remote.directory.is_linked(organization, service_desk)
        }
        Operation::WriteMarker { marker, .. } => {
            matches!(&remote.marker, RemoteMarker::Present(have) if have == marker)
        }
        // Whoever has no account cannot use it.
        Operation::DeactivateAccount { .. } => account.is_none_or(|account| !account.active),
        Operation::AnonymizeAccount { .. } | Operation::DeleteAccount { .. } => account.is_none(),
        // It was looked for under its new name. Without ids nobody can tell whether that is somebody else's.
        Operation::RenameAccount { account: whose, username } => account.is_some_and(|account| {
            FoldedName::same(account.username.expose(), username.expose())
                && whose.id.is_some()
                && account.id == whose.id
        }),
        // The new name was free a moment ago.
        Operation::RenameGroup { name, .. } => {
            matches!(remote.directory.group(name), Some(Known::Exists(group)) if group.name == *name)
        }
        Operation::RenameOrganization { name, .. } => remote.directory.organization_id(name).is_some(),
        Operation::DeleteGroup { group } => remote.directory.group(group) == Some(&Known::Absent),
        Operation::DeleteOrganization { organization } => {
            remote.directory.organization(organization) == Some(&Known::Absent)
        }
        // Nobody reads who is in an organization or desk, and a delivery cannot be looked up.
        Operation::AddCustomer { .. }
        | Operation::AddToOrganization { .. }
        | Operation::RemoveFromOrganization { .. }
        | Operation::Deliver(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::Pii;
    use crate::provision::{AccountId, AccountRef, RemoteAccount};

    fn named(name: &str, id: Option<&str>) -> RemoteState {
        let account = RemoteAccount {
            id: id.map(|id| AccountId::new(id.to_owned())),
            username: Pii::new(name.to_owned()),
            email: None,
            display_name: Pii::new(String::new()),
            active: true,
            groups: BTreeSet::new(),
            profile: super::super::Profile::new(),
        };
        RemoteState { account: Some(account), ..RemoteState::default() }
    }

    #[test]
    fn j12_a_new_name_proves_nothing_unless_the_same_account_has_it() {
        let rename = |id: Option<&str>| Operation::RenameAccount {
            account: AccountRef {
                username: Pii::new("alice".to_owned()),
                id: id.map(|id| AccountId::new(id.to_owned())),
            },
            username: Pii::new("bob".to_owned()),
        };
        assert!(satisfied(&rename(Some("1")), &named("Bob", Some("1"))));
        for remote in
            [RemoteState::default(), named("bob", Some("2")), named("bob", None), named("alice", Some("1"))]
        {
            assert!(!satisfied(&rename(Some("1")), &remote), "{remote:?}");
        }
        // Nobody is there, somebody is: without ids neither tells.
        for remote in [RemoteState::default(), named("bob", None), named("bob", Some("1"))] {
            assert!(!satisfied(&rename(None), &remote), "{remote:?}");
        }
    }
}
