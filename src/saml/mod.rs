//! SAML 2.0: messages, bindings, metadata, and the profiles Web Browser SSO and Single Logout.
//!
//! The path of a sign-in answer is a chain of types, and no link can be skipped: [`bindings::post::decode`] gives
//! bytes, [`Unverified::read`] gives hints, [`Unverified::verify`] gives a [`Verified`] that was read from the octets
//! that were digested, and [`profiles::web_sso::accept`] gives the [`profiles::web_sso::AcceptedAssertion`] on which
//! everything else is built.
//!
//! Never touches HTTP, sessions or groups, and never reads an identity outside signed octets.

pub mod artifact_response;
mod assertion;
pub mod bindings;
mod encrypted;
mod error;
mod logout;
pub mod metadata;
pub mod names;
pub mod profiles;
pub mod protocol;
mod response;
mod schema;
mod signer;

pub use assertion::{Attribute, NameId};
pub use error::{ProfileError, ResponseError, SchemaProblem};
pub use logout::{LogoutTrust, UnverifiedLogout, VerifiedLogout};
pub use response::{Response, SignatureDemand, Status, Trust, Unverified, Verified, VerifiedSignature};
pub use signer::Signer;
