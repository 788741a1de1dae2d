//! What can be wrong with a signature, an encrypted element or a key.

use core::fmt;

use crate::base::Code;
use crate::effect::SignatureScheme;
use crate::xml::{Position, XmlError};

/// The signature is not acceptable, or none could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The element has no `ds:Signature` child.
    Missing,
    /// The signature is not shaped as SAML core 5.4 and XML-DSig core 4 demand.
    Structure {
        /// What is wrong.
        finding: &'static str,
        /// The element it was found at.
        at: Position,
    },
    /// The reference is not to the ID of the element that contains the signature.
    ReferenceRefused {
        /// The URI of the reference.
        uri: String,
    },
    /// Something other than enveloped-signature followed by exclusive canonical XML.
    TransformRefused {
        /// The URI of the offending transform, empty when one is missing.
        uri: String,
    },
    /// A canonicalization other than exclusive canonical XML.
    CanonicalizationRefused {
        /// Its URI.
        uri: String,
    },
    /// A signature algorithm that is unknown or not allowed.
    SchemeRefused {
        /// Its URI.
        uri: String,
    },
    /// A digest algorithm that is unknown or not allowed.
    DigestRefused {
        /// Its URI.
        uri: String,
    },
    /// `DigestValue` or `SignatureValue` is not plain base64 of the right length.
    ValueMalformed {
        /// Which.
        element: &'static str,
    },
    /// None of the keys is of the kind that the scheme needs.
    KeyUnsuitable {
        /// The scheme that the message names.
        scheme: SignatureScheme,
    },
    /// No key made the signature.
    Invalid,
    /// The signature is good, but the element is not what was signed.
    DigestMismatch,
    /// More checks than `Limits::max_signature_checks`.
    ChecksExceeded,
    /// The message could not be signed.
    SigningFailed {
        /// Why.
        finding: &'static str,
    },
    /// The document itself is not acceptable.
    Xml(XmlError),
}

impl SignatureError {
    /// The code of the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing => Code::SignatureMissing,
            Self::Structure { .. } => Code::SignatureStructure,
            Self::ReferenceRefused { .. } => Code::ReferenceRefused,
            Self::TransformRefused { .. } => Code::TransformRefused,
            Self::CanonicalizationRefused { .. } => Code::CanonicalizationRefused,
            Self::SchemeRefused { .. } => Code::SignatureAlgorithmRefused,
            Self::DigestRefused { .. } => Code::DigestAlgorithmRefused,
            Self::ValueMalformed { .. } => Code::SignatureValueMalformed,
            Self::KeyUnsuitable { .. } => Code::KeyUnsuitable,
            Self::Invalid => Code::SignatureInvalid,
            Self::DigestMismatch => Code::DigestMismatch,
            Self::ChecksExceeded => Code::SignatureChecksExceeded,
            Self::SigningFailed { .. } => Code::SigningFailed,
            Self::Xml(error) => error.code(),
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the element has no signature"),
            Self::Structure { finding, at } => write!(f, "the signature at {at} is misshapen: {finding}"),
            Self::ReferenceRefused { uri } => {
                write!(f, "the reference `{}` is not to the signed element's own ID", Shown(uri))
            }
            Self::TransformRefused { uri } if uri.is_empty() => f.write_str("a transform is missing"),
            Self::TransformRefused { uri } => {
                write!(f, "the transform `{}` is not accepted here", Shown(uri))
            }
            Self::CanonicalizationRefused { uri } => {
                write!(f, "the canonicalization `{}` is not accepted", Shown(uri))
            }
            Self::SchemeRefused { uri } => {
                write!(f, "the signature algorithm `{}` is not accepted", Shown(uri))
            }
            Self::DigestRefused { uri } => write!(f, "the digest algorithm `{}` is not accepted", Shown(uri)),
            Self::ValueMalformed { element } => {
                write!(f, "`{element}` is not plain base64 of the right length")
            }
            Self::KeyUnsuitable { scheme } => write!(f, "no configured key fits `{}`", scheme.uri()),
            Self::Invalid => f.write_str("no configured key made the signature"),
            Self::DigestMismatch => f.write_str("the element is not what was signed"),
            Self::ChecksExceeded => f.write_str("the message asks for too many signature checks"),
            Self::SigningFailed { finding } => write!(f, "could not sign: {finding}"),
            Self::Xml(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SignatureError {}

impl From<XmlError> for SignatureError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

/// An encrypted element could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecryptionError {
    /// No decryption key is configured.
    KeyMissing,
    /// The element is not shaped as xmlenc-core1 3 and SAML core 2.2.4 demand.
    Structure {
        /// What is wrong.
        finding: &'static str,
        /// The element it was found at.
        at: Position,
    },
    /// A cipher, key transport or hash function that is unknown or not allowed.
    AlgorithmRefused {
        /// Its URI.
        uri: String,
    },
    /// AES-CBC outside of a response whose signature holds.
    ResponseUnsigned,
    /// More keys than `Limits::max_encrypted_keys`, or more uses of ours than `Limits::max_decryptions`.
    AttemptsExceeded,
    /// Anything behind the first use of a private key. There are no details, for anybody.
    Failed,
    /// The element itself is not acceptable.
    Xml(XmlError),
}

impl DecryptionError {
    /// The code of the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::KeyMissing => Code::AssertionEncrypted,
            Self::Structure { .. } => Code::EncryptionStructure,
            Self::AlgorithmRefused { .. } => Code::EncryptionAlgorithmRefused,
            Self::ResponseUnsigned => Code::EncryptionUncovered,
            Self::AttemptsExceeded => Code::DecryptionsExceeded,
            Self::Failed => Code::DecryptionFailed,
            Self::Xml(error) => error.code(),
        }
    }
}

impl fmt::Display for DecryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing => f.write_str("something is encrypted and no decryption key is configured"),
            Self::Structure { finding, at } => {
                write!(f, "the encrypted element at {at} is misshapen: {finding}")
            }
            Self::AlgorithmRefused { uri } => {
                write!(f, "the encryption algorithm `{}` is not accepted", Shown(uri))
            }
            Self::ResponseUnsigned => f.write_str("AES-CBC in a response without a signature"),
            Self::AttemptsExceeded => f.write_str("the message asks for too many decryptions"),
            Self::Failed => f.write_str("the encrypted element could not be decrypted"),
            Self::Xml(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DecryptionError {}

impl From<XmlError> for DecryptionError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

/// The sender's text in a message: at most 120 characters of it, without line breaks and other control characters.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |character: char| if character.is_control() { '\u{FFFD}' } else { character };
        self.0.chars().take(120).map(plain).try_for_each(|character| fmt::Write::write_char(f, character))
    }
}

/// A certificate or private key is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Not an X.509 certificate in PEM or bare base64.
    CertificateMalformed,
    /// Not an unencrypted PKCS#8 private key in PEM, or its parts contradict each other.
    PrivateKeyMalformed,
    /// Neither a `PUBLIC KEY` in PEM nor a certificate.
    PublicKeyMalformed,
    /// An RSA key outside of 2048 to 8192 bits.
    RsaSize {
        /// Its size in bits.
        bits: usize,
    },
    /// Neither RSA nor one of the curves P-256, P-384, P-521.
    KindUnsupported,
    /// Not RSA, which alone decrypts here.
    NotRsa,
}

impl KeyError {
    /// The code of the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::CertificateMalformed => Code::CertificateMalformed,
            Self::PrivateKeyMalformed => Code::PrivateKeyMalformed,
            Self::PublicKeyMalformed => Code::PublicKeyMalformed,
            Self::RsaSize { .. } | Self::KindUnsupported | Self::NotRsa => Code::KeyTooWeak,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateMalformed => f.write_str("not an X.509 certificate in PEM or bare base64"),
            Self::PrivateKeyMalformed => f.write_str("not an unencrypted PKCS#8 private key in PEM"),
            Self::PublicKeyMalformed => f.write_str("neither a `PUBLIC KEY` in PEM nor an X.509 certificate"),
            Self::RsaSize { bits } => write!(f, "an RSA key of `{bits}` bits; 2048 to 8192 are accepted"),
            Self::NotRsa => f.write_str("not an RSA key, which decryption needs"),
            Self::KindUnsupported => f.write_str("neither an RSA key nor one on P-256, P-384 or P-521"),
        }
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_what_was_sent_but_not_as_it_was_sent() {
        let refused = SignatureError::TransformRefused { uri: String::from("urn:x\r\ny") };
        assert_eq!(refused.to_string(), "the transform `urn:x\u{FFFD}\u{FFFD}y` is not accepted here");
        let missing = SignatureError::TransformRefused { uri: String::new() };
        assert_eq!(missing.to_string(), "a transform is missing");
        let long = SignatureError::ReferenceRefused { uri: "é".repeat(5_000) };
        let shown = format!("`{}`", "é".repeat(120));
        assert!(long.to_string().contains(&shown), "{long}");
    }
}
