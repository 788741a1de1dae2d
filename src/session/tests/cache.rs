//! The cache never says yes where opening would say no.

use core::cell::Cell;
use std::rc::Rc;

use super::revocation::Store;
use super::{Counting, NOW, at, jar, keys, large_session, session, settings};
use crate::base::Code;
use crate::effect::NothingStored;
use crate::session::revocation::Revocation;
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
    let first = cache.open(&jar(&cookies), &settings, NOW, &NothingStored, prepare).unwrap();
    let second = cache.open(&jar(&cookies), &settings, at(1), &NothingStored, prepare).unwrap();
    assert!(Rc::ptr_eq(&first, &second));
    assert_eq!((calls.get(), *first.prepared(), first.session().groups().len()), (1, 209, 209));
}

#[test]
fn every_hit_checks_the_ends_again() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    let mut code = |offset| {
        cache.open(&jar(&cookies), &settings, at(offset), &NothingStored, |_| ()).err().map(|why| why.code())
    };
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
    assert!(cache.open(&jar(&cookies), &settings, at(50), &NothingStored, |_| ()).is_ok());
    settings.absolute_ttl = core::time::Duration::from_secs(50);
    assert!(cache.open(&jar(&cookies), &settings, at(50), &NothingStored, |_| ()).is_err());
    settings.absolute_ttl = core::time::Duration::from_secs(51);
    assert!(cache.open(&jar(&cookies), &settings, at(50), &NothingStored, |_| ()).is_ok());
    // Other keys, or another context, know nothing of what opened here.
    for other in [keys(&[2], "https://sp.example/saml"), keys(&[1], "https://other.example/saml")] {
        settings.keys = other;
        assert!(cache.open(&jar(&cookies), &settings, at(50), &NothingStored, |_| ()).is_err());
        assert_eq!(cache.len(), 0);
    }
}

#[test]
fn a_cookie_that_differs_anywhere_is_no_hit() {
    let settings = settings();
    let cookies = seal(&large_session(5_000, 0), &settings, &[], &Counting::default()).unwrap();
    let mut cache = OpenedCache::new(8);
    assert!(cache.open(&jar(&cookies), &settings, NOW, &NothingStored, |_| ()).is_ok());
    for chunk in 0..cookies.len() {
        for position in (0..cookies[chunk].value.len()).step_by(29) {
            let mut changed = cookies.clone();
            let other = if changed[chunk].value.as_bytes()[position] == b'A' { "B" } else { "A" };
            changed[chunk].value.replace_range(position..=position, other);
            assert!(
                cache.open(&jar(&changed), &settings, NOW, &NothingStored, |_| ()).is_err(),
                "{chunk} {position}"
            );
        }
    }
    let mut fewer = jar(&cookies);
    fewer.pop();
    assert!(cache.open(&fewer, &settings, NOW, &NothingStored, |_| ()).is_err());
    assert_eq!(cache.len(), 1);
    assert!(cache.open(&jar(&cookies), &settings, NOW, &NothingStored, |_| ()).is_ok());
}

#[test]
fn the_number_of_entries_is_bounded_and_used_ones_stay() {
    let settings = settings();
    let entropy = Counting::default();
    let mut cache = OpenedCache::new(16);
    let favourite = seal(&session(), &settings, &[], &entropy).unwrap();
    let first = cache.open(&jar(&favourite), &settings, NOW, &NothingStored, |_| ()).unwrap();
    for _ in 0..100 {
        for _ in 0..5 {
            let cookies = seal(&session(), &settings, &[], &entropy).unwrap();
            cache.open(&jar(&cookies), &settings, NOW, &NothingStored, |_| ()).unwrap();
            assert!(cache.len() <= 16);
        }
        let again = cache.open(&jar(&favourite), &settings, NOW, &NothingStored, |_| ()).unwrap();
        assert!(Rc::ptr_eq(&first, &again));
    }
    for _ in 0..16 {
        let cookies = seal(&session(), &settings, &[], &entropy).unwrap();
        cache.open(&jar(&cookies), &settings, NOW, &NothingStored, |_| ()).unwrap();
    }
    let again = cache.open(&jar(&favourite), &settings, NOW, &NothingStored, |_| ()).unwrap();
    assert!(!Rc::ptr_eq(&first, &again));
}

#[test]
fn what_does_not_open_is_not_kept() {
    let settings = settings();
    let mut cache = OpenedCache::<()>::new(0);
    for count in 0..100 {
        let forged = format!("1.AQ{:0>60}", count);
        assert!(cache.open(&[("__Host-samlgate", &forged)], &settings, NOW, &NothingStored, |_| ()).is_err());
    }
    assert_eq!(cache.len(), 0);
    assert!(cache.open(&[], &settings, NOW, &NothingStored, |_| ()).is_err());
    assert!(cache.open(&[("__Host-samlgate", "1.AQ")], &settings, NOW, &NothingStored, |_| ()).is_err());
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    assert!(cache.open(&jar(&cookies), &settings, NOW, &NothingStored, |_| ()).is_ok());
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
        let cached = cache
            .open(&presented, &settings, NOW, &NothingStored, |_| ())
            .map(|opened| opened.session().clone());
        assert_eq!(cached, crate::session::open(&presented, &settings, NOW, &NothingStored), "{first}");
        assert_eq!(cache.len(), 0);
    }
}

#[test]
fn a_session_that_was_ended_is_no_hit_any_more() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let store = Store::default();
    let mut cache = OpenedCache::new(8);
    let mut another_worker = OpenedCache::new(8);
    for _ in 0..3 {
        assert!(cache.open(&jar(&cookies), &settings, NOW, &store, |_| ()).is_ok());
        assert!(another_worker.open(&jar(&cookies), &settings, NOW, &store, |_| ()).is_ok());
    }
    // The ledger is looked at once, its epoch at each request: one and two slots, and six epochs.
    assert_eq!(*store.reads.borrow(), 2 * 2 + 6);
    store.record(vec![Revocation::of_session(&session())], NOW).unwrap();
    for cache in [&mut cache, &mut another_worker, &mut OpenedCache::new(8)] {
        for _ in 0..2 {
            let refused = cache.open(&jar(&cookies), &settings, NOW, &store, |_| ());
            assert_eq!(refused.err().map(|why| why.code()), Some(Code::SessionRevoked));
        }
    }
    assert_eq!(
        crate::session::open(&jar(&cookies), &settings, NOW, &store).err().map(|why| why.code()),
        Some(Code::SessionRevoked)
    );
}

#[test]
fn what_is_added_for_others_costs_one_look() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let mut store = Store::default();
    let mut cache = OpenedCache::new(8);
    assert!(cache.open(&jar(&cookies), &settings, NOW, &store, |_| ()).is_ok());
    let mut other = session();
    other.fields.id = [8; 16];
    store.record(vec![Revocation::of_session(&other)], NOW).unwrap();
    *store.reads.borrow_mut() = 0;
    for _ in 0..5 {
        assert!(cache.open(&jar(&cookies), &settings, NOW, &store, |_| ()).is_ok());
    }
    assert_eq!(*store.reads.borrow(), 5 + 2);
    // Nobody knows any more: nobody is let in, and no other cookie is tried instead.
    store.broken = true;
    let mut presented = jar(&cookies);
    presented.insert(0, ("__Host-samlgate", "1.AQ"));
    for presented in [&jar(&cookies), &presented] {
        let refused = cache.open(presented, &settings, NOW, &store, |_| ());
        assert_eq!(refused.err().map(|why| why.code()), Some(Code::RevocationStoreUnavailable));
    }
    let refused = crate::session::open(&presented, &settings, NOW, &store);
    assert_eq!(refused.err().map(|why| why.code()), Some(Code::RevocationStoreUnavailable));
    // Without a cookie nothing has to be known.
    let refused = cache.open(&[], &settings, NOW, &store, |_| ());
    assert_eq!(refused.err().map(|why| why.code()), Some(Code::AuthenticationRequired));
}
