//! Why metadata of an identity provider cannot be used.

use core::fmt;

use crate::base::{Code, UnixTime};
use crate::saml::error::Shown;
use crate::xml::XmlError;
use crate::xmlsec::{KeyError, SignatureError};

/// The configured metadata is not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// Not the XML that we take.
    Xml(XmlError),
    /// The root is neither `EntityDescriptor` nor `EntitiesDescriptor` (metadata 2.3).
    RootUnexpected {
        /// Its local name.
        presented: String,
    },
    /// `EntityDescriptor` without `entityID` (metadata 2.3.2).
    EntityIdMissing,
    /// `validUntil` is not a UTC instant (metadata 1.2.2, core 1.3.3).
    InstantMalformed {
        /// What it says.
        presented: String,
    },
    /// No entity has an `IDPSSODescriptor` for SAML 2.0 (metadata 2.4.3).
    IdpMissing,
    /// The configured entity is not among the identity providers.
    EntityMissing {
        /// The configured entity id.
        expected: String,
        /// Those that are there, at most five.
        presented: Vec<String>,
    },
    /// Several identity providers and none chosen, or the chosen one twice.
    IdpAmbiguous {
        /// Those that are there, at most five.
        presented: Vec<String>,
    },
    /// A `SingleSignOnService` that is no absolute http or https address (metadata 2.2.2).
    LocationRefused {
        /// What it says.
        presented: String,
    },
    /// No `SingleSignOnService` for HTTP-Redirect or HTTP-POST.
    EndpointMissing,
    /// No certificate for signing (metadata 2.4.1.1).
    KeyMissing,
    /// There are certificates for signing, but none is acceptable.
    KeysRefused {
        /// What is wrong with the first.
        first: KeyError,
    },
    /// More keys for signing than `Limits::max_signing_keys`.
    TooManyKeys {
        /// How many.
        presented: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// The root has no signature of a configured key (metadata 3).
    SignatureRefused(SignatureError),
    /// `validUntil` has passed (metadata 2.3.2).
    Expired {
        /// What it says.
        valid_until: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
}

impl MetadataError {
    /// The stable name of this finding.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Xml(_)
            | Self::RootUnexpected { .. }
            | Self::EntityIdMissing
            | Self::InstantMalformed { .. } => Code::MetadataMalformed,
            Self::IdpMissing | Self::EntityMissing { .. } | Self::IdpAmbiguous { .. } => {
                Code::MetadataWithoutIdp
            }
            Self::LocationRefused { .. } | Self::EndpointMissing => Code::MetadataWithoutEndpoint,
            Self::KeyMissing => Code::MetadataWithoutKey,
            Self::KeysRefused { first } => first.code(),
            Self::TooManyKeys { .. } => Code::MetadataKeysExceeded,
            Self::SignatureRefused(_) => Code::MetadataSignatureInvalid,
            Self::Expired { .. } => Code::MetadataExpired,
        }
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xml(error) => error.fmt(f),
            Self::RootUnexpected { presented } => write!(
                f,
                "expected `EntityDescriptor` or `EntitiesDescriptor` of SAML 2.0 metadata, found {}",
                Shown(presented)
            ),
            Self::EntityIdMissing => f.write_str("an `EntityDescriptor` has no `entityID`"),
            Self::InstantMalformed { presented } => {
                write!(f, "`validUntil` is {}, expected a UTC instant", Shown(presented))
            }
            Self::IdpMissing => f.write_str("no entity has an `IDPSSODescriptor` for SAML 2.0"),
            Self::EntityMissing { expected, presented } => {
                write!(f, "the identity provider `{expected}` is not there, but")?;
                list(f, presented)
            }
            Self::IdpAmbiguous { presented } => {
                f.write_str("name one of the identity providers, each of which must be there once:")?;
                list(f, presented)
            }
            Self::LocationRefused { presented } => {
                write!(f, "the sign-in address {} is not an absolute http or https address", Shown(presented))
            }
            Self::EndpointMissing => f.write_str("no `SingleSignOnService` takes HTTP-Redirect or HTTP-POST"),
            Self::KeyMissing => f.write_str("no `KeyDescriptor` for signing has an X.509 certificate"),
            Self::KeysRefused { first } => {
                write!(f, "no certificate for signing is acceptable; the first: {first}")
            }
            Self::TooManyKeys { presented, limit } => {
                write!(f, "`{presented}` different keys for signing, at most `{limit}` can be tried")
            }
            Self::SignatureRefused(error) => write!(f, "the signature of the metadata: {error}"),
            Self::Expired { valid_until, now } => {
                write!(f, "the metadata was valid until {valid_until}, now is {now}")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        write!(f, "{} {}", if index == 0 { "" } else { "," }, Shown(name))?;
    }
    Ok(())
}

impl core::error::Error for MetadataError {}

impl From<XmlError> for MetadataError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<SignatureError> for MetadataError {
    fn from(error: SignatureError) -> Self {
        Self::SignatureRefused(error)
    }
}
