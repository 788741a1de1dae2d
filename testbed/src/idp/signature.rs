//! Signatures of requests: detached by HTTP-Redirect (bindings 3.4.4.1), enveloped by HTTP-POST (bindings 3.5.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::{Budget, Limits};
use samlgate::effect::{CryptoProvider as _, SignatureScheme};
use samlgate::xml;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::{RustCrypto, has_signature, verify};

use super::keys::TestKey;
use super::request::SignatureCheck;

/// Checks the signature of a query against `key`: the octets that count are those that were sent, in the order
/// message, RelayState, SigAlg.
pub(super) fn check_query(query: &str, key: Option<TestKey>) -> SignatureCheck {
    let raw = |name: &str| query.split('&').find(|pair| pair.split('=').next() == Some(name));
    let decoded = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.into_owned())
    };
    let Some(signature) = decoded("Signature") else { return SignatureCheck::Absent };
    let Some(key) = key else { return SignatureCheck::Unchecked };
    let scheme = match decoded("SigAlg").as_deref() {
        Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256") => SignatureScheme::RsaSha256,
        Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384") => SignatureScheme::RsaSha384,
        Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512") => SignatureScheme::RsaSha512,
        _ => return SignatureCheck::Unchecked,
    };
    let names = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg"];
    let signed: Vec<&str> = names.into_iter().filter_map(raw).collect();
    let (Ok(signature), Ok(certificate)) = (STANDARD.decode(signature), key.certificate()) else {
        return SignatureCheck::Bad;
    };
    if RustCrypto.verify(scheme, certificate.key(), signed.join("&").as_bytes(), &signature) {
        SignatureCheck::Good
    } else {
        SignatureCheck::Bad
    }
}

/// Checks the signature of the request `xml` against `key`.
pub(super) fn check_enveloped(xml: &str, key: Option<TestKey>) -> SignatureCheck {
    let limits = Limits::default();
    let Ok(source) = xml::Source::check(xml.as_bytes(), &limits) else { return SignatureCheck::Bad };
    let Ok(document) = source.document() else { return SignatureCheck::Bad };
    if !has_signature(document.root()) {
        return SignatureCheck::Absent;
    }
    let Some(key) = key else { return SignatureCheck::Unchecked };
    let Ok(certificate) = key.certificate() else { return SignatureCheck::Bad };
    let keys = [certificate.key().clone()];
    let mut budget = Budget::new(limits.max_signature_checks);
    match verify(document.root(), &keys, &AlgorithmPolicy::STRONG, &RustCrypto, &limits, &mut budget) {
        Ok(_) => SignatureCheck::Good,
        Err(_) => SignatureCheck::Bad,
    }
}
