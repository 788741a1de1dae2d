//! What tests look at.

use serde_json::{Value, json};

use super::site::{Organization, Site, User, fold};

impl Site {
    /// The ids of the accounts of this address.
    #[must_use]
    pub fn accounts_of(&self, email: &str) -> Vec<String> {
        let of = self.users().filter(|user| fold(&user.email) == fold(email));
        of.map(|user| user.account_id.clone()).collect()
    }

    /// May the account be used? `None` when there is none.
    #[must_use]
    pub fn is_active(&self, account_id: &str) -> Option<bool> {
        self.user(account_id).map(|user| user.active)
    }

    /// The groups of an account.
    #[must_use]
    pub fn groups_of(&self, account_id: &str) -> Vec<String> {
        let of = self.groups.iter().filter(|group| group.members.contains(account_id));
        of.map(|group| group.name.clone()).collect()
    }

    /// The names of all groups.
    #[must_use]
    pub fn group_names(&self) -> Vec<String> {
        self.groups.iter().map(|group| group.name.clone()).collect()
    }

    /// The names of all organizations.
    #[must_use]
    pub fn organization_names(&self) -> Vec<String> {
        self.organizations.iter().map(|organization| organization.name.clone()).collect()
    }

    /// The organizations of an account.
    #[must_use]
    pub fn organizations_of(&self, account_id: &str) -> Vec<String> {
        let of = self.organizations.iter().filter(|organization| organization.members.contains(account_id));
        of.map(|organization| organization.name.clone()).collect()
    }

    /// The keys of the service desks where the account is a customer by itself.
    #[must_use]
    pub fn service_desks_of(&self, account_id: &str) -> Vec<String> {
        let of = self.desks.iter().filter(|desk| desk.customers.contains(account_id));
        of.map(|desk| desk.key.clone()).collect()
    }

    /// The organizations linked to the service desk `key`.
    #[must_use]
    pub fn organizations_at(&self, key: &str) -> Vec<String> {
        let desk = self.desks.iter().find(|desk| desk.key == key);
        let linked = |organization: &&Organization| {
            desk.is_some_and(|desk| desk.organizations.contains(&organization.id))
        };
        self.organizations.iter().filter(linked).map(|organization| organization.name.clone()).collect()
    }

    /// The products whose seat this account takes, by key.
    #[must_use]
    pub fn seats_of(&self, account_id: &str) -> Vec<String> {
        let groups = self.groups_of(account_id);
        let used = self.licences().iter().filter(|licence| groups.contains(&licence.group));
        used.map(|licence| licence.key.clone()).collect()
    }

    /// A property of the account.
    #[must_use]
    pub fn property(&self, account_id: &str, key: &str) -> Option<&Value> {
        self.user(account_id).and_then(|user| user.properties.get(key))
    }

    /// How many invitations were mailed.
    #[must_use]
    pub const fn invitations(&self) -> u32 {
        self.invitations
    }

    pub(super) fn shown(&self) -> Value {
        let user = |user: &User| {
            json!({
                "accountId": user.account_id, "email": user.email, "displayName": user.display_name,
                "active": user.active, "customer": user.customer, "groups": self.groups_of(&user.account_id),
                "organizations": self.organizations_of(&user.account_id), "properties": user.properties,
            })
        };
        json!({
            "users": self.users().map(user).collect::<Vec<_>>(),
            "groups": self.group_names(), "organizations": self.organization_names(),
        })
    }
}
