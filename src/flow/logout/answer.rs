//! Telling the identity provider what came of its logout (profiles 4.4.4.2).

use crate::base::{Code, Rejection};
use crate::flow::Env;
use crate::http::Reply;
use crate::page::{self, SignedOut};
use crate::saml::bindings::{MessageKind, post, redirect, soap};
use crate::saml::metadata::idp::{Binding, Endpoint};
use crate::saml::profiles::single_logout::AcceptedLogout;
use crate::saml::protocol::{LogoutOutcomeHere, LogoutResponse, RequestId};
use crate::session::revocation::Revoked;

use super::Via;

/// The sessions are ended; [`Revoked`] proves it.
pub(super) fn done(
    logout: &AcceptedLogout,
    via: Via,
    relay_state: &str,
    _: &Revoked,
    env: &Env<'_>,
) -> Result<Reply, Rejection> {
    respond(logout, via, relay_state, LogoutOutcomeHere::Done, env)
}

/// They may not be.
pub(super) fn failed(
    logout: &AcceptedLogout,
    via: Via,
    relay_state: &str,
    env: &Env<'_>,
) -> Result<Reply, Rejection> {
    respond(logout, via, relay_state, LogoutOutcomeHere::Failed, env)
}

fn respond(
    logout: &AcceptedLogout,
    via: Via,
    relay_state: &str,
    outcome: LogoutOutcomeHere,
    env: &Env<'_>,
) -> Result<Reply, Rejection> {
    let settings = env.settings;
    let idp = env.idp(logout.issuer())?;
    let signer = settings.sp.signer.as_ref().ok_or_else(|| {
        Rejection::new(Code::LogoutNotOffered, "there is no key to sign the answer to a logout with")
    })?;
    let id =
        RequestId::random(env.entropy).map_err(|fault| Rejection::new(Code::EntropyUnavailable, fault))?;
    let mut response = LogoutResponse {
        id,
        issue_instant: env.now,
        destination: None,
        in_response_to: logout.id().to_owned(),
        issuer: settings.sp.entity_id.clone(),
        outcome,
    };
    let signed = |response: &LogoutResponse| {
        response.render_signed(signer, env.crypto).map_err(|fault| Rejection::new(fault.code(), fault))
    };
    let Via::Browser(came_by) = via else {
        return Ok(Reply {
            status: 200,
            headers: vec![
                (String::from("content-type"), String::from("text/xml; charset=utf-8")),
                (String::from("cache-control"), String::from("no-store")),
                (String::from("x-content-type-options"), String::from("nosniff")),
            ],
            body: soap::envelope(&signed(&response)?).into_bytes(),
        });
    };
    let Some(endpoint) = endpoint(&idp.metadata.single_logout, came_by) else {
        // It takes no answers; the person gets one.
        return match outcome {
            LogoutOutcomeHere::Done => Ok(page::logged_out(&settings.look, SignedOut::Here)),
            LogoutOutcomeHere::Failed => {
                Err(Rejection::new(Code::RevocationStoreUnavailable, "the logout could not be recorded"))
            }
        };
    };
    let location = endpoint.response_location();
    response.destination = Some(location.to_owned());
    match endpoint.binding {
        Binding::Redirect => {
            let (kind, xml) = (MessageKind::Response, response.render());
            redirect::message_url(kind, location, &xml, relay_state, Some(signer), env.crypto)
                .map(see)
                .map_err(|fault| Rejection::new(fault.code(), fault))
        }
        Binding::Post => {
            let fields = post::fields(MessageKind::Response, &signed(&response)?, relay_state)
                .map_err(|fault| Rejection::new(fault.code(), fault))?;
            Ok(page::post_logout(&settings.look, location, &fields))
        }
    }
}

/// A redirect is preferred, also where the request was posted: it works in the frames in which some identity providers
/// sign out of many applications at once, and our pages do not.
fn endpoint(endpoints: &[Endpoint], came_by: Binding) -> Option<&Endpoint> {
    let find = |binding| endpoints.iter().find(|endpoint| endpoint.binding == binding);
    find(Binding::Redirect).or_else(|| find(came_by)).or_else(|| find(Binding::Post))
}

/// A redirect to an address that carries a message.
pub(super) fn see(location: String) -> Reply {
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
