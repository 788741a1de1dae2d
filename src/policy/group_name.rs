//! Names as the application compares them.

use std::collections::{BTreeMap, BTreeSet};

/// A user or group name in the form in which the application compares it.
///
/// Jira and Crowd compare both kinds of name after lower-casing them by the Unicode rules, without a locale
/// (Crowd's `IdentifierUtils.toLowerCase`). Two names that fold alike are one group to them, so a rule that told
/// them apart would take away with one spelling what it gives with another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedName(String);

impl FoldedName {
    /// Folds `name`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(name.to_lowercase())
    }

    /// Does the application take `one` and `other` for the same name?
    #[must_use]
    pub fn same(one: &str, other: &str) -> bool {
        one == other || Self::of(one) == Self::of(other)
    }
}

/// Could an application take `name`, sent by somebody else, for `ours`?
///
/// Some databases compare without accents or width too (SQL Server's `_CI_AI` collations), so any character that is not
/// ASCII may stand for any of `ours`, and combining marks (U+0300 to U+036F) for none.
#[must_use]
pub(super) fn may_be_taken_for(name: &str, ours: &str) -> bool {
    let mark = |character: &char| ('\u{300}'..='\u{36f}').contains(character);
    let mut wanted = ours.chars().filter(|character| !mark(character));
    let alike = name.chars().filter(|character| !mark(character)).all(|character| {
        wanted.next().is_some_and(|wanted| !character.is_ascii() || character.eq_ignore_ascii_case(&wanted))
    });
    FoldedName::same(name, ours) || (alike && wanted.next().is_none())
}

/// A set of group names in which names that fold alike are one; the spelling that came first is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupNames(BTreeMap<FoldedName, String>);

impl GroupNames {
    /// Adds `name`; false when it was there, in whatever spelling.
    pub fn insert(&mut self, name: &str) -> bool {
        let folded = FoldedName::of(name);
        if self.0.contains_key(&folded) {
            return false;
        }
        self.0.insert(folded, name.to_owned());
        true
    }

    /// Takes `name` out; the spelling that was kept, if it was there.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(&FoldedName::of(name))
    }

    /// Is `name` in the set, in whatever spelling?
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(&FoldedName::of(name))
    }

    /// The names in the spelling that was kept, ordered by their folded form.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// True when no name is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in the spelling that was kept.
    #[must_use]
    pub fn into_set(self) -> BTreeSet<String> {
        self.0.into_values().collect()
    }
}

impl<S: AsRef<str>> FromIterator<S> for GroupNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut set = Self::default();
        for name in names {
            set.insert(name.as_ref());
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_may_be_taken_for_the_name() {
        for name in
            ["admins", "ADMINS", "ádmins", "a\u{301}dmins", "\u{ff41}dmins", "admi\u{f1}s", "admin\u{17f}"]
        {
            assert!(may_be_taken_for(name, "Admins"), "{name}");
        }
        for name in ["admin", "adminss", "xdmins", "", "ádmin", "admins-é", "administrators"] {
            assert!(!may_be_taken_for(name, "Admins"), "{name}");
        }
    }

    #[test]
    fn names_that_jira_takes_for_one_are_one() {
        let mut names = GroupNames::from_iter(["Jira-Users", "jira-users", "JIRA-USERS", "Größe", "GRÖßE"]);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["Größe", "Jira-Users"]);
        assert!(names.contains("jIrA-uSeRs"));
        assert!(!names.contains("jira-users "));
        assert_eq!(names.remove("JIRA-users").as_deref(), Some("Jira-Users"));
        assert!(!names.contains("Jira-Users"));
    }
}
