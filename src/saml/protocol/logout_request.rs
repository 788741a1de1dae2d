//! `LogoutRequest` (core 3.7.1).

use crate::base::{Pii, UnixTime};
use crate::effect::CryptoProvider;
use crate::saml::{Signer, names};
use crate::xml::Writer;
use crate::xmlsec::SignatureError;

use super::RequestId;

/// `samlp:LogoutRequest` (core 3.7.1) as the Single Logout profile uses it (profiles 4.4.4.1): the session of one person
/// at the identity provider shall end.
///
/// It must be signed, by one of [`LogoutRequest::render_signed`] and the Redirect binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// What the response must name in `InResponseTo`.
    pub id: RequestId,
    /// Our clock.
    pub issue_instant: UnixTime,
    /// The address it is sent to, as in the identity provider's metadata.
    pub destination: String,
    /// The instant from which it is void. The schema lets it be left out; then a stolen one would be good for ever.
    pub not_on_or_after: UnixTime,
    /// Why; `None` says nothing.
    pub reason: Option<LogoutReason>,
    /// Our entity id.
    pub issuer: String,
    /// Who.
    pub subject: LogoutSubject,
    /// `SessionIndex` of each session that shall end, as the assertions named it; none means all of them.
    pub session_indexes: Vec<String>,
}

/// Whom to sign out: the `NameID` of the sign-in (core 2.2.3). It has to match the identity provider's strongly
/// (profiles 4.4.4.1), so everything here is as its assertion had it, and what that lacked is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutSubject {
    /// The name itself.
    pub value: Pii<String>,
    /// `Format`.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// `SPProvidedID`.
    pub sp_provided_id: Option<Pii<String>>,
}

/// Why a session shall end (core 3.7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutReason {
    /// The person wants it.
    User,
    /// An administrator, or our own rules, want it.
    Admin,
}

impl LogoutReason {
    /// Its URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::User => "urn:oasis:names:tc:SAML:2.0:logout:user",
            Self::Admin => "urn:oasis:names:tc:SAML:2.0:logout:admin",
        }
    }
}

impl LogoutRequest {
    /// The message as XML, unsigned: for the Redirect binding, which signs the query.
    #[must_use]
    pub fn render(&self) -> String {
        let mut xml = Writer::new();
        xml.open("samlp:LogoutRequest")
            .attribute("xmlns:samlp", names::PROTOCOL)
            .attribute("xmlns:saml", names::ASSERTION)
            .attribute("ID", self.id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", &self.issue_instant.to_xs_date_time())
            .attribute("Destination", &self.destination)
            .attribute("NotOnOrAfter", &self.not_on_or_after.to_xs_date_time());
        if let Some(reason) = self.reason {
            xml.attribute("Reason", reason.uri());
        }
        xml.element("saml:Issuer", &self.issuer);
        xml.open("saml:NameID");
        let subject = &self.subject;
        let attributes = [
            ("NameQualifier", subject.name_qualifier.as_deref()),
            ("SPNameQualifier", subject.sp_name_qualifier.as_deref()),
            ("Format", subject.format.as_deref()),
            ("SPProvidedID", subject.sp_provided_id.as_ref().map(|id| id.expose().as_str())),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                xml.attribute(name, value);
            }
        }
        xml.text(subject.value.expose()).close();
        for index in &self.session_indexes {
            xml.element("samlp:SessionIndex", index);
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

    fn request() -> LogoutRequest {
        LogoutRequest {
            id: RequestId::parse("_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").unwrap(),
            issue_instant: UnixTime::from_secs(1_767_323_045),
            destination: String::from("https://idp.example/slo?a=1&b=2"),
            not_on_or_after: UnixTime::from_secs(1_767_323_345),
            reason: Some(LogoutReason::User),
            issuer: String::from("https://sp.example/<saml>"),
            subject: LogoutSubject {
                value: Pii::new(String::from("alice & \"bob\"")),
                format: Some(String::from("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")),
                name_qualifier: Some(String::from("https://idp.example/")),
                sp_name_qualifier: Some(String::from("https://sp.example/")),
                sp_provided_id: Some(Pii::new(String::from("a<1>"))),
            },
            session_indexes: vec![String::from("_s1"), String::from("_s&2")],
        }
    }

    #[test]
    fn a_request_names_the_person_as_the_identity_provider_did() {
        assert_eq!(
            request().render(),
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\" \
             Version=\"2.0\" IssueInstant=\"2026-01-02T03:04:05Z\" \
             Destination=\"https://idp.example/slo?a=1&amp;b=2\" NotOnOrAfter=\"2026-01-02T03:09:05Z\" \
             Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\">\
             <saml:Issuer>https://sp.example/&lt;saml&gt;</saml:Issuer>\
             <saml:NameID NameQualifier=\"https://idp.example/\" SPNameQualifier=\"https://sp.example/\" \
             Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" SPProvidedID=\"a&lt;1&gt;\">\
             alice &amp; &quot;bob&quot;</saml:NameID>\
             <samlp:SessionIndex>_s1</samlp:SessionIndex><samlp:SessionIndex>_s&amp;2</samlp:SessionIndex>\
             </samlp:LogoutRequest>"
        );
    }

    #[test]
    fn what_the_sign_in_did_not_say_is_left_out() {
        let plain = LogoutSubject {
            value: Pii::new(String::from("u")),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            sp_provided_id: None,
        };
        let less = LogoutRequest { reason: None, subject: plain, session_indexes: Vec::new(), ..request() };
        let xml = less.render();
        assert!(xml.ends_with("</saml:Issuer><saml:NameID>u</saml:NameID></samlp:LogoutRequest>"), "{xml}");
        assert!(!xml.contains("Reason"), "{xml}");
        assert!(!format!("{:?}", request()).contains("alice"), "nothing personal is printed");
        assert_eq!(LogoutReason::Admin.uri(), "urn:oasis:names:tc:SAML:2.0:logout:admin");
    }

    #[test]
    fn a_signed_request_verifies_and_its_signature_follows_the_issuer() {
        let pem = include_str!("../../../tests/keys/p384.key.pem").to_owned();
        let certificate = Certificate::parse(include_str!("../../../tests/keys/p384.crt.pem")).unwrap();
        let signer = Signer {
            scheme: SignatureScheme::EcdsaSha384,
            key: parse_signing_key(&Secret::new(pem)).unwrap(),
            certificate: certificate.clone(),
        };
        let xml = request().render_signed(&signer, &RustCrypto).unwrap();
        let source = Source::check(xml.as_bytes(), &Limits::DEFAULT).unwrap();
        let document = source.document().unwrap();
        // the order of the schema (core 3.7.1)
        let order: Vec<_> = document.root().children().map(|child| child.local_name()).collect();
        assert_eq!(order, ["Issuer", "Signature", "NameID", "SessionIndex", "SessionIndex"]);
        let signed = verify(
            document.root(),
            &[certificate.key().clone()],
            &AlgorithmPolicy::STRONG,
            &RustCrypto,
            &Limits::DEFAULT,
            &mut Budget::new(4),
        );
        assert!(signed.unwrap().octets().contains("alice"));
        let misfit = Signer { scheme: SignatureScheme::RsaSha256, ..signer };
        assert_eq!(request().render_signed(&misfit, &RustCrypto).unwrap_err().code().id(), "SG3014");
    }
}
