//! What rows are called.

use core::fmt;

/// Bytes of one part of a key: a hash in hexadecimal has 64.
const MAX_PART_BYTES: usize = 64;

/// Parts of a key.
const MAX_PARTS: usize = 4;

/// The key of a row: a few short parts that say nothing about anybody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(String);

impl RowKey {
    /// The row that `parts` name together: letters, digits and hyphens in each. `None` for anything else, so that no part
    /// reaches into another folder.
    #[must_use]
    pub fn new(parts: &[&str]) -> Option<Self> {
        is_path(parts).then(|| Self(parts.join("/")))
    }

    /// As it is bound to what the row holds.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last part.
    #[must_use]
    pub fn last(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn full(&self, table: &str) -> String {
        format!("{table}{}", self.0)
    }

    /// The key that stands as `full` in the store, if it is one of a table.
    pub(super) fn read(full: &[u8], table: &str) -> Option<Self> {
        let rest = core::str::from_utf8(full).ok()?.strip_prefix(table)?;
        Self::new(&rest.split('/').collect::<Vec<_>>())
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowKey({})", self.0)
    }
}

/// All rows whose keys begin with the same parts.
#[derive(Clone, PartialEq, Eq)]
pub struct Folder(String);

impl Folder {
    /// The folder that `parts` name; as [`RowKey::new`].
    #[must_use]
    pub fn new(parts: &[&str]) -> Option<Self> {
        (is_path(parts) && parts.len() < MAX_PARTS).then(|| Self(format!("{}/", parts.join("/"))))
    }

    /// Does `key` lie in it?
    #[must_use]
    pub fn holds(&self, key: &RowKey) -> bool {
        key.0.starts_with(&self.0)
    }

    /// Where its keys begin, and the first key behind them: `0` comes after `/`.
    pub(super) fn bounds(&self, table: &str) -> (Vec<u8>, Vec<u8>) {
        let from = format!("{table}{}", self.0).into_bytes();
        let mut to = from.clone();
        to.pop();
        to.push(b'0');
        (from, to)
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Folder({})", self.0)
    }
}

fn is_path(parts: &[&str]) -> bool {
    let is_part = |part: &&str| {
        (1..=MAX_PART_BYTES).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (1..=MAX_PARTS).contains(&parts.len()) && parts.iter().all(is_part)
}
