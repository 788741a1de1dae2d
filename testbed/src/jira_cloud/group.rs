//! Groups and memberships, by id.

use serde_json::{Value, json};

use super::page;
use super::site::{Site, User};
use super::user::user_json;
use crate::stand_in::{Answer, Incoming};

pub(super) fn answer(path: &str, request: &Incoming, site: &mut Site) -> Answer {
    match (request.method.as_str(), path) {
        ("GET", "group/bulk") => bulk(request, site),
        ("POST", "group") => create(request, site),
        ("DELETE", "group") => match named(request, site) {
            Ok(id) => {
                site.groups.retain(|group| group.id != id);
                Answer::empty(200)
            }
            Err(refusal) => refusal,
        },
        ("GET", "group/member") => members(request, site),
        ("POST", "group/user") => add(request, site),
        ("DELETE", "group/user") => remove(request, site),
        _ => Answer::empty(405),
    }
}

/// By exact name or id, several at once; all of them when nothing is named.
fn bulk(request: &Incoming, site: &Site) -> Answer {
    let values = |name: &str| -> Vec<&str> {
        request.query.iter().filter(|(have, _)| have == name).map(|(_, value)| value.as_str()).collect()
    };
    let (names, ids) = (values("groupName"), values("groupId"));
    let all: Vec<Value> = site
        .groups
        .iter()
        .filter(|group| {
            (names.is_empty() && ids.is_empty())
                || names.contains(&group.name.as_str())
                || ids.contains(&group.id.as_str())
        })
        .map(|group| json!({ "name": group.name, "groupId": group.id }))
        .collect();
    page(request, &all)
}

fn create(request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if name.is_empty() || site.group_named(&name).is_some() {
        return Answer::error(400, "Der Gruppenname fehlt oder ist vergeben.");
    }
    site.add_group(&name);
    match site.group_named(&name) {
        Some(group) => Answer::json(201, &json!({ "name": group.name, "groupId": group.id, "self": "" })),
        None => Answer::empty(500),
    }
}

/// The id of the group that the query names.
fn named(request: &Incoming, site: &Site) -> Result<String, Answer> {
    let missing = || Answer::error(404, "Die Gruppe ist nicht vorhanden.");
    if let Some(id) = request.query("groupId") {
        return site.group(id).map(|group| group.id.clone()).ok_or_else(missing);
    }
    match request.query("groupname").filter(|name| !name.is_empty()) {
        Some(name) => site.group_named(name).map(|group| group.id.clone()).ok_or_else(missing),
        None => Err(Answer::error(400, "'groupname' oder 'groupId' muss angegeben werden.")),
    }
}

fn members(request: &Incoming, site: &Site) -> Answer {
    let id = match named(request, site) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let inactive = request.query("includeInactiveUsers") == Some("true");
    let members = site.group(&id).into_iter().flat_map(|group| &group.members);
    let members = members.filter_map(|id| site.user(id)).filter(|user| inactive || user.active);
    page(request, &members.map(user_json).collect::<Vec<_>>())
}

fn add(request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let account_id = body.get("accountId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (user, group) = match both(request, site, &account_id) {
        Ok((user, group)) => (user.clone(), group),
        Err(refusal) => return refusal,
    };
    if user.customer || !user.active {
        return Answer::error(400, "Dieser Benutzer kann nicht hinzugefügt werden.");
    }
    let full = site.licences().iter().any(|licence| {
        site.group(&group).is_some_and(|group| group.name == licence.group)
            && site.seats_taken(licence) >= licence.seats
    });
    if full {
        return Answer::error(400, "Die Höchstzahl der Benutzer ist erreicht.");
    }
    let Some(group) = site.group_mut(&group) else { return Answer::empty(500) };
    if !group.members.insert(account_id) {
        return Answer::error(400, "Der Benutzer ist bereits Mitglied der Gruppe.");
    }
    Answer::json(201, &json!({ "name": group.name, "groupId": group.id }))
}

fn remove(request: &Incoming, site: &mut Site) -> Answer {
    let account_id = request.query("accountId").unwrap_or_default().to_owned();
    let group = match both(request, site, &account_id) {
        Ok((_, group)) => group,
        Err(refusal) => return refusal,
    };
    let was_member = site.group_mut(&group).is_some_and(|group| group.members.remove(&account_id));
    if !was_member {
        return Answer::error(400, "Der Benutzer ist kein Mitglied der Gruppe.");
    }
    Answer::empty(200)
}

/// The person and the id of the group, which must not come from the identity provider.
fn both<'a>(request: &Incoming, site: &'a Site, account_id: &str) -> Result<(&'a User, String), Answer> {
    let group = named(request, site)?;
    let user =
        site.user(account_id).ok_or_else(|| Answer::error(404, "Der Benutzer ist nicht vorhanden."))?;
    if site.group(&group).is_some_and(|group| group.scim_managed) {
        return Err(Answer::error(403, "Die Gruppe wird extern verwaltet."));
    }
    Ok((user, group))
}
