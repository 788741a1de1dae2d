//! A stand-in for Bitbucket Data Center: `/rest/api/latest/admin` as provisioning and the tests use it, with the
//! documented codes.
//!
//! Awkward as the real one: a user is made by query parameters, a missing permission is 401, 403 is the licence or
//! somebody above the caller, a filter finds parts of names, and the next page begins where only the server knows.

mod group;
mod store;
mod user;

use serde_json::{Value, json};

use crate::stand_in::{Answer, Api, Incoming};
pub use store::{Bitbucket, Rights, User};

/// The bearer token that [`Bitbucket::demo`] knows; its owner is an administrator.
pub const TOKEN: &str = "stand-in-bitbucket-token";

/// Whose members take a seat; new users get it unless they are made without the default group.
pub const LICENCE_GROUP: &str = "stash-users";

/// Results on a page unless the caller says otherwise.
const PAGE: usize = 25;

/// How far apart results lie: pages are cut in a list that holds more than the caller may see.
const STRIDE: usize = 3;

impl Api for Bitbucket {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if let Some(refusal) = authorize(self, request) {
            return refusal;
        }
        let path = request.path.as_str();
        let below = ["/rest/api/latest/admin/", "/rest/api/1.0/admin/"];
        let Some(path) = below.iter().find_map(|base| path.strip_prefix(base)) else {
            return Answer::html(404, "<html><body>dead link</body></html>");
        };
        match path {
            "users" | "users/credentials" | "users/rename" | "users/more-members" | "users/add-groups"
            | "users/remove-group" => user::answer(self, path, request),
            "groups" | "groups/add-users" | "groups/more-members" => group::answer(self, path, request),
            _ => Answer::html(404, "<html><body>dead link</body></html>"),
        }
    }

    fn error(&self, status: u16) -> Answer {
        error(status, "com.atlassian.bitbucket.ServerException", "The testbed was told to fail.")
    }

    fn to_json(&self) -> Value {
        let users = self.users.values().map(|user| {
            let mut shown = user::shown(user);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert(String::from("groups"), json!(self.groups_of(&user.name)));
                shown.insert(String::from("licensed"), json!(self.is_licensed(&user.name)));
            }
            shown
        });
        json!({ "users": users.collect::<Vec<_>>(), "groups": self.group_names() })
    }
}

/// What refuses every request alike; a missing permission is 401 as a wrong token is.
fn authorize(bitbucket: &Bitbucket, request: &Incoming) -> Option<Answer> {
    let Some(rights) = request.bearer().and_then(|token| bitbucket.rights(token)) else {
        let exception = "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException";
        return Some(error(401, exception, "Authentication failed. Please check your credentials."));
    };
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let json = request.media_type().eq_ignore_ascii_case("application/json");
    if request.is_from_a_browser()
        || (!reads && !json && request.header("x-atlassian-token") != Some("no-check"))
    {
        return Some(Answer::text(403, "XSRF check failed"));
    }
    if !reads && !request.body.is_empty() && !json {
        return Some(Answer::empty(415));
    }
    let allowed = match rights {
        Rights::Administer => true,
        Rights::Licensed => reads,
        Rights::Nothing => false,
    };
    let exception = "com.atlassian.bitbucket.AuthorisationException";
    (!allowed).then(|| error(401, exception, "You are not permitted to access this resource"))
}

fn error(status: u16, exception: &str, message: &str) -> Answer {
    let error = json!({ "context": null, "message": message, "exceptionName": exception });
    Answer::json(status, &json!({ "errors": [error] }))
}

/// The texts of a list in `body`.
fn texts<'a>(body: &'a Value, name: &str) -> Vec<&'a str> {
    let list = body.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn malformed(message: &str) -> Answer {
    error(400, "com.atlassian.bitbucket.validation.ArgumentValidationException", message)
}

fn no_such_user(name: &str) -> Answer {
    let message = format!("A user with name {name} does not exist.");
    error(404, "com.atlassian.bitbucket.user.NoSuchUserException", &message)
}

fn no_such_group(name: &str) -> Answer {
    let message = format!("A group with name {name} does not exist.");
    error(404, "com.atlassian.bitbucket.user.NoSuchGroupException", &message)
}

fn no_seat() -> Answer {
    error(403, "com.atlassian.bitbucket.license.LicenseLimitException", "The licence allows no more users.")
}

fn immutable(status: u16) -> Answer {
    let message = "The directory of the user is read-only.";
    error(status, "com.atlassian.bitbucket.UnsupportedDirectoryOperationException", message)
}

/// A page of `all`.
fn page(bitbucket: &Bitbucket, request: &Incoming, all: &[Value]) -> Answer {
    let start = request.number("start", 0);
    let limit = request.number("limit", PAGE).min(bitbucket.page_cap);
    let first = start.div_ceil(STRIDE);
    let values: Vec<&Value> = all.iter().skip(first).take(limit).collect();
    let end = first.saturating_add(values.len());
    let is_last = end >= all.len();
    let next = if is_last { Value::Null } else { json!(end.saturating_mul(STRIDE)) };
    let size = values.len();
    Answer::json(
        200,
        &json!({
            "size": size, "limit": limit, "isLastPage": is_last, "values": values, "start": start,
            "nextPageStart": next,
        }),
    )
}
