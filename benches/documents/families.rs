//! The families, and what each costs at the most that the limits let through.

use core::time::Duration;
use std::fmt::Write as _;

use samlgate::base::Limits;
use samlgate::xml::Source;

use crate::message::{Keys, consume, encrypted, render};
use crate::milliseconds;
use crate::shape::{Content, Shape};

/// Room for two signatures beside the hostile part: bytes, and nodes.
const SIGNATURES: (usize, usize) = (3_000, 60);

/// The size that documents are filled up to.
const BYTES: usize = 256 * 1024;

/// How the hostile part is made, and where it stands.
pub(crate) enum Family {
    /// In `Advice`, which may hold elements of others.
    Advice(Shape),
    /// In `AttributeStatement`.
    Statement(fn(usize) -> String),
}

impl Family {
    fn message(&self, count: usize) -> String {
        match self {
            Self::Advice(shape) => render("", &shape.render(count), ""),
            Self::Statement(make) => render("", "", &make(count)),
        }
    }

    fn prefix_list(&self) -> Vec<String> {
        match self {
            Self::Advice(shape) => shape.prefix_list(),
            Self::Statement(_) => Vec::new(),
        }
    }

    /// The message with the most repetitions that `fits`.
    fn largest(&self, fits: impl Fn(&str) -> bool) -> String {
        let unit = (self.message(2).len() - self.message(1).len()).max(1);
        let (mut low, mut high) = (0, BYTES / unit + 2);
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if fits(&self.message(middle)) { low = middle } else { high = middle }
        }
        self.message(low)
    }
}

pub(crate) fn limits() -> Limits {
    Limits { max_xml_bytes: BYTES, ..Limits::DEFAULT }
}

/// One measured document.
pub(crate) struct Measured {
    /// Bytes of the signed document.
    pub(crate) bytes: usize,
    /// Without the key of the identity provider: milliseconds and what they end with.
    pub(crate) forged: (f64, String),
    /// Signed twice by the identity provider; `None` when it cannot be signed.
    pub(crate) signed: Option<(f64, String)>,
    /// Filled up to the size limit without a look at the others.
    pub(crate) full: (f64, String),
}

impl Measured {
    /// The slowest of the three.
    pub(crate) fn worst(&self) -> f64 {
        self.forged.0.max(self.full.0).max(self.signed.as_ref().map_or(0.0, |(time, _)| *time))
    }
}

/// Milliseconds for `text`, and what it ends with.
fn cost(text: &str, keys: &Keys, enough: Duration) -> (f64, String) {
    let limits = limits();
    let outcome = consume(text.as_bytes(), keys, &limits);
    let outcome = outcome.map_or_else(|code| code.id().to_owned(), |_| String::from("accepted"));
    (milliseconds(enough, || consume(text.as_bytes(), keys, &limits)), outcome)
}

pub(crate) fn measure(family: &Family, keys: &Keys, enough: Duration) -> Measured {
    let limits = limits();
    let small = |text: &str| text.len() + SIGNATURES.0 <= BYTES;
    let tight = Limits { max_xml_nodes: limits.max_xml_nodes - SIGNATURES.1, ..limits };
    let list = family.prefix_list();
    let cost = |text: &str| cost(text, keys, enough);
    let unsigned = family.largest(|text| small(text) && Source::check(text.as_bytes(), &tight).is_ok());
    let signed = keys.signed(&unsigned, true, &list).ok();
    let full = keys.forged(&family.largest(small), &list);
    Measured {
        bytes: unsigned.len(),
        forged: cost(&keys.forged(&unsigned, &list)),
        signed: signed.as_deref().map(cost),
        full: cost(&full),
    }
}

/// Prints a line for each family whose name contains `words`.
pub(crate) fn run(words: &str) {
    let keys = Keys::read();
    for (name, family) in all().into_iter().filter(|(name, _)| name.contains(words)) {
        let Measured { bytes, forged, signed, full } = measure(&family, &keys, Duration::from_millis(100));
        let (time, outcome) = signed.unwrap_or((0.0, String::from("cannot be signed")));
        println!(
            "{name}\t{bytes}\t{:.2}\t{}\t{time:.2}\t{outcome}\t{:.2}\t{}",
            forged.0, forged.1, full.0, full.1
        );
    }
    for (name, xml) in without_shape().iter().filter(|(name, _)| name.contains(words)) {
        let (time, code) = cost(xml, &keys, Duration::from_millis(100));
        println!("{name}\t{}\t{time:.2}\t{code}\t0.00\tcannot be signed\t{time:.2}\t{code}", xml.len());
    }
}

/// The families that are no shapes: they need no signature, and end where somebody without any key ends.
fn without_shape() -> Vec<(String, String)> {
    let (most, keys) = (limits().max_decryptions as usize, limits().max_encrypted_keys);
    let bytes = BYTES / 4 * 3 - 8_000;
    vec![
        (String::from("encrypted assertion, one encrypted key of nobody"), encrypted(1, bytes)),
        (format!("encrypted assertion, {most} encrypted keys of nobody"), encrypted(most, bytes)),
        (format!("encrypted assertion, {keys} encrypted keys of nobody"), encrypted(keys, bytes)),
    ]
}

fn statement(count: usize, one: impl Fn(&mut String, usize)) -> String {
    let mut out = String::new();
    (0..count).for_each(|number| one(&mut out, number));
    out
}

/// Every family by its name.
pub(crate) fn all() -> Vec<(&'static str, Family)> {
    let shape = Shape::default;
    let advice = |shape| Family::Advice(shape);
    let text = |content, content_length| Shape { content, content_length, ..shape() };
    vec![
        ("empty elements", advice(shape())),
        ("elements with one character", advice(text(Content::Characters, 1))),
        ("elements with white space", advice(text(Content::Spaces, 1))),
        ("elements with a comment", advice(text(Content::Comments, 1))),
        ("elements with a CDATA section", advice(text(Content::Sections, 1))),
        ("one long text", advice(text(Content::Characters, 240_000))),
        ("one text of references", advice(text(Content::References, 60_000))),
        ("one text of line breaks as references", advice(text(Content::Hexadecimal, 50_000))),
        ("one text of brackets", advice(text(Content::Brackets, 240_000))),
        ("one text of CDATA sections", advice(text(Content::Sections, 17_000))),
        ("one text of U+F000", advice(text(Content::NotCharacters, 80_000))),
        ("deepest nesting", advice(Shape { depth: 44, ..shape() })),
        ("an ID on every element", advice(Shape { id: true, ..shape() })),
        ("one attribute on every element", advice(Shape { attributes: 1, ..shape() })),
        ("40 attributes on every element", advice(Shape { attributes: 40, ..shape() })),
        ("40 attributes with long names", advice(Shape { attributes: 40, name_length: 100, ..shape() })),
        (
            "attribute values full of references",
            Family::Statement(|count| {
                statement(count, |out, number| {
                    write!(
                        out,
                        "<saml:Attribute Name='n{}' FriendlyName='{}'/>",
                        number % 100,
                        "&lt;".repeat(400)
                    )
                    .unwrap();
                })
            }),
        ),
        ("40 prefixes, every element in the last", advice(Shape { prefixes: 34, prefixed: true, ..shape() })),
        (
            "40 prefixes, one prefixed attribute",
            advice(Shape { prefixes: 34, prefixed: true, prefixed_attributes: 1, ..shape() }),
        ),
        (
            "40 prefixed attributes",
            advice(Shape { prefixes: 34, prefixed: true, prefixed_attributes: 39, ..shape() }),
        ),
        (
            "40 prefixed attributes, one prefix",
            advice(Shape { prefixes: 1, prefixed: true, prefixed_attributes: 39, ..shape() }),
        ),
        (
            "40 prefixed attributes, namespace names of 250 bytes",
            advice(Shape { prefixes: 34, namespace_length: 250, prefixed_attributes: 39, ..shape() }),
        ),
        (
            "40 prefixed attributes, one namespace name of 50 KB",
            advice(Shape { prefixes: 1, namespace_length: 50_000, prefixed_attributes: 39, ..shape() }),
        ),
        (
            "40 prefixed attributes, two namespace names of 30 KB",
            advice(Shape { prefixes: 2, namespace_length: 30_000, prefixed_attributes: 39, ..shape() }),
        ),
        (
            "8 prefixed attributes, namespace names of 250 bytes",
            advice(Shape { prefixes: 8, namespace_length: 250, prefixed_attributes: 8, ..shape() }),
        ),
        (
            "40 prefixes, one declared by every element",
            advice(Shape { prefixes: 34, declarations: 1, ..shape() }),
        ),
        (
            "10 prefixes, one declared by every element",
            advice(Shape { prefixes: 10, declarations: 1, ..shape() }),
        ),
        (
            "one prefix, declared by every element to its own name",
            advice(Shape { prefixes: 1, declarations: 1, own_namespaces: true, prefixed: true, ..shape() }),
        ),
        (
            "40 declarations on every element",
            advice(Shape { prefixes: 34, declarations: 38, own_namespaces: true, ..shape() }),
        ),
        (
            "PrefixList of 16, in scope 20",
            advice(Shape { prefixes: 16, prefixed: true, list: 16, ..shape() }),
        ),
        ("PrefixList of 16", advice(Shape { prefixes: 34, prefixed: true, list: 16, ..shape() })),
        (
            "40 prefixes declared anew on 44 levels",
            advice(Shape { prefixes: 34, depth: 44, declared_by_depth: 19, prefixed: true, ..shape() }),
        ),
        (
            "the same with a PrefixList of 16",
            advice(Shape {
                prefixes: 34,
                depth: 44,
                declared_by_depth: 19,
                prefixed: true,
                list: 16,
                ..shape()
            }),
        ),
        (
            "one long namespace name, declared by every element of the canonical form",
            advice(Shape { prefixes: 1, namespace_length: 240, prefixed: true, ..shape() }),
        ),
        (
            "attributes without values, each with its own name",
            Family::Statement(|count| {
                statement(count, |out, number| {
                    write!(out, "<saml:Attribute Name='{number}'/>").unwrap();
                })
            }),
        ),
        (
            "attributes with a value each, all of one name",
            Family::Statement(|count| {
                statement(count, |out, number| {
                    write!(
                        out,
                        "<saml:Attribute Name='g'><saml:AttributeValue>{number}</saml:AttributeValue></saml:Attribute>"
                    )
                    .unwrap();
                })
            }),
        ),
        (
            "values of one attribute",
            Family::Statement(|count| {
                let values = statement(count, |out, number| {
                    write!(out, "<saml:AttributeValue>{number}</saml:AttributeValue>").unwrap();
                });
                format!("<saml:Attribute Name='g'>{values}</saml:Attribute>")
            }),
        ),
        (
            "values that declare their own prefixes",
            Family::Statement(|count| {
                let values = statement(count, |out, number| {
                    write!(
                        out,
                        concat!(
                            "<saml:AttributeValue xmlns:xs='http://www.w3.org/2001/XMLSchema' ",
                            "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='xs:string'>{}",
                            "</saml:AttributeValue>"
                        ),
                        number
                    )
                    .unwrap();
                });
                format!("<saml:Attribute Name='g'>{values}</saml:Attribute>")
            }),
        ),
    ]
}
