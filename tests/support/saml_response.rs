//! Makes SAML responses for tests: a well-formed one, signed with a key of `tests/keys`, to be bent from there.
#![allow(dead_code, reason = "each test target that includes this file uses a part of it")]

use std::fmt::Write as _;
use std::path::PathBuf;

use samlgate::base::{Secret, UnixTime};
use samlgate::effect::SignatureScheme;
use samlgate::xmlsec::decrypt::DecryptionKey;
use samlgate::xmlsec::key::{Certificate, parse_signing_key};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

/// 2026-01-02T03:04:05Z, when every response here is issued.
pub const NOW: u64 = 1_767_323_045;
pub const IDP: &str = "https://idp.example/metadata";
pub const SP: &str = "https://sp.example/saml";
pub const ACS: &str = "https://jira.example/saml/acs";
pub const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
pub const RESPONSE_ID: &str = "_response-1";
pub const ASSERTION_ID: &str = "_assertion-1";

/// `tests/<below>` of the repository.
pub fn tests_folder(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(below)
}

pub fn certificate(name: &str) -> Certificate {
    let pem = std::fs::read_to_string(tests_folder("keys").join(format!("{name}.crt.pem"))).unwrap();
    Certificate::parse(&pem).unwrap()
}

pub fn decryption_key(name: &str) -> DecryptionKey {
    let pem = std::fs::read_to_string(tests_folder("keys").join(format!("{name}.key.pem"))).unwrap();
    DecryptionKey::parse(&Secret::new(pem), certificate(name)).unwrap()
}

/// The instant `seconds` after [`NOW`], as an attribute value.
pub fn at(seconds: i64) -> String {
    UnixTime::from_secs(NOW.checked_add_signed(seconds).unwrap()).to_xs_date_time()
}

/// The parts of a response. Each text is raw XML or the value of an attribute; `None` leaves the attribute out.
#[derive(Clone)]
pub struct Message {
    pub response_id: Option<String>,
    pub response_version: Option<String>,
    pub response_issued: Option<String>,
    pub destination: Option<String>,
    pub in_response_to: Option<String>,
    pub response_issuer: String,
    pub extensions: String,
    pub status: String,
    pub before_assertion: String,
    pub after_assertion: String,
    pub assertion_id: Option<String>,
    pub assertion_version: Option<String>,
    pub assertion_issued: Option<String>,
    pub assertion_issuer: String,
    pub subject: String,
    pub name_id: String,
    pub confirmations: String,
    pub conditions: String,
    pub advice: String,
    pub authn_statement: String,
    pub attribute_statement: String,
    /// Leaves the assertion out.
    pub no_assertion: bool,
}

/// A bearer confirmation with these attributes of `SubjectConfirmationData`.
pub fn bearer(attributes: &str) -> String {
    format!(
        "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData {attributes}/></saml:SubjectConfirmation>"
    )
}

/// The attributes of a good `SubjectConfirmationData`.
pub fn good_confirmation() -> String {
    format!("NotOnOrAfter=\"{}\" Recipient=\"{ACS}\" InResponseTo=\"{REQUEST}\"", at(300))
}

/// `Conditions` with this window and content.
pub fn conditions(not_before: i64, not_on_or_after: i64, content: &str) -> String {
    format!(
        "<saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\">{content}</saml:Conditions>",
        at(not_before),
        at(not_on_or_after)
    )
}

pub fn audience(entity_id: &str) -> String {
    format!("<saml:AudienceRestriction><saml:Audience>{entity_id}</saml:Audience></saml:AudienceRestriction>")
}

/// `AuthnStatement` with further attributes.
pub fn authn(attributes: &str) -> String {
    format!(
        "<saml:AuthnStatement AuthnInstant=\"{}\" {attributes}><saml:AuthnContext>\
         <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
         </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
        at(-10)
    )
}

pub fn attribute(name: &str, values: &[&str]) -> String {
    let mut xml = format!("<saml:Attribute Name=\"{name}\">");
    for value in values {
        write!(xml, "<saml:AttributeValue>{value}</saml:AttributeValue>").unwrap();
    }
    xml + "</saml:Attribute>"
}

pub fn attributes(content: &str) -> String {
    format!("<saml:AttributeStatement>{content}</saml:AttributeStatement>")
}

pub fn status(code: &str, nested: &str) -> String {
    let nested = if nested.is_empty() {
        String::new()
    } else {
        format!("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{nested}\"/>")
    };
    format!(
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{code}\">{nested}\
         </samlp:StatusCode></samlp:Status>"
    )
}

impl Default for Message {
    fn default() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            response_id: some(RESPONSE_ID),
            response_version: some("2.0"),
            response_issued: Some(at(0)),
            destination: some(ACS),
            in_response_to: some(REQUEST),
            response_issuer: format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            extensions: String::new(),
            status: status("Success", ""),
            before_assertion: String::new(),
            after_assertion: String::new(),
            assertion_id: some(ASSERTION_ID),
            assertion_version: some("2.0"),
            assertion_issued: Some(at(0)),
            assertion_issuer: format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            subject: String::from("<saml:Subject>NAME_ID\nCONFIRMATIONS</saml:Subject>"),
            name_id: String::from(
                "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">alice</saml:NameID>",
            ),
            confirmations: bearer(&good_confirmation()),
            conditions: conditions(-60, 300, &audience(SP)),
            advice: String::new(),
            authn_statement: authn("SessionIndex=\"_session-1\""),
            attribute_statement: attributes(&format!(
                "\n{}\n{}\n",
                attribute("urn:oid:2.5.4.31", &["jira-users", "jira-admins"]),
                attribute("mail", &["alice@example.com"]),
            )),
            no_assertion: false,
        }
    }
}

impl Message {
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut message = Self::default();
        change(&mut message);
        message
    }

    pub fn assertion(&self) -> String {
        let mut xml = String::from("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
        push_attribute(&mut xml, "ID", self.assertion_id.as_deref());
        push_attribute(&mut xml, "IssueInstant", self.assertion_issued.as_deref());
        push_attribute(&mut xml, "Version", self.assertion_version.as_deref());
        xml.push('>');
        for part in [
            &self.assertion_issuer,
            &self.subject,
            &self.conditions,
            &self.advice,
            &self.authn_statement,
            &self.attribute_statement,
        ] {
            push_line(&mut xml, part);
        }
        // In the whole, because a case may put the subject in another's place.
        let xml = xml.replace("NAME_ID", &self.name_id).replace("CONFIRMATIONS", &self.confirmations);
        xml + "\n</saml:Assertion>"
    }

    /// The message without any signature.
    pub fn render(&self) -> String {
        let mut xml = String::from(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        );
        push_attribute(&mut xml, "ID", self.response_id.as_deref());
        push_attribute(&mut xml, "Version", self.response_version.as_deref());
        push_attribute(&mut xml, "IssueInstant", self.response_issued.as_deref());
        push_attribute(&mut xml, "Destination", self.destination.as_deref());
        push_attribute(&mut xml, "InResponseTo", self.in_response_to.as_deref());
        xml.push('>');
        let assertion = if self.no_assertion { String::new() } else { self.assertion() };
        for part in [
            &self.response_issuer,
            &self.extensions,
            &self.status,
            &self.before_assertion,
            &assertion,
            &self.after_assertion,
        ] {
            push_line(&mut xml, part);
        }
        xml + "\n</samlp:Response>\n"
    }
}

fn push_attribute(xml: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        write!(xml, " {name}=\"{value}\"").unwrap();
    }
}

fn push_line(xml: &mut String, part: &str) {
    if !part.is_empty() {
        xml.push('\n');
        xml.push_str(part);
    }
}

/// Signs the element with `id` inside `xml` with the key `key` of `tests/keys`; the certificate goes into `KeyInfo`.
pub fn signed(xml: &str, id: &str, key: &str, scheme: SignatureScheme, prefixes: &[&str]) -> String {
    let pem = std::fs::read_to_string(tests_folder("keys").join(format!("{key}.key.pem"))).unwrap();
    let private = parse_signing_key(&Secret::new(pem)).unwrap();
    let request = sign::SigningRequest {
        key: &private,
        scheme,
        certificate: Some(&certificate(key)),
        canonicalization: Canonicalization {
            with_comments: false,
            inclusive_prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
        },
    };
    sign::enveloped_id(xml, id, &request, &RustCrypto).unwrap()
}

pub fn sign_assertion(xml: &str) -> String {
    signed(xml, ASSERTION_ID, "rsa2048", SignatureScheme::RsaSha256, &[])
}

pub fn sign_response(xml: &str) -> String {
    signed(xml, RESPONSE_ID, "rsa2048", SignatureScheme::RsaSha256, &[])
}

/// A message whose assertion is signed.
pub fn by_assertion(change: impl FnOnce(&mut Message)) -> String {
    sign_assertion(&Message::with(change).render())
}

/// A message that is signed as a whole.
pub fn by_response(change: impl FnOnce(&mut Message)) -> String {
    sign_response(&Message::with(change).render())
}

/// A message with both signatures.
pub fn by_both(change: impl FnOnce(&mut Message)) -> String {
    sign_response(&sign_assertion(&Message::with(change).render()))
}

/// Replaces `from`, which must be there.
pub fn swap(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "`{from}` is not in the message");
    xml.replace(from, to)
}

/// As [`swap`], only the first one.
pub fn swap_first(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "`{from}` is not in the message");
    xml.replacen(from, to, 1)
}

/// The text from the first `begin` to the first `end` behind it, both included.
pub fn between<'a>(xml: &'a str, begin: &str, end: &str) -> &'a str {
    let start = xml.find(begin).unwrap();
    let stop = xml[start..].find(end).unwrap();
    &xml[start..start + stop + end.len()]
}

/// The (first) assertion of a message, its signature included.
pub fn assertion_of(xml: &str) -> &str {
    between(xml, "<saml:Assertion", "</saml:Assertion>")
}

/// The (first) signature of a text.
pub fn signature_of(xml: &str) -> &str {
    between(xml, "<ds:Signature ", "</ds:Signature>")
}

/// `xml` without its first signature.
pub fn without_signature(xml: &str) -> String {
    swap_first(xml, signature_of(xml), "")
}
