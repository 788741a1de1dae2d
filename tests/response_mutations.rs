//! Signature wrapping and damage at every place of a message, without asking what exactly is refused: whatever is
//! done to a signed response, nobody but the person it was signed for gets in, with nothing but what was signed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/saml_response.rs"]
mod saml_response;

use std::time::Duration;

use saml_response::{
    ACS, ASSERTION_ID, IDP, NOW, REQUEST, RESPONSE_ID, SP, assertion_of, by_assertion, by_both, by_response,
    certificate, signature_of, swap, without_signature,
};
use samlgate::base::{ClockSkew, Limits, UnixTime};
use samlgate::effect::VerificationKey;
use samlgate::identity::{Identity, Settings};
use samlgate::saml::profiles::web_sso::{AuthnExpectation, Expectations, RequestBinding, accept};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::RustCrypto;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::Recipient;

struct World {
    keys: Vec<VerificationKey>,
    request: RequestId,
}

/// Everything that an accepted message says.
type Outcome = (String, String, Identity);

impl World {
    fn new() -> Self {
        Self { keys: vec![certificate("rsa2048").key().clone()], request: RequestId::parse(REQUEST).unwrap() }
    }

    fn accept(&self, xml: &[u8]) -> Result<Outcome, ResponseError> {
        let expectations = Expectations {
            now: UnixTime::from_secs(NOW),
            skew: ClockSkew::new(Duration::from_secs(60)).unwrap(),
            idp_entity_id: IDP,
            audience: SP,
            recipient: ACS,
            destination: ACS,
            request: RequestBinding::Solicited(&self.request),
            authn: AuthnExpectation::default(),
        };
        let source = Source::check(xml, &Limits::DEFAULT)?;
        let document = source.document()?;
        let verified = Unverified::read(&document)?.verify(&Trust {
            keys: &self.keys,
            algorithms: AlgorithmPolicy::STRONG,
            demand: SignatureDemand::Any,
            recipient: &Recipient::NOBODY,
            crypto: &RustCrypto,
            limits: &Limits::DEFAULT,
        })?;
        let accepted = accept(verified, &expectations)?;
        let identity = Identity::from_assertion(&accepted, &Settings::default()).unwrap();
        Ok((accepted.id().to_owned(), accepted.session_index().unwrap().to_owned(), identity))
    }

    /// Either refused, or exactly what was signed.
    #[track_caller]
    fn refuses_or_reads(&self, xml: &[u8], original: &Outcome, what: &str) -> bool {
        match self.accept(xml) {
            Err(_) => false,
            Ok(outcome) => {
                let same = outcome == *original;
                assert!(same, "{what} was accepted as somebody else:\n{}", String::from_utf8_lossy(xml));
                true
            }
        }
    }
}

fn messages() -> [(&'static str, String); 3] {
    [
        ("assertion signed", by_assertion(|_| {})),
        ("response signed", by_response(|_| {})),
        ("both signed", by_both(|_| {})),
    ]
}

/// Every place where markup can be put: before each tag.
fn places(xml: &str) -> Vec<usize> {
    xml.match_indices('<').map(|(at, _)| at).collect()
}

fn inserted(xml: &str, at: usize, text: &str) -> String {
    [&xml[..at], text, &xml[at..]].concat()
}

#[test]
fn an_evil_assertion_at_any_place_is_never_read() {
    let world = World::new();
    for (name, xml) in messages() {
        let original = world.accept(xml.as_bytes()).unwrap();
        let bare = assertion_of(&xml).replace(signature_of(assertion_of_or_all(&xml)), "");
        let evil = swap(&swap(&bare, ASSERTION_ID, "_evil"), ">alice<", ">admin<");
        for at in places(&xml) {
            world.refuses_or_reads(inserted(&xml, at, &evil).as_bytes(), &original, name);
        }
    }
}

/// The assertion where it carries a signature, else the message.
fn assertion_of_or_all(xml: &str) -> &str {
    let assertion = assertion_of(xml);
    if assertion.contains("<ds:Signature ") { assertion } else { xml }
}

#[test]
fn the_genuine_assertion_at_any_place_of_an_evil_one_lends_it_nothing() {
    let world = World::new();
    let xml = by_assertion(|_| {});
    let original = world.accept(xml.as_bytes()).unwrap();
    let genuine = assertion_of(&xml);
    let signature = signature_of(&xml);
    let bare = without_signature(genuine);
    let evil = swap(&swap(&bare, ASSERTION_ID, "_evil"), ">alice<", ">admin<");
    let evil_signed = swap(&evil, "</saml:Issuer>", &format!("</saml:Issuer>{signature}"));
    let mut tried = 0;
    for in_place in [&evil, &evil_signed] {
        let message = swap(&xml, genuine, in_place);
        for hidden in [genuine, &bare, &swap(genuine, "saml:", "s:").replace("xmlns:saml", "xmlns:s")] {
            for at in places(&message) {
                let what = "a genuine assertion lent to an evil one";
                world.refuses_or_reads(inserted(&message, at, hidden).as_bytes(), &original, what);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn the_genuine_response_at_any_place_of_an_evil_one_lends_it_nothing() {
    let world = World::new();
    for (name, xml) in [messages()[1].clone(), messages()[2].clone()] {
        let original = world.accept(xml.as_bytes()).unwrap();
        let signature = signature_of(&xml).to_owned();
        let bare = without_signature(&xml);
        let renamed = swap(&swap(&bare, RESPONSE_ID, "_evil-response"), ASSERTION_ID, "_evil");
        let evil = renamed.replace(">alice<", ">admin<");
        let evil_signed = evil.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1);
        for message in [&evil, &evil_signed] {
            for hidden in [&xml, &bare] {
                for at in places(message) {
                    world.refuses_or_reads(inserted(message, at, hidden).as_bytes(), &original, name);
                }
            }
        }
    }
}

#[test]
fn elements_removed_doubled_moved_or_wrapped_change_nothing_that_is_read() {
    let world = World::new();
    for (name, xml) in messages() {
        let original = world.accept(xml.as_bytes()).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let ranges: Vec<_> =
            document.descendants().filter(roxmltree::Node::is_element).map(|node| node.range()).collect();
        let mut accepted = 0;
        let mut check = |message: String, what: &str| {
            accepted += usize::from(world.refuses_or_reads(
                message.as_bytes(),
                &original,
                &format!("{name}: {what}"),
            ));
        };
        for range in &ranges {
            let (before, element, behind) = (&xml[..range.start], &xml[range.clone()], &xml[range.end..]);
            check([before, behind].concat(), "removed");
            check([before, element, element, behind].concat(), "doubled");
            let renamed = element.replace(ASSERTION_ID, "_other").replace(RESPONSE_ID, "_other-response");
            check([before, &renamed, element, behind].concat(), "doubled before under another ID");
            check([before, element, &renamed, behind].concat(), "doubled behind under another ID");
            check([before, "<x:x xmlns:x=\"urn:x\">", element, "</x:x>", behind].concat(), "wrapped");
            check([before, "<!--", &element.replace("--", ""), "-->", behind].concat(), "commented out");
            for other in &ranges {
                let disjoint = other.start >= range.end || other.end <= range.start;
                if disjoint {
                    let (first, second) =
                        if other.start < range.start { (other, range) } else { (range, other) };
                    let exchanged = [
                        &xml[..first.start],
                        &xml[second.clone()],
                        &xml[first.end..second.start],
                        &xml[first.clone()],
                        &xml[second.end..],
                    ];
                    check(exchanged.concat(), "exchanged");
                }
            }
        }
        // KeyInfo may go, and equal elements may change places.
        assert!(accepted > 0, "{name}: nothing at all was accepted, so nothing was tested");
    }
}

#[test]
fn damaged_bytes_change_nothing_that_is_read() {
    let world = World::new();
    let fragments: &[&[u8]] = &[
        b"<!-- -->",
        b"<![CDATA[",
        b"]]>",
        b"&#x61;",
        b"admin",
        b"<?x?>",
        b"</saml:NameID>",
        b"<saml:NameID>",
        b" ",
        b"\r\n",
        b"\0",
        b"\xff",
        b"xmlns=\"urn:x\" ",
        b"xmlns:saml=\"urn:x\" ",
        b"ID=\"_assertion-1\" ",
        b"\"",
        b"<",
        b">",
        b"&",
    ];
    // A fixed linear congruential generator: the same damage in every run.
    let mut state = 0x2026_0102_u64;
    let mut next = move |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for (name, xml) in messages() {
        let original = world.accept(xml.as_bytes()).unwrap();
        for _ in 0..2_000 {
            let mut damaged = xml.clone().into_bytes();
            let at = next(damaged.len());
            match next(5) {
                0 => damaged[at] ^= 1 << next(8),
                1 => drop(damaged.remove(at)),
                2 => {
                    let to = (at + 1 + next(200)).min(damaged.len());
                    damaged.drain(at..to);
                }
                3 => {
                    let to = (at + 1 + next(400)).min(damaged.len());
                    let copy = damaged[at..to].to_vec();
                    let into = next(damaged.len());
                    damaged.splice(into..into, copy);
                }
                _ => {
                    let fragment = fragments[next(fragments.len())];
                    damaged.splice(at..at, fragment.iter().copied());
                }
            }
            world.refuses_or_reads(&damaged, &original, name);
        }
    }
}
