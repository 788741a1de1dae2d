//! What we send: `AuthnRequest` and its identifier (core 3.4.1).

use crate::base::{EntropyFailure, EntropySource, UnixTime, random};
use crate::effect::CryptoProvider;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::{Canonicalization, SignatureError, sign};

/// The `ID` of one `AuthnRequest` (core 1.3.4): `_` and 32 hexadecimal digits, 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// A fresh one. Begins with `_` because an `xs:ID` must not begin with a digit.
    ///
    /// # Errors
    /// [`EntropyFailure`] when the host gives no randomness.
    pub fn random(entropy: &dyn EntropySource) -> Result<Self, EntropyFailure> {
        let bytes: [u8; 16] = random(entropy)?;
        let mut id = String::from("_");
        for byte in bytes {
            id.push_str(&format!("{byte:02x}"));
        }
        Ok(Self(id))
    }

    /// One that was made by [`RequestId::random`] and kept; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('_')?;
        let well_formed =
            digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `samlp:AuthnRequest` (core 3.4.1) as the Web Browser SSO profile uses it (profiles 4.1.4.1).
///
/// It asks for nothing that identity providers stumble over: no `RequestedAuthnContext`, no `Subject`, no
/// `Conditions`, and a `NameIDPolicy` only when a format is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthnRequest {
    /// What the response must name in `InResponseTo`.
    pub id: RequestId,
    /// Our clock.
    pub issue_instant: UnixTime,
    /// The address it is sent to, as in the identity provider's metadata.
    pub destination: String,
    /// Where the response is to be posted.
    pub assertion_consumer_service_uri: String,
    /// Our entity id.
    pub issuer: String,
    /// The NameID format to ask for; `None` leaves the choice to the identity provider.
    pub name_id_format: Option<String>,
    /// Ask the identity provider to authenticate the person anew.
    pub force_authn: bool,
}

impl AuthnRequest {
    /// The message as XML, unsigned. The response is always asked for by HTTP-POST.
    #[must_use]
    pub fn render(&self) -> String {
        let mut xml = Writer::new();
        xml.open("samlp:AuthnRequest")
            .attribute("xmlns:samlp", names::PROTOCOL)
            .attribute("xmlns:saml", names::ASSERTION)
            .attribute("ID", self.id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", &self.issue_instant.to_xs_date_time())
            .attribute("Destination", &self.destination);
        if self.force_authn {
            xml.attribute("ForceAuthn", "true");
        }
        xml.attribute("ProtocolBinding", names::BINDING_POST)
            .attribute("AssertionConsumerServiceURL", &self.assertion_consumer_service_uri);
        xml.element("saml:Issuer", &self.issuer);
        if let Some(format) = &self.name_id_format {
            xml.open("samlp:NameIDPolicy")
                .attribute("Format", format)
                .attribute("AllowCreate", "true")
                .close();
        }
        xml.finish()
    }

    /// The message with an enveloped signature, as the HTTP-POST binding needs it (bindings 3.5.4.1; core 5.4).
    ///
    /// # Errors
    /// [`SignatureError`] when key and scheme do not fit or the provider fails.
    pub fn render_signed(
        &self,
        signer: &Signer,
        crypto: &dyn CryptoProvider,
    ) -> Result<String, SignatureError> {
        let request = sign::SigningRequest {
            key: &signer.key,
            scheme: signer.scheme,
            certificate: Some(&signer.certificate),
            canonicalization: Canonicalization::default(),
        };
        sign::enveloped(&self.render(), &request, crypto)
    }
}
