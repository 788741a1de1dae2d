//! Asking the identity provider to end its session too (profiles 4.4.4.1).

use core::time::Duration;

use crate::base::Rejection;
use crate::flow::Env;
use crate::flow::trust::TrustedIdp;
use crate::http::Reply;
use crate::page;
use crate::saml::Signer;
use crate::saml::bindings::{MessageKind, post, redirect};
use crate::saml::metadata::idp::{Binding, Endpoint};
use crate::saml::protocol::{LogoutReason, LogoutRequest, LogoutSubject, RequestId};
use crate::session::pending_logout::{self, PendingLogout};
use crate::session::revocation::Revoked;
use crate::session::{Session, SessionNameId};

/// How long the request is good: the time that it takes to be led to the identity provider, and clocks that differ.
const GOOD_FOR: Duration = Duration::from_secs(300);

/// Everything that is needed to ask.
struct Possible<'a> {
    idp: TrustedIdp<'a>,
    endpoint: &'a Endpoint,
    signer: &'a Signer,
    name_id: &'a SessionNameId,
}

/// Where the browser goes after its session was ended: to the identity provider where that can be asked, else to our own
/// page, which says that only this site is left.
pub(super) fn leave(session: Option<&Session>, _: &Revoked, env: &Env<'_>) -> Result<Reply, Rejection> {
    match session.and_then(|session| Some((session, possible(session, env)?))) {
        Some((session, possible)) => ask(session, &possible, env),
        None => Ok(Reply {
            status: 303,
            headers: vec![
                (String::from("location"), env.settings.sp.logged_out_path.clone()),
                (String::from("cache-control"), String::from("no-store")),
            ],
            body: Vec::new(),
        }),
    }
}

/// profiles 4.4.4.1: the request is signed, and names whom the assertion named. An identity provider whose metadata has
/// run out is not asked: our own session is over all the same.
fn possible<'a>(session: &'a Session, env: &Env<'a>) -> Option<Possible<'a>> {
    let idp = env.idp(session.idp_entity_id()).ok().filter(|idp| idp.settings.single_logout)?;
    let signer = env.settings.sp.signer.as_ref()?;
    let find = |binding| idp.metadata.single_logout.iter().find(|endpoint| endpoint.binding == binding);
    let endpoint = find(Binding::Redirect).or_else(|| find(Binding::Post))?;
    Some(Possible { idp, endpoint, signer, name_id: session.name_id()? })
}

fn ask(session: &Session, possible: &Possible<'_>, env: &Env<'_>) -> Result<Reply, Rejection> {
    let Possible { idp, endpoint, signer, name_id } = *possible;
    let settings = env.settings;
    let id = RequestId::random(env.entropy)
        .map_err(|fault| Rejection::new(crate::base::Code::EntropyUnavailable, fault))?;
    let pending =
        PendingLogout { request_id: id.as_str().to_owned(), idp_entity_id: idp.settings.entity_id.clone() };
    let cookie = pending_logout::seal(&pending, &settings.session, env.now, env.entropy)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    let request = LogoutRequest {
        id,
        issue_instant: env.now,
        destination: endpoint.location.clone(),
        not_on_or_after: env.now.saturating_add(GOOD_FOR),
        reason: Some(LogoutReason::User),
        issuer: settings.sp.entity_id.clone(),
        subject: LogoutSubject {
            value: name_id.value.clone(),
            format: name_id.format.clone(),
            name_qualifier: name_id.name_qualifier.clone(),
            sp_name_qualifier: name_id.sp_name_qualifier.clone(),
            sp_provided_id: name_id.sp_provided_id.clone(),
        },
        session_indexes: session.session_index().map(str::to_owned).into_iter().collect(),
    };
    let mut reply = match endpoint.binding {
        Binding::Redirect => {
            let (kind, xml) = (MessageKind::Request, request.render());
            let url = redirect::message_url(kind, &endpoint.location, &xml, "", Some(signer), env.crypto);
            super::answer::see(url.map_err(|fault| Rejection::new(fault.code(), fault))?)
        }
        Binding::Post => {
            let xml = request
                .render_signed(signer, env.crypto)
                .map_err(|fault| Rejection::new(fault.code(), fault))?;
            let fields =
                post::request_fields(&xml, "").map_err(|fault| Rejection::new(fault.code(), fault))?;
            page::post_logout(&settings.look, &endpoint.location, &fields)
        }
    };
    reply.headers.push((String::from("set-cookie"), cookie.render()));
    Ok(reply)
}
