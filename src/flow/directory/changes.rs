//! Carrying out operations that belong to nobody's sign-in: an organization, a group, an account that is left.

use core::time::Duration;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, CallFailure, Tell};
use crate::http::HttpResponse;
use crate::provision::{Approved, Done, OperationKind, Plan, Progress, Question, RemoteState, satisfied};
use crate::targets::{Outcome, Prepared, Request, TargetError};

use super::super::provisioning::audit;
use super::super::provisioning::{Caller, Inquiry};
use super::super::settings::MAX_PROVISIONING_TIME;
use super::super::{Env, FIRST_ASK, out_of_turn};

/// How often one operation is prepared: an id to be asked for, one that turns out stale, and the operation itself.
const MAX_PREPARATIONS: u32 = 4;

/// Carries out an approved plan, one operation at a time, and looks again where an answer leaves open whether it is done.
#[derive(Debug)]
pub(in crate::flow) struct ChangesFlow {
    began: UnixTime,
    remote: RemoteState,
    progress: Progress,
    inquiry: Inquiry,
    /// How often the operation under the cursor was prepared.
    prepared: u32,
    sent: Duration,
    stage: Stage,
    tells: Vec<Tell>,
}

/// What is awaited.
#[derive(Debug)]
enum Stage {
    /// The answer to the operation under the cursor.
    Operation,
    /// A fact that it needs first.
    Need,
    /// What shows whether it is done; `cause` is why it is looked for.
    Reread { cause: TargetError, fresh: Box<RemoteState> },
}

/// Who wants the changes.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Changes<'a> {
    pub(in crate::flow) caller: Caller<'a>,
    /// Whose account it is, as audit events show people; empty for nobody's.
    pub(in crate::flow) user: &'a str,
    /// What in the configuration wants it, for audit events.
    pub(in crate::flow) rule: &'static str,
}

/// One turn.
#[derive(Debug)]
pub(in crate::flow) enum ChangesTurn {
    Wait { inner: Box<ChangesFlow>, asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { end: Box<ChangesEnd>, tells: Vec<Tell> },
}

/// How it ended.
#[derive(Debug)]
pub(in crate::flow) struct ChangesEnd {
    /// What was done before it ended.
    pub(in crate::flow) done: Vec<(OperationKind, Done)>,
    /// What is known of the application now; ids that were learned are in it.
    pub(in crate::flow) remote: RemoteState,
    /// Why it ended early; nothing after the operation that failed was tried.
    pub(in crate::flow) failed: Option<(Rejection, TargetError)>,
}

impl ChangesFlow {
    /// Begins with the first operation of `plan`, on top of what is known.
    pub(in crate::flow) fn start(
        remote: RemoteState,
        plan: Approved<Plan>,
        changes: Changes<'_>,
        env: &Env<'_>,
    ) -> ChangesTurn {
        let flow = Self {
            began: env.now,
            remote,
            progress: Progress::new(plan),
            inquiry: Inquiry::default(),
            prepared: 0,
            sent: Duration::ZERO,
            stage: Stage::Operation,
            tells: Vec::new(),
        };
        flow.next(changes, env)
    }

    /// Takes the answer to `id`.
    pub(in crate::flow) fn answer(
        mut self,
        id: AskId,
        answer: Answer,
        changes: Changes<'_>,
        env: &Env<'_>,
    ) -> ChangesTurn {
        let stage = core::mem::replace(&mut self.stage, Stage::Operation);
        match (stage, answer) {
            (Stage::Operation, Answer::HttpResponse(response)) => self.answered(&response, changes, env),
            (Stage::Operation, Answer::HttpFailed(failure)) => self.unanswered(failure, changes, env),
            (Stage::Need, Answer::HttpResponse(response)) => {
                let learned = self.inquiry.answer(id, &response, &mut self.remote, changes.caller, env);
                match learned {
                    Err(fault) => self.refused(fault, changes, env),
                    Ok(asks) if !self.inquiry.is_over() => self.wait(Stage::Need, asks),
                    Ok(_) => self.next(changes, env),
                }
            }
            (Stage::Reread { cause, mut fresh }, Answer::HttpResponse(response)) => {
                let learned = self.inquiry.answer(id, &response, &mut fresh, changes.caller, env);
                match learned {
                    Err(fault) => self.refused(fault, changes, env),
                    Ok(asks) if !self.inquiry.is_over() => self.wait(Stage::Reread { cause, fresh }, asks),
                    Ok(_) => self.read_again(cause, &fresh, changes, env),
                }
            }
            (Stage::Need | Stage::Reread { .. }, Answer::HttpFailed(failure)) => {
                self.inquiry.unanswered(id, failure, changes.caller, env);
                self.refused(TargetError::NotReached(failure), changes, env)
            }
            _ => {
                let fault = TargetError::NotReached(CallFailure::NoAnswer);
                self.end(Some((out_of_turn("an answer of the application"), fault)))
            }
        }
    }

    fn next(mut self, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        loop {
            let Some(operation) = self.progress.next() else { return self.end(None) };
            if env.now.saturating_since(self.began) > MAX_PROVISIONING_TIME {
                let detail = format!(
                    "the application is too slow: {} operations left after {} s",
                    self.progress.left(),
                    MAX_PROVISIONING_TIME.as_secs()
                );
                let fault = TargetError::NotReached(CallFailure::NotSent);
                return self.end(Some((Rejection::new(Code::TargetUnreachable, detail), fault)));
            }
            self.prepared = self.prepared.saturating_add(1);
            if self.prepared > MAX_PREPARATIONS {
                let fault = TargetError::Endless { request: Request::Change(operation.kind()) };
                return self.refused(fault, changes, env);
            }
            self.sent = env.uptime;
            match changes.caller.provisioning.target.prepare(operation, &self.remote, env.now) {
                Prepared::Call(call) => {
                    let ask = changes.caller.send(call);
                    return self.wait(Stage::Operation, vec![(FIRST_ASK, ask)]);
                }
                Prepared::Ask(question) => return self.ask(Stage::Need, question, changes, env),
                Prepared::AlreadySo => self.record(Done::AlreadySo, changes, env),
                Prepared::PassOver => self.record(Done::PassedOver, changes, env),
                Prepared::Refuse(fault) => return self.refused(fault, changes, env),
            }
        }
    }

    fn answered(mut self, response: &HttpResponse, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        let Some(operation) = self.progress.next() else { return self.next(changes, env) };
        let target = &changes.caller.provisioning.target;
        match target.outcome(operation, response, &mut self.remote) {
            Outcome::Applied => self.recorded(Done::Applied, changes, env),
            Outcome::AlreadySo => self.recorded(Done::AlreadySo, changes, env),
            Outcome::PassedOver => self.recorded(Done::PassedOver, changes, env),
            Outcome::Stale => self.next(changes, env),
            Outcome::Reread => {
                let cause = target.not_done(operation);
                self.look_again(cause, changes, env)
            }
            // Whatever stands between may have answered in the application's stead: the change may have been made.
            Outcome::Refused(fault @ TargetError::Unavailable { .. }) => self.look_again(fault, changes, env),
            Outcome::RetryAfter(retry_after) => {
                let request = Request::Change(operation.kind());
                self.refused(TargetError::Throttled { request, retry_after }, changes, env)
            }
            Outcome::Refused(fault) => self.refused(fault, changes, env),
        }
    }

    /// No answer came; the change may have been made nevertheless.
    fn unanswered(self, failure: CallFailure, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        let fault = TargetError::NotReached(failure);
        match Outcome::without_answer(failure) {
            Outcome::Reread => self.look_again(fault, changes, env),
            _ => self.refused(fault, changes, env),
        }
    }

    fn look_again(self, cause: TargetError, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        let target = &changes.caller.provisioning.target;
        let Some(operation) = self.progress.next().filter(|_| target.capabilities().reads) else {
            return self.refused(cause, changes, env);
        };
        let question = target.reread(operation, &self.remote);
        self.ask(Stage::Reread { cause, fresh: Box::default() }, question, changes, env)
    }

    fn read_again(
        mut self,
        cause: TargetError,
        fresh: &RemoteState,
        changes: Changes<'_>,
        env: &Env<'_>,
    ) -> ChangesTurn {
        let Some(operation) = self.progress.next() else { return self.next(changes, env) };
        if !satisfied(operation, fresh) {
            return self.refused(cause, changes, env);
        }
        self.remote.directory.correct(&fresh.directory);
        self.recorded(Done::AlreadySo, changes, env)
    }

    fn ask(mut self, stage: Stage, question: Question, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        match self.inquiry.ask(vec![question], changes.caller, env) {
            Ok(asks) => self.wait(stage, asks),
            Err(fault) => self.refused(fault, changes, env),
        }
    }

    fn recorded(mut self, done: Done, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        self.record(done, changes, env);
        self.next(changes, env)
    }

    fn record(&mut self, done: Done, changes: Changes<'_>, env: &Env<'_>) {
        self.tell((done.as_str(), None), changes, env);
        if let (Done::Applied | Done::AlreadySo, Some(operation)) = (done, self.progress.next()) {
            self.remote.apply(operation);
        }
        self.progress.record(done);
        self.prepared = 0;
    }

    fn refused(mut self, fault: TargetError, changes: Changes<'_>, env: &Env<'_>) -> ChangesTurn {
        let code = fault.code();
        let detail = match self.progress.next() {
            Some(operation) => format!("{operation}: {fault}"),
            None => fault.to_string(),
        };
        self.tell(("failed", Some(code)), changes, env);
        self.end(Some((Rejection::new(code, detail), fault)))
    }

    fn tell(&mut self, result: (&'static str, Option<Code>), changes: Changes<'_>, env: &Env<'_>) {
        let Some(operation) = self.progress.next() else { return };
        let took = env.uptime.saturating_sub(self.sent);
        self.tells.push(Tell::Called {
            target: changes.caller.provisioning.target.name(),
            request: operation.kind().as_str(),
            result: result.1.map_or(result.0, Code::slug),
            took,
        });
        let (user, rule) = (changes.user.to_owned(), changes.rule.to_owned());
        self.tells.push(audit::changed(operation, result, took, user, rule, changes.caller));
    }

    fn wait(mut self, stage: Stage, asks: Vec<(AskId, Ask)>) -> ChangesTurn {
        self.stage = stage;
        let tells = self.take_tells();
        ChangesTurn::Wait { inner: Box::new(self), asks, tells }
    }

    fn end(mut self, failed: Option<(Rejection, TargetError)>) -> ChangesTurn {
        let tells = self.take_tells();
        let done = self.progress.completed().map(|(operation, done)| (operation.kind(), done)).collect();
        let end = ChangesEnd { done, remote: self.remote, failed };
        ChangesTurn::End { end: Box::new(end), tells }
    }

    fn take_tells(&mut self) -> Vec<Tell> {
        let mut tells = core::mem::take(&mut self.tells);
        tells.extend(self.inquiry.tells());
        tells
    }
}
