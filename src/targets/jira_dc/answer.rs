//! Jira Data Center: what the answers mean.

use core::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::{Pii, UnixTime};
use crate::http::HttpResponse;
use crate::policy::FoldedName;
use crate::provision::{Marker, Operation, RemoteAccount, RemoteMarker, RemoteState, Subject};

use super::JiraDc;
use crate::targets::error::{Outcome, Request, TargetError};

/// The version of the marker's JSON that we write.
pub(super) const MARKER_VERSION: u64 = 1;

/// Bytes of an answer that are read. An account with 5,000 groups takes about 1 MiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What to wait when a 429 does not say how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The longest wait that is believed: an hour, the longest refill interval that Jira lets administrators configure.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAnswer {
    name: String,
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    active: bool,
    #[serde(default)]
    deleted: bool,
    groups: GroupsAnswer,
}

#[derive(Deserialize)]
struct GroupsAnswer {
    size: u64,
    items: Vec<GroupAnswer>,
}

#[derive(Deserialize)]
struct GroupAnswer {
    name: String,
}

#[derive(Deserialize)]
struct PropertyAnswer {
    value: serde_json::Value,
}

impl JiraDc {
    /// The account in the answer to [`JiraDc::read_account`] for `username`; `None` when there is none.
    ///
    /// # Errors
    /// [`TargetError`] when the answer is anything else, also when it shows another account or only some of the groups.
    pub fn account(
        &self,
        username: &str,
        response: &HttpResponse,
    ) -> Result<Option<RemoteAccount>, TargetError> {
        let request = Request::ReadAccount;
        if documented_absence(request, response)? {
            return Ok(None);
        }
        let user: UserAnswer = read_json(request, response, "an account and its groups")?;
        let malformed = |expected| Err(TargetError::Malformed { request, status: response.status, expected });
        if !FoldedName::same(&user.name, username) {
            return malformed("the account that was asked for");
        }
        // An unexpanded list has a size and no items; taken at face value it would look like an account without groups.
        if usize::try_from(user.groups.size) != Ok(user.groups.items.len()) {
            return malformed("all groups of the account");
        }
        Ok(Some(RemoteAccount {
            display_name: Pii::new(user.display_name.unwrap_or_default()),
            email: user.email_address.filter(|email| !email.is_empty()).map(Pii::new),
            active: user.active && !user.deleted,
            groups: user.groups.items.into_iter().map(|group| group.name).collect(),
            username: Pii::new(user.name),
        }))
    }

    /// The marker in the answer to [`JiraDc::read_marker`].
    ///
    /// A value that is not a marker counts as none and is replaced at the next write; one of a later version is left
    /// alone.
    ///
    /// # Errors
    /// [`TargetError`] when the answer is no answer of Jira's.
    pub fn marker(&self, response: &HttpResponse) -> Result<RemoteMarker, TargetError> {
        let request = Request::ReadMarker;
        if documented_absence(request, response)? {
            return Ok(RemoteMarker::Absent);
        }
        let property: PropertyAnswer = read_json(request, response, "a user property")?;
        Ok(decode_marker(&property.value))
    }

    /// Whether the group of [`JiraDc::read_group`] exists.
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell.
    pub fn group_exists(&self, response: &HttpResponse) -> Result<bool, TargetError> {
        let request = Request::ReadGroup;
        if documented_absence(request, response)? {
            return Ok(false);
        }
        read_json::<serde_json::Map<String, serde_json::Value>>(request, response, "a page of members")?;
        Ok(true)
    }

    /// Puts the answer to [`JiraDc::reread`] of `operation` into `remote`, for [`crate::provision::satisfied`].
    ///
    /// # Errors
    /// [`TargetError`] when the answer does not tell; `remote` is then unchanged.
    pub fn observe(
        &self,
        operation: &Operation,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<(), TargetError> {
        match operation.subject() {
            Subject::Account(username) => remote.account = self.account(username.expose(), response)?,
            Subject::Marker(_) => remote.marker = self.marker(response)?,
            Subject::Group(group) => {
                let exists = self.group_exists(response)?;
                remote.existing_groups.retain(|known| !FoldedName::same(known, group));
                if exists {
                    remote.existing_groups.insert(group.to_owned());
                }
            }
        }
        Ok(())
    }

    /// What the answer to [`JiraDc::call`] of `operation` says.
    ///
    /// Jira answers 400 to much that is no fault: the account or group exists, the account is a member already or is
    /// none, nothing would change. The text that tells them apart is translated and changes between versions, so 400
    /// always means: read again and compare.
    #[must_use]
    pub fn outcome(&self, operation: &Operation, response: &HttpResponse) -> Outcome {
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
            (200 | 201 | 204, _) => Outcome::Applied,
            // A property's value is ours alone, so 400 and 404 there are about the account.
            (400 | 404 | 409, Operation::WriteMarker { .. }) => {
                Outcome::Refused(TargetError::Refused { request, status: response.status })
            }
            // The account was read or made a moment ago, so what is not found is the group.
            (404, Operation::AddToGroup { if_it_exists: true, .. }) => Outcome::PassedOver,
            // 404 names the user or the group; where either is gone the membership is gone too.
            (404, Operation::RemoveFromGroup { .. }) | (400 | 409, _) => Outcome::Reread,
            (400..=499, _) => Outcome::Refused(TargetError::Refused { request, status: response.status }),
            _ => Outcome::Refused(TargetError::Malformed {
                request,
                status: response.status,
                expected: "a documented status",
            }),
        }
    }
}

/// Refusals that mean the same for every request.
fn refusal(request: Request, response: &HttpResponse) -> Result<(), TargetError> {
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
        403 => Err(TargetError::Refused { request, status: 403 }),
        429 => Err(TargetError::Throttled { request, retry_after: retry_after(response) }),
        status @ 500..=599 => Err(TargetError::Unavailable { request, status }),
        _ => Ok(()),
    }
}

/// Is the answer to a read a documented *there is none*?
///
/// Jira's own 404 is JSON. A proxy's 404, or that of a wrong context path, is a page: believing it would make every
/// person look new.
fn documented_absence(request: Request, response: &HttpResponse) -> Result<bool, TargetError> {
    refusal(request, response)?;
    match response.status {
        200 => Ok(false),
        404 => {
            read_json::<serde_json::Map<String, serde_json::Value>>(
                request,
                response,
                "Jira's error object",
            )?;
            Ok(true)
        }
        status @ 400..=499 => Err(TargetError::Refused { request, status }),
        status => Err(TargetError::Malformed { request, status, expected: "a documented status" }),
    }
}

fn read_json<T: DeserializeOwned>(
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
fn is_html(response: &HttpResponse) -> bool {
    let declared = header(response, "content-type")
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"));
    declared || response.body.trim_ascii_start().starts_with(b"<")
}

/// `Retry-After` in seconds (RFC 9110 10.2.3); Jira does not use the date form.
fn retry_after(response: &HttpResponse) -> Duration {
    header(response, "retry-after")
        .and_then(|value| value.trim().parse().ok())
        .map_or(DEFAULT_RETRY_AFTER, Duration::from_secs)
        .clamp(DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER)
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn decode_marker(value: &serde_json::Value) -> RemoteMarker {
    match value.get("v").and_then(serde_json::Value::as_u64) {
        Some(MARKER_VERSION) => {}
        Some(later) if later > MARKER_VERSION => return RemoteMarker::Foreign,
        Some(_) | None => return RemoteMarker::Absent,
    }
    let text = |name| value.get(name).and_then(serde_json::Value::as_str);
    RemoteMarker::Present(Marker {
        customer_login: text("customerLogin").map(|name| Pii::new(name.to_owned())),
        last_login: text("lastLogin").and_then(UnixTime::parse_xs_date_time),
        unfinished: value.get("unfinished").and_then(serde_json::Value::as_bool).unwrap_or(false),
    })
}
