//! The ledger of attempts: how many, for how long, and whose.

use super::*;
use crate::session::attempts::{Attempted, Client};

const WINDOW: Duration = Duration::from_secs(900);

fn at(seconds: u64) -> UnixTime {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn written(attempted: Attempted) -> Vec<u8> {
    match attempted {
        Attempted::Write(value) => value,
        Attempted::TooMany(left) => panic!("{left:?}"),
    }
}

#[test]
fn a_client_has_so_many_attempts_in_a_while() {
    let client = Client::new("10.0.0.1", &settings());
    let mut value = None;
    for second in 0..5 {
        value = Some(written(client.attempt(value.as_deref(), 5, WINDOW, at(second))));
    }
    let tried = |now| client.attempt(value.as_deref(), 5, WINDOW, now);
    assert_eq!(tried(at(5)), Attempted::TooMany(Duration::from_secs(895)));
    assert_eq!(tried(at(899)), Attempted::TooMany(Duration::from_secs(1)));
    // The oldest is forgotten, and only that.
    let next = written(tried(at(900)));
    assert_eq!(next.len(), value.as_ref().unwrap().len());
    assert!(matches!(client.attempt(Some(&next), 5, WINDOW, at(900)), Attempted::TooMany(_)));
    // Others are not stopped by it.
    let other = Client::new("10.0.0.2", &settings());
    assert_ne!(other, client);
    assert!(matches!(other.attempt(value.as_deref(), 5, WINDOW, at(5)), Attempted::Write(_)));
}

#[test]
fn a_clock_that_is_set_back_frees_nobody() {
    let client = Client::new("10.0.0.1", &settings());
    let value = written(client.attempt(None, 1, WINDOW, at(1000)));
    assert_eq!(client.attempt(Some(&value), 1, WINDOW, NOW), Attempted::TooMany(WINDOW));
}

#[test]
fn a_slot_that_is_full_or_not_ours_takes_nobody() {
    let client = Client::new("10.0.0.1", &settings());
    assert!(matches!(client.attempt(Some(b"short"), 5, WINDOW, NOW), Attempted::TooMany(_)));
    let mut value = None;
    for number in 0..512 {
        let stranger = Client::new(&format!("10.1.{}.{}", number / 256, number % 256), &settings());
        value = Some(written(stranger.attempt(value.as_deref(), 5, WINDOW, NOW)));
    }
    assert!(matches!(client.attempt(value.as_deref(), 5, WINDOW, NOW), Attempted::TooMany(_)));
    assert!(matches!(client.attempt(value.as_deref(), 5, WINDOW, at(900)), Attempted::Write(_)));
}

#[test]
fn nobody_can_tell_whose_slot_is_whose() {
    let other = Settings { keys: keys(&[2], "https://sp.example/saml"), ..settings() };
    assert_ne!(Client::new("10.0.0.1", &settings()), Client::new("10.0.0.1", &other));
    let slots: std::collections::BTreeSet<_> =
        (0..256).map(|number| Client::new(&format!("10.0.0.{number}"), &settings()).slot_key()).collect();
    assert!(slots.len() > 100, "{}", slots.len());
}
