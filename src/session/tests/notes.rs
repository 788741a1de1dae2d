//! Notes: what opens, for how long, and that none opens as another.

use super::*;
use crate::session::{emergency_access, is_own_cookie, last_idp, rounds};

const HOUR: Duration = Duration::from_secs(3600);

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn after(seconds: u64) -> UnixTime {
    NOW.saturating_add(Duration::from_secs(seconds))
}

/// A browser that keeps the round's cookie and nothing else.
fn rounds_after(number: u64, apart: u64) -> u32 {
    let (settings, entropy) = (settings(), Counting::default());
    let mut cookie: Option<SetCookie> = None;
    for round in 0..number {
        let held: Vec<(&str, &str)> =
            cookie.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())).collect();
        cookie = Some(rounds::completed(&held, &settings, after(round * apart), &entropy).unwrap());
    }
    let held: Vec<(&str, &str)> =
        cookie.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())).collect();
    rounds::count(&held, &settings, after(number.saturating_sub(1) * apart + 1))
}

#[test]
fn sign_ins_in_a_row_are_counted_and_others_not() {
    assert_eq!(rounds_after(0, 1), 0);
    assert_eq!(rounds_after(4, 3), 4);
    assert_eq!(rounds_after(7, 29), 7);
    assert_eq!(rounds_after(7, 30), 1);
}

#[test]
fn a_count_ends_and_is_not_believed_from_the_future() {
    let (settings, entropy) = (settings(), Counting::default());
    let cookie = rounds::completed(&[], &settings, NOW, &entropy).unwrap();
    let held = [(cookie.name.as_str(), cookie.value.as_str())];
    let count = |now| rounds::count(&held, &settings, now);
    assert_eq!((count(NOW), count(after(29)), count(after(30))), (1, 1, 0));
    assert_eq!(count(UnixTime::from_secs(NOW.as_secs() - 31)), 0);
    assert_eq!(cookie.max_age, Some(rounds::APART));
    assert_eq!(cookie.same_site, SameSite::None);
}

#[test]
fn emergency_access_ends_by_itself_and_with_its_secret() {
    let (settings, entropy) = (settings(), Counting::default());
    let cookie = emergency_access::grant(&secret("one"), HOUR, NOW, &settings, &entropy).unwrap();
    let held = [(cookie.name.as_str(), cookie.value.as_str())];
    let granted =
        |of: &str, duration, now| emergency_access::is_granted(&held, &secret(of), duration, now, &settings);
    assert!(granted("one", HOUR, NOW) && granted("one", HOUR, after(3599)));
    assert!(!granted("one", HOUR, after(3600)));
    assert!(!granted("one", Duration::from_secs(60), after(60)), "a shorter configuration ends it sooner");
    assert!(!granted("two", HOUR, NOW), "another secret");
    assert!(!granted("one", HOUR, UnixTime::from_secs(NOW.as_secs() - 61)), "granted in the future");
    assert_eq!((cookie.same_site, cookie.max_age), (SameSite::Strict, Some(HOUR)));
    // Under other keys it is nothing, and without randomness there is none.
    let others = Settings { keys: keys(&[2], "https://sp.example/saml"), ..super::settings() };
    assert!(!emergency_access::is_granted(&held, &secret("one"), HOUR, NOW, &others));
    assert!(emergency_access::grant(&secret("one"), HOUR, NOW, &settings, &Broken).is_err());
}

#[test]
fn no_note_opens_as_another_or_when_altered() {
    let (settings, entropy) = (settings(), Counting::default());
    let sealed = [
        rounds::completed(&[], &settings, NOW, &entropy).unwrap(),
        emergency_access::grant(&secret("one"), HOUR, NOW, &settings, &entropy).unwrap(),
        last_idp::remember("https://idp.example", HOUR, NOW, &settings, &entropy).unwrap(),
    ];
    for (at, own) in sealed.iter().enumerate() {
        for (from, other) in sealed.iter().enumerate() {
            let held = [(own.name.as_str(), other.value.as_str())];
            let opened = [
                rounds::count(&held, &settings, NOW) > 0,
                emergency_access::is_granted(&held, &secret("one"), HOUR, NOW, &settings),
                last_idp::remembered(&held, HOUR, NOW, &settings).is_some(),
            ];
            let expected: Vec<bool> = (0..3).map(|kind| kind == at && at == from).collect();
            assert_eq!(opened.to_vec(), expected, "{} as {}", other.name, own.name);
        }
        for position in 0..own.value.len() {
            let mut altered = own.value.clone().into_bytes();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            let held = [(own.name.as_str(), altered.as_str())];
            assert_eq!(rounds::count(&held, &settings, NOW), 0);
            assert!(!emergency_access::is_granted(&held, &secret("one"), HOUR, NOW, &settings));
            assert_eq!(last_idp::remembered(&held, HOUR, NOW, &settings), None);
        }
        assert!(is_own_cookie(&own.name, &settings), "{}", own.name);
    }
    for name in ["__Host-samlgate-x", "__Host-samlgate-rr", "__Host-samlgat-r", "x__Host-samlgate-e"] {
        assert!(!is_own_cookie(name, &settings), "{name}");
    }
}

#[test]
fn a_planted_cookie_of_the_same_name_hides_nothing() {
    let (settings, entropy) = (settings(), Counting::default());
    let cookie = emergency_access::grant(&secret("one"), HOUR, NOW, &settings, &entropy).unwrap();
    let long = "A".repeat(1_000_000);
    let held = [(cookie.name.as_str(), "junk"), (cookie.name.as_str(), &long), (&cookie.name, &cookie.value)];
    assert!(emergency_access::is_granted(&held, &secret("one"), HOUR, NOW, &settings));
}

#[test]
fn an_identity_provider_is_remembered_for_a_while() {
    let (settings, entropy) = (settings(), Counting::default());
    let cookie = last_idp::remember("https://idp.example", HOUR, NOW, &settings, &entropy).unwrap();
    let held = [(cookie.name.as_str(), cookie.value.as_str())];
    let remembered = |duration, now| last_idp::remembered(&held, duration, now, &settings);
    assert_eq!(remembered(HOUR, after(3599)).as_deref(), Some("https://idp.example"));
    assert_eq!(remembered(HOUR, after(3600)), None);
    assert_eq!(remembered(Duration::from_secs(60), after(60)), None);
}
