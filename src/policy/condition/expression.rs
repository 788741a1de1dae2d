//! Expressions in the Common Expression Language.

use core::fmt;

use super::Holds;
use crate::policy::facts::Facts;

/// An expression that was admitted when the configuration was read.
#[derive(Clone)]
pub struct Expression {
    text: String,
}

/// Why an expression is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// Expressions cannot be evaluated yet.
    Unavailable,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("expressions cannot be evaluated yet"),
        }
    }
}

impl core::error::Error for ExpressionError {}

impl Expression {
    /// Admits `text` and compiles it.
    ///
    /// # Errors
    /// [`ExpressionError`] says what is wrong with it, and where.
    pub fn admit(_text: &str) -> Result<Self, ExpressionError> {
        Err(ExpressionError::Unavailable)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Is it true? Whatever cannot be evaluated is [`Holds::Unknown`].
    #[must_use]
    pub fn holds(&self, _facts: &Facts<'_>) -> Holds {
        Holds::Unknown
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}
