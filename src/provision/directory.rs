//! What is known of the application's groups and organizations besides who is in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::FoldedName;

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// The application has it.
    Exists(T),
    /// The application said that it has none of this name. True for one sign-in only: absence is never remembered.
    Absent,
}

/// A group that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownGroup {
    /// The name in the application's spelling.
    pub name: String,
    /// The application's own name of it; `None` where it has none.
    pub id: Option<String>,
}

/// An organization that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOrganization {
    /// The name.
    pub name: String,
    /// The application's own name of it.
    pub id: String,
    /// Service desks that it is known to be linked to.
    pub service_desks: BTreeSet<String>,
}

/// Names and ids of groups and organizations, as far as they are known.
///
/// Groups are compared as the application compares them, organizations exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    groups: BTreeMap<FoldedName, Known<KnownGroup>>,
    organizations: BTreeMap<String, Known<KnownOrganization>>,
}

impl Directory {
    /// Groups of these names exist; nothing else is known.
    pub fn with_groups<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut directory = Self::default();
        for name in names {
            directory.learn_group(name.as_ref(), None);
        }
        directory
    }

    /// What is known of the group `name`; `None` when nothing is.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Known<KnownGroup>> {
        self.groups.get(&FoldedName::of(name))
    }

    /// The id of the group `name`, where it exists and has one.
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<&str> {
        match self.group(name)? {
            Known::Exists(group) => group.id.as_deref(),
            Known::Absent => None,
        }
    }

    /// Is the group `name` known to exist?
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        matches!(self.group(name), Some(Known::Exists(_)))
    }

    /// The groups that are known to exist.
    pub fn groups(&self) -> impl Iterator<Item = &KnownGroup> {
        self.groups.values().filter_map(|known| match known {
            Known::Exists(group) => Some(group),
            Known::Absent => None,
        })
    }

    /// The group `name` exists. An id that was known stays when `id` is `None`.
    pub fn learn_group(&mut self, name: &str, id: Option<&str>) {
        let id = id.or_else(|| self.group_id(name)).map(str::to_owned);
        let group = KnownGroup { name: name.to_owned(), id };
        self.groups.insert(FoldedName::of(name), Known::Exists(group));
    }

    /// There is no group `name`.
    pub fn learn_no_group(&mut self, name: &str) {
        self.groups.insert(FoldedName::of(name), Known::Absent);
    }

    /// The group `from` is called `to` now. Its id stays.
    pub fn rename_group(&mut self, from: &str, to: &str) {
        if let Some(Known::Exists(group)) = self.groups.remove(&FoldedName::of(from)) {
            // A name that differs in case only is the same name.
            self.learn_no_group(from);
            self.learn_group(to, group.id.as_deref());
        }
    }

    /// Nothing is known of the group `name` any more.
    pub fn forget_group(&mut self, name: &str) {
        self.groups.remove(&FoldedName::of(name));
    }

    /// What is known of the organization `name`; `None` when nothing is.
    #[must_use]
    pub fn organization(&self, name: &str) -> Option<&Known<KnownOrganization>> {
        self.organizations.get(name)
    }

    /// The id of the organization `name`, where it exists.
    #[must_use]
    pub fn organization_id(&self, name: &str) -> Option<&str> {
        match self.organization(name)? {
            Known::Exists(organization) => Some(&organization.id),
            Known::Absent => None,
        }
    }

    /// Is the organization `name` known to be linked to `service_desk`?
    #[must_use]
    pub fn is_linked(&self, name: &str, service_desk: &str) -> bool {
        matches!(self.organization(name), Some(Known::Exists(known)) if known.service_desks.contains(service_desk))
    }

    /// The organizations that are known to exist.
    pub fn organizations(&self) -> impl Iterator<Item = &KnownOrganization> {
        self.organizations.values().filter_map(|known| match known {
            Known::Exists(organization) => Some(organization),
            Known::Absent => None,
        })
    }

    /// The organization `name` exists under `id`.
    pub fn learn_organization(&mut self, name: &str, id: &str) {
        let service_desks = match self.organizations.remove(name) {
            Some(Known::Exists(known)) if known.id == id => known.service_desks,
            _ => BTreeSet::new(),
        };
        let known = KnownOrganization { name: name.to_owned(), id: id.to_owned(), service_desks };
        self.organizations.insert(name.to_owned(), Known::Exists(known));
    }

    /// The organization `name` is linked to `service_desk`.
    pub fn learn_link(&mut self, name: &str, service_desk: &str) {
        if let Some(Known::Exists(known)) = self.organizations.get_mut(name) {
            known.service_desks.insert(service_desk.to_owned());
        }
    }

    /// There is no organization `name`.
    pub fn learn_no_organization(&mut self, name: &str) {
        self.organizations.insert(name.to_owned(), Known::Absent);
    }

    /// The organization `from` is called `to` now. Its id and its links stay.
    pub fn rename_organization(&mut self, from: &str, to: &str) {
        if let Some(Known::Exists(known)) = self.organizations.remove(from) {
            self.learn_no_organization(from);
            let known = KnownOrganization { name: to.to_owned(), ..known };
            self.organizations.insert(to.to_owned(), Known::Exists(known));
        }
    }

    /// Nothing is known of the organization `name` any more.
    pub fn forget_organization(&mut self, name: &str) {
        self.organizations.remove(name);
    }

    /// Takes over what `fresh`, which was read later, knows to exist: somebody made it in between.
    pub fn correct(&mut self, fresh: &Self) {
        for group in fresh.groups() {
            self.learn_group(&group.name, group.id.as_deref());
        }
        for organization in fresh.organizations() {
            self.learn_organization(&organization.name, &organization.id);
            for service_desk in &organization.service_desks {
                self.learn_link(&organization.name, service_desk);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_is_known_but_not_handed_on() {
        let mut here = Directory::default();
        here.learn_no_group("Gone");
        here.learn_no_organization("Gone GmbH");
        here.learn_group("Staff", Some("7"));
        here.learn_organization("Acme", "1");
        here.learn_link("Acme", "3");
        assert_eq!(here.group("gone"), Some(&Known::Absent));
        let mut there = Directory::default();
        there.correct(&here);
        assert_eq!((there.group("gone"), there.organization("Gone GmbH")), (None, None));
        assert_eq!((there.group_id("sTAFF"), there.organization_id("Acme")), (Some("7"), Some("1")));
        assert!(there.is_linked("Acme", "3") && there.organization("acme").is_none());
    }

    #[test]
    fn what_was_read_later_counts_more() {
        let mut now = Directory::default();
        now.learn_no_group("staff");
        now.learn_no_organization("Acme");
        now.learn_group("agents", Some("old"));
        now.learn_organization("Other", "1");
        now.learn_link("Other", "3");
        let mut fresh = Directory::with_groups(["Staff", "x"]);
        fresh.learn_group("agents", Some("new"));
        fresh.learn_organization("Acme", "2");
        fresh.learn_organization("Other", "1");
        fresh.learn_no_group("y");
        now.correct(&fresh);
        assert!(now.has_group("Staff") && now.has_group("X") && now.group("y").is_none());
        assert_eq!((now.group_id("agents"), now.organization_id("Acme")), (Some("new"), Some("2")));
        assert!(now.is_linked("Other", "3"), "the same organization has the same links");
        now.learn_group("AGENTS", None);
        assert_eq!(now.group_id("agents"), Some("new"), "an id is not forgotten by the way");
        now.learn_organization("Other", "2");
        assert!(!now.is_linked("Other", "3"), "another organization of the same name has other links");
    }
}
