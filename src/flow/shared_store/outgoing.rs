//! What waits for other replicas is told to the store, and noted as told where it waits.
//!
//! While the store is asked, workers go on adding to the outbox. So what was told is noted in the outbox as it is then, not
//! as it was before: else the same entries would be told again and again, and those behind them never.

use crate::base::UnixTime;
use crate::effect::{Answer, Ask, Version};
use crate::session::outbox::{Announcement, Outbox};
use crate::store::{Settings, StoreError};

use super::super::Env;
use super::errand::{Errand, ErrandTurn};
use super::operations::Publish;

/// Announcements of one round. Each is a call; what is left goes with the next round.
const MAX_TOLD: usize = 50;

/// Loads of the outbox for one note: a second conflict in a row is already rare.
const MAX_ATTEMPTS: u32 = 8;

/// The outbox being emptied, or filled again.
#[derive(Debug)]
pub(super) struct Outgoing {
    key: String,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// What waits is being read.
    Reading,
    /// The store is being told.
    Telling(Box<Telling>),
    /// The outbox is being read again, to be changed.
    Rereading(Note),
    /// It is being written.
    Writing(Note, Option<UnixTime>),
}

/// Announcements on their way.
#[derive(Debug)]
struct Telling {
    errand: Errand<Publish>,
    left: Vec<Announcement>,
    told: Vec<Announcement>,
}

/// What has to be noted in the outbox.
#[derive(Debug)]
struct Note {
    what: What,
    attempts: u32,
}

#[derive(Debug)]
enum What {
    /// These were told, and then the store failed, or not.
    Told(Vec<Announcement>, Result<(), StoreError>),
    /// The store has forgotten everything.
    Forgotten,
}

/// What it needs next, or how it ended.
#[allow(clippy::large_enum_variant, reason = "it lives for one turn, and in wasm it is small")]
pub(super) enum OutgoingTurn {
    /// The answer to this goes to [`Outgoing::answer`].
    Ask(Outgoing, Ask),
    /// It is done; since when the oldest waits that is left.
    Done(Option<UnixTime>),
    /// The store that replicas share failed.
    Failed(StoreError),
    /// The outbox could not be read or written.
    Stuck,
}

impl Outgoing {
    /// Tells what waits in the outbox under `key`.
    pub(super) fn start(key: String) -> OutgoingTurn {
        let ask = Ask::Load { key: key.clone() };
        OutgoingTurn::Ask(Self { key, phase: Phase::Reading }, ask)
    }

    /// The store has to be told everything again.
    pub(super) fn forgotten(key: String) -> OutgoingTurn {
        reread(key, Note { what: What::Forgotten, attempts: 0 })
    }

    /// Takes the answer to the last ask.
    pub(super) fn answer(self, answer: Answer, settings: &Settings, env: &Env<'_>) -> OutgoingTurn {
        let Self { key, phase } = self;
        match (phase, answer) {
            (Phase::Reading, Answer::Loaded { value, .. }) => {
                let mut left = Outbox::load(value.as_deref(), env.now).untold(MAX_TOLD);
                left.reverse();
                next(key, left, Vec::new(), settings, env)
            }
            (Phase::Telling(telling), answer) => {
                let Telling { errand, left, told } = *telling;
                let turn = errand.answer(answer, &settings.etcd, env);
                tell(key, turn, left, told, settings, env)
            }
            (Phase::Rereading(note), Answer::Loaded { value, version }) => {
                write(key, note, value.as_deref(), version, env.now)
            }
            (Phase::Writing(note, left), Answer::Swapped) => note.made(left),
            (Phase::Writing(note, _), Answer::Conflict) => reread(key, note),
            (Phase::Rereading(note) | Phase::Writing(note, _), _) => note.failed(),
            (Phase::Reading, _) => OutgoingTurn::Stuck,
        }
    }
}

/// Tells the last of `left`.
fn next(
    key: String,
    mut left: Vec<Announcement>,
    told: Vec<Announcement>,
    settings: &Settings,
    env: &Env<'_>,
) -> OutgoingTurn {
    match left.pop() {
        Some(next) => {
            let start = Errand::start(Publish::new(next, settings, env.now), &settings.etcd, env);
            tell(key, start, left, told, settings, env)
        }
        None if told.is_empty() => OutgoingTurn::Done(None),
        None => reread(key, Note { what: What::Told(told, Ok(())), attempts: 0 }),
    }
}

fn tell(
    key: String,
    turn: ErrandTurn<Publish>,
    left: Vec<Announcement>,
    mut told: Vec<Announcement>,
    settings: &Settings,
    env: &Env<'_>,
) -> OutgoingTurn {
    match turn {
        ErrandTurn::Ask(errand, ask) => {
            let phase = Phase::Telling(Box::new(Telling { errand, left, told }));
            OutgoingTurn::Ask(Outgoing { key, phase }, ask)
        }
        ErrandTurn::Done(done, Ok(())) => {
            told.push(done.announcement);
            next(key, left, told, settings, env)
        }
        ErrandTurn::Done(_, Err(fault)) if told.is_empty() => OutgoingTurn::Failed(fault),
        ErrandTurn::Done(_, Err(fault)) => {
            reread(key, Note { what: What::Told(told, Err(fault)), attempts: 0 })
        }
    }
}

fn reread(key: String, mut note: Note) -> OutgoingTurn {
    if note.attempts == MAX_ATTEMPTS {
        return note.failed();
    }
    note.attempts = note.attempts.saturating_add(1);
    let ask = Ask::Load { key: key.clone() };
    OutgoingTurn::Ask(Outgoing { key, phase: Phase::Rereading(note) }, ask)
}

fn write(key: String, note: Note, loaded: Option<&[u8]>, expected: Version, now: UnixTime) -> OutgoingTurn {
    let mut outbox = Outbox::load(loaded, now);
    match &note.what {
        What::Told(told, _) => outbox.note(told),
        What::Forgotten => outbox.tell_again(now),
    }
    let ask = Ask::CompareAndSwap { key: key.clone(), expected, value: outbox.store() };
    OutgoingTurn::Ask(Outgoing { key, phase: Phase::Writing(note, outbox.waits_since()) }, ask)
}

impl Note {
    fn made(self, left: Option<UnixTime>) -> OutgoingTurn {
        match self.what {
            What::Told(_, Ok(())) | What::Forgotten => OutgoingTurn::Done(left),
            What::Told(_, Err(fault)) => OutgoingTurn::Failed(fault),
        }
    }

    fn failed(self) -> OutgoingTurn {
        match self.what {
            // They are told again, which changes nothing.
            What::Told(_, Ok(())) => OutgoingTurn::Done(None),
            What::Told(_, Err(fault)) => OutgoingTurn::Failed(fault),
            What::Forgotten => OutgoingTurn::Stuck,
        }
    }
}
