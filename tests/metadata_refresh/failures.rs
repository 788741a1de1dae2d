//! Nothing that goes wrong at the source changes what is believed.

use samlgate::base::{Secret, UnixTime};
use samlgate::effect::{Answer, CallFailure, SignatureScheme};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};
use serde_json::{Value, json};

use crate::der;
use crate::world::{EVIL, FIRST, IDP, NO_ANSWER, SECOND, World, document, good, response, served};

/// `xml` signed with the private key in PEM.
pub(crate) fn signed(xml: &str, key: &str) -> String {
    let request = sign::SigningRequest {
        key: &parse_signing_key(&Secret::new(key.to_owned())).unwrap(),
        scheme: SignatureScheme::RsaSha256,
        certificate: Some(&Certificate::parse(EVIL).unwrap()),
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(xml, &request, &RustCrypto).unwrap()
}

fn hostile_answers() -> Vec<(Answer, &'static str, &'static str)> {
    let evil = good(&[EVIL]);
    let large = good(&[EVIL]).replace("<md:IDPSSO", &format!("<!--{}--><md:IDPSSO", "x".repeat(300_000)));
    let truncated = evil.split("<md:SingleSignOn").next().unwrap_or_default();
    let group = |content: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{content}</md:EntitiesDescriptor>"
        )
    };
    let other = |name: &str| document(name, "", &[EVIL]);
    vec![
        (NO_ANSWER, "SG4038", "no answer"),
        (Answer::HttpFailed(CallFailure::NotSent), "SG4038", "no cluster"),
        (response(500, &[], &evil), "SG4038", "a document with status 500"),
        (response(404, &[], &evil), "SG4038", "a document with status 404"),
        (response(203, &[], &evil), "SG4038", "changed by a proxy"),
        (response(206, &[], &evil), "SG4038", "a part"),
        (response(0, &[], &evil), "SG4038", "no status"),
        (response(302, &[("location", "https://evil.example/metadata")], &evil), "SG4038", "elsewhere"),
        (response(200, &[("content-encoding", "gzip")], &evil), "SG4038", "compressed"),
        (served(""), "SG4030", "nothing"),
        (served("<html><body>Sign in to the network</body></html>"), "SG4030", "a captive portal"),
        (served("{\"keys\":[]}"), "SG4030", "JSON"),
        (served(truncated), "SG4030", "cut off"),
        (served(&format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{evil}")), "SG4030", "a DTD"),
        (served(&large), "SG4030", "too large"),
        (served(&other("https://evil.example")), "SG4031", "somebody else"),
        (served(&other(&format!("{IDP}/"))), "SG4031", "almost the same name"),
        (
            served(&group(&(other("https://a.example") + &other("https://b.example")))),
            "SG4031",
            "not among them",
        ),
        (served(&group(&(evil.clone() + &evil))), "SG4031", "there twice"),
        (served(&document(IDP, "", &[])), "SG4033", "no key"),
        (served(&evil.replace("HTTP-Redirect", "SOAP")), "SG4032", "no address"),
        (served(&evil.replace("https://idp.example.org/sso", "javascript:alert(1)")), "SG4032", "a script"),
        (served(&document(IDP, "validUntil=\"2027-01-15T07:59:59Z\"", &[EVIL])), "SG4034", "expired"),
        (served(&document(IDP, "validUntil=\"never\"", &[EVIL])), "SG4030", "no instant"),
        (served(&document(IDP, "", &[include_str!("../keys/rsa1024_weak.crt.pem")])), "SG3011", "a weak key"),
    ]
}

#[test]
fn the_last_good_copy_stays_in_use_whatever_comes() {
    for (answer, code, why) in hostile_answers() {
        let mut world = World::new(2, &json!({}));
        world.fetch(0, served(&good(&[FIRST])));
        let (at, _) = world.until_call(3_600).unwrap();
        world.deliver(at, answer.clone());
        world.round();
        assert_eq!(world.workers[at].failure(), Some(code), "{why}");
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]), "{why}");
        assert!(
            world.workers[at].told("metadata_refresh_failed", "in_use").unwrap().starts_with("the copy of")
        );
        // And it heals by itself.
        world.fetch(30, served(&good(&[SECOND])));
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(SECOND)]), "{why}");
    }
}

#[test]
fn without_a_copy_there_is_none_whatever_comes() {
    for (answer, code, why) in hostile_answers() {
        let mut world = World::new(2, &json!({}));
        world.fetch(0, answer.clone());
        assert_eq!(world.workers[0].failure(), Some(code), "{why}");
        assert!(world.workers.iter().all(|worker| worker.metadata.is_none()), "{why}");
    }
    // Who was not asked about a change cannot say that there is none.
    let mut world = World::new(1, &json!({}));
    world.fetch(0, response(304, &[("etag", "\"a\"")], ""));
    assert_eq!(world.workers[0].failure(), Some("SG4038"));
    assert!(world.workers[0].metadata.is_none());
}

#[test]
fn waits_double_to_a_minute_without_a_copy_and_to_ten_with_one() {
    for (with, longest) in [(false, 60), (true, 600)] {
        let mut world = World::new(2, &json!({}));
        if with {
            world.fetch(0, served(&good(&[FIRST])));
            world.until_call(3_600).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let (at, waited) = world.until_call(1_000).unwrap();
            waits.push(waited);
            world.deliver(at, NO_ANSWER);
        }
        waits.remove(0);
        assert!(waits[0] <= 6 && waits[0] >= 3, "{waits:?}");
        assert!(waits.iter().all(|waited| *waited <= longest), "{waits:?}");
        assert!(waits.last().is_some_and(|waited| *waited >= longest * 3 / 4), "{waits:?}");
    }
}

#[test]
fn an_expired_copy_is_replaced_and_never_confirmed() {
    let mut world = World::new(1, &json!({}));
    let until = "validUntil=\"2027-01-15T08:20:00Z\"";
    world.fetch(0, response(200, &[("etag", "\"a\"")], &document(IDP, until, &[FIRST])));
    // Nobody answers until it has run out.
    while world.now < crate::world::START + 1_300 {
        let (at, _) = world.until_call(1_300).unwrap();
        world.deliver(at, NO_ANSWER);
        world.pass(1);
    }
    let metadata = world.workers[0].metadata.clone().unwrap();
    assert!(metadata.check_validity(UnixTime::from_secs(world.now)).is_err());
    let call = world.fetch(60, response(304, &[], ""));
    assert!(call.headers.iter().all(|(name, _)| !name.starts_with("if-")));
    assert_eq!(world.workers[0].failure(), Some("SG4038"));
    world.fetch(60, served(&good(&[SECOND])));
    assert_eq!(world.workers[0].keys(), [der(SECOND)]);
}

const SIGNER: &str = include_str!("../keys/rsa2048_second.crt.pem");
const SIGNER_KEY: &str = include_str!("../keys/rsa2048_second.key.pem");
const EVIL_KEY: &str = include_str!("../keys/rsa2048_other.key.pem");

fn signed_only() -> Value {
    json!({ "remote_metadata": { "signing_certificates": [{ "inline_string": SIGNER }] } })
}

#[test]
fn where_a_signature_is_configured_nothing_else_is_believed() {
    let xml = document(IDP, "ID=\"_1\"", &[FIRST]);
    let mut world = World::new(2, &signed_only());
    world.fetch(0, served(&signed(&xml, SIGNER_KEY)));
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
    let evil = document(IDP, "ID=\"_1\"", &[EVIL]);
    let genuine = signed(&xml, SIGNER_KEY);
    let first: String = FIRST.lines().filter(|line| !line.starts_with("-----")).collect();
    let planted: String = EVIL.lines().filter(|line| !line.starts_with("-----")).collect();
    for (answer, why) in [
        (evil.clone(), "no signature"),
        (signed(&evil, EVIL_KEY), "another key, with its certificate beside it"),
        (genuine.replace(&first, &planted), "another certificate in what was signed"),
        (genuine.replace("/sso", "/ssa"), "another address"),
    ] {
        let (at, _) = world.until_call(3_600).unwrap();
        world.deliver(at, served(&answer));
        assert_eq!(world.workers[at].failure(), Some("SG4037"), "{why}");
        world.round();
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]), "{why}");
    }
}

#[test]
fn a_limit_on_validity_refuses_what_lasts_for_ever() {
    let limited = json!({ "remote_metadata": { "max_validity": "86400s" } });
    for (attributes, good) in [
        ("", false),
        ("validUntil=\"2027-01-16T08:00:01Z\"", false),
        ("validUntil=\"2127-01-15T08:00:00Z\"", false),
        ("validUntil=\"2027-01-16T08:00:00Z\"", true),
        ("validUntil=\"2027-01-15T09:00:00Z\"", true),
    ] {
        let mut world = World::new(1, &limited);
        world.fetch(0, served(&document(IDP, attributes, &[FIRST])));
        assert_eq!(world.workers[0].failure(), (!good).then_some("SG4029"), "{attributes}");
        assert_eq!(world.workers[0].metadata.is_some(), good, "{attributes}");
    }
}

#[test]
fn a_document_without_the_configured_binding_does_not_replace_one_with_it() {
    let mut world = World::new(2, &json!({ "authn_request_binding": "HTTP_POST" }));
    let post = good(&[FIRST]).replace("HTTP-Redirect", "HTTP-POST");
    world.fetch(0, served(&post));
    let (at, _) = world.until_call(3_600).unwrap();
    world.deliver(at, served(&good(&[SECOND])));
    assert_eq!(world.workers[at].failure(), Some("SG4032"));
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
    // Who adopts looks too: the configuration of then may have been another.
    world.add(crate::world::settings(&json!({ "authn_request_binding": "HTTP_REDIRECT" })));
    world.round();
    assert!(world.workers[2].metadata.is_none());
}

#[test]
fn certificates_that_end_are_told_once_a_day() {
    let mut world = World::new(2, &json!({}));
    let end = Certificate::parse(FIRST).unwrap().not_after().as_secs();
    world.now = end - 20 * 86_400;
    world.fetch(0, served(&good(&[FIRST])));
    for _ in 0..48 {
        world.fetch(3_600, served(&good(&[FIRST])));
    }
    let events = world.workers.iter().flat_map(|worker| &worker.events);
    let warnings: Vec<_> = events.filter(|event| event.name == "certificate_expiring").collect();
    assert!((2..=3).contains(&warnings.len()), "{}", warnings.len());
    assert!(warnings.iter().all(|event| event.code.is_some_and(|code| code.id() == "SG4039")));
}
