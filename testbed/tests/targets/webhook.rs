//! The webhook. Nothing can be read, so it is not known who is new and what they have: everything is told at every
//! sign-in, once, and the general scenarios about changes do not apply. What people may rely on is the same.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use testbed::idp::Groups;
use testbed::receiver::{Person, Receiver, SECRET};
use testbed::stand_in::StandIn;

use crate::failure::unhelpful;
use crate::product::{Account, Control, Costs, Effect, Place, Product, Traits, at};
use crate::stage::{Policy, Stage, TIMEOUT, Turn, set};
use crate::{background, scenario, visits};

struct Webhook(StandIn<Receiver>);

const DELIVER: Place = Place { method: "POST", path: "/hooks/samlgate" };

const PORTAL: &str = "/servicedesk/customer/portal/1";

static STRICT: Stage = Stage::new(|| Box::new(Webhook::new()), Policy::Strict);
static LENIENT: Stage = Stage::new(|| Box::new(Webhook::new()), Policy::Lenient);
static RETRYING: Stage = Stage::new(|| Box::new(Webhook::new()), Policy::Retrying);

impl Webhook {
    fn new() -> Self {
        Self(StandIn::new(Receiver::demo()))
    }
}

impl Product for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn provisioning(&self) -> Value {
        json!({
            "webhook": {
                "cluster": "jira_api",
                "authority": "receiver.internal",
                "path_prefix": "/hooks/samlgate",
                "timeout": "2s",
                // The receiver knows the second: the first is about to replace it.
                "secrets": [
                    { "inline_string": "whsec_bm90LWtub3duLXRvLXRoZS1yZWNlaXZlci15ZXQ=" },
                    { "inline_string": SECRET }
                ]
            },
            "customers": { "organizations": { "fixed": ["Example Inc"] }, "only_portal_sign_ins": true }
        })
    }

    fn authorization(&self) -> String {
        "Bearer of-the-receiver".to_owned()
    }

    fn traits(&self) -> Traits {
        Traits {
            organizations: &["Example Inc"],
            deactivation: false,
            reactivation: false,
            creates_groups: false,
            licence_group: "jira-software-users",
            portal: true,
            reads: &[],
            create: DELIVER,
            join: DELIVER,
            leave: DELIVER,
            costs: Costs { unchanged: 1, new_account: 1, new_account_group: 0, one_added: 1, one_removed: 1 },
        }
    }

    fn stand_in(&self) -> &dyn Control {
        &self.0
    }

    fn account(&self, user: &str) -> Option<Account> {
        let state = self.0.state();
        let person = state.person(user)?;
        Some(Account {
            active: true,
            groups: person.groups.clone(),
            organizations: person.organizations.clone(),
            licensed: person.groups.contains("jira-software-users"),
        })
    }

    /// The receiver has no groups besides those of its people.
    fn seed_group(&self, _: &str) {}

    fn seed_account(&self, user: &str, email: &str, groups: &[&str]) {
        let person = Person { email: Some(email.to_owned()), groups: set(groups), ..Person::default() };
        self.0.change(|receiver| receiver.add(user, person));
    }

    fn set_active(&self, _: &str, _: bool) {}
}

/// What an agent gets: the default group is for new people, and who is new is not known.
fn agents() -> BTreeSet<String> {
    set(&["service-desk-agents", "staff"])
}

#[test]
fn every_sign_in_tells_everything_once() {
    let turn = STRICT.turn();
    for path in ["/", "/browse/A-1", "/"] {
        let calls = turn.cost(|| drop(turn.enter("agent", path)));
        assert_eq!(calls, (1, 1), "{}", turn.shown());
        let account = turn.account("agent");
        assert_eq!((account.groups, account.organizations), (agents(), set(&[])));
        assert!(!account.licensed);
    }
}

#[test]
fn a_group_removed_at_the_identity_provider_is_told_as_removed() {
    let turn = STRICT.turn();
    turn.seed("agent", &["chess-club", "jira-administrators", "portal-customers"]);
    turn.enter("agent", "/");
    let others = ["chess-club", "jira-administrators"];
    assert_eq!(turn.groups("agent"), agents().into_iter().chain(set(&others)).collect());
    turn.scene.idp.set_groups("agent", &["idp-staff"]);
    turn.enter("agent", "/");
    assert_eq!(turn.groups("agent"), set(&["chess-club", "jira-administrators", "staff"]));
}

#[test]
fn groups_that_are_not_asserted_are_not_told_as_removed() {
    let turn = STRICT.turn();
    turn.enter("agent", "/");
    for groups in [Groups::Omitted, Groups::Overage] {
        let asserted = groups.clone();
        turn.scene.idp.change(move |options| options.groups = asserted.clone());
        turn.enter("agent", "/");
        assert_eq!(turn.groups("agent"), agents(), "{groups:?}");
    }
}

#[test]
fn a_portal_customer_is_one_and_costs_no_licence() {
    let turn = STRICT.turn();
    turn.enter("customer", PORTAL);
    let account = turn.account("customer");
    assert_eq!((account.groups, account.licensed), (set(&["portal-customers"]), false));
    assert_eq!(account.organizations, set(&["Example Inc"]));
    // By another door nothing is said about organizations, so nothing is taken.
    turn.enter("customer", "/");
    assert_eq!(turn.account("customer").organizations, set(&["Example Inc"]));
}

#[test]
fn parallel_sign_ins_of_one_person_all_succeed() {
    let turn = STRICT.turn();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| turn.enter("agent", "/"));
        }
    });
    assert_eq!(turn.groups("agent"), agents());
}

#[test]
fn no_call_carries_anything_of_the_browser() {
    scenario::no_call_carries_anything_of_the_browser(&STRICT.turn());
}

/// A message that may not have arrived is not sent again while somebody waits: there is nothing to ask whether it did.
fn refused_once(turn: &Turn, what: &str) -> String {
    let mut code = String::new();
    let calls = turn.cost(|| code = turn.refused("agent", "/"));
    assert_eq!(calls, (1, 1), "{what}\n{}", turn.shown());
    code
}

#[test]
fn a_receiver_that_fails_refuses_and_the_next_sign_in_heals() {
    let turn = STRICT.turn();
    for (effect, codes) in unhelpful() {
        turn.reset();
        turn.fault(at(DELIVER, effect.clone()).times(100));
        let code = refused_once(&turn, &format!("{effect:?}"));
        assert!(codes.contains(&code.as_str()), "{effect:?}: {code}");
        assert_eq!(turn.product.account("agent"), None, "{effect:?}");
        turn.heal("agent", "/");
        assert_eq!(turn.groups("agent"), agents(), "{effect:?}");
    }
}

#[test]
fn a_lost_answer_refuses_and_telling_again_does_no_harm() {
    let turn = STRICT.turn();
    for effect in [Effect::Reset, Effect::Status(503), Effect::Html] {
        turn.reset();
        turn.fault(at(DELIVER, effect.clone()).after());
        refused_once(&turn, &format!("{effect:?}"));
        assert_eq!(turn.groups("agent"), agents(), "it was carried out");
        turn.heal("agent", "/");
        assert_eq!(turn.groups("agent"), agents(), "{effect:?}");
    }
}

#[test]
fn a_receiver_that_hangs_costs_one_timeout() {
    let turn = STRICT.turn();
    turn.fault(at(DELIVER, Effect::Hang).times(100));
    let began = Instant::now();
    assert_eq!(refused_once(&turn, "hang"), "SG8001");
    let took = began.elapsed();
    assert!(took >= TIMEOUT && took < TIMEOUT * 2, "{took:?}");
    turn.heal("agent", "/");
}

#[test]
fn a_receiver_that_knows_no_secret_of_ours_is_reported_as_one_that_refuses_our_credential() {
    let turn = STRICT.turn();
    // As the receiver sees a message whose timestamp or body somebody changed on the way.
    turn.fault(at(DELIVER, Effect::Status(401)));
    assert_eq!(refused_once(&turn, "401"), "SG8002");
    turn.heal("agent", "/");
    assert!(!turn.scene.envoy_log().contains("whsec_"), "a secret is in the log");
}

#[test]
fn a_failure_is_overlooked_where_that_is_configured() {
    let turn = LENIENT.turn();
    for (effect, codes) in unhelpful() {
        turn.reset();
        turn.fault(at(DELIVER, effect.clone()).times(100));
        let logged = turn.scene.envoy_log().len();
        turn.enter("agent", "/");
        let line = visits::logged_since(turn.scene, logged, &[r#""event":"sign_in""#, "SG80"]);
        assert!(codes.iter().any(|code| line.contains(code)), "{effect:?}: {line}");
        turn.heal("agent", "/");
        assert_eq!(turn.groups("agent"), agents());
    }
}

#[test]
fn what_could_not_be_told_is_told_afterwards() {
    let turn = RETRYING.turn();
    for effect in [Effect::Reset, Effect::Status(503), Effect::RateLimit(1), Effect::Hang] {
        turn.reset();
        let done = visits::counter(turn.scene, "background_done");
        turn.fault(at(DELIVER, effect.clone()));
        turn.enter("agent", "/");
        background::wait_for(&turn, "background_done", done);
        assert_eq!(turn.groups("agent"), agents(), "{effect:?}");
    }
}
