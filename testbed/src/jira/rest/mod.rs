//! Jira's platform REST API as far as provisioning and the tests use it, with the documented codes.
//!
//! 400 is as overloaded here as at the real one: exists, is a member, is none, nothing to change.

mod group;
mod user;

use serde_json::{Value, json};

use super::store::{Licence, Rights, Store};
use super::{USER_HEADER, desk};
use crate::stand_in::{Answer, Incoming};

/// Who calls.
#[derive(Debug)]
struct Caller {
    name: String,
    rights: Rights,
}

/// The answer to a request below `/rest/`.
pub(super) fn answer(incoming: &Incoming, store: &mut Store) -> Answer {
    let caller = match authenticate(incoming, store) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let writes = !matches!(incoming.method.as_str(), "GET" | "HEAD");
    if let Some(refusal) = writes.then(|| refuse_write(incoming, &caller)).flatten() {
        return refusal;
    }
    store.writes += u64::from(writes);
    let path = incoming.path.as_str();
    if let Some(path) = path.strip_prefix("/rest/servicedeskapi/") {
        return desk::answer(path, incoming, caller.rights, store);
    }
    let Some(path) = path.strip_prefix("/rest/api/2/").or_else(|| path.strip_prefix("/rest/api/latest/"))
    else {
        return Answer::html(404, "<html><body>dead link</body></html>");
    };
    let of_directory = matches!(path, "user" | "group" | "group/user");
    if writes && of_directory && store.read_only {
        return Answer::error(400, "Das Verzeichnis kann nicht geändert werden.");
    }
    match (incoming.method.as_str(), path) {
        ("GET", "serverInfo") => Answer::json(200, &server_info()),
        ("GET", "myself") => Answer::json(200, &json!({ "name": caller.name, "active": true })),
        ("GET", "applicationrole") => {
            Answer::json(200, &store.licences().iter().map(|licence| role(licence, store)).collect())
        }
        (method, "group" | "group/user" | "group/member" | "groups/picker") => {
            group::answer(method, path, incoming, store)
        }
        (method, _) if path == "user" || path.starts_with("user/") => {
            user::answer(method, path, incoming, store)
        }
        _ => Answer::html(404, "<html><body>null for uri</body></html>"),
    }
}

/// By bearer token, or by the identity header of whoever stands before this server.
fn authenticate(incoming: &Incoming, store: &Store) -> Result<Caller, Answer> {
    let unauthorized = || {
        Answer::json(
            401,
            &json!({ "message": "Client must be authenticated to access this resource.", "status-code": 401 }),
        )
    };
    if incoming.header("authorization").is_some() {
        // A browser's cookie beside a token makes a browser's call of it, with other checks and other limits.
        if incoming.header("cookie").is_some() {
            return Err(Answer::html(403, "XSRF check failed"));
        }
        return incoming
            .bearer()
            .and_then(|token| store.rights(token))
            .map(|rights| Caller { name: String::from("provisioning"), rights })
            .ok_or_else(|| unauthorized().with("x-seraph-loginreason", "AUTHENTICATED_FAILED"));
    }
    let user = incoming.header(USER_HEADER).and_then(|name| store.user(name)).filter(|user| user.active);
    user.map(|user| Caller {
        name: user.name.clone(),
        rights: if store.is_member(&user.name, "jira-administrators") {
            Rights::Administer
        } else {
            Rights::Browse
        },
    })
    .ok_or_else(unauthorized)
}

/// What Jira checks before it changes anything.
fn refuse_write(incoming: &Incoming, caller: &Caller) -> Option<Answer> {
    let browser = incoming.header("origin").is_some()
        || incoming.header("referer").is_some()
        || incoming.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla"));
    if browser || incoming.header("x-atlassian-token") != Some("no-check") {
        return Some(Answer::html(403, "XSRF check failed"));
    }
    if caller.rights != Rights::Administer {
        return Some(Answer::error(403, "You do not have permission to administer users."));
    }
    let json = incoming
        .header("content-type")
        .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    (!incoming.body.is_empty() && !json).then(|| Answer::empty(415))
}

fn server_info() -> Value {
    json!({
        "baseUrl": "http://jira.example.test", "version": "10.3.24", "versionNumbers": [10, 3, 24],
        "deploymentType": "Server", "buildNumber": 10_030_024, "serverTitle": "Stand-in Jira",
    })
}

fn role(licence: &Licence, store: &Store) -> Value {
    let taken = store.seats_taken(licence);
    json!({
        "key": licence.key, "name": licence.name, "groups": [licence.group], "defaultGroups": [licence.group],
        "selectedByDefault": licence.selected_by_default, "numberOfSeats": licence.seats,
        "remainingSeats": licence.seats.saturating_sub(taken), "userCount": taken,
    })
}

fn no_such_user(name: &str) -> Answer {
    Answer::error(404, &format!("The user named '{name}' does not exist"))
}

fn no_such_group(name: &str) -> Answer {
    Answer::error(404, &format!("The group named '{name}' does not exist"))
}

/// The body as a JSON object.
fn object(incoming: &Incoming) -> Result<serde_json::Map<String, Value>, Answer> {
    serde_json::from_slice(&incoming.body)
        .map_err(|_| Answer::error(400, "Can not deserialize the request body."))
}

/// A number from the query, or `default`.
fn number(incoming: &Incoming, name: &str, default: usize) -> usize {
    incoming.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn method_not_allowed() -> Answer {
    Answer::empty(405)
}
