//! A store that the replicas share: what to send to etcd's JSON gateway, and what its answers mean.
//!
//! Four things are kept there: claims, which succeed once among all replicas; records, which every replica reads in the
//! order in which they were written; leadership, which one replica holds at a time; and a table, whose rows stay. What is
//! inside a record or a row, or behind a name, is nobody's business here: names are hashes, and the rest is sealed by whoever
//! makes it.
//!
//! The store is not trusted with more than that. It can refuse what should be granted, and whoever can write to it can
//! delete a claim, a record or a row, or put an older one back; nobody can put one there that a replica believes.

mod answer;
mod claim;
mod error;
mod etcd;
mod lease;
mod name;
mod settings;
pub mod table;

pub use answer::{Changes, Record, Revision};
pub use claim::{Claim, Mark, SharedClaim};
pub use error::StoreError;
pub use etcd::{Credentials, Etcd, Token};
pub use lease::Lease;
pub use name::Name;
pub use settings::{OnFailure, Settings};

#[cfg(test)]
mod tests;
