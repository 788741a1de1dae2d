//! Where a directory sync is, and whom it saw: sealed, because who could write it could make a run believe that everybody
//! is gone. What is sealed for one place opens at no other.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Unreadable;
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use super::site_key::site_key;
use crate::base::EntropySource;

/// Bytes of a sealed record: more than a payload in base64url.
const MAX_BYTES: usize = 2 * payload::MAX_PAYLOAD_BYTES;

/// The store's key of the record `what` about the application that `scope` names.
#[must_use]
pub fn key(what: &str, scope: &str, settings: &Settings) -> String {
    // The number is the format's version: another format needs other keys.
    site_key(&format!("sync.{what}.1"), &[scope.as_bytes()], settings)
}

/// Seals `record` for `place`; `None` when it is too large, or there is no nonce.
pub fn seal<T: Serialize>(
    record: &T,
    place: &str,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Option<Vec<u8>> {
    let payload = payload::encode(record)?;
    settings.keys.seal(Purpose::DirectorySync, place, &payload, entropy).ok().map(String::into_bytes)
}

/// Opens what was sealed for `place`.
///
/// # Errors
/// [`Unreadable`] when it was not sealed here, or for another place.
pub fn open<T: DeserializeOwned>(record: &[u8], place: &str, settings: &Settings) -> Result<T, Unreadable> {
    if record.len() > MAX_BYTES {
        return Err(Unreadable::Encoding);
    }
    let text = core::str::from_utf8(record).map_err(|_| Unreadable::Encoding)?;
    payload::decode(&settings.keys.open(Purpose::DirectorySync, place, text)?)
}
