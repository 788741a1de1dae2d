//! Organizations and their members.

use serde_json::{Value, json};

use super::site::{Organization, Site};
use super::user::user_json;
use super::{account_ids, desk_error, desk_page};
use crate::stand_in::{Answer, Incoming};

/// The longest name of an organization.
const MAX_NAME: usize = 200;

pub(super) fn answer(segments: &[&str], request: &Incoming, site: &mut Site) -> Answer {
    match (request.method.as_str(), segments) {
        ("GET", ["organization"]) => list(request, site),
        ("POST", ["organization"]) => create(request, site),
        ("GET", ["organization", id]) => found(site, id)
            .map_or_else(missing, |organization| Answer::json(200, &organization_json(organization))),
        ("DELETE", ["organization", id]) => match found(site, id).map(|found| found.id) {
            Some(id) => {
                site.organizations.retain(|organization| organization.id != id);
                Answer::empty(204)
            }
            None => missing(),
        },
        ("GET", ["organization", id, "user"]) => {
            let Some(organization) = found(site, id) else { return missing() };
            let members = organization.members.iter().filter_map(|id| site.user(id));
            desk_page(request, &members.map(user_json).collect::<Vec<_>>())
        }
        ("POST" | "DELETE", ["organization", id, "user"]) => change_members(id, request, site),
        (_, ["organization", ..]) => Answer::empty(405),
        _ => missing(),
    }
}

pub(super) fn found<'a>(site: &'a Site, id: &str) -> Option<&'a Organization> {
    let id: u32 = id.parse().ok()?;
    site.organizations.iter().find(|organization| organization.id == id)
}

/// In the order of their names; with `accountId` those of one person.
fn list(request: &Incoming, site: &Site) -> Answer {
    let of = request.query("accountId");
    let mut all: Vec<&Organization> = site
        .organizations
        .iter()
        .filter(|organization| of.is_none_or(|id| organization.members.contains(id)))
        .collect();
    all.sort_by_key(|organization| organization.name.to_lowercase());
    desk_page(request, &all.into_iter().map(organization_json).collect::<Vec<_>>())
}

/// An existing name is answered like a new one.
fn create(request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return desk_error(400, "sd.request.invalid");
    }
    let existing = site.organizations.iter().find(|organization| organization.name == name);
    let id = existing.map(|organization| organization.id);
    let id = id.unwrap_or_else(|| site.add_organization(&name));
    let organization = found(site, &id.to_string());
    organization.map_or_else(|| Answer::empty(500), |found| Answer::json(201, &organization_json(found)))
}

fn change_members(id: &str, request: &Incoming, site: &mut Site) -> Answer {
    let Some(organization) = found(site, id) else { return missing() };
    if organization.scim_managed {
        return desk_error(403, "sd.organization.scim.managed");
    }
    let id = organization.id;
    let (ids, all) = match account_ids(request, site) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    // Unlike at a service desk, one unknown id refuses them all.
    if !all {
        return desk_error(400, "sd.organization.unknown.users");
    }
    for organization in site.organizations.iter_mut().filter(|organization| organization.id == id) {
        if request.method == "POST" {
            organization.members.extend(ids.iter().cloned());
        } else {
            organization.members.retain(|member| !ids.contains(member));
        }
    }
    Answer::empty(204)
}

pub(super) fn organization_json(organization: &Organization) -> Value {
    json!({
        "id": organization.id.to_string(), "name": organization.name,
        "uuid": format!("{:08x}-bbbb-4bbb-8bbb-bbbbbbbbbbbb", organization.id),
        "scimManaged": organization.scim_managed,
    })
}

fn missing() -> Answer {
    desk_error(404, "sd.organization.not.found")
}
