//! The last look at a plan before anything is sent.

use core::fmt;

use crate::base::Code;

use super::plan::Plan;
use super::state::Settings;

/// Removals that are no share of anything: of somebody with two groups, one is half already.
const FEW_REMOVALS: usize = 2;

/// A bound on the harm that one plan can do, whatever mistake in assertion, mapping or code led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guardrail {
    max_group_removals: usize,
    max_group_removal_percent: u8,
    max_group_creations: usize,
}

impl Guardrail {
    /// The bounds of these settings.
    #[must_use]
    pub const fn new(settings: &Settings) -> Self {
        Self {
            max_group_removals: settings.max_group_removals,
            max_group_removal_percent: settings.max_group_removal_percent,
            max_group_creations: settings.max_group_creations,
        }
    }

    /// Lets `plan` pass unless it takes or makes more groups than allowed. A refused plan is refused as a whole: nothing of it is
    /// done.
    ///
    /// Whoever leaves loses everything, so no number of groups is too many then; how many people may leave at once is what
    /// [`super::RunGuardrail`] bounds.
    ///
    /// # Errors
    /// [`GuardrailRefusal`] when the plan goes too far.
    pub fn approve(&self, plan: Plan) -> Result<Approved<Plan>, GuardrailRefusal> {
        if plan.is_leaving() {
            return Ok(Approved(plan));
        }
        let removals = plan.removals();
        if removals > self.max_group_removals {
            return Err(GuardrailRefusal::TooManyRemovals { removals, allowed: self.max_group_removals });
        }
        let percent = removals.saturating_mul(100).checked_div(plan.memberships()).unwrap_or(0);
        let allowed = usize::from(self.max_group_removal_percent);
        if removals > FEW_REMOVALS && percent > allowed {
            return Err(GuardrailRefusal::TooLargeShare { removals, percent, allowed });
        }
        let creations = plan.creations();
        if creations > self.max_group_creations {
            return Err(GuardrailRefusal::TooManyCreations { creations, allowed: self.max_group_creations });
        }
        Ok(Approved(plan))
    }
}

/// Something that [`Guardrail::approve`] or [`super::RunGuardrail::approve`] let pass; nothing else makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Approved<T>(T);

/// For the other guardrail.
pub(super) const fn approved<T>(what: T) -> Approved<T> {
    Approved(what)
}

impl<T> Approved<T> {
    /// What was approved.
    #[must_use]
    pub const fn inner(&self) -> &T {
        &self.0
    }

    pub(super) const fn inner_mut(&mut self) -> &mut T {
        &mut self.0
    }

    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

/// The plan goes too far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuardrailRefusal {
    /// It ends more memberships than one sign-in may.
    TooManyRemovals {
        /// Memberships that the plan ends.
        removals: usize,
        /// `provisioning.max_group_removals`.
        allowed: usize,
    },
    /// It ends a larger part of somebody's memberships than one sign-in may.
    TooLargeShare {
        /// Memberships that the plan ends.
        removals: usize,
        /// How many of a hundred memberships that is.
        percent: usize,
        /// `provisioning.max_group_removal_percent`.
        allowed: usize,
    },
    /// It makes more groups than one sign-in may.
    TooManyCreations {
        /// Groups that the plan makes.
        creations: usize,
        /// `provisioning.max_group_creations`.
        allowed: usize,
    },
}

impl GuardrailRefusal {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::GuardrailExceeded
    }
}

impl fmt::Display for GuardrailRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRemovals { removals, allowed } => {
                write!(f, "the plan removes {removals} groups, and at most {allowed} are allowed")
            }
            Self::TooLargeShare { removals, percent, allowed } => write!(
                f,
                "the plan removes {removals} groups, {percent} percent of all, and at most {allowed} percent are \
                 allowed"
            ),
            Self::TooManyCreations { creations, allowed } => {
                write!(f, "the plan makes {creations} groups, and at most {allowed} are allowed")
            }
        }
    }
}

impl core::error::Error for GuardrailRefusal {}
