//! Accounts of the application: how they are named, found and described.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Pii;

/// The application's own, unchangeable name of an account: a SCIM `id`, an `accountId`. Opaque to everybody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// The id as the application writes it.
    #[must_use]
    pub const fn new(id: String) -> Self {
        Self(id)
    }

    /// The id as the application writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By what somebody's account is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// The user name, which applications compare without case.
    Username(Pii<String>),
    /// The e-mail address, compared without case; several accounts can have it.
    Email(Pii<String>),
}

impl AccountKey {
    /// The name or address itself.
    #[must_use]
    pub const fn value(&self) -> &Pii<String> {
        match self {
            Self::Username(value) | Self::Email(value) => value,
        }
    }
}

/// By what an application knows people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountKeyKind {
    /// By a user name.
    #[default]
    Username,
    /// By the e-mail address.
    Email,
}

/// Whose account an operation or a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRef {
    /// The user name in the application's spelling.
    pub username: Pii<String>,
    /// `None` where the application has no ids, and for an account that is still to be made: its id is then that of
    /// [`super::RemoteState::account`] when the operation's turn comes.
    pub id: Option<AccountId>,
}

impl AccountRef {
    /// An account of which only the name is known.
    #[must_use]
    pub const fn named(username: Pii<String>) -> Self {
        Self { username, id: None }
    }
}

/// What an application may keep about a person besides name and e-mail address (RFC 7643 4.1.1 and 4.3, requirement
/// J16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// `title`, the position.
    Title,
    /// `department` of the enterprise extension.
    Department,
    /// `organization` of the enterprise extension.
    Organization,
    /// `timezone`, an IANA name.
    TimeZone,
    /// `preferredLanguage`, as in `Accept-Language`.
    PreferredLanguage,
}

impl ProfileField {
    /// The word used in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Department => "department",
            Self::Organization => "organization",
            Self::TimeZone => "time_zone",
            Self::PreferredLanguage => "preferred_language",
        }
    }
}

/// Values of profile fields; a field that is missing is not touched.
pub type Profile = BTreeMap<ProfileField, Pii<String>>;

/// An account as the application reports it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemoteAccount {
    /// `None` where the application knows accounts by user name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AccountId>,
    /// The user name in the application's spelling.
    pub username: Pii<String>,
    /// `None` when the application does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Pii<String>>,
    /// The display name.
    pub display_name: Pii<String>,
    /// Whether it may be used.
    pub active: bool,
    /// All direct memberships in the application's spelling.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// What else the application shows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: Profile,
}

impl RemoteAccount {
    /// This account.
    #[must_use]
    pub fn reference(&self) -> AccountRef {
        AccountRef { username: self.username.clone(), id: self.id.clone() }
    }
}
