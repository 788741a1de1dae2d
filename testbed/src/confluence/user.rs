//! Users.

use serde_json::{Map, Value, json};

use super::{Confluence, User, error, group, no_such_user, page, read_only};
use crate::stand_in::{Answer, Incoming};

/// Below `/rest/api/user`.
pub(super) fn read(confluence: &Confluence, rest: &[&str], request: &Incoming) -> Answer {
    let expands_status = confluence.shows_status && request.query("expand") == Some("status");
    match rest {
        [] => named(confluence, request).map(|user| Answer::json(200, &shown(user, expands_status))),
        ["memberof"] => named(confluence, request).map(|user| {
            let groups: Vec<Value> =
                confluence.groups_of(&user.name).iter().map(|name| group::shown(name)).collect();
            page(confluence, request, &groups)
        }),
        ["list"] => {
            let users: Vec<Value> =
                confluence.users.values().map(|user| shown(user, expands_status)).collect();
            Ok(page(confluence, request, &users))
        }
        _ => Err(Answer::html(404, "<html><body>dead link</body></html>")),
    }
    .unwrap_or_else(|refusal| refusal)
}

/// The user of `key=` or `username=`.
fn named<'a>(confluence: &'a Confluence, request: &Incoming) -> Result<&'a User, Answer> {
    if let Some(key) = request.query("key") {
        let found = confluence.users.values().find(|user| user.key == key);
        return found.ok_or_else(|| no_such_user(key));
    }
    let name = request.query("username").ok_or_else(|| error(400, "Either key or username is needed."))?;
    confluence.user(name).ok_or_else(|| no_such_user(name))
}

/// A person as Confluence shows one: without an e-mail address.
pub(super) fn shown(user: &User, with_status: bool) -> Value {
    let mut value = json!({
        "type": "known", "username": user.name, "userKey": user.key, "displayName": user.full_name,
        "profilePicture": { "path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48 },
        "_links": { "self": format!("http://confluence.example.test/rest/api/user?key={}", user.key) },
        "_expandable": { "status": "" },
    });
    if let Some(value) = value.as_object_mut().filter(|_| with_status) {
        value.insert(String::from("status"), json!(if user.active { "current" } else { "deactivated" }));
    }
    value
}

/// Below `/rest/api/admin/user`.
pub(super) fn administer(
    confluence: &mut Confluence,
    method: &str,
    rest: &[&str],
    request: &Incoming,
) -> Answer {
    match (method, rest) {
        ("POST", []) => create(confluence, request).unwrap_or_else(|refusal| refusal),
        ("PUT", [name]) => update(confluence, name, request).unwrap_or_else(|refusal| refusal),
        ("PUT", [name, "enable" | "disable"]) if confluence.user(name).is_none() => no_such_user(name),
        ("PUT", [_, "enable" | "disable"]) if confluence.read_only => read_only(),
        ("PUT", [name, switch @ ("enable" | "disable")]) => {
            let active = *switch == "enable";
            confluence.change_user(name, |user| user.active = active);
            Answer::empty(204)
        }
        ("DELETE", [name]) if confluence.remove_user(name) => Answer::json(
            202,
            &json!({ "id": "1507336", "links": { "status": "/rest/api/longtask/1507336" } }),
        ),
        ("DELETE", [name]) => no_such_user(name),
        _ => Answer::empty(405),
    }
}

fn object(request: &Incoming) -> Result<Map<String, Value>, Answer> {
    match request.json() {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(error(400, "The body is no user.")),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn create(confluence: &mut Confluence, request: &Incoming) -> Result<Answer, Answer> {
    let body = object(request)?;
    let (name, full_name, email) = (text(&body, "userName"), text(&body, "fullName"), text(&body, "email"));
    let refused = |c: char| c.is_whitespace() || c.is_uppercase() || "\\,+<>'\"".contains(c);
    if name.is_empty() || name == "anonymous" || name.contains(refused) {
        return Err(error(400, "The user name is not allowed."));
    }
    check(&full_name, &email)?;
    let notify = body.get("notifyViaEmail").and_then(Value::as_bool).unwrap_or(false);
    let password = text(&body, "password");
    if notify != password.is_empty() {
        return Err(error(400, "Either a password or a mail is needed, not both."));
    }
    if confluence.read_only {
        return Err(read_only());
    }
    if confluence.user(&name).is_some() {
        return Err(error(409, "A user with this name exists."));
    }
    if confluence.is_full() {
        return Err(error(402, "The licence allows no more users."));
    }
    let key = confluence.next_key();
    let user = User { name: name.clone(), key: key.clone(), full_name, email, active: true, password };
    confluence.users.insert(name.clone(), user);
    confluence.welcome(&name);
    Ok(Answer::json(201, &json!({ "userKey": key })))
}

fn check(full_name: &str, email: &str) -> Result<(), Answer> {
    if full_name.trim().is_empty() || full_name.contains(['<', '>']) || full_name == "anonymous" {
        return Err(error(400, "The full name is not allowed."));
    }
    if !email.contains('@') {
        return Err(error(400, "The e-mail address is not valid."));
    }
    Ok(())
}

/// Neither of the two fields may be blank, so both must come.
fn update(confluence: &mut Confluence, name: &str, request: &Incoming) -> Result<Answer, Answer> {
    let body = object(request)?;
    let (full_name, email) = (text(&body, "fullName"), text(&body, "email"));
    if confluence.user(name).is_none() {
        return Err(no_such_user(name));
    }
    check(&full_name, &email)?;
    if confluence.read_only {
        return Err(read_only());
    }
    confluence.change_user(name, |user| {
        user.full_name = full_name;
        user.email = email;
    });
    Ok(Answer::empty(204))
}
