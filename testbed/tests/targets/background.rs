//! What a sign-in leaves to the background service, with `on_failure: CONTINUE_AND_RETRY`.

use std::time::{Duration, Instant};

use crate::failure::{Change, changes};
use crate::product::{Effect, Place, at};
use crate::stage::Turn;
use crate::visits;

/// The first try is made at once, the second after 5 seconds, the third 10 seconds later.
const PATIENCE: Duration = Duration::from_secs(25);

/// Waits until the background has done or dropped something for the `count`th time since `before`.
pub(crate) fn wait_for(turn: &Turn, counter: &str, before: u64) {
    let deadline = Instant::now() + PATIENCE;
    while visits::counter(turn.scene, counter) <= before {
        assert!(Instant::now() < deadline, "nothing was counted as {counter}\n{}", turn.shown());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn done(turn: &Turn) -> u64 {
    visits::counter(turn.scene, "background_done")
}

/// Signs in, gets in, and what was missing is there soon.
fn left_and_done(turn: &Turn, change: &Change, effect: &Effect) {
    let before = done(turn);
    turn.fault(at(change.place, effect.clone()));
    turn.enter(change.user, "/");
    wait_for(turn, "background_done", before);
    change.is_done(turn);
    let (_, writes) = turn.cost(|| drop(turn.enter(change.user, "/")));
    assert_eq!(writes, 0, "{} {effect:?}\n{}", change.name, turn.shown());
}

pub(crate) fn what_a_sign_in_could_not_do_is_done_afterwards(turn: &Turn) {
    let effects = [Effect::Reset, Effect::Status(503), Effect::RateLimit(1), Effect::Html, Effect::Hang];
    for change in changes(turn) {
        for effect in &effects {
            change.prepare(turn);
            left_and_done(turn, &change, effect);
        }
    }
}

pub(crate) fn what_a_browser_left_behind_is_finished(turn: &Turn) {
    for change in changes(turn) {
        change.prepare(turn);
        let before = done(turn);
        turn.fault(at(change.place, Effect::Hang).after());
        let mut browser = turn.scene.browser().without_scripts();
        let login = browser.open(&turn.scene.app_url("/")).unwrap();
        let form = login.form().with("user", change.user).with("password", change.user);
        let answer = browser.submit(&login, &form).unwrap();
        browser.timeout = Duration::from_millis(600);
        browser.submit(&answer, &answer.form()).unwrap_err();
        wait_for(turn, "background_done", before);
        // Nobody came back, and a new account has what new people get all the same.
        change.is_done(turn);
    }
}

pub(crate) fn an_application_that_stays_away_is_left_alone_in_between(turn: &Turn) {
    let change = &changes(turn)[1];
    change.prepare(turn);
    let (dropped, before) = (visits::counter(turn.scene, "background_dropped.job_dropped"), done(turn));
    turn.fault(at(Place { method: "", path: "/" }, Effect::Reset).times(1_000));
    turn.enter(change.user, "/");
    std::thread::sleep(Duration::from_secs(4));
    let calls = turn.product.stand_in().calls().len();
    // The sign-in and one try.
    assert!(calls <= 2 * turn.product.traits().reads.len(), "{}", turn.shown());
    turn.product.stand_in().clear_faults();
    wait_for(turn, "background_done", before);
    change.is_done(turn);
    assert_eq!(visits::counter(turn.scene, "background_dropped.job_dropped"), dropped);
    // What is refused for good is given up at once, and said.
    change.prepare(turn);
    let retried = visits::counter(turn.scene, "background_retry.target_unreachable");
    turn.fault(at(change.place, Effect::Status(500)).times(2));
    turn.enter(change.user, "/");
    wait_for(turn, "background_retry.target_unreachable", retried);
    let logged = turn.scene.envoy_log().len();
    turn.product.stand_in().clear_faults();
    turn.fault(at(Place { method: "", path: "/" }, Effect::Status(401)).times(1_000));
    wait_for(turn, "background_dropped.job_dropped", dropped);
    let line = visits::logged_since(turn.scene, logged, &[r#""event":"background_dropped""#, "SG8014"]);
    assert!(line.contains("SG8002"), "{line}");
    assert!(!line.contains("example.com") && !line.contains("Lee "), "{line}");
    let (calls, _) = turn.cost(|| std::thread::sleep(Duration::from_secs(12)));
    assert_eq!(calls, 0, "tried again\n{}", turn.shown());
    // The service lives on.
    let before = done(turn);
    change.prepare(turn);
    turn.fault(at(change.place, Effect::Reset));
    turn.enter(change.user, "/");
    wait_for(turn, "background_done", before);
}

pub(crate) fn a_newer_sign_in_supersedes_what_an_older_one_left(turn: &Turn) {
    let change = &changes(turn)[1];
    change.prepare(turn);
    turn.fault(at(change.place, Effect::Status(500)).times(2));
    turn.enter(change.user, "/");
    // The sign-in failed, and the first try too.
    let deadline = Instant::now() + PATIENCE;
    while visits::counter(turn.scene, "background_retry.target_unreachable") == 0 {
        assert!(Instant::now() < deadline, "{}", turn.shown());
        std::thread::sleep(Duration::from_millis(50));
    }
    turn.product.stand_in().clear_faults();
    turn.scene.idp.set_groups(change.user, &["idp-customers"]);
    turn.heal(change.user, "/");
    let account = turn.account(change.user);
    assert!(account.groups.contains("portal-customers") && !account.groups.contains("staff"), "{account:?}");
    let (calls, _) = turn.cost(|| std::thread::sleep(Duration::from_secs(8)));
    assert_eq!(calls, 0, "an old assertion was applied after a newer one\n{}", turn.shown());
    assert_eq!(turn.account(change.user), account);
}
