//! What we sign verifies, under every scheme and key, and stops verifying when anything is touched.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use samlgate::base::{Budget, Limits, Secret};
use samlgate::effect::SignatureScheme;
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::sign::{SigningRequest, detached, enveloped, enveloped_id};
use samlgate::xmlsec::{Canonicalization, RustCrypto, SignatureError, SignedElement, verify};

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn check(xml: &str, certificate: &Certificate) -> Result<SignedElement, SignatureError> {
    let source = Source::check(xml.as_bytes(), &Limits::DEFAULT)?;
    let document = source.document()?;
    let mut budget = Budget::new(4);
    let keys = [certificate.key().clone()];
    let policy = AlgorithmPolicy::STRONG;
    verify(document.root(), &keys, &policy, &RustCrypto, &Limits::DEFAULT, &mut budget)
}

#[test]
fn every_scheme_with_every_key_that_fits() {
    let xml = r#"<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0"><a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">x</a:Issuer><p:Status>a&#13;<!-- c -->b</p:Status></p:Response>"#;
    let mut rounds = 0;
    for name in ["rsa2048", "p256", "p384", "p521"] {
        let certificate = Certificate::parse(&file(&format!("{name}.crt.pem"))).unwrap();
        let key = parse_signing_key(&Secret::new(file(&format!("{name}.key.pem")))).unwrap();
        for scheme in SignatureScheme::ALL.into_iter().filter(|scheme| scheme.takes(key.kind())) {
            let request = SigningRequest {
                key: &key,
                scheme,
                certificate: Some(&certificate),
                canonicalization: Canonicalization::default(),
            };
            let signed = enveloped(xml, &request, &RustCrypto).unwrap();
            let outcome = check(&signed, &certificate);
            if scheme == SignatureScheme::RsaSha1 {
                assert!(matches!(outcome, Err(SignatureError::SchemeRefused { .. })));
                continue;
            }
            let element = outcome.unwrap_or_else(|error| panic!("{name} {scheme:?}: {error}\n{signed}"));
            assert!(element.octets().ends_with("<p:Status>a&#xD;b</p:Status></p:Response>"));
            let touched = signed.replace("Version=\"2.0\"", "Version=\"2.1\"");
            assert_eq!(check(&touched, &certificate).unwrap_err(), SignatureError::DigestMismatch);
            rounds += 1;
        }
    }
    assert_eq!(rounds, 3 + 3 * 3);
}

#[test]
fn an_assertion_inside_a_signed_response() {
    let certificate = Certificate::parse(&file("rsa2048.crt.pem")).unwrap();
    let key = parse_signing_key(&Secret::new(file("rsa2048.key.pem"))).unwrap();
    let request = SigningRequest {
        key: &key,
        scheme: SignatureScheme::RsaSha256,
        certificate: None,
        canonicalization: Canonicalization {
            with_comments: true,
            inclusive_prefixes: vec![String::from("xs"), String::from("#default")],
        },
    };
    let xml = r#"<r xmlns="urn:r" xmlns:xs="urn:xs" ID="r"><b:a xmlns:b="urn:b" ID="a"><!--c--><v t="xs:string"/></b:a></r>"#;
    let inner = enveloped_id(xml, "a", &request, &RustCrypto).unwrap();
    let both = enveloped(&inner, &request, &RustCrypto).unwrap();
    check(&both, &certificate).unwrap();
    let source = Source::check(both.as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let assertion = document.root().child("urn:b", "a").unwrap().unwrap();
    let keys = [certificate.key().clone()];
    let mut budget = Budget::new(1);
    let signed =
        verify(assertion, &keys, &AlgorithmPolicy::STRONG, &RustCrypto, &Limits::DEFAULT, &mut budget)
            .unwrap();
    assert_eq!(
        signed.octets(),
        r#"<b:a xmlns="urn:r" xmlns:b="urn:b" xmlns:xs="urn:xs" ID="a"><v t="xs:string"></v></b:a>"#
    );
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let key = parse_signing_key(&Secret::new(file("p256.key.pem"))).unwrap();
    let request = |scheme| SigningRequest {
        key: &key,
        scheme,
        certificate: None,
        canonicalization: Canonicalization::default(),
    };
    let good = request(SignatureScheme::EcdsaSha256);
    let code = |outcome: Result<String, SignatureError>| outcome.unwrap_err().code().id();
    assert_eq!(code(enveloped("<a><b/></a>", &good, &RustCrypto)), "SG3014", "no ID");
    assert_eq!(code(enveloped("<a ID='x'/>", &good, &RustCrypto)), "SG3014", "no place");
    assert_eq!(code(enveloped("<a ID='x y'><b/></a>", &good, &RustCrypto)), "SG3014", "an ID that is none");
    assert_eq!(code(enveloped_id("<a ID='x'><b/></a>", "y", &good, &RustCrypto)), "SG3014", "no such ID");
    assert_eq!(code(enveloped("<a ID='x'><b/>", &good, &RustCrypto)), "SG2013");
    let wrong = request(SignatureScheme::RsaSha256);
    assert_eq!(code(enveloped("<a ID='x'><b/></a>", &wrong, &RustCrypto)), "SG3014", "another kind of key");
    let signed = enveloped("<a ID='x'><b/></a>", &good, &RustCrypto).unwrap();
    assert_eq!(code(enveloped(&signed, &good, &RustCrypto)), "SG3014", "signed already");
}

#[test]
fn detached_signatures_are_spelled_as_xml_spells_them() {
    for (name, scheme, length) in [
        ("rsa2048", SignatureScheme::RsaSha256, 256),
        ("p256", SignatureScheme::EcdsaSha256, 64),
        ("p384", SignatureScheme::EcdsaSha384, 96),
        ("p521", SignatureScheme::EcdsaSha512, 132),
    ] {
        let key = parse_signing_key(&Secret::new(file(&format!("{name}.key.pem")))).unwrap();
        let value = detached(scheme, &key, b"SAMLRequest=x", &RustCrypto).unwrap();
        assert_eq!(value.len(), length, "{name}");
    }
}
