//! What one part of the settings promises and another forbids.

use core::fmt;

use super::{AssignTo, RuleAction, Settings};
use crate::policy::group_name::GroupNames;

/// A group that one part of the settings gives and `ignored_groups` forbids to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Row `rule` of the table gives it.
    IgnoredButMapped {
        /// The group in the spelling of the table.
        group: String,
        /// Index into `group_mapping`.
        rule: usize,
    },
    /// It is a default group that somebody would get.
    IgnoredButDefault {
        /// The group in the spelling of `default_groups`.
        group: String,
    },
    /// It is one that everybody would get.
    IgnoredButAlways {
        /// The group in the spelling of `always_groups`.
        group: String,
    },
    /// Rule `rule` gives it.
    IgnoredButGranted {
        /// The group in the spelling of the rule.
        group: String,
        /// Index into `rules`.
        rule: usize,
    },
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IgnoredButMapped { group, rule } => {
                write!(f, "`{group}` is ignored, so group_mapping[{rule}] cannot give it")
            }
            Self::IgnoredButDefault { group } => {
                write!(f, "`{group}` is ignored, so default_groups cannot give it")
            }
            Self::IgnoredButAlways { group } => {
                write!(f, "`{group}` is ignored, so always_groups cannot give it")
            }
            Self::IgnoredButGranted { group, rule } => {
                write!(f, "`{group}` is ignored, so rules[{rule}] cannot give it")
            }
        }
    }
}

impl Settings {
    /// Every place where `ignored_groups` cancels what another field promises. Ignoring wins; the operator should know
    /// at configuration time (SG9005).
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let ignored = GroupNames::from_iter(&self.ignored_groups);
        let among = |groups: &[String]| {
            groups.iter().filter(|group| ignored.contains(group)).cloned().collect::<Vec<_>>()
        };
        let mut found = Vec::new();
        for (rule, row) in self.group_mapping.rows().iter().enumerate() {
            let promised = among(&row.groups).into_iter();
            found.extend(promised.map(|group| Contradiction::IgnoredButMapped { group, rule }));
        }
        if self.default_groups.assign_to != AssignTo::None {
            let promised = among(&self.default_groups.groups).into_iter();
            found.extend(promised.map(|group| Contradiction::IgnoredButDefault { group }));
        }
        let promised = among(&self.always_groups).into_iter();
        found.extend(promised.map(|group| Contradiction::IgnoredButAlways { group }));
        for (rule, entry) in self.rules.iter().enumerate() {
            if let RuleAction::Grant { groups, .. } = &entry.action {
                let promised = among(groups).into_iter();
                found.extend(promised.map(|group| Contradiction::IgnoredButGranted { group, rule }));
            }
        }
        found
    }
}
