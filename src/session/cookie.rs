//! The session in the browser: sealed, opened, touched and cleared.

use core::time::Duration;

use super::chunks::{self, Chunks};
use super::emergency_access;
use super::error::SessionError;
use super::keys::Purpose;
use super::note;
use super::payload::{self, MAX_PAYLOAD_BYTES};
use super::revocation;
use super::saved_form;
use super::settings::Settings;
use super::state::Session;
use super::{pending_logout, pending_request};
use crate::base::{EntropySource, UnixTime};
use crate::effect::SharedData;
use crate::http::{SameSite, SetCookie};

/// Seals `session` into cookies, and removes chunks in `presented` that a larger session left behind.
///
/// # Errors
/// [`SessionError::SessionTooLarge`], [`SessionError::EntropyUnavailable`].
pub fn seal(
    session: &Session,
    settings: &Settings,
    presented: &[(&str, &str)],
    entropy: &dyn EntropySource,
) -> Result<Vec<SetCookie>, SessionError> {
    let too_large = |bytes, limit| SessionError::SessionTooLarge {
        bytes,
        limit,
        groups: session.fields.groups.len(),
        attribute_values: session.fields.attributes.iter().map(|(_, values)| values.len()).sum(),
    };
    let payload = payload::encode(&session.fields)
        .ok_or_else(|| too_large(MAX_PAYLOAD_BYTES.saturating_add(1), settings.max_cookie_bytes))?;
    let text = settings.keys.seal(Purpose::Session, &settings.cookie.name, &payload, entropy)?;
    chunks::split(&text, &settings.cookie, settings.max_cookie_bytes, presented)
        .map_err(|large| too_large(large.bytes, large.limit))
}

/// Opens the session that the browser presents in `presented`, all cookies of the request as name and value.
///
/// # Errors
/// [`SessionError::SessionMissing`], [`SessionError::SessionUnreadable`], [`SessionError::SessionExpired`],
/// [`SessionError::SessionIdle`], [`SessionError::SessionRevoked`], [`SessionError::RevocationStoreUnavailable`].
pub fn open(
    presented: &[(&str, &str)],
    settings: &Settings,
    now: UnixTime,
    shared: &dyn SharedData,
) -> Result<Session, SessionError> {
    first_usable(presented, settings, |chunks| {
        let session = open_chunks(chunks, settings)?;
        session.check(settings, now)?;
        revocation::check(&session, shared)?;
        Ok(session)
    })
}

/// What `usable` makes of the first presented session that it accepts, or why it refused the first of all.
pub(super) fn first_usable<T>(
    presented: &[(&str, &str)],
    settings: &Settings,
    mut usable: impl FnMut(&Chunks<'_>) -> Result<T, SessionError>,
) -> Result<T, SessionError> {
    let mut refused = None;
    for candidate in chunks::gather(presented, &settings.cookie.name) {
        match candidate.map_err(SessionError::SessionUnreadable).and_then(|chunks| usable(&chunks)) {
            Ok(session) => return Ok(session),
            // Not a reason to look for another one, but to say that nobody knows.
            Err(why @ SessionError::RevocationStoreUnavailable) => return Err(why),
            Err(why) => {
                refused.get_or_insert(why);
            }
        }
    }
    Err(refused.unwrap_or(SessionError::SessionMissing))
}

/// The session in `chunks`, whether or not it may still be used.
pub(super) fn open_chunks(chunks: &Chunks<'_>, settings: &Settings) -> Result<Session, SessionError> {
    let payload = settings
        .keys
        .open(Purpose::Session, &settings.cookie.name, &chunks.join())
        .map_err(SessionError::SessionUnreadable)?;
    let fields = payload::decode(&payload).map_err(SessionError::SessionUnreadable)?;
    Ok(Session { fields })
}

/// Cookies that record a use of `session` at `now`; `None` while the last record is recent: younger than 60 seconds
/// and a tenth of the idle time, but never more than half of it. Without an idle time nothing is recorded.
///
/// # Errors
/// As [`seal`]. The session in hand stays usable.
pub fn touch(
    session: &Session,
    settings: &Settings,
    presented: &[(&str, &str)],
    now: UnixTime,
    entropy: &dyn EntropySource,
) -> Result<Option<Vec<SetCookie>>, SessionError> {
    session.touched(settings, now).map(|touched| seal(&touched, settings, presented, entropy)).transpose()
}

/// Removes the session from the browser: always `NAME`, and the further chunks that are in `presented`.
#[must_use]
pub fn clear(settings: &Settings, presented: &[(&str, &str)]) -> Vec<SetCookie> {
    let cookie = &settings.cookie;
    let mut indices: Vec<usize> =
        presented.iter().filter_map(|(name, _)| chunks::chunk_index(name, &cookie.name)).collect();
    indices.push(0);
    indices.sort_unstable();
    indices.dedup();
    let chunks = indices.into_iter().map(|index| cookie.expire(chunks::chunk_name(&cookie.name, index)));
    // Whoever signs out has no way past the sign-in either.
    let emergency = emergency_access::end(settings);
    let held = presented.iter().any(|(name, _)| *name == emergency.name);
    chunks.chain(held.then_some(emergency)).collect()
}

/// How long a browser is not asked again whether its person has a session at the identity provider.
const ASKED_PASSIVELY_FOR: Duration = Duration::from_secs(600);

/// Notes that this browser is being asked, without being shown anything, whether its person is signed in at the identity
/// provider. Not sealed: whoever makes it up is only not asked.
#[must_use]
pub fn asked_passively(settings: &Settings) -> SetCookie {
    SetCookie {
        name: passive_name(settings),
        value: String::from("1"),
        max_age: Some(ASKED_PASSIVELY_FOR),
        path: String::from("/"),
        domain: settings.cookie.domain.clone(),
        same_site: SameSite::Lax,
        partitioned: false,
    }
}

/// Was this browser asked a short while ago?
#[must_use]
pub fn was_asked_passively(presented: &[(&str, &str)], settings: &Settings) -> bool {
    let own = passive_name(settings);
    presented.iter().any(|(name, _)| *name == own)
}

fn passive_name(settings: &Settings) -> String {
    format!("{}-passive", settings.cookie.name)
}

/// Is the cookie `name` ours: a chunk of the session, a pending request, a note or the secret of a saved form? The
/// application never sees those.
#[must_use]
pub fn is_own_cookie(name: &str, settings: &Settings) -> bool {
    chunks::chunk_index(name, &settings.cookie.name).is_some()
        || pending_request::is_pending_cookie(name, settings)
        || note::is_note(name, settings)
        || pending_logout::is_pending_logout(name, settings)
        || name == passive_name(settings)
        || saved_form::is_form_cookie(name, settings)
}
