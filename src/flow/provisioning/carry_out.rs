//! Carrying out an approved plan, one operation at a time.

use core::time::Duration;

use crate::base::{Code, Rejection, UnixTime, random};
use crate::effect::{AskId, CallFailure, Tell};
use crate::http::HttpResponse;
use crate::policy::Admitted;
use crate::provision::{Directory, Done, NewPassword, Operation, Progress, Question, RemoteState, satisfied};
use crate::targets::{Outcome, Prepared, Request, TargetError};

use super::super::settings::MAX_PROVISIONING_TIME;
use super::super::{Env, FIRST_ASK, out_of_turn};
use super::facts::{approve, with_what_they_have};
use super::inquiry::Inquiry;
use super::work::{Left, Work, WorkTurn};
use super::{End, ProvisioningReport, SignIn, audit};

/// How often one operation is prepared: the licences to be counted, an id to be asked for, one that turns out stale, and
/// the operation itself.
const MAX_PREPARATIONS: u32 = 5;

/// How long is waited for the look whether a change was made whose own answer did not come in time: a sign-in costs one
/// timeout and this, not two.
const PATIENCE_AFTER_TIMEOUT: Duration = Duration::from_secs(1);

/// Waits for the answer to the operation under the cursor.
#[derive(Debug)]
pub(super) struct ExpectOperation {
    began: UnixTime,
    admitted: Admitted,
    remote: RemoteState,
    progress: Progress,
    /// Counts on over the whole plan, so that a plan cannot ask for ever.
    inquiry: Inquiry,
    /// How often the operation under the cursor was prepared.
    prepared: u32,
    /// When the operation under the cursor was first prepared, and how long its call may take.
    sent: Duration,
    timeout: Duration,
    /// A call did not come back in time: what follows is waited for only briefly, so that a sign-in costs one timeout.
    impatient: bool,
    /// Names that went into the plan because other sign-ins had seen them. Each that turns out wrong is struck out here, so
    /// that a plan is made anew no more often than there are names.
    remembered: Directory,
    seats: Seats,
    tells: Vec<Tell>,
}

/// Whether the licences are to be counted before somebody is added to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seats {
    NotNow,
    Wanted,
    Counted,
}

/// Waits for a fact that the operation under the cursor needs first.
#[derive(Debug)]
pub(super) struct ExpectNeed {
    operation: ExpectOperation,
    /// The licences are being counted; nothing depends on it.
    seats: bool,
}

/// Waits for what shows whether the operation under the cursor is done.
#[derive(Debug)]
pub(super) struct ExpectReread {
    operation: ExpectOperation,
    /// What went wrong if the operation turns out not to be done.
    cause: TargetError,
    /// Freshly read, so that nothing that was known before can be taken for an answer.
    fresh: Box<RemoteState>,
}

impl ExpectOperation {
    pub(super) fn new(
        began: UnixTime,
        counts_seats: bool,
        admitted: Admitted,
        remote: RemoteState,
        progress: Progress,
        tells: Vec<Tell>,
    ) -> Self {
        let remembered = remote.directory.clone();
        Self {
            began,
            admitted,
            remote,
            progress,
            inquiry: Inquiry::default(),
            prepared: 0,
            sent: Duration::ZERO,
            timeout: Duration::ZERO,
            impatient: false,
            remembered,
            seats: if counts_seats { Seats::Wanted } else { Seats::NotNow },
            tells,
        }
    }

    /// Carries out the operation under the cursor, or is done.
    pub(super) fn next(mut self, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        loop {
            let Some(operation) = self.progress.next() else { return self.done() };
            let overdue = env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME;
            if overdue && !operation.is_precaution() {
                let detail = format!(
                    "the application is too slow: {} operations left after {} s",
                    self.progress.left(),
                    MAX_PROVISIONING_TIME.as_secs()
                );
                let rejection = Rejection::new(Code::TargetUnreachable, detail);
                let made = self.made_account();
                return self.end(rejection, Left::Badly(None), made);
            }
            if self.prepared == 0 {
                self.sent = env.uptime;
            }
            self.prepared = self.prepared.saturating_add(1);
            if self.prepared > MAX_PREPARATIONS {
                let fault = TargetError::Endless { request: Request::Change(operation.kind()) };
                return self.refused(&fault, sign_in, env);
            }
            if self.seats == Seats::Wanted && matches!(operation, Operation::AddToGroup { .. }) {
                self.seats = Seats::Counted;
                return self.need(Question::Seats, true, sign_in, env);
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
                Prepared::Call(mut call) => {
                    if self.impatient {
                        call.timeout = call.timeout.min(PATIENCE_AFTER_TIMEOUT);
                    }
                    (self.sent, self.timeout) = (env.uptime, call.timeout);
                    let asks = vec![(FIRST_ASK, sign_in.caller().send(call))];
                    let tells = self.take_tells();
                    return WorkTurn::Wait { work: Box::new(Work::ExpectOperation(self)), asks, tells };
                }
                Prepared::Ask(question) => return self.need(question, false, sign_in, env),
                Prepared::AlreadySo => self.record(Done::AlreadySo, sign_in, env),
                Prepared::PassOver => self.record(Done::PassedOver, sign_in, env),
                Prepared::Refuse(_) if operation.is_precaution() => self.record(Done::Failed, sign_in, env),
                Prepared::Refuse(fault) => return self.refused(&fault, sign_in, env),
            }
        }
    }

    fn need(mut self, question: Question, seats: bool, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        let caller = sign_in.caller();
        let asked = if seats {
            let ask = self.inquiry.ask_briefly(question, PATIENCE_AFTER_TIMEOUT, caller, env);
            ask.map(|ask| vec![ask])
        } else {
            self.inquiry.ask(vec![question], caller, env)
        };
        match asked {
            Ok(asks) => {
                let tells = self.take_tells();
                let state = ExpectNeed { operation: self, seats };
                WorkTurn::Wait { work: Box::new(Work::ExpectNeed(state)), asks, tells }
            }
            Err(fault) => self.refused(&fault, sign_in, env),
        }
    }

    /// Has the plan made the account?
    pub(super) fn made_account(&self) -> bool {
        let made = |(operation, done): (&Operation, Done)| {
            matches!(operation, Operation::CreateAccount { .. }) && done == Done::Applied
        };
        self.progress.completed().any(made)
    }

    /// Is the account being made?
    pub(super) fn is_making_account(&self) -> bool {
        matches!(self.progress.next(), Some(Operation::CreateAccount { .. }))
    }

    fn done(mut self) -> WorkTurn {
        let done = self.progress.completed().map(|(operation, done)| (operation.kind(), done)).collect();
        let tells = self.take_tells();
        let counted = self.seats == Seats::Counted;
        WorkTurn::done(self.admitted, ProvisioningReport::Done(done), self.remote, counted, tells)
    }

    pub(super) fn answer(mut self, response: &HttpResponse, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
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
                let cause = sign_in.provisioning.target.not_done(operation);
                self.read_again(cause, sign_in, env)
            }
            // Envoy answers 503 and 504 in the application's stead when a call is reset or times out, and so do proxies:
            // the change may have been made all the same. An account that exists without our knowledge would make its
            // owner an old acquaintance at the next sign-in, without what new people get.
            Outcome::Refused(fault @ TargetError::Unavailable { .. }) => self.read_again(fault, sign_in, env),
            Outcome::RetryAfter(retry_after) => {
                let request = Request::Change(operation.kind());
                self.refused(&TargetError::Throttled { request, retry_after }, sign_in, env)
            }
            Outcome::Refused(fault) => self.refused(&fault, sign_in, env),
        }
    }

    /// No answer came; the change may have been made nevertheless.
    pub(super) fn unanswered(mut self, failure: CallFailure, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        let fault = TargetError::NotReached(failure);
        self.note_timeout(env);
        if self.progress.next().is_some_and(Operation::is_precaution) {
            return self.recorded(Done::Failed, sign_in, env);
        }
        match Outcome::without_answer(failure) {
            Outcome::Reread => self.read_again(fault, sign_in, env),
            _ => self.refused(&fault, sign_in, env),
        }
    }

    /// Reads what shows whether the operation under the cursor is done.
    fn read_again(mut self, cause: TargetError, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        let Some(operation) = self.progress.next() else { return self.fail(out_of_turn("an operation")) };
        // What cannot be read cannot be looked for.
        if !sign_in.provisioning.target.capabilities().reads {
            return self.refused(&cause, sign_in, env);
        }
        let question = sign_in.provisioning.target.reread(operation, &self.remote);
        if matches!(cause, TargetError::NotReached(_) | TargetError::Unavailable { status: 504, .. }) {
            self.note_timeout(env);
        }
        let patience = if self.impatient { PATIENCE_AFTER_TIMEOUT } else { self.timeout };
        match self.inquiry.ask_briefly(question, patience, sign_in.caller(), env) {
            Ok(ask) => {
                let tells = self.take_tells();
                let state = ExpectReread { operation: self, cause, fresh: Box::default() };
                WorkTurn::Wait { work: Box::new(Work::ExpectReread(state)), asks: vec![ask], tells }
            }
            Err(fault) => self.refused(&fault, sign_in, env),
        }
    }

    /// A clock that only measures is coarse: the better part of the timeout is a timeout.
    fn note_timeout(&mut self, env: &Env<'_>) {
        let waited = env.uptime.saturating_sub(self.sent);
        self.impatient |= waited.saturating_mul(10) >= self.timeout.saturating_mul(9);
    }

    fn recorded(mut self, done: Done, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        self.record(done, sign_in, env);
        self.next(sign_in, env)
    }

    fn record(&mut self, done: Done, sign_in: SignIn<'_>, env: &Env<'_>) {
        if let Some(operation) = self.progress.next() {
            let took = env.uptime.saturating_sub(self.sent);
            let decision = self.admitted.decision();
            let result = done.as_str();
            self.tells.push(super::work::called(sign_in, operation.kind().as_str(), result, took));
            self.tells.push(audit::change(operation, (result, None), took, decision, sign_in, env));
        }
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

    /// Somebody deleted a group that was remembered: what is left is planned anew, from what is known for sure.
    fn plan_anew(mut self, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        self.prepared = 0;
        if let Some(group) = self.progress.next().and_then(Operation::about).map(str::to_owned) {
            self.remote.directory.forget_group(&group);
            self.remembered.forget_group(&group);
        }
        match approve(self.admitted.decision(), &self.remote, sign_in, env) {
            Ok(approved) => {
                self.progress = self.progress.go_on_with(approved);
                self.next(sign_in, env)
            }
            Err(rejection) => {
                let (left, made) = (Left::Badly(Some(Box::new(self.remote.clone()))), self.made_account());
                self.end(rejection, left, made)
            }
        }
    }

    /// The operation under the cursor cannot be done.
    fn refused(mut self, fault: &TargetError, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        let missing = matches!(fault, TargetError::Refused { status: 404, .. } | TargetError::Missing { .. });
        let adds = matches!(self.progress.next(), Some(Operation::AddToGroup { .. }));
        let remembered = self
            .progress
            .next()
            .and_then(Operation::about)
            .is_some_and(|group| self.remembered.has_group(group));
        if missing && adds && remembered {
            return self.plan_anew(sign_in, env);
        }
        let code = fault.code();
        let mut detail = fault.to_string();
        if let Some(operation) = self.progress.next() {
            detail = format!("{operation}: {fault}");
            let took = env.uptime.saturating_sub(self.sent);
            let decision = self.admitted.decision();
            self.tells.push(super::work::called(sign_in, operation.kind().as_str(), code.slug(), took));
            let result = ("failed", Some(code));
            self.tells.push(audit::change(operation, result, took, decision, sign_in, env));
            // What was remembered of it may be why.
            if let Some(name) = operation.about() {
                self.remote.directory.forget_group(name);
                self.remote.directory.forget_organization(name);
            }
        }
        // Without an answer, or with somebody else's, it may exist all the same.
        let may_exist = matches!(fault, TargetError::NotReached(_) | TargetError::Unavailable { .. });
        let made = self.made_account() || (may_exist && self.is_making_account());
        let left = Left::after(fault, Some(Box::new(self.remote.clone())));
        self.end(Rejection::new(code, detail), left, made)
    }

    pub(super) fn fail(self, rejection: Rejection) -> WorkTurn {
        let made = self.made_account();
        self.end(rejection, Left::Badly(None), made)
    }

    fn end(mut self, rejection: Rejection, ended: Left, made_account: bool) -> WorkTurn {
        let tells = self.take_tells();
        let username = self.remote.linked_username();
        // Groups that were decided and not given are nobody's yet.
        let admitted = Some(with_what_they_have(self.admitted, &self.remote));
        let counted_seats = self.seats == Seats::Counted;
        let end = End::Failed { rejection, admitted, username, made_account, retry_after: None };
        WorkTurn::End { ended, end: Box::new(end), counted_seats, tells }
    }

    fn take_tells(&mut self) -> Vec<Tell> {
        let mut tells = core::mem::take(&mut self.tells);
        tells.extend(self.inquiry.tells());
        tells
    }

    /// Warns where the group of the operation under the cursor uses one of the last licences.
    fn warn_of_seats(&mut self, sign_in: SignIn<'_>, env: &Env<'_>) {
        let added = self.progress.upcoming().filter_map(|operation| match operation {
            Operation::AddToGroup { group, .. } => Some(group),
            _ => None,
        });
        let least = sign_in.provisioning.warn_when_seats_below;
        for group in added {
            for seats in self.remote.seats.iter().filter(|seats| seats.are_used_by(group)) {
                if let Some(remaining) = seats.remaining.filter(|remaining| *remaining < least) {
                    let detail =
                        format!("`{group}` uses a licence of `{}`, and {remaining} are left", seats.product);
                    self.tells.extend(audit::notice(Code::SeatsLow, detail, sign_in, env));
                }
            }
        }
    }
}

impl ExpectNeed {
    pub(super) const fn operation(&self) -> &ExpectOperation {
        &self.operation
    }

    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        let state = &mut self.operation;
        match state.inquiry.answer(id, response, &mut state.remote, sign_in.caller(), env) {
            // Licences that cannot be counted keep nobody out.
            Err(_) if self.seats => self.operation.next(sign_in, env),
            Err(fault) => self.operation.refused(&fault, sign_in, env),
            Ok(asks) if !state.inquiry.is_over() => {
                let tells = state.take_tells();
                WorkTurn::Wait { work: Box::new(Work::ExpectNeed(self)), asks, tells }
            }
            Ok(_) => {
                if self.seats {
                    state.warn_of_seats(sign_in, env);
                }
                self.operation.next(sign_in, env)
            }
        }
    }

    pub(super) fn unanswered(
        mut self,
        id: AskId,
        failure: CallFailure,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        self.operation.inquiry.unanswered(id, failure, sign_in.caller(), env);
        if self.seats {
            // Licences that cannot be counted keep nobody out.
            return self.operation.next(sign_in, env);
        }
        self.operation.refused(&TargetError::NotReached(failure), sign_in, env)
    }

    pub(super) fn into_operation(self) -> ExpectOperation {
        self.operation
    }
}

impl ExpectReread {
    pub(super) const fn operation(&self) -> &ExpectOperation {
        &self.operation
    }

    pub(super) fn answer(
        mut self,
        id: AskId,
        response: &HttpResponse,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        let state = &mut self.operation;
        match state.inquiry.answer(id, response, &mut self.fresh, sign_in.caller(), env) {
            Err(fault) => return self.operation.refused(&fault, sign_in, env),
            Ok(asks) if !state.inquiry.is_over() => {
                let tells = state.take_tells();
                return WorkTurn::Wait { work: Box::new(Work::ExpectReread(self)), asks, tells };
            }
            Ok(_) => {}
        }
        let Self { operation: mut state, cause, fresh } = self;
        let Some(operation) = state.progress.next() else { return state.next(sign_in, env) };
        if !satisfied(operation, &fresh) {
            let deactivated = fresh.account.as_ref().is_some_and(|account| !account.active);
            if deactivated && matches!(operation, Operation::CreateAccount { .. }) {
                let request = Request::Change(operation.kind());
                return state.refused(&TargetError::AccountUnusable { request }, sign_in, env);
            }
            return state.refused(&cause, sign_in, env);
        }
        // Ids come with it: those of an account that exists although its creation seemed to fail.
        state.remote.directory.correct(&fresh.directory);
        if let (Some(read), Operation::CreateAccount { .. }) = (fresh.account, operation) {
            state.remote.account = Some(read);
        }
        state.recorded(Done::AlreadySo, sign_in, env)
    }

    pub(super) fn unanswered(
        mut self,
        id: AskId,
        failure: CallFailure,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> WorkTurn {
        self.operation.inquiry.unanswered(id, failure, sign_in.caller(), env);
        self.operation.refused(&TargetError::NotReached(failure), sign_in, env)
    }

    pub(super) fn into_operation(self) -> ExpectOperation {
        self.operation
    }
}
