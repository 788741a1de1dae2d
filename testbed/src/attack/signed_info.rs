//! The structure of the signature.

use samlgate::base::Code;

use super::text::{
    SIGNATURE, about_the_victim, before, behind, digested_anew, evil, signed_by, signed_info, split, swap,
    unsigned, with_assertion, with_signature, with_text,
};
use super::{Attack, Class, Threat};
use crate::idp::{Signed, TestKey};

static SEVERAL: Threat = Threat {
    class: Class::SignedInfo,
    attack: "several SignedInfo, Reference, DigestValue or SignatureValue elements: one is checked, another is used",
    source: "CVE-2025-29774 xml-crypto; CVE-2024-45409 ruby-saml; CVE-2019-3465 xmlseclibs; CVE-2026-33487 goxmldsig; SAML core 5.4.2",
    answer: "`xmlsec::signed_info::exactly` and `verify::parts`: each element once, in its place, and nothing else",
};

static CUT: Threat = Threat {
    class: Class::SignedInfo,
    attack: "a comment, text or element inside DigestValue or SignatureValue",
    source: "CVE-2025-29775 xml-crypto",
    answer: "`signed_info::octets`: one text that is plain base64; SignedInfo is read again from its own canonical octets \
             and compared",
};

static TWO_SIGNATURES: Threat = Threat {
    class: Class::SignedInfo,
    attack: "several signatures on one element, one of them genuine",
    source: "SAML core 5.4.1; CVE-2024-45409 ruby-saml",
    answer: "`xmlsec::verify`: an element with several signatures is refused",
};

static NOTHING_SIGNED: Threat = Threat {
    class: Class::SignedInfo,
    attack: "no Reference at all, or no value: what says nothing cannot be wrong",
    source: "XML-DSig core 4.3; CVE-2016-9814 and CVE-2018-7711 simplesamlphp/saml2 (an error of the check counted as success)",
    answer: "`xmlsec::signed_info::exactly`: one Reference with one DigestValue is demanded",
};

fn evil_signed_info(xml: &str) -> Option<String> {
    with_text(signed_info(xml)?, "ds:DigestValue", |_| {
        String::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    })
}

/// The signature of an attacker over an evil assertion.
fn evil_signature(xml: &str) -> Option<String> {
    let (_, assertion, _) = split(xml, "saml:Assertion")?;
    let signed = signed_by(&evil(assertion)?, TestKey::Stranger)?;
    split(&signed, SIGNATURE).map(|(_, signature, _)| signature.to_owned())
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = several();
    attacks.extend(digest_found_elsewhere());
    attacks.extend(cut());
    attacks.extend(two_signatures());
    attacks.extend(nothing_signed());
    attacks
}

fn several() -> Vec<Attack> {
    let structure = Code::SignatureStructure;
    let in_signature = |name: &str, code, change: fn(&str) -> Option<String>| {
        SEVERAL.text(name, code, move |xml| about_the_victim(&with_signature(xml, change)?))
    };
    vec![
        in_signature("two-signed-infos-evil-first", structure, |s| {
            before(s, "<ds:SignedInfo ", &evil_signed_info(s)?)
        }),
        in_signature("two-signed-infos-evil-last", structure, |s| {
            behind(s, "</ds:SignedInfo>", &evil_signed_info(s)?)
        }),
        in_signature("signed-info-behind-the-value", structure, |s| {
            behind(s, "</ds:SignatureValue>", &evil_signed_info(s)?)
        }),
        in_signature("signed-info-in-signed-info", structure, |s| {
            before(s, "</ds:SignedInfo>", &evil_signed_info(s)?)
        }),
        in_signature("signed-info-in-object", structure, |s| {
            before(s, "</ds:Signature>", &format!("<ds:Object>{}</ds:Object>", evil_signed_info(s)?))
        }),
        // KeyInfo is not read, so that the genuine SignedInfo speaks: the name was changed.
        in_signature("signed-info-in-key-info", Code::DigestMismatch, |s| {
            before(s, "</ds:KeyInfo>", &evil_signed_info(s)?)
        }),
        in_signature("two-references", structure, |s| {
            let (_, reference, _) = split(s, "ds:Reference")?;
            before(s, "<ds:Reference ", &with_text(reference, "ds:DigestValue", |_| String::from("AAAA"))?)
        }),
        in_signature("two-references-evil-last", structure, |s| {
            let (_, reference, _) = split(s, "ds:Reference")?;
            behind(s, "</ds:Reference>", &with_text(reference, "ds:DigestValue", |_| String::from("AAAA"))?)
        }),
        in_signature("two-digest-values", structure, |s| {
            behind(s, "</ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue>")
        }),
        in_signature("two-digest-values-evil-first", structure, |s| {
            before(s, "<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue>")
        }),
        in_signature("two-digest-methods", structure, |s| {
            let (_, method, _) = split(s, "ds:DigestMethod")?;
            behind(s, "</ds:DigestMethod>", method)
        }),
        in_signature("two-transform-lists", structure, |s| {
            let (_, transforms, _) = split(s, "ds:Transforms")?;
            behind(s, "</ds:Transforms>", transforms)
        }),
        in_signature("two-signature-methods", structure, |s| {
            let (_, method, _) = split(s, "ds:SignatureMethod")?;
            behind(s, "</ds:SignatureMethod>", method)
        }),
        in_signature("two-canonicalization-methods", structure, |s| {
            let (_, method, _) = split(s, "ds:CanonicalizationMethod")?;
            behind(s, "</ds:CanonicalizationMethod>", method)
        }),
        in_signature("two-signature-values", structure, |s| {
            behind(s, "</ds:SignatureValue>", "<ds:SignatureValue>AAAA</ds:SignatureValue>")
        }),
        in_signature("two-key-infos", structure, |s| {
            let (_, info, _) = split(s, "ds:KeyInfo")?;
            behind(s, "</ds:KeyInfo>", info)
        }),
        in_signature("parts-in-another-order", structure, |s| {
            let (front, value, back) = split(s, "ds:SignatureValue")?;
            before(&format!("{front}{back}"), "<ds:SignedInfo ", value)
        }),
        in_signature("manifest-instead", structure, |s| {
            let manifest = format!(
                "<ds:Object Id=\"_m\"><ds:Manifest>{}</ds:Manifest></ds:Object>",
                split(s, "ds:Reference")?.1
            );
            let s = swap(
                s,
                "<ds:Reference ",
                "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" ",
            )?;
            before(&s, "</ds:Signature>", &manifest)
        }),
        // `Type` is advice to the application (XML-DSig core 4.3.3.3); here it breaks what was signed.
        in_signature("reference-of-type-manifest", Code::SignatureInvalid, |s| {
            swap(s, "<ds:Reference ", "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" ")
        }),
        in_signature("text-in-signed-info", structure, |s| behind(s, "</ds:Reference>", "x")),
        in_signature("comment-in-signed-info", structure, |s| behind(s, "</ds:Reference>", "<!--x-->")),
        in_signature("foreign-element-in-signed-info", structure, |s| {
            behind(s, "</ds:Reference>", "<x:y xmlns:x=\"urn:x\"/>")
        }),
    ]
}

/// The digest that an attacker wants, where a search through the whole document finds it before the genuine one.
fn digest_found_elsewhere() -> Vec<Attack> {
    fn smuggled(xml: &str) -> Option<String> {
        let renewed = digested_anew(xml)?;
        let (_, reference, _) = split(&renewed, "ds:Reference")?;
        Some(reference.replacen(
            "<ds:Reference ",
            "<ds:Reference xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" ",
            1,
        ))
    }
    let schema = Code::SchemaViolation;
    vec![
        SEVERAL.text("digest-in-status-detail", schema, |xml| {
            let detail =
                format!("<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>", smuggled(xml)?);
            swap(&about_the_victim(xml)?, "</samlp:Status>", &detail)
        }),
        SEVERAL.text("digest-in-extensions", schema, |xml| {
            let extensions = format!("<samlp:Extensions>{}</samlp:Extensions><samlp:Status>", smuggled(xml)?);
            swap(&about_the_victim(xml)?, "<samlp:Status>", &extensions)
        }),
        SEVERAL.text("digest-in-object", Code::SignatureStructure, |xml| {
            let object = format!("<ds:Object>{}</ds:Object>", smuggled(xml)?);
            before(&about_the_victim(xml)?, "</ds:Signature>", &object)
        }),
        SEVERAL.text("digest-in-key-info", Code::DigestMismatch, |xml| {
            before(&about_the_victim(xml)?, "</ds:KeyInfo>", &smuggled(xml)?)
        }),
        SEVERAL.text("digest-in-attribute-value", Code::DigestMismatch, |xml| {
            before(&about_the_victim(xml)?, "</saml:AttributeValue>", &smuggled(xml)?)
        }),
        SEVERAL.text("digest-before-the-issuer", schema, |xml| {
            before(&about_the_victim(xml)?, "<saml:Issuer>", &smuggled(xml)?)
        }),
    ]
}

fn cut() -> Vec<Attack> {
    let split_value = Code::XmlValueSplit;
    let value = |name: &str, code, element: &'static str, change: fn(&str) -> String| {
        CUT.text(name, code, move |xml| with_text(&about_the_victim(xml)?, element, change))
    };
    vec![
        value("digest-value-with-evil-before-comment", split_value, "ds:DigestValue", |have| {
            format!("AAAA<!--{have}-->")
        }),
        value("digest-value-with-evil-in-comment", split_value, "ds:DigestValue", |have| {
            format!("<!--AAAA-->{have}")
        }),
        value("digest-value-with-element", split_value, "ds:DigestValue", |have| {
            format!("{have}<x>AAAA</x>")
        }),
        value("digest-value-empty", Code::SignatureValueMalformed, "ds:DigestValue", |_| String::new()),
        value("digest-value-white-space", Code::SignatureValueMalformed, "ds:DigestValue", |_| {
            String::from(" \n")
        }),
        value("digest-value-not-base64", Code::SignatureValueMalformed, "ds:DigestValue", |have| {
            format!("*{have}")
        }),
        value("digest-value-twice-in-one", Code::SignatureValueMalformed, "ds:DigestValue", |have| {
            have.repeat(2)
        }),
        value("digest-value-short", Code::SignatureInvalid, "ds:DigestValue", |_| String::from("AAAA")),
        // Two texts that PHP takes for the number zero are equal to it.
        value("digest-value-like-a-number", Code::SignatureInvalid, "ds:DigestValue", |_| {
            String::from("0e12345678901234567890123456789012345678901=").replacen("901=", "900=", 1)
        }),
        value("digest-value-url-safe", Code::SignatureValueMalformed, "ds:DigestValue", |have| {
            format!("-_{have}")
        }),
        value("signature-value-with-element", Code::XmlValueSplit, "ds:SignatureValue", |have| {
            format!("{have}<x>AAAA</x>")
        }),
        value("signature-value-with-evil-in-comment", split_value, "ds:SignatureValue", |have| {
            format!("<!--AAAA-->{have}")
        }),
    ]
}

fn two_signatures() -> Vec<Attack> {
    let structure = Code::SignatureStructure;
    vec![
        TWO_SIGNATURES.text("genuine-signature-then-attackers", structure, |xml| {
            with_assertion(&about_the_victim(xml)?, |a| behind(a, "</ds:Signature>", &evil_signature(xml)?))
        }),
        TWO_SIGNATURES.text("attackers-signature-then-genuine", structure, |xml| {
            with_assertion(&about_the_victim(xml)?, |a| before(a, "<ds:Signature ", &evil_signature(xml)?))
        }),
        TWO_SIGNATURES.text("same-signature-twice", structure, |xml| {
            let (_, signature, _) = split(xml, SIGNATURE)?;
            behind(xml, "</ds:Signature>", signature)
        }),
        TWO_SIGNATURES.text("second-signature-at-the-end", structure, |xml| {
            with_assertion(xml, |a| {
                let open = a.strip_suffix("</saml:Assertion>")?;
                Some(format!("{open}{}</saml:Assertion>", evil_signature(xml)?))
            })
        }),
        TWO_SIGNATURES
            .text("response-signature-twice", Code::SchemaViolation, |xml| {
                let (_, signature, _) = split(xml, SIGNATURE)?;
                behind(xml, "</ds:Signature>", signature)
            })
            .on(Signed::Response),
        TWO_SIGNATURES.text("signature-in-signature", structure, |xml| {
            let (bare, signature) = unsigned(xml)?;
            let outer = before(&evil_signature(xml)?, "</ds:Signature>", &signature)?;
            before(&about_the_victim(&bare)?, "<saml:Subject>", &outer)
        }),
        // The attacker signs the response around a genuine assertion: that signature has to hold as well.
        TWO_SIGNATURES.text("attacker-signs-the-response", Code::SignatureInvalid, |xml| {
            signed_by(xml, TestKey::Stranger)
        }),
    ]
}

fn nothing_signed() -> Vec<Attack> {
    let structure = Code::SignatureStructure;
    let without = |name: &str, code, element: &'static str| {
        NOTHING_SIGNED.text(name, code, move |xml| {
            with_signature(&about_the_victim(xml)?, |signature| {
                let (front, _, back) = split(signature, element)?;
                Some(format!("{front}{back}"))
            })
        })
    };
    vec![
        without("no-reference", structure, "ds:Reference"),
        without("no-transforms", structure, "ds:Transforms"),
        without("no-digest-method", structure, "ds:DigestMethod"),
        without("no-digest-value", structure, "ds:DigestValue"),
        without("no-signed-info", structure, "ds:SignedInfo"),
        without("no-signature-value", structure, "ds:SignatureValue"),
        without("no-signature-method", structure, "ds:SignatureMethod"),
        without("no-canonicalization-method", structure, "ds:CanonicalizationMethod"),
        NOTHING_SIGNED.text("empty-signed-info", structure, |xml| {
            let (front, _, back) = split(xml, "ds:SignedInfo")?;
            about_the_victim(&format!("{front}<ds:SignedInfo></ds:SignedInfo>{back}"))
        }),
        NOTHING_SIGNED.text("empty-signature-value", Code::SignatureValueMalformed, |xml| {
            with_text(&about_the_victim(xml)?, "ds:SignatureValue", |_| String::new())
        }),
        NOTHING_SIGNED.text("digest-made-anew", Code::SignatureInvalid, digested_anew),
    ]
}
