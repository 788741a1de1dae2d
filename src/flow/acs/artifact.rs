//! A sign-in whose answer has to be fetched (bindings 3.6; profiles 5): artifact -> this browser's pending request -> call
//! -> response. From there on it is a response like any other, and proves itself.

use core::time::Duration;

use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask};
use crate::http::HttpCall;
use crate::saml::artifact_response::{self, Expected};
use crate::saml::bindings::artifact::{Artifact, ArtifactMessage};
use crate::saml::bindings::soap;
use crate::saml::protocol::{ArtifactResolve, RequestId};
use crate::session::pending_request::{self, PendingRequest};

use super::{AcsFlow, Visit, answered};
use crate::flow::{Env, FIRST_ASK, Step, TrustedIdp, refuse};

/// How messages that travel by artifact are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactResolution {
    /// The cluster's name in Envoy's configuration.
    pub cluster: String,
    /// The host name to send; that of the service's address unless given.
    pub authority: Option<String>,
    /// When to give up.
    pub timeout: Duration,
}

/// Waits for the response.
#[derive(Debug)]
pub struct ExpectResolved {
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    request: RequestId,
}

/// An artifact arrived.
pub(super) fn arrived(visit: Visit, message: ArtifactMessage, env: &Env<'_>) -> Step<AcsFlow> {
    let ArtifactMessage { artifact, relay_state } = message;
    let session = &env.settings.session;
    // Nothing is fetched for a browser that did not ask: the identity provider would be called by whoever likes.
    let pending = match pending_request::open(&relay_state, &visit.borrowed_cookies(), session, env.now) {
        Ok(pending) => pending,
        Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
    };
    match call(&artifact, &pending, env) {
        Ok((request, call)) => Step::Wait {
            state: AcsFlow::ExpectResolved(Box::new(ExpectResolved { visit, relay_state, pending, request })),
            asks: vec![(FIRST_ASK, Ask::HttpCall(call))],
            tells: Vec::new(),
        },
        Err(rejection) => refuse(&rejection, &visit.reader, Some(pending.target.as_str())),
    }
}

/// The call that fetches what `artifact` stands for, from the identity provider that was asked and from no other.
fn call(
    artifact: &Artifact,
    pending: &PendingRequest,
    env: &Env<'_>,
) -> Result<(RequestId, HttpCall), Rejection> {
    let unexpected = |detail: &str| Rejection::new(Code::ArtifactUnexpected, detail);
    let TrustedIdp { settings, metadata } = env.idp(&pending.idp_entity_id)?;
    let resolution = settings
        .artifact_resolution
        .as_ref()
        .ok_or_else(|| unexpected("an artifact came where none was asked for"))?;
    // profiles 5.4.1: the SourceID names the issuer
    if !artifact.is_of(&settings.entity_id) {
        return Err(unexpected(
            "the artifact names another issuer than the identity provider that was asked",
        ));
    }
    let index = artifact.endpoint_index();
    let service = metadata.artifact_resolution.iter().find(|service| service.index == index);
    let service = service.ok_or_else(|| {
        unresolved(format_args!("the metadata has no ArtifactResolutionService with the index {index}"))
    })?;
    let request =
        RequestId::random(env.entropy).map_err(|fault| Rejection::new(Code::EntropyUnavailable, fault))?;
    let message = ArtifactResolve {
        id: request.clone(),
        issue_instant: env.now,
        destination: service.location.clone(),
        issuer: env.settings.sp.entity_id.clone(),
        artifact: artifact.as_str().to_owned(),
    };
    let xml = message
        .render(env.settings.sp.signer.as_ref(), env.crypto)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    let (authority, path) = place(&service.location);
    let headers = [
        ("content-type", "text/xml; charset=utf-8"),
        ("accept", "text/xml"),
        // bindings 3.2.3.1
        ("soapaction", "\"http://www.oasis-open.org/committees/security\""),
        ("cache-control", "no-cache, no-store"),
    ];
    let call = HttpCall {
        cluster: resolution.cluster.clone(),
        authority: resolution.authority.clone().unwrap_or(authority),
        method: "POST",
        path,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: soap::envelope(&xml).into_bytes(),
        timeout: resolution.timeout,
    };
    Ok((request, call))
}

/// Authority and path of an absolute address, as metadata has them.
fn place(location: &str) -> (String, String) {
    let (_, rest) = location.split_once("://").unwrap_or(("", location));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    (authority.to_owned(), path)
}

impl ExpectResolved {
    pub(super) fn answer(self, answer: &Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Self { visit, relay_state, pending, request } = self;
        match response(answer, &request, &pending, env) {
            Ok(response) => answered(visit, relay_state, pending, response, env),
            Err(rejection) => refuse(&rejection, &visit.reader, Some(pending.target.as_str())),
        }
    }
}

fn response(
    answer: &Answer,
    request: &RequestId,
    pending: &PendingRequest,
    env: &Env<'_>,
) -> Result<Vec<u8>, Rejection> {
    let body = match answer {
        Answer::HttpResponse(response) if response.status == 200 => &response.body,
        Answer::HttpResponse(response) => {
            return Err(unresolved(format_args!("the service answered with the status {}", response.status)));
        }
        _ => return Err(unresolved("the service did not answer")),
    };
    let TrustedIdp { settings, metadata } = env.idp(&pending.idp_entity_id)?;
    let expected = Expected {
        request,
        idp_entity_id: &settings.entity_id,
        recipient: &env.settings.sp.acs_uri(),
        keys: &metadata.signing_keys,
        algorithms: settings.algorithms,
        crypto: env.crypto,
        limits: &env.settings.limits,
    };
    artifact_response::response(body, &expected)
        .map_err(|fault| unresolved(format_args!("{} {fault}", fault.code().id())))
}

fn unresolved(detail: impl core::fmt::Display) -> Rejection {
    Rejection::new(Code::ArtifactUnresolved, detail)
}
