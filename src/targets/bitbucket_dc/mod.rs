//! Bitbucket Data Center, REST API for administrators (Bitbucket 5.5 and later): what to send.
//!
//! People and groups are found by parts of their names, so every page is searched for the whole name. An account is made
//! by query parameters, without the default group, which costs a licence; its password, which so gets into access logs, is
//! replaced by one that does not. Nobody can be activated: that is up to the directory. What the directory does not allow is told by the account itself, and then not tried.

mod answer;
mod read;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountChanges, AccountKey, AccountRef, Capabilities, Listed, NewPassword, Operation, Page, Question,
    RemoteAccount, RemoteState,
};

use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::resource::Resource;
use super::subject::Subject;

/// Results asked for at once; Bitbucket's own limit is 1000 unless an administrator lowered it.
const PAGE_SIZE: &str = "500";

/// How the page of an account begins whose groups nobody asked for: its last answer asks for them.
const WITH_GROUPS: &str = "groups ";

/// One Bitbucket.
#[derive(Clone, Debug)]
pub struct BitbucketDc {
    endpoint: Endpoint,
}

impl BitbucketDc {
    /// The Bitbucket at `endpoint`. Its credentials are those of somebody with the global permission *Admin*.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    fn page(&self, path: &'static str, name: &'static str, value: &str, page: &Page) -> Resource {
        let start = page.as_str().unwrap_or_default();
        let start = start.strip_prefix(WITH_GROUPS).unwrap_or(start);
        let start = if start.is_empty() { "0" } else { start };
        self.resource(path).query(name, value).query("start", start).query("limit", PAGE_SIZE)
    }

    fn list(&self, page: &Page) -> HttpCall {
        let resource = self
            .resource("/rest/api/latest/admin/users")
            .query("start", page.as_str().unwrap_or("0"))
            .query("limit", PAGE_SIZE);
        self.call("GET", resource, None)
    }

    fn resource(&self, path: &'static str) -> Resource {
        self.endpoint.resource(path)
    }

    fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::Json, body)
    }

    /// Everything is in the query. Where nobody made a password there is none, and Bitbucket refuses.
    fn create(
        &self,
        username: &Pii<String>,
        email: Option<&Pii<String>>,
        display_name: &Pii<String>,
        remote: &RemoteState,
    ) -> HttpCall {
        let mut resource = self
            .resource("/rest/api/latest/admin/users")
            .query("name", username.expose())
            .query("displayName", display_name.expose());
        if let Some(email) = email {
            resource = resource.query("emailAddress", email.expose());
        }
        if let Some(password) = &remote.pieces.password {
            resource = resource.query("password", password.expose());
        }
        self.call("POST", resource.query("addToDefaultGroup", "false").query("notify", "false"), None)
    }

    /// Replaces the password that was in the query of [`Self::create`].
    fn replace_password(&self, account: &RemoteAccount, password: &NewPassword) -> HttpCall {
        let password = password.expose();
        self.call(
            "PUT",
            self.resource("/rest/api/latest/admin/users/credentials"),
            Some(&json!({
                "name": account.username.expose(), "password": password, "passwordConfirm": password,
            })),
        )
    }

    /// Creating an account is two calls; see [`Self::replace_password`]. `None` when the answer is for others to read.
    fn made(
        &self,
        operation: &Operation,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Option<Outcome> {
        let Operation::CreateAccount { username, email, display_name, profile, .. } = operation else {
            return None;
        };
        if remote.account.is_some() {
            // The account is there; that its password stays the one in the log is no reason to turn its owner away.
            return matches!(response.status, 200..=299 | 400..=499).then_some(Outcome::Applied);
        }
        let applied = answer::outcome(operation, response) == Outcome::Applied;
        applied.then(|| {
            remote.account = Some(RemoteAccount {
                id: None,
                username: username.clone(),
                email: email.clone(),
                display_name: display_name.clone(),
                active: true,
                groups: BTreeSet::new(),
                profile: profile.clone(),
            });
            Outcome::Stale
        })
    }

    /// Both fields: what does not change goes along.
    fn update(&self, account: &AccountRef, changes: &AccountChanges, remote: &RemoteState) -> HttpCall {
        let have = remote.account.as_ref();
        let display_name = changes.display_name.as_ref().or_else(|| have.map(|have| &have.display_name));
        let email = changes.email.as_ref().or_else(|| have.and_then(|have| have.email.as_ref()));
        let mut fields = serde_json::Map::new();
        fields.insert(String::from("name"), json!(account.username.expose()));
        for (field, value) in [("displayName", display_name), ("email", email)] {
            if let Some(value) = value {
                fields.insert(field.to_owned(), json!(value.expose()));
            }
        }
        self.call("PUT", self.resource("/rest/api/latest/admin/users"), Some(&Value::Object(fields)))
    }
}

impl Application for BitbucketDc {
    fn name(&self) -> &'static str {
        "bitbucket_dc"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            marker: false,
            reactivates: false,
            needs_password: true,
            needs_email: true,
            deletes_accounts: true,
            renames_accounts: true,
            lists_accounts: true,
            deletes_groups: true,
            ..Capabilities::default()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        let account = Question::Account { by: key.clone(), page: Page::FIRST };
        match key {
            AccountKey::Username(username) => vec![account, read::first_memberships(username)],
            AccountKey::Email(_) => vec![account],
        }
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let resource = match question {
            Question::Account { by, page } => {
                self.page("/rest/api/latest/admin/users", "filter", by.value().expose(), page)
            }
            Question::Memberships { account, page } => {
                let path = "/rest/api/latest/admin/users/more-members";
                self.page(path, "context", account.username.expose(), page)
            }
            Question::Group { name, page } | Question::Organization { name, page } => {
                self.page("/rest/api/latest/admin/groups", "filter", name, page)
            }
            // Not asked: there is neither.
            Question::Marker { account } => {
                self.page("/rest/api/latest/admin/users", "filter", account.username.expose(), &Page::FIRST)
            }
            Question::Seats => self.resource("/rest/api/latest/admin/license"),
        };
        self.call("GET", resource, None)
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        read::learn(question, response, remote)
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, _: UnixTime) -> Prepared {
        let request = Request::Change(operation.kind());
        let forbidden = match operation {
            Operation::UpdateAccount { .. }
            | Operation::RenameAccount { .. }
            | Operation::DeleteAccount { .. } => read::forbids(remote, "mutableDetails"),
            Operation::AddToGroup { .. } | Operation::RemoveFromGroup { .. } => {
                read::forbids(remote, "mutableGroups")
            }
            _ => false,
        };
        if forbidden {
            return Prepared::Refuse(TargetError::ReadOnly { request });
        }
        let call = match operation {
            Operation::CreateAccount { username, email, display_name, .. } => {
                if let Some(account) = &remote.account {
                    let password = remote.pieces.password.as_ref();
                    return password.map_or(Prepared::AlreadySo, |password| {
                        Prepared::Call(self.replace_password(account, password))
                    });
                }
                self.create(username, email.as_ref(), display_name, remote)
            }
            Operation::UpdateAccount { account, changes } => self.update(account, changes, remote),
            Operation::CreateGroup { group } => {
                let resource = self.resource("/rest/api/latest/admin/groups").query("name", group);
                self.call("POST", resource, None)
            }
            Operation::DeleteAccount { account } => {
                let resource = self.resource("/rest/api/latest/admin/users");
                self.call("DELETE", resource.query("name", account.username.expose()), None)
            }
            Operation::RenameAccount { account, username } => self.call(
                "POST",
                self.resource("/rest/api/latest/admin/users/rename"),
                Some(&json!({ "name": account.username.expose(), "newName": username.expose() })),
            ),
            Operation::DeleteGroup { group } => {
                let resource = self.resource("/rest/api/latest/admin/groups").query("name", group);
                self.call("DELETE", resource, None)
            }
            Operation::AddToGroup { account, group, .. } => self.call(
                "POST",
                self.resource("/rest/api/latest/admin/users/add-groups"),
                Some(&json!({ "user": account.username.expose(), "groups": [group] })),
            ),
            Operation::RemoveFromGroup { account, group } => self.call(
                "POST",
                self.resource("/rest/api/latest/admin/users/remove-group"),
                Some(&json!({ "context": account.username.expose(), "itemName": group })),
            ),
            Operation::ReactivateAccount { .. }
            | Operation::WriteMarker { .. }
            | Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. }
            | Operation::DeactivateAccount { .. }
            | Operation::AnonymizeAccount { .. }
            | Operation::RenameGroup { .. }
            | Operation::RenameOrganization { .. }
            | Operation::DeleteOrganization { .. }
            | Operation::Deliver(_) => {
                return Prepared::Refuse(TargetError::Missing { request, what: "way to do it" });
            }
        };
        Prepared::Call(call)
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        self.made(operation, response, remote).unwrap_or_else(|| answer::outcome(operation, response))
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        Some(self.list(page))
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        read::listed(page, response)
    }

    fn reread(&self, operation: &Operation, _: &RemoteState) -> Question {
        match Subject::of(operation) {
            Subject::Person(username) => alone(username),
            Subject::Account(account) | Subject::Membership(account) | Subject::Marker(account) => {
                alone(&account.username)
            }
            Subject::Group(name) => Question::Group { name: name.to_owned(), page: Page::FIRST },
            Subject::Organization(name) => {
                Question::Organization { name: name.to_owned(), page: Page::FIRST }
            }
        }
    }
}

/// Asks for an account whose answer asks for the groups.
fn alone(username: &Pii<String>) -> Question {
    let by = AccountKey::Username(username.clone());
    Question::Account { by, page: Page::at(WITH_GROUPS.to_owned()) }
}

#[cfg(test)]
mod tests;
