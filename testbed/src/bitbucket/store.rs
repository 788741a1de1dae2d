//! What a Bitbucket holds: users, groups, who is in which, tokens and licences. Names are compared without case.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that the stand-in knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitbucket {
    pub(super) users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
    tokens: BTreeMap<String, Rights>,
    seats: usize,
    pub(super) page_cap: usize,
    next_id: u64,
}

/// What the owner of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    Administer,
    /// Look at users and groups, but change nothing.
    Licensed,
    /// Not even that.
    Nothing,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, in the spelling it was made with.
    pub name: String,
    /// The number that stays.
    pub id: u64,
    /// What to call the person.
    pub display_name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the account may be used; only the directory can change it.
    pub active: bool,
    /// The password.
    pub password: String,
    /// Where the account lives.
    pub directory: String,
    /// Whether Bitbucket may change name and address there.
    pub mutable_details: bool,
    /// Whether Bitbucket may change memberships there.
    pub mutable_groups: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    members: BTreeSet<String>,
}

impl Bitbucket {
    /// The groups of a fresh Bitbucket and one administrator; [`super::TOKEN`] is known and there are 25 seats.
    #[must_use]
    pub fn demo() -> Self {
        let mut bitbucket = Self {
            tokens: BTreeMap::from([(super::TOKEN.to_owned(), Rights::Administer)]),
            seats: 25,
            page_cap: 1000,
            ..Self::default()
        };
        let groups = ["bitbucket-administrators", super::LICENCE_GROUP];
        bitbucket.add_user("bitbucket-admin", "bitbucket-admin@example.test", &groups);
        bitbucket
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

    /// How many people may use Bitbucket.
    pub fn set_seats(&mut self, seats: usize) {
        self.seats = seats;
    }

    /// The most results on a page, whatever is asked for.
    pub fn set_page_cap(&mut self, page_cap: usize) {
        self.page_cap = page_cap;
    }

    /// Adds an active user of the internal directory, or replaces the one of that name; groups are made where they are
    /// missing.
    pub fn add_user(&mut self, name: &str, email: &str, groups: &[&str]) {
        self.next_id = self.next_id.saturating_add(1);
        let user = User {
            name: name.to_owned(),
            id: self.next_id,
            display_name: name.to_owned(),
            email: email.to_owned(),
            active: true,
            password: String::from("secret"),
            directory: String::from("Bitbucket Internal Directory"),
            mutable_details: true,
            mutable_groups: true,
        };
        self.users.insert(fold(name), user);
        for group in groups {
            self.add_group(group);
            self.join(name, group);
        }
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&fold(name))
    }

    /// Changes a user; false when there is none.
    pub fn change_user(&mut self, name: &str, change: impl FnOnce(&mut User)) -> bool {
        self.users.get_mut(&fold(name)).map(change).is_some()
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
        if self.has_group(name) {
            return false;
        }
        let group = Group { name: name.to_owned(), members: BTreeSet::new() };
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

    /// The groups of a user, in order, in the spelling they were made with.
    #[must_use]
    pub fn groups_of(&self, user: &str) -> Vec<String> {
        let user = fold(user);
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

    pub(super) fn group_names(&self) -> Vec<String> {
        self.groups.values().map(|group| group.name.clone()).collect()
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

fn fold(name: &str) -> String {
    name.to_lowercase()
}
