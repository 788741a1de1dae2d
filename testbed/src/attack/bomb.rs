//! Work without end.

use samlgate::base::Code;

use super::text::{before, split, swap, with_signature, with_text};
use super::{Attack, Class, Threat};

static SIZE: Threat = Threat {
    class: Class::Bomb,
    attack: "more than any real message: bytes, levels, nodes, attributes, prefixes",
    source: "CWE-400; roxmltree is cubic in nested namespace declarations and quadratic in attributes",
    answer: "`base::Limits`, counted by `xml::lexer` in one pass before anything is built",
};

static AMPLIFIED: Threat = Threat {
    class: Class::Bomb,
    attack: "little that becomes much: entities, deflated data, canonical octets larger than the document",
    source: "CVE-2025-25293 ruby-saml; CVE-2023-26483 gosaml2; CVE-2023-28119 crewjam/saml",
    answer: "no entities; nothing that comes by HTTP-POST is inflated; canonical octets are bounded",
};

static REPEATED_WORK: Threat = Threat {
    class: Class::Bomb,
    attack: "much work for each element: checks of signatures, transforms, lists",
    source: "XML-DSig best practices (W3C, 2013), section 2.1",
    answer: "one signature, one reference, two transforms; `Budget` counts checks; lists have limits",
};

fn extension(xml: &str, inside: &str) -> Option<String> {
    swap(xml, "<samlp:Status>", &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"))
}

pub(super) fn attacks() -> Vec<Attack> {
    let grown =
        |name: &str, code, make: fn() -> String| SIZE.text(name, code, move |xml| extension(xml, &make()));
    let numbered = |count: usize, make: fn(usize) -> String| (0..count).map(make).collect::<String>();
    vec![
        SIZE.text("deep-ten-thousand", Code::XmlTooDeep, |xml| {
            const LEVELS: usize = 10_000;
            swap(
                xml,
                "<samlp:Status>",
                &format!("{}{}<samlp:Status>", "<a>".repeat(LEVELS), "</a>".repeat(LEVELS)),
            )
        }),
        grown("deep-a-hundred", Code::XmlTooDeep, || format!("{}{}", "<a>".repeat(100), "</a>".repeat(100))),
        grown("elements-by-the-thousand", Code::XmlTooManyNodes, || "<a/>".repeat(25_000)),
        grown("comments-by-the-thousand", Code::XmlTooManyNodes, || "<!---->".repeat(25_000)),
        grown("texts-by-the-thousand", Code::XmlTooManyNodes, || "x<a/>".repeat(12_500)),
        SIZE.text("attributes-twenty-thousand", Code::XmlTooManyAttributes, move |xml| {
            extension(xml, &format!("<a{}/>", numbered(20_000, |n| format!(" a{n}=\"\""))))
        }),
        SIZE.text("prefixes-a-thousand", Code::XmlTooManyPrefixes, move |xml| {
            extension(xml, &format!("<a{}/>", numbered(1_000, |n| format!(" xmlns:p{n}=\"urn:x\""))))
        }),
        SIZE.text("prefixes-nested", Code::XmlTooManyPrefixes, move |xml| {
            let open = numbered(45, |n| format!("<a xmlns:p{n}=\"urn:x\">"));
            extension(xml, &format!("{open}{}", "</a>".repeat(45)))
        }),
        SIZE.text("prefixes-declared-again-and-again", Code::XmlTooManyComparisons, move |xml| {
            let all = numbered(35, |n| format!(" xmlns:p{n}=\"urn:x\""));
            extension(xml, &format!("<a{all}>{}</a>", "<b xmlns:p1=\"urn:y\"/>".repeat(6_000)))
        }),
        grown("bytes-by-the-thousand", Code::XmlTooLarge, || {
            format!("<x:a xmlns:x=\"urn:x\">{}</x:a>", "x".repeat(300_000))
        }),
        SIZE.text("spaces-in-a-tag", Code::XmlTooLarge, |xml| {
            swap(xml, "<samlp:Response ", &format!("<samlp:Response{}", " ".repeat(300_000)))
        }),
        SIZE.text("name-without-end", Code::XmlTooLarge, |xml| {
            with_text(xml, "saml:NameID", |_| "a".repeat(300_000))
        }),
        SIZE.text("namespace-without-end", Code::XmlValueTooLong, |xml| {
            swap(xml, "<samlp:Response ", &format!("<samlp:Response xmlns:l=\"urn:{}\" ", "l".repeat(50_000)))
        }),
        SIZE.text("element-name-without-end", Code::XmlNameTooLong, |xml| {
            extension(xml, &format!("<{}/>", "l".repeat(50_000)))
        }),
        SIZE.text("attribute-without-end", Code::XmlValueTooLong, |xml| {
            swap(xml, "Destination=\"", &format!("Destination=\"{}", "l".repeat(50_000)))
        }),
        SIZE.text("id-without-end", Code::XmlValueTooLong, |xml| {
            let id = super::text::attribute(xml, "ID")?;
            swap(xml, &format!("ID=\"{id}\""), &format!("ID=\"{}\"", "_".repeat(50_000)))
        }),
        AMPLIFIED.text("laughs-without-a-doctype", Code::XmlReferenceRefused, |xml| {
            with_text(xml, "saml:NameID", |_| "&lol9;".repeat(100))
        }),
        AMPLIFIED.text("long-namespace-again-and-again", Code::DigestMismatch, |xml| {
            // Each child would declare the long name anew in canonical form; here it stays within the limit.
            let children = "<l:a/>".repeat(200);
            let long = format!("<x:b xmlns:x=\"urn:x\" xmlns:l=\"urn:{}\">{children}</x:b>", "l".repeat(240));
            before(xml, "</saml:AttributeValue>", &long)
        }),
        AMPLIFIED.text("namespace-again-and-again-too-often", Code::XmlTooLarge, |xml| {
            let children = "<l:a/>".repeat(2_500);
            let long = format!("<x:b xmlns:x=\"urn:x\" xmlns:l=\"urn:{}\">{children}</x:b>", "l".repeat(240));
            before(xml, "</saml:AttributeValue>", &long)
        }),
        REPEATED_WORK.text("references-a-hundred", Code::SignatureStructure, |xml| {
            with_signature(xml, |signature| {
                let (front, reference, back) = split(signature, "ds:Reference")?;
                Some(format!("{front}{}{back}", reference.repeat(100)))
            })
        }),
        REPEATED_WORK.text("signatures-a-hundred", Code::SignatureStructure, |xml| {
            let (front, signature, back) = split(xml, "ds:Signature")?;
            Some(format!("{front}{}{back}", signature.repeat(100)))
        }),
        REPEATED_WORK.text("assertions-fifty", Code::XmlIdRepeated, |xml| {
            let (front, assertion, back) = split(xml, "saml:Assertion")?;
            Some(format!("{front}{}{back}", assertion.repeat(50)))
        }),
        REPEATED_WORK.harmless("certificates-a-hundred", |xml| {
            let (front, certificates, back) = split(xml, "ds:X509Data")?;
            Some(format!("{front}{}{back}", certificates.repeat(100)))
        }),
        REPEATED_WORK.harmless("comments-a-thousand", |xml| {
            extension(xml, &format!("<x:a xmlns:x=\"urn:x\"/>{}", "<!-- -->".repeat(1_000)))
        }),
    ]
}
