//! `application/x-www-form-urlencoded` (URL Standard 5.1), strictly: every escape complete, every text UTF-8.

use super::EncodingError;

/// Names and values in the order of the form.
///
/// `+` is a space; empty pairs (`a=1&&b=2`) are passed over; a pair without `=` has an empty value.
///
/// # Errors
/// More than `max_pairs` pairs, a `%` without two hexadecimal digits, or text that is not UTF-8.
pub fn parse(body: &[u8], max_pairs: usize) -> Result<Vec<(String, String)>, EncodingError> {
    let mut pairs = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == max_pairs {
            return Err(EncodingError::FormTooManyPairs { limit: max_pairs });
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = halves.next().unwrap_or_default();
        let value = halves.next().unwrap_or_default();
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

/// One name or value.
///
/// # Errors
/// As [`parse`].
pub fn component(text: &str) -> Result<String, EncodingError> {
    decode(text.as_bytes())
}

/// The body that a browser makes of `pairs` (URL Standard 5.2; HTML 4.10.21.7).
#[must_use]
pub fn serialize(pairs: &[(String, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push(b'&');
        }
        encode(name, &mut out);
        out.push(b'=');
        encode(value, &mut out);
    }
    out
}

/// The `application/x-www-form-urlencoded` percent-encode set of the URL Standard 1.3, and `+` for a space.
fn encode(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push(b'+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            other => out.extend_from_slice(format!("%{other:02X}").as_bytes()),
        }
    }
}

fn decode(text: &[u8]) -> Result<String, EncodingError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().copied().and_then(hex).ok_or(EncodingError::FormEscape)?;
                let low = bytes.next().copied().and_then(hex).ok_or(EncodingError::FormEscape)?;
                (high << 4) | low
            }
            other => *other,
        });
    }
    String::from_utf8(out).map_err(|_| EncodingError::FormNotUtf8)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(body: &str) -> Result<Vec<(String, String)>, EncodingError> {
        parse(body.as_bytes(), 4)
    }

    #[test]
    fn pairs_are_decoded_in_order() {
        let parsed = pairs("SAMLResponse=a%2Bb%3d+c&&RelayState=%C3%A4&x&=y").unwrap();
        let expected = [("SAMLResponse", "a+b= c"), ("RelayState", "ä"), ("x", ""), ("", "y")];
        assert!(parsed.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(expected));
        assert_eq!(pairs("").unwrap(), []);
        assert_eq!(pairs("a=b=c").unwrap(), [(String::from("a"), String::from("b=c"))]);
    }

    #[test]
    fn what_a_browser_sends_is_made_again_byte_for_byte() {
        for body in ["a=1&b=&a=2", "x=a+b%2Bc*-._%7E%26%3D%25", "%C3%A4=%F0%9F%94%91&t=one%0D%0Atwo", ""] {
            assert_eq!(serialize(&pairs(body).unwrap()), body.as_bytes(), "{body}");
        }
        for other in ["a", "a=%2b", "a=~", "a=b%20c", "a=1&&b=2", "a=1&", "a=b=c"] {
            assert_ne!(serialize(&pairs(other).unwrap()), other.as_bytes(), "{other}");
        }
    }

    #[test]
    fn half_escapes_foreign_text_and_floods_are_refused() {
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%+1", "%g0=1", "a=%%41"] {
            assert_eq!(pairs(wrong), Err(EncodingError::FormEscape), "{wrong}");
        }
        assert_eq!(pairs("a=%ff"), Err(EncodingError::FormNotUtf8));
        assert_eq!(pairs("a=%ED%A0%80"), Err(EncodingError::FormNotUtf8));
        assert_eq!(pairs("a&b&c&d&e"), Err(EncodingError::FormTooManyPairs { limit: 4 }));
    }
}
