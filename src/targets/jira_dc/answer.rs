//! Jira Data Center: what the answers to changes mean.

use core::time::Duration;

use crate::http::HttpResponse;
use crate::provision::Operation;
use crate::targets::answer::{self, header, is_html};
use crate::targets::error::{Outcome, Request, TargetError};

/// How long the anonymization of another account is waited for: Jira does one at a time, in minutes rather than seconds.
const ANONYMIZATION: Duration = Duration::from_secs(60);

/// What the answer to a change says.
///
/// Jira answers 400 to much that is no fault: the account or group exists, the account is a member already or is
/// none, nothing would change. The text that tells them apart is translated and changes between versions, so 400
/// always means: read again and compare.
pub(in crate::targets) fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    let request = Request::Change(operation.kind());
    match refusal(request, response) {
        Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
        Err(error) => return Outcome::Refused(error),
        Ok(()) => {}
    }
    match (response.status, operation) {
        (200..=299, _) if is_html(response) => Outcome::Refused(TargetError::Malformed {
            request,
            status: response.status,
            expected: "an answer of the REST API",
        }),
        // What is anonymized is done by and by, one account after the other.
        (202, Operation::AnonymizeAccount { .. }) => Outcome::Applied,
        (409, Operation::AnonymizeAccount { .. }) => Outcome::RetryAfter(ANONYMIZATION),
        (400 | 404, Operation::AnonymizeAccount { .. }) => {
            Outcome::Refused(TargetError::Refused { request, status: response.status })
        }
        (200 | 201 | 204, _) => Outcome::Applied,
        // A property's value is ours alone, so 400 and 404 there are about the account.
        (400 | 404 | 409, Operation::WriteMarker { .. }) => {
            Outcome::Refused(TargetError::Refused { request, status: response.status })
        }
        // The account was read or made a moment ago, so what is not found is the group.
        (404, Operation::AddToGroup { if_it_exists: true, .. }) => Outcome::PassedOver,
        // 404 names the user or the group; where either is gone the membership is gone too.
        (404, Operation::RemoveFromGroup { .. }) | (400 | 409, _) => Outcome::Reread,
        // It may be gone already; only the application's own word for that counts.
        (
            404,
            Operation::DeactivateAccount { .. }
            | Operation::DeleteAccount { .. }
            | Operation::RenameAccount { .. }
            | Operation::DeleteGroup { .. },
        ) => Outcome::Reread,
        (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status: response.status }),
        _ => Outcome::Refused(TargetError::Malformed {
            request,
            status: response.status,
            expected: "a documented status",
        }),
    }
}

/// Refusals that mean the same for every request.
pub(in crate::targets) fn refusal(request: Request, response: &HttpResponse) -> Result<(), TargetError> {
    // Old versions answer a wrong token as anonymous, with 200 or 404, and say so only here.
    let seraph_refused = header(response, "x-seraph-loginreason").is_some_and(|reason| {
        reason.contains("AUTHENTICATED_FAILED") || reason.contains("AUTHENTICATION_DENIED")
    });
    let captcha = header(response, "x-authentication-denied-reason")
        .is_some_and(|reason| reason.trim_start().starts_with("CAPTCHA_CHALLENGE"));
    match response.status {
        403 if captcha => Err(TargetError::CaptchaRequired { request }),
        401 => Err(TargetError::Unauthorized { request }),
        _ if seraph_refused => Err(TargetError::Unauthorized { request }),
        _ => answer::refusal(request, response),
    }
}

/// Is the answer to a read a documented *there is none*?
pub(in crate::targets) fn documented_absence(
    request: Request,
    response: &HttpResponse,
) -> Result<bool, TargetError> {
    refusal(request, response)?;
    answer::documented_absence(request, response, &["errorMessages", "errors"])
}
