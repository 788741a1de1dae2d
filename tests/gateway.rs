//! Requests against a gateway without a host: what no browser and no identity provider can bring about from outside.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::cell::Cell;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use samlgate::base::{Budget, Code, EntropyFailure, EntropySource, Limits, Secret, UnixTime};
use samlgate::config::{self, Environment};
use samlgate::effect::{
    Answer, Ask, AskId, CryptoProvider, NothingStored, SignatureScheme, SigningFailure, SigningKey, Step,
    Tell, Verdict, VerificationKey, Version,
};
use samlgate::encoding::{base64, inflate};
use samlgate::flow::Turn;
use samlgate::gateway::{Exchange, Gateway, Host};
use samlgate::http::{HttpResponse, Reply, RequestHead};
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign, verify};

/// 2026-01-02T03:04:05Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);

const IDP: &str = "https://idp.example.org/metadata";

struct Counting(Cell<u8>);

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        self.0.set(self.0.get().wrapping_add(1));
        out.fill(self.0.get());
        Ok(())
    }
}

struct Broken;

impl EntropySource for Broken {
    fn fill(&self, _out: &mut [u8]) -> Result<(), EntropyFailure> {
        Err(EntropyFailure)
    }
}

fn host(entropy: &dyn EntropySource) -> Host<'_> {
    Host {
        now: NOW,
        uptime: core::time::Duration::ZERO,
        entropy,
        crypto: &RustCrypto,
        shared: &NothingStored,
    }
}

struct Variables(String);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "IDP_METADATA" => Some(self.0.clone()),
            "SESSION_KEY" => Some("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
            "SP_PRIVATE_KEY" => Some(include_str!("keys/p256.key.pem").to_owned()),
            "SP_CERTIFICATE" => Some(include_str!("keys/p256.crt.pem").to_owned()),
            _ => None,
        }
    }
}

/// A gateway for the identity provider `idp`, or for none.
fn gateway(idp: Option<&str>) -> Gateway {
    gateway_with(idp, "")
}

/// The same with more fields of `sp`.
fn gateway_with(idp: Option<&str>, sp: &str) -> Gateway {
    let root = env!("CARGO_MANIFEST_DIR");
    let metadata = fs::read_to_string(format!("{root}/tests/vectors/config_idp/good.xml")).unwrap();
    assert!(metadata.contains(IDP));
    let metadata = metadata.replace(IDP, idp.unwrap_or_default());
    let idp = if idp.is_some() {
        r#""idp": { "metadata": { "environment_variable": "IDP_METADATA" } },"#
    } else {
        ""
    };
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com"{sp} }},
            {idp} "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }} }}"#
    );
    let (settings, _) = config::load(text.as_bytes(), &Variables(metadata), NOW).unwrap();
    Gateway::new(Rc::new(settings))
}

fn head(headers: &[(&str, &str)]) -> RequestHead {
    let own = [(":authority", "jira.example.com"), (":scheme", "https"), ("accept", "text/html")];
    let pairs = own.iter().chain(headers);
    RequestHead::new(pairs.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect())
}

fn page() -> RequestHead {
    head(&[(":method", "GET"), (":path", "/browse"), ("sec-fetch-mode", "navigate")])
}

fn ended(step: Step<Exchange>) -> (Reply, Option<Code>) {
    let Step::End { verdict: Verdict::Reply(reply), tells } = step else { panic!("{step:?}") };
    let code = tells.iter().find_map(|tell| match tell {
        Tell::Event(event) => event.code,
        Tell::Audit(_) | Tell::Called { .. } | Tell::Gauge { .. } => None,
        Tell::Count { .. } => None,
    });
    (reply, code)
}

fn value<'a>(reply: &'a Reply, name: &str) -> &'a str {
    &reply.headers.iter().find(|(have, _)| have == name).unwrap_or_else(|| panic!("{name}")).1
}

/// Starts a sign-in; returns its cookie and the parameters for the identity provider.
fn started(gateway: &mut Gateway) -> (String, Vec<(String, String)>) {
    let (reply, code) = ended(gateway.start(page(), &host(&Counting(Cell::new(0)))));
    assert_eq!((reply.status, code), (302, None));
    let cookie = value(&reply, "set-cookie").split(';').next().unwrap().to_owned();
    let query = value(&reply, "location").split_once('?').unwrap().1;
    (cookie, form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

fn parameter(parameters: &[(String, String)], name: &str) -> String {
    parameters.iter().find(|(have, _)| have == name).unwrap_or_else(|| panic!("{name}")).1.clone()
}

/// What a browser posts: the answer in `xml`.
fn form(xml: &str, relay_state: &str) -> Answer {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("SAMLResponse", &base64::encode(xml.as_bytes())).append_pair("RelayState", relay_state);
    Answer::RequestBody(form.finish().into_bytes())
}

/// An honest answer of the identity provider to the request in `parameters`.
fn honest_response(parameters: &[(String, String)]) -> String {
    let request = base64::decode_strict(&parameter(parameters, "SAMLRequest")).unwrap();
    let request = String::from_utf8(inflate::inflate_raw(&request, 65_536).unwrap()).unwrap();
    let request_id = request.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap();
    let now = NOW.to_xs_date_time();
    let ends = NOW.saturating_add(Duration::from_secs(300)).to_xs_date_time();
    let xml = format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{now}" Destination="https://jira.example.com/saml/acs" InResponseTo="{request_id}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a" Version="2.0" IssueInstant="{now}"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID>alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="https://jira.example.com/saml/acs" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>https://jira.example.com/saml/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion></samlp:Response>"#
    );
    let key =
        fs::read_to_string(format!("{}/tests/keys/rsa2048.key.pem", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let request = sign::SigningRequest {
        key: &parse_signing_key(&Secret::new(key)).unwrap(),
        scheme: SignatureScheme::RsaSha256,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(&xml, &request, &RustCrypto).unwrap()
}

/// Posts to the assertion consumer service up to where the body is asked for.
fn posted(gateway: &mut Gateway, cookie: &str) -> (Exchange, AskId) {
    let post = head(&[
        (":method", "POST"),
        (":path", "/saml/acs"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", cookie),
    ]);
    let step = gateway.start(post, &host(&Broken));
    let Step::Wait { state, asks, .. } = step else { panic!("{step:?}") };
    let [(id, Ask::RequestBody { .. })] = asks.as_slice() else { panic!("{asks:?}") };
    (state, *id)
}

/// Signs until it fails, and counts.
struct Signing {
    asked: Cell<u32>,
    fails: bool,
}

impl CryptoProvider for Signing {
    fn verify(&self, _: SignatureScheme, _: &VerificationKey, _: &[u8], _: &[u8]) -> bool {
        panic!("nothing is to be verified")
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        key: &SigningKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningFailure> {
        self.asked.set(self.asked.get() + 1);
        if self.fails { Err(SigningFailure) } else { RustCrypto.sign(scheme, key, message) }
    }
}

const SIGNED_METADATA: &str = r#", "sign_metadata": true, "signing": { "algorithm": "ECDSA_SHA256",
    "private_key": { "environment_variable": "SP_PRIVATE_KEY" },
    "certificate": { "environment_variable": "SP_CERTIFICATE" } }"#;

fn metadata_request() -> RequestHead {
    head(&[(":method", "GET"), (":path", "/saml/metadata")])
}

#[test]
fn metadata_is_signed_once_however_often_it_is_asked_for() {
    let mut gateway = gateway_with(None, SIGNED_METADATA);
    let crypto = Signing { asked: Cell::new(0), fails: false };
    let mut ask = || {
        let host = Host { crypto: &crypto, ..host(&Broken) };
        ended(gateway.start(metadata_request(), &host)).0
    };
    let first = ask();
    assert_eq!((first.status, value(&first, "content-type")), (200, "application/samlmetadata+xml"));
    assert_eq!(ask().body, first.body);
    assert_eq!(crypto.asked.get(), 1);
    let source = Source::check(&first.body, &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let key = Certificate::parse(include_str!("keys/p256.crt.pem")).unwrap().key().clone();
    let policy = AlgorithmPolicy::STRONG;
    let mut budget = Budget::new(1);
    let root = document.root();
    let signed = verify(root, &[key], &policy, &RustCrypto, &Limits::DEFAULT, &mut budget).unwrap();
    assert!(signed.octets().contains("entityID=\"https://jira.example.com/saml/metadata\""));
}

#[test]
fn metadata_that_cannot_be_signed_is_not_served_unsigned() {
    let mut gateway = gateway_with(None, SIGNED_METADATA);
    let crypto = Signing { asked: Cell::new(0), fails: true };
    let host = Host { crypto: &crypto, ..host(&Broken) };
    let (reply, code) = ended(gateway.start(metadata_request(), &host));
    assert_eq!(code, Some(Code::SigningFailed));
    assert!(reply.status >= 500, "{}", reply.status);
    assert!(!String::from_utf8(reply.body).unwrap().contains("EntityDescriptor"));
}

#[test]
fn without_an_identity_provider_nobody_is_sent_anywhere() {
    let (reply, code) = ended(gateway(None).start(page(), &host(&Counting(Cell::new(0)))));
    assert_eq!((reply.status, code), (503, Some(Code::IdpNotConfigured)));
}

#[test]
fn without_randomness_no_sign_in_starts() {
    let (reply, code) = ended(gateway(Some(IDP)).start(page(), &host(&Broken)));
    assert_eq!((reply.status, code), (503, Some(Code::EntropyUnavailable)));
    assert!(reply.headers.iter().all(|(name, _)| name != "set-cookie"));
}

#[test]
fn a_sign_in_does_not_outlive_its_identity_provider() {
    let (cookie, parameters) = started(&mut gateway(Some(IDP)));
    let mut other = gateway(Some("https://other.example.com/metadata"));
    let (exchange, id) = posted(&mut other, &cookie);
    let body = form(&honest_response(&parameters), &parameter(&parameters, "RelayState"));
    let (reply, code) = ended(other.answer(exchange, id, body, &host(&Broken)));
    assert_eq!((reply.status, code), (403, Some(Code::IssuerUnknown)));
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_request() {
    let mut gateway = gateway(Some(IDP));
    let (cookie, _) = started(&mut gateway);
    for answer in [Answer::Swapped, Answer::Conflict, Answer::StoreFailed] {
        let (exchange, id) = posted(&mut gateway, &cookie);
        let (_, code) = ended(gateway.answer(exchange, id, answer, &host(&Broken)));
        assert_eq!(code, Some(Code::HostCallFailed));
    }
}

/// Without a claim on the assertion it might be used twice, so a broken store lets nobody in.
#[test]
fn without_the_store_of_used_assertions_nobody_gets_in() {
    let mut gateway = gateway(Some(IDP));
    let (cookie, parameters) = started(&mut gateway);
    let entropy = Counting(Cell::new(100));
    let ask = |step: Step<Exchange>| {
        let Step::Wait { state, asks, .. } = step else { panic!("{step:?}") };
        let [(id, ask)] = <[_; 1]>::try_from(asks).unwrap();
        (state, id, ask)
    };
    let body = form(&honest_response(&parameters), &parameter(&parameters, "RelayState"));
    let loading = |gateway: &mut Gateway| {
        let (exchange, id) = posted(gateway, &cookie);
        let (exchange, id, asked) = ask(gateway.answer(exchange, id, body.clone(), &host(&entropy)));
        assert!(matches!(asked, Ask::Load { .. }), "{asked:?}");
        (exchange, id)
    };
    let empty = Answer::Loaded { value: None, version: Version::Absent };

    let (exchange, id) = loading(&mut gateway);
    let (reply, code) = ended(gateway.answer(exchange, id, Answer::StoreFailed, &host(&entropy)));
    assert_eq!((reply.status, code), (503, Some(Code::ReplayStoreUnavailable)));
    assert!(!reply.headers.iter().any(|(_, value)| value.starts_with("__Host-samlgate=")));

    let (exchange, id) = loading(&mut gateway);
    let (exchange, id, asked) = ask(gateway.answer(exchange, id, empty.clone(), &host(&entropy)));
    assert!(matches!(asked, Ask::CompareAndSwap { expected: Version::Absent, .. }), "{asked:?}");
    let (reply, code) = ended(gateway.answer(exchange, id, Answer::StoreFailed, &host(&entropy)));
    assert_eq!((reply.status, code), (503, Some(Code::ReplayStoreUnavailable)));

    let (exchange, id) = loading(&mut gateway);
    let (exchange, id, _) = ask(gateway.answer(exchange, id, empty, &host(&entropy)));
    let (reply, code) = ended(gateway.answer(exchange, id, Answer::Swapped, &host(&entropy)));
    assert_eq!((reply.status, code), (303, None), "the same answer gets in where the store works");
    assert!(reply.headers.iter().any(|(_, value)| value.starts_with("__Host-samlgate=")));
}

/// A gateway with `fields` on top of the least.
fn gateway_for(fields: &str) -> Gateway {
    let root = env!("CARGO_MANIFEST_DIR");
    let metadata = fs::read_to_string(format!("{root}/tests/vectors/config_idp/good.xml")).unwrap();
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" }},
            "idp": {{ "metadata": {{ "environment_variable": "IDP_METADATA" }} }},
            "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }}, {fields} }}"#
    );
    let (settings, _) = config::load(text.as_bytes(), &Variables(metadata), NOW).unwrap();
    Gateway::new(Rc::new(settings))
}

/// Paths that lead to sign-in, of `paths`.
fn leading<'p>(gateway: &mut Gateway, paths: &[&'p str]) -> Vec<&'p str> {
    let leads = |path: &&&str| {
        let page = head(&[(":method", "GET"), (":path", path), ("sec-fetch-mode", "navigate")]);
        match gateway.start(page, &host(&Counting(Cell::new(0)))) {
            Step::End { verdict: Verdict::Forward(_), .. } => false,
            Step::End { verdict: Verdict::Reply(reply), .. } => reply.status == 302,
            other => panic!("{other:?}"),
        }
    };
    paths.iter().filter(leads).copied().collect()
}

#[test]
fn r3_portals_say_which_pages_lead_to_sign_in() {
    let seven = "/servicedesk/customer/portal/7";
    let pages = [
        seven,
        "/servicedesk/customer/portal/7/create/3",
        "/servicedesk/customer/portal/7/user/visitportal",
        "//servicedesk/customer/./portal/%37?x=/portal/8",
        "/servicedesk/customer/portal/77",
        "/servicedesk/customer/portal/8/user/visitportal",
        "/servicedesk/customer/portals",
        "/servicedesk/customer/user/login?destination=portal/7",
        "/servicedesk/customers",
        "/browse/X-1",
    ];
    let [_, create, visit, odd, seventy, eight, list, login, other, browse] = pages;
    let own = [seven, create, visit, odd];
    let rest = [seventy, eight, list];
    let always = [other, browse];
    for (portals, expected) in [
        (r#"{ "all": {} }"#, [&own[..], &rest, &[login], &always].concat()),
        (r#"{ "none": {} }"#, always.to_vec()),
        (r#"{ "only": { "ids": [7] } }"#, [&own[..], &always].concat()),
        (r#"{ "all_except": { "ids": [7] } }"#, [&rest[..], &always].concat()),
        (r#"{ "only": { "ids": [7, 77] } }"#, [&own[..], &[seventy], &always].concat()),
    ] {
        let mut gateway = gateway_for(&format!(r#""portals": {portals}"#));
        assert_eq!(leading(&mut gateway, &pages), expected, "{portals}");
    }
}

/// Java's `Integer` reads all of these as 7, so the application would show the portal.
#[test]
fn a_portal_cannot_be_reached_by_another_spelling_of_its_number() {
    let odd = [
        "/servicedesk/customer/portal/07",
        "/servicedesk/customer/portal/+7/create/3",
        "/servicedesk/customer/portal/%2B7",
        "/servicedesk/customer/portal/%D9%A7",
        "/servicedesk/customer/portal/007/user/visitportal",
        "/servicedesk/customer/portal/7%20",
        "/servicedesk/customer/portal/8/../7;x=1",
    ];
    let mut gateway = gateway_for(r#""portals": { "only": { "ids": [7] } }"#);
    assert_eq!(leading(&mut gateway, &odd), odd);
    let open = [
        "/servicedesk/customer/portal/8",
        "/servicedesk/customer/portal/70/07",
        "/servicedesk/customer/portal",
    ];
    assert!(leading(&mut gateway, &open).is_empty());
    // The others are protected as it is.
    let mut gateway = gateway_for(r#""portals": { "all_except": { "ids": [7] } }"#);
    assert_eq!(leading(&mut gateway, &odd[..6]), odd[..6]);
}

#[test]
fn portals_come_after_the_rules_but_before_one_for_everything() {
    let rules = r#""rules": [
        { "match": { "path": { "path_separated_prefix": "/servicedesk/customer/portal/9" } }, "access": "OPTIONAL" },
        { "match": {}, "access": "OPTIONAL" }, { "match": {}, "access": "PROTECT" } ]"#;
    let mut gateway = gateway_for(&format!(r#"{rules}, "portals": {{ "all": {{}} }}"#));
    let pages =
        ["/servicedesk/customer/portal/7", "/servicedesk/customer/portal/9", "/browse", "/servicedesk/agent"];
    // only customers are sent to sign in, but for one portal
    assert_eq!(leading(&mut gateway, &pages), ["/servicedesk/customer/portal/7"]);
}

#[test]
fn portals_lie_below_the_context_path_of_the_application() {
    let jira = r#""provisioning": { "jira_dc": { "cluster": "jira", "authority": "jira.example.com", "path_prefix": "/jira" } }"#;
    let mut gateway = gateway_for(&format!(r#"{jira}, "portals": {{ "none": {{}} }}"#));
    let pages = ["/jira/servicedesk/customer/portal/7", "/servicedesk/customer/portal/7"];
    assert_eq!(leading(&mut gateway, &pages), ["/servicedesk/customer/portal/7"]);
}

/// Performs the turns of a gateway's chores with a store of one value until it calls somebody; that call's number.
fn until_call(
    gateway: &mut Gateway,
    store: &mut (u32, Option<Vec<u8>>),
    first: Turn,
    host: &Host<'_>,
) -> Option<AskId> {
    let mut asks = first.asks;
    while let Some((id, ask)) = asks.pop() {
        let answer = match ask {
            Ask::HttpCall(_) => return Some(id),
            Ask::Load { .. } => {
                let version = if store.0 == 0 { Version::Absent } else { Version::Token(store.0) };
                Answer::Loaded { value: store.1.clone(), version }
            }
            Ask::CompareAndSwap { value, .. } => {
                *store = (store.0 + 1, Some(value));
                Answer::Swapped
            }
            other => panic!("{other:?}"),
        };
        asks.extend(gateway.chore_answer(id, answer, host).asks);
    }
    None
}

#[test]
fn sign_in_waits_for_metadata_and_an_unknown_key_has_it_fetched_again() {
    let text = format!(
        r#"{{ "sp": {{ "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" }},
            "idp": {{ "entity_id": "{IDP}", "remote_metadata": {{ "uri": "{IDP}", "cluster": "idp" }} }},
            "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }} }}"#
    );
    let (settings, _) = config::load(text.as_bytes(), &Variables(String::new()), NOW).unwrap();
    let mut gateway = Gateway::new(Rc::new(settings));
    let entropy = Counting(Cell::new(0));
    let at = |seconds| Host {
        now: NOW.saturating_add(Duration::from_secs(seconds)),
        uptime: Duration::from_secs(seconds),
        ..host(&entropy)
    };
    // A page to read, which says when to come back.
    let (reply, code) = ended(gateway.start(page(), &at(0)));
    assert_eq!((reply.status, code), (503, Some(Code::MetadataUnavailable)));
    assert_eq!(value(&reply, "retry-after"), "10");

    let mut store = (0, None);
    let good =
        fs::read_to_string(format!("{}/tests/vectors/config_idp/good.xml", env!("CARGO_MANIFEST_DIR")))
            .unwrap();
    let have = include_str!("keys/rsa2048.crt.pem").lines().filter(|line| !line.starts_with("-----"));
    let next = include_str!("keys/rsa2048_other.crt.pem").lines().filter(|line| !line.starts_with("-----"));
    let (have, other) = (have.collect::<String>(), next.collect::<String>());
    let plain: String = good.split_ascii_whitespace().collect::<Vec<_>>().join(" ").replace(' ', "");
    assert!(plain.contains(&have), "the identity provider of these tests signs with the key `rsa2048`");
    let document = |certificate: &str| {
        format!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
        )
    };
    let serve = |certificate: &str| {
        Answer::HttpResponse(HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: document(certificate).into_bytes(),
        })
    };
    let fetch = |gateway: &mut Gateway, store: &mut _, host: &Host<'_>| {
        let turn = gateway.tick(host);
        until_call(gateway, store, turn, host)
    };
    let call = fetch(&mut gateway, &mut store, &at(0)).expect("a fetch");
    let turn = gateway.chore_answer(call, serve(&other), &at(1));
    assert_eq!(until_call(&mut gateway, &mut store, turn, &at(1)), None);

    // The identity provider has changed its key since, so its answer is not believed.
    let (cookie, parameters) = started(&mut gateway);
    let body = form(&honest_response(&parameters), &parameter(&parameters, "RelayState"));
    let post = |gateway: &mut Gateway| {
        let (exchange, id) = posted(gateway, &cookie);
        gateway.answer(exchange, id, body.clone(), &at(120))
    };
    assert_eq!(fetch(&mut gateway, &mut store, &at(119)), None, "nobody had a reason");
    let (reply, code) = ended(post(&mut gateway));
    assert_eq!((reply.status, code), (403, Some(Code::SignatureInvalid)));
    let call = fetch(&mut gateway, &mut store, &at(121)).expect("an unknown key is a reason");
    let turn = gateway.chore_answer(call, serve(&have), &at(121));
    assert_eq!(until_call(&mut gateway, &mut store, turn, &at(121)), None);
    // The person tries again.
    let step = post(&mut gateway);
    assert!(matches!(step, Step::Wait { .. }), "{step:?}");
}
