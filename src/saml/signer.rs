//! Our own signing identity.

use crate::effect::{CryptoProvider, SignatureScheme, SigningKey};
use crate::xmlsec::key::Certificate;
use crate::xmlsec::{Canonicalization, SignatureError, sign};

/// What we sign requests and metadata with: key, scheme and the certificate that our metadata publishes.
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

impl Signer {
    /// `xml` with an enveloped signature of its root element, which has an `ID` (core 5.4).
    ///
    /// # Errors
    /// [`SignatureError`] when key and scheme do not fit or the provider fails.
    pub(super) fn sign(&self, xml: &str, crypto: &dyn CryptoProvider) -> Result<String, SignatureError> {
        let request = sign::SigningRequest {
            key: &self.key,
            scheme: self.scheme,
            certificate: Some(&self.certificate),
            canonicalization: Canonicalization::default(),
        };
        sign::enveloped(xml, &request, crypto)
    }
}
