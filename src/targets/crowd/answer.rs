//! Crowd: what the answers to changes mean.

use serde::Deserialize;

use crate::http::HttpResponse;
use crate::provision::Operation;
use crate::targets::answer::{is_html, read_json, refusal};
use crate::targets::error::{Outcome, Request, TargetError};

/// Crowd's error object. `reason` is a word of a documented list, `message` is for people.
#[derive(Deserialize)]
struct ErrorAnswer {
    reason: String,
}

/// What the answer to a change says.
pub(super) fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    let request = Request::Change(operation.kind());
    let status = response.status;
    let answer: Option<ErrorAnswer> = match status {
        400..=499 => read_json(request, response, "Crowd's error object").ok(),
        _ => None,
    };
    let reason = answer.as_ref().map(|answer| answer.reason.as_str()).unwrap_or_default();
    if status == 403 && reason == "APPLICATION_PERMISSION_DENIED" {
        return Outcome::Refused(TargetError::ReadOnly { request });
    }
    match refusal(request, response) {
        Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
        Err(error) => return Outcome::Refused(error),
        Ok(()) => {}
    }
    let malformed = |expected| Outcome::Refused(TargetError::Malformed { request, status, expected });
    match (status, reason, operation) {
        (200..=299, ..) if is_html(response) => malformed("an answer of the REST API"),
        (200 | 201 | 204, ..) => Outcome::Applied,
        (409, "MEMBERSHIP_ALREADY_EXISTS", Operation::AddToGroup { .. })
        | (404, "MEMBERSHIP_NOT_FOUND" | "GROUP_NOT_FOUND", Operation::RemoveFromGroup { .. }) => {
            Outcome::AlreadySo
        }
        (404, "USER_NOT_FOUND", Operation::DeleteAccount { .. })
        | (404, "GROUP_NOT_FOUND", Operation::DeleteGroup { .. }) => Outcome::AlreadySo,
        (404, "GROUP_NOT_FOUND", Operation::AddToGroup { if_it_exists: true, .. }) => Outcome::PassedOver,
        (404, "GROUP_NOT_FOUND", Operation::AddToGroup { .. }) => {
            Outcome::Refused(TargetError::Missing { request, what: "group" })
        }
        // Attributes are set whatever they were, so this is about the account or the call.
        (400 | 404 | 409, _, Operation::WriteMarker { .. }) => {
            Outcome::Refused(TargetError::Refused { request, status })
        }
        // 400 says `exists` and `not allowed` alike, and an account that is gone has left its groups.
        (400 | 409, ..) | (404, "USER_NOT_FOUND", _) => Outcome::Reread,
        (400..=499, ..) => Outcome::Refused(TargetError::Refused { request, status }),
        _ => malformed("a documented status"),
    }
}
