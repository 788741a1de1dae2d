//! How a call to a directory failed.

use core::fmt;
use core::time::Duration;

use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::base::{Code, UnixTime};
use crate::effect::CallFailure;
use crate::http::HttpResponse;

/// Bytes of an answer that are read: a hundred people of Keycloak with all their attributes take about 300 KiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What to wait when an answer does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);

/// The longest wait that is believed: an hour, after which a pull should rather begin again.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// What was asked of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// A token to ask with.
    AccessToken,
    /// A token for later changes.
    Token,
    /// How many people there are.
    Count,
    /// A page of people.
    People,
    /// A page of people who changed.
    Changes,
    /// A page of somebody's groups.
    Groups,
    /// One person.
    Person,
}

impl Request {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::Token => "delta_token",
            Self::Count => "count",
            Self::People => "people",
            Self::Changes => "changes",
            Self::Groups => "groups",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a directory's answer is no page of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// There was no answer.
    NotReached(CallFailure),
    /// The directory, or something before it, answered with a server error.
    Unavailable {
        /// What was asked.
        request: Request,
        /// The status, 500 to 599.
        status: u16,
        /// When to ask again.
        retry_after: Duration,
    },
    /// The directory has too many calls to answer.
    Throttled {
        /// What was asked.
        request: Request,
        /// When it wants to be asked again.
        retry_after: Duration,
    },
    /// The credentials are not accepted: see [`super::Access::refused`].
    Unauthorized {
        /// What was asked.
        request: Request,
    },
    /// No token was given to us.
    TokenRefused {
        /// The status.
        status: u16,
    },
    /// The directory refuses, 403 where a permission is missing.
    Refused {
        /// What was asked.
        request: Request,
        /// The status, 300 to 499: redirects are not followed.
        status: u16,
    },
    /// The answer is not what the directory's documentation promises.
    Malformed {
        /// What was asked.
        request: Request,
        /// The status.
        status: u16,
        /// What was expected instead.
        expected: &'static str,
    },
    /// The answer is whole, and what it says of one person is not usable. The pull goes on without it.
    Odd {
        /// What was asked.
        request: Request,
        /// What was expected instead.
        expected: &'static str,
    },
    /// The next page is said to be where it is not looked for.
    LinkRefused {
        /// What was asked.
        request: Request,
        /// What is wrong with the address.
        fault: LinkFault,
    },
    /// The pages never come to an end, or go in a circle.
    Endless {
        /// What was asked.
        request: Request,
    },
    /// Entries that must be there were on no page.
    Incomplete {
        /// How many were read.
        found: u64,
        /// How many there are.
        expected: u64,
    },
    /// The directory shrank by more than a page while it was read.
    Shrunk {
        /// How many there were.
        before: u64,
        /// How many are left.
        after: u64,
    },
    /// The pages moved too far while they were read.
    Shifted,
    /// The directory does not know any more what changed since then: pull everything.
    DeltaExpired,
    /// The person is not there any more.
    Vanished,
}

/// What is wrong with the address of a next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// It is no address, or longer than any real one.
    Malformed,
    /// It leads to another host.
    Elsewhere,
    /// It leads out of the configured path.
    OutsidePrefix,
}

impl SourceError {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NotReached(_) | Self::Unavailable { .. } => Code::SourceUnreachable,
            Self::Throttled { .. } => Code::SourceThrottled,
            Self::Unauthorized { .. } | Self::TokenRefused { .. } => Code::SourceUnauthorized,
            Self::Refused { .. } => Code::SourceRefused,
            Self::Malformed { .. } | Self::Odd { .. } | Self::Vanished => Code::SourceAnswerMalformed,
            Self::LinkRefused { .. } => Code::SourceLinkRefused,
            Self::Endless { .. } => Code::SourceEndless,
            Self::Incomplete { .. } | Self::Shrunk { .. } | Self::Shifted => Code::SourceIncomplete,
            Self::DeltaExpired => Code::SourceDeltaExpired,
        }
    }

    /// When the same call is worth another try; `None` where it would fail alike.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::Throttled { retry_after, .. } => Some(*retry_after),
            // A body that broke off is no JSON.
            Self::NotReached(_) | Self::Malformed { .. } => Some(DEFAULT_WAIT),
            _ => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(CallFailure::NotSent) => {
                f.write_str("the call could not be sent to the cluster")
            }
            Self::NotReached(CallFailure::NoAnswer) => {
                f.write_str("the cluster did not answer in time or broke the connection")
            }
            Self::Unavailable { request, status, .. } => write!(f, "{request} was answered {status}"),
            Self::Throttled { request, retry_after } => {
                write!(f, "{request} was throttled, to be repeated after {} s", retry_after.as_secs())
            }
            Self::Unauthorized { request } => {
                write!(f, "{request} was refused because the credentials are not accepted")
            }
            Self::TokenRefused { status } => write!(f, "no token was given, status {status}"),
            Self::Refused { request, status } => write!(f, "{request} was refused with status {status}"),
            Self::Malformed { request, status, expected } => {
                write!(f, "{request} was answered {status} without {expected}")
            }
            Self::Odd { request, expected } => {
                write!(f, "{request} was answered for one person without {expected}")
            }
            Self::LinkRefused { request, fault } => {
                write!(
                    f,
                    "{request} was answered with a next page {}",
                    match fault {
                        LinkFault::Malformed => "that has no usable address",
                        LinkFault::Elsewhere => "at another host than the configured one",
                        LinkFault::OutsidePrefix => "outside the configured path",
                    }
                )
            }
            Self::Endless { request } => {
                write!(f, "{request} was answered in pages that do not end")
            }
            Self::Incomplete { found, expected } => {
                write!(f, "the pages ended after {found} of {expected} entries")
            }
            Self::Shrunk { before, after } => {
                write!(f, "the directory shrank from {before} to {after} entries while it was read")
            }
            Self::Shifted => f.write_str("the pages moved too far while they were read"),
            Self::DeltaExpired => f.write_str("the directory forgot what changed since the last pull"),
            Self::Vanished => f.write_str("the person is not there any more"),
        }
    }
}

impl core::error::Error for SourceError {}

/// Refusals that mean the same for every request; what passes is 200 or a status that the caller knows.
pub(super) fn refusal(request: Request, response: &HttpResponse, now: UnixTime) -> Result<(), SourceError> {
    match response.status {
        401 => Err(SourceError::Unauthorized { request }),
        429 => Err(SourceError::Throttled { request, retry_after: wait(response, now) }),
        status @ 500..=599 => {
            Err(SourceError::Unavailable { request, status, retry_after: wait(response, now) })
        }
        status @ (300..=399 | 403 | 405..=409 | 411..=428 | 430..=499) => {
            Err(SourceError::Refused { request, status })
        }
        200 | 400 | 402 | 404 | 410 => Ok(()),
        // Another 2xx than 200 (202, 206) is no whole answer.
        status => Err(SourceError::Malformed { request, status, expected: "status 200" }),
    }
}

/// The statuses that [`refusal`] lets pass besides 200, where they mean nothing to the caller.
pub(super) fn expect_200(request: Request, response: &HttpResponse) -> Result<(), SourceError> {
    match response.status {
        200 => Ok(()),
        status => Err(SourceError::Refused { request, status }),
    }
}

pub(super) fn read_json<T: DeserializeOwned>(
    request: Request,
    response: &HttpResponse,
    expected: &'static str,
) -> Result<T, SourceError> {
    let malformed = SourceError::Malformed { request, status: response.status, expected };
    if response.body.len() > MAX_ANSWER_BYTES {
        return Err(malformed);
    }
    serde_json::from_slice(&response.body).map_err(|_| malformed)
}

/// How long the answer asks to wait: `Retry-After` in seconds or as a date (RFC 9110 10.2.3), or the second at which Okta's
/// limit is reset.
fn wait(response: &HttpResponse, now: UnixTime) -> Duration {
    let until = |instant: u64| Duration::from_secs(instant.saturating_sub(now.as_secs()));
    let retry_after = header(response, "retry-after").map(str::trim).and_then(|value| {
        value.parse().map(Duration::from_secs).ok().or_else(|| {
            let date = OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()?;
            u64::try_from(date.unix_timestamp()).ok().map(until)
        })
    });
    let reset =
        || header(response, "x-rate-limit-reset").and_then(|value| value.trim().parse().ok()).map(until);
    retry_after.or_else(reset).unwrap_or(DEFAULT_WAIT).clamp(DEFAULT_WAIT, MAX_WAIT)
}

pub(super) fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    headers(response, name).next()
}

pub(super) fn headers<'a>(response: &'a HttpResponse, name: &str) -> impl Iterator<Item = &'a str> {
    response
        .headers
        .iter()
        .filter(move |(have, _)| have.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
