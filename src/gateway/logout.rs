//! The addresses of a logout.

use crate::effect::Step;
use crate::flow::{LogoutFlow, LogoutIntent};

use super::origin::SentBy;
use super::{Exchange, Gateway, Host, Request, reader, visit};

impl Gateway {
    /// The address that people use.
    pub(super) fn logout(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let intent = match SentBy::of(request.head, &self.settings) {
            SentBy::Own => LogoutIntent::Own,
            // A plain GET without fetch metadata can be an image on another site; a POST without an Origin comes from
            // no browser of this decade.
            SentBy::Unknown if request.head.method() == "POST" => LogoutIntent::Own,
            SentBy::Unknown | SentBy::Foreign => LogoutIntent::Doubtful,
        };
        let session = self.open_to_end(request, host).map(|opened| opened.session().clone());
        let visit = visit(request, reader::of(request.head, &self.settings.flow.look));
        logout_step(LogoutFlow::start(intent, visit, session, &self.env(host)))
    }

    /// The address that identity providers lead browsers to.
    pub(super) fn single_logout(&mut self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let session = self.open_to_end(request, host).map(|opened| opened.session().clone()).ok();
        let visit = visit(request, reader::of(request.head, &self.settings.flow.look));
        let env = self.env(host);
        if request.head.method() == "POST" {
            return logout_step(LogoutFlow::posted(visit, session, &env));
        }
        let query = request.path.path_and_query().split_once('?').map_or("", |(_, query)| query);
        logout_step(LogoutFlow::redirected(query, visit, session, &env))
    }

    /// The address that identity providers call themselves.
    pub(super) fn single_logout_soap(&self, request: &Request<'_>, host: &Host<'_>) -> Step<Exchange> {
        let visit = visit(request, reader::of(request.head, &self.settings.flow.look));
        logout_step(LogoutFlow::back_channel(visit, &self.env(host)))
    }
}

pub(super) fn logout_step(step: Step<LogoutFlow>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::Logout(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}
