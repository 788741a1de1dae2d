//! The decision itself.

use core::fmt;
use std::collections::BTreeSet;

use super::access::{self, AccessDecision, AccessRefusal, AccountDecision, AccountRefusal};
use super::explanation::{Explanation, Note, Reason, Verdict, Withheld};
use super::facts::{AccountFacts, Facts};
use super::grants::{Grants, Mapping};
use super::group_name::GroupNames;
use super::portal::{Entrance, Mark};
use super::removal;
use super::rules::RuleOutcome;
use super::settings::{AssignTo, OnlyIf, Settings, Switch};
use crate::base::Code;
use crate::identity::AssertedGroups;
use crate::policy::condition::Holds;

/// What a person gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// May the person enter?
    pub access: AccessDecision,
    /// What becomes of the account.
    pub account: AccountDecision,
    /// The groups to tell the application by header: those the rules give, and those that the account has and keeps
    /// of the groups that the rules speak of. Other groups of the account never appear here.
    pub application_groups: BTreeSet<String>,
    /// The groups to provision.
    pub desired: DesiredGroups,
    /// The sign-in came by the customer portal.
    pub customer: bool,
    /// The account is to be marked as that of somebody who signed in (`customerLogin`).
    pub mark: bool,
    /// The reasons.
    pub explanation: Explanation,
}

/// What the account's groups should become. Groups in neither set are left as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredGroups {
    /// Groups the account must have, in the configured spelling.
    pub ensure: BTreeSet<String>,
    /// Those of `ensure` whose names came from the IdP, and which are not made when the application lacks them: then
    /// they are passed over.
    pub if_it_exists: BTreeSet<String>,
    /// Groups the account has and must not keep, in the application's spelling; never overlaps `ensure`, never holds a
    /// protected group, and is empty when the asserted groups are not known.
    pub may_remove: BTreeSet<String>,
}

/// A decision by which the person may enter. Only [`Decision::admit`] makes one, and a session needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted(Decision);

impl Admitted {
    /// The decision.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.0
    }

    /// `group` turned out not to exist: the application is not told of it.
    pub fn forget(&mut self, group: &str) {
        self.0.application_groups.remove(group);
    }
}

/// Why a person may not enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By the rules about access.
    Access(AccessRefusal),
    /// For want of an account.
    Account(AccountRefusal),
}

impl Refusal {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Access(why) => why.code(),
            Self::Account(why) => why.code(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(why) => write!(f, "{why}"),
            Self::Account(why) => write!(f, "{why}"),
        }
    }
}

impl Decision {
    /// May the person enter, as far as it depends on the rules?
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn admit(self) -> Result<Admitted, Refusal> {
        match (&self.access, self.account) {
            (AccessDecision::Denied(why), _) => Err(Refusal::Access(why.clone())),
            (_, AccountDecision::Refuse(why)) => Err(Refusal::Account(why)),
            (AccessDecision::Allowed { .. }, _) => Ok(Admitted(self)),
        }
    }
}

/// Applies the rules: what should the person get on top of the account?
///
/// In this order: the ordered rules; the table, the patterns and the same names; the groups for everybody; the default
/// groups; what may be taken away. Who speaks first of a group decides about it. The entrance decides about default
/// groups only.
#[must_use]
pub fn decide(facts: &Facts<'_>, settings: &Settings) -> Decision {
    let mut explanation = Explanation::default();
    let mut grants = Grants::new(settings);
    let outcome = RuleOutcome::of(facts, settings, &mut grants);

    let is_new = facts.account.is_new();
    let applies = settings.apply_idp_groups_to.includes(is_new);
    let mapping = match &facts.identity.groups {
        AssertedGroups::Known(asserted) => {
            let mapping = grants.map(asserted, applies);
            if !applies && mapping.maps {
                explanation.note(Note::NotApplied(settings.apply_idp_groups_to));
            }
            if mapping.unmapped > 0 {
                explanation.note(Note::Unmapped { count: mapping.unmapped });
            }
            mapping
        }
        AssertedGroups::Unknown(why) => {
            explanation.note(Note::AssertedGroupsUnknown(*why));
            Mapping::default()
        }
    };
    for group in &settings.always_groups {
        grants.give(group, Reason::AlwaysGroup);
    }
    let entrance = settings.portal.as_ref().map(|rule| rule.entrance(facts.request.started_at));
    let withheld = default_groups(facts, settings, &outcome, entrance, mapping.signed).err();
    for group in &settings.default_groups.groups {
        match &withheld {
            None => grants.give(group, Reason::DefaultGroup(settings.default_groups.assign_to)),
            Some(why) => grants.withhold(group, Reason::DefaultGroupWithheld(why.clone())),
        }
    }
    if let Some(why) = withheld.clone()
        && !settings.default_groups.groups.is_empty()
    {
        explanation.note(Note::DefaultGroupsWithheld(why));
    }

    let none = BTreeSet::new();
    let current = match facts.account {
        AccountFacts::Present { groups, .. } => groups,
        AccountFacts::Unknown | AccountFacts::Absent => &none,
    };
    let names = current.iter().collect::<GroupNames>();
    for (group, reason) in grants.given() {
        let verdict = if names.contains(group) { Verdict::Keep } else { Verdict::Add };
        explanation.push(group, verdict, reason.clone());
    }
    for (group, verdict, reason) in grants.refused().filter(|(group, ..)| !names.contains(group)) {
        explanation.push(group, verdict, reason.clone());
    }
    let rest = removal::Ground {
        settings,
        grants: &grants,
        outcome: &outcome,
        asserted: &facts.identity.groups,
        applies,
        defaults_withheld: withheld.as_ref(),
        signs_in: facts.request.started_at.is_some(),
    };
    let rest = rest.judge(current, &mut explanation);

    let mut told: BTreeSet<String> = grants.given().map(|(group, _)| group.to_owned()).collect();
    told.extend(rest.told);
    Decision {
        access: access::access(facts, settings),
        account: access::account(facts, settings, mapping.maps),
        application_groups: told,
        desired: DesiredGroups {
            ensure: grants.given().map(|(group, _)| group.to_owned()).collect(),
            if_it_exists: grants.named_by_idp().map(str::to_owned).collect(),
            may_remove: rest.remove,
        },
        customer: entrance == Some(Entrance::Portal),
        mark: settings.portal.as_ref().is_some_and(|rule| match rule.mark {
            Mark::PortalSignIns => entrance == Some(Entrance::Portal),
            Mark::AllSignIns => facts.request.started_at.is_some(),
        }),
        explanation,
    }
}

/// Does the person get the default groups? By scope, then by the door or a rule in its place, then by the sign that they
/// need.
fn default_groups(
    facts: &Facts<'_>,
    settings: &Settings,
    outcome: &RuleOutcome,
    entrance: Option<Entrance>,
    signed: bool,
) -> Result<(), Withheld> {
    let defaults = &settings.default_groups;
    match (defaults.assign_to, facts.account.is_new()) {
        (AssignTo::None, _) => return Err(Withheld::AssignedToNone),
        (AssignTo::NewUsers, Some(false)) => return Err(Withheld::AccountExists),
        (AssignTo::NewUsers, None) => return Err(Withheld::AccountUnknown),
        (AssignTo::NewUsers, Some(true)) | (AssignTo::AllUsers, _) => {}
    }
    match (&outcome.default_groups, entrance) {
        (Some((Switch::Withhold, rule)), _) => return Err(Withheld::Rule { name: rule.clone() }),
        (None, Some(Entrance::Portal)) => return Err(Withheld::Portal),
        (None, Some(Entrance::NoRequest { give: false })) => return Err(Withheld::NoRequest),
        (Some((Switch::Give, _)), _)
        | (None, Some(Entrance::Elsewhere | Entrance::NoRequest { give: true }) | None) => {}
    }
    match &defaults.only_if {
        OnlyIf::Always => Ok(()),
        OnlyIf::MappedGroup { .. } if signed => Ok(()),
        OnlyIf::MappedGroup { .. } => Err(Withheld::NoMappedGroup),
        OnlyIf::Matches(condition) => match condition.holds(facts) {
            Holds::Yes => Ok(()),
            Holds::No => Err(Withheld::ConditionNotMet),
            Holds::Unknown => Err(Withheld::ConditionUnknown),
        },
    }
}
