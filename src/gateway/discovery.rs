//! The page that takes the choice of an identity provider.

use crate::base::{Code, Rejection};
use crate::effect::Step;
use crate::flow::discovery::{self, DiscoveryFlow};
use crate::http::{RedirectTarget, Reply};

use super::endpoints::OwnEndpoint;
use super::origin::SentBy;
use super::{Exchange, Gateway, Host, Request, never_waits, reader, refuse, reply, visit};

impl Gateway {
    pub(super) fn discovery(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        if request.head.method() == "POST" {
            if SentBy::of(request.head, &self.settings) == SentBy::Foreign {
                let detail = "an e-mail address came from a page of another site";
                return refuse(&Rejection::new(Code::CrossSiteRefused, detail), &reader);
            }
            return discovery_step(DiscoveryFlow::start(visit(request, reader)));
        }
        let (_, query) = request.path.path_and_query().split_once('?').unwrap_or_default();
        let named = match discovery::named(query, &self.env(host)) {
            Ok(named) => named,
            Err(rejection) => return refuse(&rejection, &reader),
        };
        let target = self.landing(named.target);
        // Anybody may link here; whoever is signed in stays who they are.
        match self.open(request, host) {
            Ok(_) => {
                let headers = vec![
                    (String::from("location"), target.as_str().to_owned()),
                    (String::from("cache-control"), String::from("no-store")),
                ];
                return reply(Reply { status: 303, headers, body: Vec::new() });
            }
            // Whether somebody signed out is not known, and a new sign-in would not change that.
            Err(fault) if fault.is_doubt() => {
                return refuse(&Rejection::new(fault.code(), fault), &reader);
            }
            Err(_) => {}
        }
        let env = self.env(host);
        match named.idp {
            Some(idp) => {
                let demand = self.demand(&target);
                self.sign_in_at(idp, request, target, &demand, host)
            }
            None => never_waits(discovery::choose_again(&target, &reader, &env)),
        }
    }
}

impl Gateway {
    /// Where a sign-in for `target` leads: a place of ours is none to come back to, but for a form that waits there.
    pub(super) fn landing(&self, target: RedirectTarget) -> RedirectTarget {
        let own = OwnEndpoint::at(target.path(), &self.settings)
            .is_some_and(|own| !matches!(own, OwnEndpoint::SavedForm(_)));
        if own { RedirectTarget::root() } else { target }
    }
}

pub(super) fn discovery_step(step: Step<DiscoveryFlow>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::Discovery(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}
