//! Who sent a request: this site, another one, or nobody knows.
//!
//! Browsers send `Origin` with every unsafe request and with WebSocket handshakes (Fetch 3.2), and `Sec-Fetch-Site`
//! with every request to a trustworthy origin (Fetch Metadata 2.4). Either one settles the matter.

use crate::http::SanitizedHead;

use super::Settings;

/// Who sent a request, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentBy {
    /// This site, an allowed origin, or the person (typed address, bookmark).
    Own,
    /// Neither header is there: no browser, or one too old to say.
    Unknown,
    /// Another origin.
    Foreign,
}

impl SentBy {
    pub(super) fn of(head: &SanitizedHead, settings: &Settings) -> Self {
        // `null` hides the origin: a page of ours that sends no referrer, or somebody's sandbox. Only the browser's own
        // word tells them apart, and no script can set it.
        if head.header("origin") == Some(b"null") {
            let own = head.text("sec-fetch-site") == Some("same-origin");
            return if own { Self::Own } else { Self::Foreign };
        }
        if let Some(origin) = head.header("origin") {
            let own = core::str::from_utf8(origin).is_ok_and(|origin| {
                origin.eq_ignore_ascii_case(&settings.flow.sp.base_uri)
                    || settings.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
            });
            return if own { Self::Own } else { Self::Foreign };
        }
        match head.text("sec-fetch-site") {
            Some("same-origin" | "none") => Self::Own,
            Some(_) => Self::Foreign,
            None => Self::Unknown,
        }
    }
}

/// Does the browser say that a page at `base_uri`, and no other, sent this unsafe request to `base_uri`?
pub(super) fn is_same_origin(head: &SanitizedHead, base_uri: &str) -> bool {
    let site = head.text("sec-fetch-site");
    let by_origin = match head.header("origin") {
        // A page without a referrer; only the browser's own word tells it from a sandbox.
        Some(b"null") => site == Some("same-origin"),
        Some(origin) => origin.eq_ignore_ascii_case(base_uri.as_bytes()),
        None => false,
    };
    by_origin && site.is_none_or(|site| site == "same-origin") && same_authority(head.authority(), base_uri)
}

/// Can the request change something, or open a channel that can? (RFC 9110 9.2.1; RFC 6455 10.2)
pub(super) fn is_unsafe(head: &SanitizedHead) -> bool {
    !matches!(head.method(), "GET" | "HEAD" | "OPTIONS" | "TRACE") || is_websocket(head)
}

/// HTTP/1.1 `Upgrade: websocket` or HTTP/2 extended CONNECT (RFC 8441).
pub(super) fn is_websocket(head: &SanitizedHead) -> bool {
    head.text("upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
        || head.text(":protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
}

/// Is `authority` that of `base_uri`? A default port may be written or left out (RFC 9110 4.2.3).
pub(super) fn same_authority(authority: &str, base_uri: &str) -> bool {
    let (own, default_port) = match base_uri.split_once("://") {
        Some(("https", own)) => (own, ":443"),
        Some((_, own)) => (own, ":80"),
        None => return false,
    };
    let bare = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    !authority.is_empty() && (authority == own || bare(authority) == bare(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{OwnedHeaders, RequestHead};

    #[test]
    fn only_a_page_of_this_very_origin_sends_from_it() {
        let own = "https://app.example";
        let sent = |authority: &str, headers: &[(&str, &str)]| {
            let mut head = vec![(":authority".to_owned(), authority.as_bytes().to_vec())];
            head.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
            let head = SanitizedHead::new(RequestHead::new(head), &OwnedHeaders::new(["x-remote-user"]));
            is_same_origin(&head, own)
        };
        assert!(sent("app.example", &[("origin", own)]));
        assert!(sent("app.example:443", &[("origin", own), ("sec-fetch-site", "same-origin")]));
        assert!(sent("app.example", &[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        for (authority, headers) in [
            ("app.example", &[][..]),
            ("app.example", &[("sec-fetch-site", "same-origin")]),
            ("app.example", &[("sec-fetch-site", "none")]),
            ("app.example", &[("origin", "null")]),
            ("app.example", &[("origin", "null"), ("sec-fetch-site", "cross-site")]),
            ("app.example", &[("origin", "https://evil.example")]),
            ("app.example", &[("origin", "http://app.example")]),
            ("app.example", &[("origin", "https://app.example.evil.example")]),
            ("app.example", &[("origin", "https://app.example:8443")]),
            ("app.example", &[("origin", own), ("sec-fetch-site", "same-site")]),
            ("app.example", &[("origin", own), ("sec-fetch-site", "cross-site")]),
            ("other.example", &[("origin", own)]),
        ] {
            assert!(!sent(authority, headers), "{authority} {headers:?}");
        }
    }

    #[test]
    fn an_authority_is_compared_whole() {
        assert!(same_authority("app.example", "https://app.example"));
        assert!(same_authority("APP.example:443", "https://app.example"));
        assert!(same_authority("app.example", "https://app.example:443"));
        assert!(same_authority("app.localhost:8080", "http://app.localhost:8080"));
        for foreign in
            ["", "evil.example", "app.example.evil", "app.example:8443", "app.example:80", "@app.example"]
        {
            assert!(!same_authority(foreign, "https://app.example"), "{foreign}");
        }
    }
}
