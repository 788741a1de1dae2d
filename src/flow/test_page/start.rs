//! The start of a test sign-in: the form, and the one use of the secret.

use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::TestPage;
use crate::base::{Code, Rejection};
use crate::effect::{Answer, Ask};
use crate::encoding::form;
use crate::flow::discovery::{after_form, unknown};
use crate::flow::login::login;
use crate::flow::{AuthnDemand, Env, FIRST_ASK, Step, Visit, out_of_turn, refuse};
use crate::http::RedirectTarget;
use crate::page;
use crate::session::pending_request::Intent;

/// Bytes of the form: a secret and an address, each of at most 2 KiB, and what encoding makes of them.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// Pairs of the form: two fields, and what a browser extension may add.
const MAX_PAIRS: usize = 8;

/// A test sign-in that is about to start.
#[derive(Debug)]
pub enum TestStart {
    /// The form is on its way.
    ExpectForm(ExpectForm),
    /// Whether the secret was used is being read.
    ExpectRecord(ExpectRecord),
    /// That it is used now is being written.
    ExpectClaim(ExpectClaim),
}

/// Waits for the form.
#[derive(Debug)]
pub struct ExpectForm {
    visit: Visit,
}

/// Waits for the record.
#[derive(Debug)]
pub struct ExpectRecord {
    visit: Visit,
    idp: usize,
    target: RedirectTarget,
    key: String,
}

/// Waits for the compare-and-swap.
#[derive(Debug)]
pub struct ExpectClaim {
    visit: Visit,
    idp: usize,
    target: RedirectTarget,
}

impl TestStart {
    /// The form of the front page was sent.
    #[must_use]
    pub fn start(visit: Visit) -> Step<Self> {
        Step::Wait {
            state: Self::ExpectForm(ExpectForm { visit }),
            asks: vec![(FIRST_ASK, Ask::RequestBody { limit: MAX_FORM_BYTES })],
            tells: Vec::new(),
        }
    }

    /// Takes the answer to its ask.
    #[must_use]
    pub fn answer(self, answer: Answer, env: &Env<'_>) -> Step<Self> {
        let Some(test_page) = &env.settings.test_page else {
            return refuse(&out_of_turn("a test page"), self.reader(), None);
        };
        match self {
            Self::ExpectForm(state) => state.answer(answer, test_page, env),
            Self::ExpectRecord(state) => state.answer(answer),
            Self::ExpectClaim(state) => state.answer(&answer, env),
        }
    }

    const fn reader(&self) -> &page::Reader {
        match self {
            Self::ExpectForm(ExpectForm { visit })
            | Self::ExpectRecord(ExpectRecord { visit, .. })
            | Self::ExpectClaim(ExpectClaim { visit, .. }) => &visit.reader,
        }
    }
}

impl ExpectForm {
    fn answer(self, answer: Answer, test_page: &TestPage, env: &Env<'_>) -> Step<TestStart> {
        let Self { visit } = self;
        let body = match answer {
            Answer::RequestBody(body) => body,
            Answer::RequestBodyTooLarge => {
                let detail = format_args!("more than {MAX_FORM_BYTES} bytes");
                return refuse(&Rejection::new(Code::BodyTooLarge, detail), &visit.reader, None);
            }
            _ => return refuse(&out_of_turn("the form"), &visit.reader, None),
        };
        let (mut presented, mut started_at, mut idp) = (String::new(), String::new(), 0);
        let pairs = match form::parse(&body, MAX_PAIRS) {
            Ok(pairs) => pairs,
            Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, None),
        };
        for (name, value) in pairs {
            match name.as_str() {
                "secret" => presented = value,
                "started_at" => started_at = value,
                "idp" => match env.idp_named(&value) {
                    Some(named) => idp = named,
                    None => return refuse(&unknown("`idp`"), &visit.reader, None),
                },
                _ => {}
            }
        }
        let started_at = if started_at.is_empty() { "/" } else { started_at.as_str() };
        let target = match RedirectTarget::parse(started_at) {
            Ok(target) => target,
            Err(fault) => return refuse(&Rejection::new(fault.code(), fault), &visit.reader, None),
        };
        match &test_page.secret {
            _ if presented.is_empty() && !test_page.people.is_empty() => {
                begin(&visit, idp, target, Intent::Test { by_secret: false }, env)
            }
            // Each of a fixed length, so that the time tells nothing about the text.
            Some(secret) if digest(&presented).ct_eq(&digest(secret.expose())).into() => {
                let key = TestPage::secret_key(secret, &env.settings.sp.entity_id);
                Step::Wait {
                    asks: vec![(FIRST_ASK, Ask::Load { key: key.clone() })],
                    state: TestStart::ExpectRecord(ExpectRecord { visit, idp, target, key }),
                    tells: Vec::new(),
                }
            }
            _ => refuse_secret(&visit, "the secret is not that of test_page.secret"),
        }
    }
}

impl ExpectRecord {
    fn answer(self, answer: Answer) -> Step<TestStart> {
        let Self { visit, idp, target, key } = self;
        match answer {
            Answer::Loaded { value: Some(_), .. } => refuse_secret(&visit, USED),
            Answer::Loaded { value: None, version } => Step::Wait {
                state: TestStart::ExpectClaim(ExpectClaim { visit, idp, target }),
                asks: vec![(FIRST_ASK, Ask::CompareAndSwap { key, expected: version, value: vec![1] })],
                tells: Vec::new(),
            },
            _ => store_failed(&visit),
        }
    }
}

impl ExpectClaim {
    fn answer(self, answer: &Answer, env: &Env<'_>) -> Step<TestStart> {
        let Self { visit, idp, target } = self;
        match answer {
            Answer::Swapped => begin(&visit, idp, target, Intent::Test { by_secret: true }, env),
            Answer::Conflict => refuse_secret(&visit, USED),
            _ => store_failed(&visit),
        }
    }
}

const USED: &str = "the secret was used before; put a new one into test_page.secret";

fn refuse_secret(visit: &Visit, detail: impl fmt::Display) -> Step<TestStart> {
    refuse(&Rejection::new(Code::TestPageRefused, detail), &visit.reader, None)
}

fn store_failed(visit: &Visit) -> Step<TestStart> {
    let detail = "whether the secret was used could not be read or written";
    refuse(&Rejection::new(Code::ReplayStoreUnavailable, detail), &visit.reader, None)
}

/// To the identity provider.
fn begin(
    visit: &Visit,
    idp: usize,
    target: RedirectTarget,
    intent: Intent,
    env: &Env<'_>,
) -> Step<TestStart> {
    let (demand, cookies) = (AuthnDemand::default(), visit.borrowed_cookies());
    after_form(login(idp, target, intent, &demand, &cookies, &visit.reader, env), &visit.reader)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
