//! One entry of a slot, and how a slot that is full makes room.

use std::collections::BTreeMap;

use super::{MAX_ENTRIES, MAX_INDEXES, Marks};
use crate::base::UnixTime;
use crate::session::Session;

/// 16 bytes of a hash: collisions sign a stranger out, and 16 bytes keep accidents out.
pub(super) type Whose = [u64; 2];

/// In place of a name: all sessions of the entry's identity provider that look into the slot.
pub(super) const EVERYBODY: Whose = [0; 2];

/// In place of a `SessionIndex`: whichever.
pub(super) const ALL: u64 = 0;

/// Six numbers, little-endian.
pub(super) const ENTRY_BYTES: usize = 48;

/// Which sessions were ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The hash of a session's id, or of a name at an identity provider.
    pub(super) whose: Whose,
    /// That of the identity provider. Eight bytes, because there are a handful of them, and we chose them.
    pub(super) idp: u64,
    /// That of a `SessionIndex` of this name.
    pub(super) index: u64,
    /// Sessions whose assertion was issued by then, by the identity provider's clock.
    pub(super) by: UnixTime,
    /// The last instant at which such a session could still be good.
    pub(super) until: UnixTime,
}

impl Entry {
    pub(super) fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let [first, second, idp, index, by, until] = words(bytes);
        let (by, until) = (UnixTime::from_secs(by), UnixTime::from_secs(until));
        Self { whose: [first, second], idp, index, by, until }
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + use<> {
        let [first, second] = self.whose;
        let (by, until) = (self.by.as_secs(), self.until.as_secs());
        [first, second, self.idp, self.index, by, until].into_iter().flat_map(u64::to_le_bytes)
    }

    /// Is `session` ended by it, which stands in the ledger under `marks`?
    pub(super) fn ends(&self, session: &Session, marks: &Marks) -> bool {
        session.asserted_at() <= self.by && self.means(marks)
    }

    fn means(&self, marks: &Marks) -> bool {
        if self.whose == EVERYBODY {
            return self.idp == marks.idp;
        }
        // Who knows no index of a session cannot say that it is not meant.
        let index = self.index == ALL || marks.index.is_none_or(|index| index == self.index);
        self.whose == marks.session.1
            || (index && marks.subject.is_some_and(|(_, whose)| whose == self.whose))
    }

    /// Does it say all that `other` says?
    fn covers(&self, other: &Self) -> bool {
        let everybody = self.whose == EVERYBODY && self.idp == other.idp;
        let same = self.whose == other.whose && (self.index == ALL || self.index == other.index);
        (everybody || same) && self.by >= other.by && self.until >= other.until
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        (self.whose, self.idp, self.index) == (other.whose, other.idp, other.index)
    }

    fn extend(&mut self, other: &Self) {
        self.by = self.by.max(other.by);
        self.until = self.until.max(other.until);
    }
}

/// Adds `new`; says whether that makes a difference.
pub(super) fn add(entries: &mut Vec<Entry>, new: &Entry) -> bool {
    if entries.iter().any(|entry| entry.covers(new)) {
        return false;
    }
    match entries.iter_mut().find(|entry| entry.is_about_the_same(new)) {
        Some(entry) => entry.extend(new),
        None => entries.push(*new),
    }
    true
}

/// Makes room where there are too many; `None` where that cannot be. Forgetting any of them could let somebody in again,
/// so a few sessions too many are ended instead: those of one name first, and then those of the identity provider that
/// has most of the slot. Others do not pay for it, and it can sign out its own people anyway.
pub(super) fn make_room(mut entries: Vec<Entry>) -> Option<Vec<Entry>> {
    while entries.len() > MAX_ENTRIES {
        let ((idp, whose), of_name) = most(&entries, |entry| (entry.idp, entry.whose))?;
        entries = if of_name > MAX_INDEXES {
            merge(entries, |entry| (entry.idp, entry.whose) == (idp, whose), whose)
        } else {
            let (idp, of_idp) = most(&entries, |entry| entry.idp)?;
            if of_idp < 2 {
                return None;
            }
            merge(entries, |entry| entry.idp == idp, EVERYBODY)
        };
    }
    Some(entries)
}

/// The key that most entries have, and how many that are.
fn most<K: Ord>(entries: &[Entry], key: impl Fn(&Entry) -> K) -> Option<(K, usize)> {
    let mut counts: BTreeMap<K, usize> = BTreeMap::new();
    for entry in entries {
        let count = counts.entry(key(entry)).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().max_by_key(|(_, count)| *count)
}

/// One entry of `whose` in place of those that are `among`: it ends what each of them ended.
fn merge(entries: Vec<Entry>, among: impl Fn(&Entry) -> bool, whose: Whose) -> Vec<Entry> {
    let (merged, mut kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(among);
    let one = merged.into_iter().reduce(|mut one, other| {
        one.extend(&other);
        one
    });
    kept.extend(one.map(|one| Entry { whose, index: ALL, ..one }));
    kept
}

/// `bytes` as numbers, little-endian.
pub(super) fn words<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}
