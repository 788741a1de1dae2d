//! What kind of client sent a request.

use std::rc::Rc;

use crate::http::SanitizedHead;
use crate::page::{Look, Reader};

use super::origin::is_websocket;

/// Correlation ids longer than this are cut: they are shown on pages and written to logs.
const MAX_REQUEST_ID: usize = 64;

/// What the client can read.
pub(super) fn of(head: &SanitizedHead, look: &Rc<Look>) -> Reader {
    Reader { wants_html: accepts_html(head), request_id: request_id(head), look: Rc::clone(look) }
}

/// Does a person navigate a browser with this request? Only then a redirect to the sign-in makes sense.
pub(super) fn navigates(head: &SanitizedHead) -> bool {
    head.method() == "GET"
        && accepts_html(head)
        && head.header("x-requested-with").is_none()
        && !is_websocket(head)
        // Fetch Metadata 2.2: absent in old browsers, `navigate` for navigations.
        && head.text("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}

/// Does a person send a form with this request, in a window of its own, without credentials other than cookies?
pub(super) fn submits_form(head: &SanitizedHead) -> bool {
    head.method() == "POST"
        && accepts_html(head)
        && head.header("x-requested-with").is_none()
        && head.header("authorization").is_none()
        && !is_websocket(head)
        && head.text("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && head.text("sec-fetch-dest").is_none_or(|destination| destination == "document")
}

/// May the answer to this request carry a cookie of ours? Images, styles, scripts and fonts are what shared caches keep,
/// and a cache that kept our cookie would hand it to others. Navigations and a script's own requests are personal.
pub(super) fn may_carry_cookie(head: &SanitizedHead) -> bool {
    match head.text("sec-fetch-dest") {
        Some(destination) => matches!(destination, "document" | "iframe" | "frame" | "empty"),
        // A browser that does not say: only what is certainly no subresource.
        None => accepts_html(head) || head.header("x-requested-with").is_some(),
    }
}

/// Fetch 3.2.2: OPTIONS with `Access-Control-Request-Method` and `Origin`.
pub(super) fn is_cors_preflight(head: &SanitizedHead) -> bool {
    head.method() == "OPTIONS"
        && head.header("origin").is_some()
        && head.header("access-control-request-method").is_some()
}

/// The scheme of the request's own credentials (RFC 9110 11.6.2), in lower case.
pub(super) fn authorization_scheme(head: &SanitizedHead) -> Option<String> {
    let (scheme, credentials) = head.text("authorization")?.split_once(' ')?;
    (!scheme.is_empty() && !credentials.trim().is_empty()).then(|| scheme.to_ascii_lowercase())
}

fn accepts_html(head: &SanitizedHead) -> bool {
    head.headers("accept")
        .filter_map(|value| core::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|media_type| {
            let media_type = media_type.trim();
            media_type.eq_ignore_ascii_case("text/html")
                || media_type.eq_ignore_ascii_case("application/xhtml+xml")
        })
}

fn request_id(head: &SanitizedHead) -> String {
    head.text("x-request-id")
        .unwrap_or_default()
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.'))
        .take(MAX_REQUEST_ID)
        .collect()
}
