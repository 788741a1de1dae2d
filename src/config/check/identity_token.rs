//! `identity_token`, `filter_state` and `health_check`.

use super::identity::{attribute_name, header_name};
use super::own_path::own_path;
use super::session::span;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    Configuration, FilterStateValue, IdentityToken as RawIdentityToken, TokenAlgorithm, TokenAttribute,
    TokenClaim, TokenSigning,
};
use crate::effect::VerificationKey;
use crate::flow::{FilterState, IdentityHeaders, IdentityToken, ServiceProvider};
use crate::token::{Algorithm, AttributeClaim, Claim, Issuer, KeySet, SigningIdentity, is_registered};
use crate::xmlsec::key::parse_signing_key;
use crate::xmlsec::public_key::parse_public_key;

/// Audiences of one token: an application and the services behind it.
const MAX_AUDIENCES: usize = 16;
/// Keys that are published beside the one in use: the next, the last, and room for an accident.
const MAX_FURTHER_KEYS: usize = 4;
/// Attributes in a token; with more it does not fit into a header anyway.
const MAX_ATTRIBUTES: usize = 64;
/// Characters of `iss`, of an audience, and of the name of a claim.
const MAX_NAME: usize = 255;

/// The section, with the paths and headers that others have already.
pub(super) fn identity_token(
    raw: &RawIdentityToken,
    whole: &Configuration,
    sp: Option<&ServiceProvider>,
    headers: Option<&IdentityHeaders>,
    checker: &mut Checker<'_>,
) -> Option<IdentityToken> {
    let at = Path::default().field("identity_token");
    let path = at.field("header");
    let fine = header_name(&raw.header, &path, checker);
    if headers.is_some_and(|headers| headers.names().any(|name| name == raw.header)) {
        checker.conflict(&path, Path::default().field("headers"), "both are the same header");
    }
    own_path(&raw.jwks_path, &at.field("jwks_path"), whole, checker);
    if let Some(issuer) = &raw.issuer {
        name(issuer, &at.field("issuer"), checker);
    }
    let path = at.field("audience");
    if raw.audience.is_empty() {
        checker.missing(&path, "whom tokens are for");
    }
    checker.at_most(raw.audience.len(), MAX_AUDIENCES, "audiences", &path);
    for (index, audience) in raw.audience.iter().enumerate().take(MAX_AUDIENCES) {
        name(audience, &path.index(index), checker);
    }
    let lifetime = span(raw.lifetime, 30..=3600, &at.field("lifetime"), checker);
    let path = at.field("signing");
    let signing = checker.required(raw.signing.as_ref(), &path, "a map");
    let signing = signing.and_then(|raw| signing_identity(raw, &path, checker));
    let further = further_keys(raw, signing.as_ref(), &at.field("further_public_keys"), checker);
    let attributes = attributes(&raw.attributes, &at.field("attributes"), checker);
    for (index, claim) in raw.claims.iter().enumerate() {
        if raw.claims.iter().take(index).any(|other| other == claim) {
            checker.invalid(&at.field("claims").index(index), "the same again", "each claim once");
        }
    }
    let signing = signing?;
    let keys = match KeySet::new(&signing, &further) {
        Ok(keys) => keys,
        Err(error) => {
            checker.room(&at.field("signing"), error.code(), error);
            return None;
        }
    };
    let issuer = raw.issuer.clone().or_else(|| sp.map(|sp| sp.base_uri.clone()))?;
    fine.then_some(())?;
    Some(IdentityToken {
        header: raw.header.clone(),
        jwks_path: raw.jwks_path.clone(),
        issuer: Issuer {
            issuer,
            audience: raw.audience.clone(),
            lifetime: lifetime?,
            claims: raw.claims.iter().map(|claim| self::claim(*claim)).collect(),
            attributes,
            signing,
            keys,
        },
    })
}

/// The headers with that of the token, which is ours like the others, and with what the token needs of a session.
pub(super) fn with_token(headers: IdentityHeaders, token: Option<&Option<IdentityToken>>) -> IdentityHeaders {
    let Some(Some(token)) = token else { return headers };
    let kept = token.issuer.attributes.iter().map(|entry| entry.attribute.clone()).collect();
    IdentityHeaders { token: Some(token.header.clone()), kept, ..headers }
}

fn signing_identity(raw: &TokenSigning, at: &Path, checker: &mut Checker<'_>) -> Option<SigningIdentity> {
    let algorithm = checker.required(raw.algorithm, &at.field("algorithm"), "a signature algorithm");
    let path = at.field("private_key");
    let pem = checker.required_text(raw.private_key.as_ref(), &path, "a PKCS#8 private key in PEM")?;
    let key = parse_signing_key(&pem).map_err(|error| checker.room(&path, error.code(), error)).ok()?;
    let algorithm = match algorithm? {
        TokenAlgorithm::Es256 => Algorithm::Es256,
        TokenAlgorithm::Es384 => Algorithm::Es384,
        TokenAlgorithm::Es512 => Algorithm::Es512,
        TokenAlgorithm::Rs256 => Algorithm::Rs256,
        TokenAlgorithm::Rs384 => Algorithm::Rs384,
        TokenAlgorithm::Rs512 => Algorithm::Rs512,
    };
    match SigningIdentity::new(algorithm, key) {
        Ok(Some(identity)) => Some(identity),
        Ok(None) => {
            checker.conflict(&at.field("algorithm"), path, "the key is of another kind");
            None
        }
        Err(error) => {
            checker.room(&path, error.code(), error);
            None
        }
    }
}

fn further_keys(
    raw: &RawIdentityToken,
    signing: Option<&SigningIdentity>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Vec<VerificationKey> {
    checker.at_most(raw.further_public_keys.len(), MAX_FURTHER_KEYS, "keys", at);
    let mut found: Vec<VerificationKey> = Vec::new();
    for (index, source) in raw.further_public_keys.iter().enumerate().take(MAX_FURTHER_KEYS) {
        let path = at.index(index);
        let Some(text) = checker.text(source, &path) else { continue };
        match parse_public_key(text.expose()) {
            Err(error) => checker.room(&path, error.code(), error),
            Ok(key) => {
                let mut others = signing.map(SigningIdentity::public).into_iter().chain(&found);
                if others.any(|other| *other == key) {
                    checker.invalid(&path, "", "a key that is not published yet");
                }
                found.push(key);
            }
        }
    }
    found
}

fn attributes(raw: &[TokenAttribute], at: &Path, checker: &mut Checker<'_>) -> Vec<AttributeClaim> {
    checker.at_most(raw.len(), MAX_ATTRIBUTES, "attributes", at);
    let mut found: Vec<AttributeClaim> = Vec::new();
    for (index, entry) in raw.iter().enumerate().take(MAX_ATTRIBUTES) {
        let path = at.index(index);
        let attribute =
            checker.required(entry.attribute.as_ref(), &path.field("attribute"), "an attribute name");
        if let Some(attribute) = attribute {
            attribute_name(attribute, &path.field("attribute"), checker);
        }
        let path = path.field("claim");
        let Some(claim) = checker.required(entry.claim.as_ref(), &path, "the name of a claim") else {
            continue;
        };
        name(claim, &path, checker);
        if is_registered(claim) {
            checker.invalid(&path, quoted(claim), "a name that means nothing yet");
        }
        if found.iter().any(|other| other.claim == *claim) {
            checker.invalid(&path, quoted(claim), "each claim once");
        }
        if let Some(attribute) = attribute {
            found.push(AttributeClaim { attribute: attribute.clone(), claim: claim.clone() });
        }
    }
    found
}

const fn claim(raw: TokenClaim) -> Claim {
    match raw {
        TokenClaim::Email => Claim::Email,
        TokenClaim::DisplayName => Claim::Name,
        TokenClaim::Groups => Claim::Groups,
        TokenClaim::NameId => Claim::NameId,
        TokenClaim::Idp => Claim::IdentityProvider,
    }
}

fn name(text: &str, at: &Path, checker: &mut Checker<'_>) {
    if !(1..=MAX_NAME).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = format_args!("a text of 1 to {MAX_NAME} characters without white space");
        checker.invalid(at, quoted(text), expected);
    }
}

pub(super) fn filter_state(raw: &[FilterStateValue]) -> FilterState {
    FilterState {
        user: raw.contains(&FilterStateValue::User),
        groups: raw.contains(&FilterStateValue::Groups),
        session_id: raw.contains(&FilterStateValue::SessionId),
    }
}

/// The path of the health check.
pub(super) fn health_check(whole: &Configuration, checker: &mut Checker<'_>) -> Option<String> {
    let raw = whole.health_check.as_ref()?;
    own_path(&raw.path, &Path::default().field("health_check.path"), whole, checker);
    Some(raw.path.clone())
}
