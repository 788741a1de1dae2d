//! What a sign-in must be like: asked for in the AuthnRequest, and held against the answer.

use core::time::Duration;

use crate::base::UnixTime;
use crate::saml::protocol::RequestedAuthnContext;
use crate::session::Session;
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
    /// Is `session` of a sign-in that was like this, at an identity provider whose people usually sign in as `usual`? Whether
    /// its person was asked anew is not looked at: only [`AuthnDemand::max_authn_age`] says how long that may be ago.
    #[must_use]
    pub fn is_met_by(&self, usual: &Self, session: &Session, now: UnixTime) -> bool {
        let own = &self.authn_context_classes;
        let classes = if own.is_empty() { &usual.authn_context_classes } else { own };
        let class = classes.is_empty()
            || session.authn_context_class().is_some_and(|class| classes.iter().any(|one| one == class));
        class && self.max_authn_age.is_none_or(|age| now < session.authn_instant().saturating_add(age))
    }

    /// What to ask for where `session` does not meet this: a person who authenticated too long ago does so anew.
    #[must_use]
    pub fn stepping_up(&self, session: &Session, now: UnixTime) -> Self {
        let stale = self.max_authn_age.is_some_and(|age| now >= session.authn_instant().saturating_add(age));
        Self { force_authn: self.force_authn || stale, is_passive: false, ..self.clone() }
    }

    /// What is asked of an identity provider whose people usually sign in as `usual`.
    pub(super) fn over(&self, usual: &Self) -> Self {
        let own_context = !self.authn_context_classes.is_empty();
        let context = if own_context { self } else { usual };
        Self {
            force_authn: self.force_authn || (usual.force_authn && !self.is_passive),
            is_passive: self.is_passive,
            requested_authn_context: context.requested_authn_context.clone(),
            authn_context_classes: context.authn_context_classes.clone(),
            max_authn_age: self.max_authn_age.or(usual.max_authn_age),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::protocol::AuthnContextComparison;
    use crate::session::tests::{NOW, session};

    fn later(seconds: u64) -> UnixTime {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    fn classes(classes: &[&str]) -> AuthnDemand {
        AuthnDemand {
            authn_context_classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            ..AuthnDemand::default()
        }
    }

    #[test]
    fn a_session_meets_a_demand_by_its_class_and_age() {
        const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
        let session = session();
        assert!(AuthnDemand::default().is_met_by(&AuthnDemand::default(), &session, later(1_000_000)));
        assert!(classes(&["urn:x", PASSWORD]).is_met_by(&AuthnDemand::default(), &session, NOW));
        for other in [&["urn:x"][..], &["urn:oasis:names:tc:SAML:2.0:ac:classes:password"], &[""]] {
            assert!(!classes(other).is_met_by(&AuthnDemand::default(), &session, NOW), "{other:?}");
        }
        let fresh = AuthnDemand { max_authn_age: Some(Duration::from_secs(300)), ..AuthnDemand::default() };
        assert!(fresh.is_met_by(&AuthnDemand::default(), &session, later(299)));
        assert!(!fresh.is_met_by(&AuthnDemand::default(), &session, later(300)));
        assert!(!fresh.stepping_up(&session, later(299)).force_authn);
        assert!(fresh.stepping_up(&session, later(300)).force_authn);
        // What is usual holds where the rule says nothing of it, also for sessions that began under another rule.
        let usual = classes(&["urn:usual"]);
        assert!(!AuthnDemand::default().is_met_by(&usual, &session, NOW));
        assert!(!fresh.is_met_by(&usual, &session, NOW));
        assert!(classes(&[PASSWORD]).is_met_by(&usual, &session, NOW));
        // Having been asked anew once is nothing that a session could lack.
        assert!(AuthnDemand { force_authn: true, ..AuthnDemand::default() }.is_met_by(
            &AuthnDemand::default(),
            &session,
            later(9)
        ));
    }

    #[test]
    fn a_rule_comes_before_what_is_usual_and_takes_nothing_else_away() {
        let context = |class: &str| RequestedAuthnContext {
            comparison: AuthnContextComparison::Exact,
            class_refs: vec![class.to_owned()],
        };
        let usual = AuthnDemand {
            force_authn: true,
            requested_authn_context: Some(context("urn:usual")),
            ..classes(&["urn:usual"])
        };
        assert_eq!(AuthnDemand::default().over(&usual), usual);
        let rule =
            AuthnDemand { requested_authn_context: Some(context("urn:rule")), ..classes(&["urn:rule"]) };
        let asked = rule.over(&usual);
        assert!(asked.force_authn, "the rule does not lift what holds for all");
        assert_eq!(asked.requested_authn_context, Some(context("urn:rule")));
        assert_eq!(asked.authn_context_classes, ["urn:rule"]);
        // Nobody can authenticate anew without being shown anything.
        let passive = AuthnDemand { is_passive: true, ..AuthnDemand::default() }.over(&usual);
        assert!(passive.is_passive && !passive.force_authn);
    }

    #[test]
    fn what_is_asked_for_is_held_against_the_answer() {
        let age = |force_authn, age: Option<u64>| {
            let demand = AuthnDemand {
                force_authn,
                max_authn_age: age.map(Duration::from_secs),
                ..classes(&["urn:a"])
            };
            demand.of_answer(NOW)
        };
        assert_eq!(age(false, None).authenticated_since, None);
        assert_eq!(
            age(false, Some(60)).authenticated_since,
            Some(NOW.saturating_sub(Duration::from_secs(60)))
        );
        assert_eq!(age(true, Some(60)).authenticated_since, Some(NOW));
        assert_eq!(age(true, None).authenticated_since, Some(NOW));
        assert_eq!(age(true, None).authn_context_classes, ["urn:a"]);
    }
}
