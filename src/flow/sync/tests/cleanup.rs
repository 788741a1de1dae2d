//! Who may lose an account, and above all who may not.

use serde_json::json;

use super::application::Account;
use super::{FirstRun, World, person};
use crate::base::{Code, Pii, UnixTime};
use crate::flow::sync::{Outcome, Run, Wish};
use crate::provision::Marker;

fn acting(people: u32) -> World {
    World::new(people, |sync| sync.first_run = FirstRun::Act)
}

/// A world that knows its people already.
fn settled(people: u32) -> World {
    let world = acting(people);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.pass(100_000);
    world
}

fn stopped(outcome: Option<Outcome>) -> Code {
    match outcome {
        Some(Outcome::DoneWithoutCleanup(rejection)) => rejection.code,
        other => panic!("{other:?}"),
    }
}

fn marker(customer: bool, last_login: u64) -> Option<Marker> {
    Some(Marker {
        customer_login: customer.then(|| Pii::new("someone".to_owned())),
        last_login: Some(UnixTime::from_secs(last_login)),
        ..Marker::default()
    })
}

#[test]
fn r13_who_left_is_deactivated_once() {
    let world = settled(60);
    world.loses_from(57);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!((world.active(), world.deactivations()), (57, 3));
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!((world.active(), world.deactivations()), (57, 3));
}

#[test]
fn r13_who_comes_back_is_let_in_again_only_where_accounts_are_reactivated() {
    for (reactivates, active) in [(false, 59), (true, 60)] {
        let mut world = settled(60);
        world.settings.policy.accounts.reactivate = reactivates;
        world.loses_from(59);
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
        assert_eq!((world.active(), world.deactivations()), (59, 1));
        world.people.borrow_mut().push(person(59));
        for _ in 0..2 {
            world.pass(100_000);
            assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
            assert_eq!((world.active(), world.deactivations()), (active, 1), "{reactivates}");
        }
    }
}

#[test]
fn r13_a_directory_that_suddenly_lists_half_or_nobody_ends_nothing() {
    for left in [1, 10, 30, 50, 53] {
        let world = settled(60);
        world.loses_from(left);
        assert_eq!(stopped(world.run(Wish::Full)), Code::RunGuardrailExceeded, "{left}");
        assert_eq!((world.active(), world.deactivations()), (60, 0), "{left}");
        // And not the next time either: those who are known stay known.
        world.pass(100_000);
        assert_eq!(stopped(world.run(Wish::Full)), Code::RunGuardrailExceeded, "{left}");
        assert_eq!((world.active(), world.deactivations()), (60, 0), "{left}");
    }
    let world = settled(60);
    world.loses_from(0);
    assert!(matches!(world.run(Wish::Full), Some(Outcome::Failed(_))), "nobody is no directory");
    assert_eq!((world.active(), world.deactivations()), (60, 0));
}

#[test]
fn r13_an_absolute_brake_holds_however_many_people_there_are() {
    let world = World::new(400, |sync| {
        sync.first_run = FirstRun::Act;
        sync.guardrail.max_deactivations = 7;
    });
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.pass(100_000);
    world.loses_from(392);
    assert_eq!(stopped(world.run(Wish::Full)), Code::RunGuardrailExceeded);
    assert_eq!(world.deactivations(), 0);
    world.people.borrow_mut().push(person(395));
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 7);
}

#[test]
fn r13_the_first_pull_only_reports() {
    let policy = json!({ "cleanup": { "mode": "DISABLE", "also_signed_in": true } });
    let world = World::with(60, &policy, |_| {});
    world.accounts.borrow_mut().insert(
        "long-gone".to_owned(),
        Account { active: true, groups: Vec::new(), marker: marker(false, 5) },
    );
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(stopped(run.finished().cloned()), Code::CleanupReportOnly);
    assert_eq!((run.progress().counts.candidates, world.deactivations()), (1, 0));
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 1);
}

#[test]
fn r15_r17_who_signed_in_as_a_customer_and_who_is_not_ours_stays() {
    let policy = json!({ "cleanup": { "mode": "DISABLE", "also_signed_in": true } });
    let world = World::with(60, &policy, |sync| sync.first_run = FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.pass(100_000);
    let mut accounts = world.accounts.borrow_mut();
    let account = |marker| Account { active: true, groups: Vec::new(), marker };
    accounts.insert("customer".to_owned(), account(marker(true, 5)));
    accounts.insert("made-by-hand".to_owned(), account(None));
    accounts.insert("just-now".to_owned(), account(marker(false, super::NOW + 200_000)));
    accounts.insert("admin".to_owned(), account(marker(false, 5)));
    accounts.insert("left".to_owned(), account(marker(false, 5)));
    drop(accounts);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    let inactive: Vec<_> = world
        .accounts
        .borrow()
        .iter()
        .filter(|(_, account)| !account.active)
        .map(|(name, _)| name.clone())
        .collect();
    assert!(inactive.contains(&"left".to_owned()), "{inactive:?}");
    for spared in ["customer", "made-by-hand", "just-now"] {
        assert!(!inactive.contains(&spared.to_owned()), "{spared}");
    }
}

#[test]
fn r13_who_is_inactive_in_the_directory_is_deactivated_and_never_deleted() {
    let world = World::with(60, &json!({ "cleanup": { "mode": "DELETE" } }), |sync| {
        sync.first_run = FirstRun::Act;
    });
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.people.borrow_mut()[5]["active"] = json!(false);
    world.loses_from(59);
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    let changes = world.changes.borrow().clone();
    let of = |who: &str| -> Vec<String> {
        changes.iter().filter(|change| change.ends_with(who) && change.contains("de")).cloned().collect()
    };
    assert_eq!(of("user-00005"), ["deactivate_account user-00005"]);
    assert_eq!(of("user-00059"), ["deactivate_account user-00059", "delete_account user-00059"]);
}

#[test]
fn r13_switched_off_nothing_is_even_looked_at() {
    let world = World::with(60, &json!({}), |sync| sync.first_run = FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.loses_from(58);
    world.pass(100_000);
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!((run.progress().counts.accounts, world.deactivations()), (0, 0));
}

#[test]
fn r1_who_is_outside_the_required_groups_is_not_brought_and_may_be_cleaned_up() {
    let policy = json!({
        "required_groups": { "sync": ["staff"] },
        "cleanup": { "mode": "DISABLE" },
    });
    let world = World::with(60, &policy, |sync| sync.first_run = FirstRun::Act);
    let outside = json!([{ "value": "g-2", "display": "guests" }]);
    world.people.borrow_mut()[0]["groups"] = outside.clone();
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.active(), 59);
    world.people.borrow_mut()[1]["groups"] = outside;
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!((world.active(), world.deactivations()), (58, 1));
}

#[test]
fn r1_r13_whom_the_rules_deny_access_is_a_candidate_where_that_is_certain() {
    let denied = json!([{ "value": "g-2", "display": "guests" }]);
    for (condition, left) in [
        (json!({ "groups": { "any_of": ["guests"] } }), 59),
        // What is not known of the account denies a sign-in, and takes nothing from anybody.
        (json!({ "account": { "exists": true } }), 60),
        // Nobody signs in now, which says nothing about how somebody did.
        (json!({ "started_at": { "no_request": {} }, "groups": { "any_of": ["guests"] } }), 60),
        (json!({ "expression": "!request.present && 'guests' in groups" }), 60),
    ] {
        let rules = json!([{ "name": "guests", "match": condition, "action": "DENY" }]);
        let policy = json!({ "access": rules, "cleanup": { "mode": "DISABLE" } });
        let world = World::with(60, &policy, |sync| sync.first_run = FirstRun::Act);
        world.run(Wish::Full);
        world.people.borrow_mut()[1]["groups"] = denied.clone();
        world.pass(100_000);
        world.run(Wish::Full);
        assert_eq!((world.active(), world.deactivations()), (left, 60 - left), "{condition}");
    }
}

#[test]
fn r13_whoever_the_directory_has_after_all_stays() {
    let world = settled(60);
    // A page leaves somebody out, and still the directory knows them when it is asked.
    let missing = world.people.borrow_mut().remove(30);
    world.people.borrow_mut().push(json!({ "id": "nobody", "active": true, "userName": "x" }));
    world.hidden.borrow_mut().push(missing);
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    assert_eq!(world.deactivations(), 0);
    let codes: Vec<_> = run.progress().troubles.iter().map(|trouble| trouble.code.as_str()).collect();
    assert_eq!(codes, [Code::CleanupPersonFound.id()]);
}

#[test]
fn r13_with_too_many_failures_or_an_unreadable_list_nobody_is_cleaned_up() {
    let world = World::new(200, |sync| {
        sync.first_run = FirstRun::Act;
        sync.max_failed_people = 2;
    });
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.loses_from(199);
    let bad = ["user-00003", "user-00050", "user-00100"].map(str::to_owned);
    world.faults.borrow_mut().application_refuses = bad.to_vec();
    world.pass(100_000);
    assert_eq!(stopped(world.run(Wish::Full)), Code::CleanupIncomplete);
    assert_eq!(world.deactivations(), 0);
    world.faults.borrow_mut().application_refuses.clear();
    world.faults.borrow_mut().no_list = true;
    world.pass(100_000);
    assert_eq!(stopped(world.run(Wish::Full)), Code::CleanupIncomplete);
    assert_eq!(world.deactivations(), 0);
    world.faults.borrow_mut().no_list = false;
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 1);
}

#[test]
fn r12_a_sync_neither_clears_nor_renews_what_a_sign_in_remembered() {
    let world = settled(40);
    let signed_in = marker(true, super::NOW - 9_000_000);
    world.accounts.borrow_mut().get_mut("user-00007").unwrap().marker = signed_in.clone();
    world.people.borrow_mut()[7]["groups"] = json!([{ "value": "g-9", "display": "other" }]);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.accounts.borrow()["user-00007"].marker, signed_in);
}

#[test]
fn r13_groups_are_taken_once_and_not_counted_ever_after() {
    let policy = json!({
        "cleanup": { "mode": "REMOVE_GROUPS" },
        "group_mapping": [{ "idp_group": "staff", "groups": ["jira-users"] }],
    });
    let world = World::with(60, &policy, |sync| sync.first_run = FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.accounts.borrow()["user-00059"].groups, ["jira-users"]);
    world.loses_from(57);
    for (candidates, cleaned) in [(3, 3), (0, 0)] {
        world.pass(100_000);
        let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
        let counts = run.progress().counts;
        assert_eq!((counts.candidates, counts.cleaned), (candidates, cleaned));
    }
    assert!(world.accounts.borrow()["user-00059"].groups.is_empty());
    assert_eq!((world.active(), world.deactivations()), (60, 0));
}

#[test]
fn r13_whom_no_pull_ever_showed_is_not_ours_whatever_marker_there_is() {
    let world = settled(60);
    let stranger = Account { active: true, groups: Vec::new(), marker: marker(false, 5) };
    world.accounts.borrow_mut().insert("partner".to_owned(), stranger);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!((world.active(), world.deactivations()), (61, 0));
}

#[test]
fn r13_who_has_another_name_now_keeps_the_old_account() {
    let world = settled(60);
    world.people.borrow_mut()[7]["userName"] = json!("married");
    world.people.borrow_mut()[7]["emails"][0]["value"] = json!("married@example.com");
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!((run.finished(), world.deactivations()), (Some(&Outcome::Done), 0));
    assert_eq!(run.progress().troubles[0].code, Code::CleanupPersonFound.id());
}

#[test]
fn r13_whose_account_could_not_be_looked_at_is_looked_at_by_the_next_cleanup() {
    let world = settled(60);
    world.loses_from(59);
    world.faults.borrow_mut().application_refuses = vec!["user-00059".to_owned()];
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.faults.borrow_mut().application_refuses.clear();
    world.pass(100_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 1);
}

#[test]
fn r13_two_pulls_soon_after_each_other_only_report() {
    let world = World::new(60, |_| {});
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.loses_from(58);
    world.pass(600);
    assert_eq!(stopped(world.run(Wish::Full)), Code::CleanupReportOnly);
    world.pass(86_400);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 2);
}
