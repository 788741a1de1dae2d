//! Requests that need a session: one that is there, one that is not good enough, and none.

use std::rc::Rc;

use crate::base::{Code, Rejection};
use crate::effect::{Step, Verdict};
use crate::flow::discovery::{Asking, Choice, choose};
use crate::flow::{self, AuthnDemand};
use crate::http::path::NormalizedPath;
use crate::http::{RedirectTarget, RequestHead, SanitizedHead};
use crate::page::Reader;
use crate::session::pending_request::Intent;
use crate::session::{self, Session};

use super::origin::{self, SentBy};
use super::settings::Needs;
use super::{Access, Exchange, Gateway, Host, Request, forward, never_waits, reader, refuse, reply};

impl Gateway {
    pub(super) fn with_session(
        &mut self,
        request: &Request<'_>,
        needs: Needs<'_>,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let authenticated = match self.open(request, host) {
            Ok(authenticated) => authenticated,
            // Whether somebody signed out is not known, and a new sign-in would not change that.
            Err(fault) if fault.is_doubt() && needs.access != Access::Optional => {
                let rejection = Rejection::new(fault.code(), fault);
                return refuse(&rejection, &reader::of(request.head, &self.settings.flow.look));
            }
            // Nobody is asked who they are while the answer could not be relied on.
            Err(fault) if fault.is_doubt() => return forward(self.plain_edits(request)),
            Err(_) => return self.without_session(request, needs, host),
        };
        let settings = Rc::clone(&self.settings);
        if origin::is_unsafe(request.head) && SentBy::of(request.head, &settings) == SentBy::Foreign {
            if needs.access == Access::Optional {
                return forward(self.plain_edits(request));
            }
            let detail = "an unsafe request that relies on the session came from a foreign origin";
            return refuse(
                &Rejection::new(Code::CrossSiteRefused, detail),
                &reader::of(request.head, &settings.flow.look),
            );
        }
        // What is usual at the identity provider holds for every page, whichever page the session was begun for.
        if needs.access == Access::Protect {
            let session = authenticated.session();
            let idp = settings.flow.idps.iter().find(|idp| idp.entity_id == session.idp_entity_id());
            let (nothing, usual) = (AuthnDemand::default(), idp.map(|idp| &idp.authn));
            let demand = needs.authn.unwrap_or(&nothing);
            if !demand.is_met_by(usual.unwrap_or(&nothing), session, host.now) {
                return self.step_up(request, demand, session, host);
            }
        }
        let mut edits = self.plain_edits(request);
        let session = authenticated.session();
        if let Err(fault) = authenticated.prepared().apply(&mut edits, session, &settings.flow, host) {
            return refuse(
                &Rejection::new(fault.code(), fault),
                &reader::of(request.head, &settings.flow.look),
            );
        }
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

    fn without_session(&self, request: &Request<'_>, needs: Needs<'_>, host: &Host<'_>) -> Step<Exchange> {
        let settings = &self.settings;
        let demand = needs.authn.cloned().unwrap_or_default();
        let passes = needs.access == Access::Optional
            || (settings.pass_cors_preflight && reader::is_cors_preflight(request.head))
            || reader::authorization_scheme(request.head)
                .is_some_and(|scheme| settings.pass_authorization_schemes.contains(&scheme));
        if passes {
            // Asked once, and not again for a while, whatever the answer was.
            let asks = needs.access == Access::Optional
                && demand.is_passive
                && reader::navigates(request.head)
                && !session::was_asked_passively(&request.cookies, &settings.flow.session);
            let passive = asks.then(|| self.passive_sign_in(request, &demand, host)).flatten();
            return passive.unwrap_or_else(|| forward(self.plain_edits(request)));
        }
        let reader = reader::of(request.head, &settings.flow.look);
        if let Some(saving) = self.save_form(request) {
            return saving;
        }
        if !reader::navigates(request.head) {
            let detail = "no session, and the client does not navigate";
            return refuse(
                &Rejection::new(Code::AuthenticationRequired, detail),
                &Reader { wants_html: false, ..reader },
            );
        }
        match RedirectTarget::parse(request.path.path_and_query()) {
            Ok(target) => self.sign_in(request, target, &demand, host),
            Err(fault) => refuse(&Rejection::new(fault.code(), fault), &reader),
        }
    }

    /// Begins the sign-in that `request` needs, to come back to `target`.
    pub(super) fn sign_in(
        &self,
        request: &Request<'_>,
        target: RedirectTarget,
        demand: &AuthnDemand,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        match self.chosen_idp(request, &target, host) {
            Choice::Idp(idp) => self.sign_in_at(idp, request, target, demand, host),
            Choice::Asked(asked) => reply(asked),
        }
    }

    /// Asks without showing anything; `None` where that cannot be: then nobody is asked.
    fn passive_sign_in(
        &self,
        request: &Request<'_>,
        demand: &AuthnDemand,
        host: &Host<'_>,
    ) -> Option<Step<Exchange>> {
        let target = RedirectTarget::parse(request.path.path_and_query()).ok()?;
        let Choice::Idp(idp) = self.chosen_idp(request, &target, host) else { return None };
        // Who has to authenticate anew each time cannot do so without being shown anything.
        if self.settings.flow.idps.get(idp)?.authn.force_authn {
            return None;
        }
        match self.sign_in_at(idp, request, target, demand, host) {
            // The page is for everybody: that nobody could be asked keeps nobody out.
            Step::End { verdict: Verdict::Reply(reply), .. } if reply.status >= 400 => None,
            asking => Some(asking),
        }
    }

    /// The session is good, but not for this page: the same identity provider is asked for a better one.
    fn step_up(
        &self,
        request: &Request<'_>,
        demand: &AuthnDemand,
        session: &Session,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        if !reader::navigates(request.head) {
            let detail = "the session does not meet what the rule demands, and the client does not navigate";
            return refuse(
                &Rejection::new(Code::StepUpRequired, detail),
                &Reader { wants_html: false, ..reader },
            );
        }
        let mut idps = self.settings.flow.idps.iter();
        let idp = idps.position(|idp| idp.entity_id == session.idp_entity_id()).unwrap_or_default();
        match RedirectTarget::parse(request.path.path_and_query()) {
            Ok(target) => self.sign_in_at(idp, request, target, &demand.stepping_up(session, host.now), host),
            Err(fault) => refuse(&Rejection::new(fault.code(), fault), &reader),
        }
    }

    fn chosen_idp(&self, request: &Request<'_>, target: &RedirectTarget, host: &Host<'_>) -> Choice {
        let asking = Asking { head: request.head, path: request.path, cookies: &request.cookies, target };
        choose(asking, &self.env(host))
    }

    /// Sends the browser to the identity provider at `idp` of the settings, to come back to `target`.
    pub(super) fn sign_in_at(
        &self,
        idp: usize,
        request: &Request<'_>,
        target: RedirectTarget,
        demand: &AuthnDemand,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        let (cookies, env) = (&request.cookies, self.env(host));
        never_waits(flow::login(idp, target, Intent::SignIn, demand, cookies, &reader, &env))
    }

    /// What a sign-in for `target` must be like, by the rule that will decide about it. Should that look at headers, the page
    /// itself asks for more.
    pub(super) fn demand(&self, target: &RedirectTarget) -> AuthnDemand {
        let authority =
            self.settings.flow.sp.base_uri.split_once("://").map_or("", |(_, authority)| authority);
        let headers = [(":method", "GET"), (":path", target.as_str()), (":authority", authority)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let head = SanitizedHead::new(RequestHead::new(headers.to_vec()), &self.owned_headers);
        let Ok(path) = NormalizedPath::parse(target.as_str()) else { return AuthnDemand::default() };
        let needs = self.settings.needs(&path, &head);
        needs.authn.filter(|_| needs.access == Access::Protect).cloned().unwrap_or_default()
    }
}
