//! Decrypting any document ends the same way each time, within its budget, and no ciphertext that was changed decrypts.

use std::sync::LazyLock;

use samlgate::base::{Budget, Limits};
use samlgate::xml::{Element, Source};
use samlgate::xmlsec::DecryptionError;
use samlgate::xmlsec::decrypt::{CipherPolicy, Decrypted, DecryptionKey, Recipient, decrypt};

use super::world::{SP, decryption_keys};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const CONTAINERS: [&str; 3] = ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"];

static KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(decryption_keys);

pub fn check(input: &[u8]) {
    let limits = Limits::DEFAULT;
    let Ok(source) = Source::check(input, &limits) else { return };
    let Ok(document) = source.document() else { return };
    let mut containers = Vec::new();
    find(document.root(), &mut containers);
    for (at, container) in containers.iter().take(2).enumerate() {
        let found = decrypted(*container);
        assert_eq!(told(&found), told(&decrypted(*container)), "another answer the second time");
        let mut nothing_left = Budget::new(0);
        let refused = decrypt(*container, &recipient(&KEYS), None, &limits, &mut nothing_left);
        assert!(refused.is_err(), "decrypted without a budget");
        assert!(decrypt(*container, &recipient(&[]), None, &limits, &mut Budget::new(9)).is_err());
        if found.is_ok() {
            changed(source.as_str(), at);
        }
    }
}

fn recipient(keys: &[DecryptionKey]) -> Recipient<'_> {
    Recipient { entity_id: SP, keys, ciphers: CipherPolicy::STRONG }
}

fn decrypted(container: Element<'_>) -> Result<Decrypted, DecryptionError> {
    let limits = Limits::DEFAULT;
    let mut budget = Budget::new(limits.max_decryptions);
    decrypt(container, &recipient(&KEYS), None, &limits, &mut budget)
}

/// What is known of the outcome from outside.
fn told(outcome: &Result<Decrypted, DecryptionError>) -> String {
    match outcome {
        Ok(decrypted) => format!("{decrypted:?}"),
        Err(error) => format!("{} {error}", error.code().id()),
    }
}

fn find<'a>(element: Element<'a>, found: &mut Vec<Element<'a>>) {
    if CONTAINERS.iter().any(|name| element.is(SAML, name)) {
        found.push(element);
    }
    element.children().for_each(|child| find(child, found));
}

/// Every cipher that is accepted here has a tag.
fn changed(text: &str, at: usize) {
    let tree = roxmltree::Document::parse(text).expect("parsed before");
    let container = tree
        .descendants()
        .filter(|node| CONTAINERS.iter().any(|name| node.has_tag_name((SAML, *name))))
        .nth(at)
        .expect("found before");
    let mut node = container;
    for name in ["EncryptedData", "CipherData", "CipherValue"] {
        node = node.children().find(|child| child.has_tag_name((XENC, name))).expect("it was decrypted");
    }
    let range = node.first_child().expect("a ciphertext").range();
    let value = &text[range.clone()];
    // Not the last ones, which may have unused bits.
    let letters: Vec<usize> =
        value.char_indices().filter(|(_, one)| one.is_ascii_lowercase()).map(|(at, _)| at).collect();
    for place in [letters.first(), letters.get(letters.len() / 2)].into_iter().flatten() {
        let place = range.start + place;
        let other = if text.as_bytes()[place] == b'x' { "y" } else { "x" };
        let altered = [&text[..place], other, &text[place + 1..]].concat();
        let source = Source::check(altered.as_bytes(), &Limits::DEFAULT).expect("still fine");
        let document = source.document().expect("still well-formed");
        let mut containers = Vec::new();
        find(document.root(), &mut containers);
        assert!(decrypted(containers[at]).is_err(), "a changed ciphertext decrypts: {altered}");
    }
}
