//! A form that meets an ended session, from the first click to the second, against a gateway without a host: what is kept,
//! and who gets it back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use samlgate::base::{EntropyFailure, EntropySource, Secret, UnixTime};
use samlgate::config::{self, Environment};
use samlgate::effect::{Answer, Ask, SharedData, SignatureScheme, Step, StoreFailure, Verdict, Version};
use samlgate::encoding::{base64, inflate};
use samlgate::gateway::{Gateway, Host};
use samlgate::http::{Reply, RequestHead};
use samlgate::xmlsec::key::parse_signing_key;
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

/// 2026-01-02T03:04:05Z.
const BEGAN: u64 = 1_767_323_045;
const IDP: &str = "https://idp.example.org/metadata";
const SITE: &str = "https://jira.example.com";
const BODY: &str = "summary=a+%26+b&description=one%0D%0Atwo";

struct Counting(Cell<u64>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for byte in out {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = self.0.get().to_be_bytes()[0];
        }
        Ok(())
    }
}

struct Variables;

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        let root = env!("CARGO_MANIFEST_DIR");
        match name {
            "IDP_METADATA" => fs::read_to_string(format!("{root}/tests/vectors/config_idp/good.xml")).ok(),
            "SESSION_KEY" => Some("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
            _ => None,
        }
    }
}

/// What all workers share.
#[derive(Default)]
struct Store {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// What becomes of the next writes.
    faults: RefCell<VecDeque<Answer>>,
    writes: Cell<u32>,
}

impl SharedData for Store {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.values.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

impl Store {
    fn perform(&self, ask: Ask) -> Answer {
        let mut values = self.values.borrow_mut();
        match ask {
            Ask::Load { key } => match values.get(&key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, expected, value } => {
                if let Some(fault) = self.faults.borrow_mut().pop_front() {
                    return fault;
                }
                let have = values.get(&key).map_or(Version::Absent, |(_, token)| Version::Token(*token));
                if have != expected {
                    return Answer::Conflict;
                }
                self.writes.set(self.writes.get() + 1);
                values.insert(key, (value, self.writes.get()));
                Answer::Swapped
            }
            other => panic!("{other:?}"),
        }
    }

    /// Keys of forms that are kept, as the gateway writes them.
    fn forms(&self) -> Vec<String> {
        let values = self.values.borrow();
        values
            .iter()
            .filter(|(key, (value, _))| key.contains(".form.") && value.len() > 8)
            .map(|(key, _)| key.clone())
            .collect()
    }
}

/// A worker, the store and one browser.
struct World {
    gateway: Gateway,
    store: Rc<Store>,
    entropy: Counting,
    now: u64,
    cookies: BTreeMap<String, String>,
}

/// Headers of a form that a page of the site submits.
const OWN_FORM: [(&str, &str); 5] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("origin", SITE),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

/// What came of a request.
enum Came {
    /// The application gets it.
    Through,
    Back(Reply),
}

impl Came {
    fn reply(self) -> Reply {
        match self {
            Self::Back(reply) => reply,
            Self::Through => panic!("it went through"),
        }
    }

    fn code(self) -> String {
        let reply = self.reply();
        header(&reply, "x-samlgate-code").unwrap_or_else(|| panic!("{}", reply.status)).to_owned()
    }
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

impl World {
    fn new(fields: &str) -> Self {
        let text = format!(
            r#"{{ "sp": {{ "entity_id": "{SITE}/saml/metadata", "base_uri": "{SITE}" }},
                "idp": {{ "metadata": {{ "environment_variable": "IDP_METADATA" }} }},
                "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }} {fields} }}"#
        );
        let now = UnixTime::from_secs(BEGAN);
        let (settings, _) = config::load(text.as_bytes(), &Variables, now).unwrap();
        Self {
            gateway: Gateway::new(Rc::new(settings)),
            store: Rc::default(),
            entropy: Counting(Cell::new(1)),
            now: BEGAN,
            cookies: BTreeMap::new(),
        }
    }

    /// Somebody whose session has ended.
    fn with_ended_session(fields: &str) -> Self {
        let mut world = Self::new(fields);
        world.sign_in("alice", "/browse/X-1");
        world.now += 9 * 3600;
        world
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Came {
        let cookie: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = cookie.join("; ");
        let own = [
            (":authority", "jira.example.com"),
            (":scheme", "https"),
            (":method", method),
            (":path", path),
            ("cookie", cookie.as_str()),
        ];
        let accept = headers.iter().all(|(name, _)| *name != "accept").then_some(("accept", "text/html"));
        let sent = own.into_iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        let pairs = sent.chain(accept).chain(headers.iter().copied());
        let head = RequestHead::new(
            pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect(),
        );
        let store = Rc::clone(&self.store);
        let host = Host {
            now: UnixTime::from_secs(self.now),
            uptime: Duration::from_secs(self.now),
            entropy: &self.entropy,
            crypto: &RustCrypto,
            shared: &*store,
        };
        let mut step = self.gateway.start(head, &host);
        let mut open = VecDeque::new();
        let reply = loop {
            match step {
                Step::End { verdict: Verdict::Forward(_), .. } => return Came::Through,
                Step::End { verdict: Verdict::Reply(reply), .. } => break reply,
                Step::Wait { state, asks, .. } => {
                    open.extend(asks);
                    let (id, ask) = open.pop_front().unwrap();
                    let answer = match ask {
                        Ask::RequestBody { limit } if body.len() > limit => Answer::RequestBodyTooLarge,
                        Ask::RequestBody { .. } => Answer::RequestBody(body.as_bytes().to_vec()),
                        other => store.perform(other),
                    };
                    step = self.gateway.answer(state, id, answer, &host);
                }
            }
        };
        for (_, line) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Came::Back(reply)
    }

    fn get(&mut self, path: &str) -> Came {
        self.send("GET", path, &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], "")
    }

    fn post(&mut self, path: &str, body: &str) -> Came {
        self.send("POST", path, &OWN_FORM, body)
    }

    /// Signs `name` in, beginning at `path`; where the browser is led in the end.
    fn sign_in(&mut self, name: &str, path: &str) -> String {
        let reply = self.get(path).reply();
        assert_eq!(reply.status, 302, "{}", text(&reply));
        let query = header(&reply, "location").unwrap().split_once('?').unwrap().1;
        let parameters: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut form = form_urlencoded::Serializer::new(String::new());
        let xml = response(&parameters["SAMLRequest"], name, self.now);
        form.append_pair("SAMLResponse", &base64::encode(xml.as_bytes()))
            .append_pair("RelayState", &parameters["RelayState"]);
        let foreign = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://idp.example.org"),
            ("sec-fetch-site", "cross-site"),
        ];
        let reply = self.send("POST", "/saml/acs", &foreign, &form.finish()).reply();
        assert_eq!(reply.status, 303, "{}", text(&reply));
        header(&reply, "location").unwrap().to_owned()
    }

    /// Sends the form and takes the address at which it waits.
    fn saved(&mut self) -> String {
        let reply = self.post("/secure/Edit.jspa?id=1", BODY).reply();
        assert_eq!(reply.status, 200, "{}", text(&reply));
        header(&reply, "refresh").unwrap().strip_prefix("0;url=").unwrap().to_owned()
    }

    fn form_cookies(&self) -> usize {
        self.cookies.keys().filter(|name| name.contains("-f-")).count()
    }
}

/// An honest answer to `request` about `name`.
fn response(request: &str, name: &str, now: u64) -> String {
    let request = inflate::inflate_raw(&base64::decode_strict(request).unwrap(), 65_536).unwrap();
    let request = String::from_utf8(request).unwrap();
    let request_id = request.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap();
    let ends = UnixTime::from_secs(now + 300).to_xs_date_time();
    let at = UnixTime::from_secs(now).to_xs_date_time();
    let xml = format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{request_id}" Version="2.0" IssueInstant="{at}" Destination="{SITE}/saml/acs" InResponseTo="{request_id}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a{request_id}" Version="2.0" IssueInstant="{at}"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID>{name}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{SITE}/saml/acs" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>{SITE}/saml/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion></samlp:Response>"#
    );
    let key = include_str!("keys/rsa2048.key.pem").to_owned();
    let request = sign::SigningRequest {
        key: &parse_signing_key(&Secret::new(key)).unwrap(),
        scheme: SignatureScheme::RsaSha256,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(&xml, &request, &RustCrypto).unwrap()
}

const ON: &str = r#", "saved_forms": {}"#;

#[test]
fn a_form_that_meets_an_ended_session_is_sent_again_by_its_sender_once() {
    let mut world = World::with_ended_session(ON);
    let address = world.saved();
    assert!(
        address.starts_with("/saml/form/") && address.contains("?for=%2Fsecure%2FEdit.jspa%3Fid%3D1"),
        "{address}"
    );
    let path = address.split('?').next().unwrap();
    assert_eq!(world.sign_in("alice", &address), path, "the browser comes back to the form");
    let reply = world.get(path).reply();
    let page = text(&reply);
    assert_eq!((reply.status, header(&reply, "cache-control")), (200, Some("no-store")), "{page}");
    for part in [
        "<form method=\"post\" action=\"/secure/Edit.jspa?id=1\"",
        "name=\"summary\" value=\"a &amp; b\"",
        "name=\"description\" value=\"one&#13;&#10;two\"",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<script"), "nothing sends it but the person");
    // The button sends what had been sent, and this time there is a session.
    assert!(matches!(world.post("/secure/Edit.jspa?id=1", BODY), Came::Through));
    // It is gone: from the store, from the browser, and for whoever comes again.
    assert_eq!((world.store.forms().len(), world.form_cookies()), (0, 0));
    assert_eq!(world.get(path).code(), "SG5020");
}

#[test]
fn only_forms_of_this_very_site_are_kept() {
    let with = |name: &'static str, value: &'static str| {
        let mut headers: Vec<_> = OWN_FORM.into_iter().filter(|(have, _)| *have != name).collect();
        headers.push((name, value));
        headers
    };
    let without = |names: &[&str]| -> Vec<(&'static str, &'static str)> {
        OWN_FORM.into_iter().filter(|(have, _)| !names.contains(have)).collect()
    };
    // An origin whose requests are taken with a session is still another origin.
    let allowed = format!(
        r#"{ON}, "allowed_origins": ["https://portal.example.com"], "allowed_hosts": ["jira.internal"]"#
    );
    for (what, headers) in [
        ("another origin", with("origin", "https://evil.example")),
        ("an allowed origin", with("origin", "https://portal.example.com")),
        ("another scheme", with("origin", "http://jira.example.com")),
        ("a sandbox", [with("sec-fetch-site", "cross-site"), vec![("origin", "null")]].concat()),
        ("no origin", without(&["origin"])),
        ("no origin and no word of the browser", without(&["origin", "sec-fetch-site"])),
        ("another site by the browser's word", with("sec-fetch-site", "cross-site")),
        ("a host below the same domain", with("sec-fetch-site", "same-site")),
        ("a script", with("sec-fetch-mode", "cors")),
        ("a script without cors", with("sec-fetch-mode", "no-cors")),
        ("a frame", with("sec-fetch-dest", "iframe")),
        ("an old script", with("x-requested-with", "XMLHttpRequest")),
        ("a client of an API", with("accept", "application/json")),
        ("credentials of its own", with("authorization", "Basic YTpi")),
        ("another host of ours", with(":authority", "jira.internal")),
        ("a handshake", with("upgrade", "websocket")),
    ] {
        let mut world = World::with_ended_session(&allowed);
        let writes = world.store.writes.get();
        let code = world.send("POST", "/secure/Edit.jspa", &headers, BODY).code();
        assert!(["SG5010", "SG5011"].contains(&code.as_str()), "{what}: {code}");
        assert_eq!((world.store.writes.get(), world.form_cookies()), (writes, 0), "{what}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let mut world = World::with_ended_session(ON);
        assert_eq!(world.send(method, "/x", &OWN_FORM, BODY).code(), "SG5010", "{method}");
    }
}

#[test]
fn what_cannot_be_kept_whole_is_refused_with_a_page_and_leaves_nothing() {
    let long = format!("a={}", "x".repeat(65_536));
    let far = format!("/{}", "x".repeat(2_048));
    let plain: Vec<(&str, &str)> = OWN_FORM.into_iter().skip(1).collect();
    let kind = |kind: &'static str| [vec![("content-type", kind)], plain.clone()].concat();
    let announced = [OWN_FORM.to_vec(), vec![("content-length", "65537")]].concat();
    for (what, path, headers, body) in [
        ("too large", "/x", OWN_FORM.to_vec(), long.as_str()),
        ("said to be too large", "/x", announced, BODY),
        ("an upload", "/x", kind("multipart/form-data; boundary=x"), BODY),
        ("JSON in a form's clothes", "/x", kind("text/plain"), "{}"),
        ("no media type", "/x", plain.clone(), BODY),
        ("not UTF-8", "/x", OWN_FORM.to_vec(), "a=%E4"),
        ("another spelling", "/x", OWN_FORM.to_vec(), "a=~"),
        ("a field without a name", "/x", OWN_FORM.to_vec(), "=1"),
        ("a control character", "/x", OWN_FORM.to_vec(), "a=%00"),
        ("an address that is too long", far.as_str(), OWN_FORM.to_vec(), BODY),
    ] {
        let mut world = World::with_ended_session(ON);
        let writes = world.store.writes.get();
        let reply = world.send("POST", path, &headers, body).reply();
        assert_eq!(header(&reply, "x-samlgate-code"), Some("SG5019"), "{what}");
        assert_eq!(
            (reply.status, header(&reply, "content-type")),
            (401, Some("text/html; charset=utf-8")),
            "{what}"
        );
        assert_eq!((world.store.writes.get(), world.form_cookies()), (writes, 0), "{what}");
    }
}

#[test]
fn without_a_session_that_ended_nobody_takes_a_place() {
    let mut world = World::new(ON);
    assert_eq!(world.post("/x", BODY).code(), "SG5019", "never signed in");
    world.cookies.insert("__Host-samlgate".to_owned(), "1.AAAA".to_owned());
    assert_eq!(world.post("/x", BODY).code(), "SG5019", "made up");
    assert_eq!((world.store.writes.get(), world.form_cookies()), (0, 0));
    // And where nobody switched it on nothing is kept.
    let mut off = World::with_ended_session("");
    assert_eq!(off.post("/x", BODY).code(), "SG5010");
    assert!(
        matches!(off.get("/saml/form/x"), Came::Back(reply) if reply.status == 302),
        "an address like any other"
    );
}

#[test]
fn another_person_or_browser_does_not_see_it() {
    // Another person signs in.
    let mut world = World::with_ended_session(ON);
    let address = world.saved();
    let path = world.sign_in("mallory", &address);
    let reply = world.get(&path).reply();
    assert_eq!(header(&reply, "x-samlgate-code"), Some("SG5021"));
    assert!(!text(&reply).contains("summary"), "{}", text(&reply));
    assert_eq!(world.store.forms().len(), 1, "its sender may still come");
    // The same person in another browser: an address alone opens nothing, so nobody plants a form by a link.
    let mut thief = World {
        store: Rc::clone(&world.store),
        now: world.now,
        entropy: Counting(Cell::new(99)),
        ..World::new(ON)
    };
    thief.sign_in("alice", "/");
    assert_eq!(thief.get(&path).code(), "SG5020");
    assert_eq!(world.store.forms().len(), 1);
    // Without a session nothing is told; a script is not sent to sign in.
    let mut nobody = World { store: Rc::clone(&world.store), now: world.now, ..World::new(ON) };
    assert_eq!(nobody.get(&path).reply().status, 302);
    assert_eq!(nobody.send("GET", &path, &[("sec-fetch-mode", "cors")], "").code(), "SG5010");
    // The sender comes back.
    world.cookies.remove("__Host-samlgate");
    assert_eq!(world.sign_in("alice", &address), path);
    assert_eq!(world.get(&path).reply().status, 200);
}

#[test]
fn a_form_that_is_lost_says_so() {
    let mut world = World::with_ended_session(ON);
    let address = world.saved();
    world.now += 601;
    let path = world.sign_in("alice", &address);
    assert_eq!(world.get(&path).code(), "SG5020", "it has run out");
    for wrong in
        ["/saml/form/", "/saml/form/x", "/saml/form/../form/x", &format!("{path}x"), &format!("{path}/x")]
    {
        assert_eq!(world.get(wrong).code(), "SG5020", "{wrong}");
    }
    assert_eq!(world.post(&path, BODY).code(), "SG1010", "an address of ours takes no form");
    // Whoever may write the store makes a form disappear, but brings about nothing else.
    let mut world = World::with_ended_session(ON);
    let address = world.saved();
    let [key] = <[String; 1]>::try_from(world.store.forms()).unwrap();
    let path = world.sign_in("alice", &address);
    world.store.values.borrow_mut().get_mut(&key).unwrap().0[40] ^= 1;
    assert_eq!(world.get(&path).code(), "SG5020");
    // Two tabs of the same address: one of them gets it.
    let mut world = World::with_ended_session(ON);
    let address = world.saved();
    let path = world.sign_in("alice", &address);
    world.store.faults.borrow_mut().push_back(Answer::Conflict);
    assert_eq!(world.get(&path).code(), "SG5020");
}

#[test]
fn a_store_without_room_keeps_nothing() {
    let mut world = World::with_ended_session(r#", "saved_forms": { "max_forms": 1 }"#);
    let first = world.saved();
    assert_eq!(world.post("/x", BODY).code(), "SG5019", "the only place is taken");
    assert_eq!(world.form_cookies(), 1);
    let path = world.sign_in("alice", &first);
    assert_eq!(world.get(&path).reply().status, 200, "the first form is still whole");
    world.now += 9 * 3600;
    world.saved();
    world.now += 601;
    world.saved();
    assert_eq!(world.store.forms().len(), 1, "a form that has run out makes room");
    // Others are quicker, or the store does not work.
    for (faults, kept) in [
        (vec![Answer::Conflict], true),
        (vec![Answer::Conflict; 4], false),
        (vec![Answer::StoreFailed], false),
    ] {
        let mut world = World::with_ended_session(ON);
        world.store.faults.borrow_mut().extend(faults);
        let reply = world.post("/x", BODY).reply();
        assert_eq!((reply.status == 200, world.form_cookies() == 1), (kept, kept));
    }
}
