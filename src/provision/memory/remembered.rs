//! What an account was at the end of its last sign-in, so that the next one may spare itself the look.

use serde::{Deserialize, Serialize};

use crate::base::{Pii, UnixTime};

use super::super::account::RemoteAccount;
use super::super::marker::{Marker, RemoteMarker};
use super::super::state::RemoteState;

/// Bytes of one record: an account with 100 groups of 60 bytes. Whoever has more is read each time.
const MAX_BYTES: usize = 8 * 1024;

/// An account, its marker, and until when they are believed.
///
/// Nothing is decided by it but one thing: whether there is anything to change. A sign-in decides anew on top of it, and
/// where the plan is empty no call is made; otherwise the application is read as ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Whose it is: the name or address by which the person was looked up, because slots are shared.
    person: Pii<String>,
    /// Seconds since 1970.
    until: u64,
    account: RemoteAccount,
    marker: Option<Marker>,
    linked: bool,
}

impl Remembered {
    /// What to store after a sign-in of `person` that left the application as `remote`; `None` where there is nothing to
    /// remember or too much.
    #[must_use]
    pub fn encode(person: &Pii<String>, remote: &RemoteState, until: UnixTime) -> Option<Vec<u8>> {
        let marker = match &remote.marker {
            RemoteMarker::Present(marker) => Some(marker.clone()),
            RemoteMarker::NotRead | RemoteMarker::Absent => None,
            RemoteMarker::Foreign => return None,
        };
        let record = Self {
            person: person.clone(),
            until: until.as_secs(),
            account: remote.account.clone()?,
            marker,
            linked: remote.linked,
        };
        serde_json::to_vec(&record).ok().filter(|bytes| bytes.len() <= MAX_BYTES)
    }

    /// The state of `person` in what is stored, if it is theirs and still believed.
    #[must_use]
    pub fn recall(stored: Option<&[u8]>, person: &Pii<String>, now: UnixTime) -> Option<RemoteState> {
        let record: Self = serde_json::from_slice(stored?).ok()?;
        (record.person == *person && record.until > now.as_secs()).then(|| RemoteState {
            account: Some(record.account),
            marker: record.marker.map_or(RemoteMarker::NotRead, RemoteMarker::Present),
            linked: record.linked,
            ..RemoteState::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::provision::Profile;

    fn remote(groups: usize) -> RemoteState {
        let account = RemoteAccount {
            id: None,
            username: Pii::new("Alice".to_owned()),
            email: None,
            display_name: Pii::new("Alice Archer".to_owned()),
            active: true,
            groups: (0..groups).map(|number| format!("group number {number}")).collect::<BTreeSet<_>>(),
            profile: Profile::new(),
        };
        let marker =
            RemoteMarker::Present(Marker { last_login: Some(UnixTime::from_secs(7)), ..Marker::default() });
        RemoteState { account: Some(account), marker, ..RemoteState::default() }
    }

    #[test]
    fn it_is_theirs_and_for_a_while() {
        let alice = Pii::new("alice".to_owned());
        let stored = Remembered::encode(&alice, &remote(3), UnixTime::from_secs(100)).unwrap();
        let recall = |person: &str, now| {
            Remembered::recall(Some(&stored), &Pii::new(person.to_owned()), UnixTime::from_secs(now))
        };
        assert_eq!(recall("alice", 99), Some(remote(3)));
        assert_eq!((recall("alice", 100), recall("bob", 99)), (None, None));
        assert_eq!(Remembered::recall(Some(b"{}"), &alice, UnixTime::from_secs(0)), None);
    }

    #[test]
    fn nothing_and_too_much_are_not_remembered() {
        let alice = Pii::new("alice".to_owned());
        let until = UnixTime::from_secs(100);
        assert_eq!(Remembered::encode(&alice, &RemoteState::default(), until), None);
        assert_eq!(Remembered::encode(&alice, &remote(1_000), until), None);
        let foreign = RemoteState { marker: RemoteMarker::Foreign, ..remote(1) };
        assert_eq!(Remembered::encode(&alice, &foreign, until), None);
    }
}
