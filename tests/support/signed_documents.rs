//! Documents that other people's programs signed: all must verify as what they were before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support fails by panicking"
)]

use std::fs;
use std::path::Path;

use samlgate::base::{Budget, Limits};
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source};
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::key::Certificate;
use samlgate::xmlsec::{RustCrypto, SignatureError, has_signature, verify};

/// The canonical octets that the signature of `element` covers.
fn signed(element: Element<'_>, certificate: &Certificate) -> Result<String, SignatureError> {
    let keys = [certificate.key().clone()];
    let mut budget = Budget::new(1);
    let policy = AlgorithmPolicy::STRONG;
    verify(element, &keys, &policy, &RustCrypto, &Limits::DEFAULT, &mut budget)
        .map(|signed| signed.octets().to_owned())
}

fn certificate(root: &Path, key: &str) -> Certificate {
    let pem = fs::read_to_string(root.join(format!("tests/keys/{key}.crt.pem"))).unwrap();
    Certificate::parse(&pem).unwrap()
}

/// Verifies every `NAME.KEY.CASE.xml` of `folder`, root and children; what is signed must be `unsigned/NAME.xml` where
/// that is given. Every signature must break when the document changes or the key is another. `root` is the repository.
/// Returns the number of documents.
pub(crate) fn verify_all(root: &Path, folder: &Path, unsigned: Option<&Path>) -> usize {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let shown = file.display();
        let name = file.file_name().unwrap().to_str().unwrap();
        let [name, key, _, "xml"] = name.split('.').collect::<Vec<_>>()[..] else {
            panic!("{shown}: unexpected")
        };
        let right = certificate(root, key);
        let wrong = certificate(root, if key == "rsa2048" { "rsa2048_second" } else { "rsa2048" });
        let text = fs::read_to_string(file).unwrap();
        let source = Source::check(text.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap_or_else(|error| panic!("{shown}: {error}"));
        let top = document.root();
        let elements: Vec<Element<'_>> = std::iter::once(top).chain(top.children()).collect();
        let elements: Vec<_> = elements.into_iter().filter(|element| has_signature(*element)).collect();
        assert!(!elements.is_empty(), "{shown}: nothing is signed");
        for element in elements {
            let octets = signed(element, &right).unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert!(signed(element, &wrong).is_err(), "{shown}: any key will do");
            if let Some(unsigned) = unsigned {
                let before = fs::read(unsigned.join(format!("{name}.xml"))).unwrap();
                let before = Source::check(&before, &Limits::DEFAULT).unwrap();
                let before = before.document().unwrap();
                let before =
                    String::from_utf8(canonicalize(before.root(), &Exclusive::default()).unwrap()).unwrap();
                assert_eq!(octets, before, "{shown}: something else was signed");
            }
        }
        // Every document names its issuer or its entity so.
        let changed = text.replacen("://idp.", "://1dp.", 1).replacen(">i<", ">j<", 1);
        assert_ne!(changed, text, "{shown}");
        let source = Source::check(changed.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        if has_signature(document.root()) {
            let outcome = signed(document.root(), &right);
            assert_eq!(outcome, Err(SignatureError::DigestMismatch), "{shown}: changes are not seen");
        }
    }
    files.len()
}
