//! Which identity provider a sign-in goes to: rules, and the pages that ask the person.
//!
//! Whatever is chosen here is sealed into the pending request, and only that identity provider can answer it. Nothing that
//! comes from outside names an address: it names one of the configured identity providers, and a place of this site.

mod ask;

pub(super) use ask::after_form;
pub use ask::{DiscoveryFlow, Named, choose_again, named};

use core::time::Duration;

use super::Env;
use crate::base::{Code, Rejection};
use crate::encoding::{form, percent};
use crate::http::{NormalizedPath, RedirectTarget, Reply, RequestMatch, SanitizedHead};
use crate::page;
use crate::policy::condition::{DomainMatch, EmailDomain};
use crate::session::last_idp;

/// Bytes of a return address that a discovery service is given. Some servers take addresses of 2,000 bytes, and ours is
/// a parameter of one.
const MAX_RETURN: usize = 1024;

/// Pairs of a query that are looked through for the name of an identity provider.
const MAX_PAIRS: usize = 64;

/// The checked `discovery` of the configuration; there is one wherever there is a choice.
#[derive(Clone)]
pub struct Discovery {
    /// Path of the page that takes the choice.
    pub path: String,
    /// In order: the first that matches and decides.
    pub rules: Vec<DiscoveryRule>,
    /// Which domains belong to which identity provider, by its place in [`super::Settings::idps`]; the first that matches.
    pub email_domains: Vec<(DomainMatch, usize)>,
    /// Where people of other domains go; `None` for nowhere.
    pub other_domains: Option<usize>,
    /// How long a browser's last identity provider is remembered; `None` for not at all.
    pub remember_for: Option<Duration>,
}

/// How the identity provider of some requests is found.
#[derive(Clone)]
pub struct DiscoveryRule {
    /// Of which requests.
    pub matches: RequestMatch,
    /// How.
    pub way: Way,
}

/// A way to find an identity provider. Identity providers are named by their place in [`super::Settings::idps`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Always this one.
    Idp(usize),
    /// The one whose short name is the value of this parameter of the request; if there is none, the next rule.
    QueryParameter(String),
    /// The one with which this browser signed in last; if there is none, the next rule.
    Last,
    /// A page to choose one of these on.
    Chooser(Vec<usize>),
    /// A page that asks for the e-mail address.
    Email,
    /// A discovery service at this address (Identity Provider Discovery Service Protocol 2.4).
    Service(String),
}

/// What follows from the rules.
#[derive(Debug)]
pub enum Choice {
    /// The sign-in goes to this identity provider.
    Idp(usize),
    /// The person is asked, here or elsewhere.
    Asked(Reply),
}

/// The request that is to be signed in.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Its head.
    pub head: &'a SanitizedHead,
    /// Its path.
    pub path: &'a NormalizedPath,
    /// Its cookies.
    pub cookies: &'a [(&'a str, &'a str)],
    /// Where the person wants to go.
    pub target: &'a RedirectTarget,
}

/// The identity provider for `asking`.
#[must_use]
pub fn choose(asking: Asking<'_>, env: &Env<'_>) -> Choice {
    // Without a choice there is one identity provider, or none, which the sign-in says itself.
    let Some(discovery) = &env.settings.discovery else { return Choice::Idp(0) };
    let mut rules = discovery.rules.iter().filter(|rule| rule.matches.matches(asking.path, asking.head));
    let decided = rules.find_map(|rule| discovery.decide(&rule.way, asking, env));
    decided.unwrap_or_else(|| Choice::Asked(discovery.chooser(None, asking.target, env)))
}

impl Discovery {
    /// The path to which discovery services return, if one is asked.
    #[must_use]
    pub fn response_path(&self) -> Option<&str> {
        let asked = self.rules.iter().any(|rule| matches!(rule.way, Way::Service(_)));
        asked.then_some(self.path.as_str())
    }

    fn decide(&self, way: &Way, asking: Asking<'_>, env: &Env<'_>) -> Option<Choice> {
        match way {
            Way::Idp(idp) => Some(Choice::Idp(*idp)),
            Way::QueryParameter(name) => {
                let (_, query) = asking.path.path_and_query().split_once('?')?;
                let pairs = form::parse(query.as_bytes(), MAX_PAIRS).ok()?;
                let (_, id) = pairs.iter().find(|(have, _)| have == name)?;
                env.idp_named(id).map(Choice::Idp)
            }
            Way::Last => {
                let duration = self.remember_for?;
                let last = last_idp::remembered(asking.cookies, duration, env.now, &env.settings.session)?;
                env.settings.idps.iter().position(|idp| idp.entity_id == last).map(Choice::Idp)
            }
            Way::Chooser(idps) => Some(Choice::Asked(self.chooser(Some(idps), asking.target, env))),
            Way::Email => Some(Choice::Asked(self.question(asking.target, false, env))),
            Way::Service(uri) => Some(Choice::Asked(self.to_service(uri, asking.target, env))),
        }
    }

    /// A page with a link for each of `idps`, or of all.
    fn chooser(&self, idps: Option<&[usize]>, target: &RedirectTarget, env: &Env<'_>) -> Reply {
        let shown = (0..env.settings.idps.len()).filter(|idp| idps.is_none_or(|idps| idps.contains(idp)));
        let choices = shown.filter_map(|index| {
            let idp = env.settings.idps.get(index)?;
            let address = format!(
                "{}?idp={}&target={}",
                self.path,
                percent::query_component(&idp.id),
                percent::query_component(target.as_str())
            );
            Some((address, env.idp_name(index)))
        });
        page::chooser(&env.settings.look, choices)
    }

    fn question(&self, target: &RedirectTarget, malformed: bool, env: &Env<'_>) -> Reply {
        page::email_question(&env.settings.look, &self.path, target.as_str(), malformed)
    }

    /// Identity Provider Discovery Service Protocol 2.4.1.
    fn to_service(&self, uri: &str, target: &RedirectTarget, env: &Env<'_>) -> Reply {
        let back = |target: &str| {
            format!("{}{}?target={}", env.settings.sp.base_uri, self.path, percent::query_component(target))
        };
        let mut address = back(target.as_str());
        if address.len() > MAX_RETURN {
            address = back("/");
        }
        let joint = if uri.contains('?') { '&' } else { '?' };
        let location = format!(
            "{uri}{joint}entityID={}&return={}&returnIDParam=entityID",
            percent::query_component(&env.settings.sp.entity_id),
            percent::query_component(&address)
        );
        Reply {
            status: 302,
            headers: vec![
                (String::from("location"), location),
                (String::from("cache-control"), String::from("no-store")),
                (String::from("referrer-policy"), String::from("no-referrer")),
            ],
            body: Vec::new(),
        }
    }

    /// Where people with this address sign in. Only the domain counts: nobody learns whether an address exists.
    fn by_domain(&self, email: &str) -> Result<usize, NoDomain> {
        // RFC 5321 4.5.3.1.3: a path has at most 256 bytes, two of which are brackets.
        let email = email.trim();
        let domain = EmailDomain::of(email).filter(|_| email.len() <= 254).ok_or(NoDomain::Malformed)?;
        let listed = self.email_domains.iter().find(|(one, _)| one.matches(domain)).map(|(_, idp)| *idp);
        listed.or(self.other_domains).ok_or(NoDomain::Unlisted)
    }
}

/// Why an address leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoDomain {
    Malformed,
    Unlisted,
}

impl Env<'_> {
    /// The place of the identity provider with the short name `id`.
    pub(super) fn idp_named(&self, id: &str) -> Option<usize> {
        self.settings.idps.iter().position(|idp| idp.id == id)
    }

    /// What people call the identity provider at `index`.
    #[must_use]
    pub fn idp_name(&self, index: usize) -> &str {
        let Some(idp) = self.settings.idps.get(index) else { return "" };
        let metadata = || self.trust.of(index).and_then(|metadata| metadata.display_name.as_deref());
        idp.display_name.as_deref().or_else(metadata).unwrap_or(&idp.id)
    }
}

/// An identity provider was named that is none of ours.
pub(super) fn unknown(what: &str) -> Rejection {
    Rejection::new(
        Code::DiscoveryRefused,
        format_args!("{what} is none of the configured identity providers"),
    )
}
