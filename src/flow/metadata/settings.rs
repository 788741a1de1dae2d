//! Where metadata comes from when it is fetched.

use core::time::Duration;

use crate::effect::VerificationKey;

/// Metadata that is fetched through a cluster of Envoy, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMetadata {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The `:authority` of the call.
    pub authority: String,
    /// Path and query of the call.
    pub path: String,
    /// When Envoy gives a call up.
    pub timeout: Duration,
    /// No sooner than this after a success is asked again, whatever document and server wish.
    pub min_refresh_interval: Duration,
    /// No later than this after a success is asked again, whatever document and server wish.
    pub max_refresh_interval: Duration,
    /// Bytes of a document.
    pub max_bytes: usize,
    /// A document must have a `validUntil`, no further away than this.
    pub max_validity: Option<Duration>,
    /// The keys of which one must have signed the document; empty where it need not be signed.
    pub signing_keys: Vec<VerificationKey>,
}

impl RemoteMetadata {
    /// Bytes of a document that can be configured: what the shell reads of an answer. Parsing as much as this costs a worker
    /// up to 0.2 s (docs/budgets.md: 256 KiB cost less than 50 ms).
    pub const LARGEST_BYTES: usize = 1024 * 1024;
}
