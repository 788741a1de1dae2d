//! Keys: certificates of identity providers, and our own private key.
//!
//! A certificate is a container of a pinned key here. Its signature, names and chain mean nothing (metadata
//! interoperability profile 2.6.1); whoever configures it trusts the key in it.

use core::fmt;

use rsa::pkcs8::PrivateKeyInfoRef;
use rsa::{RsaPrivateKey, RsaPublicKey, pkcs1};
use sha2::{Digest as _, Sha256};
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

/// SHA-256 of a public key's SubjectPublicKeyInfo: names the key wherever people compare keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyFingerprint([u8; 32]);

impl KeyFingerprint {
    /// The fingerprint of `key`.
    #[must_use]
    pub fn of(key: &VerificationKey) -> Self {
        Self(Sha256::digest(key.spki_der()).into())
    }
}

/// `sha256:` and 64 hexadecimal digits.
impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

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
        Self::from_der(&der)
    }

    /// Parses DER.
    ///
    /// # Errors
    /// [`KeyError`] as [`Certificate::parse`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let certificate =
            x509_cert::Certificate::from_der(der).map_err(|_| KeyError::CertificateMalformed)?;
        let certificate = certificate.tbs_certificate();
        let spki =
            certificate.subject_public_key_info().to_der().map_err(|_| KeyError::CertificateMalformed)?;
        let kind = public_kind(&spki)?;
        let not_after = certificate.validity().not_after.to_unix_duration().as_secs();
        Ok(Self {
            key: VerificationKey::from_checked_spki(kind, spki),
            der: der.to_vec(),
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
pub(super) fn public_kind(spki_der: &[u8]) -> Result<KeyKind, KeyError> {
    let spki = SubjectPublicKeyInfoRef::try_from(spki_der).map_err(|_| KeyError::CertificateMalformed)?;
    let malformed = KeyError::CertificateMalformed;
    if spki.algorithm.oid == RSA_ENCRYPTION {
        // The size first: what `rsa` itself finds too small is no malformed key to it or us.
        let parts = spki.subject_public_key.as_bytes().ok_or(malformed)?;
        let parts = pkcs1::RsaPublicKeyRef::try_from(parts).map_err(|_| malformed)?;
        rsa_size(parts.modulus.as_bytes())?;
        return RsaPublicKey::from_public_key_der(spki_der).map(|_| KeyKind::Rsa).map_err(|_| malformed);
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

/// `modulus` is unsigned, most significant byte first, without leading zeros.
fn rsa_size(modulus: &[u8]) -> Result<(), KeyError> {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros());
    let unused = usize::try_from(unused).unwrap_or_default();
    let bits = modulus.len().saturating_mul(8).saturating_sub(unused);
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
    let der = pkcs8_der(pem)?;
    let malformed = KeyError::PrivateKeyMalformed;
    let info = private_key_info(&der)?;
    let kind = if info.algorithm.oid == RSA_ENCRYPTION {
        rsa_private_key(info).map(|_| KeyKind::Rsa)?
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

/// Parses an RSA private key and gives its DER too.
pub(super) fn parse_rsa_key(pem: &Secret<String>) -> Result<(RsaPrivateKey, Secret<Vec<u8>>), KeyError> {
    let der = pkcs8_der(pem)?;
    let info = private_key_info(&der)?;
    if info.algorithm.oid != RSA_ENCRYPTION {
        return Err(KeyError::NotRsa);
    }
    let key = rsa_private_key(info)?;
    Ok((key, der))
}

fn pkcs8_der(pem: &Secret<String>) -> Result<Secret<Vec<u8>>, KeyError> {
    let malformed = KeyError::PrivateKeyMalformed;
    let body = pem_body(pem.expose().trim(), "PRIVATE KEY").ok_or(malformed)?;
    base64::decode_xml(body).map(Secret::new).map_err(|_| malformed)
}

fn private_key_info(der: &Secret<Vec<u8>>) -> Result<PrivateKeyInfoRef<'_>, KeyError> {
    PrivateKeyInfoRef::try_from(der.expose().as_slice()).map_err(|_| KeyError::PrivateKeyMalformed)
}

fn rsa_private_key(info: PrivateKeyInfoRef<'_>) -> Result<RsaPrivateKey, KeyError> {
    let malformed = KeyError::PrivateKeyMalformed;
    let parts = pkcs1::RsaPrivateKeyRef::try_from(info.private_key.as_bytes()).map_err(|_| malformed)?;
    rsa_size(parts.modulus.as_bytes())?;
    RsaPrivateKey::try_from(info).map_err(|_| malformed)
}

/// What is between the lines of the one PEM block `label` that is all of `text` (RFC 7468).
pub(super) fn pem_body<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let text = text.strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
    text.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../tests/keys/rsa2048.crt.pem");
    const RSA_KEY: &str = include_str!("../../tests/keys/rsa2048.key.pem");

    fn signing_key(pem: &str) -> Result<SigningKey, KeyError> {
        parse_signing_key(&Secret::new(pem.to_owned()))
    }

    #[test]
    fn certificates_in_pem_and_bare_base64_hold_the_same_key() {
        let pem = Certificate::parse(RSA).unwrap();
        let bare = RSA.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\r\n\t");
        assert_eq!(Certificate::parse(&format!("\n  {bare}\n")).unwrap(), pem);
        assert_eq!(Certificate::parse(&base64::encode(pem.der())).unwrap(), pem);
        assert_eq!(pem.key().kind(), KeyKind::Rsa);
        assert!(pem.not_after() > UnixTime::from_secs(4_900_000_000));
        for (text, kind) in [
            (include_str!("../../tests/keys/p256.crt.pem"), KeyKind::P256),
            (include_str!("../../tests/keys/p384.crt.pem"), KeyKind::P384),
            (include_str!("../../tests/keys/p521.crt.pem"), KeyKind::P521),
        ] {
            assert_eq!(Certificate::parse(text).unwrap().key().kind(), kind);
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let pem = Certificate::parse(RSA).unwrap();
        let mut junk = pem.der().to_vec();
        junk.push(0);
        let cut = &pem.der()[..pem.der().len() - 1];
        for text in [
            String::new(),
            String::from("not base64"),
            RSA.repeat(2),
            RSA.replace("-----END CERTIFICATE-----", ""),
            RSA.replace("CERTIFICATE", "PUBLIC KEY"),
            format!("subject=CN\n{RSA}"),
            RSA_KEY.to_owned(),
            base64::encode(&junk),
            base64::encode(cut),
            base64::encode(pem.key().spki_der()),
        ] {
            let error = Certificate::parse(&text).unwrap_err();
            assert_eq!(error, KeyError::CertificateMalformed, "{text}");
            assert_eq!(error.code().id(), "SG3015");
        }
    }

    #[test]
    fn weak_and_foreign_keys_are_refused() {
        let weak = KeyError::RsaSize { bits: 1024 };
        assert_eq!(Certificate::parse(include_str!("../../tests/keys/rsa1024_weak.crt.pem")), Err(weak));
        assert_eq!(signing_key(include_str!("../../tests/keys/rsa1024_weak.key.pem")).unwrap_err(), weak);
        // Too small for `rsa` to be a key at all.
        assert_eq!(signing_key(RSA512_KEY).unwrap_err(), KeyError::RsaSize { bits: 512 });
        for foreign in [ED25519, SECP256K1] {
            let error = Certificate::parse(foreign).unwrap_err();
            assert_eq!(error, KeyError::KindUnsupported);
            assert_eq!(error.code().id(), "SG3011");
        }
        assert_eq!(signing_key(ED25519_KEY).unwrap_err(), KeyError::KindUnsupported);
    }

    #[test]
    fn private_keys_are_one_unencrypted_pkcs8_block() {
        assert_eq!(signing_key(RSA_KEY).unwrap().kind(), KeyKind::Rsa);
        let p521 = include_str!("../../tests/keys/p521.key.pem");
        assert_eq!(signing_key(&p521.replace('\n', "\r\n")).unwrap().kind(), KeyKind::P521);
        for text in [
            String::new(),
            RSA.to_owned(),
            RSA_KEY.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            RSA_KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            RSA_KEY.repeat(2),
            format!("{RSA}{RSA_KEY}"),
            RSA_KEY.replacen("MIIE", "MIID", 1),
        ] {
            let error = signing_key(&text).unwrap_err();
            assert_eq!(error, KeyError::PrivateKeyMalformed, "{text}");
            assert_eq!(error.code().id(), "SG3016");
        }
    }

    const RSA512_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAt7vYToU4kRR1OH1H\n\
        W0+C8NCWJMre40+8MCubAZLY2h3TOt1vbXf3LsnVzwNwSdTb3eSNbt8E/SHqbSzM\n\
        MsIrnwIDAQABAkEAtUlLLG6WWc/tuUcjWR0i/alR/AuP0ImkDYN49hyGiu6lAHCo\n\
        qD4WBMNyKu+xtgBdkM6osfVwWiuQWqlfbnsrAQIhAO03XiBH40yS6yKI+nLkvy2d\n\
        monx8Y+4hb006sjeZo+PAiEAxkhUGuKp/PmUb2Bg3A3SXWOuV7tDqJPF6NkkTAQX\n\
        mvECIQCO+waDEpGQwCV2RXYf9ny9M/fIGcruQ9xotRKnTFYpRQIgbdpipmaP0TUh\n\
        NLeL0j7iHpV8YOTCLmJ4knHDN05JGbECIERn69swxzvkrEj6A9xlx0eOyN2oHpmq\n\
        09ctBb7WyCmk\n\
        -----END PRIVATE KEY-----\n";

    const ED25519: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBOjCB7aADAgECAhQ7oaByo6LxTqZL1OlO/UTxI3LEFzAFBgMrZXAwEjEQMA4G\n\
        A1UEAwwHZWQyNTUxOTAgFw0yNjExMjEyMzIyMzVaGA8yMTI2MTAyODIzMjIzNVow\n\
        EjEQMA4GA1UEAwwHZWQyNTUxOTAqMAUGAytlcAMhAGv71Ci9acKbR76XXY0aOn2t\n\
        RZRef23SZc2+ya2PsF2go1MwUTAdBgNVHQ4EFgQUFD7lrLbw8+qRy1o0V2qtZCzQ\n\
        5L8wHwYDVR0jBBgwFoAUFD7lrLbw8+qRy1o0V2qtZCzQ5L8wDwYDVR0TAQH/BAUw\n\
        AwEB/zAFBgMrZXADQQCWWoVYxpgGkixQriGyKsS5kNPU/DoQrg5uWuFGAYAMM8eB\n\
        IpvqGqEDSHAcsdylPA68z2+u2hFwh9n7wTiyB/oL\n\
        -----END CERTIFICATE-----";

    const ED25519_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIH2VfywI3GyQ+Cj3xGIDxaN7dLsJ7kYAuSgBr3Lt45xf\n\
        -----END PRIVATE KEY-----";

    const SECP256K1: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBbzCCARSgAwIBAgIUQvEgvcGrOvMTPfEfL/HX76j6UCowCgYIKoZIzj0EAwIw\n\
        DTELMAkGA1UEAwwCazEwIBcNMjYxMTIxMjMyMjM1WhgPMjEyNjEwMjgyMzIyMzVa\n\
        MA0xCzAJBgNVBAMMAmsxMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEqmkfJ53cgSPj\n\
        SPwgEaQUu57r/2FAjM7Vx5XwbktoHSiLE0JMKMGLDr2mOBrIPETrsnoVovmyBJhr\n\
        5WEPOMf+l6NTMFEwHQYDVR0OBBYEFMHQ0QKyYOSkSiXTIMrEacaB+l4aMB8GA1Ud\n\
        IwQYMBaAFMHQ0QKyYOSkSiXTIMrEacaB+l4aMA8GA1UdEwEB/wQFMAMBAf8wCgYI\n\
        KoZIzj0EAwIDSQAwRgIhAOw7S899yaF0KgZNE8bvkZSadUn0ZFNsV+C/GS5crDhQ\n\
        AiEAxM1JUIahfdVfj/1TYnhg7SMcy2gjZZG7jwhGRS8q6YU=\n\
        -----END CERTIFICATE-----";
}
