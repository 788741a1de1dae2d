//! How often a client tried a secret lately.
//!
//! Kept in the store that all workers share, in a fixed set of slots as in [`super::replay`]. An attempt is written down
//! before its secret is looked at, so that many at a time are not more than one after the other.

use core::time::Duration;

use sha2::{Digest, Sha256};

use super::settings::Settings;
use crate::base::{Pii, UnixTime};

/// Bytes of a truncated hash: a collision counts a stranger's attempts.
const DIGEST_BYTES: usize = 8;

/// Hash, then the instant in seconds, little-endian.
const ENTRY_BYTES: usize = DIGEST_BYTES + 8;

/// Keys of the ledger.
const SLOTS: u16 = 256;

/// Attempts that one slot remembers: 8 KiB. Whoever has enough networks to fill it has stopped everybody in it, which
/// harms less than guessing.
const MAX_ENTRIES: usize = 512;

/// One client, as the ledger knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    digest: [u8; DIGEST_BYTES],
    slot: u16,
}

/// What [`Client::attempt`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// One more may be made: swap this in first.
    Write(Vec<u8>),
    /// There were too many; none is taken for this long.
    TooMany(Duration),
}

impl Client {
    /// Loads in all for one attempt; a conflict needs two clients of one slot in the same microseconds.
    pub const MAX_ATTEMPTS: u32 = 8;

    /// The client `name`, for the service provider of `settings`. A keyed hash: nobody chooses whose slot they fill.
    #[must_use]
    pub fn new(name: &str, settings: &Settings) -> Self {
        let keyed = Pii::new(name.to_owned()).keyed(settings.keys.pii_key());
        let hash: [u8; 32] = Sha256::digest(format!("attempts {keyed}").as_bytes()).into();
        let [a, b, c, d, e, f, g, h, low, ..] = hash;
        Self { digest: [a, b, c, d, e, f, g, h], slot: u16::from(low) % SLOTS }
    }

    /// The store's key under which its attempts, and those of others, are kept.
    #[must_use]
    pub fn slot_key(&self) -> String {
        // The number is the format's version: another format needs other keys.
        format!("samlgate.attempts.1.{:02x}", self.slot)
    }

    /// Adds an attempt at `now` to `loaded`, if there were fewer than `most` within `window`.
    #[must_use]
    pub fn attempt(&self, loaded: Option<&[u8]>, most: usize, window: Duration, now: UnixTime) -> Attempted {
        let (entries, rest) = loaded.unwrap_or_default().as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() {
            return Attempted::TooMany(window);
        }
        let mut value = Vec::with_capacity((entries.len() + 1) * ENTRY_BYTES);
        let (mut own, mut first) = (0_usize, now);
        for entry in entries {
            let [digest @ .., a, b, c, d, e, f, g, h] = *entry;
            let at = UnixTime::from_secs(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
            if now >= at.saturating_add(window) {
                continue;
            }
            value.extend_from_slice(entry);
            if digest == self.digest {
                own = own.saturating_add(1);
                first = first.min(at);
            }
        }
        if own >= most || value.len() >= MAX_ENTRIES * ENTRY_BYTES {
            let left = first.saturating_add(window).saturating_since(now);
            return Attempted::TooMany(left.min(window));
        }
        value.extend_from_slice(&self.digest);
        value.extend_from_slice(&now.as_secs().to_le_bytes());
        Attempted::Write(value)
    }
}
