//! The checked settings of the whole gateway: made by `config::check`, switched as a unit.

use crate::flow::{self, AuthnDemand};
use crate::http::matcher::RequestMatch;

/// Everything that decides about a request.
#[derive(Clone)]
pub struct Settings {
    /// What the flows need.
    pub flow: flow::Settings,
    /// In order; the first that matches decides. A request that none matches is protected.
    pub rules: Vec<Rule>,
    /// `Authorization` schemes (lower case, such as `basic` or `bearer`) whose requests pass without a session, for
    /// the application to judge.
    pub pass_authorization_schemes: Vec<String>,
    /// Do CORS preflights pass without a session?
    pub pass_cors_preflight: bool,
    /// Authorities besides that of `sp.base_uri` that are served, lower case with port where not the default.
    pub allowed_hosts: Vec<String>,
    /// Origins besides that of `sp.base_uri` whose pages may send unsafe requests with our session.
    pub allowed_origins: Vec<String>,
    /// Where the health check is; `None` for none.
    pub health_path: Option<String>,
    /// First part of every metric's name.
    pub stat_prefix: String,
}

/// What happens to the requests that match.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which requests.
    pub matches: RequestMatch,
    /// What happens.
    pub access: Access,
    /// How people sign in for it; `None` leaves that to their identity provider.
    pub authn: Option<AuthnDemand>,
}

/// What a request needs, by the rule that decides about it.
#[derive(Clone, Copy)]
pub(super) struct Needs<'a> {
    pub(super) access: Access,
    pub(super) authn: Option<&'a AuthnDemand>,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A session.
    Protect,
    /// Nothing; no identity is added, forged identity headers are still removed.
    Bypass,
    /// Nothing; the identity is added if there is a session.
    Optional,
}
