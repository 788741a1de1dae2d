//! The HTTP-POST binding (bindings 3.5).

use core::fmt;

use super::inbound::Parameters;
use super::{BindingError, Carrier, Inbound, MAX_RELAY_STATE_BYTES, MessageKind};
use crate::base::Limits;
use crate::encoding::{base64, form};

/// Pairs that a form may have. Identity providers send two; some add a button's name.
const MAX_PAIRS: usize = 16;

/// What was posted to the assertion consumer service. The XML is not looked at yet.
#[derive(Clone, PartialEq, Eq)]
pub struct PostMessage {
    /// The decoded `SAMLResponse`.
    pub saml_response: Vec<u8>,
    /// `RelayState` as it came back; `None` when missing or empty.
    pub relay_state: Option<String>,
}

impl fmt::Debug for PostMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostMessage({} bytes)", self.saml_response.len())
    }
}

/// Decodes the body of a POST to the assertion consumer service (bindings 3.5.4).
///
/// # Errors
/// [`BindingError`]: not a form, too large, `SAMLResponse` not there exactly once, a parameter repeated, or base64
/// that is none. XML white space inside the base64 is allowed.
pub fn decode(content_type: Option<&str>, body: &[u8], limits: &Limits) -> Result<PostMessage, BindingError> {
    let parameters = parameters(content_type, body, limits)?;
    let response: String = parameters
        .response
        .filter(|value: &String| !value.is_empty())
        .ok_or(BindingError::SamlResponseMissing)?;
    let relay_state = checked_relay_state(parameters.relay_state)?;
    Ok(PostMessage { saml_response: base64::decode_xml(&response)?, relay_state })
}

/// Decodes the body of a POST to an address that takes requests and responses (bindings 3.5.4).
///
/// # Errors
/// As [`decode`]; there must be one of `SAMLRequest` and `SAMLResponse`.
pub fn decode_either(
    content_type: Option<&str>,
    body: &[u8],
    limits: &Limits,
) -> Result<Inbound, BindingError> {
    let (kind, message, relay_state) = parameters(content_type, body, limits)?.message()?;
    if message.is_empty() {
        return Err(BindingError::MessageMissing);
    }
    Ok(Inbound {
        kind,
        relay_state: checked_relay_state(relay_state)?,
        xml: base64::decode_xml(&message)?,
        carrier: Carrier::Message,
    })
}

fn parameters(
    content_type: Option<&str>,
    body: &[u8],
    limits: &Limits,
) -> Result<Parameters<String>, BindingError> {
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        return Err(BindingError::ContentTypeUnexpected { presented: content_type.map(str::to_owned) });
    }
    if body.is_empty() {
        return Err(BindingError::BodyMissing);
    }
    if body.len() > limits.max_body_bytes {
        return Err(BindingError::BodyTooLarge { presented: body.len(), limit: limits.max_body_bytes });
    }
    let mut parameters = Parameters::default();
    for (name, value) in form::parse(body, MAX_PAIRS)? {
        parameters.take(&name, value)?;
    }
    Ok(parameters)
}

fn checked_relay_state(relay_state: Option<String>) -> Result<Option<String>, BindingError> {
    let relay_state = relay_state.filter(|value| !value.is_empty());
    check_relay_state(relay_state.as_deref().unwrap_or_default())?;
    Ok(relay_state)
}

/// The hidden fields of the form that posts a request (bindings 3.5.4). Sign `xml` beforehand with the `render_signed`
/// of [`crate::saml::protocol`] where a signature is wanted. The page escapes the values.
///
/// # Errors
/// [`BindingError::RelayStateMalformed`] above 80 bytes.
pub fn request_fields(xml: &str, relay_state: &str) -> Result<Vec<(&'static str, String)>, BindingError> {
    fields(MessageKind::Request, xml, relay_state)
}

/// The hidden fields of the form that posts a message of `kind`; as [`request_fields`].
///
/// # Errors
/// [`BindingError::RelayStateMalformed`] above 80 bytes.
pub fn fields(
    kind: MessageKind,
    xml: &str,
    relay_state: &str,
) -> Result<Vec<(&'static str, String)>, BindingError> {
    check_relay_state(relay_state)?;
    let mut fields = vec![(kind.parameter(), base64::encode(xml.as_bytes()))];
    if !relay_state.is_empty() {
        fields.push(("RelayState", relay_state.to_owned()));
    }
    Ok(fields)
}

/// bindings 3.4.3, 3.5.3: at most 80 bytes, in both directions; ours are shorter, so a longer one is not ours.
pub(super) const fn check_relay_state(relay_state: &str) -> Result<(), BindingError> {
    if relay_state.len() > MAX_RELAY_STATE_BYTES {
        return Err(BindingError::RelayStateMalformed { bytes: relay_state.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    #[test]
    fn a_form_is_decoded_with_white_space_in_its_base64() {
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", "SAMLResponse=PGEvPg%3D%3D&RelayState=t"),
            ("Application/X-WWW-Form-Urlencoded; charset=utf-8", "RelayState=t&SAMLResponse=PGEv%0D%0APg=="),
            ("application/x-www-form-urlencoded;", "SAMLResponse=+PGEvPg==+&RelayState=t&continue=Go"),
        ] {
            let message = decode(Some(content_type), body.as_bytes(), &Limits::DEFAULT).unwrap();
            assert_eq!(message.saml_response, b"<a/>", "{body}");
            assert_eq!(message.relay_state.as_deref(), Some("t"), "{body}");
        }
        let message = decode(FORM, b"SAMLResponse=PGEvPg==&RelayState=", &Limits::DEFAULT).unwrap();
        assert_eq!(message.relay_state, None);
    }

    #[test]
    fn anything_that_two_readers_could_read_differently_is_refused() {
        let long = format!("SAMLResponse=PGEvPg==&RelayState={}", "r".repeat(81));
        let many = format!("SAMLResponse=PGEvPg=={}", "&x=1".repeat(16));
        for (content_type, body, code) in [
            (None, "SAMLResponse=PGEvPg==", Code::ContentTypeUnexpected),
            (Some(""), "SAMLResponse=PGEvPg==", Code::ContentTypeUnexpected),
            (Some("multipart/form-data; boundary=x"), "SAMLResponse=PGEvPg==", Code::ContentTypeUnexpected),
            (Some("text/plain"), "SAMLResponse=PGEvPg==", Code::ContentTypeUnexpected),
            (Some("x;application/x-www-form-urlencoded"), "a=b", Code::ContentTypeUnexpected),
            (FORM, "", Code::BodyMissing),
            (FORM, "RelayState=t", Code::SamlResponseMissing),
            (FORM, "SAMLResponse=", Code::SamlResponseMissing),
            (FORM, "SAMLResponse", Code::SamlResponseMissing),
            (FORM, "samlresponse=PGEvPg==", Code::SamlResponseMissing),
            (FORM, "SAMLRequest=PGEvPg==", Code::SamlResponseMissing),
            (FORM, "SAMLResponse=PGEvPg==&SAMLResponse=PGEvPg==", Code::ParameterRepeated),
            (FORM, "SAMLResponse=PGEvPg==&SAML%52esponse=PGIvPg==", Code::ParameterRepeated),
            (FORM, "SAMLResponse=&SAMLResponse=PGEvPg==", Code::ParameterRepeated),
            (FORM, "SAMLResponse=PGEvPg==&RelayState=a&RelayState=b", Code::ParameterRepeated),
            (FORM, "SAMLResponse=PGEvPg", Code::Base64Malformed),
            (FORM, "SAMLResponse=PGEv*Pg==", Code::Base64Malformed),
            (FORM, "SAMLResponse=PGEvPh==", Code::Base64Malformed),
            (FORM, "SAMLResponse=%zz", Code::FormMalformed),
            (FORM, "SAMLResponse=PGEvPg==&RelayState=%ff", Code::FormMalformed),
            (FORM, &many, Code::FormMalformed),
            (FORM, &long, Code::RelayStateMalformed),
        ] {
            let found = decode(content_type, body.as_bytes(), &Limits::DEFAULT);
            assert_eq!(found.map_err(|error| error.code()), Err(code), "{content_type:?} {body}");
        }
        let small = Limits { max_body_bytes: 20, ..Limits::DEFAULT };
        let found = decode(FORM, b"SAMLResponse=PGEvPg==", &small).unwrap_err();
        assert_eq!(found.code(), Code::BodyTooLarge);
    }

    #[test]
    fn the_request_form_has_the_message_and_a_short_relay_state() {
        let fields = request_fields("<a/>", "token").unwrap();
        assert_eq!(
            fields,
            [("SAMLRequest", String::from("PGEvPg==")), ("RelayState", String::from("token"))]
        );
        assert_eq!(request_fields("<a/>", "").unwrap().len(), 1);
        assert!(request_fields("<a/>", &"r".repeat(80)).is_ok());
        assert!(request_fields("<a/>", &"r".repeat(81)).is_err());
    }
}
