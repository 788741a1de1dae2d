//! How often a browser signed in within moments: one that never keeps its session goes round in a circle, and nobody but
//! us can end that, because the identity provider signs it in again without a word.
//!
//! Sign-ins that were completed are counted, not those that were begun: a browser that opens thirty tabs begins thirty.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::SessionError;
use super::keys::Purpose;
use super::note::Note;
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};
use crate::http::{SameSite, SetCookie};

/// `None`, because the answer that completes a sign-in is posted from the identity provider's site.
pub(super) const NOTE: Note =
    Note { suffix: "-r", purpose: Purpose::SignInRounds, same_site: SameSite::None };

/// Sign-ins in a row after which the next is not begun. A person who signs out and in again stays below it, and browsers
/// give up after about twenty redirects, which is five to seven rounds.
pub const MAX_ROUNDS: u32 = 5;

/// Sign-ins further apart than this have nothing to do with each other; a round takes one to ten seconds.
pub const APART: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct Fields {
    rounds: u32,
    last: UnixTime,
}

/// Sign-ins in a row that this browser completed, the last of them moments ago.
#[must_use]
pub fn count(presented: &[(&str, &str)], settings: &Settings, now: UnixTime) -> u32 {
    NOTE.open::<Fields>(presented, settings)
        .filter(|fields| {
            fields.last <= now.saturating_add(APART) && now.saturating_since(fields.last) < APART
        })
        .map(|fields| fields.rounds)
        .max()
        .unwrap_or_default()
}

/// Counts one more that is being completed.
///
/// # Errors
/// [`SessionError::EntropyUnavailable`].
pub fn completed(
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> Result<SetCookie, SessionError> {
    let rounds = count(presented, settings, now).saturating_add(1);
    NOTE.seal(&Fields { rounds, last: now }, APART, settings, entropy)
}

/// Forgets them, once the person was told.
#[must_use]
pub fn forget(settings: &Settings) -> SetCookie {
    NOTE.expire(settings)
}
