//! What is kept, lost, written over, kept from yesterday or made up.

use std::collections::BTreeMap;

use super::{FirstRun, World};
use crate::base::Code;
use crate::flow::sync::{Outcome, Wish};

type Data = BTreeMap<String, (Vec<u8>, u32)>;

/// A run over 100 people that was killed in the middle, with who was seen so far in the store.
fn interrupted() -> World {
    let world = World::new(100, |sync| sync.first_run = FirstRun::Act);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    world.pass(100_000);
    world.faults.borrow_mut().killed_after = Some(400);
    assert_eq!(world.run(Wish::Full), None);
    world.faults.borrow_mut().killed_after = None;
    world.pass(161);
    world
}

fn keys(world: &World, what: &str) -> Vec<String> {
    world.data.borrow().keys().filter(|key| key.contains(what)).cloned().collect()
}

fn nobody_is_gone(world: &World, what: &str) {
    for _ in 0..3 {
        let outcome = world.run(Wish::Full).unwrap();
        assert!(!matches!(outcome, Outcome::Elsewhere), "{what}: {outcome:?}");
        assert_eq!((world.active(), world.deactivations()), (100, 0), "{what}: {outcome:?}");
        if outcome == Outcome::Done {
            return;
        }
        world.pass(3_600);
    }
    panic!("{what}: it never ends well");
}

#[test]
fn what_was_seen_and_is_lost_or_changed_begins_the_run_anew() {
    let segments = keys(&interrupted(), "sync.segment");
    assert!(segments.len() > 3, "{segments:?}");
    for segment in &segments {
        let world = interrupted();
        world.data.borrow_mut().remove(segment);
        let outcome = world.run(Wish::Full).unwrap();
        // Those of the run before are looked at later, and end only the cleanup.
        let lost =
            matches!(&outcome, Outcome::Failed(rejection) if rejection.code == Code::SyncCheckpointLost);
        let reported = matches!(&outcome, Outcome::Done | Outcome::DoneWithoutCleanup(_));
        assert!(lost || reported, "{outcome:?}");
        world.pass(3_600);
        nobody_is_gone(&world, "lost");
        let world = interrupted();
        world.data.borrow_mut().get_mut(segment).unwrap().0 = b"made up".to_vec();
        nobody_is_gone(&world, "made up");
        // One for another: both were sealed by us.
        for other in segments.iter().filter(|other| *other != segment).take(1) {
            let world = interrupted();
            let value = world.data.borrow()[other].0.clone();
            world.data.borrow_mut().get_mut(segment).unwrap().0 = value;
            nobody_is_gone(&world, "exchanged");
        }
    }
}

#[test]
fn an_old_copy_of_everything_or_of_parts_takes_nobody_away() {
    let world = interrupted();
    let old: Data = world.data.borrow().clone();
    nobody_is_gone(&world, "as it is");
    world.pass(10_000);
    assert_eq!(world.run(Wish::Full), Some(Outcome::Done));
    let new: Data = world.data.borrow().clone();
    for key in new.keys().filter(|key| key.contains("sync")) {
        for (base, other) in [(&old, &new), (&new, &old)] {
            let Some(value) = other.get(key) else { continue };
            let mut mixed = base.clone();
            mixed.insert(key.clone(), value.clone());
            *world.data.borrow_mut() = mixed;
            world.pass(70);
            nobody_is_gone(&world, key);
        }
    }
}

#[test]
fn a_record_of_nobody_we_know_is_as_none() {
    for value in [&b""[..], b"\0", b"AAAA", &[0xff; 300_000]] {
        let world = interrupted();
        for key in keys(&world, "sync.head") {
            world.data.borrow_mut().get_mut(&key).unwrap().0 = value.to_vec();
        }
        nobody_is_gone(&world, "unknown");
    }
}

#[test]
fn what_another_directory_or_other_rules_saw_says_nothing_here() {
    // The same store, the same application, and a directory with entirely other people.
    let before = World::new(100, |sync| sync.first_run = FirstRun::Act);
    assert_eq!(before.run(Wish::Full), Some(Outcome::Done));
    let world = World::new(60, |sync| {
        let options = crate::sources::scim::ScimOptions {
            page_size: 20,
            filter: Some("title pr".to_owned()),
            groups: crate::sources::scim::ScimGroups::Automatic,
            delta: false,
        };
        let endpoint = sync.source.endpoint().clone();
        sync.source = std::sync::Arc::new(crate::sources::scim::Scim::new(endpoint, options));
    });
    *world.data.borrow_mut() = before.data.borrow().clone();
    *world.accounts.borrow_mut() = before.accounts.borrow().clone();
    world.pass(100_000);
    world.answers_filters.set(true);
    let outcome = world.run(Wish::Full).unwrap();
    // The first run of this directory: it knows nobody, and nobody is its own to clean up.
    assert_eq!(outcome, Outcome::Done);
    assert_eq!((world.active(), world.deactivations()), (100, 0));
}

#[test]
fn a_clock_that_jumps_ahead_or_back_takes_nobody_away() {
    for jump in [-10_000_000_i64, -86_400, -61, 61, 3_600, 90_000, 1_000_000_000] {
        let world = interrupted();
        world.now.set(world.now.get().checked_add_signed(jump).unwrap());
        // A lease that ends far from now is over, and one that is just written is waited for.
        if world.run(Wish::Full) == Some(Outcome::Elsewhere) {
            world.pass(161);
        }
        nobody_is_gone(&world, "jump");
    }
}
