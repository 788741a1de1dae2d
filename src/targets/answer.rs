//! What answers of every application have in common.

use core::time::Duration;

use serde::de::DeserializeOwned;

use crate::http::HttpResponse;

use super::error::{Request, TargetError};

/// Bytes of an answer that are read. An account with 5,000 groups takes about 1 MiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What to wait when a 429 does not say how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The longest wait that is believed: an hour, the longest refill interval that Jira lets administrators configure.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Refusals that mean the same for every request: 401, 403, 429 and server errors.
pub(super) fn refusal(request: Request, response: &HttpResponse) -> Result<(), TargetError> {
    match response.status {
        401 => Err(TargetError::Unauthorized { request }),
        403 => Err(TargetError::Refused { request, status: 403 }),
        429 => Err(TargetError::Throttled { request, retry_after: retry_after(response) }),
        status @ 500..=599 => Err(TargetError::Unavailable { request, status }),
        _ => Ok(()),
    }
}

/// Is the answer to a read a documented *there is none*?
///
/// The application's own 404 is JSON. A proxy's 404, or that of a wrong path prefix, is a page: believing it would make
/// every person look new.
///
/// `marks` are fields of which the application's error object has at least one: gateways answer JSON too.
pub(super) fn documented_absence(
    request: Request,
    response: &HttpResponse,
    marks: &[&str],
) -> Result<bool, TargetError> {
    match response.status {
        200 => Ok(false),
        404 => {
            let expected = "the application's error object";
            let error: serde_json::Map<String, serde_json::Value> = read_json(request, response, expected)?;
            // An empty object has nobody else's words either.
            if error.is_empty() || marks.iter().any(|mark| error.contains_key(*mark)) {
                return Ok(true);
            }
            Err(TargetError::Malformed { request, status: 404, expected })
        }
        status @ 400..=499 => Err(TargetError::Refused { request, status }),
        status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
    }
}

/// Is it the same e-mail address? Letters A to Z match in either case; everything else has to be equal, because folding takes
/// some signs for letters (U+212A for `k`).
pub(super) fn same_address(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

pub(super) fn read_json<T: DeserializeOwned>(
    request: Request,
    response: &HttpResponse,
    expected: &'static str,
) -> Result<T, TargetError> {
    let malformed = TargetError::Malformed { request, status: response.status, expected };
    if response.body.len() > MAX_ANSWER_BYTES || is_html(response) {
        return Err(malformed);
    }
    serde_json::from_slice(&response.body).map_err(|_| malformed)
}

/// A page for people instead of an answer for programs: a login page, or a proxy's error page.
pub(super) fn is_html(response: &HttpResponse) -> bool {
    let declared = header(response, "content-type")
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"));
    declared || response.body.trim_ascii_start().starts_with(b"<")
}

/// `Retry-After` in seconds (RFC 9110 10.2.3); the date form counts as a second.
pub(super) fn retry_after(response: &HttpResponse) -> Duration {
    header(response, "retry-after")
        .and_then(|value| value.trim().parse().ok())
        .map_or(DEFAULT_RETRY_AFTER, Duration::from_secs)
        .clamp(DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER)
}

pub(super) fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
