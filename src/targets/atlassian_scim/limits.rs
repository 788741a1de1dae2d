//! How much a directory holds.

use crate::provision::{AccountId, OperationKind};
use crate::targets::error::{Request, TargetError};

/// How much a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members of one group (J5).
    pub users_per_group: u64,
    /// Groups of one directory (J6).
    pub groups_per_directory: u64,
    /// Members that one call adds. The vendor names no number; a call of 1,000 takes 50 KB.
    pub members_per_call: usize,
}

impl Limits {
    /// What Atlassian's page on customer provisioning says.
    pub const VENDOR: Self =
        Self { users_per_group: 150_000, groups_per_directory: 20_000, members_per_call: 1_000 };

    /// `members` in as many calls as it takes to add them to a group that has `present`.
    ///
    /// # Errors
    /// [`TargetError::LimitExceeded`] when the group cannot hold them all: then none is sent.
    pub fn batches<'a>(
        &self,
        present: u64,
        members: &'a [AccountId],
    ) -> Result<impl Iterator<Item = &'a [AccountId]> + use<'a>, TargetError> {
        let wanted = present.saturating_add(u64::try_from(members.len()).unwrap_or(u64::MAX));
        if wanted > self.users_per_group {
            return Err(TargetError::LimitExceeded {
                request: Request::Change(OperationKind::AddToGroup),
                limit: "users per group",
                allowed: self.users_per_group,
            });
        }
        Ok(members.chunks(self.members_per_call.max(1)))
    }
}
