//! Where a browser may be sent after a sign-in or a sign-out: a place on this site and nothing else.

use core::fmt;

use crate::base::Code;
use crate::http::NormalizedPath;

/// A path and query of this site that is safe in a `Location` header.
///
/// It begins with exactly one `/`, is normalized like every forwarded path, holds only printable ASCII and no
/// backslash in its path, and is at most [`RedirectTarget::MAX_BYTES`] long. No browser resolves it to another host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectTarget(String);

/// Why a text is no [`RedirectTarget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectTargetError {
    /// Longer than [`RedirectTarget::MAX_BYTES`].
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It does not begin with one slash followed by a name: another scheme, another host, or something that a lenient
    /// reader takes for one.
    NotLocal,
    /// Its path can be read in two ways.
    Ambiguous(crate::http::PathError),
}

impl RedirectTargetError {
    /// `SG1012`.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::RedirectTargetRefused
    }
}

impl fmt::Display for RedirectTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(
                    f,
                    "the return address has {length} bytes, at most {} are kept",
                    RedirectTarget::MAX_BYTES
                )
            }
            Self::NotLocal => f.write_str("the return address is not a path of this site"),
            Self::Ambiguous(why) => write!(f, "the return address is ambiguous: {why}"),
        }
    }
}

impl core::error::Error for RedirectTargetError {}

impl RedirectTarget {
    /// Bytes of a target. It travels in a cookie, and browsers keep 4,096 bytes of one.
    pub const MAX_BYTES: usize = 2048;

    /// The start page, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self(String::from("/"))
    }

    /// Takes `text` if it is a path, with or without a query, of this site.
    ///
    /// # Errors
    /// [`RedirectTargetError`] when it could lead elsewhere, or is too long.
    pub fn parse(text: &str) -> Result<Self, RedirectTargetError> {
        if text.len() > Self::MAX_BYTES {
            return Err(RedirectTargetError::TooLong { length: text.len() });
        }
        let after_slash = text.strip_prefix('/').ok_or(RedirectTargetError::NotLocal)?;
        // `//host` and `/\host` name another host (WHATWG URL, relative slash state); `/.//host` and `/..//host` do
        // so for whoever removes dot segments and resolves again. `/%2fhost` fails below.
        let first = after_slash.split(['/', '?']).next().unwrap_or_default();
        let more = after_slash.len() > first.len() && !after_slash.starts_with('?');
        if after_slash.starts_with(['/', '\\']) || (more && is_dots(first)) {
            return Err(RedirectTargetError::NotLocal);
        }
        let normal = NormalizedPath::parse(text).map_err(RedirectTargetError::Ambiguous)?;
        let whole = ascii(normal.path_and_query());
        if whole.len() > Self::MAX_BYTES {
            return Err(RedirectTargetError::TooLong { length: whole.len() });
        }
        Ok(Self(whole))
    }

    /// Path and query, ready for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

/// A dot segment in any spelling, parameters included.
fn is_dots(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    let dots = name.replace("%2e", ".").replace("%2E", ".");
    matches!(dots.as_str(), "" | "." | "..")
}

/// Escapes what is not ASCII; after normalization only a query can hold such bytes, and header values cannot.
fn ascii(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::CONTROLS).to_string()
}

impl fmt::Display for RedirectTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RedirectTarget {
    type Error = RedirectTargetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RedirectTarget> for String {
    fn from(target: RedirectTarget) -> Self {
        target.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_this_site_are_kept() {
        for (text, expected) in [
            ("/", "/"),
            ("/browse/A-1", "/browse/A-1"),
            ("/browse/A-1?x=1&y=//evil.example/", "/browse/A-1?x=1&y=//evil.example/"),
            ("/?", "/?"),
            ("/?next=http://evil.example", "/?next=http://evil.example"),
            ("/@user/repo", "/@user/repo"),
            ("/.well-known/x", "/.well-known/x"),
            ("/a//b", "/a/b"),
            ("/a/../b", "/b"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/s?q=caf\u{e9}", "/s?q=caf%C3%A9"),
            ("/s?q=a\\b", "/s?q=a\\b"),
            ("/http:host", "/http:host"),
        ] {
            let target = RedirectTarget::parse(text).unwrap();
            assert_eq!(target.as_str(), expected, "{text}");
            assert_eq!(RedirectTarget::parse(target.as_str()).unwrap(), target);
        }
        assert_eq!(RedirectTarget::root().path(), "/");
    }

    #[test]
    fn places_elsewhere_are_refused() {
        for text in [
            "",
            "host",
            "@host",
            "http:host",
            "http:/host",
            "https://host/",
            "javascript:alert(1)",
            "data:text/html,x",
            "?a",
            "#a",
            ".",
            "..",
            "./a",
            "\\\\host",
            "\\/host",
            "//host",
            "///host",
            "////host",
            "//host@site/",
            "/\\host",
            "/\\/host",
            "/\\\\host",
            "/%2f/host",
            "/%2fhost",
            "/%2F%2Fhost",
            "/%5chost",
            "/%5C%5Chost",
            "/%252f/host",
            "/%09/host",
            "/%0d%0aLocation:%20x",
            "/\t/host",
            "/\n/host",
            "/\r\nSet-Cookie: a=b",
            "/ /host",
            " //host",
            "\t/a",
            "/a\0b",
            "/.//host",
            "/./host",
            "/..//host",
            "/../host",
            "/%2e//host",
            "/%2e%2e//host",
            "/;//host",
            "/;a/host",
            "/..;//host",
            "/a/..;/host",
            "/a/../..//host",
            "/a\\..\\host",
            "/\u{ff0f}host",
            "/\u{2215}host",
            "/a#b",
            "/a?b\nc",
            "/\u{202e}a",
        ] {
            let refused = RedirectTarget::parse(text).map_err(|error| error.code());
            assert_eq!(refused, Err(Code::RedirectTargetRefused), "{text:?}");
        }
    }

    #[test]
    fn a_dot_path_that_normalizes_to_another_host_stays_here() {
        assert_eq!(RedirectTarget::parse("/a/..//host").unwrap().as_str(), "/host");
        assert_eq!(RedirectTarget::parse("/a/../;x//host").unwrap().as_str(), "/host");
    }

    #[test]
    fn length_is_bounded_before_and_after_escaping() {
        let longest = format!("/{}", "a".repeat(RedirectTarget::MAX_BYTES - 1));
        assert!(RedirectTarget::parse(&longest).is_ok());
        assert_eq!(
            RedirectTarget::parse(&format!("{longest}a")),
            Err(RedirectTargetError::TooLong { length: RedirectTarget::MAX_BYTES + 1 })
        );
        let grows = format!("/?{}", "\u{e9}".repeat(1000));
        assert_eq!(RedirectTarget::parse(&grows), Err(RedirectTargetError::TooLong { length: 6002 }));
    }

    #[test]
    fn a_stored_target_is_checked_again() {
        let stored = serde_json::to_string(&RedirectTarget::parse("/a?b").unwrap()).unwrap();
        assert_eq!(stored, "\"/a?b\"");
        assert!(serde_json::from_str::<RedirectTarget>("\"//host\"").is_err());
    }
}
