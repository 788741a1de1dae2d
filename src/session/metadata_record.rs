//! What all workers know of the metadata that one of them fetched: sealed, because whoever could write it could name the
//! keys that let people in, and the store belongs to a `vm_id`, not to us.

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

/// The store's key of the record about what `source` names: entity, address and everything else on which it depends whether
/// a document is believed.
#[must_use]
pub fn key(source: &[&[u8]], settings: &Settings) -> String {
    // The number is the format's version: another format needs other keys.
    site_key("metadata.1", source, settings)
}

/// Seals `record` for `key`; `None` when it is too large, or there is no nonce.
pub fn seal<T: Serialize>(
    record: &T,
    key: &str,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Option<Vec<u8>> {
    let payload = payload::encode(record)?;
    settings.keys.seal(Purpose::IdpMetadata, key, &payload, entropy).ok().map(String::into_bytes)
}

/// Opens what the store holds under `key`.
///
/// # Errors
/// [`Unreadable`] when it was not sealed here, or for another key.
pub fn open<T: DeserializeOwned>(record: &[u8], key: &str, settings: &Settings) -> Result<T, Unreadable> {
    if record.len() > MAX_BYTES {
        return Err(Unreadable::Encoding);
    }
    let text = core::str::from_utf8(record).map_err(|_| Unreadable::Encoding)?;
    payload::decode(&settings.keys.open(Purpose::IdpMetadata, key, text)?)
}
