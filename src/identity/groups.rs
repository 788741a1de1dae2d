//! The groups that an assertion asserts, or that it does not say.

use core::fmt;
use std::collections::BTreeSet;

use super::{IdentityError, Settings, find};
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
    /// Reads the first of `settings.groups` that is present. One value is one group, never split at a comma: names of
    /// groups contain commas, distinguished names always do. Blank values are dropped.
    ///
    /// # Errors
    /// Too many or too long: a part of the groups would take away what the rest gives.
    pub(super) fn read(attributes: &[Attribute], settings: &Settings) -> Result<Self, IdentityError> {
        if attributes.iter().any(|attribute| attribute.name == OVERAGE_LINK) {
            return Ok(Self::Unknown(UnknownGroups::Overage));
        }
        let Some(attribute) = find(attributes, &settings.groups) else {
            return Ok(Self::Unknown(UnknownGroups::ClaimMissing));
        };
        if attribute.incomplete {
            return Ok(Self::Unknown(UnknownGroups::Unreadable));
        }
        let (presented, limit) = (attribute.values.len(), settings.max_groups);
        if presented > limit {
            return Err(IdentityError::TooManyGroups { presented, limit });
        }
        let longest = attribute.values.iter().map(String::len).max().unwrap_or_default();
        if longest > settings.max_group_bytes {
            return Err(IdentityError::GroupTooLong { bytes: longest, limit: settings.max_group_bytes });
        }
        let named = attribute.values.iter().filter(|value| !value.trim().is_empty());
        Ok(Self::Known(named.cloned().collect()))
    }
}
