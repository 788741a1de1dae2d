//! The second half of a claim: this Envoy knows the assertion as unused, now the other replicas are asked.

use crate::base::Rejection;
use crate::effect::{Answer, Ask, Event, Tell};
use crate::http::{HttpCall, HttpResponse};
use crate::session::SessionError;
use crate::session::replay::{LocalClaim, ReplayClaim};
use crate::store::{Claim, Etcd, Lease, Mark, Name, Settings, SharedClaim, StoreError, Token};

use super::super::Env;
use super::errand::{Errand, ErrandTurn, Operation};

/// A claim that waits for the store.
#[derive(Debug)]
pub(in crate::flow) struct Claiming {
    local: LocalClaim,
    errand: Errand<ClaimOnce>,
}

/// What a claim needs next, or how it ended.
pub(in crate::flow) enum ClaimingTurn {
    /// The answer to this goes to [`Claiming::answer`].
    Ask(Box<Claiming>, Ask),
    /// The assertion is ours to use, once; and what went wrong and is overlooked by configuration.
    Claimed(ReplayClaim, Vec<Tell>),
    /// It is not.
    Refused(Rejection),
}

impl Claiming {
    /// Completes `local`, at once where there is no store.
    pub(in crate::flow) fn start(local: LocalClaim, env: &Env<'_>) -> ClaimingTurn {
        let settings = env.settings.shared_store.as_ref();
        let Some(settings) = settings else {
            return match SharedClaim::unneeded(settings) {
                Some(proof) => complete(local, &proof, Vec::new()),
                None => refused(&SessionError::ReplayStoreUnavailable),
            };
        };
        let Ok(mark) = Mark::new(env.entropy) else { return refused(&SessionError::EntropyUnavailable) };
        let name = local.name();
        let lease = Lease::until(local.until(), env.now, &settings.etcd.key_prefix);
        let start = Errand::start(ClaimOnce { name, mark, lease }, &settings.etcd, env);
        turned(local, start, settings)
    }

    /// Takes the answer to the last ask.
    pub(in crate::flow) fn answer(self, answer: Answer, env: &Env<'_>) -> ClaimingTurn {
        let Some(settings) = &env.settings.shared_store else {
            return refused(&SessionError::ReplayStoreUnavailable);
        };
        turned(self.local, self.errand.answer(answer, &settings.etcd, env), settings)
    }
}

fn turned(local: LocalClaim, turn: ErrandTurn<ClaimOnce>, settings: &Settings) -> ClaimingTurn {
    match turn {
        ErrandTurn::Ask(errand, ask) => ClaimingTurn::Ask(Box::new(Claiming { local, errand }), ask),
        ErrandTurn::Done(_, Ok(Claim::Ours(proof))) => complete(local, &proof, Vec::new()),
        ErrandTurn::Done(_, Ok(Claim::Taken)) => refused(&SessionError::AssertionReplayed),
        ErrandTurn::Done(of, Err(fault)) => {
            let tells = vec![
                Tell::Event(Event {
                    name: "shared_store_overlooked",
                    code: Some(fault.code()),
                    fields: vec![("slug", fault.code().slug().to_owned()), ("detail", fault.to_string())],
                }),
                Tell::Count { outcome: "shared_store_overlooked", code: Some(fault.code()) },
            ];
            match SharedClaim::overlooked(of.name, fault, settings) {
                Ok(proof) => complete(local, &proof, tells),
                Err(fault) => ClaimingTurn::Refused(Rejection::new(fault.code(), fault)),
            }
        }
    }
}

fn complete(local: LocalClaim, proof: &SharedClaim, tells: Vec<Tell>) -> ClaimingTurn {
    match local.complete(proof) {
        Some(claim) => ClaimingTurn::Claimed(claim, tells),
        None => refused(&SessionError::ReplayStoreUnavailable),
    }
}

fn refused(fault: &SessionError) -> ClaimingTurn {
    ClaimingTurn::Refused(Rejection::new(fault.code(), fault))
}

/// Claims a name.
#[derive(Debug)]
struct ClaimOnce {
    name: Name,
    mark: Mark,
    lease: Lease,
}

impl Operation for ClaimOnce {
    type Fact = Claim;

    fn call(&self, etcd: &Etcd, token: Option<&Token>) -> HttpCall {
        etcd.claim(&self.name, &self.mark, self.lease, token)
    }

    fn read(&self, etcd: &Etcd, response: &HttpResponse) -> Result<Claim, StoreError> {
        etcd.claimed(&self.name, &self.mark, response)
    }

    fn lease(&self) -> Option<Lease> {
        Some(self.lease)
    }
}
