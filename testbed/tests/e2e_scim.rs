//! The SCIM gateway in a real Envoy, with a real etcd, in front of a stand-in Jira that has no SCIM.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::client::Response;
use testbed::etcd::Etcd;
use testbed::jira::UserSeed;
use testbed::scene::{Scene, SceneOptions};
use testbed::stand_in::{Effect, Fault};

const TOKEN: &str = "e2e-token-0123456789-0123456789-01";
const NEXT_TOKEN: &str = "e2e-token-9876543210-9876543210-98";

/// The caretaker looks every five seconds, and waits ten after a failure.
const PATIENCE: Duration = Duration::from_secs(60);

struct Stage {
    scene: Scene,
    etcd: Etcd,
}

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scim-{test}"))
}

impl Stage {
    fn start(test: &str) -> Self {
        let etcd = Etcd::start(&folder(test).join("etcd")).unwrap();
        let address = etcd.address();
        let gateway = json!({
            "tokens": [
                { "name": "entra", "token": { "inline_string": TOKEN } },
                { "name": "entra-next", "token": { "inline_string": NEXT_TOKEN } },
            ],
            "max_requests_per_second": 1000,
            "max_users_per_group": 30,
            "max_groups": 5,
            "table": "BEGIN_ANEW",
        });
        let store = json!({ "etcd": { "cluster": "etcd", "authority": "etcd.internal", "timeout": "1s" } });
        let options = SceneOptions::new()
            .directory(folder(test).join("envoy"))
            .wasm_log_level("info")
            .patch(json!({ "shared_store": store, "scim_gateway": gateway }))
            .patch(json!({ "provisioning": { "circuit_open_for": "0s" } }))
            .envoy(move |config| {
                let address =
                    json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
                let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
                let clusters = config.pointer_mut("/static_resources/clusters").unwrap();
                clusters.as_array_mut().unwrap().push(json!({
                    "name": "etcd", "type": "STATIC", "connect_timeout": "0.5s",
                    "load_assignment": { "cluster_name": "etcd", "endpoints": endpoints }
                }));
            });
        let stage = Self { scene: Scene::start(options).unwrap(), etcd };
        stage.until("the table is begun", || stage.get("/Users?count=0").status == 200);
        assert!(stage.scene.envoy_log().contains("SG7041"), "a table is never begun in silence");
        stage
    }

    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            if Instant::now() > deadline {
                self.scene.show_logs();
                panic!("never: {what}");
            }
            sleep(Duration::from_millis(200));
        }
    }

    fn with(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Response {
        let mut request = self.scene.request(method, &format!("/scim/v2{path}"));
        request.timeout = Duration::from_secs(60);
        let authorization = format!("Bearer {token}");
        let mut request = request.header("Authorization", &authorization);
        if let Some(body) = body {
            request = request.body("application/scim+json", body.to_string());
        }
        self.scene.send(&request).unwrap()
    }

    fn get(&self, path: &str) -> Response {
        self.with("GET", path, TOKEN, None)
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        self.with("POST", path, TOKEN, Some(body))
    }

    fn patch(&self, path: &str, operations: &Value) -> Response {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
        });
        self.with("PATCH", path, TOKEN, Some(&body))
    }

    fn expect(&self, response: &Response, status: u16) -> Value {
        if response.status != status {
            self.scene.show_logs();
            panic!("{} instead of {status}: {}", response.status, response.text());
        }
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    fn user(&self, name: &str) -> String {
        let made = self.expect(&self.post("/Users", &person(name)), 201);
        made["id"].as_str().unwrap().to_owned()
    }

    fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let made =
            self.expect(&self.post("/Groups", &json!({ "displayName": name, "members": members })), 201);
        made["id"].as_str().unwrap().to_owned()
    }

    fn is_active(&self, name: &str) -> bool {
        let jira = self.scene.jira.store().to_json();
        let users = jira["users"].as_array().unwrap();
        let is = |user: &&Value| user["name"].as_str().unwrap().eq_ignore_ascii_case(name);
        let found = users.iter().find(is);
        found.unwrap()["active"].as_bool().unwrap()
    }

    fn nothing_left(&self) -> bool {
        let rows = self.etcd.everything().unwrap();
        !rows.iter().any(|(key, _)| String::from_utf8_lossy(key).contains("/table/todo/"))
    }
}

fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name, "externalId": format!("ext-{name}"), "active": true,
        "displayName": format!("Person {name}"),
        "emails": [{ "value": format!("{name}@example.test"), "type": "work", "primary": true }],
    })
}

#[test]
fn j3_j14_j17_j20_j21_people_and_groups_of_a_directory_are_those_of_the_application() {
    let stage = Stage::start("people");
    // Nobody without a token learns anything, whatever they ask for, and nothing of it is a page or a redirect.
    for (token, path) in
        [("", "/Users"), ("wrong", "/Users"), ("wrong", "/nowhere"), (&TOKEN[1..], "/Schemas")]
    {
        let refused = stage.with("GET", path, token, None);
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        assert_eq!(refused.json()["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(refused.header("set-cookie"), None);
        assert!(refused.text().contains("SG7030"));
    }
    assert_eq!(stage.with("GET", "/Users?count=1", NEXT_TOKEN, None).status, 200, "tokens are rotated");

    // The test of Entra ID, then its way to make somebody.
    let nobody = stage.expect(&stage.get("/Users?filter=userName%20eq%20%22a6f8%22"), 200);
    assert_eq!((&nobody["totalResults"], &nobody["Resources"]), (&json!(0), &json!([])));
    let made = stage.post("/Users", &person("Alice"));
    let location = made.header("location").map(str::to_owned);
    let alice = stage.expect(&made, 201);
    assert_eq!(alice["userName"], "Alice", "values are returned as sent");
    assert_eq!(location.as_deref(), alice["meta"]["location"].as_str());
    let id = alice["id"].as_str().unwrap().to_owned();
    let again = stage.expect(&stage.post("/Users", &person("alice")), 409);
    assert_eq!((&again["scimType"], &again["status"]), (&json!("uniqueness"), &json!("409")));
    assert!(stage.scene.jira.store().has_user("alice") || stage.scene.jira.store().has_user("Alice"));
    for filter in [
        "userName%20eq%20%22ALICE%22",
        "externalId%20eq%20%22ext-Alice%22",
        "emails.value%20eq%20%22alice%40example.test%22",
    ] {
        let found = stage.expect(&stage.get(&format!("/Users?filter={filter}")), 200);
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"]),
            (&json!(1), &json!(id)),
            "{filter}"
        );
    }
    let other_case = stage.expect(&stage.get("/Users?filter=externalId%20eq%20%22EXT-Alice%22"), 200);
    assert_eq!(other_case["totalResults"], 0);

    // A group that the rules know gives what it gives at a sign-in.
    let staff = stage.group("idp-staff", &[&id]);
    let has = |group: &str| {
        let groups = [stage.scene.jira_groups("alice"), stage.scene.jira_groups("Alice")].concat();
        groups.iter().any(|have| have == group)
    };
    assert!(has("staff"), "{:?}", stage.scene.jira_calls());
    let shown = stage.expect(&stage.get(&format!("/Users/{id}")), 200);
    assert_eq!(shown["groups"][0]["display"], "idp-staff");
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }]);
    assert_eq!(stage.patch(&format!("/Groups/{staff}"), &add).status, 204, "already a member");
    let unknown =
        json!([{ "op": "add", "path": "members", "value": [{ "value": id }, { "value": "nobody" }] }]);
    assert_eq!(
        stage.expect(&stage.patch(&format!("/Groups/{staff}"), &unknown), 400)["scimType"],
        "invalidValue"
    );
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": id }] }]);
    assert_eq!(stage.patch(&format!("/Groups/{staff}"), &remove).status, 204);
    assert!(!has("staff"), "who leaves the group loses what it gave");
    assert_eq!(stage.patch(&format!("/Groups/{staff}"), &add).status, 204);
    assert!(has("staff"));

    // Entra ID's way to deactivate, and back: memberships are as before (J21).
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    let shown = stage.expect(&stage.patch(&format!("/Users/{id}"), &off), 200);
    assert_eq!(shown["active"], json!(false));
    let name = if stage.scene.jira.store().has_user("alice") { "alice" } else { "Alice" };
    assert!(!stage.is_active(name) && has("staff"));
    let found = stage.expect(&stage.get("/Users?filter=userName%20eq%20%22alice%22"), 200);
    assert_eq!(found["totalResults"], 1, "who is deactivated is still seen");
    let on = json!([{ "op": "replace", "value": { "active": true } }]);
    stage.expect(&stage.patch(&format!("/Users/{id}"), &on), 200);
    assert!(stage.is_active(name) && has("staff"));

    // Versions.
    let shown = stage.get(&format!("/Users/{id}"));
    let etag = shown.header("etag").unwrap().to_owned();
    let same = stage.patch(&format!("/Users/{id}"), &on);
    assert_eq!(same.header("etag"), Some(etag.as_str()), "nothing changed");

    // Deleted: gone for ever, and a new one gets a new id (J22 is off: the account is deactivated).
    assert_eq!(stage.with("DELETE", &format!("/Users/{id}"), TOKEN, None).status, 204);
    assert_eq!(stage.get(&format!("/Users/{id}")).status, 404);
    assert_eq!(stage.with("DELETE", &format!("/Users/{id}"), TOKEN, None).status, 404);
    assert!(!stage.is_active(name));
    let group = stage.expect(&stage.get(&format!("/Groups/{staff}")), 200);
    assert_eq!(group.get("members"), None, "{group}");
    let next = stage.user("alice");
    assert_ne!(next, id);
    assert!(stage.is_active(name), "the account is linked again (J8, J15)");

    // J5, J6: limits are looked at before anything is sent.
    for number in 0..4 {
        stage.group(&format!("group-{number}"), &[]);
    }
    let refused = stage.expect(&stage.post("/Groups", &json!({ "displayName": "one too many" })), 400);
    assert!(refused["detail"].as_str().unwrap().contains("SG7039"), "{refused}");
    assert!(stage.nothing_left());
    // J9: who is none of the directory's is as before.
    assert!(stage.is_active("jira-admin"));
    // Nothing personal can be read in the store.
    for (key, value) in stage.etcd.everything().unwrap() {
        let text = [String::from_utf8_lossy(&key), String::from_utf8_lossy(&value)].concat().to_lowercase();
        assert!(!text.contains("alice") && !text.contains("idp-staff"), "{text}");
    }
}

#[test]
fn j7_what_cannot_be_done_now_is_done_later_and_nobody_is_told_that_there_is_nobody() {
    let mut stage = Stage::start("later");
    // The application is down: 503 and never 404 or an empty list; the client asks again and gets the same person.
    stage.scene.jira.fault(Fault::new("", "/rest/", Effect::Status(503)));
    let refused = stage.post("/Users", &person("bob"));
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    stage.scene.jira.clear_faults();
    let bob = stage.user("bob");
    assert!(stage.scene.jira.store().has_user("bob"));
    let found = stage.expect(&stage.get("/Users"), 200);
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(bob)));

    // Two dozen members are more than one request waits for: they are written, and then brought one after the other, although
    // Envoy is killed in between.
    let people: Vec<String> = (0..24).map(|number| stage.user(&format!("person-{number}"))).collect();
    let members: Vec<&str> = people.iter().map(String::as_str).collect();
    let group = stage.group("idp-staff", &members);
    stage.scene.restart_envoy().unwrap();
    stage.until("everybody is in the group", || {
        (0..24)
            .all(|number| stage.scene.jira_groups(&format!("person-{number}")).contains(&"staff".to_owned()))
    });
    stage.until("nothing is left to do", || stage.nothing_left());
    let shown = stage.expect(&stage.get(&format!("/Groups/{group}")), 200);
    assert_eq!(shown["members"].as_array().unwrap().len(), 24);
    let too_many: Vec<Value> =
        (0..8).map(|number| json!({ "value": stage.user(&format!("more-{number}")) })).collect();
    let add = json!([{ "op": "add", "path": "members", "value": too_many }]);
    let refused = stage.expect(&stage.patch(&format!("/Groups/{group}"), &add), 400);
    assert!(refused["detail"].as_str().unwrap().contains("SG7039"), "{refused}");
    // The group goes, and with it what it gave.
    assert_eq!(stage.with("DELETE", &format!("/Groups/{group}"), TOKEN, None).status, 204);
    stage.until("nobody is in the group", || {
        (0..24)
            .all(|number| !stage.scene.jira_groups(&format!("person-{number}")).contains(&"staff".to_owned()))
    });

    // The store is away, and comes back.
    stage.etcd.kill();
    for path in ["/Users", "/Users?filter=userName%20eq%20%22bob%22", "/Groups"] {
        let refused = stage.get(path);
        assert_eq!(refused.status, 503, "{path}: {}", refused.text());
        assert!(refused.header("retry-after").is_some() && refused.text().contains("SG7033"));
    }
    assert_eq!(stage.get(&format!("/Users/{bob}")).status, 503);
    stage.etcd.run().unwrap();
    stage.until("the store is back", || stage.get(&format!("/Users/{bob}")).status == 200);
    // Somebody writes to the store: a row that is none of ours is never believed.
    let rows = stage.etcd.everything().unwrap();
    let of = |part: &str| {
        rows.iter().find(|(key, _)| String::from_utf8_lossy(key).contains(part)).unwrap().clone()
    };
    let (mine, other) = (of(&format!("/table/user/{bob}")), of(&format!("/table/user/{}", people[0])));
    let encode = |bytes: &[u8]| samlgate::encoding::base64::encode(bytes);
    let put = json!({ "key": encode(&mine.0), "value": encode(&other.1) });
    assert_eq!(stage.etcd.ask("/v3/kv/put", &put).unwrap().status, 200);
    let refused = stage.get(&format!("/Users/{bob}"));
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("SG7034"), "{}", refused.text());
    let put = json!({ "key": encode(&mine.0), "value": encode(&mine.1) });
    assert_eq!(stage.etcd.ask("/v3/kv/put", &put).unwrap().status, 200);
    assert_eq!(stage.get(&format!("/Users/{bob}")).status, 200);
    // All of it is lost: that is never an empty directory, although the configuration still says to begin one.
    let all = json!({ "key": "AA==", "range_end": "AA==" });
    assert_eq!(stage.etcd.ask("/v3/kv/deleterange", &all).unwrap().status, 200);
    stage.until("it is seen", || stage.scene.envoy_log().contains("SG7035"));
    for path in ["/Users", "/Groups"] {
        let refused = stage.get(path);
        assert_eq!((refused.status, refused.text().contains("SG7035")), (503, true), "{}", refused.text());
        assert!(refused.header("retry-after").is_some());
    }
}

#[test]
fn j8_j12_j15_accounts_that_are_there_are_linked_and_renamed() {
    let stage = Stage::start("names");
    stage.scene.jira.change(|store| store.add_user(UserSeed::new("carol", &["jira-software-users"])));
    let carol = stage.user("carol");
    let count = |name: &str| stage.scene.jira_calls().iter().filter(|call| call.contains(name)).count();
    assert_eq!(count("POST /rest/api/2/user 201"), 0, "{:?}", stage.scene.jira_calls());
    let rename = json!([{ "op": "Replace", "path": "userName", "value": "caroline" }]);
    // Others may know an account that was there before by its name.
    let refused = stage.expect(&stage.patch(&format!("/Users/{carol}"), &rename), 400);
    assert_eq!(refused["scimType"], "mutability");
    assert!(stage.scene.jira.store().has_user("carol"));
    assert_eq!(stage.with("DELETE", &format!("/Users/{carol}"), TOKEN, None).status, 204);
    stage.scene.jira.change(|store| assert!(store.remove_user("carol")));
    let carol = stage.user("carol");
    let renamed = stage.patch(&format!("/Users/{carol}"), &rename);
    stage.expect(&renamed, 200);
    assert!(stage.scene.jira.store().has_user("caroline") && !stage.scene.jira.store().has_user("carol"));
    // The name is free, for somebody else with another account.
    let other = stage.user("carol");
    assert_ne!(other, carol);
    let back = stage.expect(
        &stage.patch(
            &format!("/Users/{carol}"),
            &json!([{ "op": "replace", "path": "userName", "value": "CAROL" }]),
        ),
        409,
    );
    assert_eq!(back["scimType"], "uniqueness");
    assert!(stage.nothing_left());

    // A bulk request, with references and a part that fails.
    let bulk = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        { "method": "POST", "path": "/Users", "bulkId": "a", "data": person("dave") },
        { "method": "POST", "path": "/Users", "bulkId": "b", "data": person("carol") },
        { "method": "POST", "path": "/Groups", "bulkId": "c", "data": { "displayName": "idp-staff", "members": [{ "value": "bulkId:a" }] } },
    ] });
    let done = stage.expect(&stage.post("/Bulk", &bulk), 200);
    let statuses: Vec<&str> =
        done["Operations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "409", "201"], "{done}");
    assert!(stage.scene.jira_groups("dave").contains(&"staff".to_owned()));
    // Neither this nor anything else that was asked for reached the application behind.
    assert!(stage.scene.app_requests().iter().all(|request| !format!("{request:?}").contains("/scim/")));
}
