//! Runs again and again, in a place that lives long, and tells this Envoy's workers how far the run is.

use core::time::Duration;

use crate::base::UnixTime;
use crate::effect::{Answer, Ask, AskId, SharedData, Version};
use crate::session::sync_record;

use super::super::{Env, Turn, settings};
use super::post::LIMIT;
use super::progress::{Outcome, Progress};
use super::record::retry_after;
use super::run::{Run, Wish};

/// How often is looked whether a run is due: one read of the store.
const LOOK: Duration = Duration::from_secs(10);

/// How often progress is told: as often as a page that refreshes itself asks.
const TELL: Duration = Duration::from_secs(2);

/// A run none of whose asks is answered for so long is given up: calls have timeouts, and none is half an hour.
const LOST: Duration = Duration::from_secs(1_800);

/// Asks of the scheduler have numbers that those of a run never have.
const TOLD: AskId = AskId(LIMIT);
const WRITTEN: AskId = AskId(LIMIT + 1);

/// What the progress is called in the data that workers share.
const PROGRESS: &str = "progress";

/// Keeps a directory in step with the application.
#[derive(Debug, Default)]
pub struct Scheduler {
    run: Option<Run>,
    /// When something was last heard of the run, by [`Env::uptime`].
    heard: Duration,
    /// Nothing is begun before then.
    rests_until: Duration,
    told: Option<Progress>,
    told_at: Option<Duration>,
    /// Runs in a row that failed, also where the record of that could not be written.
    failures: u32,
}

impl Scheduler {
    /// Time has passed.
    pub fn tick(&mut self, env: &Env<'_>) -> Turn {
        let Some(settings) = env.settings.directory_sync.as_deref() else { return Turn::default() };
        if self.run.is_some() && env.uptime.saturating_sub(self.heard) >= LOST {
            self.run = None;
        }
        if self.run.is_none() && env.uptime >= self.rests_until {
            self.run = Some(Run::new(settings, Wish::IfDue, false));
            self.heard = env.uptime;
        }
        let turn = self.run.as_mut().map(|run| run.tick(env)).unwrap_or_default();
        self.after(turn, env)
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Turn {
        match (id, answer) {
            (TOLD, Answer::Loaded { version, .. }) => self.write(version, env),
            (TOLD | WRITTEN, _) => Turn::default(),
            (id, answer) => {
                self.heard = env.uptime;
                let turn = self.run.as_mut().map(|run| run.answer(id, answer, env)).unwrap_or_default();
                self.after(turn, env)
            }
        }
    }

    fn after(&mut self, mut turn: Turn, env: &Env<'_>) -> Turn {
        let Some(run) = &self.run else { return turn };
        let ended = run.finished().cloned();
        let is_time = self.told_at.is_none_or(|at| env.uptime.saturating_sub(at) >= TELL);
        if (is_time || ended.is_some()) && self.told.as_ref() != Some(run.progress()) {
            self.told = Some(run.progress().clone());
            self.told_at = Some(env.uptime);
            turn.asks.push((TOLD, Ask::Load { key: key(env.settings) }));
        }
        let Some(ended) = ended else { return turn };
        let interval = env.settings.directory_sync.as_ref().map_or(LOOK, |sync| sync.full_interval);
        let failed = matches!(ended, Outcome::Failed(_));
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        let rest = match ended {
            // Neither a dry run nor a store that does not write leaves anything by which the next one would know.
            Outcome::Failed(_) => retry_after(self.failures),
            Outcome::Done | Outcome::DoneWithoutCleanup(_) if run.progress().dry_run => interval,
            _ => LOOK,
        };
        self.rests_until = env.uptime.saturating_add(rest);
        self.run = None;
        turn
    }

    /// Only this place writes it: whoever was faster wrote nothing newer.
    fn write(&self, version: Version, env: &Env<'_>) -> Turn {
        let mut turn = Turn::default();
        let sealed = self
            .told
            .as_ref()
            .and_then(|told| sync_record::seal(told, PROGRESS, &env.settings.session, env.entropy));
        if let Some(value) = sealed {
            let ask = Ask::CompareAndSwap { key: key(env.settings), expected: version, value };
            turn.asks.push((WRITTEN, ask));
        }
        turn
    }
}

/// How far a run is, as far as this Envoy knows; `None` where nobody told.
#[must_use]
pub fn progress(shared: &dyn SharedData, settings: &settings::Settings) -> Option<Progress> {
    let value = shared.read(&key(settings)).ok()??;
    sync_record::open(&value, PROGRESS, &settings.session).ok()
}

/// When the next full pull is due, if nothing comes between.
pub(super) fn next_full(progress: &Progress, settings: &settings::Settings) -> Option<UnixTime> {
    let sync = settings.directory_sync.as_ref()?;
    Some(progress.started_at.filter(|_| progress.full)?.saturating_add(sync.full_interval))
}

fn key(settings: &settings::Settings) -> String {
    let scope = settings.provisioning.as_ref().map_or_else(String::new, |one| one.scope.circuit());
    sync_record::key(PROGRESS, &scope, &settings.session)
}
