//! Verifying a signature that travels beside the octets it covers, as in the Redirect binding (bindings 3.4.4.1).

use core::fmt;

use crate::base::Budget;
use crate::effect::{CryptoProvider, SignatureScheme, VerificationKey};

use super::algorithm::AlgorithmPolicy;
use super::key::KeyFingerprint;
use super::{SignatureError, ecdsa};

/// Text whose detached signature was good, and nothing else. Only [`verify_detached`] makes one.
#[derive(Clone)]
pub struct SignedText {
    text: String,
    key: KeyFingerprint,
}

impl SignedText {
    /// The text that was signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The configured key that made the signature.
    #[must_use]
    pub const fn key(&self) -> KeyFingerprint {
        self.key
    }
}

/// A signature as it arrived: what it says about itself, and its octets (ECDSA as `r || s`, as XML-DSig spells it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedSignature {
    /// The URI of the algorithm.
    pub algorithm: String,
    /// The signature.
    pub value: Vec<u8>,
}

/// Verifies `signature` over `text` with `keys`. Each check with a key takes one unit of `budget`.
///
/// # Errors
/// The first finding as a [`SignatureError`].
pub fn verify_detached(
    text: String,
    signature: &PresentedSignature,
    keys: &[VerificationKey],
    policy: &AlgorithmPolicy,
    crypto: &dyn CryptoProvider,
    budget: &mut Budget,
) -> Result<SignedText, SignatureError> {
    let scheme = SignatureScheme::from_uri(&signature.algorithm)
        .filter(|scheme| policy.allows_scheme(*scheme))
        .ok_or_else(|| SignatureError::SchemeRefused { uri: signature.algorithm.clone() })?;
    let key = verify_value(scheme, text.as_bytes(), &signature.value, keys, crypto, budget)?;
    Ok(SignedText { key: KeyFingerprint::of(key), text })
}

/// Tries every key of the right kind; the one that made the signature.
pub(super) fn verify_value<'k>(
    scheme: SignatureScheme,
    octets: &[u8],
    value: &[u8],
    keys: &'k [VerificationKey],
    crypto: &dyn CryptoProvider,
    budget: &mut Budget,
) -> Result<&'k VerificationKey, SignatureError> {
    let mut outcome = SignatureError::KeyUnsuitable { scheme };
    for key in keys.iter().filter(|key| scheme.takes(key.kind())) {
        budget.spend().map_err(|_| SignatureError::ChecksExceeded)?;
        let good = match key.kind().scalar_bytes() {
            None => crypto.verify(scheme, key, octets, value),
            Some(scalar_bytes) => {
                let Some(der) = ecdsa::to_der(value, scalar_bytes) else {
                    if !matches!(outcome, SignatureError::Invalid) {
                        outcome = SignatureError::ValueMalformed { element: "SignatureValue" };
                    }
                    continue;
                };
                crypto.verify(scheme, key, octets, &der)
            }
        };
        if good {
            return Ok(key);
        }
        outcome = SignatureError::Invalid;
    }
    Err(outcome)
}

impl fmt::Debug for SignedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedText({} bytes)", self.text.len())
    }
}
