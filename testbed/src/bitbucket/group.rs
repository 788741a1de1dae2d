//! Groups and who is in them.

use serde_json::{Value, json};

use super::{Bitbucket, error, malformed, no_such_group, page, text, texts, user};
use crate::stand_in::{Answer, Incoming};

pub(super) fn shown(name: &str) -> Value {
    json!({ "name": name, "deletable": true })
}

pub(super) fn answer(bitbucket: &mut Bitbucket, path: &str, request: &Incoming) -> Answer {
    let name = request.query("name").unwrap_or_default().trim();
    match (request.method.as_str(), path) {
        ("GET", "groups") => {
            let wanted = request.query("filter").unwrap_or_default().to_lowercase();
            let names = bitbucket.group_names().into_iter();
            let groups: Vec<Value> =
                names.filter(|name| name.to_lowercase().contains(&wanted)).map(|name| shown(&name)).collect();
            page(bitbucket, request, &groups)
        }
        ("POST", "groups") if name.is_empty() => malformed("A name is needed."),
        ("POST", "groups") if bitbucket.add_group(name) => Answer::json(200, &shown(name)),
        ("POST", "groups") => {
            let exception = "com.atlassian.bitbucket.user.IntegrityException";
            error(409, exception, "A group of this name exists.")
        }
        ("DELETE", "groups") if bitbucket.remove_group(name) => Answer::json(200, &shown(name)),
        ("DELETE", "groups") => no_such_group(name),
        ("GET", "groups/more-members") => {
            let members = bitbucket.members(request.query("context").unwrap_or_default());
            let members: Vec<Value> = members.into_iter().map(user::shown).collect();
            page(bitbucket, request, &members)
        }
        ("POST", "groups/add-users") => {
            let body = request.json().unwrap_or_default();
            let joined = user::put_into(bitbucket, &texts(&body, "users"), &[text(&body, "group")]);
            joined.unwrap_or_else(|refusal| refusal)
        }
        _ => Answer::empty(405),
    }
}
