//! What a sign-in must be like: asked for in the AuthnRequest, and held against the answer.

use core::time::Duration;

use crate::base::UnixTime;
use crate::saml::protocol::RequestedAuthnContext;
use crate::session::pending_request::Demanded;

/// What a sign-in must be like (core 3.4.1, 3.3.2.2.1). The default leaves everything to the identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthnDemand {
    /// The person authenticates anew, whatever session there is at the identity provider.
    pub force_authn: bool,
    /// The identity provider shows the person nothing: either there is a session there, or nobody signs in.
    pub is_passive: bool,
    /// How the person shall authenticate, as the request names it.
    pub requested_authn_context: Option<RequestedAuthnContext>,
    /// Classes of which the answer must name one; empty for any.
    pub authn_context_classes: Vec<String>,
    /// How long ago the person may have authenticated.
    pub max_authn_age: Option<Duration>,
}

impl AuthnDemand {
    /// What the answer to a request sent `now` has to fulfil.
    pub(super) fn of_answer(&self, now: UnixTime) -> Demanded {
        // core 3.4.1: ForceAuthn means an authentication after the request, which AuthnInstant must show.
        let age = if self.force_authn { Some(Duration::ZERO) } else { self.max_authn_age };
        Demanded {
            authn_context_classes: self.authn_context_classes.clone(),
            authenticated_since: age.map(|age| now.saturating_sub(age)),
            is_passive: self.is_passive,
        }
    }
}
