//! SCIM 2.0 as a service provider speaks it (RFC 7643, RFC 7644): requests and resources as data, answers as data.
//!
//! [`router::parse`] makes a [`router::Request`] of what came in; a [`User`] or [`Group`] is what a client said about somebody,
//! kept as it was sent; [`Patch`] and [`Filter`] are applied to it here; [`message`] makes the answers. Where the
//! resources are kept, who may ask, and what becomes of them in an application is nobody's business here.
//!
//! What real clients send counts as much as what the RFC says: booleans as text, operations in capitals, paths without
//! quotes. Each such leniency stands where it is granted, with who needs it; docs/decisions/0020-scim-subset.md lists them.

pub mod bulk;
mod error;
mod filter;
mod json;
mod limits;
mod locale;
pub mod message;
pub mod passing;
mod patch;
mod path;
mod person;
mod resource;
pub mod router;
mod schema;

pub use error::{Error, ScimType};
pub use filter::{Filter, Lookup, NamesGroups};
pub use limits::Limits;
pub(crate) use locale::most_wanted;
pub use patch::Patch;
pub use person::person;
pub use resource::{Document, Group, GroupReference, Member, Members, MembersChange, Meta, User, fold};
pub use schema::{Features, ResourceKind, Stricter};
