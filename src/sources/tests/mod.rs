//! What directories answer, and mostly what they should not.

mod access;
mod every;
mod graph;
mod keycloak;
mod okta;
mod scim;

use core::time::Duration;

use serde_json::Value;

use super::graph::{Graph, GraphOptions};
use super::keycloak::{Keycloak, KeycloakGroupNames, KeycloakOptions};
use super::okta::{Okta, OktaOptions};
use super::scim::{Scim, ScimGroups, ScimOptions};
use super::{Credentials, Cursor, Endpoint, Next, PageRead, Pull, Request, Source, SourceError};
use crate::base::UnixTime;
use crate::directory::Person;
use crate::http::HttpResponse;

/// 2026-01-01T00:00:00Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_225_600);

const FULL: Pull = Pull::Full { then_delta: false };

fn endpoint(path_prefix: &str) -> Endpoint {
    Endpoint {
        cluster: "directory".to_owned(),
        authority: "id.example.com".to_owned(),
        path_prefix: path_prefix.to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Injected,
    }
}

fn scim(groups: ScimGroups) -> Scim {
    let options = ScimOptions { page_size: 10, filter: None, groups, delta: true };
    Scim::new(endpoint("/scim/v2"), options)
}

fn graph() -> Graph {
    let options = GraphOptions {
        page_size: 100,
        filter: None,
        username: "userPrincipalName".to_owned(),
        attributes: vec!["mobilePhone".to_owned()],
        nested_groups: true,
    };
    Graph::new(endpoint("/v1.0"), options)
}

fn okta() -> Okta {
    let options = OktaOptions { page_size: 200, search: None, username: "login".to_owned() };
    Okta::new(endpoint(""), options)
}

fn keycloak() -> Keycloak {
    let options = KeycloakOptions {
        realm: "staff".to_owned(),
        page_size: 10,
        username: "username".to_owned(),
        group_names: KeycloakGroupNames::Name,
    };
    Keycloak::new(endpoint("/auth"), options)
}

fn raw(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> HttpResponse {
    HttpResponse {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_ref().to_vec(),
    }
}

fn json(status: u16, body: &Value) -> HttpResponse {
    raw(status, &[("content-type", "application/json")], body.to_string())
}

/// The first page of people of a source that groups can be asked of.
fn start(source: &impl Source) -> Cursor {
    let cursor = source.start(&FULL, NOW).unwrap();
    match cursor.request() {
        Request::Groups => next(read(source, &cursor, &serde_json::json!({ "totalResults": 0 })).unwrap()),
        _ => cursor,
    }
}

/// Who is on a page and cannot be read for certain, and why.
fn odd(found: Result<PageRead, SourceError>) -> (String, &'static str) {
    let mut found = found.unwrap();
    assert_eq!((found.people.len(), found.odd.len()), (0, 1));
    let odd = found.odd.remove(0);
    (odd.person.username.expose().clone(), odd.expected)
}

fn read(source: &impl Source, cursor: &Cursor, body: &Value) -> Result<PageRead, SourceError> {
    source.read(cursor, &json(200, body), NOW)
}

fn next(read: PageRead) -> Cursor {
    match read.next {
        Next::Page(cursor) => cursor,
        Next::End(end) => panic!("it ended: {end:?}"),
    }
}

fn names(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.username.expose().as_str()).collect()
}

/// How an answer was malformed.
fn expected<T: core::fmt::Debug>(found: Result<T, SourceError>) -> &'static str {
    match found {
        Err(SourceError::Malformed { expected, .. }) => expected,
        other => panic!("{other:?}"),
    }
}
