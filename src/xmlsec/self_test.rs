//! Known answers: does a provider verify and sign as this room expects?
//!
//! The keys are the published test keys of `tests/keys`; the signatures were made by OpenSSL:
//! `printf 'samlgate knows this answer' | openssl dgst -sha256 -sign rsa.key.pem | base64 -w0`.

use crate::base::Secret;
use crate::effect::{CryptoProvider, SignatureScheme};
use crate::encoding::base64;

use super::key::{Certificate, parse_signing_key};

const MESSAGE: &[u8] = b"samlgate knows this answer";
const OTHER_MESSAGE: &[u8] = b"samlgate knows that answer";

/// True if `crypto` accepts known good signatures, refuses known bad ones, and accepts what it signs itself.
///
/// Used once per configuration to choose between Envoy's functions and [`super::RustCrypto`].
#[must_use]
pub fn self_test(crypto: &dyn CryptoProvider) -> bool {
    passes(crypto).unwrap_or(false)
}

fn passes(crypto: &dyn CryptoProvider) -> Option<bool> {
    use SignatureScheme::{EcdsaSha256, EcdsaSha384, RsaSha256, RsaSha512};
    let rsa = Certificate::parse(include_str!("self_test/rsa.crt.pem")).ok()?;
    let ec = Certificate::parse(include_str!("self_test/p256.crt.pem")).ok()?;
    let rsa_256 = base64::decode_xml(include_str!("self_test/rsa_sha256.signature.txt")).ok()?;
    let rsa_512 = base64::decode_xml(include_str!("self_test/rsa_sha512.signature.txt")).ok()?;
    let ec_256 = base64::decode_xml(include_str!("self_test/ecdsa_sha256.signature.txt")).ok()?;
    let (rsa, ec) = (rsa.key(), ec.key());

    let good = crypto.verify(RsaSha256, rsa, MESSAGE, &rsa_256)
        && crypto.verify(RsaSha512, rsa, MESSAGE, &rsa_512)
        && crypto.verify(EcdsaSha256, ec, MESSAGE, &ec_256);

    // One bit off, cut, empty, of another message, digest or key; r = s = 0 and r = s = 1 in DER.
    let zeros = [0x30, 6, 2, 1, 0, 2, 1, 0];
    let ones = [0x30, 6, 2, 1, 1, 2, 1, 1];
    let bad = crypto.verify(RsaSha256, rsa, MESSAGE, &flipped(&rsa_256))
        || crypto.verify(RsaSha256, rsa, MESSAGE, rsa_256.get(1..)?)
        || crypto.verify(RsaSha256, rsa, MESSAGE, &[])
        || crypto.verify(RsaSha256, rsa, OTHER_MESSAGE, &rsa_256)
        || crypto.verify(RsaSha256, rsa, MESSAGE, &rsa_512)
        || crypto.verify(RsaSha512, rsa, MESSAGE, &rsa_256)
        || crypto.verify(RsaSha256, ec, MESSAGE, &rsa_256)
        || crypto.verify(EcdsaSha256, ec, MESSAGE, &flipped(&ec_256))
        || crypto.verify(EcdsaSha256, ec, OTHER_MESSAGE, &ec_256)
        || crypto.verify(EcdsaSha384, ec, MESSAGE, &ec_256)
        || crypto.verify(EcdsaSha256, rsa, MESSAGE, &ec_256)
        || crypto.verify(EcdsaSha256, ec, MESSAGE, &zeros)
        || crypto.verify(EcdsaSha256, ec, MESSAGE, &ones)
        || crypto.verify(EcdsaSha256, ec, MESSAGE, &[]);

    let rsa_private = Secret::new(include_str!("self_test/rsa.key.pem").to_owned());
    let rsa_private = parse_signing_key(&rsa_private).ok()?;
    let ec_private = Secret::new(include_str!("self_test/p256.key.pem").to_owned());
    let ec_private = parse_signing_key(&ec_private).ok()?;
    // PKCS#1 v1.5 has one signature per message; ECDSA has many.
    let signs = crypto.sign(RsaSha256, &rsa_private, MESSAGE).ok()? == rsa_256
        && crypto.verify(
            EcdsaSha256,
            ec,
            OTHER_MESSAGE,
            &crypto.sign(EcdsaSha256, &ec_private, OTHER_MESSAGE).ok()?,
        );
    Some(good && !bad && signs)
}

/// The last bit turned over.
fn flipped(signature: &[u8]) -> Vec<u8> {
    let mut signature = signature.to_vec();
    if let Some(last) = signature.last_mut() {
        *last ^= 1;
    }
    signature
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::effect::{SigningFailure, SigningKey, VerificationKey};
    use crate::xmlsec::RustCrypto;

    /// Says the same to everything, and signs as RustCrypto does.
    struct Yea(bool);

    impl CryptoProvider for Yea {
        fn verify(&self, _: SignatureScheme, _: &VerificationKey, _: &[u8], _: &[u8]) -> bool {
            self.0
        }

        fn sign(&self, s: SignatureScheme, k: &SigningKey, m: &[u8]) -> Result<Vec<u8>, SigningFailure> {
            RustCrypto.sign(s, k, m)
        }
    }

    #[test]
    fn the_rust_provider_passes_and_a_yea_sayer_does_not() {
        assert!(self_test(&RustCrypto));
        assert!(!self_test(&Yea(true)));
        assert!(!self_test(&Yea(false)));
    }

    /// As RustCrypto, but for one answer.
    struct WrongOnce {
        at: usize,
        asked: Cell<usize>,
    }

    impl CryptoProvider for WrongOnce {
        fn verify(&self, s: SignatureScheme, k: &VerificationKey, m: &[u8], v: &[u8]) -> bool {
            let wrong = self.asked.replace(self.asked.get() + 1) == self.at;
            RustCrypto.verify(s, k, m, v) != wrong
        }

        fn sign(&self, s: SignatureScheme, k: &SigningKey, m: &[u8]) -> Result<Vec<u8>, SigningFailure> {
            RustCrypto.sign(s, k, m)
        }
    }

    #[test]
    fn every_single_answer_counts() {
        assert_eq!(flipped(&[1, 2]), [1, 3]);
        let passes = |at| self_test(&WrongOnce { at, asked: Cell::new(0) });
        for at in 0..18 {
            assert!(!passes(at), "the wrong answer {at} was not noticed");
        }
        assert!(passes(18), "there are 18 questions");
    }
}
