//! What a site holds: accounts, groups, licences, organizations, service desks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    users: BTreeMap<String, User>,
    pub(super) groups: Vec<Group>,
    pub(super) organizations: Vec<Organization>,
    pub(super) desks: Vec<Desk>,
    licences: Vec<Licence>,
    tokens: BTreeMap<String, Rights>,
    service_management: bool,
    pub(super) invitations: u32,
    next: u32,
}

/// What the owner of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    Administer,
    /// Look at people and groups, but change nothing.
    Browse,
}

/// A product and who may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Such as `jira-software`.
    pub key: String,
    /// The group whose members use a seat.
    pub group: String,
    /// How many seats there are.
    pub seats: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct User {
    pub(super) account_id: String,
    /// Portal-only: of this site alone, without groups and products.
    pub(super) customer: bool,
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) active: bool,
    /// The person hides the address from everybody.
    pub(super) hidden: bool,
    pub(super) properties: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    /// Comes from the identity provider: nobody changes it here.
    pub(super) scim_managed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Organization {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    pub(super) scim_managed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Desk {
    pub(super) id: u32,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) customers: BTreeSet<String>,
    pub(super) organizations: BTreeSet<u32>,
}

impl Site {
    /// Nobody, and licences for Jira Software and Jira Service Management.
    #[must_use]
    pub fn empty() -> Self {
        let licence =
            |key: &str, group: &str| Licence { key: key.to_owned(), group: group.to_owned(), seats: 25 };
        Self {
            users: BTreeMap::new(),
            groups: Vec::new(),
            organizations: Vec::new(),
            desks: Vec::new(),
            licences: vec![
                licence("jira-software", "jira-software-users"),
                licence("jira-servicedesk", "jira-servicemanagement-users"),
            ],
            tokens: BTreeMap::from([(super::TOKEN.to_owned(), Rights::Administer)]),
            service_management: true,
            invitations: 0,
            next: 1,
        }
    }

    /// The groups of a fresh site, its administrator and a service desk `HELP`.
    #[must_use]
    pub fn demo() -> Self {
        let mut site = Self::empty();
        for group in ["site-admins", "jira-software-users", "jira-servicemanagement-users"] {
            site.add_group(group);
        }
        site.add_user(super::ADMINISTRATOR, "Site Administrator", &["site-admins", "jira-software-users"]);
        site.add_service_desk("HELP", "Help");
        site
    }

    /// Adds an Atlassian account with access to the site; returns its id.
    pub fn add_user(&mut self, email: &str, display_name: &str, groups: &[&str]) -> String {
        let account_id = format!("712020:{:08x}-0000-4000-8000-00000000{:04x}", self.number(), self.next);
        self.insert(&account_id, false, email, display_name);
        for group in groups {
            self.add_group(group);
            self.join(&account_id, group);
        }
        account_id
    }

    /// Adds a portal-only account; returns its id.
    pub fn add_customer(&mut self, email: &str, display_name: &str) -> String {
        let account_id = format!("qm:0f0f0f0f-0000-4000-8000-000000000000:{:08x}", self.number());
        self.insert(&account_id, true, email, display_name);
        account_id
    }

    /// Adds a group unless there is one.
    pub fn add_group(&mut self, name: &str) {
        if self.group_named(name).is_none() {
            let id = format!("{:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa", self.number());
            let name = name.to_owned();
            self.groups.push(Group { id, name, members: BTreeSet::new(), scim_managed: false });
        }
    }

    /// From now on the group comes from the identity provider.
    pub fn manage_group_by_scim(&mut self, name: &str) {
        for group in self.groups.iter_mut().filter(|group| group.name == name) {
            group.scim_managed = true;
        }
    }

    /// Makes the account a member.
    pub fn join(&mut self, account_id: &str, group: &str) {
        for group in self.groups.iter_mut().filter(|have| fold(&have.name) == fold(group)) {
            group.members.insert(account_id.to_owned());
        }
    }

    /// Takes a group away, as an administrator would by hand.
    pub fn remove_group(&mut self, name: &str) {
        self.groups.retain(|group| fold(&group.name) != fold(name));
    }

    /// Adds an organization; returns its id.
    pub fn add_organization(&mut self, name: &str) -> u32 {
        let id = self.number();
        let name = name.to_owned();
        self.organizations.push(Organization { id, name, members: BTreeSet::new(), scim_managed: false });
        id
    }

    /// From now on the organization comes from the identity provider.
    pub fn manage_organization_by_scim(&mut self, name: &str) {
        for organization in self.organizations.iter_mut().filter(|have| have.name == name) {
            organization.scim_managed = true;
        }
    }

    /// Takes an organization away, as an administrator would by hand.
    pub fn remove_organization(&mut self, name: &str) {
        self.organizations.retain(|organization| organization.name != name);
    }

    /// Adds a service desk; returns its id.
    pub fn add_service_desk(&mut self, key: &str, name: &str) -> u32 {
        let id = u32::try_from(self.desks.len()).unwrap_or_default().saturating_add(1);
        self.desks.push(Desk {
            id,
            key: key.to_owned(),
            name: name.to_owned(),
            customers: BTreeSet::new(),
            organizations: BTreeSet::new(),
        });
        id
    }

    /// Sets whether the accounts of this address may be used.
    pub fn set_active(&mut self, email: &str, active: bool) {
        for user in self.users.values_mut().filter(|user| fold(&user.email) == fold(email)) {
            user.active = active;
        }
    }

    /// Sets a property of the account.
    pub fn set_property(&mut self, account_id: &str, key: &str, value: Value) {
        if let Some(user) = self.users.get_mut(account_id) {
            user.properties.insert(key.to_owned(), value);
        }
    }

    /// From now on the person hides the address.
    pub fn hide_email(&mut self, email: &str) {
        for user in self.users.values_mut().filter(|user| fold(&user.email) == fold(email)) {
            user.hidden = true;
        }
    }

    /// Adds a token.
    pub fn add_token(&mut self, token: &str, rights: Rights) {
        self.tokens.insert(token.to_owned(), rights);
    }

    /// Takes a token away.
    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// With or without Jira Service Management.
    pub fn license_service_management(&mut self, licensed: bool) {
        self.service_management = licensed;
    }

    /// Sets how many seats the product `key` has.
    pub fn set_seats(&mut self, key: &str, seats: usize) {
        for licence in self.licences.iter_mut().filter(|licence| licence.key == key) {
            licence.seats = seats;
        }
    }
}

impl Site {
    pub(super) fn rights(&self, token: &str) -> Option<Rights> {
        self.tokens.get(token).copied()
    }

    pub(super) const fn has_service_management(&self) -> bool {
        self.service_management
    }

    pub(super) const fn invite(&mut self) {
        self.invitations = self.invitations.saturating_add(1);
    }

    pub(super) fn user(&self, account_id: &str) -> Option<&User> {
        self.users.get(account_id)
    }

    pub(super) fn user_mut(&mut self, account_id: &str) -> Option<&mut User> {
        self.users.get_mut(account_id)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub(super) fn remove_user(&mut self, account_id: &str) -> bool {
        for group in &mut self.groups {
            group.members.remove(account_id);
        }
        self.users.remove(account_id).is_some()
    }

    pub(super) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    pub(super) fn group_mut(&mut self, id: &str) -> Option<&mut Group> {
        self.groups.iter_mut().find(|group| group.id == id)
    }

    /// Names are compared without case.
    pub(super) fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| fold(&group.name) == fold(name))
    }

    pub(super) fn licences(&self) -> &[Licence] {
        &self.licences
    }

    pub(super) fn seats_taken(&self, licence: &Licence) -> usize {
        self.group_named(&licence.group).map_or(0, |group| group.members.len())
    }

    pub(super) fn roles(&self) -> Value {
        let role = |licence: &Licence| {
            let taken = self.seats_taken(licence);
            json!({
                "key": licence.key, "name": licence.key, "groups": [licence.group],
                "defaultGroups": [licence.group], "numberOfSeats": licence.seats, "userCount": taken,
                "remainingSeats": licence.seats.saturating_sub(taken), "hasUnlimitedSeats": false,
            })
        };
        self.licences.iter().map(role).collect()
    }

    fn insert(&mut self, account_id: &str, customer: bool, email: &str, display_name: &str) {
        let user = User {
            account_id: account_id.to_owned(),
            customer,
            email: email.to_owned(),
            display_name: display_name.to_owned(),
            active: true,
            hidden: false,
            properties: BTreeMap::new(),
        };
        self.users.insert(account_id.to_owned(), user);
    }

    /// Numbers that nobody can guess from the order of things.
    const fn number(&mut self) -> u32 {
        self.next = self.next.saturating_add(1);
        self.next.wrapping_mul(2_654_435_761) >> 8
    }
}

pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}
