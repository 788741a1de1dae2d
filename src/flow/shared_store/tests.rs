//! The parts that need no store: whose turn it is, and how old what is known may be.

use core::time::Duration;

use super::cursor::Cursor;
use super::poller::take;
use crate::base::UnixTime;
use crate::store::{Etcd, OnFailure, Revision, Settings};

const NOW: UnixTime = UnixTime::from_secs(1_000_000);

fn at(offset: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().checked_add_signed(offset).unwrap())
}

fn settings(on_failure: OnFailure) -> Settings {
    Settings {
        etcd: Etcd {
            cluster: String::from("etcd"),
            authority: String::from("etcd"),
            timeout: Duration::from_secs(1),
            key_prefix: String::from("samlgate/"),
            credentials: None,
        },
        on_failure,
        poll_interval: Duration::from_secs(2),
        max_staleness: Duration::from_secs(30),
    }
}

fn read_at(offset: i64) -> Cursor {
    Cursor { cluster: 7, upto: Revision::kept(9), read_at: Some(at(offset)), reader: [1; 8] }
}

#[test]
fn what_is_not_known_or_too_old_is_stale() {
    let refuse = settings(OnFailure::Refuse);
    let go_on = settings(OnFailure::Continue);
    for (cursor, stale) in [
        (Cursor::default(), true),
        (read_at(0), false),
        (read_at(-30), false),
        (read_at(-31), true),
        (read_at(-100_000), true),
        // Somebody set the clock back: how old it is nobody knows.
        (read_at(5), false),
        (read_at(6), true),
    ] {
        assert_eq!(cursor.is_stale(&refuse, NOW), stale, "{cursor:?}");
        assert!(!cursor.is_stale(&go_on, NOW), "{cursor:?}");
    }
    for (cursor, due) in [
        (Cursor::default(), true),
        (read_at(0), false),
        (read_at(-1), false),
        (read_at(-2), true),
        (read_at(6), true),
    ] {
        assert_eq!(cursor.is_due(&refuse, NOW), due, "{cursor:?}");
    }
}

#[test]
fn a_cursor_comes_back_as_it_was_stored_and_anything_else_is_the_beginning() {
    for cursor in [Cursor::default(), read_at(0), Cursor { read_at: None, ..read_at(0) }] {
        assert_eq!(Cursor::load(Some(&cursor.store())), cursor);
    }
    let long = [1; 33];
    for wrong in [None, Some(&[][..]), Some(&long[..31]), Some(&long[..])] {
        assert_eq!(Cursor::load(wrong), Cursor::default());
        assert!(Cursor::load(wrong).is_stale(&settings(OnFailure::Refuse), NOW));
    }
}

#[test]
fn one_worker_looks_until_it_says_nothing_any_more() {
    let (one, two) = ([1; 8], [2; 8]);
    let taken = take(None, one, NOW).unwrap();
    assert!(take(Some(&taken), two, NOW).is_none());
    assert!(take(Some(&taken), two, at(5)).is_none());
    assert!(take(Some(&taken), two, at(6)).is_some());
    let kept = take(Some(&taken), one, at(4)).unwrap();
    assert!(take(Some(&kept), two, at(9)).is_none());
    // A clock that was set back keeps nobody away, and neither does what is no lease.
    assert!(take(Some(&taken), two, at(-1)).is_some());
    for wrong in [&b""[..], b"x", &[255; 15], &[255; 17]] {
        assert!(take(Some(wrong), two, NOW).is_some());
    }
    assert!(take(Some(&[255; 16]), two, NOW).is_some(), "a lease without end");
}
