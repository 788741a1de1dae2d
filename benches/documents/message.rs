//! One good response to put things into, and the way a response takes through the core.

use core::time::Duration;

use samlgate::base::{ClockSkew, Code, Limits, Secret, UnixTime};
use samlgate::effect::{SignatureScheme, SigningKey, VerificationKey};
use samlgate::encoding::base64;
use samlgate::saml::profiles::web_sso::{
    AcceptedAssertion, AuthnExpectation, Expectations, RequestBinding, accept,
};
use samlgate::saml::protocol::RequestId;
use samlgate::saml::{ResponseError, SignatureDemand, Trust, Unverified};
use samlgate::xml::Source;
use samlgate::xmlsec::algorithm::AlgorithmPolicy;
use samlgate::xmlsec::decrypt::{CipherPolicy, DecryptionKey, Recipient};
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, SignatureError, sign};

const KEY: &str = include_str!("../../tests/keys/rsa2048.key.pem");
const CERTIFICATE: &str = include_str!("../../tests/keys/rsa2048.crt.pem");
const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
const ISSUED: &str = "2026-01-02T03:04:05Z";
const ENDS: &str = "2026-01-02T03:09:05Z";

/// The keys of both sides.
pub(crate) struct Keys {
    signing: SigningKey,
    pub(crate) verifying: [VerificationKey; 1],
    decrypting: [DecryptionKey; 1],
}

impl Keys {
    pub(crate) fn read() -> Self {
        let certificate = Certificate::parse(CERTIFICATE).unwrap();
        Self {
            decrypting: [DecryptionKey::parse(&Secret::new(KEY.to_owned()), certificate.clone()).unwrap()],
            signing: parse_signing_key(&Secret::new(KEY.to_owned())).unwrap(),
            verifying: [certificate.key().clone()],
        }
    }

    fn sign(&self, xml: &str, id: &str, prefixes: &[String]) -> Result<String, SignatureError> {
        let request = sign::SigningRequest {
            key: &self.signing,
            scheme: SignatureScheme::RsaSha256,
            certificate: None,
            canonicalization: Canonicalization {
                with_comments: false,
                inclusive_prefixes: prefixes.to_vec(),
            },
        };
        sign::enveloped_id(xml, id, &request, &RustCrypto)
    }

    /// `xml` with its assertion signed, and with `both` the response as well.
    pub(crate) fn signed(
        &self,
        xml: &str,
        both: bool,
        prefixes: &[String],
    ) -> Result<String, SignatureError> {
        let xml = self.sign(xml, "_a", prefixes)?;
        if both { self.sign(&xml, "_r", prefixes) } else { Ok(xml) }
    }

    /// `xml` with a signature on the response that is as good as can be without the key.
    pub(crate) fn forged(&self, xml: &str, prefixes: &[String]) -> String {
        let genuine = self.sign(&render("", "", ""), "_r", prefixes).unwrap();
        let from = genuine.find("<ds:Signature ").unwrap();
        let to = genuine.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        let signature = genuine[from..to].replacen("<ds:DigestValue>", "<ds:DigestValue>AAAA", 1);
        xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
    }
}

/// An unsigned response with these contents of `Extensions`, `Advice` and `AttributeStatement`.
pub(crate) fn render(extensions: &str, advice: &str, attributes: &str) -> String {
    let within = |name: &str, content: &str| match content {
        "" => String::new(),
        content => format!("<{name}>{content}</{name}>"),
    };
    format!(
        concat!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" "#,
            r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="{issued}" "#,
            r#"Destination="https://sp.example/saml/acs" InResponseTo="{request}">"#,
            r#"<saml:Issuer>https://idp.example</saml:Issuer>{extensions}<samlp:Status>"#,
            r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>"#,
            r#"<saml:Assertion ID="_a" Version="2.0" IssueInstant="{issued}"><saml:Issuer>https://idp.example</saml:Issuer>"#,
            r#"<saml:Subject><saml:NameID>alice</saml:NameID><saml:SubjectConfirmation "#,
            r#"Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{ends}" "#,
            r#"Recipient="https://sp.example/saml/acs" InResponseTo="{request}"/></saml:SubjectConfirmation></saml:Subject>"#,
            r#"<saml:Conditions NotOnOrAfter="{ends}"><saml:AudienceRestriction>"#,
            r#"<saml:Audience>https://sp.example</saml:Audience></saml:AudienceRestriction></saml:Conditions>{advice}"#,
            r#"<saml:AuthnStatement AuthnInstant="{issued}"><saml:AuthnContext><saml:AuthnContextClassRef>"#,
            r#"urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>"#,
            r#"</saml:AuthnStatement>{attributes}</saml:Assertion></samlp:Response>"#
        ),
        issued = ISSUED,
        ends = ENDS,
        request = REQUEST,
        extensions = within("samlp:Extensions", extensions),
        advice = within("saml:Advice", advice),
        attributes = within("saml:AttributeStatement", attributes),
    )
}

/// A response with `bytes` of an assertion that is encrypted to us, as anybody can write it: `keys` encrypted keys, of
/// which none fits.
pub(crate) fn encrypted(keys: usize, bytes: usize) -> String {
    let garbage = |bytes: usize| base64::encode(&vec![1; bytes]);
    let key = format!(
        concat!(
            r#"<x:EncryptedKey><x:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>"#,
            r#"<x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedKey>"#
        ),
        garbage(256)
    );
    let assertion = format!(
        concat!(
            r#"<saml:EncryptedAssertion xmlns:x="http://www.w3.org/2001/04/xmlenc#"><x:EncryptedData>"#,
            r#"<x:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>"#,
            r#"<x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedData>{}"#,
            r#"</saml:EncryptedAssertion>"#
        ),
        garbage(bytes),
        key.repeat(keys)
    );
    let plain = render("", "", "");
    let (before, rest) = plain.split_once("<saml:Assertion ").unwrap();
    let (_, behind) = rest.split_once("</saml:Assertion>").unwrap();
    [before, &assertion, behind].concat()
}

/// Everything from the document to an accepted assertion.
pub(crate) fn consume(xml: &[u8], keys: &Keys, limits: &Limits) -> Result<AcceptedAssertion, Code> {
    let source = Source::check(xml, limits).map_err(|error| error.code())?;
    let document = source.document().map_err(|error| error.code())?;
    let code = |error: ResponseError| error.code();
    let verified = Unverified::read(&document)
        .map_err(code)?
        .verify(&Trust {
            keys: &keys.verifying,
            algorithms: AlgorithmPolicy::STRONG,
            demand: SignatureDemand::Any,
            recipient: &Recipient {
                entity_id: "https://sp.example",
                keys: &keys.decrypting,
                ciphers: CipherPolicy::STRONG,
            },
            crypto: &RustCrypto,
            limits,
        })
        .map_err(code)?;
    let expected = Expectations {
        now: NOW,
        skew: ClockSkew::new(Duration::from_secs(60)).unwrap(),
        idp_entity_id: "https://idp.example",
        audience: "https://sp.example",
        recipient: "https://sp.example/saml/acs",
        destination: "https://sp.example/saml/acs",
        request: RequestBinding::Solicited(&RequestId::parse(REQUEST).unwrap()),
        authn: AuthnExpectation::default(),
    };
    accept(verified, &expected).map_err(|error| error.code())
}
