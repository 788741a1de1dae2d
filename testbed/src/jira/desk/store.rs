//! What Jira Service Management holds: organizations, service desks, who is a customer where.

use std::collections::{BTreeMap, BTreeSet};

use super::super::store::Store;

/// Organizations and service desks.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::jira) struct Desks {
    /// Without a licence everything but `info` is refused.
    pub(super) licensed: bool,
    /// What an existing name of an organization is answered with; nothing is documented.
    pub(super) existing_organization: u16,
    /// The newest releases answer 200 and a user where older ones answer 204.
    pub(super) newest: bool,
    /// In the order of their ids.
    pub(super) organizations: Vec<Organization>,
    /// Their ids by name, without case.
    names: BTreeMap<String, u32>,
    pub(super) service_desks: Vec<ServiceDesk>,
    next_organization: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Organization {
    pub(super) id: u32,
    pub(super) name: String,
    /// Keys of users: a rename does not end a membership.
    pub(super) members: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ServiceDesk {
    pub(super) id: u32,
    /// Another number than `id`, as at the real one.
    pub(super) portal: u32,
    pub(super) key: String,
    pub(super) name: String,
    /// Keys of users.
    pub(super) customers: BTreeSet<String>,
    /// Ids of organizations.
    pub(super) organizations: BTreeSet<u32>,
}

impl Default for Desks {
    fn default() -> Self {
        Self {
            licensed: true,
            existing_organization: 400,
            newest: false,
            organizations: Vec::new(),
            names: BTreeMap::new(),
            service_desks: Vec::new(),
            next_organization: 2,
        }
    }
}

impl Desks {
    pub(super) fn organization(&self, id: &str) -> Option<&Organization> {
        let id: u32 = id.parse().ok()?;
        let at = self.organizations.binary_search_by_key(&id, |organization| organization.id).ok()?;
        self.organizations.get(at)
    }

    pub(super) fn organization_mut(&mut self, id: &str) -> Option<&mut Organization> {
        let id: u32 = id.parse().ok()?;
        let at = self.organizations.binary_search_by_key(&id, |organization| organization.id).ok()?;
        self.organizations.get_mut(at)
    }

    /// Names are compared without case.
    pub(super) fn organization_named(&self, name: &str) -> Option<&Organization> {
        self.organization(&self.names.get(&name.to_lowercase())?.to_string())
    }

    pub(super) fn add_organization(&mut self, name: &str) -> u32 {
        let id = self.next_organization;
        // Ids have gaps, and do not begin with 1.
        self.next_organization = id.saturating_add(3);
        self.names.insert(name.to_lowercase(), id);
        self.organizations.push(Organization { id, name: name.to_owned(), members: BTreeSet::new() });
        id
    }

    pub(super) fn remove_organization(&mut self, id: u32) {
        self.organizations.retain(|organization| organization.id != id);
        self.names.retain(|_, named| *named != id);
        for desk in &mut self.service_desks {
            desk.organizations.remove(&id);
        }
    }

    pub(super) fn service_desk(&self, id: &str) -> Option<&ServiceDesk> {
        let id: u32 = id.parse().ok()?;
        self.service_desks.iter().find(|desk| desk.id == id)
    }

    pub(super) fn service_desk_mut(&mut self, id: &str) -> Option<&mut ServiceDesk> {
        let id: u32 = id.parse().ok()?;
        self.service_desks.iter_mut().find(|desk| desk.id == id)
    }

    /// Forgets a user who is gone.
    pub(in crate::jira) fn forget(&mut self, key: &str) {
        for organization in &mut self.organizations {
            organization.members.remove(key);
        }
        for desk in &mut self.service_desks {
            desk.customers.remove(key);
        }
    }

    /// Forgets the members and customers, not what they were in.
    pub(in crate::jira) fn forget_everybody(&mut self) {
        for organization in &mut self.organizations {
            organization.members.clear();
        }
        for desk in &mut self.service_desks {
            desk.customers.clear();
        }
    }
}

impl Store {
    /// Adds an organization of Jira Service Management and tells its id.
    pub fn add_organization(&mut self, name: &str) -> u32 {
        self.desks.add_organization(name)
    }

    /// Adds a service desk and tells its id, which is not that of its portal.
    pub fn add_service_desk(&mut self, key: &str, name: &str) -> u32 {
        let number = u32::try_from(self.desks.service_desks.len()).unwrap_or_default();
        let id = number.saturating_add(1);
        self.desks.service_desks.push(ServiceDesk {
            id,
            portal: number.saturating_add(101),
            key: key.to_owned(),
            name: name.to_owned(),
            customers: BTreeSet::new(),
            organizations: BTreeSet::new(),
        });
        id
    }

    /// Makes `user` a member of the organization, as an agent would by hand.
    pub fn join_organization(&mut self, user: &str, organization: &str) {
        let Some(key) = self.user(user).map(|user| user.key.clone()) else { return };
        let id = self.desks.organization_named(organization).map(|organization| organization.id.to_string());
        if let Some(organization) = id.and_then(|id| self.desks.organization_mut(&id)) {
            organization.members.insert(key);
        }
    }

    /// Takes an organization away, as an administrator would by hand.
    pub fn remove_organization(&mut self, name: &str) {
        if let Some(id) = self.desks.organization_named(name).map(|organization| organization.id) {
            self.desks.remove_organization(id);
        }
    }

    /// The names of all organizations.
    #[must_use]
    pub fn organizations(&self) -> Vec<String> {
        self.desks.organizations.iter().map(|organization| organization.name.clone()).collect()
    }

    /// The organizations that `user` is a member of.
    #[must_use]
    pub fn organizations_of(&self, user: &str) -> Vec<String> {
        let Some(user) = self.user(user) else { return Vec::new() };
        let of =
            self.desks.organizations.iter().filter(|organization| organization.members.contains(&user.key));
        of.map(|organization| organization.name.clone()).collect()
    }

    /// The keys of the service desks' projects where `user` is a customer by himself.
    #[must_use]
    pub fn service_desks_of(&self, user: &str) -> Vec<String> {
        let Some(user) = self.user(user) else { return Vec::new() };
        let of = self.desks.service_desks.iter().filter(|desk| desk.customers.contains(&user.key));
        of.map(|desk| desk.key.clone()).collect()
    }

    /// The organizations linked to the service desk of the project `key`.
    #[must_use]
    pub fn organizations_at(&self, key: &str) -> Vec<String> {
        let desk = self.desks.service_desks.iter().find(|desk| desk.key == key);
        let ids = desk.into_iter().flat_map(|desk| &desk.organizations);
        ids.filter_map(|id| self.desks.organization(&id.to_string()))
            .map(|organization| organization.name.clone())
            .collect()
    }

    /// With or without a licence for Jira Service Management.
    pub fn license_service_management(&mut self, licensed: bool) {
        self.desks.licensed = licensed;
    }

    /// The status for making an organization that exists: 201 answers with the existing one.
    pub fn answer_existing_organizations_with(&mut self, status: u16) {
        self.desks.existing_organization = status;
    }

    /// Answers as the newest releases do, where they differ.
    pub fn answer_as_the_newest(&mut self) {
        self.desks.newest = true;
    }
}
