//! `AuthnRequest` (core 3.4.1).

use crate::base::UnixTime;
use crate::effect::CryptoProvider;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::SignatureError;

use super::RequestId;

/// `samlp:AuthnRequest` (core 3.4.1) as the Web Browser SSO profile uses it (profiles 4.1.4.1).
///
/// It asks for nothing that identity providers stumble over: no `Subject`, no `Conditions`, and `RequestedAuthnContext` and
/// `NameIDPolicy` only when they are configured.
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
    /// How the response is to travel.
    pub response_binding: ResponseBinding,
    /// Our entity id.
    pub issuer: String,
    /// The name to ask for; `None` leaves the choice to the identity provider.
    pub name_id_policy: Option<NameIdPolicy>,
    /// Ask the identity provider to authenticate the person anew.
    pub force_authn: bool,
    /// Ask the identity provider to show the person nothing.
    pub is_passive: bool,
    /// How the person shall authenticate.
    pub requested_authn_context: Option<RequestedAuthnContext>,
}

/// How a response travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseBinding {
    /// HTTP-POST (bindings 3.5).
    Post,
    /// HTTP-Artifact (bindings 3.6).
    Artifact,
}

impl ResponseBinding {
    const fn uri(self) -> &'static str {
        match self {
            Self::Post => names::BINDING_POST,
            Self::Artifact => names::BINDING_ARTIFACT,
        }
    }
}

/// `samlp:NameIDPolicy` (core 3.4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameIdPolicy {
    /// `Format`, a URI.
    pub format: String,
    /// `AllowCreate`: a name may be made for somebody who has none for us.
    pub allow_create: bool,
    /// `SPNameQualifier`: for which service providers the name is meant; `None` for us alone.
    pub sp_name_qualifier: Option<String>,
}

/// `samlp:RequestedAuthnContext` (core 3.3.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedAuthnContext {
    /// How the classes are meant.
    pub comparison: AuthnContextComparison,
    /// `AuthnContextClassRef`, at least one, in order of preference.
    pub class_refs: Vec<String>,
}

/// How requested classes are compared with what the identity provider does (core 3.3.2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthnContextComparison {
    /// One of them.
    Exact,
    /// At least as strong as one of them.
    Minimum,
    /// At most as strong as the strongest of them.
    Maximum,
    /// Stronger than one of them.
    Better,
}

impl AuthnContextComparison {
    /// The word of the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }
}

impl AuthnRequest {
    /// The message as XML, unsigned.
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
        if self.is_passive {
            xml.attribute("IsPassive", "true");
        }
        xml.attribute("ProtocolBinding", self.response_binding.uri())
            .attribute("AssertionConsumerServiceURL", &self.assertion_consumer_service_uri);
        xml.element("saml:Issuer", &self.issuer);
        if let Some(policy) = &self.name_id_policy {
            xml.open("samlp:NameIDPolicy").attribute("Format", &policy.format);
            if let Some(qualifier) = &policy.sp_name_qualifier {
                xml.attribute("SPNameQualifier", qualifier);
            }
            xml.attribute("AllowCreate", if policy.allow_create { "true" } else { "false" }).close();
        }
        if let Some(context) = &self.requested_authn_context {
            xml.open("samlp:RequestedAuthnContext").attribute("Comparison", context.comparison.as_str());
            for class in &context.class_refs {
                xml.element("saml:AuthnContextClassRef", class);
            }
            xml.close();
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
        signer.sign(&self.render(), crypto)
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

    fn request() -> AuthnRequest {
        AuthnRequest {
            id: RequestId::parse("_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").unwrap(),
            issue_instant: UnixTime::from_secs(1_767_323_045),
            destination: String::from("https://idp.example/sso?a=1&b=2"),
            assertion_consumer_service_uri: String::from("https://jira.example/saml/acs"),
            response_binding: ResponseBinding::Post,
            issuer: String::from("https://sp.example/<saml>"),
            name_id_policy: None,
            force_authn: false,
            is_passive: false,
            requested_authn_context: None,
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
        let policy = |allow_create, sp_name_qualifier| {
            Some(NameIdPolicy { format: String::from("urn:x"), allow_create, sp_name_qualifier })
        };
        let more =
            AuthnRequest { name_id_policy: policy(true, None), force_authn: true, ..request() }.render();
        assert!(more.contains(" ForceAuthn=\"true\" ProtocolBinding="), "{more}");
        assert!(
            more.contains("</saml:Issuer><samlp:NameIDPolicy Format=\"urn:x\" AllowCreate=\"true\"/>"),
            "{more}"
        );
        let context = RequestedAuthnContext {
            comparison: AuthnContextComparison::Minimum,
            class_refs: vec![String::from("urn:a&b"), String::from("urn:c")],
        };
        let more = AuthnRequest {
            name_id_policy: policy(false, Some(String::from("urn:group"))),
            is_passive: true,
            requested_authn_context: Some(context),
            ..request()
        };
        // the order of the schema (core 3.4.1)
        let more = more.render();
        assert!(more.contains(" IsPassive=\"true\" ProtocolBinding="), "{more}");
        assert!(
            more.ends_with(
                "</saml:Issuer><samlp:NameIDPolicy Format=\"urn:x\" SPNameQualifier=\"urn:group\" AllowCreate=\"false\"/>\
                 <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>urn:a&amp;b\
                 </saml:AuthnContextClassRef><saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>\
                 </samlp:RequestedAuthnContext></samlp:AuthnRequest>"
            ),
            "{more}"
        );
    }

    #[test]
    fn a_signed_request_verifies_and_its_signature_follows_the_issuer() {
        let pem = include_str!("../../../tests/keys/rsa2048.key.pem").to_owned();
        let certificate = Certificate::parse(include_str!("../../../tests/keys/rsa2048.crt.pem")).unwrap();
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
