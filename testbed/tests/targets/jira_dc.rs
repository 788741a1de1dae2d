//! Jira Data Center.

use serde_json::{Value, json};
use testbed::idp::User;
use testbed::jira::{JiraState, Store, TOKEN, UserSeed};

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;

struct JiraDc(JiraState);

impl JiraDc {
    fn new() -> Self {
        Self(JiraState::new(Store::demo()))
    }
}

impl Product for JiraDc {
    fn name(&self) -> &'static str {
        "jira_dc"
    }

    fn provisioning(&self) -> Value {
        json!({ "jira_dc": { "cluster": "jira_api", "authority": "jira.internal", "timeout": "2s" } })
    }

    fn authorization(&self) -> String {
        format!("Bearer {TOKEN}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[],
            deactivation: true,
            reactivation: true,
            creates_groups: true,
            licence_group: "jira-software-users",
            portal: true,
            reads: &[
                Place { method: "GET", path: "/rest/api/2/user?username=" },
                Place { method: "GET", path: "/rest/api/2/user/properties/" },
            ],
            create: Place { method: "POST", path: "/rest/api/2/user" },
            join: Place { method: "POST", path: "/rest/api/2/group/user" },
            leave: Place { method: "DELETE", path: "/rest/api/2/group/user" },
            costs: Costs {
                unchanged: 2,
                // Account and marker are read, the account is made, the marker is written before and after the groups.
                new_account: 5,
                new_account_group: 1,
                one_added: 3,
                one_removed: 3,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.0
    }

    fn account(&self, user: &str) -> Option<Account> {
        account(&self.0, user)
    }

    fn seed_group(&self, group: &str) {
        seed_group(&self.0, group);
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        seed_account(&self.0, user, email, groups);
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|store| store.set_active(user, active));
    }
}

/// What `jira` knows of a user.
pub(crate) fn account(jira: &JiraState, user: &str) -> Option<Account> {
    let store = jira.state();
    let state = store.to_json();
    let found = state["users"].as_array()?.iter().find(|have| have["name"] == user)?;
    Some(Account {
        active: found["active"] == true,
        groups: store.groups_of(user).into_iter().collect(),
        organizations: store.organizations_of(user).into_iter().collect(),
        licensed: !store.seats_of(user).is_empty(),
    })
}

/// Makes a group.
pub(crate) fn seed_group(jira: &JiraState, group: &str) {
    jira.change(|store| {
        store.add_group(group);
    });
}

/// Makes an account that has signed in through us before.
pub(crate) fn seed_account(jira: &JiraState, user: &str, email: &str, groups: &[&str]) {
    let known = User::everybody().into_iter().find(|known| known.name == user);
    let marker = json!({ "v": 1, "lastLogin": "2026-01-01T00:00:00Z" });
    let seed = UserSeed {
        email: email.to_owned(),
        display_name: known.map_or_else(|| user.to_owned(), |known| known.display_name),
        properties: [("samlgate".to_owned(), marker)].into(),
        ..UserSeed::new(user, groups)
    };
    jira.change(|store| store.add_user(seed));
}

scenarios!(JiraDc::new);
