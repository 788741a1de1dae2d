//! Why there is no token.

use core::fmt;

use crate::base::Code;

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The provider could not sign.
    Unsigned,
    /// It is longer than what headers can be relied on to carry.
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
        /// The most that it may have.
        most: usize,
    },
}

impl TokenError {
    /// The code of the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unsigned => Code::IdentityTokenUnsigned,
            Self::TooLarge { .. } => Code::IdentityTokenTooLarge,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("the private key could not sign an identity token"),
            Self::TooLarge { bytes, most } => {
                write!(f, "an identity token of {bytes} bytes; at most {most} are sent")
            }
        }
    }
}

impl core::error::Error for TokenError {}
