//! Cutting and pasting of XML as text, so that nothing is tidied up on the way.
//!
//! The names are those that the testbed's identity provider writes: prefixes `samlp`, `saml` and `ds`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

use super::VICTIM;
use crate::idp::TestKey;

pub(super) const ASSERTION: &str = "saml:Assertion";
pub(super) const SIGNATURE: &str = "ds:Signature";

/// `xml` in three parts: before the first element called `name` (as it is written), the element, and behind it.
///
/// Elements of that name inside the element are not expected.
#[must_use]
pub fn split<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let start = xml.match_indices(&format!("<{name}")).map(|(start, _)| start).find(|start| {
        let behind = start.checked_add(name.len()).and_then(|end| xml.as_bytes().get(end.checked_add(1)?));
        matches!(behind, Some(b' ' | b'>' | b'/'))
    })?;
    let close = format!("</{name}>");
    let (before, rest) = xml.split_at_checked(start)?;
    let end = rest.find(&close)?.checked_add(close.len())?;
    let (element, behind) = rest.split_at_checked(end)?;
    Some((before, element, behind))
}

/// The content of the first `name` attribute.
#[must_use]
pub fn attribute<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    xml.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// The text of the first element called `name`.
#[must_use]
pub fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, element, _) = split(xml, name)?;
    element.split_once('>')?.1.split_once('<').map(|(text, _)| text)
}

/// `from` becomes `to` where it occurs first; `None` if it does not.
pub(super) fn swap(xml: &str, from: &str, to: &str) -> Option<String> {
    xml.contains(from).then(|| xml.replacen(from, to, 1))
}

/// `to` in front of the first `at`.
pub(super) fn before(xml: &str, at: &str, what: &str) -> Option<String> {
    swap(xml, at, &format!("{what}{at}"))
}

/// `to` behind the first `at`.
pub(super) fn behind(xml: &str, at: &str, what: &str) -> Option<String> {
    swap(xml, at, &format!("{at}{what}"))
}

/// Another text in the first element called `name`.
pub(super) fn with_text(xml: &str, name: &str, change: impl FnOnce(&str) -> String) -> Option<String> {
    let (front, element, back) = split(xml, name)?;
    let (open, rest) = element.split_once('>')?;
    let (text, close) = rest.split_once('<')?;
    Some(format!("{front}{open}>{}<{close}{back}", change(text)))
}

/// Another value for the first `name` attribute.
pub(super) fn with_attribute(xml: &str, name: &str, value: &str) -> Option<String> {
    let have = attribute(xml, name)?;
    swap(xml, &format!(" {name}=\"{have}\""), &format!(" {name}=\"{value}\""))
}

/// `text` in two, behind its second character.
pub(super) fn halves(text: &str) -> (&str, &str) {
    let middle = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
    text.split_at_checked(middle).unwrap_or((text, ""))
}

/// `xml` without its first signature, and that signature.
pub(super) fn unsigned(xml: &str) -> Option<(String, String)> {
    let (before, signature, behind) = split(xml, SIGNATURE)?;
    Some((format!("{before}{behind}"), signature.to_owned()))
}

/// `xml` about [`VICTIM`].
pub(super) fn about_the_victim(xml: &str) -> Option<String> {
    with_text(xml, "saml:NameID", |_| VICTIM.to_owned())
}

/// The assertion without signature, about [`VICTIM`], with another ID.
pub(super) fn evil(assertion: &str) -> Option<String> {
    let bare = unsigned(assertion).map_or_else(|| assertion.to_owned(), |(bare, _)| bare);
    let id = attribute(&bare, "ID")?.to_owned();
    about_the_victim(&swap(&bare, &id, "_evil")?)
}

/// `assertion`'s first child is its issuer: everything up to there, and the rest.
pub(super) fn at_issuer(element: &str) -> Option<(String, String)> {
    let (head, rest) = element.split_once("</saml:Issuer>")?;
    Some((format!("{head}</saml:Issuer>"), rest.to_owned()))
}

/// `xml`, one unsigned element, signed with `key`, whose certificate is put into KeyInfo.
pub(super) fn signed_by(xml: &str, key: TestKey) -> Option<String> {
    let signing_key = key.signing_key().ok()?;
    let certificate = key.certificate().ok()?;
    let request = sign::SigningRequest {
        key: &signing_key,
        scheme: key.scheme(),
        certificate: Some(&certificate),
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(xml, &request, &RustCrypto).ok()
}

/// The response about [`VICTIM`], under the old signature value but with the right digest: only the signature is wrong.
pub(super) fn digested_anew(xml: &str) -> Option<String> {
    let (_, assertion, _) = split(xml, ASSERTION)?;
    let hostile = about_the_victim(&unsigned(assertion)?.0)?;
    // Any key with the same digest algorithm will do.
    let digest = text(&signed_by(&hostile, TestKey::P256)?, "ds:DigestValue")?.to_owned();
    with_text(&about_the_victim(xml)?, "ds:DigestValue", |_| digest)
}

/// The response with its assertion replaced.
pub(super) fn with_assertion(xml: &str, change: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let (before, assertion, behind) = split(xml, ASSERTION)?;
    Some(format!("{before}{}{behind}", change(assertion)?))
}

/// The response with its first signature replaced.
pub(super) fn with_signature(xml: &str, change: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let (before, signature, behind) = split(xml, SIGNATURE)?;
    Some(format!("{before}{}{behind}", change(signature)?))
}

/// The response with the octets of its first SignatureValue replaced.
pub(super) fn with_value(xml: &str, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> Option<String> {
    let octets = STANDARD.decode(text(xml, "ds:SignatureValue")?).ok()?;
    let octets = change(octets)?;
    with_text(xml, "ds:SignatureValue", |_| STANDARD.encode(octets))
}

/// The first SignedInfo of `xml`, which the testbed writes in canonical form.
pub(super) fn signed_info(xml: &str) -> Option<&str> {
    split(xml, "ds:SignedInfo").map(|(_, info, _)| info)
}
