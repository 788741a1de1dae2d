//! Where a sign-in started, as a condition.

use crate::http::{PathMatch, StringMatch};
use crate::policy::facts::RequestFacts;

/// How the sign-in began. A background sync has no request, and that is a case to ask for, never one to fall into: no
/// comparison of an address holds for it.
#[derive(Clone, Debug)]
pub enum StartedAt {
    /// With a request for an address; both parts must match where they are given.
    Request {
        /// The normalized path, without the query.
        path: Option<PathMatch>,
        /// The whole address: scheme, host, normalized path, and the query as it was sent. The visitor writes the query,
        /// so whoever knows the rule can make it match; a rule that gives something should look at `path`.
        url: Option<StringMatch>,
    },
    /// With no request.
    NoRequest,
}

impl StartedAt {
    pub(super) fn holds(&self, request: &RequestFacts<'_>) -> bool {
        match (self, &request.started_at) {
            (Self::NoRequest, started_at) => started_at.is_none(),
            (Self::Request { .. }, None) => false,
            (Self::Request { path, url }, Some(started_at)) => {
                path.as_ref().is_none_or(|path| path.matches_text(started_at.path))
                    && url.as_ref().is_none_or(|url| url.matches(&started_at.url()))
            }
        }
    }
}
