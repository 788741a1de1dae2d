//! One room per kind of directory that is pulled: which calls bring its people, and what the answers say about them.
//!
//! Nothing here decides what becomes of anybody. Whether a pull was whole is decided here and nowhere else, because who was
//! not seen in a whole pull may lose their account: only an answer that is certainly the last page makes a
//! [`WholeDirectory`]. Every other answer leads to another page or is a [`SourceError`].
//!
//! What a directory sends leads nowhere else: addresses of further pages are followed at the configured authority below the
//! configured path only.

mod access;
mod cursor;
mod endpoint;
mod error;
pub mod graph;
mod index;
pub mod keycloak;
mod link;
pub mod okta;
mod person;
pub mod scim;
mod source;

pub use access::{Access, Held, Sending};
pub use cursor::{Cursor, DeltaToken, Listing};
pub use endpoint::{ClientCredentials, Credentials, Endpoint};
pub use error::{Request, SourceError};
#[cfg(test)]
mod tests;

pub use source::{End, GroupsRead, Key, Next, OddPerson, PageRead, Pull, Source, WholeDirectory};
