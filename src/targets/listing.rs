//! What lists of every application have in common.

use crate::http::HttpResponse;
use crate::provision::Page;

use super::error::{Request, TargetError};

/// The most entries of one list that are read, so that a server which shows the same page for ever comes to an end: more
/// than six times the largest group that any application documents (J5).
const MAX_ENTRIES: u64 = 1_000_000;

/// Only 200 answers a list; there is no *none* but an empty one.
pub(super) fn answered(request: Request, response: &HttpResponse) -> Result<(), TargetError> {
    match response.status {
        200 => Ok(()),
        status @ 400..=499 => Err(TargetError::Refused { request, status }),
        status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
    }
}

/// Where `page` begins, for applications that count entries.
pub(super) fn offset(page: &Page) -> u64 {
    page.as_str().and_then(|start| start.parse().ok()).unwrap_or(0)
}

/// The offset after `count` entries from `offset`.
///
/// # Errors
/// [`TargetError::Endless`] when the list is longer than any list is.
pub(super) const fn advanced(request: Request, offset: u64, count: usize) -> Result<u64, TargetError> {
    let next = offset.saturating_add(count as u64);
    if next > MAX_ENTRIES {
        return Err(TargetError::Endless { request });
    }
    Ok(next)
}

/// The page after one with `count` entries, in a list without a total. A server gives fewer entries than it was asked for
/// when it likes, so only an empty page is the last.
pub(super) fn after(request: Request, page: &Page, count: usize) -> Result<Option<Page>, TargetError> {
    if count == 0 {
        return Ok(None);
    }
    advanced(request, offset(page), count).map(|next| Some(Page::at(next.to_string())))
}
