//! The whole gateway without Envoy, with a clock that stands still: where every attack is run.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::rc::Rc;

use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::effect::{Answer, Ask, SharedData, Step, StoreFailure, Verdict, Version};
use samlgate::gateway::{Exchange, Gateway, Host};
use samlgate::http::{HeaderEdits, Reply, RequestHead};
use samlgate::xmlsec::RustCrypto;
use serde_json::json;

use super::corpus::{Delivery, Form, Setting};
use super::{Attack, Expect};
use crate::config::{merge, plugin_configuration, render};
use crate::idp::{AuthnRequest, Binding, SignatureCheck, TestKey};
use crate::scene::DEMO_CONFIGURATION;

/// The identity provider that is trusted.
const IDP: &str = "http://idp.localhost:8081/metadata";
/// Another one, in the same metadata document, that is not.
const OTHER_IDP: &str = "http://other-idp.localhost:8082/metadata";
const AUTHORITY: &str = "app.localhost:8080";
const SESSION: &str = "__Host-samlgate";

/// More asks than any sign-in has.
const MOST_ASKS: usize = 50;

/// Reproducible bytes.
struct Seeded(Cell<u64>);

impl EntropySource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            // SplitMix64.
            let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.0.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            [*byte, ..] = (mixed ^ (mixed >> 31)).to_le_bytes();
        }
        Ok(())
    }
}

/// The gateway of the demo, without an application to provision.
pub struct Stage {
    /// Trusts [`Stage::setting`]'s identity provider.
    gateway: RefCell<Gateway>,
    /// The same service with the same keys, when it still trusted the other one.
    before: RefCell<Gateway>,
    entropy: Seeded,
    now: Cell<u64>,
    shared_data: RefCell<HashMap<String, (Vec<u8>, u32)>>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage(at {})", self.now.get())
    }
}

/// A browser that was sent to the identity provider and has not come back.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its cookies, as it would send them.
    pub cookies: String,
    /// What it was sent with.
    pub setting: Setting,
}

/// What the application is told: names and values of the identity headers.
pub type Identity = BTreeMap<String, String>;

/// What came of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Refused, with this code.
    Refused(String),
    /// A session began, in which the application is told this.
    SignedIn(Identity),
}

impl Outcome {
    /// The code, `none` for a session.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(code) => code,
            Self::SignedIn(_) => "none",
        }
    }

    /// Is it what must come of the attack? `genuine` is what the application is told about the genuine response.
    #[must_use]
    pub fn is(&self, expect: Expect, genuine: &Identity) -> bool {
        match (self, expect) {
            (Self::Refused(code), Expect::Refused(expected)) => code == expected.id(),
            (Self::SignedIn(identity), Expect::SameIdentity) => identity == genuine,
            _ => false,
        }
    }
}

/// The metadata document: the identity provider, with keys for signing and one for encryption, beside another one.
#[must_use]
pub fn metadata() -> String {
    let key = |usage: &str, key: TestKey| {
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
            key.certificate_base64()
        )
    };
    let entity = |id: &str, keys: &str| {
        format!(
            "<md:EntityDescriptor entityID=\"{id}\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<md:SingleSignOnService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"http://idp.localhost:8081/sso\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    };
    let ours: String = TestKey::CORPUS.into_iter().map(|name| key("signing", name)).collect();
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{}{}</md:EntitiesDescriptor>",
        entity(IDP, &(ours + &key("encryption", TestKey::Encryption))),
        entity(OTHER_IDP, &key("signing", TestKey::OtherIdp)),
    )
}

fn gateway(idp: &str) -> io::Result<Gateway> {
    let word = |port: &str| port.to_owned();
    let words = BTreeMap::from([
        ("ADMIN_PORT", word("0")),
        ("APP_PORT", word("8080")),
        ("UPSTREAM_PORT", word("0")),
        ("JIRA_PORT", word("0")),
        ("WASM", word("none")),
    ]);
    let mut envoy = render(DEMO_CONFIGURATION, &words)?;
    let plugin = plugin_configuration(&mut envoy)
        .ok_or_else(|| io::Error::other("the configuration has no plugin in it"))?;
    let decryption = json!([{
        "private_key": { "inline_string": TestKey::Decryption.private_pem() },
        "certificate": { "inline_string": TestKey::Decryption.certificate_pem() },
    }]);
    merge(
        plugin,
        &json!({ "provisioning": null, "idp": { "entity_id": idp }, "sp": { "decryption": decryption } }),
    );
    let environment: BTreeMap<String, String> = [
        ("IDP_METADATA", metadata()),
        ("SESSION_KEY", "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=".to_owned()),
        ("SP_PRIVATE_KEY", TestKey::Stranger.private_pem().to_owned()),
        ("SP_CERTIFICATE", TestKey::Stranger.certificate_pem().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let now = UnixTime::from_secs(Stage::NOW);
    let (settings, _) = config::load(plugin.to_string().as_bytes(), &environment, now)
        .map_err(|faults| io::Error::other(format!("{faults:?}")))?;
    Ok(Gateway::new(Rc::new(settings)))
}

impl SharedData for Stage {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.shared_data.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

impl Stage {
    /// Its clock, in Unix seconds.
    pub const NOW: u64 = 1_790_000_000;

    /// Sets it up.
    ///
    /// # Errors
    /// When the demo's configuration cannot be used.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            gateway: RefCell::new(gateway(IDP)?),
            before: RefCell::new(gateway(OTHER_IDP)?),
            entropy: Seeded(Cell::new(1)),
            now: Cell::new(Self::NOW),
            shared_data: RefCell::default(),
        })
    }

    /// A browser begins a sign-in.
    ///
    /// # Errors
    /// When it is not sent to the identity provider.
    pub fn begin(&self) -> io::Result<Waiting> {
        self.begin_at(&self.gateway, IDP)
    }

    /// Runs `attack` against a sign-in of its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn run(&self, attack: &Attack) -> io::Result<Outcome> {
        let ours = self.begin()?;
        let posted = |setting: &Setting| attack.post(setting).map_err(io::Error::other);
        let form = posted(&ours.setting)?.form;
        match attack.delivery {
            Delivery::Straight => self.post(&ours.cookies, &form),
            Delivery::OtherBrowser => {
                let theirs = self.begin()?;
                let setting = Setting { relay_state: theirs.setting.relay_state, ..ours.setting };
                self.post(&theirs.cookies, &posted(&setting)?.form)
            }
            Delivery::OtherBrowserOurRelayState => self.post(&self.begin()?.cookies, &form),
            Delivery::NoCookies => self.post("", &form),
            Delivery::OtherRequest => {
                let second = self.begin()?;
                let setting = Setting { relay_state: second.setting.relay_state, ..ours.setting };
                let cookies = format!("{}; {}", ours.cookies, second.cookies);
                self.post(&cookies, &posted(&setting)?.form)
            }
            Delivery::Twice | Delivery::AfterGenuine => {
                let genuine = attack.genuine(&ours.setting).map_err(io::Error::other)?;
                let genuine = Form::response(genuine.as_bytes(), &ours.setting.relay_state);
                match self.post(&ours.cookies, &genuine)? {
                    Outcome::SignedIn(_) => self.post(&ours.cookies, &form),
                    Outcome::Refused(code) => Err(io::Error::other(format!("the genuine one: {code}"))),
                }
            }
            Delivery::Late(seconds) => {
                self.now.set(Self::NOW.saturating_add(seconds));
                let setting = Setting { now: self.now.get(), ..ours.setting };
                let outcome = posted(&setting).and_then(|posted| self.post(&ours.cookies, &posted.form));
                self.now.set(Self::NOW);
                outcome
            }
            Delivery::OtherIdentityProvider => {
                let theirs = self.begin_at(&self.before, OTHER_IDP)?;
                self.post(&theirs.cookies, &posted(&theirs.setting)?.form)
            }
        }
    }

    /// Posts `form` to the assertion consumer service from a browser with these cookies.
    ///
    /// # Errors
    /// When the gateway answers as it never should: an ask without end, a session that does not open.
    pub fn post(&self, cookies: &str, form: &Form) -> io::Result<Outcome> {
        let head = [("accept", "text/html"), ("content-type", &form.content_type), ("cookie", cookies)];
        let reply = match self.request(&self.gateway, "POST", "/saml/acs", &head, &form.body)? {
            Ended::Reply(reply) => reply,
            Ended::Forward(_) => return Err(io::Error::other("the form was forwarded")),
        };
        let session = |value: &str| value.starts_with(SESSION) && !value.contains("Max-Age=0");
        let session: Vec<&str> = set_cookies(&reply).filter(|cookie| session(cookie)).collect();
        let code = reply.headers.iter().find(|(name, _)| name == "x-samlgate-code").map(|(_, code)| code);
        match (code, session.is_empty()) {
            (Some(code), true) => Ok(Outcome::Refused(code.clone())),
            (None, false) if reply.status == 303 => self.identity(&names_and_values(&session)),
            _ => Err(io::Error::other(format!("neither accepted nor refused: {reply:?}"))),
        }
    }

    /// What the application is told about the session in `cookies`.
    fn identity(&self, cookies: &str) -> io::Result<Outcome> {
        let head = [("cookie", cookies), ("accept", "text/html")];
        match self.request(&self.gateway, "GET", "/", &head, b"")? {
            Ended::Forward(edits) => {
                let told = edits.sets().filter(|(name, _)| name.starts_with("x-remote-"));
                let told =
                    told.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()));
                Ok(Outcome::SignedIn(told.collect()))
            }
            Ended::Reply(reply) => Err(io::Error::other(format!("the session does not open: {reply:?}"))),
        }
    }

    fn begin_at(&self, gateway: &RefCell<Gateway>, idp: &str) -> io::Result<Waiting> {
        let head = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let Ended::Reply(reply) = self.request(gateway, "GET", "/", &head, b"")? else {
            return Err(io::Error::other("forwarded without a session"));
        };
        let location =
            reply.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str());
        let location = url::Url::parse(location.unwrap_or_default()).map_err(io::Error::other)?;
        let pairs: HashMap<String, String> = location.query_pairs().into_owned().collect();
        let relay_state = pairs.get("RelayState").cloned();
        let request = AuthnRequest::read(
            pairs.get("SAMLRequest").map_or("", String::as_str),
            relay_state.clone(),
            Binding::Redirect,
            SignatureCheck::Unchecked,
        )
        .map_err(|fault| io::Error::other(fault.to_string()))?;
        let setting = Setting {
            idp: idp.to_owned(),
            sp: request.issuer,
            acs: request.acs,
            request_id: request.id,
            relay_state: relay_state.unwrap_or_default(),
            now: self.now.get(),
        };
        Ok(Waiting { cookies: names_and_values(&set_cookies(&reply).collect::<Vec<_>>()), setting })
    }

    fn request(
        &self,
        gateway: &RefCell<Gateway>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Ended> {
        let pseudo = [(":method", method), (":path", path), (":authority", AUTHORITY), (":scheme", "http")];
        let head = pseudo.iter().chain(headers);
        let head = head.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let step = gateway.borrow_mut().start(RequestHead::new(head), &self.host());
        self.drive(gateway, step, body)
    }

    fn host(&self) -> Host<'_> {
        Host {
            now: UnixTime::from_secs(self.now.get()),
            uptime: core::time::Duration::from_secs(self.now.get()),
            entropy: &self.entropy,
            crypto: &RustCrypto,
            shared: self,
        }
    }

    fn drive(&self, gateway: &RefCell<Gateway>, step: Step<Exchange>, body: &[u8]) -> io::Result<Ended> {
        let mut step = step;
        let mut open = VecDeque::new();
        for _ in 0..MOST_ASKS {
            let exchange = match step {
                Step::Wait { state, asks, .. } => {
                    open.extend(asks);
                    state
                }
                Step::End { verdict: Verdict::Reply(reply), .. } => return Ok(Ended::Reply(reply)),
                Step::End { verdict: Verdict::Forward(edits), .. } => return Ok(Ended::Forward(edits)),
            };
            let (id, ask) = open.pop_front().ok_or_else(|| io::Error::other("waits for nothing"))?;
            let answer = self.perform(&ask, body);
            step = gateway.borrow().answer(exchange, id, answer, &self.host());
        }
        Err(io::Error::other("the flow does not end"))
    }

    fn perform(&self, ask: &Ask, body: &[u8]) -> Answer {
        match ask {
            Ask::RequestBody { limit } if body.len() > *limit => Answer::RequestBodyTooLarge,
            Ask::RequestBody { .. } => Answer::RequestBody(body.to_vec()),
            Ask::HttpCall(_) => Answer::HttpFailed(samlgate::effect::CallFailure::NotSent),
            Ask::Load { key } => match self.shared_data.borrow().get(key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, expected, value } => {
                let mut data = self.shared_data.borrow_mut();
                let (have, next) = match data.get(key) {
                    Some((_, token)) => (Version::Token(*token), token.saturating_add(1)),
                    None => (Version::Absent, 1),
                };
                if have != *expected {
                    return Answer::Conflict;
                }
                data.insert(key.clone(), (value.clone(), next));
                Answer::Swapped
            }
            Ask::SourceAddress => Answer::SourceAddress(None),
            Ask::Enqueue { .. } => Answer::QueueFull,
        }
    }
}

enum Ended {
    Reply(Reply),
    Forward(HeaderEdits),
}

fn set_cookies(reply: &Reply) -> impl Iterator<Item = &str> {
    reply.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str())
}

fn names_and_values(cookies: &[&str]) -> String {
    let pairs: Vec<&str> = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
    pairs.join("; ")
}
