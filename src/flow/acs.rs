//! The assertion consumer service: from a POST to a session (profiles 4.1.4.3-4.1.4.5).
//!
//! body -> form -> this browser's pending request -> XML -> signature -> profile rules -> identity -> one use ->
//! provisioning -> session. Each arrow is a proof that the next step takes as its argument.

mod artifact;
mod begin;
mod candidate;
mod claim;
mod provision;
mod retry;
mod unsolicited;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask, AskId, Tell, Verdict};
use crate::http::{RedirectTarget, Reply, SetCookie};
use crate::page::Reader;
use crate::saml::bindings::artifact::{in_form, in_query};
use crate::saml::bindings::post;
use crate::session::pending_request::{self, Intent, PendingRequest};

use super::examine::{Asked, Unwatched, examine};
use super::{Env, FIRST_ASK, Step, out_of_turn, refuse, test_page};
pub use artifact::ArtifactResolution;
use artifact::ExpectResolved;
use candidate::Candidate;
use claim::{ExpectReplayClaim, ExpectReplayRecord, ExpectSharedClaim, claim};
use provision::{ExpectEvidence, ExpectProvisioning};
use retry::{ExpectAnnounced, ExpectQueued};

/// The sign-in that a POST to the assertion consumer service is about to complete.
#[derive(Debug)]
pub enum AcsFlow {
    /// The form is on its way.
    ExpectBody(ExpectBody),
    /// What an artifact stands for is being fetched.
    ExpectResolved(Box<ExpectResolved>),
    /// The slot of used assertions is being read.
    ExpectReplayRecord(ExpectReplayRecord),
    /// Our mark in that slot is being written.
    ExpectReplayClaim(ExpectReplayClaim),
    /// The other replicas are asked whether they used the assertion.
    ExpectSharedClaim(Box<ExpectSharedClaim>),
    /// What the directory pushed about the person is being looked up.
    ExpectEvidence(Box<ExpectEvidence>),
    /// The background runner is being told that the person is here.
    ExpectAnnounced(Box<ExpectAnnounced>),
    /// The application is being read and changed.
    ExpectProvisioning(Box<ExpectProvisioning>),
    /// What could not be done is being left to the background runner.
    ExpectQueued(Box<ExpectQueued>),
    /// It is a test, and the application is being read.
    ExpectTestState(Box<test_page::ExpectState>),
}

/// What the browser brought with the POST.
#[derive(Debug)]
pub struct Visit {
    /// Cookie names and values of the request.
    pub cookies: Vec<(String, String)>,
    /// `content-type` of the request.
    pub content_type: Option<String>,
    /// `content-length` of the request, where it has one.
    pub content_length: Option<u64>,
    /// What the reader can take.
    pub reader: Reader,
}

impl Visit {
    pub(super) fn borrowed_cookies(&self) -> Vec<(&str, &str)> {
        self.cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Waits for the form.
#[derive(Debug)]
pub struct ExpectBody {
    visit: Visit,
}

impl AcsFlow {
    /// A POST reached the assertion consumer service.
    ///
    /// Without a pending request that opens there is nothing to complete, so the body is not even read: the cheap
    /// answer to a flood.
    #[must_use]
    pub fn start(visit: Visit, env: &Env<'_>) -> Step<Self> {
        let cookies = visit.borrowed_cookies();
        // Where identity providers may begin a sign-in, a browser without one may be at the end of such a sign-in.
        let unsolicited = env.settings.idps.iter().any(|idp| idp.unsolicited.is_some());
        if let Err(fault) = pending_request::any_usable(&cookies, &env.settings.session, env.now)
            && !unsolicited
        {
            return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/"));
        }
        let limit = env.settings.limits.max_body_bytes;
        // Refused before a byte of it is held: Envoy's own buffer may be no larger than the limit.
        if visit
            .content_length
            .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
        {
            return too_large(limit, &visit.reader);
        }
        Step::Wait {
            state: Self::ExpectBody(ExpectBody { visit }),
            asks: vec![(FIRST_ASK, Ask::RequestBody { limit })],
            tells: Vec::new(),
        }
    }

    /// A GET with an artifact in its `query` reached the assertion consumer service.
    #[must_use]
    pub fn start_with_artifact(visit: Visit, query: &str, env: &Env<'_>) -> Step<Self> {
        match in_query(query) {
            Ok(Some(message)) => artifact::arrived(visit, message, env),
            Ok(None) => {
                let rejection = Rejection::new(Code::ArtifactMalformed, "the query has no `SAMLart`");
                refuse(&rejection, &visit.reader, Some("/"))
            }
            Err(fault) => refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
        }
    }

    /// Takes the answer to `id`.
    #[must_use]
    pub fn answer(self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<Self> {
        match self {
            Self::ExpectBody(state) => state.answer(answer, env),
            Self::ExpectResolved(state) => state.answer(&answer, env),
            Self::ExpectReplayRecord(state) => state.answer(answer, env),
            Self::ExpectReplayClaim(state) => state.answer(answer, env),
            Self::ExpectSharedClaim(state) => state.answer(answer, env),
            Self::ExpectEvidence(state) => state.answer(answer, env),
            Self::ExpectAnnounced(state) => state.answer(env),
            Self::ExpectProvisioning(state) => state.answer(id, answer, env),
            Self::ExpectQueued(state) => state.answer(&answer, env),
            Self::ExpectTestState(state) => state.answer(id, answer, env),
        }
    }
}

impl ExpectBody {
    fn answer(self, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => {
                return too_large(env.settings.limits.max_body_bytes, &self.visit.reader);
            }
            _ => return refuse(&out_of_turn("the request body"), &self.visit.reader, None),
        };
        let visit = self.visit;
        match in_form(visit.content_type.as_deref(), &body, &env.settings.limits) {
            Ok(None) => {}
            Ok(Some(message)) => return artifact::arrived(visit, message, env),
            Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
        }
        let message = match post::decode(visit.content_type.as_deref(), &body, &env.settings.limits) {
            Ok(message) => message,
            Err(fault) => {
                return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/"));
            }
        };
        let relay_state = message.relay_state.unwrap_or_default();
        match pending_request::open(&relay_state, &visit.borrowed_cookies(), &env.settings.session, env.now) {
            Ok(pending) => answered(visit, relay_state, pending, message.saml_response, env),
            Err(fault) => unsolicited::arrived(visit, relay_state, message.saml_response, &fault, env),
        }
    }
}

/// The identity provider has answered `pending`.
fn answered(
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    saml_response: Vec<u8>,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    if let Intent::Test { .. } = pending.intent {
        return test_page::answered(visit, relay_state, pending, saml_response, env);
    }
    if let Err(rejection) = unsolicited::check_confirmed(&pending, &saml_response) {
        return refuse(&rejection, &visit.reader, Some("/"));
    }
    match examine(&saml_response, &Asked::Pending(&pending), &mut Unwatched, env) {
        Ok((assertion, identity)) => {
            claim(Candidate::new(visit, relay_state, pending, assertion, identity, env), 1)
        }
        // Nobody was signed in at the identity provider, and nobody has to be.
        Err(rejection) if rejection.code == Code::NoPassive && pending.demanded.is_passive => {
            anonymous(&relay_state, &pending, env)
        }
        // The person can try again where the browser's own pending request says they wanted to go.
        Err(rejection) => refuse(&rejection, &visit.reader, Some(pending.target.as_str())),
    }
}

/// Back to the page, without a session: it was asked passively, and its browser is marked so that it is not asked again.
fn anonymous(relay_state: &str, pending: &PendingRequest, env: &Env<'_>) -> Step<AcsFlow> {
    let used_up = pending_request::clear(relay_state, &env.settings.session);
    Step::End {
        verdict: Verdict::Reply(led_to(&pending.target, used_up.iter())),
        tells: vec![Tell::Count { outcome: "passive_sign_in_declined", code: Some(Code::NoPassive) }],
    }
}

/// Leads the browser to `target` (303 turns the POST into a GET).
fn led_to<'a>(target: &RedirectTarget, cookies: impl Iterator<Item = &'a SetCookie>) -> Reply {
    let mut headers = vec![
        (String::from("location"), target.as_str().to_owned()),
        (String::from("cache-control"), String::from("no-store")),
        (String::from("referrer-policy"), String::from("no-referrer")),
    ];
    headers.extend(cookies.map(|cookie| (String::from("set-cookie"), cookie.render())));
    Reply { status: 303, headers, body: Vec::new() }
}

fn too_large(limit: usize, reader: &Reader) -> Step<AcsFlow> {
    refuse(&Rejection::new(Code::BodyTooLarge, format_args!("more than {limit} bytes")), reader, None)
}

fn with_tells(mut first: Vec<Tell>, step: Step<AcsFlow>) -> Step<AcsFlow> {
    match step {
        Step::Wait { state, asks, tells } => {
            first.extend(tells);
            Step::Wait { state, asks, tells: first }
        }
        Step::End { verdict, tells } => {
            first.extend(tells);
            Step::End { verdict, tells: first }
        }
    }
}
