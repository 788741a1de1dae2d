//! What the answers to changes say.

use serde_json::Value;

use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{Operation, RemoteState};
use crate::targets::answer::{is_html, refusal};
use crate::targets::error::{Outcome, Request, TargetError};

use super::wire::{Kind, attribute, forget, keep, text};
use super::{Changes, Scim, id_of};

impl Scim {
    /// Of an error only the status and `scimType` (RFC 7644 3.12) are read. 400 and 409 can be about what is so already (a
    /// user or group of that name, a member, a value without a hit), so they mean: read again and compare.
    pub(super) fn judge(
        &self,
        operation: &Operation,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Outcome {
        let request = Request::Change(operation.kind());
        let status = response.status;
        let creates = matches!(operation, Operation::CreateAccount { .. } | Operation::CreateGroup { .. });
        let sends_back = !creates && self.dialect.changes == Changes::Put;
        if !creates && !sends_back && matches!(status, 405 | 501) {
            return Outcome::Refused(TargetError::Missing { request, what: "PATCH method" });
        }
        match refusal(request, response) {
            Err(TargetError::Throttled { retry_after, .. }) => return Outcome::RetryAfter(retry_after),
            Err(error) => return Outcome::Refused(error),
            Ok(()) => {}
        }
        match (status, operation) {
            (200..=299, _) if is_html(response) => Outcome::Refused(TargetError::Malformed {
                request,
                status,
                expected: "an answer of the SCIM service",
            }),
            (200 | 201 | 204, _) => self.applied(operation, response, remote),
            // What was deleted is gone, whoever did it. A gateway's 404 is about the address, which nobody has now.
            (404, Operation::DeleteAccount { .. } | Operation::DeleteGroup { .. })
                if is_scim_error(response) =>
            {
                self.applied(operation, response, remote);
                Outcome::AlreadySo
            }
            // The name was free a moment ago; RFC 7644 3.12 has `uniqueness` for one that is not.
            (409, Operation::RenameGroup { .. } | Operation::RenameAccount { .. }) => {
                Outcome::Refused(TargetError::NameTaken { request })
            }
            (400, _) if kind_of_error(response).as_deref() == Some("mutability") => {
                Outcome::Refused(TargetError::ReadOnly { request })
            }
            (400 | 409, _) => {
                self.stale(operation, remote);
                Outcome::Reread
            }
            // Somebody else was faster: what was sent back is not what is there.
            (412, _) if sends_back => {
                self.stale(operation, remote);
                Outcome::Stale
            }
            // Without the group there is no membership, which the account shows.
            (404, Operation::RemoveFromGroup { group, .. }) => {
                remote.directory.forget_group(group);
                Outcome::Reread
            }
            (404, Operation::RenameGroup { group, .. }) => {
                remote.directory.forget_group(group);
                Outcome::Refused(TargetError::Missing { request, what: "group" })
            }
            (404, Operation::DeactivateAccount { .. } | Operation::RenameAccount { .. }) => Outcome::Reread,
            (404, Operation::AddToGroup { group, .. }) => {
                remote.directory.forget_group(group);
                Outcome::Stale
            }
            (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status }),
            _ => {
                Outcome::Refused(TargetError::Malformed { request, status, expected: "a documented status" })
            }
        }
    }

    fn applied(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        match operation {
            Operation::CreateAccount { username, .. } => {
                // Without its id nothing can be done to the account; it is there all the same. Nor is anything done to one of
                // another name, or one that is deactivated: a service may answer with what was there before.
                let meant = |name: &str| FoldedName::same(name, username.expose());
                let user = match self.user(&body) {
                    Ok(user) if user.account.active && meant(user.account.username.expose()) => user,
                    _ => return Outcome::Reread,
                };
                keep(remote, Kind::User, &body);
                let mut account = user.account;
                account.groups = user.groups.into_iter().flatten().map(|(name, _)| name).collect();
                remote.account = Some(account);
            }
            Operation::CreateGroup { group } => {
                remote.directory.learn_group(group, text(&body, "id"));
            }
            Operation::DeleteGroup { group } => remote.directory.learn_no_group(group),
            _ => {
                self.stale(operation, remote);
                // The answer may show a group without its members, so only users are taken from it.
                if attribute(&body, "userName").is_some() {
                    keep(remote, Kind::User, &body);
                }
            }
        }
        Outcome::Applied
    }

    /// The resource that `operation` is about is not what was read any more, and must not be sent back.
    fn stale(&self, operation: &Operation, remote: &mut RemoteState) {
        if self.dialect.changes == Changes::Patch {
            return;
        }
        match operation {
            Operation::ReactivateAccount { account }
            | Operation::DeactivateAccount { account }
            | Operation::RenameAccount { account, .. }
            | Operation::UpdateAccount { account, .. } => {
                if let Some(id) = id_of(account, remote).cloned() {
                    forget(remote, Kind::User, id.as_str());
                }
            }
            Operation::AddToGroup { group, .. }
            | Operation::RemoveFromGroup { group, .. }
            | Operation::RenameGroup { group, .. } => {
                if let Some(id) = remote.directory.group_id(group).map(str::to_owned) {
                    forget(remote, Kind::Group, &id);
                }
            }
            _ => {}
        }
    }
}

/// Is it an error of SCIM (RFC 7644 3.12), and not that of something before the service?
fn is_scim_error(response: &HttpResponse) -> bool {
    const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let schemas = attribute(&body, "schemas").and_then(Value::as_array);
    schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == ERROR))
}

/// `scimType` of SCIM's error.
fn kind_of_error(response: &HttpResponse) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    text(&body, "scimType").map(str::to_owned)
}
