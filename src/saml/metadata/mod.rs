//! SAML 2.0 metadata: theirs, parsed, and ours, rendered.
//!
//! Never fetches anything, and never judges a signature on metadata: what is configured is trusted as it is.

mod error;
pub mod idp;
pub mod sp;

pub use error::MetadataError;

#[cfg(test)]
mod tests;
