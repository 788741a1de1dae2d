//! What happened, as values: the shell turns them into log lines and metrics.

use crate::base::Code;

/// Something to report; never answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// One structured line for the log.
    Event(Event),
    /// Add one to the counter `outcome`, labelled with the code where something was refused.
    Count {
        /// What happened, such as `sign_in_accepted` or `request_forwarded`.
        outcome: &'static str,
        /// Why, for refusals.
        code: Option<Code>,
    },
}

/// A structured log line without personal data: fields are fixed names with text values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened, such as `sign_in` or `refused`.
    pub name: &'static str,
    /// The code, for refusals; its severity chooses the log level.
    pub code: Option<Code>,
    /// Name and value in order; values about people are keyed hashes ([`crate::base::Pii::keyed`]).
    pub fields: Vec<(&'static str, String)>,
}
