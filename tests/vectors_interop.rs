//! The signature vectors of xmlsec1, the W3C and the IETF: tests/vectors/interop, made by
//! tests/vectors/generate/interop.py, which also says what is to be expected.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use samlgate::base::{Budget, Code, Limits};
use samlgate::effect::VerificationKey;
use samlgate::xml::{Element, Source};
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::key::Certificate;
use samlgate::xmlsec::{RustCrypto, SignatureError, verify};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: PathBuf,
    expect: String,
    why: String,
    /// Child numbers from the root to the element to verify.
    #[serde(default)]
    element: Vec<usize>,
    /// The document is put below a parent with an ID first.
    #[serde(default)]
    wrapped: bool,
    /// Names of certificates in interop/keys.
    #[serde(default = "every_key")]
    keys: Vec<String>,
    #[serde(default)]
    danger_sha1: bool,
}

fn every_key() -> Vec<String> {
    vec![String::from("rsa4096"), String::from("p256")]
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/interop"))
}

/// The document below a parent, without its declaration.
fn below_a_parent(octets: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(octets).unwrap();
    let body = match text.strip_prefix("<?xml") {
        Some(declared) => declared.split_once("?>").unwrap().1,
        None => text,
    };
    format!("<Parent ID=\"_parent\">{body}</Parent>").into_bytes()
}

fn run(case: &Case) -> Result<(), (Code, String)> {
    let mut keys: Vec<VerificationKey> = Vec::new();
    for name in &case.keys {
        let pem = fs::read_to_string(folder().join(format!("keys/{name}.crt.pem"))).unwrap();
        let (_, block) = pem.split_once("-----BEGIN").unwrap();
        let certificate = Certificate::parse(&format!("-----BEGIN{block}"))
            .map_err(|error| (error.code(), error.to_string()))?;
        keys.push(certificate.key().clone());
    }
    let limits = Limits::DEFAULT;
    let mut octets = fs::read(folder().join(&case.file)).unwrap();
    if case.wrapped {
        octets = below_a_parent(&octets);
    }
    let source = Source::check(&octets, &limits).map_err(|error| (error.code(), error.to_string()))?;
    let document = source.document().map_err(|error| (error.code(), error.to_string()))?;
    let mut element: Element<'_> = document.root();
    for index in &case.element {
        element = element.children().nth(*index).unwrap();
    }
    let policy = AlgorithmPolicy::STRONG;
    let policy = if case.danger_sha1 { policy.with_danger_sha1() } else { policy };
    let mut budget = Budget::new(limits.max_signature_checks);
    let fault = |error: SignatureError| (error.code(), error.to_string());
    let signed = verify(element, &keys, &policy, &RustCrypto, &limits, &mut budget).map_err(fault)?;
    let id = signed.read(|root| Ok::<_, SignatureError>(root.attribute("ID").map(str::to_owned)));
    assert_eq!(id.map_err(fault)?.as_deref(), element.attribute("ID"));
    Ok(())
}

#[test]
fn vectors_of_other_people_verify_in_our_profile_and_are_refused_by_name_outside_of_it() {
    let text = fs::read_to_string(folder().join("cases.yaml")).unwrap();
    let cases: Vec<Case> = serde_norway::from_str(&text).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in &cases {
        let (found, detail) = match run(case) {
            Ok(()) => (String::from("accept"), String::new()),
            Err((code, detail)) => (code.id().to_owned(), detail),
        };
        if found != case.expect {
            let (file, wrapped) = (case.file.display(), if case.wrapped { " (wrapped)" } else { "" });
            failures.push(format!(
                "{file}{wrapped}: expected {} ({}), found {found}: {detail}",
                case.expect, case.why
            ));
        }
        *counts.entry(found).or_default() += 1;
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
    println!("{} vectors: {counts:?}", cases.len());
    assert!(counts["accept"] >= 10 && cases.len() >= 200, "the vectors are gone: {counts:?}");
}
