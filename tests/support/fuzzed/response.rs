//! A response of any bytes: as it arrived nobody gets in with it but by a genuine one; signed by an identity provider
//! that writes anything, what is read from it is what another reader finds at the same places.
//!
//! The second half is not about signatures, so a provider that knows one signature stands in for RSA.

use roxmltree::{Document, Node};
use samlgate::effect::{CryptoProvider, SignatureScheme, SigningFailure, SigningKey, VerificationKey};
use samlgate::xmlsec::key::parse_signing_key;
use samlgate::xmlsec::{Canonicalization, sign};

use super::world::{ACS, Genuine, IDP, Outcome, REQUEST, Remembering, SP, World, genuine};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// Signs everything with the same bytes, and believes those.
struct Yes;

const SIGNATURE: [u8; 256] = [0x5A; 256];

impl CryptoProvider for Yes {
    fn verify(&self, _: SignatureScheme, _: &VerificationKey, _: &[u8], signature: &[u8]) -> bool {
        signature == SIGNATURE
    }

    fn sign(&self, _: SignatureScheme, _: &SigningKey, _: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        Ok(SIGNATURE.to_vec())
    }
}

struct Stage {
    world: World,
    crypto: Remembering,
    messages: Vec<Genuine>,
    key: SigningKey,
}

thread_local! {
    static STAGE: Stage = {
        let (world, crypto) = (World::new(), Remembering::default());
        let pem = include_str!("../../keys/rsa2048.key.pem").to_owned();
        let key = parse_signing_key(&samlgate::base::Secret::new(pem)).expect("a key of the tests");
        Stage { messages: genuine(&world, &crypto), world, crypto, key }
    };
}

pub fn check(input: &[u8]) {
    STAGE.with(|stage| {
        if let Ok(outcome) = stage.world.accept(input, IDP, &stage.crypto) {
            assert!(stage.messages.iter().any(|message| message.outcome == outcome), "{outcome:?} got in");
        }
        if let Ok(text) = core::str::from_utf8(input) {
            stage.signed(text);
        }
    });
}

impl Stage {
    /// Signs `text`, without the signatures that are in it, and reads it as from the identity provider.
    fn signed(&self, text: &str) {
        let Some(bare) = without_signatures(text) else { return };
        let request = sign::SigningRequest {
            key: &self.key,
            scheme: SignatureScheme::RsaSha256,
            certificate: None,
            canonicalization: Canonicalization::default(),
        };
        let Ok(signed) = sign::enveloped(&bare, &request, &Yes) else { return };
        let Ok(outcome) = self.world.accept(signed.as_bytes(), IDP, &Yes) else { return };
        let tree = Document::parse(&signed).expect("it was accepted");
        // What was encrypted is not there for another reader.
        if tree.descendants().any(|node| node.tag_name().name().starts_with("Encrypted")) {
            return;
        }
        agrees(&outcome, &tree);
    }
}

fn without_signatures(text: &str) -> Option<String> {
    let tree = Document::parse(text).ok()?;
    let mut ranges: Vec<_> = tree
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/09/xmldsig#", "Signature")))
        .map(|node| node.range())
        .collect();
    ranges.sort_by_key(|range| core::cmp::Reverse(range.start));
    let mut bare = text.to_owned();
    for range in ranges {
        // One inside of another goes with it.
        if bare.get(range.clone()).is_some_and(|piece| piece.ends_with('>')) {
            bare.replace_range(range, "");
        }
    }
    Some(bare)
}

/// The values at the only place where each may stand.
fn at<'a>(from: Node<'a, 'a>, path: &[&str]) -> Vec<Node<'a, 'a>> {
    let mut found = vec![from];
    for name in path {
        found =
            found.iter().flat_map(Node::children).filter(|child| child.has_tag_name((SAML, *name))).collect();
    }
    found
}

fn text(node: &Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

fn agrees(outcome: &Outcome, tree: &Document<'_>) {
    let root = tree.root_element();
    let values = |path: &[&str]| -> Vec<String> { at(root, path).iter().map(text).collect() };
    assert_eq!(at(root, &["Assertion"]).len(), 1);
    let name_ids = values(&["Assertion", "Subject", "NameID"]);
    let found: Vec<String> = outcome.name_id.iter().map(|one| one.value().expose().clone()).collect();
    assert_eq!(found, name_ids, "another NameID");
    assert!(values(&["Assertion", "Issuer"]).iter().all(|issuer| issuer.trim() == IDP));
    let audiences = values(&["Assertion", "Conditions", "AudienceRestriction", "Audience"]);
    assert!(audiences.iter().any(|audience| audience.trim() == SP), "{audiences:?}");
    assert_eq!(root.attribute("Destination"), Some(ACS));
    assert_eq!(root.attribute("InResponseTo"), Some(REQUEST));
    let confirmed = at(root, &["Assertion", "Subject", "SubjectConfirmation", "SubjectConfirmationData"]);
    assert!(confirmed.iter().any(|one| {
        one.attribute("Recipient") == Some(ACS) && one.attribute("InResponseTo") == Some(REQUEST)
    }));
    let attributes = at(root, &["Assertion", "AttributeStatement", "Attribute"]);
    for attribute in &outcome.attributes {
        let sent: Vec<String> = attributes
            .iter()
            .filter(|one| one.attribute("Name") == Some(&attribute.name))
            .flat_map(|one| at(*one, &["AttributeValue"]))
            .map(|value| text(&value))
            .collect();
        assert!(attribute.values.iter().all(|value| sent.contains(value)), "{attribute:?} of {sent:?}");
        if !attribute.incomplete {
            assert!(attribute.values.len() <= sent.len());
        }
    }
}
