//! Who asked what: numbers for the asks of everybody who works for a run.

use crate::effect::{Ask, AskId};

/// Numbers stay below this, so that a driver can put something above them.
pub(super) const LIMIT: u32 = 1 << 24;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desk {
    /// Whoever reads and writes what is kept.
    Keeper,
    /// Whoever reads a page, of the directory or of the application.
    Page,
    /// Whoever works on one person.
    Guest(u32),
}

/// The asks whose answers are awaited.
#[derive(Debug, Default)]
pub(super) struct Post {
    next: u32,
    open: Vec<(AskId, Desk, AskId)>,
}

impl Post {
    /// The number under which `ask`, which `desk` calls `theirs`, goes out.
    pub(super) fn send(&mut self, desk: Desk, theirs: AskId, ask: Ask) -> (AskId, Ask) {
        let ours = AskId(self.next);
        self.next = self.next.wrapping_add(1) % LIMIT;
        self.open.push((ours, desk, theirs));
        (ours, ask)
    }

    /// Who waits for the answer to `ours`; `None` when nobody does any more.
    pub(super) fn receive(&mut self, ours: AskId) -> Option<(Desk, AskId)> {
        let at = self.open.iter().position(|(have, ..)| *have == ours)?;
        let (_, desk, theirs) = self.open.swap_remove(at);
        Some((desk, theirs))
    }

    /// Does anybody wait for the answer to `ours`?
    pub(super) fn awaits(&self, ours: AskId) -> bool {
        self.open.iter().any(|(have, ..)| *have == ours)
    }

    /// Nobody waits anywhere but at `desk`.
    pub(super) fn keep_only(&mut self, desk: Desk) {
        self.open.retain(|(_, have, _)| *have == desk);
    }

    /// Nobody waits at `desk` any more.
    pub(super) fn forget(&mut self, desk: Desk) {
        self.open.retain(|(_, have, _)| *have != desk);
    }
}
