//! A signed statement of who is signed in, for applications that want more than a header (RFC 7515, 7519), and the keys
//! that it is verified with (RFC 7517).
//!
//! Never verifies a token and never reads one: what we sign is for others.

mod claims;
mod error;
mod issuer;
mod jwk;
mod jws;

pub use claims::{AttributeClaim, Claim, is_registered};
pub use error::TokenError;
pub use issuer::{IdentityToken, Issuer};
pub use jwk::KeySet;
pub use jws::{Algorithm, SigningIdentity};

#[cfg(test)]
mod tests;
