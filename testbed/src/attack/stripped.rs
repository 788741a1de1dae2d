//! Signatures that are gone, or stand where they cover something else.

use samlgate::base::Code;

use super::place::{advice, assertion_end, attribute_value, extensions, sibling_before, subject};
use super::text::{SIGNATURE, about_the_victim, at_issuer, behind, split, swap, unsigned, with_assertion};
use super::{Attack, Class, Threat};
use crate::idp::Signed;

static SIGNATURE_MOVED: Threat = Threat {
    class: Class::Wrapping,
    attack: "a genuine signature is taken away, or stands where it covers something else",
    source: "CVE-2025-54369 and CVE-2025-54419 node-saml; SAML core 5.4",
    answer: "`Unverified::verify`: every signature that is present must hold, and one of the two must be present",
};

pub(super) fn attacks() -> Vec<Attack> {
    let both = |attack: Attack| attack.on(Signed::Both);
    vec![
        SIGNATURE_MOVED
            .text("signature-stripped", Code::SignatureMissing, |xml| about_the_victim(&unsigned(xml)?.0)),
        SIGNATURE_MOVED
            .text("response-signature-stripped", Code::SignatureMissing, |xml| {
                about_the_victim(&unsigned(xml)?.0)
            })
            .on(Signed::Response),
        both(SIGNATURE_MOVED.text("both-signatures-stripped", Code::SignatureMissing, |xml| {
            about_the_victim(&unsigned(&unsigned(xml)?.0)?.0)
        })),
        both(SIGNATURE_MOVED.text("response-signature-stripped-of-both-evil", Code::DigestMismatch, |xml| {
            about_the_victim(&unsigned(xml)?.0)
        })),
        both(SIGNATURE_MOVED.text("assertion-signature-stripped-of-both", Code::DigestMismatch, |xml| {
            with_assertion(xml, |assertion| about_the_victim(&unsigned(assertion)?.0))
        })),
        // What is left is signed all the same, and it is the same person.
        both(SIGNATURE_MOVED.harmless("response-signature-stripped-of-both", |xml| Some(unsigned(xml)?.0))),
        SIGNATURE_MOVED.text("assertion-signature-on-response", Code::ReferenceRefused, |xml| {
            let (bare, signature) = unsigned(xml)?;
            let (head, rest) = at_issuer(&about_the_victim(&bare)?)?;
            Some(format!("{head}{signature}{rest}"))
        }),
        SIGNATURE_MOVED
            .text("response-signature-on-assertion", Code::ReferenceRefused, |xml| {
                let (bare, signature) = unsigned(xml)?;
                with_assertion(&about_the_victim(&bare)?, |assertion| {
                    let (head, rest) = at_issuer(assertion)?;
                    Some(format!("{head}{signature}{rest}"))
                })
            })
            .on(Signed::Response),
        SIGNATURE_MOVED.text("signature-beside-assertion", Code::SchemaViolation, |xml| {
            let (bare, signature) = unsigned(xml)?;
            sibling_before(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED.text("signature-in-subject", Code::SignatureMissing, |xml| {
            let (bare, signature) = unsigned(xml)?;
            subject(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED.text("signature-in-extensions", Code::SchemaViolation, |xml| {
            let (bare, signature) = unsigned(xml)?;
            extensions(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED.text("signature-in-advice", Code::SignatureMissing, |xml| {
            let (bare, signature) = unsigned(xml)?;
            advice(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED.text("signature-last-in-assertion", Code::DigestMismatch, |xml| {
            let (bare, signature) = unsigned(xml)?;
            assertion_end(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED
            .text("response-signature-behind-status", Code::SchemaViolation, |xml| {
                let (bare, signature) = unsigned(xml)?;
                behind(&about_the_victim(&bare)?, "</samlp:Status>", &signature)
            })
            .on(Signed::Response),
        SIGNATURE_MOVED.text("signature-in-attribute-value", Code::SignatureMissing, |xml| {
            let (bare, signature) = unsigned(xml)?;
            attribute_value(&about_the_victim(&bare)?, &signature)
        }),
        SIGNATURE_MOVED.text("assertion-signed-and-changed", Code::DigestMismatch, about_the_victim),
        SIGNATURE_MOVED
            .text("response-signed-and-changed", Code::DigestMismatch, about_the_victim)
            .on(Signed::Response),
        both(SIGNATURE_MOVED.text("both-signed-and-changed", Code::DigestMismatch, about_the_victim)),
        SIGNATURE_MOVED
            .text("group-added", Code::DigestMismatch, |xml| swap(xml, ">idp-staff<", ">idp-admins<")),
        SIGNATURE_MOVED.text("signature-emptied", Code::SignatureStructure, |xml| {
            let (front, _, back) = split(xml, SIGNATURE)?;
            about_the_victim(&format!(
                "{front}<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>{back}"
            ))
        }),
    ]
}
