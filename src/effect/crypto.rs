//! Public-key cryptography as a capability: Envoy's native functions in the filter, RustCrypto elsewhere.
//!
//! The provider only computes. Which schemes and keys are acceptable was decided before it is called.

use core::fmt;

use crate::base::Secret;

/// A signature algorithm with its digest, tied to a kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-1. Refused unless a `danger_` field allows it.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 4051 2.3.2).
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// ECDSA with SHA-256 on any of the three curves (RFC 4051 2.3.6).
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
}

/// What kind of key a scheme needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA; the size was checked when the key was read.
    Rsa,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl KeyKind {
    /// Bytes of one coordinate, and so half of an XML signature value (RFC 4050 3.3); `None` for RSA.
    #[must_use]
    pub const fn scalar_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa => None,
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
        }
    }
}

impl SignatureScheme {
    /// May a key of `kind` be used with this scheme?
    #[must_use]
    pub const fn takes(self, kind: KeyKind) -> bool {
        match self {
            Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => {
                matches!(kind, KeyKind::Rsa)
            }
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => !matches!(kind, KeyKind::Rsa),
        }
    }
}

/// A public key that was configured for an identity provider, large enough by [`crate::xmlsec`]'s rules.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationKey {
    kind: KeyKind,
    spki_der: Vec<u8>,
}

impl VerificationKey {
    /// Only `xmlsec::key` calls this, after it has checked kind and size.
    pub(crate) const fn from_checked_spki(kind: KeyKind, spki_der: Vec<u8>) -> Self {
        Self { kind, spki_der }
    }

    /// RSA or which curve.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// DER of the SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({:?}, {} bytes)", self.kind, self.spki_der.len())
    }
}

/// Our own private key.
#[derive(Clone)]
pub struct SigningKey {
    kind: KeyKind,
    pkcs8_der: Secret<Vec<u8>>,
}

impl SigningKey {
    /// Only `xmlsec::key` calls this, after it has checked kind and size.
    pub(crate) const fn from_checked_pkcs8(kind: KeyKind, pkcs8_der: Secret<Vec<u8>>) -> Self {
        Self { kind, pkcs8_der }
    }

    /// RSA or which curve.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// DER of the unencrypted PKCS#8 PrivateKeyInfo (RFC 5958).
    #[must_use]
    pub const fn pkcs8_der(&self) -> &Secret<Vec<u8>> {
        &self.pkcs8_der
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.kind)
    }
}

/// The key could not be used for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningFailure;

impl fmt::Display for SigningFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the private key could not sign")
    }
}

/// Computes signatures. ECDSA signatures are ASN.1 DER (`Ecdsa-Sig-Value`, RFC 3279 2.2.3) on both sides.
pub trait CryptoProvider {
    /// True only if `signature` over `message` was made by the private half of `key`. Any fault is false.
    fn verify(
        &self,
        scheme: SignatureScheme,
        key: &VerificationKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool;

    /// Signs `message`.
    ///
    /// # Errors
    /// [`SigningFailure`] when key and scheme do not fit or the provider fails.
    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningFailure>;
}
