//! What one SAML response costs, part by part: 20 attributes, one with 50 groups, about 19 KB, RSA-2048 and SHA-256.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::fmt::Write;

use divan::{Bencher, black_box};
use samlgate::base::{Budget, Limits, Secret};
use samlgate::effect::{CryptoProvider, SignatureScheme};
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Document, Element, Source};
use samlgate::xmlsec::algorithm::{AlgorithmPolicy, DigestAlgorithm};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::sign::{SigningRequest, detached, enveloped};
use samlgate::xmlsec::{RustCrypto, verify};

const KEY: &str = include_str!("../tests/keys/rsa2048.key.pem");
const CERTIFICATE: &str = include_str!("../tests/keys/rsa2048.crt.pem");
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

fn main() {
    divan::main();
}

/// A response with a signed assertion.
fn response() -> String {
    let mut attributes = String::new();
    for number in 0..20 {
        write!(attributes, r#"<saml:Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.{number}">"#).unwrap();
        let values = if number == 0 { 50 } else { 4 };
        for value in 0..values {
            write!(
                attributes,
                r#"<saml:AttributeValue xsi:type="xs:string">cn=group-{value:03},ou=groups,dc=example,dc=org</saml:AttributeValue>"#
            )
            .unwrap();
        }
        attributes.push_str("</saml:Attribute>");
    }
    let assertion = format!(
        concat!(
            r#"<saml:Assertion xmlns:saml="{}" xmlns:xs="http://www.w3.org/2001/XMLSchema" "#,
            r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_a" Version="2.0" "#,
            r#"IssueInstant="2026-11-21T12:00:00Z"><saml:Issuer>https://idp.example.org</saml:Issuer>"#,
            r#"<saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>"#
        ),
        ASSERTION, attributes
    );
    let key = parse_signing_key(&Secret::new(KEY.to_owned())).unwrap();
    let certificate = Certificate::parse(CERTIFICATE).unwrap();
    let request = SigningRequest {
        key: &key,
        scheme: SignatureScheme::RsaSha256,
        certificate: Some(&certificate),
        canonicalization: Default::default(),
    };
    let assertion = enveloped(&assertion, &request, &RustCrypto).unwrap();
    format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0">{assertion}</samlp:Response>"#
    )
}

fn assertion<'a>(document: &'a Document<'_>) -> Element<'a> {
    document.root().child(ASSERTION, "Assertion").unwrap().unwrap()
}

#[divan::bench]
fn a_lexer(bencher: Bencher<'_, '_>) {
    let xml = response();
    bencher.bench_local(|| Source::check(black_box(xml.as_bytes()), &Limits::DEFAULT).unwrap());
}

#[divan::bench]
fn b_parse(bencher: Bencher<'_, '_>) {
    let source = Source::check(response().as_bytes(), &Limits::DEFAULT).unwrap();
    bencher.bench_local(|| black_box(&source).document().unwrap().root().is("", ""));
}

#[divan::bench]
fn c_exclusive_c14n(bencher: Bencher<'_, '_>) {
    let source = Source::check(response().as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let assertion = assertion(&document);
    bencher.bench_local(|| canonicalize(black_box(assertion), &Exclusive::default()).unwrap());
}

#[divan::bench]
fn d_sha256(bencher: Bencher<'_, '_>) {
    let source = Source::check(response().as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let octets = canonicalize(assertion(&document), &Exclusive::default()).unwrap();
    bencher.bench_local(|| DigestAlgorithm::Sha256.digest(black_box(&octets)));
}

#[divan::bench]
fn e_rsa_2048_verify(bencher: Bencher<'_, '_>) {
    let key = parse_signing_key(&Secret::new(KEY.to_owned())).unwrap();
    let certificate = Certificate::parse(CERTIFICATE).unwrap();
    let signature = detached(SignatureScheme::RsaSha256, &key, b"octets", &RustCrypto).unwrap();
    bencher.bench_local(|| {
        assert!(RustCrypto.verify(
            SignatureScheme::RsaSha256,
            certificate.key(),
            black_box(b"octets"),
            &signature
        ));
    });
}

#[divan::bench]
fn f_verify_whole_signature(bencher: Bencher<'_, '_>) {
    let key = [Certificate::parse(CERTIFICATE).unwrap().key().clone()];
    let source = Source::check(response().as_bytes(), &Limits::DEFAULT).unwrap();
    let document = source.document().unwrap();
    let assertion = assertion(&document);
    bencher.bench_local(|| {
        let mut budget = Budget::new(8);
        verify(
            black_box(assertion),
            &key,
            &AlgorithmPolicy::STRONG,
            &RustCrypto,
            &Limits::DEFAULT,
            &mut budget,
        )
        .unwrap()
    });
}
