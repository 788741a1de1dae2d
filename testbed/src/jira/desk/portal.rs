//! Portals: what the number in a browser's address stands for.

use serde_json::{Value, json};

use super::store::ServiceDesk;
use super::{not_found, page};
use crate::jira::store::Store;
use crate::stand_in::{Answer, Incoming};

pub(super) fn all(incoming: &Incoming, store: &Store) -> Answer {
    page(incoming, &store.desks.service_desks.iter().map(portal_json).collect::<Vec<_>>())
}

pub(super) fn one(id: &str, store: &Store) -> Answer {
    found(store.desks.service_desks.iter().find(|desk| desk.portal.to_string() == id))
}

pub(super) fn of_project(key: &str, store: &Store) -> Answer {
    found(store.desks.service_desks.iter().find(|desk| desk.key == key))
}

fn found(desk: Option<&ServiceDesk>) -> Answer {
    desk.map_or_else(not_found, |desk| Answer::json(200, &portal_json(desk)))
}

fn portal_json(desk: &ServiceDesk) -> Value {
    json!({ "id": desk.portal, "name": desk.name, "description": "", "projectKey": desk.key })
}
