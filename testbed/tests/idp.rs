//! The identity provider and the browser against each other, without Envoy: what the library accepts of it, and what not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use samlgate::base::{ClockSkew, Limits, Secret, UnixTime};
use samlgate::effect::SignatureScheme;
use samlgate::saml::bindings::{post as post_binding, redirect};
use samlgate::saml::metadata::idp::IdpMetadata;
use samlgate::saml::profiles::web_sso::{self, AuthnExpectation, Expectations, RequestBinding};
use samlgate::saml::protocol::{AuthnRequest, RequestId, ResponseBinding};
use samlgate::saml::{SignatureDemand, Signer, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::Recipient;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use testbed::browser::{Browser, Page};
use testbed::idp::{Groups, Idp, IdpOptions, IssueOptions, SignatureCheck, Signed, Tamper, TestKey};
use testbed::server::Server;

type Posted = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// An assertion consumer service that only listens.
fn listener() -> (Server, Posted) {
    let posted = Posted::default();
    let kept = Arc::clone(&posted);
    let acs = move |headers: HeaderMap, body: Bytes| async move {
        kept.lock().unwrap().push((headers, body));
        "received"
    };
    let router = Router::new().route("/acs", post(acs)).route("/", get(|| async { "home" }));
    (Server::start(0, router).unwrap(), posted)
}

struct Sp {
    server: Server,
    posted: Posted,
    id: RequestId,
}

impl Sp {
    fn start() -> Self {
        let (server, posted) = listener();
        Self { server, posted, id: RequestId::parse("_0123456789abcdef0123456789abcdef").unwrap() }
    }

    fn acs(&self) -> String {
        format!("http://app.localhost:{}/acs", self.server.port())
    }

    fn request(&self, idp: &Idp, relay_state: &str, signer: Option<&Signer>) -> String {
        let sso = format!("{}/sso", idp.origin());
        let request = AuthnRequest {
            id: self.id.clone(),
            issue_instant: UnixTime::from_secs(
                IssueOptions::new(testbed::idp::User::agent(), "", "", "").now,
            ),
            destination: sso.clone(),
            assertion_consumer_service_uri: self.acs(),
            response_binding: ResponseBinding::Post,
            issuer: "https://sp.example".to_owned(),
            name_id_policy: None,
            force_authn: false,
            is_passive: false,
            requested_authn_context: None,
        };
        redirect::request_url(&sso, &request.render(), relay_state, signer, &RustCrypto).unwrap()
    }

    fn sign_in(&self, idp: &Idp, browser: &mut Browser, user: &str) -> Page {
        let page = browser.open(&self.request(idp, "t/0+k=", None)).unwrap();
        assert_eq!(page.status(), 200, "{}", page.text());
        let form = page.form().with("user", user).with("password", user);
        browser.submit(&page, &form).unwrap()
    }

    /// What the library says about the last answer: user and groups, or the code of the refusal.
    fn verdict(&self, idp: &Idp) -> Result<(String, Vec<String>), String> {
        let (headers, body) = self.posted.lock().unwrap().last().unwrap().clone();
        let limits = Limits::default();
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
        let message = post_binding::decode(content_type, &body, &limits).unwrap();
        assert_eq!(message.relay_state.as_deref(), Some("t/0+k="));
        let metadata = IdpMetadata::parse(idp.metadata().as_bytes(), None, &limits).unwrap();
        let source = Source::check(&message.saml_response, &limits).map_err(|error| error.to_string())?;
        let document = source.document().map_err(|error| error.to_string())?;
        let response = Unverified::read(&document).map_err(|error| error.code().slug().to_owned())?;
        let verified = response
            .verify(&Trust {
                keys: &metadata.signing_keys,
                algorithms: AlgorithmPolicy::STRONG,
                demand: SignatureDemand::Any,
                recipient: &Recipient::NOBODY,
                crypto: &RustCrypto,
                limits: &limits,
            })
            .map_err(|error| error.code().slug().to_owned())?;
        let acs = self.acs();
        let expected = Expectations {
            now: UnixTime::from_secs(IssueOptions::new(testbed::idp::User::agent(), "", "", "").now),
            skew: ClockSkew::new(std::time::Duration::from_secs(60)).unwrap(),
            idp_entity_id: &idp.entity_id(),
            audience: "https://sp.example",
            recipient: &acs,
            destination: &acs,
            request: RequestBinding::Solicited(&self.id),
            authn: AuthnExpectation::default(),
        };
        let accepted =
            web_sso::accept(verified, &expected).map_err(|error| error.code().slug().to_owned())?;
        let groups = accepted.attributes().iter().find(|attribute| attribute.name == "groups");
        Ok((
            accepted.name_id().unwrap().value().expose().clone(),
            groups.map(|groups| groups.values.clone()).unwrap_or_default(),
        ))
    }
}

#[test]
fn an_honest_sign_in_is_accepted_and_the_second_one_needs_no_password() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let sp = Sp::start();
    let mut browser = Browser::new();
    let page = browser.open(&sp.request(&idp, "t/0+k=", None)).unwrap();
    let wrong = browser.submit(&page, &page.form().with("user", "agent").with("password", "guess")).unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(sp.posted.lock().unwrap().is_empty());

    let done = sp.sign_in(&idp, &mut browser, "agent");
    assert_eq!(done.text(), "received");
    assert_eq!(
        sp.verdict(&idp).unwrap(),
        ("agent".to_owned(), vec!["idp-agents".into(), "idp-staff".into()])
    );
    let (headers, _) = sp.posted.lock().unwrap().last().unwrap().clone();
    assert_eq!(headers["sec-fetch-site"], "cross-site");
    assert_eq!(headers["origin"], idp.origin());

    assert_eq!(browser.open(&sp.request(&idp, "t/0+k=", None)).unwrap().text(), "received");
    assert_eq!(sp.posted.lock().unwrap().len(), 2);
    browser.open(&format!("{}/logout", idp.origin())).unwrap();
    assert!(browser.open(&sp.request(&idp, "t/0+k=", None)).unwrap().text().contains("asks who you are"));
}

#[test]
fn without_scripts_the_button_does_it() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let sp = Sp::start();
    let mut browser = Browser::new().without_scripts();
    let page = sp.sign_in(&idp, &mut browser, "customer");
    assert!(page.text().contains("<button"));
    assert_eq!(browser.submit(&page, &page.form()).unwrap().text(), "received");
    assert_eq!(sp.verdict(&idp).unwrap(), ("customer".to_owned(), vec!["idp-customers".to_owned()]));
}

#[test]
fn every_key_and_every_signed_part_is_accepted() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let sp = Sp::start();
    for key in TestKey::IDP {
        for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
            idp.change(move |options| {
                options.key = key;
                options.signed = signed;
            });
            sp.sign_in(&idp, &mut Browser::new(), "leaver");
            let verdict = sp.verdict(&idp);
            // A response whose assertion carries no signature of its own is good enough for `Any`.
            assert_eq!(verdict, Ok(("leaver".to_owned(), vec![])), "{key:?} {signed:?}");
        }
    }
}

type Change = fn(&mut IssueOptions);

#[test]
fn every_wrong_answer_is_refused_for_its_own_reason() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let sp = Sp::start();
    let cases: &[(&str, Change)] = &[
        ("signature_missing", |o| o.signed = Signed::Nothing),
        ("signature_invalid", |o| o.key = TestKey::Stranger),
        ("digest_mismatch", |o| {
            o.tamper = vec![Tamper { find: ">agent<".to_owned(), replace: ">admin<".to_owned() }];
        }),
        ("signature_algorithm_refused", |o| o.scheme = Some(SignatureScheme::RsaSha1)),
        ("audience_mismatch", |o| o.audience = Some("https://other.example".to_owned())),
        ("audience_missing", |o| o.audience = None),
        ("recipient_mismatch", |o| {
            o.destination = Some(o.recipient.clone());
            o.recipient = "http://elsewhere.example/acs".to_owned();
        }),
        ("destination_mismatch", |o| o.destination = Some("http://elsewhere.example/acs".to_owned())),
        ("in_response_to_mismatch", |o| o.in_response_to = Some("_another".to_owned())),
        ("assertion_expired", |o| {
            o.not_before = -300;
            o.not_on_or_after = -61;
            o.confirmation_not_on_or_after = Some(300);
        }),
        ("confirmation_expired", |o| o.confirmation_not_on_or_after = Some(-61)),
        ("assertion_not_yet_valid", |o| o.not_before = 120),
        ("issuer_mismatch", |o| o.assertion_issuer = Some("https://evil.example".to_owned())),
        ("authn_statement_missing", |o| o.omit_authn_statement = true),
        ("status_not_success", |o| {
            o.failure = Some("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned());
        }),
    ];
    for (code, change) in cases {
        idp.change(*change);
        sp.sign_in(&idp, &mut Browser::new(), "agent");
        assert_eq!(sp.verdict(&idp), Err((*code).to_owned()));
    }
    idp.change(|options| options.groups = Groups::Omitted);
    sp.sign_in(&idp, &mut Browser::new(), "agent");
    assert_eq!(sp.verdict(&idp), Ok(("agent".to_owned(), vec![])));
}

#[test]
fn the_signature_of_a_request_is_checked() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let sp = Sp::start();
    let signer = |key: TestKey| Signer {
        scheme: key.scheme(),
        key: parse_signing_key(&Secret::new(key.private_pem().to_owned())).unwrap(),
        certificate: Certificate::parse(key.certificate_pem()).unwrap(),
    };
    idp.trust(TestKey::Stranger);
    let mut browser = Browser::new();
    let good = sp.request(&idp, "state", Some(&signer(TestKey::Stranger)));
    assert_eq!(browser.open(&good).unwrap().status(), 200);
    for bad in [
        sp.request(&idp, "state", Some(&signer(TestKey::Rsa))),
        good.replace("RelayState=state", "RelayState=other"),
    ] {
        assert_eq!(browser.open(&bad).unwrap().status(), 400);
    }
    let signatures: Vec<_> = idp.requests().iter().map(|request| request.signature).collect();
    assert_eq!(signatures, [SignatureCheck::Good, SignatureCheck::Bad, SignatureCheck::Bad]);
}
