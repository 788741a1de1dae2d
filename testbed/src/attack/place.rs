//! Where in a response something can be put.

use super::text::{before, behind, swap, with_assertion, with_signature};

/// Where in a response something is put; the response's own assertion is the first in the document.
pub(super) type Place = fn(&str, &str) -> Option<String>;

const STATUS_CODE: &str = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";

pub(super) fn response_start(xml: &str, what: &str) -> Option<String> {
    before(xml, "<saml:Issuer>", what)
}

pub(super) fn response_issuer(xml: &str, what: &str) -> Option<String> {
    behind(xml, "<saml:Issuer>", what)
}

pub(super) fn extensions(xml: &str, what: &str) -> Option<String> {
    before(xml, "<samlp:Status>", &format!("<samlp:Extensions>{what}</samlp:Extensions>"))
}

pub(super) fn foreign_extension(xml: &str, what: &str) -> Option<String> {
    extensions(xml, &format!("<x:wrap xmlns:x=\"urn:x\">{what}</x:wrap>"))
}

pub(super) fn status(xml: &str, what: &str) -> Option<String> {
    behind(xml, "<samlp:Status>", what)
}

pub(super) fn status_code(xml: &str, what: &str) -> Option<String> {
    let open = STATUS_CODE.strip_suffix("/>")?;
    swap(xml, STATUS_CODE, &format!("{open}>{what}</samlp:StatusCode>"))
}

pub(super) fn status_message(xml: &str, what: &str) -> Option<String> {
    before(xml, "</samlp:Status>", &format!("<samlp:StatusMessage>{what}</samlp:StatusMessage>"))
}

pub(super) fn status_detail(xml: &str, what: &str) -> Option<String> {
    before(xml, "</samlp:Status>", &format!("<samlp:StatusDetail>{what}</samlp:StatusDetail>"))
}

pub(super) fn sibling_before(xml: &str, what: &str) -> Option<String> {
    before(xml, "<saml:Assertion ", what)
}

pub(super) fn sibling_behind(xml: &str, what: &str) -> Option<String> {
    let (head, tail) = xml.rsplit_once("</samlp:Response>")?;
    Some(format!("{head}{what}</samlp:Response>{tail}"))
}

pub(super) fn wrapped_sibling(xml: &str, what: &str) -> Option<String> {
    sibling_behind(xml, &format!("<x:wrap xmlns:x=\"urn:x\">{what}</x:wrap>"))
}

/// Inside the first assertion, in front of the first `at`.
fn inside(xml: &str, at: &str, what: &str) -> Option<String> {
    with_assertion(xml, |assertion| before(assertion, at, what))
}

pub(super) fn assertion_start(xml: &str, what: &str) -> Option<String> {
    inside(xml, "<saml:Issuer>", what)
}

pub(super) fn issuer(xml: &str, what: &str) -> Option<String> {
    inside(xml, "</saml:Issuer>", what)
}

pub(super) fn subject(xml: &str, what: &str) -> Option<String> {
    inside(xml, "<saml:NameID ", what)
}

pub(super) fn name_id(xml: &str, what: &str) -> Option<String> {
    inside(xml, "</saml:NameID>", what)
}

pub(super) fn confirmation(xml: &str, what: &str) -> Option<String> {
    inside(xml, "<saml:SubjectConfirmationData ", what)
}

pub(super) fn confirmation_data(xml: &str, what: &str) -> Option<String> {
    with_assertion(xml, |assertion| {
        swap(
            assertion,
            "/></saml:SubjectConfirmation>",
            &format!(">{what}</saml:SubjectConfirmationData></saml:SubjectConfirmation>"),
        )
    })
}

pub(super) fn conditions(xml: &str, what: &str) -> Option<String> {
    inside(xml, "</saml:Conditions>", what)
}

pub(super) fn audience(xml: &str, what: &str) -> Option<String> {
    inside(xml, "</saml:Audience>", what)
}

pub(super) fn advice(xml: &str, what: &str) -> Option<String> {
    with_assertion(xml, |assertion| {
        behind(assertion, "</saml:Conditions>", &format!("<saml:Advice>{what}</saml:Advice>"))
    })
}

pub(super) fn authn_context(xml: &str, what: &str) -> Option<String> {
    inside(
        xml,
        "</saml:AuthnContext>",
        &format!("<saml:AuthnContextDecl><x:d xmlns:x=\"urn:x\">{what}</x:d></saml:AuthnContextDecl>"),
    )
}

pub(super) fn attribute_value(xml: &str, what: &str) -> Option<String> {
    inside(xml, "</saml:AttributeValue>", what)
}

pub(super) fn assertion_end(xml: &str, what: &str) -> Option<String> {
    with_assertion(xml, |assertion| {
        let open = assertion.strip_suffix("</saml:Assertion>")?;
        Some(format!("{open}{what}</saml:Assertion>"))
    })
}

/// Inside the first signature, in front of the first `at`.
fn inside_signature(xml: &str, at: &str, what: &str) -> Option<String> {
    with_signature(xml, |signature| before(signature, at, what))
}

pub(super) fn signature(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:Signature>", what)
}

pub(super) fn signature_start(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "<ds:SignedInfo ", what)
}

pub(super) fn object(xml: &str, what: &str) -> Option<String> {
    signature(xml, &format!("<ds:Object>{what}</ds:Object>"))
}

pub(super) fn key_info(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:KeyInfo>", what)
}

pub(super) fn signed_info(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:SignedInfo>", what)
}

pub(super) fn reference(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:Reference>", what)
}

pub(super) fn transform(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:Transform>", what)
}

pub(super) fn digest_value(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:DigestValue>", what)
}

pub(super) fn signature_value(xml: &str, what: &str) -> Option<String> {
    inside_signature(xml, "</ds:SignatureValue>", what)
}
