//! Reading the store that all workers share, as a capability: it answers at once and changes nothing.
//!
//! Whoever wants to write what was read asks ([`super::Ask::Load`], [`super::Ask::CompareAndSwap`]).

use core::fmt;

/// The store could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFailure;

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store that all workers share could not be read")
    }
}

/// Reads values that any worker of this Envoy wrote.
pub trait SharedData {
    /// The value under `key`, `None` when nothing was ever written there.
    ///
    /// # Errors
    /// [`StoreFailure`] when that cannot be said; never take it for "nothing".
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure>;
}

/// A store in which nothing was ever written: for tools and tests that have none.
#[derive(Clone, Copy, Debug)]
pub struct NothingStored;

impl SharedData for NothingStored {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(None)
    }
}
