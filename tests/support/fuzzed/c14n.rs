//! Canonical XML of any element: the same when done twice, in another place, and with the omitted element really gone.
//!
//! An input that begins with `<` is a document; otherwise four bytes choose the options and the document follows.

use samlgate::base::Limits;
use samlgate::xml::c14n::{Exclusive, canonicalize};
use samlgate::xml::{Element, Source, XmlError};

use super::xml_document::reread;

const PREFIXES: &[&[&str]] =
    &[&[], &["#default"], &["a", "b"], &["xs", "#default"], &["xml", "ds", "saml"], &["p", "q", "a.b"]];

pub fn check(input: &[u8]) {
    let (options, text) = match input {
        [b'<', ..] => ([0; 4], input),
        [flags, apex, omit, prefixes, text @ ..] => ([*flags, *apex, *omit, *prefixes], text),
        _ => return,
    };
    let [flags, apex, omit, prefixes] = options.map(usize::from);
    let limits = Limits::DEFAULT;
    let Ok(source) = Source::check(text, &limits) else { return };
    let Ok(document) = source.document() else { return };
    let elements = in_order(document.root());
    let apex_at = apex % elements.len();
    let apex = elements[apex_at];
    let with_comments = flags & 1 == 1;
    let inclusive_prefixes = PREFIXES[prefixes % PREFIXES.len()];
    let how = Exclusive { with_comments, inclusive_prefixes, omit: None };

    let octets = match canonicalize(apex, &how) {
        Ok(octets) => octets,
        Err(XmlError::CanonicalizationFailed { .. }) => return,
        Err(other) => panic!("canonicalization says {other}"),
    };
    assert!(octets.starts_with(b"<") && octets.ends_with(b">"));
    if !with_comments {
        assert!(!octets.windows(4).any(|four| four == b"<!--"), "a comment is left");
    }
    if let Some(again) = reread(&octets, &limits) {
        let again = again.document().expect("canonical XML is well-formed");
        assert_eq!(canonicalize(again.root(), &how).ok().as_ref(), Some(&octets), "not idempotent");
    }
    if inclusive_prefixes.is_empty() {
        elsewhere(&octets, &how, &limits);
    }
    without(&source, (apex_at, omit), &elements, &how, &limits);
}

fn in_order(root: Element<'_>) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(element) = waiting.pop() {
        found.push(element);
        let above = waiting.len();
        waiting.extend(element.children());
        waiting[above..].reverse();
    }
    found
}

/// Exclusive canonical XML 1.0, section 1: the surroundings do not matter.
fn elsewhere(octets: &[u8], how: &Exclusive<'_>, limits: &Limits) {
    let moved = [b"<zz:z xmlns:zz=\"urn:zz\" xmlns:zy=\"urn:zy\">".as_slice(), octets, b"</zz:z>"].concat();
    let Ok(source) = Source::check(&moved, limits) else { return };
    let document = source.document().expect("well-formed inside another element");
    let inner = document.root().children().next().expect("it is there");
    assert_eq!(canonicalize(inner, how).ok().as_deref(), Some(octets), "other octets in another place");
}

/// Leaving an element out is the same as a document in which it never was.
fn without(
    source: &Source,
    (apex_at, omit): (usize, usize),
    elements: &[Element<'_>],
    how: &Exclusive<'_>,
    limits: &Limits,
) {
    let tree = roxmltree::Document::parse(source.as_str()).expect("parsed before");
    let nodes: Vec<_> = tree.descendants().filter(roxmltree::Node::is_element).collect();
    assert_eq!(nodes.len(), elements.len());
    let below = nodes[apex_at].descendants().filter(roxmltree::Node::is_element).count();
    if below < 2 {
        return;
    }
    let omit_at = apex_at + 1 + omit % (below - 1);
    let range = nodes[omit_at].range();
    let text = [&source.as_str()[..range.start], &source.as_str()[range.end..]].concat();
    let Ok(shorter) = Source::check(text.as_bytes(), limits) else { return };
    let shorter = shorter.document().expect("still well-formed");
    let expected = canonicalize(in_order(shorter.root())[apex_at], how).ok();
    let found = canonicalize(elements[apex_at], &Exclusive { omit: Some(elements[omit_at]), ..*how }).ok();
    assert_eq!(found, expected, "left out, and never there, are different");
}
