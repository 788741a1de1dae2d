//! How the signed element becomes octets.

use samlgate::base::Code;

use super::text::{about_the_victim, before, behind, split, swap, with_signature};
use super::{Attack, Class, Expect, Threat};
use crate::idp::Signed;

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

static FOREIGN: Threat = Threat {
    class: Class::Transform,
    attack: "a transform that computes, selects or fetches: XSLT, XPath, XPointer, base64, decryption, STR",
    source: "XML-DSig core 6.6; Hill, \"Attacking XML Security\" (2007): XSLT runs code before the signature is checked; \
             CVE-2022-47966 Zoho ManageEngine",
    answer: "`SignedInfo::read`: enveloped-signature, then exclusive canonical XML, nothing else; read before anything is \
             computed",
};

static REORDERED: Threat = Threat {
    class: Class::Transform,
    attack: "the right transforms missing, repeated or in another order",
    source: "XML-DSig core 4.3.3.4; SAML core 5.4.4",
    answer: "`SignedInfo::read`: exactly two transforms in one order",
};

static CANONICALIZATION: Threat = Threat {
    class: Class::Transform,
    attack: "another canonicalization: inclusive, 1.1, none, or one with parameters of the attacker's choice",
    source: "CVE-2013-2172 Santuario; XML-DSig core 6.5; SAML core 5.4.3; `InclusiveNamespaces` of exclusive canonical XML, section 4",
    answer: "`Canonicalization::read`: two URIs, and a PrefixList of bounded length as their one parameter",
};

/// The first transform list replaced.
fn transforms(xml: &str, list: &str) -> Option<String> {
    let changed = with_signature(xml, |signature| {
        let (front, _, back) = split(signature, "ds:Transforms")?;
        Some(format!("{front}<ds:Transforms>{list}</ds:Transforms>{back}"))
    })?;
    about_the_victim(&changed)
}

fn transform(uri: &str, inside: &str) -> String {
    format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>")
}

fn enveloped() -> String {
    transform(&format!("{DS}enveloped-signature"), "")
}

fn exclusive() -> String {
    transform(EXCLUSIVE, "")
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = foreign();
    attacks.extend(reordered());
    attacks.extend(canonicalization());
    attacks
}

fn foreign() -> Vec<Attack> {
    let refused = Code::TransformRefused;
    let mut attacks = Vec::new();
    let xslt = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\"><xsl:template match=\"/\">\
                <xsl:value-of select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet>";
    let java = "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" \
                xmlns:rt=\"http://xml.apache.org/xalan/java/java.lang.Runtime\"><xsl:template match=\"/\">\
                <xsl:value-of select=\"rt:exec(rt:getRuntime(),'id')\"/></xsl:template></xsl:stylesheet>";
    for (name, uri, inside) in [
        ("xslt", "http://www.w3.org/TR/1999/REC-xslt-19991116", xslt),
        ("xslt-with-java", "http://www.w3.org/TR/1999/REC-xslt-19991116", java),
        (
            "xpath",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "<ds:XPath>not(ancestor-or-self::saml:NameID)</ds:XPath>",
        ),
        ("xpath-all", "http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>false()</ds:XPath>"),
        (
            "xpath-filter-2",
            "http://www.w3.org/2002/06/xmldsig-filter2",
            "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//saml:NameID</f:XPath>",
        ),
        ("xpointer", "http://www.w3.org/2001/04/xmldsig-more/xptr", ""),
        ("base64", "http://www.w3.org/2000/09/xmldsig#base64", ""),
        ("decryption", "http://www.w3.org/2002/07/decrypt#XML", ""),
        (
            "str",
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
            "",
        ),
        ("relationship", "http://schemas.openxmlformats.org/package/2006/RelationshipTransform", ""),
        ("empty", "", ""),
        ("nearly-enveloped", "http://www.w3.org/2000/09/xmldsig#enveloped-signature ", ""),
    ] {
        let (first, last) = (transform(uri, inside), enveloped() + &transform(uri, inside));
        attacks.push(FOREIGN.text(format!("transform-{name}-first"), refused, move |xml| {
            transforms(xml, &(first.clone() + &exclusive()))
        }));
        attacks
            .push(FOREIGN.text(format!("transform-{name}-last"), refused, move |xml| transforms(xml, &last)));
    }
    attacks.push(FOREIGN.text("transform-xslt-third", refused, move |xml| {
        transforms(
            xml,
            &(enveloped() + &exclusive() + &transform("http://www.w3.org/TR/1999/REC-xslt-19991116", xslt)),
        )
    }));
    attacks
}

fn reordered() -> Vec<Attack> {
    let refused = Code::TransformRefused;
    let list = |name: &str, code, list: fn() -> String| {
        REORDERED.text(name, code, move |xml| transforms(xml, &list()))
    };
    vec![
        list("transforms-none", refused, String::new),
        list("transforms-enveloped-only", refused, enveloped),
        list("transforms-exclusive-only", refused, exclusive),
        list("transforms-exchanged", refused, || exclusive() + &enveloped()),
        list("transforms-enveloped-twice", refused, || enveloped() + &enveloped() + &exclusive()),
        list("transforms-exclusive-twice", refused, || enveloped() + &exclusive() + &exclusive()),
        list("transforms-hundred", refused, || enveloped() + &exclusive().repeat(100)),
        list("transforms-with-text", Code::SignatureStructure, || format!("x{}{}", enveloped(), exclusive())),
        list("transform-without-algorithm", Code::SignatureStructure, || {
            format!("<ds:Transform></ds:Transform>{}", exclusive())
        }),
        list("transform-with-parameters", Code::SignatureStructure, || {
            transform(&format!("{DS}enveloped-signature"), "<ds:XPath>1</ds:XPath>") + &exclusive()
        }),
        list("transform-in-foreign-namespace", refused, || {
            format!("<x:Transform xmlns:x=\"urn:x\" Algorithm=\"{DS}enveloped-signature\"/>{}", exclusive())
        }),
        // Two lists that differ only in what the signature says; the octets would be the same.
        REORDERED.text("transform-with-comments", Code::SignatureInvalid, |xml| {
            transforms(xml, &(enveloped() + &transform(&format!("{EXCLUSIVE}WithComments"), "")))
        }),
        REORDERED
            .issue("signed-with-comments", Expect::SameIdentity, |o| o.canonicalization.with_comments = true),
        REORDERED
            .text("transforms-none-on-response", refused, |xml| transforms(xml, ""))
            .on(Signed::Response),
    ]
}

fn canonicalization() -> Vec<Attack> {
    let method = |name: &str, uri: &'static str| {
        CANONICALIZATION.text(name, Code::CanonicalizationRefused, move |xml| {
            let have = format!("<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\">");
            about_the_victim(&swap(xml, &have, &format!("<ds:CanonicalizationMethod Algorithm=\"{uri}\">"))?)
        })
    };
    let transform_uri = |name: &str, uri: &'static str| {
        CANONICALIZATION.text(name, Code::TransformRefused, move |xml| {
            transforms(xml, &(enveloped() + &transform(uri, "")))
        })
    };
    let prefixes = |name: &str, code, list: fn() -> String| {
        CANONICALIZATION.text(name, code, move |xml| {
            let inclusive =
                format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{}\"/>", list());
            transforms(xml, &(enveloped() + &transform(EXCLUSIVE, &inclusive)))
        })
    };
    let structure = Code::SignatureStructure;
    vec![
        method("method-inclusive", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        method(
            "method-inclusive-with-comments",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        ),
        method("method-inclusive-11", "http://www.w3.org/2006/12/xml-c14n11"),
        method("method-minimal", "http://www.w3.org/2000/09/xmldsig#minimal"),
        method("method-xslt", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        method("method-empty", ""),
        method("method-nearly-exclusive", "http://www.w3.org/2001/10/xml-exc-c14n"),
        method("method-exclusive-in-upper-case", "HTTP://www.w3.org/2001/10/xml-exc-c14n#"),
        transform_uri("transform-inclusive", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        transform_uri("transform-inclusive-11", "http://www.w3.org/2006/12/xml-c14n11"),
        CANONICALIZATION.text("method-with-comments", Code::SignatureInvalid, |xml| {
            let changed = with_signature(xml, |s| {
                swap(s, &format!("\"{EXCLUSIVE}\""), &format!("\"{EXCLUSIVE}WithComments\""))
            })?;
            about_the_victim(&changed)
        }),
        CANONICALIZATION.text("method-with-a-foreign-parameter", structure, |xml| {
            let changed = with_signature(xml, |s| {
                before(s, "</ds:CanonicalizationMethod>", "<x:y xmlns:x=\"urn:x\"/>")
            })?;
            about_the_victim(&changed)
        }),
        CANONICALIZATION.text("method-with-two-algorithms", Code::XmlNotWellFormed, |xml| {
            behind(xml, "<ds:CanonicalizationMethod ", "Algorithm=\"urn:x\" ")
        }),
        prefixes("prefix-list-that-is-no-list", structure, || String::from("saml:x")),
        prefixes("prefix-list-with-an-expression", structure, || String::from("*")),
        prefixes("prefix-list-of-a-thousand", structure, || "p ".repeat(1000)),
        // What is listed and not in scope has no effect, but it was not signed so.
        prefixes("prefix-list-of-unknown-prefixes", Code::SignatureInvalid, || {
            String::from("evil #default xml")
        }),
        CANONICALIZATION.text("prefix-list-twice", structure, |xml| {
            let inclusive =
                format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"saml\"/>").repeat(2);
            transforms(xml, &(enveloped() + &transform(EXCLUSIVE, &inclusive)))
        }),
        // With the prefix in the list, redefining it on the root changes the octets; without, it cannot.
        CANONICALIZATION.issue("signed-prefix-list-of-everything", Expect::SameIdentity, |o| {
            o.canonicalization.inclusive_prefixes =
                ["saml", "xs", "xsi", "#default", "nothing"].map(String::from).to_vec();
        }),
    ]
}
