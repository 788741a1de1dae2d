//! A gateway in a real Envoy, with a real etcd where what is pushed is kept, and a client that has its token.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::client::Response;
use testbed::etcd::Etcd;
use testbed::jira::Store;
use testbed::scene::{Scene, SceneOptions};
use testbed::scim_tester::{Report, checked};

pub const TOKEN: &str = "e2e-token-0123456789-0123456789-01";

/// The caretaker looks every five seconds, and waits ten after a failure.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Stage {
    pub scene: Scene,
    pub etcd: Option<Etcd>,
}

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scim-tester-{test}"))
}

fn cluster(name: &str, address: SocketAddr) -> Value {
    let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "0.5s",
        "load_assignment": { "cluster_name": name, "endpoints": endpoints }
    })
}

impl Stage {
    /// A gateway that goes on to the service at `address` with its own `token`.
    pub fn passing(test: &str, address: SocketAddr, token: &str) -> Self {
        let gateway = json!({ "pass_through": {
            "cluster": "behind", "authority": "scim.internal", "path_prefix": "/v2",
            "credentials": { "bearer": { "inline_string": token } },
            // What is asked is the protocol.
            "forward_roles": true,
        } });
        // Every group has one name on both sides.
        let policy =
            json!({ "group_mapping": null, "default_groups": null, "portal": null, "same_name_groups": {} });
        let options = SceneOptions::new()
            .patch(json!({ "policy": policy, "provisioning": null, "scim_gateway": gateway }));
        Self::start(test, options, &[("behind", address)])
    }

    /// A gateway that keeps what is pushed and brings it to the stand-in Jira with `store`.
    pub fn keeping(test: &str, store: Store, patches: &[&Value]) -> Self {
        Self::keeping_for(test, SceneOptions::new().jira(store), patches)
    }

    /// The same for the application that `options` have.
    pub fn keeping_for(test: &str, options: SceneOptions, patches: &[&Value]) -> Self {
        let etcd = Etcd::start(&folder(test).join("etcd")).unwrap();
        let shared =
            json!({ "etcd": { "cluster": "behind", "authority": "etcd.internal", "timeout": "1s" } });
        let all = json!({
            "shared_store": shared,
            "provisioning": { "circuit_open_for": "0s" },
            "scim_gateway": { "table": "BEGIN_ANEW" },
        });
        let options = options.patch(all);
        let options = patches.iter().fold(options, |options, patch| options.patch((*patch).clone()));
        let mut stage = Self::start(test, options, &[("behind", etcd.address())]);
        stage.etcd = Some(etcd);
        stage.until("the table is begun", || stage.get("/Users?count=0").status == 200);
        stage
    }

    fn start(test: &str, options: SceneOptions, clusters: &[(&str, SocketAddr)]) -> Self {
        let clusters: Vec<Value> = clusters.iter().map(|(name, address)| cluster(name, *address)).collect();
        let options = options
            .directory(folder(test).join("envoy"))
            .wasm_log_level("info")
            .patch(json!({ "scim_gateway": {
                "tokens": [{ "name": "tester", "token": { "inline_string": TOKEN } }],
                "max_requests_per_second": 1000,
            } }))
            .envoy(move |config| {
                let all = config.pointer_mut("/static_resources/clusters").unwrap();
                all.as_array_mut().unwrap().extend(clusters);
            });
        Self { scene: Scene::start(options).unwrap(), etcd: None }
    }

    /// Everything that scim2-tester asks.
    pub fn judged(&self) -> Report {
        checked(&self.scene.app_url("/scim/v2"), TOKEN).unwrap()
    }

    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            if Instant::now() > deadline {
                self.scene.show_logs();
                panic!("never: {what}");
            }
            sleep(Duration::from_millis(200));
        }
    }

    pub fn with(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let mut request = self.scene.request(method, &format!("/scim/v2{path}"));
        request.timeout = Duration::from_secs(60);
        let authorization = format!("Bearer {TOKEN}");
        let mut request = request.header("Authorization", &authorization);
        if let Some(body) = body {
            request = request.body("application/scim+json", body.to_string());
        }
        self.scene.send(&request).unwrap()
    }

    pub fn get(&self, path: &str) -> Response {
        self.with("GET", path, None)
    }

    pub fn delete(&self, path: &str) -> Response {
        self.with("DELETE", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.with("POST", path, Some(body))
    }

    pub fn patch(&self, path: &str, operations: &Value) -> Response {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        self.with("PATCH", path, Some(&json!({ "schemas": [schema], "Operations": operations })))
    }

    pub fn expect(&self, response: &Response, status: u16) -> Value {
        if response.status != status {
            self.scene.show_logs();
            panic!("{} instead of {status}: {}", response.status, response.text());
        }
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    pub fn user(&self, name: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name, "active": true, "displayName": format!("Person {name}"),
            "emails": [{ "value": format!("{name}@example.test"), "type": "work", "primary": true }],
        });
        let made = self.expect(&self.post("/Users", &body), 201);
        made["id"].as_str().unwrap().to_owned()
    }

    pub fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "displayName": name, "members": members });
        let made = self.expect(&self.post("/Groups", &body), 201);
        made["id"].as_str().unwrap().to_owned()
    }

    pub fn nothing_left(&self) -> bool {
        let rows = self.etcd.as_ref().unwrap().everything().unwrap();
        !rows.iter().any(|(key, _)| String::from_utf8_lossy(key).contains("/table/todo/"))
    }

    /// What the audit trail says under this name.
    pub fn audit(&self, event: &str) -> Vec<Value> {
        let log = self.scene.envoy_log();
        let lines = log.lines().filter_map(|line| serde_json::from_str(&line[line.find('{')?..]).ok());
        lines.filter(|line: &Value| line["event"] == event).collect()
    }
}
