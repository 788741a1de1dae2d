//! What a directory says about people while nobody signs in, whoever brings it: a SCIM client that pushes, or a source that
//! is pulled.
//!
//! A [`Person`] becomes an [`crate::identity::Identity`] and from there on goes the way of a sign-in: one engine decides
//! about groups. What a directory does not say is unknown, and takes nothing away.

mod person;
mod seen;

pub use person::{Group, GroupNaming, GroupsBecome, Membership, Person};
pub use seen::{Seen, SeenFault};
