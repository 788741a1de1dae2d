//! Jira Service Management Data Center: Jira, with organizations.

use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::idp::User;
use testbed::jira::{JiraState, Store, TOKEN};

use crate::jira_dc;
use crate::product::{Account, Control, Costs, Place, Product, Traits};
use crate::scenarios;
use crate::stage::{Policy, Stage, set};

/// Where customers belong; it exists already, behind more than one page of others.
const ORGANIZATION: &str = "Customers & Friends";

struct JsmDc {
    jira: JiraState,
    customers: Value,
}

impl JsmDc {
    fn new() -> Self {
        Self::with(json!({ "organizations": { "fixed": [ORGANIZATION] }, "service_desks": ["1"] }))
    }

    /// With these `customers`.
    fn with(customers: Value) -> Self {
        let mut store = Store::demo();
        for number in 0..60 {
            store.add_organization(&format!("Acme {number:02}"));
        }
        store.add_organization(ORGANIZATION);
        store.add_service_desk("HELP", "Help");
        Self { jira: JiraState::new(store), customers }
    }
}

impl Product for JsmDc {
    fn name(&self) -> &'static str {
        "jsm_dc"
    }

    fn provisioning(&self) -> Value {
        json!({
            "jsm_dc": { "cluster": "jira_api", "authority": "jira.internal", "timeout": "2s" },
            "customers": self.customers,
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
                new_account_group: 1,
                one_added: 3,
                one_removed: 3,
            },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.jira
    }

    fn account(&self, user: &str) -> Option<Account> {
        jira_dc::account(&self.jira, user)
    }

    fn seed_group(&self, group: &str) {
        jira_dc::seed_group(&self.jira, group);
    }

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        jira_dc::seed_account(&self.jira, user, email, groups);
    }

    fn set_active(&self, user: &str, active: bool) {
        self.jira.change(|store| store.set_active(user, active));
    }
}

scenarios!(JsmDc::new);

mod customers {
    use super::*;
    use crate::organizations::{self, CUSTOMER, Desks};

    const DESKS: Desks = Desks {
        list: Place { method: "GET", path: "/rest/servicedeskapi/organization?" },
        create: Place { method: "POST", path: "/rest/servicedeskapi/organization" },
        join: Place { method: "POST", path: "/rest/servicedeskapi/organization/" },
        leave: Place { method: "DELETE", path: "/rest/servicedeskapi/organization/" },
        link: Place { method: "POST", path: "/rest/servicedeskapi/servicedesk/1/organization" },
    };

    static JSM: LazyLock<JiraState> = LazyLock::new(|| JsmDc::new().jira);
    static STAGE: Stage = Stage::new(
        || {
            let customers = json!({ "organizations": { "attribute": "company" }, "service_desks": ["1"] });
            Box::new(JsmDc { jira: JSM.clone(), customers })
        },
        Policy::Strict,
    );

    #[test]
    fn go_where_their_attribute_says() {
        let turn = STAGE.turn();
        organizations::go_where_their_attribute_says(&turn);
        assert!(JSM.state().service_desks_of(CUSTOMER).is_empty(), "by an organization, and by nothing else");
        assert_eq!(JSM.state().organizations_at("HELP"), ["Acme 08", "Äcme & \"Söhne\" /.."]);
    }

    #[test]
    fn are_refused_when_organizations_fail_and_healed_afterwards() {
        organizations::fail_and_heal(&STAGE.turn(), &DESKS);
    }

    #[test]
    fn come_although_their_organization_was_deleted() {
        let turn = STAGE.turn();
        turn.scene.idp.change(|options| options.attributes = organizations::company("Acme 07"));
        organizations::enter(&turn, CUSTOMER);
        JSM.change(|store| store.remove_organization("Acme 07"));
        turn.scene.idp.add_user(User::new("second", "Second Customer", &[]));
        organizations::come_although_theirs_is_gone(&turn, "second", "Acme 07");
    }

    #[test]
    fn find_an_organization_whatever_an_existing_name_is_answered_with() {
        for status in [201, 400, 409] {
            let turn = STAGE.turn();
            // Ids are remembered for a while, so each time it is another one.
            let name = format!("Newcomers {status}");
            let attribute = organizations::company(&name);
            turn.scene.idp.change(move |options| options.attributes = attribute.clone());
            for user in ["first", "second", "third"] {
                turn.scene.idp.add_user(User::new(user, user, &[]));
            }
            JSM.change(|store| store.answer_existing_organizations_with(status));
            // Each looks before anybody has made it, and only one can make it.
            std::thread::scope(|scope| {
                for user in ["first", "second", "third"] {
                    let turn = &turn;
                    scope.spawn(move || organizations::enter(turn, user));
                }
            });
            for user in ["first", "second", "third"] {
                assert_eq!(turn.account(user).organizations, set(&[name.as_str()]), "{status} {user}");
            }
            let made = JSM.state().organizations();
            assert_eq!(made.iter().filter(|made| **made == name).count(), 1, "{status}");
        }
    }

    #[test]
    fn are_refused_without_a_licence_and_agents_are_not() {
        let turn = STAGE.turn();
        turn.scene.idp.change(|options| options.attributes = organizations::company("Acme 07"));
        JSM.change(|store| store.license_service_management(false));
        assert_eq!(turn.refused(CUSTOMER, organizations::PORTAL), "SG8003");
        turn.product.stand_in().clear_calls();
        turn.enter("agent", "/");
        assert!(!turn.shown().contains("servicedeskapi"), "{}", turn.shown());
        JSM.change(|store| store.license_service_management(true));
        turn.heal(CUSTOMER, organizations::PORTAL);
        assert_eq!(turn.account(CUSTOMER).organizations, set(&["Acme 07"]));
    }
}
