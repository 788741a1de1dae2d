//! One operation at the store, with the token and the lease that it needs.
//!
//! The token of etcd's user is kept for all workers, sealed. When etcd does not know it any more a new one is fetched, once;
//! when the lease is not there it is made, once; and then the operation is tried again.

use crate::effect::{Answer, Ask, Version};
use crate::http::HttpResponse;
use crate::session::sealed_for_store::{self, Kind};
use crate::store::{Etcd, Lease, StoreError, Token};

use super::super::Env;
use super::TOKEN;

/// Calls of one errand: refused for the token, new token, refused for the lease, lease, done; and one for luck.
const MAX_CALLS: u32 = 6;

/// What is to be done.
pub(in crate::flow) trait Operation {
    /// What an answer says.
    type Fact;

    /// The call.
    fn call(&self, etcd: &Etcd, token: Option<&Token>) -> crate::http::HttpCall;

    /// What the answer says.
    fn read(&self, etcd: &Etcd, response: &HttpResponse) -> Result<Self::Fact, StoreError>;

    /// The lease that must be there.
    fn lease(&self) -> Option<Lease>;
}

/// An operation under way.
#[derive(Debug)]
pub(in crate::flow) struct Errand<O> {
    operation: O,
    token: Option<Token>,
    /// Of the kept token.
    version: Version,
    awaits: Awaits,
    calls: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    KeptToken,
    NewToken,
    TokenKept,
    Lease,
    Answer,
}

/// What an errand needs next, or how it ended.
pub(in crate::flow) enum ErrandTurn<O: Operation> {
    /// The answer to this goes to [`Errand::answer`].
    Ask(Errand<O>, Ask),
    /// It is over.
    Done(O, Result<O::Fact, StoreError>),
}

impl<O: Operation> Errand<O> {
    /// Begins.
    pub(in crate::flow) fn start(operation: O, etcd: &Etcd, env: &Env<'_>) -> ErrandTurn<O> {
        let errand =
            Self { operation, token: None, version: Version::Absent, awaits: Awaits::Answer, calls: 0 };
        if etcd.credentials.is_some() {
            let ask = Ask::Load { key: token_key(etcd, env) };
            return ErrandTurn::Ask(Self { awaits: Awaits::KeptToken, ..errand }, ask);
        }
        errand.perform(etcd)
    }

    /// Takes the answer to the last ask.
    pub(in crate::flow) fn answer(self, answer: Answer, etcd: &Etcd, env: &Env<'_>) -> ErrandTurn<O> {
        match self.awaits {
            Awaits::KeptToken => self.kept_token(answer, etcd, env),
            // Whoever kept another token first has one that is as good; ours is used once.
            Awaits::TokenKept => self.perform(etcd),
            Awaits::NewToken => match response(answer).and_then(|response| Etcd::authenticated(&response)) {
                Ok(token) => self.keep(token, etcd, env),
                Err(fault) => self.fail(fault),
            },
            Awaits::Lease => match response(answer).and_then(|response| Etcd::granted(&response)) {
                Ok(()) => self.perform(etcd),
                Err(StoreError::TokenRefused) => self.authenticate(etcd),
                Err(fault) => self.fail(fault),
            },
            Awaits::Answer => {
                match response(answer).and_then(|response| self.operation.read(etcd, &response)) {
                    Ok(fact) => ErrandTurn::Done(self.operation, Ok(fact)),
                    Err(StoreError::TokenRefused) => self.authenticate(etcd),
                    Err(StoreError::LeaseMissing) => self.grant(etcd),
                    Err(fault) => self.fail(fault),
                }
            }
        }
    }

    fn kept_token(mut self, answer: Answer, etcd: &Etcd, env: &Env<'_>) -> ErrandTurn<O> {
        if let Answer::Loaded { value, version } = answer {
            self.version = version;
            let opened = value
                .and_then(|sealed| sealed_for_store::open(Kind::Token, &sealed, &env.settings.session).ok());
            self.token = opened.and_then(|text| String::from_utf8(text).ok()).map(Token::kept);
        }
        if self.token.is_some() { self.perform(etcd) } else { self.authenticate(etcd) }
    }

    fn keep(mut self, token: Token, etcd: &Etcd, env: &Env<'_>) -> ErrandTurn<O> {
        let text = token.expose().as_bytes();
        let sealed = sealed_for_store::seal(Kind::Token, text, &env.settings.session, env.entropy);
        self.token = Some(token);
        let Ok(value) = sealed else { return self.perform(etcd) };
        let ask = Ask::CompareAndSwap { key: token_key(etcd, env), expected: self.version, value };
        self.awaits = Awaits::TokenKept;
        ErrandTurn::Ask(self, ask)
    }

    fn perform(self, etcd: &Etcd) -> ErrandTurn<O> {
        let call = self.operation.call(etcd, self.token.as_ref());
        self.ask(Awaits::Answer, call)
    }

    fn grant(self, etcd: &Etcd) -> ErrandTurn<O> {
        match self.operation.lease() {
            Some(lease) => {
                let call = etcd.grant(lease, self.token.as_ref());
                self.ask(Awaits::Lease, call)
            }
            None => self.fail(StoreError::LeaseMissing),
        }
    }

    fn authenticate(mut self, etcd: &Etcd) -> ErrandTurn<O> {
        self.token = None;
        match etcd.authenticate() {
            Some(call) => self.ask(Awaits::NewToken, call),
            None => self.fail(StoreError::TokenRefused),
        }
    }

    fn ask(mut self, awaits: Awaits, call: crate::http::HttpCall) -> ErrandTurn<O> {
        if self.calls == MAX_CALLS {
            return self.fail(StoreError::TooManyCalls);
        }
        self.calls = self.calls.saturating_add(1);
        self.awaits = awaits;
        ErrandTurn::Ask(self, Ask::HttpCall(call))
    }

    fn fail(self, fault: StoreError) -> ErrandTurn<O> {
        ErrandTurn::Done(self.operation, Err(fault))
    }
}

fn token_key(etcd: &Etcd, env: &Env<'_>) -> String {
    sealed_for_store::key(TOKEN, etcd, &env.settings.session)
}

fn response(answer: Answer) -> Result<HttpResponse, StoreError> {
    match answer {
        Answer::HttpResponse(response) => Ok(response),
        Answer::HttpFailed(failure) => Err(StoreError::NotReached(failure)),
        _ => Err(StoreError::AnswerMalformed { what: "the driver answered out of turn" }),
    }
}
