//! Questions to the application that are under way.

use crate::effect::{Ask, AskId};
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{Question, RemoteState};
use crate::targets::{Request, TargetError};

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
    pub(super) fn send(&self, mut call: HttpCall) -> Ask {
        if !self.request_id.is_empty() {
            call.headers.push((String::from("x-request-id"), self.request_id.to_owned()));
        }
        Ask::HttpCall(call)
    }
}

/// Questions whose answers are awaited, and how many were asked so far.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    open: Vec<(AskId, Question)>,
    asked: u32,
}

impl Inquiry {
    /// Asks all of `questions` at once.
    pub(super) fn ask(
        &mut self,
        questions: Vec<Question>,
        caller: Caller<'_>,
    ) -> Result<Vec<(AskId, Ask)>, TargetError> {
        let mut asks = Vec::with_capacity(questions.len());
        for question in questions {
            if self.asked >= MAX_QUESTIONS {
                return Err(TargetError::Endless { request: Request::of(&question) });
            }
            let id = AskId(self.asked);
            self.asked = self.asked.saturating_add(1);
            asks.push((id, caller.send(caller.provisioning.target.ask(&question))));
            self.open.push((id, question));
        }
        Ok(asks)
    }

    /// Learns from the answer to `id`, and asks what it raises.
    pub(super) fn answer(
        &mut self,
        id: AskId,
        response: &HttpResponse,
        remote: &mut RemoteState,
        caller: Caller<'_>,
    ) -> Result<Vec<(AskId, Ask)>, TargetError> {
        let Some(question) = self.take(id) else { return Ok(Vec::new()) };
        let raised = caller.provisioning.target.learn(&question, response, remote)?;
        self.ask(raised, caller)
    }

    /// The question that `id` stands for; it is not open any more.
    pub(super) fn take(&mut self, id: AskId) -> Option<Question> {
        let at = self.open.iter().position(|(open, _)| *open == id)?;
        Some(self.open.swap_remove(at).1)
    }

    /// True when every question was answered.
    pub(super) const fn is_over(&self) -> bool {
        self.open.is_empty()
    }
}
