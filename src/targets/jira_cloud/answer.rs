//! Jira Cloud: what the answers to changes mean.

use serde::Deserialize;

use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{Operation, OperationKind, RemoteState};
use crate::targets::answer::{documented_absence, is_html, read_json, refusal};
use crate::targets::error::{Outcome, Request, TargetError};

use super::read::UserAnswer;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupAnswer {
    pub(super) name: String,
    pub(super) group_id: String,
}

/// What the answer to a change says.
///
/// 400 is a member already, no member, a name in use, an existing account without access, no licence left and a mistake
/// of ours; the texts are translated. So 400 always means: read again and compare.
pub(super) fn outcome(operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
    let request = Request::Change(operation.kind());
    match refusal(request, response) {
        Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
        Err(error) => return Outcome::Refused(error),
        Ok(()) => {}
    }
    let status = response.status;
    let malformed = |expected| Outcome::Refused(TargetError::Malformed { request, status, expected });
    match (status, operation) {
        (200..=299, _) if is_html(response) => malformed("an answer of the REST API"),
        (200 | 201, Operation::CreateAccount { username, email, .. }) => {
            let address = email.as_ref().unwrap_or(username).expose();
            made(address, username.expose(), request, response, remote)
        }
        (200 | 201, Operation::CreateGroup { group }) => {
            let expected = "the group that was asked for";
            match read_json::<GroupAnswer>(request, response, expected) {
                Ok(made) if FoldedName::same(&made.name, group) && !made.group_id.is_empty() => {
                    remote.directory.learn_group(group, Some(&made.group_id));
                    Outcome::Applied
                }
                Ok(_) => malformed(expected),
                Err(error) => Outcome::Refused(error),
            }
        }
        // Without a body there is no id.
        (204, Operation::CreateAccount { .. } | Operation::CreateGroup { .. }) => Outcome::Reread,
        (200 | 204, Operation::DeleteGroup { group }) => {
            remote.directory.learn_no_group(group);
            Outcome::Applied
        }
        (200 | 201 | 204, _) => Outcome::Applied,
        (400 | 404 | 405 | 409, Operation::WriteMarker { .. }) => {
            Outcome::Refused(TargetError::Refused { request, status })
        }
        // A group that was deleted, and made again perhaps: its id has to be looked for.
        (404, Operation::AddToGroup { group, .. }) => {
            remote.directory.forget_group(group);
            Outcome::Stale
        }
        // Nobody has the id any more, and an id is never given to somebody else.
        (404, Operation::DeleteAccount { .. }) if is_word_of_jira(response) => Outcome::AlreadySo,
        (404, Operation::DeleteGroup { group }) => {
            remote.directory.forget_group(group);
            Outcome::Reread
        }
        // The search does not show everybody, so it cannot tell that somebody is gone.
        (400 | 409, Operation::DeleteAccount { .. }) => {
            Outcome::Refused(TargetError::Refused { request, status })
        }
        (404, Operation::RemoveFromGroup { .. }) | (400 | 409, _) => Outcome::Reread,
        (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status }),
        _ => malformed("a documented status"),
    }
}

/// Is a 404 the application's own, and not that of a proxy or of a wrong path?
fn is_word_of_jira(response: &HttpResponse) -> bool {
    let request = Request::Change(OperationKind::DeleteAccount);
    documented_absence(request, response, &["errorMessages", "errors"]) == Ok(true)
}

/// The account that was made.
///
/// An account that exists is answered like a new one where it has access already. It was not found by its address, so it
/// is deactivated or hides the address: nobody enters by it, because whose it is cannot be seen.
fn made(
    address: &str,
    username: &str,
    request: Request,
    response: &HttpResponse,
    remote: &mut RemoteState,
) -> Outcome {
    let user: UserAnswer = match read_json(request, response, "the account that was made") {
        Ok(user) => user,
        Err(error) => return Outcome::Refused(error),
    };
    if !user.active || !user.has_address(address) {
        return Outcome::Refused(TargetError::AccountUnusable { request });
    }
    match user.into_account(username) {
        Some(account) => {
            remote.account = Some(account);
            Outcome::Applied
        }
        None => Outcome::Refused(TargetError::Malformed {
            request,
            status: response.status,
            expected: "the id of an account",
        }),
    }
}
