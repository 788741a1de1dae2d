//! Users and the groups they are put into.

use serde_json::{Value, json};

use super::{
    Bitbucket, LICENCE_GROUP, User, error, group, immutable, malformed, no_seat, no_such_group, no_such_user,
    page, text, texts,
};
use crate::stand_in::{Answer, Incoming};

pub(super) fn answer(bitbucket: &mut Bitbucket, path: &str, request: &Incoming) -> Answer {
    let result = match (request.method.as_str(), path) {
        ("GET", "users") => Ok(find(bitbucket, request)),
        ("POST", "users") => create(bitbucket, request),
        ("PUT", "users") => update(bitbucket, request),
        ("DELETE", "users") => remove(bitbucket, request),
        ("PUT", "users/credentials") => set_password(bitbucket, request),
        ("POST", "users/rename") => rename(bitbucket, request),
        ("GET", "users/more-members") => Ok(groups_of(bitbucket, request)),
        ("POST", "users/add-groups") => join(bitbucket, request),
        ("POST", "users/remove-group") => leave(bitbucket, request),
        _ => return Answer::empty(405),
    };
    result.unwrap_or_else(|refusal| refusal)
}

pub(super) fn shown(user: &User) -> Value {
    json!({
        "name": user.name, "emailAddress": user.email, "id": user.id, "displayName": user.display_name,
        "active": user.active, "slug": user.name.to_lowercase(), "type": "NORMAL",
        "directoryName": user.directory, "deletable": user.mutable_details,
        "mutableDetails": user.mutable_details, "mutableGroups": user.mutable_groups,
    })
}

/// By parts of name, display name and e-mail address.
fn find(bitbucket: &Bitbucket, request: &Incoming) -> Answer {
    let wanted = request.query("filter").unwrap_or_default().to_lowercase();
    let meets = |user: &&User| {
        [&user.name, &user.display_name, &user.email].iter().any(|have| have.to_lowercase().contains(&wanted))
    };
    let found: Vec<Value> = bitbucket.users.values().filter(meets).map(shown).collect();
    page(bitbucket, request, &found)
}

/// Everything is in the query.
fn create(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let field = |name: &str| request.query(name).unwrap_or_default().trim().to_owned();
    let (name, display_name, email) = (field("name"), field("displayName"), field("emailAddress"));
    if name.is_empty() || display_name.is_empty() || !email.contains('@') {
        return Err(malformed("name, displayName and emailAddress are needed."));
    }
    let (password, notify) = (field("password"), field("notify") == "true");
    if password.is_empty() && !notify {
        return Err(malformed("A password is needed."));
    }
    if bitbucket.user(&name).is_some() {
        let exception = "com.atlassian.bitbucket.user.IntegrityException";
        return Err(error(409, exception, "A user of this name exists."));
    }
    let with_default_group = field("addToDefaultGroup") != "false";
    if with_default_group && bitbucket.is_full() {
        return Err(no_seat());
    }
    bitbucket.add_user(&name, &email, if with_default_group { &[LICENCE_GROUP] } else { &[] });
    bitbucket.change_user(&name, |user| {
        user.display_name = display_name;
        user.password = password;
    });
    Ok(Answer::empty(204))
}

fn update(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let body = request.json().unwrap_or_default();
    let name = text(&body, "name");
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    if !user.mutable_details {
        return Err(immutable(409));
    }
    let (display_name, email) = (text(&body, "displayName").to_owned(), text(&body, "email").to_owned());
    if display_name.is_empty() || !email.contains('@') {
        return Err(malformed("displayName and email are needed."));
    }
    bitbucket.change_user(name, |user| {
        user.display_name = display_name;
        user.email = email;
    });
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    Ok(Answer::json(200, &shown(user)))
}

fn set_password(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let body = request.json().unwrap_or_default();
    let (name, password) = (text(&body, "name"), text(&body, "password").to_owned());
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    if !user.mutable_details {
        return Err(immutable(409));
    }
    if password.is_empty() || password != text(&body, "passwordConfirm") {
        return Err(malformed("The passwords differ."));
    }
    bitbucket.change_user(name, |user| user.password = password);
    Ok(Answer::empty(204))
}

fn remove(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let name = request.query("name").unwrap_or_default();
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    let answer = Answer::json(200, &shown(user));
    bitbucket.remove_user(name);
    Ok(answer)
}

fn rename(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let body = request.json().unwrap_or_default();
    let (name, new) = (text(&body, "name"), text(&body, "newName"));
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    if !user.mutable_details {
        return Err(immutable(409));
    }
    if new.is_empty() || !bitbucket.rename_user(name, new) {
        return Err(malformed("The new name is taken."));
    }
    let user = bitbucket.user(new).ok_or_else(|| no_such_user(new))?;
    Ok(Answer::json(200, &shown(user)))
}

/// The groups of nobody are an empty page.
fn groups_of(bitbucket: &Bitbucket, request: &Incoming) -> Answer {
    let wanted = request.query("filter").unwrap_or_default().to_lowercase();
    let groups: Vec<Value> = bitbucket
        .groups_of(request.query("context").unwrap_or_default())
        .iter()
        .filter(|name| name.to_lowercase().contains(&wanted))
        .map(|name| group::shown(name))
        .collect();
    page(bitbucket, request, &groups)
}

fn join(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let body = request.json().unwrap_or_default();
    put_into(bitbucket, &[text(&body, "user")], &texts(&body, "groups"))
}

/// All of it or nothing.
pub(super) fn put_into(bitbucket: &mut Bitbucket, users: &[&str], groups: &[&str]) -> Result<Answer, Answer> {
    if users.is_empty() || groups.is_empty() {
        return Err(malformed("Users and groups are needed."));
    }
    for name in users {
        let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
        if !user.mutable_groups {
            return Err(immutable(403));
        }
        for group in groups {
            if !bitbucket.has_group(group) {
                return Err(no_such_group(group));
            }
            if *group == LICENCE_GROUP && !bitbucket.is_licensed(name) && bitbucket.is_full() {
                return Err(no_seat());
            }
        }
    }
    for (user, group) in users.iter().flat_map(|user| groups.iter().map(move |group| (user, group))) {
        bitbucket.join(user, group);
    }
    Ok(Answer::empty(200))
}

/// Nothing to take is success too.
fn leave(bitbucket: &mut Bitbucket, request: &Incoming) -> Result<Answer, Answer> {
    let body = request.json().unwrap_or_default();
    let (name, group) = (text(&body, "context"), text(&body, "itemName"));
    let user = bitbucket.user(name).ok_or_else(|| no_such_user(name))?;
    if !user.mutable_groups {
        return Err(immutable(403));
    }
    if !bitbucket.has_group(group) {
        return Err(no_such_group(group));
    }
    bitbucket.leave(name, group);
    Ok(Answer::empty(200))
}
