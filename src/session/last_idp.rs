//! Which identity provider a browser signed in with last: a convenience that proves nothing.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::SessionError;
use super::keys::Purpose;
use super::note::Note;
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};
use crate::http::{SameSite, SetCookie};

/// `Lax`: it is read when a person navigates here.
pub(super) const NOTE: Note = Note { suffix: "-i", purpose: Purpose::LastIdp, same_site: SameSite::Lax };

#[derive(Serialize, Deserialize)]
struct Fields {
    entity_id: String,
    at: UnixTime,
}

/// A cookie that remembers the identity provider `entity_id` for `duration`.
///
/// # Errors
/// [`SessionError::EntropyUnavailable`].
pub fn remember(
    entity_id: &str,
    duration: Duration,
    now: UnixTime,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Result<SetCookie, SessionError> {
    NOTE.seal(&Fields { entity_id: entity_id.to_owned(), at: now }, duration, settings, entropy)
}

/// The entity id of the identity provider that is remembered in `presented`, if not for longer than `duration`.
#[must_use]
pub fn remembered(
    presented: &[(&str, &str)],
    duration: Duration,
    now: UnixTime,
    settings: &Settings,
) -> Option<String> {
    NOTE.open::<Fields>(presented, settings)
        .find(|fields| now < fields.at.saturating_add(duration))
        .map(|fields| fields.entity_id)
}

/// Forgets it.
#[must_use]
pub fn forget(settings: &Settings) -> SetCookie {
    NOTE.expire(settings)
}
