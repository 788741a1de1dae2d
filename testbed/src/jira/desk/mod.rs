//! Jira Service Management's REST API, `/rest/servicedeskapi`, as far as provisioning and the tests use it.
//!
//! What is awkward at the real one is awkward here: every method but `info` wants `X-ExperimentalApi` (412), without a
//! licence all but `info` answer 403 with a page, lists are cut to 50 and tell no total, one unknown name refuses a
//! whole batch, an existing organization is refused with 400 and not named, and messages are in the caller's language.

mod organization;
mod portal;
mod service_desk;
mod store;

use serde_json::{Value, json};

use super::store::{Rights, Store, User};
use crate::stand_in::{Answer, Incoming};
pub(super) use store::Desks;

/// The most entries of a page.
const MAX_PAGE: usize = 50;

/// The answer to `path` below `/rest/servicedeskapi/`; the caller is who he says, with these rights.
pub(super) fn answer(path: &str, incoming: &Incoming, rights: Rights, store: &mut Store) -> Answer {
    let method = incoming.method.as_str();
    if (method, path) == ("GET", "info") {
        return Answer::json(200, &info(store));
    }
    if !store.desks.licensed {
        return Answer::html(
            403,
            "<html><body><h1>Forbidden (403)</h1>No valid licence was found.</body></html>",
        );
    }
    if incoming.header("x-experimentalapi").is_none_or(str::is_empty) {
        return error(412, "sd.agent.experimental", "Diese Methode ist experimentell.");
    }
    let segments: Vec<&str> = path.split('/').collect();
    match *segments.as_slice() {
        ["customer"] if method == "POST" => service_desk::create_customer(incoming, store),
        ["organization"] => organization::all(incoming, rights, store),
        ["organization", id] => organization::one(method, id, store),
        ["organization", id, "user"] => organization::members(incoming, id, store),
        ["servicedesk"] if method == "GET" => service_desk::all(incoming, store),
        ["servicedesk", id] if method == "GET" => service_desk::one(id, store),
        ["servicedesk", id, "customer"] => service_desk::customers(incoming, id, store),
        ["servicedesk", id, "organization"] => service_desk::organizations(incoming, id, store),
        ["portals"] if method == "GET" => portal::all(incoming, store),
        ["portals", id] if method == "GET" => portal::one(id, store),
        ["portals", "project", key] if method == "GET" => portal::of_project(key, store),
        ["customer" | "servicedesk" | "portals", ..] => Answer::empty(405),
        _ => Answer::html(404, "<html><body>null for uri</body></html>"),
    }
}

fn info(store: &Store) -> Value {
    json!({
        "version": "10.3.24", "platformVersion": "10.3.24", "buildChangeSet": "stand-in",
        "buildDate": { "iso8601": "2026-01-02T03:04:05+0000" }, "isLicensedForUse": store.desks.licensed,
    })
}

/// The error object of this API; the platform's has another shape.
fn error(status: u16, key: &str, message: &str) -> Answer {
    let body = json!({
        "errorMessage": message,
        "i18nErrorMessage": { "i18nKey": key, "parameters": [] },
    });
    Answer::json(status, &body)
}

fn not_found() -> Answer {
    error(404, "sd.resource.not.found", "Die angeforderte Ressource ist nicht vorhanden.")
}

fn invalid() -> Answer {
    error(400, "sd.request.invalid", "Die Anfrage ist nicht in Ordnung.")
}

/// A page of `all`: no total, and `limit` is what was granted, not what was asked.
fn page(incoming: &Incoming, all: &[Value]) -> Answer {
    let start = incoming.number("start", 0);
    let limit = incoming.number("limit", MAX_PAGE).clamp(1, MAX_PAGE);
    let values: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let is_last = start.saturating_add(values.len()) >= all.len();
    let body = json!({
        "_expands": [], "size": values.len(), "start": start, "limit": limit, "isLastPage": is_last,
        "_links": { "base": "http://jira.example.test", "context": "" }, "values": values,
    });
    Answer::json(200, &body)
}

fn user_json(user: &User) -> Value {
    json!({
        "name": user.name, "key": user.key, "emailAddress": user.email, "displayName": user.display_name,
        "active": user.active, "timeZone": "Etc/UTC",
        "_links": { "self": format!("http://jira.example.test/rest/api/2/user?key={}", user.key) },
    })
}

/// The keys of `usernames`; one unknown name refuses them all.
fn named_users(incoming: &Incoming, store: &Store) -> Result<Vec<String>, Answer> {
    let body = incoming.json().unwrap_or_default();
    let Some(names) = body.get("usernames").and_then(Value::as_array).filter(|names| !names.is_empty())
    else {
        return Err(invalid());
    };
    let key = |name: &Value| store.user(name.as_str().unwrap_or_default()).map(|user| user.key.clone());
    names.iter().map(key).collect::<Option<_>>().ok_or_else(|| {
        error(400, "sd.user.not.found", "Mindestens ein angegebener Benutzer ist nicht vorhanden.")
    })
}
