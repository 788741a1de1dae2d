//! `audit`.

use super::raw;

raw! {
    /// What the audit trail says.
    struct Audit {
        /// How people appear in it.
        identifiers: AuditIdentifiers,
    }
}

raw! {
    /// How people appear in the audit trail.
    words AuditIdentifiers {
        /// By user name.
        Plain = "PLAIN",
        /// By the keyed hash that the log uses too, so that lines about one person can be found without naming anybody.
        Hashed = "HASHED",
        /// Not at all.
        Off = "OFF",
    }
}
