//! How far this Envoy has read what other replicas wrote, for all its workers.

use core::time::Duration;

use crate::base::UnixTime;
use crate::store::{OnFailure, Revision, Settings};

/// A last look that lies further in the future was dated by another clock.
const AHEAD: Duration = Duration::from_secs(5);

/// How far was read, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Which store.
    pub(super) cluster: u64,
    /// Up to where.
    pub(super) upto: Revision,
    /// When the last look that was complete began; 0 for never.
    pub(super) read_at: UnixTimeOrNever,
    /// With which keys ([`crate::session::sealed_for_store::reader`]).
    pub(super) reader: [u8; 8],
}

/// `None` when there was no look.
pub(super) type UnixTimeOrNever = Option<UnixTime>;

impl Cursor {
    /// The cursor in `loaded`; the beginning where there is none.
    pub(super) fn load(loaded: Option<&[u8]>) -> Self {
        let Some(bytes) = loaded.and_then(|bytes| <&[u8; 32]>::try_from(bytes).ok()) else {
            return Self::default();
        };
        let (numbers, _) = bytes.as_chunks::<8>();
        let [cluster, upto, read_at, reader] = *numbers else { return Self::default() };
        let read_at = u64::from_le_bytes(read_at);
        Self {
            cluster: u64::from_le_bytes(cluster),
            upto: Revision::kept(u64::from_le_bytes(upto)),
            read_at: (read_at > 0).then_some(UnixTime::from_secs(read_at)),
            reader,
        }
    }

    /// As it is stored.
    pub(super) fn store(&self) -> Vec<u8> {
        let read_at = self.read_at.map_or(0, UnixTime::as_secs);
        let numbers = [self.cluster, self.upto.number(), read_at].map(u64::to_le_bytes);
        numbers.into_iter().chain([self.reader]).flatten().collect()
    }

    /// Is it time for another look?
    pub(super) fn is_due(&self, settings: &Settings, now: UnixTime) -> bool {
        self.read_at.is_none_or(|at| {
            now >= at.saturating_add(settings.poll_interval) || at > now.saturating_add(AHEAD)
        })
    }

    /// Is it too long ago to rely on?
    pub(super) fn is_stale(&self, settings: &Settings, now: UnixTime) -> bool {
        settings.on_failure == OnFailure::Refuse
            && self.read_at.is_none_or(|at| {
                now > at.saturating_add(settings.max_staleness) || at > now.saturating_add(AHEAD)
            })
    }
}
