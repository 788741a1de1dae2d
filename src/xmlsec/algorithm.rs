//! The closed set of algorithms, their URIs, and which of them are allowed.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::effect::SignatureScheme;

/// Exclusive canonical XML without comments.
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Exclusive canonical XML with comments.
pub(super) const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// The transform that takes the signature out of what it signs (XML-DSig core 6.6.4).
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// How octets are digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// SHA-1. Refused unless a `danger_` field allows it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The algorithm's URI (XML-DSig core 6.2, RFC 6931 2.1).
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }

    /// The algorithm that `uri` names, if it is one of ours.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// The digest of `octets`.
    #[must_use]
    pub fn digest(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
            Self::Sha384 => Sha384::digest(octets).to_vec(),
            Self::Sha512 => Sha512::digest(octets).to_vec(),
        }
    }
}

impl SignatureScheme {
    /// Every scheme.
    pub const ALL: [Self; 7] = [
        Self::RsaSha1,
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
    ];

    /// The algorithm's URI (XML-DSig core 6.4.2, RFC 6931 2.3).
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        }
    }

    /// The scheme that `uri` names, if it is one of ours. HMAC and DSA never are.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.uri() == uri)
    }

    /// The digest of the scheme.
    #[must_use]
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaSha1 => DigestAlgorithm::Sha1,
            Self::RsaSha256 | Self::EcdsaSha256 => DigestAlgorithm::Sha256,
            Self::RsaSha384 | Self::EcdsaSha384 => DigestAlgorithm::Sha384,
            Self::RsaSha512 | Self::EcdsaSha512 => DigestAlgorithm::Sha512,
        }
    }
}

/// Which algorithms a signature may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlgorithmPolicy {
    sha1: bool,
}

impl AlgorithmPolicy {
    /// RSA PKCS#1 v1.5 and ECDSA with SHA-256, SHA-384 or SHA-512, digests likewise.
    pub const STRONG: Self = Self { sha1: false };

    /// Allows RSA with SHA-1 and SHA-1 digests too. Collisions can be bought; only for an identity provider that cannot
    /// do better.
    #[must_use]
    pub const fn with_danger_sha1(self) -> Self {
        Self { sha1: true }
    }

    /// May a signature use `scheme`?
    #[must_use]
    pub const fn allows_scheme(self, scheme: SignatureScheme) -> bool {
        self.allows_digest(scheme.digest())
    }

    /// May a reference use `digest`?
    #[must_use]
    pub const fn allows_digest(self, digest: DigestAlgorithm) -> bool {
        match digest {
            DigestAlgorithm::Sha1 => self.sha1,
            DigestAlgorithm::Sha256 | DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => true,
        }
    }
}
