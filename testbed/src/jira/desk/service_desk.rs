//! Service desks, their customers and the organizations linked to them.

use serde_json::{Value, json};

use super::organization::organization_json;
use super::store::ServiceDesk;
use super::{error, invalid, named_users, not_found, page, user_json};
use crate::jira::store::{Store, User, UserSeed};
use crate::stand_in::{Answer, Incoming};

pub(super) fn all(incoming: &Incoming, store: &Store) -> Answer {
    page(incoming, &store.desks.service_desks.iter().map(desk_json).collect::<Vec<_>>())
}

pub(super) fn one(id: &str, store: &Store) -> Answer {
    store.desks.service_desk(id).map_or_else(not_found, |desk| Answer::json(200, &desk_json(desk)))
}

/// A customer is a user without application access whose name is the e-mail address.
pub(super) fn create_customer(incoming: &Incoming, store: &mut Store) -> Answer {
    let body = incoming.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let (email, name) = (text("email"), text("fullName"));
    if !email.contains('@') || name.is_empty() {
        return invalid();
    }
    let same = |user: &User| user.email.to_lowercase() == email.to_lowercase();
    if store.has_user(&email) || store.users().any(same) {
        return error(
            400,
            "sd.customer.email.exists",
            "Es gibt bereits ein Konto mit dieser E-Mail-Adresse.",
        );
    }
    store.add_user(UserSeed { email: email.clone(), display_name: name, ..UserSeed::new(&email, &[]) });
    store.user(&email).map_or_else(|| Answer::empty(500), |user| Answer::json(201, &user_json(user)))
}

pub(super) fn customers(incoming: &Incoming, id: &str, store: &mut Store) -> Answer {
    let Some(desk) = store.desks.service_desk(id) else { return not_found() };
    if incoming.method == "GET" {
        let wanted = incoming.query("query").unwrap_or_default().to_lowercase();
        let users = desk.customers.iter().filter_map(|key| store.user_by_key(key));
        let found = users.filter(|user| {
            [&user.name, &user.display_name, &user.email]
                .iter()
                .any(|field| field.to_lowercase().contains(&wanted))
        });
        return page(incoming, &found.map(user_json).collect::<Vec<_>>());
    }
    let keys = match named_users(incoming, store) {
        Ok(keys) => keys,
        Err(refusal) => return refusal,
    };
    let Some(desk) = store.desks.service_desk_mut(id) else { return not_found() };
    match incoming.method.as_str() {
        "POST" => desk.customers.extend(keys.iter().cloned()),
        "DELETE" => desk.customers.retain(|customer| !keys.contains(customer)),
        _ => return Answer::empty(405),
    }
    let added = keys.first().filter(|_| store.desks.newest && incoming.method == "POST");
    match added.and_then(|key| store.user_by_key(key)) {
        Some(user) => Answer::json(200, &user_json(user)),
        None => Answer::empty(204),
    }
}

pub(super) fn organizations(incoming: &Incoming, id: &str, store: &mut Store) -> Answer {
    let Some(desk) = store.desks.service_desk(id) else { return not_found() };
    if incoming.method == "GET" {
        let linked = desk.organizations.iter().filter_map(|id| store.desks.organization(&id.to_string()));
        return page(incoming, &linked.map(organization_json).collect::<Vec<_>>());
    }
    // A number here, a string everywhere else.
    let body = incoming.json().unwrap_or_default();
    let Some(organization) = body.get("organizationId").and_then(Value::as_u64) else { return invalid() };
    let Some(organization) = store.desks.organization(&organization.to_string()).map(|found| found.id) else {
        return not_found();
    };
    let Some(desk) = store.desks.service_desk_mut(id) else { return not_found() };
    match incoming.method.as_str() {
        "POST" => desk.organizations.insert(organization),
        "DELETE" => desk.organizations.remove(&organization),
        _ => return Answer::empty(405),
    };
    Answer::empty(204)
}

fn desk_json(desk: &ServiceDesk) -> Value {
    let base = "http://jira.example.test";
    json!({
        "id": desk.id.to_string(), "projectId": desk.id.saturating_add(10_000).to_string(),
        "projectName": desk.name, "projectKey": desk.key,
        "_links": {
            "self": format!("{base}/rest/servicedeskapi/servicedesk/{}", desk.id),
            "portal": format!("{base}/servicedesk/customer/portal/{}", desk.portal),
        },
    })
}
