//! When metadata is fetched again.

use core::time::Duration;

use super::settings::RemoteMetadata;
use crate::base::{EntropySource, UnixTime, random};

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait between two tries while nobody can sign in: an identity provider that is back is found in a minute.
const LONGEST_WAIT_WITHOUT: Duration = Duration::from_secs(60);

/// The longest wait between two tries while an older copy does.
const LONGEST_WAIT_WITH: Duration = Duration::from_secs(600);

/// Fetches because of an unknown key are this far apart at least, counted from the last fetch for whatever reason, unless
/// fetches may be closer anyway. Anybody can present an answer that nobody signed: the identity provider sees one more
/// request a minute from an Envoy.
const UNKNOWN_KEY_INTERVAL: Duration = Duration::from_secs(60);

/// When to fetch again after a success: as document or server wish within the bounds, and early enough before the end of
/// the document to try a few times.
pub(super) fn after_success(
    hint: Option<Duration>,
    valid_until: Option<UnixTime>,
    remote: &RemoteMetadata,
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> UnixTime {
    let RemoteMetadata { min_refresh_interval: min, max_refresh_interval: max, .. } = *remote;
    let half_of_life = valid_until.map(|end| end.saturating_since(now) / 2);
    let wait = hint.into_iter().chain(half_of_life).chain([max]).min().unwrap_or(max);
    now.saturating_add(shortened(wait.max(min), entropy).max(min))
}

/// How long after a fetch an unknown key may cause another one.
pub(super) fn unknown_key_interval(remote: &RemoteMetadata) -> Duration {
    UNKNOWN_KEY_INTERVAL.min(remote.min_refresh_interval)
}

/// When to fetch again after failure number `failures` in a row, from 1; `usable` tells whether there is a copy meanwhile.
pub(super) fn after_failure(
    failures: u32,
    usable: bool,
    remote: &RemoteMetadata,
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> UnixTime {
    let longest = if usable { LONGEST_WAIT_WITH } else { LONGEST_WAIT_WITHOUT };
    let doublings = failures.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(longest).min(remote.max_refresh_interval);
    now.saturating_add(shortened(wait, entropy))
}

/// Up to a quarter less, so that many Envoys that were started together do not ask together for ever. Without randomness they do.
fn shortened(wait: Duration, entropy: &dyn EntropySource) -> Duration {
    let [part] = random::<1>(entropy).unwrap_or_default();
    wait.saturating_sub(wait.saturating_mul(u32::from(part)) / 1024)
}
