//! What a Confluence holds: users, groups, who is in which, tokens and licences. User names are in lower case.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that the stand-in knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confluence {
    pub(super) users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
    tokens: BTreeMap<String, Rights>,
    seats: usize,
    default_group: Option<String>,
    pub(super) read_only: bool,
    pub(super) page_cap: usize,
    pub(super) shows_status: bool,
    next_key: u32,
}

/// What the owner of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    Administer,
    /// Look at users and groups, but change nothing.
    View,
    /// Not even that: a user without a licence.
    Nothing,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The stable key.
    pub key: String,
    /// What to call the person.
    pub full_name: String,
    /// The e-mail address, which no answer shows.
    pub email: String,
    /// Whether the account may be used.
    pub active: bool,
    /// The password; empty when the person was sent a mail instead.
    pub password: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    members: BTreeSet<String>,
}

impl Confluence {
    /// The groups of a fresh Confluence and one administrator; [`super::TOKEN`] is known and there are 25 seats. New users
    /// get no group.
    #[must_use]
    pub fn demo() -> Self {
        let mut confluence = Self {
            tokens: BTreeMap::from([(super::TOKEN.to_owned(), Rights::Administer)]),
            seats: 25,
            page_cap: 200,
            shows_status: true,
            ..Self::default()
        };
        let groups = ["confluence-administrators", super::LICENCE_GROUP];
        confluence.add_user("confluence-admin", "confluence-admin@example.test", &groups);
        confluence
    }

    /// Adds a token.
    pub fn add_token(&mut self, token: &str, rights: Rights) {
        self.tokens.insert(token.to_owned(), rights);
    }

    /// Takes a token away, as an administrator or its expiry would.
    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub(super) fn rights(&self, token: &str) -> Option<Rights> {
        self.tokens.get(token).copied()
    }

    /// How many people may use Confluence.
    pub fn set_seats(&mut self, seats: usize) {
        self.seats = seats;
    }

    /// The group that every new user gets.
    pub fn set_default_group(&mut self, group: Option<&str>) {
        self.default_group = group.map(str::to_owned);
    }

    /// Users and groups live in a directory that Confluence may only read.
    pub fn set_read_only(&mut self, read_only: bool) {
        self.read_only = read_only;
    }

    /// The most results on a page, whatever is asked for.
    pub fn set_page_cap(&mut self, page_cap: usize) {
        self.page_cap = page_cap;
    }

    /// Whether `expand=status` has an effect; old versions do not know it.
    pub fn set_shows_status(&mut self, shows_status: bool) {
        self.shows_status = shows_status;
    }

    /// Adds an active user, or replaces the one of that name; groups are made where they are missing.
    pub fn add_user(&mut self, name: &str, email: &str, groups: &[&str]) {
        let name = name.to_lowercase();
        self.next_key = self.next_key.saturating_add(1);
        let user = User {
            key: format!("4028d6768851c8900188556ba6{:06x}", self.next_key),
            full_name: name.clone(),
            email: email.to_owned(),
            active: true,
            password: String::from("secret"),
            name: name.clone(),
        };
        self.users.insert(name.clone(), user);
        for group in groups {
            self.add_group(group);
            self.join(&name, group);
        }
    }

    /// What becomes of a user who was just made: the default group, if there is one.
    pub(super) fn welcome(&mut self, name: &str) {
        if let Some(group) = self.default_group.clone() {
            self.add_group(&group);
            self.join(name, &group);
        }
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&name.to_lowercase())
    }

    /// Changes a user; false when there is none.
    pub fn change_user(&mut self, name: &str, change: impl FnOnce(&mut User)) -> bool {
        self.users.get_mut(&name.to_lowercase()).map(change).is_some()
    }

    /// Takes a user away with all memberships; false when there is none.
    pub fn remove_user(&mut self, name: &str) -> bool {
        for group in self.groups.values_mut() {
            group.members.remove(&name.to_lowercase());
        }
        self.users.remove(&name.to_lowercase()).is_some()
    }

    /// Adds a group; false when there is one.
    pub fn add_group(&mut self, name: &str) -> bool {
        if self.has_group(name) {
            return false;
        }
        let group = Group { name: name.to_owned(), members: BTreeSet::new() };
        self.groups.insert(name.to_lowercase(), group);
        true
    }

    /// Is there a group of this name?
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(&name.to_lowercase())
    }

    /// Takes a group away; false when there is none.
    pub fn remove_group(&mut self, name: &str) -> bool {
        self.groups.remove(&name.to_lowercase()).is_some()
    }

    /// Makes `user` a member; false when it is one, or there is no such group.
    pub fn join(&mut self, user: &str, group: &str) -> bool {
        let group = self.groups.get_mut(&group.to_lowercase());
        group.is_some_and(|group| group.members.insert(user.to_lowercase()))
    }

    /// Ends the membership; false when there is none.
    pub fn leave(&mut self, user: &str, group: &str) -> bool {
        let group = self.groups.get_mut(&group.to_lowercase());
        group.is_some_and(|group| group.members.remove(&user.to_lowercase()))
    }

    /// The groups of a user, in order, in the spelling they were made with.
    #[must_use]
    pub fn groups_of(&self, user: &str) -> Vec<String> {
        let user = user.to_lowercase();
        let of = self.groups.values().filter(|group| group.members.contains(&user));
        of.map(|group| group.name.clone()).collect()
    }

    /// Does this user take a seat?
    #[must_use]
    pub fn is_licensed(&self, user: &str) -> bool {
        let active = self.user(user).is_some_and(|user| user.active);
        active && self.groups_of(user).iter().any(|group| group == super::LICENCE_GROUP)
    }

    /// Are all seats taken?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.users.keys().filter(|name| self.is_licensed(name)).count() >= self.seats
    }

    pub(super) fn group_name(&self, name: &str) -> Option<&str> {
        self.groups.get(&name.to_lowercase()).map(|group| group.name.as_str())
    }

    pub(super) fn group_names(&self) -> Vec<&str> {
        self.groups.values().map(|group| group.name.as_str()).collect()
    }

    pub(super) fn members(&self, group: &str) -> Vec<&User> {
        let members = self.groups.get(&group.to_lowercase()).into_iter().flat_map(|group| &group.members);
        members.filter_map(|name| self.users.get(name)).collect()
    }

    pub(super) fn next_key(&mut self) -> String {
        self.next_key = self.next_key.saturating_add(1);
        format!("4028d6768851c8900188556ba6{:06x}", self.next_key)
    }
}
