//! Raw DEFLATE (RFC 1951), as the Redirect binding wants it (bindings 3.4.4.1), never inflating beyond a limit.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::EncodingError;

/// zlib's own default: below it messages grow, above it they hardly shrink.
const LEVEL: u8 = 6;

/// Compresses to a raw stream without header or checksum.
#[must_use]
pub fn deflate_raw(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, LEVEL)
}

/// Inflates a complete raw stream to at most `limit` bytes.
///
/// # Errors
/// [`EncodingError::DeflateTooLarge`] beyond the limit, [`EncodingError::Deflate`] for a broken or truncated stream.
pub fn inflate_raw(bytes: &[u8], limit: usize) -> Result<Vec<u8>, EncodingError> {
    decompress_to_vec_with_limit(bytes, limit).map_err(|fault| match fault.status {
        TINFLStatus::HasMoreOutput => EncodingError::DeflateTooLarge { limit },
        _ => EncodingError::Deflate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deflated_inflates_within_the_limit_only() {
        let text = b"<samlp:AuthnRequest/>".repeat(50);
        let small = deflate_raw(&text);
        assert!(small.len() < 100);
        assert_eq!(inflate_raw(&small, text.len()).unwrap(), text);
        assert_eq!(
            inflate_raw(&small, text.len() - 1),
            Err(EncodingError::DeflateTooLarge { limit: text.len() - 1 })
        );
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_rubble_is_refused() {
        let bomb = deflate_raw(&vec![b'a'; 8 << 20]);
        assert_eq!(inflate_raw(&bomb, 65_536), Err(EncodingError::DeflateTooLarge { limit: 65_536 }));
        let whole = deflate_raw(b"some text that is long enough to be cut");
        let cut = &whole[..whole.len() - 4];
        assert_eq!(inflate_raw(cut, 1_000), Err(EncodingError::Deflate));
        assert_eq!(inflate_raw(&[0xFF; 16], 1_000), Err(EncodingError::Deflate));
        assert_eq!(inflate_raw(&[], 1_000), Err(EncodingError::Deflate));
    }
}
