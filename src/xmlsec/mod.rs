//! XML signatures as SAML uses them (XML-DSig core, SAML core section 5): verify, sign, keys, algorithms.
//!
//! Never chooses whom to trust (keys are given), reads a SAML field other than the ID, or hands out an element that
//! it did not digest. `KeyInfo` is ignored. [`verify()`] is the only maker of [`SignedElement`], [`verify_detached`] of
//! [`SignedText`].

pub mod algorithm;
pub mod decrypt;
mod detached;
mod ecdsa;
mod error;
pub mod key;
pub mod public_key;
mod rust_crypto;
mod self_test;
pub mod sign;
mod signed_info;
mod verify;

pub use decrypt::{Decrypted, decrypt};
pub use detached::{PresentedSignature, SignedText, verify_detached};
#[cfg(test)]
pub(crate) use ecdsa::to_der as ecdsa_to_der;
pub(crate) use ecdsa::to_raw as ecdsa_to_raw;
pub use error::{DecryptionError, KeyError, SignatureError};
pub use rust_crypto::RustCrypto;
pub use self_test::self_test;
pub use signed_info::Canonicalization;
pub use verify::{SignatureFacts, SignedElement, has_signature, verify};

/// The namespace of XML signatures.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
