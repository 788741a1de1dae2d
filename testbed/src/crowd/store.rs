//! What a Crowd holds: users with attributes, groups, who is in which, and which applications may do what. Names are
//! compared without case.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that the stand-in knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    applications: BTreeMap<String, String>,
    refuses_address: bool,
    denied: BTreeSet<Permission>,
    next_key: u32,
}

/// What an administrator may forbid an application in the directory; all of them together make it read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Make users.
    AddUser,
    /// Change users.
    ModifyUser,
    /// Change users' attributes.
    ModifyUserAttributes,
    /// Delete users.
    RemoveUser,
    /// Make groups.
    AddGroup,
    /// Change groups and who is in them.
    ModifyGroup,
    /// Delete groups.
    RemoveGroup,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AddUser,
        Self::ModifyUser,
        Self::ModifyUserAttributes,
        Self::RemoveUser,
        Self::AddGroup,
        Self::ModifyGroup,
        Self::RemoveGroup,
    ];
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, in the spelling it was made with.
    pub name: String,
    /// The stable key.
    pub key: String,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// What to call the person.
    pub display_name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the account may be used.
    pub active: bool,
    /// The password.
    pub password: String,
    /// Attributes; each has one value or more.
    pub attributes: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) active: bool,
    /// Folded user names.
    members: BTreeSet<String>,
    /// Folded names of groups whose members are members of this one too.
    children: BTreeSet<String>,
}

impl Crowd {
    /// One application, [`super::APPLICATION`] with [`super::PASSWORD`], that may do everything; no users and no groups.
    #[must_use]
    pub fn empty() -> Self {
        let applications = BTreeMap::from([(super::APPLICATION.to_owned(), super::PASSWORD.to_owned())]);
        Self { applications, next_key: 32_769, ..Self::default() }
    }

    /// The groups and the administrator of a fresh Crowd.
    #[must_use]
    pub fn demo() -> Self {
        let mut crowd = Self::empty();
        crowd.add_group("jira-software-users");
        crowd.add_user("crowd-admin", "crowd-admin@example.test", &["crowd-administrators"]);
        crowd
    }

    /// Adds an active user, or replaces the one of that name; groups are made where they are missing.
    pub fn add_user(&mut self, name: &str, email: &str, groups: &[&str]) {
        self.next_key = self.next_key.saturating_add(1);
        let user = User {
            name: name.to_owned(),
            key: format!("32769:{}", self.next_key),
            first_name: String::new(),
            last_name: name.to_owned(),
            display_name: name.to_owned(),
            email: email.to_owned(),
            active: true,
            password: String::from("secret"),
            attributes: BTreeMap::new(),
        };
        self.users.insert(fold(name), user);
        for group in groups {
            self.add_group(group);
            self.join(name, group);
        }
    }

    /// Changes a user; false when there is none.
    pub fn change_user(&mut self, name: &str, change: impl FnOnce(&mut User)) -> bool {
        self.users.get_mut(&fold(name)).map(change).is_some()
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&fold(name))
    }

    /// Takes a user away with all memberships; false when there is none.
    pub fn remove_user(&mut self, name: &str) -> bool {
        for group in self.groups.values_mut() {
            group.members.remove(&fold(name));
        }
        self.users.remove(&fold(name)).is_some()
    }

    /// Adds a group; false when there is one.
    pub fn add_group(&mut self, name: &str) -> bool {
        if self.groups.contains_key(&fold(name)) {
            return false;
        }
        let group = Group {
            name: name.to_owned(),
            description: String::new(),
            active: true,
            members: BTreeSet::new(),
            children: BTreeSet::new(),
        };
        self.groups.insert(fold(name), group);
        true
    }

    /// Is there a group of this name?
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(&fold(name))
    }

    /// Takes a group away; false when there is none.
    pub fn remove_group(&mut self, name: &str) -> bool {
        for group in self.groups.values_mut() {
            group.children.remove(&fold(name));
        }
        self.groups.remove(&fold(name)).is_some()
    }

    /// Makes `user` a member; false when it is one, or there is no such group.
    pub fn join(&mut self, user: &str, group: &str) -> bool {
        self.groups.get_mut(&fold(group)).is_some_and(|group| group.members.insert(fold(user)))
    }

    /// Ends the membership; false when there is none.
    pub fn leave(&mut self, user: &str, group: &str) -> bool {
        self.groups.get_mut(&fold(group)).is_some_and(|group| group.members.remove(&fold(user)))
    }

    /// From now on members of `child` are members of `parent` too.
    pub fn nest(&mut self, child: &str, parent: &str) {
        if let Some(parent) = self.groups.get_mut(&fold(parent)) {
            parent.children.insert(fold(child));
        }
    }

    /// The groups that a user is a direct member of, in order, in the spelling they were made with.
    #[must_use]
    pub fn groups_of(&self, user: &str) -> Vec<String> {
        let user = fold(user);
        let of = self.groups.values().filter(|group| group.members.contains(&user));
        of.map(|group| group.name.clone()).collect()
    }

    /// The same with the groups that come by nesting.
    #[must_use]
    pub fn nested_groups_of(&self, user: &str) -> Vec<String> {
        let mut found: BTreeSet<String> = self.groups_of(user).iter().map(|name| fold(name)).collect();
        loop {
            let above = self.groups.iter().filter(|(_, group)| !group.children.is_disjoint(&found));
            let above: Vec<String> = above.map(|(name, _)| name.clone()).collect();
            let before = found.len();
            found.extend(above);
            if found.len() == before {
                break;
            }
        }
        found.iter().filter_map(|name| self.groups.get(name)).map(|group| group.name.clone()).collect()
    }

    /// The values of an attribute.
    #[must_use]
    pub fn attribute(&self, user: &str, name: &str) -> Option<&[String]> {
        self.user(user)?.attributes.get(name).map(Vec::as_slice)
    }

    /// Sets the password of an application, or adds one.
    pub fn set_application(&mut self, name: &str, password: &str) {
        self.applications.insert(name.to_owned(), password.to_owned());
    }

    /// Does the application's list of addresses lack the caller's?
    pub fn refuse_address(&mut self, refuse: bool) {
        self.refuses_address = refuse;
    }

    /// Forbids this; all of [`Permission::ALL`] make the directory read-only.
    pub fn deny(&mut self, permissions: &[Permission]) {
        self.denied.extend(permissions);
    }

    pub(super) fn denies(&self, permission: Permission) -> bool {
        self.denied.contains(&permission)
    }

    pub(super) fn refuses_addresses(&self) -> bool {
        self.refuses_address
    }

    pub(super) fn knows_application(&self, name: &str, password: &str) -> bool {
        self.applications.get(name).is_some_and(|have| have == password)
    }

    pub(super) fn next_key(&mut self) -> String {
        self.next_key = self.next_key.saturating_add(1);
        format!("32769:{}", self.next_key)
    }

    pub(super) fn members(&self, group: &str) -> Vec<&User> {
        let members = self.groups.get(&fold(group)).into_iter().flat_map(|group| &group.members);
        members.filter_map(|name| self.users.get(name)).collect()
    }

    /// Gives the user a new name; false when it is taken.
    pub(super) fn rename_user(&mut self, old: &str, new: &str) -> bool {
        if fold(old) != fold(new) && self.users.contains_key(&fold(new)) {
            return false;
        }
        let Some(mut user) = self.users.remove(&fold(old)) else { return false };
        user.name = new.to_owned();
        for group in self.groups.values_mut() {
            if group.members.remove(&fold(old)) {
                group.members.insert(fold(new));
            }
        }
        self.users.insert(fold(new), user);
        true
    }
}

pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}
