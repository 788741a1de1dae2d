//! Microsoft Graph, `/v1.0`: users by `$skiptoken`, changes by `/users/delta`, groups by `transitiveMemberOf`.

use serde_json::{Value, json};

use super::{Entry, People, group_id, list, origin};
use crate::stand_in::{Answer, Api, Incoming};

/// A tenant.
#[derive(Clone, Debug)]
pub struct Graph(pub People);

fn user(entry: &Entry) -> Value {
    json!({
        "id": entry.id, "userPrincipalName": entry.username, "accountEnabled": entry.enabled,
        "displayName": format!("The {}", entry.username), "mail": format!("{}@example.com", entry.username),
        "department": "IT", "jobTitle": null,
    })
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": "The stand-in refuses." } }))
}

fn page(request: &Incoming, value: Value, link: Option<(&str, String)>) -> Answer {
    let mut page =
        json!({ "@odata.context": format!("{}/v1.0/$metadata#users", origin(request)), "value": value });
    if let (Some((name, path)), Some(fields)) = (link, page.as_object_mut()) {
        fields.insert(name.to_owned(), Value::from(format!("{}{path}", origin(request))));
    }
    Answer::json(200, &page)
}

impl Graph {
    fn users(&mut self, request: &Incoming) -> Answer {
        if let Some(filter) = request.query("$filter") {
            if request.header("consistencylevel") != Some("eventual")
                || request.query("$count") != Some("true")
            {
                return refusal(400, "Request_UnsupportedQuery");
            }
            let name = filter.strip_prefix("userPrincipalName eq '").and_then(|rest| rest.strip_suffix('\''));
            let Some(name) = name.map(|name| name.replace("''", "'")) else {
                return refusal(400, "Request_UnsupportedQuery");
            };
            let found = self.0.entries.iter().filter(|entry| entry.username.eq_ignore_ascii_case(&name));
            return page(request, list(found.map(user)), None);
        }
        let top = request.number("$top", 100).clamp(1, 999);
        let after = request.query("$skiptoken").unwrap_or_default().to_owned();
        let mut rest: Vec<&Entry> = self.0.entries.iter().filter(|entry| entry.id > after).collect();
        rest.sort_by(|one, other| one.id.cmp(&other.id));
        let shown: Vec<&Entry> = rest.iter().copied().take(top).collect();
        let next = shown.last().filter(|_| rest.len() > shown.len());
        let next =
            next.map(|last| ("@odata.nextLink", format!("/v1.0/users?$top={top}&$skiptoken={}", last.id)));
        let answer = page(request, list(shown.into_iter().map(user)), next);
        self.0.shown();
        answer
    }

    fn delta(&self, request: &Incoming) -> Answer {
        let link = |clock: u64| Some(("@odata.deltaLink", format!("/v1.0/users/delta?$deltatoken={clock}")));
        let since = match request.query("$deltatoken") {
            Some("latest") => return page(request, json!([]), link(self.0.clock)),
            Some(token) => token.parse::<u64>().ok(),
            None => None,
        };
        let Some(since) = since else { return refusal(400, "Directory_InvalidSyncState") };
        if since < self.0.forgotten_before {
            return refusal(410, "syncStateNotFound");
        }
        let changed = self.0.entries.iter().filter(|entry| entry.changed_at > since);
        // What changed is told, not everything.
        let changed = changed.map(|entry| json!({ "id": entry.id, "accountEnabled": entry.enabled }));
        let left = self.0.left.iter().filter(|(_, at)| *at > since);
        let left = left.map(|(id, _)| json!({ "id": id, "@removed": { "reason": "changed" } }));
        page(request, list(changed.chain(left)), link(self.0.clock))
    }
}

impl Api for Graph {
    fn answer(&mut self, request: &Incoming) -> Answer {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        if request.method == "POST" && segments == ["tenant", "oauth2", "v2.0", "token"] {
            let body = String::from_utf8_lossy(&request.body);
            if !body.contains("scope=https%3A%2F%2Fgraph.example.test%2F.default") {
                return Answer::json(400, &json!({ "error": "invalid_scope" }));
            }
            return self.0.token(request);
        }
        if !self.0.admits(request) {
            return refusal(401, "InvalidAuthenticationToken");
        }
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v1.0", "users"]) => self.users(request),
            ("GET", ["v1.0", "users", "delta"]) => self.delta(request),
            ("GET", ["v1.0", "users", id]) => match self.0.by_id(id) {
                Some(entry) => {
                    let mut user = user(entry);
                    if let Some(fields) = user.as_object_mut() {
                        fields.insert("@odata.context".to_owned(), json!("users/$entity"));
                    }
                    Answer::json(200, &user)
                }
                None => refusal(404, "Request_ResourceNotFound"),
            },
            ("GET", ["v1.0", "users", id, "transitiveMemberOf"]) => match self.0.by_id(id) {
                Some(entry) => {
                    let groups = entry.groups.iter().map(|name| {
                        json!({ "@odata.type": "#microsoft.graph.group", "id": group_id(name), "displayName": name })
                    });
                    let role = json!({ "@odata.type": "#microsoft.graph.directoryRole", "id": "r", "displayName": null });
                    page(request, list(groups.chain([role])), None)
                }
                None => refusal(404, "Request_ResourceNotFound"),
            },
            ("GET", _) => refusal(404, "ResourceNotFound"),
            _ => refusal(405, "Request_BadRequest"),
        }
    }

    fn error(&self, status: u16) -> Answer {
        refusal(status, "serviceNotAvailable")
    }
}
