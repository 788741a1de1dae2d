//! That an account is being made for somebody: noted before it is sent, so that a sign-in that breaks off in the middle
//! does not turn a new person into an old acquaintance who never gets what new people get.
//!
//! Our marker at the account says the same once it can be written; this covers the moment before.

use core::time::Duration;

use sha2::{Digest, Sha256};

use crate::base::{Pii, UnixTime};

/// How long a note holds. Who comes back later than the next day was found by an administrator meanwhile.
const HOLDS: Duration = Duration::from_secs(24 * 60 * 60);

const NAME_BYTES: usize = 16;

/// The note about `person`; slots are shared, so it says about whom it is.
#[must_use]
pub fn note(person: &Pii<String>, now: UnixTime) -> Vec<u8> {
    let mut out = name(person).to_vec();
    out.extend_from_slice(&now.saturating_add(HOLDS).as_secs().to_le_bytes());
    out
}

/// Nothing is noted.
#[must_use]
pub const fn nothing() -> Vec<u8> {
    Vec::new()
}

/// Is there a note about `person` in `value`?
#[must_use]
pub fn is_noted(value: Option<&[u8]>, person: &Pii<String>, now: UnixTime) -> bool {
    let Some((noted, until)) = value.and_then(|value| value.split_first_chunk::<NAME_BYTES>()) else {
        return false;
    };
    let until = <[u8; 8]>::try_from(until).map(u64::from_le_bytes);
    *noted == name(person) && until.is_ok_and(|until| now.as_secs() < until)
}

fn name(person: &Pii<String>) -> [u8; NAME_BYTES] {
    let digest = Sha256::digest(person.expose().to_lowercase().as_bytes());
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_about_one_person_for_one_day() {
        let pii = |name: &str| Pii::new(name.to_owned());
        let now = UnixTime::from_secs(1_000);
        let value = note(&pii("Alice"), now);
        let noted = |value: &[u8], name, at| is_noted(Some(value), &pii(name), UnixTime::from_secs(at));
        assert!(noted(&value, "alice", 1_000) && noted(&value, "alice", 1_000 + 86_399));
        assert!(!noted(&value, "alice", 1_000 + 86_400));
        assert!(!noted(&value, "bob", 1_000));
        for broken in [&value[..23], &value[..16], &[], &[0; 25]] {
            assert!(!noted(broken, "alice", 1_000), "{broken:?}");
        }
        assert!(!is_noted(None, &pii("alice"), now) && !noted(&nothing(), "alice", 1_000));
    }
}
