//! The vocabulary of flows: what they ask, what they are answered, what they tell, and how they end.
//!
//! *Every ask is answered exactly once, answers are fed one at a time, and `now` never goes back.*

mod crypto;
mod event;
mod shared_data;

pub use crypto::{CryptoProvider, KeyKind, SignatureScheme, SigningFailure, SigningKey, VerificationKey};
pub use event::{Event, Tell};
pub use shared_data::{NothingStored, SharedData, StoreFailure};

use crate::http::{HeaderEdits, HttpCall, HttpResponse, Reply};

/// Names one ask of one flow, so that its answer finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AskId(pub u32);

/// What a flow needs from outside before it can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The whole body of the request in hand, at most `limit` bytes.
    RequestBody {
        /// Bytes beyond which the answer is [`Answer::RequestBodyTooLarge`].
        limit: usize,
    },
    /// One HTTP request to an Envoy cluster.
    HttpCall(HttpCall),
    /// The value under `key` in the store that all workers share.
    Load {
        /// The store's key.
        key: String,
    },
    /// Replace the value under `key`, but only if it is still the one that was loaded.
    CompareAndSwap {
        /// The store's key.
        key: String,
        /// What must be there for the swap to happen.
        expected: Version,
        /// The new value.
        value: Vec<u8>,
    },
    /// The address of the client of the request in hand.
    SourceAddress,
    /// Hand something to the background runner of this Envoy, which outlives the request.
    Enqueue {
        /// What [`crate::flow::background`] reads.
        message: Vec<u8>,
    },
}

/// The state of a stored value as it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Nothing was stored.
    Absent,
    /// The host's compare-and-swap token.
    Token(u32),
}

/// What came of an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The body is complete.
    RequestBody(Vec<u8>),
    /// The body is larger than asked for; it was not kept.
    RequestBodyTooLarge,
    /// The cluster answered.
    HttpResponse(HttpResponse),
    /// The cluster did not answer.
    HttpFailed(CallFailure),
    /// The stored value and its version.
    Loaded {
        /// `None` when nothing is stored.
        value: Option<Vec<u8>>,
        /// Hand back in [`Ask::CompareAndSwap`].
        version: Version,
    },
    /// The client's address with its port, as Envoy knows it; `None` when it does not.
    SourceAddress(Option<String>),
    /// The swap happened.
    Swapped,
    /// Somebody else wrote first; load again.
    Conflict,
    /// The store refused for another reason.
    StoreFailed,
    /// The background runner will see it.
    Queued,
    /// As many messages wait as may, or there is no background runner.
    QueueFull,
}

/// Why a call got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// The cluster is not configured in Envoy, or the request could not be sent.
    NotSent,
    /// Timeout, reset, or no healthy host: Envoy reports all of them as an answer without headers.
    NoAnswer,
}

/// How an HTTP request ends.
#[derive(Debug)]
pub enum Verdict {
    /// Let it go upstream with these edits.
    Forward(HeaderEdits),
    /// Answer it here.
    Reply(Reply),
}

/// One turn of a flow.
#[derive(Debug)]
pub enum Step<S> {
    /// The flow waits for its asks.
    Wait {
        /// What the flow is now.
        state: S,
        /// New asks, each answered once; empty while an earlier one is still open.
        asks: Vec<(AskId, Ask)>,
        /// What happened meanwhile.
        tells: Vec<Tell>,
    },
    /// The flow is over.
    End {
        /// What becomes of the request.
        verdict: Verdict,
        /// What happened meanwhile.
        tells: Vec<Tell>,
    },
}
