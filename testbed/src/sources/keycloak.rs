//! Keycloak's admin API: users by `first` and `max` in the order of their names, counted apart.

use serde_json::{Value, json};

use super::{Entry, People, group_id, list};
use crate::stand_in::{Answer, Api, Incoming};

/// The realm `staff`.
#[derive(Clone, Debug)]
pub struct Keycloak(pub People);

fn user(entry: &Entry) -> Value {
    json!({
        "id": entry.id, "username": entry.username, "enabled": entry.enabled, "emailVerified": true,
        "email": format!("{}@example.com", entry.username), "firstName": "The", "lastName": entry.username,
        "attributes": { "department": ["IT"] }, "totp": false, "requiredActions": [],
    })
}

fn refusal(status: u16, error: &str) -> Answer {
    Answer::json(status, &json!({ "error": error }))
}

impl Keycloak {
    fn users(&mut self, request: &Incoming) -> Answer {
        if let Some(name) = request.query("username") {
            let exact = request.query("exact") == Some("true");
            let meant =
                |entry: &&Entry| if exact { entry.username == name } else { entry.username.contains(name) };
            return Answer::json(200, &list(self.0.entries.iter().filter(meant).map(user)));
        }
        if let Some(email) = request.query("email") {
            let has = |shown: &Value| shown.get("email").and_then(Value::as_str) == Some(email);
            let found: Vec<Value> = self.0.entries.iter().map(user).filter(has).collect();
            return Answer::json(200, &Value::Array(found));
        }
        let (first, max) = (request.number("first", 0), request.number("max", 100));
        let answer = Answer::json(200, &list(self.0.entries.iter().skip(first).take(max).map(user)));
        self.0.shown();
        answer
    }
}

impl Api for Keycloak {
    fn answer(&mut self, request: &Incoming) -> Answer {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        if request.method == "POST" && segments == ["realms", "staff", "protocol", "openid-connect", "token"]
        {
            return self.0.token(request);
        }
        if !self.0.admits(request) {
            return refusal(401, "HTTP 401 Unauthorized");
        }
        let ["admin", "realms", realm, rest @ ..] = segments.as_slice() else {
            return refusal(404, "Unable to find matching target resource method");
        };
        if *realm != "staff" {
            return refusal(404, "Realm not found.");
        }
        match (request.method.as_str(), rest) {
            ("GET", ["users"]) => self.users(request),
            ("GET", ["users", "count"]) => Answer::json(200, &json!(self.0.entries.len())),
            ("GET", ["users", id]) => match self.0.by_id(id) {
                Some(entry) => Answer::json(200, &user(entry)),
                None => refusal(404, "User not found"),
            },
            ("GET", ["users", id, "groups"]) => match self.0.by_id(id) {
                Some(entry) => {
                    let group = |name: &String| json!({ "id": group_id(name), "name": name, "path": format!("/{name}") });
                    let (first, max) = (request.number("first", 0), request.number("max", 100));
                    Answer::json(200, &list(entry.groups.iter().skip(first).take(max).map(group)))
                }
                None => refusal(404, "User not found"),
            },
            ("GET", _) => refusal(404, "Unable to find matching target resource method"),
            _ => refusal(405, "HTTP 405 Method Not Allowed"),
        }
    }

    fn error(&self, status: u16) -> Answer {
        refusal(status, "unknown_error")
    }
}
