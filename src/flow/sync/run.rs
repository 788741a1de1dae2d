//! One run, as a state machine.

use crate::effect::{Answer, AskId};

use super::super::{Env, Turn};
use super::progress::{Outcome, Progress};
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
    wish: Wish,
    dry_run: bool,
    progress: Progress,
    outcome: Option<Outcome>,
}

impl Run {
    /// A run that has not begun.
    #[must_use]
    pub fn new(settings: &Settings, wish: Wish, dry_run: bool) -> Self {
        let dry_run = dry_run || settings.dry_run;
        Self { wish, dry_run, progress: Progress { dry_run, ..Progress::default() }, outcome: None }
    }

    /// Time has passed. The first tick begins the run; later ones give up on what nobody answers.
    pub fn tick(&mut self, _env: &Env<'_>) -> Turn {
        Turn::default()
    }

    /// Takes the answer to `id`. Answers that nobody waits for any more are ignored.
    pub fn answer(&mut self, _id: AskId, _answer: Answer, _env: &Env<'_>) -> Turn {
        Turn::default()
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How it ended; `None` while it goes on.
    #[must_use]
    pub const fn finished(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}
