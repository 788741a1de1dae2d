//! The groups that an assertion asserts, or that it does not say.

use core::fmt;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::transform::{self, Bounds};
use super::{IdentityError, Settings, UnknownGroupsPolicy, find};
use crate::saml::Attribute;

/// With more than 150 groups Entra ID leaves the groups out and sends this link instead.
const OVERAGE_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

/// Application roles of Entra ID, which are never too many; the link says nothing about them.
const ROLES: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// What an assertion says about groups. Only [`AssertedGroups::Known`] may ever lead to a removal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssertedGroups {
    /// The groups, possibly none.
    Known(BTreeSet<String>),
    /// The assertion does not say.
    Unknown(UnknownGroups),
}

/// Why the groups are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UnknownGroups {
    /// None of the configured attributes was sent.
    ClaimMissing,
    /// There are too many to send; a link came instead.
    Overage,
    /// A value of the attribute is no text, so what can be read is not all of them.
    Unreadable,
}

impl fmt::Display for UnknownGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClaimMissing => "none of the configured attributes was sent",
            Self::Overage => "there are too many to send, a link came instead",
            Self::Unreadable => "a value is no text",
        })
    }
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
    /// Reads the first of `settings.groups` that is present and takes its values through `settings.group_transforms` and
    /// `settings.group_filter`. Without a transform one value is one group, never split at a comma: names of groups
    /// contain commas, distinguished names always do. Blank values are dropped.
    ///
    /// # Errors
    /// Too many or too long: a part of the groups would take away what the rest gives. Unknown, where
    /// `settings.unknown_groups` refuses that.
    pub(super) fn read(attributes: &[Attribute], settings: &Settings) -> Result<Self, IdentityError> {
        let attribute = match presented(attributes, settings) {
            Ok(attribute) => attribute,
            Err(reason) if settings.unknown_groups == UnknownGroupsPolicy::Refuse => {
                return Err(IdentityError::GroupsUnknown(reason));
            }
            Err(reason) => return Ok(Self::Unknown(reason)),
        };
        Self::named(&attribute.values, settings)
    }

    /// Those that `names`, all that a directory knows of somebody, stand for; `None` where it does not say. What an
    /// assertion that does not say would be refused for is no fault of a directory: nothing is taken away.
    pub(super) fn of_directory(names: Option<&[String]>, settings: &Settings) -> Result<Self, IdentityError> {
        names.map_or(Ok(Self::Unknown(UnknownGroups::ClaimMissing)), |names| Self::named(names, settings))
    }

    fn named(values: &[String], settings: &Settings) -> Result<Self, IdentityError> {
        let bounds = Bounds { max_groups: settings.max_groups, max_group_bytes: settings.max_group_bytes };
        let named = transform::apply(values, &settings.group_transforms, bounds)?;
        let counts = |group: &String| !group.trim().is_empty() && settings.group_filter.admits(group);
        Ok(Self::Known(named.into_iter().filter(counts).collect()))
    }
}

/// The attribute that holds all groups, or why none does.
fn presented<'a>(attributes: &'a [Attribute], settings: &Settings) -> Result<&'a Attribute, UnknownGroups> {
    let found = find(attributes, &settings.groups);
    let linked = attributes.iter().any(|attribute| attribute.name == OVERAGE_LINK);
    if linked && found.is_none_or(|attribute| attribute.name != ROLES) {
        return Err(UnknownGroups::Overage);
    }
    let attribute = found.ok_or(UnknownGroups::ClaimMissing)?;
    if attribute.incomplete { Err(UnknownGroups::Unreadable) } else { Ok(attribute) }
}
