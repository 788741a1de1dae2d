//! The cache never says yes where opening would say no.

use core::cell::Cell;
use std::rc::Rc;

use super::{Counting, NOW, at, jar, keys, large_session, session, settings};
use crate::base::Code;
use crate::session::{OpenedCache, seal};

#[test]
fn a_known_cookie_is_prepared_once() {
    let settings = settings();
    let cookies = seal(&large_session(9_000, 0), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    let calls = Cell::new(0);
    let prepare = |session: &crate::session::Session| {
        calls.set(calls.get() + 1);
        session.groups().len()
    };
    let first = cache.open(&jar(&cookies), &settings, NOW, prepare).unwrap();
    let second = cache.open(&jar(&cookies), &settings, at(1), prepare).unwrap();
    assert!(Rc::ptr_eq(&first, &second));
    assert_eq!((calls.get(), *first.prepared(), first.session().groups().len()), (1, 209, 209));
}

#[test]
fn every_hit_checks_the_ends_again() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    let mut code =
        |offset| cache.open(&jar(&cookies), &settings, at(offset), |_| ()).err().map(|why| why.code());
    assert_eq!(code(0), None);
    assert_eq!(code(3_599), None);
    assert_eq!(code(3_600), Some(Code::SessionIdle));
    assert_eq!(code(28_800), Some(Code::SessionExpired));
    assert_eq!(code(-301), Some(Code::SessionUnreadable));
    assert_eq!(code(0), None);
}

#[test]
fn settings_that_changed_are_heeded_at_a_hit() {
    let mut settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    assert!(cache.open(&jar(&cookies), &settings, at(50), |_| ()).is_ok());
    settings.absolute_ttl = core::time::Duration::from_secs(50);
    assert!(cache.open(&jar(&cookies), &settings, at(50), |_| ()).is_err());
    settings.absolute_ttl = core::time::Duration::from_secs(51);
    assert!(cache.open(&jar(&cookies), &settings, at(50), |_| ()).is_ok());
    // Other keys, or another context, know nothing of what opened here.
    for other in [keys(&[2], "https://sp.example/saml"), keys(&[1], "https://other.example/saml")] {
        settings.keys = other;
        assert!(cache.open(&jar(&cookies), &settings, at(50), |_| ()).is_err());
        assert_eq!(cache.len(), 0);
    }
}

#[test]
fn a_cookie_that_differs_anywhere_is_no_hit() {
    let settings = settings();
    let cookies = seal(&large_session(5_000, 0), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    assert!(cache.open(&jar(&cookies), &settings, NOW, |_| ()).is_ok());
    for chunk in 0..cookies.len() {
        for position in (0..cookies[chunk].value.len()).step_by(29) {
            let mut changed = cookies.clone();
            let other = if changed[chunk].value.as_bytes()[position] == b'A' { "B" } else { "A" };
            changed[chunk].value.replace_range(position..=position, other);
            assert!(cache.open(&jar(&changed), &settings, NOW, |_| ()).is_err(), "{chunk} {position}");
        }
    }
    let mut fewer = jar(&cookies);
    fewer.pop();
    assert!(cache.open(&fewer, &settings, NOW, |_| ()).is_err());
    assert_eq!(cache.len(), 1);
    assert!(cache.open(&jar(&cookies), &settings, NOW, |_| ()).is_ok());
}

#[test]
fn the_number_of_entries_is_bounded_and_used_ones_stay() {
    let settings = settings();
    let entropy = Counting::default();
    let mut cache = OpenedCache::new(16);
    let favourite = seal(&session(), &settings, &[], &entropy).unwrap();
    let first = cache.open(&jar(&favourite), &settings, NOW, |_| ()).unwrap();
    for _ in 0..100 {
        for _ in 0..5 {
            let cookies = seal(&session(), &settings, &[], &entropy).unwrap();
            cache.open(&jar(&cookies), &settings, NOW, |_| ()).unwrap();
            assert!(cache.len() <= 16);
        }
        let again = cache.open(&jar(&favourite), &settings, NOW, |_| ()).unwrap();
        assert!(Rc::ptr_eq(&first, &again));
    }
    for _ in 0..16 {
        let cookies = seal(&session(), &settings, &[], &entropy).unwrap();
        cache.open(&jar(&cookies), &settings, NOW, |_| ()).unwrap();
    }
    let again = cache.open(&jar(&favourite), &settings, NOW, |_| ()).unwrap();
    assert!(!Rc::ptr_eq(&first, &again));
}

#[test]
fn what_does_not_open_is_not_kept() {
    let settings = settings();
    let mut cache = OpenedCache::<()>::new(0);
    for count in 0..100 {
        let forged = format!("1.AQ{:0>60}", count);
        assert!(cache.open(&[("__Host-samlgate", &forged)], &settings, NOW, |_| ()).is_err());
    }
    assert_eq!(cache.len(), 0);
    assert!(cache.open(&[], &settings, NOW, |_| ()).is_err());
    assert!(cache.open(&[("__Host-samlgate", "1.AQ")], &settings, NOW, |_| ()).is_err());
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    assert!(cache.open(&jar(&cookies), &settings, NOW, |_| ()).is_ok());
}

#[test]
fn what_is_too_short_to_be_known_is_refused_for_the_reason_that_opening_gives() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let text = cookies[0].value.strip_prefix("1.").unwrap();
    let (begin, end) = text.split_at(8);
    // Of another version; empty; and a good one that was cut up anew, which opens and is not kept.
    for (first, second) in [("1.AgAA", ""), ("1.", ""), (&*format!("2.{begin}"), end)] {
        let presented = [("__Host-samlgate", first), ("__Host-samlgate.1", second)];
        let mut cache = OpenedCache::new(8);
        let cached = cache.open(&presented, &settings, NOW, |_| ()).map(|opened| opened.session().clone());
        assert_eq!(cached, crate::session::open(&presented, &settings, NOW), "{first}");
        assert_eq!(cache.len(), 0);
    }
}
