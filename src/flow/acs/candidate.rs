//! An assertion whose one use is still to be claimed.

use crate::base::{Pii, Rejection, UnixTime};
use crate::identity::Identity;
use crate::policy::{self, AccountFacts, Admitted, Facts, RequestFacts, StartUrl};
use crate::saml::profiles::web_sso::AcceptedAssertion;
use crate::session::SessionError;
use crate::session::pending_request::PendingRequest;

use super::super::provisioning::SignIn;
use super::super::settings::Provisioning;
use super::super::{Env, Step, refuse};
use super::{AcsFlow, Visit};

/// An assertion that is good in every respect but one: it may have been used before.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) visit: Visit,
    pub(super) relay_state: String,
    pub(super) pending: PendingRequest,
    pub(super) assertion: AcceptedAssertion,
    pub(super) identity: Identity,
    /// The name by which the application knows the person, where it is another one.
    pub(super) acts_as: Option<Pii<String>>,
    /// This sign-in made the account, or may have made it.
    pub(super) made_account: bool,
    /// When the form came: what a later sign-in says counts more.
    pub(super) arrived: UnixTime,
}

impl Candidate {
    pub(super) fn new(
        visit: Visit,
        relay_state: String,
        pending: PendingRequest,
        assertion: AcceptedAssertion,
        identity: Identity,
        env: &Env<'_>,
    ) -> Self {
        Self {
            visit,
            relay_state,
            pending,
            assertion,
            identity,
            acts_as: None,
            made_account: false,
            arrived: env.now,
        }
    }

    /// The identity under the name by which the application knows the person.
    pub(super) fn acting(&self) -> Identity {
        let username = self.acts_as.as_ref().unwrap_or(&self.identity.username).clone();
        Identity { username, ..self.identity.clone() }
    }

    pub(super) fn refuse(&self, rejection: &Rejection) -> Step<AcsFlow> {
        refuse(rejection, &self.visit.reader, Some(self.pending.target.as_str()))
    }

    pub(super) fn refuse_session(&self, fault: &SessionError) -> Step<AcsFlow> {
        self.refuse(&Rejection::new(fault.code(), fault))
    }

    pub(super) fn request_facts<'a>(&'a self, env: &Env<'a>) -> RequestFacts<'a> {
        RequestFacts { started_at: Some(StartUrl::of(&env.settings.sp.base_uri, &self.pending.target)) }
    }

    /// Decides without knowing the account: where none is read, or where the application failed and the sign-in goes
    /// on all the same.
    pub(super) fn admit_blindly(&self, env: &Env<'_>) -> Result<Admitted, Rejection> {
        let facts = Facts {
            identity: &self.identity,
            request: self.request_facts(env),
            account: &AccountFacts::Unknown,
            now: env.now,
        };
        let decision = policy::decide(&facts, &env.settings.policy);
        decision.admit().map_err(|refusal| Rejection::new(refusal.code(), refusal))
    }

    pub(super) fn sign_in<'a>(&'a self, provisioning: &'a Provisioning, env: &Env<'a>) -> SignIn<'a> {
        let request_id = &self.visit.reader.request_id;
        SignIn::of(&self.identity, self.request_facts(env), provisioning, request_id)
    }
}
