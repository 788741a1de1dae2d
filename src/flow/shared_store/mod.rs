//! What flows do at the store that replicas share: claim an assertion, make known what was ended, and hear it.

mod claiming;
mod cursor;
mod errand;
mod operations;
mod outgoing;
mod poller;
mod replication;
mod telling;
mod transact;

pub(super) use claiming::{Claiming, ClaimingTurn};
pub(super) use errand::{Errand, ErrandTurn};
pub use replication::Replication;
pub(super) use telling::recording;
pub(super) use transact::Transact;

/// What lies in the data that the workers of this Envoy share, by [`crate::session::sealed_for_store::key`]: what is to be
/// told,
const OUTBOX: &str = "outbox";
/// how far was read,
const CURSOR: &str = "cursor";
/// who reads,
const POLLER: &str = "poller";
/// and the token of etcd's user.
const TOKEN: &str = "token";

#[cfg(test)]
mod tests;
