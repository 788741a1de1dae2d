//! A directory that is pulled by the background service of a real Envoy, with a real etcd: killed in the middle, and
//! stopped half-way.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use testbed::client::Response;
use testbed::etcd::Etcd;
use testbed::jira::{Store, UserSeed};
use testbed::scene::{Scene, SceneOptions};
use testbed::server::Server;

/// A page takes so long, so that there is a middle in which to be killed.
const PAGE_TAKES: Duration = Duration::from_millis(200);

/// The lease of a killed runner, the rest of the run, and a busy machine.
const LONG: Duration = Duration::from_secs(100);

const SECRET: &str = "what-only-operators-know";

/// A directory that speaks SCIM.
#[derive(Default)]
struct Directory {
    people: Vec<Value>,
    /// From this entry on there is no answer but 403.
    refuses_from: Option<usize>,
    pages: usize,
}

type Shared = Arc<Mutex<Directory>>;

async fn users(
    State(directory): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    if let Some(filter) = query.get("filter") {
        let name = filter.split('"').nth(1).unwrap_or_default().to_owned();
        let people = &directory.lock().unwrap().people;
        let found: Vec<_> = people
            .iter()
            .filter(|one| one["userName"] == name.as_str() || one["emails"][0]["value"] == name.as_str())
            .cloned()
            .collect();
        return (StatusCode::OK, Json(json!({ "totalResults": found.len(), "Resources": found })));
    }
    tokio::time::sleep(PAGE_TAKES).await;
    let mut directory = directory.lock().unwrap();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
    let from = number("startIndex") - 1;
    if directory.refuses_from.is_some_and(|limit| from >= limit) {
        return (StatusCode::FORBIDDEN, Json(json!({})));
    }
    directory.pages += 1;
    let page: Vec<_> = directory.people.iter().skip(from).take(number("count")).cloned().collect();
    (StatusCode::OK, Json(json!({ "totalResults": directory.people.len(), "Resources": page })))
}

fn person(number: usize) -> Value {
    json!({
        "id": format!("id-{number:04}"),
        "userName": format!("person-{number:04}"),
        "active": true,
        "emails": [{ "value": format!("person-{number:04}@example.com") }],
        "groups": [{ "value": "g-1", "display": "staff" }],
    })
}

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sync-{test}"))
}

fn cluster(name: &str, address: SocketAddr) -> Value {
    let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }] }
    })
}

struct World {
    scene: Scene,
    directory: Shared,
    _server: Server,
    etcd: Option<Etcd>,
}

impl World {
    fn start(test: &str, people: usize, refuses_from: Option<usize>, with_etcd: bool) -> Self {
        let folder = folder(test);
        let people = (0..people).map(person).collect();
        let directory = Arc::new(Mutex::new(Directory { people, refuses_from, pages: 0 }));
        let router = Router::new().route("/scim/v2/Users", routing::get(users));
        let server = Server::start(0, router.with_state(Arc::clone(&directory))).unwrap();
        let etcd = with_etcd.then(|| Etcd::start(&folder.join("etcd")).unwrap());
        let mut clusters = vec![cluster("directory", server.address())];
        clusters.extend(etcd.iter().map(|etcd| cluster("etcd", etcd.address())));
        let mut options = SceneOptions::new()
            .directory(folder.join("envoy"))
            .jira(jira())
            .background()
            .patch(json!({
                "policy": { "cleanup": { "mode": "DISABLE", "also_signed_in": true } },
                "provisioning": { "create_accounts": true },
                "directory_sync": {
                    "source": { "scim": {
                        "cluster": "directory", "authority": "id.example.com", "path_prefix": "/scim/v2",
                        "credentials": { "bearer": { "inline_string": "directory-token" } },
                    } },
                    "full_interval": "86400s",
                    "page_size": 10,
                    "first_run": "ACT",
                    "status": { "path": "/saml/directory-sync", "secret": { "inline_string": SECRET } },
                },
            }))
            .envoy(move |config| {
                let all = config.pointer_mut("/static_resources/clusters").unwrap();
                all.as_array_mut().unwrap().extend(clusters);
            });
        if with_etcd {
            options = options.patch(json!({ "shared_store": {
                "etcd": { "cluster": "etcd", "authority": "etcd.internal", "timeout": "2s" },
            } }));
        }
        Self { scene: Scene::start(options).unwrap(), directory, _server: server, etcd }
    }

    fn status(&self, authorization: Option<&str>, accept: &str) -> Response {
        let mut request = self.scene.request("GET", "/saml/directory-sync").header("accept", accept);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        self.scene.send(&request).unwrap()
    }

    fn data(&self) -> Value {
        let answer = self.status(Some(&format!("Bearer {SECRET}")), "application/json");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn wait(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LONG;
        loop {
            let data = self.data();
            if holds(&data) {
                return data;
            }
            assert!(Instant::now() < deadline, "{what}: {data}\n{}", self.scene.envoy_log());
            sleep(Duration::from_millis(100));
        }
    }

    /// Whether accounts may be used, by user name.
    fn accounts(&self) -> BTreeMap<String, bool> {
        let state = self.scene.jira.store().to_json();
        let users = state["users"].as_array().unwrap();
        let account = |user: &Value| {
            (user["name"].as_str().unwrap().to_owned(), user["active"].as_bool().unwrap_or(true))
        };
        users.iter().map(account).collect()
    }

    fn people(&self) -> usize {
        self.accounts().keys().filter(|name| name.starts_with("person-")).count()
    }
}

/// Besides those of a fresh Jira: somebody who left, a customer who signed in, and somebody made by hand.
fn jira() -> Store {
    let mut store = Store::demo();
    let marked = |name: &str, marker: Option<Value>| {
        let mut user = UserSeed::new(name, &["jira-software-users"]);
        user.properties.extend(marker.map(|marker| ("samlgate".to_owned(), marker)));
        user
    };
    let old = "2020-01-02T03:04:05Z";
    store.add_user(marked("gone", Some(json!({ "v": 1, "lastLogin": old }))));
    store.add_user(marked("customer", Some(json!({ "v": 1, "customerLogin": "c", "lastLogin": old }))));
    store.add_user(marked("by-hand", None));
    store
}

#[test]
fn r13_killed_in_the_middle_a_sync_goes_on_without_loss_or_duplicate() {
    let mut world = World::start("killed", 100, None, true);
    // Nobody sees how far it is without the secret.
    for authorization in [None, Some("Bearer wrong"), Some("Basic b3BzOndyb25n"), Some("Bearer ")] {
        let answer = world.status(authorization, "application/json");
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert_eq!(answer.header("x-samlgate-code"), Some("SG8045"));
        assert!(answer.header("www-authenticate").is_some_and(|header| header.starts_with("Basic")));
    }
    let middle = world.wait("the middle", |data| data["pages"].as_u64().is_some_and(|pages| pages >= 3));
    assert_eq!(middle["phase"], "pulling", "{middle}");
    assert_eq!(middle["expected_people"], 100);
    let page = world.status(Some(&format!("Bearer {SECRET}")), "text/html");
    assert!(page.text().contains("<progress max=\"1000\""), "{}", page.text());
    assert!(page.header("refresh").is_some() && !page.text().contains("<script"));
    world.scene.restart_envoy().unwrap();
    assert!(world.people() < 100, "it was the middle");
    assert!(world.accounts()["gone"], "nobody is cleaned up by half a pull");
    let done = world.wait("the end", |data| data["phase"] == "done");
    let all = world.directory.lock().unwrap().pages;
    // Pages overlap by five people, so that there are 19; the one in which it was killed is read twice.
    assert!(all <= 20, "it went on where it was: {all} pages");
    assert_eq!(done["counts"]["people"], 100, "{done}");
    assert_eq!(world.people(), 100);
    let made = |line: &&String| line.starts_with("POST /rest/api/2/user ") && line.ends_with("201");
    assert_eq!(world.scene.jira_calls().iter().filter(made).count(), 100, "nobody was made twice");
    // R13, R15, R17: of those whom nobody saw, only who left lost the account.
    let accounts = world.accounts();
    let inactive: Vec<_> = accounts.iter().filter(|(_, active)| !**active).map(|(name, _)| name).collect();
    assert_eq!(inactive, ["gone"], "{done}");
    // What is kept says nothing about anybody.
    for (key, value) in world.etcd.as_ref().unwrap().everything().unwrap() {
        let text = format!("{}{}", String::from_utf8_lossy(&key), String::from_utf8_lossy(&value));
        assert!(!text.contains("person-") && !text.contains("id-0"), "{text}");
    }
    let log = world.scene.envoy_log();
    assert!(!log.contains("person-0"), "no name in the log");
    let stats = world.scene.envoy_stats().unwrap();
    assert!(stats.iter().any(|(name, value)| name.contains("sync.people") && *value == 100), "{stats:?}");
}

#[test]
fn r13_a_pull_that_stops_half_way_deactivates_nobody() {
    let world = World::start("half", 60, Some(25), false);
    let failed = world.wait("the failure", |data| data["phase"] == "failed");
    assert_eq!(failed["troubles"][0]["code"], "SG7073", "{failed}");
    assert!(world.people() >= 20, "what was read was brought");
    assert!(world.accounts().values().all(|active| *active), "nobody lost anything");
    let page = world.status(Some("Basic b3BzOndoYXQtb25seS1vcGVyYXRvcnMta25vdw=="), "text/html");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("SG7073"), "{}", page.text());
}
