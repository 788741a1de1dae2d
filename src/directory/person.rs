//! One person, as a directory describes them.

use core::fmt;
use std::collections::BTreeMap;

use crate::base::Pii;
use crate::identity::{DirectoryEntry, Identity, IdentityError, Settings};

/// One person, as a directory describes them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The directory's own, unchangeable name of the entry.
    pub id: String,
    /// The name by which the person signs in.
    pub username: Pii<String>,
    /// May the person use the application?
    pub active: bool,
    /// The e-mail address.
    pub email: Option<Pii<String>>,
    /// What to call the person.
    pub display_name: Option<Pii<String>>,
    /// Everything else, by the directory's own names; those of RFC 7643 where SCIM brings it (`title`, `department`).
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The person's groups.
    pub groups: Membership,
}

/// Which groups somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The directory did not say; nothing is taken away.
    Unknown,
    /// All of them, possibly none.
    Known(Vec<Group>),
}

/// A group of the directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The directory's own, unchangeable name of it.
    pub id: String,
    /// Its name, as people know it.
    pub name: String,
}

/// What groups of the directory are in the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupsBecome {
    /// What the rules make of them, as at a sign-in.
    #[default]
    Groups,
    /// Organizations of customers; people get no groups of the application, and so no licence (J3).
    Organizations,
}

/// By what the rules know the groups of the directory (M1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupNaming {
    /// By their names.
    #[default]
    Name,
    /// By their ids, as assertions of Entra ID do.
    Id,
}

impl Person {
    /// The person as the rules see whoever signs in.
    ///
    /// # Errors
    /// [`IdentityError`] when nobody could sign in like that: no usable user name, too many or too long groups.
    pub fn identity(&self, naming: GroupNaming, settings: &Settings) -> Result<Identity, IdentityError> {
        let names = match &self.groups {
            Membership::Unknown => None,
            Membership::Known(groups) => {
                Some(groups.iter().map(|group| group.named(naming)).collect::<Vec<_>>())
            }
        };
        let entry = DirectoryEntry {
            username: &self.username,
            email: self.email.as_ref(),
            display_name: self.display_name.as_ref(),
            groups: names.as_deref(),
            attributes: &self.attributes,
        };
        Identity::from_directory(entry, settings)
    }
}

impl Group {
    fn named(&self, naming: GroupNaming) -> String {
        match naming {
            GroupNaming::Name => self.name.clone(),
            GroupNaming::Id => self.id.clone(),
        }
    }
}

impl fmt::Debug for Person {
    /// Counts only: every value is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("username", &self.username)
            .field("active", &self.active)
            .field("attributes", &self.attributes.len())
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Group {
    /// Names of groups tell about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::identity::{AssertedGroups, GroupTransform, UnknownGroupsPolicy, UsernamePattern};

    fn alice(groups: Membership) -> Person {
        Person {
            id: "7".to_owned(),
            username: Pii::new("alice@example.com".to_owned()),
            active: true,
            email: Some(Pii::new(" alice@example.com ".to_owned())),
            display_name: Some(Pii::new("Alice\u{7}".to_owned())),
            attributes: BTreeMap::from([("title".to_owned(), vec!["Boss".to_owned()])]),
            groups,
        }
    }

    fn known(groups: &[(&str, &str)]) -> Membership {
        let group = |(id, name): &(&str, &str)| Group { id: (*id).to_owned(), name: (*name).to_owned() };
        Membership::Known(groups.iter().map(group).collect())
    }

    fn set(names: &[&str]) -> AssertedGroups {
        AssertedGroups::Known(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn is_read_as_an_assertion_that_says_the_same() {
        let settings = Settings {
            username_pattern: Some(UsernamePattern::compile("([^@]+)@example[.]com").unwrap()),
            group_transforms: vec![GroupTransform::LastPathSegment],
            ..Settings::default()
        };
        let person = alice(known(&[("g1", "/it/staff"), ("g2", " "), ("g3", "agents")]));
        let identity = person.identity(GroupNaming::Name, &settings).unwrap();
        assert_eq!(identity.username.expose(), "alice");
        assert_eq!(identity.email.as_ref().map(|email| email.expose().as_str()), Some("alice@example.com"));
        assert_eq!(identity.display_name, None, "a control character is no part of a name");
        assert_eq!(identity.groups, set(&["agents", "staff"]));
        assert_eq!(identity.attribute("title").map(|found| found.values.len()), Some(1));
        assert_eq!(identity.name_id, None);
        let by_id = person.identity(GroupNaming::Id, &settings).unwrap();
        assert_eq!(by_id.groups, set(&["g1", "g2", "g3"]));
    }

    #[test]
    fn what_the_directory_does_not_say_is_unknown_even_where_a_sign_in_would_be_refused() {
        let settings = Settings { unknown_groups: UnknownGroupsPolicy::Refuse, ..Settings::default() };
        let silent = alice(Membership::Unknown).identity(GroupNaming::Name, &settings).unwrap();
        assert!(matches!(silent.groups, AssertedGroups::Unknown(_)));
        let none = alice(known(&[])).identity(GroupNaming::Name, &settings).unwrap();
        assert_eq!(none.groups, AssertedGroups::Known(BTreeSet::new()), "none is not unknown");
    }

    #[test]
    fn nobody_who_could_not_sign_in_gets_an_identity() {
        let settings = Settings { max_groups: 2, ..Settings::default() };
        let refused = |person: Person| person.identity(GroupNaming::Name, &settings).unwrap_err();
        let many = known(&[("1", "a"), ("2", "b"), ("3", "c")]);
        assert!(matches!(refused(alice(many)), IdentityError::TooManyGroups { .. }));
        for name in ["", " alice", "ali\u{0}ce", "\u{202e}alice", &"x".repeat(256)] {
            let person = Person { username: Pii::new(name.to_owned()), ..alice(Membership::Unknown) };
            assert!(matches!(refused(person), IdentityError::UsernameRefused(_)), "{name:?}");
        }
    }

    #[test]
    fn nothing_personal_is_printed() {
        let printed = format!("{:?}", alice(known(&[("1", "secret-project")])));
        assert!(
            !printed.contains("alice") && !printed.contains("secret") && !printed.contains("Boss"),
            "{printed}"
        );
    }
}
