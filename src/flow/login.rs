//! SP-initiated sign-in (profiles 4.1): an AuthnRequest goes out, a sealed pending request stays in the browser.

use core::convert::Infallible;

use crate::base::{Code, Rejection};
use crate::effect::{Tell, Verdict};
use crate::http::{RedirectTarget, Reply};
use crate::page::{self, Reader};
use crate::saml::Signer;
use crate::saml::bindings::{post, redirect};
use crate::saml::metadata::idp::{Binding, Endpoint};
use crate::saml::protocol::{AuthnRequest, NameIdPolicy, RequestId, ResponseBinding};
use crate::session;
use crate::session::pending_request::{self, Intent, PendingRequest};
use crate::session::rounds::{self, MAX_ROUNDS};

use super::demand::AuthnDemand;
use super::settings::{AuthnRequestBinding, IdentityProvider, SignAuthnRequests};
use super::{Env, Step, TrustedIdp, refuse};

/// Starts a sign-in at the identity provider at `idp` of [`super::Settings::idps`], as `demand` says. It will come back to
/// `target`, or is a test of one that began there.
///
/// `cookies` are the browser's, so that pending requests of abandoned tabs can be thrown out.
#[must_use]
pub fn login(
    idp: usize,
    target: RedirectTarget,
    intent: Intent,
    demand: &AuthnDemand,
    cookies: &[(&str, &str)],
    reader: &Reader,
    env: &Env<'_>,
) -> Step<Infallible> {
    if intent == Intent::SignIn && rounds::count(cookies, &env.settings.session, env.now) >= MAX_ROUNDS {
        return break_off(&target, reader, env);
    }
    match start(idp, target, intent, demand, cookies, env) {
        Ok(reply) => Step::End {
            verdict: Verdict::Reply(reply),
            tells: vec![Tell::Count { outcome: "sign_in_started", code: None }],
        },
        Err(rejection) => refuse(&rejection, reader, None),
    }
}

/// The browser signs in for ever and never gets in: it is told so, and may try anew.
fn break_off(target: &RedirectTarget, reader: &Reader, env: &Env<'_>) -> Step<Infallible> {
    let detail = format_args!("{MAX_ROUNDS} sign-ins within moments, and no session came back");
    let step = refuse(&Rejection::new(Code::SignInLoop, detail), reader, Some(target.as_str()));
    let Step::End { verdict: Verdict::Reply(mut reply), tells } = step else { return step };
    let forgotten = rounds::forget(&env.settings.session);
    reply.headers.push((String::from("set-cookie"), forgotten.render()));
    Step::End { verdict: Verdict::Reply(reply), tells }
}

fn start(
    idp: usize,
    target: RedirectTarget,
    intent: Intent,
    demand: &AuthnDemand,
    cookies: &[(&str, &str)],
    env: &Env<'_>,
) -> Result<Reply, Rejection> {
    let settings = env.settings;
    let idp = env.idp_at(idp)?;
    let demand = demand.over(&idp.settings.authn);
    let endpoint = endpoint(idp)?;
    let id =
        RequestId::random(env.entropy).map_err(|fault| Rejection::new(Code::EntropyUnavailable, fault))?;
    let pending = PendingRequest {
        request_id: id.as_str().to_owned(),
        idp_entity_id: idp.settings.entity_id.clone(),
        target,
        intent,
        demanded: demand.of_answer(env.now),
        expires_at: env.now.saturating_add(settings.session.pending_request_ttl),
    };
    let sealed = pending_request::seal(&pending, &settings.session, cookies, env.now, env.entropy)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    let request = AuthnRequest {
        id,
        issue_instant: env.now,
        destination: endpoint.location.clone(),
        assertion_consumer_service_uri: settings.sp.acs_uri(),
        response_binding: match idp.settings.artifact_resolution {
            None => ResponseBinding::Post,
            Some(_) => ResponseBinding::Artifact,
        },
        issuer: settings.sp.entity_id.clone(),
        name_id_policy: idp.settings.name_id_format.clone().map(|format| NameIdPolicy {
            format,
            allow_create: idp.settings.allow_create,
            sp_name_qualifier: idp.settings.sp_name_qualifier.clone(),
        }),
        force_authn: demand.force_authn,
        is_passive: demand.is_passive,
        requested_authn_context: demand.requested_authn_context.clone(),
    };
    let signer = signer(idp.settings, settings.sp.signer.as_ref());
    let mut reply = match endpoint.binding {
        Binding::Redirect => {
            let location = redirect::request_url(
                &endpoint.location,
                &request.render(),
                &sealed.relay_state,
                signer,
                env.crypto,
            )
            .map_err(|fault| Rejection::new(fault.code(), fault))?;
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
        Binding::Post => {
            let xml = match signer {
                Some(signer) => request
                    .render_signed(signer, env.crypto)
                    .map_err(|fault| Rejection::new(fault.code(), fault))?,
                None => request.render(),
            };
            let fields = post::request_fields(&xml, &sealed.relay_state)
                .map_err(|fault| Rejection::new(fault.code(), fault))?;
            page::auto_post(&settings.look, &endpoint.location, &fields)
        }
    };
    let asked_passively = demand.is_passive.then(|| session::asked_passively(&settings.session));
    for cookie in [&sealed.cookie].into_iter().chain(&sealed.evictions).chain(&asked_passively) {
        reply.headers.push((String::from("set-cookie"), cookie.render()));
    }
    Ok(reply)
}

fn endpoint(idp: TrustedIdp<'_>) -> Result<&Endpoint, Rejection> {
    let find = |binding| idp.metadata.single_sign_on.iter().find(|endpoint| endpoint.binding == binding);
    match idp.settings.authn_request_binding {
        AuthnRequestBinding::Auto => find(Binding::Redirect).or_else(|| find(Binding::Post)),
        AuthnRequestBinding::HttpRedirect => find(Binding::Redirect),
        AuthnRequestBinding::HttpPost => find(Binding::Post),
    }
    .ok_or_else(|| {
        Rejection::new(
            Code::MetadataWithoutEndpoint,
            format_args!("no SingleSignOnService for {:?}", idp.settings.authn_request_binding),
        )
    })
}

fn signer<'a>(idp: &IdentityProvider, configured: Option<&'a Signer>) -> Option<&'a Signer> {
    match idp.sign_authn_requests {
        SignAuthnRequests::Never => None,
        SignAuthnRequests::Auto | SignAuthnRequests::Always => configured,
    }
}
