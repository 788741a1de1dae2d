//! Pages: what one says, what becomes of the people on it, and what follows the last.

use std::collections::{BTreeMap, VecDeque};

use crate::base::{Code, Rejection};
use crate::directory::{Membership, Person};
use crate::effect::{Answer, AskId, Tell};
use crate::provision::{AccountRef, Done, OperationKind};
use crate::sources::{Cursor, Next, OddPerson, PageRead, SourceError};

use super::super::Env;
use super::super::directory::{PersonEnd, is_kept_out, refuses_by_rule};
use super::fetch::FetchTurn;
use super::guest::{Guest, GuestEnd, GuestTurn, House, is_trouble};
use super::names::{Names, account_mark, entry_mark};
use super::post::Desk;
use super::progress::{Outcome, Phase};
use super::record::{Faces, Roster};
use super::report;
use super::run::{After, Comer, People, Run, Stage};

/// People in a row whom the application would not have, each tried three times: it is down, and the run had better stop
/// than count everybody as failed.
const MAX_TROUBLED: u32 = 10;

impl Run {
    /// The directory, or in a cleanup the application, answered for a page.
    pub(super) fn page_answer(&mut self, answer: Answer, house: House<'_>, env: &Env<'_>) {
        let (mut fetch, cursor) = match core::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Page(fetch, cursor) => (fetch, cursor),
            stage => {
                self.stage = stage;
                return self.cleanup_page(answer, house, env);
            }
        };
        let source = &house.settings.source;
        let turn = match fetch.answer(answer, &mut self.access, source.endpoint(), env) {
            FetchTurn::Got(response) => match source.read(&cursor, &response, env.now) {
                Ok(read) => return self.turn_page(read, &cursor, house, env),
                Err(fault) => fetch.again(fault, env),
            },
            turn => turn,
        };
        match turn {
            FetchTurn::Ask(ask) => {
                self.stage = Stage::Page(fetch, cursor);
                self.send(Desk::Page, AskId(0), ask);
            }
            FetchTurn::Pause | FetchTurn::Got(_) => self.stage = Stage::Page(fetch, cursor),
            FetchTurn::Failed(fault) => self.broken(fault, env),
        }
    }

    /// The pull cannot go on. Nobody is gone because of what was not read.
    pub(super) fn broken(&mut self, fault: SourceError, env: &Env<'_>) {
        match fault {
            // It may be there again, or let us in again, and then the next page is where it was.
            SourceError::NotReached(_)
            | SourceError::Unavailable { .. }
            | SourceError::Throttled { .. }
            | SourceError::Unauthorized { .. }
            | SourceError::TokenRefused { .. } => {}
            SourceError::DeltaExpired => (self.head.running, self.head.delta) = (None, None),
            // The page will not be there the next time either.
            _ => self.head.running = None,
        }
        self.fail(Rejection::new(fault.code(), fault), env);
    }

    fn turn_page(&mut self, read: PageRead, cursor: &Cursor, house: House<'_>, env: &Env<'_>) {
        self.progress.expected = cursor.total();
        self.page = Faces::default();
        let mut waiting = VecDeque::with_capacity(read.people.len());
        for person in read.people {
            let mut names = Names { set: &mut self.faces.seen, key: &env.settings.pii_key };
            // Pages overlap while the directory changes.
            if names.entry(&person.id) {
                Names { set: &mut self.page.seen, key: &env.settings.pii_key }.entry(&person.id);
                self.progress.counts.people = self.progress.counts.people.saturating_add(1);
                waiting.push_back(Comer::Person(person));
            } else {
                self.progress.counts.repeated = self.progress.counts.repeated.saturating_add(1);
            }
        }
        for OddPerson { person, expected } in &read.odd {
            let mut names = Names { set: &mut self.faces.seen, key: &env.settings.pii_key };
            if names.entry(&person.id) {
                Names { set: &mut self.page.seen, key: &env.settings.pii_key }.entry(&person.id);
                self.progress.counts.people = self.progress.counts.people.saturating_add(1);
                self.spare(person, house, env);
                let fault = SourceError::Odd { request: cursor.request(), expected };
                self.odd(person.username.keyed(&env.settings.pii_key), fault, env);
            }
        }
        let unknown = |comer: &Comer| {
            matches!(comer, Comer::Person(person)
                if person.active && person.groups == Membership::Unknown)
        };
        if !read.asks_groups && waiting.iter().any(unknown) {
            let detail =
                "the directory does not filter groups by their members, so whose they are is not known";
            self.progress.trouble(Code::SourceAnswerMalformed, detail, env.now);
        }
        // Who is gone is found by whole pulls only: a delta that says so takes nothing away.
        waiting.extend(read.changed.into_iter().map(Comer::Id));
        self.stage = Stage::People(Box::new(People {
            waiting,
            guests: BTreeMap::new(),
            next_guest: 0,
            asks_groups: read.asks_groups,
            next: read.next,
        }));
        self.admit(house, env);
    }

    /// Begins with the next people, as many as may be worked on at a time.
    fn admit(&mut self, house: House<'_>, env: &Env<'_>) {
        loop {
            let Stage::People(people) = &mut self.stage else { return };
            if people.guests.len() >= house.settings.parallel_people {
                return;
            }
            let Some(comer) = people.waiting.pop_front() else { break };
            let number = people.next_guest;
            people.next_guest = people.next_guest.wrapping_add(1);
            let (guest, turn) = match comer {
                Comer::Person(person) => Guest::arrived(person, people.asks_groups, house, &self.access, env),
                Comer::Id(id) => {
                    self.progress.counts.people = self.progress.counts.people.saturating_add(1);
                    Guest::named(id, house, &self.access, env)
                }
            };
            people.guests.insert(number, guest);
            self.guest_turn(number, turn, house, env);
        }
        self.page_done(env);
    }

    pub(super) fn guest_answer(
        &mut self,
        number: u32,
        id: AskId,
        answer: Answer,
        house: House<'_>,
        env: &Env<'_>,
    ) {
        let Stage::People(people) = &mut self.stage else {
            return self.cleanup_guest(number, id, answer, house, env);
        };
        let Some(guest) = people.guests.get_mut(&number) else { return };
        let turn = guest.answer(id, answer, house, &mut self.access, env);
        let was_last = matches!(turn, GuestTurn::End { .. });
        self.guest_turn(number, turn, house, env);
        if was_last {
            self.admit(house, env);
        }
    }

    pub(super) fn guests_tick(&mut self, house: House<'_>, env: &Env<'_>) {
        let Stage::People(people) = &mut self.stage else { return };
        let access = &self.access;
        let turns: Vec<_> = people
            .guests
            .iter_mut()
            .filter_map(|(number, guest)| Some((*number, guest.tick(house, access, env)?)))
            .collect();
        for (number, turn) in turns {
            self.guest_turn(number, turn, house, env);
        }
        self.admit(house, env);
    }

    fn guest_turn(&mut self, number: u32, turn: GuestTurn, house: House<'_>, env: &Env<'_>) {
        // The run broke off on somebody before.
        if self.outcome.is_some() {
            return;
        }
        match turn {
            GuestTurn::Wait { asks, tells } => {
                self.tell(tells);
                for (theirs, ask) in asks {
                    self.send(Desk::Guest(number), theirs, ask);
                }
            }
            GuestTurn::End { end, tells } => {
                self.tell(tells);
                self.post.forget(Desk::Guest(number));
                if let Stage::People(people) = &mut self.stage {
                    people.guests.remove(&number);
                }
                self.leave(*end, house, env);
            }
        }
    }

    /// Somebody is done.
    fn leave(&mut self, end: GuestEnd, house: House<'_>, env: &Env<'_>) {
        if let Some(running) = &mut self.head.running {
            running.taken = self.budget.taken();
        }
        let counts = &mut self.progress.counts;
        match end {
            GuestEnd::Gone => {}
            GuestEnd::Odd(fault) => self.odd(String::new(), fault, env),
            GuestEnd::Broken(fault) => self.broken(fault, env),
            GuestEnd::Inactive(person) => {
                counts.inactive = counts.inactive.saturating_add(1);
                let mut names = Names { set: &mut self.page.inactive, key: &env.settings.pii_key };
                names.kept_out(&person, house.settings.group_naming, &env.settings.identity);
            }
            GuestEnd::Reached(person, PersonEnd::Unchanged { account }) => {
                counts.unchanged = counts.unchanged.saturating_add(1);
                self.reached(&person, account.as_ref(), house, env);
            }
            GuestEnd::Reached(person, PersonEnd::Changed { done, account }) => {
                counts.changed = counts.changed.saturating_add(1);
                let made = |(kind, done): &(OperationKind, Done)| {
                    *kind == OperationKind::CreateAccount && *done == Done::Applied
                };
                counts.created = counts.created.saturating_add(u64::from(done.iter().any(made)));
                self.reached(&person, account.as_ref(), house, env);
            }
            GuestEnd::Reached(person, PersonEnd::Planned) => {
                counts.changed = counts.changed.saturating_add(1);
                self.reached(&person, None, house, env);
            }
            GuestEnd::Reached(person, PersonEnd::Skipped(rejection)) => {
                counts.skipped = counts.skipped.saturating_add(1);
                // R1: whom the rules keep out is not the directory's to keep. What is not known keeps everybody.
                let outside =
                    refuses_by_rule(rejection.code) && is_kept_out(&person, house.settings.group_naming, env);
                if outside {
                    let mut names = Names { set: &mut self.page.outside, key: &env.settings.pii_key };
                    names.kept_out(&person, house.settings.group_naming, &env.settings.identity);
                } else {
                    self.spare(&person, house, env);
                }
            }
            GuestEnd::Reached(person, PersonEnd::Failed { rejection, .. }) => {
                counts.failed = counts.failed.saturating_add(1);
                self.spare(&person, house, env);
                let user = person.username.keyed(&env.settings.pii_key);
                self.tell(report::person_failed(user, &rejection));
                self.progress.trouble(rejection.code, &rejection.detail, env.now);
                if self.budget.is_exceeded() && self.outcome.is_none() {
                    return self.too_much(rejection, env);
                }
                self.troubled = if is_trouble(&rejection) { self.troubled.saturating_add(1) } else { 0 };
                if self.troubled >= MAX_TROUBLED && self.outcome.is_none() {
                    self.fail(rejection, env);
                }
            }
        }
    }

    /// Nothing more is taken from anybody. The next runs begin anew and only count, until a whole one wants less.
    fn too_much(&mut self, rejection: Rejection, env: &Env<'_>) {
        self.head.held = env.settings.directory_sync.as_ref().map(|sync| sync.removal_bounds);
        self.head.running = None;
        self.fail(rejection, env);
    }

    /// One entry of the directory is not usable. That must not keep the others waiting, nor may it look as if they had left.
    fn odd(&mut self, user: String, fault: SourceError, env: &Env<'_>) {
        self.progress.counts.failed = self.progress.counts.failed.saturating_add(1);
        let rejection = Rejection::new(fault.code(), fault);
        self.tell(report::person_failed(user, &rejection));
        self.progress.trouble(rejection.code, &rejection.detail, env.now);
    }

    fn reached(&mut self, person: &Person, account: Option<&AccountRef>, house: House<'_>, env: &Env<'_>) {
        self.troubled = 0;
        let Some(account) = account else { return self.spare(person, house, env) };
        let mut names = Names { set: &mut self.page.seen, key: &env.settings.pii_key };
        names.account(account);
        let key = &env.settings.pii_key;
        self.page.owners.insert(account_mark(&account.username, key), entry_mark(&person.id, key));
        let mut names = Names { set: &mut self.page.seen, key };
        names.person(person, house.settings.group_naming, &env.settings.identity);
    }

    /// Whatever account the person may have is not to be touched.
    fn spare(&mut self, person: &Person, house: House<'_>, env: &Env<'_>) {
        let mut names = Names { set: &mut self.page.seen, key: &env.settings.pii_key };
        names.unsure(person, house.settings.group_naming, &env.settings.identity);
    }

    /// Everybody of the page is done: the checkpoint follows.
    pub(super) fn page_done(&mut self, env: &Env<'_>) {
        match &self.stage {
            Stage::People(people) if people.guests.is_empty() && people.waiting.is_empty() => {}
            _ => return,
        }
        // The lease is just being written; the checkpoint comes after it.
        if self.saving.is_some() || self.outcome.is_some() {
            return;
        }
        let Stage::People(people) = core::mem::replace(&mut self.stage, Stage::Over) else { return };
        let page = core::mem::take(&mut self.page);
        self.faces.merge(&page);
        self.progress.pages = self.progress.pages.saturating_add(1);
        let Some(running) = &mut self.head.running else { return };
        match people.next {
            Next::Page(cursor) => running.cursor = Some(cursor),
            Next::End(end) => {
                (running.cursor, running.whole, running.delta) = (None, end.whole, end.delta);
            }
        }
        running.counts = self.progress.counts;
        running.seen_at = Some(env.now);
        let full = running.full;
        self.stage = Stage::Saved(After::Page);
        if self.dry_run {
            self.go_on(After::Page, env);
        } else if full {
            self.save_page(&page, env);
        } else {
            self.save_head(false, env);
        }
    }

    /// The checkpoint is written.
    pub(super) fn go_on(&mut self, after: After, env: &Env<'_>) {
        match after {
            After::Page => self.pull_on(env),
            After::Removal => self.removed(env),
            After::Carry => self.cleaned(env),
        }
    }

    /// The last page is done and written.
    pub(super) fn pulled(&mut self, env: &Env<'_>) {
        let Some(running) = &self.head.running else { return self.over(None, env) };
        if !running.full {
            return self.over(None, env);
        }
        match running.whole.clone() {
            Some(whole) => self.clean_up(whole, env),
            None => {
                // Full and without the proof: no source does that.
                self.head.running = None;
                let detail = "the last page came without the proof that it was the last";
                self.fail(Rejection::new(Code::SourceIncomplete, detail), env);
            }
        }
    }

    /// Everything was done. With `stopped`, but for the cleanup: then whoever was known stays known, or nobody would ever
    /// look for those who are gone.
    pub(super) fn over(&mut self, stopped: Option<Rejection>, env: &Env<'_>) {
        if let Some(running) = self.head.running.take() {
            self.head.pulled_at = Some(running.started_at);
            self.head.delta = running.delta;
            if running.full {
                // Everybody was counted, and it was not too much.
                self.head.held = None;
                self.head.full_at = Some(running.started_at);
                if stopped.is_none() || self.head.roster.is_none() {
                    self.head.roster = Some(Roster {
                        run: running.run,
                        started_at: running.started_at,
                        people: self.progress.counts.people,
                        pages: running.pages,
                    });
                }
            }
        }
        (self.head.failures, self.head.failed_at) = (0, None);
        self.progress.phase = Phase::Done;
        self.progress.updated_at = Some(env.now);
        match stopped {
            None => {
                self.tell(report::done(&self.progress));
                self.tell(vec![Tell::Gauge { name: String::from("sync.done_at"), value: env.now.as_secs() }]);
                self.finish(Outcome::Done, env);
            }
            Some(rejection) => {
                self.progress.trouble(rejection.code, &rejection.detail, env.now);
                self.tell(report::not_cleaned(&rejection, &self.progress));
                self.finish(Outcome::DoneWithoutCleanup(rejection), env);
            }
        }
    }
}
