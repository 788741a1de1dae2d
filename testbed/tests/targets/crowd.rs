//! Crowd.

use serde_json::{Value, json};
use testbed::crowd::{APPLICATION, CONTEXT_PATH, Crowd as State, PASSWORD};
use testbed::idp::User;
use testbed::stand_in::StandIn;

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;

struct Crowd(StandIn<State>);

impl Crowd {
    fn new() -> Self {
        Self(StandIn::below(CONTEXT_PATH, State::demo()))
    }
}

impl Product for Crowd {
    fn name(&self) -> &'static str {
        "crowd"
    }

    fn provisioning(&self) -> Value {
        json!({ "crowd": {
            "cluster": "jira_api", "authority": "crowd.internal", "path_prefix": CONTEXT_PATH, "timeout": "2s"
        } })
    }

    fn authorization(&self) -> String {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{APPLICATION}:{PASSWORD}"));
        format!("Basic {pair}")
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
                Place { method: "GET", path: "/crowd/rest/usermanagement/1/user?username=" },
                Place { method: "GET", path: "/crowd/rest/usermanagement/1/user/group/direct?username=" },
            ],
            create: Place { method: "POST", path: "/crowd/rest/usermanagement/1/user" },
            join: Place { method: "POST", path: "/crowd/rest/usermanagement/1/group/user/direct" },
            leave: Place { method: "DELETE", path: "/crowd/rest/usermanagement/1/user/group/direct" },
            costs: Costs {
                unchanged: 2,
                // Account and groups are read, the account is made, the marker is written before and after the groups.
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
        let state = self.0.state();
        let active = state.user(user)?.active;
        let groups = state.groups_of(user);
        Some(Account {
            active,
            licensed: active && groups.iter().any(|group| group == "jira-software-users"),
            groups: groups.into_iter().collect(),
            organizations: [].into(),
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
                account.display_name = known.map_or_else(|| user.to_owned(), |known| known.display_name);
                for (name, value) in
                    [("samlgate.version", "1"), ("samlgate.lastLogin", "2026-01-01T00:00:00Z")]
                {
                    account.attributes.insert(name.to_owned(), vec![value.to_owned()]);
                }
            });
        });
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|state| {
            state.change_user(user, |account| account.active = active);
        });
    }
}

scenarios!(Crowd::new);
