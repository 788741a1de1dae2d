//! From the groups of the identity provider to those of the application.

use std::collections::HashMap;

use crate::http::{CaptureRegex, StringMatch, Substitution};
use crate::policy::group_name::GroupNames;

/// Bytes of a group's name that a pattern may make: Jira, Crowd and Confluence store 255 characters.
pub const MAX_GROUP_NAME_BYTES: usize = 255;

/// One row of the table: who is in `idp_group` gets all of `groups`.
///
/// Several rows may name the same IdP group, and several IdP groups may lead to the same application group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// The group as the IdP names it (a name or an id), compared exactly: case counts, nothing is trimmed, there
    /// are no wildcards.
    pub idp_group: String,
    /// Application groups, compared as the application compares names and sent in this spelling.
    pub groups: Vec<String>,
}

/// The table, with what makes a decision independent of its length: an index by IdP group, and the folded names of its
/// right side.
#[derive(Clone, Debug, Default)]
pub struct GroupTable {
    rows: Vec<GroupRule>,
    by_idp_group: HashMap<String, Vec<usize>>,
    groups: GroupNames,
}

impl GroupTable {
    /// The rows in the order of the configuration.
    #[must_use]
    pub fn rows(&self) -> &[GroupRule] {
        &self.rows
    }

    /// The rows of `idp_group` with their place in the table.
    pub fn of(&self, idp_group: &str) -> impl Iterator<Item = (usize, &GroupRule)> {
        let places = self.by_idp_group.get(idp_group).into_iter().flatten();
        places.filter_map(|place| self.rows.get(*place).map(|row| (*place, row)))
    }

    /// The groups that rows give.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter()
    }

    /// Does a row give `group`, in whatever spelling?
    #[must_use]
    pub fn gives(&self, group: &str) -> bool {
        self.groups.contains(group)
    }
}

impl FromIterator<GroupRule> for GroupTable {
    fn from_iter<I: IntoIterator<Item = GroupRule>>(rows: I) -> Self {
        let rows: Vec<GroupRule> = rows.into_iter().collect();
        let mut by_idp_group = HashMap::<String, Vec<usize>>::new();
        for (place, row) in rows.iter().enumerate() {
            by_idp_group.entry(row.idp_group.clone()).or_default().push(place);
        }
        let groups = rows.iter().flat_map(|row| &row.groups).collect();
        Self { rows, by_idp_group, groups }
    }
}

impl From<Vec<GroupRule>> for GroupTable {
    fn from(rows: Vec<GroupRule>) -> Self {
        rows.into_iter().collect()
    }
}

/// A row whose left side is a regular expression over the whole name of the IdP group, and whose right side may use what
/// its groups captured.
#[derive(Clone, Debug)]
pub struct GroupPattern {
    /// The names of IdP groups.
    pub pattern: CaptureRegex,
    /// The application groups.
    pub groups: Vec<Substitution>,
}

impl GroupPattern {
    /// The application groups for `idp_group`; none when it does not match, and none that no application could store.
    pub fn apply<'a>(&'a self, idp_group: &'a str) -> impl Iterator<Item = String> + 'a {
        let captured = self.pattern.captures(idp_group);
        let groups = captured.into_iter().flat_map(|captured| {
            let expand = move |group| captured.expand(group, MAX_GROUP_NAME_BYTES);
            self.groups.iter().filter_map(expand)
        });
        groups.filter(|group| is_group_name(group))
    }
}

/// IdP groups stand for application groups of the same name.
#[derive(Clone, Debug, Default)]
pub struct SameName {
    /// One of these must match the name; empty for all names.
    pub matching: Vec<StringMatch>,
}

impl SameName {
    /// Does `group` stand for the group of the same name? Not when no application could store the name.
    #[must_use]
    pub fn covers(&self, group: &str) -> bool {
        let matches = self.matching.is_empty() || self.matching.iter().any(|one| one.matches(group));
        matches && is_group_name(group)
    }
}

/// What the configuration demands of a group's name too. Names that an identity provider sends, whole or in part, may be
/// anything.
fn is_group_name(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && name.len() <= MAX_GROUP_NAME_BYTES
        && !name.chars().any(char::is_control)
}

/// Whose groups follow the IdP's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplyTo {
    /// Everybody's, at every sign-in.
    #[default]
    AllUsers,
    /// Those of people whose account this sign-in makes; the groups of others are frozen.
    NewUsers,
    /// Those of people who have an account.
    ExistingUsers,
    /// Nobody's.
    None,
}

impl ApplyTo {
    /// Does it hold for a person who is new (`None` when nobody looked)? What is not known counts as no.
    #[must_use]
    pub const fn includes(self, is_new: Option<bool>) -> bool {
        match self {
            Self::AllUsers => true,
            Self::NewUsers => matches!(is_new, Some(true)),
            Self::ExistingUsers => matches!(is_new, Some(false)),
            Self::None => false,
        }
    }

    /// The spelling of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllUsers => "ALL_USERS",
            Self::NewUsers => "NEW_USERS",
            Self::ExistingUsers => "EXISTING_USERS",
            Self::None => "NONE",
        }
    }
}

/// Which of an account's groups may be taken away when nobody gives them any more.
#[derive(Clone, Debug)]
pub enum Manage {
    /// Those that the table names on its right side, those that [`SameName::matching`] names, and these. Right sides of
    /// patterns are not known beforehand and count only if they match here.
    Listed {
        /// Further groups.
        also: Vec<StringMatch>,
    },
    /// All of them.
    All,
}

impl Default for Manage {
    fn default() -> Self {
        Self::Listed { also: Vec::new() }
    }
}
