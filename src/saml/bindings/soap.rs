//! The SOAP binding, as a responder (bindings 3.2): one message in the body of an envelope, and one in the answer's.

use super::{BindingError, Carrier, Inbound, MessageKind};
use crate::base::Limits;
use crate::xml::{Document, Element};

/// Namespace of SOAP 1.1 envelopes.
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Takes the body of a POST to a SOAP address.
///
/// # Errors
/// [`BindingError`]: not XML by its media type, empty or too large. The envelope is read with the message.
pub fn decode(content_type: Option<&str>, body: Vec<u8>, limits: &Limits) -> Result<Inbound, BindingError> {
    // bindings 3.2.2; RFC 3902 of SOAP 1.2 is another protocol.
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("text/xml")) {
        return Err(BindingError::ContentTypeUnexpected { presented: content_type.map(str::to_owned) });
    }
    if body.is_empty() {
        return Err(BindingError::BodyMissing);
    }
    if body.len() > limits.max_body_bytes {
        return Err(BindingError::BodyTooLarge { presented: body.len(), limit: limits.max_body_bytes });
    }
    Ok(Inbound { kind: MessageKind::Request, relay_state: None, xml: body, carrier: Carrier::Envelope })
}

/// `xml` in an envelope, as the answer carries it.
#[must_use]
pub fn envelope(xml: &str) -> String {
    format!("<soap:Envelope xmlns:soap=\"{ENVELOPE}\"><soap:Body>{xml}</soap:Body></soap:Envelope>")
}

/// The one message in the body of the envelope that `document` is (SOAP 1.1 section 4).
pub(in crate::saml) fn message<'a>(document: &'a Document<'_>) -> Result<Element<'a>, BindingError> {
    let malformed = |finding| BindingError::EnvelopeMalformed { finding };
    let root = document.root();
    if !root.is(ENVELOPE, "Envelope") {
        return Err(malformed("the root is not an envelope"));
    }
    let mut children = root.children().peekable();
    if let Some(header) = children.next_if(|child| child.is(ENVELOPE, "Header")) {
        // SOAP 1.1 4.2.3: what must be understood and is not has to be refused.
        if header.children().any(|block| block.attribute_ns(ENVELOPE, "mustUnderstand").is_some_and(is_true))
        {
            return Err(malformed("a header block must be understood and is not"));
        }
    }
    let body = children.next().filter(|child| child.is(ENVELOPE, "Body"));
    let body = body.ok_or_else(|| malformed("there is no body"))?;
    // bindings 3.2.2: exactly one message, and nothing else
    let mut messages = body.children();
    match (messages.next(), messages.next(), children.next()) {
        (Some(only), None, None) if body.holds_only_elements() => Ok(only),
        _ => Err(malformed("the body holds something other than one message")),
    }
}

fn is_true(value: &str) -> bool {
    value != "0"
}
