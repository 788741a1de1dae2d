//! One Envoy for each application and failure policy; tests take turns on it because they share the application.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::browser::{Browser, Page};
use testbed::idp::User;
use testbed::scene::{Scene, SceneOptions};
use testbed::stand_in::Call;

use crate::product::{Account, Fault, Product};
use crate::visits;

/// `timeout` of every target here.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// How long the circuit of a dead application may stay open, at most.
const CIRCUIT_CLOSES_WITHIN: Duration = Duration::from_secs(45);

/// What a failure of the application means for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// `REFUSE`.
    Strict,
    /// `CONTINUE`; and deactivated accounts are activated.
    Lenient,
    /// `CONTINUE_AND_RETRY`, with the background service.
    Retrying,
}

/// An Envoy with an application, started when the first test asks for it.
pub(crate) struct Stage {
    new: fn() -> Box<dyn Product>,
    policy: Policy,
    busy: Mutex<()>,
    running: OnceLock<(Box<dyn Product>, Scene)>,
    /// A fault was set since the circuit was last seen closed.
    troubled: AtomicBool,
    /// Somebody had a turn: the filter may remember groups from it.
    used: AtomicBool,
}

/// The stage for the length of one test.
pub(crate) struct Turn {
    /// The application.
    pub product: &'static dyn Product,
    /// Everything else.
    pub scene: &'static Scene,
    troubled: &'static AtomicBool,
    used: &'static AtomicBool,
    _busy: MutexGuard<'static, ()>,
}

impl Stage {
    /// A stage that is not started yet.
    pub(crate) const fn new(new: fn() -> Box<dyn Product>, policy: Policy) -> Self {
        Self {
            new,
            policy,
            busy: Mutex::new(()),
            running: OnceLock::new(),
            troubled: AtomicBool::new(false),
            used: AtomicBool::new(false),
        }
    }

    /// Waits for this test's turn; the application is as at the start, the identity provider honest.
    pub(crate) fn turn(&'static self) -> Turn {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let (product, scene) = self.running.get_or_init(|| {
            let product = (self.new)();
            let scene = Scene::start(options(&*product, self.policy)).unwrap();
            (product, scene)
        });
        let turn =
            Turn { product: &**product, scene, troubled: &self.troubled, used: &self.used, _busy: busy };
        turn.reset();
        turn
    }
}

/// The demo with the rules of the scenarios and this application behind it.
pub(crate) fn options(product: &dyn Product, policy: Policy) -> SceneOptions {
    let licence_group = product.traits().licence_group;
    let base = json!({
        "policy": {
            "group_mapping": [
                { "idp_group": "idp-agents", "groups": ["service-desk-agents"] },
                { "idp_group": "idp-staff", "groups": ["staff"] },
                { "idp_group": "idp-customers", "groups": ["portal-customers"] },
                { "idp_group": "idp-odd", "groups": ["a/b?c=d&e \"f\" eq \\ Ü'"] }
            ],
            "default_groups": { "groups": [licence_group] },
            "ignored_groups": ["jira-administrators"]
        },
        "provisioning": {
            "jira_dc": null,
            "create_missing_groups": product.traits().creates_groups,
            "max_group_removals": 3,
            // Each test begins with a fault that the one before must not have told of.
            "circuit_open_for": "0s",
            "on_failure": match policy {
                Policy::Strict => "REFUSE",
                Policy::Lenient => "CONTINUE",
                Policy::Retrying => "CONTINUE_AND_RETRY",
            },
            "reactivate_accounts": policy == Policy::Lenient && product.traits().reactivation
        }
    });
    let provisioning = product.provisioning();
    assert!(provisioning.get(product.name()).is_some(), "{} is not configured", product.name());
    let options = SceneOptions::new()
        .concurrency(1)
        .environment("JIRA_AUTHORIZATION", &product.authorization())
        .api(product.stand_in().router())
        .patch(base)
        .patch(json!({ "provisioning": provisioning }));
    if policy == Policy::Retrying { options.background() } else { options }
}

impl Turn {
    /// The application as at the start, with the groups that nobody makes, and everybody as they are.
    pub(crate) fn reset(&self) {
        self.product.stand_in().reset();
        self.scene.idp.reset();
        for user in User::everybody() {
            self.scene.idp.add_user(user);
        }
        // Groups do not vanish between two sign-ins; only the first turn of all meets an application without them.
        if self.used.swap(true, Ordering::Relaxed) || !self.product.traits().creates_groups {
            for group in ["service-desk-agents", "staff", "portal-customers", "a/b?c=d&e \"f\" eq \\ Ü'"] {
                self.product.seed_group(group);
            }
        }
        // What a failure of an earlier test opened must not be what this one meets.
        if self.troubled.swap(false, Ordering::Relaxed) {
            self.heal("leaver", "/");
            self.reset();
        }
    }

    /// The application misbehaves from now on.
    pub(crate) fn fault(&self, fault: Fault) {
        self.troubled.store(true, Ordering::Relaxed);
        self.product.stand_in().fault(fault);
    }

    /// Signs in with a fresh browser.
    pub(crate) fn sign_in(&self, user: &str, path: &str) -> (Browser, Page) {
        visits::sign_in(self.scene, user, path)
    }

    /// Signs in and expects the application's page.
    pub(crate) fn enter(&self, user: &str, path: &str) -> Browser {
        visits::enter(self.scene, user, path)
    }

    /// Signs in and expects a refusal for a reason of provisioning; its code.
    pub(crate) fn refused(&self, user: &str, path: &str) -> String {
        let accepted = visits::counter(self.scene, "sign_in_accepted");
        let arrived = self.scene.app_requests().len();
        let (browser, page) = self.sign_in(user, path);
        let code = page.header("x-samlgate-code").unwrap_or("no code").to_owned();
        assert!(code.starts_with("SG8"), "{code} {} {}", page.status(), page.text());
        assert!(matches!(page.status(), 403 | 503), "{code} {}", page.status());
        assert!(browser.cookie("__Host-samlgate").is_none(), "{code}: a session began");
        assert_eq!(visits::counter(self.scene, "sign_in_accepted"), accepted, "{code}");
        assert_eq!(self.scene.app_requests().len(), arrived, "{code}: the application was reached");
        code
    }

    /// Signs in once the application is well again: at once, or when the circuit closes.
    pub(crate) fn heal(&self, user: &str, path: &str) {
        self.product.stand_in().clear_faults();
        let deadline = Instant::now() + CIRCUIT_CLOSES_WITHIN;
        loop {
            let logged = self.scene.envoy_log().len();
            let (browser, page) = self.sign_in(user, path);
            let log = self.scene.envoy_log();
            let open = log.get(logged..).unwrap_or_default().contains("SG8012");
            if page.status() == 200 && !open {
                assert!(browser.cookie("__Host-samlgate").is_some());
                return;
            }
            let code = page.header("x-samlgate-code");
            assert!(open, "not healed: {code:?} {}", page.text());
            assert!(Instant::now() < deadline, "the circuit stays open");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The account of a user who must have one.
    pub(crate) fn account(&self, user: &str) -> Account {
        self.product.account(user).unwrap_or_else(|| panic!("{user} has no account"))
    }

    /// The groups of a user who must have an account.
    pub(crate) fn groups(&self, user: &str) -> BTreeSet<String> {
        self.account(user).groups
    }

    /// Makes `user` an account as the identity provider describes it, with these groups.
    pub(crate) fn seed(&self, user: &str, groups: &[&str]) {
        self.product.seed_account(user, &format!("{user}@example.com"), groups);
    }

    /// How many calls what happens inside makes, and how many of them ask for a change.
    pub(crate) fn cost(&self, happening: impl FnOnce()) -> (usize, usize) {
        self.product.stand_in().clear_calls();
        happening();
        let calls = self.product.stand_in().calls();
        (calls.len(), calls.iter().filter(|call| call.write).count())
    }

    /// The calls as `METHOD path status`, for messages.
    pub(crate) fn shown(&self) -> String {
        let calls = self.product.stand_in().calls();
        calls.iter().map(Call::line).collect::<Vec<_>>().join("\n")
    }

    /// What the application was told last about the groups of whoever asked for `target`.
    pub(crate) fn told_groups(&self, target: &str) -> Option<Value> {
        let requests = self.scene.app_requests();
        let request = requests.iter().rev().find(|request| request.target == target)?;
        request.header("x-remote-groups").map(|text| serde_json::from_str(text).unwrap())
    }
}

/// Names as a set.
pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
