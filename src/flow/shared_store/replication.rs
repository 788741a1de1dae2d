//! Keeps what was ended here and at other replicas the same: one worker of each Envoy tells the store what this one
//! ended, reads what the others did, and writes it into the ledger that all its workers look at.

use core::fmt::Display;
use core::time::Duration;

use crate::base::{Code, UnixTime};
use crate::effect::{Answer, Ask, AskId, Event, SharedData, Tell, Version};
use crate::session::outbox;
use crate::session::revocation::{Recording, RecordingTurn, Revocation};
use crate::session::{SessionError, sealed_for_store};
use crate::store::{Changes, Revision, Settings, StoreError};

use super::super::{Env, Turn, settings};
use super::cursor::Cursor;
use super::errand::{Errand, ErrandTurn};
use super::operations::Read;
use super::outgoing::{Outgoing, OutgoingTurn};
use super::poller::{self, Worker};
use super::{CURSOR, OUTBOX, POLLER};

/// Pages of one round: 10,000 records, which is more than most will ever have.
const MAX_PAGES: u32 = 50;

/// A round one of whose calls is answered by nobody is given up this long after the call's timeout.
const LOST: Duration = Duration::from_secs(60);

/// One worker's part.
#[derive(Debug, Default)]
pub struct Replication {
    /// As it was loaded or stored last.
    seen: Cursor,
    worker: Option<Worker>,
    round: Option<Round>,
    /// Numbers the asks, so that a late answer to an older one is nobody's.
    asked: u32,
    /// The last round failed; that is told once.
    failing: bool,
    /// What is to be told waits for too long; that is told once.
    behind: bool,
}

/// A look under way.
#[derive(Debug)]
struct Round {
    began: UnixTime,
    open: AskId,
    /// When that was asked, by [`Env::uptime`].
    since: Duration,
    cursor: Cursor,
    /// Of the stored cursor.
    version: Version,
    pages: u32,
    awaits: Awaits,
}

#[derive(Debug)]
enum Awaits {
    Cursor,
    Poller,
    PollerSwap,
    Outgoing(Outgoing),
    Page(Box<Errand<Read>>),
    Recording(Box<Recording>, Changes),
    CursorSwap,
}

/// What comes after an answer.
#[allow(clippy::large_enum_variant, reason = "it lives for one turn, and in wasm it is small")]
enum Next {
    /// The round goes on.
    Ask(Awaits, Ask),
    /// It is over for now.
    End,
}

impl Replication {
    /// May sessions be relied on, or is it too long ago that anybody looked who was signed out elsewhere?
    ///
    /// # Errors
    /// [`SessionError::RevocationsStale`].
    pub fn check(
        &mut self,
        settings: &settings::Settings,
        shared: &dyn SharedData,
        now: UnixTime,
    ) -> Result<(), SessionError> {
        let Some(store) = &settings.shared_store else { return Ok(()) };
        if self.seen.is_stale(store, now) {
            // Another worker may have looked meanwhile; one that has just started knows nothing yet.
            if let Ok(value) = shared.read(&sealed_for_store::key(CURSOR, &store.etcd, &settings.session)) {
                self.seen = Cursor::load(value.as_deref());
            }
        }
        if self.seen.is_stale(store, now) {
            return Err(SessionError::RevocationsStale { read_at: self.seen.read_at });
        }
        Ok(())
    }

    /// Time has passed.
    pub fn tick(&mut self, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        let Some(settings) = &env.settings.shared_store else { return turn };
        let lost = settings.etcd.timeout.saturating_add(LOST);
        if self.round.as_ref().is_some_and(|round| env.uptime.saturating_sub(round.since) < lost) {
            return turn;
        }
        self.round = Some(Round {
            began: env.now,
            open: AskId(0),
            since: env.uptime,
            cursor: Cursor::default(),
            version: Version::Absent,
            pages: 0,
            awaits: Awaits::Cursor,
        });
        let key = sealed_for_store::key(CURSOR, &settings.etcd, &env.settings.session);
        self.ask(Awaits::Cursor, Ask::Load { key }, &mut turn, env);
        turn
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        let Some(settings) = &env.settings.shared_store else { return turn };
        let Some(round) = self.round.take_if(|round| round.open == id) else { return turn };
        let mut step = Step { replication: self, round, settings, env, turn: &mut turn };
        let next = step.take(answer);
        let round = step.round;
        match next {
            Next::Ask(awaits, ask) => {
                self.round = Some(round);
                self.ask(awaits, ask, &mut turn, env);
            }
            Next::End => self.round = None,
        }
        turn
    }

    fn ask(&mut self, awaits: Awaits, ask: Ask, turn: &mut Turn, env: &Env<'_>) {
        let Some(round) = &mut self.round else { return };
        // Ask ids of a chore have sixteen bits.
        self.asked = self.asked.wrapping_add(1) & 0xFFFF;
        round.open = AskId(self.asked);
        round.since = env.uptime;
        round.awaits = awaits;
        turn.asks.push((round.open, ask));
    }

    fn worker(&mut self, env: &Env<'_>) -> Option<Worker> {
        if self.worker.is_none() {
            let mut worker = [0; 8];
            env.entropy.fill(&mut worker).ok()?;
            self.worker = Some(worker);
        }
        self.worker
    }
}

/// One answer being taken.
struct Step<'a> {
    replication: &'a mut Replication,
    round: Round,
    settings: &'a Settings,
    env: &'a Env<'a>,
    turn: &'a mut Turn,
}

impl Step<'_> {
    fn key(&self, what: &str) -> String {
        sealed_for_store::key(what, &self.settings.etcd, &self.env.settings.session)
    }

    fn take(&mut self, answer: Answer) -> Next {
        match core::mem::replace(&mut self.round.awaits, Awaits::Cursor) {
            Awaits::Cursor => self.cursor(&answer),
            Awaits::Poller => self.poller(&answer),
            Awaits::PollerSwap => match answer {
                Answer::Swapped => self.outgoing(Outgoing::start(self.key(OUTBOX))),
                _ => Next::End,
            },
            Awaits::Outgoing(outgoing) => {
                let next = outgoing.answer(answer, self.settings, self.env);
                self.outgoing(next)
            }
            Awaits::Page(errand) => {
                let next = errand.answer(answer, &self.settings.etcd, self.env);
                self.page(next)
            }
            Awaits::Recording(recording, page) => {
                let next = recording.answer(&answer, self.env.now);
                self.recording(next, page)
            }
            Awaits::CursorSwap => {
                if answer == Answer::Swapped {
                    self.replication.seen = self.round.cursor;
                }
                Next::End
            }
        }
    }

    fn cursor(&mut self, answer: &Answer) -> Next {
        let Answer::Loaded { value, version } = answer else { return Next::End };
        self.round.cursor = Cursor::load(value.as_deref());
        self.round.version = *version;
        self.replication.seen = self.round.cursor;
        if self.round.cursor.is_due(self.settings, self.env.now) {
            return Next::Ask(Awaits::Poller, Ask::Load { key: self.key(POLLER) });
        }
        Next::End
    }

    fn poller(&mut self, answer: &Answer) -> Next {
        let Answer::Loaded { value, version } = answer else { return Next::End };
        let Some(worker) = self.replication.worker(self.env) else { return Next::End };
        match poller::take(value.as_deref(), worker, self.env.now) {
            Some(value) => {
                let key = self.key(POLLER);
                Next::Ask(Awaits::PollerSwap, Ask::CompareAndSwap { key, expected: *version, value })
            }
            None => Next::End,
        }
    }

    fn outgoing(&mut self, turn: OutgoingTurn) -> Next {
        match turn {
            OutgoingTurn::Ask(outgoing, ask) => Next::Ask(Awaits::Outgoing(outgoing), ask),
            OutgoingTurn::Done(left) => {
                self.is_behind(left);
                self.read()
            }
            OutgoingTurn::Failed(fault) => self.fail(&fault),
            OutgoingTurn::Stuck => Next::End,
        }
    }

    /// Reading is fresh or stale; what waits to be told makes others stale, who cannot know.
    fn is_behind(&mut self, waits_since: Option<UnixTime>) {
        let late =
            waits_since.filter(|since| self.env.now > since.saturating_add(self.settings.max_staleness));
        let was_behind = core::mem::replace(&mut self.replication.behind, late.is_some());
        if let Some(since) = late
            && !was_behind
        {
            let detail = format_args!("other replicas were not told yet of a logout at {since}");
            self.say("shared_store_behind", Code::SharedStoreUnavailable, &detail);
        }
    }

    /// Asks for what others wrote. Who has other keys than the last reader reads everything again: some of it was not
    /// readable then.
    fn read(&mut self) -> Next {
        let reader = sealed_for_store::reader(&self.env.settings.session);
        if self.round.cursor.reader != reader {
            self.round.cursor.upto = Revision::START;
            self.round.cursor.reader = reader;
        }
        let start = Errand::start(Read { since: self.round.cursor.upto }, &self.settings.etcd, self.env);
        self.page(start)
    }

    fn page(&mut self, turn: ErrandTurn<Read>) -> Next {
        let (since, page) = match turn {
            ErrandTurn::Ask(errand, ask) => return Next::Ask(Awaits::Page(Box::new(errand)), ask),
            ErrandTurn::Done(_, Err(fault)) => return self.fail(&fault),
            ErrandTurn::Done(read, Ok(page)) => (read.since, page),
        };
        self.round.pages = self.round.pages.saturating_add(1);
        let other = self.round.cursor.cluster != 0 && self.round.cursor.cluster != page.cluster;
        if (other || page.upto < since) && since != Revision::START {
            self.round.cursor.upto = Revision::START;
            self.round.cursor.cluster = page.cluster;
            let detail = "it is another one, or was emptied or restored: what only it knew is forgotten";
            self.say("shared_store_forgot", Code::SharedStoreForgot, &detail);
            return self.outgoing(Outgoing::forgotten(self.key(OUTBOX)));
        }
        self.round.cursor.cluster = page.cluster;
        let opened: Vec<_> =
            page.records.iter().map(|record| outbox::open(&record.0, &self.env.settings.session)).collect();
        let unreadable = opened.iter().filter(|record| record.is_none()).count();
        if unreadable > 0 {
            let detail = format_args!("{unreadable} records were not sealed with our keys");
            self.say("shared_store_record_unreadable", Code::SharedStoreRecordUnreadable, &detail);
        }
        let now = self.env.now;
        let matters = opened
            .into_iter()
            .flatten()
            .filter(|revocation| now <= revocation.until().saturating_add(Revocation::GRACE))
            .collect();
        self.recording_of(matters, page)
    }

    fn recording_of(&mut self, matters: Vec<Revocation>, page: Changes) -> Next {
        if matters.is_empty() {
            return self.went_on(&page);
        }
        self.recording(Recording::start(matters), page)
    }

    fn recording(&mut self, turn: RecordingTurn, page: Changes) -> Next {
        match turn {
            RecordingTurn::Ask { recording, ask } => {
                Next::Ask(Awaits::Recording(Box::new(recording), page), ask)
            }
            RecordingTurn::Recorded(_) => self.went_on(&page),
            // Not read, then: the next round tries again, and the cursor says how old what is known is.
            RecordingTurn::Failed | RecordingTurn::Untold => Next::End,
        }
    }

    /// A page is in the ledger.
    fn went_on(&mut self, page: &Changes) -> Next {
        self.round.cursor.upto = page.upto;
        if page.more && self.round.pages < MAX_PAGES {
            return self.read();
        }
        if !page.more {
            self.round.cursor.read_at = Some(self.round.began);
            if core::mem::take(&mut self.replication.failing) {
                self.turn.tells.push(Tell::Event(Event {
                    name: "shared_store_back",
                    code: None,
                    fields: Vec::new(),
                }));
            }
        }
        let key = self.key(CURSOR);
        let (expected, value) = (self.round.version, self.round.cursor.store());
        Next::Ask(Awaits::CursorSwap, Ask::CompareAndSwap { key, expected, value })
    }

    fn fail(&mut self, fault: &StoreError) -> Next {
        if !core::mem::replace(&mut self.replication.failing, true) {
            self.say("shared_store_failed", fault.code(), fault);
        } else {
            self.turn.tells.push(Tell::Count { outcome: "shared_store_failed", code: Some(fault.code()) });
        }
        Next::End
    }

    fn say(&mut self, name: &'static str, code: Code, detail: &dyn Display) {
        self.turn.tells.push(Tell::Event(Event {
            name,
            code: Some(code),
            fields: vec![
                ("slug", code.slug().to_owned()),
                ("detail", detail.to_string()),
                ("remedy", code.remedy().to_owned()),
            ],
        }));
        self.turn.tells.push(Tell::Count { outcome: name, code: Some(code) });
    }
}
