//! The end of a test sign-in: the identity provider has answered, and what would follow is shown.

use core::fmt;

use super::{TestPage, person};
use crate::base::{Code, Pii, Rejection};
use crate::effect::{Answer, AskId, Event, Tell, Verdict};
use crate::flow::acs::AcsFlow;
use crate::flow::explain::{Input, KnownAccount, explain};
use crate::flow::provisioning::{Caller, Lookup, LookupTurn, Person};
use crate::flow::settings::Provisioning;
use crate::flow::{Env, Step, Visit, out_of_turn, refuse};
use crate::page;
use crate::provision::RemoteState;
use crate::report::Report;
use crate::session::pending_request::{self, Intent, PendingRequest};

/// What the browser brought back.
struct Test {
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    saml_response: Vec<u8>,
}

impl fmt::Debug for Test {
    /// Without the response, which is about a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Test({:?}, {} bytes)", self.pending.intent, self.saml_response.len())
    }
}

/// Waits for account and marker.
#[derive(Debug)]
pub struct ExpectState {
    test: Test,
    username: Pii<String>,
    email: Option<Pii<String>>,
    lookup: Lookup,
}

/// The answer to a test sign-in arrived. The application is read, where there is one, and never changed.
pub(in crate::flow) fn answered(
    visit: Visit,
    relay_state: String,
    pending: PendingRequest,
    saml_response: Vec<u8>,
    env: &Env<'_>,
) -> Step<AcsFlow> {
    let test = Test { visit, relay_state, pending, saml_response };
    let Some(test_page) = &env.settings.test_page else {
        return test.refuse("there is no test page any more");
    };
    let report = test.explain(None, env);
    if let Err(detail) = test.may_see(&report, test_page, env) {
        return test.refuse(&detail);
    }
    let identity = report.identity.as_ref();
    let username = identity.and_then(|identity| identity.username.clone());
    let email = identity.and_then(|identity| identity.email.clone());
    match (&env.settings.provisioning, username) {
        (Some(provisioning), Some(username)) if provisioning.target.capabilities().reads => {
            test.read(provisioning, Pii::new(username), email.map(Pii::new), env)
        }
        _ => test.show(&report, None, env),
    }
}

impl ExpectState {
    pub(in crate::flow) fn answer(mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Some(provisioning) = &env.settings.provisioning else {
            return self.test.refuse("there is no application any more");
        };
        let person = Person { username: &self.username, email: self.email.as_ref() };
        let caller = Caller { provisioning, request_id: &self.test.visit.reader.request_id };
        let turn = match &answer {
            Answer::HttpResponse(response) => self.lookup.answer(id, response, person, caller, env),
            Answer::HttpFailed(failure) => Err(self.lookup.unanswered(id, *failure, caller, env)),
            _ => return refuse(&out_of_turn("an answer of the application"), &self.test.visit.reader, None),
        };
        match turn {
            Ok(LookupTurn::Wait(asks)) => {
                Step::Wait { state: AcsFlow::ExpectTestState(Box::new(self)), asks, tells: Vec::new() }
            }
            Ok(LookupTurn::Read(remote)) => {
                let report = self.test.explain(Some(&remote), env);
                self.test.show(&report, None, env)
            }
            Err(failure) => self.test.unread(&failure.rejection, env),
        }
    }
}

impl Test {
    /// The application cannot be read; the rest is worth showing all the same.
    fn unread(&self, rejection: &Rejection, env: &Env<'_>) -> Step<AcsFlow> {
        let report = self.explain(None, env);
        let note = format!(
            "The application could not be read ({}: {}). A real sign-in would meet the same; what follows is for somebody who \
             is new to the application.",
            rejection.code, rejection.detail
        );
        self.show(&report, Some(&note), env)
    }

    fn explain(&self, account: Option<&RemoteState>, env: &Env<'_>) -> Report {
        let input = Input {
            response: &self.saml_response,
            request_id: Some(&self.pending.request_id),
            idp_entity_id: Some(&self.pending.idp_entity_id),
            started_at: Some(self.pending.target.as_str()),
            account: account.map(KnownAccount::Read),
        };
        explain(&input, env)
    }

    /// Whoever showed the secret may see anything; a person whom the identity provider has vouched for, if configured.
    fn may_see(&self, report: &Report, test_page: &TestPage, env: &Env<'_>) -> Result<(), String> {
        if self.pending.intent == (Intent::Test { by_secret: true }) {
            return Ok(());
        }
        let username = report.identity.as_ref().and_then(|identity| identity.username.as_deref());
        match username {
            Some(username) if test_page.admits(username) => Ok(()),
            Some(username) => Err(format!("{} is not among test_page.people", person(username, env))),
            None => {
                Err(format!("nobody was vouched for: {} {}", report.code.unwrap_or_default(), report.reason))
            }
        }
    }

    fn read(
        self,
        provisioning: &Provisioning,
        username: Pii<String>,
        email: Option<Pii<String>>,
        env: &Env<'_>,
    ) -> Step<AcsFlow> {
        let person = Person { username: &username, email: email.as_ref() };
        let caller = Caller { provisioning, request_id: &self.visit.reader.request_id };
        match Lookup::start(RemoteState::default(), person, caller, env) {
            Ok((lookup, asks)) => {
                let state = ExpectState { test: self, username, email, lookup };
                Step::Wait { state: AcsFlow::ExpectTestState(Box::new(state)), asks, tells: Vec::new() }
            }
            Err(failure) => self.unread(&failure.rejection, env),
        }
    }

    fn refuse(&self, detail: &str) -> Step<AcsFlow> {
        refuse(&Rejection::new(Code::TestPageRefused, detail), &self.visit.reader, None)
    }

    fn show(&self, report: &Report, note: Option<&str>, env: &Env<'_>) -> Step<AcsFlow> {
        let mut reply = page::test_report(&env.settings.look, report, note);
        if let Some(used_up) = pending_request::clear(&self.relay_state, &env.settings.session) {
            reply.headers.push((String::from("set-cookie"), used_up.render()));
        }
        Step::End {
            verdict: Verdict::Reply(reply),
            tells: vec![
                Tell::Event(Event {
                    name: "test_sign_in",
                    code: None,
                    fields: vec![
                        ("result", report.code.unwrap_or("accepted").to_owned()),
                        ("request_id", self.visit.reader.request_id.clone()),
                    ],
                }),
                Tell::Count { outcome: "test_sign_in", code: None },
            ],
        }
    }
}
