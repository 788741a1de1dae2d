//! Sign-ins that the identity provider began (profiles 4.1.5), where the configuration allows them.
//!
//! Nobody here asked for the response, so it may be anybody's: another site can post its own into this browser. So it is
//! examined, and then its person is asked. The question carries the response back to us, together with the token of a
//! pending request that only this browser holds; until then nothing is used up and nothing begins.

use sha2::{Digest as _, Sha256};

use crate::base::{Code, Rejection};
use crate::effect::{Tell, Verdict};
use crate::encoding::{base64, base64url};
use crate::http::RedirectTarget;
use crate::identity::Identity;
use crate::page;
use crate::session::SessionError;
use crate::session::pending_request::{self, Demanded, Intent, PendingRequest};

use super::super::examine::{Asked, Unwatched, examine, issuer};
use super::super::settings::Unsolicited;
use super::super::{Env, Step, TrustedIdp, refuse};
use super::candidate::Candidate;
use super::claim::claim;
use super::{AcsFlow, Visit};

/// A response arrived for which this browser has no pending request, as `fault` says.
pub(super) fn arrived(
    visit: Visit,
    relay_state: String,
    saml_response: Vec<u8>,
    fault: &SessionError,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let nobody_asked = Rejection::new(fault.code(), fault);
    let Some((idp, rules)) = begun_by(&saml_response, env) else {
        return refuse(&nobody_asked, &visit.reader, Some("/"));
    };
    let target = match target(&relay_state, rules, env) {
        Ok(target) => target,
        Err(rejection) => return refuse(&rejection, &visit.reader, Some("/")),
    };
    let pending = PendingRequest {
        request_id: digest(&saml_response),
        idp_entity_id: idp.settings.entity_id.clone(),
        target,
        intent: Intent::Unsolicited,
        demanded: Demanded {
            // Nobody could ask for it, but it holds all the same.
            authn_context_classes: idp.settings.authn.authn_context_classes.clone(),
            ..Demanded::default()
        },
        expires_at: env.now.saturating_add(env.settings.session.pending_request_ttl),
    };
    match examine(&saml_response, &Asked::Pending(&pending), &mut Unwatched, env) {
        Ok((assertion, identity)) if rules.danger_skip_confirmation => {
            claim(Candidate::new(visit, String::new(), pending, assertion, identity, env), 1)
        }
        Ok((_, identity)) => ask(&visit, &pending, &saml_response, &identity, env),
        Err(rejection) => refuse(&rejection, &visit.reader, Some("/")),
    }
}

/// Is the response the one that the person of `pending` was asked about?
///
/// # Errors
/// A refusal when it is another.
pub(super) fn check_confirmed(pending: &PendingRequest, saml_response: &[u8]) -> Result<(), Rejection> {
    if pending.intent == Intent::Unsolicited && pending.request_id != digest(saml_response) {
        return Err(Rejection::new(
            Code::PendingRequestMissing,
            "the person was asked about another response than the one that came back",
        ));
    }
    Ok(())
}

/// The identity provider that the response names, if it may begin a sign-in.
fn begun_by<'e>(saml_response: &[u8], env: &Env<'e>) -> Option<(TrustedIdp<'e>, &'e Unsolicited)> {
    let idp = env.idp(&issuer(saml_response, env)?).ok()?;
    Some((idp, idp.settings.unsolicited.as_ref()?))
}

/// bindings 3.5.3: RelayState of an unsolicited response is what both sides agreed on; here a page of this site.
fn target(relay_state: &str, rules: &Unsolicited, env: &Env<'_>) -> Result<RedirectTarget, Rejection> {
    if relay_state.is_empty() {
        return Ok(rules.default_target.clone());
    }
    let local = match relay_state.strip_prefix(env.settings.sp.base_uri.as_str()) {
        Some("") => "/",
        Some(rest) => rest,
        None => relay_state,
    };
    let refused = |detail: &str| Rejection::new(Code::UnsolicitedTargetRefused, detail);
    let target = RedirectTarget::parse(local)
        .map_err(|_| refused("RelayState is neither empty nor a page of ours"))?;
    if target != rules.default_target
        && !rules.target_paths.iter().any(|path| path.matches_text(target.path()))
    {
        return Err(refused("RelayState is none of `unsolicited.target_paths`"));
    }
    Ok(target)
}

fn ask(
    visit: &Visit,
    pending: &PendingRequest,
    saml_response: &[u8],
    identity: &Identity,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let settings = env.settings;
    let cookies = visit.borrowed_cookies();
    let sealed = match pending_request::seal(pending, &settings.session, &cookies, env.now, env.entropy) {
        Ok(sealed) => sealed,
        Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, Some("/")),
    };
    let fields =
        [("SAMLResponse", base64::encode(saml_response)), ("RelayState", sealed.relay_state.clone())];
    let who = identity.username.expose();
    let mut reply = page::confirm_sign_in(&settings.look, &settings.sp.acs_path, &fields, who);
    for cookie in [&sealed.cookie].into_iter().chain(&sealed.evictions) {
        reply.headers.push((String::from("set-cookie"), cookie.render()));
    }
    Step::End {
        verdict: Verdict::Reply(reply),
        tells: vec![Tell::Count { outcome: "unsolicited_sign_in_asked", code: None }],
    }
}

/// Tells one response from every other.
fn digest(saml_response: &[u8]) -> String {
    base64url::encode(&Sha256::digest(saml_response))
}
