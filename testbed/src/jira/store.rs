//! What a Jira holds: users, groups, who is in which, tokens and licences. Names are compared without case.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::desk::Desks;

/// Everything that the stand-in knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
    /// The folded groups of folded users, so that nobody has to look through all groups.
    memberships: BTreeMap<String, BTreeSet<String>>,
    /// The folded names of keys.
    keys: BTreeMap<String, String>,
    tokens: BTreeMap<String, Rights>,
    licences: Vec<Licence>,
    next_key: u32,
    /// Users and memberships come from a directory that Jira cannot write to.
    pub(super) read_only: bool,
    /// Folded names of people who own something that cannot be without an owner.
    owners: BTreeSet<String>,
    /// An anonymization is going on for so many more questions.
    pub(super) anonymizing: u32,
    /// Accounts that were made by REST.
    pub(super) made: u64,
    /// Changes that were asked for by REST, made or not.
    pub(super) writes: u64,
    /// A Jira before 10: there is no stream of all users.
    pub(super) old: bool,
    pub(super) desks: Desks,
}

/// What the owner of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    Administer,
    /// Look at users and groups, but change nothing.
    Browse,
}

/// An application of Jira and who may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Such as `jira-software`.
    pub key: String,
    /// Such as `Jira Software`.
    pub name: String,
    /// The group whose members use a seat.
    pub group: String,
    /// How many seats there are.
    pub seats: usize,
    /// Whether new accounts get it unless they are created with `applicationKeys`.
    pub selected_by_default: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) active: bool,
    pub(super) properties: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
struct Group {
    name: String,
    /// Folded user names.
    members: BTreeSet<String>,
}

/// Users and groups to start with, as `PUT /__testbed/state` takes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The users.
    pub users: Vec<UserSeed>,
    /// Groups besides those that users name.
    pub groups: Vec<GroupSeed>,
}

/// A user to start with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSeed {
    /// The user name.
    pub name: String,
    /// The e-mail address; made up from the name when empty.
    #[serde(default)]
    pub email: String,
    /// The display name; the user name when empty.
    #[serde(default)]
    pub display_name: String,
    /// Whether the account may be used.
    #[serde(default = "yes")]
    pub active: bool,
    /// Groups to be a member of; made where they are missing.
    #[serde(default)]
    pub groups: Vec<String>,
    /// User properties.
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
}

/// A group to start with: its name.
pub type GroupSeed = String;

const fn yes() -> bool {
    true
}

impl UserSeed {
    /// An active user of this name in these groups.
    #[must_use]
    pub fn new(name: &str, groups: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            email: String::new(),
            display_name: String::new(),
            active: true,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            properties: BTreeMap::new(),
        }
    }
}

impl Store {
    /// No users and no groups; [`super::TOKEN`] is known, and there are licences for Jira Software (given to new
    /// accounts by default) and Jira Service Management.
    #[must_use]
    pub fn empty() -> Self {
        let licence = |key: &str, name: &str, group: &str, selected_by_default| Licence {
            key: key.to_owned(),
            name: name.to_owned(),
            group: group.to_owned(),
            seats: 25,
            selected_by_default,
        };
        Self {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            memberships: BTreeMap::new(),
            keys: BTreeMap::new(),
            tokens: BTreeMap::from([(super::TOKEN.to_owned(), Rights::Administer)]),
            licences: vec![
                licence("jira-software", "Jira Software", "jira-software-users", true),
                licence("jira-servicedesk", "Jira Service Management", "jira-servicemanagement-users", false),
            ],
            next_key: 10_000,
            read_only: false,
            owners: BTreeSet::new(),
            anonymizing: 0,
            made: 0,
            writes: 0,
            old: false,
            desks: Desks::default(),
        }
    }

    /// The groups of a fresh Jira and one administrator.
    #[must_use]
    pub fn demo() -> Self {
        let mut store = Self::empty();
        for group in ["jira-administrators", "jira-software-users", "jira-servicemanagement-users"] {
            store.add_group(group);
        }
        store.add_user(UserSeed {
            display_name: String::from("Jira Administrator"),
            ..UserSeed::new("jira-admin", &["jira-administrators", "jira-software-users"])
        });
        store
    }

    /// Forgets users and groups and takes those of `seed`.
    pub fn replace(&mut self, seed: Seed) {
        self.users.clear();
        self.groups.clear();
        self.memberships.clear();
        self.keys.clear();
        self.desks.forget_everybody();
        for group in &seed.groups {
            self.add_group(group);
        }
        for user in seed.users {
            self.add_user(user);
        }
    }

    /// Adds a token.
    pub fn add_token(&mut self, token: &str, rights: Rights) {
        self.tokens.insert(token.to_owned(), rights);
    }

    /// Takes a token away, as an administrator or its expiry would.
    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// What the owner of `token` may do; `None` for no token of ours.
    #[must_use]
    pub fn rights(&self, token: &str) -> Option<Rights> {
        self.tokens.get(token).copied()
    }

    /// Adds a user, or replaces the one of that name.
    pub fn add_user(&mut self, seed: UserSeed) {
        let key = format!("JIRAUSER{}", self.next_key);
        self.next_key = self.next_key.saturating_add(100);
        let email = if seed.email.is_empty() { format!("{}@example.test", seed.name) } else { seed.email };
        let display_name = if seed.display_name.is_empty() { seed.name.clone() } else { seed.display_name };
        for group in &seed.groups {
            self.add_group(group);
            self.join(&seed.name, group);
        }
        let user = User {
            key,
            email,
            display_name,
            active: seed.active,
            properties: seed.properties,
            name: seed.name,
        };
        self.keys.insert(user.key.clone(), fold(&user.name));
        if let Some(replaced) = self.users.insert(fold(&user.name), user) {
            self.keys.remove(&replaced.key);
        }
    }

    /// Adds a group; false when there is one.
    pub fn add_group(&mut self, name: &str) -> bool {
        if self.groups.contains_key(&fold(name)) {
            return false;
        }
        let group = Group { name: name.to_owned(), members: BTreeSet::new() };
        self.groups.insert(fold(name), group);
        true
    }

    /// Takes a group away; false when there is none.
    pub fn remove_group(&mut self, name: &str) -> bool {
        let Some(group) = self.groups.remove(&fold(name)) else { return false };
        for member in &group.members {
            if let Some(groups) = self.memberships.get_mut(member) {
                groups.remove(&fold(name));
            }
        }
        true
    }

    /// Makes `user` a member; false when it is one, or there is no such group.
    pub fn join(&mut self, user: &str, group: &str) -> bool {
        let joined = self.groups.get_mut(&fold(group)).is_some_and(|group| group.members.insert(fold(user)));
        if joined {
            self.memberships.entry(fold(user)).or_default().insert(fold(group));
        }
        joined
    }

    /// Ends the membership; false when there is none.
    pub fn leave(&mut self, user: &str, group: &str) -> bool {
        let left = self.groups.get_mut(&fold(group)).is_some_and(|group| group.members.remove(&fold(user)));
        if let Some(groups) = self.memberships.get_mut(&fold(user)).filter(|_| left) {
            groups.remove(&fold(group));
        }
        left
    }

    /// Sets whether the account may be used.
    pub fn set_active(&mut self, user: &str, active: bool) {
        if let Some(user) = self.user_mut(user) {
            user.active = active;
        }
    }

    /// How many accounts were made by REST.
    #[must_use]
    pub const fn people_made(&self) -> u64 {
        self.made
    }

    /// How many changes were asked for by REST, made or not.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.writes
    }

    /// Whether the account may be used; `None` when there is none.
    #[must_use]
    pub fn is_active(&self, user: &str) -> Option<bool> {
        self.user(user).map(|user| user.active)
    }

    /// Sets a user property.
    pub fn set_property(&mut self, user: &str, key: &str, value: Value) {
        if let Some(user) = self.user_mut(user) {
            user.properties.insert(key.to_owned(), value);
        }
    }

    /// The groups of a user, in order, in the spelling they were made with; empty when there is no such user.
    #[must_use]
    pub fn groups_of(&self, user: &str) -> Vec<String> {
        let groups = self.memberships.get(&fold(user)).into_iter().flatten();
        groups.filter_map(|group| self.groups.get(group)).map(|group| group.name.clone()).collect()
    }

    /// Is there a user of this name?
    #[must_use]
    pub fn has_user(&self, name: &str) -> bool {
        self.user(name).is_some()
    }

    /// A user property.
    #[must_use]
    pub fn property(&self, user: &str, key: &str) -> Option<&Value> {
        self.user(user).and_then(|user| user.properties.get(key))
    }

    /// The applications whose seat this user takes, by key.
    #[must_use]
    pub fn seats_of(&self, name: &str) -> Vec<String> {
        let active = self.user(name).is_some_and(|user| user.active);
        let used = self.licences.iter().filter(|licence| active && self.is_member(name, &licence.group));
        used.map(|licence| licence.key.clone()).collect()
    }

    /// How many seats of an application are taken.
    #[must_use]
    pub fn seats_taken(&self, licence: &Licence) -> usize {
        self.members(&licence.group).into_iter().filter(|user| user.active).count()
    }

    /// The applications.
    #[must_use]
    pub fn licences(&self) -> &[Licence] {
        &self.licences
    }

    /// Sets how many seats the application `key` has.
    pub fn set_seats(&mut self, key: &str, seats: usize) {
        for licence in self.licences.iter_mut().filter(|licence| licence.key == key) {
            licence.seats = seats;
        }
    }

    /// From now on users and memberships come from a directory that Jira cannot write to, such as LDAP.
    pub const fn set_read_only(&mut self, read_only: bool) {
        self.read_only = read_only;
    }

    /// Users, groups and licences as JSON; `users` and `groups` have the shape of [`Seed`] and more.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let users: Vec<Value> = self
            .users
            .values()
            .map(|user| {
                json!({
                    "name": user.name, "key": user.key, "email": user.email,
                    "displayName": user.display_name, "active": user.active,
                    "groups": self.groups_of(&user.name), "properties": user.properties,
                    "licences": self.seats_of(&user.name),
                })
            })
            .collect();
        let groups: Vec<&str> = self.groups.values().map(|group| group.name.as_str()).collect();
        let licences: Map<String, Value> = self
            .licences
            .iter()
            .map(|licence| {
                (licence.key.clone(), json!({ "seats": licence.seats, "taken": self.seats_taken(licence) }))
            })
            .collect();
        json!({ "users": users, "groups": groups, "licences": licences })
    }

    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&fold(name))
    }

    pub(super) fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        self.users.get_mut(&fold(name))
    }

    pub(super) fn user_by_key(&self, key: &str) -> Option<&User> {
        self.users.get(self.keys.get(key)?)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Deletes a user, with all memberships; false when there is none.
    pub fn remove_user(&mut self, name: &str) -> bool {
        let Some(user) = self.users.remove(&fold(name)) else { return false };
        for group in self.memberships.remove(&fold(name)).into_iter().flatten() {
            if let Some(group) = self.groups.get_mut(&group) {
                group.members.remove(&fold(name));
            }
        }
        self.keys.remove(&user.key);
        self.desks.forget(&user.key);
        true
    }

    /// From now on `name` leads a project and reports issues: nobody deactivates or deletes such people.
    pub fn make_owner(&mut self, name: &str) {
        self.owners.insert(fold(name));
    }

    pub(super) fn is_owner(&self, name: &str) -> bool {
        self.owners.contains(&fold(name))
    }

    /// Somebody else's anonymization goes on while so many more are asked for.
    pub fn keep_anonymizing(&mut self, times: u32) {
        self.anonymizing = times;
    }

    /// Answers as releases before Jira 10 do, where they differ.
    pub fn answer_as_before_10(&mut self) {
        self.old = true;
    }

    /// Takes from the user whatever says who it was.
    pub(super) fn anonymize(&mut self, name: &str) {
        let Some(key) = self.user(name).map(|user| user.key.clone()) else { return };
        let anonymous = key.to_lowercase();
        self.rename_user(name, &anonymous);
        if let Some(user) = self.user_mut(&anonymous) {
            user.email = format!("{anonymous}@jira.invalid");
            user.display_name = format!("user-{anonymous}");
            user.active = false;
            user.properties.clear();
        }
    }

    /// Gives the user a new name; false when it is taken.
    pub(super) fn rename_user(&mut self, old: &str, new: &str) -> bool {
        if fold(old) != fold(new) && self.has_user(new) {
            return false;
        }
        let Some(mut user) = self.users.remove(&fold(old)) else { return false };
        user.name = new.to_owned();
        self.keys.insert(user.key.clone(), fold(new));
        let groups = self.memberships.remove(&fold(old)).unwrap_or_default();
        for group in &groups {
            if let Some(group) = self.groups.get_mut(group) {
                group.members.remove(&fold(old));
                group.members.insert(fold(new));
            }
        }
        self.memberships.insert(fold(new), groups);
        self.users.insert(fold(new), user);
        true
    }

    /// The group in the spelling it was made with.
    pub(super) fn group_name(&self, name: &str) -> Option<&str> {
        self.groups.get(&fold(name)).map(|group| group.name.as_str())
    }

    pub(super) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.values().map(|group| group.name.as_str())
    }

    pub(super) fn members(&self, group: &str) -> Vec<&User> {
        let members = self.groups.get(&fold(group)).into_iter().flat_map(|group| &group.members);
        members.filter_map(|name| self.users.get(name)).collect()
    }

    pub(super) fn is_member(&self, user: &str, group: &str) -> bool {
        self.groups.get(&fold(group)).is_some_and(|group| group.members.contains(&fold(user)))
    }
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}
