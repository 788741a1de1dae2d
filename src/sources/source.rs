//! What every kind of directory offers, in one trait: which call comes next, and what its answer says.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::base::UnixTime;
use crate::directory::{Group, Person};
use crate::http::{HttpCall, HttpResponse};

use super::cursor::{Cursor, DeltaToken};
use super::endpoint::Endpoint;
use super::error::{Request, SourceError};

/// A directory that is pulled.
///
/// It is asked from outside: which call to make, and what its answer means. It keeps nothing between two calls; where a pull
/// is stands in its [`Cursor`]. Calls come without credentials, which [`super::Access`] adds.
pub trait Source: fmt::Debug + Send + Sync {
    /// The word for it in the configuration, in metrics and in events.
    fn name(&self) -> &'static str;

    /// Where it is, and what proves who we are.
    fn endpoint(&self) -> &Endpoint;

    /// Which people of which directory these are, as text that holds no secret. What was seen of one is worth nothing for
    /// another, so a checkpoint is kept with it.
    fn fingerprint(&self) -> String;

    /// Can it say what changed since an earlier pull?
    fn has_delta(&self) -> bool;

    /// Where a pull begins.
    ///
    /// # Errors
    /// [`SourceError::DeltaExpired`] when the token is not one of this directory; pull everything then.
    fn start(&self, pull: &Pull, now: UnixTime) -> Result<Cursor, SourceError>;

    /// Where somebody's groups begin; `None` where they came with the person.
    fn groups_of(&self, person: &Person) -> Option<Cursor>;

    /// The call that brings what `cursor` stands at.
    fn page(&self, cursor: &Cursor) -> HttpCall;

    /// What the answer to [`Source::page`] says about people.
    ///
    /// # Errors
    /// [`SourceError`] when it is anything but a whole page. The pull can be tried again at the same cursor. What is wrong
    /// with one entry is no fault of the page, and stands in [`PageRead::odd`].
    fn read(&self, cursor: &Cursor, response: &HttpResponse, now: UnixTime) -> Result<PageRead, SourceError>;

    /// What the answer to [`Source::page`] says about somebody's groups.
    ///
    /// # Errors
    /// [`SourceError`] when it is anything but a whole page, and what is no fault of the pull: [`SourceError::Vanished`] when
    /// the person is not there any more, [`SourceError::Odd`] when nobody can tell which groups these are.
    fn read_groups(
        &self,
        cursor: &Cursor,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<GroupsRead, SourceError>;

    /// The call that asks for one person: to complete one that a delta only mentioned, and to make sure before anybody who
    /// was not seen loses anything.
    fn look_up(&self, key: &Key) -> HttpCall;

    /// What the answer to [`Source::look_up`] says; `None` when the directory certainly has no such person.
    ///
    /// # Errors
    /// [`SourceError`] when it does not tell, [`SourceError::Odd`] when what it says of the person is not usable.
    fn looked_up(
        &self,
        key: &Key,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<Option<Person>, SourceError>;
}

/// How much is pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pull {
    /// Everybody.
    Full {
        /// A token for the changes from now on is wanted too.
        then_delta: bool,
    },
    /// Who changed since.
    Delta(DeltaToken),
}

/// By what one person is asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// The directory's own name of the entry.
    Id(String),
    /// The name by which the person signs in.
    Username(String),
    /// The person's e-mail address.
    Email(String),
}

impl Key {
    /// Is it `person` who was asked for? Only for what may lead to several.
    pub(super) fn is(&self, person: &Person) -> bool {
        match self {
            Self::Id(id) => person.id == *id,
            Self::Username(name) => super::person::same(person.username.expose(), name),
            Self::Email(email) => {
                person.email.as_ref().is_some_and(|have| super::person::same(have.expose(), email))
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id",
            Self::Username(_) => "Username",
            Self::Email(_) => "Email",
        })
    }
}

/// One page of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRead {
    /// Who is on it. The same person can come again on a later page.
    pub people: Vec<Person>,
    /// Who is on it and cannot be read for certain: nothing is done for them, and nothing to them.
    pub odd: Vec<OddPerson>,
    /// Groups that did not come with the people can be asked for; else they are not known.
    pub asks_groups: bool,
    /// Ids of people of whom a delta only said that something changed: ask for each with [`Source::look_up`].
    pub changed: Vec<String>,
    /// Ids of people who are gone, as a delta says.
    pub gone: Vec<String>,
    /// Entries without a usable user name: nobody signs in as them, so they are nobody's.
    pub nameless: u32,
    /// How it goes on.
    pub next: Next,
}

/// Somebody whose entry is not as the directory's documentation promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddPerson {
    /// What can be read of them; whether they are active cannot.
    pub person: Person,
    /// What was expected.
    pub expected: &'static str,
}

impl PageRead {
    /// A page before anybody on it was read.
    pub(super) const fn before(next: Next) -> Self {
        Self {
            people: Vec::new(),
            odd: Vec::new(),
            asks_groups: true,
            changed: Vec::new(),
            gone: Vec::new(),
            nameless: 0,
            next,
        }
    }

    /// Takes somebody in, or what is known of them.
    pub(super) fn enter(&mut self, described: Option<Person>, active: Result<bool, &'static str>) {
        match (described, active) {
            (Some(person), Ok(active)) => self.people.push(Person { active, ..person }),
            (Some(person), Err(expected)) => self.odd.push(OddPerson { person, expected }),
            (None, _) => self.nameless = self.nameless.saturating_add(1),
        }
    }
}

/// The same for somebody who was asked for.
pub(super) fn certain(
    described: Option<Person>,
    active: Result<bool, &'static str>,
) -> Result<Option<Person>, SourceError> {
    let Some(person) = described else { return Ok(None) };
    let odd = |expected| SourceError::Odd { request: Request::Person, expected };
    Ok(Some(Person { active: active.map_err(odd)?, ..person }))
}

/// How a pull goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// With this page.
    Page(Cursor),
    /// That was all.
    End(End),
}

/// The end of a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The proof that every entry of the directory was on one of the pages; a delta has none.
    pub whole: Option<WholeDirectory>,
    /// What to ask for the changes from this pull on.
    pub delta: Option<DeltaToken>,
}

/// The proof that a pull saw everybody: only the last page of a full pull makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeDirectory {
    entries: u64,
}

impl WholeDirectory {
    pub(super) const fn of(entries: u64) -> Self {
        Self { entries }
    }

    /// How many entries were read, each as often as it came.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }
}

/// One page of somebody's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupsRead {
    /// The groups.
    pub groups: Vec<Group>,
    /// Where it goes on; `None` after the last page.
    pub next: Option<Cursor>,
}
