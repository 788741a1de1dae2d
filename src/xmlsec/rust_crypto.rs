//! The provider in pure Rust: everywhere outside of Envoy, and inside when Envoy's functions fail the self-test.

use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};

use crate::effect::{CryptoProvider, KeyKind, SignatureScheme, SigningFailure, SigningKey, VerificationKey};

use super::algorithm::DigestAlgorithm;

/// RSA PKCS#1 v1.5 and ECDSA by RustCrypto. ECDSA nonces are deterministic (RFC 6979).
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

fn padding(digest: DigestAlgorithm) -> Pkcs1v15Sign {
    match digest {
        DigestAlgorithm::Sha1 => Pkcs1v15Sign::new::<sha1::Sha1>(),
        DigestAlgorithm::Sha256 => Pkcs1v15Sign::new::<sha2::Sha256>(),
        DigestAlgorithm::Sha384 => Pkcs1v15Sign::new::<sha2::Sha384>(),
        DigestAlgorithm::Sha512 => Pkcs1v15Sign::new::<sha2::Sha512>(),
    }
}

macro_rules! ecdsa_verify {
    ($curve:ident, $spki:expr, $digest:expr, $signature:expr) => {{
        let Ok(key) = $curve::PublicKey::from_public_key_der($spki) else { return false };
        let Ok(signature) = $curve::ecdsa::Signature::from_der($signature) else { return false };
        $curve::ecdsa::VerifyingKey::from(key).verify_prehash($digest, &signature).is_ok()
    }};
}

macro_rules! ecdsa_sign {
    ($curve:ident, $pkcs8:expr, $digest:expr) => {{
        let key = $curve::SecretKey::from_pkcs8_der($pkcs8).map_err(|_| SigningFailure)?;
        let key = $curve::ecdsa::SigningKey::from(key);
        let signature: $curve::ecdsa::Signature = key.sign_prehash($digest).map_err(|_| SigningFailure)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }};
}

impl CryptoProvider for RustCrypto {
    fn verify(
        &self,
        scheme: SignatureScheme,
        key: &VerificationKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        if !scheme.takes(key.kind()) {
            return false;
        }
        let digest = scheme.digest().digest(message);
        match key.kind() {
            KeyKind::Rsa => RsaPublicKey::from_public_key_der(key.spki_der())
                .is_ok_and(|key| key.verify(padding(scheme.digest()), &digest, signature).is_ok()),
            KeyKind::P256 => ecdsa_verify!(p256, key.spki_der(), &digest, signature),
            KeyKind::P384 => ecdsa_verify!(p384, key.spki_der(), &digest, signature),
            KeyKind::P521 => ecdsa_verify!(p521, key.spki_der(), &digest, signature),
        }
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningFailure> {
        if !scheme.takes(key.kind()) {
            return Err(SigningFailure);
        }
        let digest = scheme.digest().digest(message);
        let pkcs8 = key.pkcs8_der().expose();
        match key.kind() {
            KeyKind::Rsa => {
                let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|_| SigningFailure)?;
                key.sign(padding(scheme.digest()), &digest).map_err(|_| SigningFailure)
            }
            KeyKind::P256 => ecdsa_sign!(p256, pkcs8, &digest),
            KeyKind::P384 => ecdsa_sign!(p384, pkcs8, &digest),
            KeyKind::P521 => ecdsa_sign!(p521, pkcs8, &digest),
        }
    }
}
