//! What a service provider asked for.

use samlgate::base::Limits;
use samlgate::encoding::inflate::inflate_raw;
use samlgate::xml;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In the query, deflated.
    Redirect,
    /// In a form.
    Post,
}

/// What became of the request's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// There was none.
    Absent,
    /// It was good.
    Good,
    /// It was not.
    Bad,
    /// It came by a binding or algorithm that this identity provider does not check.
    Unchecked,
}

/// An AuthnRequest as it was received.
#[derive(Clone, Debug)]
pub struct AuthnRequest {
    /// Its XML.
    pub xml: String,
    /// How it came.
    pub binding: Binding,
    /// RelayState, byte for byte.
    pub relay_state: Option<String>,
    /// ID.
    pub id: String,
    /// Issuer.
    pub issuer: String,
    /// AssertionConsumerServiceURL.
    pub acs: String,
    /// Destination.
    pub destination: Option<String>,
    /// Format of NameIDPolicy.
    pub name_id_format: Option<String>,
    /// ForceAuthn.
    pub force_authn: bool,
    /// IsPassive.
    pub is_passive: bool,
    /// AuthnContextClassRef of RequestedAuthnContext.
    pub authn_context_classes: Vec<String>,
    /// What became of its signature.
    pub signature: SignatureCheck,
}

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

impl AuthnRequest {
    /// Reads the value of `SAMLRequest`.
    ///
    /// # Errors
    /// What is wrong with it, for the page.
    pub fn read(
        encoded: &str,
        relay_state: Option<String>,
        binding: Binding,
        signature: SignatureCheck,
    ) -> Result<Self, String> {
        let limits = Limits::default();
        let bytes = STANDARD.decode(encoded.trim()).map_err(|error| format!("SAMLRequest: {error}"))?;
        let bytes = match binding {
            Binding::Redirect => {
                inflate_raw(&bytes, 1 << 20).map_err(|error| format!("SAMLRequest: {error}"))?
            }
            Binding::Post => bytes,
        };
        let xml = String::from_utf8(bytes).map_err(|error| format!("SAMLRequest: {error}"))?;
        let source = xml::Source::check(xml.as_bytes(), &limits).map_err(|error| error.to_string())?;
        let document = source.document().map_err(|error| error.to_string())?;
        let root = document.root();
        if !root.is(PROTOCOL, "AuthnRequest") {
            return Err("SAMLRequest is no AuthnRequest".to_owned());
        }
        let attribute = |name: &str| root.attribute(name).map(str::to_owned);
        let issuer = root
            .child(ASSERTION, "Issuer")
            .map_err(|error| error.to_string())?
            .ok_or("the request has no Issuer")?
            .value()
            .map_err(|error| error.to_string())?
            .to_string();
        let policy = root.child(PROTOCOL, "NameIDPolicy").map_err(|error| error.to_string())?;
        let context = root.child(PROTOCOL, "RequestedAuthnContext").map_err(|error| error.to_string())?;
        let mut authn_context_classes = Vec::new();
        for class in context.iter().flat_map(|context| context.children()) {
            authn_context_classes.push(class.value().map_err(|error| error.to_string())?.to_string());
        }
        Ok(Self {
            binding,
            relay_state,
            id: attribute("ID").ok_or("the request has no ID")?,
            issuer,
            acs: attribute("AssertionConsumerServiceURL")
                .ok_or("the request names no AssertionConsumerServiceURL")?,
            destination: attribute("Destination"),
            name_id_format: policy.and_then(|policy| policy.attribute("Format").map(str::to_owned)),
            force_authn: matches!(root.attribute("ForceAuthn"), Some("true" | "1")),
            is_passive: matches!(root.attribute("IsPassive"), Some("true" | "1")),
            authn_context_classes,
            signature,
            xml,
        })
    }
}
