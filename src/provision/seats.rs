//! Licences that memberships use up.

use crate::policy::FoldedName;

/// One product of the application and what it has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Such as `jira-software`.
    pub product: String,
    /// Groups whose members use a seat.
    pub groups: Vec<String>,
    /// How many more people may use it; `None` without a limit.
    pub remaining: Option<u64>,
}

impl Seats {
    /// Does membership in `group` use one?
    #[must_use]
    pub fn are_used_by(&self, group: &str) -> bool {
        self.groups.iter().any(|have| FoldedName::same(have, group))
    }
}
