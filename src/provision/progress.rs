//! How far an approved plan has been carried out.

use super::guardrail::Approved;
use super::operation::Operation;
use super::plan::Plan;

/// A cursor over an approved plan: the state that a flow keeps between two answers.
///
/// The flow takes [`Progress::next`], sends it, and [`Progress::record`]s how it ended; a refusal ends the flow, and what
/// was not done is planned again at the next sign-in.
#[derive(Debug, PartialEq, Eq)]
pub struct Progress {
    operations: Vec<Operation>,
    /// How the operations before the cursor ended; its length is the cursor.
    done: Vec<Done>,
}

/// How an operation ended that the cursor has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was carried out.
    Applied,
    /// What it wants was so already.
    AlreadySo,
    /// It failed, and the plan goes on without it: [`Operation::is_precaution`].
    Failed,
    /// The group does not exist, and that was allowed for.
    PassedOver,
}

impl Done {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::AlreadySo => "already_so",
            Self::Failed => "failed",
            Self::PassedOver => "passed_over",
        }
    }
}

impl Progress {
    /// At the start of `plan`.
    #[must_use]
    pub fn new(plan: Approved<Plan>) -> Self {
        Self { operations: plan.into_inner().into_operations(), done: Vec::new() }
    }

    /// What was done stays done; `plan` takes the place of what is left.
    #[must_use]
    pub fn go_on_with(mut self, plan: Approved<Plan>) -> Self {
        self.operations.truncate(self.done.len());
        self.operations.extend(plan.into_inner().into_operations());
        self
    }

    /// The operation to do now; `None` when all are done.
    #[must_use]
    pub fn next(&self) -> Option<&Operation> {
        self.operations.get(self.done.len())
    }

    /// The operation to do now and those after it.
    pub fn upcoming(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().skip(self.done.len())
    }

    /// The operation to do now ended as `done`; the cursor moves on. Without one, nothing happens.
    pub fn record(&mut self, done: Done) {
        if self.next().is_some() {
            self.done.push(done);
        }
    }

    /// The operations that the cursor has passed, in order, for the log.
    pub fn completed(&self) -> impl Iterator<Item = (&Operation, Done)> {
        self.operations.iter().zip(self.done.iter().copied())
    }

    /// How many operations are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.operations.len().saturating_sub(self.done.len())
    }
}
