//! Why an expression is not admitted.

use core::fmt;

/// Why an expression is not admitted, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It is longer than [`super::Expression::MAX_BYTES`].
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// It is no expression.
    Syntax {
        /// Where.
        at: Position,
        /// What the parser says.
        message: String,
    },
    /// It is an expression, but not one that can be evaluated here.
    Refused {
        /// Where.
        at: Position,
        /// What is wrong there.
        problem: Problem,
    },
}

/// A place in the text of an expression, both counted from 1 and the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in that line.
    pub column: usize,
}

impl Position {
    /// The place of byte number `offset` of `text`, counted from 0.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let mut at = Self { line: 1, column: 1 };
        for (_, character) in text.char_indices().take_while(|(start, _)| *start < offset) {
            at = if character == '\n' {
                Self { line: at.line.saturating_add(1), column: 1 }
            } else {
                Self { column: at.column.saturating_add(1), ..at }
            };
        }
        at
    }
}

/// What is wrong at one place of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is nothing of this name.
    UnknownName(String),
    /// There is no such field.
    UnknownField {
        /// What was asked for it.
        of: &'static str,
        /// The field.
        field: String,
        /// The fields that there are.
        known: &'static [&'static str],
    },
    /// It is not among the functions, operators and macros that are admitted.
    UnknownFunction(String),
    /// An operator or function cannot take what it is given.
    Operands {
        /// Which.
        function: String,
        /// What it is given.
        given: Vec<&'static str>,
    },
    /// A kind of value that nothing here has.
    Literal(&'static str),
    /// The whole is not true or false.
    NotBoolean(&'static str),
    /// A loop over something that is no list.
    NotAList(&'static str),
    /// A loop names its variable as something is named already.
    NameTaken(String),
    /// More than [`super::Expression::MAX_NODES`] operators, names and values, those that macros stand for included.
    TooLarge,
    /// More than [`super::Expression::MAX_DEPTH`] operators and calls within one another, or more than
    /// [`super::Expression::MAX_BRACKETS`] brackets.
    TooDeep,
    /// More than [`super::Expression::MAX_LOOPS`] loops within one another.
    LoopsTooDeep,
    /// More than [`super::Expression::MAX_STEPS`] steps for a person with a few dozen groups.
    TooMuchWork,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(name) => {
                write!(f, "nothing is named `{name}`; there are {}", super::check::NAMES.join(", "))
            }
            Self::UnknownField { of, field, known } => {
                write!(f, "`{of}` has no `{field}`; it has {}", known.join(", "))
            }
            Self::UnknownFunction(name) => write!(f, "`{name}` is not available"),
            Self::Operands { function, given } if given.is_empty() => {
                write!(f, "`{function}` needs something to be applied to")
            }
            Self::Operands { function, given } => {
                write!(f, "`{function}` cannot be applied to {}", given.join(" and "))
            }
            Self::Literal(kind) => write!(f, "{kind} is not available"),
            Self::NotBoolean(kind) => write!(f, "the whole must be true or false, and is {kind}"),
            Self::NotAList(kind) => write!(f, "a loop needs a list, and this is {kind}"),
            Self::NameTaken(name) => write!(f, "`{name}` is the name of something else"),
            Self::TooLarge => {
                write!(f, "more than {} operators, names and values", super::Expression::MAX_NODES)
            }
            Self::TooDeep => {
                let (depth, brackets) = (super::Expression::MAX_DEPTH, super::Expression::MAX_BRACKETS);
                write!(f, "more than {depth} operators within one another, or {brackets} brackets")
            }
            Self::LoopsTooDeep => {
                write!(f, "more than {} loops within one another", super::Expression::MAX_LOOPS)
            }
            Self::TooMuchWork => {
                write!(f, "more than {} steps of work for one person", super::Expression::MAX_STEPS)
            }
        }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "{bytes} bytes, more than {}", super::Expression::MAX_BYTES)
            }
            Self::Syntax { at, message } => write!(f, "{at}: {message}"),
            Self::Refused { at, problem } => write!(f, "{at}: {problem}"),
        }
    }
}

impl core::error::Error for ExpressionError {}
