//! The ledger forgets nothing too early, and only a swap that happened is a claim.

use proptest::prelude::*;

use super::{NOW, at};
use crate::base::UnixTime;
use crate::effect::{Answer, CallFailure, Version};
use crate::session::replay::{Attempt, PendingClaim, ReplayLedger, Settled, Usage};

fn usage(id: &str) -> Usage {
    Usage::new("https://idp.example", id, at(360))
}

fn written(attempt: Attempt) -> (Vec<u8>, PendingClaim) {
    match attempt {
        Attempt::Write { value, claim } => (value, claim),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_second_use_is_refused_as_long_as_the_first_is_remembered() {
    let (value, claim) = written(usage("_a").attempt(None, NOW));
    assert!(matches!(claim.settle(&Answer::Swapped), Settled::Claimed(_)));
    for offset in [0, 1, 59, 60, 360, 660, 661, 1_000_000] {
        assert!(matches!(usage("_a").attempt(Some(&value), at(offset)), Attempt::AlreadyClaimed), "{offset}");
    }
    // A computation of the last instant that comes out differently does not help.
    for until in [0, NOW.as_secs(), u64::MAX] {
        let again = Usage::new("https://idp.example", "_a", UnixTime::from_secs(until));
        assert_eq!(again.slot_key(), usage("_a").slot_key());
        assert!(matches!(again.attempt(Some(&value), NOW), Attempt::AlreadyClaimed));
    }
}

#[test]
fn others_do_not_drop_an_entry_before_its_instant_and_five_minutes() {
    let (first, _) = written(usage("_a").attempt(None, NOW));
    for (offset, entries) in [(0, 2), (360, 2), (660, 2), (661, 1)] {
        let (value, _) = written(usage("_b").attempt(Some(&first), at(offset)));
        assert_eq!(value.len(), entries * 24, "{offset}");
        let again = usage("_a").attempt(Some(&value), at(offset));
        assert_eq!(matches!(again, Attempt::AlreadyClaimed), entries == 2, "{offset}");
    }
    // An instant at the end of time overflows nothing.
    let (value, _) = written(Usage::new("i", "_a", UnixTime::from_secs(u64::MAX)).attempt(None, NOW));
    let (value, _) = written(usage("_b").attempt(Some(&value), UnixTime::from_secs(u64::MAX)));
    assert_eq!(value.len(), 48);
}

#[test]
fn issuer_and_id_are_both_part_of_the_claim() {
    let (value, _) = written(Usage::new("ab", "c", at(60)).attempt(None, NOW));
    for (issuer, id) in [("a", "bc"), ("abc", ""), ("", "abc"), ("ab", "C"), ("ab", "c "), ("AB", "c")] {
        assert!(
            matches!(Usage::new(issuer, id, at(60)).attempt(Some(&value), NOW), Attempt::Write { .. }),
            "{issuer} {id}"
        );
    }
}

#[test]
fn only_a_swap_that_happened_is_a_claim() {
    let settle = |answer: &Answer| written(usage("_a").attempt(None, NOW)).1.settle(answer);
    assert!(matches!(settle(&Answer::Swapped), Settled::Claimed(_)));
    assert!(matches!(settle(&Answer::Conflict), Settled::Conflict));
    for answer in [
        Answer::StoreFailed,
        Answer::Loaded { value: None, version: Version::Absent },
        Answer::Loaded { value: Some(Vec::new()), version: Version::Token(1) },
        Answer::HttpFailed(CallFailure::NoAnswer),
        Answer::RequestBody(Vec::new()),
        Answer::RequestBodyTooLarge,
    ] {
        assert!(matches!(settle(&answer), Settled::Failed), "{answer:?}");
    }
}

#[test]
fn two_workers_that_load_the_same_value_do_not_both_win() {
    // The store in small: a value and a version that every write moves on.
    let mut value: Option<Vec<u8>> = None;
    let mut version = 0;
    let mut swap = |expected: u32, new: Vec<u8>, value: &mut Option<Vec<u8>>| {
        if expected != version {
            return Answer::Conflict;
        }
        version += 1;
        *value = Some(new);
        Answer::Swapped
    };
    let (one, first) = written(usage("_a").attempt(value.as_deref(), NOW));
    let (two, second) = written(usage("_a").attempt(value.as_deref(), NOW));
    assert!(matches!(first.settle(&swap(0, one, &mut value)), Settled::Claimed(_)));
    assert!(matches!(second.settle(&swap(0, two, &mut value)), Settled::Conflict));
    // The loser loads again, as it must, and learns that it lost.
    assert!(matches!(usage("_a").attempt(value.as_deref(), NOW), Attempt::AlreadyClaimed));
    // A different assertion that lost the race gets through the second time, and hides nobody.
    let (three, third) = written(usage("_b").attempt(value.as_deref(), NOW));
    assert!(matches!(third.settle(&swap(1, three, &mut value)), Settled::Claimed(_)));
    for id in ["_a", "_b"] {
        assert!(matches!(usage(id).attempt(value.as_deref(), NOW), Attempt::AlreadyClaimed));
    }
}

#[test]
fn a_full_slot_refuses_until_entries_have_passed() {
    let mut value = Vec::new();
    for index in 0..1_024 {
        value = written(usage(&format!("_{index}")).attempt(Some(&value), NOW)).0;
    }
    assert_eq!(value.len(), 24_576);
    assert!(matches!(usage("_more").attempt(Some(&value), NOW), Attempt::Full));
    assert!(matches!(usage("_more").attempt(Some(&value), at(660)), Attempt::Full));
    for index in 0..1_024 {
        let again = usage(&format!("_{index}")).attempt(Some(&value), NOW);
        assert!(matches!(again, Attempt::AlreadyClaimed));
    }
    assert_eq!(written(usage("_more").attempt(Some(&value), at(661))).0.len(), 24);
}

#[test]
fn what_the_ledger_never_wrote_refuses() {
    let (value, _) = written(usage("_a").attempt(None, NOW));
    for wrong in [&value[1..], &value[..23], &[0][..], &[0; 25], &vec![0; 24 * 1_025]] {
        assert!(matches!(usage("_b").attempt(Some(wrong), NOW), Attempt::Full), "{}", wrong.len());
    }
    assert!(matches!(usage("_b").attempt(Some(&[]), NOW), Attempt::Write { .. }));
}

#[test]
fn the_keys_are_few_and_all_used() {
    let keys: std::collections::BTreeSet<String> =
        (0..20_000).map(|index| usage(&format!("_{index}")).slot_key()).collect();
    assert_eq!(keys.len(), 1_024);
    assert_eq!(keys.first().unwrap(), "samlgate.replay.1.000");
    assert_eq!(keys.last().unwrap(), "samlgate.replay.1.3ff");
    assert_ne!(ReplayLedger::MAX_ATTEMPTS, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written in between, an assertion that could still be accepted is known.
    #[test]
    fn nothing_is_forgotten_too_early(steps in proptest::collection::vec((0_u8..20, 0_u64..600, 0_u64..900), 1..80)) {
        let mut now = NOW;
        let mut value: Option<Vec<u8>> = None;
        let mut live: Vec<(u8, UnixTime)> = Vec::new();
        for (id, pause, lifetime) in steps {
            now = UnixTime::from_secs(now.as_secs() + pause);
            let until = UnixTime::from_secs(now.as_secs() + lifetime);
            let known = live.iter().any(|(have, until)| *have == id && now <= *until);
            match Usage::new("i", &id.to_string(), until).attempt(value.as_deref(), now) {
                Attempt::Write { value: new, .. } => {
                    prop_assert!(!known, "{id} was forgotten");
                    value = Some(new);
                    live.push((id, until));
                }
                Attempt::AlreadyClaimed => {}
                Attempt::Full => prop_assert!(false, "20 assertions fill no slot"),
            }
        }
    }

    #[test]
    fn no_stored_value_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let attempt = usage("_a").attempt(Some(&bytes), NOW);
        prop_assert_eq!(matches!(attempt, Attempt::Full), bytes.len() % 24 != 0);
    }
}
