//! Which of the account's groups are taken away. Everything that is not certain leaves a group where it is.

use std::collections::BTreeSet;

use super::explanation::{Explanation, Note, Reason, Verdict, Withheld};
use super::grants::Grants;
use super::group_name::GroupNames;
use super::rules::RuleOutcome;
use super::settings::{AssignTo, Manage, Settings};
use crate::http::StringMatch;
use crate::identity::AssertedGroups;

/// What the judgement rests on.
pub(super) struct Ground<'a> {
    pub(super) settings: &'a Settings,
    pub(super) grants: &'a Grants<'a>,
    pub(super) outcome: &'a RuleOutcome,
    pub(super) asserted: &'a AssertedGroups,
    /// The person's groups follow the IdP's.
    pub(super) applies: bool,
    pub(super) defaults_withheld: Option<&'a Withheld>,
    /// Somebody signs in; otherwise a directory lists people.
    pub(super) signs_in: bool,
}

/// What becomes of the account's groups that nobody gives.
pub(super) struct Rest {
    /// Taken away, in the application's spelling.
    pub(super) remove: BTreeSet<String>,
    /// Kept, and the application is told of them by header.
    pub(super) told: BTreeSet<String>,
}

/// The parts of the settings that are compared with every group of the account, folded once.
struct Lists {
    defaults: GroupNames,
    always: GroupNames,
    protected: GroupNames,
}

impl Ground<'_> {
    /// Judges those of `current` that nobody gives.
    pub(super) fn judge(&self, current: &BTreeSet<String>, explanation: &mut Explanation) -> Rest {
        let settings = self.settings;
        let effective = settings.default_groups.assign_to != AssignTo::None;
        let defaults = effective.then_some(&settings.default_groups.groups);
        let lists = Lists {
            defaults: defaults.into_iter().flatten().collect(),
            always: settings.always_groups.iter().collect(),
            protected: settings.protected_groups.iter().collect(),
        };
        let mut rest = Rest { remove: BTreeSet::new(), told: BTreeSet::new() };
        let mut not_managed: usize = 0;
        for group in current.iter().filter(|group| !self.grants.gives(group)) {
            let (verdict, reason) = self.verdict(group, &lists);
            match verdict {
                Verdict::Remove => {
                    rest.remove.insert(group.clone());
                }
                _ if reason == Reason::NotManaged => not_managed = not_managed.saturating_add(1),
                _ => {}
            }
            if verdict != Verdict::Remove && self.is_ours(group, &lists) {
                rest.told.insert(group.clone());
            }
            explanation.push(group.as_str(), verdict, reason);
        }
        if not_managed > 0 {
            explanation.note(Note::NotManaged { count: not_managed });
        }
        rest
    }

    fn verdict(&self, group: &str, lists: &Lists) -> (Verdict, Reason) {
        let settings = self.settings;
        let is_default = lists.defaults.contains(group);
        let by_rule = self.outcome.lapsed.contains(group);
        let by_default = is_default && self.default_lapsed();
        let by_mapping = self.manages(group);
        if self.grants.ignores(group) {
            return (Verdict::Ignore, Reason::IgnoredGroup);
        }
        if !(by_rule || by_default || by_mapping) {
            let kept = is_default && settings.default_groups.keep;
            return (Verdict::Keep, if kept { Reason::DefaultGroupKept } else { Reason::NotManaged });
        }
        // A claim that was left out says nothing about anybody's groups; only one that is there can take any away.
        if matches!(self.asserted, AssertedGroups::Unknown(_)) {
            return (Verdict::Keep, Reason::AssertedGroupsUnknown);
        }
        if settings.keep_existing_groups {
            return (Verdict::Keep, Reason::ExistingGroupsKept);
        }
        if settings.only_syncs_remove && self.signs_in {
            return (Verdict::Keep, Reason::OnlySyncsRemove);
        }
        if lists.protected.contains(group) {
            return (Verdict::Protect, Reason::ProtectedGroup);
        }
        if is_default && settings.default_groups.keep {
            return (Verdict::Keep, Reason::DefaultGroupKept);
        }
        if let Some(rule) = self.grants.withheld_by_rule(group) {
            return (Verdict::Keep, rule.clone());
        }
        if self.outcome.possible.contains(group) || is_default && self.default_unsure() {
            return (Verdict::Keep, Reason::MayBeGiven);
        }
        if !self.applies && (by_mapping && !by_rule && !by_default || self.grants.freezes(group)) {
            return (Verdict::Keep, Reason::NotApplied(settings.apply_idp_groups_to));
        }
        let named = by_rule || is_default || settings.group_mapping.gives(group);
        if self.grants.is_admin(group) && !named {
            return (Verdict::Keep, Reason::AdminGroup);
        }
        (Verdict::Remove, Reason::NotGranted)
    }

    /// Is `group` one that the mapping gives and takes?
    fn manages(&self, group: &str) -> bool {
        let any = |list: &[StringMatch]| list.iter().any(|one| one.matches(group));
        self.settings.group_mapping.gives(group)
            || self.settings.same_name.as_ref().is_some_and(|same| any(&same.matching))
            || match &self.settings.manage {
                Manage::Listed { also } => any(also),
                Manage::All => true,
            }
    }

    /// Default groups that are not kept go when the person is one who would get them, but for the door or for want of a
    /// sign. A scope that leaves the person out, or nobody at the door, takes nothing away.
    fn default_lapsed(&self) -> bool {
        !self.settings.default_groups.keep
            && matches!(
                self.defaults_withheld,
                Some(
                    Withheld::Portal
                        | Withheld::Rule { .. }
                        | Withheld::NoMappedGroup
                        | Withheld::ConditionNotMet
                )
            )
    }

    /// Do the default groups stay away for something that is not known?
    const fn default_unsure(&self) -> bool {
        match self.defaults_withheld {
            Some(Withheld::ConditionUnknown) => true,
            Some(Withheld::Portal | Withheld::NoRequest | Withheld::Rule { .. }) => {
                self.outcome.default_groups_unsure
            }
            _ => false,
        }
    }

    /// Do the rules speak of `group` at all? Only then is the application told of it by header.
    fn is_ours(&self, group: &str, lists: &Lists) -> bool {
        !self.grants.ignores(group)
            && (self.manages(group)
                || lists.defaults.contains(group)
                || lists.always.contains(group)
                || self.outcome.named.contains(group)
                || self.grants.freezes(group))
    }
}
