//! One run, as a state machine: who works is settled, pages are pulled and carried out, and what follows a whole pull.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::base::{Code, Rejection, random};
use crate::directory::Person;
use crate::effect::{Answer, Ask, AskId, Tell};
use crate::sources::{Access, Cursor, Next};

use super::super::provisioning::budget::RemovalBudget;
use super::super::{Env, Turn};
use super::clean::Cleanup;
use super::fetch::Fetch;
use super::guest::{Guest, House};
use super::keeper::Keeper;
use super::post::{Desk, Post};
use super::progress::{Outcome, Phase, Progress};
use super::record::{Chain, Faces, Head, LEASE};
use super::report;
use super::save::Saving;
use super::settings::Settings;

/// When a run does what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// What is due, if anything is.
    #[default]
    IfDue,
    /// Now: what changed where the source tells that, else everybody.
    Now,
    /// Everybody, now. A full pull that was broken off is gone on with.
    Full,
}

/// One run. Has no clock and makes no call: ticks and answers are handed in, and what it wants done comes out.
#[derive(Debug)]
pub struct Run {
    pub(super) wish: Wish,
    pub(super) dry_run: bool,
    pub(super) progress: Progress,
    pub(super) outcome: Option<Outcome>,
    pub(super) post: Post,
    pub(super) access: Access,
    /// Under which the lease is ours.
    pub(super) holder: [u8; 16],
    /// What is kept, as it was written last, or as it is to be written now.
    pub(super) head: Head,
    /// Who was on the pages so far.
    pub(super) faces: Faces,
    /// Who was on this one.
    pub(super) page: Faces,
    /// Who was there the last time.
    pub(super) roster: Option<Faces>,
    pub(super) stage: Stage,
    pub(super) cleanup: Option<Box<Cleanup>>,
    pub(super) keeper: Option<Keeper>,
    pub(super) saving: Option<Saving>,
    /// The end is still to be written, after what is being written.
    pub(super) last_save: bool,
    /// When the lease was written last, by [`Env::uptime`].
    pub(super) leased_at: Duration,
    /// People in a row whom the application would not have.
    pub(super) troubled: u32,
    /// What may be taken from everybody together.
    pub(super) budget: Rc<RemovalBudget>,
    pub(super) turn: Turn,
}

/// What is going on.
#[derive(Debug)]
pub(super) enum Stage {
    /// Nothing yet.
    Fresh,
    /// The record is being read.
    Begin,
    /// The lease is being taken.
    Lease,
    /// Who was on the pages before the checkpoint is being read.
    Recall(Box<Recall>),
    /// A page is being read.
    Page(Box<Fetch>, Cursor),
    /// The people of a page are worked on.
    People(Box<People>),
    /// What there is to keep is being written; what comes then.
    Saved(After),
    /// Who is gone, and what becomes of them.
    Cleanup,
    /// It is over, and the lease is being given back.
    Over,
}

/// Reading segments.
#[derive(Debug)]
pub(super) struct Recall {
    pub(super) run: [u8; 16],
    pub(super) pages: Chain,
    pub(super) read: Chain,
    pub(super) faces: Faces,
    /// They are those of the roster, not of this run.
    pub(super) roster: bool,
}

/// The people of one page.
#[derive(Debug)]
pub(super) struct People {
    pub(super) waiting: VecDeque<Comer>,
    pub(super) guests: BTreeMap<u32, Guest>,
    pub(super) next_guest: u32,
    /// Groups that did not come along can be asked for.
    pub(super) asks_groups: bool,
    pub(super) next: Next,
}

/// Somebody who is still to be worked on.
#[derive(Debug)]
pub(super) enum Comer {
    Person(Person),
    Id(String),
}

/// What comes after the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// What follows the page.
    Page,
    /// The next account to clean up.
    Removal,
    /// What is left over for the next cleanup is remembered, and the run is over.
    Carry,
}

impl Run {
    /// A run that has not begun.
    #[must_use]
    pub fn new(settings: &Settings, wish: Wish, dry_run: bool) -> Self {
        let dry_run = dry_run || settings.dry_run;
        Self {
            wish,
            dry_run,
            progress: Progress { dry_run, ..Progress::default() },
            outcome: None,
            post: Post::default(),
            access: Access::default(),
            holder: [0; 16],
            head: Head::default(),
            faces: Faces::default(),
            page: Faces::default(),
            roster: None,
            stage: Stage::Fresh,
            cleanup: None,
            keeper: None,
            saving: None,
            last_save: false,
            leased_at: Duration::ZERO,
            troubled: 0,
            budget: Rc::new(RemovalBudget::new(settings.removal_bounds)),
            turn: Turn::default(),
        }
    }

    /// Time has passed. The first tick begins the run; later ones end pauses and keep the lease.
    pub fn tick(&mut self, env: &Env<'_>) -> Turn {
        if self.outcome.is_none()
            && let Some(house) = self.house(env)
        {
            let budget = self.budget();
            let house = House { budget: Some(&budget), ..house };
            match self.stage {
                Stage::Fresh => match random(env.entropy) {
                    Ok(holder) => {
                        self.holder = holder;
                        self.begin(env);
                    }
                    Err(fault) => self.fail(Rejection::new(Code::EntropyUnavailable, fault), env),
                },
                _ => self.pass_time(house, env),
            }
        }
        self.hand_over(env)
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Turn {
        if let Some((desk, theirs)) = self.post.receive(id)
            && let Some(house) = self.house(env)
        {
            let budget = self.budget();
            let house = House { budget: Some(&budget), ..house };
            match desk {
                Desk::Keeper => self.kept(answer, env),
                Desk::Page => self.page_answer(answer, house, env),
                Desk::Guest(number) => self.guest_answer(number, theirs, answer, house, env),
            }
            self.keep_lease(env);
        }
        self.hand_over(env)
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How it ended; `None` while it goes on.
    #[must_use]
    pub const fn finished(&self) -> Option<&Outcome> {
        // What may be left is to write the end, and to give the lease back.
        if self.saving.is_some() { None } else { self.outcome.as_ref() }
    }

    /// What is the same for everybody; `None` ends the run, because there is nothing to bring anybody to.
    pub(super) fn house<'a>(&mut self, env: &Env<'a>) -> Option<House<'a>> {
        let settings = env.settings;
        match (settings.directory_sync.as_deref(), settings.provisioning.as_ref()) {
            (Some(sync), Some(provisioning)) => {
                // What changes nothing must not look as if it had.
                self.dry_run |= provisioning.dry_run;
                Some(House { settings: sync, provisioning, dry_run: self.dry_run, budget: None })
            }
            _ => {
                let detail = "no directory or no application is configured";
                self.outcome = Some(Outcome::Failed(Rejection::new(Code::SyncStateUnavailable, detail)));
                None
            }
        }
    }

    /// It broke off. The checkpoint stays as it was written last, so that what is not certain is done again.
    pub(super) fn fail(&mut self, rejection: Rejection, env: &Env<'_>) {
        self.progress.phase = Phase::Failed;
        self.progress.trouble(rejection.code, &rejection.detail, env.now);
        self.turn.tells.extend(report::failed(&rejection, &self.progress));
        self.outcome = Some(Outcome::Failed(rejection));
        self.stop(env, true);
    }

    /// Somebody else has the lease: nothing is written any more.
    pub(super) fn yield_to_other(&mut self) {
        if !matches!(self.outcome, Some(Outcome::Failed(_))) {
            self.outcome = Some(Outcome::Elsewhere);
        }
        (self.keeper, self.saving, self.last_save) = (None, None, false);
        (self.stage, self.cleanup) = (Stage::Over, None);
        self.post = Post::default();
        self.turn.asks.clear();
    }

    /// Ends the work, and gives the lease back.
    pub(super) fn stop(&mut self, env: &Env<'_>, failed: bool) {
        (self.stage, self.cleanup) = (Stage::Over, None);
        self.post.keep_only(Desk::Keeper);
        let post = &self.post;
        self.turn.asks.retain(|(id, _)| post.awaits(*id));
        self.progress.updated_at = Some(env.now);
        if self.dry_run || !self.head.is_leased_to(self.holder) {
            (self.keeper, self.saving) = (None, None);
            self.turn.asks.clear();
            return;
        }
        if failed {
            self.head.failures = self.head.failures.saturating_add(1);
            self.head.failed_at = Some(env.now);
        }
        // What is being written must not overtake the end, nor the other way round.
        self.last_save = true;
        if self.saving.is_none() {
            self.saved(env);
        }
    }

    /// The budget, with how many people there are as far as anybody knows.
    fn budget(&self) -> Rc<RemovalBudget> {
        let roster = self.head.roster.as_ref().map_or(0, |roster| roster.people);
        self.budget.know(roster.max(self.progress.expected.unwrap_or(0)).max(self.progress.counts.people));
        Rc::clone(&self.budget)
    }

    fn pass_time(&mut self, house: House<'_>, env: &Env<'_>) {
        match &mut self.stage {
            Stage::Page(fetch, _) => {
                if let Some(ask) = fetch.tick(&self.access, house.settings.source.endpoint(), env) {
                    self.send(Desk::Page, AskId(0), ask);
                }
            }
            Stage::People(_) => self.guests_tick(house, env),
            Stage::Cleanup => self.cleanup_tick(house, env),
            _ => {}
        }
        self.keep_lease(env);
    }

    /// The lease is written three times as often as it must be.
    fn keep_lease(&mut self, env: &Env<'_>) {
        let waits = matches!(self.stage, Stage::Page(..) | Stage::People(_) | Stage::Cleanup);
        let is_time = env.uptime.saturating_sub(self.leased_at).saturating_mul(3) >= LEASE;
        if waits && is_time && self.saving.is_none() && self.keeper.is_none() && !self.dry_run {
            self.save_head(false, env);
        }
    }

    pub(super) fn send(&mut self, desk: Desk, theirs: AskId, ask: Ask) {
        let numbered = self.post.send(desk, theirs, ask);
        self.turn.asks.push(numbered);
    }

    pub(super) fn tell(&mut self, tells: Vec<Tell>) {
        self.turn.tells.extend(tells);
    }

    fn hand_over(&mut self, env: &Env<'_>) -> Turn {
        let turn = core::mem::take(&mut self.turn);
        if !turn.asks.is_empty() && self.stage_is_work() {
            self.progress.updated_at = Some(env.now);
        }
        turn
    }

    const fn stage_is_work(&self) -> bool {
        matches!(self.stage, Stage::Page(..) | Stage::People(_) | Stage::Saved(_) | Stage::Cleanup)
    }
}
