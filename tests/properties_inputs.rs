//! The properties of `support/fuzzed`, which `cargo xtask fuzz` searches for hours, on the vectors and on vectors that
//! chance has damaged; and what fuzzing has found before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/fuzzed/mod.rs"]
mod fuzzed;

use fuzzed::edit_script::EDIT_BYTES;
use fuzzed::signed_response::Stage;
use fuzzed::{TARGETS, seeds};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn every_seed_holds() {
    for (name, check) in TARGETS {
        let seeds = seeds::of(name);
        assert!(seeds.len() >= 6, "{name} has only {} seeds", seeds.len());
        for (_, seed) in seeds {
            check(&seed);
        }
    }
}

#[derive(Clone, Debug)]
enum Damage {
    Cut(Index, u8),
    Flip(Index, u8),
    Copy(Index, Index, u8),
    Put(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (any::<Index>(), any::<Index>(), any::<u8>())
            .prop_map(|(at, to, length)| Damage::Copy(at, to, length)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, new)| Damage::Put(at, new)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let places = bytes.len() + 1;
        match damage {
            Damage::Cut(at, length) => {
                let at = at.index(places);
                bytes.drain(at..(at + usize::from(*length)).min(places - 1));
            }
            Damage::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Damage::Flip(..) => {}
            Damage::Copy(at, to, length) => {
                let at = at.index(places);
                let piece = bytes[at..(at + usize::from(*length)).min(places - 1)].to_vec();
                let to = to.index(places);
                bytes.splice(to..to, piece);
            }
            Damage::Put(at, new) => {
                let at = at.index(places);
                bytes.splice(at..at, new.iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn damaged_seeds_hold() {
    for (name, check) in TARGETS {
        let seeds = seeds::of(name);
        let mut runner =
            TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
        let strategy = (any::<Index>(), prop::collection::vec(damage(), 1..6));
        runner
            .run(&strategy, |(seed, damages)| {
                check(&damaged(seed.get(&seeds).1.clone(), &damages));
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn arbitrary_bytes_hold() {
    for (name, check) in TARGETS {
        let mut runner =
            TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner
            .run(&prop::collection::vec(any::<u8>(), 0..300), |bytes| {
                check(&bytes);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Accepted means the person that was signed, and some edits are accepted, or nothing would be tested.
#[test]
fn edits_of_signed_responses_let_nobody_else_in() {
    let stage = Stage::new(false);
    let mut runner = TestRunner::new(Config { cases: 4_000, failure_persistence: None, ..Config::default() });
    let edits = prop::collection::vec(any::<[u8; EDIT_BYTES]>(), 1..4);
    let accepted = std::cell::Cell::new(0);
    runner
        .run(&(any::<u8>(), edits), |(message, edits)| {
            let input = [&[message], edits.concat().as_slice()].concat();
            accepted.set(accepted.get() + usize::from(stage.play(&input)));
            Ok(())
        })
        .unwrap();
    assert!((40..3_000).contains(&accepted.get()), "{} of 4,000 were accepted", accepted.get());
}

#[test]
#[ignore = "writes the seeds to the folder that SAMLGATE_SEEDS names; `cargo xtask fuzz` calls it"]
fn write_seeds() {
    let folder = std::path::PathBuf::from(std::env::var_os("SAMLGATE_SEEDS").expect("SAMLGATE_SEEDS"));
    for (name, _) in TARGETS {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (seed, bytes) in seeds::of(name) {
            std::fs::write(folder.join(seed), bytes).unwrap();
        }
    }
}
