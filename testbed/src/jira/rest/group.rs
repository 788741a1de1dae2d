//! Groups and memberships.

use serde_json::{Value, json};

use super::{method_not_allowed, no_such_group, no_such_user, number, object};
use crate::jira::store::Store;
use crate::stand_in::{Answer, Incoming};

/// Jira's limit on a page of members.
const MAX_PAGE: usize = 50;

pub(super) fn answer(method: &str, path: &str, incoming: &Incoming, store: &mut Store) -> Answer {
    match (method, path) {
        ("POST", "group") => create(incoming, store),
        ("DELETE", "group") => match incoming.query("groupname") {
            Some(name) if store.remove_group(name) => Answer::empty(200),
            Some(name) => no_such_group(name),
            None => Answer::error(400, "The group name must be provided."),
        },
        ("POST", "group/user") => add(incoming, store),
        ("DELETE", "group/user") => remove(incoming, store),
        ("GET", "group/member") => members(incoming, store),
        ("GET", "groups/picker") => pick(incoming, store),
        _ => method_not_allowed(),
    }
}

fn create(incoming: &Incoming, store: &mut Store) -> Answer {
    let name = match object(incoming) {
        Ok(body) => body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned(),
        Err(refusal) => return refusal,
    };
    if name.is_empty() {
        return Answer::error(400, "No group name specified.");
    }
    if !store.add_group(&name) {
        return Answer::error(400, "A group or user with this name already exists.");
    }
    Answer::json(201, &json!({ "name": name, "users": { "size": 0, "items": [] } }))
}

fn add(incoming: &Incoming, store: &mut Store) -> Answer {
    let user = match object(incoming) {
        Ok(body) => body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Err(refusal) => return refusal,
    };
    let Some(group) = incoming.query("groupname").filter(|name| !name.is_empty()) else {
        return Answer::error(400, "The group name must be provided.");
    };
    let Some(group) = store.group_name(group).map(str::to_owned) else { return no_such_group(group) };
    if !store.has_user(&user) {
        return no_such_user(&user);
    }
    if !store.join(&user, &group) {
        let message = format!("Cannot add user. '{user}' is already a member of '{group}'.");
        return Answer::error(400, &message);
    }
    Answer::json(201, &json!({ "name": group }))
}

fn remove(incoming: &Incoming, store: &mut Store) -> Answer {
    let (Some(group), Some(user)) = (incoming.query("groupname"), incoming.query("username")) else {
        return Answer::error(400, "The group name and the user name must be provided.");
    };
    let Some(group) = store.group_name(group).map(str::to_owned) else { return no_such_group(group) };
    if !store.has_user(user) {
        return no_such_user(user);
    }
    if !store.leave(user, &group) {
        let message =
            format!("Cannot remove user '{user}' from group '{group}' since user is no member of it.");
        return Answer::error(400, &message);
    }
    Answer::empty(200)
}

fn members(incoming: &Incoming, store: &Store) -> Answer {
    let Some(group) = incoming.query("groupname").filter(|name| !name.is_empty()) else {
        return Answer::error(400, "The group name must be provided.");
    };
    if store.group_name(group).is_none() {
        return no_such_group(group);
    }
    let inactive = incoming.query("includeInactiveUsers") == Some("true");
    let all: Vec<_> = store.members(group).into_iter().filter(|user| inactive || user.active).collect();
    let start = number(incoming, "startAt", 0);
    let size = number(incoming, "maxResults", MAX_PAGE).min(MAX_PAGE);
    let values: Vec<Value> = all
        .iter()
        .skip(start)
        .take(size)
        .map(|user| {
            json!({
                "name": user.name, "key": user.key, "emailAddress": user.email,
                "displayName": user.display_name, "active": user.active,
            })
        })
        .collect();
    let is_last = start.saturating_add(values.len()) >= all.len();
    Answer::json(
        200,
        &json!({
            "maxResults": size, "startAt": start, "total": all.len(), "isLast": is_last, "values": values,
        }),
    )
}

fn pick(incoming: &Incoming, store: &Store) -> Answer {
    let wanted = incoming.query("query").unwrap_or_default().to_lowercase();
    let all: Vec<&str> = store.group_names().filter(|name| name.to_lowercase().contains(&wanted)).collect();
    let groups: Vec<Value> = all
        .iter()
        .take(number(incoming, "maxResults", 20))
        .map(|name| json!({ "name": name, "html": name, "labels": [] }))
        .collect();
    let header = format!("Showing {} of {} matching groups", groups.len(), all.len());
    Answer::json(200, &json!({ "header": header, "total": all.len(), "groups": groups }))
}
