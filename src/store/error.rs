//! Why the store did not do what it was asked.

use core::fmt;

use crate::base::Code;
use crate::effect::CallFailure;

/// A finding of the room `store`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// There was no answer.
    NotReached(CallFailure),
    /// No token was sent, or one that etcd does not know any more.
    TokenRefused,
    /// Name and password are not those of an etcd user.
    CredentialsRefused,
    /// The user may not use keys with our prefix.
    PermissionDenied,
    /// The lease is not there.
    LeaseMissing,
    /// The lease is there already.
    LeaseExists,
    /// etcd has no leader, no room, or too much to do (gRPC 4, 8, 14).
    Unavailable {
        /// HTTP status code.
        status: u16,
    },
    /// Another answer than one of success.
    Refused {
        /// HTTP status code.
        status: u16,
        /// The gRPC code in the answer, where there is one.
        code: Option<u64>,
    },
    /// An answer of success that is none of etcd's.
    AnswerMalformed {
        /// What is not as it should be.
        what: &'static str,
    },
    /// More calls than one operation can need.
    TooManyCalls,
}

impl StoreError {
    /// The finding's entry in the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::SharedStoreUnavailable
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(CallFailure::NotSent) => {
                f.write_str("the shared store could not be called; is its cluster configured")
            }
            Self::NotReached(CallFailure::NoAnswer) => f.write_str("the shared store did not answer in time"),
            Self::TokenRefused => f.write_str("the shared store wants a user, or does not know its token"),
            Self::CredentialsRefused => f.write_str("the shared store does not take the user and password"),
            Self::PermissionDenied => f.write_str("the user of the shared store may not use our keys"),
            Self::LeaseMissing => f.write_str("a lease of the shared store ended at once"),
            Self::LeaseExists => f.write_str("a lease of the shared store exists and cannot be used"),
            Self::Unavailable { status } => {
                write!(f, "the shared store is not able to answer, it said {status}")
            }
            Self::Refused { status, code: Some(code) } => {
                write!(f, "the shared store refused, it said {status} with code {code}")
            }
            Self::Refused { status, code: None } => {
                write!(f, "the shared store answered {status}, and not as etcd does")
            }
            Self::AnswerMalformed { what } => {
                write!(f, "the shared store's answer is malformed: {what}")
            }
            Self::TooManyCalls => f.write_str("the shared store asks for the same again and again"),
        }
    }
}

impl core::error::Error for StoreError {}
