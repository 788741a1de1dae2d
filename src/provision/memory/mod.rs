//! What is remembered of an application between two sign-ins, in the store that all workers share.
//!
//! All of it may be lost or stale at any time: it saves calls, and nothing depends on it. The store's keys can be neither
//! deleted nor listed, so there is a fixed set of them. A change of the application's settings changes the keys.

mod book;
mod circuit;
pub mod newcomer;
mod remembered;

pub use book::Book;
pub use circuit::{Circuit, Passage};
pub use remembered::Remembered;

use sha2::{Digest, Sha256};

use crate::base::Pii;

/// Slots of remembered people. Two people of one slot take turns in it, which costs a read.
const SLOTS: u16 = 1_024;

/// Where the memory of one application is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The scope of the application that `described` tells from every other.
    #[must_use]
    pub fn of(described: &str) -> Self {
        Self(hexadecimal(described.as_bytes(), 8))
    }

    /// The key of the [`Circuit`].
    #[must_use]
    pub fn circuit(&self) -> String {
        format!("samlgate.provisioning.{}.circuit", self.0)
    }

    /// The key of the [`Book`].
    #[must_use]
    pub fn book(&self) -> String {
        format!("samlgate.provisioning.{}.book", self.0)
    }

    /// The key of what is [`Remembered`] of `person`, and perhaps of others.
    #[must_use]
    pub fn person(&self, person: &Pii<String>) -> String {
        format!("samlgate.provisioning.{}.person.{}", self.0, slot(person))
    }

    /// The key of the note that `person`, and perhaps others, are [new](newcomer).
    #[must_use]
    pub fn newcomer(&self, person: &Pii<String>) -> String {
        format!("samlgate.provisioning.{}.newcomer.{}", self.0, slot(person))
    }
}

fn slot(person: &Pii<String>) -> u16 {
    let digest = Sha256::digest(person.expose().to_lowercase().as_bytes());
    digest.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes)) % SLOTS
}

/// The first `bytes` bytes of the hash of `of`, in hexadecimal digits.
fn hexadecimal(of: &[u8], bytes: usize) -> String {
    Sha256::digest(of).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
