//! The assertion as data, read from canonical octets whose digest was checked (core 2.3 to 2.7).
//!
//! Reading checks the schema; whether the statements hold for us, here and now, is `profiles::web_sso`.

use core::fmt;
use std::collections::BTreeMap;

use super::encrypted::Decryption;
use super::error::{ProfileError, ResponseError, SchemaProblem};
use super::names;
use super::schema::{
    self, Sequence, attribute, bounded, count, instant, required_instant, trimmed, unexpected, violation,
};
use crate::base::{Pii, UnixTime};
use crate::xml::Element;

/// `saml:Issuer` (core 2.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer {
    pub(super) entity_id: String,
    pub(super) format: Option<String>,
}

/// `saml:NameID` (core 2.2.3): how the identity provider calls the subject.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NameId {
    value: Pii<String>,
    format: Option<String>,
    name_qualifier: Option<String>,
    sp_name_qualifier: Option<String>,
    sp_provided_id: Option<Pii<String>>,
}

/// `saml:Attribute` (core 2.7.3.1); attributes of equal `Name` are merged.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `Name`: what identifies the attribute. `NameFormat` plays no part in matching.
    pub name: String,
    /// `FriendlyName`: a hint for humans, used for look-ups only where no `Name` fits.
    pub friendly_name: Option<String>,
    /// `NameFormat`.
    pub name_format: Option<String>,
    /// The values as sent, in order, not trimmed; `xsi:nil` and structured values are left out.
    pub values: Vec<String>,
    /// Whether a structured value was left out, so that `values` is not all that was sent.
    pub incomplete: bool,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({:?}, {} values)", self.name, self.values.len())
    }
}

impl NameId {
    pub(super) fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        Ok(Self {
            value: Pii::new(bounded(element, "NameID", element.limits().max_name_id_bytes)?.to_owned()),
            format: element.attribute("Format").map(str::to_owned),
            name_qualifier: element.attribute("NameQualifier").map(str::to_owned),
            sp_name_qualifier: element.attribute("SPNameQualifier").map(str::to_owned),
            sp_provided_id: element.attribute("SPProvidedID").map(|id| Pii::new(id.to_owned())),
        })
    }

    /// The name itself, exactly as sent.
    #[must_use]
    pub const fn value(&self) -> &Pii<String> {
        &self.value
    }

    /// `Format`; `None` means unspecified (core 2.2.2).
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// `NameQualifier`: within which domain the name means something (core 2.2.1).
    #[must_use]
    pub fn name_qualifier(&self) -> Option<&str> {
        self.name_qualifier.as_deref()
    }

    /// `SPNameQualifier`: for which service provider.
    #[must_use]
    pub fn sp_name_qualifier(&self) -> Option<&str> {
        self.sp_name_qualifier.as_deref()
    }

    /// `SPProvidedID`: the name that a service provider chose (core 2.2.2).
    #[must_use]
    pub const fn sp_provided_id(&self) -> Option<&Pii<String>> {
        self.sp_provided_id.as_ref()
    }
}

/// `saml:SubjectConfirmation` (core 2.4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SubjectConfirmation {
    pub(super) method: String,
    pub(super) confirming: Option<SubjectConfirmationContents>,
}

/// `saml:SubjectConfirmationData` (core 2.4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SubjectConfirmationContents {
    pub(super) recipient: Option<String>,
    pub(super) not_before: Option<UnixTime>,
    pub(super) not_on_or_after: Option<UnixTime>,
    pub(super) in_response_to: Option<String>,
}

/// `saml:Conditions` (core 2.5.1). `OneTimeUse` is always honoured and `ProxyRestriction` concerns only those who
/// issue assertions from ours, which we never do; neither leaves a trace here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conditions {
    pub(super) not_before: Option<UnixTime>,
    pub(super) not_on_or_after: Option<UnixTime>,
    pub(super) audience_restrictions: Vec<Vec<String>>,
}

/// `saml:AuthnStatement` (core 2.7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthnStatement {
    pub(super) authn_instant: UnixTime,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<UnixTime>,
    pub(super) authn_context_class: Option<String>,
}

/// `saml:Assertion` (core 2.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assertion {
    pub(super) id: String,
    pub(super) issue_instant: UnixTime,
    pub(super) issuer: Issuer,
    pub(super) name_id: Option<NameId>,
    pub(super) confirmations: Vec<SubjectConfirmation>,
    pub(super) conditions: Option<Conditions>,
    pub(super) authn_statements: Vec<AuthnStatement>,
    pub(super) attributes: Vec<Attribute>,
}

impl Issuer {
    /// Reads `saml:Issuer` of `parent`.
    pub(super) fn read(element: Element<'_>, parent: &'static str) -> Result<Self, ResponseError> {
        Ok(Self {
            entity_id: trimmed(element, parent)?,
            format: element.attribute("Format").map(str::to_owned),
        })
    }
}

impl Assertion {
    /// Reads `element`, which lies in canonical octets whose digest was checked. Its own signature is not part of
    /// those octets, so a `ds:Signature` that is still there is one that nobody verified.
    pub(super) fn read(element: Element<'_>, decryption: &mut Decryption<'_>) -> Result<Self, ResponseError> {
        const NAME: &str = "Assertion";
        if !element.is(names::ASSERTION, NAME) {
            return Err(violation(NAME, SchemaProblem::ElementMissing(NAME)).into());
        }
        schema::version(element, NAME)?;
        let id = schema::id(element, NAME)?;
        let issue_instant = required_instant(element, NAME, "IssueInstant")?;

        let mut children = Sequence::of(element, NAME)?;
        let issuer = Issuer::read(children.required(names::ASSERTION, "Issuer")?, NAME)?;
        let (name_id, confirmations) = match children.optional(names::ASSERTION, "Subject") {
            Some(subject) => read_subject(subject, decryption)?,
            None => (None, Vec::new()),
        };
        let conditions =
            children.optional(names::ASSERTION, "Conditions").map(Conditions::read).transpose()?;
        if let Some(advice) = children.optional(names::ASSERTION, "Advice") {
            schema::foreign_only(advice, "Advice")?;
        }
        let mut authn_statements = Vec::new();
        let mut attributes = Attributes::default();
        while let Some(statement) = children.next() {
            if statement.is(names::ASSERTION, "AuthnStatement") {
                authn_statements.push(AuthnStatement::read(statement)?);
            } else if statement.is(names::ASSERTION, "AttributeStatement") {
                read_attributes(statement, decryption, &mut attributes)?;
            } else {
                return Err(unexpected(NAME, statement).into());
            }
        }
        Ok(Self {
            id,
            issue_instant,
            issuer,
            name_id,
            confirmations,
            conditions,
            authn_statements,
            attributes: attributes.list,
        })
    }
}

/// `saml:Subject` (core 2.4.1): an optional name and any number of confirmations.
fn read_subject(
    element: Element<'_>,
    decryption: &mut Decryption<'_>,
) -> Result<(Option<NameId>, Vec<SubjectConfirmation>), ResponseError> {
    let mut children = Sequence::of(element, "Subject")?;
    let name_id = if let Some(encrypted) = children.optional(names::ASSERTION, "EncryptedID") {
        Some(decryption.signed_part(encrypted, "NameID", NameId::read)?)
    } else {
        children.optional(names::ASSERTION, "NameID").map(NameId::read).transpose()?
    };
    let mut confirmations = Vec::new();
    let mut number = 0;
    while let Some(confirmation) = children.optional(names::ASSERTION, "SubjectConfirmation") {
        count("SubjectConfirmation", &mut number, element.limits().max_confirmations)?;
        confirmations.push(SubjectConfirmation::read(confirmation)?);
    }
    children.end()?;
    Ok((name_id, confirmations))
}

impl SubjectConfirmation {
    fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        const NAME: &str = "SubjectConfirmation";
        let method = attribute(element, NAME, "Method")?.to_owned();
        let mut children = Sequence::of(element, NAME)?;
        // The entity that confirms, where it is not the subject (core 2.4.1.1). A bearer has none and we take
        // only bearers, so the name is not read.
        if children.optional(names::ASSERTION, "NameID").is_none() {
            let _encrypted = children.optional(names::ASSERTION, "EncryptedID");
        }
        let confirming = children
            .optional(names::ASSERTION, "SubjectConfirmationData")
            .map(SubjectConfirmationContents::read)
            .transpose()?;
        children.end()?;
        Ok(Self { method, confirming })
    }
}

impl SubjectConfirmationContents {
    fn read(element: Element<'_>) -> Result<Self, ProfileError> {
        Ok(Self {
            recipient: element.attribute("Recipient").map(str::to_owned),
            not_before: instant(element, "NotBefore")?,
            not_on_or_after: instant(element, "NotOnOrAfter")?,
            in_response_to: element.attribute("InResponseTo").map(str::to_owned),
        })
    }
}

impl Conditions {
    fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        const NAME: &str = "Conditions";
        let not_before = instant(element, "NotBefore")?;
        let not_on_or_after = instant(element, "NotOnOrAfter")?;
        // core 2.5.1.2: NotBefore is earlier than NotOnOrAfter
        if let (Some(begin), Some(end)) = (not_before, not_on_or_after)
            && begin >= end
        {
            return Err(violation(NAME, SchemaProblem::WindowEmpty).into());
        }
        let mut audience_restrictions = Vec::new();
        let mut audiences = 0;
        let (mut one_time_use, mut proxy_restriction) = (false, false);
        let mut children = Sequence::of(element, NAME)?;
        while let Some(condition) = children.next() {
            let repeated = if condition.is(names::ASSERTION, "AudienceRestriction") {
                audience_restrictions.push(read_audiences(condition, &mut audiences)?);
                false
            } else if condition.is(names::ASSERTION, "OneTimeUse") {
                core::mem::replace(&mut one_time_use, true)
            } else if condition.is(names::ASSERTION, "ProxyRestriction") {
                core::mem::replace(&mut proxy_restriction, true)
            } else {
                // core 2.5.1.1: what is not understood makes the assertion invalid
                return Err(ProfileError::ConditionUnknown { name: condition.local_name().to_owned() }.into());
            };
            // core 2.5.1.5, 2.5.1.6: at most one of each
            if repeated {
                return Err(unexpected(NAME, condition).into());
            }
        }
        Ok(Self { not_before, not_on_or_after, audience_restrictions })
    }
}

/// `saml:AudienceRestriction` (core 2.5.1.4); `number` counts the audiences of all of them.
fn read_audiences(element: Element<'_>, number: &mut usize) -> Result<Vec<String>, ResponseError> {
    const NAME: &str = "AudienceRestriction";
    let mut children = Sequence::of(element, NAME)?;
    let mut audiences = Vec::new();
    let mut next = Some(children.required(names::ASSERTION, "Audience")?);
    while let Some(audience) = next {
        count("Audience", number, element.limits().max_audiences)?;
        audiences.push(trimmed(audience, NAME)?);
        next = children.optional(names::ASSERTION, "Audience");
    }
    children.end()?;
    Ok(audiences)
}

impl AuthnStatement {
    fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        const NAME: &str = "AuthnStatement";
        let authn_instant = required_instant(element, NAME, "AuthnInstant")?;
        let session_index = element.attribute("SessionIndex").map(str::to_owned);
        let session_not_on_or_after = instant(element, "SessionNotOnOrAfter")?;
        let mut children = Sequence::of(element, NAME)?;
        let _where_the_subject_was = children.optional(names::ASSERTION, "SubjectLocality");
        let context = children.required(names::ASSERTION, "AuthnContext")?;
        children.end()?;
        let authn_context_class = read_authn_context(context)?;
        Ok(Self { authn_instant, session_index, session_not_on_or_after, authn_context_class })
    }
}

/// `saml:AuthnContext` (core 2.7.2.2): the class, of which a declaration and authorities may follow.
fn read_authn_context(element: Element<'_>) -> Result<Option<String>, ResponseError> {
    const NAME: &str = "AuthnContext";
    let mut children = Sequence::of(element, NAME)?;
    let class = match children.optional(names::ASSERTION, "AuthnContextClassRef") {
        Some(class) => Some(trimmed(class, NAME)?),
        None => None,
    };
    if children.optional(names::ASSERTION, "AuthnContextDeclRef").is_none()
        && let Some(declaration) = children.optional(names::ASSERTION, "AuthnContextDecl")
    {
        schema::foreign_only(declaration, NAME)?;
    }
    while children.optional(names::ASSERTION, "AuthenticatingAuthority").is_some() {}
    children.end()?;
    Ok(class)
}

/// `saml:AttributeStatement` (core 2.7.3): adds to `attributes`.
fn read_attributes(
    element: Element<'_>,
    decryption: &mut Decryption<'_>,
    attributes: &mut Attributes,
) -> Result<(), ResponseError> {
    const NAME: &str = "AttributeStatement";
    let mut children = Sequence::of(element, NAME)?;
    while let Some(child) = children.next() {
        // Leaving out what cannot be read would silently change who somebody is.
        let attribute = if child.is(names::ASSERTION, "EncryptedAttribute") {
            decryption.signed_part(child, "Attribute", Attribute::read)?
        } else if child.is(names::ASSERTION, "Attribute") {
            Attribute::read(child)?
        } else {
            return Err(unexpected(NAME, child).into());
        };
        attributes.add(attribute, element.limits().max_attributes)?;
    }
    Ok(())
}

impl Attribute {
    fn read(element: Element<'_>) -> Result<Self, ResponseError> {
        const NAME: &str = "Attribute";
        let name = attribute(element, NAME, "Name")?;
        let mut values = Vec::new();
        let mut incomplete = false;
        let mut children = Sequence::of(element, NAME)?;
        while let Some(value) = children.optional(names::ASSERTION, "AttributeValue") {
            match read_attribute_value(value)? {
                AttributeValue::Text(text) => values.push(text),
                AttributeValue::Null => {}
                AttributeValue::Structured => incomplete = true,
            }
        }
        children.end()?;
        Ok(Self {
            name: name.to_owned(),
            friendly_name: element.attribute("FriendlyName").map(str::to_owned),
            name_format: element.attribute("NameFormat").map(str::to_owned),
            values,
            incomplete,
        })
    }
}

/// The attributes of all statements, merged by `Name`, in order of first appearance.
#[derive(Default)]
struct Attributes {
    list: Vec<Attribute>,
    /// Where each `Name` is in the list.
    places: BTreeMap<String, usize>,
}

impl Attributes {
    /// Adds to the attribute of the same `Name`, or as another one, of which there may be `limit`. Keycloak sends one
    /// element per value when "Single Group Attribute" is off.
    fn add(&mut self, attribute: Attribute, limit: usize) -> Result<(), ProfileError> {
        if let Some(known) = self.places.get(&attribute.name).and_then(|place| self.list.get_mut(*place)) {
            known.values.extend(attribute.values);
            known.incomplete |= attribute.incomplete;
            return Ok(());
        }
        let mut number = self.list.len();
        self.places.insert(attribute.name.clone(), number);
        self.list.push(attribute);
        count("Attribute", &mut number, limit)
    }
}

/// What one `saml:AttributeValue` holds.
enum AttributeValue {
    Text(String),
    Null,
    Structured,
}

/// `saml:AttributeValue` (core 2.7.3.1.1): text, or a `NameID` as in eduPersonTargetedID, or nothing we can use.
fn read_attribute_value(element: Element<'_>) -> Result<AttributeValue, ResponseError> {
    const NAME: &str = "AttributeValue";
    // core 2.7.3.1.1: null, which is not the empty string
    if matches!(element.attribute_ns(names::XSI, "nil"), Some("true" | "1")) {
        return Ok(AttributeValue::Null);
    }
    let Some(first) = element.children().next() else {
        return Ok(AttributeValue::Text(
            bounded(element, NAME, element.limits().max_value_bytes)?.to_owned(),
        ));
    };
    if !first.is(names::ASSERTION, "NameID") {
        schema::foreign_only(element, NAME)?;
        return Ok(AttributeValue::Structured);
    }
    let mut children = Sequence::of(element, NAME)?;
    let name_id = children.required(names::ASSERTION, "NameID")?;
    children.end()?;
    let name_id = bounded(name_id, NAME, element.limits().max_name_id_bytes)?;
    Ok(AttributeValue::Text(name_id.to_owned()))
}
