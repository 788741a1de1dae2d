//! Bringing the account in the application to the decided state.
//!
//! What others left behind is loaded, the application is read with questions in parallel, a decision, a plan, the
//! guardrail, then the plan's operations in order. The first failure ends it: a dead application costs a sign-in one
//! timeout, not one per call, and a second at most if it dies in the middle of a change, because then the change is
//! looked for; after a few such sign-ins it is left alone for a while.

pub(super) mod audit;
pub(in crate::flow) mod budget;
mod carry_out;
mod facts;
mod inquiry;
mod lookup;
mod memory;
mod report;
mod work;

use core::time::Duration;

use crate::base::{Pii, Rejection};
use crate::directory::GroupsBecome;
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::identity::Identity;
use crate::policy::{Admitted, RequestFacts};
use crate::provision::AccountRef;

use super::scim_pass::Names;
use super::settings::Provisioning;
use super::{Env, out_of_turn};
pub use audit::Identifiers;
use budget::RemovalBudget;
pub(super) use facts::{approve, decide};
pub(super) use inquiry::{Caller, Inquiry};
pub(super) use lookup::{Lookup, LookupTurn, Person};
pub(super) use memory::Memory;
pub(super) use report::ProvisioningReport;
pub(super) use work::Left;
use work::{Work, WorkTurn};

/// The part of a sign-in that talks to the application.
#[derive(Debug)]
pub(super) struct ProvisioningFlow {
    memory: Memory,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What others left behind is being loaded.
    ExpectMemory { probing: bool },
    /// The pause is over; the right to try is being claimed.
    ExpectProbe,
    /// The application is being read and changed.
    Work(Box<Work>),
    /// What is worth it is being written back.
    ExpectSaved { left: usize, end: Box<End> },
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    Done {
        admitted: Admitted,
        report: ProvisioningReport,
        /// The name by which the application knows the person, where it is another one than the identity provider's.
        username: Option<Pii<String>>,
        /// The account as the application has it, where it was seen.
        account: Option<AccountRef>,
    },
    Failed {
        rejection: Rejection,
        /// What was decided, without the groups that were not given.
        admitted: Option<Admitted>,
        /// As above.
        username: Option<Pii<String>>,
        /// An account was made, or may have been made: its owner is new until everything is done.
        made_account: bool,
        /// The application wants to be left alone for so long.
        retry_after: Option<Duration>,
    },
}

impl End {
    /// It failed before anything was decided.
    const fn undecided(rejection: Rejection) -> Self {
        Self::Failed { rejection, admitted: None, username: None, made_account: false, retry_after: None }
    }
}

/// One turn.
#[derive(Debug)]
pub(super) enum ProvisioningTurn {
    Wait { inner: Box<ProvisioningFlow>, asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { end: Box<End>, tells: Vec<Tell> },
}

/// Who signs in, and how.
#[derive(Clone, Copy)]
pub(super) struct SignIn<'a> {
    pub(super) identity: &'a Identity,
    pub(super) request: RequestFacts<'a>,
    pub(super) provisioning: &'a Provisioning,
    /// Goes out with every call.
    pub(super) request_id: &'a str,
    /// The person had no account when they signed in. An account without a marker of ours was made for them since, and
    /// they have not got what new people get.
    pub(super) is_new: bool,
    /// Who says so.
    pub(super) occasion: Occasion<'a>,
}

/// Who says what the account should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Occasion<'a> {
    /// An assertion: the person is there.
    SignIn,
    /// A directory, with nobody there. It leaves no trace of a sign-in, and clears none (R12).
    Directory(DirectoryOccasion<'a>),
}

/// What is different when nobody signs in.
#[derive(Clone, Copy, Debug)]
pub(super) struct DirectoryOccasion<'a> {
    pub(super) groups_become: GroupsBecome,
    /// The directory says that a deactivated account is to be used again, whatever holds for sign-ins (J20).
    pub(super) reactivates: bool,
    /// Plan and tell only, whatever `provisioning.dry_run` says.
    pub(super) dry_run: bool,
    /// Memberships are given to new accounts only; sign-ins do the rest.
    pub(super) leaves_groups: bool,
    /// What may be taken from everybody together; `None` where each person is a change of its own.
    pub(super) budget: Option<&'a RemovalBudget>,
    /// Groups of which somebody else keeps the members: neither given nor taken.
    pub(super) kept: Option<&'a Names>,
}

impl<'a> SignIn<'a> {
    /// Whoever is there now, and of whom nothing else is known.
    pub(super) const fn of(
        identity: &'a Identity,
        request: RequestFacts<'a>,
        provisioning: &'a Provisioning,
        request_id: &'a str,
    ) -> Self {
        Self { identity, request, provisioning, request_id, is_new: false, occasion: Occasion::SignIn }
    }

    pub(super) const fn person(&self) -> Person<'a> {
        Person { username: &self.identity.username, email: self.identity.email.as_ref() }
    }

    /// With what earlier sign-ins noted about the person.
    const fn knowing(self, memory: &Memory) -> Self {
        Self { is_new: self.is_new || memory.is_newcomer(), ..self }
    }

    /// Is nothing to be changed?
    const fn is_dry_run(&self) -> bool {
        match self.occasion {
            Occasion::SignIn => self.provisioning.dry_run,
            Occasion::Directory(occasion) => self.provisioning.dry_run || occasion.dry_run,
        }
    }

    const fn caller(&self) -> Caller<'a> {
        Caller { provisioning: self.provisioning, request_id: self.request_id }
    }
}

impl ProvisioningFlow {
    pub(super) fn start(sign_in: SignIn<'_>) -> ProvisioningTurn {
        let key = match sign_in.person().key(sign_in.provisioning) {
            Ok(key) => key,
            Err(rejection) => return ProvisioningTurn::failed(rejection),
        };
        // Before anything else: neither a dead application nor one that is not read opens this door.
        let names = [&sign_in.identity.username, key.value()];
        if names.iter().any(|name| sign_in.provisioning.is_protected(name.expose())) {
            return ProvisioningTurn::failed(lookup::protected());
        }
        let (memory, asks) = Memory::load(
            Some(key.value()),
            sign_in.person().linkable_email(sign_in.provisioning),
            sign_in.provisioning,
        );
        Self { memory, stage: Stage::ExpectMemory { probing: false } }.wait(asks)
    }

    pub(super) fn answer(
        self,
        id: AskId,
        answer: Answer,
        sign_in: SignIn<'_>,
        env: &Env<'_>,
    ) -> ProvisioningTurn {
        let Self { mut memory, stage } = self;
        match stage {
            // Nobody waits for a note.
            stage if id == memory::NOTE => {
                let asks = match answer {
                    Answer::Swapped => memory.reload_note(sign_in.provisioning),
                    _ => None,
                };
                Self { memory, stage }.wait(asks.into_iter().collect())
            }
            stage if id == memory::NOTE_VERSION => {
                memory.noted(&answer);
                Self { memory, stage }.wait(Vec::new())
            }
            // The answer to a read that was under way when another failed.
            Stage::ExpectSaved { .. }
                if matches!(answer, Answer::HttpResponse(_) | Answer::HttpFailed(_)) =>
            {
                Self { memory, stage }.wait(Vec::new())
            }
            Stage::ExpectMemory { .. } if !matches!(answer, Answer::Loaded { .. } | Answer::StoreFailed) => {
                ProvisioningTurn::failed(out_of_turn("a stored value"))
            }
            Stage::ExpectProbe | Stage::ExpectSaved { .. }
                if !matches!(answer, Answer::Swapped | Answer::Conflict | Answer::StoreFailed) =>
            {
                ProvisioningTurn::failed(out_of_turn("the outcome of a swap"))
            }
            Stage::ExpectMemory { probing } => {
                if !memory.loaded(id, answer, sign_in.provisioning, env) {
                    return Self { memory, stage: Stage::ExpectMemory { probing } }.wait(Vec::new());
                }
                // Who needs no call is not kept out by an application that is left alone.
                if let Some(turn) = Work::unchanged(&mut memory, sign_in, env) {
                    return Self::worked(memory, turn, sign_in, env);
                }
                match memory.passage(sign_in.provisioning, env) {
                    Err(rejection) if !probing => ProvisioningTurn::failed(rejection),
                    Ok(Some(probe)) if !probing => {
                        Self { memory, stage: Stage::ExpectProbe }.wait(vec![probe])
                    }
                    _ => Self::work(memory, sign_in, env),
                }
            }
            Stage::ExpectProbe => match answer {
                Answer::Swapped => {
                    let reload = memory.reload_circuit(sign_in.provisioning);
                    Self { memory, stage: Stage::ExpectMemory { probing: true } }.wait(vec![reload])
                }
                _ => ProvisioningTurn::failed(memory::open("and somebody else is trying it now")),
            },
            Stage::Work(work) => {
                let sign_in = sign_in.knowing(&memory);
                Self::worked(memory, work.answer(id, answer, sign_in, env), sign_in, env)
            }
            Stage::ExpectSaved { left, end } if left > 1 => {
                Self { memory, stage: Stage::ExpectSaved { left: left.saturating_sub(1), end } }
                    .wait(Vec::new())
            }
            Stage::ExpectSaved { end, .. } => ProvisioningTurn::End { end, tells: Vec::new() },
        }
    }

    fn work(memory: Memory, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        let sign_in = sign_in.knowing(&memory);
        let turn = Work::start(&memory, sign_in, env);
        Self::worked(memory, turn, sign_in, env)
    }

    fn worked(mut memory: Memory, turn: WorkTurn, sign_in: SignIn<'_>, env: &Env<'_>) -> ProvisioningTurn {
        match turn {
            WorkTurn::Wait { work, mut asks, tells } => {
                if work.made_account()
                    && let Some(note) = memory.note_newcomer(sign_in.provisioning, env)
                {
                    asks.insert(0, note);
                }
                let inner = Box::new(Self { memory, stage: Stage::Work(work) });
                ProvisioningTurn::Wait { inner, asks, tells }
            }
            WorkTurn::End { ended, mut end, counted_seats, tells } => {
                if let (Left::LeaveAlone(pause), End::Failed { retry_after, .. }) = (&ended, end.as_mut()) {
                    *retry_after = (!pause.is_zero()).then_some(*pause);
                }
                let asks = memory.save(&ended, counted_seats, sign_in.provisioning, env);
                if asks.is_empty() {
                    return ProvisioningTurn::End { end, tells };
                }
                let stage = Stage::ExpectSaved { left: asks.len(), end };
                ProvisioningTurn::Wait { inner: Box::new(Self { memory, stage }), asks, tells }
            }
        }
    }

    /// Is an account being made for the person?
    pub(super) fn made_account(&self) -> bool {
        match &self.stage {
            Stage::Work(work) => work.made_account(),
            _ => false,
        }
    }

    fn wait(self, asks: Vec<(AskId, Ask)>) -> ProvisioningTurn {
        ProvisioningTurn::Wait { inner: Box::new(self), asks, tells: Vec::new() }
    }
}

impl ProvisioningTurn {
    /// Nothing was decided yet.
    fn failed(rejection: Rejection) -> Self {
        Self::End { end: Box::new(End::undecided(rejection)), tells: Vec::new() }
    }
}
