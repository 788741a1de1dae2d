//! Metadata of an identity provider (metadata 2.3, 2.4.1, 2.4.3).
//!
//! A document is trusted as a whole, because it was configured, or fetched from where the configuration says, or signed
//! with a key that is configured. So the order of its elements does not matter, other roles and extensions are passed
//! over, and the expiry of a certificate is not looked at, because trust is in keys and metadata with expired
//! certificates is everyday life.

use core::time::Duration;

use super::MetadataError;
use super::endpoint::Endpoints;
pub use super::endpoint::{Binding, Endpoint, IndexedEndpoint};
use crate::base::{Budget, Limits, UnixTime, parse_xs_duration};
use crate::effect::{CryptoProvider, VerificationKey};
use crate::saml::names;
use crate::xml::{Element, Source};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::key::Certificate;
use crate::xmlsec::{KeyError, verify};

/// Characters of a name that is shown. Longer ones are no names; OpenSAML's own pages cut at about the same length.
const MAX_NAME_CHARS: usize = 200;

/// What we use of an identity provider's metadata.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdpMetadata {
    /// `entityID`: what every `Issuer` must equal.
    pub entity_id: String,
    /// What people know it by: `mdui:DisplayName` (metadata UI 2.1.2), else `OrganizationDisplayName` (metadata 2.3.2.1);
    /// the English one, else the first.
    pub display_name: Option<String>,
    /// At least one, in the order of the document.
    pub single_sign_on: Vec<Endpoint>,
    /// Where sign-outs go, in the order of the document.
    pub single_logout: Vec<Endpoint>,
    /// Where artifacts are resolved, each index once.
    pub artifact_resolution: Vec<IndexedEndpoint>,
    /// Addresses, at most five, of services other than sign-in that were left out because they cannot be used.
    pub refused_locations: Vec<String>,
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
    /// The shortest `cacheDuration` that applies (metadata 2.3.1): a hint when to ask again.
    pub cache_duration: Option<Duration>,
}

/// Who must have signed a document.
#[derive(Clone, Copy, Debug)]
pub struct MetadataSigner<'a> {
    /// The keys that may have signed it.
    pub keys: &'a [VerificationKey],
    /// With which algorithms.
    pub policy: &'a AlgorithmPolicy,
}

/// One `EntityDescriptor` with its `IDPSSODescriptor` and the limits on their life.
struct Candidate<'a> {
    entity_id: &'a str,
    entity: Element<'a>,
    idp: Element<'a>,
    life: Life,
}

/// How long an element, or one around it, says that it can be used.
#[derive(Clone, Copy, Default)]
struct Life {
    valid_until: Option<UnixTime>,
    cache_duration: Option<Duration>,
}

impl IdpMetadata {
    /// Reads `xml`, an `EntityDescriptor` or an `EntitiesDescriptor`. Where it holds several identity providers
    /// `entity_id` chooses; where it holds one, `entity_id` must be left out or name that one. A byte order mark,
    /// which AD FS writes, is passed over.
    ///
    /// # Errors
    /// [`MetadataError`] when no usable identity provider is found.
    pub fn parse(xml: &[u8], entity_id: Option<&str>, limits: &Limits) -> Result<Self, MetadataError> {
        let source = check(xml, limits)?;
        let document = source.document()?;
        Self::read(document.root(), entity_id, limits)
    }

    /// As [`IdpMetadata::parse`], from the octets that `signer` signed: the root of the document has the signature, and
    /// nothing outside of it is read (metadata 3).
    ///
    /// # Errors
    /// [`MetadataError::SignatureRefused`] when the root is not signed as it must be, and those of
    /// [`IdpMetadata::parse`].
    pub fn parse_signed(
        xml: &[u8],
        entity_id: Option<&str>,
        signer: MetadataSigner<'_>,
        crypto: &dyn CryptoProvider,
        limits: &Limits,
    ) -> Result<Self, MetadataError> {
        let source = check(xml, limits)?;
        let document = source.document()?;
        let mut budget = Budget::new(limits.max_signature_checks);
        let signed = verify(document.root(), signer.keys, signer.policy, crypto, limits, &mut budget)?;
        signed.read(|root| Self::read(root, entity_id, limits))
    }

    fn read(root: Element<'_>, entity_id: Option<&str>, limits: &Limits) -> Result<Self, MetadataError> {
        let Candidate { entity_id, entity, idp, life } = choose(candidates(root)?, entity_id)?;
        let endpoints = Endpoints::of(idp)?;
        let (certificates, refused_keys) = signing_certificates(idp)?;
        let signing_keys = distinct_keys(&certificates);
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
            display_name: display_name(entity, idp),
            single_sign_on: endpoints.single_sign_on,
            single_logout: endpoints.single_logout,
            artifact_resolution: endpoints.artifact_resolution,
            refused_locations: endpoints.refused,
            signing_keys,
            certificates,
            refused_keys,
            want_authn_requests_signed,
            valid_until: life.valid_until,
            cache_duration: life.cache_duration,
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

    /// The first endpoint for sign-in with `binding`.
    #[must_use]
    pub fn endpoint(&self, binding: Binding) -> Option<&Endpoint> {
        self.single_sign_on.iter().find(|endpoint| endpoint.binding == binding)
    }
}

/// The text of a document, behind the byte order mark that AD FS writes.
fn check(xml: &[u8], limits: &Limits) -> Result<Source, MetadataError> {
    let xml = xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml);
    Ok(Source::check(xml.trim_ascii(), limits)?)
}

/// All entities of the document that have an `IDPSSODescriptor` for SAML 2.0, groups within groups included.
fn candidates(root: Element<'_>) -> Result<Vec<Candidate<'_>>, MetadataError> {
    let is_group = root.is(names::METADATA, "EntitiesDescriptor");
    if !is_group && !root.is(names::METADATA, "EntityDescriptor") {
        return Err(MetadataError::RootUnexpected { presented: root.local_name().to_owned() });
    }
    let mut found = Vec::new();
    let mut waiting = vec![(root, Life::default())];
    while let Some((element, inherited)) = waiting.pop() {
        if element.is(names::METADATA, "EntitiesDescriptor") {
            let life = inherited.within(element)?;
            waiting.extend(element.children().map(|child| (child, life)));
        } else if element.is(names::METADATA, "EntityDescriptor") {
            let life = inherited.within(element)?;
            let entity_id = element.attribute("entityID").ok_or(MetadataError::EntityIdMissing)?;
            if let Some(idp) = element.children().find(|role| is_saml2_idp(*role)) {
                found.push(Candidate { entity_id, entity: element, idp, life: life.within(idp)? });
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

impl Life {
    /// The life of `element`, a group, an entity or a role, inside what lives this long (metadata 2.3.1, 2.3.2, 2.4.1).
    fn within(self, element: Element<'_>) -> Result<Self, MetadataError> {
        let valid_until = match element.attribute("validUntil") {
            None => None,
            Some(text) => match UnixTime::parse_xs_date_time(text) {
                Some(instant) => Some(instant),
                None => return Err(MetadataError::InstantMalformed { presented: text.to_owned() }),
            },
        };
        // Only a hint, so that one which cannot be read is none.
        let cache_duration = element.attribute("cacheDuration").and_then(parse_xs_duration);
        Ok(Self {
            valid_until: self.valid_until.into_iter().chain(valid_until).min(),
            cache_duration: self.cache_duration.into_iter().chain(cache_duration).min(),
        })
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

/// Each key once.
pub(super) fn distinct_keys(certificates: &[Certificate]) -> Vec<VerificationKey> {
    let mut keys: Vec<VerificationKey> = Vec::new();
    for certificate in certificates {
        if !keys.contains(certificate.key()) {
            keys.push(certificate.key().clone());
        }
    }
    keys
}

/// What people know the identity provider by. Extensions that are not as they should be give no name and no error.
fn display_name(entity: Element<'_>, idp: Element<'_>) -> Option<String> {
    let of_role = idp
        .children()
        .filter(|child| child.is(names::METADATA, "Extensions"))
        .flat_map(|extensions| extensions.children())
        .filter(|child| child.is(names::METADATA_UI, "UIInfo"))
        .flat_map(|info| info.children())
        .filter(|child| child.is(names::METADATA_UI, "DisplayName"));
    let of_organization = entity
        .children()
        .filter(|child| child.is(names::METADATA, "Organization"))
        .flat_map(|organization| organization.children())
        .filter(|child| child.is(names::METADATA, "OrganizationDisplayName"));
    in_english(of_role).or_else(|| in_english(of_organization))
}

/// The first usable name in English, else the first usable one.
fn in_english<'a>(names: impl Iterator<Item = Element<'a>>) -> Option<String> {
    let mut first = None;
    for name in names {
        let Ok(text) = name.value() else { continue };
        // Line breaks and indentation around and inside a name are the document's, not the name's.
        let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || text.chars().any(char::is_control) || text.chars().count() > MAX_NAME_CHARS {
            continue;
        }
        let language = name.attribute_ns(names::XML, "lang").unwrap_or_default();
        let primary = language.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") {
            return Some(text);
        }
        first = first.or(Some(text));
    }
    first
}
