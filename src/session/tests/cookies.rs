//! Chunks, sizes, and what is done to other cookies.

use super::{Broken, Counting, NOW, jar, keys, large_session, open, removed, session, settings};
use crate::base::Code;
use crate::http::SameSite;
use crate::session::error::Unreadable;
use crate::session::{SessionError, Settings, clear, is_own_cookie, seal};

#[test]
fn a_small_session_is_one_plain_cookie() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let [cookie] = cookies.as_slice() else { panic!("{} cookies", cookies.len()) };
    assert!(cookie.value.starts_with("1."));
    let rendered = cookie.render();
    assert!(rendered.starts_with("__Host-samlgate=1."));
    assert!(rendered.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{rendered}");
    assert!(!rendered.contains("alice"));
    assert_eq!(open(&jar(&cookies), &settings, NOW).unwrap(), session());
}

#[test]
fn the_cookie_carries_the_configured_attributes() {
    let mut settings = settings();
    settings.cookie.name = String::from("sg");
    settings.cookie.domain = Some(String::from("example.com"));
    settings.cookie.path = String::from("/jira");
    settings.cookie.same_site = SameSite::None;
    settings.cookie.partitioned = true;
    let cookies = seal(&large_session(6_000, 0), &settings, &[("sg.5", "x")], &Counting::default()).unwrap();
    assert_eq!(cookies.len(), 3);
    for cookie in &cookies {
        let rendered = cookie.render();
        assert!(rendered.contains("; Path=/jira; Domain=example.com;"), "{rendered}");
        assert!(rendered.ends_with("; Secure; HttpOnly; SameSite=None; Partitioned"), "{rendered}");
    }
}

#[test]
fn every_set_cookie_stays_below_what_browsers_take() {
    for domain in [None, Some("a".repeat(253))] {
        let mut settings = settings();
        settings.cookie.domain = domain;
        for bytes in (500..14_500).step_by(311) {
            let cookies = seal(&large_session(bytes, 0), &settings, &[], &Counting::default()).unwrap();
            for (index, cookie) in cookies.iter().enumerate() {
                assert!(cookie.render().len() <= 3_800, "{bytes}: {}", cookie.render().len());
                assert!(!cookie.value.is_empty());
                let expected = if index == 0 {
                    String::from("__Host-samlgate")
                } else {
                    format!("__Host-samlgate.{index}")
                };
                assert_eq!(cookie.name, expected);
            }
            assert!(cookies[0].value.starts_with(&format!("{}.", cookies.len())));
            assert_eq!(open(&jar(&cookies), &settings, NOW).unwrap(), large_session(bytes, 0));
        }
    }
}

#[test]
fn a_session_beyond_the_limit_says_how_large_it_is() {
    let mut settings = settings();
    let mut large = large_session(18_000, 0);
    let refused = seal(&large, &settings, &[], &Counting::default()).unwrap_err();
    let SessionError::SessionTooLarge { bytes, limit: 16_384, groups, attribute_values: 1 } = refused else {
        panic!("{refused:?}");
    };
    assert!(bytes > 16_384 && groups == 18_000 / 43, "{refused}");
    assert_eq!(refused.code(), Code::SessionTooLarge);

    settings.max_cookie_bytes = bytes;
    assert!(seal(&large, &settings, &[], &Counting::default()).is_ok());
    settings.max_cookie_bytes = bytes - 1;
    assert!(seal(&large, &settings, &[], &Counting::default()).is_err());

    // However large the configured limit, there are nine chunks and a bounded payload.
    settings.max_cookie_bytes = usize::MAX;
    large = large_session(60_000, 0);
    assert!(matches!(
        seal(&large, &settings, &[], &Counting::default()),
        Err(SessionError::SessionTooLarge { .. })
    ));
    large.fields.groups = vec![String::from("x"); 100_000];
    assert!(matches!(
        seal(&large, &settings, &[], &Counting::default()),
        Err(SessionError::SessionTooLarge { groups: 100_000, .. })
    ));
    settings.cookie.path = "/a".repeat(4_000);
    assert!(matches!(
        seal(&session(), &settings, &[], &Counting::default()),
        Err(SessionError::SessionTooLarge { limit: 0, .. })
    ));
}

#[test]
fn the_largest_setting_can_be_filled() {
    let mut settings = settings();
    settings.max_cookie_bytes = Settings::MAX_COOKIE_BYTES;
    settings.cookie.domain = Some(String::from("intranet.example.com"));
    let large = large_session(31_000, 0);
    let cookies = seal(&large, &settings, &[], &Counting::default()).unwrap();
    let text: usize = cookies.iter().map(|cookie| cookie.value.len()).sum();
    assert!(cookies.len() == 9 && text > 32_000 && text <= Settings::MAX_COOKIE_BYTES + 2, "{text}");
    assert_eq!(open(&jar(&cookies), &settings, NOW).unwrap(), large);
}

#[test]
fn ordinary_group_names_are_deflated() {
    let settings = settings();
    let mut many = session();
    many.fields.groups = (0..300).map(|index| format!("jira-project-{index:04}-developers")).collect();
    let cookies = seal(&many, &settings, &[], &Counting::default()).unwrap();
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].value.len() < 3_000, "{}", cookies[0].value.len());
    assert_eq!(open(&jar(&cookies), &settings, NOW).unwrap(), many);
}

#[test]
fn chunks_of_two_sessions_never_open_together() {
    let settings = settings();
    let entropy = Counting::default();
    let one = seal(&large_session(13_000, 1), &settings, &[], &entropy).unwrap();
    let two = seal(&large_session(13_000, 2), &settings, &[], &entropy).unwrap();
    // The same session sealed twice is two generations as well.
    let again = seal(&large_session(13_000, 1), &settings, &[], &entropy).unwrap();
    assert_eq!((one.len(), two.len(), again.len()), (4, 4, 4));
    for other in [&two, &again] {
        for mixed in 1..15_u8 {
            let cookies: Vec<_> = (0..4)
                .map(|index| if mixed >> index & 1 == 1 { other[index].clone() } else { one[index].clone() })
                .collect();
            assert_eq!(
                open(&jar(&cookies), &settings, NOW),
                Err(SessionError::SessionUnreadable(Unreadable::Seal)),
                "{mixed:04b}"
            );
        }
    }
    assert!(open(&jar(&one), &settings, NOW).is_ok());
    let mut swapped = jar(&one);
    let (second, third) = (swapped[1].1, swapped[2].1);
    swapped[1].1 = third;
    swapped[2].1 = second;
    assert!(open(&swapped, &settings, NOW).is_err());
}

#[test]
fn chunks_may_arrive_in_any_order_but_none_may_be_missing() {
    let settings = settings();
    let cookies = seal(&large_session(13_000, 1), &settings, &[], &Counting::default()).unwrap();
    let mut presented = jar(&cookies);
    presented.reverse();
    presented.insert(1, ("other", "x"));
    presented.push(("__Host-samlgate.7", "stale"));
    assert!(open(&presented, &settings, NOW).is_ok());
    for missing in 0..cookies.len() {
        let mut some = jar(&cookies);
        some.remove(missing);
        let expected = if missing == 0 {
            SessionError::SessionMissing
        } else {
            SessionError::SessionUnreadable(Unreadable::Encoding)
        };
        assert_eq!(open(&some, &settings, NOW), Err(expected), "{missing}");
    }
}

#[test]
fn the_count_of_chunks_cannot_be_changed() {
    let settings = settings();
    let cookies = seal(&large_session(13_000, 1), &settings, &[], &Counting::default()).unwrap();
    let text = cookies[0].value.strip_prefix("4.").unwrap();
    for count in ["", "0.", "1.", "2.", "3.", "5.", "9.", "04.", "4", "4..", "-4.", "+4.", "44.", "\u{664}."]
    {
        let first = format!("{count}{text}");
        for fifth in [None, Some(""), Some("A"), Some("AAAA")] {
            let mut presented = jar(&cookies);
            presented[0].1 = &first;
            presented.extend(fifth.map(|fifth| ("__Host-samlgate.4", fifth)));
            assert!(
                matches!(open(&presented, &settings, NOW), Err(SessionError::SessionUnreadable(_))),
                "{count} {fifth:?}"
            );
        }
    }
}

#[test]
fn a_foreign_cookie_of_the_same_name_does_not_lock_the_user_out() {
    let settings = settings();
    let cookies = seal(&session(), &settings, &[], &Counting::default()).unwrap();
    let ours = cookies[0].value.as_str();
    let name = "__Host-samlgate";
    let jar = [(name, "tossed"), (name, "1.AAAA"), (name, ours)];
    assert!(open(&jar, &settings, NOW).is_ok());
    let flood = [(name, "1.AAAA"), (name, "x"), (name, "y"), (name, "z"), (name, ours)];
    assert!(open(&flood, &settings, NOW).is_err());
}

#[test]
fn nothing_presented_is_no_session() {
    let settings = settings();
    for presented in [&[][..], &[("a", "b")], &[("__Host-samlgate.1", "x")], &[("__Host-samlgate2", "1.x")]] {
        let refused = open(presented, &settings, NOW).unwrap_err();
        assert_eq!(refused, SessionError::SessionMissing);
        assert_eq!(refused.code(), Code::AuthenticationRequired);
    }
    for text in ["", ".", "1.", "1", "9.", "1.\u{e9}"] {
        let refused = open(&[("__Host-samlgate", text)], &settings, NOW).unwrap_err();
        assert_eq!(refused.code(), Code::SessionUnreadable, "{text:?}");
    }
    let huge = format!("1.{}", "A".repeat(60_000));
    assert_eq!(
        open(&[("__Host-samlgate", &huge)], &settings, NOW),
        Err(SessionError::SessionUnreadable(Unreadable::Encoding))
    );
}

/// What is longer than anything that was ever split is not even decoded; one that is as long may be.
#[test]
fn the_longest_text_is_decoded_and_no_longer_one() {
    let refused = |length: usize| {
        let text = format!("1.{}", "A".repeat(length));
        open(&[("__Host-samlgate", &text)], &settings(), NOW)
    };
    assert_eq!(refused(9 * 3_800), Err(SessionError::SessionUnreadable(Unreadable::Version)));
    assert_eq!(refused(9 * 3_800 + 4), Err(SessionError::SessionUnreadable(Unreadable::Encoding)));
}

#[test]
fn each_reason_is_told() {
    let told: std::collections::BTreeSet<String> = [
        Unreadable::Encoding,
        Unreadable::Version,
        Unreadable::Seal,
        Unreadable::Payload,
        Unreadable::Future,
    ]
    .map(|why| SessionError::SessionUnreadable(why).to_string())
    .into();
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|text| text.contains("the cookie")), "{told:?}");
}

#[test]
fn a_session_tells_what_it_was_made_of() {
    let session = session();
    assert_eq!(session.username().expose(), "alice");
    assert_eq!(session.email().unwrap().expose(), "alice@example.com");
    assert_eq!(session.display_name().unwrap().expose(), "Alice Example");
    assert_eq!(session.groups(), ["jira-software-users", "project-a"]);
    assert_eq!(session.attributes(), [(String::from("department"), vec![String::from("Research")])]);
    assert_eq!(session.attribute("department"), ["Research"]);
    assert!(session.attribute("Department").is_empty());
    assert_eq!(session.idp_entity_id(), "https://idp.example/metadata");
    assert_eq!(session.session_index(), Some("_session-index-1"));
}

#[test]
fn another_service_provider_or_name_cannot_read_it() {
    let ours = settings();
    let cookies = seal(&session(), &ours, &[], &Counting::default()).unwrap();
    let mut other = settings();
    other.keys = keys(&[1], "https://other.example/saml");
    assert_eq!(open(&jar(&cookies), &other, NOW), Err(SessionError::SessionUnreadable(Unreadable::Seal)));
    let mut renamed = settings();
    renamed.cookie.name = String::from("__Host-other");
    assert_eq!(
        open(&[("__Host-other", &cookies[0].value)], &renamed, NOW),
        Err(SessionError::SessionUnreadable(Unreadable::Seal))
    );
}

#[test]
fn a_smaller_session_removes_the_chunks_that_it_leaves_behind() {
    let settings = settings();
    let entropy = Counting::default();
    let large = seal(&large_session(13_000, 1), &settings, &[], &entropy).unwrap();
    let small = seal(&session(), &settings, &jar(&large), &entropy).unwrap();
    assert_eq!(removed(&small), ["__Host-samlgate.1", "__Host-samlgate.2", "__Host-samlgate.3"]);
    let presented = [("__Host-samlgate.3", "a"), ("__Host-samlgate.3", "b"), ("__Host-samlgate.30", "c")];
    let small = seal(&session(), &settings, &presented, &entropy).unwrap();
    assert_eq!(removed(&small), ["__Host-samlgate.3"]);
    let same = seal(&large_session(13_000, 2), &settings, &jar(&large), &entropy).unwrap();
    assert!(removed(&same).is_empty());
}

#[test]
fn clearing_always_removes_the_first_chunk() {
    let settings = settings();
    assert_eq!(removed(&clear(&settings, &[])), ["__Host-samlgate"]);
    let presented =
        [("__Host-samlgate.2", "x"), ("a", "b"), ("__Host-samlgate", "y"), ("__Host-samlgate.2", "x")];
    let cleared = clear(&settings, &presented);
    assert_eq!(removed(&cleared), ["__Host-samlgate", "__Host-samlgate.2"]);
    assert!(cleared.iter().all(|cookie| cookie.path == "/" && cookie.same_site == SameSite::Lax));
}

#[test]
fn own_cookies_are_known_by_their_names() {
    let settings = settings();
    for own in ["__Host-samlgate", "__Host-samlgate.1", "__Host-samlgate.9", "__Host-samlgate-p-x"] {
        assert!(is_own_cookie(own, &settings), "{own}");
    }
    for foreign in [
        "",
        "JSESSIONID",
        "__Host-samlgat",
        "__Host-samlgate2",
        "__Host-samlgate.0",
        "__Host-samlgate.10",
        "__Host-samlgate.x",
        "__Host-samlgate-q-x",
        "__host-samlgate",
        "x__Host-samlgate",
    ] {
        assert!(!is_own_cookie(foreign, &settings), "{foreign}");
    }
}

#[test]
fn without_randomness_nothing_is_sealed() {
    assert_eq!(seal(&session(), &settings(), &[], &Broken), Err(SessionError::EntropyUnavailable));
}

#[test]
fn a_session_prints_nothing_personal() {
    let printed = format!("{:?}", session());
    for personal in ["alice", "Alice", "jira", "Research", "department", "idp.example"] {
        assert!(!printed.contains(personal), "{printed}");
    }
    assert!(printed.contains("CQkJCQkJCQkJCQkJCQkJCQ"), "{printed}");
}
