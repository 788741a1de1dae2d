//! Atlassian Cloud's SCIM directories. What gives access to a product is membership in a group of that name; an
//! organization of customers is a group.

use serde_json::{Value, json};
use testbed::atlassian_scim::{AtlassianScim, DIRECTORY, KEY, Profile};
use testbed::stand_in::{Api, Incoming, StandIn};

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenario::ODD_GROUP;
use crate::scenarios;
use crate::stage::{Policy, Stage, set};

const LICENCE_GROUP: &str = "jira-software-users";

const PORTAL: &str = "/servicedesk/customer/portal/1";

struct Directory {
    profile: Profile,
    stand_in: StandIn<AtlassianScim>,
}

impl Directory {
    /// With the groups of the scenarios from the start, so that ids that were remembered outlive a reset, as they do where
    /// nothing is reset.
    fn managed() -> Self {
        let mut directory = AtlassianScim::new(Profile::ManagedUsers);
        for group in [LICENCE_GROUP, "service-desk-agents", "staff", "portal-customers", ODD_GROUP] {
            let status =
                directory.answer(&request("POST", "Groups", &json!({ "displayName": group }))).status;
            assert_eq!(status, 201, "{group}");
        }
        Self { profile: Profile::ManagedUsers, stand_in: StandIn::new(directory) }
    }

    fn customers() -> Self {
        let profile = Profile::JsmCustomers;
        Self { profile, stand_in: StandIn::new(AtlassianScim::new(profile)) }
    }

    /// Changes the directory as its administrator would; the call is not recorded.
    fn call(&self, method: &str, path: &str, body: &Value) {
        let request = request(method, path, body);
        self.stand_in.change(|directory| {
            let status = directory.answer(&request).status;
            assert!(matches!(status, 200 | 201 | 409), "{method} {path} {body}: {status}");
        });
    }
}

fn request(method: &str, path: &str, body: &Value) -> Incoming {
    Incoming::new(method, &format!("/scim/directory/{DIRECTORY}/{path}"))
        .with("authorization", &format!("Bearer {KEY}"))
        .with_json(body)
}

impl Product for Directory {
    fn name(&self) -> &'static str {
        "atlassian_scim"
    }

    fn provisioning(&self) -> Value {
        let directory = match self.profile {
            Profile::ManagedUsers => "MANAGED_USERS",
            Profile::JsmCustomers => "JSM_CUSTOMERS",
        };
        json!({
            "atlassian_scim": {
                "cluster": "jira_api", "authority": "api.atlassian.com", "timeout": "2s",
                "path_prefix": format!("/scim/directory/{DIRECTORY}"), "directory": directory,
            },
        })
    }

    fn authorization(&self) -> String {
        format!("Bearer {KEY}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[],
            deactivation: true,
            reactivation: true,
            // The directories that hold customers make organizations; see below.
            creates_groups: self.profile == Profile::JsmCustomers,
            licence_group: LICENCE_GROUP,
            portal: true,
            reads: &[Place { method: "GET", path: "/scim/directory/4f2d/Users?" }],
            create: Place { method: "POST", path: "/scim/directory/4f2d/Users" },
            join: Place { method: "PATCH", path: "/scim/directory/4f2d/Groups/" },
            leave: Place { method: "PATCH", path: "/scim/directory/4f2d/Groups/" },
            // A user comes with its groups, and there is no marker.
            costs: Costs { unchanged: 1, new_account: 2, new_account_group: 1, one_added: 2, one_removed: 2 },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.stand_in
    }

    fn account(&self, user: &str) -> Option<Account> {
        let directory = self.stand_in.state();
        let active = directory.user(user)?.is_active();
        let groups = set(&directory.groups_of(user).iter().map(String::as_str).collect::<Vec<_>>());
        Some(Account { active, licensed: groups.contains(LICENCE_GROUP), groups, organizations: set(&[]) })
    }

    fn seed_group(&self, group: &str) {
        self.call("POST", "Groups", &json!({ "displayName": group }));
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let emails = json!([{ "value": email, "type": "work", "primary": true }]);
        self.call("POST", "Users", &json!({ "userName": user, "emails": emails, "active": true }));
        for group in groups {
            self.seed_group(group);
            let state = self.stand_in.state();
            let (user, group) = (&state.user(user).unwrap().id, &state.group(group).unwrap().id);
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": user }] }]);
            self.call("PATCH", &format!("Groups/{group}"), &json!({ "Operations": add }));
        }
    }

    fn set_active(&self, user: &str, active: bool) {
        let path = format!("Users/{}", self.stand_in.state().user(user).unwrap().id);
        let replace = json!([{ "op": "replace", "path": "active", "value": active }]);
        self.call("PATCH", &path, &json!({ "Operations": replace }));
    }
}

scenarios!(Directory::managed);

static CUSTOMERS: Stage = Stage::new(|| Box::new(Directory::customers()), Policy::Strict);

#[test]
fn j3_a_portal_customer_becomes_one_in_the_organization_of_the_group() {
    let turn = CUSTOMERS.turn();
    turn.enter("customer", PORTAL);
    let account = turn.account("customer");
    assert_eq!((account.active, account.groups.clone()), (true, set(&["portal-customers"])));
    assert!(!account.licensed, "no group that gives access to a product");
    for path in [PORTAL, "/"] {
        let (calls, writes) = turn.cost(|| drop(turn.enter("customer", path)));
        assert_eq!((calls, writes), (1, 0), "{path}:\n{}", turn.shown());
    }
    assert_eq!(turn.account("customer"), account);
}

#[test]
fn j19_a_changed_address_is_told_and_not_sent() {
    let turn = CUSTOMERS.turn();
    turn.product.seed_account("agent", "agent@old.example.com", &["staff", "service-desk-agents"]);
    turn.enter("agent", "/");
    turn.product.stand_in().clear_calls();
    turn.enter("agent", "/");
    assert!(turn.product.stand_in().calls().iter().all(|call| !call.body.contains("agent@example.com")));
    assert!(turn.scene.envoy_log().contains("SG8015"), "the conflict is not told");
}
