//! From a request to a flow: sanitize, match, open the session, decide what the request needs.
//!
//! No rule of another room lives here. What is matched is what is forwarded.

mod origin;
mod reader;
mod settings;

pub use settings::{Access, Rule, Settings};

use core::time::Duration;
use std::rc::Rc;

use crate::base::{Code, EntropySource, Rejection, UnixTime};
use crate::effect::{Answer, Ask, AskId, CryptoProvider, Step, Verdict};
use crate::flow::{self, AcsFlow, LogoutIntent, SignAuthnRequests, TestStart, test_page};
use crate::http::path::NormalizedPath;
use crate::http::{
    HeaderEdits, HeaderValue, OwnedHeaders, RedirectTarget, Reply, RequestHead, SanitizedHead, cookie,
};
use crate::page::{self, Look, Reader};
use crate::saml::SignatureDemand;
use crate::saml::metadata::sp;
use crate::session::pending_request::Intent;
use crate::session::{self, Opened, OpenedCache};
use crate::xmlsec::SignatureError;

use origin::SentBy;

/// Sessions that one worker keeps opened. 1,024 of them, at about 4 KiB each, cost a worker some 4 MiB at most.
const OPENED_SESSIONS: usize = 1024;

/// Header names and values of one session, rendered once.
type IdentityHeaderValues = Rc<[HeaderValue]>;

/// The gateway of one worker: settings and the cache of opened sessions.
pub struct Gateway {
    settings: Rc<Settings>,
    owned_headers: OwnedHeaders,
    opened: OpenedCache<IdentityHeaderValues>,
    /// Our metadata, once somebody has asked for it: anybody may ask, and a signature costs milliseconds.
    metadata: Option<Vec<u8>>,
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
}

/// A request that waits for something.
#[derive(Debug)]
pub enum Exchange {
    /// A sign-in being completed.
    Acs(Box<AcsFlow>),
    /// A test sign-in being started.
    TestStart(Box<TestStart>),
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
        Self { settings, owned_headers, opened: OpenedCache::new(OPENED_SESSIONS), metadata: None }
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
        }
    }

    /// The browser of `exchange` went away; what is left to do for it.
    #[must_use]
    pub fn abandoned(&self, exchange: Exchange, host: &Host<'_>) -> Option<Ask> {
        match exchange {
            Exchange::Acs(flow) => flow.abandoned(&self.env(host)),
            Exchange::TestStart(_) => None,
        }
    }

    /// What flows are handed.
    #[must_use]
    pub fn env<'a>(&'a self, host: &Host<'a>) -> flow::Env<'a> {
        let Host { now, uptime, entropy, crypto } = *host;
        flow::Env { now, uptime, entropy, crypto, settings: &self.settings.flow }
    }

    fn route(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let settings = Rc::clone(&self.settings);
        let sp = &settings.flow.sp;
        let path = request.path.path();
        let own = [&sp.acs_path, &sp.metadata_path, &sp.logout_path, &sp.logged_out_path]
            .into_iter()
            .chain(settings.flow.test_page.as_ref().map(|page| &page.path))
            .any(|own| own == path);
        let access = if own { Access::Bypass } else { settings.access(request) };
        if (own || access != Access::Bypass) && !settings.serves(request.head.authority()) {
            let detail = format_args!("`:authority` is none of ours, expected that of `{}`", sp.base_uri);
            return refuse(
                &Rejection::new(Code::HostUnexpected, detail),
                &reader::of(request.head, &settings.flow.look),
            );
        }
        if own {
            return self.own_endpoint(request, host);
        }
        if access == Access::Bypass {
            return forward(self.plain_edits(request));
        }
        self.with_session(request, access, host)
    }

    fn own_endpoint(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let settings = Rc::clone(&self.settings);
        let sp = &settings.flow.sp;
        let method = request.head.method();
        let reader = reader::of(request.head, &settings.flow.look);
        let path = request.path.path();
        if path == sp.acs_path && method == "POST" {
            return self.assertion_consumer_service(request, reader, host);
        }
        if path == sp.metadata_path && matches!(method, "GET" | "HEAD") {
            return self.metadata(request, host);
        }
        if path == sp.logged_out_path && matches!(method, "GET" | "HEAD") {
            return reply(page::logged_out(&settings.flow.look));
        }
        if path == sp.logout_path && matches!(method, "GET" | "POST") {
            let intent = match SentBy::of(request.head, &settings) {
                SentBy::Own => LogoutIntent::Own,
                // A plain GET without fetch metadata can be an image on another site; a POST without an Origin
                // comes from no browser of this decade.
                SentBy::Unknown if method == "POST" => LogoutIntent::Own,
                SentBy::Unknown | SentBy::Foreign => LogoutIntent::Doubtful,
            };
            return never_waits(flow::logout(intent, &request.cookies, &self.env(host)));
        }
        if let Some(page) = settings.flow.test_page.as_ref().filter(|page| page.path == path) {
            match method {
                "GET" | "HEAD" => return reply(test_page::front(page, &settings.flow.look)),
                "POST" => return test_step(TestStart::start(visit(request, reader))),
                _ => {}
            }
        }
        refuse(&Rejection::new(Code::MethodNotAllowed, format_args!("`{method}` is not taken here")), &reader)
    }

    fn assertion_consumer_service(
        &mut self,
        request: &Request<'_>,
        reader: Reader,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let pending = request
            .cookies
            .iter()
            .any(|(name, _)| session::pending_request::is_pending_cookie(name, &self.settings.flow.session));
        // The back button: the answer was used, its pending request is gone, the session it began is here. Nothing
        // of the POST is read; the browser is led into the site (303 turns the POST into a GET).
        if !pending && self.open(request, host).is_some() {
            let headers = vec![
                (String::from("location"), String::from("/")),
                (String::from("cache-control"), String::from("no-store")),
            ];
            return reply(Reply { status: 303, headers, body: Vec::new() });
        }
        acs_step(AcsFlow::start(visit(request, reader), &self.env(host)))
    }

    fn with_session(&mut self, request: &Request<'_>, access: Access, host: &Host<'_>) -> Step<Exchange> {
        let Some(authenticated) = self.open(request, host) else {
            return self.without_session(request, access, host);
        };
        let settings = Rc::clone(&self.settings);
        if origin::is_unsafe(request.head) && SentBy::of(request.head, &settings) == SentBy::Foreign {
            if access == Access::Optional {
                return forward(self.plain_edits(request));
            }
            let detail = "an unsafe request that relies on the session came from a foreign origin";
            return refuse(
                &Rejection::new(Code::CrossSiteRefused, detail),
                &reader::of(request.head, &settings.flow.look),
            );
        }
        let mut edits = self.plain_edits(request);
        edits.set_shared(Rc::clone(authenticated.prepared()));
        if !reader::may_carry_cookie(request.head) {
            return forward(edits);
        }
        let touched = session::touch(
            authenticated.session(),
            &settings.flow.session,
            &request.cookies,
            host.now,
            host.entropy,
        );
        // A session that cannot be sealed anew stays as it is: it was good a moment ago.
        for cookie in touched.ok().flatten().into_iter().flatten() {
            edits.add_to_response("set-cookie", cookie.render());
        }
        forward(edits)
    }

    fn without_session(&self, request: &Request<'_>, access: Access, host: &Host<'_>) -> Step<Exchange> {
        let settings = &self.settings;
        let passes = access == Access::Optional
            || (settings.pass_cors_preflight && reader::is_cors_preflight(request.head))
            || reader::authorization_scheme(request.head)
                .is_some_and(|scheme| settings.pass_authorization_schemes.contains(&scheme));
        if passes {
            return forward(self.plain_edits(request));
        }
        let reader = reader::of(request.head, &settings.flow.look);
        if !reader::navigates(request.head) {
            let detail = "no session, and the client does not navigate";
            return refuse(
                &Rejection::new(Code::AuthenticationRequired, detail),
                &Reader { wants_html: false, ..reader },
            );
        }
        match RedirectTarget::parse(request.path.path_and_query()) {
            Ok(target) => {
                never_waits(flow::login(target, Intent::SignIn, &request.cookies, &reader, &self.env(host)))
            }
            Err(fault) => refuse(&Rejection::new(fault.code(), fault), &reader),
        }
    }

    fn open(&mut self, request: &Request<'_>, host: &Host<'_>) -> Option<Rc<Opened<IdentityHeaderValues>>> {
        let settings = &self.settings.flow;
        self.opened
            .open(&request.cookies, &settings.session, host.now, |session| {
                settings.headers.render(session).into()
            })
            .ok()
    }

    /// Our metadata, made once.
    fn metadata(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        if self.metadata.is_none() {
            match metadata(&self.settings, host.crypto) {
                Ok(document) => self.metadata = Some(document.into_bytes()),
                Err(fault) => {
                    let rejection = Rejection::new(fault.code(), fault);
                    return refuse(&rejection, &reader::of(request.head, &self.settings.flow.look));
                }
            }
        }
        reply(Reply {
            status: 200,
            headers: vec![
                (String::from("content-type"), String::from("application/samlmetadata+xml")),
                (String::from("cache-control"), String::from("no-store")),
                (String::from("x-content-type-options"), String::from("nosniff")),
            ],
            body: self.metadata.clone().unwrap_or_default(),
        })
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
    fn access(&self, request: &Request<'_>) -> Access {
        self.rules
            .iter()
            .find(|rule| rule.matches.matches(request.path, request.head))
            .map_or(Access::Protect, |rule| rule.access)
    }

    fn serves(&self, authority: &str) -> bool {
        origin::same_authority(authority, &self.flow.sp.base_uri)
            || self.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(authority))
    }
}

/// Our metadata, as the metadata address serves it.
///
/// # Errors
/// [`SignatureError`] when it is to be signed and cannot be.
pub fn metadata(settings: &Settings, crypto: &dyn CryptoProvider) -> Result<String, SignatureError> {
    let sp = &settings.flow.sp;
    let idp = settings.flow.idp.as_ref();
    let certificates: Vec<_> =
        sp.signer.iter().map(|signer| &signer.certificate).chain(&sp.further_signing_certificates).collect();
    let description = sp::SpDescription {
        entity_id: &sp.entity_id,
        assertion_consumer_service_uri: &sp.acs_uri(),
        name_id_format: idp.and_then(|idp| idp.name_id_format.as_deref()),
        authn_requests_signed: sp.signer.is_some()
            && idp.is_none_or(|idp| idp.sign_authn_requests != SignAuthnRequests::Never),
        want_assertions_signed: idp.is_some_and(|idp| {
            matches!(idp.require_signature, SignatureDemand::Assertion | SignatureDemand::Both)
        }),
        signing_certificates: &certificates,
        encryption_certificates: &sp.encryption_certificates.iter().collect::<Vec<_>>(),
        aes_cbc_accepted: idp.is_some_and(|idp| idp.ciphers.allows_cbc()),
        description: &sp.description,
    };
    match sp.signer.as_ref().filter(|_| sp.sign_metadata) {
        Some(signer) => sp::render_signed(&description, signer, crypto),
        None => Ok(sp::render(&description)),
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
