//! A stand-in for Crowd: `/rest/usermanagement/1` as provisioning and the tests use it, with the documented codes.
//!
//! Awkward as the real one: an application signs in, never a user; XML unless JSON is asked for; a PUT of a user blanks
//! what it does not name; a missing name is 404 when the query names it and 400 when the body does; pages have no total.

mod group;
mod search;
mod store;
mod user;
mod xml;

use serde_json::{Map, Value, json};

use crate::stand_in::{Answer, Api, Incoming};
pub use store::{Crowd, Permission, User};

/// The application that [`Crowd::empty`] knows.
pub const APPLICATION: &str = "samlgate";

/// Its password.
pub const PASSWORD: &str = "stand-in-crowd-password";

/// Where Crowd lives; the path that its own documentation takes for granted.
pub const CONTEXT_PATH: &str = "/crowd";

/// Results on a page unless the caller says otherwise.
const PAGE: usize = 1000;

impl Api for Crowd {
    fn answer(&mut self, request: &Incoming) -> Answer {
        let answer = authorize(self, request).unwrap_or_else(|| route(self, request));
        in_the_wanted_format(request, answer)
    }

    fn error(&self, status: u16) -> Answer {
        match status {
            401 => Answer::text(401, "Application failed to authenticate"),
            status => error(status, "OPERATION_FAILED", "The testbed was told to fail."),
        }
    }

    fn to_json(&self) -> Value {
        let users = self.users.values().map(|user| {
            let mut shown = user::shown(user, true);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert(String::from("groups"), json!(self.groups_of(&user.name)));
            }
            shown
        });
        let groups = self.groups.values().map(|group| group.name.as_str());
        json!({ "users": users.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>() })
    }
}

/// What refuses every request alike.
fn authorize(crowd: &Crowd, request: &Incoming) -> Option<Answer> {
    if request.is_from_a_browser() {
        return Some(Answer::text(403, "XSRF check failed"));
    }
    let known = request.basic().is_some_and(|(name, password)| crowd.knows_application(&name, &password));
    if !known {
        let realm = "BASIC realm=\"Crowd REST Service\"";
        return Some(Answer::text(401, "Application failed to authenticate").with("www-authenticate", realm));
    }
    let address = "Client with address \"192.0.2.7\" is forbidden from making requests to the application.";
    crowd.refuses_addresses().then(|| Answer::text(403, address))
}

fn route(crowd: &mut Crowd, request: &Incoming) -> Answer {
    let path = request.path.as_str();
    let below = ["/rest/usermanagement/1/", "/rest/usermanagement/latest/"];
    let Some(path) = below.iter().find_map(|base| path.strip_prefix(base)) else {
        return Answer::html(404, "<html><body>HTTP Status 404 - Not Found</body></html>");
    };
    if !request.body.is_empty() && !request.media_type().eq_ignore_ascii_case("application/json") {
        return Answer::empty(415);
    }
    match path {
        "search" if request.method == "GET" => search::answer(crowd, request),
        "user" | "user/attribute" | "user/rename" => user::answer(crowd, path, request),
        "user/group/direct" | "user/group/nested" | "group/user/direct" | "group" => {
            group::answer(crowd, path, request)
        }
        "search" => Answer::empty(405),
        _ => Answer::html(404, "<html><body>HTTP Status 404 - Not Found</body></html>"),
    }
}

/// JSON becomes XML unless JSON was asked for.
fn in_the_wanted_format(request: &Incoming, answer: Answer) -> Answer {
    let wants_json = request.header("accept").is_some_and(|accept| accept.contains("application/json"));
    let value = serde_json::from_slice::<Value>(&answer.body).ok().filter(|_| !wants_json);
    let Some(value) = value else { return answer };
    let mut rendered = Answer::empty(answer.status).with("content-type", "application/xml");
    rendered.body = xml::document(&value).into_bytes();
    rendered
}

fn error(status: u16, reason: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "reason": reason, "message": message }))
}

fn denied() -> Answer {
    error(403, "APPLICATION_PERMISSION_DENIED", "Application is not allowed to do this in the directory.")
}

/// `status` is 404 where the query names the user and 400 where the body does.
fn no_such_user(status: u16, name: &str) -> Answer {
    error(status, "USER_NOT_FOUND", &format!("User <{name}> does not exist"))
}

fn no_such_group(status: u16, name: &str) -> Answer {
    error(status, "GROUP_NOT_FOUND", &format!("Group <{name}> does not exist"))
}

/// The body as a JSON object.
fn object(request: &Incoming) -> Result<Map<String, Value>, Answer> {
    match request.json() {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(error(400, "ILLEGAL_ARGUMENT", "The request has no entity.")),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The part of `all` that the query asks for; Crowd does not say how many there are.
fn page<T>(request: &Incoming, all: Vec<T>) -> Vec<T> {
    let size = match request.query("max-results") {
        Some("-1") => usize::MAX,
        _ => request.number("max-results", PAGE),
    };
    all.into_iter().skip(request.number("start-index", 0)).take(size).collect()
}
