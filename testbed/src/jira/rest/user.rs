//! Users, their properties and their application access.

use serde_json::{Map, Value, json};

use super::{method_not_allowed, no_such_user, number, object};
use crate::jira::store::{Store, User, UserSeed};
use crate::stand_in::{Answer, Incoming};

/// Jira's limit on a page of users; more is cut without a word.
const MAX_PAGE: usize = 1000;

pub(super) fn answer(method: &str, path: &str, incoming: &Incoming, store: &mut Store) -> Answer {
    if let Some(rest) = path.strip_prefix("user/properties") {
        return properties(method, rest.trim_start_matches('/'), incoming, store);
    }
    if let Some(name) = path.strip_prefix("user/session/") {
        return end_sessions(method, name, store);
    }
    match (method, path) {
        ("GET", "user") => match named(incoming, store) {
            Ok(user) => {
                Answer::json(200, &user_json(user, store, incoming.query("expand").unwrap_or_default()))
            }
            Err(refusal) => refusal,
        },
        ("POST", "user") => create(incoming, store),
        ("PUT", "user") => update(incoming, store),
        ("DELETE", "user") => match named(incoming, store).map(|user| user.name.clone()) {
            Ok(name) if store.is_owner(&name) => {
                Answer::error(400, &format!("Der Benutzer '{name}' kann nicht gelöscht werden."))
            }
            Ok(name) => {
                store.remove_user(&name);
                Answer::empty(204)
            }
            Err(refusal) => refusal,
        },
        ("GET", "user/search") => search(incoming, store),
        ("POST", "user/anonymization") => anonymize(incoming, store),
        (_, "user/list") if store.old => Answer::json(
            404,
            &json!({ "message": "null for uri: /rest/api/2/user/list", "status-code": 404 }),
        ),
        ("GET", "user/list") => list(incoming, store),
        ("POST" | "DELETE", "user/application") => application(method, incoming, store),
        (_, "user" | "user/search" | "user/list" | "user/application") => method_not_allowed(),
        _ => Answer::html(404, "<html><body>null for uri</body></html>"),
    }
}

/// One at a time; it goes on in the background, which here is over at once.
fn anonymize(incoming: &Incoming, store: &mut Store) -> Answer {
    let body = match object(incoming) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let key = body.get("userKey").and_then(Value::as_str).unwrap_or_default();
    if store.anonymizing > 0 {
        store.anonymizing -= 1;
        return Answer::error(409, "Another user anonymization process is already in progress.");
    }
    // Whoever is not there only fails when the task runs.
    if let Some(name) = store.user_by_key(key).map(|user| user.name.clone()) {
        store.anonymize(&name);
    } else if key.is_empty() {
        return Answer::field_error(400, "userKey", "The user key is missing.");
    }
    Answer::json(202, &json!({ "progressUrl": "/rest/api/2/user/anonymization/progress?taskId=10000" }))
}

/// Signs somebody out of every browser.
fn end_sessions(method: &str, name: &str, store: &Store) -> Answer {
    if method != "DELETE" {
        return method_not_allowed();
    }
    let pair = format!("name={name}");
    let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, name)| name.into_owned());
    match name.as_deref().and_then(|name| store.user(name)) {
        Some(_) => Answer::empty(204),
        None => no_such_user(name.as_deref().unwrap_or_default()),
    }
}

/// The user of `username=` or `key=` (`userKey=` below properties).
fn named<'a>(incoming: &Incoming, store: &'a Store) -> Result<&'a User, Answer> {
    if let Some(key) = incoming.query("key").or_else(|| incoming.query("userKey")) {
        return store
            .user_by_key(key)
            .ok_or_else(|| Answer::error(404, &format!("The user with the key '{key}' does not exist")));
    }
    let Some(name) = incoming.query("username") else {
        return Err(Answer::error(400, "Either the username or the user key must be provided."));
    };
    store.user(name).ok_or_else(|| no_such_user(name))
}

fn user_json(user: &User, store: &Store, expand: &str) -> Value {
    let link = |name: &str, value: &str| {
        let value = form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
        format!("http://jira.example.test/rest/api/2/{name}={value}")
    };
    let groups = store.groups_of(&user.name);
    let items: Vec<Value> =
        groups.iter().map(|group| json!({ "name": group, "self": link("group?groupname", group) })).collect();
    let seats = store.seats_of(&user.name);
    let roles: Vec<Value> = seats.iter().map(|key| json!({ "key": key })).collect();
    let expands = |what: &str| expand.split(',').any(|word| word.trim() == what);
    let list = |size: usize, items: Vec<Value>, expanded: bool| json!({ "size": size, "items": if expanded { items } else { Vec::new() } });
    json!({
        "self": link("user?username", &user.name),
        "name": user.name, "key": user.key, "emailAddress": user.email, "displayName": user.display_name,
        "active": user.active, "deleted": false, "timeZone": "Etc/UTC", "locale": "en_US",
        "groups": list(groups.len(), items, expands("groups")),
        "applicationRoles": list(seats.len(), roles, expands("applicationRoles")),
        "expand": "groups,applicationRoles",
    })
}

fn create(incoming: &Incoming, store: &mut Store) -> Answer {
    let body = match object(incoming) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let (name, email, display_name) = (text("name"), text("emailAddress"), text("displayName"));
    if name.is_empty() {
        return Answer::field_error(400, "username", "You must specify a username.");
    }
    if store.has_user(&name) {
        return Answer::field_error(400, "username", "A user with that username already exists.");
    }
    if !email.contains('@') {
        return Answer::field_error(400, "email", "You must specify a valid email address.");
    }
    if display_name.is_empty() {
        return Answer::field_error(400, "displayName", "You must specify a full name.");
    }
    let access = match access(&body, store) {
        Ok(groups) => groups,
        Err(refusal) => return refusal,
    };
    let active = body.get("active").and_then(Value::as_bool).unwrap_or(true);
    store.add_user(UserSeed { email, display_name, active, groups: access, ..UserSeed::new(&name, &[]) });
    store.made += 1;
    match store.user(&name) {
        Some(user) => Answer::json(201, &user_json(user, store, "")),
        None => Answer::empty(500),
    }
}

/// The groups that `applicationKeys` stands for: those of the default applications where it is missing.
fn access(body: &Map<String, Value>, store: &Store) -> Result<Vec<String>, Answer> {
    let asked = body.get("applicationKeys").and_then(Value::as_array);
    let mut groups = Vec::new();
    for licence in store.licences() {
        let wanted = asked.map_or(licence.selected_by_default, |keys| {
            keys.iter().any(|key| key.as_str() == Some(&licence.key))
        });
        if wanted && store.seats_taken(licence) >= licence.seats {
            return Err(Answer::error(400, "The user limit of the license has been reached."));
        }
        if wanted {
            groups.push(licence.group.clone());
        }
    }
    let known = |key: &Value| store.licences().iter().any(|licence| key.as_str() == Some(&licence.key));
    match asked.into_iter().flatten().find(|key| !known(key)) {
        Some(unknown) => Err(Answer::field_error(400, "applicationKeys", &format!("unknown {unknown}"))),
        None => Ok(groups),
    }
}

fn update(incoming: &Incoming, store: &mut Store) -> Answer {
    let name = match named(incoming, store) {
        Ok(user) => user.name.clone(),
        Err(refusal) => return refusal,
    };
    let body = match object(incoming) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::to_owned);
    let active = body.get("active").and_then(Value::as_bool);
    let (email, display_name, new_name) = (text("emailAddress"), text("displayName"), text("name"));
    if email.is_none() && display_name.is_none() && new_name.is_none() && active.is_none() {
        return Answer::error(400, "There is no value to be changed.");
    }
    if email.as_ref().is_some_and(|email| !email.contains('@')) {
        return Answer::field_error(400, "email", "You must specify a valid email address.");
    }
    if active == Some(false) && store.is_owner(&name) {
        return Answer::field_error(400, "active", "Der Benutzer leitet ein Projekt.");
    }
    let now_named = new_name.unwrap_or_else(|| name.clone());
    if now_named != name && !store.rename_user(&name, &now_named) {
        return Answer::field_error(400, "username", "A user with that username already exists.");
    }
    if let Some(user) = store.user_mut(&now_named) {
        user.email = email.unwrap_or_else(|| user.email.clone());
        user.display_name = display_name.unwrap_or_else(|| user.display_name.clone());
        user.active = active.unwrap_or(user.active);
    }
    match store.user(&now_named) {
        Some(user) => Answer::json(200, &user_json(user, store, "")),
        None => Answer::empty(500),
    }
}

/// By substring of user name, display name or e-mail address, as Jira does.
fn search(incoming: &Incoming, store: &Store) -> Answer {
    let Some(wanted) = incoming.query("username").map(str::to_lowercase) else {
        return Answer::error(400, "The username query parameter was not provided");
    };
    let flag = |name: &str, default| incoming.query(name).map_or(default, |value| value == "true");
    let (active, inactive) = (flag("includeActive", true), flag("includeInactive", false));
    let everybody = wanted == ".";
    let found: Vec<Value> = store
        .users()
        .filter(|user| if user.active { active } else { inactive })
        .filter(|user| {
            let fields = [&user.name, &user.display_name, &user.email];
            everybody || fields.iter().any(|field| field.to_lowercase().contains(&wanted))
        })
        .skip(number(incoming, "startAt", 0))
        .take(number(incoming, "maxResults", 50).min(MAX_PAGE))
        .map(|user| user_json(user, store, ""))
        .collect();
    Answer::json(200, &Value::Array(found))
}

fn list(incoming: &Incoming, store: &Store) -> Answer {
    let size = number(incoming, "maxResults", MAX_PAGE).clamp(1, 2000);
    let cursor = number(incoming, "cursor", 0);
    let mut users = store.users().skip(cursor);
    let values: Vec<Value> = users.by_ref().take(size).map(|user| user_json(user, store, "")).collect();
    let next = cursor.saturating_add(values.len());
    let is_last = users.next().is_none();
    let mut page = json!({ "maxResults": size, "isLast": is_last, "values": values });
    if let Some(page) = page.as_object_mut().filter(|_| !is_last) {
        page.insert(String::from("nextCursor"), json!(next.to_string()));
    }
    Answer::json(200, &page)
}

fn application(method: &str, incoming: &Incoming, store: &mut Store) -> Answer {
    let name = match named(incoming, store) {
        Ok(user) => user.name.clone(),
        Err(refusal) => return refusal,
    };
    let key = incoming.query("applicationKey").unwrap_or_default();
    let Some(licence) = store.licences().iter().find(|licence| licence.key == key).cloned() else {
        return Answer::error(400, "The application does not exist.");
    };
    if method == "DELETE" {
        store.leave(&name, &licence.group);
        return Answer::empty(204);
    }
    if store.seats_taken(&licence) >= licence.seats {
        return Answer::error(400, "The user limit of the license has been reached.");
    }
    store.add_group(&licence.group);
    store.join(&name, &licence.group);
    Answer::json(200, &json!({}))
}

fn properties(method: &str, key: &str, incoming: &Incoming, store: &mut Store) -> Answer {
    let name = match named(incoming, store) {
        Ok(user) => user.name.clone(),
        Err(refusal) => return refusal,
    };
    let Some(user) = store.user_mut(&name) else { return no_such_user(&name) };
    if key.is_empty() {
        let keys: Vec<Value> = user.properties.keys().map(|key| json!({ "key": key })).collect();
        return Answer::json(200, &json!({ "keys": keys }));
    }
    let missing = || Answer::error(404, &format!("The property {key} does not exist."));
    match method {
        "GET" => user
            .properties
            .get(key)
            .map_or_else(missing, |value| Answer::json(200, &json!({ "key": key, "value": value }))),
        "PUT" => {
            if key.len() > 255 || incoming.body.len() > 32_768 {
                return Answer::error(400, "The property's key or value is too long.");
            }
            let Ok(value) = serde_json::from_slice(&incoming.body) else {
                return Answer::error(400, "The property's value is no JSON.");
            };
            let is_new = user.properties.insert(key.to_owned(), value).is_none();
            Answer::empty(if is_new { 201 } else { 200 })
        }
        "DELETE" => user.properties.remove(key).map_or_else(missing, |_| Answer::empty(204)),
        _ => method_not_allowed(),
    }
}
