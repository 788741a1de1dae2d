//! Logout: our session ends first, on every worker, then the application's, then the identity provider is asked, or
//! answered where it asked us (profiles 4.4).
//!
//! What ends a session is the ledger ([`crate::session::revocation`]). Nobody is told that somebody is signed out
//! without the proof that the ledger says so.

mod answer;
mod received;
mod request;

use core::time::Duration;

use crate::base::{Code, Pii, Rejection};
use crate::effect::{Answer, Ask, AskId, CallFailure, Event, Tell, Verdict};
use crate::http::{HttpCall, Reply};
use crate::identity;
use crate::page;
use crate::saml::metadata::idp::Binding;
use crate::saml::profiles::single_logout::AcceptedLogout;
use crate::session::revocation::{Recording, RecordingTurn, Revocation, Revoked};
use crate::session::{self, Session, SessionError};
use crate::targets::{Request as TargetRequest, TargetError};

use super::acs::Visit;
use super::{Env, FIRST_ASK, Step, event, out_of_turn, shared_store};
use received::ExpectBody;

/// How sure we are that the person, and not another site, wants to sign out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutIntent {
    /// A same-origin form or link, or an address typed in.
    Own,
    /// Nothing says where the request came from, or another site sent it.
    Doubtful,
}

/// A logout that waits for something.
#[derive(Debug)]
pub enum LogoutFlow {
    /// A message is on its way.
    ExpectBody(Box<ExpectBody>),
    /// The ledger is being written.
    ExpectRecorded(Box<ExpectRecorded>),
    /// The application is ending its sessions.
    ExpectApplication(Box<ExpectApplication>),
}

/// Whose session ends, and what comes after that.
#[derive(Debug)]
struct Ending {
    visit: Visit,
    /// This browser's session, where that is what ends.
    session: Option<Session>,
    cause: Cause,
}

/// Who wants it.
#[derive(Debug)]
enum Cause {
    /// The person in front of this browser.
    Person,
    /// The identity provider.
    IdentityProvider { logout: Box<AcceptedLogout>, via: Via, relay_state: Option<String> },
}

/// How an identity provider's message came, and so how the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// By a browser.
    Browser(Binding),
    /// From server to server (bindings 3.2).
    Soap,
}

/// Waits for the ledger.
#[derive(Debug)]
pub struct ExpectRecorded {
    ending: Ending,
    recording: Recording,
}

/// Waits for the application.
#[derive(Debug)]
pub struct ExpectApplication {
    ending: Ending,
    revoked: Revoked,
    asked_at: Duration,
}

/// What became of the sessions in the application itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApplicationSessions {
    /// Nothing was asked: there is no such call, or nobody knows whose sessions.
    Untouched,
    Ended,
    /// They may still be there.
    Kept,
}

impl LogoutFlow {
    /// The logout address was asked for. A doubtful request is asked back first.
    ///
    /// `session` is that of the browser, or why there is none.
    #[must_use]
    pub fn start(
        intent: LogoutIntent,
        visit: Visit,
        session: Result<Session, SessionError>,
        env: &Env<'_>,
    ) -> Step<Self> {
        let settings = env.settings;
        if intent == LogoutIntent::Doubtful {
            let reply = page::confirm_logout(&settings.look, &settings.sp.logout_path);
            return Step::End { verdict: Verdict::Reply(reply), tells: Vec::new() };
        }
        match session {
            Ok(session) => {
                let revocations = Revocation::of_person(&session, settings.session.absolute_ttl);
                let ending = Ending { visit, session: Some(session), cause: Cause::Person };
                ending.record(shared_store::recording(revocations, env), env)
            }
            // There may be a session, and nobody can end it.
            Err(fault) if fault.is_doubt() => {
                Ending { visit, session: None, cause: Cause::Person }.failed(&fault, env)
            }
            Err(_) => {
                let reply = Reply {
                    status: 303,
                    headers: vec![
                        (String::from("location"), settings.sp.logged_out_path.clone()),
                        (String::from("cache-control"), String::from("no-store")),
                    ],
                    body: Vec::new(),
                };
                let reply = without_session(reply, &visit, env);
                Step::End {
                    verdict: Verdict::Reply(reply),
                    tells: vec![Tell::Count { outcome: "logged_out", code: None }],
                }
            }
        }
    }

    /// Takes the answer to `id`.
    #[must_use]
    pub fn answer(self, _: AskId, answer: Answer, env: &Env<'_>) -> Step<Self> {
        match self {
            Self::ExpectBody(state) => state.answer(answer, env),
            Self::ExpectRecorded(state) => {
                let ExpectRecorded { ending, recording } = *state;
                ending.record(recording.answer(&answer, env.now), env)
            }
            Self::ExpectApplication(state) => state.answer(&answer, env),
        }
    }
}

impl Ending {
    /// The next turn of the ledger.
    fn record(self, turn: RecordingTurn, env: &Env<'_>) -> Step<LogoutFlow> {
        match turn {
            RecordingTurn::Ask { recording, ask } => Step::Wait {
                state: LogoutFlow::ExpectRecorded(Box::new(ExpectRecorded { ending: self, recording })),
                asks: vec![(FIRST_ASK, ask)],
                tells: Vec::new(),
            },
            RecordingTurn::Recorded(revoked) => self.end_application_sessions(revoked, env),
            RecordingTurn::Failed => self.failed(&SessionError::RevocationStoreUnavailable, env),
            RecordingTurn::Untold => self.failed(&SessionError::OutboxFull, env),
        }
    }

    fn end_application_sessions(self, revoked: Revoked, env: &Env<'_>) -> Step<LogoutFlow> {
        // A message that is sent again does not end what began after it.
        let Some(call) = self.application_call(env).filter(|_| revoked.newly()) else {
            return self.finish(&revoked, ApplicationSessions::Untouched, Vec::new(), env);
        };
        let state = ExpectApplication { ending: self, revoked, asked_at: env.uptime };
        Step::Wait {
            state: LogoutFlow::ExpectApplication(Box::new(state)),
            asks: vec![(FIRST_ASK, Ask::HttpCall(call))],
            tells: Vec::new(),
        }
    }

    fn application_call(&self, env: &Env<'_>) -> Option<HttpCall> {
        let provisioning = env.settings.provisioning.as_ref().filter(|it| it.end_sessions && !it.dry_run)?;
        let username = match (&self.session, &self.cause) {
            (Some(session), _) => session.username().clone(),
            (None, Cause::Person) => return None,
            // Without the browser's session the name at the identity provider has to do, where that is the user name;
            // not where accounts are found by address too, or others vouch for people as well, because then it may be
            // somebody else's.
            (None, Cause::IdentityProvider { logout, .. })
                if provisioning.link_by_email.is_none() && env.settings.idps.len() < 2 =>
            {
                let idp = env.settings.idps.first()?;
                identity::username_of(logout.name_id(), &env.settings.identity)
                    .filter(|username| idp.may_vouch_for_name(username.expose()))?
            }
            (None, Cause::IdentityProvider { .. }) => return None,
        };
        // Nobody signs in by such a name, so the sessions that it has are not ours to end.
        if provisioning.is_protected(username.expose()) {
            return None;
        }
        provisioning.target.end_sessions(&username)
    }

    /// The sessions are ended: the identity provider is asked, or answered.
    fn finish(
        self,
        revoked: &Revoked,
        application: ApplicationSessions,
        mut tells: Vec<Tell>,
        env: &Env<'_>,
    ) -> Step<LogoutFlow> {
        let made = match &self.cause {
            Cause::Person => request::leave(self.session.as_ref(), revoked, env),
            Cause::IdentityProvider { logout, via, relay_state } => {
                answer::done(logout, *via, relay_state.as_deref().unwrap_or_default(), revoked, env)
            }
        };
        let reply = match made {
            Ok(reply) => reply,
            Err(rejection) => {
                tells.extend(super::refusal_tells(&rejection, &self.visit.reader));
                page::refused_logout(rejection.code, &self.visit.reader)
            }
        };
        tells.push(self.told(application, env));
        let outcome = match self.cause {
            Cause::Person => "logged_out",
            Cause::IdentityProvider { .. } => "logged_out_by_idp",
        };
        tells.push(Tell::Count { outcome, code: None });
        let reply = if self.session.is_some() { without_session(reply, &self.visit, env) } else { reply };
        Step::End { verdict: Verdict::Reply(reply), tells }
    }

    /// The ledger could not be written. The cookie goes all the same, and nobody is told that a copy of it is worth
    /// nothing.
    fn failed(self, fault: &SessionError, env: &Env<'_>) -> Step<LogoutFlow> {
        let rejection = Rejection::new(fault.code(), fault);
        let tells = super::refusal_tells(&rejection, &self.visit.reader);
        let page = || page::refused_logout(rejection.code, &self.visit.reader);
        let reply = match &self.cause {
            Cause::Person => page(),
            Cause::IdentityProvider { logout, via, relay_state } => {
                let relay_state = relay_state.as_deref().unwrap_or_default();
                answer::failed(logout, *via, relay_state, env).unwrap_or_else(|_| page())
            }
        };
        let clears = self.session.is_some() || matches!(self.cause, Cause::Person);
        let reply = if clears { without_session(reply, &self.visit, env) } else { reply };
        Step::End { verdict: Verdict::Reply(reply), tells }
    }

    /// The one event of a logout: no name in the clear.
    fn told(&self, application: ApplicationSessions, env: &Env<'_>) -> Tell {
        let key = &env.settings.pii_key;
        let (user, idp, by) = match (&self.session, &self.cause) {
            (Some(session), cause) => {
                let by = if matches!(cause, Cause::Person) { "person" } else { "identity_provider" };
                (session.username().keyed(key), session.idp_entity_id().to_owned(), by)
            }
            (None, Cause::IdentityProvider { logout, .. }) => {
                let name: &Pii<String> = logout.name_id().value();
                (name.keyed(key), logout.issuer().to_owned(), "identity_provider")
            }
            (None, Cause::Person) => (String::new(), String::new(), "person"),
        };
        let application = match application {
            ApplicationSessions::Untouched => "untouched",
            ApplicationSessions::Ended => "ended",
            ApplicationSessions::Kept => "kept",
        };
        Tell::Event(Event {
            name: "logout",
            code: None,
            fields: vec![
                ("user", user),
                ("idp", idp),
                ("by", by.to_owned()),
                ("application", application.to_owned()),
                ("request_id", self.visit.reader.request_id.clone()),
            ],
        })
    }
}

impl ExpectApplication {
    /// Whatever the application says, the logout goes on.
    fn answer(self, answer: &Answer, env: &Env<'_>) -> Step<LogoutFlow> {
        let Self { ending, revoked, asked_at } = self;
        let Some(provisioning) = &env.settings.provisioning else {
            return ending.refuse(&out_of_turn("no provisioning"), env);
        };
        let said = match answer {
            Answer::HttpResponse(response) => provisioning.target.sessions_ended(response),
            Answer::HttpFailed(failure) => Err(TargetError::NotReached(*failure)),
            _ => Err(TargetError::NotReached(CallFailure::NoAnswer)),
        };
        let mut tells = vec![Tell::Called {
            target: provisioning.target.name(),
            request: TargetRequest::EndSessions.as_str(),
            result: said.as_ref().map_or_else(|fault| fault.code().slug(), |()| "applied"),
            took: env.uptime.saturating_sub(asked_at),
        }];
        let application = match said {
            Ok(()) => ApplicationSessions::Ended,
            Err(fault) => {
                let rejection = Rejection::new(Code::ApplicationSessionKept, fault);
                tells.push(event::refused(&rejection, &ending.visit.reader.request_id));
                ApplicationSessions::Kept
            }
        };
        ending.finish(&revoked, application, tells, env)
    }
}

impl Ending {
    fn refuse(self, rejection: &Rejection, env: &Env<'_>) -> Step<LogoutFlow> {
        let tells = super::refusal_tells(rejection, &self.visit.reader);
        let reply = page::refused_logout(rejection.code, &self.visit.reader);
        Step::End { verdict: Verdict::Reply(without_session(reply, &self.visit, env)), tells }
    }
}

/// `reply` with the removal of the session from the browser. Whoever just left is not signed in again without a word by
/// the next page that only asks whether they are.
fn without_session(mut reply: Reply, visit: &Visit, env: &Env<'_>) -> Reply {
    let settings = &env.settings.session;
    let removals = session::clear(settings, &visit.borrowed_cookies());
    for cookie in removals.into_iter().chain([session::asked_passively(settings)]) {
        reply.headers.push((String::from("set-cookie"), cookie.render()));
    }
    reply
}
