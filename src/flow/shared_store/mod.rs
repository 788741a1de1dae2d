//! What flows do at the store that replicas share: claim an assertion, make known what was ended, and hear it.

mod claiming;
mod cursor;
mod errand;
mod operations;
mod poller;
mod replication;
mod telling;

pub(super) use claiming::{Claiming, ClaimingTurn};
pub use replication::Replication;
pub(super) use telling::recording;

#[cfg(test)]
mod tests;
