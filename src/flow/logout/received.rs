//! A message of an identity provider: its request to sign somebody out, or its answer to ours.
//!
//! Nothing here relies on a cookie to end a session: what is signed says whom, and a browser that is led here by
//! another site brings no more than what the identity provider signed.

use crate::base::{Code, Limits, Rejection};
use crate::effect::{Answer, Ask, Event, Tell, Verdict};
use crate::flow::acs::Visit;
use crate::flow::trust::TrustedIdp;
use crate::flow::{Env, FIRST_ASK, Step, out_of_turn, refusal_tells, shared_store};
use crate::page::{self, SignedOut};
use crate::saml::bindings::{Inbound, MessageKind, post, redirect, soap};
use crate::saml::metadata::idp::Binding;
use crate::saml::profiles::single_logout::{
    AcceptedLogout, Expectations, LogoutOutcome, accept_request, accept_response,
};
use crate::saml::protocol::RequestId;
use crate::saml::{LogoutTrust, UnverifiedLogout, VerifiedLogout};
use crate::session::Session;
use crate::session::pending_logout;
use crate::session::revocation::{LogoutInstants, Revocation, Subject};
use crate::xmlsec::decrypt::Recipient;

use super::{Cause, Ending, LogoutFlow, Via};

/// Waits for a form or an envelope.
#[derive(Debug)]
pub struct ExpectBody {
    visit: Visit,
    session: Option<Session>,
    via: Via,
}

/// What a message turned out to be.
enum Received {
    Request(AcceptedLogout),
    Response(LogoutOutcome),
}

impl LogoutFlow {
    /// A GET with a message in its query (bindings 3.4). `session` is that of the browser, where it has one.
    #[must_use]
    pub fn redirected(query: &str, visit: Visit, session: Option<Session>, env: &Env<'_>) -> Step<Self> {
        let inbound = redirect::decode(query, &limits(env));
        let inbound = inbound.map_err(|fault| Rejection::new(fault.code(), fault));
        take(inbound, Via::Browser(Binding::Redirect), visit, session, env)
    }

    /// A POST with a message in a form (bindings 3.5).
    #[must_use]
    pub fn posted(visit: Visit, session: Option<Session>, env: &Env<'_>) -> Step<Self> {
        ask_body(ExpectBody { visit, session, via: Via::Browser(Binding::Post) }, env)
    }

    /// A POST with a message in an envelope (bindings 3.2), from server to server.
    #[must_use]
    pub fn back_channel(visit: Visit, env: &Env<'_>) -> Step<Self> {
        ask_body(ExpectBody { visit, session: None, via: Via::Soap }, env)
    }
}

/// Messages of a logout are small: those that a query may carry are the measure for all of them.
fn limits(env: &Env<'_>) -> Limits {
    let limits = env.settings.limits;
    let max_xml_bytes = limits.max_xml_bytes.min(limits.max_inflated_bytes);
    Limits {
        max_xml_bytes,
        max_xml_nodes: limits.max_xml_nodes.min(Limits::nodes_for(max_xml_bytes)),
        max_body_bytes: limits.max_body_bytes.min(Limits::body_for(max_xml_bytes)),
        ..limits
    }
}

fn ask_body(state: ExpectBody, env: &Env<'_>) -> Step<LogoutFlow> {
    let limit = limits(env).max_body_bytes;
    let too_large = |length| usize::try_from(length).map_or(true, |length: usize| length > limit);
    if state.visit.content_length.is_some_and(too_large) {
        return refuse(&body_too_large(limit), &state.visit);
    }
    Step::Wait {
        state: LogoutFlow::ExpectBody(Box::new(state)),
        asks: vec![(FIRST_ASK, Ask::RequestBody { limit })],
        tells: Vec::new(),
    }
}

fn body_too_large(limit: usize) -> Rejection {
    Rejection::new(Code::BodyTooLarge, format_args!("more than {limit} bytes"))
}

impl ExpectBody {
    pub(super) fn answer(self, answer: Answer, env: &Env<'_>) -> Step<LogoutFlow> {
        let Self { visit, session, via } = self;
        let limits = limits(env);
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => return refuse(&body_too_large(limits.max_body_bytes), &visit),
            _ => return refuse(&out_of_turn("the request body"), &visit),
        };
        let content_type = visit.content_type.as_deref();
        let inbound = match via {
            Via::Soap => soap::decode(content_type, body, &limits),
            Via::Browser(_) => post::decode_either(content_type, &body, &limits),
        };
        take(inbound.map_err(|fault| Rejection::new(fault.code(), fault)), via, visit, session, env)
    }
}

fn take(
    inbound: Result<Inbound, Rejection>,
    via: Via,
    visit: Visit,
    session: Option<Session>,
    env: &Env<'_>,
) -> Step<LogoutFlow> {
    let received = inbound.and_then(|inbound| {
        let relay_state = inbound.relay_state.clone();
        Ok((receive(inbound, via, &visit, env)?, relay_state))
    });
    match received {
        Err(rejection) => refuse(&rejection, &visit),
        Ok((Received::Response(outcome), _)) => told(&outcome, &visit, env),
        Ok((Received::Request(logout), relay_state)) => {
            let name = logout.name_id().value();
            let subject = Subject { idp_entity_id: logout.issuer(), name };
            let instants = LogoutInstants {
                issued: logout.issue_instant(),
                absolute_ttl: env.settings.session.absolute_ttl,
            };
            let revocations = Revocation::of_subject(subject, logout.session_indexes(), &instants);
            // Only a session that the message means is taken out of the browser.
            let session =
                session.filter(|session| revocations.iter().any(|revocation| revocation.ends(session)));
            let cause = Cause::IdentityProvider { logout: Box::new(logout), via, relay_state };
            Ending { visit, session, cause }.record(shared_store::recording(revocations, env), env)
        }
    }
}

/// From bytes to a message that the identity provider signed for us, now.
fn receive(inbound: Inbound, via: Via, visit: &Visit, env: &Env<'_>) -> Result<Received, Rejection> {
    let sp = &env.settings.sp;
    let limits = limits(env);
    // Before any work: an answer that this browser does not wait for is nobody's.
    let pending = match inbound.kind {
        MessageKind::Request => None,
        MessageKind::Response => Some(
            pending_logout::open(&visit.borrowed_cookies(), &env.settings.session, env.now)
                .map_err(|fault| Rejection::new(fault.code(), fault))?,
        ),
    };
    let unverified =
        UnverifiedLogout::read(inbound, &limits).map_err(|fault| Rejection::new(fault.code(), fault))?;
    let idp = match &pending {
        None => env.idp(unverified.issuer_hint())?,
        Some(pending) => env.idp(&pending.idp_entity_id)?,
    };
    if !idp.settings.single_logout || sp.signer.is_none() {
        return Err(Rejection::new(
            Code::LogoutNotOffered,
            "single logout is off, or there is no key to sign with",
        ));
    }
    let verified = verify(unverified, idp, &limits, env)?;
    let destination = match via {
        Via::Browser(_) => sp.single_logout_uri(),
        Via::Soap => sp.single_logout_soap_uri().unwrap_or_default(),
    };
    let expected = Expectations {
        now: env.now,
        skew: idp.settings.clock_skew,
        idp_entity_id: &idp.settings.entity_id,
        destination: &destination,
    };
    let Some(pending) = pending else {
        let logout = accept_request(verified, &expected);
        return logout.map(Received::Request).map_err(|fault| Rejection::new(fault.code(), fault));
    };
    let request = RequestId::parse(&pending.request_id)
        .ok_or_else(|| Rejection::new(Code::LogoutUnexpected, "the pending logout holds no request ID"))?;
    let outcome = accept_response(verified, &request, &expected);
    outcome.map(Received::Response).map_err(|fault| Rejection::new(fault.code(), fault))
}

fn verify(
    unverified: UnverifiedLogout,
    idp: TrustedIdp<'_>,
    limits: &Limits,
    env: &Env<'_>,
) -> Result<VerifiedLogout, Rejection> {
    let sp = &env.settings.sp;
    unverified
        .verify(&LogoutTrust {
            keys: &idp.metadata.signing_keys,
            algorithms: idp.settings.algorithms,
            recipient: &Recipient {
                entity_id: &sp.entity_id,
                keys: &sp.decryption_keys,
                ciphers: idp.settings.ciphers,
            },
            crypto: env.crypto,
            limits,
        })
        .map_err(|fault| {
            env.note_unknown_key(idp, fault.code());
            Rejection::new(fault.code(), fault)
        })
}

/// The identity provider answered our request: how far did it get? Our own session ended before it was asked.
fn told(outcome: &LogoutOutcome, visit: &Visit, env: &Env<'_>) -> Step<LogoutFlow> {
    let (how_far, tells) = if outcome.is_complete() {
        (SignedOut::Everywhere, vec![Tell::Count { outcome: "logged_out_everywhere", code: None }])
    } else {
        let code = Some(Code::LogoutUnconfirmed);
        let event = Tell::Event(Event {
            name: "logout_unconfirmed",
            code,
            fields: vec![
                ("detail", outcome.status().to_string()),
                ("remedy", Code::LogoutUnconfirmed.remedy().to_owned()),
                ("request_id", visit.reader.request_id.clone()),
            ],
        });
        (SignedOut::Partly, vec![event, Tell::Count { outcome: "logged_out_partly", code }])
    };
    let mut reply = page::logged_out(&env.settings.look, how_far);
    let cookie = pending_logout::clear(&env.settings.session);
    reply.headers.push((String::from("set-cookie"), cookie.render()));
    Step::End { verdict: Verdict::Reply(reply), tells }
}

/// A message that is not what it has to be ends nobody's session and is not answered (bindings 3.2.3.3: what is refused
/// is refused by HTTP).
fn refuse(rejection: &Rejection, visit: &Visit) -> Step<LogoutFlow> {
    Step::End {
        verdict: Verdict::Reply(page::refused_logout(rejection.code, &visit.reader)),
        tells: refusal_tells(rejection, &visit.reader),
    }
}
