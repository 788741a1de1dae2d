//! Jira Data Center, platform REST API version 2 (Jira 8.14 and later): what to send.
//!
//! A user is named by `username`, which Jira compares without case. One call reads an account with all its groups
//! (`expand=groups` is not paged). Accounts are created with `applicationKeys: []`: left out, Jira gives the default
//! applications and uses up a licence for each; agents get their access from the groups of the plan. No mail is sent
//! and no password is set (Jira makes a random one).

mod answer;
mod list;
mod marker;
mod read;

use serde_json::{Map, Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::policy::FoldedName;
use crate::provision::{
    AccountChanges, AccountKey, AccountRef, Capabilities, Listed, Operation, OperationKind, Page, Question,
    RemoteState,
};

use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::resource::Resource;
use super::subject::Subject;

pub(super) use answer::refusal;
pub use marker::MARKER_KEY;
pub(super) use marker::{decode as decode_marker, encode as encode_marker};

/// Accounts of one address that are looked at: more than that is ambiguous in any case.
const MAX_SAME_ADDRESS: usize = 50;

/// One Jira.
#[derive(Clone, Debug)]
pub struct JiraDc {
    endpoint: Endpoint,
}

impl JiraDc {
    /// The Jira at `endpoint`. Its token belongs to an account with the global permission *Administer Jira*.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// Where it is.
    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The call that carries out `operation`; `None` for operations that Jira itself does not have.
    fn change(&self, operation: &Operation) -> Option<HttpCall> {
        Some(match operation {
            Operation::CreateAccount { username, email, display_name, .. } => self.call(
                "POST",
                self.resource("/rest/api/2/user"),
                Some(&new_account(username, email.as_ref(), display_name)),
            ),
            Operation::ReactivateAccount { account } => {
                self.call("PUT", self.user(account), Some(&json!({ "active": true })))
            }
            Operation::DeactivateAccount { account } => {
                self.call("PUT", self.user(account), Some(&json!({ "active": false })))
            }
            Operation::DeleteAccount { account } => self.call("DELETE", self.user(account), None),
            Operation::RenameAccount { account, username } => {
                self.call("PUT", self.user(account), Some(&json!({ "name": username.expose() })))
            }
            Operation::UpdateAccount { account, changes } => {
                self.call("PUT", self.user(account), Some(&changed_fields(changes)))
            }
            Operation::CreateGroup { group } => {
                self.call("POST", self.resource("/rest/api/2/group"), Some(&json!({ "name": group })))
            }
            Operation::DeleteGroup { group } => {
                self.call("DELETE", self.resource("/rest/api/2/group").query("groupname", group), None)
            }
            Operation::AddToGroup { account, group, .. } => self.call(
                "POST",
                self.resource("/rest/api/2/group/user").query("groupname", group),
                Some(&json!({ "name": account.username.expose() })),
            ),
            Operation::RemoveFromGroup { account, group } => self.call(
                "DELETE",
                self.resource("/rest/api/2/group/user")
                    .query("groupname", group)
                    .query("username", account.username.expose()),
                None,
            ),
            Operation::WriteMarker { account, marker } => {
                self.call("PUT", self.marker_resource(account), Some(&marker::encode(marker)))
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
            | Operation::Deliver(_) => return None,
        })
    }

    /// Anonymizing takes the key of the user, which comes with the account.
    fn anonymize(&self, account: &AccountRef, remote: &RemoteState) -> Prepared {
        let missing = |what| {
            let request = Request::Change(OperationKind::AnonymizeAccount);
            Prepared::Refuse(TargetError::Missing { request, what })
        };
        if remote.account.is_none() {
            return Prepared::AlreadySo;
        }
        let Some(shown) = &remote.pieces.shown else {
            let by = AccountKey::Username(account.username.clone());
            return Prepared::Ask(Question::Account { by, page: Page::FIRST });
        };
        let shown = |field| shown.expose().get(field).and_then(Value::as_str);
        // Nobody else is anonymized, whoever was read last.
        let is_meant = shown("name").is_some_and(|name| FoldedName::same(name, account.username.expose()));
        match shown("key").filter(|key| is_meant && !key.is_empty()) {
            Some(key) => {
                let resource = self.resource("/rest/api/2/user/anonymization");
                Prepared::Call(self.call("POST", resource, Some(&json!({ "userKey": key }))))
            }
            None => missing("key of the user"),
        }
    }

    fn user(&self, account: &AccountRef) -> Resource {
        self.resource("/rest/api/2/user").query("username", account.username.expose())
    }

    fn resource(&self, path: &'static str) -> Resource {
        self.endpoint.resource(path)
    }

    fn marker_resource(&self, account: &AccountRef) -> Resource {
        self.resource("/rest/api/2/user/properties/samlgate").query("username", account.username.expose())
    }

    fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::Json, body)
    }
}

impl Application for JiraDc {
    fn name(&self) -> &'static str {
        "jira_dc"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_email: true,
            deactivates: true,
            anonymizes: true,
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
            AccountKey::Username(username) => {
                vec![account, Question::Marker { account: AccountRef::named(username.clone()) }]
            }
            AccountKey::Email(_) => vec![account],
        }
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let resource = match question {
            Question::Account { by: AccountKey::Username(username), .. } => {
                self.user(&AccountRef::named(username.clone())).query("expand", "groups")
            }
            Question::Memberships { account, .. } => self.user(account).query("expand", "groups"),
            // Jira matches user name, name or address, each by any part; what is an equal address is decided here.
            Question::Account { by: AccountKey::Email(email), .. } => self
                .resource("/rest/api/2/user/search")
                .query("username", email.expose())
                .query("includeActive", "true")
                .query("includeInactive", "true")
                .query("maxResults", &MAX_SAME_ADDRESS.to_string()),
            Question::Marker { account } => self.marker_resource(account),
            Question::Group { name, .. } => {
                self.resource("/rest/api/2/group/member").query("groupname", name).query("maxResults", "1")
            }
            Question::Seats | Question::Organization { .. } => self.resource("/rest/api/2/applicationrole"),
        };
        self.call("GET", resource, None)
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        self.read(question, response, remote)
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, _: UnixTime) -> Prepared {
        if let Operation::AnonymizeAccount { account } = operation {
            return self.anonymize(account, remote);
        }
        self.change(operation).map_or(
            Prepared::Refuse(TargetError::Missing {
                request: Request::Change(operation.kind()),
                what: "way to do it",
            }),
            Prepared::Call,
        )
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, _: &mut RemoteState) -> Outcome {
        answer::outcome(operation, response)
    }

    /// Ends the sessions of all browsers; the next request of one that still has a session here begins a new one.
    fn end_sessions(&self, username: &Pii<String>) -> Option<HttpCall> {
        let resource = self.resource("/rest/api/2/user/session").segment(username.expose());
        Some(self.call("DELETE", resource, None))
    }

    fn sessions_ended(&self, response: &HttpResponse) -> Result<(), TargetError> {
        let request = Request::EndSessions;
        refusal(request, response)?;
        match response.status {
            200..=299 if !super::answer::is_html(response) => Ok(()),
            status => Err(TargetError::Refused { request, status }),
        }
    }

    /// Jira answers 400 to every change of what belongs to LDAP or Crowd, in words that are translated.
    fn not_done(&self, operation: &Operation) -> TargetError {
        let request = Request::Change(operation.kind());
        match operation {
            Operation::UpdateAccount { .. }
            | Operation::AddToGroup { .. }
            | Operation::RemoveFromGroup { .. } => TargetError::ReadOnly { request },
            _ => TargetError::NotSatisfied { request },
        }
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        Some(self.list(page))
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        list::listed(page, response)
    }

    fn reread(&self, operation: &Operation, _: &RemoteState) -> Question {
        let account = |username: &Pii<String>| Question::Account {
            by: AccountKey::Username(username.clone()),
            page: Page::FIRST,
        };
        match Subject::of(operation) {
            Subject::Person(username) => account(username),
            Subject::Account(whose) | Subject::Membership(whose) => account(&whose.username),
            Subject::Marker(account) => Question::Marker { account: account.clone() },
            Subject::Group(name) => Question::Group { name: name.to_owned(), page: Page::FIRST },
            Subject::Organization(name) => {
                Question::Organization { name: name.to_owned(), page: Page::FIRST }
            }
        }
    }
}

fn new_account(username: &Pii<String>, email: Option<&Pii<String>>, display_name: &Pii<String>) -> Value {
    let mut account = Map::new();
    account.insert(String::from("name"), json!(username.expose()));
    if let Some(email) = email {
        account.insert(String::from("emailAddress"), json!(email.expose()));
    }
    account.insert(String::from("displayName"), json!(display_name.expose()));
    account.insert(String::from("applicationKeys"), json!([]));
    Value::Object(account)
}

fn changed_fields(changes: &AccountChanges) -> Value {
    let mut fields = Map::new();
    if let Some(email) = &changes.email {
        fields.insert(String::from("emailAddress"), json!(email.expose()));
    }
    if let Some(display_name) = &changes.display_name {
        fields.insert(String::from("displayName"), json!(display_name.expose()));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests;
