//! Emergency access: whoever shows the secret reaches the application's own sign-in for a while, when the identity
//! provider cannot be reached. It gives no identity: what passes by it carries none.

use core::fmt;
use core::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Env, FIRST_ASK, Step, Visit, out_of_turn, refusal_tells};
use crate::base::{Code, Pii, Rejection, Secret};
use crate::effect::{Answer, Ask, Event, Tell, Verdict};
use crate::encoding::form;
use crate::http::network::{Network, client_address, client_of};
use crate::http::{RedirectTarget, Reply, SetCookie};
use crate::page;
use crate::session::attempts::{Attempted, Client};
use crate::session::emergency_access;

/// Bytes of the form: a secret of at most 2 KiB and what encoding makes of it.
const MAX_FORM_BYTES: usize = 8 * 1024;
/// Pairs of the form: two fields, and what a browser extension may add.
const MAX_PAIRS: usize = 8;

/// The checked `emergency_access` of the configuration.
#[derive(Clone)]
pub struct EmergencyAccess {
    /// The path of its page.
    pub path: String,
    /// What has to be shown.
    pub secret: Secret<String>,
    /// How long it lasts.
    pub duration: Duration,
    /// Where a browser goes that was let through, such as the application's own sign-in page.
    pub landing: RedirectTarget,
    /// Networks from which it may be asked for; empty for all.
    pub networks: Vec<Network>,
    /// Attempts of one client within `attempt_window`.
    pub max_attempts: usize,
    /// How long an attempt counts.
    pub attempt_window: Duration,
}

impl EmergencyAccess {
    /// Does a cookie in `presented` let its browser pass?
    #[must_use]
    pub fn is_granted(&self, presented: &[(&str, &str)], env: &Env<'_>) -> bool {
        let settings = &env.settings.session;
        emergency_access::is_granted(presented, &self.secret, self.duration, env.now, settings)
    }
}

/// A visit of the page.
#[derive(Debug)]
pub enum EmergencyFlow {
    /// From where is being asked.
    ExpectAddress(ExpectAddress),
    /// The form is on its way.
    ExpectForm(ExpectForm),
    /// Earlier attempts are being read.
    ExpectRecord(ExpectRecord),
    /// This attempt is being written down.
    ExpectClaim(ExpectRecord),
}

/// Waits for the client's address.
#[derive(Debug)]
pub struct ExpectAddress {
    visit: Visit,
    posted: bool,
}

/// Waits for the form.
#[derive(Debug)]
pub struct ExpectForm {
    visit: Visit,
    client: Pii<String>,
}

/// Waits for the store.
#[derive(Debug)]
pub struct ExpectRecord {
    visit: Visit,
    client: Pii<String>,
    presented: Pii<String>,
    tries: u32,
}

impl EmergencyFlow {
    /// Somebody opened the page, or sent its form.
    #[must_use]
    pub fn start(visit: Visit, posted: bool) -> Step<Self> {
        Step::Wait {
            state: Self::ExpectAddress(ExpectAddress { visit, posted }),
            asks: vec![(FIRST_ASK, Ask::SourceAddress)],
            tells: Vec::new(),
        }
    }

    /// Takes the answer to its ask.
    #[must_use]
    pub fn answer(self, answer: Answer, env: &Env<'_>) -> Step<Self> {
        let Some(access) = &env.settings.emergency_access else {
            let (visit, client) = self.who();
            return refuse(&out_of_turn("an emergency access"), visit, client, None, env);
        };
        match self {
            Self::ExpectAddress(state) => state.answer(answer, access, env),
            Self::ExpectForm(state) => state.answer(answer, access, env),
            Self::ExpectRecord(state) => state.loaded(answer, access, env),
            Self::ExpectClaim(state) => state.written(&answer, access, env),
        }
    }

    const fn who(&self) -> (&Visit, Option<&Pii<String>>) {
        match self {
            Self::ExpectAddress(state) => (&state.visit, None),
            Self::ExpectForm(state) => (&state.visit, Some(&state.client)),
            Self::ExpectRecord(state) | Self::ExpectClaim(state) => (&state.visit, Some(&state.client)),
        }
    }
}

impl ExpectAddress {
    fn answer(self, answer: Answer, access: &EmergencyAccess, env: &Env<'_>) -> Step<EmergencyFlow> {
        let Self { visit, posted } = self;
        let Answer::SourceAddress(address) = answer else {
            return refuse(&out_of_turn("an address"), &visit, None, None, env);
        };
        let address = address.as_deref().and_then(client_address);
        let inside = |address| access.networks.iter().any(|network| network.contains(address));
        // Whoever has no address that can be read is in no network.
        let client = Pii::new(address.map_or_else(|| String::from("unknown"), client_of));
        if !access.networks.is_empty() && !address.is_some_and(inside) {
            let detail = "the client is in none of emergency_access.allowed_client_networks";
            let rejection = Rejection::new(Code::EmergencyNetworkRefused, detail);
            return refuse(&rejection, &visit, Some(&client), None, env);
        }
        if posted {
            return Step::Wait {
                state: EmergencyFlow::ExpectForm(ExpectForm { visit, client }),
                asks: vec![(FIRST_ASK, Ask::RequestBody { limit: MAX_FORM_BYTES })],
                tells: Vec::new(),
            };
        }
        let granted = access.is_granted(&visit.borrowed_cookies(), env);
        let reply = page::emergency_access(&env.settings.look, &access.path, access.duration, granted);
        Step::End { verdict: Verdict::Reply(reply), tells: Vec::new() }
    }
}

impl ExpectForm {
    fn answer(self, answer: Answer, access: &EmergencyAccess, env: &Env<'_>) -> Step<EmergencyFlow> {
        let Self { visit, client } = self;
        let refused = |rejection: &Rejection| refuse(rejection, &visit, Some(&client), None, env);
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => {
                let detail = format_args!("more than {MAX_FORM_BYTES} bytes");
                return refused(&Rejection::new(Code::BodyTooLarge, detail));
            }
            _ => return refused(&out_of_turn("the form")),
        };
        let pairs = match form::parse(&body, MAX_PAIRS) {
            Ok(pairs) => pairs,
            Err(fault) => return refused(&Rejection::new(fault.code(), fault)),
        };
        let mut presented = String::new();
        for (name, value) in pairs {
            match name.as_str() {
                "secret" => presented = value,
                "end" => {
                    let cookie = emergency_access::end(&env.settings.session);
                    let granted = access.is_granted(&visit.borrowed_cookies(), env);
                    let tells = if granted { told("ended", None, &visit, &client, env) } else { Vec::new() };
                    return leave(&access.path, &cookie, tells);
                }
                _ => {}
            }
        }
        ExpectRecord { visit, client, presented: Pii::new(presented), tries: 1 }.load(env)
    }
}

impl ExpectRecord {
    fn load(self, env: &Env<'_>) -> Step<EmergencyFlow> {
        let key = Client::new(self.client.expose(), &env.settings.session).slot_key();
        Step::Wait {
            state: EmergencyFlow::ExpectRecord(self),
            asks: vec![(FIRST_ASK, Ask::Load { key })],
            tells: Vec::new(),
        }
    }

    fn loaded(self, answer: Answer, access: &EmergencyAccess, env: &Env<'_>) -> Step<EmergencyFlow> {
        let Answer::Loaded { value, version } = answer else {
            return self.store_failed(env);
        };
        let client = Client::new(self.client.expose(), &env.settings.session);
        match client.attempt(value.as_deref(), access.max_attempts, access.attempt_window, env.now) {
            Attempted::Write(value) => {
                let ask = Ask::CompareAndSwap { key: client.slot_key(), expected: version, value };
                Step::Wait {
                    state: EmergencyFlow::ExpectClaim(self),
                    asks: vec![(FIRST_ASK, ask)],
                    tells: Vec::new(),
                }
            }
            Attempted::TooMany(left) => {
                let detail = format_args!("none is taken for another {} s", left.as_secs());
                let rejection = Rejection::new(Code::EmergencyAttemptsExceeded, detail);
                refuse(&rejection, &self.visit, Some(&self.client), Some(left), env)
            }
        }
    }

    fn written(mut self, answer: &Answer, access: &EmergencyAccess, env: &Env<'_>) -> Step<EmergencyFlow> {
        match answer {
            Answer::Swapped => self.compare(access, env),
            Answer::Conflict if self.tries < Client::MAX_ATTEMPTS => {
                self.tries = self.tries.saturating_add(1);
                self.load(env)
            }
            _ => self.store_failed(env),
        }
    }

    /// The attempt counts; only now is the secret looked at.
    fn compare(&self, access: &EmergencyAccess, env: &Env<'_>) -> Step<EmergencyFlow> {
        // Each of a fixed length, so that the time tells nothing about the text.
        let right = digest(self.presented.expose()).ct_eq(&digest(access.secret.expose()));
        if !bool::from(right) {
            let detail = "the secret is not that of emergency_access.secret";
            return self.refuse(&Rejection::new(Code::EmergencySecretRefused, detail), env);
        }
        let settings = &env.settings.session;
        match emergency_access::grant(&access.secret, access.duration, env.now, settings, env.entropy) {
            Ok(cookie) => {
                let tells = told("granted", None, &self.visit, &self.client, env);
                leave(access.landing.as_str(), &cookie, tells)
            }
            Err(fault) => self.refuse(&Rejection::new(fault.code(), fault), env),
        }
    }

    fn store_failed(&self, env: &Env<'_>) -> Step<EmergencyFlow> {
        let detail = "earlier attempts could not be read or written";
        self.refuse(&Rejection::new(Code::ReplayStoreUnavailable, detail), env)
    }

    fn refuse(&self, rejection: &Rejection, env: &Env<'_>) -> Step<EmergencyFlow> {
        refuse(rejection, &self.visit, Some(&self.client), None, env)
    }
}

fn leave(location: &str, cookie: &SetCookie, tells: Vec<Tell>) -> Step<EmergencyFlow> {
    let headers = vec![
        (String::from("location"), location.to_owned()),
        (String::from("cache-control"), String::from("no-store")),
        (String::from("referrer-policy"), String::from("no-referrer")),
        (String::from("set-cookie"), cookie.render()),
    ];
    Step::End { verdict: Verdict::Reply(Reply { status: 303, headers, body: Vec::new() }), tells }
}

/// A refusal that is in the audit trail too.
fn refuse(
    rejection: &Rejection,
    visit: &Visit,
    client: Option<&Pii<String>>,
    wait: Option<Duration>,
    env: &Env<'_>,
) -> Step<EmergencyFlow> {
    let path = env.settings.emergency_access.as_ref().map(|access| access.path.as_str());
    let mut reply = page::refusal(rejection.code, &visit.reader, path);
    if let Some(wait) = wait {
        reply.headers.push((String::from("retry-after"), wait.as_secs().max(1).to_string()));
    }
    let mut tells = refusal_tells(rejection, &visit.reader);
    tells.push(audited("refused", Some(rejection.code), visit, client, env));
    Step::End { verdict: Verdict::Reply(reply), tells }
}

/// What happened, in the log, the statistics and the audit trail.
fn told(
    result: &'static str,
    code: Option<Code>,
    visit: &Visit,
    client: &Pii<String>,
    env: &Env<'_>,
) -> Vec<Tell> {
    let fields = vec![("result", result.to_owned()), ("request_id", visit.reader.request_id.clone())];
    vec![
        Tell::Event(Event { name: "emergency_access", code, fields }),
        audited(result, code, visit, Some(client), env),
        Tell::Count { outcome: "emergency_access", code },
    ]
}

fn audited(
    result: &'static str,
    code: Option<Code>,
    visit: &Visit,
    client: Option<&Pii<String>>,
    env: &Env<'_>,
) -> Tell {
    let client = client.map(|client| env.settings.audit.show(client, env));
    Tell::Audit(Event {
        name: "emergency_access",
        code,
        fields: vec![
            ("result", result.to_owned()),
            ("client", client.unwrap_or_else(|| String::from("-"))),
            ("request_id", visit.reader.request_id.clone()),
        ],
    })
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl fmt::Debug for EmergencyAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmergencyAccess({})", self.path)
    }
}
