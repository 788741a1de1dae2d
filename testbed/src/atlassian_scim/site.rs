//! The site behind a directory: people and organizations, synced or not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fold;

/// The locales that customers can have; everything else is mapped to one of these.
pub const SUPPORTED_LOCALES: [&str; 6] = ["en_US", "en_UK", "de_DE", "fr_FR", "pt_BR", "ja_JP"];

/// A person of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The e-mail address.
    pub email: String,
    /// The display name.
    pub display_name: String,
    /// Whether they may sign in.
    pub active: bool,
    /// One of [`SUPPORTED_LOCALES`].
    pub locale: &'static str,
    /// Managed from the identity provider only.
    pub synced: bool,
    /// When they came, by the stand-in's clock.
    pub since: u64,
}

/// An organization of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The name.
    pub name: String,
    /// Folded e-mail addresses.
    pub members: BTreeSet<String>,
    /// The projects whose portals its members reach.
    pub projects: BTreeSet<String>,
    /// The group of the directory that it follows: agents cannot change it then.
    pub group: Option<String>,
}

/// People and organizations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The people, in the order in which they came.
    pub people: Vec<Person>,
    /// The organizations, in the order in which they were made.
    pub organizations: Vec<Organization>,
}

impl Site {
    /// The person with this address, compared without case.
    #[must_use]
    pub fn person(&self, email: &str) -> Option<&Person> {
        self.people.iter().find(|person| fold(&person.email) == fold(email))
    }

    pub(super) fn person_mut(&mut self, email: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| fold(&person.email) == fold(email))
    }

    /// A customer who came by a portal or by mail, known by an address only.
    pub fn add_customer(&mut self, email: &str) {
        self.people.push(Person {
            email: email.to_owned(),
            display_name: email.to_owned(),
            active: true,
            locale: "en_US",
            synced: false,
            since: 0,
        });
    }

    /// The organization of this name, compared without case.
    #[must_use]
    pub fn organization(&self, name: &str) -> Option<&Organization> {
        self.organizations.iter().find(|organization| fold(&organization.name) == fold(name))
    }

    /// An agent changes an organization; false when it is read-only, or there is none.
    pub fn edit(&mut self, name: &str, change: impl FnOnce(&mut Organization)) -> bool {
        let found = self.organizations.iter_mut().find(|have| fold(&have.name) == fold(name));
        let Some(organization) = found.filter(|organization| organization.group.is_none()) else {
            return false;
        };
        change(organization);
        true
    }

    /// An administrator attaches an organization to a project, read-only or not.
    pub fn attach(&mut self, name: &str, project: &str) {
        for organization in self.organizations.iter_mut().filter(|have| fold(&have.name) == fold(name)) {
            organization.projects.insert(project.to_owned());
        }
    }

    /// An organization that agents made.
    pub fn add_organization(&mut self, name: &str, members: &[&str]) {
        self.organizations.push(Organization {
            name: name.to_owned(),
            members: members.iter().map(|email| fold(email)).collect(),
            projects: BTreeSet::new(),
            group: None,
        });
    }

    pub(super) fn of_group_mut(&mut self, group: &str) -> Option<&mut Organization> {
        self.organizations.iter_mut().find(|organization| organization.group.as_deref() == Some(group))
    }

    /// The organizations whose member has this address.
    #[must_use]
    pub fn organizations_of(&self, email: &str) -> BTreeSet<String> {
        let of = self.organizations.iter().filter(|have| have.members.contains(&fold(email)));
        of.map(|organization| organization.name.clone()).collect()
    }

    /// The projects that whoever has this address reaches now: none while they are deactivated.
    #[must_use]
    pub fn projects_of(&self, email: &str) -> BTreeSet<String> {
        if !self.person(email).is_some_and(|person| person.active) {
            return BTreeSet::new();
        }
        let of = self.organizations.iter().filter(|have| have.members.contains(&fold(email)));
        of.flat_map(|organization| organization.projects.iter().cloned()).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        let people = self.people.iter().map(|person| {
            json!({ "email": person.email, "displayName": person.display_name, "active": person.active,
                "locale": person.locale, "synced": person.synced })
        });
        let organizations = self.organizations.iter().map(|organization| {
            json!({ "name": organization.name, "members": organization.members,
                "projects": organization.projects, "readOnly": organization.group.is_some() })
        });
        json!({ "people": people.collect::<Vec<_>>(), "organizations": organizations.collect::<Vec<_>>() })
    }
}

/// The supported locale for what the identity provider sent.
pub(super) fn locale(sent: &str) -> &'static str {
    let sent = sent.split([',', ';']).next().unwrap_or_default().trim().replace('-', "_");
    let exact = SUPPORTED_LOCALES.into_iter().find(|known| known.eq_ignore_ascii_case(&sent));
    let language = sent.split('_').next().unwrap_or_default().to_lowercase();
    let near =
        || SUPPORTED_LOCALES.into_iter().find(|known| known.split('_').next() == Some(language.as_str()));
    exact.or_else(near).unwrap_or("en_US")
}
