//! The Redirect binding: nothing inflates beyond its bound, what we send comes back, and a query reads as others read it.
//!
//! The first byte chooses the bound; the rest is the stream, the message and the query in turn.

use samlgate::base::Limits;
use samlgate::encoding::{EncodingError, base64, form, inflate};
use samlgate::saml::bindings::redirect;
use samlgate::xmlsec::RustCrypto;

const MAX_PAIRS: usize = 8;

pub fn check(input: &[u8]) {
    let Some((bound, rest)) = input.split_first() else { return };
    let limit = match bound {
        0 => Limits::DEFAULT.max_inflated_bytes,
        other => usize::from(*other) * 16,
    };
    bounded(rest, limit);
    query(rest);
    if let Ok(text) = core::str::from_utf8(rest) {
        there_and_back(text, limit);
    }
}

fn bounded(stream: &[u8], limit: usize) {
    match inflate::inflate_raw(stream, limit) {
        Ok(inflated) => {
            assert!(inflated.len() <= limit, "{} bytes came out, {limit} were allowed", inflated.len());
            if let Some(less) = inflated.len().checked_sub(1) {
                let refused = inflate::inflate_raw(stream, less);
                assert_eq!(refused, Err(EncodingError::DeflateTooLarge { limit: less }));
            }
        }
        Err(EncodingError::Deflate) => {}
        Err(other) => assert_eq!(other, EncodingError::DeflateTooLarge { limit }),
    }
}

fn query(text: &[u8]) {
    let Ok(pairs) = form::parse(text, MAX_PAIRS) else { return };
    assert!(pairs.len() <= MAX_PAIRS);
    assert!(form_urlencoded::parse(text).eq(pairs.iter().map(|(name, value)| (name.into(), value.into()))));
}

fn there_and_back(text: &str, limit: usize) {
    let (relay_state, xml) = text.split_once('\n').unwrap_or(("", text));
    let endpoint = "https://idp.example/sso";
    let Ok(url) = redirect::request_url(endpoint, xml, relay_state, None, &RustCrypto) else {
        assert!(relay_state.len() > 80, "`{relay_state}` was refused");
        return;
    };
    assert!(relay_state.len() <= 80);
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "`{url}`");
    let query = url.strip_prefix("https://idp.example/sso?").expect("the endpoint stays");
    let pairs = form::parse(query.as_bytes(), MAX_PAIRS).expect("our own query");
    let value = |name: &str| pairs.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!(value("RelayState").unwrap_or_default(), relay_state);
    let stream = base64::decode_strict(value("SAMLRequest").expect("the message")).expect("base64");
    assert_eq!(inflate::inflate_raw(&stream, xml.len()).as_deref(), Ok(xml.as_bytes()));
    bounded(&stream, limit);
}
