//! The beginning of a run: what is kept is read, the lease is taken, and whoever was seen before is remembered.

use core::mem;

use crate::base::{Code, Rejection, random};
use crate::effect::{AskId, Tell};
use crate::policy::{self, Access};
use crate::session::sync_record;
use crate::sources::{Cursor, Pull};

use super::super::Env;
use super::super::provisioning::budget::Taken;
use super::fetch::Fetch;
use super::keeper::{Errand, Kept};
use super::post::Desk;
use super::progress::{Counts, Outcome, Phase, Progress};
use super::record::{Chain, Faces, Head, Plan, Running, Segment, fingerprint};
use super::run::{Recall, Run, Stage};
use super::save::{HEAD, seal_place};
use super::settings::Settings;

impl Run {
    pub(super) fn begin(&mut self, env: &Env<'_>) {
        self.stage = Stage::Begin;
        self.keep(Errand::Load, HEAD, env);
    }

    /// The record was read.
    pub(super) fn found(&mut self, fact: Kept, env: &Env<'_>) {
        let (value, stamp) = match fact {
            Kept::Loaded { value, stamp } => (value, stamp),
            Kept::Failed(what) => return self.state_failed(what, env),
            Kept::Swapped | Kept::Conflict => return self.state_failed("it answered something else", env),
        };
        let Some(settings) = env.settings.directory_sync.clone() else { return };
        // Whatever names people and groups otherwise makes other people of them.
        let identity = &env.settings.identity;
        let naming = format!("{:?} {:?} {identity:?}", settings.group_naming, settings.groups_become);
        let about = fingerprint(&settings.source.fingerprint(), &naming, &belonging(&env.settings.policy));
        let opened = value.map(|value| sync_record::open::<Head>(&value, HEAD, &env.settings.session));
        if matches!(opened, Some(Err(_))) {
            // Not written by us, or with keys that are not ours any more: nobody is gone on its word.
            self.tell(vec![Tell::Count {
                outcome: "sync_state_reset",
                code: Some(Code::SyncStateUnavailable),
            }]);
        }
        let kept = opened.and_then(Result::ok).unwrap_or_default();
        self.progress = kept.progress.clone();
        self.head = kept.about(about);
        let deltas = settings.source.has_delta();
        let holds = self.head.held == Some(settings.removal_bounds);
        self.budget.resume(Taken::default(), holds);
        match self.head.plan(self.wish, self.holder, deltas, &settings, env.now) {
            Plan::Elsewhere => self.yield_to_other(),
            Plan::Wait(until) => {
                self.outcome = Some(Outcome::NotDue(until));
                self.stage = Stage::Over;
            }
            // What a dry run finds out is no checkpoint.
            Plan::Resume if !self.dry_run => {
                if let Some(running) = &self.head.running {
                    // What was counted of a page that was not done is counted again with it.
                    self.progress.counts = running.counts;
                    self.budget.resume(running.taken, holds);
                }
                self.take_lease(stamp, env);
            }
            Plan::Full | Plan::Resume => self.set_out(None, &settings, stamp, env),
            Plan::Delta(token) => self.set_out(Some(Pull::Delta(token)), &settings, stamp, env),
        }
    }

    /// A pull from its first page on.
    fn set_out(
        &mut self,
        delta: Option<Pull>,
        settings: &Settings,
        stamp: super::keeper::Stamp,
        env: &Env<'_>,
    ) {
        let then_delta = settings.delta_interval.is_some() && settings.source.has_delta();
        let everybody = Pull::Full { then_delta };
        // A token that the source does not know any more means: everybody.
        let begun = delta.and_then(|pull| settings.source.start(&pull, env.now).ok().map(|at| (false, at)));
        let begun = begun.map_or_else(|| settings.source.start(&everybody, env.now).map(|at| (true, at)), Ok);
        let (full, cursor) = match begun {
            Ok(begun) => begun,
            Err(fault) => return self.fail(Rejection::new(fault.code(), fault), env),
        };
        let run = match random(env.entropy) {
            Ok(run) => run,
            Err(fault) => return self.fail(Rejection::new(Code::EntropyUnavailable, fault), env),
        };
        self.head.running = Some(Running {
            run,
            started_at: env.now,
            full,
            cursor: Some(cursor),
            whole: None,
            delta: None,
            pages: Chain::beside(self.head.roster.as_ref()),
            removed: 0,
            taken: Taken::default(),
            counts: Counts::default(),
            seen_at: None,
        });
        self.progress = Progress {
            phase: Phase::Pulling,
            full,
            dry_run: self.dry_run,
            started_at: Some(env.now),
            troubles: mem::take(&mut self.progress.troubles),
            ..Progress::default()
        };
        if self.dry_run {
            self.pull_on(env);
        } else {
            self.take_lease(stamp, env);
        }
    }

    fn take_lease(&mut self, stamp: super::keeper::Stamp, env: &Env<'_>) {
        self.stage = Stage::Lease;
        self.head.lease_to(self.holder, env.now);
        self.head.progress = self.progress.clone();
        let head = self.head.clone();
        self.swap_head(&head, stamp, env);
    }

    /// The lease was taken, or not.
    pub(super) fn leased(&mut self, fact: &Kept, env: &Env<'_>) {
        match fact {
            Kept::Swapped => {
                self.leased_at = env.uptime;
                match &self.head.running {
                    Some(running) => {
                        let (run, pages) = (running.run, running.pages);
                        self.recall(run, pages, false, env);
                    }
                    None => self.state_failed("there is nothing to do", env),
                }
            }
            Kept::Conflict => self.yield_to_other(),
            Kept::Failed(what) => self.state_failed(what, env),
            Kept::Loaded { .. } => self.state_failed("the store answered something else", env),
        }
    }

    /// Reads who was on `pages` of `run`.
    pub(super) fn recall(&mut self, run: [u8; 16], pages: Chain, roster: bool, env: &Env<'_>) {
        let recall = Recall { run, pages, read: pages.begin(), faces: Faces::default(), roster };
        self.recall_on(Box::new(recall), env);
    }

    fn recall_on(&mut self, recall: Box<Recall>, env: &Env<'_>) {
        if recall.read.segments < recall.pages.segments {
            let place = recall.pages.place(recall.read.segments);
            self.stage = Stage::Recall(recall);
            return self.keep(Errand::Load, &place, env);
        }
        let intact = recall.read == recall.pages;
        match (recall.roster, intact) {
            (false, true) => {
                self.faces = recall.faces;
                self.pull_on(env);
            }
            (false, false) => self.begin_anew(env),
            (true, intact) => self.roster_recalled(intact.then_some(recall.faces), env),
        }
    }

    /// A segment was read.
    pub(super) fn recalled(&mut self, fact: Kept, env: &Env<'_>) {
        let Stage::Recall(mut recall) = mem::replace(&mut self.stage, Stage::Over) else { return };
        let value = match fact {
            Kept::Loaded { value, .. } => value,
            Kept::Failed(what) => return self.state_failed(what, env),
            Kept::Swapped | Kept::Conflict => return self.state_failed("it answered something else", env),
        };
        let place = seal_place(&recall.run, &recall.pages.place(recall.read.segments));
        let segment =
            value.and_then(|value| sync_record::open::<Segment>(&value, &place, &env.settings.session).ok());
        match segment.as_ref().and_then(|segment| Some((segment, segment.faces()?))) {
            Some((segment, faces)) => {
                recall.faces.merge(&faces);
                recall.read = recall.read.with(segment);
                self.recall_on(recall, env);
            }
            None if recall.roster => self.roster_recalled(None, env),
            None => self.begin_anew(env),
        }
    }

    /// Who was on the earlier pages is not known for sure, so the checkpoint is worth nothing: whoever was on them would
    /// look as if they were gone.
    fn begin_anew(&mut self, env: &Env<'_>) {
        self.head.running = None;
        let detail = "who was seen before the run was broken off cannot be read; it begins anew";
        self.fail(Rejection::new(Code::SyncCheckpointLost, detail), env);
    }

    /// Goes on with the page that comes next.
    pub(super) fn pull_on(&mut self, env: &Env<'_>) {
        let next = self.head.running.as_ref().and_then(|running| running.cursor.clone());
        match next {
            Some(cursor) => self.ask_page(cursor, env),
            None => self.pulled(env),
        }
    }

    fn ask_page(&mut self, cursor: Cursor, env: &Env<'_>) {
        let Some(settings) = env.settings.directory_sync.as_deref() else { return };
        self.progress.phase = Phase::Pulling;
        self.progress.expected = cursor.total();
        let mut fetch = Fetch::new(settings.source.page(&cursor));
        let ask = fetch.send(&self.access, settings.source.endpoint(), env);
        self.stage = Stage::Page(Box::new(fetch), cursor);
        self.send(Desk::Page, AskId(0), ask);
    }
}

/// What a run that found nothing yet has counted.
impl Counts {
    /// People whose accounts are as the directory says, or were brought there.
    #[must_use]
    pub const fn reached(&self) -> u64 {
        self.unchanged.saturating_add(self.changed)
    }
}

/// By what the rules tell who is brought at all: with other rules it is no news that somebody is not.
fn belonging(policy: &policy::Settings) -> Vec<String> {
    let (access, default) = (&policy.access, policy.default_access);
    let rules = (!access.is_empty() || default == Access::Deny).then(|| format!("{access:?} {default:?}"));
    policy.required_groups.sync.iter().cloned().chain(rules).collect()
}
