//! Matching of requests, shaped as Envoy's `PathMatcher`, `StringMatcher` and `HeaderMatcher`.
//!
//! A matcher only says yes or no; what follows from it is decided elsewhere.

use core::fmt;
use std::borrow::Cow;

use crate::http::{NormalizedPath, SanitizedHead};

/// A regular expression that must match the whole text, as Envoy's `safe_regex` does. Linear in the text.
#[derive(Clone, Debug)]
pub struct FullRegex(regex_lite::Regex);

/// A regular expression could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError(String);

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some messages of the library span lines; ours are one line.
        f.write_str(&self.0.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    }
}

impl core::error::Error for RegexError {}

impl FullRegex {
    /// Bytes of one pattern.
    pub const MAX_PATTERN_BYTES: usize = 1024;
    /// Bytes of one compiled pattern, which bounds the work per byte of text.
    const MAX_COMPILED_BYTES: usize = 256 * 1024;

    /// Compiles `pattern`.
    ///
    /// # Errors
    /// [`RegexError`] when it is no regular expression, too long, or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        compile_whole(pattern, Self::MAX_COMPILED_BYTES).map(Self)
    }

    /// Does the whole `text` match?
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Compiles `pattern`, which may match any part of a text.
pub(super) fn compile(pattern: &str) -> Result<regex_lite::Regex, RegexError> {
    if pattern.len() > FullRegex::MAX_PATTERN_BYTES {
        return Err(RegexError(format!("longer than {} bytes", FullRegex::MAX_PATTERN_BYTES)));
    }
    build(pattern, FullRegex::MAX_COMPILED_BYTES)
}

/// Compiles `pattern`, which must match the whole of a text, within `max_compiled_bytes`.
pub(super) fn compile_whole(
    pattern: &str,
    max_compiled_bytes: usize,
) -> Result<regex_lite::Regex, RegexError> {
    // By itself first: `a)|(b` is an expression only inside the anchors' group.
    compile(pattern)?;
    build(&format!(r"\A(?:{pattern})\z"), max_compiled_bytes)
}

fn build(pattern: &str, max_compiled_bytes: usize) -> Result<regex_lite::Regex, RegexError> {
    regex_lite::RegexBuilder::new(pattern)
        .size_limit(max_compiled_bytes)
        .build()
        .map_err(|error| RegexError(error.to_string()))
}

/// A comparison of text.
#[derive(Clone, Debug)]
pub enum StringMatch {
    /// Equal.
    Exact {
        /// What it equals.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// Begins so.
    Prefix {
        /// What it begins with.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// Ends so.
    Suffix {
        /// What it ends with.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// Has it somewhere.
    Contains {
        /// What it contains.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// The whole text matches a regular expression.
    SafeRegex(FullRegex),
}

impl StringMatch {
    /// Does `text` match?
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact { value, ignore_case } => equal(text.as_bytes(), value, *ignore_case),
            Self::Prefix { value, ignore_case } => starts_with(text, value, *ignore_case),
            Self::Suffix { value, ignore_case } => ends_with(text, value, *ignore_case),
            Self::Contains { value, ignore_case: false } => text.contains(value.as_str()),
            Self::Contains { value, ignore_case: true } => {
                text.to_ascii_lowercase().contains(&value.to_ascii_lowercase())
            }
            Self::SafeRegex(regex) => regex.matches(text),
        }
    }
}

/// A comparison of the normalized path without its query.
#[derive(Clone, Debug)]
pub enum PathMatch {
    /// The whole path is equal.
    Exact {
        /// The path.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// The path begins so. As in Envoy this compares text: `/rest` matches `/restricted` too.
    Prefix {
        /// The beginning.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// The path is the value or goes on after it with `/`, as Envoy's `path_separated_prefix`.
    PathSeparatedPrefix {
        /// The beginning, without a slash at its end.
        value: String,
    },
    /// The path ends so.
    Suffix {
        /// The end.
        value: String,
        /// Letters A to Z match in either case.
        ignore_case: bool,
    },
    /// The whole path matches a regular expression.
    SafeRegex(FullRegex),
}

impl PathMatch {
    /// Does `path` match?
    #[must_use]
    pub fn matches(&self, path: &NormalizedPath) -> bool {
        self.matches_text(path.path())
    }

    /// Does `path` match, the text of a path that was normalized before and has no query?
    #[must_use]
    pub fn matches_text(&self, path: &str) -> bool {
        match self {
            Self::Exact { value, ignore_case } => equal(path.as_bytes(), value, *ignore_case),
            Self::Prefix { value, ignore_case } => starts_with(path, value, *ignore_case),
            Self::PathSeparatedPrefix { value } => {
                path.strip_prefix(value.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Suffix { value, ignore_case } => ends_with(path, value, *ignore_case),
            Self::SafeRegex(regex) => regex.matches(path),
        }
    }
}

fn equal(text: &[u8], value: &str, ignore_case: bool) -> bool {
    if ignore_case { text.eq_ignore_ascii_case(value.as_bytes()) } else { text == value.as_bytes() }
}

fn starts_with(text: &str, value: &str, ignore_case: bool) -> bool {
    text.as_bytes().get(..value.len()).is_some_and(|start| equal(start, value, ignore_case))
}

fn ends_with(text: &str, value: &str, ignore_case: bool) -> bool {
    let start = text.len().checked_sub(value.len());
    start.and_then(|start| text.as_bytes().get(start..)).is_some_and(|end| equal(end, value, ignore_case))
}

/// What is asked of a header.
#[derive(Clone, Debug)]
pub enum HeaderValueMatch {
    /// The header is there (`true`) or not there (`false`).
    Present(bool),
    /// Its value matches; several values are joined by commas. A header that is not there does not match.
    String(StringMatch),
}

/// A comparison of one request header.
#[derive(Clone, Debug)]
pub struct HeaderMatch {
    /// The header's name in lower case.
    pub name: String,
    /// What is asked of it.
    pub value: HeaderValueMatch,
    /// Turns the answer around, but a missing header still does not match a value (as in Envoy without
    /// `treat_missing_header_as_empty`, where an inverted value match needs the header).
    pub invert: bool,
}

impl HeaderMatch {
    /// Does the head match?
    #[must_use]
    pub fn matches(&self, head: &SanitizedHead) -> bool {
        match &self.value {
            HeaderValueMatch::Present(present) => {
                (head.header(&self.name).is_some() == *present) != self.invert
            }
            HeaderValueMatch::String(string) => {
                let mut joined: Option<Cow<'_, [u8]>> = None;
                for value in head.headers(&self.name) {
                    joined = Some(match joined {
                        None => Cow::Borrowed(value),
                        Some(before) => Cow::Owned([&before, b",".as_slice(), value].concat()),
                    });
                }
                let Some(joined) = joined else { return false };
                let matched = core::str::from_utf8(&joined).is_ok_and(|text| string.matches(text));
                matched != self.invert
            }
        }
    }
}

/// A comparison of the request's authority: `example.com`, `*.example.com` for any name below, or `*`.
///
/// Names are compared without regard to case. A port is only looked at when the pattern names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMatch(String);

impl HostMatch {
    /// Takes `pattern`, or `None` when it is not of one of the three forms.
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        let name = pattern.strip_prefix("*.").unwrap_or(pattern);
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']');
        let fits = pattern == "*"
            || (!name.is_empty()
                && name.bytes().all(plain)
                && !name.starts_with('.')
                && !name.contains(".."));
        fits.then(|| Self(pattern.to_ascii_lowercase()))
    }

    /// The pattern in lower case.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.0
    }

    /// Does `authority`, a host with or without a port, match?
    #[must_use]
    pub fn matches(&self, authority: &str) -> bool {
        if self.0 == "*" {
            return true;
        }
        let name = self.0.strip_prefix("*.").unwrap_or(&self.0);
        let has_port = host_of(name).len() != name.len();
        let authority = if has_port { authority } else { host_of(authority) };
        if name.len() == self.0.len() {
            return authority.eq_ignore_ascii_case(name);
        }
        // `*.example.com` needs at least one more label.
        let dotted = self.0.strip_prefix('*').unwrap_or_default();
        authority.len() > dotted.len() && ends_with(authority, dotted, true)
    }
}

/// `authority` without its port; the colons of an IPv6 address in brackets are no port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.is_empty() => {
            let inside_brackets = host.starts_with('[') && !host.ends_with(']');
            if inside_brackets { authority } else { host }
        }
        _ => authority,
    }
}

/// A comparison of a request: every part that is given must match, and nothing given matches everything.
#[derive(Clone, Debug, Default)]
pub struct RequestMatch {
    /// The path.
    pub path: Option<PathMatch>,
    /// Upper-case methods, one of which must be the request's; empty for any.
    pub methods: Vec<String>,
    /// Headers, all of which must match.
    pub headers: Vec<HeaderMatch>,
    /// Hosts, one of which must match; empty for any.
    pub hosts: Vec<HostMatch>,
}

impl RequestMatch {
    /// Does the request match?
    #[must_use]
    pub fn matches(&self, path: &NormalizedPath, head: &SanitizedHead) -> bool {
        self.path.as_ref().is_none_or(|wanted| wanted.matches(path))
            && (self.methods.is_empty() || self.methods.iter().any(|method| method == head.method()))
            && (self.hosts.is_empty() || self.hosts.iter().any(|host| host.matches(head.authority())))
            && self.headers.iter().all(|header| header.matches(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{OwnedHeaders, RequestHead};

    fn head(pairs: &[(&str, &[u8])]) -> SanitizedHead {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        SanitizedHead::new(RequestHead::new(pairs), &OwnedHeaders::default())
    }

    fn path(raw: &str) -> NormalizedPath {
        NormalizedPath::parse(raw).unwrap()
    }

    #[test]
    fn paths_match_in_their_normal_form() {
        let exact = |value: &str, ignore_case| PathMatch::Exact { value: value.to_owned(), ignore_case };
        let prefix = |value: &str, ignore_case| PathMatch::Prefix { value: value.to_owned(), ignore_case };
        let suffix = |value: &str, ignore_case| PathMatch::Suffix { value: value.to_owned(), ignore_case };
        let separated = |value: &str| PathMatch::PathSeparatedPrefix { value: value.to_owned() };
        let regex = |value: &str| PathMatch::SafeRegex(FullRegex::new(value).unwrap());
        for (matcher, raw, expected) in [
            (exact("/a", false), "/a", true),
            (exact("/a", false), "/a?b", true),
            (exact("/a", false), "//./%61;x", true),
            (exact("/a", false), "/a/", false),
            (exact("/a", false), "/A", false),
            (exact("/a", true), "/A", true),
            (prefix("/rest", false), "/restricted", true),
            (prefix("/rest/", false), "/rest", false),
            (prefix("/rest/", false), "/rest/../admin", false),
            (prefix("/rest/", false), "/rest/x?y", true),
            (prefix("/rest/", false), "/x?y=/rest/", false),
            (prefix("/rest/", true), "/REST/x", true),
            (prefix("/very/long/prefix", true), "/short", false),
            (separated("/rest"), "/rest", true),
            (separated("/rest"), "/rest/", true),
            (separated("/rest"), "/rest/x", true),
            (separated("/rest"), "/rest?x", true),
            (separated("/rest"), "/restricted", false),
            (suffix(".png", false), "/a.png", true),
            (suffix(".png", false), "/admin;.png", false),
            (suffix(".png", false), "/admin?x=.png", false),
            (suffix(".png", false), "/a.PNG", false),
            (suffix(".png", true), "/a.PNG", true),
            (suffix("/longer/than", false), "/a", false),
            (regex("/a"), "/a", true),
            (regex("/a"), "/a/b", false),
            (regex("a"), "/a", false),
            (regex("/a|/b"), "/a/x", false),
            (regex("/a|/b"), "/b", true),
            (regex("/a.*"), "/a%20b/c", true),
        ] {
            assert_eq!(matcher.matches(&path(raw)), expected, "{matcher:?} {raw}");
        }
        // Ignoring case must not cut a character in two.
        let string = StringMatch::Prefix { value: String::from("ab"), ignore_case: true };
        assert!(!string.matches("a\u{e9}"));
    }

    #[test]
    fn hostile_expressions_are_refused() {
        let nested = "(".repeat(400) + &")".repeat(400);
        for pattern in ["a)|(b", "(", "[", "a{2,1}", "(?<=x)a", r"\1", "(((a{100}){100}){100})", &nested] {
            assert!(FullRegex::new(pattern).is_err(), "{pattern}");
        }
        let error = FullRegex::new(&"a".repeat(1025)).unwrap_err();
        assert_eq!(error.to_string(), "longer than 1024 bytes");
    }

    #[test]
    fn an_expression_takes_linear_time() {
        let regex = FullRegex::new("(a*)*b").unwrap();
        assert!(!regex.matches(&"a".repeat(20_000)));
    }

    #[test]
    fn headers_match_as_in_envoy() {
        let head = head(&[
            (":method", b"GET"),
            ("accept", b"text/html"),
            ("accept", b"*/*"),
            ("x-bytes", b"\xff"),
            ("x-empty", b""),
        ]);
        let string = |value: &str| StringMatch::Exact { value: value.to_owned(), ignore_case: false };
        let contains =
            |value: &str, ignore_case| StringMatch::Contains { value: value.to_owned(), ignore_case };
        let value = |string| HeaderValueMatch::String(string);
        for (name, wanted, invert, expected) in [
            ("accept", HeaderValueMatch::Present(true), false, true),
            ("accept", HeaderValueMatch::Present(true), true, false),
            ("accept", HeaderValueMatch::Present(false), false, false),
            ("absent", HeaderValueMatch::Present(false), false, true),
            ("absent", HeaderValueMatch::Present(true), true, true),
            ("accept", value(string("text/html,*/*")), false, true),
            ("accept", value(string("text/html")), false, false),
            ("accept", value(string("text/html")), true, true),
            ("accept", value(contains("html", false)), false, true),
            ("accept", value(contains("HTML", false)), false, false),
            ("accept", value(contains("HTML", true)), false, true),
            ("absent", value(string("")), false, false),
            ("absent", value(string("x")), true, false),
            ("x-empty", value(string("")), false, true),
            ("x-bytes", value(contains("", false)), false, false),
            (":method", value(string("GET")), false, true),
        ] {
            let matcher = HeaderMatch { name: name.to_owned(), value: wanted, invert };
            assert_eq!(matcher.matches(&head), expected, "{matcher:?}");
        }
    }

    #[test]
    fn hosts_match_without_case_and_port() {
        for (pattern, authority, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("example.com", "EXAMPLE.com", true),
            ("Example.com", "example.com:8443", true),
            ("example.com", "evil-example.com", false),
            ("example.com", "example.com.evil", false),
            ("example.com", "user@example.com", false),
            ("example.com", "example.com:", true),
            ("example.com", "example.com:x", false),
            ("example.com:8443", "example.com:8443", true),
            ("example.com:8443", "example.com", false),
            ("*.example.com", "a.example.com:1", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "evilexample.com", false),
            ("[::1]", "[::1]:80", true),
            ("[::1]", "[::1]", true),
            ("[::1]:80", "[::1]", false),
        ] {
            assert_eq!(
                HostMatch::new(pattern).unwrap().matches(authority),
                expected,
                "{pattern} {authority}"
            );
        }
        for pattern in ["", "*.", "**", "a*", "*a", "*.*.a", ".a", "a..b", "a/b", "a b", "https://a", "*.*"] {
            assert_eq!(HostMatch::new(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn every_part_of_a_request_must_match() {
        let head = head(&[(":method", b"GET"), (":authority", b"jira.example.com"), ("x", b"1")]);
        let all = RequestMatch::default();
        assert!(all.matches(&path("/"), &head));
        let one = RequestMatch {
            path: Some(PathMatch::Prefix { value: String::from("/s/"), ignore_case: false }),
            methods: vec![String::from("HEAD"), String::from("GET")],
            headers: vec![HeaderMatch {
                name: String::from("x"),
                value: HeaderValueMatch::Present(true),
                invert: false,
            }],
            hosts: vec![HostMatch::new("*.example.com").unwrap()],
        };
        assert!(one.matches(&path("/s/1"), &head));
        assert!(!one.matches(&path("/t/1"), &head));
        let mut other = one.clone();
        other.methods = vec![String::from("get")];
        assert!(!other.matches(&path("/s/1"), &head));
        let mut other = one.clone();
        other.hosts = vec![HostMatch::new("other.example").unwrap(), HostMatch::new("example.com").unwrap()];
        assert!(!other.matches(&path("/s/1"), &head));
        let mut other = one;
        other.headers.push(HeaderMatch {
            name: String::from("y"),
            value: HeaderValueMatch::Present(true),
            invert: false,
        });
        assert!(!other.matches(&path("/s/1"), &head));
    }
}
