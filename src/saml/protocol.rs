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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Budget, Limits, Secret};
    use crate::effect::SignatureScheme;
    use crate::xml::Source;
    use crate::xmlsec::algorithm::AlgorithmPolicy;
    use crate::xmlsec::key::{Certificate, parse_signing_key};
    use crate::xmlsec::{RustCrypto, verify};

    struct Counting;

    impl EntropySource for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
            for (byte, value) in out.iter_mut().zip(0xF0..=0xFF) {
                *byte = value;
            }
            Ok(())
        }
    }

    fn request() -> AuthnRequest {
        AuthnRequest {
            id: RequestId::random(&Counting).unwrap(),
            issue_instant: UnixTime::from_secs(1_767_323_045),
            destination: String::from("https://idp.example/sso?a=1&b=2"),
            assertion_consumer_service_uri: String::from("https://jira.example/saml/acs"),
            issuer: String::from("https://sp.example/<saml>"),
            name_id_format: None,
            force_authn: false,
        }
    }

    #[test]
    fn a_request_id_is_an_ncname_and_only_our_own_shape_comes_back() {
        let id = RequestId::random(&Counting).unwrap();
        assert_eq!(id.as_str(), "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        assert_eq!(RequestId::parse(id.as_str()), Some(id));
        for wrong in [
            "",
            "_",
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfef",
            "_F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0",
            "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfef\n",
        ] {
            assert_eq!(RequestId::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_request_says_what_the_profile_wants_and_no_more() {
        let xml = request().render();
        assert_eq!(
            xml,
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\" \
             Version=\"2.0\" IssueInstant=\"2026-01-02T03:04:05Z\" \
             Destination=\"https://idp.example/sso?a=1&amp;b=2\" \
             ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             AssertionConsumerServiceURL=\"https://jira.example/saml/acs\">\
             <saml:Issuer>https://sp.example/&lt;saml&gt;</saml:Issuer></samlp:AuthnRequest>"
        );
        let more =
            AuthnRequest { name_id_format: Some(String::from("urn:x")), force_authn: true, ..request() };
        let xml = more.render();
        assert!(xml.contains(" ForceAuthn=\"true\" ProtocolBinding="), "{xml}");
        assert!(
            xml.contains("</saml:Issuer><samlp:NameIDPolicy Format=\"urn:x\" AllowCreate=\"true\"/>"),
            "{xml}"
        );
    }

    #[test]
    fn a_signed_request_verifies_and_its_signature_follows_the_issuer() {
        let pem = include_str!("../../tests/keys/rsa2048.key.pem").to_owned();
        let certificate = Certificate::parse(include_str!("../../tests/keys/rsa2048.crt.pem")).unwrap();
        let signer = Signer {
            scheme: SignatureScheme::RsaSha256,
            key: parse_signing_key(&Secret::new(pem)).unwrap(),
            certificate: certificate.clone(),
        };
        let xml = request().render_signed(&signer, &RustCrypto).unwrap();
        let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        let order: Vec<_> = document.root().children().map(|child| child.local_name()).collect();
        assert_eq!(order, ["Issuer", "Signature"]);
        let signed = verify(
            document.root(),
            &[certificate.key().clone()],
            &AlgorithmPolicy::STRONG,
            &RustCrypto,
            &Limits::DEFAULT,
            &mut Budget::new(4),
        );
        assert!(signed.is_ok(), "{signed:?}");
        let misfit = Signer { scheme: SignatureScheme::EcdsaSha256, ..signer };
        assert!(request().render_signed(&misfit, &RustCrypto).is_err());
    }
}
