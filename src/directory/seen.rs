//! Who was seen in a run, in eight bytes a person.

use core::fmt;
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::base::PiiKey;

/// Bytes that stand for one person.
const WIDTH: usize = 8;

/// A set of names that can be asked, but not listed: it holds a keyed hash of each, and is kept with a checkpoint instead of
/// a write for each person.
///
/// 64 bits of SHA-256 under the configuration's key. That two of 150,000 people (the most of a group, J5) share one has a
/// chance of one in 10^9; whoever is taken for somebody else counts as seen, and is left alone. 150,000 people take 1.2 MB.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Seen(BTreeSet<u64>);

/// The bytes are not those of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFault;

impl Seen {
    /// What stands for `name` in a set.
    #[must_use]
    pub fn mark(name: &str, key: &PiiKey) -> u64 {
        hash(name, key)
    }

    /// Is that which stands as `mark` in the set?
    #[must_use]
    pub fn has(&self, mark: u64) -> bool {
        self.0.contains(&mark)
    }

    /// Puts `name` in; false when it was there.
    pub fn insert(&mut self, name: &str, key: &PiiKey) -> bool {
        self.0.insert(hash(name, key))
    }

    /// Is `name` in?
    #[must_use]
    pub fn contains(&self, name: &str, key: &PiiKey) -> bool {
        self.0.contains(&hash(name, key))
    }

    /// How many are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nobody is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts everybody of `other` in.
    pub fn merge(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// How many of these are not in `other`.
    #[must_use]
    pub fn missing_from(&self, other: &Self) -> usize {
        self.0.difference(&other.0).count()
    }

    /// The whole set as bytes: eight for each person, in order.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_be_bytes()).collect()
    }

    /// The set of `bytes`.
    ///
    /// # Errors
    /// [`SeenFault`] when they are cut off or out of order.
    pub fn decode(bytes: &[u8]) -> Result<Self, SeenFault> {
        let (chunks, rest) = bytes.as_chunks::<WIDTH>();
        if !rest.is_empty() {
            return Err(SeenFault);
        }
        let hashes: Vec<u64> = chunks.iter().copied().map(u64::from_be_bytes).collect();
        if hashes.is_sorted_by(|one, next| one < next) {
            Ok(Self(hashes.into_iter().collect()))
        } else {
            Err(SeenFault)
        }
    }
}

fn hash(name: &str, key: &PiiKey) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"samlgate.seen");
    hash.update(key.bytes());
    hash.update(name.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk::<WIDTH>().copied().map_or(0, u64::from_be_bytes)
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seen({})", self.len())
    }
}

impl fmt::Display for SeenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set of people who were seen is cut off or out of order")
    }
}

impl core::error::Error for SeenFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_bytes_and_nothing_else() {
        let key = PiiKey::new([1; 32]);
        let mut seen = Seen::default();
        for name in 0..1_000 {
            assert!(seen.insert(&format!("person-{name}"), &key));
        }
        assert!(!seen.insert("person-7", &key));
        let bytes = seen.encode();
        assert_eq!((bytes.len(), Seen::decode(&bytes)), (8_000, Ok(seen.clone())));
        assert!(seen.contains("person-999", &key) && !seen.contains("person-1000", &key));
        assert!(!seen.contains("person-7", &PiiKey::new([2; 32])), "a key of its own for each configuration");
        assert_eq!(Seen::decode(&bytes[..7_999]), Err(SeenFault));
        let mut swapped = bytes.clone();
        swapped[..8].copy_from_slice(&bytes[8..16]);
        assert_eq!(Seen::decode(&swapped), Err(SeenFault), "twice the same");
        assert_eq!(Seen::decode(&[]), Ok(Seen::default()));
    }

    #[test]
    fn counts_who_is_missing() {
        let key = PiiKey::new([1; 32]);
        let of = |names: &[&str]| {
            let mut seen = Seen::default();
            for name in names {
                seen.insert(name, &key);
            }
            seen
        };
        let (before, now) = (of(&["a", "b", "c"]), of(&["b", "d"]));
        assert_eq!((before.missing_from(&now), now.missing_from(&before)), (2, 1));
        let mut both = before.clone();
        both.merge(&now);
        assert_eq!(both, of(&["a", "b", "c", "d"]));
    }
}
