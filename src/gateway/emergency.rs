//! The emergency access: its page, and requests that pass by it.

use crate::base::{Code, Rejection};
use crate::effect::{Step, Tell, Verdict};
use crate::flow::EmergencyFlow;

use super::origin::{self, SentBy};
use super::{Exchange, Gateway, Host, Request, reader, refuse, visit};

impl Gateway {
    pub(super) fn emergency_page(&self, request: &Request<'_>) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        let posted = request.head.method() == "POST";
        if posted && SentBy::of(request.head, &self.settings) == SentBy::Foreign {
            let detail = "a secret came from a page of another site";
            return refuse(&Rejection::new(Code::CrossSiteRefused, detail), &reader);
        }
        emergency_step(EmergencyFlow::start(visit(request, reader), posted))
    }

    /// The request, forwarded without a session and without identity, if emergency access was granted to its browser.
    /// That counts more than a session: whoever has both wants the application's own sign-in.
    pub(super) fn emergency(&self, request: &Request<'_>, host: &Host<'_>) -> Option<Step<Exchange>> {
        let access = self.settings.flow.emergency_access.as_ref()?;
        if !access.is_granted(&request.cookies, &self.env(host)) {
            return None;
        }
        if origin::is_unsafe(request.head) && SentBy::of(request.head, &self.settings) == SentBy::Foreign {
            let detail = "an unsafe request that relies on emergency access came from a foreign origin";
            let reader = reader::of(request.head, &self.settings.flow.look);
            return Some(refuse(&Rejection::new(Code::CrossSiteRefused, detail), &reader));
        }
        Some(Step::End {
            verdict: Verdict::Forward(self.plain_edits(request)),
            tells: vec![Tell::Count { outcome: "emergency_request_forwarded", code: None }],
        })
    }
}

pub(super) fn emergency_step(step: Step<EmergencyFlow>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::Emergency(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}
