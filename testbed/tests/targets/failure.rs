//! Every way in which an application can fail, at every kind of call: the outcome is the configured one, and the next
//! sign-in heals.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use samlgate::base::Code;

use crate::product::{Effect, Place, at};
use crate::stage::{TIMEOUT, Turn, set};
use crate::visits;

/// What can come of a call that was not carried out, and the codes that may be shown for it.
pub(crate) fn unhelpful() -> Vec<(Effect, &'static [&'static str])> {
    vec![
        (Effect::Reset, &["SG8001"]),
        (Effect::Truncated, &["SG8001"]),
        (Effect::Status(401), &["SG8002"]),
        // Of a directory that cannot be changed, too.
        (Effect::Status(403), &["SG8003", "SG8009"]),
        // After a conflict nothing has changed: what a directory that can only be read looks like.
        (Effect::Status(409), &["SG8003", "SG8007", "SG8005", "SG8009", "SG8015", "SG8016"]),
        (Effect::Status(412), &["SG8003", "SG8005"]),
        (Effect::RateLimit(3600), &["SG8004"]),
        (Effect::Status(500), &["SG8001"]),
        (Effect::Status(502), &["SG8001"]),
        (Effect::Status(503), &["SG8001"]),
        (Effect::Status(302), &["SG8003", "SG8005"]),
        (Effect::Html, &["SG8005"]),
    ]
}

/// Who is to be changed, and how, so that a kind of write is made.
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) user: &'static str,
    /// What the account has before; `None` where there is none.
    before: Option<&'static [&'static str]>,
    /// What it has afterwards, besides the licence group of a new one.
    after: &'static [&'static str],
}

pub(crate) fn changes(turn: &Turn) -> [Change; 3] {
    let traits = turn.product.traits();
    let agents: &[&str] = &["service-desk-agents", "staff"];
    [
        Change { name: "create", place: traits.create, user: "agent", before: None, after: agents },
        Change { name: "join", place: traits.join, user: "agent", before: Some(&["staff"]), after: agents },
        Change { name: "leave", place: traits.leave, user: "leaver", before: Some(agents), after: &[] },
    ]
}

impl Change {
    /// Groups exist, so that the first write is the one meant.
    pub(crate) fn prepare(&self, turn: &Turn) {
        turn.reset();
        for group in ["service-desk-agents", "staff"] {
            turn.product.seed_group(group);
        }
        if let Some(groups) = self.before {
            turn.seed(self.user, groups);
        }
        turn.product.stand_in().clear_calls();
    }

    pub(crate) fn is_done(&self, turn: &Turn) {
        let mut wanted = set(self.after);
        if self.before.is_none() {
            wanted.insert(turn.product.traits().licence_group.to_owned());
        }
        let account = turn.account(self.user);
        assert_eq!((account.active, &account.groups), (true, &wanted), "{}\n{}", self.name, turn.shown());
    }

    /// Between before and after: nothing else was given, and nothing that both have was taken.
    fn is_nothing_else(&self, turn: &Turn) {
        let Some(account) = turn.product.account(self.user) else {
            assert!(self.before.is_none(), "{}: the account is gone\n{}", self.name, turn.shown());
            return;
        };
        let before = set(self.before.unwrap_or_default());
        let mut may = set(self.after);
        may.insert(turn.product.traits().licence_group.to_owned());
        may.extend(before.iter().cloned());
        let must: BTreeSet<String> = before.intersection(&set(self.after)).cloned().collect();
        assert!(account.groups.is_subset(&may), "{}: too much: {account:?}\n{}", self.name, turn.shown());
        assert!(
            account.groups.is_superset(&must),
            "{}: too little: {account:?}\n{}",
            self.name,
            turn.shown()
        );
    }
}

pub(crate) fn a_read_that_fails_refuses_without_a_write(turn: &Turn) {
    for place in turn.product.traits().reads {
        for (effect, codes) in unhelpful() {
            let change = &changes(turn)[2];
            change.prepare(turn);
            let before = turn.account(change.user);
            turn.fault(at(*place, effect.clone()).times(100));
            let what = format!("{place:?} {effect:?}");
            let (_, writes) = turn.cost(|| {
                let code = turn.refused(change.user, "/");
                assert!(codes.contains(&code.as_str()), "{what}: {code}");
            });
            assert_eq!((turn.account(change.user), writes), (before, 0), "{what}\n{}", turn.shown());
            turn.heal(change.user, "/");
            change.is_done(turn);
        }
    }
}

pub(crate) fn a_write_that_fails_refuses_and_the_next_sign_in_heals(turn: &Turn) {
    for change in changes(turn) {
        for (effect, codes) in unhelpful() {
            change.prepare(turn);
            turn.fault(at(change.place, effect.clone()).times(100));
            let code = turn.refused(change.user, "/");
            let what = format!("{} {effect:?}: {code}\n{}", change.name, turn.shown());
            assert!(codes.contains(&code.as_str()), "{what}");
            change.is_nothing_else(turn);
            turn.heal(change.user, "/");
            change.is_done(turn);
            let (_, writes) = turn.cost(|| drop(turn.enter(change.user, "/")));
            assert_eq!(writes, 0, "{what}\n{}", turn.shown());
        }
    }
}

pub(crate) fn a_write_whose_answer_was_lost_counts_as_made(turn: &Turn) {
    for change in changes(turn) {
        for effect in [Effect::Reset, Effect::Truncated, Effect::Status(503), Effect::SlowBody(400)] {
            change.prepare(turn);
            turn.fault(at(change.place, effect.clone()).after());
            let (_, page) = turn.sign_in(change.user, "/");
            // Whether it was found out at once or not, nothing is made twice and nothing stays away.
            let code = page.header("x-samlgate-code").unwrap_or_default().to_owned();
            assert!(page.status() == 200 || code.starts_with("SG8"), "{} {effect:?}: {code}", change.name);
            assert_eq!(page.status(), 200, "{} {effect:?}: {code}\n{}", change.name, turn.shown());
            change.is_done(turn);
            turn.heal(change.user, "/");
            change.is_done(turn);
        }
    }
}

pub(crate) fn a_write_that_hangs_costs_a_bounded_time(turn: &Turn) {
    for change in changes(turn) {
        change.prepare(turn);
        turn.fault(at(change.place, Effect::Hang).times(100));
        let began = Instant::now();
        let code = turn.refused(change.user, "/");
        let took = began.elapsed();
        assert_eq!(code, "SG8001", "{}\n{}", change.name, turn.shown());
        // One timeout for the write, and time to look whether it was made.
        assert!(took >= TIMEOUT && took < TIMEOUT * 2 + Duration::from_secs(2), "{}: {took:?}", change.name);
        change.is_nothing_else(turn);
        turn.heal(change.user, "/");
        change.is_done(turn);
    }
}

pub(crate) fn an_application_that_is_down_costs_one_timeout(turn: &Turn) {
    let everywhere = Place { method: "", path: "/" };
    for effect in [Effect::Hang, Effect::SlowBody(1_000)] {
        let change = &changes(turn)[1];
        change.prepare(turn);
        turn.fault(at(everywhere, effect.clone()).times(1_000));
        let began = Instant::now();
        let (_, writes) = turn.cost(|| assert_eq!(turn.refused(change.user, "/"), "SG8001"));
        let took = began.elapsed();
        assert!(took >= TIMEOUT && took < TIMEOUT + Duration::from_secs(2), "{effect:?}: {took:?}");
        assert_eq!(writes, 0, "{}", turn.shown());
        turn.heal(change.user, "/");
        change.is_done(turn);
    }
}

pub(crate) fn a_browser_that_goes_away_breaks_nothing(turn: &Turn) {
    for change in changes(turn) {
        change.prepare(turn);
        turn.fault(at(change.place, Effect::Hang).after());
        let mut browser = turn.scene.browser().without_scripts();
        let login = browser.open(&turn.scene.app_url("/")).unwrap();
        let form = login.form().with("user", change.user).with("password", change.user);
        let answer = browser.submit(&login, &form).unwrap();
        browser.timeout = Duration::from_millis(600);
        browser.submit(&answer, &answer.form()).unwrap_err();
        browser.timeout = Duration::from_secs(20);
        // The answer was used; going back does not use it again.
        let again = browser.submit(&answer, &answer.form()).unwrap();
        assert_eq!(again.header("x-samlgate-code"), Some("SG5004"), "{}", change.name);
        turn.heal(change.user, "/");
        change.is_done(turn);
    }
    // Also when Envoy hears from the application long after the browser has gone.
    std::thread::sleep(TIMEOUT);
    let log = turn.scene.envoy_log();
    assert!(!log.contains("panicked") && !log.contains("Function: proxy_on"), "the filter crashed");
}

pub(crate) fn a_denied_credential_is_reported_once_for_each_sign_in(turn: &Turn) {
    let change = &changes(turn)[1];
    change.prepare(turn);
    turn.fault(at(Place { method: "", path: "/" }, Effect::Status(401)).times(1_000));
    let refuse = || drop(visits::refused(turn.scene, change.user, "/", Code::TargetUnauthorized));
    let (calls, writes) = turn.cost(refuse);
    // Reads that leave together may all be refused, but nothing is tried again.
    assert!(calls <= turn.product.traits().reads.len(), "{}", turn.shown());
    assert_eq!(writes, 0);
    turn.heal(change.user, "/");
    change.is_done(turn);
}

pub(crate) fn a_failure_is_overlooked_where_that_is_configured(turn: &Turn) {
    for change in changes(turn) {
        for (effect, codes) in unhelpful() {
            change.prepare(turn);
            turn.fault(at(change.place, effect.clone()).times(100));
            // An account that cannot be made and is not shown is one that must not be entered.
            if turn.product.name() == "jira_cloud" && change.name == "create" && effect == Effect::Status(409)
            {
                assert_eq!(turn.refused(change.user, "/"), "SG8007");
                turn.heal(change.user, "/");
                continue;
            }
            let logged = turn.scene.envoy_log().len();
            let accepted = visits::counter(turn.scene, "sign_in_accepted");
            turn.enter(change.user, "/");
            assert_eq!(visits::counter(turn.scene, "sign_in_accepted"), accepted + 1);
            let line = visits::logged_since(turn.scene, logged, &[r#""event":"sign_in""#, "SG80"]);
            let what = format!("{} {effect:?}: {line}", change.name);
            assert!(codes.iter().any(|code| line.contains(code)), "{what}");
            assert!(!line.contains("example.com") && !line.contains("Ada "), "{what}");
            change.is_nothing_else(turn);
            turn.heal(change.user, "/");
            change.is_done(turn);
        }
    }
}
