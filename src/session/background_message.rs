//! What travels from a sign-in to the background runner: sealed, so that nobody else who shares the queue can put in
//! what would then be done in the application.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Unreadable;
use super::keys::Purpose;
use super::payload;
use super::settings::Settings;
use crate::base::{EntropyFailure, EntropySource};

/// Bytes of a sealed message. A person of 2,000 groups needs about half of that, and a thousand messages in a queue that
/// nobody reads any more take 64 MiB.
pub const MAX_BYTES: usize = 64 * 1024;

/// What takes the place of a cookie's name.
const NAME: &str = "queue";

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsealable {
    /// It would be larger than [`MAX_BYTES`].
    TooLarge,
    /// There is no nonce.
    NoEntropy,
}

impl core::fmt::Display for Unsealable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge => write!(f, "what is known of the person does not fit into {MAX_BYTES} bytes"),
            Self::NoEntropy => EntropyFailure.fmt(f),
        }
    }
}

/// Seals `message` for the queue.
///
/// # Errors
/// [`Unsealable`].
pub fn seal<T: Serialize>(
    message: &T,
    settings: &Settings,
    entropy: &dyn EntropySource,
) -> Result<Vec<u8>, Unsealable> {
    let payload = payload::encode(message).ok_or(Unsealable::TooLarge)?;
    let sealed = settings
        .keys
        .seal(Purpose::BackgroundMessage, NAME, &payload, entropy)
        .map_err(|_| Unsealable::NoEntropy)?;
    if sealed.len() > MAX_BYTES { Err(Unsealable::TooLarge) } else { Ok(sealed.into_bytes()) }
}

/// Opens what came out of the queue.
///
/// # Errors
/// [`Unreadable`] when it was not sealed here.
pub fn open<T: DeserializeOwned>(message: &[u8], settings: &Settings) -> Result<T, Unreadable> {
    if message.len() > MAX_BYTES {
        return Err(Unreadable::Encoding);
    }
    let text = core::str::from_utf8(message).map_err(|_| Unreadable::Encoding)?;
    payload::decode(&settings.keys.open(Purpose::BackgroundMessage, NAME, text)?)
}
