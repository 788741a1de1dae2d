//! Signatures by the scheme of Standard Webhooks 1.0: HMAC-SHA256 over id, timestamp and body.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::base::{Secret, UnixTime};
use crate::encoding::base64;

/// What a secret begins with when it is written down.
const PREFIX: &str = "whsec_";

/// Bytes that a secret has at least: those of Standard Webhooks.
const MIN_BYTES: usize = 24;

/// Bytes that a secret has at most: those of Standard Webhooks, and the block size of the hash.
const MAX_BYTES: usize = 64;

/// A secret that we and the receiver share.
#[derive(Clone)]
pub struct WebhookSecret(Secret<Vec<u8>>);

/// A text that is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// What follows `whsec_` is no base64.
    Encoding,
    /// It has fewer than 24 or more than 64 bytes.
    Length(usize),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("not base64"),
            Self::Length(bytes) => write!(f, "{bytes} bytes"),
        }
    }
}

impl core::error::Error for SecretError {}

impl WebhookSecret {
    /// Reads `whsec_` and base64; the prefix may be missing.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = base64::decode_strict(encoded).map_err(|_| SecretError::Encoding)?;
        if (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) {
            Ok(Self(Secret::new(bytes)))
        } else {
            Err(SecretError::Length(bytes.len()))
        }
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose()).expect("HMAC takes a key of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", base64::encode(&mac.finalize().into_bytes()))
    }
}

/// The headers that prove where `body` comes from, and that it is of now.
///
/// The id is made from the body: the same state at the same second is the same message, and a receiver that keeps ids
/// takes it once.
pub(super) fn sign(secrets: &[WebhookSecret], body: &[u8], now: UnixTime) -> [(&'static str, String); 3] {
    let digest = Sha256::digest(body);
    let id: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let id = format!("msg_{id}");
    let timestamp = now.as_secs().to_string();
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(&id, &timestamp, body)).collect();
    [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signatures.join(" "))]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_checked() {
        let of = |bytes: usize| format!("whsec_{}", base64::encode(&vec![7; bytes]));
        for (text, fault) in [
            (of(23), SecretError::Length(23)),
            (of(65), SecretError::Length(65)),
            ("whsec_".to_owned(), SecretError::Length(0)),
            ("whsec_not base64!".to_owned(), SecretError::Encoding),
            ("whsec_whsec_".to_owned(), SecretError::Encoding),
        ] {
            assert_eq!(WebhookSecret::parse(&text).err(), Some(fault), "{text}");
        }
        for text in [of(24), of(64), base64::encode(&[7; 32])] {
            assert!(WebhookSecret::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_part_counts_and_every_secret_signs() {
        let secret = |byte| WebhookSecret::parse(&base64::encode(&[byte; 32])).unwrap();
        let signed = |secrets: &[_], body: &[u8], now| {
            let [_, _, (_, signature)] = sign(secrets, body, UnixTime::from_secs(now));
            signature
        };
        let one = signed(&[secret(1)], b"a", 1);
        assert_ne!(one, signed(&[secret(2)], b"a", 1));
        assert_ne!(one, signed(&[secret(1)], b"b", 1));
        assert_ne!(one, signed(&[secret(1)], b"a", 2));
        let both = signed(&[secret(2), secret(1)], b"a", 1);
        assert_eq!(both.split(' ').nth(1), Some(one.as_str()));
    }
}
