//! Writing the checkpoint: first who was on the page, then the record that counts them in.
//!
//! The record is read before it is written. Whoever finds that somebody else has the lease stops at once and writes nothing.

use std::collections::VecDeque;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, AskId, Tell};
use crate::session::sync_record;

use super::super::Env;
use super::keeper::{Errand, Keeper, KeeperTurn, Kept, Stamp};
use super::post::Desk;
use super::progress::Outcome;
use super::record::{Faces, Head, Segment};
use super::run::{Run, Stage};

/// What the record is called.
pub(super) const HEAD: &str = "head";

/// Writing under way.
#[derive(Debug)]
pub(super) struct Saving {
    /// What is to be written before the record.
    segments: VecDeque<(String, Segment)>,
    step: Step,
    /// The lease is given back with it.
    release: bool,
}

#[derive(Debug)]
enum Step {
    SegmentLoad,
    SegmentSwap,
    HeadLoad,
    HeadSwap,
}

/// The place for which something of the run `run` is sealed.
pub(super) fn seal_place(run: &[u8; 16], what: &str) -> String {
    let mut place = String::with_capacity(64);
    for byte in run {
        place.push_str(&format!("{byte:02x}"));
    }
    place.push('.');
    place.push_str(what);
    place
}

impl Run {
    /// Begins an errand at the store. What is done at once does not happen there.
    pub(super) fn keep(&mut self, errand: Errand, what: &str, env: &Env<'_>) {
        let scope = env.settings.provisioning.as_ref().map_or_else(String::new, |one| one.scope.circuit());
        self.keeper_turn(Keeper::start(errand, &scope, what, env), env);
    }

    fn keeper_turn(&mut self, turn: KeeperTurn, env: &Env<'_>) {
        match turn {
            KeeperTurn::Ask(keeper, ask) => {
                self.keeper = Some(keeper);
                self.send(Desk::Keeper, AskId(0), ask);
            }
            KeeperTurn::Done(fact) => self.store_said(fact, env),
        }
    }

    /// The store answered.
    pub(super) fn kept(&mut self, answer: Answer, env: &Env<'_>) {
        if let Some(keeper) = self.keeper.take() {
            let turn = keeper.answer(answer, env);
            self.keeper_turn(turn, env);
        }
    }

    fn store_said(&mut self, fact: Kept, env: &Env<'_>) {
        match (self.saving.take(), fact) {
            (Some(saving), fact) => self.saving_on(saving, fact, env),
            (None, fact) => match self.stage {
                Stage::Begin => self.found(fact, env),
                Stage::Lease => self.leased(&fact, env),
                Stage::Recall(_) => self.recalled(fact, env),
                _ => {}
            },
        }
    }

    /// Writes the record, and with `release` gives the lease back.
    pub(super) fn save_head(&mut self, release: bool, env: &Env<'_>) {
        self.save(VecDeque::new(), release, env);
    }

    /// Writes who was on a page, and then the record.
    pub(super) fn save_page(&mut self, page: &Faces, env: &Env<'_>) {
        let mut segments = VecDeque::new();
        if let Some(running) = &mut self.head.running {
            for segment in Segment::of(page) {
                segments.push_back((running.pages.place(running.pages.segments), segment));
                if let Some((_, segment)) = segments.back() {
                    running.pages = running.pages.with(segment);
                }
            }
        }
        self.save(segments, false, env);
    }

    fn save(&mut self, segments: VecDeque<(String, Segment)>, release: bool, env: &Env<'_>) {
        let saving = Saving { segments, step: Step::HeadLoad, release };
        self.next_to_save(saving, env);
    }

    fn next_to_save(&mut self, mut saving: Saving, env: &Env<'_>) {
        let what = match saving.segments.front() {
            Some((place, _)) => {
                saving.step = Step::SegmentLoad;
                place.clone()
            }
            None => {
                saving.step = Step::HeadLoad;
                HEAD.to_owned()
            }
        };
        self.saving = Some(saving);
        self.keep(Errand::Load, &what, env);
    }

    fn saving_on(&mut self, mut saving: Saving, fact: Kept, env: &Env<'_>) {
        match (&saving.step, fact) {
            (Step::SegmentLoad, Kept::Loaded { stamp, .. }) => {
                let Some((place, segment)) = saving.segments.front() else { return };
                let run = self.head.running.as_ref().map_or([0; 16], |running| running.run);
                let place = place.clone();
                let sealed_for = seal_place(&run, &place);
                let sealed = sync_record::seal(segment, &sealed_for, &env.settings.session, env.entropy);
                let Some(value) = sealed else { return self.state_failed("no randomness", env) };
                saving.step = Step::SegmentSwap;
                self.saving = Some(saving);
                self.keep(Errand::Swap { expected: stamp, value }, &place, env);
            }
            (Step::SegmentSwap, Kept::Swapped) => {
                saving.segments.pop_front();
                self.next_to_save(saving, env);
            }
            (Step::HeadLoad, Kept::Loaded { value, stamp }) => self.write_head(saving, value, stamp, env),
            (Step::HeadSwap, Kept::Swapped) => {
                self.leased_at = env.uptime;
                self.saved(env);
            }
            (_, Kept::Conflict) => self.yield_to_other(),
            (_, Kept::Failed(what)) => self.state_failed(what, env),
            _ => self.state_failed("the store answered something else", env),
        }
    }

    fn write_head(&mut self, mut saving: Saving, value: Option<Vec<u8>>, stamp: Stamp, env: &Env<'_>) {
        let found =
            value.and_then(|value| sync_record::open::<Head>(&value, HEAD, &env.settings.session).ok());
        // Without the record that we wrote nobody knows who works.
        if !found.is_some_and(|found| found.is_leased_to(self.holder)) {
            return self.yield_to_other();
        }
        let mut head = self.head.clone();
        if saving.release {
            head.lease = None;
        } else {
            head.lease_to(self.holder, env.now);
        }
        head.progress = self.progress.clone();
        saving.step = Step::HeadSwap;
        self.saving = Some(saving);
        self.swap_head(&head, stamp, env);
    }

    pub(super) fn swap_head(&mut self, head: &Head, stamp: Stamp, env: &Env<'_>) {
        match sync_record::seal(head, HEAD, &env.settings.session, env.entropy) {
            Some(value) => self.keep(Errand::Swap { expected: stamp, value }, HEAD, env),
            None => self.state_failed("the record could not be sealed", env),
        }
    }

    /// The checkpoint is written.
    pub(super) fn saved(&mut self, env: &Env<'_>) {
        match self.stage {
            Stage::Saved(after) => self.go_on(after, env),
            // The page was done while the lease was written.
            Stage::People(_) => self.page_done(env),
            Stage::Over if self.last_save => {
                self.last_save = false;
                self.save_head(true, env);
            }
            _ => {}
        }
    }

    /// What is kept could not be read or written: the run cannot go on, because nobody would know how far it came.
    pub(super) fn state_failed(&mut self, what: &str, env: &Env<'_>) {
        let rejection = Rejection::new(Code::SyncStateUnavailable, what);
        self.saving = None;
        // The lease runs out by itself.
        self.head.lease = None;
        self.last_save = false;
        if !matches!(self.outcome, Some(Outcome::Failed(_))) {
            self.fail(rejection, env);
        } else {
            self.tell(vec![Tell::Count { outcome: "sync_state_failed", code: Some(rejection.code) }]);
        }
    }

    pub(super) fn finish(&mut self, outcome: Outcome, env: &Env<'_>) {
        self.outcome = Some(outcome);
        self.stop(env, false);
    }
}
