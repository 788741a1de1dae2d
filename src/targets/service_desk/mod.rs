//! `/rest/servicedeskapi`, which Jira Service Management has on Data Center and in the Cloud: organizations, service
//! desks, customers.
//!
//! There is no look-up of an organization by name: the list is read page by page. Who is in an organization is never
//! read; the marker remembers where we put somebody. Adding, linking and removing may be repeated at will.

mod answer;

use serde_json::{Value, json};

use crate::http::HttpCall;
use crate::provision::{Known, Operation, Page, Question, RemoteState};

use super::endpoint::{Endpoint, Media};
use super::error::{Prepared, Request, TargetError};
use super::resource::Resource;

/// Entries of a page: what the documentation promises, and the most that is given.
const PAGE_SIZE: &str = "50";

/// What the bodies name people by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum People {
    /// `usernames`, on Data Center.
    Usernames,
    /// `accountIds`, in the Cloud.
    AccountIds,
}

/// What making an organization of a name that exists leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExistingName {
    /// Nothing that is documented, so the list is read first.
    Unknown,
    /// The existing one, so nothing has to be read.
    IsAnswered,
}

/// The API of one site.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceDeskApi<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) people: People,
    pub(super) existing_name: ExistingName,
}

impl ServiceDeskApi<'_> {
    /// Asks for a page of organizations.
    pub(super) fn organizations(&self, page: &Page) -> HttpCall {
        let resource =
            self.organization().query("start", page.as_str().unwrap_or("0")).query("limit", PAGE_SIZE);
        self.call("GET", resource, None)
    }

    /// What it takes to carry out `operation` for `person`; `None` for operations that are not about organizations and
    /// service desks.
    pub(super) fn prepare(
        &self,
        operation: &Operation,
        person: Option<&str>,
        remote: &RemoteState,
    ) -> Option<Prepared> {
        let request = Request::Change(operation.kind());
        let missing = |what| Prepared::Refuse(TargetError::Missing { request, what });
        let body = |person: &str| match self.people {
            People::Usernames => json!({ "usernames": [person] }),
            People::AccountIds => json!({ "accountIds": [person] }),
        };
        Some(match operation {
            Operation::CreateOrganization { organization } => {
                match (remote.directory.organization(organization), self.existing_name) {
                    (Some(Known::Exists(_)), _) => Prepared::AlreadySo,
                    (None, ExistingName::Unknown) => Prepared::Ask(first_page(organization)),
                    (Some(Known::Absent), _) | (None, ExistingName::IsAnswered) => {
                        let body = json!({ "name": organization });
                        Prepared::Call(self.call("POST", self.organization(), Some(&body)))
                    }
                }
            }
            Operation::LinkOrganization { organization, service_desk } => {
                match remote.directory.organization(organization) {
                    Some(Known::Exists(known)) => match known.id.parse::<u64>() {
                        Ok(id) => {
                            let resource = self.service_desk(service_desk).path("/organization");
                            let body = json!({ "organizationId": id });
                            Prepared::Call(self.call("POST", resource, Some(&body)))
                        }
                        Err(_) => missing("organization"),
                    },
                    Some(Known::Absent) => missing("organization"),
                    None => Prepared::Ask(first_page(organization)),
                }
            }
            Operation::AddCustomer { service_desk, .. } => {
                let Some(person) = person else { return Some(missing("account")) };
                let resource = self.service_desk(service_desk).path("/customer");
                Prepared::Call(self.call("POST", resource, Some(&body(person))))
            }
            Operation::AddToOrganization { organization, .. }
            | Operation::RemoveFromOrganization { organization, .. } => {
                let Some(person) = person else { return Some(missing("account")) };
                let adds = matches!(operation, Operation::AddToOrganization { .. });
                match remote.directory.organization(organization) {
                    Some(Known::Exists(known)) => {
                        let resource = self.organization().segment(&known.id).path("/user");
                        let method = if adds { "POST" } else { "DELETE" };
                        Prepared::Call(self.call(method, resource, Some(&body(person))))
                    }
                    Some(Known::Absent) if adds => missing("organization"),
                    // Nobody is in an organization that is gone.
                    Some(Known::Absent) => Prepared::AlreadySo,
                    None => Prepared::Ask(first_page(organization)),
                }
            }
            Operation::DeleteOrganization { organization } => match remote.directory.organization(organization) {
                Some(Known::Exists(known)) => {
                    let resource = self.organization().segment(&known.id);
                    Prepared::Call(self.call("DELETE", resource, None))
                }
                Some(Known::Absent) => Prepared::AlreadySo,
                None => Prepared::Ask(first_page(organization)),
            },
            Operation::CreateAccount { .. }
            | Operation::ReactivateAccount { .. }
            | Operation::UpdateAccount { .. }
            | Operation::CreateGroup { .. }
            | Operation::AddToGroup { .. }
            | Operation::RemoveFromGroup { .. }
            | Operation::WriteMarker { .. }
            | Operation::DeactivateAccount { .. }
            | Operation::AnonymizeAccount { .. }
            | Operation::DeleteAccount { .. }
            | Operation::RenameAccount { .. }
            | Operation::RenameGroup { .. }
            | Operation::DeleteGroup { .. }
            // There is no call for it; a new organization would be another one to everybody who has its id.
            | Operation::RenameOrganization { .. }
            | Operation::Deliver(_) => return None,
        })
    }

    /// A call as this API wants it: methods that are marked experimental answer 412 without the header, and others do not
    /// look at it.
    pub(super) fn call(&self, method: &'static str, resource: Resource, body: Option<&Value>) -> HttpCall {
        let mut call = self.endpoint.call(method, resource, Media::Json, body);
        call.headers.push((String::from("x-experimentalapi"), String::from("opt-in")));
        call
    }

    fn organization(&self) -> Resource {
        self.endpoint.resource("/rest/servicedeskapi/organization")
    }

    fn service_desk(&self, id: &str) -> Resource {
        self.endpoint.resource("/rest/servicedeskapi/servicedesk").segment(id)
    }
}

fn first_page(organization: &str) -> Question {
    Question::Organization { name: organization.to_owned(), page: Page::FIRST }
}
