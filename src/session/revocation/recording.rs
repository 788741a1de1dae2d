//! Writing the ledger: slot by slot, then the epoch; and last what other replicas are to be told.

use core::fmt;

use super::entry::{self, ENTRY_BYTES, Entry};
use super::{EPOCH_KEY, Epoch, GRACE, MAX_ENTRIES, Revocation, slot_key};
use crate::base::UnixTime;
use crate::effect::{Answer, Ask, Version};
use crate::session::outbox::{Outbox, Posting};

/// Loads of one slot: as with used assertions, a second conflict in a row is already rare.
const MAX_ATTEMPTS: u32 = 8;

/// Revocations on their way into the ledger. Feed the answer of each ask to [`Recording::answer`].
#[derive(Debug)]
pub struct Recording {
    /// In order of their slots; those of the first slot are being written.
    left: Vec<Revocation>,
    posting: Option<Posting>,
    attempts: u32,
    awaits: Awaits,
    changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Slot,
    SlotSwap,
    Epoch,
    EpochSwap,
    Outbox,
    OutboxSwap,
}

/// What [`Recording`] needs next, or how it ended.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it lives for one turn, and in wasm it is small")]
pub enum RecordingTurn {
    /// The answer to this goes to [`Recording::answer`].
    Ask {
        /// What waits for it.
        recording: Recording,
        /// What to do.
        ask: Ask,
    },
    /// From now on no worker of this Envoy accepts what was revoked.
    Recorded(Revoked),
    /// The store did not do it; some of it may be in force all the same.
    Failed,
    /// It is in force here, but so much waits for other replicas already that nobody will tell them.
    Untold,
}

/// Proof that revocations are in force: whoever says that somebody is signed out shows one.
pub struct Revoked {
    newly: bool,
}

impl Revoked {
    /// Was anything added to what the ledger said before? Not by a message that is sent again.
    #[must_use]
    pub const fn newly(&self) -> bool {
        self.newly
    }
}

impl Recording {
    /// Puts `revocations` into the ledger.
    #[must_use]
    pub fn start(revocations: Vec<Revocation>) -> RecordingTurn {
        Self::begin(revocations, None)
    }

    /// The same, and leaves `posting` for other replicas.
    #[must_use]
    pub fn announced(revocations: Vec<Revocation>, posting: Posting) -> RecordingTurn {
        Self::begin(revocations, Some(posting))
    }

    fn begin(mut revocations: Vec<Revocation>, posting: Option<Posting>) -> RecordingTurn {
        revocations.sort_unstable_by_key(|revocation| revocation.slot);
        Self { left: revocations, posting, attempts: 0, awaits: Awaits::Slot, changed: false }.load()
    }

    fn load(mut self) -> RecordingTurn {
        if self.attempts == MAX_ATTEMPTS {
            return RecordingTurn::Failed;
        }
        self.attempts = self.attempts.saturating_add(1);
        let key = match self.left.first() {
            Some(first) => {
                self.awaits = Awaits::Slot;
                slot_key(first.slot)
            }
            None => {
                self.awaits = Awaits::Epoch;
                String::from(EPOCH_KEY)
            }
        };
        RecordingTurn::Ask { recording: self, ask: Ask::Load { key } }
    }

    /// Takes the answer to the last ask.
    #[must_use]
    pub fn answer(mut self, answer: &Answer, now: UnixTime) -> RecordingTurn {
        match (self.awaits, answer) {
            (Awaits::Slot, Answer::Loaded { value, version }) => {
                self.swap_slot(value.as_deref(), *version, now)
            }
            (Awaits::SlotSwap, Answer::Swapped) => {
                self.changed = true;
                self.next_slot()
            }
            (Awaits::SlotSwap, Answer::Conflict) => self.load(),
            (Awaits::Epoch, Answer::Loaded { value, version }) => self.swap_epoch(value.as_deref(), *version),
            // After a conflict somebody else moved the epoch on, and later than we wrote our slots.
            (Awaits::EpochSwap, Answer::Swapped | Answer::Conflict) => {
                self.attempts = 0;
                self.announce()
            }
            (Awaits::Outbox, Answer::Loaded { value, version }) => {
                self.swap_outbox(value.as_deref(), *version, now)
            }
            (Awaits::OutboxSwap, Answer::Swapped) => self.recorded(),
            (Awaits::OutboxSwap, Answer::Conflict) => self.announce(),
            _ => RecordingTurn::Failed,
        }
    }

    const fn recorded(&self) -> RecordingTurn {
        RecordingTurn::Recorded(Revoked { newly: self.changed })
    }

    fn next_slot(mut self) -> RecordingTurn {
        if let Some(slot) = self.left.first().map(|first| first.slot) {
            self.left.retain(|revocation| revocation.slot != slot);
        }
        self.attempts = 0;
        self.load()
    }

    fn announce(mut self) -> RecordingTurn {
        let Some(key) = self.posting.as_ref().map(|posting| posting.outbox.clone()) else {
            return self.recorded();
        };
        if self.attempts == MAX_ATTEMPTS {
            return RecordingTurn::Failed;
        }
        self.attempts = self.attempts.saturating_add(1);
        self.awaits = Awaits::Outbox;
        RecordingTurn::Ask { recording: self, ask: Ask::Load { key } }
    }

    fn swap_outbox(mut self, loaded: Option<&[u8]>, expected: Version, now: UnixTime) -> RecordingTurn {
        let Some(Posting { outbox: key, announcements }) = &self.posting else {
            return RecordingTurn::Failed;
        };
        let mut outbox = Outbox::load(loaded, now);
        if outbox.add(announcements).is_err() {
            return RecordingTurn::Untold;
        }
        self.awaits = Awaits::OutboxSwap;
        let ask = Ask::CompareAndSwap { key: key.clone(), expected, value: outbox.store() };
        RecordingTurn::Ask { recording: self, ask }
    }

    fn swap_slot(mut self, loaded: Option<&[u8]>, expected: Version, now: UnixTime) -> RecordingTurn {
        let Some(slot) = self.left.first().map(|first| first.slot) else { return RecordingTurn::Failed };
        let new = self.left.iter().take_while(|revocation| revocation.slot == slot);
        let Some(added) = add(loaded.unwrap_or_default(), new, now) else { return RecordingTurn::Failed };
        // Whoever wrote all this may not have moved the epoch on yet, or told anybody: only the slot is skipped.
        let Added::Changed(value) = added else { return self.next_slot() };
        self.awaits = Awaits::SlotSwap;
        let ask = Ask::CompareAndSwap { key: slot_key(slot), expected, value };
        RecordingTurn::Ask { recording: self, ask }
    }

    fn swap_epoch(mut self, loaded: Option<&[u8]>, expected: Version) -> RecordingTurn {
        let Some(epoch) = Epoch::parse(loaded) else { return RecordingTurn::Failed };
        self.awaits = Awaits::EpochSwap;
        let ask =
            Ask::CompareAndSwap { key: String::from(EPOCH_KEY), expected, value: epoch.next().to_vec() };
        RecordingTurn::Ask { recording: self, ask }
    }
}

/// What became of a slot.
enum Added {
    /// It says all of that already.
    Nothing,
    /// Its new value.
    Changed(Vec<u8>),
}

/// The slot with `new` in it and without what has no meaning any more; `None` when it is none of ours.
fn add<'a>(loaded: &[u8], new: impl Iterator<Item = &'a Revocation>, now: UnixTime) -> Option<Added> {
    let (entries, rest) = loaded.as_chunks::<ENTRY_BYTES>();
    if !rest.is_empty() || entries.len() > MAX_ENTRIES {
        return None;
    }
    let mut kept: Vec<Entry> =
        entries.iter().map(Entry::read).filter(|entry| now <= entry.until.saturating_add(GRACE)).collect();
    let mut changed = false;
    for revocation in new {
        changed |= entry::add(&mut kept, &revocation.entry);
    }
    if !changed {
        return Some(Added::Nothing);
    }
    Some(Added::Changed(entry::make_room(kept)?.iter().flat_map(Entry::bytes).collect()))
}

impl fmt::Debug for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revoked")
    }
}
