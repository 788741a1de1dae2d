//! The groups that an assertion asserts, or that it does not say.

use core::fmt;
use std::collections::BTreeSet;

use super::find;
use crate::saml::Attribute;

/// With more than 150 groups Entra ID leaves the groups out and sends this link instead.
const OVERAGE_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

/// What an assertion says about groups. Only [`AssertedGroups::Known`] may ever lead to a removal.
#[derive(Clone, PartialEq, Eq)]
pub enum AssertedGroups {
    /// The groups, possibly none.
    Known(BTreeSet<String>),
    /// The assertion does not say.
    Unknown(UnknownGroups),
}

/// Why the groups are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownGroups {
    /// None of the configured attributes was sent.
    ClaimMissing,
    /// There are too many to send; a link came instead.
    Overage,
    /// A value of the attribute is no text, so what can be read is not all of them.
    Unreadable,
}

impl fmt::Debug for AssertedGroups {
    /// The number only: group names tell about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(groups) => write!(f, "Known({} groups)", groups.len()),
            Self::Unknown(reason) => write!(f, "Unknown({reason:?})"),
        }
    }
}

impl AssertedGroups {
    /// Reads the first of `candidates` that is present. One value is one group, never split at a comma: names of
    /// groups contain commas, distinguished names always do. Blank values are dropped.
    pub(super) fn read(attributes: &[Attribute], candidates: &[String]) -> Self {
        if attributes.iter().any(|attribute| attribute.name == OVERAGE_LINK) {
            return Self::Unknown(UnknownGroups::Overage);
        }
        let Some(attribute) = find(attributes, candidates) else {
            return Self::Unknown(UnknownGroups::ClaimMissing);
        };
        if attribute.incomplete {
            return Self::Unknown(UnknownGroups::Unreadable);
        }
        Self::Known(attribute.values.iter().filter(|value| !value.trim().is_empty()).cloned().collect())
    }
}
