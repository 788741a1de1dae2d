//! Several people, brought to the application a few at a time.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::base::{Code, Rejection, UnixTime};
use crate::directory::Group;
use crate::effect::{Answer, Ask, AskId, Tell};

use super::Gate;
use super::visit::{Visit, VisitTurn};

/// People of one request. One takes some eight calls, a second and a half where the application is slow; with [`AT_ONCE`] side
/// by side fifty take [`MAX_TIME`]. Directories push members in tens: a group that is larger is pushed once.
pub(super) const MAX_PEOPLE: usize = 50;

/// People at a time: applications throttle who asks much at once, and each sign-in asks them the same.
const AT_ONCE: usize = 4;

/// After this nobody is begun any more: Entra ID and Okta wait a minute at least, and one request has two of these, for those
/// who leave and for those who come.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Asks of one person have so many bits.
const BITS: u32 = 16;

/// In which groups people are seen, beside what the service says of them: its list of a person's groups may lag behind.
#[derive(Clone, Debug)]
pub(super) enum Seat {
    /// As the service says.
    AsItIs,
    /// In this group too.
    In(Group),
    /// Not in the group with this id.
    Out(String),
}

/// People on the way.
#[derive(Debug)]
pub(super) struct Settling {
    seat: Seat,
    waiting: VecDeque<String>,
    visits: BTreeMap<u32, Visit>,
    next: u32,
    began: UnixTime,
    left: usize,
    trouble: Option<Trouble>,
}

/// One turn.
#[derive(Debug)]
pub(super) enum SettlingTurn {
    Wait(Box<Settling>, Vec<(AskId, Ask)>, Vec<Tell>),
    End(Settled, Vec<Tell>),
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Settled {
    /// People for whom there was no room or no time.
    pub(super) left: usize,
    /// Why not everybody was brought on who had room.
    pub(super) trouble: Option<Trouble>,
}

/// What stands in everybody's way, and passes.
#[derive(Debug)]
pub(super) struct Trouble {
    /// What the directory is told.
    pub(super) code: Code,
    pub(super) rejection: Rejection,
    pub(super) retry_after: Option<Duration>,
}

impl Settling {
    /// Begins with the first `room` of `people`, each under a number from `first` on.
    pub(super) fn start(
        mut people: Vec<String>,
        room: usize,
        seat: Seat,
        first: u32,
        gate: Gate<'_>,
    ) -> SettlingTurn {
        let left = people.len().saturating_sub(room);
        people.truncate(room);
        let settling = Self {
            seat,
            waiting: people.into(),
            visits: BTreeMap::new(),
            next: first,
            began: gate.env.now,
            left,
            trouble: None,
        };
        Box::new(settling).turn(Vec::new(), Vec::new(), gate)
    }

    /// Takes the answer to `id`.
    pub(super) fn answer(mut self: Box<Self>, id: AskId, answer: Answer, gate: Gate<'_>) -> SettlingTurn {
        let number = id.0 >> BITS;
        let Some(visit) = self.visits.remove(&number) else {
            // Of somebody who is done.
            return SettlingTurn::Wait(self, Vec::new(), Vec::new());
        };
        let inner = AskId(id.0 & ((1 << BITS) - 1));
        match visit.answer(inner, answer, &self.seat, gate) {
            VisitTurn::Wait(visit, asks, tells) => {
                self.visits.insert(number, visit);
                let asks = asks.into_iter().map(|(inner, ask)| (numbered(number, inner), ask)).collect();
                self.turn(asks, tells, gate)
            }
            VisitTurn::End(trouble, tells) => {
                if self.trouble.is_none() {
                    self.trouble = trouble;
                }
                self.turn(Vec::new(), tells, gate)
            }
        }
    }

    fn turn(
        mut self: Box<Self>,
        mut asks: Vec<(AskId, Ask)>,
        tells: Vec<Tell>,
        gate: Gate<'_>,
    ) -> SettlingTurn {
        if self.trouble.is_some() {
            // Nobody else is begun; whoever is under way comes to an end.
            self.waiting.clear();
        } else if gate.env.now.saturating_since(self.began) > MAX_TIME {
            self.left = self.left.saturating_add(self.waiting.len());
            self.waiting.clear();
        }
        while self.visits.len() < AT_ONCE {
            let Some(id) = self.waiting.pop_front() else { break };
            let (visit, inner, ask) = Visit::start(id, gate);
            asks.push((numbered(self.next, inner), ask));
            self.visits.insert(self.next, visit);
            self.next = self.next.saturating_add(1);
        }
        if self.visits.is_empty() {
            return SettlingTurn::End(Settled { left: self.left, trouble: self.trouble }, tells);
        }
        SettlingTurn::Wait(self, asks, tells)
    }
}

const fn numbered(number: u32, inner: AskId) -> AskId {
    AskId((number << BITS) | inner.0)
}
