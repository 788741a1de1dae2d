//! What holds for every session and every cookie.

use proptest::prelude::*;

use super::{Counting, NOW, jar, open, settings};
use crate::base::{Pii, UnixTime};
use crate::effect::NothingStored;
use crate::session::state::Fields;
use crate::session::{OpenedCache, Session, SessionError, SessionNameId, pending_request, seal};

fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[\\PC\u{0}-\u{1f}]{0,40}").unwrap()
}

prop_compose! {
    fn sessions()(
        id in any::<[u8; 16]>(),
        username in text(),
        name_id in proptest::option::of((text(), proptest::option::of(text()))),
        email in proptest::option::of(text()),
        display_name in proptest::option::of(text()),
        groups in proptest::collection::vec(text(), 0..60),
        attributes in proptest::collection::vec((text(), proptest::collection::vec(text(), 0..5)), 0..5),
        idp_entity_id in text(),
        session_index in proptest::option::of(text()),
        seconds in (0_u64..3_000, 0_u64..3_000, 1_u64..10_000),
    ) -> Session {
        Session { fields: Fields {
            id,
            username: Pii::new(username),
            name_id: name_id.map(|(value, format)| SessionNameId {
                value: Pii::new(value.clone()),
                name_qualifier: format.clone(),
                sp_name_qualifier: None,
                sp_provided_id: format.as_ref().map(|_| Pii::new(value)),
                format,
            }),
            email: email.map(Pii::new),
            display_name: display_name.map(Pii::new),
            groups,
            attributes,
            idp_entity_id,
            authn_context_class: session_index.clone(),
            session_index,
            authn_instant: UnixTime::from_secs(NOW.as_secs() - seconds.0),
            asserted_at: UnixTime::from_secs(NOW.as_secs() - seconds.0),
            issued_at: UnixTime::from_secs(NOW.as_secs() - seconds.0),
            last_seen: UnixTime::from_secs(NOW.as_secs() - seconds.1),
            expires_at: UnixTime::from_secs(NOW.as_secs() + seconds.2),
        } }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_opens_as_it_was(session in sessions()) {
        let settings = settings();
        let cookies = seal(&session, &settings, &[], &Counting::default()).unwrap();
        prop_assert_eq!(&open(&jar(&cookies), &settings, NOW).unwrap(), &session);
        let mut cache = OpenedCache::new(4);
        for _ in 0..2 {
            let opened = cache.open(&jar(&cookies), &settings, NOW, &NothingStored, Session::id).unwrap();
            prop_assert_eq!(opened.session(), &session);
        }
    }

    #[test]
    fn any_changed_byte_is_refused(session in sessions(), place in any::<prop::sample::Index>(), with in 33_u8..127) {
        let settings = settings();
        let mut cookies = seal(&session, &settings, &[], &Counting::default()).unwrap();
        let place = place.index(cookies.iter().map(|cookie| cookie.value.len()).sum());
        let mut before = 0;
        for cookie in &mut cookies {
            if let Some(byte) = place.checked_sub(before).and_then(|at| cookie.value.as_bytes().get(at)) {
                prop_assume!(*byte != with);
                cookie.value.replace_range(place - before..=place - before, &char::from(with).to_string());
                break;
            }
            before += cookie.value.len();
        }
        prop_assert!(matches!(open(&jar(&cookies), &settings, NOW), Err(SessionError::SessionUnreadable(_))));
    }

    #[test]
    fn no_cookie_panics(values in proptest::collection::vec((0_usize..12, ".{0,80}"), 0..12), relay in ".{0,30}") {
        let settings = settings();
        let named: Vec<(String, String)> = values.into_iter().map(|(index, value)| match index {
            0 => (String::from("__Host-samlgate"), value),
            1..=9 => (format!("__Host-samlgate.{index}"), value),
            10 => (format!("__Host-samlgate-p-{value}"), value),
            _ => (value.clone(), value),
        }).collect();
        let presented: Vec<(&str, &str)> = named.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        prop_assert!(open(&presented, &settings, NOW).is_err());
        prop_assert!(pending_request::open(&relay, &presented, &settings, NOW).is_err());
        prop_assert!(OpenedCache::new(2).open(&presented, &settings, NOW, &NothingStored, |_| ()).is_err());
    }

    #[test]
    fn no_payload_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let decoded = crate::session::payload::decode::<Fields>(&bytes);
        prop_assert!(decoded.is_err() || bytes.len() > 40);
    }
}
