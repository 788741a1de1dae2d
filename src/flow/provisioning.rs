//! Bringing the account in the application to the decided state, one operation at a time.
//!
//! Two reads in parallel, a decision, a plan, the guardrail, then the plan's operations in order. The first failure ends
//! it: a dead application costs a sign-in one timeout, not one per call, and one more only if it dies in the middle of a
//! change, because then the change is looked for.

use core::fmt;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, CallFailure};
use crate::http::{HttpCall, HttpResponse};
use crate::identity::Identity;
use crate::policy::{self, Admitted, Decision, Facts, RequestFacts};
use crate::provision::{
    Approved, DesiredState, Done, Guardrail, MarkerUpdate, Operation, OperationKind, Plan, Progress,
    RemoteAccount, RemoteMarker, RemoteState, plan, satisfied,
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
    ExpectReread(ExpectReread),
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
    admitted: Admitted,
    progress: Progress,
}

#[derive(Debug)]
pub(super) struct ExpectReread {
    operation: ExpectOperation,
    /// What went wrong if the operation turns out not to be done.
    cause: TargetError,
}

/// One turn.
#[derive(Debug)]
pub(super) enum ProvisioningTurn {
    Wait { inner: ProvisioningFlow, asks: Vec<(AskId, Ask)> },
    Done { admitted: Admitted, report: ProvisioningReport },
    Failed { rejection: Rejection, admitted: Option<Admitted> },
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
    pub(super) request: RequestFacts<'a>,
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
            Answer::HttpFailed(failure) => return self.unanswered(failure, sign_in.provisioning, env),
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
            Self::ExpectReread(state) => state.answer(&response, sign_in.provisioning, env),
        }
    }

    /// No answer came. A change may have been made nevertheless, so its subject is read once; a read that gets no
    /// answer ends it.
    fn unanswered(
        self,
        failure: CallFailure,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let fault = TargetError::NotReached(failure);
        match self {
            Self::ExpectOperation(state) if state.is_precaution() => {
                state.record(Done::Failed, provisioning, env)
            }
            Self::ExpectOperation(state) if Outcome::without_answer(failure) == Outcome::Reread => {
                state.read_again(fault, provisioning)
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
            Self::ExpectOperation(state) | Self::ExpectReread(ExpectReread { operation: state, .. }) => {
                state.progress.next().map_or_else(String::new, ToString::to_string)
            }
        }
    }

    fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        let admitted = match self {
            Self::ExpectState(_) => None,
            Self::ExpectOperation(state) | Self::ExpectReread(ExpectReread { operation: state, .. }) => {
                Some(state.admitted)
            }
        };
        ProvisioningTurn::Failed { rejection, admitted }
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
                admitted: None,
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
    let admitted = match decide(remote, sign_in, env).admit() {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let rejection = Rejection::new(refusal.code(), refusal);
            return ProvisioningTurn::Failed { rejection, admitted: None };
        }
    };
    match approve(admitted.decision(), remote, sign_in, env) {
        Ok(approved) => ExpectOperation { began, admitted, progress: Progress::new(approved) }
            .next(sign_in.provisioning, env),
        Err(rejection) => ProvisioningTurn::Failed { rejection, admitted: Some(admitted) },
    }
}

/// What the person should get on top of `remote`.
pub(super) fn decide(remote: &RemoteState, sign_in: SignIn<'_>, env: &Env<'_>) -> Decision {
    let SignIn { identity, request, .. } = sign_in;
    let facts = Facts { identity, request, account: &remote.account_facts(), now: env.now };
    policy::decide(&facts, &env.settings.policy)
}

/// The way from `remote` to `decision`, if the guardrail lets it pass.
pub(super) fn approve(
    decision: &Decision,
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Result<Approved<Plan>, Rejection> {
    let SignIn { identity, provisioning, .. } = sign_in;
    let customer_login = decision.mark.then(|| {
        identity.name_id.as_ref().map_or_else(|| identity.username.clone(), |name_id| name_id.value().clone())
    });
    let desired = DesiredState {
        username: identity.username.clone(),
        email: identity.email.clone(),
        display_name: identity.display_name.clone(),
        account: decision.account,
        groups: decision.desired.clone(),
        marker: Some(MarkerUpdate { customer_login, signed_in_at: Some(env.now) }),
    };
    let plan =
        plan(&desired, remote, &provisioning.rules).map_err(|fault| Rejection::new(fault.code(), fault))?;
    Guardrail::new(&provisioning.rules).approve(plan).map_err(|fault| Rejection::new(fault.code(), fault))
}

impl ExpectOperation {
    /// Carries out the operation under the cursor, or is done.
    fn next(self, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        let Some(operation) = self.progress.next() else {
            let done = self.progress.completed().map(|(operation, done)| (operation.kind(), done)).collect();
            return ProvisioningTurn::Done {
                admitted: self.admitted,
                report: ProvisioningReport::Done(done),
            };
        };
        let overdue = env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME;
        if overdue && !operation.is_precaution() {
            let detail = format_args!(
                "the application is too slow: {} operations left after {} s",
                self.progress.left(),
                MAX_PROVISIONING_TIME.as_secs()
            );
            let rejection = Rejection::new(Code::TargetUnreachable, detail);
            return ProvisioningTurn::Failed { rejection, admitted: Some(self.admitted) };
        }
        let call = provisioning.target.call(operation);
        wait(ProvisioningFlow::ExpectOperation(self), call)
    }

    /// A precaution that fails is no reason to stop: only going on makes it unnecessary.
    fn is_precaution(&self) -> bool {
        self.progress.next().is_some_and(Operation::is_precaution)
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
            Outcome::Reread | Outcome::RetryAfter(_) | Outcome::Refused(_) if operation.is_precaution() => {
                self.record(Done::Failed, provisioning, env)
            }
            Outcome::Applied => self.record(Done::Applied, provisioning, env),
            Outcome::AlreadySo => self.record(Done::AlreadySo, provisioning, env),
            Outcome::PassedOver => self.record(Done::PassedOver, provisioning, env),
            Outcome::Reread => {
                let cause = TargetError::NotSatisfied { request: Request::Change(operation.kind()) };
                self.read_again(cause, provisioning)
            }
            // Envoy answers 503 and 504 in the application's stead when a call is reset or times out, and so do proxies:
            // the change may have been made all the same. An account that exists without our knowledge would make its
            // owner an old acquaintance at the next sign-in, without what new people get.
            Outcome::Refused(fault @ TargetError::Unavailable { .. }) => self.read_again(fault, provisioning),
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
    fn read_again(self, cause: TargetError, provisioning: &Provisioning) -> ProvisioningTurn {
        match self.progress.next().map(|operation| provisioning.target.reread(operation)) {
            Some(call) => wait(ProvisioningFlow::ExpectReread(ExpectReread { operation: self, cause }), call),
            None => self.fail(out_of_turn("an operation")),
        }
    }

    fn record(mut self, done: Done, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        if let (Done::PassedOver, Some(Operation::AddToGroup { group, .. })) = (done, self.progress.next()) {
            self.admitted.forget(group);
        }
        self.progress.record(done);
        self.next(provisioning, env)
    }

    fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        ProvisioningTurn::Failed { rejection, admitted: Some(self.admitted) }
    }
}

impl ExpectReread {
    fn answer(self, response: &HttpResponse, provisioning: &Provisioning, env: &Env<'_>) -> ProvisioningTurn {
        let Self { operation: state, cause } = self;
        let Some(operation) = state.progress.next() else {
            return state.next(provisioning, env);
        };
        let mut remote = RemoteState::default();
        let fault = match provisioning.target.observe(operation, response, &mut remote) {
            Ok(()) if satisfied(operation, &remote) => {
                return state.record(Done::AlreadySo, provisioning, env);
            }
            Ok(()) => cause,
            Err(fault) => fault,
        };
        let rejection = Rejection::new(fault.code(), format_args!("{operation}: {fault}"));
        state.fail(rejection)
    }
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
                    let how = match done {
                        Done::Applied => "",
                        Done::AlreadySo => " (already so)",
                        Done::Failed => " (failed)",
                        Done::PassedOver => " (no such group)",
                    };
                    write!(f, "{separator}{}{how}", kind.as_str())?;
                }
                Ok(())
            }
            Self::Failed(code) => write!(f, "failed {code}, signed in all the same"),
        }
    }
}
