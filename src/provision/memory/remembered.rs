//! What an account was at the end of its last sign-in, so that the next one may spare itself the look.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Pii, UnixTime};

use super::super::account::RemoteAccount;
use super::super::marker::{Marker, RemoteMarker};
use super::super::state::RemoteState;

/// Bytes of one record: an account with 100 groups of 60 bytes. Whoever has more is read each time.
const MAX_BYTES: usize = 8 * 1024;

/// An account, its marker, and since when they are known.
///
/// Nothing is decided by it but one thing: whether there is anything to change. A sign-in decides anew on top of it, and
/// where the plan is empty no call is made; otherwise the application is read as ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Whose it is: the name or address by which the person was looked up, because slots are shared.
    person: Pii<String>,
    /// Seconds since 1970.
    since: u64,
    account: RemoteAccount,
    marker: Option<Marker>,
    /// The address by which the account was found, where the user name had led to none.
    linked_by: Option<Pii<String>>,
}

impl Remembered {
    /// What to store after a sign-in of `person` at `now` that left the application as `remote`; `linkable` is the address by
    /// which the person may be looked for. `None` where there is nothing to remember or too much.
    #[must_use]
    pub fn encode(
        person: &Pii<String>,
        linkable: Option<&Pii<String>>,
        remote: &RemoteState,
        now: UnixTime,
    ) -> Option<Vec<u8>> {
        let marker = match &remote.marker {
            RemoteMarker::Present(marker) => Some(marker.clone()),
            RemoteMarker::NotRead | RemoteMarker::Absent => None,
            RemoteMarker::Foreign => return None,
        };
        let record = Self {
            person: person.clone(),
            since: now.as_secs(),
            account: remote.account.clone()?,
            marker,
            linked_by: if remote.linked { Some(linkable?.clone()) } else { None },
        };
        serde_json::to_vec(&record).ok().filter(|bytes| bytes.len() <= MAX_BYTES)
    }

    /// The state of `person` in what is stored, if it is theirs, not older than `believed`, and if they may still be found by
    /// what they were found by.
    #[must_use]
    pub fn recall(
        stored: Option<&[u8]>,
        person: &Pii<String>,
        linkable: Option<&Pii<String>>,
        believed: Duration,
        now: UnixTime,
    ) -> Option<RemoteState> {
        let record: Self = serde_json::from_slice(stored?).ok()?;
        let since = UnixTime::from_secs(record.since);
        let current = since <= now && now.saturating_since(since) < believed;
        let found_alike = record.linked_by.is_none() || record.linked_by.as_ref() == linkable;
        (record.person == *person && current && found_alike).then(|| RemoteState {
            account: Some(record.account),
            marker: record.marker.map_or(RemoteMarker::NotRead, RemoteMarker::Present),
            linked: record.linked_by.is_some(),
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

    const HOUR: Duration = Duration::from_secs(3600);

    fn pii(text: &str) -> Pii<String> {
        Pii::new(text.to_owned())
    }

    #[test]
    fn it_is_theirs_and_for_a_while() {
        let stored = Remembered::encode(&pii("alice"), None, &remote(3), UnixTime::from_secs(100)).unwrap();
        let recall = |person: &str, believed, now| {
            Remembered::recall(Some(&stored), &pii(person), None, believed, UnixTime::from_secs(now))
        };
        assert_eq!(recall("alice", HOUR, 3699), Some(remote(3)));
        assert_eq!((recall("alice", HOUR, 3700), recall("bob", HOUR, 200)), (None, None));
        assert_eq!(recall("alice", Duration::from_secs(60), 200), None, "it is believed less long now");
        assert_eq!(recall("alice", HOUR, 99), None, "the clock was ahead");
        assert_eq!(Remembered::recall(Some(b"{}"), &pii("alice"), None, HOUR, UnixTime::from_secs(0)), None);
    }

    #[test]
    fn a_link_is_remembered_while_it_may_be_made() {
        let linked = RemoteState { linked: true, ..remote(1) };
        let (alice, mail) = (pii("alice"), pii("a@example.com"));
        let now = UnixTime::from_secs(100);
        let stored = Remembered::encode(&alice, Some(&mail), &linked, now).unwrap();
        let recall = |linkable| Remembered::recall(Some(&stored), &alice, linkable, HOUR, now);
        assert_eq!(recall(Some(&mail)), Some(linked.clone()));
        assert_eq!((recall(None), recall(Some(&pii("b@example.com")))), (None, None));
        assert_eq!(Remembered::encode(&alice, None, &linked, now), None);
    }

    #[test]
    fn nothing_and_too_much_are_not_remembered() {
        let now = UnixTime::from_secs(100);
        let encode = |remote: &RemoteState| Remembered::encode(&pii("alice"), None, remote, now);
        assert_eq!(encode(&RemoteState::default()), None);
        assert_eq!(encode(&remote(1_000)), None);
        assert_eq!(encode(&RemoteState { marker: RemoteMarker::Foreign, ..remote(1) }), None);
    }
}
