//! The door of the SCIM gateway, without a host.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::fs;
use std::rc::Rc;

use samlgate::base::{Code, EntropyFailure, EntropySource, UnixTime};
use samlgate::config::{self, Environment};
use samlgate::effect::{Answer, Ask, NothingStored, Step, Tell, Verdict};
use samlgate::gateway::{Exchange, Gateway, Host};
use samlgate::http::RequestHead;
use samlgate::xmlsec::RustCrypto;

/// 2026-01-02T03:04:05Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);

const TOKEN: &str = "Bearer 0123456789abcdef0123456789abcdef";

struct Sevens;

impl EntropySource for Sevens {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(7);
        Ok(())
    }
}

struct Variables(String);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "IDP_METADATA" => Some(self.0.clone()),
            "SESSION_KEY" => Some("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
            _ => None,
        }
    }
}

const fn host() -> Host<'static> {
    Host {
        now: NOW,
        uptime: core::time::Duration::ZERO,
        entropy: &Sevens,
        crypto: &RustCrypto,
        shared: &NothingStored,
    }
}

/// A gateway that takes three requests of a second, with `fields` in `scim_gateway`.
fn gateway(fields: &str) -> Gateway {
    let root = env!("CARGO_MANIFEST_DIR");
    let metadata = fs::read_to_string(format!("{root}/tests/vectors/config_idp/good.xml")).unwrap();
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" }},
            "idp": {{ "metadata": {{ "environment_variable": "IDP_METADATA" }} }},
            "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }},
            "shared_store": {{ "etcd": {{ "cluster": "etcd", "authority": "etcd.internal:2379" }} }},
            "provisioning": {{ "jira_dc": {{ "cluster": "jira", "authority": "jira.internal",
                "credentials": {{ "bearer": {{ "inline_string": "t" }} }} }} }},
            "scim_gateway": {{ "max_requests_per_second": 3,
                "tokens": [{{ "name": "entra", "token": {{ "inline_string": "0123456789abcdef0123456789abcdef" }} }}]
                {fields} }} }}"#
    );
    let (settings, _) = config::load(text.as_bytes(), &Variables(metadata), NOW).unwrap();
    Gateway::new(Rc::new(settings))
}

fn head(token: &str, method: &str, length: &str) -> RequestHead {
    let pairs = [
        (":authority", "jira.example.com"),
        (":scheme", "https"),
        (":method", method),
        (":path", "/scim/v2/Users"),
        ("authorization", token),
        ("content-type", "application/scim+json"),
        ("content-length", length),
    ];
    RequestHead::new(
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
    )
}

/// The status and the code of a refusal; `None` where the request is taken.
fn refused(step: Step<Exchange>) -> Option<(u16, Option<Code>)> {
    match step {
        Step::End { verdict: Verdict::Reply(reply), tells } => {
            let code = tells.iter().find_map(|tell| match tell {
                Tell::Count { code, .. } => *code,
                _ => None,
            });
            Some((reply.status, code))
        }
        _ => None,
    }
}

#[test]
fn whoever_guesses_uses_up_no_requests_of_clients() {
    let mut gateway = gateway("");
    for _ in 0..3 {
        let guessed = gateway.start(head("Bearer wrong", "GET", "0"), &host());
        assert_eq!(refused(guessed), Some((401, Some(Code::ScimTokenRefused))));
    }
    for _ in 0..50 {
        let guessed = gateway.start(head("Bearer wrong", "GET", "0"), &host());
        assert_eq!(refused(guessed), Some((429, Some(Code::ScimTooManyRequests))));
    }
    for _ in 0..3 {
        assert_eq!(refused(gateway.start(head(TOKEN, "GET", "0"), &host())), None, "it goes to the store");
    }
    let fourth = gateway.start(head(TOKEN, "GET", "0"), &host());
    assert_eq!(refused(fourth), Some((429, Some(Code::ScimTooManyRequests))));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let step = gateway("").start(head(TOKEN, "POST", "1048577"), &host());
    assert_eq!(refused(step), Some((413, Some(Code::ScimBodyNotTaken))));
    let mut gateway = gateway("");
    let Step::Wait { state, asks, .. } = gateway.start(head(TOKEN, "POST", "1048576"), &host()) else {
        panic!("the body is asked for");
    };
    // It was longer than it said.
    let step = gateway.answer(state, asks[0].0, Answer::RequestBodyTooLarge, &host());
    assert_eq!(refused(step), Some((413, Some(Code::ScimBodyNotTaken))));
}

#[test]
fn the_right_token_from_the_wrong_network_opens_nothing() {
    for (address, taken) in [
        (Some("20.1.2.3:443"), true),
        (Some("10.0.0.1:443"), false),
        (Some("20.1.2.3.evil"), false),
        (None, false),
    ] {
        let mut gateway = gateway(r#", "allowed_client_networks": ["20.0.0.0/8"]"#);
        let Step::Wait { state, asks, .. } = gateway.start(head(TOKEN, "GET", "0"), &host()) else {
            panic!("the address is asked for");
        };
        assert!(matches!(asks[0].1, Ask::SourceAddress));
        let answer = Answer::SourceAddress(address.map(str::to_owned));
        let expected = (!taken).then_some((403, Some(Code::ScimNetworkRefused)));
        assert_eq!(refused(gateway.answer(state, asks[0].0, answer, &host())), expected, "{address:?}");
    }
}
