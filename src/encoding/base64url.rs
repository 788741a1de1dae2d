//! Base64 with the URL alphabet (RFC 4648 section 5), unpadded: cookies and tokens of our own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::EncodingError;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes the one canonical text of a value: no padding, no white space, unused bits zero.
///
/// # Errors
/// [`EncodingError::Base64`] for anything else.
pub fn decode(text: &str) -> Result<Vec<u8>, EncodingError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EncodingError::Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_decodes() {
        assert_eq!(encode(&[0xFB, 0xFF, 0]), "-_8A");
        assert_eq!(decode("-_8A").unwrap(), [0xFB, 0xFF, 0]);
        for wrong in ["+/8A", "-_8A=", "Zm9vYg==", "Zm9vYh", " -_8A"] {
            assert_eq!(decode(wrong), Err(EncodingError::Base64), "{wrong:?}");
        }
    }
}
