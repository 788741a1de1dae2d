//! Why a message could not be taken from, or put into, HTTP.

use core::fmt;

use crate::base::Code;
use crate::encoding::EncodingError;
use crate::saml::error::Shown;
use crate::xmlsec::SignatureError;

/// A binding's rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingError {
    /// The body is not a form (bindings 3.5.4).
    ContentTypeUnexpected {
        /// What it says it is.
        presented: Option<String>,
    },
    /// There is no body.
    BodyMissing,
    /// The body is larger than `Limits::max_body_bytes`.
    BodyTooLarge {
        /// Bytes that came.
        presented: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// Form or base64 cannot be decoded.
    Encoding(EncodingError),
    /// No `SAMLResponse`, or an empty one (bindings 3.5.4).
    SamlResponseMissing,
    /// Neither `SAMLRequest` nor `SAMLResponse`, or both, or an empty one (bindings 3.4.3, 3.5.3).
    MessageMissing,
    /// The query is longer than an address that carries a message ever is.
    QueryTooLong {
        /// Bytes that came.
        presented: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// A parameter of the Redirect binding is missing, or says what that binding does not know (bindings 3.4.4.1).
    ParameterMalformed {
        /// Its name.
        name: &'static str,
    },
    /// The query is not signed (bindings 3.4.4.1).
    SignatureMissing,
    /// The body is no SOAP 1.1 envelope with one message in its body (bindings 3.2.2).
    EnvelopeMalformed {
        /// What is wrong.
        finding: &'static str,
    },
    /// A SAML parameter comes more than once, so that two readers could choose differently.
    ParameterRepeated {
        /// Its name.
        name: &'static str,
    },
    /// `RelayState` is longer than any of ours (bindings 3.4.3, 3.5.3).
    RelayStateMalformed {
        /// Bytes that it has.
        bytes: usize,
    },
    /// Not an artifact of type 4, or one beside a message (bindings 3.6.3, 3.6.4).
    ArtifactMalformed,
    /// The query could not be signed.
    Signing(SignatureError),
}

impl BindingError {
    /// The stable name of this finding.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::ContentTypeUnexpected { .. } => Code::ContentTypeUnexpected,
            Self::BodyMissing => Code::BodyMissing,
            Self::BodyTooLarge { .. } => Code::BodyTooLarge,
            Self::Encoding(error) => error.code(),
            Self::SamlResponseMissing => Code::SamlResponseMissing,
            Self::MessageMissing => Code::LogoutMessageMissing,
            Self::QueryTooLong { .. } => Code::BodyTooLarge,
            Self::ParameterMalformed { .. } => Code::FormMalformed,
            Self::SignatureMissing => Code::SignatureMissing,
            Self::EnvelopeMalformed { .. } => Code::SoapEnvelopeMalformed,
            Self::ParameterRepeated { .. } => Code::ParameterRepeated,
            Self::RelayStateMalformed { .. } => Code::RelayStateMalformed,
            Self::ArtifactMalformed => Code::ArtifactMalformed,
            Self::Signing(error) => error.code(),
        }
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentTypeUnexpected { presented: Some(presented) } => {
                write!(f, "the content type is {}", Shown(presented))
            }
            Self::ContentTypeUnexpected { presented: None } => f.write_str("there is no content type"),
            Self::BodyMissing => f.write_str("the body is empty"),
            Self::BodyTooLarge { presented, limit } => {
                write!(f, "the body has `{presented}` bytes, the limit is `{limit}`")
            }
            Self::Encoding(error) => error.fmt(f),
            Self::SamlResponseMissing => f.write_str("the form has no `SAMLResponse`"),
            Self::MessageMissing => {
                f.write_str("there is not exactly one of `SAMLRequest` and `SAMLResponse`")
            }
            Self::QueryTooLong { presented, limit } => {
                write!(f, "the query has `{presented}` bytes, the limit is `{limit}`")
            }
            Self::ParameterMalformed { name } => write!(f, "the parameter `{name}` is missing or malformed"),
            Self::SignatureMissing => f.write_str("the query is not signed"),
            Self::EnvelopeMalformed { finding } => write!(f, "the body is no SOAP message: {finding}"),
            Self::ParameterRepeated { name } => write!(f, "the form has `{name}` more than once"),
            Self::RelayStateMalformed { bytes } => {
                write!(f, "the relay state has `{bytes}` bytes, at most 80 are allowed")
            }
            Self::ArtifactMalformed => {
                f.write_str("`SAMLart` is no artifact of type 4, or does not stand alone")
            }
            Self::Signing(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BindingError {}

impl From<EncodingError> for BindingError {
    fn from(error: EncodingError) -> Self {
        Self::Encoding(error)
    }
}
