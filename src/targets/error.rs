//! How a call to a target ended.

use core::fmt;
use core::time::Duration;

use crate::base::Code;
use crate::effect::CallFailure;
use crate::http::HttpCall;
use crate::provision::{AccountKey, OperationKind, Question};

/// What it takes to carry out an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// This call.
    Call(HttpCall),
    /// An answer to this first: an id is missing. Asked again after the answer, the target must not ask the same
    /// question.
    Ask(Question),
    /// Nothing: what it wants is known to be so.
    AlreadySo,
    /// Nothing: the group of the operation does not exist, and the operation allows for that.
    PassOver,
    /// It cannot be done.
    Refuse(TargetError),
}

/// How one operation ended, as far as the answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Applied,
    /// The answer says that what it wants was so already.
    AlreadySo,
    /// The group of the operation does not exist, and the operation allows for that.
    PassedOver,
    /// The answer can mean several things: read the operation's subject again and ask
    /// [`crate::provision::satisfied`].
    Reread,
    /// An id that was remembered is gone. The target has forgotten it; prepare the operation again.
    Stale,
    /// Nothing was done; the target wants to be asked again after this time.
    RetryAfter(Duration),
    /// It cannot be done.
    Refused(TargetError),
}

impl Outcome {
    /// How an operation ended whose call got no answer: it may have been carried out nevertheless, unless it was never
    /// sent.
    #[must_use]
    pub const fn without_answer(failure: CallFailure) -> Self {
        match failure {
            CallFailure::NotSent => Self::Refused(TargetError::NotReached(failure)),
            CallFailure::NoAnswer => Self::Reread,
        }
    }
}

/// What was asked of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// The account with its groups.
    ReadAccount,
    /// Whether a group exists.
    ReadGroup,
    /// Our marker.
    ReadMarker,
    /// The accounts of an e-mail address.
    FindByEmail,
    /// The groups of an account.
    ReadMemberships,
    /// Whether an organization exists.
    ReadOrganization,
    /// The licences.
    ReadSeats,
    /// A page of all accounts.
    ListAccounts,
    /// A page of all organizations.
    ListOrganizations,
    /// The end of somebody's sessions.
    EndSessions,
    /// A change.
    Change(OperationKind),
}

impl Request {
    /// What `question` asks for.
    #[must_use]
    pub const fn of(question: &Question) -> Self {
        match question {
            Question::Account { by: AccountKey::Username(_), .. } => Self::ReadAccount,
            Question::Account { by: AccountKey::Email(_), .. } => Self::FindByEmail,
            Question::Memberships { .. } => Self::ReadMemberships,
            Question::Marker { .. } => Self::ReadMarker,
            Question::Group { .. } => Self::ReadGroup,
            Question::Organization { .. } => Self::ReadOrganization,
            Question::Seats => Self::ReadSeats,
        }
    }
}

impl Request {
    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadAccount => "read_account",
            Self::ListAccounts => "list_accounts",
            Self::ListOrganizations => "list_organizations",
            Self::EndSessions => "end_sessions",
            Self::ReadGroup => "read_group",
            Self::ReadMarker => "read_marker",
            Self::FindByEmail => "find_by_email",
            Self::ReadMemberships => "read_memberships",
            Self::ReadOrganization => "read_organization",
            Self::ReadSeats => "read_seats",
            Self::Change(kind) => kind.as_str(),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a target did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// There was no answer.
    NotReached(CallFailure),
    /// The target, or something before it, answered with a server error.
    Unavailable {
        /// What was asked.
        request: Request,
        /// The status, 500 to 599.
        status: u16,
    },
    /// The credentials are not accepted (any more). Calling again with them makes it worse.
    Unauthorized {
        /// What was asked.
        request: Request,
    },
    /// The credentials are locked until somebody solves a CAPTCHA in the target's own login page.
    CaptchaRequired {
        /// What was asked.
        request: Request,
    },
    /// The target refuses.
    Refused {
        /// What was asked.
        request: Request,
        /// The status, 400 to 499.
        status: u16,
    },
    /// The target has too many calls to answer.
    Throttled {
        /// What was asked.
        request: Request,
        /// When it wants to be asked again.
        retry_after: Duration,
    },
    /// The answer is not what the target's documentation promises.
    Malformed {
        /// What was asked.
        request: Request,
        /// The status.
        status: u16,
        /// What was expected instead.
        expected: &'static str,
    },
    /// The target said that the state is still not the wanted one after it had refused a change ambiguously.
    NotSatisfied {
        /// What was asked.
        request: Request,
    },
    /// What the change is about belongs to a directory that the application may only read (M10). Asking again changes
    /// nothing.
    ReadOnly {
        /// What was asked.
        request: Request,
    },
    /// The group, organization or service desk of the operation does not exist.
    Missing {
        /// What was asked.
        request: Request,
        /// What is missing, such as `group`.
        what: &'static str,
    },
    /// No licence is left for it.
    NoLicence {
        /// What was asked.
        request: Request,
        /// The status.
        status: u16,
    },
    /// A documented limit of the application does not allow it (J5, J6).
    LimitExceeded {
        /// What was asked.
        request: Request,
        /// Which limit, such as `users per group`.
        limit: &'static str,
        /// How many are allowed.
        allowed: u64,
    },
    /// The organization belongs to somebody else: an IdP that pushes it, or a conflict policy that leaves it alone.
    OrganizationRefused {
        /// What was asked.
        request: Request,
    },
    /// The new name belongs to somebody or something else.
    NameTaken {
        /// What was asked.
        request: Request,
    },
    /// There is an account that cannot be used: one that is deactivated, or that the application does not show.
    AccountUnusable {
        /// What was asked.
        request: Request,
    },
    /// The answers never came to an end.
    Endless {
        /// What was asked.
        request: Request,
    },
}

impl TargetError {
    /// The code of the finding.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NotReached(_) | Self::Unavailable { .. } => Code::TargetUnreachable,
            Self::Unauthorized { .. } => Code::TargetUnauthorized,
            Self::CaptchaRequired { .. }
            | Self::Refused { .. }
            | Self::NotSatisfied { .. }
            | Self::Missing { .. }
            | Self::NoLicence { .. } => Code::TargetRefused,
            Self::Throttled { .. } => Code::TargetThrottled,
            Self::Malformed { .. } | Self::Endless { .. } => Code::TargetAnswerMalformed,
            Self::AccountUnusable { .. } => Code::AccountInactive,
            Self::ReadOnly { .. } => Code::DirectoryReadOnly,
            Self::LimitExceeded { .. } => Code::LimitExceeded,
            Self::OrganizationRefused { .. } => Code::OrganizationRefused,
            Self::NameTaken { .. } => Code::NameTaken,
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(CallFailure::NotSent) => {
                f.write_str("the call could not be sent to the cluster")
            }
            Self::NotReached(CallFailure::NoAnswer) => {
                f.write_str("the cluster did not answer in time or broke the connection")
            }
            Self::Unavailable { request, status } => write!(f, "{request} was answered {status}"),
            Self::Unauthorized { request } => {
                write!(f, "{request} was refused because the credentials are not accepted")
            }
            Self::CaptchaRequired { request } => write!(
                f,
                "{request} was refused until somebody solves the CAPTCHA of the provisioning account"
            ),
            Self::Refused { request, status } => write!(f, "{request} was refused with status {status}"),
            Self::Throttled { request, retry_after } => {
                write!(f, "{request} was throttled, to be repeated after {} s", retry_after.as_secs())
            }
            Self::Malformed { request, status, expected } => {
                write!(f, "{request} was answered {status} without {expected}")
            }
            Self::NotSatisfied { request } => {
                write!(f, "{request} was not carried out, and the state is not the wanted one")
            }
            Self::ReadOnly { request } => {
                write!(
                    f,
                    "{request} was refused and nothing changed, as by a directory that can only be read"
                )
            }
            Self::Missing { request, what } => write!(f, "{request} is about a {what} that does not exist"),
            Self::NoLicence { request, status } => {
                write!(f, "{request} was refused with status {status} because no licence is left")
            }
            Self::LimitExceeded { request, limit, allowed } => {
                write!(f, "{request} would exceed the limit of {allowed} {limit}")
            }
            Self::OrganizationRefused { request } => {
                write!(f, "{request} is about an organization that somebody else keeps")
            }
            Self::NameTaken { request } => {
                write!(f, "{request} was refused because the name belongs to somebody else")
            }
            Self::AccountUnusable { request } => {
                write!(f, "{request} was refused because there is an account that is deactivated or hidden")
            }
            Self::Endless { request } => write!(f, "{request} was answered in pages that do not end"),
        }
    }
}

impl core::error::Error for TargetError {}
