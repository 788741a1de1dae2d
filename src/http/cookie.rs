//! Cookies in both directions (RFC 6265).

use core::fmt::Write as _;
use core::time::Duration;

use crate::http::SanitizedHead;

/// The cookies of a request, from all `cookie` headers in order, as name and value.
///
/// Values are not unquoted or decoded. Pairs without `=` and pairs that are not text are passed over. A name may occur
/// more than once: browsers send cookies of longer paths first.
pub fn cookies(head: &SanitizedHead) -> impl Iterator<Item = (&str, &str)> {
    head.headers("cookie").flat_map(pairs).filter_map(|pair| core::str::from_utf8(pair).ok()?.split_once('='))
}

/// The pairs of one header value without surrounding white space.
fn pairs(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii)
}

/// What becomes of the `cookie` headers when some cookies are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieRemoval {
    /// No cookie was to be removed.
    Unchanged,
    /// One header with this value replaces all.
    Replaced(Vec<u8>),
    /// Nothing is left: the header is to be removed.
    Emptied,
}

/// Takes out every cookie whose name `is_own` accepts, so that the application never sees it.
pub fn without(head: &SanitizedHead, is_own: impl Fn(&str) -> bool) -> CookieRemoval {
    let own = |pair: &[u8]| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        core::str::from_utf8(name).is_ok_and(&is_own)
    };
    if !head.headers("cookie").flat_map(pairs).any(own) {
        return CookieRemoval::Unchanged;
    }
    let mut kept = Vec::new();
    for pair in head.headers("cookie").flat_map(pairs) {
        if pair.is_empty() || own(pair) {
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    if kept.is_empty() { CookieRemoval::Emptied } else { CookieRemoval::Replaced(kept) }
}

/// The `SameSite` attribute (RFC 6265bis 4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with requests from this site and with top-level navigations to it.
    Lax,
    /// Sent with requests from this site only.
    Strict,
    /// Sent with every request.
    None,
}

/// One `set-cookie` header; always `Secure` and `HttpOnly`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// A token (RFC 9110 5.6.2); the configuration checks it.
    pub name: String,
    /// Made of cookie octets (RFC 6265 4.1.1), as base64url is.
    pub value: String,
    /// How long the browser keeps it; `None` until it is closed.
    pub max_age: Option<Duration>,
    /// The `Path` attribute.
    pub path: String,
    /// The `Domain` attribute; `None` restricts it to our host.
    pub domain: Option<String>,
    /// The `SameSite` attribute.
    pub same_site: SameSite,
    /// The `Partitioned` attribute (CHIPS).
    pub partitioned: bool,
}

impl SetCookie {
    /// A cookie that makes the browser forget the one of the same name, path and domain.
    #[must_use]
    pub fn expire(
        name: impl Into<String>,
        path: impl Into<String>,
        domain: Option<String>,
        same_site: SameSite,
        partitioned: bool,
    ) -> Self {
        Self {
            name: name.into(),
            value: String::new(),
            max_age: Some(Duration::ZERO),
            path: path.into(),
            domain,
            same_site,
            partitioned,
        }
    }

    /// The header's value.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{}={}; Path={}", self.name, self.value, self.path);
        if let Some(domain) = &self.domain {
            out.push_str("; Domain=");
            out.push_str(domain);
        }
        if let Some(age) = self.max_age {
            // A `String` takes every write.
            let _ = write!(out, "; Max-Age={}", age.as_secs());
            if age.is_zero() {
                out.push_str("; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
            }
        }
        out.push_str("; Secure; HttpOnly; SameSite=");
        out.push_str(match self.same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        });
        if self.partitioned {
            out.push_str("; Partitioned");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{OwnedHeaders, RequestHead};

    fn head(values: &[&[u8]]) -> SanitizedHead {
        let pairs = values.iter().map(|value| (String::from("cookie"), value.to_vec())).collect();
        SanitizedHead::new(RequestHead::new(pairs), &OwnedHeaders::default())
    }

    #[test]
    fn cookies_are_read_as_browsers_write_them() {
        for (headers, expected) in [
            (&[][..], &[][..]),
            (&[b"".as_slice()], &[]),
            (&[b"a=1"], &[("a", "1")]),
            (&[b"a=1; b=2", b"a=3"], &[("a", "1"), ("b", "2"), ("a", "3")]),
            (&[b"a=1;b=2;  c=3 ;"], &[("a", "1"), ("b", "2"), ("c", "3")]),
            (&[b"a=\"x y\"; b=c=d=="], &[("a", "\"x y\""), ("b", "c=d==")]),
            (&[b"novalue; a=1; =x; b="], &[("a", "1"), ("", "x"), ("b", "")]),
            (&[b"a=\xff\xfe; b=2"], &[("b", "2")]),
            (&[b";;; ;a=1"], &[("a", "1")]),
            (&[b"\ta=1\t"], &[("a", "1")]),
        ] {
            let head = head(headers);
            assert_eq!(cookies(&head).collect::<Vec<_>>(), expected, "{headers:?}");
        }
    }

    #[test]
    fn own_cookies_are_taken_out_and_others_stay_as_they_are() {
        use CookieRemoval as R;
        let own = |name: &str| name.starts_with("__Host-samlgate");
        for (headers, expected) in [
            (&[][..], R::Unchanged),
            (&[b"a=1;b=2".as_slice()], R::Unchanged),
            (&[b"a=1", b"b=2"], R::Unchanged),
            (&[b"__Host-samlgate=x"], R::Emptied),
            (&[b"__Host-samlgate=x; __Host-samlgate.1=y;", b" __Host-samlgate=z "], R::Emptied),
            (&[b"a=1; __Host-samlgate=x; b=\"2 3\""], R::Replaced(b"a=1; b=\"2 3\"".to_vec())),
            (&[b"a=1", b"__Host-samlgate.1=x", b"b=2"], R::Replaced(b"a=1; b=2".to_vec())),
            (&[b"__Host-samlgate=x;bare; c=\xff"], R::Replaced(b"bare; c=\xff".to_vec())),
            (&[b"__Host-samlgate ; a=1"], R::Replaced(b"a=1".to_vec())),
            (&[b"__Host-samlgate =x; a=1"], R::Replaced(b"a=1".to_vec())),
            (&[b"__host-samlgate=x"], R::Unchanged),
            (&[b"a=__Host-samlgate=x"], R::Unchanged),
        ] {
            assert_eq!(without(&head(headers), own), expected, "{headers:?}");
        }
    }

    #[test]
    fn every_cookie_is_secure_and_unreadable_for_scripts() {
        let mut cookie = SetCookie {
            name: String::from("__Host-samlgate"),
            value: String::from("abc"),
            max_age: Some(Duration::from_secs(60)),
            path: String::from("/"),
            domain: None,
            same_site: SameSite::Lax,
            partitioned: false,
        };
        assert_eq!(
            cookie.render(),
            "__Host-samlgate=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
        cookie.max_age = None;
        cookie.domain = Some(String::from("example.com"));
        cookie.same_site = SameSite::None;
        cookie.partitioned = true;
        assert_eq!(
            cookie.render(),
            "__Host-samlgate=abc; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned"
        );
        assert_eq!(
            SetCookie::expire("a", "/", None, SameSite::Strict, false).render(),
            "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict"
        );
    }
}
