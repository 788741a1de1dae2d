//! Sign-ins whose answer is fetched for an artifact (bindings 3.6; profiles 5), against a gateway without a host: what is
//! fetched, from whom, and what of it is believed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]
#![allow(missing_docs, reason = "a test")]

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use samlgate::base::{Budget, EntropyFailure, EntropySource, Limits, Secret, UnixTime};
use samlgate::config::{self, Environment};
use samlgate::effect::{
    Answer, Ask, CallFailure, SharedData, SignatureScheme, Step, StoreFailure, Verdict, Version,
};
use samlgate::encoding::{base64, inflate, percent};
use samlgate::gateway::{Gateway, Host};
use samlgate::http::{HttpCall, HttpResponse, Reply, RequestHead};
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::{AlgorithmPolicy, DigestAlgorithm};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign, verify};

/// 2026-01-02T03:04:05Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);
const IDP: &str = "https://idp.example.org/metadata";
const ACS: &str = "https://jira.example.com/saml/acs";
const SP: &str = "https://jira.example.com/saml/metadata";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SERVICE: &str = r#"<md:ArtifactResolutionService xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://back.example.org:8443/artifact?tenant=1" index="3"/>"#;
const ON: &str = r#", "artifact_resolution": { "cluster": "idp_back" }"#;

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
            "IDP_METADATA" => {
                let metadata =
                    fs::read_to_string(format!("{root}/tests/vectors/config_idp/good.xml")).unwrap();
                let end = metadata
                    .find("</md:IDPSSODescriptor>")
                    .or_else(|| metadata.find("</IDPSSODescriptor>"))
                    .unwrap();
                let (before, after) = metadata.split_at(end);
                Some(format!("{before}{SERVICE}{after}"))
            }
            "SESSION_KEY" => Some("C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=".to_owned()),
            "SP_PRIVATE_KEY" => Some(include_str!("keys/p256.key.pem").to_owned()),
            "SP_CERTIFICATE" => Some(include_str!("keys/p256.crt.pem").to_owned()),
            _ => None,
        }
    }
}

struct NothingStored;

impl SharedData for NothingStored {
    fn read(&self, _key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(None)
    }
}

struct World {
    gateway: Gateway,
    entropy: Counting,
    cookies: BTreeMap<String, String>,
    /// Calls to the identity provider.
    calls: Vec<HttpCall>,
    /// Uses of assertions.
    used: BTreeMap<String, Vec<u8>>,
}

/// A sign-in under way.
struct Started {
    request_id: String,
    relay_state: String,
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

fn code(reply: &Reply) -> &str {
    header(reply, "x-samlgate-code").unwrap_or_else(|| panic!("{}", reply.status))
}

impl World {
    fn new(idp: &str, sp: &str) -> Self {
        let text = format!(
            r#"{{ "sp": {{ "entity_id": "{SP}", "base_uri": "https://jira.example.com"{sp} }},
                "idp": {{ "metadata": {{ "environment_variable": "IDP_METADATA" }}{idp} }},
                "session": {{ "keys": [{{ "environment_variable": "SESSION_KEY" }}] }} }}"#
        );
        let (settings, _) = config::load(text.as_bytes(), &Variables, NOW).unwrap();
        Self {
            gateway: Gateway::new(Rc::new(settings)),
            entropy: Counting(Cell::new(1)),
            cookies: BTreeMap::new(),
            calls: Vec::new(),
            used: BTreeMap::new(),
        }
    }

    /// Sends a request; `service` answers calls.
    fn send(&mut self, method: &str, path: &str, body: &str, service: &dyn Fn(&HttpCall) -> Answer) -> Reply {
        let cookie: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = cookie.join("; ");
        let head = [
            (":authority", "jira.example.com"),
            (":scheme", "https"),
            (":method", method),
            (":path", path),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
        ];
        let head = head.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let uptime = Duration::from_secs(1);
        let host =
            Host { now: NOW, uptime, entropy: &self.entropy, crypto: &RustCrypto, shared: &NothingStored };
        let mut step = self.gateway.start(RequestHead::new(head.to_vec()), &host);
        let mut open = VecDeque::new();
        let reply = loop {
            match step {
                Step::End { verdict: Verdict::Reply(reply), .. } => break reply,
                Step::End { .. } => panic!("forwarded"),
                Step::Wait { state, asks, .. } => {
                    open.extend(asks);
                    let (id, ask) = open.pop_front().unwrap();
                    let answer = match ask {
                        Ask::RequestBody { .. } => Answer::RequestBody(body.as_bytes().to_vec()),
                        Ask::HttpCall(call) => {
                            let answer = service(&call);
                            self.calls.push(call);
                            answer
                        }
                        Ask::Load { key } => match self.used.get(&key) {
                            Some(value) => {
                                Answer::Loaded { value: Some(value.clone()), version: Version::Token(1) }
                            }
                            None => Answer::Loaded { value: None, version: Version::Absent },
                        },
                        Ask::CompareAndSwap { key, value, .. } => {
                            self.used.insert(key, value);
                            Answer::Swapped
                        }
                        other => panic!("{other:?}"),
                    };
                    step = self.gateway.answer(state, id, answer, &host);
                }
            }
        };
        for (_, line) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    fn start(&mut self) -> (Started, String) {
        let reply = self.send("GET", "/browse/X-1", "", &|call| panic!("{call:?}"));
        assert_eq!(reply.status, 302);
        let query = header(&reply, "location").unwrap().split_once('?').unwrap().1;
        let parameters: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = base64::decode_strict(&parameters["SAMLRequest"]).unwrap();
        let request = String::from_utf8(inflate::inflate_raw(&request, 65_536).unwrap()).unwrap();
        let request_id = request.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        (Started { request_id, relay_state: parameters["RelayState"].clone() }, request)
    }

    /// What comes of an artifact of the identity provider that brings `answer`.
    fn resolved(&mut self, started: &Started, answer: &dyn Fn(&HttpCall) -> Answer) -> Reply {
        self.send("GET", &query(&artifact(IDP, 3), &started.relay_state), "", answer)
    }

    fn has_session(&self) -> bool {
        self.cookies.contains_key("__Host-samlgate")
    }
}

fn artifact(entity_id: &str, index: u16) -> String {
    let source = DigestAlgorithm::Sha1.digest(entity_id.as_bytes());
    base64::encode(&[&[0, 4][..], &index.to_be_bytes(), &source, &[7; 20]].concat())
}

fn query(artifact: &str, relay_state: &str) -> String {
    format!(
        "/saml/acs?SAMLart={}&RelayState={}",
        percent::query_component(artifact),
        percent::query_component(relay_state)
    )
}

/// `xml` with an enveloped signature of the key in `tests/keys`.
fn signed(xml: &str, key: &str) -> String {
    let key = fs::read_to_string(format!("{}/tests/keys/{key}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let request = sign::SigningRequest {
        key: &parse_signing_key(&Secret::new(key)).unwrap(),
        scheme: SignatureScheme::RsaSha256,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(xml, &request, &RustCrypto).unwrap()
}

const OURS: &str = "rsa2048.key.pem";
const FOREIGN: &str = "rsa2048_other.key.pem";

/// An honest response to the AuthnRequest `request_id`, unsigned.
fn response(request_id: &str) -> String {
    let at = NOW.to_xs_date_time();
    let ends = NOW.saturating_add(Duration::from_secs(300)).to_xs_date_time();
    format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{at}" Destination="{ACS}" InResponseTo="{request_id}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a" Version="2.0" IssueInstant="{at}"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID>alice</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{ACS}" InResponseTo="{request_id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion></samlp:Response>"#
    )
}

/// The ID of the `ArtifactResolve` in `call`.
fn asked(call: &HttpCall) -> String {
    let body = String::from_utf8(call.body.clone()).unwrap();
    body.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// An honest `ArtifactResponse` around `message`.
fn artifact_response(call: &HttpCall, message: &str) -> String {
    format!(
        r#"<samlp:ArtifactResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_ar" Version="2.0" IssueInstant="{}" InResponseTo="{}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{message}</samlp:ArtifactResponse>"#,
        NOW.to_xs_date_time(),
        asked(call)
    )
}

fn envelope(message: &str) -> String {
    format!(r#"<e:Envelope xmlns:e="{SOAP}"><e:Header/><e:Body>{message}</e:Body></e:Envelope>"#)
}

fn answers(status: u16, body: &str) -> Answer {
    Answer::HttpResponse(HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

#[test]
fn the_response_is_fetched_from_the_identity_provider_that_was_asked() {
    for by_form in [false, true] {
        let mut world = World::new(ON, "");
        let (started, request) = world.start();
        assert!(
            request.contains(r#"ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact""#),
            "{request}"
        );
        let asked_for = world.cookies.clone();
        let message = signed(&response(&started.request_id), OURS);
        let honest = |call: &HttpCall| answers(200, &envelope(&artifact_response(call, &message)));
        let reply = if by_form {
            let path = query(&artifact(IDP, 3), &started.relay_state);
            world.send("POST", "/saml/acs", path.split_once('?').unwrap().1, &honest)
        } else {
            world.resolved(&started, &honest)
        };
        assert_eq!((reply.status, header(&reply, "location")), (303, Some("/browse/X-1")));
        assert!(world.has_session());
        let [call] = world.calls.as_slice() else { panic!("one call") };
        assert_eq!(
            (call.cluster.as_str(), call.authority.as_str(), call.method, call.path.as_str()),
            ("idp_back", "back.example.org:8443", "POST", "/artifact?tenant=1")
        );
        assert_eq!(call.timeout, Duration::from_secs(10));
        let body = String::from_utf8(call.body.clone()).unwrap();
        for part in [
            format!("<samlp:Artifact>{}</samlp:Artifact>", artifact(IDP, 3)).as_str(),
            format!("<saml:Issuer>{SP}</saml:Issuer>").as_str(),
            r#"Destination="https://back.example.org:8443/artifact?tenant=1""#,
        ] {
            assert!(body.contains(part), "{part}\n{body}");
        }
        // The same answer a second time is a replay, whoever fetched it.
        world.cookies = asked_for;
        let again = world.resolved(&started, &honest);
        assert_eq!(code(&again), "SG5004");
    }
}

#[test]
fn what_we_ask_for_is_signed_and_a_signed_answer_is_verified() {
    let signing = r#", "signing": { "algorithm": "ECDSA_SHA256", "private_key": { "environment_variable": "SP_PRIVATE_KEY" }, "certificate": { "environment_variable": "SP_CERTIFICATE" } }"#;
    let mut world = World::new(
        r#", "artifact_resolution": { "cluster": "c", "authority": "idp.internal", "timeout": "2s" }"#,
        signing,
    );
    let (started, _) = world.start();
    let message = signed(&response(&started.request_id), OURS);
    let reply = world.resolved(&started, &|call| {
        answers(200, &envelope(&signed(&artifact_response(call, &message), OURS)))
    });
    assert_eq!(reply.status, 303, "{}", String::from_utf8_lossy(&reply.body));
    let call = world.calls.first().unwrap();
    assert_eq!((call.authority.as_str(), call.timeout), ("idp.internal", Duration::from_secs(2)));
    let source = Source::check(&call.body, &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let body = document.root().child(SOAP, "Body").unwrap().unwrap();
    let resolve = body.children().next().unwrap();
    let key = Certificate::parse(include_str!("keys/p256.crt.pem")).unwrap().key().clone();
    let mut budget = Budget::new(1);
    let policy = AlgorithmPolicy::STRONG;
    let verified = verify(resolve, &[key], &policy, &RustCrypto, &Limits::DEFAULT, &mut budget).unwrap();
    assert!(verified.octets().contains(&artifact(IDP, 3)));
}

#[test]
fn nothing_that_is_fetched_is_believed_for_where_it_came_from() {
    type Edit = Box<dyn Fn(&HttpCall, &str) -> Answer>;
    let edited = |from: &'static str, to: &'static str| -> Edit {
        Box::new(move |call, message| {
            let honest = artifact_response(call, &signed(message, OURS));
            let (head, tail) = honest.split_once("<samlp:Response").unwrap();
            assert!(head.contains(from), "{from}");
            answers(200, &envelope(&format!("{}<samlp:Response{tail}", head.replacen(from, to, 1))))
        })
    };
    let around = |make: fn(&HttpCall, &str) -> String| -> Edit {
        Box::new(move |call, message| answers(200, &make(call, &signed(message, OURS))))
    };
    let inside = |make: fn(&str) -> String| -> Edit {
        Box::new(move |call, message| answers(200, &envelope(&artifact_response(call, &make(message)))))
    };
    let cases: Vec<(&str, &str, Edit)> = vec![
        ("no signature on the response", "SG3001", inside(str::to_owned)),
        ("a response that a foreign key signed", "SG3", inside(|message| signed(message, FOREIGN))),
        (
            "a response that was changed",
            "SG3",
            inside(|message| signed(message, OURS).replace(">alice<", ">admin<")),
        ),
        (
            "only the envelope is signed",
            "SG3001",
            Box::new(|call, message| {
                answers(200, &envelope(&signed(&artifact_response(call, message), OURS)))
            }),
        ),
        (
            "a foreign key signed the envelope",
            "SG4049",
            Box::new(|call, message| {
                answers(200, &envelope(&signed(&artifact_response(call, &signed(message, OURS)), FOREIGN)))
            }),
        ),
        ("another request is answered", "SG4049", edited("InResponseTo=\"", "InResponseTo=\"x")),
        ("no request is answered", "SG4049", edited("InResponseTo=", "Consent=")),
        ("another issuer", "SG4049", edited(IDP, "https://evil.example.org/metadata")),
        ("no issuer", "SG4049", edited("<saml:Issuer>https://idp.example.org/metadata</saml:Issuer>", "")),
        (
            "another destination",
            "SG4049",
            edited("Version=\"2.0\"", "Version=\"2.0\" Destination=\"https://evil.example.org/acs\""),
        ),
        ("another version", "SG4049", edited("Version=\"2.0\"", "Version=\"1.1\"")),
        ("no ID", "SG4049", edited(" ID=\"_ar\"", "")),
        ("the same ID as the response's", "SG4049", edited("\"_ar\"", "\"_r\"")),
        ("another status", "SG4049", edited("status:Success", "status:Requester")),
        (
            "no status",
            "SG4049",
            edited(
                "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>",
                "",
            ),
        ),
        ("no message", "SG4049", inside(|_| String::new())),
        (
            "two messages",
            "SG4049",
            inside(|message| {
                [
                    signed(message, OURS),
                    signed(&message.replace("\"_r\"", "\"_s\"").replace("\"_a\"", "\"_b\""), OURS),
                ]
                .concat()
            }),
        ),
        (
            "another kind of message",
            "SG4049",
            inside(|message| signed(&message.replace("samlp:Response", "samlp:LogoutResponse"), OURS)),
        ),
        ("a bare response", "SG4049", around(|_, message| message.to_owned())),
        ("a response without its wrapping", "SG4049", around(|_, message| envelope(message))),
        ("no envelope", "SG4049", around(artifact_response)),
        (
            "another envelope",
            "SG4049",
            around(|call, message| {
                envelope(&artifact_response(call, message))
                    .replace(SOAP, "http://www.w3.org/2003/05/soap-envelope")
            }),
        ),
        (
            "two answers",
            "SG4049",
            around(|call, message| {
                envelope(
                    &[
                        artifact_response(call, message),
                        artifact_response(call, "").replace("\"_ar\"", "\"_as\""),
                    ]
                    .concat(),
                )
            }),
        ),
        (
            "a fault",
            "SG4049",
            around(|_, _| {
                envelope(
                    "<e:Fault xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><faultcode>e:Client</faultcode></e:Fault>",
                )
            }),
        ),
        (
            "a document type",
            "SG4049",
            around(|call, message| format!("<!DOCTYPE x>{}", envelope(&artifact_response(call, message)))),
        ),
        (
            "cut short",
            "SG4049",
            around(|call, message| envelope(&artifact_response(call, message))[..900].to_owned()),
        ),
        (
            "too large",
            "SG4049",
            around(|call, message| {
                format!("{}<!--{}-->", envelope(&artifact_response(call, message)), "x".repeat(300_000))
            }),
        ),
        ("nothing", "SG4049", around(|_, _| String::new())),
        ("a page", "SG4049", around(|_, _| String::from("<html><body>Sign in</body></html>"))),
        (
            "an error's status",
            "SG4049",
            Box::new(|call, message| {
                answers(500, &envelope(&artifact_response(call, &signed(message, OURS))))
            }),
        ),
        (
            "a redirect",
            "SG4049",
            Box::new(|call, message| {
                answers(302, &envelope(&artifact_response(call, &signed(message, OURS))))
            }),
        ),
        ("silence", "SG4049", Box::new(|_, _| Answer::HttpFailed(CallFailure::NoAnswer))),
        ("no cluster", "SG4049", Box::new(|_, _| Answer::HttpFailed(CallFailure::NotSent))),
    ];
    for (what, expected, answer) in cases {
        let mut world = World::new(ON, "");
        let (started, _) = world.start();
        let message = response(&started.request_id);
        let reply = world.resolved(&started, &|call| answer(call, &message));
        assert!(code(&reply).starts_with(expected), "{what}: {}", code(&reply));
        assert!(!world.has_session() && world.used.is_empty(), "{what}");
    }
    // A response to another browser's request, honestly signed and honestly fetched.
    let mut world = World::new(ON, "");
    let (started, _) = world.start();
    let message = signed(&response("_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), OURS);
    let reply = world.resolved(&started, &|call| answers(200, &envelope(&artifact_response(call, &message))));
    assert!(code(&reply).starts_with("SG40") && !world.has_session(), "{}", code(&reply));
}

#[test]
fn nobody_makes_us_call_whom_we_did_not_ask() {
    let never = |call: &HttpCall| -> Answer { panic!("{call:?}") };
    let mut world = World::new(ON, "");
    let (started, _) = world.start();
    let good = artifact(IDP, 3);
    let relay_state = &started.relay_state;
    for (what, path, expected) in [
        ("another issuer", query(&artifact("https://evil.example.org/metadata", 3), relay_state), "SG4048"),
        ("an index that the metadata does not have", query(&artifact(IDP, 0), relay_state), "SG4049"),
        ("another type", query(&good.replacen("AAQ", "AAE", 1), relay_state), "SG4047"),
        ("no artifact", query("", relay_state), "SG4047"),
        ("no parameter", String::from("/saml/acs"), "SG4047"),
        ("two artifacts", format!("{}&SAMLart=x", query(&good, relay_state)), "SG1009"),
        ("a response beside it", format!("{}&SAMLResponse=x", query(&good, relay_state)), "SG4047"),
        ("no RelayState", query(&good, ""), "SG1007"),
        ("another RelayState", query(&good, "AAAAAAAAAAAAAAAAAAAAAA"), "SG5001"),
        ("a foreign RelayState", query(&good, "https://evil.example.org/"), "SG1007"),
    ] {
        let reply = world.send("GET", &path, "", &never);
        assert_eq!(code(&reply), expected, "{what}");
        let form = path.split_once('?').unwrap_or_default().1;
        if what != "no parameter" {
            assert_eq!(code(&world.send("POST", "/saml/acs", form, &never)), expected, "{what}, as a form");
        }
    }
    // A browser that did not ask.
    let mut other = World::new(ON, "");
    assert_eq!(code(&other.send("GET", &query(&good, relay_state), "", &never)), "SG5001");
    // An identity provider of which no artifact is wanted.
    let mut post = World::new("", "");
    let (started, request) = post.start();
    assert!(request.contains("bindings:HTTP-POST"), "{request}");
    let path = query(&good, &started.relay_state);
    assert_eq!(code(&post.send("GET", &path, "", &never)), "SG1010");
    assert_eq!(code(&post.send("POST", "/saml/acs", path.split_once('?').unwrap().1, &never)), "SG4048");
    assert!(!post.has_session() && !other.has_session() && !world.has_session());
}

#[test]
fn our_metadata_says_that_artifacts_are_taken() {
    let never = |call: &HttpCall| -> Answer { panic!("{call:?}") };
    let offered = format!(
        r#"<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="{ACS}" index="1"/>"#
    );
    for (idp, expected) in [(ON, true), ("", false)] {
        let reply = World::new(idp, "").send("GET", "/saml/metadata", "", &never);
        let metadata = String::from_utf8(reply.body).unwrap();
        assert_eq!(metadata.contains(&offered), expected, "{metadata}");
        assert!(metadata.contains(r#"index="0" isDefault="true""#), "{metadata}");
    }
}
