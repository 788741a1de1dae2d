//! Runs that nobody starts, and what is told of them.

use super::World;
use crate::base::UnixTime;
use crate::flow::sync::{Phase, Scheduler, progress, status_data, status_view};

/// So many seconds of an Envoy's life.
fn live(world: &World, scheduler: &mut Scheduler, seconds: u32) {
    for _ in 0..seconds {
        let mut open = scheduler.tick(&world.env()).asks;
        while let Some((id, ask)) = open.pop() {
            let answer = world.perform(ask);
            open.extend(scheduler.answer(id, answer, &world.env()).asks);
        }
        world.pass(1);
    }
}

#[test]
fn what_is_due_is_run_and_told_and_then_nothing_is() {
    let world = World::new(45, |_| {});
    let mut scheduler = Scheduler::default();
    assert_eq!(progress(&world, &world.settings), None);
    live(&world, &mut scheduler, 30);
    let told = progress(&world, &world.settings).unwrap();
    assert_eq!((told.phase, told.counts.people, told.full), (Phase::Done, 45, true));
    let calls = world.directory_calls.get();
    live(&world, &mut scheduler, 600);
    assert_eq!(world.directory_calls.get(), calls, "nothing is due");
    world.pass(86_400);
    live(&world, &mut scheduler, 30);
    assert!(world.directory_calls.get() > calls);
    assert_eq!(world.deactivations(), 0);
}

#[test]
fn a_dry_run_is_not_repeated_at_once_although_it_keeps_nothing() {
    let world = World::new(45, |sync| sync.dry_run = true);
    let mut scheduler = Scheduler::default();
    live(&world, &mut scheduler, 3_000);
    // The probe and three pages.
    assert_eq!((world.directory_calls.get(), world.active()), (4, 0));
    let told = progress(&world, &world.settings).unwrap();
    assert!(told.dry_run && told.phase == Phase::Done);
}

#[test]
fn a_failed_run_waits_longer_each_time() {
    let world = World::new(45, |_| {});
    world.faults.borrow_mut().directory_dies_after = Some((0, 403));
    let mut scheduler = Scheduler::default();
    live(&world, &mut scheduler, 600);
    let early = world.directory_calls.get();
    live(&world, &mut scheduler, 7_200);
    let late = world.directory_calls.get() - early;
    assert!((3..=8).contains(&early) && late <= 8, "{early} {late}");
    let told = progress(&world, &world.settings).unwrap();
    let view = status_view(Some(&told), &world.settings, UnixTime::from_secs(world.now.get()));
    assert!(!view.good && !view.troubles.is_empty());
    assert_eq!(status_data(Some(&told), &world.settings)["phase"], "failed");
    world.faults.borrow_mut().directory_dies_after = None;
    live(&world, &mut scheduler, 2_000);
    assert_eq!(progress(&world, &world.settings).unwrap().phase, Phase::Done);
}

#[test]
fn what_others_write_into_the_shared_data_is_not_shown() {
    let world = World::new(45, |_| {});
    let mut scheduler = Scheduler::default();
    live(&world, &mut scheduler, 30);
    let key = world.data.borrow().keys().find(|key| key.contains("sync.progress")).cloned().unwrap();
    world.data.borrow_mut().get_mut(&key).unwrap().0 = b"<script>".to_vec();
    assert_eq!(progress(&world, &world.settings), None);
    let view = status_view(None, &world.settings, UnixTime::from_secs(super::NOW));
    assert!(view.facts.is_empty());
}
