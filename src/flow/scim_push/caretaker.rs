//! Does what requests left to do: what came in large numbers, what failed, and what a crash interrupted.

mod round;

use core::time::Duration;
use std::collections::BTreeMap;

use crate::base::{Code, Rejection, UnixTime};
use crate::effect::{Answer, AskId, Event, Tell};
use crate::session::table_key::TableKey;
use crate::store::table::{
    Action, Condition, Done, List, MAX_SMALL_ROWS, Outcome, RowKey, RowSize, RowVersion, Transaction,
};

use super::super::{Env, Turn};
use super::pen::Pen;
use super::ports::Ports;
use super::rows::{self, Busy, First};
use super::settle::{Settle, SettleEnd, SettleTurn, pause_after};
use super::table::{KnownTable, TableCall, TableFault, TableTurn};
use super::work::concerns_everybody;
use round::Rounds;

/// How often it is looked for what is left to do, by whoever looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long somebody else is left to look.
const OTHERS: Duration = Duration::from_secs(10);

/// People who are worked on at a time: the application has others to serve.
const AT_ONCE: usize = 4;

/// What is not due is remembered, so that it is not read at each look; at 60 bytes each.
const MAX_REMEMBERED: usize = 20_000;

/// For so long: it may be pushed anew meanwhile.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Groups or people left to do from which on the log tells how many are left (J7).
const MANY: u64 = 500;

/// Does what is left to do. One of all workers of all replicas looks at a time; what is done about one person is guarded by
/// itself ([`super::settle`]), so that it would not matter if two did.
#[derive(Debug, Default)]
pub struct Caretaker {
    known: KnownTable,
    ports: Ports,
    stage: Stage,
    /// Not before.
    next: Option<UnixTime>,
    /// Of the row that says that we look.
    held: RowVersion,
    queue: Vec<String>,
    active: Vec<(String, Box<Settle>)>,
    /// Our number of each ask of those, and whose it is.
    running: Vec<(AskId, String, AskId)>,
    asked: u32,
    /// Until when somebody is left alone.
    later: BTreeMap<String, UnixTime>,
    /// What was looked at last, where more is left than one page.
    after: Option<RowKey>,
    /// There was a table.
    knew: bool,
    /// How often in a row the application failed.
    failures: u32,
    rounds: Rounds,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Idle,
    Open(TableCall),
    Begin(TableCall),
    Look(TableCall),
    RoundKnown(TableCall),
    Round(TableCall),
    RoundWritten(TableCall),
}

type Next = fn(&mut Caretaker, Transaction, Outcome, &mut Turn, &Env<'_>);

impl Caretaker {
    /// The caretaker of a worker that knows the table as `known`.
    #[must_use]
    pub fn new(known: KnownTable) -> Self {
        Self { known, ..Self::default() }
    }

    /// Time has passed.
    pub fn tick(&mut self, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        let idle = matches!(self.stage, Stage::Idle) && self.active.is_empty() && self.queue.is_empty();
        let keeps = env.settings.scim_gateway.as_ref().is_some_and(|gateway| gateway.pass_through.is_none());
        if keeps && idle && self.next.is_none_or(|next| next <= env.now) {
            self.look(&mut turn, env);
        }
        self.pump(&mut turn, env);
        turn
    }

    /// Takes the answer to `id`.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        if let Some(at) = self.running.iter().position(|(ours, ..)| *ours == id) {
            let (_, whose, inner) = self.running.swap_remove(at);
            if let Some(at) = self.active.iter().position(|(id, _)| *id == whose) {
                let (whose, settle) = self.active.swap_remove(at);
                let next = settle.answer(inner, answer, env);
                self.settled(whose, next, &mut turn, env);
                self.pump(&mut turn, env);
            }
            return turn;
        }
        if self.ports.take(id).is_none() {
            return turn;
        }
        let (call, stage, next): (_, fn(TableCall) -> Stage, Next) = match core::mem::take(&mut self.stage) {
            Stage::Idle => return turn,
            Stage::Open(call) => (call, Stage::Open, Self::opened),
            Stage::Begin(call) => (call, Stage::Begin, Self::begun),
            Stage::Look(call) => (call, Stage::Look, Self::listed),
            Stage::RoundKnown(call) => (call, Stage::RoundKnown, Self::round_known),
            Stage::Round(call) => (call, Stage::Round, Self::round_listed),
            Stage::RoundWritten(call) => (call, Stage::RoundWritten, Self::round_written),
        };
        self.called(call.answer(answer, env), stage, next, &mut turn, env);
        self.pump(&mut turn, env);
        turn
    }

    fn look(&mut self, turn: &mut Turn, env: &Env<'_>) {
        let Some(table) = self.known.known() else {
            return self.called(TableCall::first(env), Stage::Open, Self::opened, turn, env);
        };
        let (Some(key), Some(todos)) = (rows::about("busy", "caretaker"), rows::todos()) else { return };
        let mut pen = Pen::new(&table.key, env.entropy);
        pen.unchanged(&key, self.held);
        let Ok(busy) = Busy::new(env.now, env.entropy) else { return };
        if pen.put(key.clone(), &busy).is_err() {
            return;
        }
        // What is left to do is read by whoever does it.
        let list =
            List { folder: todos, after: self.after.clone(), limit: MAX_SMALL_ROWS, size: RowSize::Unread };
        pen.actions.push(Action::List(list));
        let transaction =
            Transaction { conditions: pen.conditions, then: pen.actions, otherwise: vec![Action::Read(key)] };
        self.called(TableCall::start(&table, transaction, env), Stage::Look, Self::listed, turn, env);
    }

    fn opened(&mut self, _: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let found = match outcome.done.first() {
            Some(Done::Read(found)) => found.as_ref(),
            _ => None,
        };
        let Some(first) = rows::first() else { return };
        let (key, note, version) = match (self.known.open(found, env), found) {
            (Ok((_, note, true)), _) if note.ready => {
                self.knew = true;
                return self.look(turn, env);
            }
            // Another secret seals from now on; or what was begun is ready.
            (Ok((table, note, _)), Some(row)) => {
                (table.key.clone(), First { ready: true, ..note }, row.version)
            }
            (Err(TableFault::Missing), _) if !self.begins_anew(env) => {
                return self.failed(&TableFault::Lost, turn, env);
            }
            (Err(TableFault::Missing), _) => match TableKey::new(env.entropy) {
                Ok(key) => (key, First { begun: env.now.as_secs(), ready: true }, RowVersion::ABSENT),
                Err(_) => return self.pause(OTHERS, env),
            },
            (Err(fault), _) => return self.failed(&fault, turn, env),
            (Ok(_), None) => return,
        };
        self.known.forget();
        let Ok(content) = key.first_row(&note, &env.settings.session, env.entropy) else {
            return self.pause(OTHERS, env);
        };
        let transaction = Transaction {
            conditions: vec![Condition::Unchanged(first.clone(), version)],
            then: vec![Action::Put(first, content)],
            otherwise: Vec::new(),
        };
        self.called(TableCall::raw(transaction, env), Stage::Begin, Self::begun, turn, env);
    }

    fn begun(&mut self, transaction: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let new = matches!(
            transaction.conditions.first(),
            Some(Condition::Unchanged(_, version)) if *version == RowVersion::ABSENT
        );
        if outcome.carried_out && new {
            turn.tells.push(said("scim_table_begun", Code::ScimTableBegun, ""));
        }
        // It is opened as anybody's.
        self.called(TableCall::first(env), Stage::Open, Self::opened, turn, env);
    }

    fn listed(&mut self, _: Transaction, outcome: Outcome, turn: &mut Turn, env: &Env<'_>) {
        let mut done = outcome.done.into_iter();
        if !outcome.carried_out {
            let known = self.known.known();
            let busy = match (done.next(), known) {
                (Some(Done::Read(Some(row))), Some(table)) => {
                    Some((table.key.open::<Busy>(&row).ok(), row.version))
                }
                _ => None,
            };
            return match busy {
                Some((Some(busy), _)) if busy.holds(env.now) => self.pause(OTHERS, env),
                Some((_, version)) => {
                    self.held = version;
                    self.pause(Duration::ZERO, env);
                }
                None => {
                    self.held = RowVersion::ABSENT;
                    self.pause(Duration::ZERO, env);
                }
            };
        }
        self.held = outcome.version;
        let listed = match done.nth(1) {
            Some(Done::Listed(listed)) => listed,
            _ => return self.pause(LOOK_EVERY, env),
        };
        let left = listed.count;
        let whole = self.after.is_none();
        self.after = listed.rows.last().filter(|_| listed.more).map(|row| row.key.clone());
        if whole {
            turn.tells.push(Tell::Gauge { name: String::from("scim_todo"), value: left });
        }
        if whole && left >= MANY {
            turn.tells.push(Tell::Event(Event {
                name: "scim_progress",
                code: None,
                fields: vec![("left", left.to_string())],
            }));
        }
        self.later.retain(|_, until| *until > env.now);
        let is_due = |id: &str| !self.later.contains_key(id);
        let ids = listed.rows.iter().map(|row| row.key.last().to_owned()).filter(|id| is_due(id));
        self.queue = ids.collect();
        // The next page follows at once; after the last one it begins again.
        if self.after.is_some() { self.pause(Duration::ZERO, env) } else { self.go_round(turn, env) }
    }

    /// Works on as many as may be worked on at a time.
    fn pump(&mut self, turn: &mut Turn, env: &Env<'_>) {
        // Each round begins with one of the queue, which is bounded by a page.
        while self.active.len() < AT_ONCE {
            let Some(table) = self.known.known() else { return self.queue.clear() };
            let Some(id) = self.queue.pop() else { return };
            let next = Settle::start(id.clone(), String::new(), table, false, env);
            self.settled(id, next, turn, env);
        }
    }

    fn settled(&mut self, id: String, next: SettleTurn, turn: &mut Turn, env: &Env<'_>) {
        match next {
            SettleTurn::Wait(settle, asks, tells) => {
                turn.tells.extend(tells);
                for (inner, ask) in asks {
                    let ours = self.number();
                    self.running.push((ours, id.clone(), inner));
                    turn.asks.push((ours, ask));
                }
                self.active.push((id, settle));
            }
            SettleTurn::End(end, tells) => {
                turn.tells.extend(tells);
                self.running.retain(|(_, whose, _)| *whose != id);
                match end {
                    SettleEnd::Settled | SettleEnd::Busy => {
                        self.failures = 0;
                    }
                    SettleEnd::NotDue(due) => self.leave(id, due, env),
                    // One row says nothing about the others.
                    SettleEnd::Table(fault @ TableFault::Unreadable) => {
                        turn.tells.push(said("scim_table", fault.code(), &id));
                        self.leave(id, env.now.saturating_add(REMEMBERED), env);
                    }
                    SettleEnd::Table(fault) => self.failed(&fault, turn, env),
                    SettleEnd::Failed { rejection, retry_after } => {
                        self.stuck(id, &rejection, retry_after, turn, env);
                    }
                }
            }
        }
    }

    fn stuck(
        &mut self,
        id: String,
        rejection: &Rejection,
        retry_after: Option<Duration>,
        turn: &mut Turn,
        env: &Env<'_>,
    ) {
        if concerns_everybody(rejection.code) {
            // The application is away: nobody else would fare better.
            self.queue.clear();
            self.failures = self.failures.saturating_add(1);
            return self.pause(retry_after.unwrap_or_default().max(pause_after(self.failures)), env);
        }
        if rejection.code == Code::GuardrailExceeded && retry_after.is_some() {
            return self.leave(id, env.now.saturating_add(REMEMBERED), env);
        }
        turn.tells.push(is_stuck(&id, rejection));
        self.failures = 0;
    }

    fn leave(&mut self, id: String, until: UnixTime, env: &Env<'_>) {
        if self.later.len() < MAX_REMEMBERED {
            self.later.insert(id, until.min(env.now.saturating_add(REMEMBERED)));
        }
    }

    /// Only who was told to begins a table: an empty one reads as a directory without people. Whoever knew one that is gone
    /// does not believe that either.
    fn begins_anew(&self, env: &Env<'_>) -> bool {
        !self.knew && env.settings.scim_gateway.as_ref().is_some_and(|gateway| gateway.begins_anew)
    }

    fn failed(&mut self, fault: &TableFault, turn: &mut Turn, env: &Env<'_>) {
        self.known.forget();
        self.held = RowVersion::ABSENT;
        self.queue.clear();
        self.after = None;
        self.rounds = Rounds::default();
        let rejection = fault.rejection();
        turn.tells.push(said("scim_table", fault.code(), &rejection.detail));
        self.pause(if *fault == TableFault::Missing { Duration::ZERO } else { OTHERS }, env);
    }

    fn pause(&mut self, pause: Duration, env: &Env<'_>) {
        self.next = Some(env.now.saturating_add(pause));
    }

    fn called(
        &mut self,
        call: TableTurn,
        stage: fn(TableCall) -> Stage,
        next: Next,
        turn: &mut Turn,
        env: &Env<'_>,
    ) {
        match call {
            TableTurn::Ask(call, ask) => {
                self.stage = stage(call);
                self.ports.close();
                let number = self.number();
                self.ports.expect(number);
                turn.asks.push((number, ask));
            }
            TableTurn::Failed(fault) => self.failed(&fault, turn, env),
            TableTurn::Done(transaction, outcome) => {
                let known = self.known.known();
                let other = !outcome.carried_out && known.is_some_and(|table| !table.is_same(&outcome));
                if other {
                    self.failed(&TableFault::Missing, turn, env)
                } else {
                    next(self, transaction, outcome, turn, env)
                }
            }
        }
    }

    const fn number(&mut self) -> AskId {
        let number = AskId(self.asked);
        // Chores have 16 bits for it.
        self.asked = self.asked.wrapping_add(1) & 0xffff;
        number
    }
}

/// Somebody could not be brought to the application; by id and code, without a name.
pub(super) fn is_stuck(id: &str, rejection: &Rejection) -> Tell {
    said("scim_todo_stuck", Code::ScimTodoStuck, &format!("{id}: {}", rejection.code))
}

fn said(name: &'static str, code: Code, detail: &str) -> Tell {
    Tell::Event(Event {
        name,
        code: Some(code),
        fields: vec![
            ("slug", code.slug().to_owned()),
            ("detail", detail.to_owned()),
            ("remedy", code.remedy().to_owned()),
        ],
    })
}
