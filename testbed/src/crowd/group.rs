//! Groups and memberships.

use serde_json::{Value, json};

use super::store::fold;
use super::{Crowd, Permission, denied, error, no_such_group, no_such_user, object, page, text, user};
use crate::stand_in::{Answer, Incoming};

pub(super) fn answer(crowd: &mut Crowd, path: &str, request: &Incoming) -> Answer {
    let result = match (request.method.as_str(), path) {
        ("GET", "group") => find(crowd, request),
        ("POST", "group") => create(crowd, request),
        ("DELETE", "group") => remove(crowd, request),
        ("GET", "user/group/direct" | "user/group/nested") => groups_of(crowd, path, request),
        ("GET", "group/user/direct") => members(crowd, request),
        ("POST", "user/group/direct" | "group/user/direct") => join(crowd, path, request),
        ("DELETE", "user/group/direct" | "group/user/direct") => leave(crowd, request),
        _ => return Answer::empty(405),
    };
    result.unwrap_or_else(|refusal| refusal)
}

/// The group that the query names.
fn group(crowd: &Crowd, request: &Incoming) -> Result<String, Answer> {
    let name = request.query("groupname").unwrap_or_default();
    let found = crowd.groups.get(&fold(name)).map(|group| group.name.clone());
    found.ok_or_else(|| no_such_group(404, name))
}

/// The user that the query names.
fn user(crowd: &Crowd, request: &Incoming) -> Result<String, Answer> {
    let name = request.query("username").unwrap_or_default();
    crowd.user(name).map(|user| user.name.clone()).ok_or_else(|| no_such_user(404, name))
}

fn shown(name: &str) -> Value {
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let href = format!("http://crowd.example.test/crowd/rest/usermanagement/1/group?groupname={encoded}");
    json!({ "link": { "href": href, "rel": "self" }, "name": name })
}

fn find(crowd: &Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = group(crowd, request)?;
    let group = crowd.groups.get(&fold(&name)).ok_or_else(|| no_such_group(404, &name))?;
    let mut value = shown(&name);
    if let Some(value) = value.as_object_mut() {
        value.insert(String::from("description"), json!(group.description));
        value.insert(String::from("type"), json!("GROUP"));
        value.insert(String::from("active"), json!(group.active));
    }
    Ok(Answer::json(200, &value))
}

fn create(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let body = object(request)?;
    let name = text(&body, "name").trim().to_owned();
    if crowd.denies(Permission::AddGroup) {
        return Err(denied());
    }
    if name.is_empty() || text(&body, "type") != "GROUP" {
        return Err(error(400, "INVALID_GROUP", "A group needs a name and the type GROUP."));
    }
    if !crowd.add_group(&name) {
        return Err(error(400, "INVALID_GROUP", "Group already exists"));
    }
    Ok(Answer::empty(201).with("location", "http://crowd.example.test/crowd/rest/usermanagement/1/group"))
}

fn remove(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = group(crowd, request)?;
    if crowd.denies(Permission::RemoveGroup) {
        return Err(denied());
    }
    crowd.remove_group(&name);
    Ok(Answer::empty(204))
}

/// A user's groups; with `groupname` whether there is this membership.
fn groups_of(crowd: &Crowd, path: &str, request: &Incoming) -> Result<Answer, Answer> {
    let user = user(crowd, request)?;
    let mut groups =
        if path.ends_with("nested") { crowd.nested_groups_of(&user) } else { crowd.groups_of(&user) };
    if let Some(wanted) = request.query("groupname") {
        groups.retain(|group| fold(group) == fold(wanted));
        if groups.is_empty() {
            return Err(no_such_membership());
        }
    }
    let groups: Vec<Value> = page(request, groups).iter().map(|name| shown(name)).collect();
    Ok(Answer::json(200, &json!({ "expand": "group", "groups": groups })))
}

fn members(crowd: &Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let name = group(crowd, request)?;
    let expanded = request.query("expand") == Some("user");
    let members = page(request, crowd.members(&name));
    let users: Vec<Value> = members
        .into_iter()
        .map(|member| if expanded { user::shown(member, false) } else { json!({ "name": member.name }) })
        .collect();
    Ok(Answer::json(200, &json!({ "expand": "user", "users": users })))
}

/// What the query names is missing with 404, what the body names with 400.
fn join(crowd: &mut Crowd, path: &str, request: &Incoming) -> Result<Answer, Answer> {
    let named = text(&object(request)?, "name");
    let (user, group) = if path.starts_with("user/") {
        let user = user(crowd, request)?;
        if !crowd.has_group(&named) {
            return Err(no_such_group(400, &named));
        }
        (user, named)
    } else {
        let group = group(crowd, request)?;
        if crowd.user(&named).is_none() {
            return Err(no_such_user(400, &named));
        }
        (named, group)
    };
    if crowd.denies(Permission::ModifyGroup) {
        return Err(denied());
    }
    if !crowd.join(&user, &group) {
        return Err(error(409, "MEMBERSHIP_ALREADY_EXISTS", "Membership already exists"));
    }
    Ok(Answer::empty(201))
}

fn leave(crowd: &mut Crowd, request: &Incoming) -> Result<Answer, Answer> {
    let (user, group) = (user(crowd, request)?, group(crowd, request)?);
    if crowd.denies(Permission::ModifyGroup) {
        return Err(denied());
    }
    if crowd.leave(&user, &group) { Ok(Answer::empty(204)) } else { Err(no_such_membership()) }
}

fn no_such_membership() -> Answer {
    error(404, "MEMBERSHIP_NOT_FOUND", "The user is no member of the group.")
}
