//! Bitbucket Data Center: what the answers to changes mean.

use serde_json::{Map, Value};

use crate::http::HttpResponse;
use crate::provision::Operation;
use crate::targets::answer::{is_html, read_json, refusal};
use crate::targets::error::{Outcome, Request, TargetError};

/// What the answer to a change says. A missing permission is 401 here, as wrong credentials are; 403 is the licence, or
/// somebody or something above the caller.
pub(super) fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    let request = Request::Change(operation.kind());
    let status = response.status;
    let documented =
        || read_json::<Map<String, Value>>(request, response, "Bitbucket's error object").is_ok();
    // Nobody is made with the default group, so this is a licence that is used up all the same.
    if status == 403 && matches!(operation, Operation::CreateAccount { .. }) && documented() {
        return Outcome::Refused(TargetError::NoLicence { request, status });
    }
    match refusal(request, response) {
        Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
        Err(error) => return Outcome::Refused(error),
        Ok(()) => {}
    }
    let malformed = |expected| Outcome::Refused(TargetError::Malformed { request, status, expected });
    match (status, operation) {
        (200..=299, _) if is_html(response) => malformed("an answer of the REST API"),
        (200 | 201 | 204, _) => Outcome::Applied,
        (404, _) if !documented() => malformed("Bitbucket's error object"),
        (409, Operation::CreateGroup { .. }) => Outcome::AlreadySo,
        // The account was read or made a moment ago, so what is not found is the group.
        (404, Operation::AddToGroup { if_it_exists: true, .. }) => Outcome::PassedOver,
        (404, Operation::AddToGroup { .. }) => {
            Outcome::Refused(TargetError::Missing { request, what: "group" })
        }
        (404, Operation::DeleteAccount { .. } | Operation::DeleteGroup { .. }) => Outcome::AlreadySo,
        // Nobody deletes the account that the calls are made with.
        (409, Operation::DeleteAccount { .. }) => Outcome::Refused(TargetError::Refused { request, status }),
        // Renamed or deleted by somebody else: the list shows who there is.
        (404, Operation::RenameAccount { .. }) => Outcome::Reread,
        // 400 says `exists` and `not allowed` alike, and with user or group the membership is gone too.
        (404, Operation::RemoveFromGroup { .. }) | (400 | 409, _) => Outcome::Reread,
        (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status }),
        _ => malformed("a documented status"),
    }
}
