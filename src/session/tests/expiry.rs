//! The ends of a session, to the second.

use core::time::Duration;

use super::{Counting, at, jar, open, session, settings};
use crate::base::Code;
use crate::session::{Session, SessionError, Settings, seal, touch};

fn outcome(session: &Session, settings: &Settings, offset: i64) -> Option<Code> {
    let cookies = seal(session, settings, &[], &Counting::default()).unwrap();
    open(&jar(&cookies), settings, at(offset)).err().map(|why| why.code())
}

#[test]
fn the_absolute_end_holds_to_the_second() {
    let mut settings = settings();
    settings.idle_ttl = None;
    assert_eq!(outcome(&session(), &settings, 28_799), None);
    assert_eq!(outcome(&session(), &settings, 28_800), Some(Code::SessionExpired));
    assert_eq!(outcome(&session(), &settings, i64::from(i32::MAX)), Some(Code::SessionExpired));

    // The identity provider ended it earlier.
    let mut shorter = session();
    shorter.fields.expires_at = at(10);
    assert_eq!(outcome(&shorter, &settings, 9), None);
    assert_eq!(outcome(&shorter, &settings, 10), Some(Code::SessionExpired));

    // The operator shortened it afterwards; lengthening does nothing for sessions that were begun before.
    settings.absolute_ttl = Duration::from_secs(100);
    assert_eq!(outcome(&session(), &settings, 99), None);
    assert_eq!(outcome(&session(), &settings, 100), Some(Code::SessionExpired));
    settings.absolute_ttl = Duration::from_secs(100_000);
    assert_eq!(outcome(&session(), &settings, 28_800), Some(Code::SessionExpired));
    settings.absolute_ttl = Duration::MAX;
    assert_eq!(outcome(&session(), &settings, 28_800), Some(Code::SessionExpired));
}

#[test]
fn the_idle_end_holds_to_the_second() {
    let settings = settings();
    assert_eq!(outcome(&session(), &settings, 3_599), None);
    assert_eq!(outcome(&session(), &settings, 3_600), Some(Code::SessionIdle));
    let mut used = session();
    used.fields.last_seen = at(3_000);
    assert_eq!(outcome(&used, &settings, 6_599), None);
    assert_eq!(outcome(&used, &settings, 6_600), Some(Code::SessionIdle));
    // The absolute end comes first where both have come.
    used.fields.last_seen = at(25_200);
    assert_eq!(outcome(&used, &settings, 28_799), None);
    assert_eq!(outcome(&used, &settings, 28_800), Some(Code::SessionExpired));
}

#[test]
fn a_session_from_the_future_is_unreadable_beyond_five_minutes() {
    let settings = settings();
    assert_eq!(outcome(&session(), &settings, -300), None);
    assert_eq!(outcome(&session(), &settings, -301), Some(Code::SessionUnreadable));
    let mut used = session();
    used.fields.last_seen = at(301);
    assert_eq!(outcome(&used, &settings, 0), Some(Code::SessionUnreadable));
    assert_eq!(outcome(&used, &settings, 1), None);
}

fn touched(session: &Session, settings: &Settings, offset: i64) -> Option<Session> {
    let cookies = touch(session, settings, &[], at(offset), &Counting::default()).unwrap()?;
    Some(open(&jar(&cookies), settings, at(offset)).unwrap())
}

#[test]
fn a_use_is_recorded_after_a_tenth_of_the_idle_time() {
    let settings = settings();
    assert_eq!(touched(&session(), &settings, 0), None);
    assert_eq!(touched(&session(), &settings, 359), None);
    let mut expected = session();
    expected.fields.last_seen = at(360);
    assert_eq!(touched(&session(), &settings, 360), Some(expected.clone()));
    assert_eq!(touched(&expected, &settings, 719), None);
    assert!(touched(&expected, &settings, 720).is_some());
    // Never extends the absolute end.
    assert_eq!(expected.expires_at(), session().expires_at());
    // A clock that is behind records nothing.
    assert_eq!(touched(&session(), &settings, -200), None);
}

#[test]
fn a_use_is_recorded_once_a_minute_at_most_but_before_a_short_idle_time_ends() {
    for (idle, first) in [(600, 60), (300, 60), (120, 60), (60, 30), (10, 5), (36_000, 3_600)] {
        let mut settings = settings();
        settings.idle_ttl = Some(Duration::from_secs(idle));
        assert_eq!(touched(&session(), &settings, first - 1), None, "{idle}");
        assert!(touched(&session(), &settings, first).is_some(), "{idle}");
    }
    let mut settings = settings();
    settings.idle_ttl = None;
    assert_eq!(touched(&session(), &settings, 28_000), None);
}

#[test]
fn a_use_that_cannot_be_recorded_is_an_error_of_its_own() {
    let refused = touch(&session(), &settings(), &[], at(1_000), &super::Broken);
    assert_eq!(refused, Err(SessionError::EntropyUnavailable));
}
