//! The end of a test sign-in: the identity provider has answered, and what would follow is shown.

use core::fmt;

use super::{TestPage, person};
use crate::base::{Code, Pii, Rejection};
use crate::effect::{Answer, Ask, AskId, Event, Tell, Verdict};
use crate::flow::acs::AcsFlow;
use crate::flow::explain::{Input, KnownAccount, explain};
use crate::flow::settings::Provisioning;
use crate::flow::{Env, FIRST_ASK, SECOND_ASK, Step, Visit, out_of_turn, refuse};
use crate::page;
use crate::provision::{RemoteAccount, RemoteMarker, RemoteState};
use crate::report::Report;
use crate::session::pending_request::{self, Intent, PendingRequest};
use crate::targets::TargetError;

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
    account: Option<Option<RemoteAccount>>,
    marker: Option<RemoteMarker>,
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
    let username = report.identity.as_ref().and_then(|identity| identity.username.clone());
    match (&env.settings.provisioning, username) {
        (Some(provisioning), Some(username)) => test.read(provisioning, Pii::new(username)),
        _ => test.show(&report, None, env),
    }
}

impl ExpectState {
    pub(in crate::flow) fn answer(mut self, id: AskId, answer: Answer, env: &Env<'_>) -> Step<AcsFlow> {
        let Some(provisioning) = &env.settings.provisioning else {
            return self.test.refuse("there is no application any more");
        };
        let target = &provisioning.target;
        let read = match &answer {
            Answer::HttpResponse(response) if id == FIRST_ASK => {
                target.account(&self.username, response).map(|account| self.account = Some(account))
            }
            Answer::HttpResponse(response) => {
                target.marker(response).map(|marker| self.marker = Some(marker))
            }
            Answer::HttpFailed(failure) => Err(TargetError::NotReached(*failure)),
            _ => return refuse(&out_of_turn("an answer of the application"), &self.test.visit.reader, None),
        };
        if let Err(fault) = read {
            return self.unread(&fault, env);
        }
        match (self.account, self.marker) {
            (Some(account), Some(marker)) => {
                let remote = RemoteState { account, marker, ..RemoteState::default() };
                let report = self.test.explain(Some(&remote), env);
                self.test.show(&report, None, env)
            }
            (account, marker) => Step::Wait {
                state: AcsFlow::ExpectTestState(Box::new(Self {
                    test: self.test,
                    username: self.username,
                    account,
                    marker,
                })),
                asks: Vec::new(),
                tells: Vec::new(),
            },
        }
    }

    /// The application cannot be read; the rest is worth showing all the same.
    fn unread(self, fault: &TargetError, env: &Env<'_>) -> Step<AcsFlow> {
        let report = self.test.explain(None, env);
        let note = format!(
            "The application could not be read ({}: {fault}). A real sign-in would meet the same; what follows is for somebody \
             who is new to the application.",
            fault.code()
        );
        self.test.show(&report, Some(&note), env)
    }
}

impl Test {
    fn explain(&self, account: Option<&RemoteState>, env: &Env<'_>) -> Report {
        let input = Input {
            response: &self.saml_response,
            request_id: Some(&self.pending.request_id),
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

    fn read(self, provisioning: &Provisioning, username: Pii<String>) -> Step<AcsFlow> {
        let target = &provisioning.target;
        let asks = vec![
            (FIRST_ASK, Ask::HttpCall(target.read_account(&username))),
            (SECOND_ASK, Ask::HttpCall(target.read_marker(&username))),
        ];
        let state = ExpectState { test: self, username, account: None, marker: None };
        Step::Wait { state: AcsFlow::ExpectTestState(Box::new(state)), asks, tells: Vec::new() }
    }

    fn refuse(&self, detail: &str) -> Step<AcsFlow> {
        refuse(&Rejection::new(Code::TestPageRefused, detail), &self.visit.reader, None)
    }

    fn show(&self, report: &Report, note: Option<&str>, env: &Env<'_>) -> Step<AcsFlow> {
        let mut reply = page::test_report(report, note);
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
