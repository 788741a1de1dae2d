//! The mark that an account was made by us and is not finished, which gives its owner what new people get.
//!
//! It is kept at the account, where some applications let its owner write, so it is sealed and names the account.

use core::time::Duration;

use sha2::{Digest, Sha256};

use super::keys::Purpose;
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};

/// What takes the place of a cookie's name.
const NAME: &str = "account";

/// How long a mark is believed: whoever was interrupted comes back within a day, and whoever kept the mark of then does
/// not become new again.
const BELIEVED: Duration = Duration::from_secs(24 * 60 * 60);

/// A mark for the account of `username`, made at `now`, about 90 characters; `None` without randomness.
pub fn seal(
    username: &str,
    now: UnixTime,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Option<String> {
    let mut payload = digest(username);
    payload.extend(now.as_secs().to_le_bytes());
    settings.keys.seal(Purpose::AccountMark, NAME, &payload, entropy).ok()
}

/// Did we make `mark` for the account of `username`, less than a day before `now`?
#[must_use]
pub fn is_ours(mark: &str, username: &str, now: UnixTime, settings: &Settings) -> bool {
    let Ok(payload) = settings.keys.open(Purpose::AccountMark, NAME, mark) else { return false };
    let Some((name, at)) = payload.split_last_chunk() else { return false };
    let at = UnixTime::from_secs(u64::from_le_bytes(*at));
    name == digest(username) && at <= now && now.saturating_since(at) < BELIEVED
}

/// The name as applications compare it, shortened.
fn digest(username: &str) -> Vec<u8> {
    Sha256::digest(username.to_lowercase().as_bytes()).iter().copied().take(16).collect()
}
