//! What people have of a recorded sign-in, brought into the form that the browser posts.

use crate::base::{Limits, Rejection};
use crate::encoding::{base64, percent};
use crate::saml::bindings::post;

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// The decoded response and what it was given as.
pub(super) struct Message {
    pub(super) saml_response: Vec<u8>,
    pub(super) detail: String,
}

/// Decodes XML, base64 or a whole form. Whatever it is, it goes through the decoder of the assertion consumer service,
/// under its limits.
pub(super) fn decode(response: &[u8], limits: &Limits) -> Result<Message, Rejection> {
    let (body, given) = form(response);
    let message = post::decode(Some(CONTENT_TYPE), &body, limits)
        .map_err(|fault| Rejection::new(fault.code(), fault))?;
    let bytes = message.saml_response.len();
    Ok(Message {
        saml_response: message.saml_response,
        detail: format!("given as {given}, {bytes} bytes of XML"),
    })
}

fn form(response: &[u8]) -> (Vec<u8>, &'static str) {
    let trimmed = response.trim_ascii();
    if trimmed.starts_with(b"<") {
        return (field(&base64::encode(response)), "XML");
    }
    // Neither `=` before the end nor `&` is in base64.
    if trimmed.starts_with(b"SAMLResponse=") || trimmed.windows(14).any(|part| part == b"&SAMLResponse=") {
        return (trimmed.to_vec(), "the posted form");
    }
    match core::str::from_utf8(trimmed) {
        // Copied out of a form: still escaped.
        Ok(text) if text.contains('%') => (format!("SAMLResponse={text}").into_bytes(), "escaped base64"),
        Ok(text) => (field(text), "base64"),
        // No text at all; the XML reader says so best.
        Err(_) => (field(&base64::encode(response)), "bytes"),
    }
}

fn field(value: &str) -> Vec<u8> {
    format!("SAMLResponse={}", percent::query_component(value)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;

    #[test]
    fn whatever_people_have_of_a_response_is_understood() {
        for (given, detail) in [
            ("<a/>", "XML"),
            ("\n <a/>\n", "XML"),
            ("PGEvPg==", "base64"),
            ("PGEv\r\nPg==\n", "base64"),
            ("PGEvPg%3D%3D", "escaped base64"),
            ("SAMLResponse=PGEvPg%3D%3D&RelayState=x\n", "the posted form"),
            ("RelayState=x&SAMLResponse=PGEvPg==", "the posted form"),
        ] {
            let message = decode(given.as_bytes(), &Limits::DEFAULT).unwrap();
            assert_eq!(message.saml_response.trim_ascii(), b"<a/>", "{given}");
            assert!(message.detail.starts_with(&format!("given as {detail}, ")), "{}", message.detail);
        }
    }

    #[test]
    fn what_is_no_response_is_refused_as_the_service_refuses_it() {
        let large = "A".repeat(Limits::DEFAULT.max_body_bytes);
        for (given, code) in [
            (b"".as_slice(), Code::SamlResponseMissing),
            (b" \n", Code::SamlResponseMissing),
            (b"PGEv*", Code::Base64Malformed),
            (b"PGEvPg%", Code::FormMalformed),
            (b"SAMLResponse=PGEvPg==&SAMLResponse=PGEvPg==", Code::ParameterRepeated),
            (large.as_bytes(), Code::BodyTooLarge),
        ] {
            assert_eq!(decode(given, &Limits::DEFAULT).err().map(|error| error.code), Some(code));
        }
        // Bytes that are no text get as far as the XML reader.
        assert_eq!(decode(&[0xff, 0xfe, b'<'], &Limits::DEFAULT).unwrap().saml_response, [0xff, 0xfe, b'<']);
    }
}
