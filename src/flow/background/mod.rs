//! What a sign-in could not do while the person waited, done when nobody waits.
//!
//! A sign-in puts a sealed [`Message`] into a queue; the one [`Runner`] of this Envoy takes it out and runs the very
//! provisioning flow of a sign-in again: it reads, decides, plans, guards and applies, so nothing is done that was not
//! decided from what is so then. Nothing is kept anywhere else: after a restart the next sign-in heals.

mod message;
mod patience;
mod runner;

pub(super) use message::{Job, Message};
pub(super) use patience::is_worth_a_retry;
pub use runner::Runner;
pub(super) use runner::dropped;
