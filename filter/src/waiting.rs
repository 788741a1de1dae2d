//! Requests that wait for the first byte of their body.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// A body that has not begun after this long is taken for lost: the plugin option that lets bodies through while the
/// headers wait is missing. Browsers send headers and body of a form in one go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Context ids and since when they wait.
#[derive(Default)]
pub(crate) struct Waiting {
    since: HashMap<u32, SystemTime>,
}

impl Waiting {
    pub(crate) fn begin(&mut self, context_id: u32, now: SystemTime) {
        self.since.insert(context_id, now);
    }

    pub(crate) fn end(&mut self, context_id: u32) {
        self.since.remove(&context_id);
    }

    /// Takes out those that have waited for too long.
    pub(crate) fn take_overdue(&mut self, now: SystemTime) -> Vec<u32> {
        let overdue: Vec<u32> = self
            .since
            .iter()
            .filter(|(_, since)| now.duration_since(**since).is_ok_and(|waited| waited > PATIENCE))
            .map(|(context_id, _)| *context_id)
            .collect();
        for context_id in &overdue {
            self.since.remove(context_id);
        }
        overdue
    }
}
