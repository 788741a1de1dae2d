//! Finding somebody's account: by user name, and by address where that leads to none and may be tried.

use crate::base::{Code, Pii, Rejection};
use crate::effect::{Ask, AskId, CallFailure, Tell};
use crate::http::HttpResponse;
use crate::policy::condition::EmailDomain;
use crate::provision::{AccountKey, AccountKeyKind, RemoteMarker, RemoteState};
use crate::session::account_mark;
use crate::targets::{Request, TargetError};

use super::super::Env;
use super::super::settings::Provisioning;
use super::inquiry::{Caller, Failure, Inquiry};

/// Whose account is looked for.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Person<'a> {
    pub(in crate::flow) username: &'a Pii<String>,
    pub(in crate::flow) email: Option<&'a Pii<String>>,
}

impl<'a> Person<'a> {
    /// By what the application knows the person.
    pub(in crate::flow) fn key(&self, provisioning: &Provisioning) -> Result<AccountKey, Rejection> {
        match provisioning.target.capabilities().accounts_by {
            AccountKeyKind::Username => Ok(AccountKey::Username(self.username.clone())),
            AccountKeyKind::Email => {
                let email = self.email.filter(|email| EmailDomain::of(email.expose()).is_some());
                email.cloned().map(AccountKey::Email).ok_or_else(|| {
                    let detail = "the application knows people by e-mail address, and the identity has none";
                    Rejection::new(Code::EmailMissing, detail)
                })
            }
        }
    }

    /// The address by which an account may be looked for when the user name leads to none.
    pub(in crate::flow) fn linkable_email(&self, provisioning: &Provisioning) -> Option<&'a Pii<String>> {
        let by_username = provisioning.target.capabilities().accounts_by == AccountKeyKind::Username;
        let domains = provisioning.link_by_email.as_ref().filter(|_| by_username)?;
        let email = self.email?;
        // Some applications find nobody by an address.
        if provisioning.target.look_up(&AccountKey::Email(email.clone())).is_empty() {
            return None;
        }
        let domain = EmailDomain::of(email.expose())?;
        domains.iter().any(|wanted| wanted.matches(domain)).then_some(email)
    }
}

/// A search under way.
#[derive(Debug, Default)]
pub(in crate::flow) struct Lookup {
    inquiry: Inquiry,
    remote: RemoteState,
    /// The account is now looked for by its address, after the user name had led to none.
    by_email: bool,
    /// It must not be: whoever leaves leaves no account that somebody else has the address of.
    only_by_name: bool,
}

/// One turn of a search.
#[derive(Debug)]
pub(in crate::flow) enum LookupTurn {
    /// It goes on.
    Wait(Vec<(AskId, Ask)>),
    /// This is what the application has.
    Read(Box<RemoteState>),
}

impl Lookup {
    /// Asks for whoever `person` is, on top of what is known already.
    pub(in crate::flow) fn start(
        remote: RemoteState,
        person: Person<'_>,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<(Self, Vec<(AskId, Ask)>), Failure> {
        if caller.provisioning.is_protected(person.username.expose()) {
            return Err(protected().into());
        }
        let key = person.key(caller.provisioning)?;
        if caller.provisioning.is_protected(key.value().expose()) {
            return Err(protected().into());
        }
        let mut lookup = Self { remote, ..Self::default() };
        let asks = lookup.look_up(&key, caller, env)?;
        if asks.is_empty() {
            let request = Request::ReadAccount;
            return Err(TargetError::Missing { request, what: "way to find anybody" }.into());
        }
        Ok((lookup, asks))
    }

    /// The same for the account of exactly this name.
    pub(in crate::flow) fn start_by_name(
        remote: RemoteState,
        person: Person<'_>,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<(Self, Vec<(AskId, Ask)>), Failure> {
        let (lookup, asks) = Self::start(remote, person, caller, env)?;
        Ok((Self { only_by_name: true, ..lookup }, asks))
    }

    fn look_up(
        &mut self,
        key: &AccountKey,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<Vec<(AskId, Ask)>, Failure> {
        let questions = caller.provisioning.target.look_up(key);
        Ok(self.inquiry.ask(questions, caller, env)?)
    }

    pub(in crate::flow) fn answer(
        &mut self,
        id: AskId,
        response: &HttpResponse,
        person: Person<'_>,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Result<LookupTurn, Failure> {
        let asks = self.inquiry.answer(id, response, &mut self.remote, caller, env)?;
        if !self.inquiry.is_over() {
            return Ok(LookupTurn::Wait(asks));
        }
        if self.remote.ambiguous {
            let detail = "more than one account has the e-mail address that the identity provider sent";
            return Err(Rejection::new(Code::AccountAmbiguous, detail).into());
        }
        match &self.remote.account {
            Some(account) if caller.provisioning.is_protected(account.username.expose()) => {
                return Err(protected().into());
            }
            None if !self.by_email && !self.only_by_name => {
                if let Some(email) = person.linkable_email(caller.provisioning) {
                    self.by_email = true;
                    let key = AccountKey::Email(email.clone());
                    return self.look_up(&key, caller, env).map(LookupTurn::Wait);
                }
            }
            Some(_) | None => {}
        }
        self.doubt_marker(&person.key(caller.provisioning)?, env);
        self.remote.linked = self.by_email && self.remote.account.is_some();
        Ok(LookupTurn::Read(Box::new(core::mem::take(&mut self.remote))))
    }

    /// Whoever may write markers could make an old account a new one, and get what new people get.
    fn doubt_marker(&mut self, key: &AccountKey, env: &Env<'_>) {
        let (Some(account), RemoteMarker::Present(marker)) = (&self.remote.account, &mut self.remote.marker)
        else {
            return;
        };
        let names = [Some(key.value()), Some(&account.username)];
        let ours = marker.proof.as_ref().is_some_and(|proof| {
            let is_ours = |name: &&Pii<String>| {
                account_mark::is_ours(proof, name.expose(), env.now, &env.settings.session)
            };
            names.iter().flatten().any(is_ours)
        });
        marker.unfinished &= ours;
    }

    /// The call of `id` got no answer.
    pub(in crate::flow) fn unanswered(
        &mut self,
        id: AskId,
        failure: CallFailure,
        caller: Caller<'_>,
        env: &Env<'_>,
    ) -> Failure {
        self.inquiry.unanswered(id, failure, caller, env)
    }

    /// What there is to tell since the last time.
    pub(in crate::flow) fn tells(&mut self) -> Vec<Tell> {
        self.inquiry.tells()
    }
}

pub(in crate::flow) fn protected() -> Rejection {
    Rejection::new(Code::AccountProtected, "the user name is listed in `provisioning.protected_usernames`")
}
