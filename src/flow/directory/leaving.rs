//! Somebody leaves: the account is looked up, what leaving means is planned, and carried out.

use std::collections::BTreeSet;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::http::HttpResponse;
use crate::identity::{AssertedGroups, Identity};
use crate::policy::{self, DesiredGroups, Facts, FoldedName, GroupNames, RequestFacts};
use crate::provision::{
    Absence, AccountKeyKind, AccountRef, Guardrail, LeavingRules, RemoteAccount, RemoteState, leaving,
};
use crate::targets::TargetError;

use super::super::provisioning::audit;
use super::super::provisioning::{Caller, Left, Lookup, LookupTurn, Memory, Person};
use super::super::{Env, out_of_turn};
use super::changes::{Changes, ChangesEnd, ChangesFlow, ChangesTurn};
use super::person::PersonEnd;

/// Somebody who leaves.
#[derive(Debug)]
pub(super) struct LeavingFlow {
    memory: Memory,
    /// As audit events show the person.
    user: String,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What is remembered of the application is being loaded.
    ExpectMemory,
    /// The account is being read.
    ExpectAccount(Box<Lookup>),
    /// It is being left.
    ExpectChanges(Box<ChangesFlow>),
    /// What was remembered of the person is being struck out.
    ExpectSaved { left: usize, end: Box<PersonEnd> },
}

/// Who leaves, and how. The same for every turn.
#[derive(Clone, Copy)]
pub(super) struct Leaver<'a> {
    pub(super) identity: &'a Identity,
    /// The account that is left; what is found must be it.
    pub(super) account: Option<&'a AccountRef>,
    pub(super) absence: Absence,
    pub(super) caller: Caller<'a>,
    pub(super) dry_run: bool,
}

/// One turn.
#[derive(Debug)]
pub(super) enum LeavingTurn {
    Wait { inner: Box<LeavingFlow>, asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    End { end: Box<PersonEnd>, tells: Vec<Tell> },
}

impl<'a> Leaver<'a> {
    /// Nobody leaves somebody else's account: it is looked for by the name that the application knows people by, and never
    /// by an address instead.
    const fn person(&self) -> Person<'a> {
        Person { username: &self.identity.username, email: self.identity.email.as_ref() }
    }

    /// Is `found` the account that is left?
    fn is_theirs(&self, found: &RemoteAccount) -> bool {
        let Some(account) = self.account else { return true };
        match (&account.id, &found.id) {
            (Some(have), Some(found)) => have == found,
            // Where people are known by address, the address is what was looked for.
            _ if self.caller.provisioning.target.capabilities().accounts_by == AccountKeyKind::Email => true,
            _ => FoldedName::same(account.username.expose(), found.username.expose()),
        }
    }

    const fn changes<'b>(&self, user: &'b str) -> Changes<'b>
    where
        'a: 'b,
    {
        Changes { caller: self.caller, user, rule: self.absence.as_str() }
    }
}

impl LeavingFlow {
    pub(super) fn start(leaver: Leaver<'_>, env: &Env<'_>) -> LeavingTurn {
        let provisioning = leaver.caller.provisioning;
        let key = match leaver.person().key(provisioning) {
            Ok(key) => key,
            Err(rejection) => return LeavingTurn::over(PersonEnd::of(rejection, None), Vec::new()),
        };
        let (memory, asks) = Memory::load(Some(key.value()), None, provisioning);
        let user = env.settings.audit.show(&leaver.identity.username, env);
        Self { memory, user, stage: Stage::ExpectMemory }.wait(asks, Vec::new())
    }

    pub(super) fn answer(self, id: AskId, answer: Answer, leaver: Leaver<'_>, env: &Env<'_>) -> LeavingTurn {
        let provisioning = leaver.caller.provisioning;
        let Self { mut memory, user, stage } = self;
        match (stage, answer) {
            (Stage::ExpectMemory, answer @ (Answer::Loaded { .. } | Answer::StoreFailed)) => {
                if !memory.loaded(id, answer, provisioning, env) {
                    return Self { memory, user, stage: Stage::ExpectMemory }.wait(Vec::new(), Vec::new());
                }
                if let Err(rejection) = memory.passage(provisioning, env) {
                    return LeavingTurn::over(PersonEnd::of(rejection, None), Vec::new());
                }
                let known = RemoteState { directory: memory.directory(env), ..RemoteState::default() };
                match Lookup::start_by_name(known, leaver.person(), leaver.caller, env) {
                    Ok((lookup, asks)) => {
                        Self { memory, user, stage: Stage::ExpectAccount(Box::new(lookup)) }
                            .wait(asks, Vec::new())
                    }
                    Err(failure) => {
                        Self::failed(memory, user, failure.rejection, failure.fault, Vec::new(), leaver, env)
                    }
                }
            }
            (Stage::ExpectAccount(lookup), Answer::HttpResponse(response)) => {
                Self::read(memory, user, lookup, id, &response, leaver, env)
            }
            (Stage::ExpectAccount(mut lookup), Answer::HttpFailed(failure)) => {
                let failure = lookup.unanswered(id, failure, leaver.caller, env);
                let tells = lookup.tells();
                Self::failed(memory, user, failure.rejection, failure.fault, tells, leaver, env)
            }
            (Stage::ExpectChanges(changes), answer) => {
                let turn = changes.answer(id, answer, leaver.changes(&user), env);
                Self::changed(memory, user, turn, leaver, env)
            }
            // The answer to a read that was under way when another failed.
            (stage @ Stage::ExpectSaved { .. }, Answer::HttpResponse(_) | Answer::HttpFailed(_)) => {
                Self { memory, user, stage }.wait(Vec::new(), Vec::new())
            }
            (Stage::ExpectSaved { left, end }, _) if left > 1 => {
                let stage = Stage::ExpectSaved { left: left.saturating_sub(1), end };
                Self { memory, user, stage }.wait(Vec::new(), Vec::new())
            }
            (Stage::ExpectSaved { end, .. }, _) => LeavingTurn::End { end, tells: Vec::new() },
            (Stage::ExpectMemory | Stage::ExpectAccount(_), _) => {
                LeavingTurn::over(PersonEnd::of(out_of_turn("an answer about the account"), None), Vec::new())
            }
        }
    }

    fn read(
        memory: Memory,
        user: String,
        mut lookup: Box<Lookup>,
        id: AskId,
        response: &HttpResponse,
        leaver: Leaver<'_>,
        env: &Env<'_>,
    ) -> LeavingTurn {
        let turn = lookup.answer(id, response, leaver.person(), leaver.caller, env);
        let tells = lookup.tells();
        match turn {
            Ok(LookupTurn::Wait(asks)) => {
                Self { memory, user, stage: Stage::ExpectAccount(lookup) }.wait(asks, tells)
            }
            Ok(LookupTurn::Read(remote)) => Self::leave(memory, user, *remote, tells, leaver, env),
            Err(failure) => Self::failed(memory, user, failure.rejection, failure.fault, tells, leaver, env),
        }
    }

    fn leave(
        memory: Memory,
        user: String,
        remote: RemoteState,
        tells: Vec<Tell>,
        leaver: Leaver<'_>,
        env: &Env<'_>,
    ) -> LeavingTurn {
        let provisioning = leaver.caller.provisioning;
        if remote.account.as_ref().is_some_and(|found| !leaver.is_theirs(found)) {
            let rejection = Rejection::new(Code::AccountAmbiguous, "the name leads to another account");
            return Self::failed(memory, user, rejection, None, tells, leaver, env);
        }
        let removable = removable(&remote, leaver, env);
        let rules = LeavingRules { capabilities: provisioning.target.capabilities(), removable: &removable };
        let approved = leaving(&remote, leaver.absence, &rules)
            .map_err(|fault| Rejection::new(fault.code(), fault))
            .and_then(|plan| {
                let guardrail = Guardrail::new(&provisioning.rules);
                guardrail.approve(plan).map_err(|fault| Rejection::new(fault.code(), fault))
            });
        let approved = match approved {
            Ok(approved) => approved,
            Err(rejection) => return Self::failed(memory, user, rejection, None, tells, leaver, env),
        };
        if approved.inner().is_empty() {
            let account = remote.account.as_ref().map(RemoteAccount::reference);
            return LeavingTurn::over(PersonEnd::Unchanged { account }, tells);
        }
        if leaver.dry_run || provisioning.dry_run {
            let tells = approved.inner().operations().iter().fold(tells, |mut tells, operation| {
                let (user, rule) = (user.clone(), leaver.absence.as_str().to_owned());
                let took = core::time::Duration::ZERO;
                tells.push(audit::changed(operation, ("dry_run", None), took, user, rule, leaver.caller));
                tells
            });
            return LeavingTurn::over(PersonEnd::Planned, tells);
        }
        let mut turn = Self::changed(
            memory,
            user.clone(),
            ChangesFlow::start(remote, approved, leaver.changes(&user), env),
            leaver,
            env,
        );
        let (LeavingTurn::Wait { tells: later, .. } | LeavingTurn::End { tells: later, .. }) = &mut turn;
        later.splice(0..0, tells);
        turn
    }

    fn changed(
        memory: Memory,
        user: String,
        turn: ChangesTurn,
        leaver: Leaver<'_>,
        env: &Env<'_>,
    ) -> LeavingTurn {
        match turn {
            ChangesTurn::Wait { inner, asks, tells } => {
                Self { memory, user, stage: Stage::ExpectChanges(inner) }.wait(asks, tells)
            }
            ChangesTurn::End { end, tells } => {
                let ChangesEnd { done, remote, failed } = *end;
                match failed {
                    Some((rejection, fault)) => {
                        Self::failed(memory, user, rejection, Some(fault), tells, leaver, env)
                    }
                    None => {
                        let account = remote.account.as_ref().map(RemoteAccount::reference);
                        // What was remembered of the person is not so any more, and nothing takes its place: the next
                        // sign-in has to look.
                        let left = Left::Badly(Some(Box::new(remote)));
                        Self::save(
                            memory,
                            user,
                            &left,
                            PersonEnd::Changed { done, account },
                            tells,
                            leaver,
                            env,
                        )
                    }
                }
            }
        }
    }

    fn failed(
        memory: Memory,
        user: String,
        rejection: Rejection,
        fault: Option<TargetError>,
        tells: Vec<Tell>,
        leaver: Leaver<'_>,
        env: &Env<'_>,
    ) -> LeavingTurn {
        let left = fault.map_or(Left::Badly(None), |fault| Left::after(&fault, None));
        let retry_after = match left {
            Left::LeaveAlone(pause) if !pause.is_zero() => Some(pause),
            _ => None,
        };
        Self::save(memory, user, &left, PersonEnd::of(rejection, retry_after), tells, leaver, env)
    }

    fn save(
        memory: Memory,
        user: String,
        left: &Left,
        end: PersonEnd,
        tells: Vec<Tell>,
        leaver: Leaver<'_>,
        env: &Env<'_>,
    ) -> LeavingTurn {
        let asks = memory.save(left, false, leaver.caller.provisioning, env);
        if asks.is_empty() {
            return LeavingTurn::over(end, tells);
        }
        let stage = Stage::ExpectSaved { left: asks.len(), end: Box::new(end) };
        Self { memory, user, stage }.wait(asks, tells)
    }

    fn wait(self, asks: Vec<(AskId, Ask)>, tells: Vec<Tell>) -> LeavingTurn {
        LeavingTurn::Wait { inner: Box::new(self), asks, tells }
    }
}

impl LeavingTurn {
    fn over(end: PersonEnd, tells: Vec<Tell>) -> Self {
        Self::End { end: Box::new(end), tells }
    }
}

/// The groups of the account that are ours to take: what the rules take from somebody in no group of the directory, and what
/// they give everybody.
fn removable(remote: &RemoteState, leaver: Leaver<'_>, env: &Env<'_>) -> BTreeSet<String> {
    let nobody = Identity { groups: AssertedGroups::Known(BTreeSet::new()), ..leaver.identity.clone() };
    let account = remote.account_facts();
    let facts =
        Facts { identity: &nobody, request: RequestFacts::default(), account: &account, now: env.now };
    let desired = policy::decide(&facts, &env.settings.policy).desired;
    may_go(desired, &env.settings.policy)
}

/// What somebody who leaves loses: what the rules take, and what they give everybody unless it is to stay.
pub(in crate::flow) fn may_go(desired: DesiredGroups, settings: &policy::Settings) -> BTreeSet<String> {
    let stays: GroupNames = settings.protected_groups.iter().chain(&settings.ignored_groups).collect();
    let given = desired.ensure.into_iter();
    let given = given.filter(|group| !settings.keep_existing_groups && !stays.contains(group));
    desired.may_remove.into_iter().chain(given).collect()
}
