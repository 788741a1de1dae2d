//! The one form of a request's path that is matched and forwarded.
//!
//! Applications, proxies and we must read the same path. So a path is brought into one form that nobody can read in a
//! second way, that form is what rules are matched against, and that form is what goes upstream. What has no such
//! form is refused.

use core::fmt;

use crate::base::Code;

/// A path and query in the form that is matched and forwarded.
///
/// Escapes of unreserved characters are decoded and other escapes are in upper case (RFC 3986 6.2.2), dot segments are
/// removed (RFC 3986 5.2.4), empty segments are merged, and `;parameters` are cut from every segment. The query is
/// kept as it came. Parsing the result again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizedPath {
    whole: String,
    path_length: usize,
    changed: bool,
}

/// Why a path has no unambiguous form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// A raw byte at `offset` that no URI has: control, space, or not ASCII.
    Byte {
        /// Bytes from the start of the path.
        offset: usize,
    },
    /// A raw backslash or an escaped slash or backslash.
    Separator {
        /// Bytes from the start of the path.
        offset: usize,
    },
    /// An escaped control byte, null included.
    EscapedControl {
        /// Bytes from the start of the path.
        offset: usize,
    },
    /// A percent sign without two hexadecimal digits.
    Escape {
        /// Bytes from the start of the path.
        offset: usize,
    },
    /// An escape that is itself escaped, such as `%252f`.
    DoubleEncoding,
    /// The escapes are not UTF-8, as in an overlong `%c0%af`.
    Encoding,
    /// A dot segment with parameters, such as `..;`.
    DotSegmentParameters,
    /// `..` above the root.
    AboveRoot,
    /// A `#`, which no request carries.
    Fragment {
        /// Bytes from the start of the path.
        offset: usize,
    },
}

impl PathError {
    /// `SG1011`.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::PathAmbiguous
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute => f.write_str("the path does not begin with `/`"),
            Self::Byte { offset } => write!(f, "byte {offset} of the path belongs in no URI"),
            Self::Separator { offset } => {
                write!(f, "a backslash or an escaped separator at byte {offset} of the path")
            }
            Self::EscapedControl { offset } => {
                write!(f, "an escaped control character at byte {offset} of the path")
            }
            Self::Escape { offset } => write!(f, "an incomplete escape at byte {offset} of the path"),
            Self::DoubleEncoding => f.write_str("an escape in the path is itself escaped"),
            Self::Encoding => f.write_str("the escapes in the path are not UTF-8"),
            Self::DotSegmentParameters => f.write_str("a dot segment of the path has parameters"),
            Self::AboveRoot => f.write_str("the path climbs above the root"),
            Self::Fragment { offset } => write!(f, "a `#` at byte {offset} of the path"),
        }
    }
}

impl core::error::Error for PathError {}

impl NormalizedPath {
    /// Normalizes `raw`, the `:path` of a request.
    ///
    /// # Errors
    /// [`PathError`] when the path can be read in two ways.
    pub fn parse(raw: &str) -> Result<Self, PathError> {
        let (path, query) = match raw.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (raw, None),
        };
        if !path.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        if let Some(query) = query {
            check_query(query, path.len().saturating_add(1))?;
        }
        if is_plain(path) {
            return Ok(Self { whole: raw.to_owned(), path_length: path.len(), changed: false });
        }
        let mut whole = String::with_capacity(raw.len());
        normalize(path, &mut whole)?;
        let path_length = whole.len();
        if let Some(query) = query {
            whole.push('?');
            whole.push_str(query);
        }
        let changed = whole != raw;
        Ok(Self { whole, path_length, changed })
    }

    /// The path without the query: what rules are matched against.
    #[must_use]
    pub fn path(&self) -> &str {
        self.whole.get(..self.path_length).unwrap_or_default()
    }

    /// Path and query: what is forwarded.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.whole
    }

    /// Does it differ from what was sent, so that `:path` must be set?
    #[must_use]
    pub const fn changed(&self) -> bool {
        self.changed
    }
}

/// Nothing to do and nothing to refuse: no escape, no parameter, no empty segment, no segment that begins with a dot.
fn is_plain(path: &str) -> bool {
    let mut after_slash = false;
    path.bytes().all(|byte| match byte {
        b'/' => !core::mem::replace(&mut after_slash, true),
        b'.' => !after_slash,
        b'%' | b';' | b'\\' | b'#' => false,
        b'!'..=b'~' => {
            after_slash = false;
            true
        }
        _ => false,
    })
}

fn check_query(query: &str, start: usize) -> Result<(), PathError> {
    match query.bytes().position(|byte| byte <= b' ' || byte == 0x7F || byte == b'#') {
        None => Ok(()),
        Some(at) => {
            let offset = start.saturating_add(at);
            Err(if query.as_bytes().get(at) == Some(&b'#') {
                PathError::Fragment { offset }
            } else {
                PathError::Byte { offset }
            })
        }
    }
}

/// Writes the normal form of `path`, which begins with `/`, to the empty `out`.
fn normalize(path: &str, out: &mut String) -> Result<(), PathError> {
    let mut segment = String::new();
    let mut offset = 0_usize;
    let mut segments = path.split('/');
    segments.next();
    let mut segments = segments.peekable();
    while let Some(raw) = segments.next() {
        offset = offset.saturating_add(1);
        let last = segments.peek().is_none();
        segment.clear();
        let has_parameters = decode_segment(raw, offset, &mut segment)?;
        offset = offset.saturating_add(raw.len());
        match segment.as_str() {
            // Tomcat cuts the parameters first and then sees a dot segment; others see a name.
            "." | ".." if has_parameters => return Err(PathError::DotSegmentParameters),
            // A proxy in between may decode the semicolon before Tomcat looks.
            name if matches!(name.split_once("%3B"), Some(("." | "..", _))) => {
                return Err(PathError::DotSegmentParameters);
            }
            "." => {}
            ".." => match out.rfind('/') {
                None => return Err(PathError::AboveRoot),
                Some(parent) => out.truncate(parent),
            },
            "" => {}
            name => {
                out.push('/');
                out.push_str(name);
                continue;
            }
        }
        if last {
            // A dropped last segment leaves its parent's slash: `/a/.` is `/a/`.
            out.push('/');
        }
    }
    Ok(())
}

/// Decodes one segment up to its parameters into `out` and says whether it has parameters. Parameters are checked like
/// the rest although they are dropped.
fn decode_segment(raw: &str, start: usize, out: &mut String) -> Result<bool, PathError> {
    let mut in_parameters = false;
    let mut octets = Vec::new();
    let mut bytes = raw.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let offset = start.saturating_add(at);
        match byte {
            b'%' => {
                let high = bytes.next().and_then(|(_, digit)| hex(digit));
                let low = bytes.next().and_then(|(_, digit)| hex(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(PathError::Escape { offset });
                };
                let octet = (high << 4) | low;
                octets.push(octet);
                match octet {
                    b'/' | b'\\' => return Err(PathError::Separator { offset }),
                    0..=0x1F | 0x7F => return Err(PathError::EscapedControl { offset }),
                    _ if in_parameters => {}
                    // RFC 3986 2.3: unreserved characters need no escape.
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        out.push(char::from(octet));
                    }
                    _ => {
                        out.push('%');
                        out.push(upper_hex(high));
                        out.push(upper_hex(low));
                    }
                }
            }
            b'\\' => return Err(PathError::Separator { offset }),
            b'#' => return Err(PathError::Fragment { offset }),
            b';' => {
                in_parameters = true;
                octets.push(byte);
            }
            b'!'..=b'~' => {
                octets.push(byte);
                if !in_parameters {
                    out.push(char::from(byte));
                }
            }
            _ => return Err(PathError::Byte { offset }),
        }
    }
    if core::str::from_utf8(&octets).is_err() {
        return Err(PathError::Encoding);
    }
    // Looked for in the decoded octets, where `%25%32%66` shows as `%2f` too.
    let escaped_escape = octets.windows(3).any(
        |window| matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()),
    );
    if escaped_escape {
        return Err(PathError::DoubleEncoding);
    }
    Ok(in_parameters)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn upper_hex(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_paths_are_kept() {
        for path in [
            "/",
            "/?",
            "/browse/TEST-1",
            "/browse/TEST-1/",
            "/rest/api/2/search?jql=a%20%3D%20b&x=//../%2f;a",
            "/a:b/@c/(d)/$e/f,g/!h/*'i/+j=k&l",
            "/a|b/[c]/{d}/\"e\"/<f>/`g`/^h",
            "/a.b/c..d/e...",
            "/?q=../../etc/passwd",
            "/a?b?c",
            "/caf%C3%A9",
            "/.well-known/x",
            "/.../a",
            "/..a/.b",
            "/100%25",
            "/100%25/x",
            "/a%3Bb",
            "/q?x=caf\u{e9}",
        ] {
            let normal = NormalizedPath::parse(path).unwrap();
            assert_eq!(normal.path_and_query(), path);
            assert!(!normal.changed(), "{path}");
        }
    }

    #[test]
    fn every_spelling_has_one_form() {
        for (raw, expected) in [
            ("//", "/"),
            ("//a", "/a"),
            ("/a//b///c", "/a/b/c"),
            ("/a//", "/a/"),
            ("/.", "/"),
            ("/./", "/"),
            ("/a/.", "/a/"),
            ("/a/./b", "/a/b"),
            ("/a/..", "/"),
            ("/a/../", "/"),
            ("/a/b/..", "/a/"),
            ("/a/b/../c", "/a/c"),
            ("/a/b/../../c", "/c"),
            ("/a//../b", "/b"),
            ("/%2e", "/"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e/b", "/b"),
            ("/a/%2e./b", "/b"),
            ("/%61%64min", "/admin"),
            ("/%7euser", "/~user"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%3bb", "/a%3Bb"),
            ("/a%20b%3f", "/a%20b%3F"),
            ("/a;jsessionid=1/b", "/a/b"),
            ("/a/b;x=y;z", "/a/b"),
            ("/;/admin", "/admin"),
            ("/;a/;b/c", "/c"),
            ("/a/;b", "/a/"),
            ("/admin;.png", "/admin"),
            ("/admin/;.png", "/admin/"),
            ("/a;%41/b", "/a/b"),
            ("//?x=//", "/?x=//"),
            ("/a/../b?c=/../", "/b?c=/../"),
            ("/servicedesk//customer/%70ortal/./1", "/servicedesk/customer/portal/1"),
        ] {
            let normal = NormalizedPath::parse(raw).unwrap();
            assert_eq!(normal.path_and_query(), expected, "{raw}");
            assert_eq!(normal.path(), expected.split('?').next().unwrap(), "{raw}");
            assert!(normal.changed(), "{raw}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        use PathError as E;
        for (raw, expected) in [
            ("", E::NotAbsolute),
            ("*", E::NotAbsolute),
            ("a", E::NotAbsolute),
            ("?a", E::NotAbsolute),
            ("http://host/", E::NotAbsolute),
            ("\\a", E::NotAbsolute),
            (" /a", E::NotAbsolute),
            ("/a%2fb", E::Separator { offset: 2 }),
            ("/a%2Fb", E::Separator { offset: 2 }),
            ("/a/..%2fadmin", E::Separator { offset: 5 }),
            ("/a%5cb", E::Separator { offset: 2 }),
            ("/a%5Cb", E::Separator { offset: 2 }),
            ("/a\\b", E::Separator { offset: 2 }),
            ("/\\host", E::Separator { offset: 1 }),
            ("/a;%2f/b", E::Separator { offset: 3 }),
            ("/a%00", E::EscapedControl { offset: 2 }),
            ("/a%0a", E::EscapedControl { offset: 2 }),
            ("/a%7f", E::EscapedControl { offset: 2 }),
            ("/a;%00b", E::EscapedControl { offset: 3 }),
            ("/a\0", E::Byte { offset: 2 }),
            ("/a\tb", E::Byte { offset: 2 }),
            ("/a\r\nb", E::Byte { offset: 2 }),
            ("/a b", E::Byte { offset: 2 }),
            ("/a\u{7f}", E::Byte { offset: 2 }),
            ("/caf\u{e9}", E::Byte { offset: 4 }),
            ("/\u{ff0f}a", E::Byte { offset: 1 }),
            ("/a;\u{e9}", E::Byte { offset: 3 }),
            ("/a?b\r\nc", E::Byte { offset: 4 }),
            ("/a?b c", E::Byte { offset: 4 }),
            ("/a?b\0", E::Byte { offset: 4 }),
            ("/a#b", E::Fragment { offset: 2 }),
            ("/a?b#c", E::Fragment { offset: 4 }),
            ("/a%", E::Escape { offset: 2 }),
            ("/a%4", E::Escape { offset: 2 }),
            ("/a%4/b", E::Escape { offset: 2 }),
            ("/a%zz", E::Escape { offset: 2 }),
            ("/a%%41", E::Escape { offset: 2 }),
            ("/a%u002f", E::Escape { offset: 2 }),
            ("/a%+1", E::Escape { offset: 2 }),
            ("/a%252fb", E::DoubleEncoding),
            ("/a%252e%252e/b", E::DoubleEncoding),
            ("/a%25%32%66b", E::DoubleEncoding),
            ("/a%2541", E::DoubleEncoding),
            ("/a%25252f", E::DoubleEncoding),
            ("/a%2%35", E::Escape { offset: 2 }),
            ("/a;%252f", E::DoubleEncoding),
            ("/a%c0%af", E::Encoding),
            ("/a/%c0%ae%c0%ae/b", E::Encoding),
            ("/a%e0%80%af", E::Encoding),
            ("/a%ff", E::Encoding),
            ("/a%c3/%a9", E::Encoding),
            ("/a%ed%a0%80", E::Encoding),
            ("/a/..;/b", E::DotSegmentParameters),
            ("/a/..;x=1/b", E::DotSegmentParameters),
            ("/a/%2e%2e;/b", E::DotSegmentParameters),
            ("/a/.;/b", E::DotSegmentParameters),
            ("/a/..;", E::DotSegmentParameters),
            ("/a/..%3b/b", E::DotSegmentParameters),
            ("/a/%2e.%3Bx/b", E::DotSegmentParameters),
            ("/a/.%3b", E::DotSegmentParameters),
            ("/..", E::AboveRoot),
            ("/../a", E::AboveRoot),
            ("//../a", E::AboveRoot),
            ("/a/../../b", E::AboveRoot),
            ("/%2e%2e/a", E::AboveRoot),
            ("/;/../a", E::AboveRoot),
        ] {
            assert_eq!(NormalizedPath::parse(raw), Err(expected), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing(raw in "/[a./;%25eEfFcC3A9\\\\?#]{0,24}") {
            if let Ok(once) = NormalizedPath::parse(&raw) {
                let twice = NormalizedPath::parse(once.path_and_query()).unwrap();
                prop_assert_eq!(twice.path_and_query(), once.path_and_query());
                prop_assert_eq!(twice.path(), once.path());
                prop_assert!(!twice.changed());
                let path = once.path();
                prop_assert!(path.starts_with('/') && !path.contains("//") && !path.contains(';'));
                prop_assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
            }
        }

        #[test]
        fn no_input_panics(raw in any::<String>()) {
            let _ = NormalizedPath::parse(&raw);
        }
    }
}
