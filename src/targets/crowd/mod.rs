//! Crowd, REST API `usermanagement/1`: what to send.
//!
//! Jira serves the same API to applications registered with it. An *application* signs in, never a user, and JSON comes
//! only when it is asked for. Our marker is kept as attributes of the user, which come with the account; its groups come
//! apart and in pages, so a sign-in asks two questions at once. A change of a user replaces it whole: what was read is
//! sent back with the difference in it, so that nothing that we do not know is blanked.

mod answer;
mod marker;
mod read;

use serde_json::{Map, Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountChanges, AccountKey, AccountRef, Capabilities, Listed, Operation, Page, Question, RemoteState,
};

use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::resource::Resource;
use super::subject::Subject;

pub use marker::CUSTOMER_LOGIN;

/// Groups asked for at once: what Crowd takes for a page when nobody says otherwise.
const PAGE_SIZE: usize = 1000;

/// Accounts of one address that are looked at; more than that is ambiguous in any case.
const MAX_SAME_ADDRESS: usize = 100;

/// The page of an account whose groups nobody asked for: its answer asks for them.
const WITH_GROUPS: &str = "groups";

/// One Crowd.
#[derive(Clone, Debug)]
pub struct Crowd {
    endpoint: Endpoint,
}

impl Crowd {
    /// The Crowd at `endpoint`. Its credentials are name and password of an application that may add and modify users,
    /// their attributes and groups in its directory.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    fn user(&self, username: &Pii<String>) -> Resource {
        self.resource("/rest/usermanagement/1/user").query("username", username.expose())
    }

    fn members(&self, group: &str) -> Resource {
        self.resource("/rest/usermanagement/1/group/user/direct").query("groupname", group)
    }

    fn attributes(&self, account: &AccountRef) -> Resource {
        self.resource("/rest/usermanagement/1/user/attribute").query("username", account.username.expose())
    }

    fn resource(&self, path: &'static str) -> Resource {
        self.endpoint.resource(path)
    }

    fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::Json, body)
    }

    fn activate(&self, account: &AccountRef, active: bool, remote: &RemoteState) -> Prepared {
        let mut changed = remote.clone();
        if let Some(account) = &mut changed.account {
            account.active = active;
        }
        self.replace(account, &AccountChanges::default(), &changed)
    }

    /// Everybody, in pages, with the address and whether the account may be used.
    fn list(&self, page: &Page) -> HttpCall {
        let resource = self
            .resource("/rest/usermanagement/1/search")
            .query("entity-type", "user")
            .query("expand", "user")
            .query("start-index", page.as_str().unwrap_or("0"))
            .query("max-results", &PAGE_SIZE.to_string());
        self.call("GET", resource, None)
    }

    /// Replaces the account by what it is with `changes` in it.
    fn replace(&self, account: &AccountRef, changes: &AccountChanges, remote: &RemoteState) -> Prepared {
        let (Some(have), Some(shown)) = (&remote.account, &remote.pieces.shown) else {
            return Prepared::Ask(alone(&account.username));
        };
        let mut whole = shown.expose().clone();
        for field in ["expand", "link", "attributes", "password"] {
            whole.remove(field);
        }
        let mut set = |field: &str, value: Value| whole.insert(field.to_owned(), value);
        // An activation earlier in the same plan is not in what was shown.
        set("active", json!(have.active));
        if let Some(email) = changes.email.as_ref().or(have.email.as_ref()) {
            set("email", json!(email.expose()));
        }
        let display_name = changes.display_name.as_ref().unwrap_or(&have.display_name);
        set("display-name", json!(display_name.expose()));
        // First and last name follow only where they say what the display name said.
        let parts = |field| shown.expose().get(field).and_then(Value::as_str).unwrap_or_default();
        let shown_name = shown.expose().get("display-name").and_then(Value::as_str).unwrap_or_default();
        if changes.display_name.is_some() && names(shown_name) == (parts("first-name"), parts("last-name")) {
            let (first, last) = names(display_name.expose());
            set("first-name", json!(first));
            set("last-name", json!(last));
        }
        Prepared::Call(self.call("PUT", self.user(&have.username), Some(&Value::Object(whole))))
    }
}

impl Application for Crowd {
    fn name(&self) -> &'static str {
        "crowd"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_password: true,
            deactivates: true,
            deletes_accounts: true,
            renames_accounts: true,
            lists_accounts: true,
            deletes_groups: true,
            ..Capabilities::default()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        match key {
            AccountKey::Username(username) => read::both(username),
            AccountKey::Email(_) => vec![Question::Account { by: key.clone(), page: Page::FIRST }],
        }
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let resource = match question {
            Question::Account { by: AccountKey::Username(username), .. } => {
                self.user(username).query("expand", "attributes")
            }
            Question::Account { by: AccountKey::Email(email), .. } => self
                .resource("/rest/usermanagement/1/search")
                .query("entity-type", "user")
                .query("restriction", &format!("email={}", quoted(email.expose())))
                .query("expand", "user")
                .query("start-index", "0")
                .query("max-results", &MAX_SAME_ADDRESS.to_string()),
            // Nested memberships are nothing that could be taken away.
            Question::Memberships { account, page } => self
                .resource("/rest/usermanagement/1/user/group/direct")
                .query("username", account.username.expose())
                .query("start-index", page.as_str().unwrap_or("0"))
                .query("max-results", &PAGE_SIZE.to_string()),
            Question::Marker { account } => self.attributes(account),
            Question::Group { name, .. } | Question::Organization { name, .. } => {
                self.resource("/rest/usermanagement/1/group").query("groupname", name)
            }
            // Crowd knows no seats; nobody asks.
            Question::Seats => self.resource("/rest/usermanagement/1/config/cookie"),
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
                let mut account = new_account(username, email.as_ref(), display_name);
                if let Some(password) = &remote.pieces.password {
                    account.insert(String::from("password"), json!({ "value": password.expose() }));
                }
                let resource = self.resource("/rest/usermanagement/1/user");
                self.call("POST", resource, Some(&Value::Object(account)))
            }
            Operation::ReactivateAccount { account } => return self.activate(account, true, remote),
            Operation::DeactivateAccount { account } => return self.activate(account, false, remote),
            Operation::DeleteAccount { account } => self.call("DELETE", self.user(&account.username), None),
            Operation::RenameAccount { account, username } => self.call(
                "POST",
                self.resource("/rest/usermanagement/1/user/rename")
                    .query("username", account.username.expose()),
                Some(&json!({ "new-name": username.expose() })),
            ),
            Operation::DeleteGroup { group } => self.call(
                "DELETE",
                self.resource("/rest/usermanagement/1/group").query("groupname", group),
                None,
            ),
            Operation::UpdateAccount { account, changes } => return self.replace(account, changes, remote),
            Operation::CreateGroup { group } => self.call(
                "POST",
                self.resource("/rest/usermanagement/1/group"),
                Some(&json!({ "name": group, "type": "GROUP", "description": "", "active": true })),
            ),
            // The group stands in the query: what is missing there is 404, and what is missing in the body is 400.
            Operation::AddToGroup { account, group, .. } => {
                self.call("POST", self.members(group), Some(&json!({ "name": account.username.expose() })))
            }
            Operation::RemoveFromGroup { account, group } => self.call(
                "DELETE",
                self.resource("/rest/usermanagement/1/user/group/direct")
                    .query("username", account.username.expose())
                    .query("groupname", group),
                None,
            ),
            Operation::WriteMarker { account, marker } => {
                self.call("POST", self.attributes(account), Some(&marker::encode(marker)))
            }
            Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. }
            | Operation::AnonymizeAccount { .. }
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

    fn outcome(&self, operation: &Operation, response: &HttpResponse, _: &mut RemoteState) -> Outcome {
        answer::outcome(operation, response)
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
            Subject::Account(account) | Subject::Membership(account) => alone(&account.username),
            Subject::Marker(account) => Question::Marker { account: account.clone() },
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

/// A text of Crowd's query language. `*` at an end would stand for anything; what is an equal address is decided by us.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn new_account(
    username: &Pii<String>,
    email: Option<&Pii<String>>,
    display_name: &Pii<String>,
) -> Map<String, Value> {
    let (first, last) = names(display_name.expose());
    let mut account = Map::new();
    let mut set = |field: &str, value: Value| account.insert(field.to_owned(), value);
    set("name", json!(username.expose()));
    set("first-name", json!(first));
    set("last-name", json!(last));
    set("display-name", json!(display_name.expose()));
    if let Some(email) = email {
        set("email", json!(email.expose()));
    }
    set("active", json!(true));
    account
}

/// First and last name as Crowd takes a display name apart: at the last space.
fn names(display_name: &str) -> (&str, &str) {
    display_name.rsplit_once(' ').unwrap_or(("", display_name))
}

#[cfg(test)]
mod tests;
