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
    fn half_escapes_foreign_text_and_floods_are_refused() {
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%+1", "%g0=1", "a=%%41"] {
            assert_eq!(pairs(wrong), Err(EncodingError::FormEscape), "{wrong}");
        }
        assert_eq!(pairs("a=%ff"), Err(EncodingError::FormNotUtf8));
        assert_eq!(pairs("a=%ED%A0%80"), Err(EncodingError::FormNotUtf8));
        assert_eq!(pairs("a&b&c&d&e"), Err(EncodingError::FormTooManyPairs { limit: 4 }));
    }
}
