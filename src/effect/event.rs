//! What happened, as values: the shell turns them into log lines and metrics.

use core::time::Duration;

use crate::base::Code;

/// Something to report; never answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// One structured line for the log.
    Event(Event),
    /// One change at the application, for the audit trail: it has a sink of its own, in which people appear as configured.
    Audit(Event),
    /// One call to the application ended.
    Called {
        /// The application, as the configuration calls it.
        target: &'static str,
        /// What was asked of it, such as `add_to_group` or `read_account`.
        request: &'static str,
        /// How it ended, such as `applied` or the slug of a code.
        result: &'static str,
        /// How long it took.
        took: Duration,
    },
    /// A number that goes up and down, such as when a certificate ends.
    Gauge {
        /// Its name behind the prefix of all.
        name: String,
        /// What it is now.
        value: u64,
    },
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
