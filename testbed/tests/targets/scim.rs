//! Any SCIM 2.0 service, here scim2-server, a program of other people.

use axum::Router;
use serde_json::{Value, json};
use testbed::scim_server::{Program, Relay, ScimServer, TOKEN};
use testbed::stand_in::{Call, Fault, StandIn};

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;
use crate::stage::set;

const LICENCE_GROUP: &str = "jira-software-users";

struct Scim {
    /// Between Envoy and the service: records and misbehaves.
    front: Front,
    _server: ScimServer,
}

struct Front(StandIn<Relay>);

impl Scim {
    fn new() -> Self {
        let server = ScimServer::start(Program::Scim2Server).unwrap();
        Self { front: Front(StandIn::new(Relay::new(&server))), _server: server }
    }

    /// Asks the service itself; nothing is recorded.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.front.0.state().call(method, path, body).unwrap();
        assert!(
            matches!(answer.status, 200 | 201 | 204),
            "{method} {path}: {} {}",
            answer.status,
            answer.text()
        );
        answer.json()
    }

    /// All resources of a kind.
    fn all(&self, kind: &str) -> Vec<Value> {
        let list = self.call("GET", &format!("/v2/{kind}?count=1000"), &Value::Null);
        list["Resources"].as_array().cloned().unwrap_or_default()
    }

    fn find(&self, kind: &str, attribute: &str, value: &str) -> Option<Value> {
        let is = |resource: &Value| {
            resource[attribute].as_str().map(str::to_lowercase) == Some(value.to_lowercase())
        };
        self.all(kind).into_iter().find(is)
    }
}

impl Control for Front {
    fn router(&self) -> Router {
        self.0.router()
    }

    fn reset(&self) {
        self.0.reset();
        // Groups stay, without members, as they do where nothing is reset: their ids may be remembered.
        self.0.state().clear().unwrap();
    }

    fn fault(&self, fault: Fault) {
        self.0.fault(fault);
    }

    fn clear_faults(&self) {
        self.0.clear_faults();
    }

    fn calls(&self) -> Vec<Call> {
        self.0.calls()
    }

    fn clear_calls(&self) {
        self.0.clear_calls();
    }
}

impl Product for Scim {
    fn name(&self) -> &'static str {
        "scim"
    }

    fn provisioning(&self) -> Value {
        json!({
            "scim": { "cluster": "jira_api", "authority": "scim.example.com", "path_prefix": "/v2", "timeout": "2s" },
        })
    }

    fn authorization(&self) -> String {
        format!("Bearer {TOKEN}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[],
            deactivation: true,
            reactivation: true,
            // The service makes as many groups of one name as it is asked for, so sign-ins at the same moment would.
            creates_groups: false,
            licence_group: LICENCE_GROUP,
            portal: true,
            reads: &[
                Place { method: "GET", path: "/v2/Users?" },
                Place { method: "GET", path: "/v2/Groups?filter=members" },
            ],
            create: Place { method: "POST", path: "/v2/Users" },
            join: Place { method: "PATCH", path: "/v2/Groups/" },
            leave: Place { method: "PATCH", path: "/v2/Groups/" },
            // Its users do not show their groups, and there is no marker.
            costs: Costs { unchanged: 2, new_account: 2, new_account_group: 1, one_added: 3, one_removed: 3 },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.front
    }

    fn account(&self, user: &str) -> Option<Account> {
        let user = self.find("Users", "userName", user)?;
        let mut groups = set(&[]);
        for group in self.all("Groups") {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            if members.iter().any(|member| member["value"] == user["id"]) {
                groups.insert(group["displayName"].as_str().unwrap().to_owned());
            }
        }
        let active = user["active"].as_bool().unwrap();
        Some(Account { active, licensed: groups.contains(LICENCE_GROUP), groups, organizations: set(&[]) })
    }

    fn seed_group(&self, group: &str) {
        if self.find("Groups", "displayName", group).is_none() {
            let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
            self.call("POST", "/v2/Groups", &json!({ "schemas": schemas, "displayName": group }));
        }
        // The scenarios ask for the licence group without naming it.
        if group != LICENCE_GROUP {
            self.seed_group(LICENCE_GROUP);
        }
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": user, "displayName": user, "active": true,
            "emails": [{ "value": email, "type": "work", "primary": true }],
        });
        let made = self.call("POST", "/v2/Users", &body);
        for group in groups {
            self.seed_group(group);
            let group = self.find("Groups", "displayName", group).unwrap();
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{ "op": "add", "path": "members", "value": [{ "value": made["id"] }] }],
            });
            self.call("PATCH", &format!("/v2/Groups/{}", group["id"].as_str().unwrap()), &patch);
        }
    }

    fn set_active(&self, user: &str, active: bool) {
        let user = self.find("Users", "userName", user).unwrap();
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": active }],
        });
        self.call("PATCH", &format!("/v2/Users/{}", user["id"].as_str().unwrap()), &patch);
    }
}

scenarios!(Scim::new);
