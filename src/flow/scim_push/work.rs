//! One request: worked out over the table, written, brought to the application, answered.

use core::mem;
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, Event, Tell};
use crate::http::Reply;
use crate::scim::message::Media;
use crate::scim::router::Request;
use crate::scim::{Error, ResourceKind};
use crate::store::table::{Action, Outcome, RowKey, Transaction};

use super::super::Env;
use super::book::{Book, Facts, Found, Stop, next_reads};
use super::decision::{AccessChange, Commit, Context, Decision, MEMBERS_AT_ONCE, ManyMembers, Then};
use super::pen::{Pen, row, unavailable};
use super::ports::Ports;
use super::rows::{self, Todo, What};
use super::settle::{Settle, SettleEnd, SettleTurn};
use super::table::{KnownTable, Table, TableCall, TableFault, TableTurn};
use super::{LIMITS, groups, users};

/// How often a request is worked out anew because others changed the same rows: each time at least one of them got ahead, and
/// Entra ID sends some tens at once.
const MAX_ATTEMPTS: u32 = 32;

/// Calls to the store for one request. A group of 150,000 is read in 75 and written in 4,300.
const MAX_CALLS: u32 = 10_000;

/// How long one request may take: Entra ID and Okta wait a minute at least. What was written by then stays, and the rest
/// is written when the client asks again.
const MAX_TIME: Duration = Duration::from_secs(50);

/// When a client asks again whose request the application did not take, if it says nothing itself.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// A request under way.
#[derive(Debug)]
pub(super) struct Work {
    request: Request,
    media: Media,
    request_id: String,
    new_id: String,
    known: KnownTable,
    table: Option<Rc<Table>>,
    facts: Facts,
    /// What is still to be read before it is worked out anew.
    reads: VecDeque<Action>,
    began: UnixTime,
    attempts: u32,
    calls: u32,
    /// What is being written and done.
    commit: Option<Box<Commit>>,
    /// What was written; from then on only its answer is worked out.
    then: Option<Then>,
    settle: VecDeque<String>,
    ports: Ports,
    stage: Stage,
    tells: Vec<Tell>,
}

#[derive(Debug)]
enum Stage {
    Over,
    Open(TableCall),
    Read(TableCall),
    Before(TableCall),
    Members(TableCall),
    Write(TableCall),
    Settle(Box<Settle>),
}

/// How a request ended; with what only the log is told.
pub(super) type Ended = Result<Reply, (Error, Option<Rejection>)>;

/// One turn.
pub(super) enum WorkTurn {
    Wait(Box<Work>, Vec<(AskId, Ask)>, Vec<Tell>),
    End(Ended, Vec<Tell>),
}

type Next = fn(Box<Work>, Transaction, Outcome, &Env<'_>) -> WorkTurn;

impl Work {
    pub(super) fn start(
        request: Request,
        media: Media,
        request_id: String,
        known: KnownTable,
        env: &Env<'_>,
    ) -> WorkTurn {
        let Ok(new_id) = rows::new_id(env.now, env.entropy) else {
            return WorkTurn::End(Err((unavailable(Code::EntropyUnavailable), None)), Vec::new());
        };
        let table = known.known();
        let work = Box::new(Self {
            request,
            media,
            request_id,
            new_id,
            known,
            table,
            facts: Facts::default(),
            reads: VecDeque::new(),
            began: env.now,
            attempts: 0,
            calls: 0,
            commit: None,
            then: None,
            settle: VecDeque::new(),
            ports: Ports::default(),
            stage: Stage::Over,
            tells: Vec::new(),
        });
        if work.table.is_some() { work.think(env) } else { work.open(env) }
    }

    pub(super) fn answer(mut self: Box<Self>, id: AskId, answer: Answer, env: &Env<'_>) -> WorkTurn {
        let Some(inner) = self.ports.take(id) else { return WorkTurn::Wait(self, Vec::new(), Vec::new()) };
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => self.end(Err((unavailable(Code::HostCallFailed), None))),
            Stage::Open(call) => self.opening(call.answer(answer, env), env),
            Stage::Read(call) => self.called(call.answer(answer, env), Stage::Read, Self::learned, env),
            Stage::Before(call) => self.called(call.answer(answer, env), Stage::Before, Self::staged, env),
            Stage::Members(call) => self.called(call.answer(answer, env), Stage::Members, Self::moved, env),
            Stage::Write(call) => self.called(call.answer(answer, env), Stage::Write, Self::written, env),
            Stage::Settle(settle) => {
                let turn = settle.answer(inner, answer, env);
                self.settled(turn, env)
            }
        }
    }

    fn open(self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let turn = TableCall::first(env);
        self.opening(turn, env)
    }

    fn opening(mut self: Box<Self>, turn: TableTurn, env: &Env<'_>) -> WorkTurn {
        match turn {
            TableTurn::Ask(call, ask) => {
                self.stage = Stage::Open(call);
                self.wait(vec![(AskId(0), ask)])
            }
            TableTurn::Failed(fault) => self.table_fault(&fault),
            TableTurn::Done(_, outcome) => {
                let found = match outcome.done.first() {
                    Some(crate::store::table::Done::Read(found)) => found.as_ref(),
                    _ => None,
                };
                match self.known.open(found, env) {
                    Ok((_, first, _)) if !first.ready => self.table_fault(&TableFault::NotReady),
                    Ok((table, ..)) => {
                        self.table = Some(table);
                        self.think(env)
                    }
                    Err(fault) => self.table_fault(&fault),
                }
            }
        }
    }

    /// Works out the request over what was read so far.
    fn think(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let Some(table) = self.table.clone() else { return self.open(env) };
        let decision = self.decide(&table, env);
        match decision {
            Ok(Decision::Answer(reply)) => self.end(Ok(reply)),
            Ok(Decision::Commit(commit)) => self.begin(commit, env),
            Err(Stop::Read(actions)) => {
                self.reads = actions.into();
                self.read_next(env)
            }
            Err(Stop::Refuse(error)) => self.end(Err((error, None))),
            Err(Stop::Unreadable(key)) => {
                let detail = Rejection::new(Code::ScimTableUnreadable, format_args!("`{}`", folder_of(&key)));
                self.end(Err((TableFault::Unreadable.error(), Some(detail))))
            }
        }
    }

    fn decide(&self, table: &Table, env: &Env<'_>) -> Found<Decision> {
        let missing = || Error::NotFound { what: "endpoint" };
        let context = Context {
            book: Book { table: &table.key, facts: &self.facts },
            settings: env.settings.scim_gateway.as_deref().ok_or_else(missing)?,
            identity: &env.settings.identity,
            provisioning: env.settings.provisioning.as_ref().ok_or_else(missing)?,
            limits: &LIMITS,
            entropy: env.entropy,
            now: env.now,
            new_id: &self.new_id,
            media: self.media,
        };
        if let Some(then) = &self.then {
            return context.then(then);
        }
        match &self.request {
            Request::Create { kind: ResourceKind::User, body, projection } => {
                context.create_user(body, projection)
            }
            Request::Create { kind: ResourceKind::Group, body, projection } => {
                context.create_group(body, projection)
            }
            Request::Read { kind, id, projection, condition } => {
                context.read(*kind, id, projection, condition)
            }
            Request::List(query) => context.list(query),
            Request::Replace { kind: ResourceKind::User, id, body, projection, precondition } => {
                context.change_user(id, &users::Change::Replace(body), precondition, projection)
            }
            Request::Replace { kind: ResourceKind::Group, id, body, projection, precondition } => {
                context.change_group(id, &groups::Change::Replace(body), precondition, projection)
            }
            Request::Patch { kind: ResourceKind::User, id, patch, projection, precondition } => {
                context.change_user(id, &users::Change::Patch(patch), precondition, projection)
            }
            Request::Patch { kind: ResourceKind::Group, id, patch, projection, precondition } => {
                context.change_group(id, &groups::Change::Patch(patch), precondition, projection)
            }
            Request::Delete { kind: ResourceKind::User, id, precondition } => {
                context.delete_user(id, precondition)
            }
            Request::Delete { kind: ResourceKind::Group, id, precondition } => {
                context.delete_group(id, precondition)
            }
            Request::Discover(_) | Request::Bulk(_) => Err(missing().into()),
        }
    }

    fn learned(mut self: Box<Self>, transaction: Transaction, outcome: Outcome, env: &Env<'_>) -> WorkTurn {
        for (action, done) in transaction.then.into_iter().zip(outcome.done) {
            self.facts.learn(action, done);
        }
        self.read_next(env)
    }

    fn read_next(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let then = next_reads(&mut self.reads);
        if then.is_empty() {
            return self.think(env);
        }
        self.call(Transaction { then, ..Transaction::default() }, Stage::Read, Self::learned, env)
    }

    fn begin(mut self: Box<Self>, mut commit: Box<Commit>, env: &Env<'_>) -> WorkTurn {
        let before = mem::take(&mut commit.before);
        self.commit = Some(commit);
        if before.is_empty() {
            return self.members(env);
        }
        let transaction = Transaction { then: before, ..Transaction::default() };
        self.call(transaction, Stage::Before, Self::staged, env)
    }

    fn staged(self: Box<Self>, _: Transaction, _: Outcome, env: &Env<'_>) -> WorkTurn {
        self.members(env)
    }

    /// Writes the next memberships, where they are too many for one transaction.
    fn members(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let Some(table) = self.table.clone() else { return self.open(env) };
        let many = self.commit.as_mut().and_then(|commit| commit.members.as_mut());
        match many.map(|many| next_members(many, &table, env)) {
            None | Some(Ok(None)) => self.write(env),
            Some(Ok(Some(transaction))) => self.call(transaction, Stage::Members, Self::moved, env),
            Some(Err(stop)) => self.stopped(stop),
        }
    }

    fn moved(self: Box<Self>, _: Transaction, outcome: Outcome, env: &Env<'_>) -> WorkTurn {
        if outcome.carried_out { self.members(env) } else { self.anew(env) }
    }

    fn write(self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let Some(commit) = &self.commit else { return self.think(env) };
        if commit.actions.is_empty() {
            return self.done(env);
        }
        let transaction = Transaction {
            conditions: commit.conditions.clone(),
            then: commit.actions.clone(),
            otherwise: Vec::new(),
        };
        if !transaction.fits() {
            let limit = crate::store::table::MAX_ACTIONS;
            return self.end(Err((Error::TooLarge { what: "rows of one change", limit }, None)));
        }
        self.call(transaction, Stage::Write, Self::written, env)
    }

    fn written(self: Box<Self>, _: Transaction, outcome: Outcome, env: &Env<'_>) -> WorkTurn {
        if outcome.carried_out { self.done(env) } else { self.anew(env) }
    }

    /// It is written; now the application.
    fn done(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        let Some(commit) = self.commit.take() else { return self.think(env) };
        let Commit { settle, then, access, .. } = *commit;
        self.tells.extend(access.as_ref().map(|access| access_changed(access, env)));
        self.then = Some(then);
        self.facts = Facts::default();
        self.settle.extend(settle);
        self.next_settle(env)
    }

    fn next_settle(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        self.ports.close();
        let (Some(table), Some(id)) = (self.table.clone(), self.settle.pop_front()) else {
            return self.think(env);
        };
        let turn = Settle::start(id, self.request_id.clone(), table, true, env);
        self.settled(turn, env)
    }

    fn settled(mut self: Box<Self>, turn: SettleTurn, env: &Env<'_>) -> WorkTurn {
        match turn {
            SettleTurn::Wait(settle, asks, tells) => {
                self.tells.extend(tells);
                self.stage = Stage::Settle(settle);
                self.wait(asks)
            }
            SettleTurn::End(end, tells) => {
                self.tells.extend(tells);
                match end {
                    SettleEnd::Settled | SettleEnd::Busy | SettleEnd::NotDue(_) => self.next_settle(env),
                    SettleEnd::Table(fault) => self.table_fault(&fault),
                    // What is written stays, and is done as soon as it can be.
                    SettleEnd::Failed { rejection, retry_after } => {
                        let error = of_application(&rejection, retry_after);
                        self.end(Err((error, Some(rejection))))
                    }
                }
            }
        }
    }

    /// Somebody else changed what this rests on.
    fn anew(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts >= MAX_ATTEMPTS {
            return self.end(Err((unavailable(Code::ScimContended), None)));
        }
        self.commit = None;
        self.facts = Facts::default();
        self.think(env)
    }

    fn call(
        mut self: Box<Self>,
        transaction: Transaction,
        stage: fn(TableCall) -> Stage,
        next: Next,
        env: &Env<'_>,
    ) -> WorkTurn {
        self.calls = self.calls.saturating_add(1);
        if self.calls > MAX_CALLS || env.now.saturating_since(self.began) > MAX_TIME {
            return self.end(Err((unavailable(Code::ScimContended), None)));
        }
        let Some(table) = self.table.clone() else { return self.open(env) };
        let turn = TableCall::start(&table, transaction, env);
        self.called(turn, stage, next, env)
    }

    fn called(
        mut self: Box<Self>,
        turn: TableTurn,
        stage: fn(TableCall) -> Stage,
        next: Next,
        env: &Env<'_>,
    ) -> WorkTurn {
        match turn {
            TableTurn::Ask(call, ask) => {
                self.stage = stage(call);
                self.wait(vec![(AskId(0), ask)])
            }
            TableTurn::Failed(fault) => self.table_fault(&fault),
            TableTurn::Done(transaction, outcome) => {
                let same =
                    outcome.carried_out || self.table.as_ref().is_some_and(|table| table.is_same(&outcome));
                if same { next(self, transaction, outcome, env) } else { self.reopen(env) }
            }
        }
    }

    /// The table is another one, or sealed anew.
    fn reopen(mut self: Box<Self>, env: &Env<'_>) -> WorkTurn {
        self.known.forget();
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts >= MAX_ATTEMPTS {
            return self.table_fault(&TableFault::Missing);
        }
        self.table = None;
        self.commit = None;
        self.facts = Facts::default();
        self.open(env)
    }

    fn stopped(self: Box<Self>, stop: Stop) -> WorkTurn {
        match stop {
            Stop::Refuse(error) => self.end(Err((error, None))),
            Stop::Read(_) | Stop::Unreadable(_) => self.table_fault(&TableFault::Unreadable),
        }
    }

    fn table_fault(self: Box<Self>, fault: &TableFault) -> WorkTurn {
        self.known.forget();
        let (error, rejection) = (fault.error(), fault.rejection());
        self.end(Err((error, Some(rejection))))
    }

    fn wait(mut self: Box<Self>, asks: Vec<(AskId, Ask)>) -> WorkTurn {
        let asks = self.ports.out(asks);
        let tells = mem::take(&mut self.tells);
        WorkTurn::Wait(self, asks, tells)
    }

    fn end(mut self: Box<Self>, ended: Ended) -> WorkTurn {
        WorkTurn::End(ended, mem::take(&mut self.tells))
    }
}

/// The next of many memberships as one transaction; `None` when all are written.
fn next_members(many: &mut ManyMembers, table: &Table, env: &Env<'_>) -> Found<Option<Transaction>> {
    let mut pen = Pen::new(&table.key, env.entropy);
    if many.add.is_empty() && many.remove.is_empty() {
        return Ok(None);
    }
    let todo = Todo::at(env.now.as_secs(), What::Person);
    if many.staged {
        pen.exists(&row(rows::about("todo", &many.group))?);
    } else {
        pen.exists(&row(rows::resource(ResourceKind::Group, &many.group))?);
    }
    let take = |list: &mut Vec<String>, most: usize| list.split_off(list.len().saturating_sub(most));
    let add = take(&mut many.add, MEMBERS_AT_ONCE);
    for user in &add {
        pen.exists(&row(rows::resource(ResourceKind::User, user))?);
    }
    let remove = take(&mut many.remove, MEMBERS_AT_ONCE.saturating_sub(add.len()));
    for (user, comes) in add.iter().map(|user| (user, true)).chain(remove.iter().map(|user| (user, false))) {
        let unknown = || Error::NotFound { what: "user" };
        for side in rows::membership(&many.group, user).ok_or_else(unknown)? {
            if comes { pen.put(side, &())? } else { pen.delete(side) }
        }
        if !many.staged {
            pen.put(row(rows::about("todo", user))?, &todo)?;
        }
    }
    Ok(Some(Transaction { conditions: pen.conditions, then: pen.actions, otherwise: Vec::new() }))
}

/// Does a failure of the application say nothing about whom it was met at?
pub(super) const fn concerns_everybody(code: Code) -> bool {
    matches!(code, Code::TargetUnreachable | Code::TargetThrottled | Code::CircuitOpen)
}

/// What a client is told of the application.
pub(super) fn of_application(rejection: &Rejection, retry_after: Option<Duration>) -> Error {
    if rejection.code == Code::NameTaken {
        return Error::Uniqueness { attribute: "displayName" };
    }
    let malformed = matches!(rejection.code, Code::TargetAnswerMalformed | Code::TargetUnauthorized);
    let passes = concerns_everybody(rejection.code) || malformed;
    if passes || retry_after.is_some() {
        let retry_after = Some(retry_after.unwrap_or(RETRY_AFTER));
        return Error::Refused {
            status: 503,
            scim_type: None,
            code: Code::ScimTargetUnavailable,
            retry_after,
        };
    }
    Error::Refused { status: 400, scim_type: None, code: Code::ScimTargetRefused, retry_after: None }
}

/// J27: who gained and who lost access by a change of members, and to what.
fn access_changed(access: &AccessChange, env: &Env<'_>) -> Tell {
    let customers =
        env.settings.provisioning.as_ref().and_then(|provisioning| provisioning.customers.as_ref());
    let desks =
        customers.map(|customers| customers.service_desks.iter().cloned().collect::<Vec<_>>().join(" "));
    Tell::Audit(Event {
        name: "access_changed",
        code: None,
        fields: vec![
            ("group", access.group.clone()),
            ("gained", access.gained.to_string()),
            ("lost", access.lost.to_string()),
            ("renamed", access.renamed.to_string()),
            ("service_desks", desks.unwrap_or_default()),
            ("rule", String::from("scim_gateway")),
        ],
    })
}

/// The part of a key that says nothing about anybody.
fn folder_of(key: &RowKey) -> &str {
    key.as_str().split('/').next().unwrap_or_default()
}
