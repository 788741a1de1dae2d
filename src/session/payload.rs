//! The bytes inside a sealed text: postcard, deflated when that is shorter.
//!
//! What arrives here from outside was sealed by us; the bounds hold all the same.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Unreadable;
use crate::encoding::inflate;

/// Bytes of a payload before compression. Nine chunks hold about 24 KiB sealed, and group names deflate to between a
/// half and a tenth.
pub(super) const MAX_PAYLOAD_BYTES: usize = 128 * 1024;

/// Below this, deflating saves a few dozen bytes at most and costs more than the whole opening.
const MIN_DEFLATED_BYTES: usize = 512;

const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// `value` as bytes; `None` when it is larger than a payload may be.
///
/// Deflating before sealing tells the length of what was said, and so would leak a secret that stands beside text
/// which an attacker chooses. A payload holds no such secret: sealing is what makes the cookie unguessable.
pub(super) fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let plain = postcard::to_allocvec(value).ok().filter(|plain| plain.len() <= MAX_PAYLOAD_BYTES)?;
    if plain.len() > MIN_DEFLATED_BYTES {
        let deflated = inflate::deflate_raw(&plain);
        if deflated.len() < plain.len() {
            return Some(marked(DEFLATED, &deflated));
        }
    }
    Some(marked(PLAIN, &plain))
}

fn marked(mark: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    out.push(mark);
    out.extend_from_slice(bytes);
    out
}

/// The value that [`encode`] wrote, and nothing besides.
pub(super) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Unreadable> {
    let inflated;
    let plain = match payload.split_first() {
        Some((&PLAIN, plain)) => plain,
        Some((&DEFLATED, deflated)) => {
            inflated = inflate::inflate_raw(deflated, MAX_PAYLOAD_BYTES).map_err(|_| Unreadable::Payload)?;
            &inflated
        }
        _ => return Err(Unreadable::Payload),
    };
    match postcard::take_from_bytes(plain) {
        Ok((value, [])) => Ok(value),
        _ => Err(Unreadable::Payload),
    }
}
