//! From a request to a flow: sanitize, match, open the session, decide what the request needs.
//!
//! No rule of another room lives here. What is matched is what is forwarded.

mod chores;
mod directory_status;
mod discovery;
mod emergency;
mod endpoints;
mod logout;
mod origin;
mod prepared;
mod proof;
mod reader;
mod saved_form;
mod scim;
mod settings;
mod sign_in;

pub use endpoints::metadata;
pub use settings::{Access, Rule, Settings};

use core::time::Duration;
use std::rc::Rc;

use crate::base::{Code, EntropySource, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, CryptoProvider, SharedData, Step, Verdict};
use crate::flow::discovery::DiscoveryFlow;
use crate::flow::scim_push::{Caretaker, KnownTable, ScimFlow};
use crate::flow::{
    self, AcsFlow, EmergencyFlow, LogoutFlow, Replication, SaveForm, TakeForm, TestStart, Trust,
    metadata as idp_metadata,
};
use crate::http::path::NormalizedPath;
use crate::http::{HeaderEdits, OwnedHeaders, Reply, RequestHead, SanitizedHead, cookie};
use crate::page::{Look, Reader};
use crate::session::{self, Opened, OpenedCache, SessionError};

use endpoints::OwnEndpoint;
use logout::logout_step;
use prepared::Prepared;
use settings::Needs;

/// Sessions that one worker keeps opened. 1,024 of them, at about 4 KiB each, cost a worker some 4 MiB at most.
const OPENED_SESSIONS: usize = 1024;

/// The gateway of one worker: settings and the cache of opened sessions.
pub struct Gateway {
    settings: Rc<Settings>,
    owned_headers: OwnedHeaders,
    opened: OpenedCache<Prepared>,
    /// Our metadata, once somebody has asked for it: anybody may ask, and a signature costs milliseconds.
    metadata: Option<Vec<u8>>,
    /// What is known of the identity providers.
    trust: Trust,
    /// Keeps that up to date.
    refresher: idp_metadata::Refresher,
    has_ticked: bool,
    /// What was ended at other replicas.
    replication: Replication,
    /// What SCIM clients pushed, as it was last seen.
    scim_table: KnownTable,
    scim_rate: scim::Rate,
    scim_strangers: scim::Rate,
    /// Does what they left to do.
    caretaker: Caretaker,
}

/// What answers at once, provided by the shell for each callback.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// The time of this callback.
    pub now: UnixTime,
    /// A clock that only measures: where it starts means nothing, and it never goes back.
    pub uptime: Duration,
    /// The host's randomness.
    pub entropy: &'a dyn EntropySource,
    /// The cryptography chosen at configuration time.
    pub crypto: &'a dyn CryptoProvider,
    /// What all workers share.
    pub shared: &'a dyn SharedData,
}

/// A request that waits for something.
#[derive(Debug)]
pub enum Exchange {
    /// A sign-in being completed.
    Acs(Box<AcsFlow>),
    /// A test sign-in being started.
    TestStart(Box<TestStart>),
    /// An e-mail address that decides where to sign in.
    Discovery(Box<DiscoveryFlow>),
    /// A visit of the page of the emergency access.
    Emergency(Box<EmergencyFlow>),
    /// A logout.
    Logout(Box<LogoutFlow>),
    /// A form being put away.
    SaveForm(Box<SaveForm>),
    /// A form being given back.
    TakeForm(Box<TakeForm>),
    /// A request of a SCIM client.
    Scim(Box<ScimFlow>),
}

/// What every branch below needs to know of the request.
struct Request<'a> {
    head: &'a SanitizedHead,
    path: &'a NormalizedPath,
    cookies: Vec<(&'a str, &'a str)>,
}

impl Gateway {
    /// A gateway for checked `settings`.
    #[must_use]
    pub fn new(settings: Rc<Settings>) -> Self {
        let owned_headers = OwnedHeaders::new(settings.flow.headers.names().chain(["x-samlgate-code"]));
        let trust = Trust::new(&settings.flow);
        let refresher = idp_metadata::Refresher::new(&settings.flow);
        let scim_table = KnownTable::default();
        Self {
            caretaker: Caretaker::new(scim_table.clone()),
            scim_table,
            scim_rate: scim::Rate::default(),
            scim_strangers: scim::Rate::default(),
            settings,
            owned_headers,
            opened: OpenedCache::new(OPENED_SESSIONS),
            metadata: None,
            trust,
            refresher,
            has_ticked: false,
            replication: Replication::default(),
        }
    }

    /// Names of request headers that only we may set, for trailers: they are sanitized too.
    #[must_use]
    pub const fn owned_headers(&self) -> &OwnedHeaders {
        &self.owned_headers
    }

    /// How pages look.
    #[must_use]
    pub fn look(&self) -> Rc<Look> {
        Rc::clone(&self.settings.flow.look)
    }

    /// First part of every metric's name.
    #[must_use]
    pub fn stat_prefix(&self) -> &str {
        &self.settings.stat_prefix
    }

    /// A request arrived.
    pub fn start(&mut self, head: RequestHead, host: &Host<'_>) -> Step<Exchange> {
        // First of all, on every route: nothing below can see or forward a forged identity header.
        let head = SanitizedHead::new(head, &self.owned_headers);
        let path = match head.raw_path().map(NormalizedPath::parse) {
            Some(Ok(path)) => path,
            Some(Err(fault)) => {
                return refuse(
                    &Rejection::new(fault.code(), fault),
                    &reader::of(&head, &self.settings.flow.look),
                );
            }
            None => {
                return refuse(
                    &Rejection::new(Code::PathAmbiguous, "the path is not text"),
                    &reader::of(&head, &self.settings.flow.look),
                );
            }
        };
        let request = Request { head: &head, path: &path, cookies: cookie::cookies(&head).collect() };
        self.route(&request, host)
    }

    /// An ask of `exchange` was answered.
    pub fn answer(&self, exchange: Exchange, id: AskId, answer: Answer, host: &Host<'_>) -> Step<Exchange> {
        let env = self.env(host);
        match exchange {
            Exchange::Acs(flow) => acs_step(flow.answer(id, answer, &env)),
            Exchange::TestStart(flow) => test_step(flow.answer(answer, &env)),
            Exchange::Emergency(flow) => emergency::emergency_step(flow.answer(answer, &env)),
            Exchange::Discovery(flow) => {
                let plan = |target| {
                    let target = self.landing(target);
                    let demand = self.demand(&target);
                    (target, demand)
                };
                discovery::discovery_step(flow.answer(answer, plan, &env))
            }
            Exchange::Logout(flow) => logout_step(flow.answer(id, answer, &env)),
            Exchange::SaveForm(flow) => saved_form::save_step(flow.answer(answer, &env)),
            Exchange::TakeForm(flow) => saved_form::take_step(flow.answer(&answer, &env)),
            Exchange::Scim(flow) => scim::scim_step(flow.answer(id, answer, &env)),
        }
    }

    /// The browser of `exchange` went away; what is left to do for it.
    #[must_use]
    pub fn abandoned(&self, exchange: Exchange, host: &Host<'_>) -> Option<Ask> {
        match exchange {
            Exchange::Acs(flow) => flow.abandoned(&self.env(host)),
            Exchange::TestStart(_)
            | Exchange::Discovery(_)
            | Exchange::Emergency(_)
            | Exchange::Logout(_)
            | Exchange::SaveForm(_)
            | Exchange::TakeForm(_)
            // What was written is done by the caretaker.
            | Exchange::Scim(_) => None,
        }
    }

    /// What flows are handed.
    #[must_use]
    pub fn env<'a>(&'a self, host: &Host<'a>) -> flow::Env<'a> {
        let Host { now, uptime, entropy, crypto, .. } = *host;
        flow::Env { now, uptime, entropy, crypto, settings: &self.settings.flow, trust: &self.trust }
    }

    fn route(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let settings = Rc::clone(&self.settings);
        let sp = &settings.flow.sp;
        let path = request.path.path();
        let own = OwnEndpoint::at(path, &settings);
        let needs = settings.needs(request.path, request.head);
        // Whoever asks for our health knows our address, not our name.
        let named = own != Some(OwnEndpoint::Health) && (own.is_some() || needs.access != Access::Bypass);
        if named && !settings.serves(request.head.authority()) {
            let detail = format_args!("`:authority` is none of ours, expected that of `{}`", sp.base_uri);
            return refuse(
                &Rejection::new(Code::HostUnexpected, detail),
                &reader::of(request.head, &settings.flow.look),
            );
        }
        if let Some(own) = own {
            return self.own_endpoint(own, request, host);
        }
        if needs.access == Access::Bypass {
            return forward(self.plain_edits(request));
        }
        if let Some(step) = self.emergency(request, host) {
            return step;
        }
        self.with_session(request, needs, host)
    }

    /// The session of `request`, as far as it may be relied on.
    fn open(&mut self, request: &Request<'_>, host: &Host<'_>) -> Result<Rc<Opened<Prepared>>, SessionError> {
        let opened = self.open_to_end(request, host)?;
        // Whether it was ended is not known when nobody has asked the other replicas for too long.
        self.replication.check(&self.settings.flow, host.shared, host.now)?;
        Ok(opened)
    }

    /// The same to end it: that must go also while nobody knows whether it was ended elsewhere.
    fn open_to_end(
        &mut self,
        request: &Request<'_>,
        host: &Host<'_>,
    ) -> Result<Rc<Opened<Prepared>>, SessionError> {
        let settings = &self.settings.flow;
        let opened =
            self.opened.open(&request.cookies, &settings.session, host.now, host.shared, |session| {
                Prepared::new(session, settings)
            })?;
        // Whom nobody trusts any more vouches for nobody.
        let entity_id = opened.session().idp_entity_id();
        if settings.idps.iter().any(|idp| idp.entity_id == entity_id) {
            Ok(opened)
        } else {
            Err(SessionError::SessionMissing)
        }
    }

    /// Edits for whatever goes upstream: forged headers out, our cookies out, the path as it was matched.
    fn plain_edits(&self, request: &Request<'_>) -> HeaderEdits {
        let mut edits = request.head.edits();
        if request.path.changed() {
            edits.set(":path", request.path.path_and_query().as_bytes());
        }
        match cookie::without(request.head, |name| session::is_own_cookie(name, &self.settings.flow.session))
        {
            cookie::CookieRemoval::Unchanged => {}
            cookie::CookieRemoval::Replaced(rest) => edits.set("cookie", rest),
            cookie::CookieRemoval::Emptied => edits.remove("cookie"),
        }
        edits
    }
}

impl Settings {
    fn needs(&self, path: &NormalizedPath, head: &SanitizedHead) -> Needs<'_> {
        let rule = self.rules.iter().find(|rule| rule.matches.matches(path, head));
        rule.map_or(Needs { access: Access::Protect, authn: None }, |rule| Needs {
            access: rule.access,
            authn: rule.authn.as_ref(),
        })
    }

    fn serves(&self, authority: &str) -> bool {
        origin::same_authority(authority, &self.flow.sp.base_uri)
            || self.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(authority))
    }
}

fn visit(request: &Request<'_>, reader: Reader) -> flow::Visit {
    flow::Visit {
        cookies: request
            .cookies
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        content_type: request.head.text("content-type").map(str::to_owned),
        content_length: request.head.text("content-length").and_then(|length| length.parse().ok()),
        reader,
    }
}

fn test_step(step: Step<TestStart>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::TestStart(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

fn acs_step(step: Step<AcsFlow>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::Acs(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

fn never_waits(step: Step<core::convert::Infallible>) -> Step<Exchange> {
    match step {
        Step::Wait { state, .. } => match state {},
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

fn forward(edits: HeaderEdits) -> Step<Exchange> {
    Step::End { verdict: Verdict::Forward(edits), tells: Vec::new() }
}

fn reply(reply: Reply) -> Step<Exchange> {
    Step::End { verdict: Verdict::Reply(reply), tells: Vec::new() }
}

fn refuse(rejection: &Rejection, reader: &Reader) -> Step<Exchange> {
    flow::refuse(rejection, reader, None)
}

#[cfg(test)]
mod tests;
