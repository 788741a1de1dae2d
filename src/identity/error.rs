//! Why an accepted assertion gives no identity.

use core::fmt;

use super::UnknownGroups;
use crate::base::Code;

/// The assertion is good, but it does not name the person in a way that we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// The user name is to be the `NameID`, and there is none.
    NameIdMissing,
    /// None of the attributes that may hold the user name was sent.
    UsernameMissing {
        /// The attributes looked for.
        candidates: Vec<String>,
    },
    /// There is a user name, but not one that can be used.
    UsernameRefused(UsernameProblem),
    /// The attribute of the groups has more values than `Limits::max_groups`.
    TooManyGroups {
        /// How many.
        presented: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// The assertion does not say which groups the person has, and `identity.unknown_groups` is `REFUSE`.
    GroupsUnknown(UnknownGroups),
    /// The name of a group is longer than `Limits::max_group_bytes`.
    GroupTooLong {
        /// How long the longest is.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
}

/// What is wrong with a user name. The name itself is personal and not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsernameProblem {
    /// Empty, or the attribute has no value.
    Empty,
    /// The attribute has several different values.
    Several {
        /// How many.
        values: usize,
    },
    /// The attribute has a value that is no text, so that what can be read is not all of it.
    Unreadable,
    /// More than 255 characters.
    TooLong {
        /// How many.
        characters: usize,
    },
    /// A control character, or one that changes the direction of text.
    ControlCharacter,
    /// A letter that applications fold into one of another name: the Kelvin sign into `k`, full-width letters.
    SecondSpelling,
    /// White space at the beginning or end.
    OuterWhiteSpace,
    /// `identity.username_pattern` does not match all of it.
    PatternMismatch,
}

impl IdentityError {
    /// The stable name of this finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NameIdMissing => Code::NameIdMissing,
            Self::UsernameMissing { .. } => Code::UsernameMissing,
            Self::UsernameRefused(_) => Code::UsernameRefused,
            Self::TooManyGroups { .. } => Code::GroupsExceeded,
            Self::GroupTooLong { .. } => Code::ValueTooLong,
            Self::GroupsUnknown(_) => Code::GroupsUnknown,
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameIdMissing => f.write_str("the assertion has no `NameID`"),
            Self::UsernameMissing { candidates } => {
                f.write_str("the assertion has no attribute")?;
                for (index, name) in candidates.iter().enumerate() {
                    write!(f, "{} `{name}`", if index == 0 { "" } else { " or" })?;
                }
                Ok(())
            }
            Self::UsernameRefused(problem) => write!(f, "the user name {problem}"),
            Self::TooManyGroups { presented, limit } => {
                write!(f, "the assertion has `{presented}` groups, at most `{limit}` are taken")
            }
            Self::GroupsUnknown(reason) => write!(f, "the groups are not known: {reason}"),
            Self::GroupTooLong { bytes, limit } => {
                write!(f, "the name of a group has `{bytes}` bytes, at most `{limit}` are taken")
            }
        }
    }
}

impl fmt::Display for UsernameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Several { values } => write!(f, "has `{values}` different values"),
            Self::Unreadable => f.write_str("has a value that is no text"),
            Self::TooLong { characters } => {
                write!(f, "has `{characters}` characters, at most 255 are allowed")
            }
            Self::ControlCharacter => f.write_str("holds a control character"),
            Self::SecondSpelling => f.write_str("holds a letter that stands for another"),
            Self::OuterWhiteSpace => f.write_str("begins or ends with white space"),
            Self::PatternMismatch => f.write_str("does not match `identity.username_pattern`"),
        }
    }
}

impl core::error::Error for IdentityError {}
