//! What is sealed because others can read or write where it is kept: the shared store, and the data that the workers of
//! one Envoy share.

use sha2::{Digest, Sha256};

use super::error::{SessionError, Unreadable};
use super::keys::Purpose;
use super::settings::Settings;
use super::site_key::site_key;
use crate::base::EntropySource;
use crate::store::Etcd;

/// Bytes of a sealed text that are looked at: what is sealed here has a few hundred.
const MAX_BYTES: usize = 4096;

/// What a sealed text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A revocation on its way to other replicas.
    Revocation,
    /// The token of a user of the store, for the workers of this Envoy.
    Token,
}

impl Kind {
    /// What takes the place of a cookie's name.
    const fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Token => "token",
        }
    }
}

/// Seals `content`.
///
/// # Errors
/// [`SessionError::EntropyUnavailable`].
pub fn seal(
    kind: Kind,
    content: &[u8],
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Result<Vec<u8>, SessionError> {
    settings.keys.seal(Purpose::SharedStore, kind.name(), content, entropy).map(String::into_bytes)
}

/// Opens what any replica with our keys sealed as this `kind`.
///
/// # Errors
/// [`Unreadable`] for anything else.
pub fn open(kind: Kind, sealed: &[u8], settings: &Settings) -> Result<Vec<u8>, Unreadable> {
    if sealed.len() > MAX_BYTES {
        return Err(Unreadable::Encoding);
    }
    let text = core::str::from_utf8(sealed).map_err(|_| Unreadable::Encoding)?;
    settings.keys.open(Purpose::SharedStore, kind.name(), text)
}

/// What `content` is called in the store: the same at every replica with the same newest secret, and nothing can be guessed
/// from it without that.
#[must_use]
pub fn name(kind: Kind, content: &[u8], settings: &Settings) -> [u8; 32] {
    settings.keys.name(Purpose::SharedStore, kind.name(), content)
}

/// The key of `what` in the data that the workers of one Envoy share: what one site knows of one store says nothing about
/// another site, or another store.
#[must_use]
pub fn key(what: &str, store: &Etcd, settings: &Settings) -> String {
    let parts = [&store.cluster, &store.authority, &store.key_prefix].map(|part| part.as_bytes());
    // The number is the format's version: another format needs other keys.
    site_key(&format!("store.{what}.2"), &parts, settings)
}

/// Equal for the same service provider with the same keys: who has others may be able to open what we could not.
#[must_use]
pub fn reader(settings: &Settings) -> [u8; 8] {
    let hash: [u8; 32] =
        Sha256::new_with_prefix(b"shared store").chain_update(settings.keys.identity()).finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}
