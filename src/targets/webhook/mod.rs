//! A webhook for every application that has no room of its own: one signed POST with the whole desired state.
//!
//! Signed by the scheme of Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`), so receivers
//! verify with a library that exists. Nothing can be asked: what the receiver has is not known, so whoever is new is not
//! known either, and every sign-in tells everything. Telling twice does no harm, because everything is the state and
//! nothing a change.

mod body;
mod signature;

use core::fmt;

use crate::base::UnixTime;
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountKey, AccountKeyKind, Capabilities, Delivery, Operation, Page, ProfileField, Question, RemoteState,
};

use super::answer;
use super::application::Application;
use super::endpoint::{Endpoint, Media};
use super::error::{Outcome, Prepared, Request, TargetError};

pub use signature::{SecretError, WebhookSecret};

/// One receiver.
pub struct Webhook {
    endpoint: Endpoint,
    secrets: Vec<WebhookSecret>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("endpoint", &self.endpoint)
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

impl Webhook {
    /// The receiver at `endpoint`, whose `path_prefix` is the whole path. Every one of `secrets` signs, so that a receiver
    /// which knows one of them takes the message while a secret is being replaced.
    #[must_use]
    pub const fn new(endpoint: Endpoint, secrets: Vec<WebhookSecret>) -> Self {
        Self { endpoint, secrets }
    }

    fn deliver(&self, delivery: &Delivery, now: UnixTime) -> HttpCall {
        let path = if self.endpoint.path_prefix.is_empty() { "/" } else { "" };
        let message = body::message(delivery, now);
        let mut call = self.endpoint.call("POST", self.endpoint.resource(path), Media::Json, Some(&message));
        // For Jira's and Confluence's own checks, and nobody else's business.
        call.headers.retain(|(name, _)| name != "x-atlassian-token");
        let signed = signature::sign(&self.secrets, &call.body, now);
        call.headers.extend(signed.map(|(name, value)| (name.to_owned(), value)));
        call
    }
}

impl Application for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads: false,
            accounts_by: AccountKeyKind::Username,
            marker: false,
            email_immutable: false,
            shows_email: false,
            updates: true,
            reactivates: false,
            creates_groups: false,
            organizations: true,
            needs_password: false,
            needs_email: false,
            profile_fields: &[
                ProfileField::Title,
                ProfileField::Department,
                ProfileField::Organization,
                ProfileField::TimeZone,
                ProfileField::PreferredLanguage,
            ],
            ..Capabilities::default()
        }
    }

    fn look_up(&self, _: &AccountKey) -> Vec<Question> {
        Vec::new()
    }

    /// Never sent: nothing is looked up. It asks whether the receiver is there.
    fn ask(&self, _: &Question) -> HttpCall {
        self.endpoint.call("HEAD", self.endpoint.resource("/"), Media::Json, None)
    }

    fn learn(
        &self,
        question: &Question,
        _: &HttpResponse,
        _: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        Err(TargetError::Missing { request: Request::of(question), what: "way to ask" })
    }

    fn prepare(&self, operation: &Operation, _: &RemoteState, now: UnixTime) -> Prepared {
        match operation {
            Operation::Deliver(delivery) => Prepared::Call(self.deliver(delivery, now)),
            other => Prepared::Refuse(TargetError::Missing {
                request: Request::Change(other.kind()),
                what: "way to do it",
            }),
        }
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, _: &mut RemoteState) -> Outcome {
        let request = Request::Change(operation.kind());
        if let Err(fault) = answer::refusal(request, response) {
            return match fault {
                TargetError::Throttled { retry_after, .. } => Outcome::RetryAfter(retry_after),
                other => Outcome::Refused(other),
            };
        }
        match response.status {
            // A page for people means that something else than the receiver answered.
            200..=299 if !answer::is_html(response) => Outcome::Applied,
            status @ 400..=499 => Outcome::Refused(TargetError::Refused { request, status }),
            status => Outcome::Refused(TargetError::Malformed {
                request,
                status,
                expected: "a status from 200 to 299, and no page",
            }),
        }
    }

    fn reread(&self, operation: &Operation, _: &RemoteState) -> Question {
        let username = match operation {
            Operation::Deliver(delivery) => delivery.username.clone(),
            _ => crate::base::Pii::new(String::new()),
        };
        Question::Account { by: AccountKey::Username(username), page: Page::FIRST }
    }
}

#[cfg(test)]
mod tests;
