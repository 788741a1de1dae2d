//! Making signatures: our own requests and metadata, and the demonstration identity provider's responses.

use crate::base::Limits;
use crate::effect::{CryptoProvider, SignatureScheme, SigningKey};
use crate::encoding::base64;
use crate::xml::writer::escape_attribute;
use crate::xml::{Element, Source};

use super::algorithm::{ENVELOPED, EXCLUSIVE, EXCLUSIVE_WITH_COMMENTS};
use super::key::Certificate;
use super::verify::is_id;
use super::{Canonicalization, DS, SignatureError, ecdsa, has_signature};

const SAML_ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// With what to sign.
#[derive(Clone, Debug)]
pub struct SigningRequest<'a> {
    /// The private key.
    pub key: &'a SigningKey,
    /// The algorithm; must fit the key. Its digest is also that of the reference.
    pub scheme: SignatureScheme,
    /// Put into `KeyInfo` when given.
    pub certificate: Option<&'a Certificate>,
    /// How the signed element is canonicalized.
    pub canonicalization: Canonicalization,
}

/// Signs the root element of `xml` by its `ID`; the signature stands behind `saml:Issuer` if that is the first child,
/// else it is the first child (the schemas of SAML core 3.2 and metadata 2.3).
///
/// # Errors
/// [`SignatureError`] when `xml` is not acceptable, has no usable ID or is signed already, or the key fails.
pub fn enveloped(
    xml: &str,
    request: &SigningRequest<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<String, SignatureError> {
    sign(xml, |root| Some(root), request, crypto)
}

/// As [`enveloped`], for the element anywhere in `xml` whose `ID` is `id`: an assertion inside a response.
///
/// # Errors
/// As [`enveloped`]; also when there is no such element.
pub fn enveloped_id(
    xml: &str,
    id: &str,
    request: &SigningRequest<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<String, SignatureError> {
    sign(xml, |root| find(root, id), request, crypto)
}

/// The signature of `octets` as XML-DSig spells it (ECDSA as `r || s`); its base64 is the `Signature` parameter of the
/// Redirect binding (bindings 3.4.4.1).
///
/// # Errors
/// [`SignatureError::SigningFailed`] when the key does not fit or fails.
pub fn detached(
    scheme: SignatureScheme,
    key: &SigningKey,
    octets: &[u8],
    crypto: &dyn CryptoProvider,
) -> Result<Vec<u8>, SignatureError> {
    if !scheme.takes(key.kind()) {
        return Err(SignatureError::SigningFailed { finding: "the key does not fit the algorithm" });
    }
    let failed = SignatureError::SigningFailed { finding: "the private key could not sign" };
    let signature = crypto.sign(scheme, key, octets).map_err(|_| failed.clone())?;
    match key.kind().scalar_bytes() {
        None => Ok(signature),
        Some(scalar_bytes) => ecdsa::to_raw(&signature, scalar_bytes).ok_or(failed),
    }
}

/// Depth first; the lexer bounds depth and number.
fn find<'a>(element: Element<'a>, id: &str) -> Option<Element<'a>> {
    if element.attribute("ID") == Some(id) {
        return Some(element);
    }
    element.children().find_map(|child| find(child, id))
}

fn sign(
    xml: &str,
    target: impl for<'a> Fn(Element<'a>) -> Option<Element<'a>>,
    request: &SigningRequest<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<String, SignatureError> {
    let source = Source::check(xml.as_bytes(), &Limits::LARGEST)?;
    let document = source.document()?;
    let element = target(document.root())
        .filter(|element| !has_signature(*element))
        .ok_or(SignatureError::SigningFailed { finding: "no such element, or it is signed already" })?;
    let id = element
        .attribute("ID")
        .filter(|id| is_id(id))
        .ok_or(SignatureError::SigningFailed { finding: "the element has no usable ID" })?;
    let octets = request.canonicalization.apply_to_reference(element, None)?;
    let digest = base64::encode(&request.scheme.digest().digest(&octets));
    // The text is canonical as it stands: only `ds` and `ec` are used, each declared where it is used first.
    let info = signed_info(id, &digest, request);
    let value = detached(request.scheme, request.key, info.as_bytes(), crypto)?;
    let signature = signature(&info, &base64::encode(&value), request.certificate);
    insert(source.as_str(), element, &signature)
}

fn signed_info(id: &str, digest: &str, request: &SigningRequest<'_>) -> String {
    let prefixes = request.canonicalization.inclusive_prefixes.join(" ");
    let canonicalization =
        if request.canonicalization.with_comments { EXCLUSIVE_WITH_COMMENTS } else { EXCLUSIVE };
    let inclusive = if prefixes.is_empty() {
        String::new()
    } else {
        let prefixes = escape_attribute(&prefixes);
        format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\"></ec:InclusiveNamespaces>"
        )
    };
    format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\">\
         <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{scheme}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{canonicalization}\">{inclusive}</ds:Transform>\
         </ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        scheme = request.scheme.uri(),
        id = escape_attribute(id),
        method = request.scheme.digest().uri(),
    )
}

fn signature(info: &str, value: &str, certificate: Option<&Certificate>) -> String {
    let key_info = certificate.map_or_else(String::new, |certificate| {
        format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            base64::encode(certificate.der())
        )
    });
    format!(
        "<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>{key_info}</ds:Signature>"
    )
}

/// Puts `signature` behind the issuer, or first.
fn insert(xml: &str, element: Element<'_>, signature: &str) -> Result<String, SignatureError> {
    let failed = SignatureError::SigningFailed { finding: "there is no place for the signature" };
    let issuer = element.children().next().filter(|first| first.is(SAML_ASSERTION, "Issuer"));
    let at = match issuer {
        Some(issuer) => issuer.range().end,
        None => element.content_start().ok_or_else(|| failed.clone())?,
    };
    let (before, behind) = xml.split_at_checked(at).ok_or(failed)?;
    Ok([before, signature, behind].concat())
}
