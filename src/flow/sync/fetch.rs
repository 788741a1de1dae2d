//! One answer of the directory: with the token that it needs, and tried again when that may help.

use core::time::Duration;

use crate::effect::{Answer, Ask};
use crate::http::{HttpCall, HttpResponse};
use crate::sources::{Access, Endpoint, Held, Sending, SourceError};

use super::super::Env;

/// Tries of one call. A directory that throttles says how long to wait; with the waits below an outage of three minutes is
/// sat out, and a longer one ends the run, which goes on from its checkpoint.
const MAX_TRIES: u32 = 6;

/// The wait after the first failure, doubled after each other one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// A directory that wants to be left alone for longer ends the run: its lease must not be kept by waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A call under way.
#[derive(Debug)]
pub(in crate::flow) struct Fetch {
    call: HttpCall,
    tries: u32,
    /// With which token it went out.
    sent: Held,
    awaits: Awaits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Token,
    Answer,
    /// Until then, by [`Env::uptime`].
    Pause(Duration),
}

/// What comes next.
#[derive(Debug)]
pub(in crate::flow) enum FetchTurn {
    /// The answer to this goes to [`Fetch::answer`].
    Ask(Ask),
    /// Nothing before [`Fetch::tick`] says so.
    Pause,
    /// This was answered; whoever cannot read it says so to [`Fetch::again`].
    Got(HttpResponse),
    /// It is over.
    Failed(SourceError),
}

impl Fetch {
    pub(in crate::flow) fn new(call: HttpCall) -> Self {
        Self { call, tries: 0, sent: Held::default(), awaits: Awaits::Pause(Duration::ZERO) }
    }

    /// Sends the call, or what it needs first.
    pub(in crate::flow) fn send(&mut self, access: &Access, endpoint: &Endpoint, env: &Env<'_>) -> Ask {
        self.sent = access.held();
        match access.send(endpoint, self.call.clone(), env.now) {
            Sending::Call(call) => {
                self.awaits = Awaits::Answer;
                Ask::HttpCall(call)
            }
            Sending::Token(call) => {
                self.awaits = Awaits::Token;
                Ask::HttpCall(call)
            }
        }
    }

    /// Takes the answer to the last ask.
    pub(in crate::flow) fn answer(
        &mut self,
        answer: Answer,
        access: &mut Access,
        endpoint: &Endpoint,
        env: &Env<'_>,
    ) -> FetchTurn {
        let response = match answer {
            Answer::HttpResponse(response) => response,
            Answer::HttpFailed(failure) => return self.again(SourceError::NotReached(failure), env),
            _ => return FetchTurn::Failed(SourceError::Shifted),
        };
        if self.awaits == Awaits::Token {
            return match access.learn(&response, env.now) {
                Ok(()) => FetchTurn::Ask(self.send(access, endpoint, env)),
                Err(fault) => self.again(fault, env),
            };
        }
        if response.status == 401 && access.refused(endpoint, self.sent) {
            return FetchTurn::Ask(self.send(access, endpoint, env));
        }
        if response.status != 401 {
            access.accepted(self.sent);
        }
        FetchTurn::Got(response)
    }

    /// The answer was none. Tries again where that may help.
    pub(in crate::flow) fn again(&mut self, fault: SourceError, env: &Env<'_>) -> FetchTurn {
        self.tries = self.tries.saturating_add(1);
        let Some(wanted) = fault.retry_after() else { return FetchTurn::Failed(fault) };
        let doubled = FIRST_WAIT.saturating_mul(1 << self.tries.saturating_sub(1).min(8));
        let wait = wanted.max(doubled);
        if self.tries >= MAX_TRIES || wait > LONGEST_WAIT {
            return FetchTurn::Failed(fault);
        }
        self.awaits = Awaits::Pause(env.uptime.saturating_add(wait));
        FetchTurn::Pause
    }

    /// Time has passed; `Some` when the pause is over.
    pub(in crate::flow) fn tick(
        &mut self,
        access: &Access,
        endpoint: &Endpoint,
        env: &Env<'_>,
    ) -> Option<Ask> {
        match self.awaits {
            Awaits::Pause(until) if env.uptime >= until => Some(self.send(access, endpoint, env)),
            _ => None,
        }
    }
}
