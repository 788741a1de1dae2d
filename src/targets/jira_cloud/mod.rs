//! Jira Cloud, platform REST API version 3, with Jira Service Management: what to send.
//!
//! There are no user names: people are found by e-mail address and named by account id, groups by id too. An account is
//! made with `products: []`, so without a licence; agents get theirs from the groups of the plan. A portal customer is
//! made as a portal-only account. Name, address and state of an account belong to the person or to the organization,
//! and are not changed from here.

mod answer;
mod read;

use serde_json::{Value, json};

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountId, AccountKey, AccountKeyKind, AccountRef, Capabilities, Known, KnownGroup, Listed,
    ListedOrganizations, Operation, Page, Question, RemoteState,
};

use super::answer::refusal;
use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};
use super::jira_dc::encode_marker;
use super::resource::Resource;
use super::service_desk::{ExistingName, People, ServiceDeskApi};
use super::subject::Subject;

/// People of a page of the search, and the most that it gives.
const SEARCH_PAGE: usize = 50;

/// People of a page of the list, of at most 1,000.
const LIST_PAGE: &str = "1000";

/// How the ids of portal-only accounts begin. They cannot be in groups.
const PORTAL_ONLY: &str = "qm:";

/// One Jira Cloud site.
#[derive(Clone, Debug)]
pub struct JiraCloud {
    endpoint: Endpoint,
}

impl JiraCloud {
    /// The site at `endpoint`. Its credentials are the e-mail address and an API token of a site administrator.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    const fn service_desks(&self) -> ServiceDeskApi<'_> {
        ServiceDeskApi {
            endpoint: &self.endpoint,
            people: People::AccountIds,
            existing_name: ExistingName::IsAnswered,
        }
    }

    fn create(&self, email: &Pii<String>, display_name: &Pii<String>, customer: bool) -> HttpCall {
        if customer {
            // With the flag an existing account is answered 409, without it 400 like everything else.
            let resource =
                self.resource("/rest/servicedeskapi/customer").query("strictConflictStatusCode", "true");
            let body = json!({ "email": email.expose(), "displayName": display_name.expose() });
            return self.service_desks().call("POST", resource, Some(&body));
        }
        let body = json!({ "emailAddress": email.expose(), "products": [] });
        self.call("POST", self.resource("/rest/api/3/user"), Some(&body))
    }

    /// A change of a membership, once the id of the group is known.
    fn membership(
        &self,
        operation: &Operation,
        group: &str,
        person: Option<&AccountId>,
        remote: &RemoteState,
    ) -> Prepared {
        let request = Request::Change(operation.kind());
        let Some(person) = person else {
            return Prepared::Refuse(TargetError::Missing { request, what: "account" });
        };
        if person.as_str().starts_with(PORTAL_ONLY) {
            return match operation {
                Operation::AddToGroup { .. } => Prepared::PassOver,
                _ => Prepared::AlreadySo,
            };
        }
        let id = match remote.directory.group(group) {
            Some(Known::Exists(known)) => known.id.as_deref(),
            Some(Known::Absent) => {
                return match operation {
                    Operation::AddToGroup { if_it_exists: false, .. } => {
                        Prepared::Refuse(TargetError::Missing { request, what: "group" })
                    }
                    Operation::AddToGroup { .. } => Prepared::PassOver,
                    // Nobody is a member of a group that is gone.
                    _ => Prepared::AlreadySo,
                };
            }
            None => None,
        };
        let Some(id) = id else {
            return Prepared::Ask(Question::Group { name: group.to_owned(), page: Page::FIRST });
        };
        let resource = self.resource("/rest/api/3/group/user").query("groupId", id);
        Prepared::Call(match operation {
            Operation::AddToGroup { .. } => {
                self.call("POST", resource, Some(&json!({ "accountId": person.as_str() })))
            }
            _ => self.call("DELETE", resource.query("accountId", person.as_str()), None),
        })
    }

    fn list(&self, page: &Page) -> HttpCall {
        let resource = self.resource("/rest/api/3/users/search");
        let resource = resource.query("startAt", page.as_str().unwrap_or("0"));
        self.call("GET", resource.query("maxResults", LIST_PAGE), None)
    }

    fn marker(&self, person: &str) -> Resource {
        self.resource("/rest/api/3/user/properties/samlgate").query("accountId", person)
    }

    fn resource(&self, path: &'static str) -> Resource {
        self.endpoint.resource(path)
    }

    fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        self.endpoint.call(method, resource, Media::Json, body)
    }
}

impl Application for JiraCloud {
    fn name(&self) -> &'static str {
        "jira_cloud"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            needs_email: true,
            accounts_by: AccountKeyKind::Email,
            email_immutable: true,
            updates: false,
            reactivates: false,
            deletes_accounts: true,
            lists_accounts: true,
            deletes_groups: true,
            organizations: true,
            deletes_organizations: true,
            lists_organizations: true,
            ..Capabilities::default()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        vec![Question::Account { by: key.clone(), page: Page::FIRST }]
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let id =
            |account: &AccountRef| account.id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
        let resource = match question {
            // It also finds longer addresses and names that begin so; what is the same address is decided here.
            Question::Account { by, page } => self
                .resource("/rest/api/3/user/search")
                .query("query", by.value().expose())
                .query("startAt", page.as_str().unwrap_or("0"))
                .query("maxResults", &SEARCH_PAGE.to_string()),
            Question::Memberships { account, .. } => {
                self.resource("/rest/api/3/user/groups").query("accountId", &id(account))
            }
            Question::Marker { account } => self.marker(&id(account)),
            Question::Group { name, .. } => self
                .resource("/rest/api/3/group/bulk")
                .query("groupName", name)
                .query("maxResults", &SEARCH_PAGE.to_string()),
            Question::Seats => self.resource("/rest/api/3/applicationrole"),
            Question::Organization { page, .. } => return self.service_desks().organizations(page),
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
        let of_remote = remote.account.as_ref().and_then(|account| account.id.as_ref());
        let person = match operation {
            Operation::AddToGroup { account, .. }
            | Operation::RemoveFromGroup { account, .. }
            | Operation::AddCustomer { account, .. }
            | Operation::AddToOrganization { account, .. }
            | Operation::RemoveFromOrganization { account, .. }
            | Operation::WriteMarker { account, .. }
            | Operation::DeleteAccount { account } => account.id.as_ref().or(of_remote),
            _ => None,
        };
        match operation {
            Operation::CreateAccount { username, email, display_name, customer, .. } => {
                Prepared::Call(self.create(email.as_ref().unwrap_or(username), display_name, *customer))
            }
            // Not ours to change; no plan says so.
            Operation::UpdateAccount { .. } => Prepared::PassOver,
            Operation::CreateGroup { group } => match remote.directory.group(group) {
                Some(Known::Exists(_)) => Prepared::AlreadySo,
                Some(Known::Absent) => {
                    let body = json!({ "name": group });
                    Prepared::Call(self.call("POST", self.resource("/rest/api/3/group"), Some(&body)))
                }
                None => Prepared::Ask(Question::Group { name: group.clone(), page: Page::FIRST }),
            },
            // It leaves the site; the account stays Atlassian's.
            Operation::DeleteAccount { .. } => match person {
                Some(person) => {
                    let resource = self.resource("/rest/api/3/user").query("accountId", person.as_str());
                    Prepared::Call(self.call("DELETE", resource, None))
                }
                None => Prepared::AlreadySo,
            },
            Operation::DeleteGroup { group } => match remote.directory.group(group) {
                Some(Known::Absent) => Prepared::AlreadySo,
                Some(Known::Exists(KnownGroup { id: Some(id), .. })) => {
                    let resource = self.resource("/rest/api/3/group").query("groupId", id);
                    Prepared::Call(self.call("DELETE", resource, None))
                }
                Some(Known::Exists(_)) | None => {
                    Prepared::Ask(Question::Group { name: group.clone(), page: Page::FIRST })
                }
            },
            Operation::AddToGroup { group, .. } | Operation::RemoveFromGroup { group, .. } => {
                self.membership(operation, group, person, remote)
            }
            Operation::WriteMarker { marker, .. } => match person {
                Some(person) => {
                    let value = encode_marker(marker);
                    Prepared::Call(self.call("PUT", self.marker(person.as_str()), Some(&value)))
                }
                None => Prepared::Refuse(TargetError::Missing { request, what: "account" }),
            },
            Operation::CreateOrganization { .. }
            | Operation::LinkOrganization { .. }
            | Operation::AddCustomer { .. }
            | Operation::AddToOrganization { .. }
            | Operation::RemoveFromOrganization { .. }
            | Operation::ReactivateAccount { .. }
            | Operation::DeactivateAccount { .. }
            | Operation::AnonymizeAccount { .. }
            | Operation::RenameAccount { .. }
            | Operation::RenameGroup { .. }
            | Operation::RenameOrganization { .. }
            | Operation::DeleteOrganization { .. }
            | Operation::Deliver(_) => {
                let no_way = Prepared::Refuse(TargetError::Missing { request, what: "way to do it" });
                self.service_desks()
                    .prepare(operation, person.map(AccountId::as_str), remote)
                    .unwrap_or(no_way)
            }
        }
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        ServiceDeskApi::outcome(operation, response, refusal, remote)
            .unwrap_or_else(|| answer::outcome(operation, response, remote))
    }

    /// The search shows active people only. Who cannot be made and is not shown is deactivated or hidden, and must not be
    /// entered by the back door.
    fn not_done(&self, operation: &Operation) -> TargetError {
        let request = Request::Change(operation.kind());
        match operation {
            Operation::CreateAccount { .. } => TargetError::AccountUnusable { request },
            _ => TargetError::NotSatisfied { request },
        }
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        Some(self.list(page))
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        read::listed_accounts(page, response)
    }

    fn list_organizations(&self, page: &Page) -> Option<HttpCall> {
        Some(self.service_desks().organizations(page))
    }

    fn listed_organizations(
        &self,
        page: &Page,
        response: &HttpResponse,
    ) -> Result<ListedOrganizations, TargetError> {
        ServiceDeskApi::listed(page, response, refusal)
    }

    fn reread(&self, operation: &Operation, remote: &RemoteState) -> Question {
        let whose = |account: &AccountRef| AccountRef {
            username: account.username.clone(),
            id: account.id.clone().or_else(|| remote.account.as_ref()?.id.clone()),
        };
        let by_address = |address: &Pii<String>| Question::Account {
            by: AccountKey::Email(address.clone()),
            page: Page::FIRST,
        };
        match Subject::of(operation) {
            Subject::Person(username) => by_address(username),
            Subject::Account(account) => by_address(&account.username),
            // The search learns of new people late; by id they are there at once.
            Subject::Membership(account) => {
                Question::Memberships { account: whose(account), page: Page::FIRST }
            }
            Subject::Marker(account) => Question::Marker { account: whose(account) },
            Subject::Group(name) => Question::Group { name: name.to_owned(), page: Page::FIRST },
            Subject::Organization(name) => {
                Question::Organization { name: name.to_owned(), page: Page::FIRST }
            }
        }
    }
}

#[cfg(test)]
mod tests;
