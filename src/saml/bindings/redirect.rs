//! The HTTP-Redirect binding with DEFLATE encoding (bindings 3.4.4.1).

use super::{BindingError, post::check_relay_state};
use crate::effect::CryptoProvider;
use crate::encoding::{base64, inflate, percent};
use crate::saml::Signer;
use crate::xmlsec::sign;

/// The address that carries `xml` to `endpoint`, which may have a query of its own but no fragment.
///
/// With `signer` the query is signed as bindings 3.4.4.1 says: over `SAMLRequest`, `RelayState` and `SigAlg` in
/// this order, exactly as they stand in the address. `xml` must not carry an enveloped signature.
///
/// # Errors
/// [`BindingError`]: `relay_state` has more than 80 bytes, or signing fails.
pub fn authn_request_url(
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
