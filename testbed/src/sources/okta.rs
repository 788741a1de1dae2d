//! Okta, `/api/v1`: users by `after` in `link` headers, changes by a search, groups of a user.

use serde_json::{Value, json};

use super::{Entry, OKTA_TOKEN, People, group_id, list, origin};
use crate::stand_in::{Answer, Api, Incoming};

/// An organization.
#[derive(Clone, Debug)]
pub struct Okta(pub People);

fn user(entry: &Entry) -> Value {
    json!({
        "id": entry.id, "status": if entry.enabled { "ACTIVE" } else { "DEPROVISIONED" },
        "profile": {
            "login": entry.username, "email": format!("{}@example.com", entry.username),
            "firstName": "The", "lastName": entry.username, "department": "IT", "mobilePhone": null,
        },
    })
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "errorCode": code, "errorSummary": "The stand-in refuses.", "errorCauses": [] }),
    )
}

impl Okta {
    fn users(&mut self, request: &Incoming) -> Answer {
        let search = request.query("search").map(str::to_owned);
        let quoted = |prefix: &str| {
            let value = search.as_deref()?.strip_prefix(prefix)?;
            serde_json::from_str::<String>(value).ok()
        };
        let (since, login) = (quoted("lastUpdated gt "), quoted("profile.login eq "));
        if search.is_some() && since.is_none() && login.is_none() {
            return refusal(400, "E0000031");
        }
        let limit = request.number("limit", 200).clamp(1, 200);
        let after = request.query("after").unwrap_or_default().to_owned();
        let chosen = |entry: &&Entry| match (&since, &login) {
            (_, Some(login)) => entry.username.eq_ignore_ascii_case(login),
            (Some(_), _) => entry.changed_at > 0,
            // Who was deactivated is shown to searches only.
            _ => entry.enabled,
        };
        let mut rest: Vec<&Entry> =
            self.0.entries.iter().filter(|entry| entry.id > after).filter(chosen).collect();
        rest.sort_by(|one, other| one.id.cmp(&other.id));
        let shown: Vec<&Entry> = rest.iter().copied().take(limit).collect();
        let own = format!("<{}{}>; rel=\"self\"", origin(request), request.target);
        let next = shown.last().filter(|_| rest.len() > shown.len()).map(|last| {
            format!("<{}/api/v1/users?after={}&limit={limit}>; rel=\"next\"", origin(request), last.id)
        });
        let mut answer = Answer::json(200, &list(shown.into_iter().map(user))).with("link", &own);
        if let Some(next) = next {
            answer = answer.with("link", &next);
        }
        self.0.shown();
        answer
    }
}

impl Api for Okta {
    fn answer(&mut self, request: &Incoming) -> Answer {
        if request.header("authorization") != Some(&format!("SSWS {OKTA_TOKEN}")) {
            return refusal(401, "E0000011");
        }
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["api", "v1", "users"]) => self.users(request),
            ("GET", ["api", "v1", "users", id]) => match self.0.by_id(id) {
                Some(entry) => Answer::json(200, &user(entry)),
                None => refusal(404, "E0000007"),
            },
            ("GET", ["api", "v1", "users", id, "groups"]) => match self.0.by_id(id) {
                Some(entry) => {
                    let groups = entry.groups.iter();
                    let group = |name: &String| json!({ "id": group_id(name), "profile": { "name": name } });
                    let itself = format!("<{}{}>; rel=\"self\"", origin(request), request.target);
                    Answer::json(200, &list(groups.map(group))).with("link", &itself)
                }
                None => refusal(404, "E0000007"),
            },
            ("GET", _) => refusal(404, "E0000022"),
            _ => refusal(405, "E0000022"),
        }
    }

    fn error(&self, status: u16) -> Answer {
        let answer = refusal(status, "E0000047");
        // Okta says when its limit is reset, and not how long to wait.
        if status == 429 { answer.with("x-rate-limit-reset", "1767225660") } else { answer }
    }
}
