//! Workers of one Envoy that share a store, and a source of metadata that answers what a test wants.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::effect::{Answer, Ask, AskId, CallFailure, Event, SharedData, StoreFailure, Tell, Version};
use samlgate::flow::metadata::{MetadataTurn, Refresher};
use samlgate::flow::{self, Env, Trust};
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::saml::metadata::idp::IdpMetadata;
use samlgate::xmlsec::RustCrypto;
use serde_json::{Value, json};

pub(crate) const START: u64 = 1_800_000_000;
pub(crate) const IDP: &str = "https://idp.example.org/metadata";

pub(crate) const FIRST: &str = include_str!("../keys/rsa2048.crt.pem");
pub(crate) const SECOND: &str = include_str!("../keys/p256.crt.pem");
pub(crate) const EVIL: &str = include_str!("../keys/rsa2048_other.crt.pem");

/// Metadata of `entity_id` with these certificates; `attributes` are those of the entity.
pub(crate) fn document(entity_id: &str, attributes: &str, certificates: &[&str]) -> String {
    let keys: String = certificates
        .iter()
        .map(|pem| {
            let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
                 <ds:X509Data><ds:X509Certificate>{base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
                 </md:KeyDescriptor>"
            )
        })
        .collect();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\" {attributes}>\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example.org/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

pub(crate) fn good(certificates: &[&str]) -> String {
    document(IDP, "", certificates)
}

pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    Answer::HttpResponse(HttpResponse {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    })
}

pub(crate) fn served(body: &str) -> Answer {
    response(200, &[("content-type", "application/samlmetadata+xml")], body)
}

pub(crate) const NO_ANSWER: Answer = Answer::HttpFailed(CallFailure::NoAnswer);

/// The settings of a whole configuration; `idp` is merged into `idp`.
pub(crate) fn settings(idp: &Value) -> flow::Settings {
    settings_with_key(idp, "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=")
}

pub(crate) fn settings_with_key(idp: &Value, key: &str) -> flow::Settings {
    let mut whole = json!({
        "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
        "idp": {
            "entity_id": IDP,
            "remote_metadata": { "uri": "https://idp.example.org/metadata?app=1", "cluster": "idp" },
        },
        "session": { "keys": [{ "environment_variable": "SESSION_KEY" }] },
    });
    merge(&mut whole["idp"], idp);
    let environment = BTreeMap::from([("SESSION_KEY".to_owned(), key.to_owned())]);
    match config::load(whole.to_string().as_bytes(), &environment, UnixTime::from_secs(START)) {
        Ok((settings, _)) => settings.flow,
        Err(faults) => panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Another value each time.
pub(crate) struct Counting(pub(crate) Cell<u64>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            // A linear congruence (Knuth): no two workers get the same lease.
            self.0.set(
                self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407),
            );
            *byte = (self.0.get() >> 56) as u8;
        }
        Ok(())
    }
}

/// The store as it is read at once.
struct Stored(BTreeMap<String, Vec<u8>>);

impl SharedData for Stored {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.0.get(key).cloned())
    }
}

/// What all workers share.
pub(crate) struct World {
    pub(crate) store: BTreeMap<String, (u32, Vec<u8>)>,
    pub(crate) now: u64,
    pub(crate) workers: Vec<Worker>,
    pub(crate) entropy: Counting,
    tokens: u32,
    uptime: u64,
}

/// One worker.
pub(crate) struct Worker {
    pub(crate) settings: flow::Settings,
    refresher: Refresher,
    trust: Trust,
    /// What it believes.
    pub(crate) metadata: Option<Arc<IdpMetadata>>,
    /// Calls that were not answered.
    pub(crate) calls: Vec<(AskId, HttpCall)>,
    pub(crate) events: Vec<Event>,
    pub(crate) gauges: BTreeMap<String, u64>,
}

impl World {
    pub(crate) fn new(workers: usize, idp: &Value) -> Self {
        let mut world = Self {
            store: BTreeMap::new(),
            now: START,
            workers: Vec::new(),
            entropy: Counting(Cell::new(1)),
            tokens: 0,
            uptime: 0,
        };
        for _ in 0..workers {
            world.add(settings(idp));
        }
        world
    }

    /// Starts one more worker.
    pub(crate) fn add(&mut self, settings: flow::Settings) {
        let (refresher, trust) = (Refresher::new(&settings), Trust::new(&settings));
        let (metadata, calls, events, gauges) = (None, Vec::new(), Vec::new(), BTreeMap::new());
        self.workers.push(Worker { settings, refresher, trust, metadata, calls, events, gauges });
    }

    /// The worker at `at` dies and is started again; what it waited for is gone.
    pub(crate) fn restart(&mut self, at: usize) {
        let settings = self.workers[at].settings.clone();
        self.add(settings);
        self.workers.swap_remove(at);
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.uptime += seconds;
    }

    fn act(&mut self, at: usize, act: impl FnOnce(&mut Refresher, &Env<'_>) -> MetadataTurn) -> MetadataTurn {
        let worker = &mut self.workers[at];
        let env = Env {
            now: UnixTime::from_secs(self.now),
            uptime: Duration::from_secs(self.uptime),
            entropy: &self.entropy,
            crypto: &RustCrypto,
            settings: &worker.settings,
            trust: &worker.trust,
        };
        act(&mut worker.refresher, &env)
    }

    /// One tick of the worker at `at`.
    pub(crate) fn tick(&mut self, at: usize) {
        let turn = self.act(at, |refresher, env| refresher.tick(env));
        self.perform(at, turn);
    }

    /// One tick of each worker.
    pub(crate) fn round(&mut self) {
        (0..self.workers.len()).for_each(|at| self.tick(at));
    }

    /// Ticks of all workers, two seconds apart, with nobody answering.
    pub(crate) fn rounds(&mut self, seconds: u64) {
        for _ in 0..seconds / 2 {
            self.pass(2);
            self.round();
        }
    }

    /// Until somebody calls, at most `seconds`; who, and how long that took.
    pub(crate) fn until_call(&mut self, seconds: u64) -> Option<(usize, u64)> {
        let start = self.now;
        loop {
            self.round();
            if let Some(at) = self.workers.iter().position(|worker| !worker.calls.is_empty()) {
                return Some((at, self.now - start));
            }
            if self.now - start >= seconds {
                return None;
            }
            self.pass(1);
        }
    }

    /// Answers the oldest call of the worker at `at`.
    pub(crate) fn deliver(&mut self, at: usize, answer: Answer) -> HttpCall {
        let (id, call) = self.workers[at].calls.remove(0);
        self.feed(at, id, answer);
        call
    }

    /// Until somebody calls, and then `answer`; all ticks after that too.
    pub(crate) fn fetch(&mut self, seconds: u64, answer: Answer) -> HttpCall {
        let (at, _) = self.until_call(seconds).expect("nobody fetches");
        let call = self.deliver(at, answer);
        self.round();
        call
    }

    pub(crate) fn feed(&mut self, at: usize, id: AskId, answer: Answer) {
        let turn = self.act(at, |refresher, env| refresher.answer(id, answer, env));
        self.perform(at, turn);
    }

    /// What the worker at `at` does when it is configured.
    pub(crate) fn recall(&mut self, at: usize) {
        let values = self.store.iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect();
        let stored = Stored(values);
        let turn = self.act(at, |refresher, env| refresher.recall(&stored, env));
        assert!(turn.turn.asks.is_empty());
        self.perform(at, turn);
    }

    pub(crate) fn unknown_key(&mut self, at: usize) {
        self.workers[at].refresher.unknown_key(0, UnixTime::from_secs(self.now));
    }

    fn perform(&mut self, at: usize, first: MetadataTurn) {
        let mut waiting = vec![first];
        while let Some(MetadataTurn { turn, learned }) = waiting.pop() {
            let worker = &mut self.workers[at];
            for (index, metadata) in learned {
                assert_eq!(index, 0);
                worker.metadata = Some(metadata);
            }
            for tell in turn.tells {
                match tell {
                    Tell::Event(event) => worker.events.push(event),
                    Tell::Gauge { name, value } => drop(worker.gauges.insert(name, value)),
                    _ => {}
                }
            }
            for (id, ask) in turn.asks {
                let answer = match ask {
                    Ask::HttpCall(call) => {
                        self.workers[at].calls.push((id, call));
                        continue;
                    }
                    Ask::Load { key } => self.load(&key),
                    Ask::CompareAndSwap { key, expected, value } => self.swap(key, expected, value),
                    other => panic!("{other:?}"),
                };
                waiting.push(self.act(at, |refresher, env| refresher.answer(id, answer, env)));
            }
        }
    }

    fn load(&self, key: &str) -> Answer {
        match self.store.get(key) {
            None => Answer::Loaded { value: None, version: Version::Absent },
            Some((token, value)) => {
                Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
            }
        }
    }

    fn swap(&mut self, key: String, expected: Version, value: Vec<u8>) -> Answer {
        let have = self.store.get(&key).map_or(Version::Absent, |(token, _)| Version::Token(*token));
        if have != expected {
            return Answer::Conflict;
        }
        self.write(key, value);
        Answer::Swapped
    }

    /// Somebody writes into the store.
    pub(crate) fn write(&mut self, key: String, value: Vec<u8>) {
        self.tokens += 1;
        self.store.insert(key, (self.tokens, value));
    }

    /// The store's only key.
    pub(crate) fn key(&self) -> String {
        assert_eq!(self.store.len(), 1);
        self.store.keys().next().unwrap().clone()
    }
}

impl Worker {
    /// The last seconds of the certificates that it believes, which tell the test keys apart; empty for none.
    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        let metadata = self.metadata.iter();
        metadata.flat_map(|metadata| metadata.certificates.iter().map(|c| c.der().to_vec())).collect()
    }

    /// The value of `field` in the last event `name`.
    pub(crate) fn told(&self, name: &str, field: &str) -> Option<&str> {
        let event = self.events.iter().rev().find(|event| event.name == name)?;
        event.fields.iter().find(|(have, _)| *have == field).map(|(_, value)| value.as_str())
    }

    /// The code of the last failure.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        let event = self.events.iter().rev().find(|event| event.name == "metadata_refresh_failed")?;
        event.code.map(|code| code.id())
    }
}
