//! What a sign-in does at the application, without Envoy and without a flow: every operation of a plan, one call after the
//! other, against a server or a stand-in in this process.

use std::collections::BTreeSet;

use samlgate::base::{Pii, UnixTime};
use samlgate::effect::CallFailure;
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::provision::{
    Absence, AccountKey, DesiredState, Done, Guardrail, LeavingRules, ListedAccount, Operation,
    OperationKind, Page, Plan, Progress, Question, RemoteState, Settings, leaving, plan, satisfied,
};
use samlgate::targets::{Application, Outcome, Prepared, Request, TargetError};

use crate::stand_in::{Answer, Api, Incoming};

/// No sign-in asks or prepares as often.
const MAX_TURNS: usize = 64;

/// No list of a test is as long.
const MAX_PAGES: usize = 1_000;

/// Carries one call out; `None` when its answer is lost.
pub type Send<'a> = dyn FnMut(&HttpCall) -> Option<HttpResponse> + 'a;

/// An application and the way to it.
pub struct Provisioner<'a> {
    application: &'a dyn Application,
    send: Box<Send<'a>>,
    /// `METHOD path status` of every call, 0 for a lost answer.
    pub calls: Vec<String>,
}

impl core::fmt::Debug for Provisioner<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Provisioner({})", self.application.name())
    }
}

impl<'a> Provisioner<'a> {
    /// The application, reached by `send`.
    pub fn new(
        application: &'a dyn Application,
        send: impl FnMut(&HttpCall) -> Option<HttpResponse> + 'a,
    ) -> Self {
        Self { application, send: Box::new(send), calls: Vec::new() }
    }

    /// Everything about whoever `key` names.
    ///
    /// # Errors
    /// What the target says about the answers.
    pub fn look_up(&mut self, key: &AccountKey) -> Result<RemoteState, TargetError> {
        let mut remote = RemoteState::default();
        self.inquire(self.application.look_up(key), &mut remote)?;
        Ok(remote)
    }

    /// Makes the account what it should be. The operations that were done, in order.
    ///
    /// # Errors
    /// Why it could not be done, or not all of it.
    pub fn sign_in(
        &mut self,
        desired: &DesiredState,
        settings: &Settings,
    ) -> Result<Vec<(OperationKind, Done)>, String> {
        let key = AccountKey::Username(desired.username.clone());
        let mut remote = self.look_up(&key).map_err(|fault| fault.to_string())?;
        let plan = plan(desired, &remote, settings).map_err(|fault| fault.to_string())?;
        self.carry_out_all(plan, settings, &mut remote)
    }

    /// Makes `absence` true of the account of `username`; groups of `removable` may be taken. The operations that were
    /// done, in order.
    ///
    /// # Errors
    /// Why it could not be done, or not all of it.
    pub fn leave(
        &mut self,
        username: &str,
        absence: Absence,
        removable: &BTreeSet<String>,
    ) -> Result<Vec<(OperationKind, Done)>, String> {
        let key = AccountKey::Username(Pii::new(username.to_owned()));
        let mut remote = self.look_up(&key).map_err(|fault| fault.to_string())?;
        let capabilities = self.application.capabilities();
        let rules = LeavingRules { capabilities, removable };
        let plan = leaving(&remote, absence, &rules).map_err(|fault| fault.to_string())?;
        self.carry_out_all(plan, &Settings::default(), &mut remote)
    }

    /// All accounts, as the application lists them, and how many pages that took.
    ///
    /// # Errors
    /// What the target says about the answers.
    pub fn list_accounts(&mut self) -> Result<(Vec<ListedAccount>, usize), TargetError> {
        let request = Request::ListAccounts;
        let (mut all, mut page, mut pages) = (Vec::new(), Page::FIRST, 0);
        loop {
            pages += 1;
            let call = self.application.list_accounts(&page);
            let call = call.ok_or(TargetError::Missing { request, what: "way to ask" })?;
            let response = self.send(&call).ok_or(TargetError::NotReached(CallFailure::NoAnswer))?;
            let listed = self.application.listed_accounts(&page, &response)?;
            all.extend(listed.accounts);
            match listed.next {
                Some(next) if pages < MAX_PAGES => page = next,
                Some(_) => return Err(TargetError::Endless { request }),
                None => return Ok((all, pages)),
            }
        }
    }

    fn carry_out_all(
        &mut self,
        plan: Plan,
        settings: &Settings,
        remote: &mut RemoteState,
    ) -> Result<Vec<(OperationKind, Done)>, String> {
        let plan = Guardrail::new(settings).approve(plan).map_err(|fault| fault.to_string())?;
        let mut progress = Progress::new(plan);
        while let Some(operation) = progress.next().cloned() {
            let done = self.carry_out(&operation, remote).map_err(|fault| format!("{operation}: {fault}"))?;
            remote.apply(&operation);
            progress.record(done);
        }
        Ok(progress.completed().map(|(operation, done)| (operation.kind(), done)).collect())
    }

    /// Carries out one operation.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn carry_out(
        &mut self,
        operation: &Operation,
        remote: &mut RemoteState,
    ) -> Result<Done, TargetError> {
        let request = Request::Change(operation.kind());
        for _ in 0..MAX_TURNS {
            let call = match self.application.prepare(operation, remote, UnixTime::from_secs(1_767_225_600)) {
                Prepared::Call(call) => call,
                Prepared::Ask(question) => {
                    self.inquire(vec![question], remote)?;
                    continue;
                }
                Prepared::AlreadySo => return Ok(Done::AlreadySo),
                Prepared::PassOver => return Ok(Done::PassedOver),
                Prepared::Refuse(fault) => return Err(fault),
            };
            let outcome = match self.send(&call) {
                Some(response) => self.application.outcome(operation, &response, remote),
                None => Outcome::without_answer(CallFailure::NoAnswer),
            };
            let cause = match outcome {
                Outcome::Applied => return Ok(Done::Applied),
                Outcome::AlreadySo => return Ok(Done::AlreadySo),
                Outcome::PassedOver => return Ok(Done::PassedOver),
                Outcome::Stale => continue,
                Outcome::Reread => TargetError::NotSatisfied { request },
                Outcome::Refused(fault @ TargetError::Unavailable { .. }) => fault,
                Outcome::Refused(fault) => return Err(fault),
                Outcome::RetryAfter(retry_after) => {
                    return Err(TargetError::Throttled { request, retry_after });
                }
            };
            let mut fresh = RemoteState::default();
            self.inquire(vec![self.application.reread(operation, remote)], &mut fresh)?;
            if !satisfied(operation, &fresh) {
                return Err(cause);
            }
            remote.directory.correct(&fresh.directory);
            if let Operation::CreateAccount { .. } = operation {
                remote.account = fresh.account;
            }
            return Ok(Done::AlreadySo);
        }
        Err(TargetError::Endless { request })
    }

    /// Sends a call, and records it.
    pub fn send(&mut self, call: &HttpCall) -> Option<HttpResponse> {
        let response = (self.send)(call);
        let status = response.as_ref().map_or(0, |response| response.status);
        self.calls.push(format!("{} {} {status}", call.method, call.path));
        response
    }

    /// The recorded calls that change something.
    #[must_use]
    pub fn writes(&self) -> Vec<&str> {
        self.calls.iter().map(String::as_str).filter(|call| !call.starts_with("GET ")).collect()
    }

    fn inquire(&mut self, mut open: Vec<Question>, remote: &mut RemoteState) -> Result<(), TargetError> {
        for _ in 0..MAX_TURNS {
            let Some(question) = open.pop() else { return Ok(()) };
            let call = self.application.ask(&question);
            let response = self.send(&call).ok_or(TargetError::NotReached(CallFailure::NoAnswer))?;
            open.extend(self.application.learn(&question, &response, remote)?);
        }
        let request = open.first().map_or(Request::ReadAccount, Request::of);
        Err(TargetError::Endless { request })
    }
}

/// `call` as a stand-in of this process sees it, with this `Authorization`.
#[must_use]
pub fn incoming(call: &HttpCall, authorization: &str) -> Incoming {
    let mut incoming = Incoming::new(call.method, &call.path).with("authorization", authorization);
    incoming.headers.extend(call.headers.iter().cloned());
    incoming.body.clone_from(&call.body);
    incoming
}

/// `answer` as it comes back.
#[must_use]
pub fn response(answer: Answer) -> HttpResponse {
    let headers = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    HttpResponse { status: answer.status, headers, body: answer.body }
}

/// Carries `call` out at `api`.
pub fn call(api: &mut impl Api, call: &HttpCall, authorization: &str) -> HttpResponse {
    response(api.answer(&incoming(call, authorization)))
}
