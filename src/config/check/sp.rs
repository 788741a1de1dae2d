//! `sp`.

use core::time::Duration;

use super::origin::Origin;
use super::sp_description::description;
use super::{Checker, optional, quoted};
use crate::base::{Secret, UnixTime};
use crate::config::path::Path;
use crate::config::raw::{DataSource, Decryption, Signing, SigningAlgorithm, Sp as RawSp};
use crate::effect::{CryptoProvider as _, SignatureScheme};
use crate::flow::ServiceProvider;
use crate::saml::Signer;
use crate::xmlsec::decrypt::DecryptionKey;
use crate::xmlsec::key::{Certificate, parse_signing_key};
use crate::xmlsec::{KeyError, RustCrypto};

/// How long before an end a warning begins.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Signing certificates that are published beside the one in use: the next, the last, and room for an accident.
const MAX_FURTHER_CERTIFICATES: usize = 4;

pub(super) fn sp(raw: &RawSp, checker: &mut Checker<'_>) -> Option<ServiceProvider> {
    let at = Path::default().field("sp");
    let entity_id = entity_id(raw.entity_id.as_deref(), &at.field("entity_id"), checker);
    let base_uri = base_uri(raw.base_uri.as_deref(), &at.field("base_uri"), checker);
    let paths = [
        ("acs_path", &raw.acs_path),
        ("metadata_path", &raw.metadata_path),
        ("logout_path", &raw.logout_path),
        ("logged_out_path", &raw.logged_out_path),
        ("single_logout_path", &raw.single_logout_path),
    ];
    let soap = raw.single_logout_soap_path.iter().map(|path| ("single_logout_soap_path", path));
    let paths: Vec<_> = paths.into_iter().chain(soap).collect();
    for (index, (name, path)) in paths.iter().enumerate() {
        let field = at.field(name);
        if checker.path(path, &field).is_some_and(|path| path == "/") {
            checker.invalid(&field, "`/`", "a path of its own: the start page belongs to the application");
        }
        if let Some((other, _)) = paths.iter().take(index).find(|(_, other)| other == path) {
            checker.conflict(&field, at.field(other), "both are the same path");
        }
    }
    let signer = raw.signing.as_ref().map(|raw| signing(raw, &at.field("signing"), checker));
    let decryption_path = at.field("decryption");
    let mut decryption_keys = Vec::new();
    for (index, raw) in raw.decryption.iter().enumerate() {
        decryption_keys.push(decryption(raw, &decryption_path.index(index), checker));
    }
    let decryption_keys = decryption_keys.into_iter().collect::<Option<Vec<_>>>();
    let further = further_certificates(raw.signing.as_ref(), &at.field("signing"), checker);
    let encryption_certificates = decryption_keys.as_ref().map(|keys| published(raw, keys, checker));
    let description = description(&raw.description, checker);
    let signer = optional(signer)?;
    if let (Some(signer), Some(keys)) = (&signer, &decryption_keys)
        && keys.iter().any(|key| key.certificate().key() == signer.certificate.key())
    {
        checker.warn(&decryption_path, "the key that signs decrypts too; use two");
    }
    if raw.single_logout_soap_path.is_some() && raw.signing.is_none() {
        let path = at.field("single_logout_soap_path");
        checker.conflict(&path, at.field("signing"), "the messages of a single logout are signed");
    }
    if raw.sign_metadata && raw.signing.is_none() {
        checker.conflict(&at.field("sign_metadata"), at.field("signing"), "`true` needs a key to sign with");
    }
    Some(ServiceProvider {
        entity_id: entity_id?,
        base_uri: base_uri?,
        acs_path: raw.acs_path.clone(),
        metadata_path: raw.metadata_path.clone(),
        logout_path: raw.logout_path.clone(),
        logged_out_path: raw.logged_out_path.clone(),
        single_logout_path: raw.single_logout_path.clone(),
        single_logout_soap_path: raw.single_logout_soap_path.clone(),
        signer,
        further_signing_certificates: further,
        decryption_keys: decryption_keys?,
        encryption_certificates: encryption_certificates?,
        sign_metadata: raw.sign_metadata,
        description,
    })
}

/// Certificates of the next or the last signing key; each is that of another key.
fn further_certificates(raw: Option<&Signing>, at: &Path, checker: &mut Checker<'_>) -> Vec<Certificate> {
    let Some(raw) = raw else { return Vec::new() };
    let path = at.field("further_certificates");
    checker.at_most(raw.further_certificates.len(), MAX_FURTHER_CERTIFICATES, "certificates", &path);
    // What `signing` itself finds wrong with it is not said twice.
    let mut quiet = Checker::new(checker.environment, checker.now);
    let own = certificate(raw.certificate.as_ref(), &at.field("certificate"), &mut quiet);
    let mut found: Vec<Certificate> = Vec::new();
    for (index, source) in raw.further_certificates.iter().take(MAX_FURTHER_CERTIFICATES).enumerate() {
        let path = path.index(index);
        let Some(certificate) = certificate(Some(source), &path, checker) else { continue };
        if own.iter().chain(&found).any(|other| other.key() == certificate.key()) {
            checker.invalid(&path, "", "a certificate of a key that is not published yet");
        }
        found.push(certificate);
    }
    found
}

/// The certificates that identity providers may encrypt to.
fn published(raw: &RawSp, keys: &[DecryptionKey], checker: &mut Checker<'_>) -> Vec<Certificate> {
    let chosen = raw.decryption.iter().zip(keys).enumerate();
    let chosen = chosen.filter(|(index, (raw, _))| raw.publish.unwrap_or(*index == 0));
    let certificates: Vec<_> = chosen.map(|(_, (_, key))| key.certificate().clone()).collect();
    if certificates.is_empty() && !keys.is_empty() {
        let path = Path::default().field("sp.decryption");
        checker
            .warn(&path, "no certificate is published, so nobody encrypts who learns it from our metadata");
    }
    certificates
}

fn entity_id(raw: Option<&str>, path: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let text = checker.required(raw, path, "our entityID, a URI")?;
    // Metadata 2.2.1: an entity identifier is a URI of at most 1024 characters.
    let fits =
        !text.is_empty() && text.chars().count() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        checker.invalid(path, quoted(text), "a URI of 1 to 1024 characters without white space");
        return None;
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    if !scheme.is_some_and(|scheme| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        checker.warn(path, "not an absolute URI, which SAML metadata 2.2.1 asks for");
    }
    Some(text.to_owned())
}

/// Scheme and authority of our own site.
fn base_uri(raw: Option<&str>, path: &Path, checker: &mut Checker<'_>) -> Option<String> {
    const EXPECTED: &str = "scheme and host, such as `https://jira.example.com`";
    let text = checker.required(raw, path, EXPECTED)?;
    match Origin::parse(text) {
        Err(Some(normal)) => {
            checker.invalid(path, quoted(text), format_args!("scheme and host alone, `{normal}`"));
            None
        }
        Err(None) => {
            checker.invalid(path, quoted(text), EXPECTED);
            None
        }
        // Cookies are `Secure` and assertions are bearer tokens. Browsers treat these names as their own machine.
        Ok(Origin { https: false, host, .. }) if host != "localhost" && !host.ends_with(".localhost") => {
            checker.invalid(path, quoted(text), "`https`; `http` is for `localhost` and `*.localhost` only");
            None
        }
        Ok(_) => Some(text.to_owned()),
    }
}

fn signing(raw: &Signing, at: &Path, checker: &mut Checker<'_>) -> Option<Signer> {
    let algorithm = checker.required(raw.algorithm, &at.field("algorithm"), "a signature algorithm");
    let key_path = at.field("private_key");
    let key = private_key(raw.private_key.as_ref(), &key_path, checker);
    let key = key.and_then(|pem| or_fault(parse_signing_key(&pem), &key_path, checker));
    let certificate_path = at.field("certificate");
    let certificate = certificate(raw.certificate.as_ref(), &certificate_path, checker);
    let (algorithm, key, certificate) = (algorithm?, key?, certificate?);
    let scheme = match algorithm {
        SigningAlgorithm::RsaSha256 => SignatureScheme::RsaSha256,
        SigningAlgorithm::RsaSha384 => SignatureScheme::RsaSha384,
        SigningAlgorithm::RsaSha512 => SignatureScheme::RsaSha512,
        SigningAlgorithm::EcdsaSha256 => SignatureScheme::EcdsaSha256,
        SigningAlgorithm::EcdsaSha384 => SignatureScheme::EcdsaSha384,
        SigningAlgorithm::EcdsaSha512 => SignatureScheme::EcdsaSha512,
    };
    if !scheme.takes(key.kind()) {
        checker.conflict(&at.field("algorithm"), key_path, "the key is of another kind");
        return None;
    }
    // The key fits the certificate if the certificate verifies what the key signs.
    let probe = b"samlgate configuration check";
    let crypto = RustCrypto;
    let matching = crypto.sign(scheme, &key, probe).is_ok_and(|signature| {
        scheme.takes(certificate.key().kind()) && crypto.verify(scheme, certificate.key(), probe, &signature)
    });
    if !matching {
        checker.conflict(&certificate_path, key_path, "the certificate is of another key");
        return None;
    }
    Some(Signer { scheme, key, certificate })
}

fn private_key(raw: Option<&DataSource>, path: &Path, checker: &mut Checker<'_>) -> Option<Secret<String>> {
    checker.required_text(raw, path, "a PKCS#8 private key in PEM")
}

fn certificate(raw: Option<&DataSource>, path: &Path, checker: &mut Checker<'_>) -> Option<Certificate> {
    let text = checker.required_text(raw, path, "an X.509 certificate")?;
    let certificate = or_fault(Certificate::parse(text.expose()), path, checker)?;
    warn_of_expiry(&certificate, path, checker);
    Some(certificate)
}

fn or_fault<T>(parsed: Result<T, KeyError>, path: &Path, checker: &mut Checker<'_>) -> Option<T> {
    parsed.map_err(|error| checker.room(path, error.code(), error)).ok()
}

fn decryption(raw: &Decryption, at: &Path, checker: &mut Checker<'_>) -> Option<DecryptionKey> {
    let key_path = at.field("private_key");
    let pem = private_key(raw.private_key.as_ref(), &key_path, checker);
    let certificate_path = at.field("certificate");
    let certificate = certificate(raw.certificate.as_ref(), &certificate_path, checker);
    let key = or_fault(DecryptionKey::parse(&pem?, certificate?), &key_path, checker)?;
    if !key.fits_certificate() {
        checker.conflict(&certificate_path, key_path, "the certificate is of another key");
        return None;
    }
    Some(key)
}

pub(super) fn warn_of_expiry(certificate: &Certificate, path: &Path, checker: &mut Checker<'_>) {
    if let Some(detail) = expiry("the certificate", certificate.not_after(), checker.now) {
        checker.warn(path, detail);
    }
}

pub(super) fn expiry(what: &str, end: UnixTime, now: UnixTime) -> Option<String> {
    if end <= now {
        Some(format!("{what} expired at {end}"))
    } else if end <= now.saturating_add(NOTICE) {
        Some(format!("{what} expires at {end}"))
    } else {
        None
    }
}
