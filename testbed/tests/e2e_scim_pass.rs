//! SCIM on its way through a real Envoy to a service that other people wrote.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::path::Path;

use serde_json::{Value, json};
use testbed::client::{Request, Response};
use testbed::scene::{Scene, SceneOptions};
use testbed::scim_server::{Program, ScimServer, TOKEN as THEIRS};

const OURS: &str = "e2e-token-0123456789-0123456789-01";

struct Stage {
    scene: Scene,
    service: Option<ScimServer>,
}

impl Stage {
    fn start() -> Self {
        let service = ScimServer::start(Program::Scim2Server).unwrap();
        let address = service.address();
        let options = SceneOptions::new()
            .directory(Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-pass"))
            .plugin(|configuration| {
                configuration["policy"] = json!({ "group_mapping": [
                    { "idp_group": "Staff (IdP)", "groups": ["jira-users"] },
                    { "idp_group": "Agents", "groups": ["agents"] },
                ] });
                configuration["scim_gateway"] = json!({
                    "tokens": [{ "name": "okta", "token": { "inline_string": OURS } }],
                    "pass_through": {
                        "cluster": "scim_service", "authority": "scim.internal", "path_prefix": "/v2",
                        "credentials": { "bearer": { "inline_string": THEIRS } },
                    },
                });
            })
            .envoy(move |config| {
                let address =
                    json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
                let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
                let clusters = config.pointer_mut("/static_resources/clusters").unwrap();
                clusters.as_array_mut().unwrap().push(json!({
                    "name": "scim_service", "type": "STATIC", "connect_timeout": "0.5s",
                    "load_assignment": { "cluster_name": "scim_service", "endpoints": endpoints }
                }));
            });
        Self { scene: Scene::start(options).unwrap(), service: Some(service) }
    }

    fn with(&self, token: &str, method: &str, path: &str, body: &Value) -> Response {
        let authorization = format!("Bearer {token}");
        let mut request =
            self.scene.request(method, &format!("/scim/v2{path}")).header("Authorization", &authorization);
        if !body.is_null() {
            request = request.body("application/scim+json", body.to_string());
        }
        self.scene.send(&request).unwrap()
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        self.with(OURS, method, path, body)
    }

    /// The same without us in between.
    fn at_the_service(&self, method: &str, path: &str, body: &Value) -> Response {
        let authorization = format!("Bearer {THEIRS}");
        let mut request = Request::new(method, "scim.internal", &format!("/v2{path}"));
        request = request.header("authorization", &authorization);
        if !body.is_null() {
            request = request.body("application/scim+json", body.to_string());
        }
        request.send(self.service.as_ref().unwrap().address()).unwrap()
    }

    fn expect(&self, response: &Response, status: u16) -> Value {
        if response.status != status {
            self.scene.show_logs();
            panic!("{} instead of {status}: {}", response.status, response.text());
        }
        if response.body.is_empty() { Value::Null } else { response.json() }
    }
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

fn operations(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

#[test]
fn what_a_directory_pushes_reaches_the_service_under_its_names_and_nothing_else_does() {
    let mut stage = Stage::start();
    let core = "urn:ietf:params:scim:schemas:core:2.0:";

    // Whoever has no token of ours gets nowhere: not to a sign-in, not to the application, and theirs is none of ours.
    for token in ["", THEIRS, OURS.trim_start_matches('e'), "x"] {
        let refused = stage.with(token, "GET", "/Users", &Value::Null);
        stage.expect(&refused, 401);
        assert_eq!(
            (header(&refused, "www-authenticate"), header(&refused, "location")),
            (Some("Bearer"), None)
        );
    }

    // A person passes as they are.
    let ann = json!({ "schemas": [format!("{core}User")], "userName": "ann@example.test", "active": true });
    let made = stage.send("POST", "/Users", &ann);
    let user = stage.expect(&made, 201);
    let id = user["id"].as_str().unwrap().to_owned();
    let ours = format!("{}/scim/v2/Users/{id}", stage.scene.origin());
    assert_eq!(user["meta"]["location"], ours);
    let found = stage.send("GET", "/Users?filter=userName%20eq%20%22ann@example.test%22", &Value::Null);
    assert_eq!(stage.expect(&found, 200)["Resources"][0]["id"], id);

    // A group has the name of its row behind us, and its own before us.
    let staff = json!({ "schemas": [format!("{core}Group")], "displayName": "Staff (IdP)" });
    let group = stage.expect(&stage.send("POST", "/Groups", &staff), 201);
    let group_id = group["id"].as_str().unwrap().to_owned();
    assert_eq!(group["displayName"], "Staff (IdP)");
    let behind = |stage: &Stage| {
        let path = format!("/Groups/{group_id}");
        stage.expect(&stage.at_the_service("GET", &path, &Value::Null), 200)
    };
    assert_eq!(behind(&stage)["displayName"], "jira-users");
    let add = operations(json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]));
    let added = stage.send("PATCH", &format!("/Groups/{group_id}"), &add);
    assert!((200..300).contains(&added.status), "{} {}", added.status, added.text());
    assert_eq!(behind(&stage)["members"][0]["value"], id);

    // The application's own groups are nobody's business: not to be seen, changed, deleted, or taken by name.
    let admins = json!({ "schemas": [format!("{core}Group")], "displayName": "jira-administrators" });
    let made = stage.expect(&stage.at_the_service("POST", "/Groups", &admins), 201);
    let hidden = format!("/Groups/{}", made["id"].as_str().unwrap());
    for (method, path, body) in [
        ("GET", hidden.as_str(), &Value::Null),
        ("PATCH", &hidden, &add),
        ("PUT", &hidden, &staff),
        ("DELETE", &hidden, &Value::Null),
        ("POST", "/Groups", &admins),
    ] {
        let refused = stage.expect(&stage.send(method, path, body), 403);
        assert!(refused["detail"].as_str().unwrap().ends_with("(SG7020)"), "{method} {refused}");
    }
    let rename = operations(json!([{ "op": "replace", "value": { "displayName": "jira-administrators" } }]));
    stage.expect(&stage.send("PATCH", &format!("/Groups/{group_id}"), &rename), 403);
    assert_eq!(behind(&stage)["displayName"], "jira-users");
    let list = stage.expect(&stage.send("GET", "/Groups", &Value::Null), 200);
    assert_eq!(list["Resources"].as_array().unwrap().len(), 1, "{list}");
    let still = stage.expect(&stage.at_the_service("GET", &hidden, &Value::Null), 200);
    assert!(still["members"].as_array().is_none_or(Vec::is_empty), "{still}");
    assert!(stage.scene.app_requests().iter().all(|request| !request.target.starts_with("/scim")));

    // While the service is away nobody is said to be gone.
    stage.service = None;
    for path in ["/Users?filter=userName%20eq%20%22ann@example.test%22".to_owned(), format!("/Users/{id}")] {
        let away = stage.send("GET", &path, &Value::Null);
        stage.expect(&away, 503);
        assert_eq!(header(&away, "retry-after"), Some("30"));
    }
}
