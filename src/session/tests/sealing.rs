//! Keys and sealed texts.

use super::{Broken, Counting, keys};
use crate::base::{Code, Secret};
use crate::encoding::base64url;
use crate::session::error::Unreadable;
use crate::session::keys::Purpose;
use crate::session::payload;
use crate::session::{SealingKeys, SessionError};

const NAME: &str = "__Host-samlgate";
const CONTEXT: &str = "https://sp.example/saml";

fn seal(keys: &SealingKeys, purpose: Purpose, name: &str) -> String {
    keys.seal(purpose, name, b"payload", &Counting::default()).unwrap()
}

#[test]
fn weak_secrets_are_refused() {
    let refused = |lengths: &[usize]| {
        SealingKeys::new(lengths.iter().map(|length| Secret::new(vec![1; *length])).collect(), CONTEXT)
            .unwrap_err()
    };
    assert_eq!(refused(&[]), SessionError::SealingKeyMissing);
    assert_eq!(refused(&[32, 31]), SessionError::SealingKeyTooShort { position: 1, bytes: 31, minimum: 32 });
    assert_eq!(refused(&[0]).code(), Code::ConfigValueInvalid);
    assert_eq!(refused(&[5]).to_string(), "session key 0 has 5 bytes, and at least 32 are needed");
}

#[test]
fn keys_print_nothing_of_themselves() {
    let printed = format!("{:?}", keys(&[1, 2], CONTEXT));
    assert_eq!(printed, "SealingKeys(2 keys, context `https://sp.example/saml`)");
}

/// Made by another implementation of the format; `tests/vectors/sealed/make.py` says how.
#[test]
fn the_format_is_the_documented_one() {
    let secret: Vec<u8> = (0..40).collect();
    let keys = SealingKeys::new(vec![Secret::new(secret)], CONTEXT).unwrap();
    let known = include_str!("../../../tests/vectors/sealed/session.txt").trim();
    assert_eq!(keys.open(Purpose::Session, NAME, known).unwrap(), b"known payload");
    let known = include_str!("../../../tests/vectors/sealed/pending_request.txt").trim();
    let name = "__Host-samlgate-p-AAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(keys.open(Purpose::PendingRequest, name, known).unwrap(), b"known payload");
}

#[test]
fn a_text_opens_only_as_what_it_was_sealed_for() {
    let ours = keys(&[1], CONTEXT);
    let text = seal(&ours, Purpose::Session, NAME);
    assert_eq!(ours.open(Purpose::Session, NAME, &text).unwrap(), b"payload");
    assert_eq!(ours.open(Purpose::PendingRequest, NAME, &text), Err(Unreadable::Seal));
    for name in ["__Host-samlgate2", "__Host-samlgat", "", "__host-samlgate"] {
        assert_eq!(ours.open(Purpose::Session, name, &text), Err(Unreadable::Seal), "{name}");
    }
    for context in ["https://sp.example/sam", "https://sp.example/saml/", "", "https://sp.example/saml__Host"]
    {
        let theirs = keys(&[1], context);
        assert_eq!(theirs.open(Purpose::Session, NAME, &text), Err(Unreadable::Seal), "{context}");
    }
    assert_eq!(keys(&[2], CONTEXT).open(Purpose::Session, NAME, &text), Err(Unreadable::Seal));
}

#[test]
fn context_and_name_do_not_run_into_each_other() {
    let text = seal(&keys(&[1], "ab"), Purpose::Session, "c");
    assert_eq!(keys(&[1], "a").open(Purpose::Session, "bc", &text), Err(Unreadable::Seal));
}

#[test]
fn no_character_can_be_changed_added_or_taken_away() {
    let keys = keys(&[1, 2], CONTEXT);
    let text = seal(&keys, Purpose::Session, NAME);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= .%\"";
    for position in 0..text.len() {
        for other in alphabet.chars() {
            let mut changed: Vec<char> = text.chars().collect();
            if changed[position] == other {
                continue;
            }
            changed[position] = other;
            let changed: String = changed.into_iter().collect();
            assert!(keys.open(Purpose::Session, NAME, &changed).is_err(), "{position} {other}");
        }
        let (head, tail) = (text.get(..position).unwrap(), text.get(position + 1..).unwrap());
        assert!(keys.open(Purpose::Session, NAME, head).is_err(), "cut at {position}");
        assert!(keys.open(Purpose::Session, NAME, tail).is_err(), "begun at {position}");
    }
    for tail in ["A", "AA", "AAA", "AAAA", "=", " "] {
        assert!(keys.open(Purpose::Session, NAME, &format!("{text}{tail}")).is_err(), "{tail:?}");
        assert!(keys.open(Purpose::Session, NAME, &format!("{tail}{text}")).is_err(), "{tail:?}");
    }
}

#[test]
fn rubble_is_refused_before_any_key_is_tried() {
    let keys = keys(&[1], CONTEXT);
    for length in 0..42 {
        let mut bytes = vec![0; length];
        if let Some(version) = bytes.first_mut() {
            *version = 2;
        }
        assert!(keys.open(Purpose::Session, NAME, &base64url::encode(&bytes)).is_err(), "{length}");
    }
    let other_version = base64url::encode(&[1; 60]);
    assert_eq!(keys.open(Purpose::Session, NAME, &other_version), Err(Unreadable::Version));
    assert_eq!(keys.open(Purpose::Session, NAME, "\u{e9}"), Err(Unreadable::Encoding));
}

#[test]
fn old_keys_open_and_the_newest_seals() {
    let old = keys(&[1], CONTEXT);
    let both = keys(&[2, 1], CONTEXT);
    let new = keys(&[2], CONTEXT);
    let by_old = seal(&old, Purpose::Session, NAME);
    let by_both = seal(&both, Purpose::Session, NAME);
    assert!(both.open(Purpose::Session, NAME, &by_old).is_ok());
    assert!(new.open(Purpose::Session, NAME, &by_both).is_ok());
    assert_eq!(old.open(Purpose::Session, NAME, &by_both), Err(Unreadable::Seal));
    assert_eq!(new.open(Purpose::Session, NAME, &by_old), Err(Unreadable::Seal));
}

#[test]
fn keys_of_equal_hints_are_told_apart_by_the_cipher() {
    let hint = |byte| base64url::decode(&seal(&keys(&[byte], CONTEXT), Purpose::Session, NAME)).unwrap()[1];
    let mut seen = std::collections::HashMap::new();
    let (first, second) = (0..=255_u8)
        .find_map(|byte| seen.insert(hint(byte), byte).map(|earlier| (earlier, byte)))
        .expect("256 hints of 256 values repeat");
    let ring = keys(&[first, second], CONTEXT);
    for byte in [first, second] {
        let text = seal(&keys(&[byte], CONTEXT), Purpose::Session, NAME);
        assert_eq!(ring.open(Purpose::Session, NAME, &text).unwrap(), b"payload");
    }
}

#[test]
fn a_short_payload_is_not_deflated() {
    // postcard puts two bytes of length in front of a text of this size.
    for (letters, mark) in [(510, 0), (511, 1)] {
        let text = "a".repeat(letters);
        let payload = payload::encode(&text).unwrap();
        assert_eq!(payload[0], mark, "{letters}");
        assert_eq!(payload::decode::<String>(&payload), Ok(text));
    }
}

#[test]
fn nonces_are_drawn_anew_and_never_made_up() {
    let keys = keys(&[1], CONTEXT);
    let entropy = Counting::default();
    let one = keys.seal(Purpose::Session, NAME, b"payload", &entropy).unwrap();
    let two = keys.seal(Purpose::Session, NAME, b"payload", &entropy).unwrap();
    assert_ne!(one, two);
    assert_eq!(keys.seal(Purpose::Session, NAME, b"payload", &Broken), Err(SessionError::EntropyUnavailable));
}

#[test]
fn the_identity_of_keys_follows_secrets_order_and_context() {
    let ours = keys(&[1, 2], CONTEXT);
    assert_eq!(ours.identity(), keys(&[1, 2], CONTEXT).identity());
    for other in [keys(&[2, 1], CONTEXT), keys(&[1], CONTEXT), keys(&[1, 2], "other")] {
        assert_ne!(ours.identity(), other.identity());
    }
}
