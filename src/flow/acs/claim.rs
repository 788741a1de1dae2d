//! The one use of an assertion: claimed from the ledger of this Envoy, and from the store that replicas share.

use crate::effect::{Answer, Ask};
use crate::session::SessionError;
use crate::session::replay::{Attempt, PendingClaim, ReplayLedger, Settled};

use super::super::shared_store::{Claiming, ClaimingTurn};
use super::super::{Env, FIRST_ASK, Step};
use super::candidate::Candidate;
use super::provision::provision;
use super::{AcsFlow, with_tells};

/// Waits for the slot.
#[derive(Debug)]
pub struct ExpectReplayRecord {
    candidate: Candidate,
    tries: u32,
}

/// Waits for the compare-and-swap.
#[derive(Debug)]
pub struct ExpectReplayClaim {
    candidate: Candidate,
    claim: PendingClaim,
    tries: u32,
}

/// Waits for the store that replicas share.
#[derive(Debug)]
pub struct ExpectSharedClaim {
    candidate: Candidate,
    claiming: Claiming,
}

/// Asks for the slot in which the assertion's one use is recorded.
pub(super) fn claim(candidate: Candidate, tries: u32) -> Step<AcsFlow> {
    let key = ReplayLedger::slot_key(&candidate.assertion);
    Step::Wait {
        state: AcsFlow::ExpectReplayRecord(ExpectReplayRecord { candidate, tries }),
        asks: vec![(FIRST_ASK, Ask::Load { key })],
        tells: Vec::new(),
    }
}

impl ExpectReplayRecord {
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, tries } = self;
        let Answer::Loaded { value, version } = answer else {
            return candidate.refuse_session(&SessionError::ReplayStoreUnavailable);
        };
        match ReplayLedger::attempt(&candidate.assertion, value.as_deref(), env.now) {
            Attempt::Write { value, claim } => {
                let key = ReplayLedger::slot_key(&candidate.assertion);
                Step::Wait {
                    state: AcsFlow::ExpectReplayClaim(ExpectReplayClaim { candidate, claim, tries }),
                    asks: vec![(FIRST_ASK, Ask::CompareAndSwap { key, expected: version, value })],
                    tells: Vec::new(),
                }
            }
            Attempt::AlreadyClaimed => candidate.refuse_session(&SessionError::AssertionReplayed),
            Attempt::Full => candidate.refuse_session(&SessionError::ReplaySlotFull),
        }
    }
}

impl ExpectReplayClaim {
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim: pending_claim, tries } = self;
        match pending_claim.settle(&answer) {
            Settled::Claimed(local) => claim_everywhere(candidate, Claiming::start(local, env), env),
            Settled::Conflict if tries < ReplayLedger::MAX_ATTEMPTS => {
                claim(candidate, tries.saturating_add(1))
            }
            Settled::Conflict | Settled::Failed => {
                candidate.refuse_session(&SessionError::ReplayStoreUnavailable)
            }
        }
    }
}

/// Goes on once no other replica used the assertion either.
fn claim_everywhere(candidate: Candidate, turn: ClaimingTurn, env: &Env<'_>) -> Step<AcsFlow> {
    match turn {
        ClaimingTurn::Ask(claiming, ask) => {
            let state = ExpectSharedClaim { candidate, claiming: *claiming };
            Step::Wait {
                state: AcsFlow::ExpectSharedClaim(Box::new(state)),
                asks: vec![(FIRST_ASK, ask)],
                tells: Vec::new(),
            }
        }
        ClaimingTurn::Claimed(claim, tells) => with_tells(tells, provision(candidate, claim, env)),
        ClaimingTurn::Refused(rejection) => candidate.refuse(&rejection),
    }
}

impl ExpectSharedClaim {
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claiming } = self;
        claim_everywhere(candidate, claiming.answer(answer, env), env)
    }
}
