//! The account in the application, as a condition.

use super::Holds;
use crate::policy::facts::AccountFacts;
use crate::policy::group_name::GroupNames;

/// A comparison of the account. An account that a sign-in made and did not finish does not exist yet: the second attempt
/// is decided as the first was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountMatch {
    /// Whether there is one.
    pub exists: Option<bool>,
    /// There is one, and it may be used (`true`) or not (`false`).
    pub active: Option<bool>,
    /// It is a member of one of these groups, compared as the application compares names; empty for any.
    pub any_of_groups: GroupNames,
}

impl AccountMatch {
    pub(super) fn holds(&self, account: &AccountFacts) -> Holds {
        let (exists, is_active, member) = match account {
            AccountFacts::Unknown => return Holds::Unknown,
            AccountFacts::Absent | AccountFacts::Present { unfinished: true, .. } => (false, None, false),
            AccountFacts::Present { groups, active, .. } => {
                (true, Some(*active), groups.iter().any(|group| self.any_of_groups.contains(group)))
            }
        };
        Holds::from(
            self.exists.is_none_or(|wanted| wanted == exists)
                && (self.active.is_none() || self.active == is_active)
                && (self.any_of_groups.is_empty() || member),
        )
    }
}
