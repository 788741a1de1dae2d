//! What was ended stays ended, for everybody who looks, and nobody else is.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::BTreeMap;

use super::{NOW, at, session};
use crate::base::{Code, Pii, UnixTime};
use crate::effect::{Answer, Ask, SharedData, StoreFailure, Version};
use crate::session::revocation::{
    Epoch, LogoutInstants, Recording, RecordingTurn, Revocation, Revoked, Subject, check,
};
use crate::session::{Session, SessionError};

/// The store in small: a value and a version that every write moves on.
#[derive(Default)]
pub(super) struct Store {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    pub(super) broken: bool,
    pub(super) reads: RefCell<usize>,
}

impl SharedData for Store {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        *self.reads.borrow_mut() += 1;
        if self.broken {
            return Err(StoreFailure);
        }
        Ok(self.values.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

impl Store {
    fn perform(&self, ask: &Ask) -> Answer {
        let mut values = self.values.borrow_mut();
        match ask {
            Ask::Load { key } => values.get(key).map_or(
                Answer::Loaded { value: None, version: Version::Absent },
                |(value, version)| Answer::Loaded {
                    value: Some(value.clone()),
                    version: Version::Token(*version),
                },
            ),
            Ask::CompareAndSwap { key, expected, value } => {
                let have = values.get(key).map_or(Version::Absent, |(_, version)| Version::Token(*version));
                if have != *expected {
                    return Answer::Conflict;
                }
                let version = values.get(key).map_or(1, |(_, version)| version + 1);
                values.insert(key.clone(), (value.clone(), version));
                Answer::Swapped
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn record(&self, revocations: Vec<Revocation>, now: UnixTime) -> Option<Revoked> {
        let mut turn = Recording::start(revocations);
        for _ in 0..10_000 {
            match turn {
                RecordingTurn::Ask { recording, ask } => turn = recording.answer(&self.perform(&ask), now),
                RecordingTurn::Recorded(revoked) => return Some(revoked),
                RecordingTurn::Failed | RecordingTurn::Untold => return None,
            }
        }
        panic!("it does not end")
    }

    fn code(&self, session: &Session) -> Option<Code> {
        check(session, self).err().map(|why| why.code())
    }
}

fn instants(issued: UnixTime) -> LogoutInstants {
    LogoutInstants { issued, absolute_ttl: Duration::from_secs(28_800) }
}

/// What an identity provider's logout ends: `name` at `idp`, with or without an index.
fn logout(idp: &str, name: &str, indexes: &[&str], issued: UnixTime) -> Vec<Revocation> {
    let name = Pii::new(name.to_owned());
    let indexes: Vec<String> = indexes.iter().map(|index| (*index).to_owned()).collect();
    Revocation::of_subject(Subject { idp_entity_id: idp, name: &name }, &indexes, &instants(issued))
}

const IDP: &str = "https://idp.example/metadata";
const NAME: &str = "alice@idp.example";
const INDEX: &str = "_session-index-1";

fn other(change: impl FnOnce(&mut crate::session::state::Fields)) -> Session {
    let mut other = session();
    change(&mut other.fields);
    other
}

#[test]
fn a_session_that_was_ended_is_refused_and_others_are_not() {
    let store = Store::default();
    assert_eq!(check(&session(), &store), Ok(()));
    let before = Epoch::read(&store).unwrap();
    store.record(vec![Revocation::of_session(&session())], NOW).unwrap();
    assert_eq!(check(&session(), &store), Err(SessionError::SessionRevoked));
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    assert_ne!(Epoch::read(&store).unwrap(), before);
    // However it is sealed, whatever else it says: the id is what counts.
    let touched = other(|fields| {
        fields.last_seen = at(600);
        fields.groups.clear();
        fields.name_id = None;
    });
    assert_eq!(store.code(&touched), Some(Code::SessionRevoked));
    // The same person in another browser goes on.
    assert_eq!(store.code(&other(|fields| fields.id = [8; 16])), None);
}

#[test]
fn a_logout_ends_the_sessions_that_it_names() {
    for (indexes, ended) in [
        (&[][..], true),
        (&[INDEX][..], true),
        (&["_other", INDEX][..], true),
        (&["_other"][..], false),
        (&[""][..], false),
        (&["_SESSION-INDEX-1"][..], false),
    ] {
        let store = Store::default();
        store.record(logout(IDP, NAME, indexes, NOW), NOW).unwrap();
        assert_eq!(store.code(&session()).is_some(), ended, "{indexes:?}");
    }
    // A session whose assertion named no index is meant by each logout of its name.
    let without = other(|fields| fields.session_index = None);
    for indexes in [&[][..], &[INDEX][..], &["_other"][..]] {
        let store = Store::default();
        let revocations = logout(IDP, NAME, indexes, NOW);
        assert!(revocations.iter().any(|revocation| revocation.ends(&without)), "{indexes:?}");
        store.record(revocations, NOW).unwrap();
        assert_eq!(store.code(&without), Some(Code::SessionRevoked), "{indexes:?}");
    }
    // A logout of many of them is one of all of them.
    for (count, ended) in [(8, false), (9, true), (64, true)] {
        let many: Vec<String> = (0..count).map(|number| format!("_{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let store = Store::default();
        store.record(logout(IDP, NAME, &many, NOW), NOW).unwrap();
        assert_eq!(store.code(&session()).is_some(), ended, "{count}");
    }
}

#[test]
fn a_logout_of_somebody_else_ends_nothing() {
    for (idp, name, indexes) in [
        ("https://other.example/metadata", NAME, &[][..]),
        ("https://other.example/metadata", NAME, &[INDEX][..]),
        (IDP, "mallory@idp.example", &[][..]),
        (IDP, "mallory@idp.example", &[INDEX][..]),
        (IDP, "Alice@idp.example", &[][..]),
        (IDP, "", &[][..]),
        // Shifted borders between the parts.
        ("https://idp.example/metadataalice", "@idp.example", &[][..]),
        (IDP, "alice@idp.example_session-index-1", &[][..]),
        (IDP, "alice@idp.example_session", &["-index-1"][..]),
    ] {
        let store = Store::default();
        store.record(logout(idp, name, indexes, NOW), NOW).unwrap();
        assert_eq!(store.code(&session()), None, "{idp} {name} {indexes:?}");
        // Who has no name at the identity provider cannot be meant.
        store.record(logout(IDP, NAME, &[], NOW), NOW).unwrap();
        assert_eq!(store.code(&other(|fields| fields.name_id = None)), None);
    }
    // Space around a name is formatting.
    let store = Store::default();
    store.record(logout(IDP, "\n  alice@idp.example\t", &[], NOW), NOW).unwrap();
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
}

#[test]
fn a_logout_that_is_sent_again_ends_no_newer_session() {
    let store = Store::default();
    for _ in 0..3 {
        store.record(logout(IDP, NAME, &[INDEX], at(-1)), NOW).unwrap();
    }
    assert_eq!(store.code(&session()), None);
    store.record(logout(IDP, NAME, &[INDEX], NOW), NOW).unwrap();
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    // An older one that is sent later takes nothing back.
    store.record(logout(IDP, NAME, &[INDEX], at(-100)), at(5)).unwrap();
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    let again = other(|fields| {
        fields.id = [8; 16];
        fields.asserted_at = at(1);
    });
    assert_eq!(store.code(&again), None);
    // core 3.7.3.2: an assertion that was under way when the logout came.
    let late = other(|fields| {
        fields.id = [8; 16];
        fields.issued_at = at(100);
    });
    assert_eq!(store.code(&late), Some(Code::SessionRevoked));
}

#[test]
fn an_entry_stays_while_a_session_could_be_good_and_is_dropped_after() {
    let store = Store::default();
    store.record(vec![Revocation::of_session(&session())], NOW).unwrap();
    store.record(logout(IDP, NAME, &[], NOW), NOW).unwrap();
    let slots = || store.values.borrow().values().map(|(value, _)| value.len()).sum::<usize>();
    let before = slots();
    // Until the session would have ended, and ten minutes.
    store.record(vec![Revocation::of_session(&session())], at(28_800 + 600)).unwrap();
    assert_eq!(slots(), before);
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    // Assertions can be an hour old when they begin a session: so much longer for names.
    let late = other(|fields| fields.id = [8; 16]);
    store.record(logout("https://x.example", NAME, &[], NOW), at(28_800 + 3_600 + 600)).unwrap();
    assert_eq!(store.code(&late), Some(Code::SessionRevoked));
}

#[test]
fn who_signs_out_ends_the_sessions_that_came_before_in_the_same_browser() {
    let ttl = Duration::from_secs(28_800);
    let store = Store::default();
    store.record(Revocation::of_person(&session(), ttl), NOW).unwrap();
    let again = |asserted: i64, change: &dyn Fn(&mut crate::session::state::Fields)| {
        other(|fields| {
            fields.id = [8; 16];
            fields.asserted_at = at(asserted);
            change(fields);
        })
    };
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    assert_eq!(store.code(&again(-600, &|_| {})), Some(Code::SessionRevoked), "before a step-up");
    assert_eq!(store.code(&again(1, &|_| {})), None, "who signs in again is in");
    assert_eq!(store.code(&again(-600, &|fields| fields.session_index = Some("_other".into()))), None);
    assert_eq!(store.code(&again(-600, &|fields| fields.idp_entity_id = "https://x.example".into())), None);
    assert_eq!(store.code(&again(-600, &|fields| fields.name_id = None)), None);
    // The entry stays as long as the earlier session could.
    store.record(logout("https://x.example", NAME, &[], NOW), at(28_800 + 3_600)).unwrap();
    assert_eq!(store.code(&again(0, &|_| {})), Some(Code::SessionRevoked));
    // Without a name or an index nobody knows which came before.
    for change in [(|fields| fields.name_id = None) as fn(&mut crate::session::state::Fields), |fields| {
        fields.session_index = None
    }] {
        let store = Store::default();
        let left = other(change);
        store.record(Revocation::of_person(&left, ttl), NOW).unwrap();
        assert_eq!(store.code(&left), Some(Code::SessionRevoked));
        assert_eq!(store.code(&again(-600, &|_| {})), None);
    }
}

#[test]
fn what_is_recorded_again_changes_nothing() {
    let store = Store::default();
    let newly = |revocations, now| store.record(revocations, now).unwrap().newly();
    let slots = || {
        let values = store.values.borrow();
        let slots = values.iter().filter(|(key, _)| !key.ends_with("epoch"));
        slots.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
    };
    assert!(newly(logout(IDP, NAME, &["_1", "_2"], NOW), NOW));
    let before = slots();
    // The same message, whenever it comes; one that is older; and one that says less.
    assert!(!newly(logout(IDP, NAME, &["_1", "_2"], NOW), NOW));
    assert!(!newly(logout(IDP, NAME, &["_1", "_2"], NOW), at(659)));
    assert!(!newly(logout(IDP, NAME, &["_1"], at(-10)), at(1)));
    assert!(slots() == before, "not even a version");
    for more in [
        logout(IDP, NAME, &["_1"], at(1)),
        logout(IDP, NAME, &["_3"], NOW),
        logout(IDP, NAME, &[], NOW),
        logout(IDP, "bob", &["_1"], NOW),
        logout("https://x.example", NAME, &["_1"], NOW),
    ] {
        assert!(newly(more.clone(), at(1)));
        assert!(!newly(more, at(2)));
    }
    assert!(!newly(logout(IDP, NAME, &["_4"], NOW), NOW), "all sessions were ended");
}

/// `revocation`, of another name, in the slot in which `session` looks itself up.
fn moved(revocation: &Revocation, session: &Session, name: Option<u16>) -> Revocation {
    let mut bytes = revocation.to_bytes();
    bytes[..2].copy_from_slice(&Revocation::of_session(session).to_bytes()[..2]);
    if let Some(name) = name {
        bytes[2..4].copy_from_slice(&name.to_le_bytes());
    }
    Revocation::from_bytes(&bytes).unwrap()
}

#[test]
fn a_slot_that_overflows_ends_more_sessions_of_who_filled_it_and_forgets_none() {
    const PARTNER: &str = "https://partner.example";
    let store = Store::default();
    let partners = |change: &dyn Fn(&mut crate::session::state::Fields)| {
        other(|fields| {
            fields.idp_entity_id = String::from(PARTNER);
            change(fields);
        })
    };
    let [one] = logout(PARTNER, "x", &[], at(100))[..] else { panic!("one") };
    let many =
        |count: u16| (0..count).map(|number| moved(&one, &session(), Some(number))).collect::<Vec<_>>();
    store.record(many(256), NOW).unwrap();
    assert_eq!((store.code(&session()), store.code(&partners(&|_| {}))), (None, None));
    store.record(many(257), NOW).unwrap();
    assert_eq!(store.code(&partners(&|_| {})), Some(Code::SessionRevoked));
    // Of whom it ended before, none comes in by an assertion that was under way.
    let late = partners(&|fields| (fields.asserted_at, fields.issued_at) = (at(100), at(3_000)));
    assert_eq!(store.code(&late), Some(Code::SessionRevoked));
    assert_eq!(store.code(&partners(&|fields| fields.asserted_at = at(101))), None);
    // The people of another identity provider do not pay for it.
    assert_eq!(store.code(&session()), None);
    // What that said is not forgotten either, and it is said again without effect.
    store.record(vec![Revocation::of_session(&session())], NOW).unwrap();
    store
        .record((0..300).map(|number| moved(&one, &session(), Some(1_000 + number))).collect(), at(1))
        .unwrap();
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    assert!(!store.record(many(257), at(200)).unwrap().newly());
    assert_eq!(store.code(&late), Some(Code::SessionRevoked));
}

#[test]
fn many_indexes_of_one_name_make_room_before_other_names_do() {
    let store = Store::default();
    for round in 0..40 {
        let indexes: Vec<String> = (0..8).map(|number| format!("_{round}_{number}")).collect();
        let indexes: Vec<&str> = indexes.iter().map(String::as_str).collect();
        let here = logout(IDP, "mallory", &indexes, at(-50));
        let here = here.iter().map(|revocation| moved(revocation, &session(), None)).collect();
        store.record(here, NOW).unwrap();
        assert_eq!(store.code(&session()), None, "{round}");
    }
    // In the slot of the name it is the name that is ended, by then.
    let store = Store::default();
    for round in 0..40 {
        let indexes: Vec<String> = (0..8).map(|number| format!("_{round}_{number}")).collect();
        let indexes: Vec<&str> = indexes.iter().map(String::as_str).collect();
        store.record(logout(IDP, NAME, &indexes, at(-50)), NOW).unwrap();
    }
    assert_eq!(store.code(&session()), None);
    assert_eq!(store.code(&other(|fields| fields.asserted_at = at(-50))), Some(Code::SessionRevoked));
    assert!(!store.record(logout(IDP, NAME, &["_0_0"], at(-50)), NOW).unwrap().newly());
}

#[test]
fn a_slot_in_which_there_is_no_room_to_make_is_not_written() {
    let store = Store::default();
    let everybodys: Vec<Revocation> = (0..257_u16)
        .map(|number| {
            let idp = format!("https://{number}.example");
            moved(&logout(&idp, NAME, &[], NOW)[0], &session(), None)
        })
        .collect();
    assert!(store.record(everybodys[..256].to_vec(), NOW).is_some());
    assert!(store.record(everybodys, NOW).is_none());
}

#[test]
fn a_store_that_does_not_answer_lets_nobody_in() {
    let store = Store { broken: true, ..Store::default() };
    assert_eq!(store.code(&session()), Some(Code::RevocationStoreUnavailable));
    assert_eq!(Epoch::read(&store), Err(SessionError::RevocationStoreUnavailable));
    // Nor one that holds what we never write.
    let store = Store::default();
    store.record(vec![Revocation::of_session(&session())], NOW).unwrap();
    for (value, _) in store.values.borrow_mut().values_mut() {
        value.push(0);
    }
    assert_eq!(store.code(&session()), Some(Code::RevocationStoreUnavailable));
    assert_eq!(Epoch::read(&store), Err(SessionError::RevocationStoreUnavailable));
    assert!(store.record(vec![Revocation::of_session(&session())], NOW).is_none());
}

#[test]
fn only_writes_that_happened_are_a_proof() {
    let start = || match Recording::start(vec![Revocation::of_session(&session())]) {
        RecordingTurn::Ask { recording, ask } => (recording, ask),
        other => panic!("{other:?}"),
    };
    for answer in [
        Answer::StoreFailed,
        Answer::Swapped,
        Answer::Conflict,
        Answer::RequestBodyTooLarge,
        Answer::Loaded { value: Some(vec![1]), version: Version::Token(1) },
    ] {
        assert!(matches!(start().0.answer(&answer, NOW), RecordingTurn::Failed), "{answer:?}");
    }
    // A slot that others always write first is given up.
    let mut turn = Recording::start(vec![Revocation::of_session(&session())]);
    let mut asks = 0;
    while let RecordingTurn::Ask { recording, ask } = turn {
        asks += 1;
        let answer = match ask {
            Ask::Load { .. } => Answer::Loaded { value: None, version: Version::Absent },
            _ => Answer::Conflict,
        };
        turn = recording.answer(&answer, NOW);
    }
    assert!(matches!(turn, RecordingTurn::Failed));
    assert_eq!(asks, 16);
}

#[test]
fn two_workers_lose_neither_logout() {
    let store = Store::default();
    let (RecordingTurn::Ask { recording: one, ask: load }, RecordingTurn::Ask { recording: two, ask }) = (
        Recording::start(logout(IDP, NAME, &["_1"], NOW)),
        Recording::start(logout(IDP, NAME, &[INDEX], NOW)),
    ) else {
        panic!("they ask")
    };
    let (first, second) = (store.perform(&load), store.perform(&ask));
    let mut turns = vec![one.answer(&first, NOW), two.answer(&second, NOW)];
    let mut recorded = 0;
    while let Some(turn) = turns.pop() {
        match turn {
            RecordingTurn::Ask { recording, ask } => {
                turns.insert(0, recording.answer(&store.perform(&ask), NOW));
            }
            RecordingTurn::Recorded(_) => recorded += 1,
            RecordingTurn::Failed | RecordingTurn::Untold => panic!("failed"),
        }
    }
    assert_eq!(recorded, 2);
    assert_eq!(store.code(&session()), Some(Code::SessionRevoked));
    assert_eq!(
        store.code(&other(|fields| fields.session_index = Some("_1".into()))),
        Some(Code::SessionRevoked)
    );
}

#[test]
fn a_revocation_travels_to_other_replicas_and_nothing_else_does() {
    let here = Store::default();
    let mut revocations = logout(IDP, NAME, &["_1", "_2"], NOW);
    revocations.push(Revocation::of_session(&session()));
    let carried: Vec<Revocation> = revocations
        .iter()
        .map(|revocation| Revocation::from_bytes(&revocation.to_bytes()).unwrap())
        .collect();
    assert!(carried == revocations);
    assert_eq!(carried[2].until(), session().expires_at());
    here.record(carried, NOW).unwrap();
    assert_eq!(here.code(&session()), Some(Code::SessionRevoked));
    let good = revocations[0].to_bytes();
    assert!(Revocation::from_bytes(&good[1..]).is_none());
    assert!(Revocation::from_bytes(&[&good[..], &[0]].concat()).is_none());
    assert!(Revocation::from_bytes(&[]).is_none());
    // A slot that does not exist, and the entry that ends everybody's session.
    let mut far = good;
    far[1] = 0xFF;
    assert!(Revocation::from_bytes(&far).is_none());
    let mut everybody = good;
    everybody[2..18].fill(0);
    assert!(Revocation::from_bytes(&everybody).is_none());
    assert!(!format!("{:?}", revocations[0]).contains("alice"));
}
