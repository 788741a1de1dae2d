//! Pulls: whole ones, and all that breaks off.

use serde_json::json;

use super::{World, person};
use crate::base::{Code, UnixTime};
use crate::effect::Ask;
use crate::flow::sync::{Outcome, Run, Wish};

fn code(outcome: &Outcome) -> Option<Code> {
    match outcome {
        Outcome::Failed(rejection) | Outcome::DoneWithoutCleanup(rejection) => Some(rejection.code),
        _ => None,
    }
}

#[test]
fn everybody_is_brought_and_nothing_changed_writes_nothing() {
    let world = World::new(95, |_| {});
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(world.active(), 95);
    let before = world.changes.borrow().len();
    world.pass(100_000);
    assert_eq!(world.run(Wish::IfDue), Some(Outcome::Done));
    assert_eq!(world.changes.borrow().len(), before, "nothing changed, so nothing is written there");
}

#[test]
fn a_run_is_due_once_an_interval_whatever_the_clock_does() {
    let world = World::new(30, |_| {});
    assert_eq!(world.run(Wish::IfDue), Some(Outcome::Done));
    let until = UnixTime::from_secs(super::NOW + 86_400);
    world.pass(10);
    assert!(matches!(world.run(Wish::IfDue), Some(Outcome::NotDue(at)) if at <= until));
    // Set back by years: the next run is not put off by years.
    world.now.set(super::NOW - 100_000_000);
    assert_eq!(world.run(Wish::IfDue), Some(Outcome::Done));
    world.pass(86_400);
    assert_eq!(world.run(Wish::IfDue), Some(Outcome::Done));
    assert_eq!(world.deactivations(), 0);
}

#[test]
fn r13_a_pull_that_stops_half_way_deactivates_nobody_and_goes_on_where_it_was() {
    for status in [0, 200, 401, 403, 404, 429, 500, 503] {
        let world = World::new(100, |sync| sync.first_run = super::FirstRun::Act);
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
        let calls = world.directory_calls.get();
        world.pass(100_000);
        world.faults.borrow_mut().directory_dies_after = Some((calls + 2, status));
        let outcome = world.run(Wish::Full).unwrap();
        assert!(matches!(outcome, Outcome::Failed(_)), "{status}: {outcome:?}");
        assert_eq!((world.active(), world.deactivations()), (100, 0), "{status}");
        world.faults.borrow_mut().directory_dies_after = None;
        world.pass(3_600);
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done), "{status}");
        assert_eq!((world.active(), world.deactivations()), (100, 0), "{status}");
    }
}

#[test]
fn r13_killed_at_any_moment_a_run_loses_nobody_and_does_nothing_twice() {
    // Each moment of the first seconds, and then every seventh.
    for killed_after in (0..30).chain((30..600).step_by(23)) {
        let world = World::new(60, |sync| sync.first_run = super::FirstRun::Act);
        world.faults.borrow_mut().killed_after = Some(killed_after);
        let first = world.run(Wish::Full);
        world.faults.borrow_mut().killed_after = None;
        // Its lease runs out first.
        if first.is_none() {
            let elsewhere = world.run(Wish::Full).unwrap();
            assert!(matches!(elsewhere, Outcome::Elsewhere | Outcome::Done), "{killed_after}: {elsewhere:?}");
            world.pass(61);
        }
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done), "{killed_after}");
        assert_eq!((world.active(), world.deactivations()), (60, 0), "{killed_after}");
        let mut created: Vec<_> = world.changes.borrow().clone();
        created.retain(|change| change.starts_with("create_account"));
        created.sort();
        let all = created.len();
        created.dedup();
        assert_eq!((created.len(), all), (60, 60), "{killed_after}: somebody was made twice");
    }
}

#[test]
fn r13_killed_while_somebody_leaves_exactly_who_left_is_gone() {
    for killed_after in (100..420).step_by(11) {
        let world = World::new(60, |sync| sync.first_run = super::FirstRun::Act);
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
        world.loses_from(56);
        world.pass(100_000);
        world.faults.borrow_mut().killed_after = Some(killed_after);
        let _ = world.run(Wish::Full);
        world.faults.borrow_mut().killed_after = None;
        world.pass(61);
        assert_eq!(world.run(Wish::Full), Some(Outcome::Done), "{killed_after}");
        assert_eq!((world.active(), world.deactivations()), (56, 4), "{killed_after}");
    }
}

#[test]
fn one_runner_works_at_a_time_and_the_other_writes_nothing() {
    let world = World::new(60, |_| {});
    let mut first = Run::new(world.sync(), Wish::Full, false);
    let mut open: Vec<_> = first.tick(&world.env()).asks;
    for _ in 0..20 {
        let Some((id, ask)) = open.pop() else { break };
        let answer = world.perform(ask);
        open.extend(first.answer(id, answer, &world.env()).asks);
    }
    let writes = world.writes.get();
    assert_eq!(world.run(Wish::Full), Some(Outcome::Elsewhere));
    assert_eq!(world.writes.get(), writes, "who looks on writes nothing");
    // It sleeps past its lease, another takes over and ends, and then it wakes up.
    world.pass(120);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    let head = world.data.borrow().clone();
    for _ in 0..10_000 {
        let Some((id, ask)) = open.pop() else {
            open.extend(first.tick(&world.env()).asks);
            if first.finished().is_some() {
                break;
            }
            world.pass(1);
            continue;
        };
        let answer = world.perform(ask);
        open.extend(first.answer(id, answer, &world.env()).asks);
    }
    assert_eq!(first.finished(), Some(&Outcome::Elsewhere));
    for (key, (value, _)) in head.iter().filter(|(key, _)| key.contains("sync.head")) {
        assert_eq!(world.data.borrow().get(key).map(|(value, _)| value), Some(value), "{key}");
    }
    assert_eq!(world.deactivations(), 0);
}

#[test]
fn a_store_that_does_not_write_ends_a_run_before_anything_is_done() {
    let world = World::new(30, |_| {});
    world.faults.borrow_mut().store_fails = true;
    assert_eq!(code(&world.run(Wish::Full).unwrap()), Some(Code::SyncStateUnavailable));
    assert_eq!((world.active(), world.directory_calls.get()), (0, 0));
}

#[test]
fn who_is_on_two_pages_is_one() {
    let world = World::new(50, |_| {});
    let again = person(3);
    world.people.borrow_mut().push(again);
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    let counts = run.progress().counts;
    assert_eq!((counts.people, counts.repeated, counts.created), (50, 1, 50));
}

/// What the directory says of them is not certain: the others are brought, and they keep what they have.
#[test]
fn one_odd_entry_stops_nobody_else_and_takes_nothing_away() {
    let world = World::with(30, &json!({}), |sync| sync.first_run = super::FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.pass(100_000);
    world.people.borrow_mut()[7]["active"] = json!("perhaps");
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    let counts = run.progress().counts;
    assert_eq!((counts.failed, counts.people, counts.candidates), (1, 30, 0));
    assert_eq!((world.deactivations(), world.active()), (0, 30));
    assert!(run.progress().troubles.iter().any(|trouble| trouble.detail.contains("`active`")));
}

/// The service finds the same group for whatever it is asked: nobody is put into it.
#[test]
fn a_directory_that_passes_over_filters_gives_nobody_groups() {
    let world = World::new(5, |_| {});
    for person in world.people.borrow_mut().iter_mut() {
        person.as_object_mut().unwrap().remove("groups");
    }
    let admins = json!({ "id": "g-9", "displayName": "admins" });
    world.faults.borrow_mut().every_filter_finds = Some(admins);
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    // The probe and one page: no group is asked for.
    assert_eq!((run.progress().counts.created, world.directory_calls.get()), (5, 2));
    assert!(run.progress().troubles.iter().any(|trouble| trouble.detail.contains("filter")));
}

/// A group without a name: the groups are unknown, and the person comes nevertheless.
#[test]
fn groups_that_cannot_be_read_stop_nobody() {
    let world = World::new(5, |_| {});
    world.people.borrow_mut()[2].as_object_mut().unwrap().remove("groups");
    let before = world.run_to_end(Run::new(world.sync(), Wish::Full, true)).unwrap();
    assert_eq!(before.finished(), Some(&Outcome::Done));
    let mut run = Run::new(world.sync(), Wish::Full, false);
    let mut open: Vec<_> = run.tick(&world.env()).asks;
    while let Some((id, ask)) = open.pop() {
        let probed = matches!(&ask, Ask::HttpCall(call) if call.path.contains("/Groups"));
        let answer = world.perform(ask);
        // From the probe on every group is nameless.
        if probed {
            world.faults.borrow_mut().every_filter_finds = Some(json!({ "id": "g-9", "displayName": " " }));
        }
        open.extend(run.answer(id, answer, &world.env()).asks);
    }
    assert_eq!(run.finished(), Some(&Outcome::Done));
    assert_eq!((run.progress().counts.created, run.progress().counts.failed), (5, 0));
}

#[test]
fn an_application_that_is_down_ends_the_run_and_one_bad_person_does_not() {
    let world = World::new(60, |_| {});
    world.faults.borrow_mut().application_refuses = vec!["user-00007".to_owned()];
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    assert_eq!((run.progress().counts.failed, world.active()), (1, 59));
    let all = (0..60).map(|number| format!("user-{number:05}")).collect();
    world.faults.borrow_mut().application_refuses = all;
    world.pass(100_000);
    assert_eq!(code(&world.run(Wish::Full).unwrap()), Some(Code::TargetUnreachable));
    assert_eq!(world.deactivations(), 0);
}

#[test]
fn a_dry_run_changes_nothing_and_keeps_nothing() {
    let world = World::new(45, |_| {});
    let run = world.run_to_end(Run::new(world.sync(), Wish::Full, true)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    assert_eq!((run.progress().counts.changed, world.active()), (45, 0));
    assert!(world.data.borrow().keys().all(|key| !key.contains("sync")), "a dry run is no checkpoint");
}

#[test]
fn a_delta_brings_who_changed_and_takes_nobody_away() {
    let world = World::new(40, |sync| {
        sync.delta_interval = Some(core::time::Duration::from_secs(300));
        sync.first_run = super::FirstRun::Act;
    });
    assert_eq!(world.run(Wish::IfDue), Some(Outcome::Done));
    world.pass(400);
    // Everybody else left, or so it looks.
    *world.people.borrow_mut() = vec![person(99)];
    let run = world.run_to_end(Run::new(world.sync(), Wish::IfDue, false)).unwrap();
    assert_eq!(run.finished(), Some(&Outcome::Done));
    assert!(!run.progress().full);
    assert_eq!((world.deactivations(), world.active()), (0, 41));
}
