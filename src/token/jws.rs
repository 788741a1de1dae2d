//! Compact signatures over JSON (RFC 7515 3.1, 7.1) with the algorithms of RFC 7518 3.1.

use core::fmt;

use serde_json::{Map, Value};

use crate::effect::{CryptoProvider, KeyKind, SignatureScheme, SigningKey, VerificationKey};
use crate::encoding::base64url;
use crate::xmlsec::public_key::public_half;
use crate::xmlsec::{KeyError, ecdsa_to_raw};

use super::TokenError;
use super::jwk::Jwk;

/// A signature algorithm of RFC 7518 3.1. Unlike in XML, an ECDSA algorithm names its curve too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

impl Algorithm {
    /// Its name in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    /// May a key of `kind` be used with it?
    #[must_use]
    pub const fn takes(self, kind: KeyKind) -> bool {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => matches!(kind, KeyKind::Rsa),
            Self::Es256 => matches!(kind, KeyKind::P256),
            Self::Es384 => matches!(kind, KeyKind::P384),
            Self::Es512 => matches!(kind, KeyKind::P521),
        }
    }

    const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rs256 => SignatureScheme::RsaSha256,
            Self::Rs384 => SignatureScheme::RsaSha384,
            Self::Rs512 => SignatureScheme::RsaSha512,
            Self::Es256 => SignatureScheme::EcdsaSha256,
            Self::Es384 => SignatureScheme::EcdsaSha384,
            Self::Es512 => SignatureScheme::EcdsaSha512,
        }
    }
}

/// A private key with its algorithm and the name by which its public half is found.
#[derive(Clone)]
pub struct SigningIdentity {
    algorithm: Algorithm,
    key: SigningKey,
    public: VerificationKey,
    key_id: String,
}

impl SigningIdentity {
    /// `None` when the key is of another kind than `algorithm` needs.
    ///
    /// # Errors
    /// [`KeyError`] when the public half cannot be made.
    pub fn new(algorithm: Algorithm, key: SigningKey) -> Result<Option<Self>, KeyError> {
        if !algorithm.takes(key.kind()) {
            return Ok(None);
        }
        let public = public_half(&key)?;
        let key_id = Jwk::of(&public)?.thumbprint();
        Ok(Some(Self { algorithm, key, public, key_id }))
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that verifies.
    #[must_use]
    pub const fn public(&self) -> &VerificationKey {
        &self.public
    }

    /// `claims` as a JWT in compact form (RFC 7519 3, RFC 7515 7.1).
    ///
    /// # Errors
    /// [`TokenError::Unsigned`] when the provider fails or gives something else than a signature of this algorithm.
    pub(super) fn sign(
        &self,
        claims: &Map<String, Value>,
        crypto: &dyn CryptoProvider,
    ) -> Result<String, TokenError> {
        let header = serde_json::json!({ "alg": self.algorithm.as_str(), "kid": self.key_id, "typ": "JWT" });
        let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|_| TokenError::Unsigned);
        let header = json(serde_json::to_vec(&header))?;
        let claims = json(serde_json::to_vec(claims))?;
        let mut token = format!("{}.{}", base64url::encode(&header), base64url::encode(&claims));
        let signature = crypto.sign(self.algorithm.scheme(), &self.key, token.as_bytes());
        let signature = signature.map_err(|_| TokenError::Unsigned)?;
        // RFC 7518 3.4: r and s side by side, each as long as the curve's order, not ASN.1.
        let signature = match self.key.kind().scalar_bytes() {
            None => signature,
            Some(bytes) => ecdsa_to_raw(&signature, bytes).ok_or(TokenError::Unsigned)?,
        };
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }
}

impl fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningIdentity({}, {})", self.algorithm.as_str(), self.key_id)
    }
}
