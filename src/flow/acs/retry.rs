//! What a sign-in leaves to the background runner, where failures are overlooked and made good.

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask};
use crate::policy::Admitted;
use crate::session::replay::ReplayClaim;

use super::super::background::{self, Job, Message};
use super::super::settings::OnFailure;
use super::super::{Env, FIRST_ASK, Step};
use super::candidate::Candidate;
use super::provision::{known, overlook, start};
use super::{AcsFlow, with_tells};

/// Waits until the runner knows that the person is here.
#[derive(Debug)]
pub struct ExpectAnnounced {
    candidate: Candidate,
    claim: ReplayClaim,
}

/// Waits until the runner has what is left to do.
#[derive(Debug)]
pub struct ExpectQueued {
    candidate: Candidate,
    claim: ReplayClaim,
    admitted: Admitted,
    rejection: Rejection,
}

/// Tells the runner that the person is here: what it still wants to do for them rests on an older assertion.
pub(super) fn announce(candidate: Candidate, claim: ReplayClaim, env: &Env<'_>) -> Step<AcsFlow> {
    let (username, at) = (candidate.identity.username.clone(), candidate.arrived);
    let state = ExpectAnnounced { candidate, claim };
    match (Message::Arrived { username, at }).enqueue(env) {
        Ok(ask) => Step::Wait {
            state: AcsFlow::ExpectAnnounced(Box::new(state)),
            asks: vec![(FIRST_ASK, ask)],
            tells: Vec::new(),
        },
        Err(_) => state.answer(env),
    }
}

impl ExpectAnnounced {
    /// A queue that is full, or that nobody reads, holds nothing that could be done after this sign-in.
    pub(super) fn answer(self, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim } = self;
        match &env.settings.provisioning {
            Some(provisioning) => start(candidate, claim, provisioning, env),
            None => known(candidate, claim, env),
        }
    }
}

/// Leaves to the runner what `rejection` kept this sign-in from doing, and goes on.
pub(super) fn enqueue(
    candidate: Candidate,
    claim: ReplayClaim,
    admitted: Admitted,
    rejection: Rejection,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    if !background::is_worth_a_retry(rejection.code) {
        return overlook(candidate, claim, &admitted, &rejection, env);
    }
    let message = job(&candidate, candidate.made_account);
    let state = ExpectQueued { candidate, claim, admitted, rejection };
    match message.enqueue(env) {
        Ok(ask) => Step::Wait {
            state: AcsFlow::ExpectQueued(Box::new(state)),
            asks: vec![(FIRST_ASK, ask)],
            tells: Vec::new(),
        },
        Err(fault) => state.dropped(&fault.to_string(), env),
    }
}

impl ExpectQueued {
    pub(super) fn answer(self, answer: &Answer, env: &Env<'_>) -> Step<AcsFlow> {
        match answer {
            Answer::Queued => overlook(self.candidate, self.claim, &self.admitted, &self.rejection, env),
            // The first read that failed ended them all; others were under way.
            Answer::HttpResponse(_) | Answer::HttpFailed(_) => Step::Wait {
                state: AcsFlow::ExpectQueued(Box::new(self)),
                asks: Vec::new(),
                tells: Vec::new(),
            },
            _ => self.dropped("the queue is full, or no background service of this Envoy reads it", env),
        }
    }

    fn dropped(self, why: &str, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim, admitted, rejection } = self;
        let dropped = Rejection::new(Code::JobDropped, why);
        let tells = background::dropped(
            Some(&candidate.identity.username),
            0,
            &candidate.visit.reader.request_id,
            &dropped,
            env,
        );
        with_tells(tells, overlook(candidate, claim, &admitted, &rejection, env))
    }
}

fn job(candidate: &Candidate, is_new: bool) -> Message {
    Message::Job(Box::new(Job {
        identity: candidate.identity.clone(),
        target: candidate.pending.target.clone(),
        signed_in_at: candidate.arrived,
        request_id: candidate.visit.reader.request_id.clone(),
        is_new,
    }))
}

impl AcsFlow {
    /// The browser went away. What was begun at the application is finished in the background, where that is configured.
    #[must_use]
    pub fn abandoned(self, env: &Env<'_>) -> Option<Ask> {
        let Self::ExpectProvisioning(state) = self else { return None };
        let provisioning = env.settings.provisioning.as_ref()?;
        if provisioning.on_failure != OnFailure::ContinueAndRetry {
            return None;
        }
        job(&state.candidate, state.inner.made_account()).enqueue(env).ok()
    }
}
