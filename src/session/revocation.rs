//! The ledger of sessions that were ended before their time: whoever signed out is out at once, on every worker.
//!
//! Sessions live in cookies, and nobody can take a copy of a cookie away. So what was ended is remembered in the store
//! that all workers share, until the session would have ended by itself. Keys of that store can be neither deleted nor
//! listed, hence a fixed set of slots, as in [`super::replay`]; a slot follows from the session's id, or from identity
//! provider and name, by a hash.
//!
//! A [`Revocation`] names one session, or the sessions of one name at an identity provider: those whose assertion was
//! issued before the logout was. Both instants are of the same clock, so an assertion that arrives late is caught (core
//! 3.7.3.2), a logout that is sent again ends no newer session, and whoever signs in again is in.
//!
//! Reading every slot at every request would be dear. Whoever writes moves the [`Epoch`] on afterwards, and a session
//! that was looked up stays good while the epoch is the same: one small read for each request. Where the store cannot be
//! read no session is good.

mod entry;
mod recording;

use core::fmt;
use core::time::Duration;

use sha2::{Digest, Sha256};

use super::error::SessionError;
use super::state::Session;
use crate::base::{Pii, UnixTime};
use crate::effect::SharedData;
use crate::saml::profiles::web_sso;

use entry::{ALL, ENTRY_BYTES, EVERYBODY, Entry, Whose, words};
pub use recording::{Recording, RecordingTurn, Revoked};

/// Keys of the ledger. 20,000 logouts within the life of a session put five to ten entries into each.
const SLOTS: u16 = 4_096;

/// Entries of one slot: 12 KiB, and 48 MiB in all. A slot that overflows ends more sessions than were meant, and only
/// of the identity provider that filled it.
const MAX_ENTRIES: usize = 256;

/// `SessionIndex`es of one name that are kept apart; a logout of more ends all sessions of the name. A person has a
/// handful of browsers, and a message may hold 64.
const MAX_INDEXES: usize = 8;

/// Entries outlive their instant by this much, in case the clock is set back, or clocks of replicas and of identity
/// providers differ.
const GRACE: Duration = Duration::from_secs(600);

/// What one logout ends. It holds hashes and instants, no name; but a hash of a name can be guessed, so wherever it
/// leaves this Envoy it is sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    slot: u16,
    entry: Entry,
}

/// A name at an identity provider, as assertions and logout messages give it.
///
/// `Format` and qualifiers play no part. Identity providers leave them out of a logout, or write defaults out, and then
/// a strict match (core 3.7.3.2) would leave a session standing; that two people have one name under different
/// qualifiers costs one of them a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The identity provider.
    pub idp_entity_id: &'a str,
    /// The `NameID`'s text.
    pub name: &'a Pii<String>,
}

/// When a logout was asked for.
#[derive(Clone, Copy, Debug)]
pub struct LogoutInstants {
    /// `IssueInstant` of the logout, by the clock that also dates the assertions.
    pub issued: UnixTime,
    /// How long a session of ours lasts at most.
    pub absolute_ttl: Duration,
}

impl LogoutInstants {
    /// An assertion that is still under way begins a session as late as this. It follows from the message alone, so that
    /// a message that is sent again changes nothing; how far clocks may differ is within [`GRACE`].
    fn until(&self) -> UnixTime {
        self.issued.saturating_add(web_sso::MAX_AGE).saturating_add(self.absolute_ttl)
    }
}

impl Revocation {
    /// Bytes of [`Revocation::to_bytes`].
    pub const BYTES: usize = 2 + ENTRY_BYTES;

    /// Ends `session`, however often it was sealed anew.
    #[must_use]
    pub fn of_session(session: &Session) -> Self {
        let Marks { session: (slot, whose), idp, .. } = Marks::of(session);
        let (by, until) = (session.asserted_at(), session.expires_at());
        Self { slot, entry: Entry { whose, idp, index: ALL, by, until } }
    }

    /// Ends `session` and those that came before it from the same session at the identity provider: whoever signed in
    /// again, for a step-up say, has cookies that this browser gave away.
    #[must_use]
    pub fn of_person(session: &Session, absolute_ttl: Duration) -> Vec<Self> {
        let marks = Marks::of(session);
        let instants = LogoutInstants { issued: session.asserted_at(), absolute_ttl };
        let earlier = marks.subject.zip(marks.index).map(|((slot, whose), index)| {
            let (by, until) = (instants.issued, instants.until());
            Self { slot, entry: Entry { whose, idp: marks.idp, index, by, until } }
        });
        [Some(Self::of_session(session)), earlier].into_iter().flatten().collect()
    }

    /// Ends every session of `subject`, or those with one of `session_indexes` where the logout names any (core 3.7.1).
    /// A session of which nobody knows the index is meant by each of them.
    #[must_use]
    pub fn of_subject(
        subject: Subject<'_>,
        session_indexes: &[String],
        instants: &LogoutInstants,
    ) -> Vec<Self> {
        let (slot, whose) = subject.place();
        let (idp, by, until) = (idp_tag(subject.idp_entity_id), instants.issued, instants.until());
        let revocation = |index| Self { slot, entry: Entry { whose, idp, index, by, until } };
        if session_indexes.is_empty() || session_indexes.len() > MAX_INDEXES {
            return vec![revocation(ALL)];
        }
        session_indexes.iter().map(|index| revocation(subject.index_tag(index))).collect()
    }

    /// Is `session` among those that it ends?
    #[must_use]
    pub fn ends(&self, session: &Session) -> bool {
        self.entry.ends(session, &Marks::of(session))
    }

    /// For carrying it to other replicas.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let parts = self.slot.to_le_bytes().into_iter().chain(self.entry.bytes());
        for (byte, value) in bytes.iter_mut().zip(parts) {
            *byte = value;
        }
        bytes
    }

    /// What another replica wrote, once it is known that a replica wrote it; `None` for what none ever writes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (slot, entry) = bytes.split_first_chunk::<2>()?;
        let slot = u16::from_le_bytes(*slot);
        let entry = Entry::read(<&[u8; ENTRY_BYTES]>::try_from(entry).ok()?);
        (slot < SLOTS && entry.whose != EVERYBODY).then_some(Self { slot, entry })
    }

    /// The last instant at which it matters; a copy may be dropped [`Revocation::GRACE`] later.
    #[must_use]
    pub const fn until(&self) -> UnixTime {
        self.entry.until
    }

    /// How much longer than [`Revocation::until`] it is kept.
    pub const GRACE: Duration = GRACE;
}

impl Subject<'_> {
    /// XML white space around a name is formatting.
    fn name(&self) -> &str {
        self.name.expose().trim_matches([' ', '\t', '\r', '\n'])
    }

    fn place(&self) -> (u16, Whose) {
        place("subject", &[self.idp_entity_id, self.name()])
    }

    fn index_tag(&self, index: &str) -> u64 {
        tag("session index", &[self.idp_entity_id, self.name(), index])
    }
}

fn idp_tag(entity_id: &str) -> u64 {
    tag("identity provider", &[entity_id])
}

/// Where and as what a session stands in the ledger if it was ended.
#[derive(Clone, Copy)]
struct Marks {
    session: (u16, Whose),
    subject: Option<(u16, Whose)>,
    idp: u64,
    index: Option<u64>,
}

impl Marks {
    fn of(session: &Session) -> Self {
        let subject = session
            .name_id()
            .map(|name_id| Subject { idp_entity_id: session.idp_entity_id(), name: &name_id.value });
        Self {
            session: place("session", &[&session.id()]),
            subject: subject.map(|subject| subject.place()),
            idp: idp_tag(session.idp_entity_id()),
            index: subject.zip(session.session_index()).map(|(subject, index)| subject.index_tag(index)),
        }
    }
}

fn place(kind: &str, parts: &[&str]) -> (u16, Whose) {
    let [first, second, _, last] = hash(kind, parts);
    let [low, high, ..] = last.to_le_bytes();
    (u16::from_le_bytes([low, high]) % SLOTS, [first, second])
}

/// Never [`ALL`].
fn tag(kind: &str, parts: &[&str]) -> u64 {
    let [first, ..] = hash(kind, parts);
    first.max(1)
}

fn hash(kind: &str, parts: &[&str]) -> [u64; 4] {
    let mut hash = Sha256::new();
    for part in [&[kind], parts].into_iter().flatten() {
        // The length keeps (`a`, `bc`) and (`ab`, `c`) apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    words(&hash.finalize())
}

/// The number is the format's version: another format needs other keys.
fn slot_key(slot: u16) -> String {
    format!("samlgate.revocation.2.{slot:03x}")
}

/// The key of the epoch.
const EPOCH_KEY: &str = "samlgate.revocation.2.epoch";

/// How often anything was ended so far. Equal epochs mean that nothing was added in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch now. Read it before [`check`], and a session that passes is good until the epoch is another.
    ///
    /// # Errors
    /// [`SessionError::RevocationStoreUnavailable`].
    pub fn read(shared: &dyn SharedData) -> Result<Self, SessionError> {
        let value = shared.read(EPOCH_KEY).map_err(|_| SessionError::RevocationStoreUnavailable)?;
        Self::parse(value.as_deref()).ok_or(SessionError::RevocationStoreUnavailable)
    }

    fn parse(value: Option<&[u8]>) -> Option<Self> {
        value.map_or(Some(Self(0)), |value| Some(Self(u64::from_le_bytes(value.try_into().ok()?))))
    }

    const fn next(self) -> [u8; 8] {
        self.0.wrapping_add(1).to_le_bytes()
    }
}

/// Was `session` ended?
///
/// # Errors
/// [`SessionError::SessionRevoked`] when it was, [`SessionError::RevocationStoreUnavailable`] when nobody knows.
pub fn check(session: &Session, shared: &dyn SharedData) -> Result<(), SessionError> {
    let marks = Marks::of(session);
    check_slot(session, marks.session.0, &marks, shared)?;
    marks.subject.map_or(Ok(()), |(slot, _)| check_slot(session, slot, &marks, shared))
}

fn check_slot(
    session: &Session,
    slot: u16,
    marks: &Marks,
    shared: &dyn SharedData,
) -> Result<(), SessionError> {
    let value = shared.read(&slot_key(slot)).map_err(|_| SessionError::RevocationStoreUnavailable)?;
    let (entries, rest) = value.as_deref().unwrap_or_default().as_chunks::<ENTRY_BYTES>();
    // Nobody of us writes such a slot, and what it meant to say is not known.
    if !rest.is_empty() {
        return Err(SessionError::RevocationStoreUnavailable);
    }
    if entries.iter().any(|entry| Entry::read(entry).ends(session, marks)) {
        return Err(SessionError::SessionRevoked);
    }
    Ok(())
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revocation(until {})", self.entry.until)
    }
}
