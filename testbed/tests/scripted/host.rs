//! A host without Envoy.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::effect::{Answer, Ask, SharedData, Step, StoreFailure, Tell, Verdict, Version};
use samlgate::flow::sync::{Run, Wish};
use samlgate::gateway::{Exchange, Gateway, Host, Settings};
use samlgate::http::{HttpCall, HttpResponse, Reply, RequestHead};
use samlgate::xmlsec::RustCrypto;
use serde_json::{Value, json};
use testbed::client::Request;
use testbed::config::{merge, plugin_configuration, render};
use testbed::idp::{AuthnRequest, Binding, IssueOptions, SignatureCheck, TestKey, User, issue};
use testbed::jira::{self, JiraState};
use testbed::scene::DEMO_CONFIGURATION;
use testbed::server::Server;

pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const IDP: &str = "http://idp.localhost:8081/metadata";
pub(crate) const IDP_LOGOUT: &str = "http://idp.localhost:8081/slo";
const AUTHORITY: &str = "app.localhost:8080";

/// Reproducible bytes, which can run dry.
pub(crate) struct Seeded {
    pub(crate) state: Cell<u64>,
    pub(crate) left: Cell<u32>,
}

impl EntropySource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        let left = self.left.get();
        if left == 0 {
            return Err(EntropyFailure);
        }
        self.left.set(left - 1);
        for byte in out {
            // SplitMix64.
            let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.state.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (mixed ^ (mixed >> 31)).to_le_bytes()[0];
        }
        Ok(())
    }
}

/// What a test answers to the ask of this number instead of the host; `None` lets the host answer.
pub(crate) type Script<'a> = &'a mut dyn FnMut(usize, &Ask, &ScriptedHost) -> Option<Answer>;

/// A host without Envoy: shared data in memory, calls go to the stand-in Jira.
pub(crate) struct ScriptedHost {
    settings: RefCell<Rc<Settings>>,
    pub(crate) gateway: RefCell<Gateway>,
    /// Where calls to other clusters than Jira's go.
    routes: RefCell<HashMap<String, SocketAddr>>,
    pub(crate) entropy: Seeded,
    pub(crate) now: Cell<u64>,
    pub(crate) shared_data: RefCell<HashMap<String, (Vec<u8>, u32)>>,
    /// Shared data cannot be read.
    pub(crate) unreadable: Cell<bool>,
    /// What was left for the background; `None` when nobody reads it.
    pub(crate) queue: RefCell<Option<VecDeque<Vec<u8>>>>,
    pub(crate) jira: JiraState,
    pub(crate) server: Server,
    pub(crate) trace: RefCell<String>,
}

/// How an exchange ended.
pub(crate) struct Ended {
    pub(crate) reply: Reply,
    pub(crate) tells: Vec<Tell>,
    /// How many asks there were.
    pub(crate) asks: usize,
}

impl Ended {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> &str {
        self.header("x-samlgate-code").unwrap_or("none")
    }

    pub(crate) fn has_session(&self) -> bool {
        self.reply.headers.iter().any(|(name, value)| {
            name == "set-cookie" && value.starts_with("__Host-samlgate=") && !value.contains("Max-Age=0")
        })
    }
}

pub(crate) fn metadata() -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{IDP_LOGOUT}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://idp.localhost:8081/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#,
        TestKey::Rsa.certificate_base64()
    )
}

impl SharedData for ScriptedHost {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        if self.unreadable.get() {
            return Err(StoreFailure);
        }
        Ok(self.shared_data.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

impl ScriptedHost {
    /// The demo's configuration, without the circuit.
    pub(crate) fn start() -> Self {
        Self::with(&json!({ "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s" } }))
    }

    /// What the demo's configuration with `patch` says.
    fn settings(patch: &Value) -> Rc<Settings> {
        let word = |port: &str| port.to_owned();
        let words = BTreeMap::from([
            ("ADMIN_PORT", word("0")),
            ("APP_PORT", word("8080")),
            ("UPSTREAM_PORT", word("0")),
            ("JIRA_PORT", word("0")),
            ("WASM", word("none")),
        ]);
        let mut envoy = render(DEMO_CONFIGURATION, &words).unwrap();
        let plugin = plugin_configuration(&mut envoy).unwrap();
        merge(plugin, patch);
        let environment: BTreeMap<String, String> = [
            ("IDP_METADATA", metadata()),
            ("SESSION_KEY", "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=".to_owned()),
            ("SP_PRIVATE_KEY", TestKey::Stranger.private_pem().to_owned()),
            ("SP_CERTIFICATE", TestKey::Stranger.certificate_pem().to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let (settings, _) =
            config::load(plugin.to_string().as_bytes(), &environment, UnixTime::from_secs(NOW)).unwrap();
        Rc::new(settings)
    }

    /// The demo's configuration with `patch`.
    pub(crate) fn with(patch: &Value) -> Self {
        let settings = Self::settings(patch);
        let jira = JiraState::default();
        jira.change(|store| {
            for group in ["service-desk-agents", "staff", "portal-customers"] {
                store.add_group(group);
            }
        });
        Self {
            gateway: RefCell::new(Gateway::new(Rc::clone(&settings))),
            settings: RefCell::new(settings),
            routes: RefCell::default(),
            entropy: Seeded { state: Cell::new(1), left: Cell::new(u32::MAX) },
            now: Cell::new(NOW),
            shared_data: RefCell::default(),
            unreadable: Cell::new(false),
            queue: RefCell::default(),
            server: Server::start(0, jira::router(jira.clone())).unwrap(),
            jira,
            trace: RefCell::default(),
        }
    }

    /// Calls to `cluster` go to `address`.
    pub(crate) fn route(&self, cluster: &str, address: SocketAddr) {
        self.routes.borrow_mut().insert(cluster.to_owned(), address);
    }

    /// Envoy died and runs again: nothing is known but what lies elsewhere.
    pub(crate) fn restart(&self) {
        self.shared_data.borrow_mut().clear();
        *self.gateway.borrow_mut() = Gateway::new(Rc::clone(&self.settings.borrow()));
    }

    /// The same after the configuration became the demo's with `patch`.
    pub(crate) fn restart_with(&self, patch: &Value) {
        *self.settings.borrow_mut() = Self::settings(patch);
        self.restart();
    }

    /// A sync of everybody.
    pub(crate) fn new_run(&self) -> Run {
        Run::new(self.settings.borrow().flow.directory_sync.as_ref().unwrap(), Wish::Full, false)
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        script: Script<'_>,
    ) -> Ended {
        let pseudo = [(":method", method), (":path", path), (":authority", AUTHORITY), (":scheme", "http")];
        let head = pseudo
            .iter()
            .chain(headers)
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        let step = self.gateway.borrow_mut().start(RequestHead::new(head), &self.host());
        self.drive(step, body, script)
    }

    pub(crate) fn host(&self) -> Host<'_> {
        Host {
            now: UnixTime::from_secs(self.now.get()),
            uptime: core::time::Duration::from_secs(self.now.get()),
            entropy: &self.entropy,
            crypto: &RustCrypto,
            shared: self,
        }
    }

    pub(crate) fn drive(&self, step: Step<Exchange>, body: &[u8], script: Script<'_>) -> Ended {
        let mut step = step;
        let mut open = VecDeque::new();
        let mut said = Vec::new();
        let mut number = 0;
        loop {
            let exchange = match step {
                Step::Wait { state, asks, tells } => {
                    self.note("tells", &tells);
                    self.note("asks", &asks);
                    said.extend(tells);
                    open.extend(asks);
                    state
                }
                Step::End { verdict, tells } => {
                    self.note("tells", &tells);
                    self.note("ends", &verdict);
                    said.extend(tells);
                    let Verdict::Reply(reply) = verdict else { panic!("forwarded: {verdict:?}") };
                    return Ended { reply, tells: said, asks: number };
                }
            };
            let (id, ask) = open.pop_front().unwrap();
            assert!(number < 200, "the flow does not end");
            let answer = script(number, &ask, self).unwrap_or_else(|| self.perform(&ask, body));
            self.note("answer", &without_host(&answer));
            number += 1;
            step = self.gateway.borrow().answer(exchange, id, answer, &self.host());
        }
    }

    pub(crate) fn perform(&self, ask: &Ask, body: &[u8]) -> Answer {
        match ask {
            Ask::RequestBody { limit } if body.len() > *limit => Answer::RequestBodyTooLarge,
            Ask::RequestBody { .. } => Answer::RequestBody(body.to_vec()),
            Ask::HttpCall(call) => Answer::HttpResponse(self.call(call)),
            Ask::Load { key } => match self.shared_data.borrow().get(key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, expected, value } => {
                let mut data = self.shared_data.borrow_mut();
                let (have, next) = match data.get(key) {
                    Some((_, token)) => (Version::Token(*token), token + 1),
                    None => (Version::Absent, 1),
                };
                if have != *expected {
                    return Answer::Conflict;
                }
                data.insert(key.clone(), (value.clone(), next));
                Answer::Swapped
            }
            Ask::SourceAddress => Answer::SourceAddress(Some(String::from("192.0.2.1:1234"))),
            Ask::Enqueue { message } => match self.queue.borrow_mut().as_mut() {
                Some(queue) => {
                    queue.push_back(message.clone());
                    Answer::Queued
                }
                None => Answer::QueueFull,
            },
        }
    }

    /// Envoy's part of a call: the credential is added, Jira is asked.
    pub(crate) fn call(&self, call: &HttpCall) -> HttpResponse {
        if let Some(address) = self.routes.borrow().get(&call.cluster) {
            return testbed::etcd::perform(*address, call).unwrap();
        }
        assert_eq!((call.cluster.as_str(), call.authority.as_str()), ("jira_api", "jira.internal"));
        let mut request = Request::new(call.method, &call.authority, &call.path)
            .header("authorization", &format!("Bearer {}", jira::TOKEN));
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        request.body.clone_from(&call.body);
        let response = request.send(self.server.address()).unwrap();
        HttpResponse { status: response.status, headers: response.headers, body: response.body }
    }

    pub(crate) fn note(&self, what: &str, value: &dyn std::fmt::Debug) {
        writeln!(self.trace.borrow_mut(), "{what} {}", readable(&format!("{value:?}"))).unwrap();
    }

    /// Asks for `path` without a session: the cookies, and what the identity provider is asked.
    pub(crate) fn begin(&self, path: &str) -> (String, AuthnRequest) {
        let head = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let ended = self.request("GET", path, &head, b"", &mut |_, _, _| None);
        let location =
            url::Url::parse(ended.header("location").unwrap_or_else(|| panic!("{}", ended.code())));
        let pairs: HashMap<String, String> = location.unwrap().query_pairs().into_owned().collect();
        let request = AuthnRequest::read(
            pairs.get("SAMLRequest").unwrap(),
            pairs.get("RelayState").cloned(),
            Binding::Redirect,
            SignatureCheck::Unchecked,
        )
        .unwrap();
        let cookies: Vec<&str> = ended
            .reply
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .filter_map(|(_, value)| value.split(';').next())
            .collect();
        (cookies.join("; "), request)
    }

    /// The form that the identity provider makes the browser post.
    pub(crate) fn form(&self, user: User, request: &AuthnRequest) -> String {
        let mut options = IssueOptions::new(user, IDP, &request.acs, &request.issuer);
        options.in_response_to = Some(request.id.clone());
        options.now = self.now.get();
        options.response_id = format!("_r{}", request.id);
        options.assertion_id = format!("_a{}", request.id);
        options.session_index = String::from("_s");
        let xml = issue(&options).unwrap();
        form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &STANDARD.encode(xml))
            .append_pair("RelayState", request.relay_state.as_deref().unwrap())
            .finish()
    }

    pub(crate) fn post(&self, cookies: &str, form: &str, script: Script<'_>) -> Ended {
        let head = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookies),
            ("x-request-id", "r-1"),
        ];
        self.request("POST", "/saml/acs", &head, form.as_bytes(), script)
    }

    /// A whole sign-in; `script` answers what comes after the POST.
    pub(crate) fn sign_in(&self, user: User, path: &str, script: Script<'_>) -> Ended {
        let (cookies, request) = self.begin(path);
        let form = self.form(user, &request);
        self.post(&cookies, &form, script)
    }

    /// The same, but the browser goes away after so many answers; `None` when the sign-in ended before that.
    pub(crate) fn post_until(&self, cookies: &str, form: &str, answers: usize) -> Option<Exchange> {
        let head = [
            (":method", "POST"),
            (":path", "/saml/acs"),
            (":authority", AUTHORITY),
            (":scheme", "http"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookies),
        ];
        let head = head.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let mut step = self.gateway.borrow_mut().start(RequestHead::new(head.into()), &self.host());
        let mut open = VecDeque::new();
        for _ in 0..answers {
            let Step::Wait { state, asks, .. } = step else { return None };
            open.extend(asks);
            let (id, ask) = open.pop_front()?;
            let answer = self.perform(&ask, form.as_bytes());
            step = self.gateway.borrow().answer(state, id, answer, &self.host());
        }
        match step {
            Step::Wait { state, asks, .. } => {
                // What was asked last is carried out, and nobody hears of it.
                for (_, ask) in asks {
                    self.perform(&ask, form.as_bytes());
                }
                Some(state)
            }
            Step::End { .. } => None,
        }
    }

    /// What has waited longest for the background.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        self.queue.borrow_mut().as_mut()?.pop_front()
    }

    pub(crate) fn groups(&self, user: &str) -> BTreeSet<String> {
        self.jira.store().groups_of(user).into_iter().collect()
    }
}

/// The same text with lists of bytes as strings.
pub(crate) fn readable(debug: &str) -> String {
    let mut out = String::new();
    let mut rest = debug;
    while let Some((before, list)) = rest.split_once('[') {
        out.push_str(before);
        // `group_mapping[0]` is a place, no list.
        let place = before.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let bytes = list.split_once(']').filter(|_| !place).and_then(|(inside, after)| {
            let bytes: Result<Vec<u8>, _> = inside.split(", ").map(str::parse).collect();
            Some((bytes.ok()?, after))
        });
        match bytes {
            Some((bytes, after)) => {
                write!(out, "b\"{}\"", bytes.escape_ascii()).unwrap();
                rest = after;
            }
            None => {
                out.push('[');
                rest = list;
            }
        }
    }
    out + rest
}

/// What a host may add to an answer, such as the date, is not part of a trace.
pub(crate) fn without_host(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if let Answer::HttpResponse(response) = &mut answer {
        response.headers.retain(|(name, _)| name == "content-type");
    }
    answer
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn honest(_: usize, _: &Ask, _: &ScriptedHost) -> Option<Answer> {
    None
}
