//! Users and their attributes.

use serde_json::{Map, Value, json};

use super::{Crowd, Permission, User, denied, error, no_such_user, object, text};
use crate::stand_in::{Answer, Incoming};

/// Longer values do not fit into Crowd's column.
const MAX_ATTRIBUTE: usize = 255;

pub(super) fn answer(crowd: &mut Crowd, path: &str, request: &Incoming) -> Answer {
    match (request.method.as_str(), path) {
        ("GET", "user") => match named(crowd, request) {
            Ok(user) => {
                let expand = request.query("expand").unwrap_or_default();
                Answer::json(200, &shown(user, expand.split(',').any(|word| word == "attributes")))
            }
            Err(refusal) => refusal,
        },
        ("POST", "user") => refuse_or(create(crowd, request)),
        ("PUT", "user") => refuse_or(update(crowd, request)),
        ("DELETE", "user") => refuse_or(remove(crowd, request)),
        ("POST", "user/rename") => refuse_or(rename(crowd, request)),
        ("GET", "user/attribute") => match named(crowd, request) {
            Ok(user) => Answer::json(200, &json!({ "attributes": attributes(user) })),
            Err(refusal) => refusal,
        },
        ("POST" | "DELETE", "user/attribute") => refuse_or(change_attributes(crowd, request)),
        _ => Answer::empty(405),
    }
}

fn refuse_or(result: Result<Answer, Answer>) -> Answer {
    result.unwrap_or_else(|refusal| refusal)
}

/// The user of `username=` or `key=`.
fn named<'a>(crowd: &'a Crowd, request: &Incoming) -> Result<&'a User, Answer> {
    if let Some(name) = request.query("username") {
        return crowd.user(name).ok_or_else(|| no_such_user(404, name));
    }
    let key = request.query("key").ok_or_else(|| error(400, "ILLEGAL_ARGUMENT", "username is missing"))?;
    crowd.users.values().find(|user| user.key == key).ok_or_else(|| no_such_user(404, key))
}

/// A user as Crowd shows it; attributes that were not asked for look like none.
pub(super) fn shown(user: &User, with_attributes: bool) -> Value {
    let name: String = form_urlencoded::byte_serialize(user.name.as_bytes()).collect();
    let link = |rest: &str| {
        let href =
            format!("http://crowd.example.test/crowd/rest/usermanagement/1/user{rest}?username={name}");
        json!({ "href": href, "rel": "self" })
    };
    let attributes = if with_attributes { attributes(user) } else { Vec::new() };
    json!({
        "expand": "attributes", "link": link(""), "name": user.name, "key": user.key,
        "first-name": user.first_name, "last-name": user.last_name, "display-name": user.display_name,
        "email": user.email, "active": user.active, "created-date": 1_767_225_600_000_u64,
        "updated-date": 1_767_225_600_000_u64, "password": { "link": link("/password") },
        "attributes": { "attributes": attributes, "link": link("/attribute") },
    })
}

fn attributes(user: &User) -> Vec<Value> {
    let all = user.attributes.iter();
    all.map(|(name, values)| json!({ "name": name, "values": values })).collect()
}

fn create(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let body = object(request)?;
    let name = text(&body, "name").trim().to_owned();
    if name.is_empty() {
        return Err(error(400, "INVALID_USER", "Username cannot be blank"));
    }
    if crowd.denies(Permission::AddUser) {
        return Err(denied());
    }
    if crowd.user(&name).is_some() {
        return Err(error(400, "INVALID_USER", "User already exists"));
    }
    let password = body.get("password").and_then(|password| password.get("value")).and_then(Value::as_str);
    let Some(password) = password.filter(|password| password.len() >= 8) else {
        return Err(error(400, "INVALID_CREDENTIAL", "The password does not meet the directory's rules."));
    };
    let mut user = User {
        key: crowd.next_key(),
        password: password.to_owned(),
        attributes: Default::default(),
        first_name: String::new(),
        last_name: String::new(),
        display_name: String::new(),
        email: String::new(),
        active: true,
        name: name.clone(),
    };
    fill(&mut user, &body);
    let answer = Answer::json(201, &shown(&user, false));
    crowd.users.insert(super::store::fold(&name), user);
    Ok(answer.with("location", "http://crowd.example.test/crowd/rest/usermanagement/1/user"))
}

/// Every field becomes what the body says, and nothing where the body says nothing.
fn fill(user: &mut User, body: &Map<String, Value>) {
    user.first_name = text(body, "first-name");
    user.last_name = text(body, "last-name");
    user.display_name = text(body, "display-name");
    user.email = text(body, "email");
    user.active = body.get("active").and_then(Value::as_bool).unwrap_or(false);
}

fn update(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = named(crowd, request)?.name.clone();
    let body = object(request)?;
    if text(&body, "name").to_lowercase() != name.to_lowercase() {
        return Err(error(400, "INVALID_USER", "The names in query and body differ."));
    }
    if crowd.denies(Permission::ModifyUser) {
        return Err(denied());
    }
    crowd.change_user(&name, |user| fill(user, &body));
    Ok(Answer::empty(204))
}

fn remove(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = named(crowd, request)?.name.clone();
    if crowd.denies(Permission::RemoveUser) {
        return Err(denied());
    }
    crowd.remove_user(&name);
    Ok(Answer::empty(204))
}

fn rename(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let old = named(crowd, request)?.name.clone();
    let new = text(&object(request)?, "new-name");
    if crowd.denies(Permission::ModifyUser) {
        return Err(denied());
    }
    if new.is_empty() || !crowd.rename_user(&old, &new) {
        return Err(error(400, "INVALID_USER", "The new name is taken."));
    }
    let user = crowd.user(&new).ok_or_else(|| no_such_user(404, &new))?;
    Ok(Answer::json(200, &shown(user, false)))
}

fn change_attributes(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = named(crowd, request)?.name.clone();
    if crowd.denies(Permission::ModifyUserAttributes) {
        return Err(denied());
    }
    if request.method == "DELETE" {
        let attribute = request.query("attributename").unwrap_or_default().to_owned();
        crowd.change_user(&name, |user| {
            user.attributes.remove(&attribute);
        });
        return Ok(Answer::empty(204));
    }
    let body = object(request)?;
    let mut changes = Vec::new();
    for attribute in body.get("attributes").and_then(Value::as_array).into_iter().flatten() {
        let values = attribute.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<String> = values.filter_map(Value::as_str).map(str::to_owned).collect();
        let name = attribute.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let fits = values.iter().all(|value| value.chars().count() <= MAX_ATTRIBUTE);
        let (Some(name), true) = (name, fits) else {
            return Err(error(400, "ILLEGAL_ARGUMENT", "An attribute has no name or too long a value."));
        };
        changes.push((name.to_owned(), values));
    }
    crowd.change_user(&name, |user| {
        for (attribute, values) in changes {
            if values.is_empty() {
                user.attributes.remove(&attribute);
            } else {
                user.attributes.insert(attribute, values);
            }
        }
    });
    Ok(Answer::empty(204))
}
