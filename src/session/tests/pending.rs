//! Sign-ins under way: several tabs, hostile cookies, and the limit per browser.

use core::time::Duration;

use sha2::{Digest, Sha256};

use super::{Broken, Counting, NOW, at, keys, settings};
use crate::base::Code;
use crate::encoding::base64url;
use crate::http::{RedirectTarget, SameSite};
use crate::session::error::Unreadable;
use crate::session::pending_request::{
    Demanded, Intent, PendingRequest, SealedPendingRequest, any_usable, clear, open, seal,
};
use crate::session::{SessionError, Settings, is_own_cookie};

fn pending(path: &str) -> PendingRequest {
    PendingRequest {
        request_id: String::from("_0123456789abcdef0123456789abcdef"),
        idp_entity_id: String::from("https://idp.example/metadata"),
        target: RedirectTarget::parse(path).unwrap(),
        intent: Intent::SignIn,
        demanded: Demanded::default(),
        expires_at: at(600),
    }
}

fn code<T>(result: Result<T, SessionError>) -> Option<Code> {
    result.err().map(|why| why.code())
}

#[test]
fn the_relay_state_finds_its_own_cookie_among_those_of_other_tabs() {
    let settings = settings();
    let entropy = Counting::default();
    let tabs: Vec<(PendingRequest, SealedPendingRequest)> = ["/browse/A-1", "/browse/A-2?x=1", "/"]
        .iter()
        .map(|path| (pending(path), seal(&pending(path), &settings, &[], NOW, &entropy).unwrap()))
        .collect();
    let presented: Vec<(&str, &str)> =
        tabs.iter().map(|(_, sealed)| (sealed.cookie.name.as_str(), sealed.cookie.value.as_str())).collect();
    for (pending, sealed) in &tabs {
        assert_eq!(sealed.relay_state.len(), 22);
        assert_eq!(open(&sealed.relay_state, &presented, &settings, NOW).unwrap(), *pending);
        assert!(is_own_cookie(&sealed.cookie.name, &settings));
    }
}

#[test]
fn the_cookie_survives_the_post_from_another_site_and_no_longer_than_needed() {
    let settings = settings();
    let sealed = seal(&pending("/"), &settings, &[], NOW, &Counting::default()).unwrap();
    assert_eq!(sealed.cookie.same_site, SameSite::None);
    assert_eq!(sealed.cookie.max_age, Some(Duration::from_secs(600)));
    let rendered = sealed.cookie.render();
    let name = format!("__Host-samlgate-p-{}=", sealed.relay_state);
    assert!(rendered.starts_with(&name), "{rendered}");
    assert!(rendered.ends_with("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=None"), "{rendered}");
    assert!(!sealed.relay_state.contains('/') && !rendered.contains("browse"));
}

#[test]
fn a_cookie_opens_only_for_its_own_token() {
    let settings = settings();
    let entropy = Counting::default();
    let one = seal(&pending("/one"), &settings, &[], NOW, &entropy).unwrap();
    let two = seal(&pending("/two"), &settings, &[], NOW, &entropy).unwrap();
    // An attacker who can set cookies puts the value of one sign-in under the name of another.
    let presented = [(one.cookie.name.as_str(), two.cookie.value.as_str())];
    assert_eq!(
        code(open(&one.relay_state, &presented, &settings, NOW)),
        Some(Code::PendingRequestUnreadable)
    );
    assert_eq!(code(open(&two.relay_state, &presented, &settings, NOW)), Some(Code::PendingRequestMissing));
}

#[test]
fn a_session_is_no_pending_request_and_the_other_way_round() {
    let settings = settings();
    let entropy = Counting::default();
    let sealed = seal(&pending("/"), &settings, &[], NOW, &entropy).unwrap();
    let session = crate::session::seal(&super::session(), &settings, &[], &entropy).unwrap();
    let text = session[0].value.strip_prefix("1.").unwrap();
    assert_eq!(
        code(open(&sealed.relay_state, &[(&sealed.cookie.name, text)], &settings, NOW)),
        Some(Code::PendingRequestUnreadable)
    );
    let as_session = format!("1.{}", sealed.cookie.value);
    assert_eq!(
        code(super::open(&[("__Host-samlgate", &as_session)], &settings, NOW)),
        Some(Code::SessionUnreadable)
    );
}

#[test]
fn what_is_not_there_or_not_ours_is_refused() {
    let ours = settings();
    let sealed = seal(&pending("/"), &ours, &[], NOW, &Counting::default()).unwrap();
    let presented = [(sealed.cookie.name.as_str(), sealed.cookie.value.as_str())];
    assert_eq!(code(open(&sealed.relay_state, &[], &ours, NOW)), Some(Code::PendingRequestMissing));
    for relay_state in [
        "",
        "/browse/A-1",
        "https://evil.example/",
        "AAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAA;",
        "AAAAAAAAAAAAAAAAAAAAA\n",
    ] {
        assert_eq!(
            code(open(relay_state, &presented, &ours, NOW)),
            Some(Code::RelayStateMalformed),
            "{relay_state}"
        );
        assert_eq!(clear(relay_state, &ours), None);
    }
    for text in ["", "A", "AQ", "1.AAAA", sealed.cookie.value.trim_start_matches('A'), &"A".repeat(10_000)] {
        let presented = [(sealed.cookie.name.as_str(), text)];
        assert_eq!(
            code(open(&sealed.relay_state, &presented, &ours, NOW)),
            Some(Code::PendingRequestUnreadable)
        );
    }
    let mut other = settings();
    other.keys = keys(&[1], "https://other.example/saml");
    assert_eq!(
        code(open(&sealed.relay_state, &presented, &other, NOW)),
        Some(Code::PendingRequestUnreadable)
    );
    // A tossed cookie of the same name beside it does no harm.
    let both = [(sealed.cookie.name.as_str(), "tossed"), presented[0]];
    assert!(open(&sealed.relay_state, &both, &ours, NOW).is_ok());
}

#[test]
fn it_ends_to_the_second() {
    let mut settings = settings();
    let mut wanted = pending("/");
    let sealed = seal(&wanted, &settings, &[], NOW, &Counting::default()).unwrap();
    let presented = [(sealed.cookie.name.as_str(), sealed.cookie.value.as_str())];
    let at_offset =
        |settings: &Settings, offset| code(open(&sealed.relay_state, &presented, settings, at(offset)));
    assert_eq!(at_offset(&settings, 599), None);
    assert_eq!(at_offset(&settings, 600), Some(Code::PendingRequestExpired));
    assert_eq!(at_offset(&settings, -300), None);
    assert_eq!(at_offset(&settings, -301), Some(Code::PendingRequestUnreadable));
    // The configured time counts, whatever the caller asked for.
    settings.pending_request_ttl = Duration::from_secs(60);
    assert_eq!(at_offset(&settings, 59), None);
    assert_eq!(at_offset(&settings, 60), Some(Code::PendingRequestExpired));
    wanted.expires_at = at(100_000);
    let sealed = seal(&wanted, &settings, &[], NOW, &Counting::default()).unwrap();
    assert_eq!(sealed.cookie.max_age, Some(Duration::from_secs(60)));
}

#[test]
fn a_body_is_worth_reading_only_with_a_usable_pending_request() {
    let settings = settings();
    let sealed = seal(&pending("/"), &settings, &[], NOW, &Counting::default()).unwrap();
    let good = (sealed.cookie.name.as_str(), sealed.cookie.value.as_str());
    let renamed = ("__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA", good.1);
    let rubble = ("__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA", "rubble");
    let outcome = |presented: &[(&str, &str)], offset| code(any_usable(presented, &settings, at(offset)));
    assert_eq!(outcome(&[good], 599), None);
    assert_eq!(outcome(&[rubble, ("other", "x"), good], 0), None);
    assert_eq!(outcome(&[], 0), Some(Code::PendingRequestMissing));
    assert_eq!(outcome(&[("__Host-samlgate", "1.x"), ("other", "x")], 0), Some(Code::PendingRequestMissing));
    assert_eq!(outcome(&[good], 600), Some(Code::PendingRequestExpired));
    assert_eq!(outcome(&[good], -301), Some(Code::PendingRequestUnreadable));
    assert_eq!(outcome(&[rubble], 0), Some(Code::PendingRequestUnreadable));
    assert_eq!(outcome(&[renamed], 0), Some(Code::PendingRequestUnreadable));
}

#[test]
fn the_answer_removes_the_cookie() {
    let settings = settings();
    let sealed = seal(&pending("/"), &settings, &[], NOW, &Counting::default()).unwrap();
    let removal = clear(&sealed.relay_state, &settings).unwrap();
    assert_eq!(removal.name, sealed.cookie.name);
    assert_eq!((removal.max_age, removal.path.as_str()), (Some(Duration::ZERO), "/"));
}

/// Presents pending requests that expire at the given offsets (`None`: unreadable), and names those that go.
fn evicted(offsets: &[Option<i64>]) -> Vec<usize> {
    let settings = settings();
    let entropy = Counting::default();
    let held: Vec<(String, String)> = offsets
        .iter()
        .map(|offset| {
            let mut wanted = pending("/");
            wanted.expires_at = at(offset.unwrap_or_default());
            let sealed = seal(&wanted, &settings, &[], NOW, &entropy).unwrap();
            let value = if offset.is_some() { sealed.cookie.value } else { String::from("rubble") };
            (sealed.cookie.name, value)
        })
        .collect();
    let presented: Vec<(&str, &str)> =
        held.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sealed = seal(&pending("/"), &settings, &presented, NOW, &entropy).unwrap();
    let mut gone: Vec<usize> = sealed
        .evictions
        .iter()
        .map(|removal| {
            assert_eq!((removal.max_age, removal.same_site), (Some(Duration::ZERO), SameSite::None));
            held.iter().position(|(name, _)| *name == removal.name).unwrap()
        })
        .collect();
    gone.sort_unstable();
    gone
}

#[test]
fn the_oldest_make_room_and_unreadable_ones_go_first() {
    // At most 3 in all, the new one included.
    assert_eq!(evicted(&[]), [] as [usize; 0]);
    assert_eq!(evicted(&[Some(5), Some(4)]), [] as [usize; 0]);
    assert_eq!(evicted(&[Some(500), Some(300), Some(400)]), [1]);
    assert_eq!(evicted(&[Some(500), Some(300), None]), [2]);
    assert_eq!(evicted(&[Some(300), Some(500), Some(200), Some(400), None]), [0, 2, 4]);
    assert_eq!(evicted(&[None, None, None, None]).len(), 2);
    // However many a hostile browser makes up, the reply stays small.
    assert_eq!(evicted(&[None; 300]).len(), 32);
}

#[test]
fn names_that_we_never_gave_are_left_alone() {
    let mut settings = settings();
    settings.max_pending_requests = 1;
    let presented = [
        ("__Host-samlgate-p-", "x"),
        ("__Host-samlgate-p-short", "x"),
        ("__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAA;Path", "x"),
        ("__Host-samlgate", "x"),
        ("other", "x"),
    ];
    let sealed = seal(&pending("/"), &settings, &presented, NOW, &Counting::default()).unwrap();
    assert!(sealed.evictions.is_empty());
    // The same name twice is one cookie.
    let name = "__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA";
    let twice = [(name, "x"), (name, "y")];
    let sealed = seal(&pending("/"), &settings, &twice, NOW, &Counting::default()).unwrap();
    assert_eq!(sealed.evictions.len(), 1);
    // A limit of zero still lets one sign-in through.
    settings.max_pending_requests = 0;
    assert!(seal(&pending("/"), &settings, &[], NOW, &Counting::default()).unwrap().evictions.is_empty());
}

#[test]
fn the_longest_target_fits_and_gives_way_only_to_an_absurd_entity_id() {
    let settings = settings();
    // Six bits a character: deflating it gains nothing.
    let noise: String = (0..200_u8).map(|index| base64url::encode(&Sha256::digest([index]))).collect();
    let longest = format!("/{}", noise.get(..RedirectTarget::MAX_BYTES - 1).unwrap());
    let sealed_with = |entity_id: &str| {
        let mut wanted = pending(&longest);
        entity_id.clone_into(&mut wanted.idp_entity_id);
        let sealed = seal(&wanted, &settings, &[], NOW, &Counting::default())?;
        assert!(sealed.cookie.render().len() <= 3_800);
        let presented = [(sealed.cookie.name.as_str(), sealed.cookie.value.as_str())];
        open(&sealed.relay_state, &presented, &settings, NOW)
    };
    assert_eq!(sealed_with("https://idp.example/metadata").unwrap().target.as_str(), longest);
    let long = noise.get(3_000..6_000).unwrap();
    let opened = sealed_with(long).unwrap();
    assert_eq!((opened.target, opened.idp_entity_id.as_str()), (RedirectTarget::root(), long));
    assert!(matches!(sealed_with(&noise), Err(SessionError::PendingRequestTooLarge { .. })));
}

/// Both limits to the byte: the target goes when the cookie would be larger than 3,800 bytes, the sign-in when it is so
/// without a target.
#[test]
fn a_cookie_of_3800_bytes_is_set() {
    let noise: String = (0..200_u8).map(|index| base64url::encode(&Sha256::digest([index]))).collect();
    // The size of the largest cookie that keeps its target. Base64 leaves gaps, so with several names of it.
    let largest = |target: &str, lengths: core::ops::Range<usize>| {
        let mut sizes = Vec::new();
        for (name, length) in lengths.flat_map(|length| [("sg", length), ("sg2", length), ("sg23", length)]) {
            let mut settings = settings();
            name.clone_into(&mut settings.cookie.name);
            let mut wanted = pending(target);
            noise.get(..length).unwrap().clone_into(&mut wanted.idp_entity_id);
            let Ok(sealed) = seal(&wanted, &settings, &[], NOW, &Counting::default()) else { continue };
            let presented = [(sealed.cookie.name.as_str(), sealed.cookie.value.as_str())];
            let opened = open(&sealed.relay_state, &presented, &settings, NOW).unwrap();
            if opened.target.as_str() == target {
                sizes.push(sealed.cookie.render().len());
            }
        }
        sizes.into_iter().max()
    };
    let long = format!("/{}", noise.get(6_000..7_500).unwrap());
    assert_eq!(largest(&long, 1_950..2_150), Some(3_800));
    assert_eq!(largest("/", 3_450..3_650), Some(3_800));
}

#[test]
fn a_cookie_of_more_than_3800_bytes_is_not_decoded() {
    let settings = settings();
    let sealed = seal(&pending("/"), &settings, &[], NOW, &Counting::default()).unwrap();
    let refused = |length: usize| {
        let text = "A".repeat(length);
        open(&sealed.relay_state, &[(&sealed.cookie.name, &text)], &settings, NOW)
    };
    assert_eq!(refused(3_800), Err(SessionError::PendingRequestUnreadable(Unreadable::Version)));
    for length in [3_804, 8_000] {
        assert_eq!(refused(length), Err(SessionError::PendingRequestUnreadable(Unreadable::Encoding)));
    }
}

/// 64 are opened to see how old they are; the others go first, as if they did not open.
#[test]
fn only_so_many_are_opened_to_find_the_oldest() {
    let settings = settings();
    let entropy = Counting::default();
    let mut held: Vec<(String, String)> = (0..65)
        .map(|_| {
            let sealed = seal(&pending("/"), &settings, &[], NOW, &entropy).unwrap();
            (sealed.cookie.name, sealed.cookie.value)
        })
        .collect();
    held.sort();
    let presented: Vec<(&str, &str)> =
        held.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let evictions = seal(&pending("/"), &settings, &presented, NOW, &entropy).unwrap().evictions;
    assert_eq!(evictions[0].name, held[64].0, "the one that was not opened");
    assert_eq!(evictions[1].name, held[0].0);
}

#[test]
fn without_randomness_no_sign_in_starts() {
    assert_eq!(seal(&pending("/"), &settings(), &[], NOW, &Broken), Err(SessionError::EntropyUnavailable));
}
