//! Why a SAML message was refused.

use core::fmt;

use super::bindings::BindingError;
use super::response::Status;
use crate::base::{Code, UnixTime};
use crate::xml::XmlError;
use crate::xmlsec::{DecryptionError, SignatureError};

/// A message contradicts the specification or what we expect of it. Each variant is raised in one place only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileError {
    /// The root element is not `samlp:Response` (profiles 4.1.4.2).
    MessageUnexpected {
        /// The local name that was found.
        presented: String,
    },
    /// The message of a logout is not what its parameter says (bindings 3.4.3, 3.5.3).
    LogoutMessageUnexpected {
        /// The local name that was expected.
        expected: &'static str,
        /// The local name that was found.
        presented: String,
    },
    /// `LogoutRequest/@NotOnOrAfter` has passed (core 3.7.1).
    LogoutExpired {
        /// What it says.
        not_on_or_after: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
    /// `Version` is not `2.0` (core 2.3.3, 3.2.2).
    VersionUnsupported {
        /// The element that carries it.
        element: &'static str,
        /// What it says; `None` when the attribute is missing.
        presented: Option<String>,
    },
    /// The top-level status is not Success (core 3.2.2.2).
    StatusNotSuccess(Status),
    /// An `Issuer` is not the identity provider that was asked (profiles 4.1.4.2).
    IssuerMismatch {
        /// The element that carries it.
        element: &'static str,
        /// The configured entity id.
        expected: String,
        /// What it says.
        presented: String,
    },
    /// An `Issuer` names a `Format` other than entity (profiles 4.1.4.2).
    IssuerFormat {
        /// The element that carries it.
        element: &'static str,
        /// What it says.
        presented: String,
    },
    /// `Destination` is not our address, or is missing where the response is signed (bindings 3.5.5.2).
    DestinationMismatch {
        /// Our address.
        expected: String,
        /// What it says.
        presented: Option<String>,
    },
    /// A successful response without an assertion (profiles 4.1.4.2).
    AssertionMissing,
    /// More than one assertion; we take exactly one.
    AssertionRepeated,
    /// No bearer confirmation, or one that lacks what profiles 4.1.4.2 demands.
    SubjectConfirmationMissing {
        /// What is lacking.
        lacking: &'static str,
    },
    /// `Recipient` is not our address (profiles 4.1.4.2).
    RecipientMismatch {
        /// Our address.
        expected: String,
        /// What it says.
        presented: String,
    },
    /// `SubjectConfirmationData/@NotOnOrAfter` has passed (profiles 4.1.4.3).
    ConfirmationExpired {
        /// What it says.
        not_on_or_after: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
    /// A bearer `SubjectConfirmationData` with `NotBefore` (profiles 4.1.4.2).
    ConfirmationNotBefore,
    /// `InResponseTo` names another request (profiles 4.1.4.3).
    InResponseToMismatch {
        /// The element that carries it.
        element: &'static str,
        /// What it says.
        presented: String,
    },
    /// `InResponseTo` is missing: nobody asked (core 3.2.2, profiles 4.1.4.2).
    UnsolicitedRefused {
        /// The element that lacks it.
        element: &'static str,
    },
    /// The person authenticated in another way than was demanded (core 3.3.2.2.1).
    AuthnContextUnmet {
        /// The classes that would have done.
        expected: Vec<String>,
        /// The class of the first statement.
        presented: Option<String>,
    },
    /// The person authenticated before the instant that was demanded (core 3.4.1).
    AuthnTooOld {
        /// `AuthnInstant` of the first statement.
        authn_instant: UnixTime,
        /// What was demanded.
        since: UnixTime,
    },
    /// An `AudienceRestriction` does not name us (core 2.5.1.4).
    AudienceMismatch {
        /// Our entity id.
        expected: String,
        /// Whom it names.
        presented: Vec<String>,
    },
    /// No `AudienceRestriction` at all (profiles 4.1.4.2).
    AudienceMissing,
    /// `Conditions/@NotBefore` has not come (core 2.5.1.2).
    AssertionNotYetValid {
        /// What it says.
        not_before: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
    /// `Conditions/@NotOnOrAfter` has passed (core 2.5.1.2).
    AssertionExpired {
        /// What it says.
        not_on_or_after: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
    /// A condition that we do not understand (core 2.5.1.1).
    ConditionUnknown {
        /// Its local name.
        name: String,
    },
    /// No `AuthnStatement` (profiles 4.1.4.2).
    AuthnStatementMissing,
    /// `SessionNotOnOrAfter` has passed (core 2.7.2).
    IdpSessionExpired {
        /// What it says.
        session_not_on_or_after: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
    /// An instant that is not UTC in the form of core 1.3.3.
    InstantMalformed {
        /// The attribute.
        attribute: &'static str,
        /// What it says.
        presented: String,
    },
    /// A text is longer than its limit: `Limits::max_name_id_bytes`, `max_value_bytes` or `max_uri_bytes`.
    ValueTooLong {
        /// The element that holds it, or its parent.
        element: &'static str,
        /// How long it is.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// More elements than `Limits::max_attributes`, `max_audiences` or `max_confirmations`.
    TooMany {
        /// Which.
        elements: &'static str,
        /// The most that are taken.
        limit: usize,
    },
    /// An element or attribute is missing, repeated or misplaced (the schema of core).
    SchemaViolation {
        /// The element in which it was found.
        element: &'static str,
        /// What is wrong.
        problem: SchemaProblem,
    },
    /// `IssueInstant` is in the future or too old to belong to a request of ours (core 2.3.3, 3.2.2).
    IssueInstantImplausible {
        /// The element that carries it.
        element: &'static str,
        /// What it says.
        presented: UnixTime,
        /// Our clock.
        now: UnixTime,
    },
}

/// What the schema forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaProblem {
    /// A required child element is missing at its place.
    ElementMissing(&'static str),
    /// A child element that does not belong here, or is repeated, or comes in the wrong order.
    ElementUnexpected(String),
    /// Text between child elements.
    StrayText,
    /// A required attribute is missing.
    AttributeMissing(&'static str),
    /// An attribute has a value that its type does not allow.
    AttributeMalformed(&'static str),
    /// A value that must not be empty is.
    ValueEmpty,
    /// `NotBefore` is not before `NotOnOrAfter` (core 2.5.1.2).
    WindowEmpty,
}

impl ProfileError {
    /// The stable name of this finding.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::MessageUnexpected { .. } | Self::LogoutMessageUnexpected { .. } => Code::MessageUnexpected,
            Self::LogoutExpired { .. } => Code::LogoutExpired,
            Self::VersionUnsupported { .. } => Code::VersionUnsupported,
            Self::StatusNotSuccess(status) if status.is_no_passive() => Code::NoPassive,
            Self::StatusNotSuccess(_) => Code::StatusNotSuccess,
            Self::IssuerMismatch { .. } | Self::IssuerFormat { .. } => Code::IssuerMismatch,
            Self::DestinationMismatch { .. } => Code::DestinationMismatch,
            Self::AssertionMissing => Code::AssertionMissing,
            Self::AssertionRepeated => Code::AssertionRepeated,
            Self::SubjectConfirmationMissing { .. } => Code::SubjectConfirmationMissing,
            Self::RecipientMismatch { .. } => Code::RecipientMismatch,
            Self::ConfirmationExpired { .. } => Code::ConfirmationExpired,
            Self::ConfirmationNotBefore => Code::ConfirmationNotBefore,
            Self::InResponseToMismatch { .. } => Code::InResponseToMismatch,
            Self::UnsolicitedRefused { .. } => Code::UnsolicitedRefused,
            Self::AuthnContextUnmet { .. } => Code::AuthnContextUnmet,
            Self::AuthnTooOld { .. } => Code::AuthnTooOld,
            Self::AudienceMismatch { .. } => Code::AudienceMismatch,
            Self::AudienceMissing => Code::AudienceMissing,
            Self::AssertionNotYetValid { .. } => Code::AssertionNotYetValid,
            Self::AssertionExpired { .. } => Code::AssertionExpired,
            Self::ConditionUnknown { .. } => Code::ConditionUnknown,
            Self::AuthnStatementMissing => Code::AuthnStatementMissing,
            Self::IdpSessionExpired { .. } => Code::IdpSessionExpired,
            Self::InstantMalformed { .. } => Code::InstantMalformed,
            Self::SchemaViolation { .. } => Code::SchemaViolation,
            Self::ValueTooLong { .. } => Code::ValueTooLong,
            Self::TooMany { .. } => Code::ValuesExceeded,
            Self::IssueInstantImplausible { .. } => Code::IssueInstantImplausible,
        }
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageUnexpected { presented } => {
                write!(f, "expected a SAML 2.0 `Response`, found {}", Shown(presented))
            }
            Self::LogoutMessageUnexpected { expected, presented } => {
                write!(f, "expected a SAML 2.0 `{expected}`, found {}", Shown(presented))
            }
            Self::LogoutExpired { not_on_or_after, now } => {
                write!(f, "the logout ended at {not_on_or_after}, now is {now}")
            }
            Self::VersionUnsupported { element, presented: Some(presented) } => {
                write!(f, "`{element}` has version {}, expected `2.0`", Shown(presented))
            }
            Self::VersionUnsupported { element, presented: None } => {
                write!(f, "`{element}` has no version, expected `2.0`")
            }
            Self::StatusNotSuccess(status) => write!(f, "the identity provider answered {status}"),
            Self::IssuerMismatch { element, expected, presented } => {
                write!(f, "`{element}` was issued by {}, expected `{expected}`", Shown(presented))
            }
            Self::IssuerFormat { element, presented } => {
                write!(
                    f,
                    "the issuer of `{element}` has format {}, expected none or entity",
                    Shown(presented)
                )
            }
            Self::DestinationMismatch { expected, presented: Some(presented) } => {
                write!(f, "the destination is {}, expected `{expected}`", Shown(presented))
            }
            Self::DestinationMismatch { expected, presented: None } => {
                write!(f, "the signed message has no destination, expected `{expected}`")
            }
            Self::AssertionMissing => f.write_str("the response contains no assertion"),
            Self::AssertionRepeated => f.write_str("the response contains more than one assertion"),
            Self::SubjectConfirmationMissing { lacking } => {
                write!(f, "the assertion lacks {lacking}")
            }
            Self::RecipientMismatch { expected, presented } => {
                write!(f, "the recipient is {}, expected `{expected}`", Shown(presented))
            }
            Self::ConfirmationExpired { not_on_or_after, now } => {
                write!(f, "the subject confirmation ended at {not_on_or_after}, now is {now}")
            }
            Self::ConfirmationNotBefore => f.write_str("the bearer confirmation carries `NotBefore`"),
            Self::InResponseToMismatch { element, presented } => {
                write!(f, "`{element}` answers request {}, which this browser did not send", Shown(presented))
            }
            Self::UnsolicitedRefused { element } => write!(f, "`{element}` has no `InResponseTo`"),
            Self::AuthnContextUnmet { expected, presented } => {
                match presented {
                    Some(presented) => write!(f, "the person authenticated as {}", Shown(presented))?,
                    None => f.write_str("how the person authenticated is not said")?,
                }
                f.write_str(", expected")?;
                for (index, class) in expected.iter().take(5).enumerate() {
                    write!(f, "{} {}", if index == 0 { "" } else { " or" }, Shown(class))?;
                }
                Ok(())
            }
            Self::AuthnTooOld { authn_instant, since } => {
                write!(f, "the person authenticated at {authn_instant}, expected not before {since}")
            }
            Self::AudienceMismatch { expected, presented } => {
                f.write_str("the audience is")?;
                for (index, audience) in presented.iter().take(5).enumerate() {
                    write!(f, "{} {}", if index == 0 { "" } else { "," }, Shown(audience))?;
                }
                if presented.is_empty() {
                    f.write_str(" empty")?;
                }
                write!(f, ", expected `{expected}`")
            }
            Self::AudienceMissing => f.write_str("the assertion restricts no audience"),
            Self::AssertionNotYetValid { not_before, now } => {
                write!(f, "the assertion is valid from {not_before}, now is {now}")
            }
            Self::AssertionExpired { not_on_or_after, now } => {
                write!(f, "the assertion ended at {not_on_or_after}, now is {now}")
            }
            Self::ConditionUnknown { name } => write!(f, "the condition {} is not understood", Shown(name)),
            Self::AuthnStatementMissing => f.write_str("the assertion has no `AuthnStatement`"),
            Self::IdpSessionExpired { session_not_on_or_after, now } => {
                write!(f, "the identity provider's session ended at {session_not_on_or_after}, now is {now}")
            }
            Self::InstantMalformed { attribute, presented } => {
                write!(f, "`{attribute}` is {}, expected a UTC instant", Shown(presented))
            }
            Self::ValueTooLong { element, bytes, limit } => {
                write!(f, "a text in `{element}` has `{bytes}` bytes, at most `{limit}` are taken")
            }
            Self::TooMany { elements, limit } => {
                write!(f, "the message has more than `{limit}` elements `{elements}`")
            }
            Self::SchemaViolation { element, problem } => write!(f, "in `{element}`: {problem}"),
            Self::IssueInstantImplausible { element, presented, now } => {
                write!(f, "`{element}` was issued at {presented}, now is {now}")
            }
        }
    }
}

impl core::error::Error for ProfileError {}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElementMissing(name) => write!(f, "the element `{name}` is missing"),
            Self::ElementUnexpected(name) => write!(f, "the element {} is not expected here", Shown(name)),
            Self::StrayText => f.write_str("text between elements"),
            Self::AttributeMissing(name) => write!(f, "the attribute `{name}` is missing"),
            Self::AttributeMalformed(name) => write!(f, "the attribute `{name}` is malformed"),
            Self::ValueEmpty => f.write_str("the value is empty"),
            Self::WindowEmpty => f.write_str("`NotBefore` is not earlier than `NotOnOrAfter`"),
        }
    }
}

/// Why a response, or a message of a logout, could not be read, verified or accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// It is not the XML that we take.
    Xml(XmlError),
    /// A signature is missing or does not hold.
    Signature(SignatureError),
    /// Something is encrypted and could not be read.
    Decryption(DecryptionError),
    /// It contradicts SAML.
    Profile(ProfileError),
    /// It is not as its binding wants it.
    Binding(BindingError),
}

impl ResponseError {
    /// The stable name of this finding.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Xml(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::Decryption(error) => error.code(),
            Self::Profile(error) => error.code(),
            Self::Binding(error) => error.code(),
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xml(error) => error.fmt(f),
            Self::Signature(error) => error.fmt(f),
            Self::Decryption(error) => error.fmt(f),
            Self::Profile(error) => error.fmt(f),
            Self::Binding(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ResponseError {}

impl From<XmlError> for ResponseError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<BindingError> for ResponseError {
    fn from(error: BindingError) -> Self {
        Self::Binding(error)
    }
}

impl From<SignatureError> for ResponseError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<DecryptionError> for ResponseError {
    fn from(error: DecryptionError) -> Self {
        Self::Decryption(error)
    }
}

impl From<ProfileError> for ResponseError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error)
    }
}

/// Text of the sender in a message of ours: in backticks, one line, at most 120 characters.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('`')?;
        for (index, character) in self.0.chars().enumerate() {
            if index == 120 {
                f.write_str("..")?;
                break;
            }
            let plain = !character.is_control() && character != '`' && !is_line_or_direction(character);
            f.write_char(if plain { character } else { '\u{fffd}' })?;
        }
        f.write_char('`')
    }
}

/// Line separators and bidirectional controls, which can make a log line read as something else.
const fn is_line_or_direction(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_sender_stays_on_one_line_and_short() {
        assert_eq!(Shown("a\nb`c\u{202e}").to_string(), "`a\u{fffd}b\u{fffd}c\u{fffd}`");
        assert_eq!(Shown(&"x".repeat(500)).to_string().len(), 124);
    }

    #[test]
    fn an_audience_list_is_readable() {
        let error = ProfileError::AudienceMismatch {
            expected: String::from("sp"),
            presented: vec![String::from("a"), String::from("b")],
        };
        assert_eq!(error.to_string(), "the audience is `a`, `b`, expected `sp`");
    }
}
