//! Reading and changing the application: what is awaited, and how it ends.

use core::time::Duration;

use crate::base::Rejection;
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::policy::Admitted;
use crate::provision::{RemoteAccount, RemoteState};
use crate::targets::TargetError;

use super::super::Env;
use super::carry_out::{ExpectNeed, ExpectOperation, ExpectReread};
use super::facts::{ExpectFacts, unchanged};
use super::memory::Memory;
use super::{End, ProvisioningReport, SignIn, out_of_turn};

/// What is awaited.
#[derive(Debug)]
pub(super) enum Work {
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
pub(super) enum WorkTurn {
    Wait { work: Box<Work>, asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { ended: Left, end: Box<End>, counted_seats: bool, tells: Vec<Tell> },
}

/// How a sign-in left the application.
#[derive(Debug)]
pub(in crate::flow) enum Left {
    /// Nobody called it.
    Untouched,
    /// It answered.
    Well(Box<RemoteState>),
    /// It answered, but not as wanted.
    Badly(Option<Box<RemoteState>>),
    /// Nobody would fare better.
    Dead,
    /// It wants to be left alone for so long; zero when it did not say.
    LeaveAlone(Duration),
}

impl Left {
    /// What `fault` says about everybody else's calls.
    pub(in crate::flow) fn after(fault: &TargetError, remote: Option<Box<RemoteState>>) -> Self {
        match fault {
            TargetError::NotReached(_) | TargetError::Unavailable { status: 502..=504, .. } => Self::Dead,
            // Trying them again makes it worse.
            TargetError::Unauthorized { .. } | TargetError::CaptchaRequired { .. } => {
                Self::LeaveAlone(Duration::ZERO)
            }
            TargetError::Throttled { retry_after, .. } => Self::LeaveAlone(*retry_after),
            _ => Self::Badly(remote),
        }
    }
}

impl Work {
    /// The end of a sign-in for which nothing needs to be asked.
    pub(super) fn unchanged(memory: &mut Memory, sign_in: SignIn<'_>, env: &Env<'_>) -> Option<WorkTurn> {
        unchanged(memory.remembered()?, sign_in, env)
    }

    pub(super) fn start(memory: &Memory, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
        let known = RemoteState { directory: memory.directory(env), ..RemoteState::default() };
        ExpectFacts::start(known, memory.counts_seats(sign_in.provisioning, env), sign_in, env)
    }

    pub(super) fn answer(self, id: AskId, answer: Answer, sign_in: SignIn<'_>, env: &Env<'_>) -> WorkTurn {
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
            (Self::ExpectFacts(state), Answer::HttpFailed(failure)) => {
                state.unanswered(id, failure, sign_in, env)
            }
            (Self::ExpectNeed(state), Answer::HttpFailed(failure)) => {
                state.unanswered(id, failure, sign_in, env)
            }
            (Self::ExpectOperation(state), Answer::HttpFailed(failure)) => {
                state.unanswered(failure, sign_in, env)
            }
            (Self::ExpectReread(state), Answer::HttpFailed(failure)) => {
                state.unanswered(id, failure, sign_in, env)
            }
            (state, _) => state.fail(out_of_turn("an answer of the application")),
        }
    }

    /// Was an account made, or may one have been made?
    pub(super) fn made_account(&self) -> bool {
        match self {
            Self::ExpectFacts(_) => false,
            Self::ExpectNeed(state) => state.operation().made_account(),
            Self::ExpectOperation(state) => state.made_account() || state.is_making_account(),
            Self::ExpectReread(state) => {
                state.operation().made_account() || state.operation().is_making_account()
            }
        }
    }

    fn fail(self, rejection: Rejection) -> WorkTurn {
        match self {
            Self::ExpectFacts(_) => WorkTurn::failed(rejection, Left::Badly(None), None, Vec::new()),
            Self::ExpectNeed(state) => state.into_operation().fail(rejection),
            Self::ExpectOperation(state) => state.fail(rejection),
            Self::ExpectReread(state) => state.into_operation().fail(rejection),
        }
    }
}

impl WorkTurn {
    /// It failed before anything was changed.
    pub(super) fn failed(
        rejection: Rejection,
        ended: Left,
        admitted: Option<Admitted>,
        tells: Vec<Tell>,
    ) -> Self {
        let end = End::Failed { rejection, admitted, username: None, made_account: false, retry_after: None };
        Self::End { ended, end: Box::new(end), counted_seats: false, tells }
    }

    pub(super) fn done(
        admitted: Admitted,
        report: ProvisioningReport,
        remote: RemoteState,
        counted_seats: bool,
        tells: Vec<Tell>,
    ) -> Self {
        let username = remote.linked_username();
        let account = remote.account.as_ref().map(RemoteAccount::reference);
        // A plan that was not carried out leaves nothing to be remembered.
        let ended = match report {
            ProvisioningReport::Done(_) => Left::Well(Box::new(remote)),
            _ => Left::Badly(Some(Box::new(remote))),
        };
        Self::End {
            ended,
            end: Box::new(End::Done { admitted, report, username, account }),
            counted_seats,
            tells,
        }
    }
}

/// How a call ended, for the metrics.
pub(super) fn called(
    sign_in: SignIn<'_>,
    request: &'static str,
    result: &'static str,
    took: Duration,
) -> Tell {
    Tell::Called { target: sign_in.provisioning.target.name(), request, result, took }
}
