//! Hostile and good responses at the assertion consumer service, through a real Envoy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::sync::OnceLock;

use acs::{FORM, SESSION, SignIn, alone, begin, begin_in, must_refuse, refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use samlgate::effect::SignatureScheme;
use serde_json::json;
use testbed::attack::{self, Attack, Class, Delivery, Setting};
use testbed::browser::Browser;
use testbed::idp::{IdpOptions, IssueOptions, Signed, TestKey};
use testbed::scene::{Scene, SceneOptions};

/// One Envoy for the file. Nothing is provisioned, so that only the filter speaks.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let idp = IdpOptions { keys_of_attacks: true, ..IdpOptions::default() };
        let options = SceneOptions::new().idp(idp).patch(json!({
            "provisioning": null,
            "limits": { "max_body_bytes": 700_000 },
            "sp": { "decryption": [{
                "private_key": { "inline_string": TestKey::Decryption.private_pem() },
                "certificate": { "inline_string": TestKey::Decryption.certificate_pem() },
            }] },
        }));
        Scene::start(options).unwrap()
    })
}

/// Attacks that are run through Envoy: all that depend on its cryptography, and some of each kind besides; the others
/// run without it. Not those that need an exact clock, another configuration or more bytes than the listener takes.
fn representatives() -> Vec<&'static Attack> {
    const OF_EACH_CLASS: usize = 5;
    let possible = |attack: &&Attack| {
        !attack.exact_clock
            && !matches!(attack.delivery, Delivery::Late(_) | Delivery::OtherIdentityProvider)
            && attack.code() != Some(Code::BodyTooLarge)
    };
    let mut chosen = Vec::new();
    for class in Class::ALL {
        let of_class: Vec<&Attack> =
            attack::all().iter().filter(|attack| attack.class() == class).filter(possible).collect();
        let whole = matches!(class, Class::SignatureValue | Class::Encryption | Class::Confusion);
        let step = if whole { 1 } else { of_class.len().div_ceil(OF_EACH_CLASS) };
        chosen.extend(of_class.into_iter().step_by(step));
    }
    chosen
}

/// What `attack` needs to be told about the sign-in.
fn setting(sign_in: &SignIn) -> Setting {
    let options = sign_in.options(scene());
    Setting {
        idp: options.issuer,
        sp: sign_in.request.issuer.clone(),
        acs: sign_in.request.acs.clone(),
        request_id: sign_in.request.id.clone(),
        relay_state: sign_in.relay_state.clone(),
        now: options.now,
    }
}

/// Posts what the attacker made of the answer to `ours`, from the browser that it comes from. Returns what is wrong with
/// the answer to it.
fn attacked(attack: &Attack, number: usize, ours: &mut SignIn) -> Vec<String> {
    let of_ours = setting(ours);
    let mut other = match attack.delivery {
        Delivery::OtherBrowser | Delivery::OtherBrowserOurRelayState | Delivery::NoCookies => {
            Some(begin(scene(), &format!("/attack/{number}/other")))
        }
        Delivery::OtherRequest => {
            Some(begin_in(scene(), ours.browser.clone(), &format!("/attack/{number}/other")))
        }
        _ => None,
    };
    let mut of_post = of_ours.clone();
    match (attack.delivery, &mut other) {
        (Delivery::NoCookies, Some(other)) => other.browser = Browser::new(),
        (Delivery::OtherBrowser | Delivery::OtherRequest, Some(other)) => {
            of_post.relay_state.clone_from(&other.relay_state);
        }
        _ => {}
    }
    let posted = attack.post(&of_post).unwrap();
    let genuine = attack.genuine(&of_ours).unwrap();
    if matches!(attack.delivery, Delivery::Twice | Delivery::AfterGenuine) {
        // The cookie of the pending request stays, as it would in a browser of the attacker's.
        let page = ours.clone().post(&genuine);
        assert_eq!(page.status(), 303, "{}", attack.name);
    }
    let sender = other.as_mut().unwrap_or(ours);
    let act = |sign_in: &mut SignIn| sign_in.post_body(&posted.form.content_type, posted.form.body.clone());
    let Some(code) = attack.code() else {
        let page = act(sender);
        let at = page.header("location").map(|location| scene().app_url(location));
        let Some(at) = at.filter(|_| page.status() == 303) else {
            return vec![format!("{:?} instead of a session", page.header("x-samlgate-code"))];
        };
        sender.browser.open(&at).unwrap();
        let seen = scene().app_requests().into_iter().rev().find(|seen| scene().app_url(&seen.target) == at);
        let told = seen.as_ref().and_then(|seen| seen.header("x-remote-user"));
        return if told == Some("agent") {
            Vec::new()
        } else {
            vec![format!("the application is told {told:?}")]
        };
    };
    let faults = refusal(scene(), sender, code, act);
    // The same browser is let in by what the attack was made from, which shows that nothing else was wrong.
    if faults.is_empty() && attack.delivery == Delivery::Straight {
        assert_eq!(ours.complete(scene(), &genuine).status(), 200, "{}", attack.name);
    }
    faults
}

#[test]
fn attacks_are_refused_by_name() {
    let _alone = alone();
    let chosen = representatives();
    assert!(chosen.len() >= 200, "{}", chosen.len());
    let mut faults = Vec::new();
    for (number, attack) in chosen.into_iter().enumerate() {
        let mut sign_in = begin(scene(), &format!("/attack/{number}"));
        let found = attacked(attack, number, &mut sign_in);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", attack.name)));
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
