//! Properties of xml and xmlsec: nothing panics, canonical forms are stable, and no change of a signed message is ever
//! believed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use proptest::prelude::*;
use samlgate::base::{Budget, Limits};
use samlgate::encoding::{base64, base64url, form, inflate};
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source};
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::key::Certificate;
use samlgate::xmlsec::{RustCrypto, SignedElement, verify};

/// Pieces that make up both good documents and nearly good ones.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "<e>",
        "</e>",
        "<p:e xmlns:p='urn:p'>",
        "</p:e>",
        "<e/>",
        "<e a='1' b=\"2\"/>",
        "<e xmlns='urn:d'>",
        "<e xmlns=''>",
        "<e p:xmlns='urn:x'/>",
        "<!-- c -->",
        "<![CDATA[x]]>",
        "<?p i?>",
        "<!DOCTYPE e>",
        "&amp;",
        "&#13;",
        "&#xD800;",
        "\r\n",
        "\r",
        "]]>",
        "text",
        "é",
        "\u{FFFF}",
        "<e ID='a'/>",
        "<e ID='b'/>",
        "<e q:a='1' xmlns:q='urn:q'/>",
        "<",
        ">",
        "&",
        "'",
    ]);
    prop_oneof![9 => fixed.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)]
}

fn document() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| format!("<r>{}</r>", pieces.concat()))
}

/// Everything that can be asked of a document that was accepted.
fn walk(element: Element<'_>) {
    let _ = (element.value(), element.position(), element.has_stray_text(), element.attribute("ID"));
    let _ = (element.child("urn:p", "e"), element.qualified_name(), element.holds_only_elements());
    element.children().for_each(walk);
}

fn checked(bytes: &[u8]) {
    let Ok(source) = Source::check(bytes, &Limits::DEFAULT) else { return };
    // What the lexer lets through is narrower than what the parser takes, but for balance, prefixes and repetition.
    let Ok(document) = source.document() else { return };
    walk(document.root());
    for with_comments in [false, true] {
        let how = Exclusive { with_comments, inclusive_prefixes: &["p", "#default"], omit: None };
        let octets = canonicalize(document.root(), &how).unwrap();
        let again = Source::check(&octets, &Limits::DEFAULT).unwrap();
        let again = again.document().unwrap();
        assert_eq!(canonicalize(again.root(), &how).unwrap(), octets, "not idempotent");
        // The canonical form says the same: same elements, same values.
        let texts = |root: Element<'_>| {
            let mut found = Vec::new();
            flatten(root, &mut found);
            found
        };
        if with_comments {
            assert_eq!(texts(document.root()), texts(again.root()));
        }
    }
}

fn flatten(element: Element<'_>, out: &mut Vec<String>) {
    let mut attributes: Vec<_> = element.attributes().collect();
    attributes.sort_by_key(|attribute| (attribute.namespace, attribute.local_name));
    out.push(format!(
        "{:?} {} {attributes:?} {:?}",
        element.namespace(),
        element.local_name(),
        element.value().ok()
    ));
    element.children().for_each(|child| flatten(child, out));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        checked(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = (base64::decode_xml(&text), base64url::decode(&text), form::parse(&bytes, 8));
        let _ = (inflate::inflate_raw(&bytes, 1_000), Certificate::parse(&text));
        if let Ok(decoded) = base64::decode_strict(&text) {
            assert_eq!(base64::encode(&decoded), text);
        }
    }

    #[test]
    fn documents_keep_their_meaning_in_canonical_form(text in document()) {
        checked(text.as_bytes());
    }

    #[test]
    fn deflate_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let deflated = inflate::deflate_raw(&bytes);
        prop_assert_eq!(inflate::inflate_raw(&deflated, bytes.len()).unwrap(), bytes);
    }
}

fn vector(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/tests/vectors/signature/{name}/input.xml")).unwrap()
}

fn find<'a>(element: Element<'a>, id: &str) -> Option<Element<'a>> {
    if element.attribute("ID") == Some(id) {
        return Some(element);
    }
    element.children().find_map(|child| find(child, id))
}

/// Verifies whatever has the ID `_a`, or the root.
fn verified(xml: &[u8], key: &Certificate) -> Option<SignedElement> {
    let limits = Limits::DEFAULT;
    let source = Source::check(xml, &limits).ok()?;
    let document = source.document().ok()?;
    let element = find(document.root(), "_a").unwrap_or(document.root());
    let keys = [key.key().clone()];
    verify(element, &keys, &AlgorithmPolicy::STRONG, &RustCrypto, &limits, &mut Budget::new(4)).ok()
}

fn key() -> Certificate {
    let root = env!("CARGO_MANIFEST_DIR");
    Certificate::parse(&std::fs::read_to_string(format!("{root}/tests/keys/rsa2048.crt.pem")).unwrap())
        .unwrap()
}

/// Cuts, copies, moves and overwrites of a message.
fn mutated(original: &[u8], edits: &[(u8, usize, usize, usize)]) -> Vec<u8> {
    // Places where mischief begins and ends: around markup rather than anywhere.
    let mut bytes = original.to_vec();
    for (kind, from, to, put) in edits {
        let marks: Vec<usize> = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| matches!(byte, b'<' | b'>' | b' ' | b'"'))
            .map(|(at, _)| at)
            .collect();
        if marks.is_empty() {
            break;
        }
        let (from, to) = (marks[from % marks.len()], marks[to % marks.len()]);
        let (from, to) = (from.min(to), from.max(to));
        let put = marks[put % marks.len()];
        let piece = bytes[from..to].to_vec();
        match kind % 6 {
            0 => drop(bytes.splice(from..to, [])),
            1 => drop(bytes.splice(put..put, piece)),
            2 => {
                bytes.splice(from..to, []);
                let put = put.min(bytes.len());
                bytes.splice(put..put, piece);
            }
            3 => drop(bytes.splice(put..put, b"<!-- -->".iter().copied())),
            4 => bytes[to] ^= 1 << (put % 7),
            _ => drop(bytes.splice(put..put, b"<saml:Attribute Name=\"admin\"/>".iter().copied())),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_signed_message_is_believed(
        edits in prop::collection::vec((any::<u8>(), any::<usize>(), any::<usize>(), any::<usize>()), 1..5),
    ) {
        let original = vector("assertion_in_response");
        let key = key();
        let truth = verified(original.as_bytes(), &key).unwrap();
        if let Some(element) = verified(&mutated(original.as_bytes(), &edits), &key) {
            prop_assert_eq!(element.octets(), truth.octets());
        }
    }
}
