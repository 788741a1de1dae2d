//! The response around the assertion: what is not signed, and what it says about success.

use samlgate::base::Code;

use super::profile::{ELSEWHERE, EVIL, OTHER_ID};
use super::text::{swap, with_attribute, with_text};
use super::{Attack, Class, Expect, Threat};
use crate::idp::Signed;

static ENVELOPE: Threat = Threat {
    class: Class::Profile,
    attack: "the unsigned response around a signed assertion is changed",
    source: "CVE-2025-54419 and CVE-2025-54369 node-saml; SAML core 3.2.2",
    answer: "what is not signed can only lead to a refusal; nothing of it reaches the identity",
};

static FAILURE: Threat = Threat {
    class: Class::Profile,
    attack: "a failure that is read as a success, or the other way round",
    source: "SAML core 3.2.2.2",
    answer: "the top-level status must be Success, in signed octets where the response is signed",
};

pub(super) fn attacks() -> Vec<Attack> {
    let envelope = |name: &str, expect: Expect, find: &'static str, replace: &'static str| {
        let make = move |xml: &str| swap(xml, find, replace);
        match expect {
            Expect::Refused(code) => ENVELOPE.text(name, code, make),
            Expect::SameIdentity => ENVELOPE.harmless(name, make),
        }
    };
    let refused = Expect::Refused;
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    let failure = |name: &str, code: &'static str| {
        FAILURE.text(name, Code::StatusNotSuccess, move |xml| swap(xml, success, code))
    };
    vec![
        ENVELOPE.text("envelope-destination", Code::DestinationMismatch, |xml| {
            with_attribute(xml, "Destination", ELSEWHERE)
        }),
        ENVELOPE.text("envelope-issuer", Code::IssuerMismatch, |xml| {
            with_text(xml, "saml:Issuer", |_| String::from(EVIL))
        }),
        ENVELOPE.text("envelope-in-response-to", Code::InResponseToMismatch, |xml| {
            with_attribute(xml, "InResponseTo", OTHER_ID)
        }),
        ENVELOPE.text("envelope-issue-instant", Code::IssueInstantImplausible, |xml| {
            with_attribute(xml, "IssueInstant", "2020-01-01T00:00:00Z")
        }),
        envelope("envelope-version", refused(Code::VersionUnsupported), "Version=\"2.0\"", "Version=\"1.1\""),
        envelope("envelope-version-left-out", refused(Code::VersionUnsupported), " Version=\"2.0\"", ""),
        envelope(
            "envelope-status-left-out",
            refused(Code::SchemaViolation),
            "<samlp:Status>",
            "<samlp:Status2/><samlp:Status>",
        ),
        envelope("envelope-text", refused(Code::SchemaViolation), "<samlp:Status>", "admin<samlp:Status>"),
        envelope(
            "envelope-issuer-twice",
            refused(Code::SchemaViolation),
            "<samlp:Status>",
            "<saml:Issuer>urn:x</saml:Issuer><samlp:Status>",
        ),
        envelope(
            "envelope-status-twice",
            refused(Code::SchemaViolation),
            "<samlp:Status>",
            "<samlp:Status><samlp:StatusCode Value=\"urn:x\"/></samlp:Status><samlp:Status>",
        ),
        envelope(
            "envelope-foreign-element",
            refused(Code::SchemaViolation),
            "</samlp:Status>",
            "</samlp:Status><x:y xmlns:x=\"urn:x\"/>",
        ),
        ENVELOPE.harmless("envelope-id", |xml| with_attribute(xml, "ID", "_another")),
        ENVELOPE.harmless("envelope-destination-left-out", |xml| swap(xml, " Destination=", " Consent=")),
        envelope(
            "envelope-name-in-an-attribute",
            Expect::SameIdentity,
            "<samlp:Response ",
            "<samlp:Response NameID=\"admin\" ",
        ),
        envelope(
            "envelope-status-message",
            Expect::SameIdentity,
            "</samlp:Status>",
            "<samlp:StatusMessage>admin</samlp:StatusMessage></samlp:Status>",
        ),
        ENVELOPE
            .text("envelope-changed-response-signed", Code::DigestMismatch, |xml| {
                with_attribute(xml, "Destination", ELSEWHERE)
            })
            .on(Signed::Response),
        ENVELOPE
            .text("envelope-changed-both-signed", Code::DigestMismatch, |xml| {
                with_attribute(xml, "Destination", ELSEWHERE)
            })
            .on(Signed::Both),
        failure("status-responder", "urn:oasis:names:tc:SAML:2.0:status:Responder"),
        failure("status-partial", "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"),
        failure("status-success-of-saml-1", "samlp:Success"),
        failure("status-success-with-a-space", "urn:oasis:names:tc:SAML:2.0:status:Success "),
        FAILURE.text("status-success-inside-failure", Code::StatusNotSuccess, |xml| {
            swap(
                xml,
                "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
                "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode \
                 Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:StatusCode>",
            )
        }),
        FAILURE.issue("status-failed", Code::StatusNotSuccess, |o| {
            o.failure = Some(String::from("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"));
        }),
        FAILURE
            .issue("status-failed-response-signed", Code::StatusNotSuccess, |o| {
                o.failure = Some(String::from("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"));
            })
            .on(Signed::Response),
        FAILURE
            .text("status-made-a-success", Code::DigestMismatch, |xml| {
                // A signed response of another kind, with the status as the only thing that is changed.
                swap(
                    xml,
                    "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"",
                    "Value='urn:oasis:names:tc:SAML:2.0:status:Success' x='y'",
                )
            })
            .on(Signed::Response),
        FAILURE.text("success-without-an-assertion", Code::AssertionMissing, |xml| {
            let (front, _, back) = super::text::split(xml, super::text::ASSERTION)?;
            Some(format!("{front}{back}"))
        }),
    ]
}
