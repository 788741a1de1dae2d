//! How far a run is, and how it ended: what operators see.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{Code, Rejection, UnixTime};

/// Troubles that are kept: the last of them fit on a screen.
const MAX_TROUBLES: usize = 10;

/// Bytes of the sentence of one.
const MAX_TROUBLE_BYTES: usize = 300;

/// How far a run is. Holds nothing about anybody: numbers, codes and times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is going on.
    pub phase: Phase,
    /// Everybody is pulled, not only what changed.
    pub full: bool,
    /// Nothing is changed.
    pub dry_run: bool,
    /// When the pull began, also if it was broken off since.
    pub started_at: Option<UnixTime>,
    /// When this was so.
    pub updated_at: Option<UnixTime>,
    /// Pages that are done.
    pub pages: u32,
    /// People that the source says it has.
    pub expected: Option<u64>,
    /// What became of people.
    pub counts: Counts,
    /// The last things that went wrong, the latest first.
    pub troubles: Vec<Trouble>,
}

/// What is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing.
    #[default]
    Idle,
    /// People are pulled.
    Pulling,
    /// The application's accounts are looked through for those that nobody saw.
    Looking,
    /// What was found is cleaned up.
    Cleaning,
    /// It is over.
    Done,
    /// It broke off.
    Failed,
}

impl Phase {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Pulling => "pulling",
            Self::Looking => "looking",
            Self::Cleaning => "cleaning",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What became of people and of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// People whom the source told of, each once.
    pub people: u64,
    /// People who were told of once more, on another page.
    pub repeated: u64,
    /// Their accounts were as they should be.
    pub unchanged: u64,
    /// Their accounts were changed.
    pub changed: u64,
    /// Accounts that were made.
    pub created: u64,
    /// The rules leave them out.
    pub skipped: u64,
    /// The directory says that they may not use the application.
    pub inactive: u64,
    /// Nothing could be done for them.
    pub failed: u64,
    /// Accounts of the application that were looked at afterwards.
    pub accounts: u64,
    /// Accounts that nobody saw and nothing spares.
    pub candidates: u64,
    /// Accounts that were cleaned up.
    pub cleaned: u64,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When.
    pub at: UnixTime,
    /// The id of the code.
    pub code: String,
    /// What was found; nothing personal.
    pub detail: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next pull is not due before then.
    NotDue(UnixTime),
    /// Somebody else is at it.
    Elsewhere,
    /// Everything was done.
    Done,
    /// The pull was complete, and cleaning up was not allowed: nobody was.
    DoneWithoutCleanup(Rejection),
    /// It broke off. What was done stays, nobody was cleaned up for it, and the next run goes on from the checkpoint.
    Failed(Rejection),
}

impl Progress {
    /// How much is done, in thousandths; `None` where nobody knows how much there is.
    #[must_use]
    pub fn permille(&self) -> Option<u64> {
        let expected = self.expected.filter(|expected| *expected > 0)?;
        Some(self.counts.people.saturating_mul(1000).checked_div(expected)?.min(1000))
    }

    /// How long it will take if it goes on like this.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let took = self.updated_at?.saturating_since(self.started_at?).as_secs();
        let left = self.expected?.saturating_sub(self.counts.people);
        let seconds = took.saturating_mul(left).checked_div(self.counts.people)?;
        (self.phase == Phase::Pulling).then_some(Duration::from_secs(seconds))
    }

    /// Something went wrong. What a rejection says in its detail never names people.
    pub(super) fn trouble(&mut self, code: Code, detail: &str, now: UnixTime) {
        let mut detail = detail.to_owned();
        if detail.len() > MAX_TROUBLE_BYTES {
            let end = (0..=MAX_TROUBLE_BYTES).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0);
            detail.truncate(end);
        }
        self.troubles.insert(0, Trouble { at: now, code: code.id().to_owned(), detail });
        self.troubles.truncate(MAX_TROUBLES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_guessed_only_from_what_is_known() {
        let at = |seconds| Some(UnixTime::from_secs(seconds));
        let counts = Counts { people: 250, ..Counts::default() };
        let half = Progress {
            phase: Phase::Pulling,
            started_at: at(100),
            updated_at: at(150),
            expected: Some(1_000),
            counts,
            ..Progress::default()
        };
        assert_eq!(half.permille(), Some(250));
        assert_eq!(half.remaining(), Some(Duration::from_secs(150)));
        // More than the source said, nothing said, nobody yet, a clock that went back.
        let more = Progress { expected: Some(100), ..half.clone() };
        assert_eq!((more.permille(), more.remaining()), (Some(1_000), Some(Duration::ZERO)));
        let nothing = Progress { expected: None, ..half.clone() };
        assert_eq!((nothing.permille(), nothing.remaining()), (None, None));
        let empty = Progress { expected: Some(0), ..half.clone() };
        assert_eq!(empty.permille(), None);
        let nobody = Progress { counts: Counts::default(), ..half.clone() };
        assert_eq!((nobody.permille(), nobody.remaining()), (Some(0), None));
        let back = Progress { updated_at: at(50), ..half };
        assert_eq!(back.remaining(), Some(Duration::ZERO));
    }

    #[test]
    fn troubles_are_few_and_short() {
        let mut progress = Progress::default();
        for number in 0..100 {
            let detail = format!("{number} {}", "ä".repeat(500));
            progress.trouble(Code::TargetRefused, &detail, UnixTime::from_secs(number));
        }
        assert_eq!(progress.troubles.len(), MAX_TROUBLES);
        assert!(progress.troubles.iter().all(|trouble| trouble.detail.len() <= MAX_TROUBLE_BYTES));
        assert_eq!(progress.troubles.first().map(|trouble| trouble.at.as_secs()), Some(99));
    }
}
