//! The HTTP-Redirect binding with DEFLATE encoding (bindings 3.4.4.1).

use super::inbound::Parameters;
use super::post::check_relay_state;
use super::{BindingError, Carrier, Inbound, MessageKind};
use crate::base::{Budget, Limits};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::encoding::{base64, form, inflate, percent};
use crate::saml::Signer;
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::{PresentedSignature, SignatureError, SignedText, sign, verify_detached};

/// Bytes of a query. Envoy takes 60 KiB of request headers, and browsers and servers addresses of far less; a signed
/// logout has about 2 KiB.
const MAX_QUERY_BYTES: usize = 32 * 1024;

/// Pairs that a query may have: five of the binding, and an address may have some of its own.
const MAX_PAIRS: usize = 16;

/// The only encoding of messages (bindings 3.4.4.1), which may be named or left out.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// The address that carries the request `xml` to `endpoint`; as [`message_url`].
///
/// # Errors
/// As [`message_url`].
pub fn request_url(
    endpoint: &str,
    xml: &str,
    relay_state: &str,
    signer: Option<&Signer>,
    crypto: &dyn CryptoProvider,
) -> Result<String, BindingError> {
    message_url(MessageKind::Request, endpoint, xml, relay_state, signer, crypto)
}

/// The address that carries the message `xml` to `endpoint`, which may have a query of its own but no fragment.
///
/// With `signer` the query is signed as bindings 3.4.4.1 says: over the message, `RelayState` and `SigAlg` in
/// this order, exactly as they stand in the address. `xml` must not carry an enveloped signature.
///
/// # Errors
/// [`BindingError`]: `relay_state` has more than 80 bytes, or signing fails.
pub fn message_url(
    kind: MessageKind,
    endpoint: &str,
    xml: &str,
    relay_state: &str,
    signer: Option<&Signer>,
    crypto: &dyn CryptoProvider,
) -> Result<String, BindingError> {
    check_relay_state(relay_state)?;
    let message = base64::encode(&inflate::deflate_raw(xml.as_bytes()));
    let mut query = format!("{}={}", kind.parameter(), percent::query_component(&message));
    if !relay_state.is_empty() {
        query.push_str("&RelayState=");
        query.push_str(&percent::query_component(relay_state));
    }
    if let Some(signer) = signer {
        query.push_str("&SigAlg=");
        query.push_str(&percent::query_component(signer.scheme.uri()));
        let value = sign::detached(signer.scheme, &signer.key, query.as_bytes(), crypto)
            .map_err(BindingError::Signing)?;
        query.push_str("&Signature=");
        query.push_str(&percent::query_component(&base64::encode(&value)));
    }
    let joint = match endpoint.split_once('?') {
        None => "?",
        Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
        Some(_) => "&",
    };
    Ok(format!("{endpoint}{joint}{query}"))
}

/// The signature of a query, and the text that it has to cover.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::saml) struct QuerySignature {
    signature: PresentedSignature,
    /// Message, `RelayState` and `SigAlg` in this order, each exactly as it came (bindings 3.4.4.1): there is more than
    /// one way to escape, and only the sender knows which was signed.
    text: String,
}

impl QuerySignature {
    /// Verifies the signature and decodes the message once more, from the text that was signed.
    pub(in crate::saml) fn verify(
        self,
        keys: &[VerificationKey],
        policy: &AlgorithmPolicy,
        crypto: &dyn CryptoProvider,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<(SignedText, Vec<u8>), SignatureError> {
        let signed = verify_detached(self.text, &self.signature, keys, policy, crypto, budget)?;
        // It was decoded before, so this cannot fail; were it otherwise nothing was signed.
        let message = signed.as_str().split('&').next().and_then(|pair| pair.split_once('='));
        let xml = message.and_then(|(_, value)| decode_message(value, limits).ok());
        Ok((signed, xml.ok_or(SignatureError::Invalid)?))
    }
}

/// Decodes the query of a GET, without its question mark (bindings 3.4.4.1). It must be signed.
///
/// # Errors
/// [`BindingError`]: too long, a parameter repeated or spelled in another way, no signature, another encoding than
/// DEFLATE, or one that inflates to more than `Limits::max_inflated_bytes`.
pub fn decode(query: &str, limits: &Limits) -> Result<Inbound, BindingError> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(BindingError::QueryTooLong { presented: query.len(), limit: MAX_QUERY_BYTES });
    }
    // Every pair must decode, as it has to for whoever reads the same address elsewhere.
    form::parse(query.as_bytes(), MAX_PAIRS)?;
    let mut parameters = Parameters::default();
    let (mut algorithm, mut value) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = form::component(name)?;
        let slot = match decoded.as_str() {
            "SigAlg" => Some((&mut algorithm, "SigAlg")),
            "Signature" => Some((&mut value, "Signature")),
            _ => None,
        };
        let ours = if let Some((slot, name)) = slot {
            if slot.replace(raw).is_some() {
                return Err(BindingError::ParameterRepeated { name });
            }
            true
        } else {
            parameters.take(&decoded, raw)?
        };
        // A name that is escaped is one that others may not see.
        if ours && decoded != name {
            return Err(BindingError::ParameterMalformed { name: "SAMLRequest, SAMLResponse or RelayState" });
        }
        // bindings 3.4.4: what names another encoding cannot be decoded
        if decoded == "SAMLEncoding" && form::component(raw)? != DEFLATE {
            return Err(BindingError::ParameterMalformed { name: "SAMLEncoding" });
        }
    }
    let (kind, message, relay_state) = parameters.message()?;
    let (Some(algorithm), Some(value)) = (algorithm, value) else {
        return Err(BindingError::SignatureMissing);
    };
    let mut text = format!("{}={message}", kind.parameter());
    if let Some(relay_state) = relay_state {
        text.push_str("&RelayState=");
        text.push_str(relay_state);
    }
    text.push_str("&SigAlg=");
    text.push_str(algorithm);
    let relay_state = relay_state.map(form::component).transpose()?.filter(|value| !value.is_empty());
    check_relay_state(relay_state.as_deref().unwrap_or_default())?;
    let value = decode_base64(value).map_err(|_| BindingError::ParameterMalformed { name: "Signature" })?;
    let signature = PresentedSignature { algorithm: form::component(algorithm)?, value };
    Ok(Inbound {
        kind,
        relay_state,
        xml: decode_message(message, limits)?,
        carrier: Carrier::Query(QuerySignature { signature, text }),
    })
}

/// A message as it stands in a query: escaped, base64, deflated.
fn decode_message(raw: &str, limits: &Limits) -> Result<Vec<u8>, BindingError> {
    if raw.is_empty() {
        return Err(BindingError::MessageMissing);
    }
    Ok(inflate::inflate_raw(&decode_base64(raw)?, limits.max_inflated_bytes)?)
}

/// base64, in which some senders break lines although bindings 3.4.4.1 forbids it.
fn decode_base64(raw: &str) -> Result<Vec<u8>, BindingError> {
    Ok(base64::decode_xml(&form::component(raw)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Code, Secret};
    use crate::effect::SignatureScheme;
    use crate::encoding::form;
    use crate::xmlsec::RustCrypto;
    use crate::xmlsec::key::{Certificate, parse_signing_key};

    fn signer() -> Signer {
        let pem = include_str!("../../../tests/keys/rsa2048.key.pem").to_owned();
        Signer {
            scheme: SignatureScheme::RsaSha256,
            key: parse_signing_key(&Secret::new(pem)).unwrap(),
            certificate: Certificate::parse(include_str!("../../../tests/keys/rsa2048.crt.pem")).unwrap(),
        }
    }

    fn url(endpoint: &str, relay_state: &str, signer: Option<&Signer>) -> String {
        request_url(endpoint, "<samlp:AuthnRequest/>", relay_state, signer, &RustCrypto).unwrap()
    }

    #[test]
    fn the_message_comes_back_and_the_endpoint_keeps_its_own_query() {
        for (endpoint, begins) in [
            ("https://idp.example/sso", "https://idp.example/sso?SAMLRequest="),
            ("https://idp.example/sso?", "https://idp.example/sso?SAMLRequest="),
            ("https://idp.example/o/saml2?idpid=C01", "https://idp.example/o/saml2?idpid=C01&SAMLRequest="),
            ("https://idp.example/sso?a=1&", "https://idp.example/sso?a=1&SAMLRequest="),
        ] {
            let url = url(endpoint, "to&ken+/=", None);
            assert!(url.starts_with(begins), "{url}");
            assert!(url.ends_with("&RelayState=to%26ken%2B%2F%3D"), "{url}");
            assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
            let (_, query) = url.split_once('?').unwrap();
            let pairs = form::parse(query.as_bytes(), 8).unwrap();
            let value = &pairs.iter().find(|(name, _)| name == "SAMLRequest").unwrap().1;
            let inflated = inflate::inflate_raw(&base64::decode_strict(value).unwrap(), 1_000).unwrap();
            assert_eq!(inflated, b"<samlp:AuthnRequest/>");
        }
        assert!(!url("https://idp.example/sso", "", None).contains("RelayState"));
    }

    #[test]
    fn the_signature_is_over_the_query_exactly_as_sent() {
        let signer = signer();
        for relay_state in ["token", ""] {
            let url = url("https://idp.example/sso?own=1", relay_state, Some(&signer));
            let (_, query) = url.split_once("?own=1&").unwrap();
            let names: Vec<_> =
                query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
            let expected: &[&str] = if relay_state.is_empty() {
                &["SAMLRequest", "SigAlg", "Signature"]
            } else {
                &["SAMLRequest", "RelayState", "SigAlg", "Signature"]
            };
            assert_eq!(names, expected);
            let (signed, _) = query.split_once("&Signature=").unwrap();
            let pairs = form::parse(query.as_bytes(), 8).unwrap();
            let value = base64::decode_strict(&pairs.last().unwrap().1).unwrap();
            let key = signer.certificate.key();
            assert!(RustCrypto.verify(SignatureScheme::RsaSha256, key, signed.as_bytes(), &value));
            assert!(query.contains("SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256"));
        }
    }

    #[test]
    fn relay_state_has_at_most_80_bytes_and_the_key_must_fit() {
        let sent = |relay_state: &str, signer: Option<&Signer>| {
            request_url("https://idp.example/", "<a/>", relay_state, signer, &RustCrypto)
                .map_err(|error| error.code())
        };
        assert!(sent(&"r".repeat(80), None).is_ok());
        assert_eq!(sent(&"r".repeat(81), None), Err(Code::RelayStateMalformed));
        let misfit = Signer { scheme: SignatureScheme::EcdsaSha256, ..signer() };
        assert_eq!(sent("token", Some(&misfit)), Err(Code::SigningFailed));
    }
}
