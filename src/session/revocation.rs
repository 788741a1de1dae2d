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

mod recording;

use core::fmt;
use core::time::Duration;

use sha2::{Digest, Sha256};

use super::error::SessionError;
use super::state::Session;
use crate::base::{Pii, UnixTime};
use crate::effect::SharedData;
use crate::saml::profiles::web_sso;

pub use recording::{Recording, RecordingTurn, Revoked};

/// Bytes of a truncated hash: collisions sign a stranger out, and 16 bytes keep accidents out.
const DIGEST_BYTES: usize = 16;

/// Hash, then two instants in seconds, little-endian.
const ENTRY_BYTES: usize = DIGEST_BYTES + 16;

/// Keys of the ledger. 20,000 logouts within the life of a session put five entries into each.
const SLOTS: u16 = 4_096;

/// Entries of one slot: 8 KiB, and 32 MiB in all. A slot that overflows ends every session that looks into it.
const MAX_ENTRIES: usize = 256;

/// Entries outlive their instant by this much, in case the clock is set back or clocks of replicas differ.
const GRACE: Duration = Duration::from_secs(600);

/// The entry of a slot that overflowed: all sessions that began before its instant.
const EVERYBODY: [u8; DIGEST_BYTES] = [0; DIGEST_BYTES];

/// The instant of an entry that names one session, whenever its assertion was issued.
const WHENEVER: UnixTime = UnixTime::from_secs(u64::MAX);

/// What one logout ends. It holds hashes and instants, no name; but a hash of a name can be guessed, so wherever it
/// leaves this Envoy it is sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    slot: u16,
    digest: [u8; DIGEST_BYTES],
    /// Sessions whose assertion was issued by then.
    asserted_by: UnixTime,
    /// The last instant at which such a session could still be good.
    until: UnixTime,
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
    /// Our clock.
    pub now: UnixTime,
    /// How long a session of ours lasts at most.
    pub absolute_ttl: Duration,
}

impl Revocation {
    /// Bytes of [`Revocation::to_bytes`].
    pub const BYTES: usize = 2 + ENTRY_BYTES;

    /// Ends `session`, however often it was sealed anew.
    #[must_use]
    pub fn of_session(session: &Session) -> Self {
        let (slot, digest) = Marks::of(session).session;
        Self { slot, digest, asserted_by: WHENEVER, until: session.expires_at() }
    }

    /// Ends every session of `subject`, or those with one of `session_indexes` where the logout names any (core 3.7.1).
    #[must_use]
    pub fn of_subject(
        subject: Subject<'_>,
        session_indexes: &[String],
        instants: &LogoutInstants,
    ) -> Vec<Self> {
        let LogoutInstants { issued, now, absolute_ttl } = *instants;
        // An assertion that is still under way begins a session as late as this.
        let until = now.max(issued).saturating_add(web_sso::MAX_AGE).saturating_add(absolute_ttl);
        let revocation = |(slot, digest)| Self { slot, digest, asserted_by: issued, until };
        if session_indexes.is_empty() {
            return vec![revocation(subject.mark(None))];
        }
        session_indexes.iter().map(|index| revocation(subject.mark(Some(index)))).collect()
    }

    /// Is `session` among those that it ends?
    #[must_use]
    pub fn ends(&self, session: &Session) -> bool {
        let marks = Marks::of(session);
        let digests: Vec<_> = [Some(marks.session), marks.subject, marks.session_index]
            .into_iter()
            .flatten()
            .filter_map(|(slot, digest)| (slot == self.slot).then_some(digest))
            .collect();
        Entry { digest: self.digest, by: self.asserted_by, until: self.until }.ends(session, &digests)
    }

    /// For carrying it to other replicas.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let parts = self.slot.to_le_bytes().into_iter().chain(self.entry());
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
        (slot < SLOTS && entry.digest != EVERYBODY).then_some(Self {
            slot,
            digest: entry.digest,
            asserted_by: entry.by,
            until: entry.until,
        })
    }

    /// The last instant at which it matters; a copy may be dropped [`Revocation::GRACE`] later.
    #[must_use]
    pub const fn until(&self) -> UnixTime {
        self.until
    }

    /// How much longer than [`Revocation::until`] it is kept.
    pub const GRACE: Duration = GRACE;

    fn entry(&self) -> [u8; ENTRY_BYTES] {
        Entry { digest: self.digest, by: self.asserted_by, until: self.until }.write()
    }
}

impl Subject<'_> {
    /// The slot is that of the name, so that one read finds logouts with and without an index.
    fn mark(&self, session_index: Option<&str>) -> (u16, [u8; DIGEST_BYTES]) {
        // XML white space around a name is formatting.
        let name = self.name.expose().trim_matches([' ', '\t', '\r', '\n']);
        let (slot, digest) = mark("subject", &[self.idp_entity_id, name]);
        match session_index {
            None => (slot, digest),
            Some(index) => (slot, mark("session index", &[self.idp_entity_id, name, index]).1),
        }
    }
}

/// Where and as what a session stands in the ledger if it was ended.
#[derive(Clone, Copy)]
struct Marks {
    session: (u16, [u8; DIGEST_BYTES]),
    subject: Option<(u16, [u8; DIGEST_BYTES])>,
    session_index: Option<(u16, [u8; DIGEST_BYTES])>,
}

impl Marks {
    fn of(session: &Session) -> Self {
        let subject = session
            .name_id()
            .map(|name_id| Subject { idp_entity_id: session.idp_entity_id(), name: &name_id.value });
        Self {
            session: mark("session", &[&session.id()]),
            subject: subject.map(|subject| subject.mark(None)),
            session_index: subject
                .zip(session.session_index())
                .map(|(subject, index)| subject.mark(Some(index))),
        }
    }
}

fn mark(kind: &str, parts: &[&str]) -> (u16, [u8; DIGEST_BYTES]) {
    let mut hash = Sha256::new();
    for part in [&[kind], parts].into_iter().flatten() {
        // The length keeps (`a`, `bc`) and (`ab`, `c`) apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    let [digest @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, high, low] = hash;
    (u16::from_le_bytes([low, high]) % SLOTS, digest)
}

/// The number is the format's version: another format needs other keys.
fn slot_key(slot: u16) -> String {
    format!("samlgate.revocation.1.{slot:03x}")
}

/// The key of the epoch.
const EPOCH_KEY: &str = "samlgate.revocation.1.epoch";

/// One entry of a slot.
struct Entry {
    digest: [u8; DIGEST_BYTES],
    by: UnixTime,
    until: UnixTime,
}

impl Entry {
    fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let [digest @ .., a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        Self {
            digest,
            by: UnixTime::from_secs(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            until: UnixTime::from_secs(u64::from_le_bytes([i, j, k, l, m, n, o, p])),
        }
    }

    fn write(&self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let instants = [self.by, self.until].map(|instant| instant.as_secs().to_le_bytes());
        let parts = self.digest.into_iter().chain(instants.into_iter().flatten());
        for (byte, value) in bytes.iter_mut().zip(parts) {
            *byte = value;
        }
        bytes
    }

    /// Is `session`, which stands in the ledger as one of `digests`, ended by this entry?
    fn ends(&self, session: &Session, digests: &[[u8; DIGEST_BYTES]]) -> bool {
        if self.digest == EVERYBODY {
            return session.issued_at() <= self.by;
        }
        digests.contains(&self.digest) && session.asserted_at() <= self.by
    }
}

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
    check_slot(session, marks.session.0, &[marks.session.1], shared)?;
    let Some((slot, subject)) = marks.subject else { return Ok(()) };
    match marks.session_index {
        None => check_slot(session, slot, &[subject], shared),
        Some((_, index)) => check_slot(session, slot, &[subject, index], shared),
    }
}

fn check_slot(
    session: &Session,
    slot: u16,
    digests: &[[u8; DIGEST_BYTES]],
    shared: &dyn SharedData,
) -> Result<(), SessionError> {
    let value = shared.read(&slot_key(slot)).map_err(|_| SessionError::RevocationStoreUnavailable)?;
    let (entries, rest) = value.as_deref().unwrap_or_default().as_chunks::<ENTRY_BYTES>();
    // Nobody of us writes such a slot, and what it meant to say is not known.
    if !rest.is_empty() {
        return Err(SessionError::RevocationStoreUnavailable);
    }
    if entries.iter().any(|entry| Entry::read(entry).ends(session, digests)) {
        return Err(SessionError::SessionRevoked);
    }
    Ok(())
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revocation(until {})", self.until)
    }
}
