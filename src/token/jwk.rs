//! Public keys as JSON (RFC 7517), with the names that RFC 7638 gives them.

use serde_json::{Value, json};

use crate::effect::{KeyKind, VerificationKey};
use crate::encoding::base64url;
use crate::xmlsec::KeyError;
use crate::xmlsec::algorithm::DigestAlgorithm;
use crate::xmlsec::public_key::PublicNumbers;

use super::SigningIdentity;

/// One public key: the members that make it, in base64url (RFC 7518 6.2.1, 6.3.1).
pub(super) struct Jwk {
    kind: KeyKind,
    /// `n` and `e`, or `x` and `y`.
    numbers: (String, String),
}

impl Jwk {
    pub(super) fn of(key: &VerificationKey) -> Result<Self, KeyError> {
        let (first, second) = match PublicNumbers::of(key)? {
            PublicNumbers::Rsa { modulus, exponent } => (modulus, exponent),
            PublicNumbers::Point { x, y } => (x, y),
        };
        Ok(Self { kind: key.kind(), numbers: (base64url::encode(&first), base64url::encode(&second)) })
    }

    /// A key whose numbers are in base64url already.
    #[cfg(test)]
    pub(super) fn from_numbers(kind: KeyKind, first: &str, second: &str) -> Self {
        Self { kind, numbers: (first.to_owned(), second.to_owned()) }
    }

    const fn curve(&self) -> &'static str {
        match self.kind {
            // Nobody asks.
            KeyKind::Rsa => "",
            KeyKind::P256 => "P-256",
            KeyKind::P384 => "P-384",
            KeyKind::P521 => "P-521",
        }
    }

    /// RFC 7638 3: the digest of the required members alone, in alphabetical order and without white space. Two keys never
    /// share a name, and the same key has the same name on every replica.
    pub(super) fn thumbprint(&self) -> String {
        let (first, second) = &self.numbers;
        let members = match self.kind {
            KeyKind::Rsa => format!(r#"{{"e":"{second}","kty":"RSA","n":"{first}"}}"#),
            _ => format!(r#"{{"crv":"{}","kty":"EC","x":"{first}","y":"{second}"}}"#, self.curve()),
        };
        base64url::encode(&DigestAlgorithm::Sha256.digest(members.as_bytes()))
    }

    fn json(&self, algorithm: Option<&str>) -> Value {
        let (first, second) = &self.numbers;
        let mut key = match self.kind {
            KeyKind::Rsa => json!({ "kty": "RSA", "n": first, "e": second }),
            _ => json!({ "kty": "EC", "crv": self.curve(), "x": first, "y": second }),
        };
        if let Value::Object(members) = &mut key {
            members.insert(String::from("kid"), self.thumbprint().into());
            members.insert(String::from("use"), "sig".into());
            // RFC 8725 3.1: a key is for one algorithm.
            if let Some(algorithm) = algorithm {
                members.insert(String::from("alg"), algorithm.into());
            }
        }
        key
    }
}

/// The public keys that tokens are verified with, as a JWK Set (RFC 7517 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    json: String,
}

impl KeySet {
    /// The public half of `current`, then `further` ones: those of the next key, or of the last.
    ///
    /// # Errors
    /// [`KeyError`] when a key cannot be read, which was checked when it was made.
    pub fn new(current: &SigningIdentity, further: &[VerificationKey]) -> Result<Self, KeyError> {
        let mut keys = vec![Jwk::of(current.public())?.json(Some(current.algorithm().as_str()))];
        for key in further {
            // An RSA key may be meant for another digest than ours; a curve says its algorithm itself.
            let algorithm = match key.kind() {
                KeyKind::Rsa => None,
                KeyKind::P256 => Some("ES256"),
                KeyKind::P384 => Some("ES384"),
                KeyKind::P521 => Some("ES512"),
            };
            keys.push(Jwk::of(key)?.json(algorithm));
        }
        Ok(Self { json: json!({ "keys": keys }).to_string() })
    }

    /// The document.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}
