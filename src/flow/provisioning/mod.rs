//! Bringing the account in the application to the decided state.
//!
//! Reads in parallel, a decision, a plan, the guardrail, then the plan's operations in order. The first failure ends it: a
//! dead application costs a sign-in one timeout, not one per call, and one more only if it dies in the middle of a change,
//! because then the change is looked for.

mod carry_out;
mod facts;
mod inquiry;
mod lookup;
mod report;

use crate::base::{Pii, Rejection};
use crate::effect::{Answer, Ask, AskId};
use crate::identity::Identity;
use crate::policy::{Admitted, RequestFacts};

use super::settings::Provisioning;
use super::{Env, out_of_turn};
use carry_out::{ExpectNeed, ExpectOperation, ExpectReread};
use facts::ExpectFacts;
pub(super) use facts::{approve, decide};
pub(super) use inquiry::Caller;
pub(super) use lookup::{Lookup, LookupTurn, Person};
pub(super) use report::ProvisioningReport;

/// The part of a sign-in that talks to the application.
#[derive(Debug)]
pub(super) enum ProvisioningFlow {
    /// Account and marker are being read.
    ExpectFacts(ExpectFacts),
    /// The operation under the cursor needs to know something first.
    ExpectNeed(ExpectNeed),
    /// The operation under the cursor is being carried out.
    ExpectOperation(ExpectOperation),
    /// An answer left open whether the operation is done; what shows it is being read.
    ExpectReread(ExpectReread),
}

/// One turn.
#[derive(Debug)]
pub(super) enum ProvisioningTurn {
    Wait {
        inner: ProvisioningFlow,
        asks: Vec<(AskId, Ask)>,
    },
    Done {
        admitted: Admitted,
        report: ProvisioningReport,
        /// The name by which the application knows the person, where it is another one than the identity provider's.
        username: Option<Pii<String>>,
    },
    Failed {
        rejection: Rejection,
        admitted: Option<Admitted>,
    },
}

impl ProvisioningTurn {
    /// Nothing was decided yet.
    const fn failed(rejection: Rejection) -> Self {
        Self::Failed { rejection, admitted: None }
    }
}

/// Who signs in, and how.
#[derive(Clone, Copy)]
pub(super) struct SignIn<'a> {
    pub(super) identity: &'a Identity,
    pub(super) request: RequestFacts<'a>,
    pub(super) provisioning: &'a Provisioning,
    /// Goes out with every call.
    pub(super) request_id: &'a str,
}

impl<'a> SignIn<'a> {
    pub(super) const fn person(&self) -> Person<'a> {
        Person { username: &self.identity.username, email: self.identity.email.as_ref() }
    }

    const fn caller(&self) -> Caller<'a> {
        Caller { provisioning: self.provisioning, request_id: self.request_id }
    }
}

impl ProvisioningFlow {
    pub(super) fn start(sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        ExpectFacts::start(sign_in, env)
    }

    pub(super) fn answer(
        self,
        id: AskId,
        answer: Answer,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        match (self, answer) {
            (Self::ExpectFacts(state), Answer::HttpResponse(response)) => {
                state.answer(id, &response, sign_in, env)
            }
            (Self::ExpectNeed(state), Answer::HttpResponse(response)) => {
                state.answer(id, &response, sign_in, env)
            }
            (Self::ExpectOperation(state), Answer::HttpResponse(response)) => {
                state.answer(&response, sign_in, env)
            }
            (Self::ExpectReread(state), Answer::HttpResponse(response)) => {
                state.answer(id, &response, sign_in, env)
            }
            (Self::ExpectFacts(state), Answer::HttpFailed(failure)) => state.unanswered(id, failure),
            (Self::ExpectNeed(state), Answer::HttpFailed(failure)) => state.unanswered(failure),
            (Self::ExpectOperation(state), Answer::HttpFailed(failure)) => {
                state.unanswered(failure, sign_in, env)
            }
            (Self::ExpectReread(state), Answer::HttpFailed(failure)) => state.unanswered(failure),
            (state, _) => state.fail(out_of_turn("an answer of the application")),
        }
    }

    fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        match self {
            Self::ExpectFacts(_) => ProvisioningTurn::failed(rejection),
            Self::ExpectNeed(state) => state.fail(rejection),
            Self::ExpectOperation(state) => state.fail(rejection),
            Self::ExpectReread(state) => state.fail(rejection),
        }
    }
}
