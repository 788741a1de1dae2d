//! Carrying out an approved plan, one operation at a time.

use crate::base::{Code, Rejection, UnixTime, random};
use crate::effect::{AskId, CallFailure};
use crate::http::HttpResponse;
use crate::policy::Admitted;
use crate::provision::{Done, NewPassword, Operation, Progress, RemoteState, satisfied};
use crate::targets::{Outcome, Prepared, Request, TargetError};

use super::super::settings::MAX_PROVISIONING_TIME;
use super::super::{Env, FIRST_ASK, out_of_turn};
use super::inquiry::Inquiry;
use super::{ProvisioningFlow, ProvisioningReport, ProvisioningTurn, SignIn};

/// How often one operation is prepared: an id to be asked for, one that turns out stale, and the operation itself.
const MAX_PREPARATIONS: u32 = 4;

/// Waits for the answer to the operation under the cursor.
#[derive(Debug)]
pub(in crate::flow) struct ExpectOperation {
    began: UnixTime,
    admitted: Admitted,
    remote: RemoteState,
    progress: Progress,
    /// Counts on over the whole plan, so that a plan cannot ask for ever.
    inquiry: Inquiry,
    /// How often the operation under the cursor was prepared.
    prepared: u32,
}

/// Waits for a fact that the operation under the cursor needs first.
#[derive(Debug)]
pub(in crate::flow) struct ExpectNeed(ExpectOperation);

/// Waits for what shows whether the operation under the cursor is done.
#[derive(Debug)]
pub(in crate::flow) struct ExpectReread {
    operation: ExpectOperation,
    /// What went wrong if the operation turns out not to be done.
    cause: TargetError,
    /// Freshly read, so that nothing that was known before can be taken for an answer.
    fresh: RemoteState,
}

impl ExpectOperation {
    pub(super) fn new(began: UnixTime, admitted: Admitted, remote: RemoteState, progress: Progress) -> Self {
        Self { began, admitted, remote, progress, inquiry: Inquiry::default(), prepared: 0 }
    }

    /// Carries out the operation under the cursor, or is done.
    pub(super) fn next(mut self, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        loop {
            let Some(operation) = self.progress.next() else { return self.done() };
            let overdue = env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME;
            if overdue && !operation.is_precaution() {
                let detail = format!(
                    "the application is too slow: {} operations left after {} s",
                    self.progress.left(),
                    MAX_PROVISIONING_TIME.as_secs()
                );
                return self.fail(Rejection::new(Code::TargetUnreachable, detail));
            }
            self.prepared = self.prepared.saturating_add(1);
            if self.prepared > MAX_PREPARATIONS {
                let fault = TargetError::Endless { request: Request::Change(operation.kind()) };
                return self.refused(&fault);
            }
            let needs_password = matches!(operation, Operation::CreateAccount { .. })
                && sign_in.provisioning.target.capabilities().needs_password;
            if needs_password {
                match random(env.entropy) {
                    Ok(bytes) => self.remote.pieces.password = Some(NewPassword::from_random(bytes)),
                    Err(fault) => return self.fail(Rejection::new(Code::EntropyUnavailable, fault)),
                }
            }
            match sign_in.provisioning.target.prepare(operation, &self.remote, env.now) {
                Prepared::Call(call) => {
                    let asks = vec![(FIRST_ASK, sign_in.caller().send(call))];
                    return ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectOperation(self), asks };
                }
                Prepared::Ask(question) => {
                    return match self.inquiry.ask(vec![question], sign_in.caller()) {
                        Ok(asks) => {
                            let inner = ProvisioningFlow::ExpectNeed(ExpectNeed(self));
                            ProvisioningTurn::Wait { inner, asks }
                        }
                        Err(fault) => self.refused(&fault),
                    };
                }
                Prepared::AlreadySo => self.record(Done::AlreadySo),
                Prepared::PassOver => self.record(Done::PassedOver),
                Prepared::Refuse(_) if operation.is_precaution() => self.record(Done::Failed),
                Prepared::Refuse(fault) => return self.refused(&fault),
            }
        }
    }

    fn done(self) -> ProvisioningTurn {
        let done = self.progress.completed().map(|(operation, done)| (operation.kind(), done)).collect();
        ProvisioningTurn::Done {
            admitted: self.admitted,
            report: ProvisioningReport::Done(done),
            username: self.remote.linked_username(),
        }
    }

    pub(super) fn answer(
        mut self,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let Some(operation) = self.progress.next() else { return self.next(sign_in, env) };
        let outcome = sign_in.provisioning.target.outcome(operation, response, &mut self.remote);
        match outcome {
            Outcome::Applied => self.recorded(Done::Applied, sign_in, env),
            Outcome::AlreadySo => self.recorded(Done::AlreadySo, sign_in, env),
            Outcome::PassedOver => self.recorded(Done::PassedOver, sign_in, env),
            // A precaution that fails is no reason to stop: only going on makes it unnecessary.
            Outcome::Reread | Outcome::Stale | Outcome::RetryAfter(_) | Outcome::Refused(_)
                if operation.is_precaution() =>
            {
                self.recorded(Done::Failed, sign_in, env)
            }
            Outcome::Stale => self.next(sign_in, env),
            Outcome::Reread => {
                let cause = TargetError::NotSatisfied { request: Request::Change(operation.kind()) };
                self.read_again(cause, sign_in)
            }
            // Envoy answers 503 and 504 in the application's stead when a call is reset or times out, and so do proxies:
            // the change may have been made all the same. An account that exists without our knowledge would make its
            // owner an old acquaintance at the next sign-in, without what new people get.
            Outcome::Refused(fault @ TargetError::Unavailable { .. }) => self.read_again(fault, sign_in),
            Outcome::RetryAfter(wait) => {
                let detail = format!("{operation}: told to come back in {} s", wait.as_secs());
                self.fail(Rejection::new(Code::TargetThrottled, detail))
            }
            Outcome::Refused(fault) => self.refused(&fault),
        }
    }

    /// No answer came; the change may have been made nevertheless.
    pub(super) fn unanswered(
        self,
        failure: CallFailure,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let fault = TargetError::NotReached(failure);
        if self.progress.next().is_some_and(Operation::is_precaution) {
            return self.recorded(Done::Failed, sign_in, env);
        }
        match Outcome::without_answer(failure) {
            Outcome::Reread => self.read_again(fault, sign_in),
            _ => self.refused(&fault),
        }
    }

    /// Reads what shows whether the operation under the cursor is done.
    fn read_again(mut self, cause: TargetError, sign_in: SignIn<'_>) -> ProvisioningTurn {
        let Some(operation) = self.progress.next() else { return self.fail(out_of_turn("an operation")) };
        let question = sign_in.provisioning.target.reread(operation, &self.remote);
        match self.inquiry.ask(vec![question], sign_in.caller()) {
            Ok(asks) => {
                let state = ExpectReread { operation: self, cause, fresh: RemoteState::default() };
                ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectReread(state), asks }
            }
            Err(fault) => self.refused(&fault),
        }
    }

    fn recorded(mut self, done: Done, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        self.record(done);
        self.next(sign_in, env)
    }

    fn record(&mut self, done: Done) {
        if let (Done::PassedOver, Some(Operation::AddToGroup { group, .. })) = (done, self.progress.next()) {
            self.admitted.forget(group);
        }
        if let (Done::Applied | Done::AlreadySo, Some(operation)) = (done, self.progress.next()) {
            self.remote.apply(operation);
        }
        self.remote.pieces.password = None;
        self.progress.record(done);
        self.prepared = 0;
    }

    fn refused(self, fault: &TargetError) -> ProvisioningTurn {
        let detail = self.progress.next().map_or_else(|| fault.to_string(), |at| format!("{at}: {fault}"));
        let code = fault.code();
        self.fail(Rejection::new(code, detail))
    }

    pub(super) fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        ProvisioningTurn::Failed { rejection, admitted: Some(self.admitted) }
    }
}

impl ExpectNeed {
    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let state = &mut self.0;
        match state.inquiry.answer(id, response, &mut state.remote, sign_in.caller()) {
            Err(fault) => self.0.refused(&fault),
            Ok(asks) if !state.inquiry.is_over() => {
                ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectNeed(self), asks }
            }
            Ok(_) => self.0.next(sign_in, env),
        }
    }

    pub(super) fn unanswered(self, failure: CallFailure) -> ProvisioningTurn {
        self.0.refused(&TargetError::NotReached(failure))
    }

    pub(super) fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        self.0.fail(rejection)
    }
}

impl ExpectReread {
    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let inquiry = &mut self.operation.inquiry;
        match inquiry.answer(id, response, &mut self.fresh, sign_in.caller()) {
            Err(fault) => return self.operation.refused(&fault),
            Ok(asks) if !inquiry.is_over() => {
                return ProvisioningTurn::Wait { inner: ProvisioningFlow::ExpectReread(self), asks };
            }
            Ok(_) => {}
        }
        let Self { operation: mut state, cause, fresh } = self;
        let Some(operation) = state.progress.next() else { return state.next(sign_in, env) };
        if !satisfied(operation, &fresh) {
            return state.refused(&cause);
        }
        // Ids come with it: those of an account that exists although its creation seemed to fail.
        state.remote.directory.merge(&fresh.directory);
        if let (Some(read), Operation::CreateAccount { .. }) = (fresh.account, operation) {
            state.remote.account = Some(read);
        }
        state.recorded(Done::AlreadySo, sign_in, env)
    }

    pub(super) fn unanswered(self, failure: CallFailure) -> ProvisioningTurn {
        self.operation.refused(&TargetError::NotReached(failure))
    }

    pub(super) fn fail(self, rejection: Rejection) -> ProvisioningTurn {
        self.operation.fail(rejection)
    }
}
