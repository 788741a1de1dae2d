//! Jira Cloud with Jira Service Management. People are known by address; what the scenarios call `agent` is
//! `agent@example.com`.

use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::idp::User;
use testbed::jira_cloud::{Site, TOKEN};
use testbed::stand_in::StandIn;

use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;
use crate::stage::{Policy, Stage, set};

const ORGANIZATION: &str = "Customers & Friends";

struct JiraCloud {
    site: StandIn<Site>,
    customers: Value,
}

impl JiraCloud {
    fn new() -> Self {
        let customers = json!({ "organizations": { "fixed": [ORGANIZATION] }, "service_desks": ["1"] });
        Self { site: StandIn::new(Site::demo()), customers }
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
            "customers": self.customers,
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
                new_account_group: 1,
                one_added: 4,
                one_removed: 4,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.site
    }

    fn account(&self, user: &str) -> Option<Account> {
        let site = self.site.state();
        let id = site.accounts_of(&address(user)).pop()?;
        Some(Account {
            active: site.is_active(&id)?,
            groups: site.groups_of(&id).into_iter().collect(),
            organizations: site.organizations_of(&id).into_iter().collect(),
            licensed: !site.seats_of(&id).is_empty(),
        })
    }

    fn seed_group(&self, group: &str) {
        self.site.change(|site| site.add_group(group));
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let marker = json!({ "v": 1, "lastLogin": "2026-01-01T00:00:00Z" });
        self.site.change(|site| {
            let id = site.add_user(email, user, groups);
            site.set_property(&id, "samlgate", marker);
        });
    }

    fn set_active(&self, user: &str, active: bool) {
        self.site.change(|site| site.set_active(&address(user), active));
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
    assert_eq!(turn.refused("agent", "/"), "SG8007");
    assert_eq!(turn.account("agent"), before, "{}", turn.shown());
    turn.product.set_active("agent", true);
    turn.enter("agent", "/");
}

mod customers {
    use super::*;
    use crate::organizations::{self, CUSTOMER, Desks};

    const DESKS: Desks = Desks {
        // Making one answers with the existing one, so the list is read only to leave one that was not remembered.
        list: Place { method: "GET", path: "/rest/servicedeskapi/organization?" },
        create: Place { method: "POST", path: "/rest/servicedeskapi/organization" },
        join: Place { method: "POST", path: "/rest/servicedeskapi/organization/" },
        leave: Place { method: "DELETE", path: "/rest/servicedeskapi/organization/" },
        link: Place { method: "POST", path: "/rest/servicedeskapi/servicedesk/1/organization" },
    };

    static SITE: LazyLock<StandIn<Site>> = LazyLock::new(|| StandIn::new(Site::demo()));
    static STAGE: Stage = Stage::new(
        || {
            let customers = json!({ "organizations": { "attribute": "company" }, "service_desks": ["1"] });
            Box::new(JiraCloud { site: SITE.clone(), customers })
        },
        Policy::Strict,
    );

    #[test]
    fn go_where_their_attribute_says() {
        let turn = STAGE.turn();
        organizations::go_where_their_attribute_says(&turn);
        let id = SITE.state().accounts_of(&address(CUSTOMER)).remove(0);
        assert!(SITE.state().service_desks_of(&id).is_empty(), "by an organization, and by nothing else");
        assert_eq!(SITE.state().organizations_at("HELP"), ["Äcme & \"Söhne\" /..", "Acme 08"]);
    }

    #[test]
    fn are_refused_when_organizations_fail_and_healed_afterwards() {
        organizations::fail_and_heal(&STAGE.turn(), &DESKS);
    }

    #[test]
    fn come_although_their_organization_was_deleted() {
        let turn = STAGE.turn();
        turn.scene.idp.change(|options| options.attributes = organizations::company("Acme"));
        organizations::enter(&turn, CUSTOMER);
        SITE.change(|site| site.remove_organization("Acme"));
        turn.scene.idp.add_user(User::new("second", "Second Customer", &[]));
        organizations::come_although_theirs_is_gone(&turn, "second", "Acme");
    }

    #[test]
    fn stay_out_of_organizations_of_an_identity_provider() {
        let turn = STAGE.turn();
        SITE.change(|site| {
            site.add_organization("Kept");
            site.manage_organization_by_scim("Kept");
        });
        turn.scene.idp.change(|options| options.attributes = organizations::company("Kept"));
        assert_eq!(turn.refused(CUSTOMER, organizations::PORTAL), "SG8016");
        assert_eq!(turn.account(CUSTOMER).organizations, set(&[]));
    }

    #[test]
    fn with_two_accounts_of_one_address_count_as_the_one_of_atlassian() {
        let turn = STAGE.turn();
        turn.scene.idp.change(|options| options.attributes = organizations::company("Twins"));
        SITE.change(|site| {
            site.add_customer(&address(CUSTOMER), "Portal only");
            let id = site.add_user(&address(CUSTOMER).to_uppercase(), "Carl", &[]);
            site.set_property(&id, "samlgate", json!({ "v": 1 }));
        });
        organizations::enter(&turn, CUSTOMER);
        let site = SITE.state();
        for id in site.accounts_of(&address(CUSTOMER)) {
            let expected: &[&str] = if id.starts_with("qm:") { &[] } else { &["Twins"] };
            assert_eq!(site.organizations_of(&id), expected, "{id}");
        }
        // Two of a kind are nobody's.
        SITE.change(|site| {
            site.add_user(&address(CUSTOMER), "Carl's namesake", &[]);
        });
        turn.product.stand_in().clear_calls();
        assert_eq!(turn.refused(CUSTOMER, organizations::PORTAL), "SG8010");
        assert!(!turn.shown().contains("POST") && !turn.shown().contains("PUT"), "{}", turn.shown());
    }
}
