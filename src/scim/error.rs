//! Why a SCIM request is refused: a finding, with the status and the `scimType` that a client understands.

use core::fmt;
use core::time::Duration;

use crate::base::Code;

/// The words of RFC 7644 3.12, table 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter could not be parsed, or compares what cannot be compared.
    InvalidFilter,
    /// More resources match than are returned.
    TooMany,
    /// A unique value is in use.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The body is not what the request needs.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing known.
    InvalidPath,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// A value is missing, or of the wrong type.
    InvalidValue,
}

impl ScimType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
        }
    }
}

/// A request that is not carried out.
///
/// The details name attributes, operators and positions, never values: they go to the client, and may go to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The body is no JSON object of the right shape.
    Syntax {
        /// What was found.
        finding: String,
    },
    /// A value is missing or of the wrong type.
    Value {
        /// The attribute, in the schema's spelling.
        attribute: String,
        /// What is wrong with its value.
        finding: &'static str,
    },
    /// The filter is malformed or cannot be answered.
    Filter {
        /// What was found.
        finding: String,
    },
    /// The path of a PATCH operation is malformed or names an attribute that does not exist.
    Path {
        /// What was found.
        finding: String,
    },
    /// The path of a PATCH operation is missing or selects nothing.
    NoTarget {
        /// What was found.
        finding: &'static str,
    },
    /// The attribute cannot be changed in this way.
    Mutability {
        /// The attribute, in the schema's spelling.
        attribute: String,
        /// Why not.
        finding: &'static str,
    },
    /// A unique value is in use.
    Uniqueness {
        /// The attribute, in the schema's spelling.
        attribute: &'static str,
    },
    /// More resources match than are returned.
    TooMany,
    /// More of something than is taken.
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The most that is taken.
        limit: usize,
    },
    /// The body is of another type than JSON.
    MediaType,
    /// There is no such resource or endpoint.
    NotFound {
        /// What there is not.
        what: &'static str,
    },
    /// The endpoint does not take that method.
    Method,
    /// The service does not do that, and says so in its configuration.
    NotImplemented {
        /// What it does not do.
        what: &'static str,
    },
    /// The request may not be made: a filter on a discovery endpoint (RFC 7644 4).
    Forbidden {
        /// What may not be done.
        what: &'static str,
    },
    /// `If-Match` names another version.
    Version,
    /// A reference between the operations of a bulk request leads nowhere or in a circle.
    BulkReference {
        /// What was found.
        finding: &'static str,
    },
    /// Refused by whoever keeps the resources: an application, a store, a limit of the operator's.
    Refused {
        /// The status.
        status: u16,
        /// The word, where the status has one.
        scim_type: Option<ScimType>,
        /// The finding in the catalogue, whose public reason is the detail.
        code: Code,
        /// When to ask again.
        retry_after: Option<Duration>,
    },
}

impl Error {
    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused { status, .. } => *status,
            _ => self.code().status(),
        }
    }

    /// The word that tells clients what is wrong; only 400 and 409 have one (RFC 7644 3.12).
    #[must_use]
    pub const fn scim_type(&self) -> Option<ScimType> {
        match self {
            Self::Syntax { .. } => Some(ScimType::InvalidSyntax),
            Self::Value { .. } => Some(ScimType::InvalidValue),
            Self::Filter { .. } => Some(ScimType::InvalidFilter),
            Self::Path { .. } => Some(ScimType::InvalidPath),
            Self::NoTarget { .. } => Some(ScimType::NoTarget),
            Self::Mutability { .. } => Some(ScimType::Mutability),
            Self::Uniqueness { .. } => Some(ScimType::Uniqueness),
            Self::TooMany => Some(ScimType::TooMany),
            Self::Refused { scim_type, .. } => *scim_type,
            _ => None,
        }
    }

    /// The stable name of this finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Syntax { .. } => Code::ScimSyntax,
            Self::Value { .. } => Code::ScimValue,
            Self::Filter { .. } => Code::ScimFilter,
            Self::Path { .. } => Code::ScimPath,
            Self::NoTarget { .. } => Code::ScimNoTarget,
            Self::Mutability { .. } => Code::ScimMutability,
            Self::Uniqueness { .. } => Code::ScimUniqueness,
            Self::TooMany => Code::ScimTooMany,
            Self::TooLarge { .. } => Code::ScimTooLarge,
            Self::MediaType => Code::ScimMediaType,
            Self::NotFound { .. } => Code::ScimNotFound,
            Self::Method => Code::ScimMethod,
            Self::NotImplemented { .. } => Code::ScimNotImplemented,
            Self::Forbidden { .. } => Code::ScimForbidden,
            Self::Version => Code::ScimVersion,
            Self::BulkReference { .. } => Code::ScimBulkReference,
            Self::Refused { code, .. } => *code,
        }
    }

    /// When the client should ask again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The value of `attribute` is not what it must be.
    pub(crate) fn value(attribute: &str, finding: &'static str) -> Self {
        Self::Value { attribute: attribute.to_owned(), finding }
    }

    /// The body is not of the right shape.
    pub(crate) fn syntax(finding: impl Into<String>) -> Self {
        Self::Syntax { finding: finding.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { finding } | Self::Filter { finding } | Self::Path { finding } => {
                f.write_str(finding)
            }
            Self::Value { attribute, finding } | Self::Mutability { attribute, finding } => {
                write!(f, "`{attribute}` {finding}")
            }
            Self::NoTarget { finding } | Self::BulkReference { finding } => f.write_str(finding),
            Self::Uniqueness { attribute } => write!(f, "`{attribute}` is already in use"),
            Self::TooMany => f.write_str("more resources match than are returned; ask more narrowly"),
            Self::TooLarge { what, limit } => write!(f, "{what}: at most `{limit}` are taken"),
            Self::MediaType => f.write_str("the body must be application/scim+json or application/json"),
            Self::NotFound { what } => write!(f, "there is no such {what}"),
            Self::Method => f.write_str("this endpoint does not take that method"),
            Self::NotImplemented { what } => write!(f, "{what} is not implemented"),
            Self::Forbidden { what } => f.write_str(what),
            Self::Version => f.write_str("the resource has another version"),
            Self::Refused { code, .. } => f.write_str(code.public_reason()),
        }
    }
}

impl core::error::Error for Error {}
