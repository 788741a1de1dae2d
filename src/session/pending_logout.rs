//! A logout that waits for the identity provider's answer, sealed into a cookie.
//!
//! The session itself is over by then. All that is left is which request the answer belongs to, so that nobody can show
//! a visitor an outcome that is not theirs. One browser waits for one answer: whoever signs out has no session left.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::chunks::MAX_SET_COOKIE_BYTES;
use super::error::SessionError;
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};
use crate::http::{SameSite, SetCookie};

/// How long an answer may take: identity providers lead the browser through every application of the session.
const TTL: Duration = Duration::from_secs(600);

/// How far the clocks of two replicas may differ.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(300);

/// Cookies of one name that are tried; see `chunks`.
const MAX_CANDIDATES: usize = 4;

/// What must be remembered between the LogoutRequest and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogout {
    /// The ID of the LogoutRequest, which the answer must repeat in InResponseTo (core 3.2.2).
    pub request_id: String,
    /// The identity provider that was asked; no other may answer.
    pub idp_entity_id: String,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    issued_at: UnixTime,
    pending: PendingLogout,
}

/// Seals `pending`.
///
/// # Errors
/// [`SessionError::PendingRequestTooLarge`], [`SessionError::EntropyUnavailable`].
pub fn seal(
    pending: &PendingLogout,
    settings: &Settings,
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> Result<SetCookie, SessionError> {
    let too_large = |bytes| SessionError::PendingRequestTooLarge { bytes, limit: MAX_SET_COOKIE_BYTES };
    let payload = payload::encode(&Fields { issued_at: now, pending: pending.clone() })
        .ok_or_else(|| too_large(payload::MAX_PAYLOAD_BYTES))?;
    let name = cookie_name(settings);
    let text = settings.keys.seal(Purpose::PendingLogout, &name, &payload, entropy)?;
    let cookie = set_cookie(name, text, TTL, settings);
    let bytes = cookie.render().len();
    if bytes > MAX_SET_COOKIE_BYTES { Err(too_large(bytes)) } else { Ok(cookie) }
}

/// Opens the pending logout among the cookies of the request.
///
/// # Errors
/// [`SessionError::LogoutUnexpected`] when there is none that can still be answered.
pub fn open(
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
) -> Result<PendingLogout, SessionError> {
    let name = cookie_name(settings);
    let candidates = presented.iter().filter(|(have, _)| *have == name).take(MAX_CANDIDATES);
    candidates
        .filter(|(_, text)| text.len() <= MAX_SET_COOKIE_BYTES)
        .filter_map(|(_, text)| settings.keys.open(Purpose::PendingLogout, &name, text).ok())
        .filter_map(|payload| payload::decode::<Fields>(&payload).ok())
        .find(|fields| {
            fields.issued_at <= now.saturating_add(MAX_CLOCK_DIFFERENCE)
                && now < fields.issued_at.saturating_add(TTL)
        })
        .map(|fields| fields.pending)
        .ok_or(SessionError::LogoutUnexpected)
}

/// Removes it, once its answer has come.
#[must_use]
pub fn clear(settings: &Settings) -> SetCookie {
    set_cookie(cookie_name(settings), String::new(), Duration::ZERO, settings)
}

/// Is `name` the name of its cookie?
#[must_use]
pub fn is_pending_logout(name: &str, settings: &Settings) -> bool {
    name.strip_prefix(settings.cookie.name.as_str()) == Some(SUFFIX)
}

const SUFFIX: &str = "-l";

fn cookie_name(settings: &Settings) -> String {
    format!("{}{SUFFIX}", settings.cookie.name)
}

/// `SameSite=None`, because the answer may be posted from the identity provider's site.
fn set_cookie(name: String, value: String, max_age: Duration, settings: &Settings) -> SetCookie {
    settings.cookie.beside(name, value, max_age, SameSite::None)
}
