//! What an operator chooses about the shared store.

use core::time::Duration;

use super::etcd::Etcd;

/// The checked settings of the room.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the store is.
    pub etcd: Etcd,
    /// What happens while it cannot be used.
    pub on_failure: OnFailure,
    /// How often one worker of each Envoy looks for new records.
    pub poll_interval: Duration,
    /// How long ago the last look may be.
    pub max_staleness: Duration,
}

/// What happens while the store cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Nobody signs in, and after `max_staleness` sessions are not accepted either.
    Refuse,
    /// Each Envoy goes on with what it knows by itself.
    Continue,
}
