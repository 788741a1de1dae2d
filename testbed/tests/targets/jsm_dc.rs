//! Jira Service Management Data Center: Jira, with organizations.

use serde_json::{Value, json};
use testbed::jira::{JiraState, Store, TOKEN};

use crate::jira_dc;
use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;

/// Where customers belong; it exists already, behind more than one page of others.
const ORGANIZATION: &str = "Customers & Friends";

struct JsmDc(JiraState);

impl JsmDc {
    fn new() -> Self {
        let mut store = Store::demo();
        for number in 0..60 {
            store.add_organization(&format!("Acme {number:02}"));
        }
        store.add_organization(ORGANIZATION);
        store.add_service_desk("HELP", "Help");
        Self(JiraState::new(store))
    }
}

impl Product for JsmDc {
    fn name(&self) -> &'static str {
        "jsm_dc"
    }

    fn provisioning(&self) -> Value {
        json!({
            "jsm_dc": { "cluster": "jira_api", "authority": "jira.internal", "timeout": "2s" },
            "customers": { "organizations": { "fixed": [ORGANIZATION] }, "service_desks": ["1"] },
        })
    }

    fn authorization(&self) -> String {
        format!("Bearer {TOKEN}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[ORGANIZATION],
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
                new_account_group: 3,
                one_added: 5,
                one_removed: 3,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.0
    }

    fn account(&self, user: &str) -> Option<Account> {
        jira_dc::account(&self.0, user)
    }

    fn seed_group(&self, group: &str) {
        jira_dc::seed_group(&self.0, group);
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        jira_dc::seed_account(&self.0, user, email, groups);
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|store| store.set_active(user, active));
    }
}

scenarios!(JsmDc::new);
