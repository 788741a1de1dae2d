//! What becomes of the account of somebody who left.

use std::collections::BTreeSet;

use crate::policy::GroupNames;

use super::account::RemoteAccount;
use super::capabilities::Capabilities;
use super::marker::{Marker, RemoteMarker};
use super::operation::{Operation, OperationKind};
use super::plan::{Plan, ProvisionError};
use super::state::RemoteState;

/// What becomes of the account of somebody whom the directory has no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// It may not be used. Memberships stay, and are in force again when the account is (J21).
    #[default]
    Deactivate,
    /// It leaves what the rules may take: managed groups, and organizations that we put it into. It may be used further.
    RemoveGroups,
    /// The application forgets whose it was.
    Anonymize,
    /// It is deleted (J22). Never by default.
    Delete,
}

impl Absence {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::RemoveGroups => "remove_groups",
            Self::Anonymize => "anonymize",
            Self::Delete => "delete",
        }
    }

    /// Can an application of these capabilities do it?
    #[must_use]
    pub const fn is_possible(self, capabilities: &Capabilities) -> bool {
        match self {
            Self::Deactivate => capabilities.reads && capabilities.deactivates,
            Self::RemoveGroups => capabilities.reads,
            Self::Anonymize => capabilities.reads && capabilities.anonymizes,
            Self::Delete => capabilities.reads && capabilities.deletes_accounts,
        }
    }
}

/// What bounds the leaving of one person.
#[derive(Clone, Copy, Debug)]
pub struct LeavingRules<'a> {
    /// What the application can do.
    pub capabilities: Capabilities,
    /// The groups that may be taken, in any spelling: those that the policy manages and does not protect.
    pub removable: &'a BTreeSet<String>,
}

/// Plans what makes `absence` true of the account in `remote`. Nobody's account is nothing to do.
///
/// Memberships end before the account does, so that a plan that breaks off half-way finds them again at the next try.
/// What is to be deleted or anonymized is deactivated first where that can be done: an application that refuses the rest,
/// because the person still owns something in it, lets nobody in meanwhile.
///
/// # Errors
/// [`ProvisionError::Impossible`] when the application cannot do it, [`ProvisionError::AccountAmbiguous`] when nobody can
/// tell whose account is meant.
pub fn leaving(
    remote: &RemoteState,
    absence: Absence,
    rules: &LeavingRules<'_>,
) -> Result<Plan, ProvisionError> {
    if !absence.is_possible(&rules.capabilities) {
        return Err(ProvisionError::Impossible(absence));
    }
    if remote.ambiguous {
        return Err(ProvisionError::AccountAmbiguous);
    }
    let Some(account) = &remote.account else { return Ok(Plan::default()) };
    let whose = || account.reference();
    let mut operations = Vec::new();
    let deactivate = || {
        let can = rules.capabilities.deactivates && account.active;
        can.then(|| Operation::DeactivateAccount { account: whose() })
    };
    match absence {
        Absence::Deactivate => operations.extend(deactivate()),
        Absence::RemoveGroups => {
            leave_groups(account, |group, removable| removable.contains(group), rules, &mut operations);
            if leave_organizations(account, remote, rules, &mut operations)
                && let Some(marker) = without_organizations(&remote.marker)
            {
                operations.push(Operation::WriteMarker { account: whose(), marker });
            }
        }
        Absence::Anonymize | Absence::Delete => {
            if rules.capabilities.groups_are_organizations {
                leave_groups(account, |_, _| true, rules, &mut operations);
            }
            leave_organizations(account, remote, rules, &mut operations);
            operations.extend(deactivate());
            operations.push(if absence == Absence::Delete {
                Operation::DeleteAccount { account: whose() }
            } else {
                Operation::AnonymizeAccount { account: whose() }
            });
        }
    }
    let memberships = account.groups.len().saturating_add(remote.marker.organizations());
    Ok(Plan::of_leaving(operations, memberships))
}

fn leave_groups(
    account: &RemoteAccount,
    leaves: impl Fn(&str, &GroupNames) -> bool,
    rules: &LeavingRules<'_>,
    operations: &mut Vec<Operation>,
) {
    let removable = GroupNames::from_iter(rules.removable);
    operations.extend(
        account
            .groups
            .iter()
            .filter(|group| leaves(group, &removable))
            .map(|group| Operation::RemoveFromGroup { account: account.reference(), group: group.clone() }),
    );
}

/// Out of every organization that we put the account into, as the marker remembers. Were there any?
fn leave_organizations(
    account: &RemoteAccount,
    remote: &RemoteState,
    rules: &LeavingRules<'_>,
    operations: &mut Vec<Operation>,
) -> bool {
    let RemoteMarker::Present(marker) = &remote.marker else { return false };
    if !rules.capabilities.organizations {
        return false;
    }
    operations.extend(marker.organizations.iter().map(|organization| Operation::RemoveFromOrganization {
        account: account.reference(),
        organization: organization.clone(),
    }));
    !marker.organizations.is_empty()
}

fn without_organizations(marker: &RemoteMarker) -> Option<Marker> {
    match marker {
        RemoteMarker::Present(marker) => {
            Some(Marker { organizations: BTreeSet::new(), moving: false, ..marker.clone() })
        }
        RemoteMarker::NotRead | RemoteMarker::Absent | RemoteMarker::Foreign => None,
    }
}

impl OperationKind {
    /// Does it end somebody's account, or what somebody may do?
    #[must_use]
    pub const fn ends_something(self) -> bool {
        matches!(
            self,
            Self::RemoveFromGroup
                | Self::RemoveFromOrganization
                | Self::DeactivateAccount
                | Self::AnonymizeAccount
                | Self::DeleteAccount
                | Self::DeleteGroup
                | Self::DeleteOrganization
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Code, Pii};
    use crate::provision::{Guardrail, Settings};

    const ALL: Capabilities = Capabilities {
        reads: true,
        accounts_by: crate::provision::AccountKeyKind::Username,
        marker: true,
        email_immutable: false,
        shows_email: true,
        updates: true,
        reactivates: true,
        deactivates: true,
        anonymizes: true,
        deletes_accounts: true,
        renames_accounts: true,
        lists_accounts: true,
        creates_groups: true,
        renames_groups: true,
        deletes_groups: true,
        organizations: true,
        groups_are_organizations: false,
        renames_organizations: true,
        deletes_organizations: true,
        lists_organizations: true,
        needs_password: false,
        needs_email: false,
        profile_fields: &[],
    };

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn alice(active: bool, organizations: &[&str]) -> RemoteState {
        let account = RemoteAccount {
            id: None,
            username: Pii::new(String::from("Alice")),
            email: None,
            display_name: Pii::new(String::from("Alice")),
            active,
            groups: set(&["agents", "hand-made", "Staff"]),
            profile: crate::provision::Profile::new(),
        };
        let marker = Marker {
            customer_login: Some(Pii::new(String::from("a"))),
            organizations: set(organizations),
            service_desks: set(&["3"]),
            moving: true,
            ..Marker::default()
        };
        RemoteState {
            account: Some(account),
            marker: RemoteMarker::Present(marker),
            ..RemoteState::default()
        }
    }

    fn words(plan: &Plan) -> Vec<String> {
        let word = |operation: &Operation| match operation.about() {
            Some(name) => format!("{} {name}", operation.kind().as_str()),
            None => operation.kind().as_str().to_owned(),
        };
        plan.operations().iter().map(word).collect()
    }

    fn plan_with(remote: &RemoteState, absence: Absence, capabilities: Capabilities) -> Vec<String> {
        let removable = set(&["AGENTS", "staff", "other"]);
        words(&leaving(remote, absence, &LeavingRules { capabilities, removable: &removable }).unwrap())
    }

    fn plan_of(remote: &RemoteState, absence: Absence) -> Vec<String> {
        plan_with(remote, absence, ALL)
    }

    #[test]
    fn j21_deactivation_touches_no_membership_and_happens_once() {
        assert_eq!(plan_of(&alice(true, &["Acme"]), Absence::Deactivate), ["deactivate_account"]);
        assert_eq!(plan_of(&alice(false, &["Acme"]), Absence::Deactivate), [""; 0]);
    }

    #[test]
    fn j22_what_is_deleted_leaves_organizations_first_and_lets_nobody_in_when_it_is_refused() {
        let expected = [
            "remove_from_organization Acme",
            "remove_from_organization Bolt",
            "deactivate_account",
            "delete_account",
        ];
        assert_eq!(plan_of(&alice(true, &["Bolt", "Acme"]), Absence::Delete), expected);
        assert_eq!(plan_of(&alice(false, &[]), Absence::Delete), ["delete_account"]);
        let anonymized = plan_of(&alice(true, &[]), Absence::Anonymize);
        assert_eq!(anonymized, ["deactivate_account", "anonymize_account"]);
        let cannot_deactivate = Capabilities { deactivates: false, ..ALL };
        let deleted = plan_with(&alice(true, &[]), Absence::Delete, cannot_deactivate);
        assert_eq!(deleted, ["delete_account"]);
    }

    #[test]
    fn j22_groups_that_are_organizations_are_left_before_the_account_goes() {
        let capabilities = Capabilities { groups_are_organizations: true, ..ALL };
        let expected = [
            "remove_from_group Staff",
            "remove_from_group agents",
            "remove_from_group hand-made",
            "delete_account",
        ];
        assert_eq!(plan_with(&alice(false, &[]), Absence::Delete, capabilities), expected);
        // Deactivation keeps them all the same.
        assert_eq!(plan_with(&alice(true, &[]), Absence::Deactivate, capabilities), ["deactivate_account"]);
    }

    #[test]
    fn r13_only_groups_that_the_rules_may_take_are_taken() {
        let remote = alice(true, &["Acme"]);
        let removable = set(&["AGENTS", "staff", "other"]);
        let rules = LeavingRules { capabilities: ALL, removable: &removable };
        let plan = leaving(&remote, Absence::RemoveGroups, &rules).unwrap();
        let expected = [
            "remove_from_group Staff",
            "remove_from_group agents",
            "remove_from_organization Acme",
            "write_marker",
        ];
        assert_eq!(words(&plan), expected);
        let Some(Operation::WriteMarker { marker, .. }) = plan.operations().last() else { panic!() };
        assert!(marker.organizations.is_empty() && !marker.moving && !marker.unfinished);
        assert!(marker.customer_login.is_some(), "a mark is never cleared (R12)");
        assert_eq!(marker.service_desks, set(&["3"]));

        let mut done = remote;
        plan.operations().iter().for_each(|operation| done.apply(operation));
        assert!(leaving(&done, Absence::RemoveGroups, &rules).unwrap().is_empty(), "twice is once");
    }

    #[test]
    fn an_organization_that_nobody_remembers_is_nobodys_to_take() {
        for marker in [RemoteMarker::NotRead, RemoteMarker::Absent, RemoteMarker::Foreign] {
            let remote = RemoteState { marker, ..alice(true, &["Acme"]) };
            assert_eq!(
                plan_of(&remote, Absence::RemoveGroups),
                ["remove_from_group Staff", "remove_from_group agents"]
            );
            assert_eq!(plan_of(&remote, Absence::Delete), ["deactivate_account", "delete_account"]);
        }
        let without = Capabilities { organizations: false, ..ALL };
        assert_eq!(plan_with(&alice(false, &["Acme"]), Absence::Delete, without), ["delete_account"]);
    }

    #[test]
    fn what_an_application_cannot_do_is_refused_and_not_passed_over() {
        let none = BTreeSet::new();
        let everything = [Absence::Deactivate, Absence::RemoveGroups, Absence::Anonymize, Absence::Delete];
        for (capabilities, refused) in [
            (Capabilities::default(), &everything[..1]),
            (Capabilities::default(), &everything[2..]),
            (Capabilities { reads: false, ..ALL }, &everything[..]),
            (Capabilities { anonymizes: false, ..ALL }, &everything[2..3]),
            (Capabilities { deletes_accounts: false, ..ALL }, &everything[3..]),
        ] {
            for absence in refused {
                let rules = LeavingRules { capabilities, removable: &none };
                // Also for somebody who has no account: a wrong configuration is told at once.
                for remote in [RemoteState::default(), alice(true, &[])] {
                    let error = leaving(&remote, *absence, &rules).unwrap_err();
                    assert_eq!(error, ProvisionError::Impossible(*absence));
                    assert_eq!(error.code(), Code::AbsenceImpossible);
                    assert!(error.to_string().contains(absence.as_str()));
                }
            }
        }
    }

    #[test]
    fn nobody_is_nothing_to_do() {
        for absence in [Absence::Deactivate, Absence::RemoveGroups, Absence::Anonymize, Absence::Delete] {
            assert_eq!(plan_of(&RemoteState::default(), absence), [""; 0]);
        }
    }

    #[test]
    fn an_address_of_several_is_nobodys_to_end() {
        for account in [None, alice(true, &[]).account] {
            let remote = RemoteState { ambiguous: true, account, ..RemoteState::default() };
            let rules = LeavingRules { capabilities: ALL, removable: &BTreeSet::new() };
            let error = leaving(&remote, Absence::Delete, &rules).unwrap_err();
            assert_eq!((error, error.code()), (ProvisionError::AccountAmbiguous, Code::AccountAmbiguous));
        }
    }

    #[test]
    fn whoever_leaves_may_lose_everything_at_once() {
        let settings =
            Settings { max_group_removals: 1, max_group_removal_percent: 10, ..Settings::default() };
        let removable = set(&["agents", "staff", "hand-made"]);
        let rules = LeavingRules { capabilities: ALL, removable: &removable };
        let plan = leaving(&alice(true, &["Acme"]), Absence::RemoveGroups, &rules).unwrap();
        assert_eq!((plan.removals(), plan.memberships()), (4, 4));
        assert!(Guardrail::new(&settings).approve(plan).is_ok());
    }

    #[test]
    fn every_plan_is_done_when_it_was_applied() {
        for absence in [Absence::Deactivate, Absence::RemoveGroups, Absence::Anonymize, Absence::Delete] {
            let mut remote = alice(true, &["Acme", "Bolt"]);
            let removable = set(&["agents"]);
            let rules = LeavingRules { capabilities: ALL, removable: &removable };
            for operation in leaving(&remote, absence, &rules).unwrap().operations() {
                remote.apply(operation);
                let unseen = operation.kind() == OperationKind::RemoveFromOrganization;
                assert!(unseen || crate::provision::satisfied(operation, &remote), "{operation}");
            }
            assert!(leaving(&remote, absence, &rules).unwrap().is_empty(), "{absence:?}");
        }
    }
}
