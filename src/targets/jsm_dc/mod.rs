//! Jira Service Management Data Center: Jira, with organizations, service desks and customers.
//!
//! Accounts, groups and the marker are Jira's own ([`super::jira_dc`]). A customer is nothing but an account without
//! application access, so it is made by Jira's API, under the user name that the identity has:
//! `/rest/servicedeskapi/customer` would make the e-mail address the user name.

use crate::base::{Pii, UnixTime};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountKey, Capabilities, Listed, ListedOrganizations, Operation, Page, Question, RemoteState,
};

use super::application::Application;
use super::endpoint::Endpoint;
use super::error::{Outcome, Prepared, TargetError};
use super::jira_dc::{self, JiraDc};
use super::service_desk::{ExistingName, People, ServiceDeskApi};

/// One Jira with Jira Service Management.
#[derive(Clone, Debug)]
pub struct JsmDc {
    jira: JiraDc,
}

impl JsmDc {
    /// The Jira at `endpoint`. Its token belongs to an account with the global permission *Administer Jira* that is an
    /// agent of the service desks.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { jira: JiraDc::new(endpoint) }
    }

    const fn service_desks(&self) -> ServiceDeskApi<'_> {
        ServiceDeskApi {
            endpoint: self.jira.endpoint(),
            people: People::Usernames,
            existing_name: ExistingName::Unknown,
        }
    }
}

impl Application for JsmDc {
    fn name(&self) -> &'static str {
        "jsm_dc"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            organizations: true,
            deletes_organizations: true,
            lists_organizations: true,
            ..self.jira.capabilities()
        }
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        self.jira.look_up(key)
    }

    fn ask(&self, question: &Question) -> HttpCall {
        match question {
            Question::Organization { page, .. } => self.service_desks().organizations(page),
            _ => self.jira.ask(question),
        }
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        match question {
            Question::Organization { name, page } => {
                ServiceDeskApi::learn(name, page, response, jira_dc::refusal, remote)
            }
            _ => self.jira.learn(question, response, remote),
        }
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, now: UnixTime) -> Prepared {
        let person = match operation {
            Operation::AddCustomer { account, .. }
            | Operation::AddToOrganization { account, .. }
            | Operation::RemoveFromOrganization { account, .. } => Some(account.username.expose().as_str()),
            _ => None,
        };
        self.service_desks()
            .prepare(operation, person, remote)
            .unwrap_or_else(|| self.jira.prepare(operation, remote, now))
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, remote: &mut RemoteState) -> Outcome {
        ServiceDeskApi::outcome(operation, response, jira_dc::refusal, remote)
            .unwrap_or_else(|| self.jira.outcome(operation, response, remote))
    }

    fn end_sessions(&self, username: &Pii<String>) -> Option<HttpCall> {
        self.jira.end_sessions(username)
    }

    fn sessions_ended(&self, response: &HttpResponse) -> Result<(), TargetError> {
        self.jira.sessions_ended(response)
    }

    fn not_done(&self, operation: &Operation) -> TargetError {
        self.jira.not_done(operation)
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        self.jira.list_accounts(page)
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        self.jira.listed_accounts(page, response)
    }

    fn list_organizations(&self, page: &Page) -> Option<HttpCall> {
        Some(self.service_desks().organizations(page))
    }

    fn listed_organizations(
        &self,
        page: &Page,
        response: &HttpResponse,
    ) -> Result<ListedOrganizations, TargetError> {
        ServiceDeskApi::listed(page, response, jira_dc::refusal)
    }

    fn reread(&self, operation: &Operation, remote: &RemoteState) -> Question {
        self.jira.reread(operation, remote)
    }
}

#[cfg(test)]
mod tests;
