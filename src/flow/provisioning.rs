//! Bringing the account in the application to the decided state, one operation at a time.
//!
//! Two reads in parallel, a decision, a plan, the guardrail, then the plan's operations in order. The first failure ends
//! it: a dead application costs a sign-in one timeout, not one per call.

use core::fmt;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, CallFailure};
use crate::http::{HttpCall, HttpResponse};
use crate::identity::Identity;
use crate::policy::{self, AccountFacts, Decision, RequestFacts};
use crate::provision::{
    DesiredState, Done, Guardrail, MarkerUpdate, OperationKind, Progress, RemoteAccount, RemoteMarker,
    RemoteState, plan, satisfied,
};
use crate::targets::{Outcome, Request, TargetError};

use super::settings::{MAX_PROVISIONING_TIME, Provisioning};
use super::{Env, FIRST_ASK, SECOND_ASK, out_of_turn};

/// The part of a sign-in that talks to the application.
#[derive(Debug)]
pub(super) enum ProvisioningFlow {
    /// Account and marker are being read.
    ExpectState(ExpectState),
    /// The operation under the cursor is being carried out.
    ExpectOperation(ExpectOperation),
    /// An answer left open whether the operation is done; its subject is being read.
    ExpectReread(ExpectOperation),
}

#[derive(Debug)]
pub(super) struct ExpectState {
    began: UnixTime,
    account: Option<Option<RemoteAccount>>,
    marker: Option<RemoteMarker>,
}

#[derive(Debug)]
pub(super) struct ExpectOperation {
    began: UnixTime,
    decision: Decision,
    progress: Progress,
}

/// One turn.
#[derive(Debug)]
pub(super) enum ProvisioningTurn {
    Wait { inner: ProvisioningFlow, asks: Vec<(AskId, Ask)> },
    Done { decision: Decision, report: ProvisioningReport },
    Failed { rejection: Rejection, decision: Option<Decision> },
}

/// What was done, for the event: kinds and numbers, no names.
#[derive(Debug)]
pub(super) enum ProvisioningReport {
    HeadersOnly,
    Done(Vec<(OperationKind, Done)>),
    Failed(Code),
}

/// Who signs in, and how.
#[derive(Clone, Copy)]
pub(super) struct SignIn<'a> {
    pub(super) identity: &'a Identity,
    pub(super) facts: RequestFacts<'a>,
    pub(super) provisioning: &'a Provisioning,
}

impl ProvisioningFlow {
    pub(super) fn start(sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        let target = &sign_in.provisioning.target;
        let username = &sign_in.identity.username;
        ProvisioningTurn::Wait {
            inner: Self::ExpectState(ExpectState { began: env.now, account: None, marker: None }),
            asks: vec![
                (FIRST_ASK, Ask::HttpCall(target.read_account(username))),
                (SECOND_ASK, Ask::HttpCall(target.read_marker(username))),
            ],
        }
    }

    pub(super) fn answer(
        self,
        id: AskId,
        answer: Answer,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let response = match answer {
            Answer::HttpResponse(response) => response,
            Answer::HttpFailed(failure) => return self.unanswered(failure, sign_in.provisioning),
            _ => return self.fail(out_of_turn("an answer of the application")),
        };
        match self {
            Self::ExpectState(state) => state.answer(id, &response, sign_in, env),
            Self::ExpectOperation(state) => {
                let outcome = state
                    .progress
                    .next()
                    .map(|operation| sign_in.provisioning.target.outcome(operation, &response));
                state.outcome(outcome, sign_in.provisioning, env)
            }
            Self::ExpectReread(state) => state.reread(&response, sign_in.provisioning, env),
        }
    }

    /// No answer came. A change may have been made nevertheless, so its subject is read once; a read that gets no
    /// answer ends it.
    fn unanswered(self, failure: CallFailure, provisioning: &Provisioning) -> ProvisioningTurn {
        let fault = TargetError::NotReached(failure);
        match self {
            Self::ExpectOperation(state) if Outcome::without_answer(failure) == Outcome::Reread => {
                state.read_again(provisioning)
            }
            other => {
                let rejection = Rejection::new(fault.code(), format_args!("{}: {fault}", other.doing()));
                other.fail(rejection)
            }
        }
    }

    fn doing(&self) -> String {
        match self {
            Self::ExpectState(_) => String::from("reading the account"),
            Self::ExpectOperation(state) | Self::ExpectReread(state) => {
                state.progress.next().map_or_else(String::new, ToString::to_string)
            }
        }
    }

    fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        let decision = match self {
            Self::ExpectState(_) => None,
            Self::ExpectOperation(state) | Self::ExpectReread(state) => Some(state.decision),
        };
        ProvisioningTurn::Failed { rejection, decision }
    }
}

impl ExpectState {
    fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let target = &sign_in.provisioning.target;
        let read = if id == FIRST_ASK {
            target.account(&sign_in.identity.username, response).map(|account| self.account = Some(account))
        } else {
            target.marker(response).map(|marker| self.marker = Some(marker))
        };
        if let Err(fault) = read {
            return ProvisioningTurn::Failed {
                rejection: Rejection::new(fault.code(), fault),
                decision: None,
            };
        }
        match (self.account, self.marker) {
            (Some(account), Some(marker)) => {
                let remote = RemoteState { account, marker, ..RemoteState::default() };
                begin(self.began, &remote, sign_in, env)
            }
            (account, marker) => ProvisioningTurn::Wait {
                inner: ProvisioningFlow::ExpectState(Self { began: self.began, account, marker }),
                asks: Vec::new(),
            },
        }
    }
}

/// Everything was read: decide, plan, approve, and carry out the first operation.
fn begin(began: UnixTime, remote: &RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
    let SignIn { identity, facts, provisioning } = sign_in;
    let decision = policy::decide(identity, &facts, &remote.account_facts(), &env.settings.policy);
    let customer_login = decision.customer.then(|| {
        identity.name_id.as_ref().map_or_else(|| identity.username.clone(), |name_id| name_id.value().clone())
    });
    let desired = DesiredState {
        username: identity.username.clone(),
        email: identity.email.clone(),
        display_name: identity.display_name.clone(),
        groups: decision.desired.clone(),
        marker: Some(MarkerUpdate { customer_login, signed_in_at: Some(env.now) }),
    };
    let approved = plan(&desired, remote, &provisioning.rules)
        .map_err(|fault| Rejection::new(fault.code(), fault))
        .and_then(|plan| {
            Guardrail::new(&provisioning.rules)
                .approve(plan)
                .map_err(|fault| Rejection::new(fault.code(), fault))
        });
    match approved {
        Ok(approved) => {
            ExpectOperation { began, decision, progress: Progress::new(approved) }.next(provisioning, env)
        }
        Err(rejection) => ProvisioningTurn::Failed { rejection, decision: Some(decision) },
    }
}

impl ExpectOperation {
    /// Carries out the operation under the cursor, or is done.
    fn next(self, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        let Some(operation) = self.progress.next() else {
            let done = self.progress.completed().map(|(operation, done)| (operation.kind(), done)).collect();
            return ProvisioningTurn::Done {
                decision: self.decision,
                report: ProvisioningReport::Done(done),
            };
        };
        if env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME {
            let detail = format_args!(
                "the application is too slow: {} operations left after {} s",
                self.progress.left(),
                MAX_PROVISIONING_TIME.as_secs()
            );
            let rejection = Rejection::new(Code::TargetUnreachable, detail);
            return ProvisioningTurn::Failed { rejection, decision: Some(self.decision) };
        }
        let call = provisioning.target.call(operation);
        wait(ProvisioningFlow::ExpectOperation(self), call)
    }

    /// `None` when nothing was under the cursor.
    fn outcome(
        self,
        outcome: Option<Outcome>,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let (Some(outcome), Some(operation)) = (outcome, self.progress.next()) else {
            return self.next(provisioning, env);
        };
        match outcome {
            Outcome::Applied => self.record(Done::Applied, provisioning, env),
            Outcome::AlreadySo => self.record(Done::AlreadySo, provisioning, env),
            // Envoy answers 503 itself when the connection breaks, whatever the application had done by then.
            Outcome::Reread | Outcome::Refused(TargetError::Unavailable { .. }) => {
                self.read_again(provisioning)
            }
            Outcome::RetryAfter(wait) => {
                let detail = format!("{operation}: told to come back in {} s", wait.as_secs());
                self.fail(Rejection::new(Code::TargetThrottled, detail))
            }
            Outcome::Refused(fault) => {
                let rejection = Rejection::new(fault.code(), format_args!("{operation}: {fault}"));
                self.fail(rejection)
            }
        }
    }

    /// Reads what shows whether the operation under the cursor is done.
    fn read_again(self, provisioning: &Provisioning) -> ProvisioningTurn {
        match self.progress.next().map(|operation| provisioning.target.reread(operation)) {
            Some(call) => wait(ProvisioningFlow::ExpectReread(self), call),
            None => self.fail(out_of_turn("an operation")),
        }
    }

    fn reread(self, response: &HttpResponse, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        let Some(operation) = self.progress.next() else {
            return self.next(provisioning, env);
        };
        let mut remote = RemoteState::default();
        let read = provisioning.target.observe(operation, response, &mut remote);
        match read {
            Ok(()) if satisfied(operation, &remote) => self.record(Done::AlreadySo, provisioning, env),
            Ok(()) => {
                let fault = TargetError::NotSatisfied { request: Request::Change(operation.kind()) };
                let rejection = Rejection::new(fault.code(), format_args!("{operation}: {fault}"));
                self.fail(rejection)
            }
            Err(fault) => {
                let rejection = Rejection::new(fault.code(), format_args!("{operation}: {fault}"));
                self.fail(rejection)
            }
        }
    }

    fn record(mut self, done: Done, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        self.progress.record(done);
        self.next(provisioning, env)
    }

    fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        ProvisioningTurn::Failed { rejection, decision: Some(self.decision) }
    }
}

/// Decides without knowing the account, for a sign-in that goes on although the application failed.
pub(super) fn decide_blindly(sign_in: SignIn<'_>, env: &Env<'_>) -> Decision {
    policy::decide(sign_in.identity, &sign_in.facts, &AccountFacts::Unknown, &env.settings.policy)
}

fn wait(inner: ProvisioningFlow, call: HttpCall) -> ProvisioningTurn {
    ProvisioningTurn::Wait { inner, asks: vec![(FIRST_ASK, Ask::HttpCall(call))] }
}

impl fmt::Display for ProvisioningReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadersOnly => f.write_str("headers only"),
            Self::Done(done) if done.is_empty() => f.write_str("nothing to change"),
            Self::Done(done) => {
                for (index, (kind, done)) in done.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    let already = if *done == Done::AlreadySo { " (already so)" } else { "" };
                    write!(f, "{separator}{}{already}", kind.as_str())?;
                }
                Ok(())
            }
            Self::Failed(code) => write!(f, "failed {code}, signed in all the same"),
        }
    }
}
