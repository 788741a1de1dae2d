//! Doing what is left to do about one person or group, by one of all replicas at a time.
//!
//! 1. `busy/ID` is claimed on the condition that nobody has it, or that who had it said nothing for too long.
//! 2. The rows are read, the application is brought there.
//! 3. `todo/ID` and `busy/ID` are deleted on the condition that both are as they were. Where something was left to do anew
//!    meanwhile, it begins again; where somebody else took over, because this one was believed dead, what was done here may
//!    have undone what they did, so it is left to do anew.
//!
//! Whoever is killed at any point leaves `todo/ID`, and everything done before is done again without harm.

mod brake;
mod refused;
mod whose;
mod work;

use core::mem;
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::provision::RemoteState;
use crate::scim::{Limits, message::Media};
use crate::store::table::{Action, Condition, Done, Outcome, RowKey, RowVersion, Transaction};

use super::super::Env;
use super::super::directory::{ChangesFlow, PersonFlow};
use super::super::provisioning::Inquiry;
use super::super::settings::Provisioning;
use super::book::{Book, Facts, Found, Stop, next_reads};
use super::decision::Context;
use super::job::Job;
use super::pen::Pen;
use super::ports::Ports;
use super::rows::{self, Busy, Todo};
use super::settings::Settings;
use super::table::{Table, TableCall, TableFault, TableTurn};
use super::work::concerns_everybody;

use whose::Search;
#[cfg(test)]
pub(super) use work::detached;

/// How often it begins again because something was left to do anew. Then the caretaker goes on.
const MAX_ROUNDS: u32 = 3;

/// How often the claim is tried: the row may change once between two looks.
const MAX_CLAIMS: u32 = 3;

/// Reads of one job: as for one request of moderate size.
const MAX_READS: u32 = 1_000;

/// How long something that failed for its own sake is left alone at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// How long something is left alone that failed so often.
pub(super) fn pause_after(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

/// Something being done.
#[derive(Debug)]
pub(super) struct Settle {
    id: String,
    request_id: String,
    /// What failed before is tried at once.
    eager: bool,
    /// What happens now was taken from the budget of endings.
    paid: bool,
    /// The dry run would have renamed.
    unrenamed: bool,
    /// Whose account it is was written down only now, and nothing was done to it since.
    claimed: bool,
    table: Rc<Table>,
    facts: Facts,
    /// What is still to be read before it goes on.
    queue: VecDeque<Action>,
    busy: Busy,
    /// Of our row `busy/ID`.
    held: RowVersion,
    todo: Option<(Todo, RowVersion)>,
    job: Job,
    /// Why it ended early.
    failed: Option<SettleEnd>,
    claims: u32,
    rounds: u32,
    takes: u32,
    reads: u32,
    ports: Ports,
    stage: Stage,
    tells: Vec<Tell>,
}

#[derive(Debug)]
enum Stage {
    Over,
    Claim(TableCall),
    Read(TableCall),
    Whose(Box<Search>),
    Own(TableCall, Option<RowKey>),
    Rename(Box<ChangesFlow>),
    Person(Box<PersonFlow>),
    Look(Box<Inquiry>, Box<RemoteState>),
    Mark(TableCall),
    Organization(Box<ChangesFlow>),
    Members(TableCall, Option<RowKey>),
    Clear(TableCall),
    Finish(TableCall),
    Again(TableCall),
    Anew(TableCall),
    Release(TableCall),
    Postpone(TableCall),
    Budget(TableCall),
    Pay(TableCall),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SettleEnd {
    /// Nothing is left to do.
    Settled,
    /// Somebody is at it; what is left to do is done.
    Busy,
    /// It is not time yet.
    NotDue(UnixTime),
    /// The application, or a rule, stands in the way; it stays left to do.
    Failed { rejection: Rejection, retry_after: Option<Duration> },
    /// The table cannot be relied on.
    Table(TableFault),
}

/// One turn.
pub(super) enum SettleTurn {
    Wait(Box<Settle>, Vec<(AskId, Ask)>, Vec<Tell>),
    End(SettleEnd, Vec<Tell>),
}

/// What a job is done with.
#[derive(Clone, Copy)]
struct Means<'a> {
    settings: &'a Settings,
    provisioning: &'a Provisioning,
}

impl<'a> Means<'a> {
    fn of(env: &Env<'a>) -> Option<Self> {
        let settings = env.settings.scim_gateway.as_deref()?;
        Some(Self { settings, provisioning: env.settings.provisioning.as_ref()? })
    }
}

impl Settle {
    /// Begins with the claim.
    pub(super) fn start(
        id: String,
        request_id: String,
        table: Rc<Table>,
        eager: bool,
        env: &Env<'_>,
    ) -> SettleTurn {
        let Ok(busy) = Busy::new(env.now, env.entropy) else {
            let rejection = Rejection::new(Code::EntropyUnavailable, "a claim needs a mark");
            return SettleTurn::End(SettleEnd::Failed { rejection, retry_after: None }, Vec::new());
        };
        let settle = Self {
            id,
            request_id,
            eager,
            paid: false,
            unrenamed: false,
            claimed: false,
            table,
            facts: Facts::default(),
            queue: VecDeque::new(),
            busy,
            held: RowVersion::ABSENT,
            todo: None,
            job: Job::Nothing,
            failed: None,
            claims: 0,
            rounds: 0,
            takes: 0,
            reads: 0,
            ports: Ports::default(),
            stage: Stage::Over,
            tells: Vec::new(),
        };
        settle.claim(RowVersion::ABSENT, env)
    }

    /// Takes the answer to `id`.
    pub(super) fn answer(mut self: Box<Self>, id: AskId, answer: Answer, env: &Env<'_>) -> SettleTurn {
        let Some(inner) = self.ports.take(id) else { return SettleTurn::Wait(self, Vec::new(), Vec::new()) };
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => self.end(SettleEnd::Busy),
            Stage::Claim(call) => self.called(call.answer(answer, env), Stage::Claim, Self::claimed, env),
            Stage::Read(call) => self.called(call.answer(answer, env), Stage::Read, Self::read, env),
            Stage::Mark(call) => self.called(call.answer(answer, env), Stage::Mark, Self::marked, env),
            Stage::Clear(call) => self.called(call.answer(answer, env), Stage::Clear, Self::cleared, env),
            Stage::Members(call, last) => {
                let stage = last.clone();
                let next = |settle: Self, transaction: Transaction, outcome: Outcome, env: &Env<'_>| {
                    settle.members_done(&transaction, &outcome, last, env)
                };
                self.called(call.answer(answer, env), |call| Stage::Members(call, stage), next, env)
            }
            Stage::Finish(call) => self.called(call.answer(answer, env), Stage::Finish, Self::finished, env),
            Stage::Again(call) => self.called(call.answer(answer, env), Stage::Again, Self::again, env),
            Stage::Anew(call) => self.called(call.answer(answer, env), Stage::Anew, Self::left_anew, env),
            Stage::Release(call) => {
                self.called(call.answer(answer, env), Stage::Release, Self::released, env)
            }
            Stage::Whose(search) => self.found(*search, inner, answer, env),
            Stage::Own(call, linked) => {
                let stage = linked.clone();
                let next = |settle: Self, _: Transaction, outcome: Outcome, env: &Env<'_>| {
                    settle.owned(&outcome, linked, env)
                };
                self.called(call.answer(answer, env), |call| Stage::Own(call, stage), next, env)
            }
            Stage::Postpone(call) => {
                self.called(call.answer(answer, env), Stage::Postpone, Self::postponed, env)
            }
            Stage::Budget(call) => {
                self.called(call.answer(answer, env), Stage::Budget, Self::budget_read, env)
            }
            Stage::Pay(call) => self.called(call.answer(answer, env), Stage::Pay, Self::budget_taken, env),
            Stage::Rename(flow) => self.renaming(*flow, inner, answer, env),
            Stage::Person(flow) => self.person(*flow, inner, answer, env),
            Stage::Look(inquiry, remote) => self.looked(*inquiry, *remote, inner, answer, env),
            Stage::Organization(flow) => self.organization(*flow, inner, answer, env),
        }
    }

    fn claim(mut self, known: RowVersion, env: &Env<'_>) -> SettleTurn {
        self.claims = self.claims.saturating_add(1);
        let (Some(busy), Some(todo)) = (rows::about("busy", &self.id), rows::about("todo", &self.id)) else {
            return self.end(SettleEnd::Settled);
        };
        let table = Rc::clone(&self.table);
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&busy, known);
        if let Err(stop) = pen.put(busy.clone(), &self.busy) {
            return self.stopped(stop, env);
        }
        pen.actions.push(Action::Read(todo));
        let transaction = Transaction {
            conditions: pen.conditions,
            then: pen.actions,
            otherwise: vec![Action::Read(busy)],
        };
        self.call(transaction, Stage::Claim, Self::claimed, env)
    }

    fn claimed(mut self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        if !outcome.carried_out {
            let table = Rc::clone(&self.table);
            let version = match outcome.done.first() {
                Some(Done::Read(Some(row))) => match table.key.open::<Busy>(row) {
                    Ok(busy) if busy.holds(env.now) => return self.end(SettleEnd::Busy),
                    Ok(_) => row.version,
                    Err(_) => return self.end(SettleEnd::Table(TableFault::Unreadable)),
                },
                _ => RowVersion::ABSENT,
            };
            if self.claims >= MAX_CLAIMS {
                return self.end(SettleEnd::Busy);
            }
            return self.claim(version, env);
        }
        self.held = outcome.version;
        self.take_todo(outcome.done.into_iter().nth(1), env)
    }

    /// What is left to do was read.
    fn take_todo(mut self, done: Option<Done>, env: &Env<'_>) -> SettleTurn {
        match done {
            Some(Done::Read(Some(row))) => match self.table.key.open::<Todo>(&row) {
                Ok(todo) if !todo.is_due(env.now, self.eager) => {
                    self.give_up(SettleEnd::NotDue(UnixTime::from_secs(todo.due)), env)
                }
                Ok(todo) => {
                    self.todo = Some((todo, row.version));
                    self.go_on(env)
                }
                Err(_) => self.give_up(SettleEnd::Table(TableFault::Unreadable), env),
            },
            // Somebody did it.
            _ => {
                self.failed = Some(SettleEnd::Settled);
                self.release(env)
            }
        }
    }

    /// Finds out what it is about, reading what that takes.
    fn go_on(mut self, env: &Env<'_>) -> SettleTurn {
        let Some(means) = Means::of(env) else {
            let rejection = Rejection::new(Code::ScimTodoStuck, "the gateway is not configured any more");
            return self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env);
        };
        match self.find_job(means, env) {
            Ok(job) => {
                self.job = job;
                self.begin(means, env)
            }
            Err(Stop::Read(actions)) => {
                self.queue = actions.into();
                self.read_next(env)
            }
            Err(stop) => self.stopped(stop, env),
        }
    }

    fn read_next(mut self, env: &Env<'_>) -> SettleTurn {
        let then = next_reads(&mut self.queue);
        if then.is_empty() {
            return self.go_on(env);
        }
        self.reads = self.reads.saturating_add(1);
        if self.reads > MAX_READS {
            let rejection = Rejection::new(Code::ScimTodoStuck, "there is too much to read");
            return self.give_up(SettleEnd::Failed { rejection, retry_after: None }, env);
        }
        self.call(Transaction { then, ..Transaction::default() }, Stage::Read, Self::read, env)
    }

    fn find_job(&self, means: Means<'_>, env: &Env<'_>) -> Found<Job> {
        let Some((todo, _)) = &self.todo else { return Ok(Job::Nothing) };
        let context = Context {
            book: Book { table: &self.table.key, facts: &self.facts },
            settings: means.settings,
            identity: &env.settings.identity,
            provisioning: means.provisioning,
            limits: &Limits::DEFAULT,
            entropy: env.entropy,
            now: env.now,
            new_id: "",
            media: Media::Scim,
        };
        context.job(&self.id, &todo.what)
    }

    fn read(mut self, transaction: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        for (action, done) in transaction.then.into_iter().zip(outcome.done) {
            self.facts.learn(action, done);
        }
        self.read_next(env)
    }

    /// Nothing is left to do, if nothing was left to do anew; what the application has now is `written` down.
    fn finish(mut self, also: Vec<Action>, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let (Some(busy), Some(todo)) = (rows::about("busy", &self.id), rows::about("todo", &self.id)) else {
            return self.end(SettleEnd::Settled);
        };
        let version = self.todo.as_ref().map_or(RowVersion::ABSENT, |(_, version)| *version);
        let mut then = vec![Action::Delete(todo.clone()), Action::Delete(busy.clone())];
        then.extend(also);
        let transaction = Transaction {
            conditions: vec![
                Condition::Unchanged(busy.clone(), self.held),
                Condition::Unchanged(todo.clone(), version),
            ],
            then,
            otherwise: vec![Action::Read(busy), Action::Read(todo)],
        };
        self.call(transaction, Stage::Finish, Self::finished, env)
    }

    fn finished(mut self, transaction: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        if outcome.carried_out {
            let end = self.failed.take().unwrap_or(SettleEnd::Settled);
            return self.end(end);
        }
        let mut done = outcome.done.into_iter();
        let (busy, todo) = (done.next(), done.next());
        let ours = matches!(&busy, Some(Done::Read(Some(row))) if row.version == self.held);
        self.rounds = self.rounds.saturating_add(1);
        if ours && self.rounds < MAX_ROUNDS {
            // Something was left to do anew. What the application has by now is written down first; names that would be
            // given free may be wanted again.
            self.facts = Facts::default();
            let puts = transaction.then.into_iter().filter(|action| matches!(action, Action::Put(..)));
            let mut then: Vec<Action> = puts.collect();
            let (Some(busy), Some(key)) = (rows::about("busy", &self.id), rows::about("todo", &self.id))
            else {
                return self.end(SettleEnd::Busy);
            };
            then.insert(0, Action::Read(key));
            let conditions = vec![Condition::Unchanged(busy, self.held)];
            return self.call(
                Transaction { conditions, then, otherwise: Vec::new() },
                Stage::Again,
                Self::again,
                env,
            );
        }
        if ours {
            return self.give_up(SettleEnd::Busy, env);
        }
        self.leave_anew(todo, env)
    }

    fn again(self, _: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        if !outcome.carried_out {
            return self.end(SettleEnd::Busy);
        }
        self.take_todo(outcome.done.into_iter().next(), env)
    }

    /// Somebody else believed this one dead.
    fn leave_anew(self, todo: Option<Done>, env: &Env<'_>) -> SettleTurn {
        let (Some(key), Some((mine, _))) = (rows::about("todo", &self.id), &self.todo) else {
            return self.end(SettleEnd::Busy);
        };
        let table = Rc::clone(&self.table);
        let mut pen = Pen::new(&table.key, env.entropy);
        let (todo, version) = match todo {
            Some(Done::Read(Some(row))) => match table.key.open::<Todo>(&row) {
                Ok(todo) => (todo, row.version),
                Err(_) => return self.end(SettleEnd::Table(TableFault::Unreadable)),
            },
            _ => (mine.clone(), RowVersion::ABSENT),
        };
        pen.unchanged(&key, version);
        if let Err(stop) = pen.put(key, &Todo { due: env.now.as_secs(), ..todo }) {
            return self.stopped(stop, env);
        }
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        self.call(transaction, Stage::Anew, Self::left_anew, env)
    }

    fn left_anew(self, _: Transaction, _: Outcome, _: &Env<'_>) -> SettleTurn {
        // Where it was not written, somebody else left it to do anew.
        self.end(SettleEnd::Busy)
    }

    /// Ends without having done it: it stays left to do.
    fn give_up(mut self, end: SettleEnd, env: &Env<'_>) -> SettleTurn {
        let tried = match &end {
            SettleEnd::Failed { rejection, .. } if concerns_everybody(rejection.code) => None,
            SettleEnd::Failed { retry_after, .. } => Some(retry_after.unwrap_or_default()),
            _ => None,
        };
        self.failed = Some(end);
        match (tried, self.todo.take()) {
            (Some(after), Some((todo, version))) => {
                let tries = todo.tries.saturating_add(1);
                let pause = after.max(pause_after(tries)).min(LONGEST_PAUSE);
                self.postpone(Todo { tries, ..todo }, version, pause, env)
            }
            _ => self.release(env),
        }
    }

    /// Nothing is done in a dry run: it stays left to do.
    fn defer(mut self, env: &Env<'_>) -> SettleTurn {
        self.failed = Some(SettleEnd::Settled);
        match self.todo.take() {
            Some((todo, version)) => self.postpone(todo, version, LONGEST_PAUSE, env),
            None => self.release(env),
        }
    }

    /// Leaves it alone for `pause`, if nothing was left to do anew meanwhile.
    fn postpone(mut self, todo: Todo, version: RowVersion, pause: Duration, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let (Some(busy), Some(key)) = (rows::about("busy", &self.id), rows::about("todo", &self.id)) else {
            return self.end(SettleEnd::Settled);
        };
        let table = Rc::clone(&self.table);
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&busy, self.held);
        pen.unchanged(&key, version);
        let due = env.now.saturating_add(pause).as_secs();
        if pen.put(key, &Todo { due, ..todo }).is_err() {
            return self.release(env);
        }
        pen.delete(busy);
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() };
        self.call(transaction, Stage::Postpone, Self::postponed, env)
    }

    fn postponed(self, transaction: Transaction, outcome: Outcome, env: &Env<'_>) -> SettleTurn {
        if outcome.carried_out { self.released(transaction, outcome, env) } else { self.release(env) }
    }

    fn release(mut self, env: &Env<'_>) -> SettleTurn {
        self.ports.close();
        let Some(busy) = rows::about("busy", &self.id) else { return self.end(SettleEnd::Settled) };
        let transaction = Transaction {
            conditions: vec![Condition::Unchanged(busy.clone(), self.held)],
            then: vec![Action::Delete(busy)],
            otherwise: Vec::new(),
        };
        self.call(transaction, Stage::Release, Self::released, env)
    }

    fn released(mut self, _: Transaction, _: Outcome, _: &Env<'_>) -> SettleTurn {
        let end = self.failed.take().unwrap_or(SettleEnd::Settled);
        self.end(end)
    }

    fn stopped(self, stop: Stop, env: &Env<'_>) -> SettleTurn {
        let end = match stop {
            Stop::Unreadable(_) | Stop::Read(_) => SettleEnd::Table(TableFault::Unreadable),
            Stop::Refuse(error) => {
                let rejection = Rejection::new(error.code(), error);
                SettleEnd::Failed { rejection, retry_after: None }
            }
        };
        if self.held == RowVersion::ABSENT { self.end(end) } else { self.give_up(end, env) }
    }

    fn call(
        self,
        transaction: Transaction,
        stage: impl FnOnce(TableCall) -> Stage,
        next: impl FnOnce(Self, Transaction, Outcome, &Env<'_>) -> SettleTurn,
        env: &Env<'_>,
    ) -> SettleTurn {
        let turn = TableCall::start(&Rc::clone(&self.table), transaction, env);
        Box::new(self).called(turn, stage, next, env)
    }

    fn called(
        mut self: Box<Self>,
        turn: TableTurn,
        stage: impl FnOnce(TableCall) -> Stage,
        next: impl FnOnce(Self, Transaction, Outcome, &Env<'_>) -> SettleTurn,
        env: &Env<'_>,
    ) -> SettleTurn {
        match turn {
            TableTurn::Ask(call, ask) => {
                self.stage = stage(call);
                self.wait(vec![(AskId(0), ask)])
            }
            TableTurn::Failed(fault) => self.end(SettleEnd::Table(fault)),
            TableTurn::Done(_, outcome) if !outcome.carried_out && !self.table.is_same(&outcome) => {
                self.end(SettleEnd::Table(TableFault::Missing))
            }
            TableTurn::Done(transaction, outcome) => next(*self, transaction, outcome, env),
        }
    }

    fn wait(mut self, asks: Vec<(AskId, Ask)>) -> SettleTurn {
        let asks = self.ports.out(asks);
        let tells = mem::take(&mut self.tells);
        SettleTurn::Wait(Box::new(self), asks, tells)
    }

    fn end(mut self, end: SettleEnd) -> SettleTurn {
        SettleTurn::End(end, mem::take(&mut self.tells))
    }
}
