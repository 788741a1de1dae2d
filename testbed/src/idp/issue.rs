//! Renders SAML responses: the right one by default, and every wrong one that a test asks for.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use samlgate::base::UnixTime;
use samlgate::effect::SignatureScheme;
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};

use super::encrypt::Encryption;
use super::keys::TestKey;
use super::users::User;
use crate::browser::escape;

/// Why a response could not be made; always a fault of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueError(String);

impl IssueError {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IssueError {}

/// Which elements are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Only the assertion: what most identity providers do.
    Assertion,
    /// Only the response.
    Response,
    /// The assertion, then the response.
    Both,
    /// Nothing.
    Nothing,
}

/// What is encrypted, with AES-256-GCM and RSA-OAEP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encrypted {
    /// The assertion, after it was signed, to this key.
    Assertion(TestKey),
    /// The name in the assertion, before it is signed, to this key.
    NameId(TestKey),
}

/// How the groups appear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// The user's own, one value each; without any group the attribute has no values, which says that there are none.
    OfUser,
    /// These, one value each; an empty list makes an attribute without values.
    These(Vec<String>),
    /// No attribute at all.
    Omitted,
    /// Microsoft's replacement for too many groups: a link in their stead.
    Overage,
}

/// A change of the finished message, after everything was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tamper {
    /// The text to look for; it must occur.
    pub find: String,
    /// What takes its first place.
    pub replace: String,
}

impl Tamper {
    /// `replace` in the stead of the first `find`.
    #[must_use]
    pub fn new(find: &str, replace: &str) -> Self {
        Self { find: find.to_owned(), replace: replace.to_owned() }
    }

    fn apply(&self, xml: &str) -> Result<String, IssueError> {
        if !xml.contains(&self.find) {
            return Err(IssueError::new(format!("`{}` does not occur in {xml}", self.find)));
        }
        Ok(xml.replacen(&self.find, &self.replace, 1))
    }
}

/// How the people of this identity provider sign in.
const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Everything about a response. [`IssueOptions::new`] is the right answer; change what the test is about.
#[derive(Clone, Debug)]
pub struct IssueOptions {
    /// Whom it is about.
    pub user: User,
    /// NameID format.
    pub name_id_format: String,
    /// The NameID element's content as XML, instead of the user's name.
    pub name_id_xml: Option<String>,
    /// Issuer of response and assertion.
    pub issuer: String,
    /// Issuer of the assertion, when it shall differ.
    pub assertion_issuer: Option<String>,
    /// Audience; `None` leaves the restriction out.
    pub audience: Option<String>,
    /// The assertion consumer service: Recipient, and Destination unless that is overridden.
    pub recipient: String,
    /// Destination, when it shall differ.
    pub destination: Option<String>,
    /// InResponseTo of response and confirmation; `None` for an unsolicited response.
    pub in_response_to: Option<String>,
    /// InResponseTo of the confirmation alone, when it shall differ.
    pub confirmation_in_response_to: Option<String>,
    /// Unix seconds that count as now.
    pub now: u64,
    /// Seconds from now to NotBefore of the conditions.
    pub not_before: i64,
    /// Seconds from now to NotOnOrAfter of conditions and confirmation.
    pub not_on_or_after: i64,
    /// Seconds from now to NotOnOrAfter of the confirmation, when it shall differ.
    pub confirmation_not_on_or_after: Option<i64>,
    /// Seconds from now to SessionNotOnOrAfter; `None` leaves it out.
    pub session_not_on_or_after: Option<i64>,
    /// Seconds from now to AuthnInstant.
    pub authn_instant: i64,
    /// AuthnContextClassRef.
    pub authn_context_class: String,
    /// SessionIndex.
    pub session_index: String,
    /// The second-level status code; `None` for success.
    pub failure: Option<String>,
    /// What is encrypted, if anything.
    pub encrypted: Option<Encrypted>,
    /// What is signed.
    pub signed: Signed,
    /// With which key.
    pub key: TestKey,
    /// With which algorithm; `None` for the key's usual one.
    pub scheme: Option<SignatureScheme>,
    /// How signed elements are canonicalized.
    pub canonicalization: Canonicalization,
    /// Name of the groups attribute.
    pub groups_attribute: String,
    /// How groups appear.
    pub groups: Groups,
    /// Further attributes: name and values.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Extra XML inside Conditions.
    pub conditions_xml: String,
    /// Leaves the AuthnStatement out.
    pub omit_authn_statement: bool,
    /// ID of the response.
    pub response_id: String,
    /// ID of the assertion.
    pub assertion_id: String,
    /// Changes before anything is signed, of the assertion where the text occurs in it, else of the response: what a
    /// careless identity provider can be made to sign.
    pub compose: Vec<Tamper>,
    /// Changes after signing, in order.
    pub tamper: Vec<Tamper>,
}

impl IssueOptions {
    /// The response that `issuer` sends to the assertion consumer service at `recipient` about `user`.
    #[must_use]
    pub fn new(user: User, issuer: &str, recipient: &str, audience: &str) -> Self {
        Self {
            user,
            name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified".to_owned(),
            name_id_xml: None,
            issuer: issuer.to_owned(),
            assertion_issuer: None,
            audience: Some(audience.to_owned()),
            recipient: recipient.to_owned(),
            destination: None,
            in_response_to: None,
            confirmation_in_response_to: None,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            not_before: -5,
            not_on_or_after: 300,
            confirmation_not_on_or_after: None,
            session_not_on_or_after: None,
            authn_instant: 0,
            authn_context_class: PASSWORD.to_owned(),
            session_index: fresh_id(),
            failure: None,
            encrypted: None,
            signed: Signed::Assertion,
            key: TestKey::Rsa,
            scheme: None,
            canonicalization: Canonicalization::default(),
            groups_attribute: "groups".to_owned(),
            groups: Groups::OfUser,
            attributes: Vec::new(),
            conditions_xml: String::new(),
            omit_authn_statement: false,
            response_id: fresh_id(),
            assertion_id: fresh_id(),
            compose: Vec::new(),
            tamper: Vec::new(),
        }
    }

    fn at(&self, offset: i64) -> String {
        UnixTime::from_secs(self.now.saturating_add_signed(offset)).to_xs_date_time()
    }
}

/// An XML ID that did not occur before in this process, nor probably in another.
#[must_use]
pub fn fresh_id() -> String {
    use std::hash::{BuildHasher, Hasher};
    // Every `RandomState` is keyed anew from the system's randomness.
    let half = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("_{:016x}{:016x}", half(), half())
}

/// The response's XML.
///
/// # Errors
/// When the options ask for a signature that cannot be made, or for a change of text that does not occur.
pub fn issue(options: &IssueOptions) -> Result<String, IssueError> {
    let success = options.failure.is_none();
    let mut assertion = if success { assertion(options)? } else { String::new() };
    let mut of_response = Vec::new();
    for change in &options.compose {
        if assertion.contains(&change.find) {
            assertion = change.apply(&assertion)?;
        } else {
            of_response.push(change);
        }
    }
    if success && matches!(options.signed, Signed::Assertion | Signed::Both) {
        assertion = signed(&assertion, options)?;
    }
    if let Some(Encrypted::Assertion(key)) = options.encrypted {
        assertion = encrypt("EncryptedAssertion", &assertion, key)?;
    }
    let mut message = response(options, &assertion);
    for change in of_response {
        message = change.apply(&message)?;
    }
    if matches!(options.signed, Signed::Response | Signed::Both) {
        message = signed(&message, options)?;
    }
    for change in &options.tamper {
        message = change.apply(&message)?;
    }
    Ok(message)
}

fn encrypt(container: &str, plaintext: &str, key: TestKey) -> Result<String, IssueError> {
    let certificate = key.certificate()?;
    Ok(Encryption::to(&certificate).encrypt(container, plaintext.as_bytes()))
}

fn signed(xml: &str, options: &IssueOptions) -> Result<String, IssueError> {
    let key = options.key.signing_key()?;
    let certificate = options.key.certificate()?;
    let request = sign::SigningRequest {
        key: &key,
        scheme: options.scheme.unwrap_or(options.key.scheme()),
        certificate: Some(&certificate),
        canonicalization: options.canonicalization.clone(),
    };
    sign::enveloped(xml, &request, &RustCrypto).map_err(IssueError::new)
}

fn response(options: &IssueOptions, assertion: &str) -> String {
    let destination = options.destination.as_ref().unwrap_or(&options.recipient);
    let status = options.failure.as_ref().map_or_else(
        || r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>"#.to_owned(),
        |code| {
            format!(
                concat!(
                    r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">"#,
                    r#"<samlp:StatusCode Value="{}"/></samlp:StatusCode>"#
                ),
                escape(code)
            )
        },
    );
    format!(
        concat!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" "#,
            r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0" IssueInstant="{now}" "#,
            r#"Destination="{destination}"{in_response_to}><saml:Issuer>{issuer}</saml:Issuer>"#,
            r#"<samlp:Status>{status}</samlp:Status>{assertion}</samlp:Response>"#
        ),
        id = escape(&options.response_id),
        now = options.at(0),
        destination = escape(destination),
        in_response_to = in_response_to(options.in_response_to.as_ref()),
        issuer = escape(&options.issuer),
        status = status,
        assertion = assertion,
    )
}

fn in_response_to(id: Option<&String>) -> String {
    id.map_or_else(String::new, |id| format!(r#" InResponseTo="{}""#, escape(id)))
}

fn name_id(options: &IssueOptions) -> Result<String, IssueError> {
    let name = options.name_id_xml.clone().unwrap_or_else(|| escape(&options.user.name));
    let format = escape(&options.name_id_format);
    let element = format!(r#"<saml:NameID Format="{format}">{name}</saml:NameID>"#);
    match options.encrypted {
        Some(Encrypted::NameId(key)) => encrypt("EncryptedID", &element, key),
        _ => Ok(element),
    }
}

fn assertion(options: &IssueOptions) -> Result<String, IssueError> {
    let issuer = options.assertion_issuer.as_ref().unwrap_or(&options.issuer);
    let name_id = name_id(options)?;
    let audience = options.audience.as_ref().map_or_else(String::new, |audience| {
        format!(
            "<saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>",
            escape(audience)
        )
    });
    let statement = if options.omit_authn_statement { String::new() } else { authn_statement(options) };
    Ok(format!(
        concat!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" "#,
            r#"xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" "#,
            r#"ID="{id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>"#,
            r#"<saml:Subject>{name_id}"#,
            r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
            r#"<saml:SubjectConfirmationData NotOnOrAfter="{confirm_end}" Recipient="{recipient}"{in_response_to}/>"#,
            r#"</saml:SubjectConfirmation></saml:Subject>"#,
            r#"<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}">{audience}{extra}</saml:Conditions>"#,
            r#"{statement}<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"#
        ),
        id = escape(&options.assertion_id),
        now = options.at(0),
        issuer = escape(issuer),
        name_id = name_id,
        confirm_end = options.at(options.confirmation_not_on_or_after.unwrap_or(options.not_on_or_after)),
        recipient = escape(&options.recipient),
        in_response_to =
            in_response_to(options.confirmation_in_response_to.as_ref().or(options.in_response_to.as_ref())),
        start = options.at(options.not_before),
        end = options.at(options.not_on_or_after),
        audience = audience,
        extra = options.conditions_xml,
        statement = statement,
        attributes = attributes(options),
    ))
}

fn authn_statement(options: &IssueOptions) -> String {
    let end = options
        .session_not_on_or_after
        .map_or_else(String::new, |offset| format!(r#" SessionNotOnOrAfter="{}""#, options.at(offset)));
    format!(
        concat!(
            r#"<saml:AuthnStatement AuthnInstant="{instant}" SessionIndex="{index}"{end}><saml:AuthnContext>"#,
            "<saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        ),
        instant = options.at(options.authn_instant),
        class = escape(&options.authn_context_class),
        index = escape(&options.session_index),
        end = end,
    )
}

fn attributes(options: &IssueOptions) -> String {
    let mut attributes = vec![
        ("mail".to_owned(), vec![options.user.email.clone()]),
        ("displayName".to_owned(), vec![options.user.display_name.clone()]),
    ];
    match &options.groups {
        Groups::OfUser => attributes.push((options.groups_attribute.clone(), options.user.groups.clone())),
        Groups::These(groups) => attributes.push((options.groups_attribute.clone(), groups.clone())),
        Groups::Omitted => {}
        Groups::Overage => attributes.push((
            "http://schemas.microsoft.com/claims/groups.link".to_owned(),
            vec!["https://graph.windows.net/0000/users/0000/getMemberObjects".to_owned()],
        )),
    }
    attributes.extend(options.attributes.iter().cloned());
    let mut xml = String::new();
    for (name, values) in attributes {
        xml.push_str(&format!(
            r#"<saml:Attribute Name="{}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified">"#,
            escape(&name)
        ));
        for value in values {
            xml.push_str(&format!(
                r#"<saml:AttributeValue xsi:type="xs:string">{}</saml:AttributeValue>"#,
                escape(&value)
            ));
        }
        xml.push_str("</saml:Attribute>");
    }
    xml
}
