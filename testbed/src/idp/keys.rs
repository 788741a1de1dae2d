//! The test keys of `tests/keys`: public and worthless.

use samlgate::base::Secret;
use samlgate::effect::{SignatureScheme, SigningKey};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};

use super::IssueError;

/// A key pair of `tests/keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKey {
    /// RSA 2048, in the identity provider's metadata.
    Rsa,
    /// P-256, in the identity provider's metadata.
    P256,
    /// P-384, in the identity provider's metadata.
    P384,
    /// P-521, in the identity provider's metadata.
    P521,
    /// RSA 2048, which no metadata names: an attacker's, or the service provider's own.
    Stranger,
    /// RSA 2048 with the public exponent 3, in the metadata that attacks are run with.
    RsaE3,
    /// RSA 2048, in that metadata for encryption only.
    Encryption,
    /// RSA 2048, the key of another identity provider in that metadata.
    OtherIdp,
    /// RSA 2048, the service provider's for decrypting.
    Decryption,
    /// RSA 2048, the service provider's next one for decrypting.
    NextDecryption,
}

impl TestKey {
    /// The keys that the identity provider's metadata names.
    pub const IDP: [Self; 4] = [Self::Rsa, Self::P256, Self::P384, Self::P521];

    /// The keys of the identity provider that attacks are run with.
    pub const CORPUS: [Self; 5] = [Self::Rsa, Self::P256, Self::P384, Self::P521, Self::RsaE3];

    /// The private key, PKCS#8 in PEM.
    #[must_use]
    pub const fn private_pem(self) -> &'static str {
        match self {
            Self::Rsa => include_str!("../../../tests/keys/rsa2048.key.pem"),
            Self::P256 => include_str!("../../../tests/keys/p256.key.pem"),
            Self::P384 => include_str!("../../../tests/keys/p384.key.pem"),
            Self::P521 => include_str!("../../../tests/keys/p521.key.pem"),
            Self::Stranger => include_str!("../../../tests/keys/rsa2048_second.key.pem"),
            Self::RsaE3 => include_str!("../../../tests/keys/rsa2048_e3.key.pem"),
            Self::Encryption => include_str!("../../../tests/keys/rsa2048_encryption.key.pem"),
            Self::OtherIdp => include_str!("../../../tests/keys/rsa2048_other.key.pem"),
            Self::Decryption => include_str!("../../../tests/keys/rsa2048_decryption.key.pem"),
            Self::NextDecryption => include_str!("../../../tests/keys/rsa2048_decryption_second.key.pem"),
        }
    }

    /// The certificate in PEM.
    #[must_use]
    pub const fn certificate_pem(self) -> &'static str {
        match self {
            Self::Rsa => include_str!("../../../tests/keys/rsa2048.crt.pem"),
            Self::P256 => include_str!("../../../tests/keys/p256.crt.pem"),
            Self::P384 => include_str!("../../../tests/keys/p384.crt.pem"),
            Self::P521 => include_str!("../../../tests/keys/p521.crt.pem"),
            Self::Stranger => include_str!("../../../tests/keys/rsa2048_second.crt.pem"),
            Self::RsaE3 => include_str!("../../../tests/keys/rsa2048_e3.crt.pem"),
            Self::Encryption => include_str!("../../../tests/keys/rsa2048_encryption.crt.pem"),
            Self::OtherIdp => include_str!("../../../tests/keys/rsa2048_other.crt.pem"),
            Self::Decryption => include_str!("../../../tests/keys/rsa2048_decryption.crt.pem"),
            Self::NextDecryption => include_str!("../../../tests/keys/rsa2048_decryption_second.crt.pem"),
        }
    }

    /// The certificate as one line of base64, as metadata carries it.
    #[must_use]
    pub fn certificate_base64(self) -> String {
        self.certificate_pem().lines().filter(|line| !line.starts_with("-----")).collect()
    }

    /// The scheme that is used with it unless a test says otherwise.
    #[must_use]
    pub const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rsa
            | Self::Stranger
            | Self::RsaE3
            | Self::Encryption
            | Self::OtherIdp
            | Self::Decryption
            | Self::NextDecryption => SignatureScheme::RsaSha256,
            Self::P256 => SignatureScheme::EcdsaSha256,
            Self::P384 => SignatureScheme::EcdsaSha384,
            Self::P521 => SignatureScheme::EcdsaSha512,
        }
    }

    /// The private key for signing.
    ///
    /// # Errors
    /// When the file in the repository is damaged.
    pub fn signing_key(self) -> Result<SigningKey, IssueError> {
        parse_signing_key(&Secret::new(self.private_pem().to_owned()))
            .map_err(|error| IssueError::new(format!("{self:?}: {error}")))
    }

    /// The certificate.
    ///
    /// # Errors
    /// When the file in the repository is damaged.
    pub fn certificate(self) -> Result<Certificate, IssueError> {
        Certificate::parse(self.certificate_pem())
            .map_err(|error| IssueError::new(format!("{self:?}: {error}")))
    }
}
