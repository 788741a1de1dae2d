//! Questions to the application that are under way.

use core::time::Duration;

use crate::base::Rejection;
use crate::effect::{Ask, AskId, CallFailure, Tell};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{Question, RemoteState};
use crate::targets::{Request, TargetError};

use super::super::Env;
use super::super::settings::Provisioning;

/// Questions of one sign-in, follow-ups and next pages included: enough for 3,000 groups in pages of 50.
const MAX_QUESTIONS: u32 = 64;

/// Who calls the application, and on whose behalf.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Caller<'a> {
    pub(in crate::flow) provisioning: &'a Provisioning,
    /// Goes out with every call, so that both logs can be read side by side; empty for none.
    pub(in crate::flow) request_id: &'a str,
}

impl Caller<'_> {
    /// `call` as an ask.
    pub(in crate::flow) fn send(&self, mut call: HttpCall) -> Ask {
        if !self.request_id.is_empty() {
            call.headers.push((String::from("x-request-id"), self.request_id.to_owned()));
        }
        Ask::HttpCall(call)
    }
}

/// Why the application could not be read.
#[derive(Debug)]
pub(in crate::flow) struct Failure {
    pub(in crate::flow) rejection: Rejection,
    /// What the application did; `None` where it is not its fault.
    pub(in crate::flow) fault: Option<TargetError>,
}

impl From<TargetError> for Failure {
    fn from(fault: TargetError) -> Self {
        Self { rejection: Rejection::new(fault.code(), fault), fault: Some(fault) }
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, fault: None }
    }
}

/// Questions whose answers are awaited, and how many were asked so far.
#[derive(Debug, Default)]
pub(in crate::flow) struct Inquiry {
    open: Vec<Open>,
    asked: u32,
    tells: Vec<Tell>,
}

#[derive(Debug)]
struct Open {
    id: AskId,
    question: Question,
    since: Duration,
}

impl Inquiry {
    /// Asks all of `questions` at once.
    pub(in crate::flow) fn ask(
        &mut self,
        questions: Vec<Question>,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<Vec<(AskId, Ask)>, TargetError> {
        let mut asks = Vec::with_capacity(questions.len());
        for question in questions {
            let call = caller.provisioning.target.ask(&question);
            asks.push(self.open(question, call, caller, env)?);
        }
        Ok(asks)
    }

    /// Asks one question, and waits no longer than `patience` for its answer.
    pub(in crate::flow) fn ask_briefly(
        &mut self,
        question: Question,
        patience: Duration,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<(AskId, Ask), TargetError> {
        let mut call = caller.provisioning.target.ask(&question);
        call.timeout = call.timeout.min(patience);
        self.open(question, call, caller, env)
    }

    fn open(
        &mut self,
        question: Question,
        call: HttpCall,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<(AskId, Ask), TargetError> {
        if self.asked >= MAX_QUESTIONS {
            return Err(TargetError::Endless { request: Request::of(&question) });
        }
        let id = AskId(self.asked);
        self.asked = self.asked.saturating_add(1);
        self.open.push(Open { id, question, since: env.uptime });
        Ok((id, caller.send(call)))
    }

    /// Learns from the answer to `id`, and asks what it raises.
    pub(in crate::flow) fn answer(
        &mut self,
        id: AskId,
        response: &HttpResponse,
        remote: &mut RemoteState,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<Vec<(AskId, Ask)>, TargetError> {
        let Some(open) = self.take(id) else { return Ok(Vec::new()) };
        let raised = caller.provisioning.target.learn(&open.question, response, remote);
        let result = raised.as_ref().map_or_else(|fault| fault.code().slug(), |_| "answered");
        self.tell(&open, result, caller, env);
        self.ask(raised?, caller, env)
    }

    /// The call of `id` got no answer.
    pub(in crate::flow) fn unanswered(
        &mut self,
        id: AskId,
        failure: CallFailure,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Failure {
        let fault = TargetError::NotReached(failure);
        let mut what = "reading the account";
        if let Some(open) = self.take(id) {
            what = open.question.as_str();
            self.tell(&open, fault.code().slug(), caller, env);
        }
        let rejection = Rejection::new(fault.code(), format_args!("{what}: {fault}"));
        Failure { rejection, fault: Some(fault) }
    }

    fn tell(&mut self, open: &Open, result: &'static str, caller: Caller<'_>, env: &Env<'_>) {
        self.tells.push(Tell::Called {
            target: caller.provisioning.target.name(),
            request: open.question.as_str(),
            result,
            took: env.uptime.saturating_sub(open.since),
        });
    }

    fn take(&mut self, id: AskId) -> Option<Open> {
        let at = self.open.iter().position(|open| open.id == id)?;
        Some(self.open.swap_remove(at))
    }

    /// True when every question was answered.
    pub(in crate::flow) const fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// What there is to tell since the last time.
    pub(in crate::flow) fn tells(&mut self) -> Vec<Tell> {
        core::mem::take(&mut self.tells)
    }
}
