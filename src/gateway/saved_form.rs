//! Forms that meet an ended session: which are kept, and who gets them back.

use crate::base::{Code, Rejection};
use crate::effect::Step;
use crate::encoding::form;
use crate::flow::{SaveForm, TakeForm};
use crate::http::RedirectTarget;
use crate::http::path::NormalizedPath;
use crate::page::Reader;
use crate::session::saved_form::{FormId, Sender};

use super::{Exchange, Gateway, Host, Request, origin, reader, refuse, visit};

/// Pairs in the query of a form's address: we write one.
const MAX_PAIRS: usize = 4;

impl Gateway {
    /// Keeps the form that `request` is, sent with a session that has ended; `None` for a request that is no form of this
    /// site, or where none is kept.
    ///
    /// Whatever is kept comes back as a request of this site. So it has to be one to begin with: no other origin may get
    /// its request laundered, not even one whose requests are taken with a session. And it has to come from somebody who
    /// was signed in here, so that nobody else takes the place.
    pub(super) fn save_form(&self, request: &Request<'_>) -> Option<Step<Exchange>> {
        let settings = &self.settings.flow;
        let forms = settings.saved_forms.as_ref()?;
        if !reader::submits_form(request.head) || !origin::is_same_origin(request.head, &settings.sp.base_uri)
        {
            return None;
        }
        let reader = reader::of(request.head, &settings.look);
        let Some(sender) = Sender::of_ended(&request.cookies, &settings.session) else {
            let detail = "the browser presents no session that has ended, so the sender is not known";
            return Some(refuse(&Rejection::new(Code::FormNotSaved, detail), &reader));
        };
        Some(match RedirectTarget::parse(request.path.path_and_query()) {
            Ok(action) => save_step(SaveForm::start(visit(request, reader), action, sender, forms)),
            Err(fault) => refuse(&Rejection::new(Code::FormNotSaved, fault), &reader),
        })
    }

    /// Gives the form `id` back to its sender, who signs in first if need be.
    pub(super) fn take_form(
        &mut self,
        id: Option<FormId>,
        request: &Request<'_>,
        host: &Host<'_>,
    ) -> Step<Exchange> {
        let reader = reader::of(request.head, &self.settings.flow.look);
        let Some(id) = id else {
            return refuse(&Rejection::new(Code::SavedFormMissing, "the address names no form"), &reader);
        };
        match self.open(request, host) {
            Ok(opened) => {
                let sender = Sender::of(opened.session());
                return take_step(TakeForm::start(visit(request, reader), id, sender));
            }
            // Whether somebody signed out is not known, and a new sign-in would not change that.
            Err(fault) if fault.is_doubt() => {
                return refuse(&Rejection::new(fault.code(), fault), &reader);
            }
            Err(_) => {}
        }
        if !reader::navigates(request.head) {
            let detail = "no session, and the client does not navigate";
            let reader = Reader { wants_html: false, ..reader };
            return refuse(&Rejection::new(Code::AuthenticationRequired, detail), &reader);
        }
        let Some(target) = self.settings.flow.saved_forms.as_ref().and_then(|forms| forms.target(&id)) else {
            return refuse(&Rejection::new(Code::SavedFormMissing, "the address names no form"), &reader);
        };
        // As if the page had been asked for to which the form was sent; anybody may write here what they like, as they
        // may link to that page.
        let page = named(request.path.path_and_query()).unwrap_or_else(|| target.clone());
        let Ok(path) = NormalizedPath::parse(page.as_str()) else {
            return refuse(&Rejection::new(Code::SavedFormMissing, "the address names no form"), &reader);
        };
        let demand = self.demand(&page);
        let for_page = Request { head: request.head, path: &path, cookies: request.cookies.clone() };
        self.sign_in(&for_page, target, &demand, host)
    }
}

/// The page that the query of a form's address names.
fn named(path_and_query: &str) -> Option<RedirectTarget> {
    let (_, query) = path_and_query.split_once('?')?;
    let pairs = form::parse(query.as_bytes(), MAX_PAIRS).ok()?;
    let (_, page) = pairs.into_iter().find(|(name, _)| name == "for")?;
    RedirectTarget::parse(&page).ok()
}

pub(super) fn save_step(step: Step<SaveForm>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::SaveForm(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}

pub(super) fn take_step(step: Step<TakeForm>) -> Step<Exchange> {
    match step {
        Step::Wait { state, asks, tells } => {
            Step::Wait { state: Exchange::TakeForm(Box::new(state)), asks, tells }
        }
        Step::End { verdict, tells } => Step::End { verdict, tells },
    }
}
