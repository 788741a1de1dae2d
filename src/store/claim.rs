//! Claims: of all who claim a name, one gets it.

use core::fmt;

use super::error::StoreError;
use super::name::Name;
use super::settings::{OnFailure, Settings};
use crate::base::{EntropyFailure, EntropySource};

/// What a claimant writes under the name, to know its own claim again when a call was sent twice on the way.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark([u8; 16]);

impl Mark {
    /// A new one.
    ///
    /// # Errors
    /// [`EntropyFailure`] without randomness.
    pub fn new(entropy: &dyn EntropySource) -> Result<Self, EntropyFailure> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// What came of a claim.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Ours(SharedClaim),
    /// Somebody was there before.
    Taken,
}

/// Proof that no replica claimed the name before, or that nobody has to ask.
///
/// Three ways lead here: etcd's answer ([`super::Etcd::claimed`]), no store in the configuration
/// ([`SharedClaim::unneeded`]), and a failure that the configuration overlooks ([`SharedClaim::overlooked`]).
pub struct SharedClaim {
    /// `None` holds for every name.
    name: Option<Name>,
}

impl SharedClaim {
    pub(super) const fn of(name: Name) -> Self {
        Self { name: Some(name) }
    }

    /// There is no shared store.
    #[must_use]
    pub const fn unneeded(settings: Option<&Settings>) -> Option<Self> {
        match settings {
            None => Some(Self { name: None }),
            Some(_) => None,
        }
    }

    /// The store failed, and the configuration says to go on.
    ///
    /// # Errors
    /// The failure, where it says to refuse.
    pub fn overlooked(name: Name, failure: StoreError, settings: &Settings) -> Result<Self, StoreError> {
        match settings.on_failure {
            OnFailure::Continue => Ok(Self::of(name)),
            OnFailure::Refuse => Err(failure),
        }
    }

    /// Does it hold for `name`?
    #[must_use]
    pub fn is_for(&self, name: &Name) -> bool {
        self.name.is_none_or(|have| have == *name)
    }
}

impl fmt::Debug for SharedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClaim")
    }
}
