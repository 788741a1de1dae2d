//! The asserted groups, as a condition.

use std::collections::BTreeSet;

use super::Holds;
use crate::identity::AssertedGroups;

/// A comparison of the IdP's groups, by exact name. Lists that are empty ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsMatch {
    /// The person is in one of these.
    pub any_of: BTreeSet<String>,
    /// The person is in each of these.
    pub all_of: BTreeSet<String>,
    /// The person is in none of these.
    pub none_of: BTreeSet<String>,
}

impl GroupsMatch {
    pub(super) fn holds(&self, groups: &AssertedGroups) -> Holds {
        // Groups that are not known are not none: `none_of` must not hold because the claim was left out.
        let AssertedGroups::Known(groups) = groups else { return Holds::Unknown };
        let within = |wanted: &BTreeSet<String>| wanted.iter().any(|group| groups.contains(group));
        let any = self.any_of.is_empty() || within(&self.any_of);
        let all = self.all_of.iter().all(|group| groups.contains(group));
        Holds::from(any && all && !within(&self.none_of))
    }
}
