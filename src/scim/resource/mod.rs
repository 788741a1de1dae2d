//! Resources: what a client said about a person or a group, kept as it was sent.

mod document;
mod group;
mod members;
mod meta;
pub(super) mod read;
mod user;

pub use document::Document;
pub use group::Group;
pub(super) use members::ids as member_ids;
pub use members::{Member, Members, MembersChange};
pub use meta::{GroupReference, Meta};
pub use user::User;

/// A value as it is compared where the schema is not `caseExact` (RFC 7643 2.2): for indexes and look-ups.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
