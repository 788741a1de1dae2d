//! Names that mean one thing to one reader and another to the next.

use samlgate::base::Code;

use super::text::{about_the_victim, evil, swap, unsigned, with_assertion, with_signature, with_text};
use super::{Attack, Class, Threat, VICTIM};

static REBOUND: Threat = Threat {
    class: Class::Namespace,
    attack: "a prefix is bound to another namespace, or another prefix to ours",
    source: "Namespaces in XML 1.0; \"The Fragile Lock\" (2025), namespace confusion; CVE-2025-66567 ruby-saml",
    answer: "elements and attributes are compared by namespace and local name; `SignedElement::read` compares the name \
             in the canonical octets with the one that was verified",
};

static ODD_DECLARATION: Threat = Threat {
    class: Class::Namespace,
    attack: "declarations that parsers read differently: repeated, reserved, empty, spelled with a prefix",
    source: "\"The Fragile Lock\" (2025); CVE-2025-25292 ruby-saml (REXML against Nokogiri); CVE-2020-29509, \
             CVE-2020-29510, CVE-2020-29511 Go encoding/xml, and so CVE-2020-27846 crewjam/saml and CVE-2020-26290 dex",
    answer: "`xml::lexer` is narrower than the parser behind it, and there is one parser",
};

static VOID: Threat = Threat {
    class: Class::Namespace,
    attack: "a relative namespace makes the canonicalizer fail, and the digest of nothing is compared",
    source: "\"The Fragile Lock\" (2025), void canonicalization; CVE-2025-66568 ruby-saml",
    answer: "relative namespace names are refused by `xml::lexer`; `xml::c14n` returns an error, never octets that stand \
             for one; `Canonicalization::octets` wants the element's own start tag first",
};

static POLLUTED: Threat = Threat {
    class: Class::Namespace,
    attack: "a second attribute of the same local name, in another namespace or none",
    source: "\"The Fragile Lock\" (2025), attribute pollution in php-saml and ruby-saml",
    answer: "`xml::Element::attribute` reads attributes in no namespace only; `only_attributes` refuses every other one in \
             the signature",
};

const EMPTY_DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = rebound();
    attacks.extend(declarations());
    attacks.extend(void());
    attacks.extend(polluted());
    attacks
}

fn rebound() -> Vec<Attack> {
    let nothing = Code::SignatureMissing;
    vec![
        REBOUND.text("name-id-in-foreign-namespace", Code::DigestMismatch, |xml| {
            swap(xml, "<saml:NameID ", "<saml:NameID xmlns:saml=\"urn:evil\" ")
        }),
        REBOUND.text("second-name-id-in-foreign-namespace", Code::DigestMismatch, |xml| {
            swap(
                xml,
                "<saml:NameID ",
                &format!("<x:NameID xmlns:x=\"urn:x\">{VICTIM}</x:NameID><saml:NameID "),
            )
        }),
        REBOUND.text("assertion-in-foreign-namespace", Code::SchemaViolation, |xml| {
            with_assertion(xml, |assertion| {
                swap(
                    assertion,
                    "urn:oasis:names:tc:SAML:2.0:assertion",
                    "urn:oasis:names:tc:SAML:1.0:assertion",
                )
            })
        }),
        REBOUND.text("foreign-assertion-beside", Code::SchemaViolation, |xml| {
            swap(
                xml,
                "<saml:Assertion ",
                &format!("<x:Assertion xmlns:x=\"urn:x\">{VICTIM}</x:Assertion><saml:Assertion "),
            )
        }),
        REBOUND.text("signature-in-foreign-namespace", nothing, |xml| {
            let changed = with_signature(xml, |signature| {
                swap(signature, "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2000/09/xmldsig")
            })?;
            about_the_victim(&changed)
        }),
        REBOUND.text("signature-in-xmldsig-11", nothing, |xml| {
            let changed = with_signature(xml, |signature| {
                swap(signature, "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2009/xmldsig11#")
            })?;
            about_the_victim(&changed)
        }),
        // The copy of `ds` inside is another namespace: no SignedInfo is found where it must be.
        REBOUND.text("signed-info-in-foreign-namespace", Code::SignatureStructure, |xml| {
            swap(
                xml,
                "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
                "<ds:SignedInfo xmlns:ds=\"urn:evil\">",
            )
        }),
        REBOUND.text("case-of-namespace", Code::MessageUnexpected, |xml| {
            swap(xml, "urn:oasis:names:tc:SAML:2.0:protocol", "URN:oasis:names:tc:SAML:2.0:protocol")
        }),
        REBOUND.text("prefix-not-bound", Code::XmlNotWellFormed, |xml| {
            swap(xml, "<saml:Subject>", "<y:x/><saml:Subject>")
        }),
        // Declared on the root, used nowhere: exclusive canonical XML does not even see it.
        REBOUND.harmless("unused-namespace-on-the-root", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response xmlns:evil=\"urn:evil\" ")
        }),
        REBOUND.harmless("default-namespace-on-the-root", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response xmlns=\"urn:evil\" ")
        }),
        // Inclusive canonical XML would carry these into what is signed; exclusive does not.
        REBOUND.harmless("xml-attributes-on-the-root", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response xml:lang=\"en\" xml:space=\"preserve\" ")
        }),
        // Only values use this prefix, so the signature does not cover what it means; nor does anything of ours.
        REBOUND.harmless("schema-prefix-rebound-on-the-root", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response xmlns:xs=\"urn:evil\" ")
        }),
        REBOUND.text("schema-instance-rebound-in-the-assertion", Code::DigestMismatch, |xml| {
            swap(xml, "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"", "xmlns:xsi=\"urn:evil\"")
        }),
        REBOUND.harmless("schema-prefix-rebound-in-the-assertion", |xml| {
            swap(xml, "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"", "xmlns:xs=\"urn:evil\"")
        }),
        REBOUND.harmless("unused-namespace-in-the-assertion", |xml| {
            swap(xml, "<saml:Assertion ", "<saml:Assertion xmlns:evil=\"urn:evil\" ")
        }),
        // The text is the same; the name of the element is not what was signed.
        REBOUND.text("other-prefix-for-the-same-namespace", Code::DigestMismatch, |xml| {
            swap(
                xml,
                "<saml:Conditions ",
                "<s2:Conditions xmlns:s2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ",
            )
            .and_then(|xml| swap(&xml, "</saml:Conditions>", "</s2:Conditions>"))
        }),
    ]
}

fn declarations() -> Vec<Attack> {
    let on_root = |name: &str, code, declaration: &'static str| {
        ODD_DECLARATION.text(name, code, move |xml| {
            swap(xml, "<samlp:Response ", &format!("<samlp:Response {declaration} "))
        })
    };
    let refused = Code::XmlNamespaceRefused;
    vec![
        on_root("namespace-declared-twice", refused, "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\""),
        on_root("default-namespace-declared-twice", refused, "xmlns=\"urn:a\" xmlns=\"urn:b\""),
        on_root("prefix-bound-to-nothing", refused, "xmlns:x=\"\""),
        on_root("xmlns-declared", refused, "xmlns:xmlns=\"http://www.w3.org/2000/xmlns/\""),
        on_root("xml-declared", refused, "xmlns:xml=\"http://www.w3.org/XML/1998/namespace\""),
        on_root("xml-redeclared", refused, "xmlns:xml=\"urn:evil\""),
        on_root("prefix-bound-to-xml", refused, "xmlns:x=\"http://www.w3.org/XML/1998/namespace\""),
        on_root("prefix-bound-to-xmlns", refused, "xmlns:x=\"http://www.w3.org/2000/xmlns/\""),
        on_root("namespace-with-a-reference", refused, "xmlns:x=\"urn:x&amp;y\""),
        on_root("namespace-with-a-space", refused, "xmlns:x=\"urn:x y\""),
        on_root("namespace-with-a-quote", refused, "xmlns:x='urn:x\"y'"),
        on_root("xmlns-behind-a-prefix", Code::XmlNameRefused, "saml:xmlns=\"urn:evil\""),
        on_root("xmlns-behind-an-unknown-prefix", Code::XmlNameRefused, "q:xmlns=\"urn:evil\""),
        on_root("prefix-without-a-name", Code::XmlNameRefused, "saml:=\"a\""),
        on_root("name-with-two-colons", Code::XmlNameRefused, "a:b:c=\"d\""),
        on_root("name-that-begins-with-a-colon", Code::XmlNameRefused, ":ID=\"_evil\""),
        ODD_DECLARATION.text("xmlns-behind-a-prefix-in-the-assertion", Code::XmlNameRefused, |xml| {
            swap(xml, "<saml:NameID ", "<saml:NameID xs:xmlns=\"urn:evil\" ")
        }),
        ODD_DECLARATION.text("element-that-begins-with-a-colon", Code::XmlNameRefused, |xml| {
            swap(xml, "<samlp:Status>", "<:Extensions/><samlp:Status>")
        }),
        ODD_DECLARATION.text("element-with-two-colons", Code::XmlNameRefused, |xml| {
            swap(xml, "<saml:Subject>", "<saml::Subject/><saml:Subject>")
        }),
        ODD_DECLARATION.text("element-called-xmlns", Code::XmlNameRefused, |xml| {
            swap(xml, "<saml:Subject>", "<xmlns:a/><saml:Subject>")
        }),
    ]
}

fn void() -> Vec<Attack> {
    let refused = Code::XmlNamespaceRefused;
    let hollow = |name: &str, declaration: &'static str| {
        VOID.text(name, refused, move |xml| {
            let hostile = about_the_victim(xml)?;
            swap(&hostile, "<saml:Assertion ", &format!("<saml:Assertion {declaration} "))
        })
    };
    vec![
        hollow("void-by-a-relative-namespace", "xmlns:ns=\"1\""),
        hollow("void-by-a-relative-path", "xmlns:ns=\"./x\""),
        hollow("void-by-a-relative-default-namespace", "xmlns=\"x\""),
        hollow("void-by-a-network-path", "xmlns:ns=\"//x/y\""),
        hollow("void-by-a-fragment", "xmlns:ns=\"#x\""),
        hollow("void-by-a-bad-scheme", "xmlns:ns=\"1x:y\""),
        hollow("void-by-a-scheme-alone", "xmlns:ns=\"urn:\""),
        VOID.text("void-golden-digest", Code::SignatureInvalid, |xml| {
            with_text(&about_the_victim(xml)?, "ds:DigestValue", |_| EMPTY_DIGEST.to_owned())
        }),
        VOID.text("void-golden-digest-and-trigger", refused, |xml| {
            let hostile = with_text(&about_the_victim(xml)?, "ds:DigestValue", |_| EMPTY_DIGEST.to_owned())?;
            swap(&hostile, "<saml:Subject>", "<saml:Subject xmlns:ns=\"1\">")
        }),
        VOID.text("void-in-signed-info", refused, |xml| {
            swap(&about_the_victim(xml)?, "<ds:SignedInfo ", "<ds:SignedInfo xmlns:ns=\"1\" ")
        }),
    ]
}

fn polluted() -> Vec<Attack> {
    let assertion_tag = |name: &str, code, attribute: &'static str| {
        POLLUTED.text(name, code, move |xml| {
            swap(xml, "<saml:Assertion ", &format!("<saml:Assertion {attribute} "))
        })
    };
    vec![
        assertion_tag("polluted-id-of-assertion", Code::DigestMismatch, "saml:ID=\"_evil\""),
        assertion_tag("polluted-version", Code::DigestMismatch, "saml:Version=\"1.1\""),
        assertion_tag("polluted-id-twice", Code::XmlNotWellFormed, "ID=\"_evil\""),
        POLLUTED.text("polluted-id-by-two-prefixes", Code::XmlNotWellFormed, |xml| {
            swap(
                xml,
                "<samlp:Response ",
                "<samlp:Response xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:ID=\"_1\" b:ID=\"_2\" ",
            )
        }),
        POLLUTED.harmless("polluted-id-of-response", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response samlp:ID=\"_evil\" ")
        }),
        POLLUTED.harmless("polluted-destination", |xml| {
            swap(xml, "<samlp:Response ", "<samlp:Response samlp:Destination=\"http://evil.example/\" ")
        }),
        POLLUTED.text("polluted-destination-only", Code::UnsolicitedRefused, |xml| {
            swap(xml, " InResponseTo=", " samlp:InResponseTo=")
        }),
        POLLUTED.text("polluted-reference", Code::SignatureStructure, |xml| {
            swap(xml, "<ds:Reference ", "<ds:Reference ds:URI=\"#_evil\" ")
        }),
        POLLUTED.text("polluted-algorithm", Code::SignatureStructure, |xml| {
            swap(
                xml,
                "<ds:SignatureMethod ",
                "<ds:SignatureMethod ds:Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\" ",
            )
        }),
        POLLUTED.text("polluted-signature", Code::SignatureStructure, |xml| {
            swap(xml, "<ds:Signature ", "<ds:Signature URI=\"#_evil\" ")
        }),
        POLLUTED.text("polluted-nil", Code::DigestMismatch, |xml| {
            swap(xml, "<saml:NameID ", "<saml:NameID xsi:nil=\"true\" ")
        }),
        POLLUTED.text("polluted-evil-assertion", Code::AssertionRepeated, |xml| {
            with_assertion(xml, |assertion| {
                let id = super::text::attribute(assertion, "ID")?;
                let hostile = swap(&evil(assertion)?, " ID=\"_evil\"", &format!(" saml:ID=\"{id}\""))?;
                Some(format!("{hostile}{assertion}"))
            })
        }),
        POLLUTED.text("polluted-evil-alone", Code::SignatureMissing, |xml| {
            with_assertion(xml, |assertion| {
                let id = super::text::attribute(assertion, "ID")?;
                let (bare, _) = unsigned(assertion)?;
                swap(&about_the_victim(&bare)?, " ID=", &format!(" saml:ID=\"{id}\" ID="))
            })
        }),
    ]
}
