//! Groups and memberships.

use serde_json::{Value, json};

use super::{Confluence, error, no_such_group, no_such_user, page, read_only, user};
use crate::stand_in::{Answer, Incoming};

/// The group that Confluence does not let go.
const ADMINISTRATORS: &str = "confluence-administrators";

pub(super) fn shown(name: &str) -> Value {
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let link = format!("http://confluence.example.test/rest/api/group/{encoded}");
    json!({ "type": "group", "name": name, "_links": { "self": link } })
}

/// Below `/rest/api/group`.
pub(super) fn read(confluence: &Confluence, rest: &[&str], request: &Incoming) -> Answer {
    match rest {
        [] => {
            let groups: Vec<Value> = confluence.group_names().iter().map(|name| shown(name)).collect();
            page(confluence, request, &groups)
        }
        [name] | [name, "member"] if !confluence.has_group(name) => no_such_group(name),
        [name] => Answer::json(200, &shown(confluence.group_name(name).unwrap_or_default())),
        [name, "member"] => {
            let members: Vec<Value> =
                confluence.members(name).into_iter().map(|member| user::shown(member, false)).collect();
            page(confluence, request, &members)
        }
        _ => Answer::html(404, "<html><body>dead link</body></html>"),
    }
}

/// Below `/rest/api/admin/group`.
pub(super) fn administer(
    confluence: &mut Confluence,
    method: &str,
    rest: &[&str],
    request: &Incoming,
) -> Answer {
    match (method, rest) {
        ("POST", []) => {
            let body = request.json().unwrap_or_default();
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
            let name = text("name").trim().to_owned();
            if name.is_empty() || text("type") != "group" {
                return error(400, "A group needs a name and the type group.");
            }
            if confluence.read_only {
                return read_only();
            }
            if !confluence.add_group(&name) {
                return error(409, "A group with this name exists.");
            }
            Answer::json(200, &shown(&name))
        }
        ("DELETE", [ADMINISTRATORS]) => error(400, "The last group of administrators stays."),
        ("DELETE", [name]) if confluence.remove_group(name) => Answer::empty(204),
        ("DELETE", [name]) => no_such_group(name),
        _ => Answer::empty(405),
    }
}

/// `/rest/api/user/NAME/group/GROUP`: 204 whether or not something changed.
pub(super) fn membership(confluence: &mut Confluence, method: &str, name: &str, group: &str) -> Answer {
    if confluence.user(name).is_none() {
        return no_such_user(name);
    }
    if !confluence.has_group(group) {
        return no_such_group(group);
    }
    if confluence.read_only {
        return read_only();
    }
    match method {
        "PUT" => confluence.join(name, group),
        "DELETE" => confluence.leave(name, group),
        _ => return Answer::empty(405),
    };
    Answer::empty(204)
}
