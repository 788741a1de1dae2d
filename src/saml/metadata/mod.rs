//! SAML 2.0 metadata: theirs, parsed, and ours, rendered.
//!
//! Never fetches anything, and never decides whom to trust: what is configured is trusted as it is, and what is not is
//! verified with the keys that the caller gives.

mod copy;
pub mod description;
mod endpoint;
mod error;
pub mod idp;
pub mod sp;

pub use copy::MetadataCopy;
pub use error::MetadataError;

#[cfg(test)]
mod tests;
