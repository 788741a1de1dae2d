//! The ledger of used assertions: each is accepted once (profiles 4.1.4.5).
//!
//! The ledger lives in the store that all workers share, where keys can be neither deleted nor listed. So there is a
//! fixed set of keys, the slots, and an assertion's slot follows from its issuer and ID alone. (Slots by time would
//! move an assertion when its last instant is computed anew with another clock skew, or from another
//! SubjectConfirmation, and forget the first use.) A slot holds one entry per assertion: a truncated SHA-256 and the
//! last instant at which the assertion could be accepted again. Whoever writes a slot drops the entries whose instant
//! has passed; entries that have not passed are never dropped, so a full slot refuses.
//!
//! The protocol: load the value under [`ReplayLedger::slot_key`], give it to [`ReplayLedger::attempt`], compare and
//! swap what that returns, and give the answer to [`PendingClaim::settle`]. After a conflict load again, at most
//! [`ReplayLedger::MAX_ATTEMPTS`] times. Only a swap that happened makes a [`LocalClaim`], and only with the word of the
//! store that replicas share, where there is one, does that become a [`ReplayClaim`].

use core::fmt;
use core::time::Duration;

use sha2::{Digest, Sha256};

use crate::base::UnixTime;
use crate::effect::Answer;
use crate::saml::profiles::web_sso::AcceptedAssertion;
use crate::store::{Name, SharedClaim};

/// Bytes of the truncated hash. The store is ours, so a second preimage gains nothing but the refusal of one's own
/// assertion; 16 bytes keep accidents out.
const DIGEST_BYTES: usize = 16;

const INSTANT_BYTES: usize = 8;

/// Hash, then the last instant in seconds, little-endian.
const ENTRY_BYTES: usize = DIGEST_BYTES + INSTANT_BYTES;

/// Keys of the ledger. Two sign-ins conflict only when they write the same slot in the same microseconds, and each
/// write copies one slot: with 50 sign-ins a second and assertions that live for an hour a slot holds about 180
/// entries, 4 KiB.
const SLOTS: u16 = 1_024;

/// Entries of one slot: 24 KiB. A million unexpired assertions fill the ledger, which then takes 24 MiB.
const MAX_ENTRIES: usize = 1_024;

/// Entries outlive their instant by this much, in case the clock is set back.
const GRACE: Duration = Duration::from_secs(300);

/// The rules of the ledger; it has no state of its own.
#[derive(Clone, Copy, Debug)]
pub struct ReplayLedger;

/// What [`ReplayLedger::attempt`] found.
#[derive(Debug)]
pub enum Attempt {
    /// Not used so far: swap `value` in, and settle `claim` with the answer.
    Write {
        /// The slot's new value.
        value: Vec<u8>,
        /// What the swap will prove.
        claim: PendingClaim,
    },
    /// Used before: [`super::SessionError::AssertionReplayed`].
    AlreadyClaimed,
    /// The slot has no room, or holds what the ledger never wrote: [`super::SessionError::ReplaySlotFull`].
    Full,
}

/// What became of a [`PendingClaim`].
#[derive(Debug)]
pub enum Settled {
    /// No worker of this Envoy used the assertion before.
    Claimed(LocalClaim),
    /// Somebody else wrote the slot; load it again.
    Conflict,
    /// The store did not do it: [`super::SessionError::ReplayStoreUnavailable`].
    Failed,
}

/// A claim whose swap has not been answered.
pub struct PendingClaim {
    usage: Usage,
}

/// Half of the proof: this Envoy had not used the assertion before, and now it counts as used. A swap makes it.
pub struct LocalClaim {
    usage: Usage,
}

/// Proof that this assertion had not been used before and now counts as used. Spent by [`super::Session::begin`].
pub struct ReplayClaim {
    usage: Usage,
}

impl ReplayLedger {
    /// Loads in all for one sign-in: with 1,024 slots a second conflict in a row is already rare.
    pub const MAX_ATTEMPTS: u32 = 8;

    /// The store's key under which the uses of `assertion`, and of many others, are kept.
    #[must_use]
    pub fn slot_key(assertion: &AcceptedAssertion) -> String {
        Usage::of(assertion).slot_key()
    }

    /// Looks `assertion` up in `loaded`, the value under its slot's key, and adds it.
    #[must_use]
    pub fn attempt(assertion: &AcceptedAssertion, loaded: Option<&[u8]>, now: UnixTime) -> Attempt {
        Usage::of(assertion).attempt(loaded, now)
    }
}

impl PendingClaim {
    /// Turns the answer to the compare-and-swap into its meaning.
    #[must_use]
    pub fn settle(self, answer: &Answer) -> Settled {
        match answer {
            Answer::Swapped => Settled::Claimed(LocalClaim { usage: self.usage }),
            Answer::Conflict => Settled::Conflict,
            _ => Settled::Failed,
        }
    }
}

impl LocalClaim {
    /// The assertion as the store that replicas share knows it.
    #[must_use]
    pub fn name(&self) -> Name {
        Name::of("assertion", &[&self.usage.digest])
    }

    /// The last instant at which the assertion could be accepted again.
    #[must_use]
    pub const fn until(&self) -> UnixTime {
        self.usage.until
    }

    /// The whole proof, if `shared` is the other half.
    #[must_use]
    pub fn complete(self, shared: &SharedClaim) -> Option<ReplayClaim> {
        shared.is_for(&self.name()).then_some(ReplayClaim { usage: self.usage })
    }
}

impl ReplayClaim {
    /// Was `assertion` the one that was claimed?
    pub(super) fn is_for(&self, assertion: &AcceptedAssertion) -> bool {
        self.usage.digest == Usage::of(assertion).digest
    }
}

/// One assertion as the ledger knows it.
pub(super) struct Usage {
    digest: [u8; DIGEST_BYTES],
    slot: u16,
    until: UnixTime,
}

impl Usage {
    fn of(assertion: &AcceptedAssertion) -> Self {
        Self::new(assertion.issuer(), assertion.id(), assertion.acceptable_until())
    }

    /// The use of the assertion `id` of `issuer`, which cannot be accepted any more after `until`.
    pub(super) fn new(issuer: &str, id: &str, until: UnixTime) -> Self {
        let mut hash = Sha256::new();
        // The length keeps (`a`, `bc`) and (`ab`, `c`) apart.
        hash.update((issuer.len() as u64).to_le_bytes());
        hash.update(issuer.as_bytes());
        hash.update(id.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let [digest @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, high, low] = hash;
        Self { digest, slot: u16::from_le_bytes([low, high]) % SLOTS, until }
    }

    pub(super) fn slot_key(&self) -> String {
        // The number is the format's version: another format needs other keys.
        format!("samlgate.replay.1.{:03x}", self.slot)
    }

    pub(super) fn attempt(self, loaded: Option<&[u8]>, now: UnixTime) -> Attempt {
        let (entries, rest) = loaded.unwrap_or_default().as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() || entries.len() > MAX_ENTRIES {
            return Attempt::Full;
        }
        let mut value = Vec::with_capacity((entries.len() + 1) * ENTRY_BYTES);
        for entry in entries {
            let [digest @ .., a, b, c, d, e, f, g, h] = *entry;
            if digest == self.digest {
                return Attempt::AlreadyClaimed;
            }
            let until = UnixTime::from_secs(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
            if now <= until.saturating_add(GRACE) {
                value.extend_from_slice(entry);
            }
        }
        if value.len() >= MAX_ENTRIES * ENTRY_BYTES {
            return Attempt::Full;
        }
        value.extend_from_slice(&self.digest);
        value.extend_from_slice(&self.until.as_secs().to_le_bytes());
        Attempt::Write { value, claim: PendingClaim { usage: self } }
    }
}

impl fmt::Debug for PendingClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingClaim")
    }
}

impl fmt::Debug for LocalClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalClaim")
    }
}

impl fmt::Debug for ReplayClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplayClaim")
    }
}
