//! Hostile and good responses at the assertion consumer service, through a real Envoy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::sync::OnceLock;

use acs::{FORM, SESSION, alone, begin, must_refuse, refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use samlgate::effect::SignatureScheme;
use serde_json::json;
use testbed::attack;
use testbed::idp::{IssueOptions, Signed, TestKey};
use testbed::scene::{Scene, SceneOptions};

/// One Envoy for the file. Nothing is provisioned, so that only the filter speaks.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let options = SceneOptions::new()
            .patch(json!({ "provisioning": null, "limits": { "max_body_bytes": 700_000 } }));
        Scene::start(options).unwrap()
    })
}

/// What each attack must be refused with.
fn code_of(attack: &str) -> Code {
    match attack {
        "xsw1" | "xsw6" | "xsw8" => Code::SignatureStructure,
        "xsw2" => Code::SchemaViolation,
        "xsw4" | "signature stripped" => Code::SignatureMissing,
        "xsw9" => Code::ReferenceRefused,
        "xsw3" | "xsw5" | "unsigned assertion behind" => Code::AssertionRepeated,
        "xsw7" | "same id" => Code::XmlIdRepeated,
        "name changed" | "name changed, response signed" => Code::DigestMismatch,
        "comment in name" => Code::XmlValueSplit,
        "hmac with the public key" | "sha1 signature" => Code::SignatureAlgorithmRefused,
        "rsa named ecdsa" => Code::SignatureValueMalformed,
        "sha1 digest" => Code::DigestAlgorithmRefused,
        "key in KeyInfo" => Code::SignatureInvalid,
        "doctype" => Code::XmlDoctypeRefused,
        "entity" => Code::XmlReferenceRefused,
        "deep nesting" => Code::XmlTooDeep,
        "cut off" => Code::XmlNotWellFormed,
        other => panic!("which code is {other} refused with?"),
    }
}

#[test]
fn attacks_are_refused_by_name() {
    let _alone = alone();
    let mut faults = Vec::new();
    for (number, attack) in attack::ALL.iter().enumerate() {
        let mut sign_in = begin(scene(), &format!("/attack/{number}"));
        let good = sign_in.response(scene(), |options| options.signed = attack.on);
        let hostile = (attack.make)(&good).unwrap_or_else(|| panic!("{} cannot be made", attack.name));
        assert_ne!(good, hostile, "{}", attack.name);
        let found = refusal(scene(), &mut sign_in, code_of(attack.name), |sign_in| sign_in.post(&hostile));
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", attack.name)));
        // The same browser is let in by what the attack was made from, which shows that nothing else was wrong.
        let page = sign_in.complete(scene(), &good);
        assert_eq!(page.status(), 200, "{}", attack.name);
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn wrong_responses_are_refused_by_name() {
    let _alone = alone();
    type Change = fn(&mut IssueOptions);
    let cases: [(&str, Code, Change); 23] = [
        ("audience", Code::AudienceMismatch, |o| o.audience = Some("http://other.example/".to_owned())),
        ("no audience", Code::AudienceMissing, |o| o.audience = None),
        ("recipient", Code::RecipientMismatch, |o| {
            o.destination = Some(std::mem::replace(&mut o.recipient, "http://other.example/acs".to_owned()));
        }),
        ("destination", Code::DestinationMismatch, |o| {
            o.destination = Some("http://other.example/acs".to_owned());
        }),
        ("issuer", Code::IssuerMismatch, |o| o.issuer = "http://other.example/".to_owned()),
        ("assertion issuer", Code::IssuerMismatch, |o| {
            o.assertion_issuer = Some("http://other.example/".to_owned());
        }),
        ("in response to", Code::InResponseToMismatch, |o| {
            o.in_response_to = Some("_0123456789abcdef0123456789abcdef".to_owned());
        }),
        ("confirmation in response to", Code::InResponseToMismatch, |o| {
            o.confirmation_in_response_to = Some("_0123456789abcdef0123456789abcdef".to_owned());
        }),
        ("unsolicited", Code::UnsolicitedRefused, |o| o.in_response_to = None),
        ("foreign key", Code::SignatureInvalid, |o| o.key = TestKey::Stranger),
        ("expired", Code::AssertionExpired, |o| {
            o.not_before = -200;
            o.not_on_or_after = -100;
            o.confirmation_not_on_or_after = Some(100);
        }),
        ("confirmation expired", Code::ConfirmationExpired, |o| o.confirmation_not_on_or_after = Some(-100)),
        ("not yet valid", Code::AssertionNotYetValid, |o| o.not_before = 100),
        ("issued long ago", Code::IssueInstantImplausible, |o| {
            o.now = o.now.saturating_sub(7_200);
            o.not_on_or_after = 10_000;
        }),
        ("session at the provider over", Code::IdpSessionExpired, |o| {
            o.session_not_on_or_after = Some(-100);
        }),
        ("status", Code::StatusNotSuccess, |o| {
            o.failure = Some("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned());
        }),
        ("signed status", Code::StatusNotSuccess, |o| {
            o.failure = Some("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned());
            o.signed = Signed::Response;
        }),
        ("no authentication statement", Code::AuthnStatementMissing, |o| o.omit_authn_statement = true),
        ("unknown condition", Code::ConditionUnknown, |o| {
            o.conditions_xml = r#"<saml:Condition xmlns:x="urn:x" xsi:type="x:Moon"/>"#.to_owned();
        }),
        ("unsigned", Code::SignatureMissing, |o| o.signed = Signed::Nothing),
        ("no name", Code::UsernameRefused, |o| o.name_id_xml = Some(String::new())),
        ("line break in the name", Code::UsernameRefused, |o| o.name_id_xml = Some("a&#10;b".to_owned())),
        ("element in the name", Code::XmlValueSplit, |o| {
            o.name_id_xml = Some("agent<saml:Issuer/>x".to_owned());
        }),
    ];
    let mut faults = Vec::new();
    for (number, (name, code, change)) in cases.into_iter().enumerate() {
        let mut sign_in = begin(scene(), &format!("/wrong/{number}"));
        let response = sign_in.response(scene(), change);
        let found = refusal(scene(), &mut sign_in, code, |sign_in| sign_in.post(&response));
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_usual_way_of_signing_is_accepted() {
    type Change = fn(&mut IssueOptions);
    let cases: [(&str, Change); 9] = [
        ("assertion", |o| o.signed = Signed::Assertion),
        ("response", |o| o.signed = Signed::Response),
        ("both", |o| o.signed = Signed::Both),
        ("p256, the second certificate of the metadata", |o| o.key = TestKey::P256),
        ("p384", |o| o.key = TestKey::P384),
        ("p521", |o| o.key = TestKey::P521),
        ("sha512", |o| o.scheme = Some(SignatureScheme::RsaSha512)),
        ("clock a minute ahead", |o| o.now = o.now.saturating_add(30)),
        ("expired within the skew", |o| {
            o.not_before = -90;
            o.not_on_or_after = -20;
        }),
    ];
    for (number, (name, change)) in cases.into_iter().enumerate() {
        let path = format!("/good/{number}?a=%2F");
        let mut sign_in = begin(scene(), &path);
        let response = sign_in.response(scene(), change);
        let page = sign_in.complete(scene(), &response);
        assert_eq!((page.status(), page.url.as_str()), (200, scene().app_url(&path).as_str()), "{name}");
        let seen = scene().app_requests().into_iter().rev().find(|seen| seen.target == path).unwrap();
        assert_eq!(seen.header("x-remote-user"), Some("agent"), "{name}");
    }
}

#[test]
fn odd_forms_are_refused_by_name() {
    let _alone = alone();
    let mut sign_in = begin(scene(), "/form");
    let response = STANDARD.encode(sign_in.response(scene(), |_| {}));
    let relay_state = sign_in.relay_state.clone();
    let (response, state) = (response.as_str(), relay_state.as_str());
    let percent = response.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F");
    let good_body = format!("SAMLResponse={percent}&RelayState={state}");
    let broken = response.replacen('A', "*", 1);
    let cut = response.get(..response.len() - 1).unwrap();
    let xml = STANDARD.encode("<a><b></a>");
    let binary = STANDARD.encode([0xff, 0xfe, 0x00, 0x3c]);
    let mut faults = Vec::new();
    type Fields<'a> = Vec<(&'a str, &'a str)>;
    let forms: &[(&str, Code, Fields<'_>)] = &[
        ("bad base64", Code::Base64Malformed, vec![("SAMLResponse", &broken), ("RelayState", state)]),
        ("cut base64", Code::Base64Malformed, vec![("SAMLResponse", cut), ("RelayState", state)]),
        ("no XML", Code::XmlNotWellFormed, vec![("SAMLResponse", &xml), ("RelayState", state)]),
        ("UTF-16", Code::XmlEncodingRefused, vec![("SAMLResponse", &binary), ("RelayState", state)]),
        ("no response", Code::SamlResponseMissing, vec![("RelayState", state)]),
        ("no relay state", Code::RelayStateMalformed, vec![("SAMLResponse", response)]),
        (
            "foreign relay state",
            Code::RelayStateMalformed,
            vec![("SAMLResponse", response), ("RelayState", "https://app.example/start")],
        ),
        (
            "empty relay state",
            Code::RelayStateMalformed,
            vec![("SAMLResponse", response), ("RelayState", "")],
        ),
        (
            "relay state of nobody",
            Code::PendingRequestMissing,
            vec![("SAMLResponse", response), ("RelayState", "AAAAAAAAAAAAAAAAAAAAAA")],
        ),
        (
            "two responses",
            Code::ParameterRepeated,
            vec![("SAMLResponse", response), ("SAMLResponse", response), ("RelayState", state)],
        ),
        (
            "two relay states",
            Code::ParameterRepeated,
            vec![("SAMLResponse", response), ("RelayState", state), ("RelayState", state)],
        ),
    ];
    for (name, code, fields) in forms {
        let found = refusal(scene(), &mut sign_in, *code, |sign_in| sign_in.post_form(fields));
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    let padding = "x".repeat(800_000);
    let bodies: &[(&str, Code, &str, String)] = &[
        ("json", Code::ContentTypeUnexpected, "application/json", good_body.clone()),
        ("multipart", Code::ContentTypeUnexpected, "multipart/form-data; boundary=a", good_body.clone()),
        ("text", Code::ContentTypeUnexpected, "text/plain", good_body.clone()),
        ("empty", Code::BodyMissing, FORM, String::new()),
        ("bad escape", Code::FormMalformed, FORM, format!("{good_body}&a=%zz")),
        ("over our limit", Code::BodyTooLarge, FORM, format!("{good_body}&a={padding}")),
    ];
    for (name, code, content_type, body) in bodies {
        let found =
            refusal(scene(), &mut sign_in, *code, |sign_in| sign_in.post_body(content_type, body.clone()));
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    // Over Envoy's own buffer it is Envoy or we who say 413; it never hangs and never signs in.
    let page = sign_in.post_body(FORM, format!("{good_body}&a={padding}{padding}{padding}"));
    assert_eq!(page.status(), 413, "{:?}", page.header("x-samlgate-code"));
    assert!(faults.is_empty(), "{faults:#?}");
    // After all this the good form still completes the sign-in, once.
    let page = sign_in.post_body(&format!("{FORM}; charset=UTF-8"), good_body);
    assert_eq!(page.status(), 303, "{}", page.text());
    assert!(sign_in.browser.cookie(SESSION).is_some());
}

#[test]
fn only_post_reaches_the_assertion_consumer_service() {
    let _alone = alone();
    let mut sign_in = begin(scene(), "/method");
    let response = STANDARD.encode(sign_in.response(scene(), |_| {}));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &response)
        .append_pair("RelayState", &sign_in.relay_state)
        .finish();
    must_refuse(scene(), &mut sign_in, Code::MethodNotAllowed, |sign_in| {
        let url = format!("{}?{query}", sign_in.request.acs);
        sign_in.browser.open(&url).unwrap()
    });
    // The query of a POST is not the form.
    must_refuse(scene(), &mut sign_in, Code::SamlResponseMissing, |sign_in| {
        let url = format!("{}?{query}", sign_in.request.acs);
        let acs = std::mem::replace(&mut sign_in.request.acs, url);
        let page = sign_in.post_form(&[("a", "b")]);
        sign_in.request.acs = acs;
        page
    });
}
