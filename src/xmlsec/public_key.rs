//! Public keys by themselves: the other half of a key of ours, and the numbers in it, for key formats other than DER.

use p256::elliptic_curve::sec1::ToSec1Point as _;
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};

use crate::effect::{KeyKind, SigningKey, VerificationKey};
use crate::encoding::base64;

use super::KeyError;
use super::key::{Certificate, pem_body, public_kind};

macro_rules! point {
    ($curve:ident, $spki:expr) => {
        // SEC 1 2.3.3: `04`, x, y.
        $curve::PublicKey::from_public_key_der($spki).map(|key| key.to_sec1_point(false).as_bytes().to_vec())
    };
}

macro_rules! half {
    ($curve:ident, $pkcs8:expr) => {{
        let key = $curve::SecretKey::from_pkcs8_der($pkcs8).ok();
        key.and_then(|key| key.public_key().to_public_key_der().ok())
    }};
}

/// The numbers of a public key, unsigned, most significant byte first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicNumbers {
    /// RSA, without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// A point on a NIST curve; both coordinates are as long as the curve's field.
    Point {
        /// First coordinate.
        x: Vec<u8>,
        /// Second coordinate.
        y: Vec<u8>,
    },
}

impl PublicNumbers {
    /// The numbers of `key`.
    ///
    /// # Errors
    /// [`KeyError::PublicKeyMalformed`] when its DER cannot be read, which was checked when the key was made.
    pub fn of(key: &VerificationKey) -> Result<Self, KeyError> {
        let malformed = KeyError::PublicKeyMalformed;
        let der = key.spki_der();
        let point = match key.kind() {
            KeyKind::Rsa => {
                let key = RsaPublicKey::from_public_key_der(der).map_err(|_| malformed)?;
                let (modulus, exponent) = (key.n_bytes().into_vec(), key.e_bytes().into_vec());
                return Ok(Self::Rsa { modulus, exponent });
            }
            KeyKind::P256 => point!(p256, der),
            KeyKind::P384 => point!(p384, der),
            KeyKind::P521 => point!(p521, der),
        };
        let point = point.map_err(|_| malformed)?;
        let coordinates = point.split_first().map(|(_, coordinates)| coordinates).unwrap_or_default();
        let bytes = key.kind().scalar_bytes().ok_or(malformed)?;
        let (x, y) =
            coordinates.split_at_checked(bytes).filter(|(_, y)| y.len() == bytes).ok_or(malformed)?;
        Ok(Self::Point { x: x.to_vec(), y: y.to_vec() })
    }
}

/// The public half of `key`.
///
/// # Errors
/// [`KeyError::PrivateKeyMalformed`] when its DER cannot be read, which was checked when the key was made.
pub fn public_half(key: &SigningKey) -> Result<VerificationKey, KeyError> {
    let der = key.pkcs8_der().expose();
    let spki = match key.kind() {
        KeyKind::Rsa => RsaPrivateKey::from_pkcs8_der(der)
            .ok()
            .and_then(|key| key.to_public_key().to_public_key_der().ok()),
        KeyKind::P256 => half!(p256, der),
        KeyKind::P384 => half!(p384, der),
        KeyKind::P521 => half!(p521, der),
    };
    let spki = spki.ok_or(KeyError::PrivateKeyMalformed)?;
    Ok(VerificationKey::from_checked_spki(key.kind(), spki.as_bytes().to_vec()))
}

/// Parses a public key: one `PUBLIC KEY` block in PEM, or a certificate that holds it.
///
/// # Errors
/// [`KeyError`] when it is neither, or the key is too weak or of an unknown kind.
pub fn parse_public_key(text: &str) -> Result<VerificationKey, KeyError> {
    let malformed = KeyError::PublicKeyMalformed;
    let Some(body) = pem_body(text.trim(), "PUBLIC KEY") else {
        return Certificate::parse(text)
            .map(|certificate| certificate.key().clone())
            .map_err(|error| if error == KeyError::CertificateMalformed { malformed } else { error });
    };
    let der = base64::decode_xml(body).map_err(|_| malformed)?;
    let kind = public_kind(&der)
        .map_err(|error| if error == KeyError::CertificateMalformed { malformed } else { error })?;
    Ok(VerificationKey::from_checked_spki(kind, der))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::xmlsec::key::parse_signing_key;

    const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpHwoF+xErXReF03aeMqIYKbU8DFo\n\
        8Cc3m9TeRe9xeXPxrlSe709EODV8yxubZxlzuFAJGmPz+hcmdYP8UFIE/Q==\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn both_halves_of_a_key_belong_together() {
        for (private, certificate) in [
            (
                include_str!("../../tests/keys/rsa2048.key.pem"),
                include_str!("../../tests/keys/rsa2048.crt.pem"),
            ),
            (include_str!("../../tests/keys/p256.key.pem"), include_str!("../../tests/keys/p256.crt.pem")),
            (include_str!("../../tests/keys/p384.key.pem"), include_str!("../../tests/keys/p384.crt.pem")),
            (include_str!("../../tests/keys/p521.key.pem"), include_str!("../../tests/keys/p521.crt.pem")),
        ] {
            let private = parse_signing_key(&Secret::new(private.to_owned())).unwrap();
            let public = parse_public_key(certificate).unwrap();
            assert_eq!(public_half(&private).unwrap(), public);
            match (PublicNumbers::of(&public).unwrap(), public.kind().scalar_bytes()) {
                (PublicNumbers::Rsa { modulus, exponent }, None) => {
                    assert_eq!((modulus.len(), exponent), (256, vec![1, 0, 1]));
                }
                (PublicNumbers::Point { x, y }, Some(bytes)) => {
                    assert_eq!((x.len(), y.len()), (bytes, bytes));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_point_is_written_out_however_it_came() {
        let key = parse_public_key(P256_PUBLIC).unwrap();
        let PublicNumbers::Point { x, y } = PublicNumbers::of(&key).unwrap() else { panic!("no point") };
        assert_eq!((x[0], y[31]), (0xa4, 0xfd));
        // The same point with the sign of y in place of y (SEC 1 2.3.3), which X.509 allows.
        let mut short = key.spki_der()[..26].to_vec();
        short[1] = 0x39;
        short[24] = 0x22;
        short.push(2 + (y[31] & 1));
        short.extend_from_slice(&x);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", base64::encode(&short));
        let same = parse_public_key(&pem).unwrap();
        assert_eq!(PublicNumbers::of(&same).unwrap(), PublicNumbers::Point { x, y });
    }

    #[test]
    fn what_is_no_good_public_key_is_refused() {
        let off_curve = P256_PUBLIC.replace("FIE/Q==", "FIE/A==");
        for text in [
            "",
            "x",
            &P256_PUBLIC.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            &P256_PUBLIC.replace("MFkw", "MFow"),
            &P256_PUBLIC.repeat(2),
            &off_curve,
            include_str!("../../tests/keys/p256.key.pem"),
        ] {
            let error = parse_public_key(text).unwrap_err();
            assert_eq!(error, KeyError::PublicKeyMalformed, "{text}");
            assert_eq!(error.code().id(), "SG3024");
        }
        let weak = include_str!("../../tests/keys/rsa1024_weak.crt.pem");
        assert_eq!(parse_public_key(weak), Err(KeyError::RsaSize { bits: 1024 }));
    }
}
