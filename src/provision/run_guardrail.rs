//! The last look at everybody whom one run would end access for.

use core::fmt;

use crate::base::Code;

use super::absence::Absence;
use super::account::AccountRef;
use super::guardrail::{Approved, approved};

/// People that are no share of anything: of a company of eight, two leavers are a quarter.
const FEW: u64 = 5;

/// A bound on the harm that one run can do, whatever mistake in directory, mapping or code led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunGuardrail {
    /// The most people that one run may end access for.
    pub max_deactivations: u64,
    /// The largest part of all people known, in percent. It says nothing about five people or fewer.
    pub max_deactivation_percent: u8,
}

/// What is to become of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Whose.
    pub account: AccountRef,
    /// What becomes of it.
    pub absence: Absence,
}

/// Whom a run would end access for.
///
/// It counts everybody and remembers no more of them than may be carried out, so that a run that goes wrong takes no more
/// memory than one that goes well.
#[derive(Debug, PartialEq, Eq)]
pub struct Removals {
    keeps: u64,
    counted: u64,
    kept: Vec<Removal>,
}

impl Removals {
    /// Nobody yet.
    #[must_use]
    pub const fn under(guardrail: &RunGuardrail) -> Self {
        Self { keeps: guardrail.max_deactivations, counted: 0, kept: Vec::new() }
    }

    /// One more.
    pub fn add(&mut self, removal: Removal) {
        self.counted = self.counted.saturating_add(1);
        if self.counted <= self.keeps {
            self.kept.push(removal);
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.counted
    }

    /// Is it nobody?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.counted == 0
    }
}

/// How many people a run has to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// People whom the directory showed in this run.
    pub seen: u64,
    /// People whose access this run ended already, before it was interrupted.
    pub removed_before: u64,
}

impl RunGuardrail {
    /// Lets `removals` pass unless they are too many. A refused run is refused as a whole: nobody is touched.
    ///
    /// # Errors
    /// [`RunRefusal`] when the run goes too far.
    pub fn approve(
        &self,
        removals: Removals,
        population: Population,
    ) -> Result<Approved<Removals>, RunRefusal> {
        if removals.is_empty() {
            return Ok(approved(removals));
        }
        // A directory that shows nobody is broken, however few people it would cost.
        if population.seen == 0 {
            return Err(RunRefusal::NobodySeen { removals: removals.counted });
        }
        let all = removals.counted.saturating_add(population.removed_before);
        if all > self.max_deactivations {
            return Err(RunRefusal::TooMany { removals: all, allowed: self.max_deactivations });
        }
        // Rounded up: a share that is a little too large is too large.
        let known = population.seen.saturating_add(all);
        let percent = all.saturating_mul(100).div_ceil(known);
        let allowed = u64::from(self.max_deactivation_percent);
        if all > FEW && percent > allowed {
            return Err(RunRefusal::TooLargeShare { removals: all, percent, allowed });
        }
        // What was counted under another guardrail is not all here.
        if removals.kept.len() as u64 != removals.counted {
            return Err(RunRefusal::TooMany { removals: all, allowed: removals.keeps });
        }
        Ok(approved(removals))
    }
}

impl Approved<Removals> {
    /// Hands out one that may be carried out now; none is handed out twice.
    pub fn take(&mut self) -> Option<Removal> {
        self.inner_mut().kept.pop()
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.inner().kept.len()
    }
}

/// The run goes too far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunRefusal {
    /// The directory showed nobody at all.
    NobodySeen {
        /// People who would lose access.
        removals: u64,
    },
    /// More people than one run may end access for.
    TooMany {
        /// People who would lose access.
        removals: u64,
        /// `guardrail.max_deactivations`.
        allowed: u64,
    },
    /// A larger part of all people than one run may end access for.
    TooLargeShare {
        /// People who would lose access.
        removals: u64,
        /// How many of a hundred that is.
        percent: u64,
        /// `guardrail.max_deactivation_percent`.
        allowed: u64,
    },
}

impl RunRefusal {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::RunGuardrailExceeded
    }
}

impl fmt::Display for RunRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodySeen { removals } => {
                write!(f, "the directory showed nobody, and {removals} people would lose access")
            }
            Self::TooMany { removals, allowed } => {
                write!(f, "{removals} people would lose access, and at most {allowed} are allowed")
            }
            Self::TooLargeShare { removals, percent, allowed } => write!(
                f,
                "{removals} people would lose access, {percent} percent of all, and at most {allowed} percent are \
                 allowed"
            ),
        }
    }
}

impl core::error::Error for RunRefusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Pii;

    const GUARDRAIL: RunGuardrail = RunGuardrail { max_deactivations: 100, max_deactivation_percent: 10 };

    fn removal(number: u64) -> Removal {
        let account = AccountRef::named(Pii::new(format!("user-{number}")));
        Removal { account, absence: Absence::Deactivate }
    }

    fn people(guardrail: &RunGuardrail, count: u64) -> Removals {
        let mut removals = Removals::under(guardrail);
        (0..count).for_each(|number| removals.add(removal(number)));
        removals
    }

    fn judge(count: u64, seen: u64, removed_before: u64) -> Result<(), RunRefusal> {
        let population = Population { seen, removed_before };
        GUARDRAIL.approve(people(&GUARDRAIL, count), population).map(|_| ())
    }

    #[test]
    fn r13_too_many_people_are_nobody() {
        assert_eq!(judge(100, 100_000, 0), Ok(()));
        assert_eq!(judge(101, 100_000, 0), Err(RunRefusal::TooMany { removals: 101, allowed: 100 }));
        // Whoever is interrupted and begins again does not get another hundred.
        assert_eq!(judge(40, 100_000, 60), Ok(()));
        assert_eq!(judge(40, 100_000, 61), Err(RunRefusal::TooMany { removals: 101, allowed: 100 }));
        let everybody = RunRefusal::TooMany { removals: u64::MAX, allowed: 100 };
        assert_eq!(judge(1, u64::MAX, u64::MAX), Err(everybody));
    }

    #[test]
    fn r13_too_large_a_share_is_nobody_unless_it_is_a_few() {
        assert_eq!(judge(10, 90, 0), Ok(()));
        let refused = RunRefusal::TooLargeShare { removals: 10, percent: 11, allowed: 10 };
        assert_eq!(judge(10, 89, 0), Err(refused), "10.1 percent is more than 10");
        assert_eq!(judge(5, 1, 0), Ok(()), "of a few people every one is a large part");
        assert_eq!(judge(6, 1, 0), Err(RunRefusal::TooLargeShare { removals: 6, percent: 86, allowed: 10 }));
        assert_eq!(
            judge(1, 8, 5),
            Err(RunRefusal::TooLargeShare { removals: 6, percent: 43, allowed: 10 }),
            "a run in five parts is one run"
        );
    }

    #[test]
    fn r13_a_directory_that_shows_nobody_ends_nothing() {
        for count in [1, 5, 100, 1000] {
            assert_eq!(judge(count, 0, 0), Err(RunRefusal::NobodySeen { removals: count }));
        }
        assert_eq!(judge(0, 0, 0), Ok(()), "nothing to do is no harm");
        assert_eq!(judge(0, 0, u64::MAX), Ok(()));
    }

    #[test]
    fn a_guardrail_of_zero_lets_nobody_go() {
        let none = RunGuardrail { max_deactivations: 0, max_deactivation_percent: 100 };
        let population = Population { seen: 10, removed_before: 0 };
        let refused = none.approve(people(&none, 1), population).unwrap_err();
        assert_eq!(refused, RunRefusal::TooMany { removals: 1, allowed: 0 });
        let no_share = RunGuardrail { max_deactivations: 100, max_deactivation_percent: 0 };
        assert!(no_share.approve(people(&no_share, 6), population).is_err());
    }

    #[test]
    fn a_run_that_goes_wrong_takes_no_more_memory() {
        let removals = people(&GUARDRAIL, 1_000_000);
        assert_eq!((removals.len(), removals.kept.len()), (1_000_000, 100));
    }

    #[test]
    fn what_was_counted_under_another_guardrail_is_not_passed_as_a_part() {
        let small = RunGuardrail { max_deactivations: 3, max_deactivation_percent: 100 };
        let population = Population { seen: 100_000, removed_before: 0 };
        assert!(GUARDRAIL.approve(people(&small, 4), population).is_err());
        assert!(GUARDRAIL.approve(people(&small, 3), population).is_ok());
    }

    #[test]
    fn everybody_is_handed_out_once() {
        let population = Population { seen: 1000, removed_before: 0 };
        let mut approved = GUARDRAIL.approve(people(&GUARDRAIL, 7), population).unwrap();
        assert_eq!(approved.left(), 7);
        let mut taken: Vec<_> = core::iter::from_fn(|| approved.take()).collect();
        taken.sort_by_key(|removal| removal.account.username.expose().clone());
        taken.dedup();
        assert_eq!((taken.len(), approved.left(), approved.take()), (7, 0, None));
    }

    #[test]
    fn refusals_say_what_to_look_at() {
        let refusal = RunRefusal::TooLargeShare { removals: 7, percent: 86, allowed: 10 };
        assert_eq!(refusal.code(), Code::RunGuardrailExceeded);
        assert_eq!(
            refusal.to_string(),
            "7 people would lose access, 86 percent of all, and at most 10 percent are allowed"
        );
        for refusal in
            [RunRefusal::NobodySeen { removals: 7 }, RunRefusal::TooMany { removals: 7, allowed: 6 }]
        {
            assert!(refusal.to_string().contains("7 people"));
        }
    }
}
