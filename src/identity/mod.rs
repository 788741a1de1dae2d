//! Who an accepted assertion speaks of: user name, e-mail, display name and groups.
//!
//! Never decides what the person may do, and never falls back from one source of a name to another in silence.

mod common_name;
mod error;
mod groups;
mod settings;
mod transform;
mod username;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

pub use error::{IdentityError, UsernameProblem};
pub use groups::{AssertedGroups, UnknownGroups};
pub use settings::{Settings, UnknownGroupsPolicy, UsernameSource};
pub use transform::{GroupFilter, GroupTransform};
pub use username::{PatternError, UsernamePattern};

use serde::{Deserialize, Serialize};

use crate::base::Pii;
use crate::saml::profiles::web_sso::AcceptedAssertion;
use crate::saml::{Attribute, NameId};

/// What we know of a person from one assertion.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name by which the application knows the person: 1 to 255 characters, no control characters, no white
    /// space at its ends.
    pub username: Pii<String>,
    /// The `NameID` as sent.
    pub name_id: Option<NameId>,
    /// The first usable value of the first e-mail attribute that is present.
    pub email: Option<Pii<String>>,
    /// The first usable value of the first display-name attribute that is present.
    pub display_name: Option<Pii<String>>,
    /// The groups, or that they are not known.
    pub groups: AssertedGroups,
    /// All attributes by `Name`, values as sent.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The `Name` of each attribute that came with a `FriendlyName`, by that; the first one counts.
    pub friendly_names: BTreeMap<String, String>,
    /// By `Name`, the attributes with a value that is no text: what `attributes` holds of them is not all that was said.
    pub incomplete_attributes: BTreeSet<String>,
}

/// What was said about one attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AttributeValues<'a> {
    /// The values that are text, as sent.
    pub values: &'a [String],
    /// There were others too.
    pub incomplete: bool,
}

/// What a directory says about one person.
#[derive(Clone, Copy)]
pub struct DirectoryEntry<'a> {
    /// The name by which people sign in.
    pub username: &'a Pii<String>,
    /// The e-mail address.
    pub email: Option<&'a Pii<String>>,
    /// What to call the person.
    pub display_name: Option<&'a Pii<String>>,
    /// All groups of the person; `None` where that is not known.
    pub groups: Option<&'a [String]>,
    /// Everything else, by the directory's own names.
    pub attributes: &'a BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for Identity {
    /// Counts only: every value is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("username", &self.username)
            .field("email", &self.email.is_some())
            .field("display_name", &self.display_name.is_some())
            .field("groups", &self.groups)
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

/// The user name of whoever is called `name_id`; `None` where an attribute of an assertion says it.
#[must_use]
pub fn username_of(name_id: &NameId, settings: &Settings) -> Option<Pii<String>> {
    username::of_name_id(name_id, settings)
}

impl Identity {
    /// Reads an identity out of `assertion` as `settings` say.
    ///
    /// # Errors
    /// [`IdentityError`] when there is no usable user name, or more or longer groups than the limits allow. Nothing else
    /// is mandatory.
    pub fn from_assertion(assertion: &AcceptedAssertion, settings: &Settings) -> Result<Self, IdentityError> {
        Self::from_parts(assertion.name_id(), assertion.attributes(), settings)
    }

    /// What a directory says about somebody, with nobody signing in: as an assertion that says the same would be read, its
    /// user name by `settings.username_pattern`, its groups by the transforms and the filter. There is no `NameID`.
    ///
    /// # Errors
    /// [`IdentityError`] as for assertions.
    pub fn from_directory(entry: DirectoryEntry<'_>, settings: &Settings) -> Result<Self, IdentityError> {
        let DirectoryEntry { username, email, display_name, groups, attributes } = entry;
        Ok(Self {
            username: username::of_directory(username.expose(), settings)?,
            name_id: None,
            email: email.filter(|value| is_usable(value.expose())).map(trimmed),
            display_name: display_name.filter(|value| is_usable(value.expose())).map(trimmed),
            groups: AssertedGroups::of_directory(groups, settings)?,
            attributes: attributes.clone(),
            friendly_names: BTreeMap::new(),
            incomplete_attributes: BTreeSet::new(),
        })
    }

    /// What was said about the attribute of this `Name` or object identifier, else of this `FriendlyName`, as everywhere in
    /// the configuration; case matters (core 2.7.3.1).
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<AttributeValues<'_>> {
        let of_name = |name: &str| {
            let values = self.attributes.get(name)?;
            Some(AttributeValues { values, incomplete: self.incomplete_attributes.contains(name) })
        };
        let by_name = of_name(name).or_else(|| of_name(&oid_name(name)?));
        by_name.or_else(|| self.friendly_names.get(name).and_then(|name| of_name(name)))
    }

    fn from_parts(
        name_id: Option<&NameId>,
        attributes: &[Attribute],
        settings: &Settings,
    ) -> Result<Self, IdentityError> {
        Ok(Self {
            username: username::read(name_id, attributes, settings)?,
            name_id: name_id.cloned(),
            email: single(attributes, &settings.email),
            display_name: single(attributes, &settings.display_name),
            groups: AssertedGroups::read(attributes, settings)?,
            attributes: attributes
                .iter()
                .map(|attribute| (attribute.name.clone(), attribute.values.clone()))
                .collect(),
            friendly_names: friendly_names(attributes),
            incomplete_attributes: attributes
                .iter()
                .filter(|attribute| attribute.incomplete)
                .map(|attribute| attribute.name.clone())
                .collect(),
        })
    }
}

/// The first of `candidates` that is present: by `Name`, as object identifier, else by `FriendlyName`; case matters (core
/// 2.7.3.1).
fn find<'a>(attributes: &'a [Attribute], candidates: &[String]) -> Option<&'a Attribute> {
    candidates.iter().find_map(|candidate| {
        let named = |name: &str| attributes.iter().find(|attribute| attribute.name == name);
        let by_name = named(candidate).or_else(|| named(&oid_name(candidate)?));
        by_name.or_else(|| {
            attributes.iter().find(|attribute| attribute.friendly_name.as_ref() == Some(candidate))
        })
    })
}

/// The `Name` of an attribute given by its object identifier: `urn:oid:2.5.4.31` for `2.5.4.31` (profiles 8.2.2).
fn oid_name(candidate: &str) -> Option<String> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let oid = candidate.contains('.') && candidate.split('.').all(number);
    oid.then(|| format!("urn:oid:{candidate}"))
}

/// Each `FriendlyName` with the `Name` of the first attribute that has it, as [`find`] reads them.
fn friendly_names(attributes: &[Attribute]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for attribute in attributes {
        if let Some(friendly) = &attribute.friendly_name {
            names.entry(friendly.clone()).or_insert_with(|| attribute.name.clone());
        }
    }
    names
}

/// The first value that is text worth showing.
fn single(attributes: &[Attribute], candidates: &[String]) -> Option<Pii<String>> {
    let value = find(attributes, candidates)?.values.iter().find(|value| is_usable(value))?;
    Some(Pii::new(value.trim().to_owned()))
}

/// Not blank, at most 255 characters, no control characters.
fn is_usable(value: &str) -> bool {
    !value.trim().is_empty() && !value.chars().any(char::is_control) && value.chars().count() <= 255
}

fn trimmed(value: &Pii<String>) -> Pii<String> {
    Pii::new(value.expose().trim().to_owned())
}

#[cfg(test)]
mod tests;
