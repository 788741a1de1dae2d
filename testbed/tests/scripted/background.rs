//! What a sign-in leaves, and what the runner makes of it: against the stand-in Jira, without Envoy.

use std::collections::VecDeque;

use samlgate::effect::{Answer, Ask, AskId, CallFailure, Tell};
use samlgate::flow::background::Runner;
use samlgate::flow::{Env, Turn};
use serde_json::json;
use testbed::idp::User;
use testbed::jira::{Effect, Fault, UserSeed};

use crate::host::{Script, ScriptedHost, honest, set};

const DOWN: Answer = Answer::HttpFailed(CallFailure::NoAnswer);

fn configured(on_failure: &str) -> ScriptedHost {
    ScriptedHost::with(&json!({
        "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s", "on_failure": on_failure }
    }))
}

/// Sign-ins whose failures are overlooked and made good.
fn host() -> ScriptedHost {
    let host = configured("CONTINUE_AND_RETRY");
    host.queue.replace(Some(VecDeque::new()));
    host
}

/// The runner, and everything that it told.
#[derive(Default)]
struct Background {
    runner: Runner,
    told: Vec<Tell>,
}

impl Background {
    /// Takes out what waits in the queue and carries everything out that is due.
    fn drain(&mut self, host: &ScriptedHost, script: Script<'_>) -> usize {
        let mut calls = 0;
        while let Some(message) = host.take() {
            calls += self.step(host, script, |runner, env| runner.accept(&message, env));
        }
        calls
    }

    fn tick(&mut self, host: &ScriptedHost, script: Script<'_>) -> usize {
        self.step(host, script, Runner::tick)
    }

    fn step(
        &mut self,
        host: &ScriptedHost,
        script: Script<'_>,
        first: impl FnOnce(&mut Runner, &Env<'_>) -> Turn,
    ) -> usize {
        let mut open: VecDeque<(AskId, Ask)> = VecDeque::new();
        let mut turn = first(&mut self.runner, &host.gateway.borrow().env(&host.host()));
        let mut calls = 0;
        loop {
            self.told.extend(turn.tells);
            open.extend(turn.asks);
            let Some((id, ask)) = open.pop_front() else { return calls };
            assert!(calls < 100_000, "the runner does not end");
            let answer = script(calls, &ask, host).unwrap_or_else(|| host.perform(&ask, b""));
            calls += usize::from(matches!(ask, Ask::HttpCall(_)));
            turn = self.runner.answer(id, answer, &host.gateway.borrow().env(&host.host()));
        }
    }

    fn counted(&self, name: &str) -> usize {
        let counts = |tell: &&Tell| matches!(tell, Tell::Count { outcome, .. } if *outcome == name);
        self.told.iter().filter(counts).count()
    }

    /// What the events of this name say.
    fn said(&self, name: &str) -> String {
        let events = self.told.iter().filter_map(|tell| match tell {
            Tell::Event(event) if event.name == name => {
                Some(format!("{:?} {:?}\n", event.code, event.fields))
            }
            _ => None,
        });
        events.collect()
    }
}

fn broken(_: usize, ask: &Ask, _: &ScriptedHost) -> Option<Answer> {
    matches!(ask, Ask::HttpCall(_)).then_some(DOWN)
}

/// Signs in while the application is down; somebody enters all the same, and something is left.
fn leave(host: &ScriptedHost, user: User) {
    let ended = host.sign_in(user, "/", &mut broken);
    assert!(ended.has_session(), "{}: {:?}", ended.code(), ended.tells);
}

fn later(host: &ScriptedHost, seconds: u64) {
    host.now.set(host.now.get() + seconds);
}

#[test]
fn what_a_sign_in_could_not_do_is_done_afterwards() {
    let host = host();
    leave(&host, User::agent());
    assert!(!host.jira.store().has_user("agent"));
    let mut background = Background::default();
    background.drain(&host, &mut honest);
    assert_eq!(host.groups("agent"), set(&["jira-software-users", "service-desk-agents", "staff"]));
    assert!(background.runner.is_empty());
    assert_eq!(background.counted("background_done"), 1);
    let said = background.said("background_done");
    assert!(said.contains("r-1") && said.contains("create_account"), "{said}");
    assert!(!said.contains("agent@example.com") && !said.contains("Ada"), "{said}");
}

#[test]
fn r20_the_door_is_remembered() {
    let host = host();
    let ended = host.sign_in(User::customer(), "/servicedesk/customer/portal/1", &mut broken);
    assert!(ended.has_session());
    Background::default().drain(&host, &mut honest);
    assert_eq!(host.groups("customer"), set(&["portal-customers"]), "the door was forgotten");
}

#[test]
fn a_sign_in_that_succeeds_leaves_nothing() {
    let host = host();
    assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
    let mut background = Background::default();
    assert_eq!(background.drain(&host, &mut honest), 0, "a call was made");
    assert!(background.runner.is_empty() && background.told.is_empty(), "{:?}", background.told);
}

#[test]
fn other_policies_leave_nothing() {
    for policy in ["REFUSE", "CONTINUE"] {
        let host = configured(policy);
        host.queue.replace(Some(VecDeque::new()));
        let ended = host.sign_in(User::agent(), "/", &mut broken);
        assert_eq!(ended.has_session(), policy == "CONTINUE");
        assert!(host.take().is_none(), "{policy}");
    }
}

#[test]
fn a_full_queue_is_told_and_keeps_nobody_out() {
    let host = host();
    host.queue.replace(None);
    let ended = host.sign_in(User::agent(), "/", &mut broken);
    assert!(ended.has_session());
    let told = format!("{:?}", ended.tells);
    assert!(told.contains("background_dropped") && told.contains("JobDropped"), "{told}");
    assert!(told.contains("TargetUnreachable"), "{told}");
    // And a sign-in that has nothing to leave does not mind.
    let ended = host.sign_in(User::agent(), "/", &mut honest);
    assert!(ended.has_session() && !format!("{:?}", ended.tells).contains("JobDropped"));
}

#[test]
fn people_without_admission_leave_nothing() {
    let host = host();
    host.jira.change(|store| store.add_user(UserSeed { active: false, ..UserSeed::new("agent", &[]) }));
    let ended = host.sign_in(User::agent(), "/", &mut honest);
    assert_eq!((ended.code(), ended.has_session()), ("SG8007", false));
    let mut background = Background::default();
    background.drain(&host, &mut honest);
    assert!(background.told.is_empty(), "{:?}", background.told);
}

#[test]
fn tries_are_spread_and_end() {
    let host = host();
    leave(&host, User::agent());
    let mut background = Background::default();
    background.drain(&host, &mut broken);
    // Not before it is due.
    later(&host, 4);
    assert_eq!(background.tick(&host, &mut broken), 0);
    later(&host, 1);
    assert!(background.tick(&host, &mut broken) > 0);
    let mut tries = 2;
    for _ in 0..5_000 {
        later(&host, 1);
        let calls = background.tick(&host, &mut broken);
        assert!(calls <= 2, "a dead application is asked once for each try");
        tries += usize::from(calls > 0);
    }
    assert_eq!(tries, 10);
    assert!(background.runner.is_empty());
    assert_eq!((background.counted("background_retry"), background.counted("background_dropped")), (9, 1));
    let said = background.said("background_dropped");
    assert!(
        said.contains("JobDropped") && said.contains("SG8001") && said.contains("often enough"),
        "{said}"
    );
    assert!(!host.jira.store().has_user("agent"));
}

#[test]
fn an_application_that_comes_back_is_brought_up_to_date() {
    let host = host();
    leave(&host, User::agent());
    let mut background = Background::default();
    background.drain(&host, &mut broken);
    for _ in 0..30 {
        later(&host, 1);
        background.tick(&host, &mut broken);
    }
    assert_eq!(background.runner.len(), 1);
    for _ in 0..60 {
        later(&host, 1);
        background.tick(&host, &mut honest);
    }
    assert!(background.runner.is_empty());
    assert_eq!(host.groups("agent"), set(&["jira-software-users", "service-desk-agents", "staff"]));
    assert!(background.said("background_done").contains("tries"), "{:?}", background.told);
}

#[test]
fn what_does_not_pass_by_itself_is_given_up_at_once() {
    let effects = [(Effect::Status(401), "SG8002"), (Effect::Captcha, "SG80")];
    for (effect, code) in effects {
        let host = host();
        leave(&host, User::agent());
        host.jira.fault(Fault::new("", "/rest/", effect.clone()).times(1_000));
        let mut background = Background::default();
        let calls = background.drain(&host, &mut honest);
        assert!(calls <= 2, "{effect:?}");
        if code == "SG8002" {
            assert!(background.runner.is_empty());
            assert!(background.said("background_dropped").contains(code), "{:?}", background.told);
            later(&host, 10_000);
            assert_eq!(background.tick(&host, &mut honest), 0, "tried again");
        }
    }
    // Somebody deactivated the account meanwhile: that is a decision.
    let host = host();
    leave(&host, User::agent());
    host.jira
        .change(|store| store.add_user(UserSeed { active: false, ..UserSeed::new("agent", &["staff"]) }));
    let mut background = Background::default();
    background.drain(&host, &mut honest);
    assert!(background.runner.is_empty());
    assert!(background.said("background_dropped").contains("SG8007"), "{:?}", background.told);
    assert_eq!(host.groups("agent"), set(&["staff"]));
}

#[test]
fn a_refused_credential_at_the_sign_in_is_not_tried_again_in_the_background() {
    let host = host();
    host.jira.fault(Fault::new("", "/rest/", Effect::Status(401)).times(1_000));
    assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
    assert_eq!(Background::default().drain(&host, &mut honest), 0);
}

#[test]
fn a_newer_sign_in_supersedes_what_an_older_one_left() {
    let host = host();
    leave(&host, User::agent());
    let mut background = Background::default();
    background.drain(&host, &mut broken);
    assert_eq!(background.runner.len(), 1);
    // Before the runner's next try the person lost a group at the identity provider and signed in.
    later(&host, 3);
    let mover = User { groups: vec!["idp-staff".to_owned()], ..User::agent() };
    assert!(host.sign_in(mover, "/", &mut honest).has_session());
    let wanted = set(&["jira-software-users", "staff"]);
    assert_eq!(host.groups("agent"), wanted);
    assert_eq!(background.drain(&host, &mut honest), 0);
    assert!(background.runner.is_empty());
    later(&host, 1_000);
    assert_eq!(background.tick(&host, &mut honest), 0);
    assert_eq!(host.groups("agent"), wanted, "an old assertion was applied after a newer one");
}

#[test]
fn jobs_of_one_person_are_one_job_and_the_newest_wins() {
    let host = host();
    leave(&host, User::agent());
    let first: Vec<_> = std::iter::from_fn(|| host.take()).collect();
    later(&host, 5);
    leave(&host, User { groups: vec!["idp-customers".to_owned()], ..User::agent() });
    let second: Vec<_> = std::iter::from_fn(|| host.take()).collect();
    // In whatever order they come out of the queue.
    for order in [[&first, &second], [&second, &first]] {
        host.jira.reset();
        host.jira.change(|store| {
            store.add_group("portal-customers");
        });
        let mut background = Background::default();
        for message in order.into_iter().flatten() {
            background.step(&host, &mut broken, |runner, env| runner.accept(message, env));
            assert!(background.runner.len() <= 1);
        }
        later(&host, 300);
        background.tick(&host, &mut honest);
        assert_eq!(host.groups("agent"), set(&["jira-software-users", "portal-customers"]));
    }
}

#[test]
fn nobody_else_can_put_a_job_into_the_queue() {
    let host = host();
    leave(&host, User::agent());
    let mut messages: Vec<_> = std::iter::from_fn(|| host.take()).collect();
    let job = messages.pop().unwrap();
    let (cookies, _) = host.begin("/");
    let cookie = cookies.split_once('=').unwrap().1.as_bytes().to_vec();
    let mut altered = job.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let mut forged: Vec<Vec<u8>> =
        vec![vec![], b"{}".to_vec(), vec![0xff; 100], vec![b'A'; 70_000], cookie, altered];
    forged.push(job[..job.len() - 1].to_vec());
    let count = forged.len();
    let mut background = Background::default();
    for message in forged {
        let shown = String::from_utf8_lossy(&message[..message.len().min(20)]).into_owned();
        let calls = background.step(&host, &mut honest, |runner, env| runner.accept(&message, env));
        assert_eq!((calls, background.runner.len()), (0, 0), "{shown}");
    }
    assert_eq!(background.counted("background_dropped"), count);
    // Another service provider's keys do not open it either.
    let other = ScriptedHost::with(&json!({ "sp": { "entity_id": "https://other.example/saml" } }));
    let mut theirs = Background::default();
    theirs.step(&other, &mut honest, |runner, env| runner.accept(&job, env));
    assert_eq!((theirs.counted("background_dropped"), theirs.runner.len()), (1, 0));
    // The true one is done.
    background.step(&host, &mut honest, |runner, env| runner.accept(&job, env));
    assert_eq!(background.counted("background_done"), 1);
}

#[test]
fn an_old_job_that_is_put_in_again_undoes_nothing_for_longer_than_an_hour() {
    let host = host();
    leave(&host, User::agent());
    let job = std::iter::from_fn(|| host.take()).last().unwrap();
    later(&host, 3_601);
    let mut background = Background::default();
    let calls = background.step(&host, &mut honest, |runner, env| runner.accept(&job, env));
    assert_eq!((calls, background.counted("background_dropped")), (0, 1), "{:?}", background.told);
}

#[test]
fn a_thousand_wait_and_no_more() {
    let host = host();
    let mut background = Background::default();
    for number in 0..1_002 {
        leave(&host, User::new(&format!("u{number}"), "U", &["idp-staff"]));
        background.drain(&host, &mut broken);
    }
    assert_eq!(background.runner.len(), 1_000);
    assert_eq!(background.counted("background_dropped"), 2);
    assert!(background.said("background_dropped").contains("wait already"));
    later(&host, 300);
    background.tick(&host, &mut honest);
    assert!(background.runner.is_empty());
    assert!(host.jira.store().has_user("u999") && !host.jira.store().has_user("u1000"));
}

#[test]
fn late_and_foreign_answers_are_nobodys() {
    let host = host();
    leave(&host, User::agent());
    let mut runner = Runner::default();
    assert!(runner.answer(AskId(0), DOWN, &host.gateway.borrow().env(&host.host())).asks.is_empty());
    // What others left behind is loaded first.
    let calls = |runner: &mut Runner, mut asks: Vec<(AskId, Ask)>| loop {
        let Some(at) = asks.iter().position(|(_, ask)| !matches!(ask, Ask::HttpCall(_))) else { return asks };
        let (id, ask) = asks.remove(at);
        let answer = host.perform(&ask, b"");
        asks.extend(runner.answer(id, answer, &host.gateway.borrow().env(&host.host())).asks);
    };
    let mut asks = Vec::new();
    while let Some(message) = host.take() {
        asks.extend(runner.accept(&message, &host.gateway.borrow().env(&host.host())).asks);
    }
    let asks = calls(&mut runner, asks);
    assert_eq!(asks.len(), 2, "both reads leave at once");
    // The first failure ends the try; the answer to the other read arrives all the same, and twice.
    let ids: Vec<AskId> = asks.iter().map(|(id, _)| *id).collect();
    let turn = runner.answer(ids[0], DOWN, &host.gateway.borrow().env(&host.host()));
    assert!(calls(&mut runner, turn.asks).is_empty());
    for _ in 0..2 {
        let turn = runner.answer(ids[1], DOWN, &host.gateway.borrow().env(&host.host()));
        assert!(turn.asks.is_empty() && turn.tells.is_empty(), "{turn:?}");
    }
    assert_eq!(runner.len(), 1);
    // The next try has numbers of its own.
    later(&host, 10);
    let next = runner.tick(&host.gateway.borrow().env(&host.host()));
    let next = calls(&mut runner, next.asks);
    assert!(next.len() == 2 && next.iter().all(|(id, _)| !ids.contains(id)), "{next:?}");
    assert!(runner.answer(ids[0], DOWN, &host.gateway.borrow().env(&host.host())).asks.is_empty());
    assert_eq!(runner.len(), 1);
}

#[test]
fn a_browser_that_went_away_leaves_what_was_begun() {
    // After each number of answers: whatever was done by then, the rest is done.
    for answers in 0..24 {
        let host = host();
        let (cookies, request) = host.begin("/");
        let form = host.form(User::agent(), &request);
        let Some(exchange) = host.post_until(&cookies, &form, answers) else { continue };
        let left = host.gateway.borrow().abandoned(exchange, &host.host());
        if let Some(ask) = left {
            host.perform(&ask, b"");
        }
        let mut background = Background::default();
        background.drain(&host, &mut honest);
        let groups = host.groups("agent");
        if host.jira.store().has_user("agent") {
            let wanted = set(&["jira-software-users", "service-desk-agents", "staff"]);
            assert_eq!(groups, wanted, "after {answers} answers");
        }
        assert!(background.runner.is_empty());
    }
}

#[test]
fn a_new_person_stays_new_until_everything_is_done() {
    // However often and wherever it breaks off, without a background that would finish it.
    for on_failure in ["REFUSE", "CONTINUE"] {
        for answers in 0..40 {
            let host = configured(on_failure);
            let (cookies, request) = host.begin("/");
            let form = host.form(User::agent(), &request);
            drop(host.post_until(&cookies, &form, answers));
            // The next one fails at its first change.
            host.jira.fault(Fault::new("POST", "/rest/api/2/group", Effect::Status(500)));
            host.sign_in(User::agent(), "/", &mut honest);
            host.jira.clear_faults();
            assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
            let wanted = set(&["jira-software-users", "service-desk-agents", "staff"]);
            assert_eq!(host.groups("agent"), wanted, "{on_failure}, after {answers} answers");
        }
    }
    // Who had an account before is not made new by anything.
    let host = configured("REFUSE");
    host.jira.change(|store| store.add_user(UserSeed::new("agent", &["staff"])));
    host.jira.fault(Fault::new("POST", "/rest/api/2/group", Effect::Status(500)));
    host.sign_in(User::agent(), "/", &mut honest);
    host.jira.clear_faults();
    assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
    assert_eq!(host.groups("agent"), set(&["service-desk-agents", "staff"]));
}
