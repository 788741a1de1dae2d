//! Signature wrapping: the signature stays good for the genuine element while another one is to be read.

use super::{about_the_victim, attribute, evil, split, unsigned};

const ASSERTION: &str = "saml:Assertion";

/// An evil response around the genuine one, and the signature: (evil start tag to issuer, evil rest, signature,
/// genuine without signature).
fn response(xml: &str) -> Option<(String, String, String, String)> {
    let (genuine, signature) = unsigned(xml)?;
    let id = attribute(&genuine, "ID")?.to_owned();
    let (_, assertion, _) = split(&genuine, ASSERTION)?;
    let within = attribute(assertion, "ID")?.to_owned();
    let hostile = about_the_victim(&genuine.replacen(&id, "_evil", 1).replacen(&within, "_evil-too", 1))?;
    let (head, rest) = hostile.split_once("</saml:Issuer>")?;
    Some((format!("{head}</saml:Issuer>"), rest.to_owned(), signature, genuine))
}

/// The genuine response as the last child of the signature that the evil response carries.
pub(super) fn response_in_its_signature(xml: &str) -> Option<String> {
    let (head, rest, signature, genuine) = response(xml)?;
    let open = signature.strip_suffix("</ds:Signature>")?;
    Some(format!("{head}{open}{genuine}</ds:Signature>{rest}"))
}

/// The genuine response beside the signature, in the evil response.
pub(super) fn response_before_its_signature(xml: &str) -> Option<String> {
    let (head, rest, signature, genuine) = response(xml)?;
    Some(format!("{head}{genuine}{signature}{rest}"))
}

/// An unsigned evil assertion before the signed one.
pub(super) fn evil_before(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    Some(format!("{before}{}{genuine}{behind}", evil(genuine)?))
}

/// An unsigned evil assertion behind the signed one.
pub(super) fn evil_behind(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    Some(format!("{before}{genuine}{}{behind}", evil(genuine)?))
}

/// The genuine assertion as a child of the evil one.
pub(super) fn genuine_inside_evil(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let hostile = evil(genuine)?;
    let open = hostile.strip_suffix("</saml:Assertion>")?;
    Some(format!("{before}{open}{genuine}</saml:Assertion>{behind}"))
}

/// The parts of an assertion whose signature moves: evil up to its issuer, evil rest, signature, genuine without it.
fn moved(genuine: &str) -> Option<(String, String, String, String)> {
    let (bare, signature) = unsigned(genuine)?;
    let hostile = evil(genuine)?;
    let (head, rest) = hostile.split_once("</saml:Issuer>")?;
    Some((format!("{head}</saml:Issuer>"), rest.to_owned(), signature, bare))
}

/// The evil assertion carries the signature, the genuine one stands behind it.
pub(super) fn signature_on_evil_genuine_behind(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let (head, rest, signature, bare) = moved(genuine)?;
    Some(format!("{before}{head}{signature}{rest}{bare}{behind}"))
}

/// The evil assertion carries the signature, which contains the genuine one.
pub(super) fn genuine_inside_signature(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let (head, rest, signature, bare) = moved(genuine)?;
    let open = signature.strip_suffix("</ds:Signature>")?;
    Some(format!("{before}{head}{open}{bare}</ds:Signature>{rest}{behind}"))
}

/// An evil assertion of the same ID in Extensions, where a lenient schema lets it stand.
pub(super) fn evil_in_extensions(xml: &str) -> Option<String> {
    let (_, genuine, _) = split(xml, ASSERTION)?;
    let id = attribute(genuine, "ID")?;
    let hostile = evil(genuine)?.replacen("_evil", id, 1);
    let (head, rest) = xml.split_once("<samlp:Status>")?;
    Some(format!("{head}<samlp:Extensions>{hostile}</samlp:Extensions><samlp:Status>{rest}"))
}

/// The evil assertion carries the signature, whose Object holds the genuine one.
pub(super) fn genuine_in_object(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let (head, rest, signature, bare) = moved(genuine)?;
    let open = signature.strip_suffix("</ds:Signature>")?;
    Some(format!("{before}{head}{open}<ds:Object>{bare}</ds:Object></ds:Signature>{rest}{behind}"))
}

/// The evil assertion carries the signature, and the genuine one as advice.
pub(super) fn genuine_in_advice(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let (head, rest, signature, bare) = moved(genuine)?;
    let (front, back) = rest.split_once("</saml:Conditions>")?;
    let advice = format!("<saml:Advice>{bare}</saml:Advice>");
    Some(format!("{before}{head}{signature}{front}</saml:Conditions>{advice}{back}{behind}"))
}

/// An evil assertion with the ID of the signed one before it.
pub(super) fn evil_with_the_same_id(xml: &str) -> Option<String> {
    let (before, genuine, behind) = split(xml, ASSERTION)?;
    let id = attribute(genuine, "ID")?;
    let hostile = evil(genuine)?.replacen("_evil", id, 1);
    Some(format!("{before}{hostile}{genuine}{behind}"))
}
