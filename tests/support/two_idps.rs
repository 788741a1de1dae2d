//! A gateway that trusts two identity providers, a browser without a screen, and both identity providers.

#![allow(dead_code, reason = "each file of tests uses a part")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use samlgate::base::{Code, EntropyFailure, EntropySource, Secret, UnixTime};
use samlgate::config;
use samlgate::effect::{
    Answer, Ask, SharedData, SignatureScheme, Step, StoreFailure, Tell, Verdict, Version,
};
use samlgate::encoding::{base64, inflate};
use samlgate::gateway::{Exchange, Gateway, Host};
use samlgate::http::{Reply, RequestHead};
use samlgate::xmlsec::key::parse_signing_key;
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};
use serde_json::{Value, json};

/// 2026-01-02T03:04:05Z.
const NOW: u64 = 1_767_323_045;

/// An identity provider.
#[derive(Clone, Copy)]
pub(crate) struct Idp {
    pub(crate) entity_id: &'static str,
    pub(crate) sso: &'static str,
    /// The name of its key in `tests/keys`.
    pub(crate) key: &'static str,
}

pub(crate) const A: Idp =
    Idp { entity_id: "https://a.example/metadata", sso: "https://a.example/sso", key: "rsa2048" };
pub(crate) const B: Idp =
    Idp { entity_id: "https://b.example/metadata", sso: "https://b.example/sso", key: "rsa2048_other" };

/// A sign-in that was started.
pub(crate) struct Started {
    /// Where the browser was sent.
    pub(crate) destination: String,
    /// The pending request.
    pub(crate) cookie: String,
    request_id: String,
    relay_state: String,
}

/// The gateway, and everything that it told.
pub(crate) struct Site {
    gateway: Gateway,
    authority: &'static str,
    now: Cell<u64>,
    pub(crate) told: String,
    /// The client's address.
    pub(crate) client: Option<&'static str>,
    pub(crate) store_fails: bool,
    store: RefCell<BTreeMap<String, Vec<u8>>>,
}

struct Kept(BTreeMap<String, Vec<u8>>);

impl SharedData for Kept {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.0.get(key).cloned())
    }
}

struct Counting(Cell<u64>);

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(0) };
}

/// Randomness that never comes twice.
pub(crate) fn entropy() -> impl EntropySource {
    DRAWN.with(|drawn| {
        drawn.set(drawn.get() + 1000);
        Counting(Cell::new(drawn.get()))
    })
}

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for chunk in out.chunks_mut(8) {
            self.0.set(self.0.get() + 1);
            chunk.copy_from_slice(&self.0.get().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

fn key_file(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

impl Idp {
    fn metadata(self) -> String {
        let certificate = key_file(&format!("{}.crt.pem", self.key));
        let certificate: String = certificate.lines().filter(|line| !line.contains("-----")).collect();
        format!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{}"/></md:IDPSSODescriptor></md:EntityDescriptor>"#,
            self.entity_id, self.sso
        )
    }

    /// An honest answer.
    pub(crate) fn response(self, to: &Started) -> String {
        self.response_at(to, 0)
    }

    /// An answer by a clock that is ahead by `shift` seconds.
    pub(crate) fn response_at(self, to: &Started, shift: i64) -> String {
        let at = UnixTime::from_secs(NOW.saturating_add_signed(shift));
        let now = at.to_xs_date_time();
        let ends = at.saturating_add(Duration::from_secs(300)).to_xs_date_time();
        let (idp, request_id) = (self.entity_id, &to.request_id);
        let xml = format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{request_id}" Version="2.0" IssueInstant="{now}" Destination="https://jira.example.com/saml/acs" InResponseTo="{request_id}"><saml:Issuer>{idp}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a{request_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{idp}</saml:Issuer><saml:Subject><saml:NameID>alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="https://jira.example.com/saml/acs" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>https://jira.example.com/saml/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion></samlp:Response>"#
        );
        let request = sign::SigningRequest {
            key: &parse_signing_key(&Secret::new(key_file(&format!("{}.key.pem", self.key)))).unwrap(),
            scheme: SignatureScheme::RsaSha256,
            certificate: None,
            canonicalization: Canonicalization::default(),
        };
        sign::enveloped(&xml, &request, &RustCrypto).unwrap()
    }
}

pub(crate) fn value<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value)
}

/// The cookie `name` that `reply` sets, as a browser sends it.
pub(crate) fn cookie(reply: &Reply, name: &str) -> String {
    let set = reply.headers.iter().filter(|(have, _)| have == "set-cookie");
    let mut set = set.filter_map(|(_, cookie)| cookie.split(';').next());
    set.find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("{name}")).to_owned()
}

impl Site {
    /// Both identity providers, and `sections` of the configuration.
    pub(crate) fn new(sections: Value) -> Self {
        let idp = |name: &str, id, display_name| json!({ "id": id, "display_name": display_name, "metadata": { "environment_variable": name } });
        Self::of(json!({ "idps": [idp("A", "a", "Alpha"), idp("B", "b", "B <beta>")] }), sections)
    }

    /// Both, with `limits` on the people of the first.
    #[allow(dead_code, reason = "only one of the targets that include this file limits them")]
    pub(crate) fn limited(limits: &Value) -> Self {
        let idp = |name: &str, id| json!({ "id": id, "metadata": { "environment_variable": name } });
        let mut first = idp("A", "a");
        for (name, limit) in limits.as_object().unwrap() {
            first[name] = limit.clone();
        }
        Self::of(json!({ "idps": [first, idp("B", "b")] }), json!({}))
    }

    /// Only the first.
    pub(crate) fn with_one() -> Self {
        Self::of(json!({ "idp": { "metadata": { "environment_variable": "A" } } }), json!({}))
    }

    fn of(idps: Value, sections: Value) -> Self {
        let mut whole = json!({
            "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
            "session": { "keys": [{ "environment_variable": "SESSION_KEY" }] },
            "allowed_hosts": ["partner.example.com"],
        });
        for part in [idps, sections] {
            for (name, section) in part.as_object().unwrap() {
                whole[name] = section.clone();
            }
        }
        let environment: BTreeMap<String, String> = [
            ("A", A.metadata()),
            ("B", B.metadata()),
            ("SESSION_KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
            ("SECRET", "correct horse battery staple".to_owned()),
            ("OTHER_SECRET", "correct horse battery staples".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let (settings, _) =
            config::load(whole.to_string().as_bytes(), &environment, UnixTime::from_secs(NOW)).unwrap();
        Self {
            gateway: Gateway::new(Rc::new(settings)),
            authority: "jira.example.com",
            now: Cell::new(NOW),
            told: String::new(),
            client: Some("192.0.2.1:1234"),
            store_fails: false,
            store: RefCell::default(),
        }
    }

    /// The same under another name.
    pub(crate) fn at(&mut self, authority: &'static str) -> &mut Self {
        self.authority = authority;
        self
    }

    pub(crate) fn later(&mut self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    /// A navigation.
    pub(crate) fn get(&mut self, path: &str, cookies: &str) -> (Reply, Option<Code>) {
        let head = self.head("GET", path, &[("cookie", cookies), ("sec-fetch-mode", "navigate")]);
        match self.send(head, &[]) {
            (Verdict::Reply(reply), code) => (reply, code),
            (Verdict::Forward(_), _) => panic!("{path} reached the application"),
        }
    }

    /// A request of any kind.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (Verdict, Option<Code>) {
        let head = self.head(method, path, headers);
        self.send(head, &[])
    }

    /// A form that a page of ours sends.
    pub(crate) fn post(&mut self, path: &str, form: &str) -> (Reply, Option<Code>) {
        self.post_with(path, form, ("origin", "https://jira.example.com"))
    }

    pub(crate) fn post_with(
        &mut self,
        path: &str,
        form: &str,
        header: (&str, &str),
    ) -> (Reply, Option<Code>) {
        let head = self.head("POST", path, &[("content-type", "application/x-www-form-urlencoded"), header]);
        match self.send(head, form.as_bytes()) {
            (Verdict::Reply(reply), code) => (reply, code),
            (Verdict::Forward(_), _) => panic!("{path} reached the application"),
        }
    }

    /// The same by a browser with cookies.
    pub(crate) fn post_as(&mut self, path: &str, form: &str, cookies: &str) -> (Reply, Option<Code>) {
        self.post_with(path, form, ("cookie", cookies))
    }

    pub(crate) fn email(&mut self, email: &str) -> (Reply, Option<Code>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("email", email).append_pair("target", "/x");
        self.post("/saml/discovery", &form.finish())
    }

    /// Starts a sign-in.
    pub(crate) fn started(&mut self, path: &str, cookies: &str) -> Started {
        let (reply, code) = self.get(path, cookies);
        assert_eq!((reply.status, code), (302, None), "{path}");
        let (destination, query) = value(&reply, "location").split_once('?').unwrap();
        let parameters: BTreeMap<String, String> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = base64::decode_strict(&parameters["SAMLRequest"]).unwrap();
        let request = String::from_utf8(inflate::inflate_raw(&request, 65_536).unwrap()).unwrap();
        Started {
            destination: destination.to_owned(),
            cookie: value(&reply, "set-cookie").split(';').next().unwrap().to_owned(),
            request_id: request.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned(),
            relay_state: parameters["RelayState"].clone(),
        }
    }

    /// Posts `response` for `started`.
    pub(crate) fn answered(&mut self, started: &Started, response: &str) -> (Reply, Option<Code>) {
        self.answered_with(started, "", response)
    }

    /// The same, and the browser has more cookies.
    pub(crate) fn answered_with(
        &mut self,
        started: &Started,
        cookies: &str,
        xml: &str,
    ) -> (Reply, Option<Code>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("SAMLResponse", &base64::encode(xml.as_bytes()))
            .append_pair("RelayState", &started.relay_state);
        let cookies = format!("{}; {cookies}", started.cookie);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookies.as_str())];
        let head = self.head("POST", "/saml/acs", &headers);
        match self.send(head, form.finish().as_bytes()) {
            (Verdict::Reply(reply), code) => (reply, code),
            (Verdict::Forward(_), _) => panic!("the answer reached the application"),
        }
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> RequestHead {
        let own = [
            (":method", method),
            (":path", path),
            (":authority", self.authority),
            (":scheme", "https"),
            ("accept", "text/html"),
        ];
        let pairs = own.iter().chain(headers).filter(|(_, value)| !value.is_empty());
        RequestHead::new(pairs.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect())
    }

    /// Sends a request and does what the flow asks.
    fn send(&mut self, head: RequestHead, body: &[u8]) -> (Verdict, Option<Code>) {
        let entropy = entropy();
        let kept = self.store.borrow().clone();
        let now = UnixTime::from_secs(self.now.get());
        let host = Host {
            now,
            uptime: Duration::from_secs(self.now.get()),
            entropy: &entropy,
            crypto: &RustCrypto,
            shared: &Kept(kept),
        };
        let mut step: Step<Exchange> = self.gateway.start(head, &host);
        let mut code = None;
        loop {
            let (state, asks, tells, verdict) = match step {
                Step::Wait { state, asks, tells } => (Some(state), asks, tells, None),
                Step::End { verdict, tells } => (None, Vec::new(), tells, Some(verdict)),
            };
            for tell in tells {
                if let Tell::Event(event) = &tell {
                    code = code.or(event.code);
                }
                self.told.push_str(&format!("{tell:?}\n"));
            }
            if let Some(verdict) = verdict {
                return (verdict, code);
            }
            let [(id, ask)] = <[_; 1]>::try_from(asks).unwrap();
            let answer = self.perform(ask, body);
            step = self.gateway.answer(state.unwrap(), id, answer, &host);
        }
    }

    fn perform(&self, ask: Ask, body: &[u8]) -> Answer {
        let mut store = self.store.borrow_mut();
        match ask {
            Ask::RequestBody { limit } if body.len() > limit => Answer::RequestBodyTooLarge,
            Ask::RequestBody { .. } => Answer::RequestBody(body.to_vec()),
            Ask::Load { .. } | Ask::CompareAndSwap { .. } if self.store_fails => Answer::StoreFailed,
            Ask::SourceAddress => Answer::SourceAddress(self.client.map(str::to_owned)),
            Ask::Load { key } => match store.get(&key) {
                Some(value) => Answer::Loaded { value: Some(value.clone()), version: Version::Token(1) },
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, value, .. } => {
                store.insert(key, value);
                Answer::Swapped
            }
            other => panic!("{other:?}"),
        }
    }
}
