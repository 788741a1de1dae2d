//! The same response in two ways: posted to the assertion consumer service, and explained.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use samlgate::base::{ClockSkew, EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::effect::{Answer, Ask, Step, Verdict, Version};
use samlgate::encoding::{base64, percent};
use samlgate::flow::{self, AcsFlow, Env, Visit, explain};
use samlgate::http::{RedirectTarget, Reply};
use samlgate::page::Reader;
use samlgate::report::Report;
use samlgate::session::pending_request::{self, Intent, PendingRequest};
use samlgate::xmlsec::RustCrypto;

use super::saml_response::{REQUEST, SP, decryption_key};
use super::{Expected, algorithms, certificate, ciphers, demand, identity_settings};

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

/// The configuration that `case` describes.
pub fn settings(case: &Expected) -> flow::Settings {
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "{SP}", "base_uri": "https://jira.example" }},
             "idp": {{ "metadata": {{ "inline_string": {} }} }},
             "headers": {{ "username": "x-user", "groups": {{ "name": "x-groups" }} }},
             "session": {{ "keys": [{{ "environment_variable": "KEY" }}] }} }}"#,
        serde_json::json!(include_str!("../vectors/config_idp/good.xml"))
    );
    let environment: BTreeMap<String, String> =
        [(String::from("KEY"), String::from("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="))].into();
    let loaded = config::load(text.as_bytes(), &environment, UnixTime::from_secs(case.now));
    let (settings, _) = loaded.unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut settings = settings.flow;
    settings.sp.acs_path = String::from("/saml/acs");
    settings.sp.decryption_keys = case.decryption.iter().map(|name| decryption_key(name)).collect();
    settings.identity = identity_settings(case);
    let idp = settings.idp.as_mut().unwrap();
    idp.metadata.entity_id.clone_from(&case.idp);
    idp.metadata.valid_until = None;
    idp.metadata.signing_keys = case.keys.iter().map(|name| certificate(name).key().clone()).collect();
    idp.algorithms = algorithms(case);
    idp.ciphers = ciphers(case);
    idp.require_signature = demand(case);
    idp.clock_skew = ClockSkew::new(Duration::from_secs(case.skew)).unwrap();
    settings
}

/// What the operator is told about `response`.
pub fn report(response: &[u8], request_id: Option<&str>, settings: &flow::Settings, now: u64) -> Report {
    let entropy = Counting(Cell::new(0));
    let env = Env { now: UnixTime::from_secs(now), entropy: &entropy, crypto: &RustCrypto, settings };
    explain(&explain::Input { response, request_id, started_at: Some(START), account: None }, &env)
}

/// What the browser gets that posts `xml`.
pub fn posted(xml: &[u8], settings: &flow::Settings, now: u64) -> Reply {
    let entropy = Counting(Cell::new(0));
    let env = Env { now: UnixTime::from_secs(now), entropy: &entropy, crypto: &RustCrypto, settings };
    let pending = PendingRequest {
        request_id: REQUEST.to_owned(),
        idp_entity_id: settings.idp.as_ref().unwrap().metadata.entity_id.clone(),
        target: RedirectTarget::parse(START).unwrap(),
        intent: Intent::SignIn,
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
        reader: Reader { wants_html: true, request_id: String::new() },
    };
    let mut step = AcsFlow::start(visit, &env);
    loop {
        let (state, mut asks) = match step {
            Step::Wait { state, asks, .. } => (state, asks),
            Step::End { verdict: Verdict::Reply(reply), .. } => return reply,
            Step::End { .. } => panic!("the sign-in ended without a reply"),
        };
        let (id, ask) = asks.pop().unwrap();
        let answer = match ask {
            Ask::RequestBody { .. } => Answer::RequestBody(body.clone().into_bytes()),
            Ask::Load { .. } => Answer::Loaded { value: None, version: Version::Absent },
            Ask::CompareAndSwap { .. } => Answer::Swapped,
            Ask::HttpCall(call) => panic!("unexpected call {}", call.path),
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
