//! The HTTP-Redirect binding with DEFLATE encoding (bindings 3.4.4.1).

use super::{BindingError, post::check_relay_state};
use crate::effect::CryptoProvider;
use crate::encoding::{base64, inflate, percent};
use crate::saml::Signer;
use crate::xmlsec::sign;

/// The address that carries the request `xml` to `endpoint`, which may have a query of its own but no fragment.
///
/// With `signer` the query is signed as bindings 3.4.4.1 says: over `SAMLRequest`, `RelayState` and `SigAlg` in
/// this order, exactly as they stand in the address. `xml` must not carry an enveloped signature.
///
/// # Errors
/// [`BindingError`]: `relay_state` has more than 80 bytes, or signing fails.
pub fn request_url(
    endpoint: &str,
    xml: &str,
    relay_state: &str,
    signer: Option<&Signer>,
    crypto: &dyn CryptoProvider,
) -> Result<String, BindingError> {
    check_relay_state(relay_state)?;
    let message = base64::encode(&inflate::deflate_raw(xml.as_bytes()));
    let mut query = format!("SAMLRequest={}", percent::query_component(&message));
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
