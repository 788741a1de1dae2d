//! Jira Service Management's part of the stand-in Jira, by itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use serde_json::{Value, json};
use testbed::client::{Request, Response};
use testbed::jira::{JiraState, Rights, Store, TOKEN, UserSeed, router};
use testbed::server::Server;

struct World {
    state: JiraState,
    server: Server,
}

impl World {
    fn new() -> Self {
        let mut store = Store::demo();
        store.add_user(UserSeed::new("alice", &[]));
        store.add_service_desk("HELP", "Help");
        let state = JiraState::new(store);
        let server = Server::start(0, router(state.clone())).unwrap();
        Self { state, server }
    }

    fn plain(method: &str, path: &str, body: &Value) -> Request {
        let mut request = Request::new(method, "jira.example.test", &format!("/rest/servicedeskapi/{path}"))
            .header("Authorization", &format!("Bearer {TOKEN}"))
            .header("X-Atlassian-Token", "no-check");
        if !body.is_null() {
            request = request.body("application/json", body.to_string());
        }
        request
    }

    fn send(&self, request: &Request) -> Response {
        request.send(self.server.address()).unwrap()
    }

    fn rest(&self, method: &str, path: &str, body: &Value) -> Response {
        self.send(&Self::plain(method, path, body).header("X-ExperimentalApi", "opt-in"))
    }

    fn status(&self, method: &str, path: &str, body: &Value) -> u16 {
        self.rest(method, path, body).status
    }
}

#[test]
fn every_method_but_info_wants_the_experimental_header() {
    let world = World::new();
    for (method, path) in [
        ("GET", "organization"),
        ("POST", "organization"),
        ("POST", "organization/2/user"),
        ("POST", "servicedesk/1/customer"),
        ("GET", "portals"),
    ] {
        let answer = world.send(&World::plain(method, path, &Value::Null));
        assert_eq!(answer.status, 412, "{method} {path}");
        assert!(answer.json()["errorMessage"].is_string() && answer.json()["errorMessages"].is_null());
    }
    assert_eq!(world.send(&World::plain("GET", "info", &Value::Null)).status, 200);
}

#[test]
fn without_a_licence_there_is_a_page_and_the_platform_goes_on() {
    let world = World::new();
    world.state.change(|store| store.license_service_management(false));
    for (method, path) in [("GET", "organization"), ("POST", "organization"), ("GET", "servicedesk/1")] {
        let answer = world.rest(method, path, &json!({ "name": "Acme" }));
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.starts_with(b"<html>"), "{path}");
    }
    assert_eq!(world.rest("GET", "info", &Value::Null).json()["isLicensedForUse"], false);
    let user = Request::new("GET", "jira.example.test", "/rest/api/2/user?username=alice")
        .header("Authorization", &format!("Bearer {TOKEN}"));
    assert_eq!(world.send(&user).status, 200);
}

#[test]
fn strangers_readers_and_browsers_are_refused() {
    let world = World::new();
    world.state.change(|store| store.add_token("reader", Rights::Browse));
    let body = json!({ "name": "Acme" });
    let create = || World::plain("POST", "organization", &body).header("X-ExperimentalApi", "opt-in");
    assert_eq!(world.send(&create().header("Origin", "https://jira.example.test")).status, 403);
    assert_eq!(world.send(&create().header("User-Agent", "Mozilla/5.0")).status, 403);
    assert_eq!(world.send(&create().header("Cookie", "JSESSIONID=1")).status, 403);
    let with_token = |token: &str, method: &str| {
        let mut request = Request::new(method, "jira.example.test", "/rest/servicedeskapi/organization")
            .header("Authorization", &format!("Bearer {token}"))
            .header("X-Atlassian-Token", "no-check")
            .header("X-ExperimentalApi", "opt-in");
        if method == "POST" {
            request = request.body("application/json", body.to_string());
        }
        world.send(&request)
    };
    assert_eq!(with_token("stranger", "GET").status, 401);
    assert_eq!(with_token("reader", "POST").status, 403);
    assert_eq!(world.state.store().organizations(), Vec::<String>::new());
    world.state.change(|store| {
        store.add_organization("Acme");
    });
    assert_eq!(with_token("reader", "GET").json()["size"], 0, "who is no agent sees only his own");
}

#[test]
fn organizations_come_by_name_and_fifty_at_a_time() {
    let world = World::new();
    world.state.change(|store| {
        for number in (0..120).rev() {
            store.add_organization(&format!("Org {number:03}"));
        }
    });
    let mut names = Vec::new();
    loop {
        let path = format!("organization?start={}&limit=1000", names.len());
        let page = world.rest("GET", &path, &Value::Null).json();
        let values = page["values"].as_array().unwrap();
        assert_eq!((page["limit"].as_u64(), page["total"].clone()), (Some(50), Value::Null));
        names.extend(values.iter().map(|value| value["name"].as_str().unwrap().to_owned()));
        if page["isLastPage"] == true {
            break;
        }
    }
    assert_eq!(names.len(), 120);
    assert!(names.is_sorted());
}

#[test]
fn an_existing_organization_is_answered_as_it_is_told() {
    let world = World::new();
    let create = |name: &str| world.rest("POST", "organization", &json!({ "name": name }));
    let first = create("Acme").json();
    assert!(first["id"].is_string(), "{first}");
    assert_eq!(create("acme").status, 400);
    assert_eq!(create(" ").status, 400);
    assert_eq!(create(&"x".repeat(201)).status, 400);
    assert_eq!(create(&"ä".repeat(200)).status, 201);
    world.state.change(|store| store.answer_existing_organizations_with(201));
    let again = create("ACME");
    assert_eq!((again.status, again.json()["id"].clone()), (201, first["id"].clone()));
}

#[test]
fn members_are_added_all_or_none_and_repeatably() {
    let world = World::new();
    world.state.change(|store| {
        store.add_organization("Acme");
    });
    let users = |names: &[&str]| json!({ "usernames": names });
    for (method, path, body, status) in [
        ("POST", "organization/2/user", users(&["alice", "nobody"]), 400),
        ("POST", "organization/2/user", users(&[]), 400),
        ("POST", "organization/2/user", json!({ "accountIds": ["x"] }), 400),
        ("POST", "organization/1/user", users(&["alice"]), 404),
        ("POST", "organization/Acme/user", users(&["alice"]), 404),
        ("DELETE", "organization/2/user", users(&["alice"]), 204),
        ("PUT", "organization/2/user", users(&["alice"]), 405),
    ] {
        assert_eq!(world.status(method, path, &body), status, "{method} {path} {body}");
        assert_eq!(world.state.store().organizations_of("alice"), Vec::<String>::new());
    }
    for _ in 0..2 {
        assert_eq!(world.status("POST", "organization/2/user", &users(&["ALICE"])), 204);
        assert_eq!(world.state.store().organizations_of("alice"), ["Acme"]);
    }
    let members = world.rest("GET", "organization/2/user", &Value::Null).json();
    assert_eq!(members["values"][0]["name"], "alice");
    assert_eq!(world.status("DELETE", "organization/2/user", &users(&["alice"])), 204);
    assert_eq!(world.status("DELETE", "organization/2", &Value::Null), 204);
    assert_eq!(world.status("DELETE", "organization/2", &Value::Null), 404);
}

#[test]
fn customers_and_organizations_reach_a_service_desk() {
    let world = World::new();
    world.state.change(|store| {
        store.add_organization("Acme");
    });
    let nobody = Value::Null;
    for (method, path, body, status) in [
        ("POST", "servicedesk/9/customer", json!({ "usernames": ["alice"] }), 404),
        ("POST", "servicedesk/1/customer", json!({ "usernames": ["nobody"] }), 400),
        ("POST", "servicedesk/1/customer", json!({ "usernames": ["alice"] }), 204),
        ("POST", "servicedesk/1/customer", json!({ "usernames": ["alice"] }), 204),
        ("POST", "servicedesk/1/organization", json!({ "organizationId": "2" }), 400),
        ("POST", "servicedesk/1/organization", json!({ "organizationId": 9 }), 404),
        ("POST", "servicedesk/9/organization", json!({ "organizationId": 2 }), 404),
        ("POST", "servicedesk/1/organization", json!({ "organizationId": 2 }), 204),
        ("POST", "servicedesk/1/organization", json!({ "organizationId": 2 }), 204),
        ("POST", "customer", json!({ "email": "nope", "fullName": "N" }), 400),
        ("POST", "customer", json!({ "email": "n@example.test" }), 400),
        ("POST", "customer", json!({ "email": "ALICE@example.test", "fullName": "A" }), 400),
        ("GET", "servicedesk/9", nobody.clone(), 404),
        ("GET", "portals/1", nobody.clone(), 404),
        ("GET", "portals/101", nobody.clone(), 200),
        ("GET", "portals/project/HELP", nobody.clone(), 200),
        ("GET", "request/1", nobody.clone(), 404),
    ] {
        assert_eq!(world.status(method, path, &body), status, "{method} {path} {body}");
    }
    let store = world.state.store();
    assert_eq!(store.service_desks_of("alice"), ["HELP"]);
    assert_eq!(store.organizations_at("HELP"), ["Acme"]);
    world.state.change(Store::answer_as_the_newest);
    assert_eq!(world.status("POST", "servicedesk/1/customer", &json!({ "usernames": ["alice"] })), 200);
    let made = world.rest("POST", "customer", &json!({ "email": "bob@example.test", "fullName": "Bob" }));
    assert_eq!((made.status, made.json()["name"].clone()), (201, json!("bob@example.test")));
    assert_eq!(world.state.store().seats_of("bob@example.test"), Vec::<String>::new());
}

#[test]
fn a_read_only_directory_refuses_people_and_not_organizations() {
    let world = World::new();
    world.state.change(|store| store.set_read_only(true));
    let platform = |method: &str, path: &str, body: Value| {
        let request = Request::new(method, "jira.example.test", &format!("/rest/api/2/{path}"))
            .header("Authorization", &format!("Bearer {TOKEN}"))
            .header("X-Atlassian-Token", "no-check")
            .body("application/json", body.to_string());
        world.send(&request).status
    };
    assert_eq!(platform("PUT", "user?username=alice", json!({ "active": false })), 400);
    assert_eq!(platform("POST", "group/user?groupname=jira-software-users", json!({ "name": "alice" })), 400);
    assert_eq!(platform("PUT", "user/properties/x?username=alice", json!({})), 201);
    assert_eq!(world.status("POST", "organization", &json!({ "name": "Acme" })), 201);
}
