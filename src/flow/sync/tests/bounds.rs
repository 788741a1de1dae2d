//! What one run may take from people who stay, and who takes it at all.

use serde_json::{Value, json};

use super::application::Account;
use super::{FirstRun, MembershipsManagedBy, World};
use crate::base::Code;
use crate::flow::sync::{Outcome, Run, Scheduler, Settings, Wish};

fn mapped(people: u32, patch: impl FnOnce(&mut Settings)) -> World {
    let policy = json!({ "group_mapping": [{ "idp_group": "staff", "groups": ["jira-users"] }] });
    let world = World::with(people, &policy, patch);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(members(&world), people as usize);
    world.pass(100_000);
    world
}

fn members(world: &World) -> usize {
    world.accounts.borrow().values().filter(|account| !account.groups.is_empty()).count()
}

fn says(world: &World, from: usize, groups: &Value) {
    world.people.borrow_mut()[from..].iter_mut().for_each(|one| one["groups"] = groups.clone());
}

fn failed(outcome: Option<Outcome>) -> Code {
    match outcome {
        Some(Outcome::Failed(rejection)) => rejection.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn r2_a_directory_that_suddenly_names_no_groups_takes_almost_nothing_however_often_it_runs() {
    for groups in [json!([]), json!([{ "value": "g-2", "display": "guests" }])] {
        let world = mapped(200, |_| {});
        says(&world, 0, &groups);
        assert_eq!(failed(world.run(Wish::Full)), Code::SyncRemovalsExceeded);
        let left = members(&world);
        assert!(left >= 180, "{left}");
        for _ in 0..4 {
            world.pass(100_000);
            assert_eq!(failed(world.run(Wish::Full)), Code::SyncRemovalsExceeded);
            assert_eq!(members(&world), left, "nothing further is taken");
        }
        // The directory is repaired: one whole run only counts, and then all is as before.
        says(&world, 0, &json!([{ "value": "g-1", "display": "staff" }]));
        world.people.borrow_mut()[199]["groups"] = groups;
        for _ in 0..2 {
            world.pass(100_000);
            assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
        }
        assert_eq!(members(&world), 199);
    }
}

#[test]
fn r2_an_absolute_bound_holds_however_many_people_there_are_and_over_a_resumed_run() {
    let world = mapped(300, |sync| sync.removal_bounds.max_group_removals = 7);
    says(&world, 280, &json!([{ "value": "g-2", "display": "guests" }]));
    let calls = world.directory_calls.get();
    world.faults.borrow_mut().directory_dies_after = Some((calls + 15, 401));
    assert_ne!(failed(world.run(Wish::Full)), Code::SyncRemovalsExceeded);
    world.faults.borrow_mut().directory_dies_after = None;
    world.pass(600);
    assert_eq!(failed(world.run(Wish::Full)), Code::SyncRemovalsExceeded);
    assert!(members(&world) >= 293);
}

#[test]
fn r2_what_is_within_the_bounds_is_taken() {
    let world = mapped(60, |_| {});
    says(&world, 55, &json!([{ "value": "g-2", "display": "guests" }]));
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    assert_eq!(members(&world), 55);
}

#[test]
fn r2_where_sign_ins_manage_memberships_a_sync_gives_them_to_new_accounts_only() {
    let world = mapped(60, |sync| sync.memberships_managed_by = MembershipsManagedBy::SignIn);
    // One loses the group at the directory, one gets it there, and one is new.
    world.people.borrow_mut()[0]["groups"] = json!([]);
    world.accounts.borrow_mut().get_mut("user-00001").unwrap().groups.clear();
    world.people.borrow_mut().push(super::person(60));
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    let accounts = world.accounts.borrow();
    assert_eq!(accounts["user-00000"].groups, ["jira-users"]);
    assert!(accounts["user-00001"].groups.is_empty());
    assert_eq!(accounts["user-00060"].groups, ["jira-users"]);
}

#[test]
fn r9_a_sync_has_no_request_and_gives_nothing_for_one() {
    let policy = json!({
        "default_groups": { "groups": ["jira-users"], "assign_to": "ALL_USERS" },
        "portal": { "path_prefixes": ["/servicedesk/customer"] },
    });
    let world = World::with(20, &policy, |_| {});
    world.accounts.borrow_mut().insert(
        "user-00003".to_owned(),
        Account { active: true, groups: vec!["jira-users".to_owned()], marker: None },
    );
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    // Nobody came through a portal, so nobody loses what a portal takes.
    assert_eq!(world.accounts.borrow()["user-00003"].groups, ["jira-users"]);
}

#[test]
fn a_page_that_was_broken_off_counts_once() {
    let world = World::new(100, |sync| sync.first_run = FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    for killed_after in [150, 200, 250, 300] {
        world.pass(100_000);
        world.faults.borrow_mut().killed_after = Some(killed_after);
        // Slowly, so that the lease is written in the middle of a page.
        let _ = world.run(Wish::Full);
        world.faults.borrow_mut().killed_after = None;
        world.pass(161);
        let run = world.run_to_end(Run::new(world.sync(), Wish::Full, false)).unwrap();
        let counts = run.progress().counts;
        assert_eq!((counts.people, counts.reached()), (100, 100), "{killed_after}");
    }
}

#[test]
fn a_lease_of_a_clock_that_runs_ahead_is_a_lease() {
    let world = World::new(60, |_| {});
    world.pass(100);
    world.faults.borrow_mut().killed_after = Some(60);
    assert_eq!(world.run(Wish::Full), None);
    world.faults.borrow_mut().killed_after = None;
    // Another machine, a minute and a half behind.
    world.now.set(world.now.get() - 90);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Elsewhere));
}

#[test]
fn what_fails_without_a_trace_is_not_tried_every_ten_seconds() {
    for dry_run in [true, false] {
        let world = World::new(45, |sync| sync.dry_run = dry_run);
        world.faults.borrow_mut().directory_dies_after = Some((0, 403));
        world.faults.borrow_mut().store_fails = true;
        let mut scheduler = Scheduler::default();
        let mut runs = 0;
        for _ in 0..7_200 {
            let turn = scheduler.tick(&world.env());
            let mut open = turn.asks;
            while let Some((id, ask)) = open.pop() {
                let answer = world.perform(ask);
                let turn = scheduler.answer(id, answer, &world.env());
                runs += usize::from(format!("{:?}", turn.tells).contains("sync_failed"));
                open.extend(turn.asks);
            }
            world.pass(1);
        }
        assert!((2..=12).contains(&runs), "{runs}");
    }
}
