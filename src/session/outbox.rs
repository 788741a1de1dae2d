//! What this Envoy has to tell other replicas: revocations, sealed, until they do not matter any more.
//!
//! It lies beside the ledger, in the store that all workers share, so that a worker that fails loses nothing and a shared
//! store that is away gets it later. What was told is kept, for a shared store that comes back without its memory.

use super::error::SessionError;
use super::revocation::Revocation;
use super::sealed_for_store::{self, Kind};
use super::settings::Settings;
use crate::base::{EntropySource, UnixTime};

/// The store's key of the outbox; the number is the format's version.
pub const KEY: &str = "samlgate.store.1.outbox";

/// Entries that are kept, of about 170 bytes: a logout every half minute for eight hours. Beyond it the oldest that were
/// told go, and then the oldest.
const MAX_ENTRIES: usize = 1_000;

/// One revocation on its way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Announcement {
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
        entropy: &dyn EntropySource,
    ) -> Result<Self, SessionError> {
        let sealed = sealed_for_store::seal(Kind::Revocation, &revocation.to_bytes(), settings, entropy)?;
        Ok(Self { until: revocation.until().saturating_add(Revocation::GRACE), told: false, sealed })
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

    /// Adds `new`.
    pub fn add(&mut self, new: &[Announcement]) {
        self.entries.extend_from_slice(new);
        while self.entries.len() > MAX_ENTRIES {
            let oldest = self.entries.iter().position(|entry| entry.told).unwrap_or_default();
            self.entries.remove(oldest);
        }
    }

    /// The first that was not told, at most `most` of them.
    #[must_use]
    pub fn untold(&self, most: usize) -> Vec<Announcement> {
        self.entries.iter().filter(|entry| !entry.told).take(most).cloned().collect()
    }

    /// Notes that `told` were told.
    pub fn note(&mut self, told: &[Announcement]) {
        for entry in &mut self.entries {
            entry.told |= told.iter().any(|told| told.sealed == entry.sealed);
        }
    }

    /// Everything has to be told again.
    pub fn tell_again(&mut self) {
        for entry in &mut self.entries {
            entry.told = false;
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn store(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.entries).unwrap_or_default()
    }
}
