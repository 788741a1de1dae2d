//! Confluence Data Center, REST API (Confluence 8.4 and later): what to send.
//!
//! User names have no upper case here. Account and groups are read apart and at once; groups come in pages that are as
//! large as Confluence likes. No answer shows an e-mail address, nobody is found by one, and there is nowhere to keep a
//! marker. A change names both name and address, because neither may be blank.

mod answer;
mod read;

use serde_json::{Map, Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountChanges, AccountKey, AccountRef, Capabilities, Listed, Operation, Page, Question, RemoteAccount,
    RemoteState,
};

use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::resource::Resource;
use super::subject::Subject;

/// Groups asked for at once: Confluence's own default. It may answer with fewer.
const PAGE_SIZE: &str = "200";

/// The page of an account whose groups nobody asked for: its answer asks for them.
const WITH_GROUPS: &str = "groups";

/// One Confluence.
#[derive(Clone, Debug)]
pub struct ConfluenceDc {
    endpoint: Endpoint,
    default_group: Option<String>,
}

impl ConfluenceDc {
    /// The Confluence at `endpoint`. Its credentials are those of a Confluence administrator. `default_group` is the group
    /// that Confluence puts every new user into.
    #[must_use]
    pub const fn new(endpoint: Endpoint, default_group: Option<String>) -> Self {
        Self { endpoint, default_group }
    }

    fn user(&self, username: &Pii<String>) -> Resource {
        self.resource("/rest/api/user").query("username", &folded(username))
    }

    fn administered(&self, account: &AccountRef) -> Resource {
        self.resource("/rest/api/admin/user").segment(&folded(&account.username))
    }

    fn membership(&self, username: &Pii<String>, group: &str) -> Resource {
        self.resource("/rest/api/user").segment(&folded(username)).path("/group").segment(group)
    }

    fn resource(&self, path: &'static str) -> Resource {
        self.endpoint.resource(path)
    }

    fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::Json, body)
    }

    fn list(&self, page: &Page) -> HttpCall {
        let resource = self
            .resource("/rest/api/user/list")
            .query("expand", "status")
            .query("start", page.as_str().unwrap_or("0"))
            .query("limit", PAGE_SIZE);
        self.call("GET", resource, None)
    }

    /// The account is made already and has the default group, which costs a licence; see [`Self::made`].
    fn unasked<'a>(&self, remote: &'a RemoteState) -> Option<(&'a RemoteAccount, &str)> {
        let group = self.default_group.as_deref()?;
        let account = remote.account.as_ref()?;
        account.groups.contains(group).then_some((account, group))
    }

    /// Creating an account is two calls where Confluence gives every new user a group: the second takes it away again.
    fn made(
        &self,
        operation: &Operation,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Option<Outcome> {
        let Operation::CreateAccount { username, email, display_name, profile, .. } = operation else {
            return None;
        };
        if let Some((_, group)) = self.unasked(remote) {
            let group = group.to_owned();
            // No such group: then it was not given either.
            let taken = matches!(response.status, 200 | 204 | 404);
            if let Some(account) = remote.account.as_mut().filter(|_| taken) {
                account.groups.remove(&group);
                return Some(Outcome::Applied);
            }
            return None;
        }
        let group = self.default_group.as_ref().filter(|_| response.status == 201)?;
        remote.account = Some(RemoteAccount {
            id: None,
            username: Pii::new(folded(username)),
            email: email.clone(),
            display_name: display_name.clone(),
            active: true,
            groups: [group.clone()].into(),
            profile: profile.clone(),
        });
        Some(Outcome::Stale)
    }
}

impl Application for ConfluenceDc {
    fn name(&self) -> &'static str {
        "confluence_dc"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            marker: false,
            needs_password: true,
            needs_email: true,
            shows_email: false,
            deactivates: true,
            deletes_accounts: true,
            lists_accounts: true,
            deletes_groups: true,
            ..Capabilities::default()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        match key {
            AccountKey::Username(username) => vec![
                Question::Account { by: key.clone(), page: Page::FIRST },
                read::first_memberships(username),
            ],
            AccountKey::Email(_) => Vec::new(),
        }
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let resource = match question {
            Question::Account { by, .. } => self.user(by.value()).query("expand", "status"),
            Question::Memberships { account, page } => self
                .resource("/rest/api/user/memberof")
                .query("username", &folded(&account.username))
                .query("start", page.as_str().unwrap_or("0"))
                .query("limit", PAGE_SIZE),
            Question::Group { name, .. } | Question::Organization { name, .. } => {
                self.resource("/rest/api/group").segment(name)
            }
            // Not asked: there is neither.
            Question::Marker { account } => self.user(&account.username),
            Question::Seats => self.resource("/rest/api/group"),
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
        let call = match operation {
            Operation::CreateAccount { username, email, display_name, .. } => {
                if let Some((account, group)) = self.unasked(remote) {
                    return Prepared::Call(self.call(
                        "DELETE",
                        self.membership(&account.username, group),
                        None,
                    ));
                }
                let mut account = new_account(username, email.as_ref(), display_name);
                if let Some(password) = &remote.pieces.password {
                    account.insert(String::from("password"), json!(password.expose()));
                }
                self.call("POST", self.resource("/rest/api/admin/user"), Some(&Value::Object(account)))
            }
            Operation::ReactivateAccount { account } => {
                self.call("PUT", self.administered(account).path("/enable"), None)
            }
            Operation::DeactivateAccount { account } => {
                self.call("PUT", self.administered(account).path("/disable"), None)
            }
            Operation::DeleteAccount { account } => self.call("DELETE", self.administered(account), None),
            Operation::DeleteGroup { group } => {
                self.call("DELETE", self.resource("/rest/api/admin/group").segment(group), None)
            }
            Operation::UpdateAccount { account, changes } => {
                self.call("PUT", self.administered(account), Some(&changed(changes, remote)))
            }
            Operation::CreateGroup { group } => self.call(
                "POST",
                self.resource("/rest/api/admin/group"),
                Some(&json!({ "name": group, "type": "group" })),
            ),
            Operation::AddToGroup { account, group, .. } => {
                self.call("PUT", self.membership(&account.username, group), None)
            }
            Operation::RemoveFromGroup { account, group } => {
                self.call("DELETE", self.membership(&account.username, group), None)
            }
            Operation::WriteMarker { .. }
            | Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. }
            | Operation::AnonymizeAccount { .. }
            | Operation::RenameAccount { .. }
            | Operation::RenameGroup { .. }
            | Operation::RenameOrganization { .. }
            | Operation::DeleteOrganization { .. }
            | Operation::Deliver(_) => {
                let request = Request::Change(operation.kind());
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

/// A user name as Confluence keeps it.
fn folded(username: &Pii<String>) -> String {
    username.expose().to_lowercase()
}

fn new_account(
    username: &Pii<String>,
    email: Option<&Pii<String>>,
    display_name: &Pii<String>,
) -> Map<String, Value> {
    let mut account = Map::new();
    account.insert(String::from("userName"), json!(folded(username)));
    account.insert(String::from("fullName"), json!(display_name.expose()));
    if let Some(email) = email {
        account.insert(String::from("email"), json!(email.expose()));
    }
    account
}

/// Both fields, where both are known: what does not change goes along.
fn changed(changes: &AccountChanges, remote: &RemoteState) -> Value {
    let have = remote.account.as_ref();
    let mut fields = Map::new();
    let full_name = changes.display_name.as_ref().or_else(|| have.map(|account| &account.display_name));
    if let Some(full_name) = full_name.filter(|name| !name.expose().is_empty()) {
        fields.insert(String::from("fullName"), json!(full_name.expose()));
    }
    if let Some(email) = &changes.email {
        fields.insert(String::from("email"), json!(email.expose()));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests;
