//! How long what is written stays: etcd deletes the keys of a lease when its time is over.
//!
//! A lease for each key would be a second write for each sign-in. So the keys whose last instants lie in the same ten
//! minutes share one, whose number follows from those ten minutes alone: whichever replica needs it first grants it, and
//! the others use it without knowing who did.

use core::time::Duration;

use super::name::Name;
use crate::base::UnixTime;

/// Instants that share a lease. With sessions of eight hours at most 48 leases are alive at a time.
const WIDTH_SECS: u64 = 600;

/// Keys stay this much longer than they are needed: the replica that grants a lease may have a clock that is fast. As for
/// the ledger of one Envoy.
const GRACE: Duration = Duration::from_secs(300);

/// The least that is asked for, also where the clock says that the time is over.
const MIN_TTL_SECS: u64 = 60;

/// What etcd takes at most (`MaxLeaseTTL`).
const MAX_TTL_SECS: u64 = 9_000_000_000;

/// One lease, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    id: i64,
    ttl_secs: u64,
}

impl Lease {
    /// The lease of what must stay until `until`.
    #[must_use]
    pub fn until(until: UnixTime, now: UnixTime, key_prefix: &str) -> Self {
        let end = until.as_secs().div_ceil(WIDTH_SECS).saturating_mul(WIDTH_SECS);
        let ttl = UnixTime::from_secs(end).saturating_add(GRACE).saturating_since(now);
        Self {
            id: number(&Name::of("lease", &[key_prefix.as_bytes(), &end.to_le_bytes()])),
            ttl_secs: ttl.as_secs().clamp(MIN_TTL_SECS, MAX_TTL_SECS),
        }
    }

    /// The lease of one holder alone, for as long as `ttl` after its last sign of life.
    #[must_use]
    pub fn of_holder(holder: &Name, ttl: Duration) -> Self {
        Self { id: number(holder), ttl_secs: ttl.as_secs().clamp(1, MAX_TTL_SECS) }
    }

    pub(super) const fn id(self) -> i64 {
        self.id
    }

    pub(super) const fn ttl_secs(self) -> u64 {
        self.ttl_secs
    }
}

/// Other users of the same etcd take random numbers of the same 63 bits. Zero means "no lease".
fn number(name: &Name) -> i64 {
    i64::try_from(name.number() >> 1).unwrap_or(i64::MAX).max(1)
}
