//! Confluence Data Center.

use serde_json::{Value, json};
use testbed::confluence::{Confluence, LICENCE_GROUP, TOKEN};
use testbed::idp::User;
use testbed::stand_in::StandIn;

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;

struct ConfluenceDc(StandIn<Confluence>);

impl ConfluenceDc {
    /// A Confluence that gives every new user a licence.
    fn new() -> Self {
        let mut confluence = Confluence::demo();
        confluence.set_default_group(Some(LICENCE_GROUP));
        Self(StandIn::new(confluence))
    }
}

impl Product for ConfluenceDc {
    fn name(&self) -> &'static str {
        "confluence_dc"
    }

    fn provisioning(&self) -> Value {
        json!({ "confluence_dc": {
            "cluster": "jira_api", "authority": "confluence.internal", "timeout": "2s",
            "default_group": LICENCE_GROUP
        } })
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
            licence_group: LICENCE_GROUP,
            portal: true,
            reads: &[
                Place { method: "GET", path: "/rest/api/user?username=" },
                Place { method: "GET", path: "/rest/api/user/memberof?username=" },
            ],
            create: Place { method: "POST", path: "/rest/api/admin/user" },
            join: Place { method: "PUT", path: "/rest/api/user/" },
            leave: Place { method: "DELETE", path: "/rest/api/user/" },
            costs: Costs {
                unchanged: 2,
                // Account and groups are read, the account is made and loses the default group.
                new_account: 4,
                new_account_group: 1,
                one_added: 3,
                one_removed: 3,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.0
    }

    /// Its names are in paths, where the servlet container refuses some characters, and it refuses others in itself.
    fn takes_odd_names(&self) -> bool {
        false
    }

    fn account(&self, user: &str) -> Option<Account> {
        let state = self.0.state();
        Some(Account {
            active: state.user(user)?.active,
            groups: state.groups_of(user).into_iter().collect(),
            organizations: [].into(),
            licensed: state.is_licensed(user),
        })
    }

    fn seed_group(&self, group: &str) {
        self.0.change(|state| {
            state.add_group(group);
        });
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let known = User::everybody().into_iter().find(|known| known.name == user);
        self.0.change(|state| {
            state.add_user(user, email, groups);
            state.change_user(user, |account| {
                account.full_name = known.map_or_else(|| user.to_owned(), |known| known.display_name);
            });
        });
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|state| {
            state.change_user(user, |account| account.active = active);
        });
    }
}

scenarios!(ConfluenceDc::new);
