//! `idp` and `idps`.

use std::sync::Arc;

use super::artifact_resolution::artifact_resolution;
use super::authentication::{requested_context, unsolicited};
use super::condition::domains;
use super::matcher::string_matches;
use super::remote_metadata::remote_metadata;
use super::sp::{expiry, warn_of_expiry};
use super::{Checker, optional, quoted};
use crate::base::{ClockSkew, Limits};
use crate::config::path::Path;
use crate::config::raw::{
    AuthnRequestBinding, Configuration, Idp as RawIdp, RequireSignature, SignAuthnRequests, SingleLogout,
};
use crate::flow::{self, AuthnDemand, IdentityProvider, MetadataSource};
use crate::saml::SignatureDemand;
use crate::saml::metadata::idp::{Binding, IdpMetadata};
use crate::xmlsec::algorithm::AlgorithmPolicy;
use crate::xmlsec::decrypt::CipherPolicy;

/// User names that an identity provider may vouch for; each is compared at each sign-in.
const MAX_ALLOWED: usize = 64;

/// Identity providers of one configuration; the page for choosing among more would help nobody.
const MAX_IDPS: usize = 64;

const SAME_ENTITY: &str = "identity provider and service provider have the same entityID";

/// What `idp` needs to know of `sp`.
pub(super) struct Ours<'a> {
    pub(super) signing: bool,
    pub(super) entity_id: Option<&'a str>,
    pub(super) limits: Limits,
}

/// The identity providers in `idp` or `idps`.
pub(super) fn idps(
    configuration: &Configuration,
    ours: &Ours<'_>,
    checker: &mut Checker<'_>,
) -> Option<Vec<IdentityProvider>> {
    let root = Path::default();
    let (one, several) = (root.field("idp"), root.field("idps"));
    if configuration.idp.is_some() && !configuration.idps.is_empty() {
        checker.conflict(&one, several.clone(), "give all of them in `idps`");
    }
    if configuration.idp.is_none() && configuration.idps.is_empty() {
        checker.warn(&one, "not configured; sign-in is refused until it is");
    }
    checker.at_most(configuration.idps.len(), MAX_IDPS, "identity providers", &several);
    let single = configuration.idp.iter().map(|raw| (raw, one.clone()));
    let listed = configuration.idps.iter().enumerate().map(|(index, raw)| (raw, several.index(index)));
    // All of them are looked at, so that all faults are told.
    let checked: Vec<_> =
        single.chain(listed.take(MAX_IDPS)).map(|(raw, at)| (idp(raw, &at, ours, checker), at)).collect();
    for (index, (this, at)) in checked.iter().enumerate() {
        let Some(this) = this else { continue };
        for (other, other_at) in checked.iter().take(index).filter_map(|(idp, at)| Some((idp.as_ref()?, at)))
        {
            if this.id == other.id {
                checker.conflict(&at.field("id"), other_at.field("id"), "both have the same short name");
            }
            if this.entity_id == other.entity_id {
                checker.conflict(at, other_at.clone(), "both have the same entityID");
            }
        }
    }
    if checked.len() > 1 {
        for (this, at) in checked.iter().filter_map(|(idp, at)| Some((idp.as_ref()?, at))) {
            if this.allowed_usernames.is_empty() && this.allowed_email_domains.is_empty() {
                checker.warn(
                    at,
                    "may vouch for everybody, also for people of the others: limit it by `allowed_usernames` or \
                     `allowed_email_domains`",
                );
            }
        }
    }
    checked.into_iter().map(|(idp, _)| idp).collect()
}

fn idp(raw: &RawIdp, at: &Path, ours: &Ours<'_>, checker: &mut Checker<'_>) -> Option<IdentityProvider> {
    let root = Path::default();
    let id = short_name(raw, at, checker);
    if let Some(name) = &raw.display_name
        && (name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control))
    {
        checker.invalid(&at.field("display_name"), quoted(name), "1 to 100 characters");
    }
    let source = source(raw, at, ours, checker);
    if raw.sign_authn_requests == SignAuthnRequests::Always && !ours.signing {
        checker.conflict(
            &at.field("sign_authn_requests"),
            root.field("sp.signing"),
            "`ALWAYS` needs a key to sign with",
        );
    }
    let skew_path = at.field("clock_skew");
    let clock_skew = ClockSkew::new(raw.clock_skew.0);
    if clock_skew.is_none() {
        checker.invalid(&skew_path, quoted(&raw.clock_skew.to_string()), "at most `300s`");
    }
    if raw.danger_allow_sha1 {
        checker.warn(&at.field("danger_allow_sha1"), "signatures with SHA-1 can be forged");
    }
    if raw.danger_allow_aes_cbc {
        checker.warn(&at.field("danger_allow_aes_cbc"), "AES-CBC does not notice changes");
    }
    for (field, value) in [
        ("name_id_format", &raw.name_id_format),
        ("sp_name_qualifier", &raw.sp_name_qualifier),
        ("entity_id", &raw.entity_id),
    ] {
        if let Some(text) = value
            && (text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            checker.invalid(&at.field(field), quoted(text), "a URI without white space");
        }
    }
    let known = source.as_ref().and_then(|(_, source)| match source {
        MetadataSource::Document(metadata) => Some(&**metadata),
        MetadataSource::Remote(_) => None,
    });
    let artifact_resolution =
        optional(raw.artifact_resolution.as_ref().map(|raw| {
            artifact_resolution(raw, &at.field("artifact_resolution"), ours.signing, known, checker)
        }));
    let context = raw.requested_authn_context.as_ref();
    let context = requested_context(context, &at.field("requested_authn_context"), checker);
    let allowed = raw.unsolicited.as_ref();
    let unsolicited = optional(allowed.map(|raw| unsolicited(raw, &at.field("unsolicited"), checker)));
    let (requested_authn_context, authn_context_classes) = context?;
    if raw.force_authn && raw.unsolicited.is_some() {
        checker.conflict(
            &at.field("unsolicited"),
            at.field("force_authn"),
            "nobody can be asked to authenticate anew for a sign-in that the identity provider begins",
        );
    }
    let usernames =
        string_matches(&raw.allowed_usernames, MAX_ALLOWED, &at.field("allowed_usernames"), checker);
    let email_domains = domains(&raw.allowed_email_domains, &at.field("allowed_email_domains"), checker);
    let algorithms = AlgorithmPolicy::STRONG;
    let ciphers = CipherPolicy::STRONG;
    let (entity_id, source) = source?;
    Some(IdentityProvider {
        id: id?,
        display_name: raw.display_name.clone(),
        entity_id,
        source,
        algorithms: if raw.danger_allow_sha1 { algorithms.with_danger_sha1() } else { algorithms },
        ciphers: if raw.danger_allow_aes_cbc { ciphers.with_danger_cbc() } else { ciphers },
        require_signature: match raw.require_signature {
            RequireSignature::Any => SignatureDemand::Any,
            RequireSignature::Response => SignatureDemand::Response,
            RequireSignature::Assertion => SignatureDemand::Assertion,
            RequireSignature::Both => SignatureDemand::Both,
        },
        clock_skew: clock_skew?,
        authn_request_binding: match raw.authn_request_binding {
            AuthnRequestBinding::Auto => flow::AuthnRequestBinding::Auto,
            AuthnRequestBinding::HttpRedirect => flow::AuthnRequestBinding::HttpRedirect,
            AuthnRequestBinding::HttpPost => flow::AuthnRequestBinding::HttpPost,
        },
        artifact_resolution: artifact_resolution?,
        sign_authn_requests: match raw.sign_authn_requests {
            SignAuthnRequests::Auto => flow::SignAuthnRequests::Auto,
            SignAuthnRequests::Always => flow::SignAuthnRequests::Always,
            SignAuthnRequests::Never => flow::SignAuthnRequests::Never,
        },
        single_logout: raw.single_logout != SingleLogout::Off,
        name_id_format: raw.name_id_format.clone(),
        allow_create: raw.allow_create,
        sp_name_qualifier: raw.sp_name_qualifier.clone(),
        authn: AuthnDemand {
            force_authn: raw.force_authn,
            requested_authn_context,
            authn_context_classes,
            ..AuthnDemand::default()
        },
        unsolicited: unsolicited?,
        allowed_usernames: usernames,
        allowed_email_domains: email_domains?,
    })
}

/// Whom the metadata is about, and where it comes from.
fn source(
    raw: &RawIdp,
    at: &Path,
    ours: &Ours<'_>,
    checker: &mut Checker<'_>,
) -> Option<(String, MetadataSource)> {
    if let Some(remote) = &raw.remote_metadata {
        let remote_path = at.field("remote_metadata");
        if raw.metadata.is_some() {
            checker.conflict(&remote_path, at.field("metadata"), "the metadata comes from one place");
        }
        let remote = remote_metadata(remote, &remote_path, checker);
        let entity_path = at.field("entity_id");
        let expected = "the entityID of the identity provider: what is fetched is believed about no other";
        let entity_id = checker.required(raw.entity_id.as_ref(), &entity_path, expected)?;
        if ours.entity_id == Some(entity_id.as_str()) {
            checker.conflict(&entity_path, Path::default().field("sp.entity_id"), SAME_ENTITY);
        }
        return Some((entity_id.clone(), MetadataSource::Remote(remote?)));
    }
    let metadata_path = at.field("metadata");
    let expected = "the metadata document of the identity provider";
    let xml = checker.required_text(raw.metadata.as_ref(), &metadata_path, expected)?;
    // What the operator configures may be as large as anything; only the number of keys follows the limits.
    let limits = Limits { max_signature_checks: ours.limits.max_signature_checks, ..Limits::LARGEST };
    let parsed = IdpMetadata::parse(xml.expose().as_bytes(), raw.entity_id.as_deref(), &limits);
    match parsed.and_then(|metadata| metadata.check_validity(checker.now).map(|()| metadata)) {
        Ok(metadata) => {
            against_metadata(raw, at, ours, &metadata, checker);
            Some((metadata.entity_id.clone(), MetadataSource::Document(Arc::new(metadata))))
        }
        Err(error) => {
            checker.room(&metadata_path, error.code(), error);
            None
        }
    }
}

/// Letters, digits, `-` and `_`: it stands in addresses as it is.
fn short_name(raw: &RawIdp, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let several = at != &Path::default().field("idp");
    let Some(id) = &raw.id else {
        if several {
            checker.missing(&at.field("id"), "a short name");
            return None;
        }
        return Some(String::from("idp"));
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=64).contains(&id.len()) || !id.bytes().all(plain) {
        checker.invalid(&at.field("id"), quoted(id), "1 to 64 letters, digits, `-` and `_`");
        return None;
    }
    Some(id.clone())
}

/// What the file demands and the metadata does not offer, and what will soon stop working.
fn against_metadata(
    raw: &RawIdp,
    at: &Path,
    ours: &Ours<'_>,
    metadata: &IdpMetadata,
    checker: &mut Checker<'_>,
) {
    let root = Path::default();
    let metadata_path = at.field("metadata");
    let wanted = match raw.authn_request_binding {
        AuthnRequestBinding::Auto => None,
        AuthnRequestBinding::HttpRedirect => Some(Binding::Redirect),
        AuthnRequestBinding::HttpPost => Some(Binding::Post),
    };
    if wanted.is_some_and(|binding| metadata.endpoint(binding).is_none()) {
        checker.conflict(
            &at.field("authn_request_binding"),
            metadata_path.clone(),
            "the metadata has no SingleSignOnService with this binding",
        );
    }
    if ours.entity_id == Some(metadata.entity_id.as_str()) {
        checker.conflict(&metadata_path, root.field("sp.entity_id"), SAME_ENTITY);
    }
    let signs = ours.signing && raw.sign_authn_requests != SignAuthnRequests::Never;
    if metadata.want_authn_requests_signed && !signs {
        checker.warn(
            &metadata_path,
            "the identity provider wants signed AuthnRequests and will get unsigned ones",
        );
    }
    for endpoint in &metadata.single_sign_on {
        if endpoint.location.starts_with("http://") {
            checker.warn(
                &metadata_path,
                format_args!("the sign-in address {} has no TLS", quoted(&endpoint.location)),
            );
        }
    }
    if let Some(detail) = metadata.valid_until.and_then(|end| expiry("the metadata", end, checker.now)) {
        checker.warn(&metadata_path, detail);
    }
    for refused in &metadata.refused_keys {
        checker.warn(&metadata_path, format_args!("a signing certificate is not used: {refused}"));
    }
    for certificate in &metadata.certificates {
        // For information only: trust is in the key, and metadata with expired certificates is everyday life.
        warn_of_expiry(certificate, &metadata_path, checker);
    }
}
