//! The stand-in Jira Cloud by itself: what the documentation promises, and what is awkward about it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use base64::Engine as _;
use serde_json::{Value, json};
use testbed::client::{Request, Response};
use testbed::jira_cloud::{ADMINISTRATOR, Rights, Site, TOKEN};
use testbed::server::Server;
use testbed::stand_in::{Effect, Fault, StandIn};

struct World {
    site: StandIn<Site>,
    server: Server,
    alice: String,
}

impl World {
    fn new() -> Self {
        let mut site = Site::demo();
        let alice = site.add_user("alice@example.test", "Alice Archer", &[]);
        let site = StandIn::new(site);
        let server = Server::start(0, site.router()).unwrap();
        Self { site, server, alice }
    }

    fn with_authorization(method: &str, path: &str, body: &Value, authorization: &str) -> Request {
        let request = Request::new(method, "site.example.test", &format!("/rest/{path}"))
            .header("Authorization", authorization)
            .header("X-ExperimentalApi", "opt-in")
            .header("X-Atlassian-Token", "no-check");
        if body.is_null() { request } else { request.body("application/json", body.to_string()) }
    }

    fn send(&self, request: &Request) -> Response {
        request.send(self.server.address()).unwrap()
    }

    fn rest(&self, method: &str, path: &str, body: &Value) -> Response {
        self.send(&Self::with_authorization(method, path, body, &format!("Bearer {TOKEN}")))
    }

    fn get(&self, path: &str) -> Response {
        self.rest("GET", path, &Value::Null)
    }

    fn group_id(&self, name: &str) -> String {
        let found = self.get(&format!("api/3/group/bulk?groupName={name}")).json();
        found["values"][0]["groupId"].as_str().unwrap().to_owned()
    }
}

#[test]
fn only_a_known_token_and_no_browser_is_let_in() {
    let world = World::new();
    let basic = |name: &str, token: &str| {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{token}")))
    };
    world.site.change(|site| site.add_token("reader", Rights::Browse));
    let body = json!({ "name": "g" });
    for (authorization, read, write) in [
        (basic(ADMINISTRATOR, TOKEN), 200, 201),
        (basic("alice@example.test", TOKEN), 401, 401),
        (basic(ADMINISTRATOR, "wrong"), 401, 401),
        ("Bearer wrong".to_owned(), 401, 401),
        ("Bearer reader".to_owned(), 200, 403),
    ] {
        let read_answer =
            world.send(&World::with_authorization("GET", "api/3/myself", &Value::Null, &authorization));
        let write_answer =
            world.send(&World::with_authorization("POST", "api/3/group", &body, &authorization));
        assert_eq!((read_answer.status, write_answer.status), (read, write), "{authorization}");
    }
    let create = || World::with_authorization("POST", "api/3/group", &body, &format!("Bearer {TOKEN}"));
    for (name, value) in [("Cookie", "a=b"), ("Origin", "https://x"), ("User-Agent", "Mozilla/5.0")] {
        assert_eq!(world.send(&create().header(name, value)).status, 403, "{name}");
    }
}

#[test]
fn the_search_finds_active_people_with_an_address_that_begins_so() {
    let world = World::new();
    world.site.change(|site| {
        site.add_user("alice@example.test.evil", "Not Alice", &[]);
        site.add_user("hidden@example.test", "Hidden", &[]);
        site.hide_email("hidden@example.test");
        site.add_user("gone@example.test", "Gone", &[]);
        site.set_active("gone@example.test", false);
    });
    let found = |query: &str| world.get(&format!("api/3/user/search?query={query}")).json();
    assert_eq!(found("ALICE@example.test").as_array().unwrap().len(), 2);
    assert_eq!(found("hidden@example.test"), json!([]));
    assert_eq!(found("gone@example.test"), json!([]));
    let by_name = found("Hidden");
    assert_eq!(by_name[0]["emailAddress"], Value::Null);
    assert_eq!(world.get("api/3/user/search").status, 400);
    let id = world.site.state().accounts_of("gone@example.test").remove(0);
    assert_eq!(world.get(&format!("api/3/user?accountId={id}")).json()["active"], false);
    assert_eq!(world.get("api/3/user?accountId=nobody").status, 404);
    assert_eq!(world.get("api/3/user?username=alice").status, 400, "names are dead");
}

#[test]
fn an_account_is_made_or_found_or_refused() {
    let world = World::new();
    let create = |email: &str, products: Value| {
        world.rest("POST", "api/3/user", &json!({ "emailAddress": email, "products": products }))
    };
    let made = create("new@example.test", json!([]));
    assert_eq!(made.status, 201);
    let state = world.site.state();
    assert_eq!(state.seats_of(made.json()["accountId"].as_str().unwrap()), Vec::<String>::new());
    assert_eq!(state.invitations(), 1);
    for (email, products, status) in [
        ("NEW@example.test", json!([]), 400),
        (ADMINISTRATOR, json!([]), 201),
        ("nope", json!([]), 400),
        ("x@example.test", Value::Null, 400),
        ("x@example.test", json!(["jira-core"]), 400),
    ] {
        assert_eq!(create(email, products).status, status, "{email}");
    }
    world.site.change(|site| site.set_seats("jira-software", 1));
    assert_eq!(create("y@example.test", json!(["jira-software"])).status, 400);
    assert_eq!(world.rest("PUT", "api/3/user?accountId=1", &json!({ "active": false })).status, 405);
}

#[test]
fn members_are_refused_for_many_reasons_with_the_same_status() {
    let world = World::new();
    let group = world.group_id("jira-software-users");
    let customer = {
        let made = json!({ "email": "c@example.test", "displayName": "C" });
        world.rest("POST", "servicedeskapi/customer", &made).json()["accountId"].as_str().unwrap().to_owned()
    };
    assert!(customer.starts_with("qm:"));
    let add = |group: &str, id: &str| {
        world.rest("POST", &format!("api/3/group/user?groupId={group}"), &json!({ "accountId": id })).status
    };
    assert_eq!(add(&group, &customer), 400);
    assert_eq!(add(&group, "nobody"), 404);
    assert_eq!(add("nothing", &world.alice), 404);
    assert_eq!(add(&group, &world.alice), 201);
    assert_eq!(add(&group, &world.alice), 400);
    assert_eq!(world.site.state().seats_of(&world.alice), ["jira-software"]);
    let remove = format!("api/3/group/user?groupId={group}&accountId={}", world.alice);
    assert_eq!(world.rest("DELETE", &remove, &Value::Null).status, 200);
    assert_eq!(world.rest("DELETE", &remove, &Value::Null).status, 400);
    world.site.change(|site| site.set_seats("jira-software", 1));
    assert_eq!(add(&group, &world.alice), 400, "no seat left");
    world.site.change(|site| site.manage_group_by_scim("jira-software-users"));
    assert_eq!(add(&group, &world.alice), 403);
    assert_eq!(world.rest("POST", "api/3/group", &json!({ "name": "Site-Admins" })).status, 400);
}

#[test]
fn pages_hold_fifty() {
    let world = World::new();
    world.site.change(|site| {
        for number in 0..60 {
            site.add_user(&format!("u{number}@example.test"), "U", &["crowd"]);
            site.add_organization(&format!("Org {number:02}"));
        }
    });
    let group = world.group_id("crowd");
    let page = world.get(&format!("api/3/group/member?groupId={group}&maxResults=1000")).json();
    assert_eq!((page["maxResults"].clone(), page["isLast"].clone()), (json!(50), json!(false)));
    let page = world.get("servicedeskapi/organization?limit=1000&start=50").json();
    assert_eq!((page["size"].clone(), page["isLastPage"].clone()), (json!(10), json!(true)));
    assert_eq!(page["total"], Value::Null);
}

#[test]
fn organizations_exist_already_without_a_word() {
    let world = World::new();
    let create = |name: &str| world.rest("POST", "servicedeskapi/organization", &json!({ "name": name }));
    let first = create("Acme");
    let second = create("Acme");
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json(), second.json());
    assert_ne!(create("ACME").json()["id"], first.json()["id"]);
    assert_eq!(create("").status, 400);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let members = format!("servicedeskapi/organization/{id}/user");
    let add = |ids: &[&str]| world.rest("POST", &members, &json!({ "accountIds": ids })).status;
    assert_eq!(add(&[&world.alice, "nobody"]), 400);
    assert_eq!(world.site.state().organizations_of(&world.alice), Vec::<String>::new());
    assert_eq!((add(&[&world.alice]), add(&[&world.alice])), (204, 204));
    let own = world.get(&format!("servicedeskapi/organization?accountId={}", world.alice)).json();
    assert_eq!(own["size"], 1);
    world.site.change(|site| site.manage_organization_by_scim("Acme"));
    assert_eq!(add(&[&world.alice]), 403);
}

#[test]
fn customers_are_added_even_beside_an_unknown_one() {
    let world = World::new();
    let customer = json!({ "email": "c@example.test", "displayName": "C" });
    let create = |path: &str| world.rest("POST", path, &customer).status;
    assert_eq!(create("servicedeskapi/customer"), 201);
    assert_eq!(create("servicedeskapi/customer"), 400);
    assert_eq!(create("servicedeskapi/customer?strictConflictStatusCode=true"), 409);
    let add = |desk: &str, ids: &[&str]| {
        world
            .rest(
                "POST",
                &format!("servicedeskapi/servicedesk/{desk}/customer"),
                &json!({ "accountIds": ids }),
            )
            .status
    };
    assert_eq!(add("9", &[&world.alice]), 404);
    assert_eq!(add("HELP", &["nobody", &world.alice]), 400);
    assert_eq!(world.site.state().service_desks_of(&world.alice), ["HELP"], "the known one all the same");
    assert_eq!(add("1", &[&world.alice]), 204);
    world.site.change(|site| site.license_service_management(false));
    assert_eq!(add("1", &[&world.alice]), 403);
}

#[test]
fn a_429_says_which_limit_it_was() {
    let world = World::new();
    world.site.fault(Fault::new("GET", "/rest/api/3/user/search", Effect::RateLimit(9)));
    let answer = world.get("api/3/user/search?query=x");
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("9")));
    assert_eq!(answer.header("ratelimit-reason"), Some("jira-burst-based"));
}
