//! What a decision rests on: facts that others gathered.

use std::collections::BTreeSet;

use crate::base::UnixTime;
use crate::http::RedirectTarget;
use crate::identity::Identity;

/// Everything that a decision may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// How the sign-in began.
    pub request: RequestFacts<'a>,
    /// The account in the application.
    pub account: &'a AccountFacts,
    /// The time of the decision.
    pub now: UnixTime,
}

/// What is known about the request that started the sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts<'a> {
    /// What the person asked for first; `None` when nobody asked for anything, as in a background sync.
    pub started_at: Option<StartUrl<'a>>,
}

/// The address at which a sign-in started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartUrl<'a> {
    /// Scheme and host of the site (`sp.base_uri`), without a slash at its end.
    pub origin: &'a str,
    /// The normalized path, without the query.
    pub path: &'a str,
    /// The same path with the query.
    pub path_and_query: &'a str,
}

impl<'a> StartUrl<'a> {
    /// The address of `target` on the site `origin`.
    #[must_use]
    pub fn of(origin: &'a str, target: &'a RedirectTarget) -> Self {
        Self { origin, path: target.path(), path_and_query: target.as_str() }
    }

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.path_and_query)
    }
}

/// What is known about the person's account in the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountFacts {
    /// Nobody looked: the application is told by headers alone.
    Unknown,
    /// There is none.
    Absent,
    /// There is one.
    Present {
        /// Its groups in the application's spelling, direct memberships only.
        groups: BTreeSet<String>,
        /// Whether it may be used.
        active: bool,
        /// It was made at a sign-in that did not come to its end, so the person is still new.
        unfinished: bool,
    },
}

impl AccountFacts {
    /// Is the person new to the application? `None` when nobody looked.
    #[must_use]
    pub const fn is_new(&self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Absent | Self::Present { unfinished: true, .. } => Some(true),
            Self::Present { .. } => Some(false),
        }
    }
}
