//! A message that arrived at an address which takes requests and responses: decoded, and signed by nobody yet.

use core::fmt;

use super::BindingError;
use super::redirect::QuerySignature;

/// In which parameter a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageKind {
    /// The parameter.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message as one of the bindings delivered it.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Request or response.
    pub kind: MessageKind,
    /// `RelayState` as it came; `None` when missing or empty.
    pub relay_state: Option<String>,
    pub(in crate::saml) xml: Vec<u8>,
    pub(in crate::saml) carrier: Carrier,
}

/// What the signature of a message is part of.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::saml) enum Carrier {
    /// The query (bindings 3.4.4.1).
    Query(QuerySignature),
    /// The message, which is the document (bindings 3.5.4).
    Message,
    /// The message, which is in the body of a SOAP envelope (bindings 3.2.2).
    Envelope,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({:?}, {} bytes)", self.kind, self.xml.len())
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query(_) => "Query",
            Self::Message => "Message",
            Self::Envelope => "Envelope",
        })
    }
}

/// The one message among parameters that may each occur once.
#[derive(Default)]
pub(super) struct Parameters<V> {
    pub(super) request: Option<V>,
    pub(super) response: Option<V>,
    pub(super) relay_state: Option<V>,
}

impl<V> Parameters<V> {
    /// Keeps `value` where `name` is a parameter of ours; true if it is.
    pub(super) fn take(&mut self, name: &str, value: V) -> Result<bool, BindingError> {
        let (slot, name) = match name {
            "SAMLRequest" => (&mut self.request, "SAMLRequest"),
            "SAMLResponse" => (&mut self.response, "SAMLResponse"),
            "RelayState" => (&mut self.relay_state, "RelayState"),
            _ => return Ok(false),
        };
        if slot.replace(value).is_some() {
            return Err(BindingError::ParameterRepeated { name });
        }
        Ok(true)
    }

    /// bindings 3.4.3, 3.5.3: a request or a response, never both.
    pub(super) fn message(self) -> Result<(MessageKind, V, Option<V>), BindingError> {
        match (self.request, self.response) {
            (Some(request), None) => Ok((MessageKind::Request, request, self.relay_state)),
            (None, Some(response)) => Ok((MessageKind::Response, response, self.relay_state)),
            _ => Err(BindingError::MessageMissing),
        }
    }
}
