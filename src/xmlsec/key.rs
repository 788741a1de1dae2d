//! Keys: certificates of identity providers, and our own private key.
//!
//! A certificate is a container of a pinned key here. Its signature, names and chain mean nothing (metadata
//! interoperability profile 2.6.1); whoever configures it trusts the key in it.

use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::spki::{DecodePublicKey as _, ObjectIdentifier, SubjectPublicKeyInfoRef};

use crate::base::{Secret, UnixTime};
use crate::effect::{KeyKind, SigningKey, VerificationKey};
use crate::encoding::base64;

use super::KeyError;

/// NIST SP 800-131A: smaller RSA keys give less than 112 bits of security.
const SMALLEST_RSA_BITS: usize = 2048;
/// Beyond it a check costs milliseconds and nobody issues such keys.
const LARGEST_RSA_BITS: usize = 8192;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// An X.509 certificate with a key of an accepted kind and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    key: VerificationKey,
    not_after: UnixTime,
}

impl Certificate {
    /// Parses PEM (one `CERTIFICATE` block) or the bare base64 of `ds:X509Certificate`.
    ///
    /// # Errors
    /// [`KeyError`] when it is no certificate or its key is too weak or of an unknown kind.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let base64 = if text.starts_with("-----") {
            pem_body(text, "CERTIFICATE").ok_or(KeyError::CertificateMalformed)?
        } else {
            text
        };
        let der = base64::decode_xml(base64).map_err(|_| KeyError::CertificateMalformed)?;
        let certificate =
            x509_cert::Certificate::from_der(&der).map_err(|_| KeyError::CertificateMalformed)?;
        let certificate = certificate.tbs_certificate();
        let spki =
            certificate.subject_public_key_info().to_der().map_err(|_| KeyError::CertificateMalformed)?;
        let kind = public_kind(&spki)?;
        let not_after = certificate.validity().not_after.to_unix_duration().as_secs();
        Ok(Self {
            key: VerificationKey::from_checked_spki(kind, spki),
            der,
            not_after: UnixTime::from_secs(not_after),
        })
    }

    /// The key in it.
    #[must_use]
    pub const fn key(&self) -> &VerificationKey {
        &self.key
    }

    /// Its last second. For warnings only: an expired certificate does not make a pinned key bad.
    #[must_use]
    pub const fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Checks a SubjectPublicKeyInfo: kind, size, and that a point is on its curve.
fn public_kind(spki_der: &[u8]) -> Result<KeyKind, KeyError> {
    let spki = SubjectPublicKeyInfoRef::try_from(spki_der).map_err(|_| KeyError::CertificateMalformed)?;
    let malformed = KeyError::CertificateMalformed;
    if spki.algorithm.oid == RSA_ENCRYPTION {
        let key = RsaPublicKey::from_public_key_der(spki_der).map_err(|_| malformed)?;
        rsa_size(&key)?;
        return Ok(KeyKind::Rsa);
    }
    if spki.algorithm.oid != EC_PUBLIC_KEY {
        return Err(KeyError::KindUnsupported);
    }
    let curve = spki.algorithm.parameters_oid().map_err(|_| KeyError::KindUnsupported)?;
    if curve == SECP256R1 {
        p256::PublicKey::from_public_key_der(spki_der).map(|_| KeyKind::P256).map_err(|_| malformed)
    } else if curve == SECP384R1 {
        p384::PublicKey::from_public_key_der(spki_der).map(|_| KeyKind::P384).map_err(|_| malformed)
    } else if curve == SECP521R1 {
        p521::PublicKey::from_public_key_der(spki_der).map(|_| KeyKind::P521).map_err(|_| malformed)
    } else {
        Err(KeyError::KindUnsupported)
    }
}

fn rsa_size(key: &impl PublicKeyParts) -> Result<(), KeyError> {
    let bits = usize::try_from(key.n().bits_vartime()).unwrap_or(usize::MAX);
    if (SMALLEST_RSA_BITS..=LARGEST_RSA_BITS).contains(&bits) {
        Ok(())
    } else {
        Err(KeyError::RsaSize { bits })
    }
}

/// Parses our private key: one unencrypted PKCS#8 `PRIVATE KEY` block in PEM.
///
/// # Errors
/// [`KeyError`] when it is none, or the key is too weak or of an unknown kind.
pub fn parse_signing_key(pem: &Secret<String>) -> Result<SigningKey, KeyError> {
    let malformed = KeyError::PrivateKeyMalformed;
    let body = pem_body(pem.expose().trim(), "PRIVATE KEY").ok_or(malformed)?;
    let der = Secret::new(base64::decode_xml(body).map_err(|_| malformed)?);
    let info = rsa::pkcs8::PrivateKeyInfoRef::try_from(der.expose().as_slice()).map_err(|_| malformed)?;
    let kind = if info.algorithm.oid == RSA_ENCRYPTION {
        let key = RsaPrivateKey::try_from(info).map_err(|_| malformed)?;
        rsa_size(&key)?;
        KeyKind::Rsa
    } else if info.algorithm.oid == EC_PUBLIC_KEY {
        let curve = info.algorithm.parameters_oid().map_err(|_| KeyError::KindUnsupported)?;
        if curve == SECP256R1 {
            p256::SecretKey::try_from(info).map(|_| KeyKind::P256).map_err(|_| malformed)?
        } else if curve == SECP384R1 {
            p384::SecretKey::try_from(info).map(|_| KeyKind::P384).map_err(|_| malformed)?
        } else if curve == SECP521R1 {
            p521::SecretKey::try_from(info).map(|_| KeyKind::P521).map_err(|_| malformed)?
        } else {
            return Err(KeyError::KindUnsupported);
        }
    } else {
        return Err(KeyError::KindUnsupported);
    };
    Ok(SigningKey::from_checked_pkcs8(kind, der))
}

/// What is between the lines of the one PEM block `label` that is all of `text` (RFC 7468).
fn pem_body<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let text = text.strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
    text.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")
}
