//! Changes of what was signed, of how it was signed, and XML that a parser should choke on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};
use sha2::{Digest as _, Sha256};

use super::{VICTIM, about_the_victim, split, text, unsigned};
use crate::idp::TestKey;

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// Another name under the old signature.
pub(super) fn name_changed(xml: &str) -> Option<String> {
    about_the_victim(xml)
}

/// A comment inside the name: canonicalization drops it, so that the signature stays good, and a careless reader takes
/// the text before it for the whole (CVE-2017-11427 and its sisters).
pub(super) fn comment_in_name(xml: &str) -> Option<String> {
    let name = text(xml, "saml:NameID")?;
    let middle = name.char_indices().nth(2)?.0;
    let (first, last) = name.split_at_checked(middle)?;
    Some(xml.replacen(&format!(">{name}<"), &format!(">{first}<!-- -->{last}<"), 1))
}

/// No signature at all, and another name.
pub(super) fn signature_stripped(xml: &str) -> Option<String> {
    about_the_victim(&unsigned(xml)?.0)
}

/// The public key as the secret of an HMAC over a SignedInfo that says so.
pub(super) fn hmac_with_public_key(xml: &str) -> Option<String> {
    let renamed = xml.replacen(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", 1);
    let value = text(&renamed, "ds:SignatureValue")?.to_owned();
    // The SignedInfo that the testbed writes is canonical as it stands.
    let (_, signed_info, _) = split(&renamed, "ds:SignedInfo")?;
    let mac = STANDARD.encode(hmac_sha256(TestKey::Rsa.certificate_pem().as_bytes(), signed_info.as_bytes()));
    Some(renamed.replacen(&value, &mac, 1))
}

/// HMAC (RFC 2104) with SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block.resize(BLOCK, 0);
    let pad = |byte: u8| block.iter().map(|have| have ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// An RSA signature that claims to be ECDSA.
pub(super) fn rsa_named_ecdsa(xml: &str) -> Option<String> {
    swap(xml, RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
}

/// Names the weak signature algorithm; what cannot be forged with it today may be tomorrow.
pub(super) fn sha1_signature(xml: &str) -> Option<String> {
    swap(xml, RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
}

/// Names the weak digest algorithm.
pub(super) fn sha1_digest(xml: &str) -> Option<String> {
    swap(xml, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1")
}

fn swap(xml: &str, from: &str, to: &str) -> Option<String> {
    xml.contains(from).then(|| xml.replacen(from, to, 1))
}

/// Signed with the attacker's own key, whose certificate is in KeyInfo.
pub(super) fn own_key(xml: &str) -> Option<String> {
    let (before, assertion, behind) = split(xml, "saml:Assertion")?;
    let hostile = about_the_victim(&unsigned(assertion)?.0)?;
    let key = TestKey::Stranger.signing_key().ok()?;
    let certificate = TestKey::Stranger.certificate().ok()?;
    let request = sign::SigningRequest {
        key: &key,
        scheme: TestKey::Stranger.scheme(),
        certificate: Some(&certificate),
        canonicalization: Canonicalization::default(),
    };
    let signed = sign::enveloped(&hostile, &request, &RustCrypto).ok()?;
    Some(format!("{before}{signed}{behind}"))
}

/// A document type declaration that asks for a file.
pub(super) fn doctype(xml: &str) -> Option<String> {
    Some(format!("<!DOCTYPE r [<!ENTITY who SYSTEM \"file:///etc/passwd\">]>{xml}"))
}

/// A reference to an entity that nobody declared.
pub(super) fn entity(xml: &str) -> Option<String> {
    let name = text(xml, "saml:NameID")?;
    Some(xml.replacen(&format!(">{name}<"), &format!(">&{VICTIM};<"), 1))
}

/// Ten thousand levels.
pub(super) fn deep(xml: &str) -> Option<String> {
    const LEVELS: usize = 10_000;
    let (head, rest) = xml.split_once("<samlp:Status>")?;
    Some(format!("{head}{}{}<samlp:Status>{rest}", "<a>".repeat(LEVELS), "</a>".repeat(LEVELS)))
}

/// Half a document.
pub(super) fn cut_off(xml: &str) -> Option<String> {
    xml.split_once("<saml:Subject>").map(|(head, _)| head.to_owned())
}
