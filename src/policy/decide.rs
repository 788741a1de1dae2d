//! The decision itself.

use std::collections::BTreeSet;

use super::explanation::{Explanation, Reason, Withheld};
use super::facts::{AccountFacts, Facts};
use super::group_name::GroupNames;
use super::portal::Entrance;
use super::settings::{AssignTo, Settings};
use crate::identity::AssertedGroups;

/// What a person gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The groups to tell the application by header: those the rules give, and those default groups and managed
    /// groups that the account has and keeps. Groups that no rule names never appear here.
    pub application_groups: BTreeSet<String>,
    /// The groups to provision.
    pub desired: DesiredGroups,
    /// The sign-in came by the customer portal.
    pub customer: bool,
    /// The reasons.
    pub explanation: Explanation,
}

/// What the account's groups should become. Groups in neither set are left as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredGroups {
    /// Groups the account must have, in the configured spelling.
    pub ensure: BTreeSet<String>,
    /// Groups the account must not keep if it has them; never overlaps `ensure`, never holds a protected group, and
    /// is empty when the asserted groups are not known.
    pub may_remove: BTreeSet<String>,
}

/// Applies the rules: what should the person get on top of the account?
///
/// In this order: the table; the default groups, by their scope and then by the portal rule; what may be taken away.
/// Protected groups are left out of all three. The entrance decides about default groups only, and only by withholding
/// them, so the order in which somebody visits pages never takes anything from an account.
#[must_use]
pub fn decide(facts: &Facts<'_>, settings: &Settings) -> Decision {
    let Facts { identity, request, account, .. } = *facts;
    let protected = GroupNames::from_iter(&settings.protected_groups);
    let current = match account {
        AccountFacts::Present { groups, .. } => GroupNames::from_iter(groups),
        AccountFacts::Unknown | AccountFacts::Absent => GroupNames::default(),
    };
    let entrance = settings.portal.as_ref().map(|rule| rule.entrance(request.started_at.map(|url| url.path)));
    let mut explanation = Explanation::default();
    let mut ensure = GroupNames::default();

    match &identity.groups {
        AssertedGroups::Known(asserted) => {
            grant_mapped(asserted, settings, &protected, &mut ensure, &mut explanation);
        }
        AssertedGroups::Unknown(why) => explanation.push(Reason::AssertedGroupsUnknown(*why)),
    }
    grant_defaults(entrance, account, settings, &protected, &mut ensure, &mut explanation);
    let may_remove = removable(&identity.groups, settings, &protected, &ensure, &current, &mut explanation);

    // Told by header: what is given, and what the account keeps of the groups that the rules name at all. Without
    // the second half an agent who comes by the portal would lose the default groups for the length of a session.
    let mut told = ensure.clone();
    for group in named(settings) {
        if current.contains(group) && !may_remove.contains(group) && !protected.contains(group) {
            told.insert(group);
        }
    }
    Decision {
        application_groups: told.into_set(),
        desired: DesiredGroups { ensure: ensure.into_set(), may_remove: may_remove.into_set() },
        customer: entrance == Some(Entrance::Portal),
        explanation,
    }
}

/// The table: exact IdP names, many to many.
fn grant_mapped(
    asserted: &BTreeSet<String>,
    settings: &Settings,
    protected: &GroupNames,
    ensure: &mut GroupNames,
    explanation: &mut Explanation,
) {
    let mut unmapped: BTreeSet<&str> = asserted.iter().map(String::as_str).collect();
    for rule in settings.group_mapping.iter().filter(|rule| asserted.contains(&rule.idp_group)) {
        unmapped.remove(rule.idp_group.as_str());
        for group in &rule.groups {
            if protected.contains(group) {
                explanation.push(Reason::Protected { group: group.clone() });
                continue;
            }
            ensure.insert(group);
            explanation.push(Reason::Mapped { idp_group: rule.idp_group.clone(), group: group.clone() });
        }
    }
    if !unmapped.is_empty() {
        explanation.push(Reason::Unmapped { count: unmapped.len() });
    }
}

/// The default groups: by scope, then by the portal rule, which can only withhold.
fn grant_defaults(
    entrance: Option<Entrance>,
    account: &AccountFacts,
    settings: &Settings,
    protected: &GroupNames,
    ensure: &mut GroupNames,
    explanation: &mut Explanation,
) {
    let defaults = &settings.default_groups;
    if defaults.groups.is_empty() {
        return;
    }
    let withheld = match (defaults.assign_to, account, entrance) {
        (AssignTo::None, _, _) => Some(Withheld::AssignedToNone),
        (AssignTo::NewUsers, AccountFacts::Present { unfinished: false, .. }, _) => {
            Some(Withheld::AccountExists)
        }
        (AssignTo::NewUsers, AccountFacts::Unknown, _) => Some(Withheld::AccountUnknown),
        (_, _, Some(Entrance::Portal)) => Some(Withheld::Portal),
        (_, _, Some(Entrance::NoRequest)) => Some(Withheld::NoRequest),
        (AssignTo::NewUsers | AssignTo::AllUsers, _, Some(Entrance::Elsewhere) | None) => None,
    };
    if let Some(why) = withheld {
        explanation.push(Reason::DefaultGroupsWithheld(why));
        return;
    }
    for group in &defaults.groups {
        if protected.contains(group) {
            explanation.push(Reason::Protected { group: group.clone() });
            continue;
        }
        ensure.insert(group);
        explanation.push(Reason::DefaultGroup { group: group.clone(), assign_to: defaults.assign_to });
    }
}

/// The managed groups that nobody gives any more, less everything that is never taken away.
fn removable(
    asserted: &AssertedGroups,
    settings: &Settings,
    protected: &GroupNames,
    ensure: &GroupNames,
    current: &GroupNames,
    explanation: &mut Explanation,
) -> GroupNames {
    let mut may_remove = GroupNames::default();
    // A claim that was left out says nothing about anybody's groups; only one that is there can take any away.
    if matches!(asserted, AssertedGroups::Unknown(_)) {
        return may_remove;
    }
    if settings.keep_existing_groups {
        explanation.push(Reason::ExistingGroupsKept);
        return may_remove;
    }
    let kept = match settings.default_groups.assign_to {
        AssignTo::None => GroupNames::default(),
        AssignTo::NewUsers | AssignTo::AllUsers => GroupNames::from_iter(&settings.default_groups.groups),
    };
    let managed = GroupNames::from_iter(settings.group_mapping.iter().flat_map(|rule| &rule.groups));
    for group in managed.iter().filter(|group| !ensure.contains(group) && !protected.contains(group)) {
        let reason = if kept.contains(group) {
            Reason::DefaultGroupKept { group: group.to_owned() }
        } else {
            may_remove.insert(group);
            Reason::Revoked { group: group.to_owned() }
        };
        if current.contains(group) {
            explanation.push(reason);
        }
    }
    may_remove
}

/// Every application group that a rule names.
fn named(settings: &Settings) -> impl Iterator<Item = &str> {
    let mapped = settings.group_mapping.iter().flat_map(|rule| &rule.groups);
    mapped.chain(&settings.default_groups.groups).map(String::as_str)
}
