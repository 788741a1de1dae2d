//! Organizations and their members.

use serde_json::{Value, json};

use super::store::Organization;
use super::{error, invalid, named_users, not_found, page, user_json};
use crate::jira::store::{Rights, Store, User};
use crate::stand_in::{Answer, Incoming};

/// The longest name of an organization.
const MAX_NAME: usize = 200;

pub(super) fn all(incoming: &Incoming, rights: Rights, store: &mut Store) -> Answer {
    match incoming.method.as_str() {
        "GET" => list(incoming, rights, store),
        "POST" => create(incoming, store),
        _ => Answer::empty(405),
    }
}

pub(super) fn one(method: &str, id: &str, store: &mut Store) -> Answer {
    let Some(organization) = store.desks.organization(id) else { return not_found() };
    match method {
        "GET" => Answer::json(200, &organization_json(organization)),
        "DELETE" => {
            let id = organization.id;
            store.desks.remove_organization(id);
            Answer::empty(204)
        }
        _ => Answer::empty(405),
    }
}

pub(super) fn members(incoming: &Incoming, id: &str, store: &mut Store) -> Answer {
    let Some(organization) = store.desks.organization(id) else { return not_found() };
    if incoming.method == "GET" {
        let users: Vec<&User> =
            organization.members.iter().filter_map(|key| store.user_by_key(key)).collect();
        return page(incoming, &users.into_iter().map(user_json).collect::<Vec<_>>());
    }
    let keys = match named_users(incoming, store) {
        Ok(keys) => keys,
        Err(refusal) => return refusal,
    };
    let Some(organization) = store.desks.organization_mut(id) else { return not_found() };
    match incoming.method.as_str() {
        "POST" => organization.members.extend(keys),
        "DELETE" => organization.members.retain(|member| !keys.contains(member)),
        _ => return Answer::empty(405),
    }
    Answer::empty(204)
}

/// All of them to agents, in the order of their names; the others see their own.
fn list(incoming: &Incoming, rights: Rights, store: &Store) -> Answer {
    let mut all: Vec<&Organization> = match rights {
        Rights::Administer => store.desks.organizations.iter().collect(),
        Rights::Browse => Vec::new(),
    };
    all.sort_by_key(|organization| organization.name.to_lowercase());
    page(incoming, &all.into_iter().map(organization_json).collect::<Vec<_>>())
}

fn create(incoming: &Incoming, store: &mut Store) -> Answer {
    let body = incoming.json().unwrap_or_default();
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return invalid();
    }
    if let Some(existing) = store.desks.organization_named(&name) {
        return match store.desks.existing_organization {
            status @ 200..=299 => Answer::json(status, &organization_json(existing)),
            status => error(status, "sd.organization.name.taken", "Der Name der Organisation ist vergeben."),
        };
    }
    let id = store.desks.add_organization(&name).to_string();
    match store.desks.organization(&id) {
        Some(organization) => Answer::json(201, &organization_json(organization)),
        None => Answer::empty(500),
    }
}

pub(super) fn organization_json(organization: &Organization) -> Value {
    let id = organization.id.to_string();
    json!({
        "id": id, "name": organization.name,
        "_links": { "self": format!("http://jira.example.test/rest/servicedeskapi/organization/{id}") },
    })
}
