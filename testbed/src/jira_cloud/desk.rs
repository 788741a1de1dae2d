//! Service desks, customers, linked organizations.

use serde_json::{Value, json};

use super::organization::{found as organization, organization_json};
use super::site::{Desk, Site, User, fold};
use super::user::user_json;
use super::{account_ids, desk_error, desk_page};
use crate::stand_in::{Answer, Incoming};

pub(super) fn answer(segments: &[&str], request: &Incoming, site: &mut Site) -> Answer {
    let method = request.method.as_str();
    if let ["servicedesk"] = segments {
        return desk_page(request, &site.desks.iter().map(desk_json).collect::<Vec<_>>());
    }
    // The id of the desk, or the key of its project.
    let Some(desk) = segments.get(1).and_then(|id| found(site, id)) else {
        return desk_error(404, "sd.servicedesk.not.found");
    };
    match (method, segments) {
        ("GET", ["servicedesk", _]) => Answer::json(200, &desk_json(desk)),
        ("GET", ["servicedesk", _, "customer"]) => {
            if request.header("x-experimentalapi").is_none() {
                return desk_error(412, "sd.experimental");
            }
            let customers = desk.customers.iter().filter_map(|id| site.user(id));
            desk_page(request, &customers.map(user_json).collect::<Vec<_>>())
        }
        ("POST" | "DELETE", ["servicedesk", _, "customer"]) => change_customers(desk.id, request, site),
        ("GET", ["servicedesk", _, "organization"]) => {
            let linked = desk.organizations.iter().filter_map(|id| organization(site, &id.to_string()));
            desk_page(request, &linked.map(organization_json).collect::<Vec<_>>())
        }
        ("POST" | "DELETE", ["servicedesk", _, "organization"]) => link(desk.id, request, site),
        _ => Answer::empty(405),
    }
}

/// A portal-only account; 409 for an existing one only if that was asked for.
pub(super) fn create_customer(request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let (email, name) = (text("email"), text("displayName"));
    if !email.contains('@') || name.is_empty() {
        return desk_error(400, "sd.request.invalid");
    }
    let same = |user: &User| fold(&user.email) == fold(&email);
    if site.users().any(same) {
        let strict = request.query("strictConflictStatusCode") == Some("true");
        return desk_error(if strict { 409 } else { 400 }, "sd.customer.exists");
    }
    let id = site.add_customer(&email, &name);
    site.user(&id).map_or_else(|| Answer::empty(500), |user| Answer::json(201, &user_json(user)))
}

fn found<'a>(site: &'a Site, id: &str) -> Option<&'a Desk> {
    site.desks.iter().find(|desk| desk.id.to_string() == id || desk.key == id)
}

fn change_customers(desk: u32, request: &Incoming, site: &mut Site) -> Answer {
    let (ids, all) = match account_ids(request, site) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    for desk in site.desks.iter_mut().filter(|have| have.id == desk) {
        if request.method == "POST" {
            desk.customers.extend(ids.iter().cloned());
        } else {
            desk.customers.retain(|customer| !ids.contains(customer));
        }
    }
    if all { Answer::empty(204) } else { desk_error(400, "sd.customers.unknown") }
}

fn link(desk: u32, request: &Incoming, site: &mut Site) -> Answer {
    let body = request.json().unwrap_or_default();
    let Some(id) = body.get("organizationId").and_then(Value::as_u64) else {
        return desk_error(400, "sd.request.invalid");
    };
    let Some(id) = organization(site, &id.to_string()).map(|found| found.id) else {
        return desk_error(404, "sd.organization.not.found");
    };
    for desk in site.desks.iter_mut().filter(|have| have.id == desk) {
        if request.method == "POST" {
            desk.organizations.insert(id);
        } else {
            desk.organizations.remove(&id);
        }
    }
    Answer::empty(204)
}

fn desk_json(desk: &Desk) -> Value {
    json!({
        "id": desk.id.to_string(), "projectId": desk.id.saturating_add(10_000).to_string(),
        "projectName": desk.name, "projectKey": desk.key,
    })
}
