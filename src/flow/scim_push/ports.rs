//! Numbers the asks of one thing after the other, so that a late answer to an earlier one is nobody's.

use crate::effect::{Ask, AskId};

/// Our number and the inner number of each ask whose answer is awaited.
#[derive(Debug, Default)]
pub(super) struct Ports {
    asked: u32,
    open: Vec<(AskId, AskId)>,
}

impl Ports {
    /// Hands on the asks of what is under way.
    pub(super) fn out(&mut self, asks: Vec<(AskId, Ask)>) -> Vec<(AskId, Ask)> {
        asks.into_iter().map(|(inner, ask)| (self.number(inner), ask)).collect()
    }

    fn number(&mut self, inner: AskId) -> AskId {
        let ours = AskId(self.asked);
        // Chores have 16 bits for it.
        self.asked = self.asked.wrapping_add(1) & 0xffff;
        self.open.push((ours, inner));
        ours
    }

    /// Whose answer this is; `None` when nobody waits for it any more.
    pub(super) fn take(&mut self, id: AskId) -> Option<AskId> {
        let at = self.open.iter().position(|(ours, _)| *ours == id)?;
        Some(self.open.swap_remove(at).1)
    }

    /// Waits for the answer to `ours` alone.
    pub(super) fn expect(&mut self, ours: AskId) {
        self.open.push((ours, ours));
    }

    /// What was under way is over.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}
