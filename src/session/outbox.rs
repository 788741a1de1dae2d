//! What this Envoy has to tell other replicas: revocations, sealed, until they do not matter any more.
//!
//! It lies beside the ledger, in the store that all workers share, so that a worker that fails loses nothing and a shared
//! store that is away gets it later. What was told is kept, for a shared store that comes back without its memory.

use super::error::SessionError;
use super::revocation::Revocation;
use super::sealed_for_store::{self, Kind};
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};

/// Entries that are kept, of about 200 bytes: a logout every half minute for eight hours. Beyond it the oldest that were
/// told go; where none was told, there is no room.
const MAX_ENTRIES: usize = 1_000;

/// One revocation on its way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Announcement {
    /// The same revocation has the same.
    name: [u8; 32],
    /// Waits since then.
    since: UnixTime,
    until: UnixTime,
    told: bool,
    sealed: Vec<u8>,
}

impl Announcement {
    /// Seals `revocation` for other replicas.
    ///
    /// # Errors
    /// [`SessionError::EntropyUnavailable`].
    pub fn new(
        revocation: &Revocation,
        settings: &Settings,
        now: UnixTime,
        entropy: &dyn EntropySource,
    ) -> Result<Self, SessionError> {
        let bytes = revocation.to_bytes();
        let sealed = sealed_for_store::seal(Kind::Revocation, &bytes, settings, entropy)?;
        Ok(Self {
            name: sealed_for_store::name(Kind::Revocation, &bytes, settings),
            since: now,
            until: revocation.until().saturating_add(Revocation::GRACE),
            told: false,
            sealed,
        })
    }

    /// What it is called. Sealing is never twice the same; the name of a revocation is.
    #[must_use]
    pub const fn name(&self) -> &[u8; 32] {
        &self.name
    }

    /// The text that other replicas read.
    #[must_use]
    pub fn sealed(&self) -> &[u8] {
        &self.sealed
    }

    /// Until when they must find it.
    #[must_use]
    pub const fn until(&self) -> UnixTime {
        self.until
    }
}

/// What is to be left for other replicas, and where.
#[derive(Debug)]
pub struct Posting {
    /// The key of the outbox.
    pub outbox: String,
    /// What goes into it.
    pub announcements: Vec<Announcement>,
}

/// What other replicas wrote: `None` for what none of ours did.
#[must_use]
pub fn open(sealed: &[u8], settings: &Settings) -> Option<Revocation> {
    Revocation::from_bytes(&sealed_for_store::open(Kind::Revocation, sealed, settings).ok()?)
}

/// What was loaded, and can be changed and stored again.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: Vec<Announcement>,
}

impl Outbox {
    /// The outbox in `loaded`; what cannot be read is none of ours, and an empty one takes its place.
    #[must_use]
    pub fn load(loaded: Option<&[u8]>, now: UnixTime) -> Self {
        let entries: Vec<Announcement> =
            loaded.and_then(|bytes| postcard::from_bytes(bytes).ok()).unwrap_or_default();
        Self { entries: entries.into_iter().filter(|entry| now <= entry.until).collect() }
    }

    /// Adds what of `new` is not there already.
    ///
    /// # Errors
    /// [`SessionError::OutboxFull`]: what nobody was told of is never dropped.
    pub fn add(&mut self, new: &[Announcement]) -> Result<(), SessionError> {
        for announcement in new {
            if self.entries.iter().any(|entry| entry.name == announcement.name) {
                continue;
            }
            if self.entries.len() >= MAX_ENTRIES {
                let told = self.entries.iter().position(|entry| entry.told);
                self.entries.remove(told.ok_or(SessionError::OutboxFull)?);
            }
            self.entries.push(announcement.clone());
        }
        Ok(())
    }

    /// The first that was not told, at most `most` of them.
    #[must_use]
    pub fn untold(&self, most: usize) -> Vec<Announcement> {
        self.entries.iter().filter(|entry| !entry.told).take(most).cloned().collect()
    }

    /// Notes that `told` were told.
    pub fn note(&mut self, told: &[Announcement]) {
        for entry in &mut self.entries {
            entry.told |= told.iter().any(|told| told.name == entry.name);
        }
    }

    /// Since when the oldest waits that was not told.
    #[must_use]
    pub fn waits_since(&self) -> Option<UnixTime> {
        self.entries.iter().filter(|entry| !entry.told).map(|entry| entry.since).min()
    }

    /// Everything that was told has to be told again, from `now` on.
    pub fn tell_again(&mut self, now: UnixTime) {
        for entry in self.entries.iter_mut().filter(|entry| entry.told) {
            entry.told = false;
            entry.since = now;
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn store(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.entries).unwrap_or_default()
    }
}
