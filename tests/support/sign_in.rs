//! The same response in two ways: posted to the assertion consumer service, and explained.
#![allow(dead_code, reason = "each test target that includes this file uses a part of it")]

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::effect::{Answer, Ask, Step, Verdict, Version};
use samlgate::encoding::{base64, percent};
use samlgate::flow::explain::KnownAccount;
use samlgate::flow::{self, AcsFlow, Env, Trust, Visit, explain};
use samlgate::http::{HttpCall, HttpResponse, RedirectTarget, Reply};
use samlgate::page::Reader;
use samlgate::provision::RecordedAccount;
use samlgate::report::Report;
use samlgate::session::pending_request::{self, Demanded, Intent, PendingRequest};
use samlgate::xmlsec::RustCrypto;

use super::saml_response::REQUEST;

/// Where the sign-in started.
pub const START: &str = "/servicedesk/customer/portals?x=1";

struct Counting(Cell<u8>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        self.0.set(self.0.get().wrapping_add(1));
        out.fill(self.0.get());
        Ok(())
    }
}

/// What the operator is told about `response`.
pub fn report(response: &[u8], request_id: Option<&str>, settings: &flow::Settings, now: u64) -> Report {
    report_about(response, request_id, None, settings, now)
}

/// The same about somebody with `account`.
pub fn report_about(
    response: &[u8],
    request_id: Option<&str>,
    account: Option<&RecordedAccount>,
    settings: &flow::Settings,
    now: u64,
) -> Report {
    let entropy = Counting(Cell::new(0));
    let env = Env {
        now: UnixTime::from_secs(now),
        uptime: core::time::Duration::ZERO,
        entropy: &entropy,
        crypto: &RustCrypto,
        settings,
        trust: &Trust::new(settings),
    };
    explain(
        &explain::Input {
            response,
            request_id,
            idp_entity_id: None,
            started_at: Some(START),
            account: account.map(KnownAccount::Recorded),
        },
        &env,
    )
}

/// What the browser gets that posts `xml`, where no application is called.
pub fn posted(xml: &[u8], settings: &flow::Settings, now: u64) -> Reply {
    posted_before(xml, &mut |call| panic!("unexpected call {}", call.path), settings, now)
}

/// The same before an application that answers calls.
pub fn posted_before(
    xml: &[u8],
    application: &mut dyn FnMut(&HttpCall) -> HttpResponse,
    settings: &flow::Settings,
    now: u64,
) -> Reply {
    let entropy = Counting(Cell::new(0));
    let env = Env {
        now: UnixTime::from_secs(now),
        uptime: core::time::Duration::ZERO,
        entropy: &entropy,
        crypto: &RustCrypto,
        settings,
        trust: &Trust::new(settings),
    };
    let pending = PendingRequest {
        request_id: REQUEST.to_owned(),
        idp_entity_id: settings.idps[0].entity_id.clone(),
        target: RedirectTarget::parse(START).unwrap(),
        intent: Intent::SignIn,
        demanded: Demanded::default(),
        expires_at: env.now.saturating_add(Duration::from_secs(600)),
    };
    let sealed = pending_request::seal(&pending, &settings.session, &[], env.now, &entropy).unwrap();
    let body = format!(
        "SAMLResponse={}&RelayState={}",
        percent::query_component(&base64::encode(xml)),
        percent::query_component(&sealed.relay_state)
    );
    let visit = Visit {
        cookies: vec![(sealed.cookie.name.clone(), sealed.cookie.value.clone())],
        content_type: Some(String::from("application/x-www-form-urlencoded")),
        content_length: Some(body.len() as u64),
        reader: Reader { wants_html: true, request_id: String::new(), look: settings.look.clone() },
    };
    let mut step = AcsFlow::start(visit, &env);
    let mut open = VecDeque::new();
    loop {
        let state = match step {
            Step::Wait { state, asks, .. } => {
                open.extend(asks);
                state
            }
            Step::End { verdict: Verdict::Reply(reply), .. } => return reply,
            Step::End { .. } => panic!("the sign-in ended without a reply"),
        };
        let (id, ask) = open.pop_front().unwrap();
        let answer = match ask {
            Ask::RequestBody { .. } => Answer::RequestBody(body.clone().into_bytes()),
            Ask::Load { .. } => Answer::Loaded { value: None, version: Version::Absent },
            Ask::CompareAndSwap { .. } => Answer::Swapped,
            Ask::SourceAddress => Answer::SourceAddress(None),
            Ask::Enqueue { .. } => Answer::QueueFull,
            Ask::HttpCall(call) => Answer::HttpResponse(application(&call)),
        };
        step = state.answer(id, answer, &env);
    }
}

/// The code that `reply` carries; `None` for a sign-in.
pub fn code(reply: &Reply) -> Option<&str> {
    let found = reply.headers.iter().find(|(name, _)| name == "x-samlgate-code");
    assert_eq!(found.is_none(), reply.status == 303, "{}", reply.status);
    found.map(|(_, value)| value.as_str())
}
