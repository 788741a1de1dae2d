//! Notes: small sealed cookies beside the session, each about one thing.

use core::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::chunks::MAX_SET_COOKIE_BYTES;
use super::error::SessionError;
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use crate::base::EntropySource;
use crate::http::{SameSite, SetCookie};

/// Cookies of one name that are tried; see `chunks`.
const MAX_CANDIDATES: usize = 4;

/// One kind of note.
#[derive(Clone, Copy)]
pub(super) struct Note {
    /// The end of the cookie's name.
    pub(super) suffix: &'static str,
    /// What it is sealed for.
    pub(super) purpose: Purpose,
    /// When the browser sends it.
    pub(super) same_site: SameSite,
}

/// Every kind, so that the application sees none.
const ALL: [Note; 3] = [super::rounds::NOTE, super::emergency_access::NOTE, super::last_idp::NOTE];

/// Is the cookie `name` a note?
pub(super) fn is_note(name: &str, settings: &Settings) -> bool {
    let suffix = name.strip_prefix(settings.cookie.name.as_str());
    suffix.is_some_and(|suffix| ALL.iter().any(|note| note.suffix == suffix))
}

impl Note {
    fn name(self, settings: &Settings) -> String {
        format!("{}{}", settings.cookie.name, self.suffix)
    }

    /// A cookie that holds `value`.
    pub(super) fn seal<T: Serialize>(
        self,
        value: &T,
        max_age: Duration,
        settings: &Settings,
        entropy: &dyn EntropySource,
    ) -> Result<SetCookie, SessionError> {
        let name = self.name(settings);
        let too_large = SessionError::PendingRequestTooLarge {
            bytes: payload::MAX_PAYLOAD_BYTES,
            limit: MAX_SET_COOKIE_BYTES,
        };
        let payload = payload::encode(value).ok_or(too_large)?;
        let text = settings.keys.seal(self.purpose, &name, &payload, entropy)?;
        Ok(self.cookie(text, max_age, settings))
    }

    /// The values of all cookies in `presented` that we sealed, in order; whoever can set cookies may add others.
    pub(super) fn open<'a, T: DeserializeOwned>(
        self,
        presented: &'a [(&str, &str)],
        settings: &'a Settings,
    ) -> impl Iterator<Item = T> + 'a {
        let name = self.name(settings);
        let named = presented.iter().filter({
            let name = name.clone();
            move |(have, text)| *have == name && text.len() <= MAX_SET_COOKIE_BYTES
        });
        named.take(MAX_CANDIDATES).filter_map(move |(_, text)| {
            payload::decode(&settings.keys.open(self.purpose, &name, text).ok()?).ok()
        })
    }

    /// Removes the note from the browser.
    pub(super) fn expire(self, settings: &Settings) -> SetCookie {
        self.cookie(String::new(), Duration::ZERO, settings)
    }

    fn cookie(self, value: String, max_age: Duration, settings: &Settings) -> SetCookie {
        settings.cookie.beside(self.name(settings), value, max_age, self.same_site)
    }
}
