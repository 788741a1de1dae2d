//! Our own signing identity.

use crate::effect::{SignatureScheme, SigningKey};
use crate::xmlsec::key::Certificate;

/// What we sign requests with: key, scheme and the certificate that our metadata publishes.
///
/// `config` checks that key, scheme and certificate belong together before it makes one.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The algorithm.
    pub scheme: SignatureScheme,
    /// The private key.
    pub key: SigningKey,
    /// The certificate of the same key.
    pub certificate: Certificate,
}
