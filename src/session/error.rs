//! What goes wrong with sessions, pending requests and the ledgers of used assertions and ended sessions.

use core::fmt;

use crate::base::{Code, EntropyFailure, UnixTime};

/// A finding of the room `session`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The browser presented no session cookie.
    SessionMissing,
    /// There is a session cookie, but it is none of ours.
    SessionUnreadable(Unreadable),
    /// The session has reached its absolute end.
    SessionExpired {
        /// The first second at which the session was no longer valid.
        ended_at: UnixTime,
    },
    /// The session was not used for longer than `session.idle_timeout`.
    SessionIdle {
        /// The last second at which a use was recorded.
        last_seen: UnixTime,
    },
    /// The sealed session does not fit into cookies.
    SessionTooLarge {
        /// Bytes of cookie text that the session needs.
        bytes: usize,
        /// Bytes of cookie text that are allowed.
        limit: usize,
        /// How many groups the session carries.
        groups: usize,
        /// How many attribute values the session carries.
        attribute_values: usize,
    },
    /// `SessionNotOnOrAfter` (core 2.7.2) leaves no time for a session of ours.
    IdpSessionEnded {
        /// The instant that the identity provider named.
        not_on_or_after: UnixTime,
    },
    /// RelayState is not a token that we made.
    RelayStateMalformed,
    /// This browser holds no pending request for the RelayState.
    PendingRequestMissing,
    /// The pending request's cookie is none of ours.
    PendingRequestUnreadable(Unreadable),
    /// The pending request was answered too late.
    PendingRequestExpired {
        /// The first second at which an answer came too late.
        ended_at: UnixTime,
    },
    /// The pending request does not fit into one cookie, even without its return address.
    PendingRequestTooLarge {
        /// Bytes of the cookie that would have been needed.
        bytes: usize,
        /// Bytes that every browser takes.
        limit: usize,
    },
    /// The assertion was used before, or the claim belongs to another assertion.
    AssertionReplayed,
    /// The assertion's slot in the ledger holds as many unexpired entries as it may.
    ReplaySlotFull,
    /// The ledger could not be read or written.
    ReplayStoreUnavailable,
    /// Somebody signed out, or an identity provider signed them out.
    SessionRevoked,
    /// The ledger of ended sessions could not be read or written, so that no session can be trusted.
    RevocationStoreUnavailable,
    /// As much waits for the shared store as may: what is ended now would stay unknown to other replicas.
    OutboxFull,
    /// Nobody has looked for too long who was signed out at other replicas.
    RevocationsStale {
        /// When somebody last did.
        read_at: Option<UnixTime>,
    },
    /// This browser waits for no answer to a logout.
    LogoutUnexpected,
    /// The host gave no randomness.
    EntropyUnavailable,
    /// No sealing secret is configured.
    SealingKeyMissing,
    /// A sealing secret is too short to be unpredictable.
    SealingKeyTooShort {
        /// Position in the configured list, from 0.
        position: usize,
        /// Bytes found.
        bytes: usize,
        /// Bytes expected at least.
        minimum: usize,
    },
}

/// Why a sealed cookie could not be read. For the log only: the browser never learns which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// Not base64url, too short or too long, or chunks are missing.
    Encoding,
    /// The format version is not ours.
    Version,
    /// No configured key opens it for this purpose, context and cookie name.
    Seal,
    /// It opened, but holds no value of this version.
    Payload,
    /// It was sealed further in the future than any two clocks may differ.
    Future,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "the cookie is malformed or incomplete",
            Self::Version => "the cookie has another format version",
            Self::Seal => "no configured key opens the cookie",
            Self::Payload => "the cookie's content has another shape",
            Self::Future => "the cookie was sealed in the future",
        })
    }
}

impl SessionError {
    /// The finding's entry in the catalogue.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::SessionMissing => Code::AuthenticationRequired,
            Self::SessionUnreadable(_) => Code::SessionUnreadable,
            Self::SessionExpired { .. } => Code::SessionExpired,
            Self::SessionIdle { .. } => Code::SessionIdle,
            Self::SessionTooLarge { .. } | Self::PendingRequestTooLarge { .. } => Code::SessionTooLarge,
            Self::IdpSessionEnded { .. } => Code::IdpSessionExpired,
            Self::RelayStateMalformed => Code::RelayStateMalformed,
            Self::PendingRequestMissing => Code::PendingRequestMissing,
            Self::PendingRequestUnreadable(_) => Code::PendingRequestUnreadable,
            Self::PendingRequestExpired { .. } => Code::PendingRequestExpired,
            Self::AssertionReplayed => Code::AssertionReplayed,
            Self::ReplaySlotFull | Self::ReplayStoreUnavailable => Code::ReplayStoreUnavailable,
            Self::SessionRevoked => Code::SessionRevoked,
            Self::RevocationStoreUnavailable | Self::OutboxFull => Code::RevocationStoreUnavailable,
            Self::RevocationsStale { .. } => Code::RevocationsStale,
            Self::LogoutUnexpected => Code::LogoutUnexpected,
            Self::EntropyUnavailable => Code::EntropyUnavailable,
            Self::SealingKeyMissing | Self::SealingKeyTooShort { .. } => Code::ConfigValueInvalid,
        }
    }
}

impl SessionError {
    /// Nobody knows whether the session was ended: it is not to be relied on, and a new one would not be either.
    #[must_use]
    pub const fn is_doubt(&self) -> bool {
        matches!(self, Self::RevocationStoreUnavailable | Self::RevocationsStale { .. })
    }
}

impl From<EntropyFailure> for SessionError {
    fn from(EntropyFailure: EntropyFailure) -> Self {
        Self::EntropyUnavailable
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SessionMissing => f.write_str("the request carries no session cookie"),
            Self::SessionUnreadable(why) => write!(f, "the session is unreadable: {why}"),
            Self::SessionExpired { ended_at } => write!(f, "the session ended at {ended_at}"),
            Self::SessionIdle { last_seen } => write!(f, "the session was last used at {last_seen}"),
            Self::SessionTooLarge { bytes, limit, groups, attribute_values } => write!(
                f,
                "the session needs {bytes} bytes of cookies for {groups} groups and {attribute_values} \
                 attribute values, and {limit} are allowed"
            ),
            Self::IdpSessionEnded { not_on_or_after } => {
                write!(f, "the identity provider ended its session at {not_on_or_after}")
            }
            Self::RelayStateMalformed => f.write_str("the relay state is not one that was sent from here"),
            Self::PendingRequestMissing => {
                f.write_str("the browser holds no pending request for this relay state")
            }
            Self::PendingRequestUnreadable(why) => write!(f, "the pending request is unreadable: {why}"),
            Self::PendingRequestExpired { ended_at } => {
                write!(f, "the pending request ended at {ended_at}")
            }
            Self::PendingRequestTooLarge { bytes, limit } => {
                write!(f, "the pending request needs a cookie of {bytes} bytes, and {limit} are allowed")
            }
            Self::AssertionReplayed => f.write_str("the assertion was used before"),
            Self::ReplaySlotFull => f.write_str("the ledger of used assertions is full"),
            Self::ReplayStoreUnavailable => {
                f.write_str("the ledger of used assertions could not be read or written")
            }
            Self::SessionRevoked => f.write_str("the session was ended by a logout"),
            Self::RevocationStoreUnavailable => {
                f.write_str("the ledger of ended sessions could not be read or written")
            }
            Self::OutboxFull => f.write_str("too many logouts wait for the shared store"),
            Self::RevocationsStale { read_at: None } => {
                f.write_str("the shared store was not read since this Envoy started")
            }
            Self::RevocationsStale { read_at: Some(at) } => {
                write!(f, "the shared store was last read at {at}")
            }
            Self::LogoutUnexpected => f.write_str("the browser waits for no answer to a logout"),
            Self::EntropyUnavailable => EntropyFailure.fmt(f),
            Self::SealingKeyMissing => f.write_str("no session key is configured"),
            Self::SealingKeyTooShort { position, bytes, minimum } => {
                write!(f, "session key {position} has {bytes} bytes, and at least {minimum} are needed")
            }
        }
    }
}

impl core::error::Error for SessionError {}
