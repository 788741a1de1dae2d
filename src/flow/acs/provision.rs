//! The application follows the sign-in, before the session begins.

use crate::base::{Code, Rejection};
use crate::effect::{Answer, AskId};
use crate::policy::Admitted;
use crate::session::replay::ReplayClaim;

use super::super::provisioning::{End, ProvisioningFlow, ProvisioningReport, ProvisioningTurn};
use super::super::scim_push::{Evidence, EvidenceTurn};
use super::super::settings::{OnFailure, Provisioning};
use super::super::{Env, FIRST_ASK, Step, out_of_turn, refusal_tells};
use super::begin::begin;
use super::candidate::Candidate;
use super::{AcsFlow, retry, with_tells};

/// Waits for the application.
#[derive(Debug)]
pub struct ExpectProvisioning {
    pub(super) candidate: Candidate,
    claim: ReplayClaim,
    pub(super) inner: Box<ProvisioningFlow>,
}

/// Waits for what the directory pushed about the person.
#[derive(Debug)]
pub struct ExpectEvidence {
    candidate: Candidate,
    claim: ReplayClaim,
    evidence: Box<Evidence>,
}

/// Where a directory pushes people, what it pushed is looked up first: its groups count, not those of the assertion.
pub(super) fn provision(candidate: Candidate, claim: ReplayClaim, env: &Env<'_>) -> Step<AcsFlow> {
    match Evidence::start(&candidate.identity, env) {
        Some(turn) => evidence(candidate, claim, turn, env),
        None => known(candidate, claim, env),
    }
}

impl ExpectEvidence {
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let turn = self.evidence.answer(answer, &self.candidate.identity, env);
        evidence(self.candidate, self.claim, turn, env)
    }
}

fn evidence(
    mut candidate: Candidate,
    claim: ReplayClaim,
    turn: EvidenceTurn,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    match turn {
        EvidenceTurn::Ask(evidence, ask) => Step::Wait {
            state: AcsFlow::ExpectEvidence(Box::new(ExpectEvidence { candidate, claim, evidence })),
            asks: vec![(FIRST_ASK, ask)],
            tells: Vec::new(),
        },
        EvidenceTurn::Settled(identity, tells) => {
            candidate.identity = *identity;
            with_tells(tells, known(candidate, claim, env))
        }
        EvidenceTurn::Refused(rejection) => candidate.refuse(&rejection),
    }
}

/// What counts about the person is known.
pub(super) fn known(candidate: Candidate, claim: ReplayClaim, env: &Env<'_>) -> Step<AcsFlow> {
    match &env.settings.provisioning {
        Some(provisioning) if provisioning.on_failure == OnFailure::ContinueAndRetry => {
            retry::announce(candidate, claim, env)
        }
        Some(provisioning) => start(candidate, claim, provisioning, env),
        None => {
            let report = ProvisioningReport::HeadersOnly;
            match candidate.admit_blindly(env) {
                Ok(admitted) => begin(candidate, claim, &admitted, &report, env),
                Err(rejection) => candidate.refuse(&rejection),
            }
        }
    }
}

pub(super) fn start(
    candidate: Candidate,
    claim: ReplayClaim,
    provisioning: &Provisioning,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let turn = ProvisioningFlow::start(candidate.sign_in(provisioning, env));
    provisioning_turn(candidate, claim, turn, env)
}

impl ExpectProvisioning {
    pub(super) fn answer(self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { candidate, claim, inner } = self;
        let Some(provisioning) = &env.settings.provisioning else {
            return candidate.refuse(&out_of_turn("no provisioning"));
        };
        let turn = inner.answer(id, answer, candidate.sign_in(provisioning, env), env);
        provisioning_turn(candidate, claim, turn, env)
    }
}

fn provisioning_turn(
    candidate: Candidate,
    claim: ReplayClaim,
    turn: ProvisioningTurn,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    match turn {
        ProvisioningTurn::Wait { inner, asks, tells } => Step::Wait {
            state: AcsFlow::ExpectProvisioning(Box::new(ExpectProvisioning { candidate, claim, inner })),
            asks,
            tells,
        },
        ProvisioningTurn::End { end, tells } => with_tells(tells, provisioned(candidate, claim, *end, env)),
    }
}

fn provisioned(mut candidate: Candidate, claim: ReplayClaim, end: End, env: &Env<'_>) -> Step<AcsFlow> {
    match end {
        End::Done { admitted, report, username, .. } => {
            // From here on it is the application's account that acts, whatever the identity provider calls its owner.
            candidate.acts_as = username;
            begin(candidate, claim, &admitted, &report, env)
        }
        End::Failed { rejection, admitted, username, made_account, .. } => {
            candidate.acts_as = username;
            candidate.made_account = made_account;
            failed(candidate, claim, &rejection, admitted, env)
        }
    }
}

/// The application could not be brought to the decided state.
fn failed(
    candidate: Candidate,
    claim: ReplayClaim,
    rejection: &Rejection,
    admitted: Option<Admitted>,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    // Only a fault of the application can be overlooked by configuration; a person without a usable account, or a
    // plan that the guardrail stopped, is a decision.
    let overlooked = matches!(
        rejection.code,
        Code::TargetUnreachable
            | Code::TargetUnauthorized
            | Code::TargetRefused
            | Code::TargetThrottled
            | Code::TargetAnswerMalformed
            | Code::DirectoryReadOnly
            | Code::CircuitOpen
            | Code::OrganizationRefused
            | Code::LimitExceeded
    );
    match &env.settings.provisioning {
        Some(provisioning) if overlooked && provisioning.on_failure != OnFailure::Refuse => {
            let admitted = match admitted.map_or_else(|| candidate.admit_blindly(env), Ok) {
                Ok(admitted) => admitted,
                Err(refused) => return candidate.refuse(&refused),
            };
            if provisioning.on_failure == OnFailure::ContinueAndRetry {
                return retry::enqueue(candidate, claim, admitted, rejection.clone(), env);
            }
            overlook(candidate, claim, &admitted, rejection, env)
        }
        _ => candidate.refuse(rejection),
    }
}

/// The session begins all the same, and what failed is told.
pub(super) fn overlook(
    candidate: Candidate,
    claim: ReplayClaim,
    admitted: &Admitted,
    rejection: &Rejection,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let tells = refusal_tells(rejection, &candidate.visit.reader);
    let report = ProvisioningReport::Failed(rejection.code);
    with_tells(tells, begin(candidate, claim, admitted, &report, env))
}
