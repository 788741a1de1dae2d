//! Which worker of this Envoy looks at the store: one is enough.

use core::time::Duration;

use crate::base::UnixTime;

/// A worker that does not say that it is still there for so long is not. It says so once a look, which may take some
/// seconds when the store is slow; that two workers look for a while does no harm.
const LEASE: Duration = Duration::from_secs(5);

/// A worker, by a random number.
pub(super) type Worker = [u8; 8];

/// The value with which `worker` takes the task, or keeps it; `None` while it is another's.
pub(super) fn take(loaded: Option<&[u8]>, worker: Worker, now: UnixTime) -> Option<Vec<u8>> {
    let held = loaded.and_then(|bytes| {
        let (numbers, _) = bytes.as_chunks::<8>();
        let [holder, until] = *numbers else { return None };
        Some((holder, UnixTime::from_secs(u64::from_le_bytes(until))))
    });
    if let Some((holder, until)) = held
        && holder != worker
        && now <= until
        // A clock that was set back must not keep everybody away.
        && until <= now.saturating_add(LEASE)
    {
        return None;
    }
    let until = now.saturating_add(LEASE).as_secs().to_le_bytes();
    Some([worker, until].concat())
}
