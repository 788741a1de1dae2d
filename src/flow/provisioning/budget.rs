//! What one run of a sync may take from all people together. The guardrail of a sign-in sees one person, and a directory
//! that suddenly names nobody's groups takes a little from everybody.

use core::cell::Cell;

use serde::{Deserialize, Serialize};

use crate::base::{Code, Rejection};
use crate::provision::{OperationKind, Plan};

/// People that are no share of anything, as for the removal of accounts.
const FEW: u64 = 5;

/// Bounds on the memberships that one run takes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalBounds {
    /// The most memberships.
    pub max_group_removals: u64,
    /// The largest part of all people who lose one, in percent. It says nothing about five people or fewer.
    pub max_group_removal_percent: u8,
}

/// What one run took, or is about to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::flow) struct Taken {
    /// Memberships.
    memberships: u64,
    /// People who lose at least one.
    people: u64,
    /// Those of them of whom the directory says that they are in no group at all.
    emptied: u64,
}

/// Counts what is planned before anything of it is done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::flow) struct RemovalBudget {
    bounds: RemovalBounds,
    /// Only count: an earlier run wanted too much, and nothing is taken before a whole one wanted less.
    holds: Cell<bool>,
    taken: Cell<Taken>,
    /// How many people there are, as far as that is known.
    known: Cell<u64>,
    exceeded: Cell<bool>,
}

impl RemovalBudget {
    pub(in crate::flow) fn new(bounds: RemovalBounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// With what a run that was broken off took already.
    pub(in crate::flow) fn resume(&self, taken: Taken, holds: bool) {
        self.taken.set(taken);
        self.holds.set(holds);
    }

    pub(in crate::flow) fn know(&self, people: u64) {
        self.known.set(people);
    }

    pub(in crate::flow) const fn taken(&self) -> Taken {
        self.taken.get()
    }

    pub(in crate::flow) const fn is_exceeded(&self) -> bool {
        self.exceeded.get()
    }

    /// Lets `plan` of one person pass, or says why nothing of it may be done. `emptied`: the directory names no group.
    pub(super) fn admit(&self, plan: &Plan, emptied: bool) -> Result<(), Rejection> {
        let takes =
            |kind| matches!(kind, OperationKind::RemoveFromGroup | OperationKind::RemoveFromOrganization);
        let count = plan.operations().iter().filter(|operation| takes(operation.kind())).count();
        let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else { return Ok(()) };
        let before = self.taken.get();
        let taken = Taken {
            memberships: before.memberships.saturating_add(count),
            people: before.people.saturating_add(1),
            emptied: before.emptied.saturating_add(u64::from(emptied)),
        };
        let share = |percent: u64| (self.known.get().saturating_mul(percent) / 100).max(FEW);
        let percent = u64::from(self.bounds.max_group_removal_percent);
        // Whoever leaves all groups usually left, and is found by the cleanup: many at once is a directory gone wrong.
        let emptied_allowed = share(percent.div_ceil(2));
        let detail = if taken.memberships > self.bounds.max_group_removals {
            format!("more than {} memberships would be taken away", self.bounds.max_group_removals)
        } else if taken.people > share(percent) {
            format!("more than {} people would lose memberships ({percent} percent)", share(percent))
        } else if taken.emptied > emptied_allowed {
            format!("more than {emptied_allowed} people who had managed groups are in no group now")
        } else {
            String::new()
        };
        if !detail.is_empty() || self.exceeded.get() {
            self.exceeded.set(true);
            return Err(Rejection::new(Code::SyncRemovalsExceeded, detail));
        }
        self.taken.set(taken);
        if self.holds.get() {
            let detail = "held back until a whole run wants to take no more than it may";
            return Err(Rejection::new(Code::SyncRemovalsExceeded, detail));
        }
        Ok(())
    }
}
