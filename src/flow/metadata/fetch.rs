//! One request for a document, and what is believed of the answer.

use core::time::Duration;

use super::record::Copy;
use super::settings::RemoteMetadata;
use crate::base::{Code, Limits, Rejection};
use crate::effect::{Answer, CallFailure};
use crate::flow::Env;
use crate::flow::settings::{AuthnRequestBinding, IdentityProvider};
use crate::http::{HttpCall, HttpResponse};
use crate::saml::metadata::MetadataError;
use crate::saml::metadata::idp::{Binding, IdpMetadata, MetadataSigner};
use crate::xmlsec::algorithm::AlgorithmPolicy;

/// Bytes of a validator that is kept: they are a few dozen, and come back as a request header.
const MAX_VALIDATOR_BYTES: usize = 256;

/// What an answer that is no failure brought.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A document.
    Document {
        metadata: Box<IdpMetadata>,
        etag: Option<String>,
        last_modified: Option<String>,
        hint: Option<Duration>,
    },
    /// The one that we have is the one that they have.
    Unchanged {
        /// How long the server wishes it to be kept, where it says so again.
        hint: Option<Duration>,
    },
}

/// The request; conditional where `known` can go on being used.
pub(super) fn request(remote: &RemoteMetadata, known: Option<&Copy>) -> HttpCall {
    let mut headers = vec![
        (
            String::from("accept"),
            String::from("application/samlmetadata+xml, application/xml, text/xml, */*;q=0.1"),
        ),
        // What is unpacked has no bound before it is unpacked.
        (String::from("accept-encoding"), String::from("identity")),
        (String::from("user-agent"), String::from("samlgate")),
    ];
    if let Some(known) = known {
        let validators = [("if-none-match", &known.etag), ("if-modified-since", &known.last_modified)];
        headers.extend(
            validators.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))),
        );
    }
    HttpCall {
        cluster: remote.cluster.clone(),
        authority: remote.authority.clone(),
        method: "GET",
        path: remote.path.clone(),
        headers,
        body: Vec::new(),
        timeout: remote.timeout,
    }
}

/// What `answer` is worth. `conditional` tells whether the request said what we have.
pub(super) fn judge(
    answer: Answer,
    conditional: bool,
    idp: &IdentityProvider,
    remote: &RemoteMetadata,
    env: &Env<'_>,
) -> Result<Fetched, Rejection> {
    let failed = |detail: &str| Rejection::new(Code::MetadataFetchFailed, detail);
    let response = match answer {
        Answer::HttpResponse(response) => response,
        Answer::HttpFailed(CallFailure::NotSent) => {
            return Err(failed("the request could not be sent: is the cluster in Envoy's configuration?"));
        }
        Answer::HttpFailed(CallFailure::NoAnswer) => {
            return Err(failed("no answer: timeout, reset, or no healthy host"));
        }
        _ => return Err(failed("the driver answered out of turn, expected an answer of the cluster")),
    };
    match response.status {
        200 => document(&response, idp, remote, env),
        304 if conditional => Ok(Fetched::Unchanged { hint: hint(&response) }),
        // A cluster has one place; whither somebody else points is not where the operator said.
        301 | 302 | 303 | 307 | 308 => {
            Err(failed(&format!("status {}: redirects are not followed", response.status)))
        }
        other => Err(failed(&format!("status {other}, expected 200"))),
    }
}

fn document(
    response: &HttpResponse,
    idp: &IdentityProvider,
    remote: &RemoteMetadata,
    env: &Env<'_>,
) -> Result<Fetched, Rejection> {
    if header(response, "content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Rejection::new(
            Code::MetadataFetchFailed,
            "the answer is compressed, which was not asked for",
        ));
    }
    let metadata = accept(&response.body, idp, remote, env)?;
    let validator = |name| header(response, name).filter(|value| is_validator(value)).map(str::to_owned);
    Ok(Fetched::Document {
        etag: validator("etag"),
        last_modified: validator("last-modified"),
        hint: hint(response).into_iter().chain(metadata.cache_duration).min(),
        metadata: Box::new(metadata),
    })
}

/// What is believed of `document`.
pub(super) fn accept(
    document: &[u8],
    idp: &IdentityProvider,
    remote: &RemoteMetadata,
    env: &Env<'_>,
) -> Result<IdpMetadata, Rejection> {
    let limits = Limits {
        max_xml_bytes: remote.max_bytes,
        max_xml_nodes: Limits::nodes_for(remote.max_bytes),
        max_signature_checks: env.settings.limits.max_signature_checks,
        ..Limits::LARGEST
    };
    let entity_id = Some(idp.entity_id.as_str());
    let parsed = if remote.signing_keys.is_empty() {
        IdpMetadata::parse(document, entity_id, &limits)
    } else {
        let signer = MetadataSigner { keys: &remote.signing_keys, policy: &AlgorithmPolicy::STRONG };
        IdpMetadata::parse_signed(document, entity_id, signer, env.crypto, &limits)
    };
    let refused = |fault: MetadataError| Rejection::new(fault.code(), fault);
    let metadata = parsed.map_err(refused)?;
    metadata.check_validity(env.now).map_err(refused)?;
    check_max_validity(&metadata, remote, env)?;
    check_fit(&metadata, idp)?;
    Ok(metadata)
}

/// Without an end, or with a distant one, whoever can stand between us and the source can go on presenting what was true
/// once, such as a key that was stolen since (metadata IOP 2.4).
fn check_max_validity(
    metadata: &IdpMetadata,
    remote: &RemoteMetadata,
    env: &Env<'_>,
) -> Result<(), Rejection> {
    let Some(max) = remote.max_validity else { return Ok(()) };
    let refused = |detail: String| Err(Rejection::new(Code::MetadataValidityRefused, detail));
    match metadata.valid_until {
        None => refused(String::from("the metadata has no `validUntil`")),
        Some(end) if end > env.now.saturating_add(max) => {
            refused(format!("the metadata is valid until {end}, further away than {} s", max.as_secs()))
        }
        Some(_) => Ok(()),
    }
}

/// Can what is configured be done with it? Otherwise the copy before it does better.
pub(super) fn check_fit(metadata: &IdpMetadata, idp: &IdentityProvider) -> Result<(), Rejection> {
    let demanded = match idp.authn_request_binding {
        AuthnRequestBinding::Auto => return Ok(()),
        AuthnRequestBinding::HttpRedirect => Binding::Redirect,
        AuthnRequestBinding::HttpPost => Binding::Post,
    };
    match metadata.endpoint(demanded) {
        Some(_) => Ok(()),
        None => Err(Rejection::new(
            Code::MetadataWithoutEndpoint,
            format_args!("no SingleSignOnService for {:?}", idp.authn_request_binding),
        )),
    }
}

/// How long the answer wishes to be kept (RFC 9111 5.2.2), as a hint within our bounds.
fn hint(response: &HttpResponse) -> Option<Duration> {
    let directives = header(response, "cache-control")?;
    let mut hint = None;
    for directive in directives.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(0),
            "max-age" => value.trim().trim_matches('"').parse().ok(),
            _ => None,
        };
        hint = hint.into_iter().chain(seconds).min();
    }
    hint.map(Duration::from_secs)
}

/// Visible ASCII and spaces: it comes back in a header of ours.
fn is_validator(value: &str) -> bool {
    (1..=MAX_VALIDATOR_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// The header `name`, if it is there once.
fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    let mut values =
        response.headers.iter().filter(|(have, _)| have == name).map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
