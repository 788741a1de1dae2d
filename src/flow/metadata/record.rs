//! What all workers of an Envoy know together about the metadata of one identity provider.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::schedule::unknown_key_interval;
use super::settings::RemoteMetadata;
use crate::base::UnixTime;
use crate::saml::metadata::MetadataCopy;

/// How much longer than a call a worker may take before another one takes its place.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// One value in the store of all workers; everything about it changes in one compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The last good copy.
    pub(super) copy: Option<Copy>,
    /// Who is fetching.
    lease: Option<Lease>,
    /// When somebody last began to fetch, whatever came of it.
    pub(super) attempted_at: UnixTime,
    /// When somebody should fetch again.
    pub(super) next_at: UnixTime,
    /// Fetches in a row that failed.
    pub(super) failures: u32,
    /// When somebody last warned of what will end.
    pub(super) warned_at: UnixTime,
}

/// What is known before anything is: nothing, and it is time to fetch.
impl Default for Record {
    fn default() -> Self {
        let never = UnixTime::from_secs(0);
        Self { copy: None, lease: None, attempted_at: never, next_at: never, failures: 0, warned_at: never }
    }
}

/// A document that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copy {
    /// Grows with every document that takes the place of another, so that no worker goes back to an older one.
    pub(super) serial: u64,
    /// What was read of it.
    pub(super) metadata: MetadataCopy,
    /// When the source last said that this is what it has.
    pub(super) confirmed_at: UnixTime,
    /// `ETag` of the answer (RFC 9110 8.8.3).
    pub(super) etag: Option<String>,
    /// `Last-Modified` of the answer (RFC 9110 8.8.2).
    pub(super) last_modified: Option<String>,
    /// How long document and server wished it to be kept.
    pub(super) hint: Option<Duration>,
}

/// One worker may fetch until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    holder: [u8; 16],
    until: UnixTime,
}

impl Record {
    /// Should a worker fetch, because the time has come, or because `unknown_key` turned up then? The clock may have been set
    /// back: what is further away than it can have been set is now.
    pub(super) fn is_due(
        &self,
        unknown_key: Option<UnixTime>,
        remote: &RemoteMetadata,
        now: UnixTime,
    ) -> bool {
        let is_leased = self
            .lease
            .is_some_and(|lease| now < lease.until && lease.until <= now.saturating_add(lease_time(remote)));
        let comes = now < self.next_at && self.next_at <= now.saturating_add(remote.max_refresh_interval);
        let wanted = unknown_key.is_some_and(|since| self.attempted_at <= since || now < self.attempted_at);
        let is_recent =
            self.attempted_at <= now && now < self.attempted_at.saturating_add(unknown_key_interval(remote));
        !is_leased && (!comes || (wanted && !is_recent))
    }

    /// Leased to `holder` for the time of one call.
    pub(super) fn leased(&self, holder: [u8; 16], remote: &RemoteMetadata, now: UnixTime) -> Self {
        let lease = Lease { holder, until: now.saturating_add(lease_time(remote)) };
        Self { lease: Some(lease), attempted_at: now, ..self.clone() }
    }

    /// Is it `holder` who fetches?
    pub(super) fn is_leased_to(&self, holder: [u8; 16]) -> bool {
        self.lease.is_some_and(|lease| lease.holder == holder)
    }

    /// With nobody fetching.
    pub(super) fn released(&self) -> Self {
        Self { lease: None, ..self.clone() }
    }
}

fn lease_time(remote: &RemoteMetadata) -> Duration {
    remote.timeout.saturating_add(LEASE_MARGIN)
}
