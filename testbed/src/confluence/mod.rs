//! A stand-in for Confluence Data Center: `/rest/api` as provisioning and the tests use it, with the documented codes.
//!
//! Awkward as the real one: user names in lower case only, 402 when no seat is left, no e-mail address in any answer,
//! nobody found by one, memberships that answer 204 whatever was so before, names in the path.

mod group;
mod store;
mod user;

use serde_json::{Value, json};

use crate::stand_in::{Answer, Api, Incoming};
pub use store::{Confluence, Rights, User};

/// The bearer token that [`Confluence::demo`] knows; its owner is an administrator.
pub const TOKEN: &str = "stand-in-confluence-token";

/// Whose members take a seat.
pub const LICENCE_GROUP: &str = "confluence-users";

impl Api for Confluence {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if let Some(refusal) = authorize(self, request) {
            return refusal;
        }
        // The servlet container refuses an escaped slash before Confluence sees it.
        let path = request.target.split('?').next().unwrap_or_default();
        if path.to_ascii_lowercase().contains("%2f") || path.to_ascii_lowercase().contains("%5c") {
            return Answer::html(400, "<!doctype html><title>HTTP Status 400 – Bad Request</title>");
        }
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["rest", "api", "longtask", _]) => {
                Answer::json(200, &json!({ "percentageComplete": 100, "successful": true }))
            }
            (method, ["rest", "api", "admin", "user", rest @ ..]) => {
                user::administer(self, method, rest, request)
            }
            (method, ["rest", "api", "admin", "group", rest @ ..]) => {
                group::administer(self, method, rest, request)
            }
            (method, ["rest", "api", "user", name, "group", group]) => {
                group::membership(self, method, name, group)
            }
            ("GET", ["rest", "api", "user", rest @ ..]) => user::read(self, rest, request),
            ("GET", ["rest", "api", "group", rest @ ..]) => group::read(self, rest, request),
            (_, ["rest", "api", "user" | "group", ..]) => Answer::empty(405),
            _ => Answer::html(404, "<html><body>dead link</body></html>"),
        }
    }

    fn error(&self, status: u16) -> Answer {
        match status {
            401 => unauthorized(),
            status => error(status, "The testbed was told to fail."),
        }
    }

    fn to_json(&self) -> Value {
        let users = self.users.values().map(|user| {
            json!({
                "name": user.name, "fullName": user.full_name, "email": user.email, "active": user.active,
                "groups": self.groups_of(&user.name), "licensed": self.is_licensed(&user.name),
            })
        });
        json!({ "users": users.collect::<Vec<_>>(), "groups": self.group_names() })
    }
}

/// What refuses every request alike.
fn authorize(confluence: &Confluence, request: &Incoming) -> Option<Answer> {
    let Some(rights) = request.bearer().and_then(|token| confluence.rights(token)) else {
        return Some(unauthorized());
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
    match rights {
        Rights::Administer => None,
        Rights::View if reads => None,
        Rights::View | Rights::Nothing => Some(error(403, "Not permitted to use confluence : provisioning")),
    }
}

fn unauthorized() -> Answer {
    Answer::html(401, "<html><body>Basic Authentication Failure</body></html>")
        .with("www-authenticate", "Basic realm=\"protected-area\"")
        .with("x-seraph-loginreason", "AUTHENTICATED_FAILED")
}

fn error(status: u16, message: &str) -> Answer {
    let data = json!({ "authorized": false, "valid": true, "errors": [], "successful": false });
    Answer::json(
        status,
        &json!({ "statusCode": status, "data": data, "message": message, "reason": "reason" }),
    )
}

fn read_only() -> Answer {
    error(403, "The directory of the user or group is read-only.")
}

fn no_such_user(name: &str) -> Answer {
    error(404, &format!("No user found with username {name}"))
}

fn no_such_group(name: &str) -> Answer {
    error(404, &format!("No group found with name {name}"))
}

/// A page of `all`; `_links.next` says that there is more.
fn page(confluence: &Confluence, request: &Incoming, all: &[Value]) -> Answer {
    let start = request.number("start", 0);
    let limit = request.number("limit", 200).min(confluence.page_cap);
    let results: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let next = start.saturating_add(results.len());
    let path = request.target.split('?').next().unwrap_or_default();
    let mut links = json!({ "base": "http://confluence.example.test", "context": "", "self": path });
    if let Some(links) = links.as_object_mut().filter(|_| next < all.len() && !results.is_empty()) {
        links.insert(String::from("next"), json!(format!("{path}?limit={limit}&start={next}")));
    }
    let size = results.len();
    Answer::json(
        200,
        &json!({ "results": results, "start": start, "limit": limit, "size": size, "_links": links }),
    )
}
