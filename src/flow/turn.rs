//! One turn of what goes on without a request.

use crate::effect::{Ask, AskId, Tell};

/// What is wanted done, and what happened.
#[derive(Debug, Default)]
pub struct Turn {
    /// New asks, each answered once.
    pub asks: Vec<(AskId, Ask)>,
    /// What happened meanwhile.
    pub tells: Vec<Tell>,
}
