//! What other sign-ins left behind, loaded at the start and written back at the end.

use crate::base::{Code, Pii, Rejection};
use crate::effect::{Answer, Ask, AskId, Version};
use crate::provision::memory::newcomer;
use crate::provision::memory::{Book, Circuit, Passage, Remembered};
use crate::provision::{Directory, RemoteState};

use super::super::Env;
use super::super::settings::{MAX_PROVISIONING_TIME, Provisioning};
use super::work::Left;

/// Asks of the memory are numbered from here on, far beyond the questions to the application.
const FIRST: u32 = 1_000;
const CIRCUIT: AskId = AskId(FIRST);
const BOOK: AskId = AskId(FIRST + 1);
const PERSON: AskId = AskId(FIRST + 2);
const NEWCOMER: AskId = AskId(FIRST + 3);
/// The answer to this one is waited for by nobody: a note that could not be made is as none.
pub(in crate::flow) const NOTE: AskId = AskId(FIRST + 4);
pub(in crate::flow) const NOTE_VERSION: AskId = AskId(FIRST + 5);

/// The longest pause that an application may ask for, in pauses: nobody is locked out for an hour by one header.
const MOST_PAUSES: u32 = 32;

/// One sign-in's view of the memory.
#[derive(Debug)]
pub(in crate::flow) struct Memory {
    /// By what the person is looked up; `None` where nothing is remembered of people.
    person: Option<Pii<String>>,
    /// The address by which the person may be looked for.
    linkable: Option<Pii<String>>,
    open: u32,
    circuit: Circuit,
    circuit_version: Option<Version>,
    book: Book,
    book_version: Option<Version>,
    remembered: Option<RemoteState>,
    person_version: Option<Version>,
    /// Something was remembered of the person.
    knew_person: bool,
    /// Who signs in; `None` where nobody does.
    who: Option<Pii<String>>,
    newcomer: Newcomer,
}

/// Whether an account is being made for the person.
#[derive(Debug)]
struct Newcomer {
    noted: bool,
    version: Option<Version>,
}

impl Memory {
    /// Loads what there is.
    pub(in crate::flow) fn load(
        person: Option<&Pii<String>>,
        linkable: Option<&Pii<String>>,
        provisioning: &Provisioning,
    ) -> (Self, Vec<(AskId, Ask)>) {
        let who = person.cloned();
        let person = person.filter(|_| !provisioning.skip_unchanged_for.is_zero()).cloned();
        let scope = &provisioning.scope;
        let mut asks =
            vec![(CIRCUIT, Ask::Load { key: scope.circuit() }), (BOOK, Ask::Load { key: scope.book() })];
        asks.extend(person.as_ref().map(|person| (PERSON, Ask::Load { key: scope.person(person) })));
        asks.extend(who.as_ref().map(|who| (NEWCOMER, Ask::Load { key: scope.newcomer(who) })));
        let memory = Self {
            who,
            newcomer: Newcomer { noted: false, version: None },
            person,
            linkable: linkable.cloned(),
            open: u32::try_from(asks.len()).unwrap_or_default(),
            circuit: Circuit::default(),
            circuit_version: None,
            book: Book::default(),
            book_version: None,
            remembered: None,
            person_version: None,
            knew_person: false,
        };
        (memory, asks)
    }

    /// Takes one answer; true when all are there. A store that fails remembers nothing.
    pub(in crate::flow) fn loaded(
        &mut self,
        id: AskId,
        answer: Answer,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> bool {
        self.open = self.open.saturating_sub(1);
        if let Answer::Loaded { value, version } = answer {
            let value = value.as_deref();
            match id {
                CIRCUIT => {
                    (self.circuit, self.circuit_version) = (Circuit::decode(value), Some(version));
                }
                NEWCOMER => {
                    let who = self.who.as_ref();
                    let noted = who.is_some_and(|who| newcomer::is_noted(value, who, env.now));
                    self.newcomer = Newcomer { noted, version: Some(version) };
                }
                BOOK => (self.book, self.book_version) = (Book::decode(value), Some(version)),
                _ => {
                    let person = self.person.as_ref();
                    let (linkable, believed) = (self.linkable.as_ref(), provisioning.skip_unchanged_for);
                    self.remembered = person
                        .and_then(|person| Remembered::recall(value, person, linkable, believed, env.now));
                    self.knew_person = self.remembered.is_some();
                    self.person_version = Some(version);
                }
            }
        }
        self.open == 0
    }

    /// May the application be called? `Err` tells since when it is left alone; `Ok(Some(..))` is what has to be swapped in
    /// first.
    pub(in crate::flow) fn passage(
        &self,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> Result<Option<(AskId, Ask)>, Rejection> {
        if provisioning.circuit_open_for.is_zero() {
            return Ok(None);
        }
        match self.circuit.passage(env.now, MAX_PROVISIONING_TIME) {
            Passage::Closed => Ok(None),
            Passage::Open(until) => Err(open(format_args!("it is left alone until {until}"))),
            Passage::Probe(probe) => {
                let key = provisioning.scope.circuit();
                let expected = self.circuit_version.unwrap_or(Version::Absent);
                Ok(Some((CIRCUIT, Ask::CompareAndSwap { key, expected, value: probe.encode() })))
            }
        }
    }

    /// Was an account being made for the person when an earlier sign-in broke off?
    pub(in crate::flow) const fn is_newcomer(&self) -> bool {
        self.newcomer.noted
    }

    /// Notes that an account is being made, once.
    pub(in crate::flow) fn note_newcomer(
        &mut self,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> Option<(AskId, Ask)> {
        let who = self.who.as_ref().filter(|_| !self.newcomer.noted)?;
        let expected = self.newcomer.version.take()?;
        self.newcomer.noted = true;
        let value = newcomer::note(who, env.now);
        Some((NOTE, Ask::CompareAndSwap { key: provisioning.scope.newcomer(who), expected, value }))
    }

    /// The note was written: its version is the host's secret, and without it the note could not be struck out.
    pub(in crate::flow) fn reload_note(&self, provisioning: &Provisioning) -> Option<(AskId, Ask)> {
        let key = provisioning.scope.newcomer(self.who.as_ref()?);
        Some((NOTE_VERSION, Ask::Load { key }))
    }

    /// Takes the note's version.
    pub(in crate::flow) const fn noted(&mut self, answer: &Answer) {
        if let Answer::Loaded { version, .. } = answer {
            self.newcomer.version = Some(*version);
        }
    }

    /// What the account was a moment ago.
    pub(in crate::flow) const fn remembered(&mut self) -> Option<RemoteState> {
        self.remembered.take()
    }

    /// Names that are known to exist.
    pub(in crate::flow) fn directory(&self, env: &Env<'_>) -> Directory {
        self.book.directory(env.now)
    }

    /// Is it time to count the licences?
    pub(in crate::flow) fn counts_seats(&self, provisioning: &Provisioning, env: &Env<'_>) -> bool {
        provisioning.warn_when_seats_below > 0 && !self.book.are_seats_counted(env.now)
    }

    /// What is worth writing back. What others wrote meanwhile stays: nobody depends on it.
    pub(in crate::flow) fn save(
        &self,
        ended: &Left,
        counted_seats: bool,
        provisioning: &Provisioning,
        env: &Env<'_>,
    ) -> Vec<(AskId, Ask)> {
        let mut asks = Vec::new();
        let mut write = |id, key, expected: Option<Version>, value: Option<Vec<u8>>| {
            if let (Some(expected), Some(value)) = (expected, value) {
                asks.push((id, Ask::CompareAndSwap { key, expected, value }));
            }
        };
        let scope = &provisioning.scope;
        let pause = provisioning.circuit_open_for;
        let circuit = match ended {
            Left::Untouched => None,
            _ if pause.is_zero() => None,
            Left::Well(_) | Left::Badly(_) => (!self.circuit.is_closed()).then(Circuit::default),
            Left::Dead => Some(self.circuit.failed(env.now, pause)),
            Left::LeaveAlone(asked_for) => {
                let asked_for = if asked_for.is_zero() { pause } else { *asked_for };
                Some(self.circuit.refused(env.now, asked_for.min(pause.saturating_mul(MOST_PAUSES))))
            }
        };
        write(CIRCUIT, scope.circuit(), self.circuit_version, circuit.map(|circuit| circuit.encode()));
        let remote = match ended {
            Left::Well(remote) | Left::Badly(Some(remote)) => Some(remote),
            Left::Untouched | Left::Badly(None) | Left::Dead | Left::LeaveAlone(_) => None,
        };
        let book = remote.and_then(|remote| self.book.after(&remote.directory, counted_seats, env.now));
        write(BOOK, scope.book(), self.book_version, book.map(|book| book.encode()));
        // What is remembered of somebody at whom a change broke off is not so any more.
        if let (Left::Badly(_) | Left::Dead | Left::LeaveAlone(_), Some(person), true) =
            (ended, &self.person, self.knew_person)
        {
            write(PERSON, scope.person(person), self.person_version, Some(Vec::new()));
        }
        if let (Left::Well(remote), Some(person)) = (ended, &self.person) {
            let record = Remembered::encode(person, self.linkable.as_ref(), remote, env.now);
            write(PERSON, scope.person(person), self.person_version, record);
        }
        // Finished now; or refused, and there is no account.
        let settled = match ended {
            Left::Well(_) => true,
            Left::Badly(Some(remote)) => remote.account.is_none(),
            Left::Untouched | Left::Badly(None) | Left::Dead | Left::LeaveAlone(_) => false,
        };
        if let (true, Some(who), true) = (settled, &self.who, self.newcomer.noted) {
            write(NEWCOMER, scope.newcomer(who), self.newcomer.version, Some(newcomer::nothing()));
        }
        asks
    }

    /// The probe's swap succeeded: its version is the host's secret, so the circuit is loaded anew.
    pub(in crate::flow) fn reload_circuit(&mut self, provisioning: &Provisioning) -> (AskId, Ask) {
        self.open = 1;
        (CIRCUIT, Ask::Load { key: provisioning.scope.circuit() })
    }
}

/// The application is left alone.
pub(in crate::flow) fn open(detail: impl core::fmt::Display) -> Rejection {
    Rejection::new(Code::CircuitOpen, format_args!("the application failed a moment ago, {detail}"))
}
