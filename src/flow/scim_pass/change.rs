//! Whom a request concerns.

use serde_json::Value;

use crate::directory::Group;
use crate::http::HttpResponse;
use crate::scim::passing;
use crate::scim::{Error, Limits, Members, Patch};

use super::Names;
use super::settling::{MAX_PEOPLE, Seat};

/// Whom a request concerns, as far as the rules ask.
#[derive(Debug)]
pub(super) enum Concern {
    /// Nobody, or nobody is brought anywhere.
    Nobody,
    /// Whoever the answer shows.
    Made,
    /// One person, by the service's id.
    Person(String),
    /// The members of a group that is made.
    NewGroup { name: String, members: Members },
    /// Members of a group that is to be looked at.
    Aimed { id: String, aim: Aim },
    /// Members of a group that was looked at.
    Group(GroupChange),
}

/// What is to become of a group.
#[derive(Debug)]
pub(super) enum Aim {
    Patch(Patch),
    Put { name: String, members: Members },
    Delete,
}

/// A change of a group that is there.
#[derive(Debug)]
pub(super) struct GroupChange {
    id: String,
    /// What the directory calls it afterwards; empty when it is deleted.
    name: String,
    comers: Members,
    leavers: Members,
    rest: Rest,
    /// Nobody comes who was not in: the request may be a repetition of one of which not everybody was done.
    repeats: bool,
}

/// What becomes of members whom the request does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// Nothing.
    Stays,
    /// They are out.
    Leaves,
    /// The rules know their group by another name.
    Renamed,
    /// They are out, and those who are named are in a group of another name.
    LeavesRenamed,
    /// They are in `leavers` or `comers` by now, or nobody can tell who they are.
    Known,
}

/// Who is brought on after the service answered.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) people: Vec<String>,
    /// So many of them.
    pub(super) room: usize,
    pub(super) seat: Seat,
    /// Those for whom there is no room miss something.
    pub(super) counts: bool,
}

impl Concern {
    /// The group was looked at, and the directory calls it `name`.
    ///
    /// # Errors
    /// Nobody can say what the request does to it.
    pub(super) fn meets(&mut self, name: &str, names: &Names) -> Result<(), Error> {
        if let Self::Aimed { id, aim } = self {
            *self = Self::Group(GroupChange::of(core::mem::take(id), aim, name, names)?);
        }
        Ok(())
    }

    /// The group whose members have to be known first.
    pub(super) fn asks_members(&self) -> Option<&str> {
        match self {
            Self::Group(change) if !matches!(change.rest, Rest::Stays | Rest::Known) => Some(&change.id),
            _ => None,
        }
    }

    /// These are in the group now; `None` when the service does not say.
    pub(super) fn learn(&mut self, present: Option<&Members>) {
        if let Self::Group(change) = self {
            change.learn(present);
        }
    }

    /// Who leaves, and which group.
    pub(super) fn departure(&self) -> Option<(Vec<String>, String)> {
        match self {
            Self::Group(change) if !change.leavers.is_empty() => {
                Some((change.leavers.iter().cloned().collect(), change.id.clone()))
            }
            _ => None,
        }
    }

    /// Who is brought on now that the service answered.
    pub(super) fn arrival(self, response: &HttpResponse) -> Option<Arrival> {
        let accepted = (200..300).contains(&response.status);
        let made = || {
            let resource: Value = serde_json::from_slice(&response.body).ok()?;
            passing::id_of(&resource).map(str::to_owned)
        };
        let arrival = match self {
            Self::Made if accepted => Arrival::of(vec![made()?], Seat::AsItIs),
            Self::Person(id) if accepted => Arrival::of(vec![id], Seat::AsItIs),
            Self::NewGroup { name, members } if accepted => {
                Arrival::of(members.into_iter().collect(), Seat::In(Group { id: made()?, name }))
            }
            Self::Group(change) if accepted => {
                let room = MAX_PEOPLE.saturating_sub(change.leavers.len());
                let seat = Seat::In(Group { id: change.id, name: change.name });
                Arrival {
                    room,
                    counts: !change.repeats,
                    ..Arrival::of(change.comers.into_iter().collect(), seat)
                }
            }
            // The service keeps them: they get back what they were to lose. An answer that says nothing (5xx) is no such word.
            Self::Group(change) if (300..500).contains(&response.status) => {
                Arrival::of(change.leavers.into_iter().collect(), Seat::AsItIs)
            }
            _ => return None,
        };
        (!arrival.people.is_empty()).then_some(arrival)
    }
}

impl Arrival {
    const fn of(people: Vec<String>, seat: Seat) -> Self {
        Self { people, room: MAX_PEOPLE, seat, counts: true }
    }
}

impl GroupChange {
    fn of(id: String, aim: &Aim, before: &str, names: &Names) -> Result<Self, Error> {
        let (name, comers, leavers, clears) = match aim {
            Aim::Patch(patch) => {
                let (name, change) = patch.of_group(&id, before, &Limits::DEFAULT)?;
                (name, change.added().clone(), change.removed().clone(), change.replaces())
            }
            Aim::Put { name, members } => (name.clone(), members.clone(), Members::new(), true),
            Aim::Delete => (String::new(), Members::new(), Members::new(), true),
        };
        let name = names.spelled(name);
        let rest = match (clears, name == before || name.is_empty()) {
            (true, true) => Rest::Leaves,
            (true, false) => Rest::LeavesRenamed,
            (false, false) => Rest::Renamed,
            (false, true) => Rest::Stays,
        };
        Ok(Self { id, name, comers, leavers, rest, repeats: false })
    }

    fn learn(&mut self, present: Option<&Members>) {
        let rest = core::mem::replace(&mut self.rest, Rest::Known);
        let Some(present) = present else { return };
        match rest {
            Rest::Leaves => {
                self.leavers = present.difference(&self.comers).cloned().collect();
                let new: Members = self.comers.difference(present).cloned().collect();
                self.repeats = new.is_empty();
                if !self.repeats {
                    self.comers = new;
                }
            }
            Rest::LeavesRenamed => self.leavers = present.difference(&self.comers).cloned().collect(),
            Rest::Renamed => self.comers.extend(present.difference(&self.leavers).cloned()),
            Rest::Stays | Rest::Known => {}
        }
    }
}
