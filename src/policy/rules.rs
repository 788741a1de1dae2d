//! The ordered rules about groups.

use super::condition::Holds;
use super::explanation::Reason;
use super::facts::Facts;
use super::grants::Grants;
use super::group_name::GroupNames;
use super::settings::{RuleAction, Settings, Switch};

/// What the rules say beside what they give and withhold.
#[derive(Default)]
pub(super) struct RuleOutcome {
    /// The first rule that speaks of the default groups, with its name.
    pub(super) default_groups: Option<(Switch, String)>,
    /// That one, or one before it that would have given them, only may hold.
    pub(super) default_groups_unsure: bool,
    /// Groups of rules that give them and only may hold.
    pub(super) possible: GroupNames,
    /// Groups of rules that certainly do not hold and take away what they do not give.
    pub(super) lapsed: GroupNames,
    /// Every group that a rule names.
    pub(super) named: GroupNames,
}

impl RuleOutcome {
    /// Lets every rule speak, in order.
    pub(super) fn of(facts: &Facts<'_>, settings: &Settings, grants: &mut Grants<'_>) -> Self {
        let mut outcome = Self::default();
        for rule in &settings.rules {
            let holds = rule.condition.holds(facts);
            let reason = || Reason::Rule { name: rule.name.clone() };
            match &rule.action {
                RuleAction::Grant { groups, remove_otherwise } => {
                    for group in groups {
                        outcome.named.insert(group);
                        match holds {
                            Holds::Yes => grants.give(group, reason()),
                            Holds::No if *remove_otherwise => {
                                outcome.lapsed.insert(group);
                            }
                            Holds::No => {}
                            Holds::Unknown => {
                                outcome.possible.insert(group);
                            }
                        }
                    }
                }
                RuleAction::Withhold { groups } => {
                    for group in groups {
                        outcome.named.insert(group);
                        if holds != Holds::No {
                            grants.withhold(group, reason());
                        }
                    }
                }
                RuleAction::DefaultGroups(switch) => {
                    let speaks = match switch {
                        Switch::Give => holds == Holds::Yes,
                        Switch::Withhold => holds != Holds::No,
                    };
                    if outcome.default_groups.is_none() {
                        outcome.default_groups_unsure |= holds == Holds::Unknown;
                        outcome.default_groups = speaks.then(|| (*switch, rule.name.clone()));
                    }
                }
            }
        }
        outcome
    }
}
