//! One person of a page: completed from the directory, then brought to the application.

use core::time::Duration;

use crate::base::{Code, Rejection};
use crate::directory::{Membership, Person};
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::sources::{Access, Cursor, Key, SourceError};

use super::super::Env;
use super::super::background::is_worth_a_retry;
use super::super::directory::{Errand, Intent, PersonEnd, PersonFlow, PersonTurn};
use super::super::provisioning::budget::RemovalBudget;
use super::super::settings::Provisioning;
use super::fetch::{Fetch, FetchTurn};
use super::report;
use super::settings::{MembershipsManagedBy, Settings};

/// Tries of one person where trying again may help.
const MAX_TRIES: u32 = 3;

/// The wait before the second, doubled before the third: what takes longer ends the run before long.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// An application that wants to be left alone is waited for so long at most: the lease must not be kept by waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Groups of one person: ten times the 1,015 with which Windows still lets somebody log on.
const MAX_GROUPS: usize = 10_000;

/// A call to the directory has one ask at a time.
const FETCH: AskId = AskId(0);

/// Somebody who is worked on.
#[derive(Debug)]
pub(super) struct Guest {
    stage: Stage,
    tries: u32,
}

#[derive(Debug)]
enum Stage {
    /// All that is known is an id.
    LookUp(Fetch, Key),
    /// The groups are being read.
    Groups(Fetch, Cursor, Box<Person>),
    /// The application follows.
    Flow(Box<PersonFlow>, Box<Person>),
    /// Nothing before then.
    Pause(Duration, Box<Person>),
    /// Between two stages.
    Moving,
}

/// One turn.
#[derive(Debug)]
pub(super) enum GuestTurn {
    /// It goes on.
    Wait { asks: Vec<(AskId, Ask)>, tells: Vec<Tell> },
    /// It is over.
    End { end: Box<GuestEnd>, tells: Vec<Tell> },
}

/// What became of somebody.
#[derive(Debug)]
pub(super) enum GuestEnd {
    /// The directory has nobody of that id any more.
    Gone,
    /// The directory says that they may not use the application; nothing was done.
    Inactive(Box<Person>),
    /// The application was asked.
    Reached(Box<Person>, PersonEnd),
    /// What the directory says of them cannot be read for certain; nothing was done.
    Odd(SourceError),
    /// The directory did not complete the person: the pull is not whole.
    Broken(SourceError),
}

/// What is the same for everybody.
#[derive(Clone, Copy)]
pub(super) struct House<'a> {
    pub(super) settings: &'a Settings,
    pub(super) provisioning: &'a Provisioning,
    pub(super) dry_run: bool,
    pub(super) budget: Option<&'a RemovalBudget>,
}

impl Guest {
    /// Begins with the id of somebody who changed.
    pub(super) fn named(id: String, house: House<'_>, access: &Access, env: &Env<'_>) -> (Self, GuestTurn) {
        let key = Key::Id(id);
        let mut fetch = Fetch::new(house.settings.source.look_up(&key));
        let ask = fetch.send(access, house.settings.source.endpoint(), env);
        (Self { stage: Stage::LookUp(fetch, key), tries: 0 }, GuestTurn::ask(ask))
    }

    /// Begins with somebody of a page, and asks for their groups if that leads anywhere.
    pub(super) fn arrived(
        person: Person,
        asks_groups: bool,
        house: House<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> (Self, GuestTurn) {
        let mut guest = Self { stage: Stage::Moving, tries: 0 };
        let turn = guest.known(Box::new(person), asks_groups, house, access, env);
        (guest, turn)
    }

    fn known(
        &mut self,
        person: Box<Person>,
        asks_groups: bool,
        house: House<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> GuestTurn {
        if !person.active {
            return GuestTurn::end(GuestEnd::Inactive(person), Vec::new());
        }
        match house.settings.source.groups_of(&person).filter(|_| asks_groups) {
            None => self.bring(person, house, env),
            Some(cursor) => {
                let person = Box::new(Person { groups: Membership::Known(Vec::new()), ..*person });
                self.groups(person, cursor, house, access, env)
            }
        }
    }

    fn groups(
        &mut self,
        person: Box<Person>,
        cursor: Cursor,
        house: House<'_>,
        access: &Access,
        env: &Env<'_>,
    ) -> GuestTurn {
        let source = &house.settings.source;
        let mut fetch = Fetch::new(source.page(&cursor));
        let ask = fetch.send(access, source.endpoint(), env);
        self.stage = Stage::Groups(fetch, cursor, person);
        GuestTurn::ask(ask)
    }

    fn bring(&mut self, person: Box<Person>, house: House<'_>, env: &Env<'_>) -> GuestTurn {
        let turn = PersonFlow::start(house.errand(&person), env);
        self.brought(person, turn, env)
    }

    fn brought(&mut self, person: Box<Person>, turn: PersonTurn, env: &Env<'_>) -> GuestTurn {
        match turn {
            PersonTurn::Wait { inner, asks, tells } => {
                self.stage = Stage::Flow(inner, person);
                GuestTurn::Wait { asks, tells }
            }
            PersonTurn::End { end, tells } => {
                if let PersonEnd::Failed { rejection, retry_after } = &*end
                    && is_worth_a_retry(rejection.code)
                {
                    self.tries = self.tries.saturating_add(1);
                    let wait = FIRST_WAIT.saturating_mul(1 << self.tries.saturating_sub(1).min(8));
                    let wait = retry_after.unwrap_or_default().max(wait);
                    if self.tries < MAX_TRIES && wait <= LONGEST_WAIT {
                        self.stage = Stage::Pause(env.uptime.saturating_add(wait), person);
                        return GuestTurn::Wait { asks: Vec::new(), tells };
                    }
                }
                GuestTurn::end(GuestEnd::Reached(person, *end), tells)
            }
        }
    }

    /// Takes the answer to `id`.
    pub(super) fn answer(
        &mut self,
        id: AskId,
        answer: Answer,
        house: House<'_>,
        access: &mut Access,
        env: &Env<'_>,
    ) -> GuestTurn {
        let endpoint = house.settings.source.endpoint();
        match core::mem::replace(&mut self.stage, Stage::Moving) {
            Stage::Flow(flow, person) => {
                let turn = flow.answer(id, answer, house.errand(&person), env);
                self.brought(person, turn, env)
            }
            Stage::LookUp(mut fetch, key) => {
                let turn = match fetch.answer(answer, access, endpoint, env) {
                    FetchTurn::Got(response) => {
                        match house.settings.source.looked_up(&key, &response, env.now) {
                            Ok(Some(person)) => {
                                return self.known(Box::new(person), true, house, access, env);
                            }
                            Ok(None) => return GuestTurn::end(GuestEnd::Gone, Vec::new()),
                            Err(fault @ SourceError::Odd { .. }) => {
                                return GuestTurn::end(GuestEnd::Odd(fault), Vec::new());
                            }
                            Err(fault) => fetch.again(fault, env),
                        }
                    }
                    turn => turn,
                };
                self.fetching(turn, |guest| guest.stage = Stage::LookUp(fetch, key))
            }
            Stage::Groups(mut fetch, cursor, mut person) => {
                let turn = match fetch.answer(answer, access, endpoint, env) {
                    FetchTurn::Got(response) => {
                        match house.settings.source.read_groups(&cursor, &response, env.now) {
                            Ok(read) => {
                                if let Membership::Known(groups) = &mut person.groups {
                                    groups.extend(read.groups);
                                    if groups.len() > MAX_GROUPS {
                                        person.groups = Membership::Unknown;
                                        return self.bring(person, house, env);
                                    }
                                }
                                return match read.next {
                                    Some(next) => self.groups(person, next, house, access, env),
                                    None => self.bring(person, house, env),
                                };
                            }
                            // Not known is neither given nor taken, and stops nobody else.
                            Err(fault @ SourceError::Odd { .. }) => {
                                person.groups = Membership::Unknown;
                                let tells = report::groups_unknown(&fault);
                                return self.bring(person, house, env).after(tells);
                            }
                            Err(SourceError::Vanished) => {
                                return GuestTurn::end(GuestEnd::Gone, Vec::new());
                            }
                            Err(fault) => fetch.again(fault, env),
                        }
                    }
                    turn => turn,
                };
                // One person whose groups cannot be read is one person. Should it be everybody, the run stops after a few.
                if let FetchTurn::Failed(fault @ SourceError::Refused { status: 400..=499, .. }) = &turn {
                    let rejection = Rejection::new(fault.code(), fault);
                    let end = PersonEnd::Failed { rejection, retry_after: None };
                    return GuestTurn::end(GuestEnd::Reached(person, end), Vec::new());
                }
                self.fetching(turn, |guest| guest.stage = Stage::Groups(fetch, cursor, person))
            }
            stage @ (Stage::Pause(..) | Stage::Moving) => {
                self.stage = stage;
                GuestTurn::Wait { asks: Vec::new(), tells: Vec::new() }
            }
        }
    }

    fn fetching(&mut self, turn: FetchTurn, stay: impl FnOnce(&mut Self)) -> GuestTurn {
        match turn {
            FetchTurn::Ask(ask) => {
                stay(self);
                GuestTurn::ask(ask)
            }
            FetchTurn::Pause | FetchTurn::Got(_) => {
                stay(self);
                GuestTurn::Wait { asks: Vec::new(), tells: Vec::new() }
            }
            FetchTurn::Failed(fault) => GuestTurn::end(GuestEnd::Broken(fault), Vec::new()),
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, house: House<'_>, access: &Access, env: &Env<'_>) -> Option<GuestTurn> {
        let endpoint = house.settings.source.endpoint();
        match &mut self.stage {
            Stage::LookUp(fetch, _) | Stage::Groups(fetch, ..) => {
                fetch.tick(access, endpoint, env).map(GuestTurn::ask)
            }
            Stage::Pause(until, _) if env.uptime >= *until => {
                match core::mem::replace(&mut self.stage, Stage::Moving) {
                    Stage::Pause(_, person) => Some(self.bring(person, house, env)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl House<'_> {
    fn errand<'a>(&'a self, person: &'a Person) -> Errand<'a> {
        Errand {
            person,
            // The source only lists people: an account that an administrator deactivated stays so unless sign-ins
            // reactivate too.
            intent: Intent::Present { reactivate: false },
            account: None,
            provisioning: self.provisioning,
            groups_become: self.settings.groups_become,
            naming: self.settings.group_naming,
            request_id: "",
            dry_run: self.dry_run,
            leaves_groups: self.settings.memberships_managed_by == MembershipsManagedBy::SignIn,
            budget: self.budget,
            kept: None,
        }
    }
}

impl GuestTurn {
    fn ask(ask: Ask) -> Self {
        Self::Wait { asks: vec![(FETCH, ask)], tells: Vec::new() }
    }

    /// The same turn with `told` before it.
    fn after(mut self, mut told: Vec<Tell>) -> Self {
        let (Self::Wait { tells, .. } | Self::End { tells, .. }) = &mut self;
        told.append(tells);
        *tells = told;
        self
    }

    fn end(end: GuestEnd, tells: Vec<Tell>) -> Self {
        Self::End { end: Box::new(end), tells }
    }
}

/// Does `end` say that the application, not the person, is the trouble?
pub(super) fn is_trouble(rejection: &Rejection) -> bool {
    is_worth_a_retry(rejection.code)
        || matches!(rejection.code, Code::TargetUnauthorized | Code::SourceRefused)
}
