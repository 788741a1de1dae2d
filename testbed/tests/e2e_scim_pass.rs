//! SCIM on its way through a real Envoy to a service that other people wrote.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use testbed::client::{Request, Response};
use testbed::jira_cloud::{Site, TOKEN as JIRA_TOKEN};
use testbed::scene::{Scene, SceneOptions};
use testbed::scim_server::{Program, ScimServer, TOKEN as THEIRS};
use testbed::server::Server;
use testbed::stand_in::{Effect, Fault, StandIn};

const OURS: &str = "e2e-token-0123456789-0123456789-01";

struct Stage {
    scene: Scene,
    service: Option<ScimServer>,
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
    fn start() -> Self {
        Self::with_service("scim-pass", Program::Scim2Server, json!({}), None)
    }

    /// In front of `program`, with `more` in the configuration and an application at `site`.
    fn with_service(folder: &str, program: Program, more: Value, site: Option<SocketAddr>) -> Self {
        let service = ScimServer::start(program).unwrap();
        let address = service.address();
        let options = SceneOptions::new()
            .directory(Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder))
            .plugin(move |configuration| {
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
                // The demo's own application is none of this.
                let configuration = configuration.as_object_mut().unwrap();
                configuration.remove("provisioning");
                configuration
                    .extend(more.get("provisioning").map(|to| ("provisioning".to_owned(), to.clone())));
                if let Value::Object(policy) = &more["policy"] {
                    configuration["policy"].as_object_mut().unwrap().extend(policy.clone());
                }
            })
            .envoy(move |config| {
                let clusters = config.pointer_mut("/static_resources/clusters").unwrap();
                let clusters = clusters.as_array_mut().unwrap();
                clusters.push(cluster("scim_service", address));
                clusters.extend(site.map(|site| cluster("jira_cloud", site)));
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

/// A4, A6, A8: SCIM cannot write the groups that give access to products, so that they are written by the site's own API, as
/// soon as the service took who is in the group that the rule asks for.
#[test]
fn a4_a6_a8_a_push_of_members_gives_the_default_group_by_another_api_and_takes_it_back() {
    const PRODUCT: &str = "jira-users-site";
    let mut site = Site::demo();
    site.add_group(PRODUCT);
    // The directory's own group, as the site shows it: nobody may change it there.
    site.add_group("jira-users");
    site.manage_group_by_scim("jira-users");
    let people: Vec<(String, String)> = ["ann", "ben"]
        .map(|name| format!("{name}@example.test"))
        .map(|mail| (site.add_user(&mail, "Somebody", &[]), mail))
        .into();
    let site = StandIn::new(site);
    let server = Server::start(0, site.router()).unwrap();
    let rule = json!({ "name": "access", "match": { "groups": { "any_of": ["Staff (IdP)"] } },
        "action": { "grant": { "groups": [PRODUCT], "remove_otherwise": true } } });
    let more = json!({
        "policy": { "rules": [rule] },
        "provisioning": {
            "jira_cloud": {
                "cluster": "jira_cloud", "authority": "site.example.test", "timeout": "2s",
                "credentials": { "bearer": { "inline_string": JIRA_TOKEN } },
            },
            "create_accounts": false, "circuit_open_for": "0s",
            "protected_usernames": [{ "exact": "root@example.test" }],
        },
    });
    let stage = Stage::with_service("scim-pass-groups", Program::Scimmy, more, Some(server.address()));
    let groups_of = |account: &str| site.state().groups_of(account);
    let (nothing, given) = (Vec::<String>::new(), vec![PRODUCT.to_owned()]);

    // Roles stay here: at some services they make owners.
    let push = |mail: &str| {
        let user = json!({ "schemas": [CORE.to_owned() + "User"], "userName": mail, "active": true,
            "emails": [{ "value": mail, "type": "work", "primary": true }],
            "roles": [{ "value": "owner" }] });
        let made = stage.expect(&stage.send("POST", "/Users", &user), 201);
        made["id"].as_str().unwrap().to_owned()
    };
    let ids: Vec<String> = people.iter().map(|(_, mail)| push(mail)).collect();
    let seen = stage.expect(&stage.at_the_service("GET", &format!("/Users/{}", ids[0]), &Value::Null), 200);
    assert!(seen["roles"].as_array().is_none_or(Vec::is_empty), "{seen}");
    let owner = operations(json!([{ "op": "add", "path": "roles", "value": [{ "value": "owner" }] }]));
    stage.expect(&stage.send("PATCH", &format!("/Users/{}", ids[0]), &owner), 200);
    let seen = stage.expect(&stage.at_the_service("GET", &format!("/Users/{}", ids[0]), &Value::Null), 200);
    assert!(seen["roles"].as_array().is_none_or(Vec::is_empty), "{seen}");

    // Who is in the group has the product.
    let staff = json!({ "schemas": [CORE.to_owned() + "Group"], "displayName": "Staff (IdP)",
        "members": [{ "value": ids[0] }] });
    let group = stage.expect(&stage.send("POST", "/Groups", &staff), 201);
    let group = format!("/Groups/{}", group["id"].as_str().unwrap());
    assert_eq!((groups_of(&people[0].0), groups_of(&people[1].0)), (given.clone(), nothing.clone()));
    let change = |op: &str, id: &str| {
        let members = operations(json!([{ "op": op, "path": "members", "value": [{ "value": id }] }]));
        stage.send("PATCH", &group, &members)
    };
    let done = |response: Response| {
        assert!((200..300).contains(&response.status), "{} {}", response.status, response.text());
    };

    // The site is away: the directory is told to come again, and the repetition completes what was begun.
    let away = || site.fault(Fault::new("GET", "/rest/", Effect::Status(503)).times(u32::MAX));
    away();
    let refused = change("add", &ids[1]);
    let body = stage.expect(&refused, 503);
    assert!(body["detail"].as_str().unwrap().ends_with("(SG7025)"), "{body}");
    assert!(header(&refused, "retry-after").is_some());
    assert_eq!(groups_of(&people[1].0), nothing);
    site.clear_faults();
    done(change("add", &ids[1]));
    assert_eq!(groups_of(&people[1].0), given);

    // Whoever leaves loses it, and while the site is away the service does not forget who is in.
    let members = |stage: &Stage| {
        let shown = stage.expect(&stage.at_the_service("GET", &group, &Value::Null), 200);
        // SCIMMY keeps what is added twice twice.
        let members = shown["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        members.iter().map(|member| member["value"].to_string()).collect::<BTreeSet<_>>().len()
    };
    away();
    stage.expect(&change("remove", &ids[0]), 503);
    let only = json!({ "schemas": [CORE.to_owned() + "Group"], "displayName": "Staff (IdP)",
        "members": [{ "value": ids[1] }] });
    stage.expect(&stage.send("PUT", &group, &only), 503);
    assert_eq!(members(&stage), 2);
    site.clear_faults();
    done(stage.send("PUT", &group, &only));
    assert_eq!((groups_of(&people[0].0), groups_of(&people[1].0)), (nothing.clone(), given.clone()));
    assert_eq!(members(&stage), 1);
    done(change("remove", &ids[1]));
    assert_eq!(groups_of(&people[1].0), nothing);

    // With the group itself goes what it gave.
    done(change("add", &ids[0]));
    assert_eq!(groups_of(&people[0].0), given);
    stage.expect(&stage.send("DELETE", &group, &Value::Null), 204);
    assert_eq!(groups_of(&people[0].0), nothing);

    // Nobody touches who is protected, and nobody wrote the directory's own group by the other API.
    let root = json!({ "schemas": [CORE.to_owned() + "User"], "userName": "root@example.test" });
    stage.expect(&stage.send("POST", "/Users", &root), 403);
    let made = stage.expect(&stage.at_the_service("POST", "/Users", &root), 201);
    let root = format!("/Users/{}", made["id"].as_str().unwrap());
    stage.expect(&stage.send("DELETE", &root, &Value::Null), 403);
    stage.expect(&stage.at_the_service("GET", &root, &Value::Null), 200);
    let writes: Vec<String> = site.writes().iter().map(|call| call.line()).collect();
    assert!(site.state().group_names().contains(&"jira-users".to_owned()));
    assert!(writes.iter().all(|line| !line.contains("POST /rest/api/3/user?")), "{writes:?}");
}

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";
