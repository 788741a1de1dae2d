//! Metadata of an identity provider (metadata 2.3, 2.4.1, 2.4.3).
//!
//! The document comes from the configuration and is trusted as a whole: the order of its elements does not matter,
//! other roles and extensions are passed over, and the expiry of a certificate is not looked at, because trust is
//! in keys and metadata with expired certificates is everyday life.

use super::MetadataError;
use crate::base::{Limits, UnixTime};
use crate::effect::VerificationKey;
use crate::saml::names;
use crate::xml::{Element, Source};
use crate::xmlsec::KeyError;
use crate::xmlsec::key::Certificate;

/// How an `AuthnRequest` can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// HTTP-Redirect (bindings 3.4).
    Redirect,
    /// HTTP-POST (bindings 3.5).
    Post,
}

/// One `SingleSignOnService` (metadata 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// How to send.
    pub binding: Binding,
    /// Where to: an absolute http or https address without fragment, exactly as in the metadata.
    pub location: String,
}

/// What we use of an identity provider's metadata.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdpMetadata {
    /// `entityID`: what every `Issuer` must equal.
    pub entity_id: String,
    /// At least one, in the order of the document.
    pub single_sign_on: Vec<Endpoint>,
    /// The keys that may sign, at least one and at most `Limits::max_signing_keys`, each once.
    pub signing_keys: Vec<VerificationKey>,
    /// The certificates of those keys, for warnings about their expiry.
    pub certificates: Vec<Certificate>,
    /// Certificates for signing that were left out, and why.
    pub refused_keys: Vec<KeyError>,
    /// `WantAuthnRequestsSigned` (metadata 2.4.3).
    pub want_authn_requests_signed: bool,
    /// The earliest `validUntil` that applies.
    pub valid_until: Option<UnixTime>,
}

/// One `EntityDescriptor` with its `IDPSSODescriptor` and the limit on their life.
struct Candidate<'a> {
    entity_id: &'a str,
    idp: Element<'a>,
    valid_until: Option<UnixTime>,
}

impl IdpMetadata {
    /// Reads `xml`, an `EntityDescriptor` or an `EntitiesDescriptor`. Where it holds several identity providers
    /// `entity_id` chooses; where it holds one, `entity_id` must be left out or name that one. A byte order mark,
    /// which AD FS writes, is passed over.
    ///
    /// # Errors
    /// [`MetadataError`] when no usable identity provider is found.
    pub fn parse(xml: &[u8], entity_id: Option<&str>, limits: &Limits) -> Result<Self, MetadataError> {
        let xml = xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml);
        let source = Source::check(xml.trim_ascii(), limits)?;
        let document = source.document()?;
        let Candidate { entity_id, idp, valid_until } = choose(candidates(document.root())?, entity_id)?;

        let single_sign_on = endpoints(idp)?;
        let (certificates, refused_keys) = signing_certificates(idp)?;
        let mut signing_keys: Vec<VerificationKey> = Vec::new();
        for certificate in &certificates {
            if !signing_keys.contains(certificate.key()) {
                signing_keys.push(certificate.key().clone());
            }
        }
        if signing_keys.is_empty() {
            let first = refused_keys.into_iter().next();
            return Err(first.map_or(MetadataError::KeyMissing, |first| MetadataError::KeysRefused { first }));
        }
        // With more of them a message that carries two signatures could not be tried with each.
        if signing_keys.len() > limits.max_signing_keys() {
            return Err(MetadataError::TooManyKeys {
                presented: signing_keys.len(),
                limit: limits.max_signing_keys(),
            });
        }
        let want_authn_requests_signed =
            matches!(idp.attribute("WantAuthnRequestsSigned"), Some("true" | "1"));
        Ok(Self {
            entity_id: entity_id.to_owned(),
            single_sign_on,
            signing_keys,
            certificates,
            refused_keys,
            want_authn_requests_signed,
            valid_until,
        })
    }

    /// May this metadata still be used at `now`?
    ///
    /// # Errors
    /// [`MetadataError::Expired`] once `validUntil` has passed (metadata 2.3.2).
    pub fn check_validity(&self, now: UnixTime) -> Result<(), MetadataError> {
        match self.valid_until {
            Some(valid_until) if now >= valid_until => Err(MetadataError::Expired { valid_until, now }),
            _ => Ok(()),
        }
    }

    /// The first endpoint with `binding`.
    #[must_use]
    pub fn endpoint(&self, binding: Binding) -> Option<&Endpoint> {
        self.single_sign_on.iter().find(|endpoint| endpoint.binding == binding)
    }
}

/// All entities of the document that have an `IDPSSODescriptor` for SAML 2.0, groups within groups included.
fn candidates(root: Element<'_>) -> Result<Vec<Candidate<'_>>, MetadataError> {
    let is_group = root.is(names::METADATA, "EntitiesDescriptor");
    if !is_group && !root.is(names::METADATA, "EntityDescriptor") {
        return Err(MetadataError::RootUnexpected { presented: root.local_name().to_owned() });
    }
    let mut found = Vec::new();
    let mut waiting = vec![(root, None)];
    while let Some((element, inherited)) = waiting.pop() {
        if element.is(names::METADATA, "EntitiesDescriptor") {
            let valid_until = earliest(inherited, valid_until(element)?);
            waiting.extend(element.children().map(|child| (child, valid_until)));
        } else if element.is(names::METADATA, "EntityDescriptor") {
            let valid_until = earliest(inherited, valid_until(element)?);
            let entity_id = element.attribute("entityID").ok_or(MetadataError::EntityIdMissing)?;
            if let Some(idp) = element.children().find(|role| is_saml2_idp(*role)) {
                let valid_until = earliest(valid_until, self::valid_until(idp)?);
                found.push(Candidate { entity_id, idp, valid_until });
            }
        }
    }
    Ok(found)
}

/// `IDPSSODescriptor` that supports SAML 2.0 (metadata 2.4.1, 2.4.3).
fn is_saml2_idp(role: Element<'_>) -> bool {
    role.is(names::METADATA, "IDPSSODescriptor")
        && role.attribute("protocolSupportEnumeration").is_some_and(|protocols| {
            protocols.split_ascii_whitespace().any(|protocol| protocol == names::PROTOCOL)
        })
}

fn earliest(one: Option<UnixTime>, other: Option<UnixTime>) -> Option<UnixTime> {
    one.into_iter().chain(other).min()
}

/// `validUntil` of a group, an entity or a role (metadata 2.3.1, 2.3.2, 2.4.1).
fn valid_until(element: Element<'_>) -> Result<Option<UnixTime>, MetadataError> {
    let Some(text) = element.attribute("validUntil") else { return Ok(None) };
    match UnixTime::parse_xs_date_time(text) {
        Some(instant) => Ok(Some(instant)),
        None => Err(MetadataError::InstantMalformed { presented: text.to_owned() }),
    }
}

fn choose<'a>(candidates: Vec<Candidate<'a>>, wanted: Option<&str>) -> Result<Candidate<'a>, MetadataError> {
    if candidates.is_empty() {
        return Err(MetadataError::IdpMissing);
    }
    let presented = candidates.iter().take(5).map(|candidate| candidate.entity_id.to_owned()).collect();
    let mut fitting =
        candidates.into_iter().filter(|candidate| wanted.is_none_or(|wanted| candidate.entity_id == wanted));
    match (fitting.next(), fitting.next(), wanted) {
        (Some(only), None, _) => Ok(only),
        (None, _, Some(wanted)) => {
            Err(MetadataError::EntityMissing { expected: wanted.to_owned(), presented })
        }
        _ => Err(MetadataError::IdpAmbiguous { presented }),
    }
}

fn endpoints(idp: Element<'_>) -> Result<Vec<Endpoint>, MetadataError> {
    let mut endpoints = Vec::new();
    for service in idp.children().filter(|child| child.is(names::METADATA, "SingleSignOnService")) {
        let binding = match service.attribute("Binding") {
            Some(names::BINDING_REDIRECT) => Binding::Redirect,
            Some(names::BINDING_POST) => Binding::Post,
            _ => continue,
        };
        let location = service.attribute("Location").unwrap_or_default();
        if !is_web_address(location) {
            return Err(MetadataError::LocationRefused { presented: location.to_owned() });
        }
        endpoints.push(Endpoint { binding, location: location.to_owned() });
    }
    if endpoints.is_empty() {
        return Err(MetadataError::EndpointMissing);
    }
    Ok(endpoints)
}

/// An absolute http or https address (RFC 3986) that can stand in a `Location` header as it is: no `javascript:`,
/// no user name, no fragment (we append a query), no character that a browser would read differently.
fn is_web_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte);
    !host.is_empty() && !host.starts_with(':') && !host.contains('@') && text.bytes().all(plain)
}

/// The certificates of every `KeyDescriptor` for signing, and what was wrong with others. A `KeyDescriptor` without
/// `use` serves for signing too (metadata 2.4.1.1).
fn signing_certificates(idp: Element<'_>) -> Result<(Vec<Certificate>, Vec<KeyError>), MetadataError> {
    let (mut certificates, mut refused) = (Vec::new(), Vec::new());
    for descriptor in idp.children().filter(|child| child.is(names::METADATA, "KeyDescriptor")) {
        if !matches!(descriptor.attribute("use"), None | Some("signing")) {
            continue;
        }
        let texts = descriptor
            .children()
            .filter(|child| child.is(names::DSIG, "KeyInfo"))
            .flat_map(|info| info.children())
            .filter(|child| child.is(names::DSIG, "X509Data"))
            .flat_map(|content| content.children())
            .filter(|child| child.is(names::DSIG, "X509Certificate"));
        for text in texts {
            match Certificate::parse(text.value()?) {
                Ok(certificate) => certificates.push(certificate),
                Err(error) => refused.push(error),
            }
        }
    }
    Ok((certificates, refused))
}
