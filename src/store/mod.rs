//! A store that the replicas share: what to send to etcd's JSON gateway, and what its answers mean.
//!
//! Three things are kept there: claims, which succeed once among all replicas; records, which every replica reads in the
//! order in which they were written; and leadership, which one replica holds at a time. What is inside a record or behind a
//! name is nobody's business here: names are hashes, and records are sealed by whoever makes them.
//!
//! The store is not trusted with more than that. It can refuse what should be granted, and whoever can write to it can
//! delete a claim or a record; nobody can put a record there that a replica believes.

mod answer;
mod claim;
mod error;
mod etcd;
mod lease;
mod name;
mod settings;

pub use answer::{Changes, Record, Revision};
pub use claim::{Claim, Mark, SharedClaim};
pub use error::StoreError;
pub use etcd::{Credentials, Etcd, Token};
pub use lease::Lease;
pub use name::Name;
pub use settings::{OnFailure, Settings};

#[cfg(test)]
mod tests;
