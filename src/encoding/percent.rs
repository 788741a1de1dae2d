//! Percent escapes (RFC 3986 2.1) for what we put into addresses: everything but the unreserved characters.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name or value of a query: a space becomes `%20`, never `+`.
#[must_use]
pub fn query_component(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// One segment of a path. `.` and `..` cannot be made safe by escaping; callers refuse them beforehand.
#[must_use]
pub fn path_segment(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_the_unreserved_is_escaped() {
        assert_eq!(query_component("aZ09-._~"), "aZ09-._~");
        assert_eq!(query_component("a b+c&d=e/f?g#h%ä"), "a%20b%2Bc%26d%3De%2Ff%3Fg%23h%25%C3%A4");
        assert_eq!(path_segment("a/../b;c\\d"), "a%2F..%2Fb%3Bc%5Cd");
    }
}
