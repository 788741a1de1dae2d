//! Bitbucket Data Center.

use serde_json::{Value, json};
use testbed::bitbucket::{Bitbucket, LICENCE_GROUP, TOKEN};
use testbed::idp::User;
use testbed::stand_in::StandIn;

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;

struct BitbucketDc(StandIn<Bitbucket>);

impl BitbucketDc {
    fn new() -> Self {
        Self(StandIn::new(Bitbucket::demo()))
    }
}

impl Product for BitbucketDc {
    fn name(&self) -> &'static str {
        "bitbucket_dc"
    }

    fn provisioning(&self) -> Value {
        json!({ "bitbucket_dc": { "cluster": "jira_api", "authority": "bitbucket.internal", "timeout": "2s" } })
    }

    fn authorization(&self) -> String {
        format!("Bearer {TOKEN}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[],
            deactivation: true,
            reactivation: false,
            creates_groups: true,
            licence_group: LICENCE_GROUP,
            portal: true,
            reads: &[
                Place { method: "GET", path: "/rest/api/latest/admin/users?filter=" },
                Place { method: "GET", path: "/rest/api/latest/admin/users/more-members?context=" },
            ],
            create: Place { method: "POST", path: "/rest/api/latest/admin/users?name=" },
            join: Place { method: "POST", path: "/rest/api/latest/admin/users/add-groups" },
            leave: Place { method: "POST", path: "/rest/api/latest/admin/users/remove-group" },
            costs: Costs {
                unchanged: 2,
                // Account and groups are read, the account is made, and its password leaves the access log behind.
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
                account.display_name = known.map_or_else(|| user.to_owned(), |known| known.display_name);
            });
        });
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|state| {
            state.change_user(user, |account| account.active = active);
        });
    }
}

scenarios!(BitbucketDc::new);
