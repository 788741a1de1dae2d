//! Confluence Data Center: what the answers to changes mean.

use serde_json::{Map, Value};

use crate::http::HttpResponse;
use crate::provision::Operation;
use crate::targets::answer::{is_html, read_json};
use crate::targets::error::{Outcome, Request, TargetError};
pub(super) use crate::targets::jira_dc::refusal;

/// What the answer to a change says.
pub(super) fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    let request = Request::Change(operation.kind());
    let status = response.status;
    match refusal(request, response) {
        Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
        Err(error) => return Outcome::Refused(error),
        Ok(()) => {}
    }
    let malformed = |expected| Outcome::Refused(TargetError::Malformed { request, status, expected });
    // A page instead of an error object is that of a proxy, or of a Confluence that does not have the resource yet.
    let documented =
        || read_json::<Map<String, Value>>(request, response, "Confluence's error object").is_ok();
    match (status, operation) {
        (200..=299, _) if is_html(response) => malformed("an answer of the REST API"),
        // A deletion goes on in Confluence's own time.
        (200 | 201 | 204, _) | (202, Operation::DeleteAccount { .. }) => Outcome::Applied,
        (402, _) => Outcome::Refused(TargetError::NoLicence { request, status }),
        (404, _) if !documented() => malformed("Confluence's error object"),
        (409, Operation::CreateGroup { .. }) => Outcome::AlreadySo,
        // The account was read or made a moment ago, so what is not found is the group.
        (404, Operation::AddToGroup { if_it_exists: true, .. }) => Outcome::PassedOver,
        (404, Operation::AddToGroup { .. }) => {
            Outcome::Refused(TargetError::Missing { request, what: "group" })
        }
        (404, Operation::DeleteAccount { .. } | Operation::DeleteGroup { .. }) => Outcome::AlreadySo,
        // Nobody can use an account that is gone, which the look at it shows.
        (404, Operation::DeactivateAccount { .. }) => Outcome::Reread,
        // 400 says `exists` and `not allowed` alike, and with user or group the membership is gone too.
        (404, Operation::RemoveFromGroup { .. }) | (400 | 409, _) => Outcome::Reread,
        (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status }),
        _ => malformed("a documented status"),
    }
}
