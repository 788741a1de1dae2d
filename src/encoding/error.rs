//! What can be wrong with encoded bytes.

use core::fmt;

use crate::base::Code;

/// The encoded form is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodingError {
    /// Not base64 in its canonical form: a foreign character, wrong padding or left-over bits (RFC 4648 3.5).
    Base64,
    /// The form holds more pairs than allowed.
    FormTooManyPairs {
        /// The most that is taken.
        limit: usize,
    },
    /// A `%` of the form is not followed by two hexadecimal digits.
    FormEscape,
    /// A name or value of the form is not UTF-8.
    FormNotUtf8,
    /// Not a complete raw DEFLATE stream (RFC 1951).
    Deflate,
    /// The DEFLATE stream holds more bytes than allowed.
    DeflateTooLarge {
        /// The most that is taken, in bytes.
        limit: usize,
    },
}

impl EncodingError {
    /// The code of the catalogue. Callers that decode something of their own (a cookie) name their own finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Base64 | Self::Deflate => Code::Base64Malformed,
            Self::FormTooManyPairs { .. } | Self::FormEscape | Self::FormNotUtf8 => Code::FormMalformed,
            Self::DeflateTooLarge { .. } => Code::BodyTooLarge,
        }
    }
}

impl fmt::Display for EncodingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 => f.write_str("not canonical base64"),
            Self::FormTooManyPairs { limit } => write!(f, "the form has more than `{limit}` pairs"),
            Self::FormEscape => f.write_str("a percent sign of the form starts no escape"),
            Self::FormNotUtf8 => f.write_str("the form is not UTF-8"),
            Self::Deflate => f.write_str("not a complete DEFLATE stream"),
            Self::DeflateTooLarge { limit } => write!(f, "inflates to more than `{limit}` bytes"),
        }
    }
}

impl core::error::Error for EncodingError {}
