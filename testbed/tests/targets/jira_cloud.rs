//! Jira Cloud with Jira Service Management. People are known by address; what the scenarios call `agent` is
//! `agent@example.com`.

use serde_json::{Value, json};
use testbed::jira_cloud::{Site, TOKEN};
use testbed::stand_in::StandIn;

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;
use crate::stage::{Policy, Stage, set};

const ORGANIZATION: &str = "Customers & Friends";

struct JiraCloud(StandIn<Site>);

impl JiraCloud {
    fn new() -> Self {
        Self(StandIn::new(Site::demo()))
    }
}

fn address(user: &str) -> String {
    format!("{user}@example.com")
}

impl Product for JiraCloud {
    fn name(&self) -> &'static str {
        "jira_cloud"
    }

    fn provisioning(&self) -> Value {
        json!({
            "jira_cloud": { "cluster": "jira_api", "authority": "site.atlassian.net", "timeout": "2s" },
            "customers": { "organizations": { "fixed": [ORGANIZATION] }, "service_desks": ["1"] },
        })
    }

    fn authorization(&self) -> String {
        format!("Bearer {TOKEN}")
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &[ORGANIZATION],
            // The search does not find deactivated people, so they are refused for another reason; see below.
            deactivation: false,
            reactivation: false,
            creates_groups: true,
            licence_group: "jira-software-users",
            // A portal-only account is in no group; see below.
            portal: false,
            reads: &[
                Place { method: "GET", path: "/rest/api/3/user/search?" },
                Place { method: "GET", path: "/rest/api/3/user/groups?" },
                Place { method: "GET", path: "/rest/api/3/user/properties/" },
            ],
            create: Place { method: "POST", path: "/rest/api/3/user" },
            join: Place { method: "POST", path: "/rest/api/3/group/user" },
            leave: Place { method: "DELETE", path: "/rest/api/3/group/user" },
            costs: Costs {
                // The account, then its groups and the marker.
                unchanged: 3,
                // The search, the account, the marker before and after the groups.
                new_account: 4,
                // The group's id, the membership.
                new_account_group: 2,
                one_added: 5,
                one_removed: 4,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.0
    }

    fn account(&self, user: &str) -> Option<Account> {
        let site = self.0.state();
        let id = site.accounts_of(&address(user)).pop()?;
        Some(Account {
            active: site.is_active(&id)?,
            groups: site.groups_of(&id).into_iter().collect(),
            organizations: site.organizations_of(&id).into_iter().collect(),
            licensed: !site.seats_of(&id).is_empty(),
        })
    }

    fn seed_group(&self, group: &str) {
        self.0.change(|site| site.add_group(group));
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let marker = json!({ "v": 1, "lastLogin": "2026-01-01T00:00:00Z" });
        self.0.change(|site| {
            let id = site.add_user(email, user, groups);
            site.set_property(&id, "samlgate", marker);
        });
    }

    fn set_active(&self, user: &str, active: bool) {
        self.0.change(|site| site.set_active(&address(user), active));
    }
}

scenarios!(JiraCloud::new);

static PORTAL: Stage = Stage::new(|| Box::new(JiraCloud::new()), Policy::Strict);

#[test]
fn j3_a_portal_customer_is_a_portal_only_account_in_an_organization() {
    let turn = PORTAL.turn();
    turn.enter("customer", "/servicedesk/customer/portal/1");
    let account = turn.account("customer");
    assert_eq!((account.organizations.clone(), account.groups.clone()), (set(&[ORGANIZATION]), set(&[])));
    assert!(account.active && !account.licensed);
    turn.enter("customer", "/");
    for path in ["/servicedesk/customer/portal/1", "/"] {
        let (_, writes) = turn.cost(|| drop(turn.enter("customer", path)));
        assert_eq!((turn.account("customer"), writes), (account.clone(), 0), "{path}:\n{}", turn.shown());
    }
}

#[test]
fn j8_an_account_that_cannot_be_seen_is_not_entered() {
    let turn = PORTAL.turn();
    turn.seed("agent", &["staff"]);
    turn.product.set_active("agent", false);
    let before = turn.account("agent");
    assert_eq!(turn.refused("agent", "/"), "SG8003");
    assert_eq!(turn.account("agent"), before, "{}", turn.shown());
    turn.product.set_active("agent", true);
    turn.enter("agent", "/");
}
