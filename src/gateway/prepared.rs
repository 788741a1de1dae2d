//! What a session means for the requests that bring it, made once.

use core::cell::RefCell;
use std::rc::Rc;

use crate::base::UnixTime;
use crate::flow;
use crate::http::{HeaderEdits, HeaderValue, Property};
use crate::session::Session;
use crate::token::TokenError;

use super::Host;

/// Headers and properties of a session. The identity token among the headers is made anew in time.
pub(super) struct Prepared {
    rendered: Rc<[HeaderValue]>,
    properties: Rc<[Property]>,
    /// `rendered` with a token, and until when it is sent.
    with_token: RefCell<Option<(Rc<[HeaderValue]>, UnixTime)>>,
}

impl Prepared {
    pub(super) fn new(session: &Session, settings: &flow::Settings) -> Self {
        Self {
            rendered: settings.headers.render(session).into(),
            properties: settings.filter_state.render(session).into(),
            with_token: RefCell::new(None),
        }
    }

    /// Puts the identity of `session` into `edits`.
    ///
    /// # Errors
    /// [`TokenError`] when there should be a token and cannot be: an application that wants one must not be asked without.
    pub(super) fn apply(
        &self,
        edits: &mut HeaderEdits,
        session: &Session,
        settings: &flow::Settings,
        host: &Host<'_>,
    ) -> Result<(), TokenError> {
        edits.set_properties(Rc::clone(&self.properties));
        let Some(token) = &settings.identity_token else {
            edits.set_shared(Rc::clone(&self.rendered));
            return Ok(());
        };
        let mut with_token = self.with_token.borrow_mut();
        if let Some((headers, renew_at)) = &*with_token
            && host.now < *renew_at
        {
            edits.set_shared(Rc::clone(headers));
            return Ok(());
        }
        let made = token.issuer.issue(session, host.now, host.crypto)?;
        let value = (token.header.clone(), made.text.into_bytes());
        let headers: Rc<[HeaderValue]> = self.rendered.iter().cloned().chain([value]).collect();
        edits.set_shared(Rc::clone(&headers));
        *with_token = Some((headers, made.renew_at));
        Ok(())
    }
}
