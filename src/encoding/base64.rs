//! Base64 with the standard alphabet (RFC 4648 section 4), padded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::EncodingError;

/// Encodes with padding and without line breaks.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes the one canonical text of a value: padded, no white space, unused bits zero.
///
/// # Errors
/// [`EncodingError::Base64`] for anything else.
pub fn decode_strict(text: &str) -> Result<Vec<u8>, EncodingError> {
    STANDARD.decode(text).map_err(|_| EncodingError::Base64)
}

/// Decodes `xs:base64Binary` as XML carries it: as [`decode_strict`], but XML white space (space, TAB, CR, LF) may
/// stand anywhere (XML Schema 2 3.2.16).
///
/// # Errors
/// [`EncodingError::Base64`] for any other character, padding or left-over bits.
pub fn decode_xml(text: &str) -> Result<Vec<u8>, EncodingError> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    if !text.as_bytes().iter().any(is_space) {
        return decode_strict(text);
    }
    let compact: Vec<u8> = text.bytes().filter(|byte| !is_space(byte)).collect();
    STANDARD.decode(compact).map_err(|_| EncodingError::Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_decodes() {
        assert_eq!(decode_strict("Zm9vYg==").unwrap(), b"foob");
        assert_eq!(decode_strict("").unwrap(), b"");
        for wrong in
            ["Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\n", "Zm9v-_==", "Zm9vYg==Zm9v", "=", "Z"]
        {
            assert_eq!(decode_strict(wrong), Err(EncodingError::Base64), "{wrong:?}");
        }
    }

    #[test]
    fn xml_white_space_is_passed_over_and_nothing_else() {
        assert_eq!(decode_xml(" Zm9v\r\n\tYg==\n").unwrap(), b"foob");
        for wrong in ["Zm9v\u{a0}Yg==", "Zm9v\u{b}Yg==", "Zm9v.Yg==", "Zm9vYh ==", "Zm9v Yg== Zm9v"] {
            assert_eq!(decode_xml(wrong), Err(EncodingError::Base64), "{wrong:?}");
        }
    }
}
