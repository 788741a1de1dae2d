//! Answers (RFC 7644 3.1, 3.4.2, 3.12): status, headers and body as data.

use serde_json::{Value, json};

use super::Error;
use super::router::{Discovery, Page};
use super::schema::{self, Features};
use crate::http::Reply;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The type of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// `application/scim+json`.
    #[default]
    Scim,
    /// `application/json`, for those who ask for nothing else: OneLogin takes no other.
    Json,
}

impl Media {
    /// The type that fits the header `accept`.
    #[must_use]
    pub fn of(accept: Option<&str>) -> Self {
        let Some(accept) = accept else { return Self::Scim };
        let mut ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        let scim = |range: &str| {
            ["", "*/*", "application/*", "application/scim+json"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(range))
        };
        // Who names plain JSON first and `*/*` behind it, as many libraries do, reads plain JSON.
        match ranges.next() {
            Some(first) if scim(first) => Self::Scim,
            _ if ranges.any(|range| range.eq_ignore_ascii_case("application/scim+json")) => Self::Scim,
            _ => Self::Json,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Scim => "application/scim+json",
            Self::Json => "application/json",
        }
    }
}

/// A resource with its version: 200 for what was asked or changed, 201 with `location` for what is new.
#[must_use]
pub fn resource(
    status: u16,
    resource: &Value,
    etag: Option<&str>,
    location: Option<&str>,
    media: Media,
) -> Reply {
    let mut reply = body(status, resource, media);
    reply.headers.extend(etag.map(|etag| (String::from("etag"), etag.to_owned())));
    reply.headers.extend(location.map(|location| (String::from("location"), location.to_owned())));
    reply
}

/// One page of a list of `total` resources (RFC 7644 3.4.2).
#[must_use]
pub fn list(total: usize, page: Page, resources: Vec<Value>, media: Media) -> Reply {
    let list = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": page.start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    body(200, &list, media)
}

/// Done, and nothing to show: a deletion, or a change of a group with many members.
#[must_use]
pub fn no_content(etag: Option<&str>) -> Reply {
    let mut headers = common();
    headers.extend(etag.map(|etag| (String::from("etag"), etag.to_owned())));
    Reply { status: 204, headers, body: Vec::new() }
}

/// The client has this version (RFC 7644 3.14).
#[must_use]
pub fn not_modified(etag: &str) -> Reply {
    let mut headers = common();
    headers.push((String::from("etag"), etag.to_owned()));
    Reply { status: 304, headers, body: Vec::new() }
}

/// Why nothing was done (RFC 7644 3.12).
#[must_use]
pub fn error(error: &Error, media: Media) -> Reply {
    let status = error.status();
    let mut reply = body(status, &error_body(error), media);
    if status == 401 {
        // RFC 6750 3.
        reply.headers.push((String::from("www-authenticate"), String::from("Bearer")));
    }
    if let Some(after) = error.retry_after() {
        // RFC 9110 10.2.3: whole seconds; nobody is asked to come back at once.
        reply.headers.push((String::from("retry-after"), after.as_secs().max(1).to_string()));
    }
    reply
}

/// The body of [`error`], also inside the answer to a bulk request. `status` is a text.
pub(super) fn error_body(error: &Error) -> Value {
    let mut out = json!({
        "schemas": [ERROR],
        "status": error.status().to_string(),
        "detail": format!("{error} ({})", error.code().id()),
    });
    if let (Some(word), Some(out)) = (error.scim_type(), out.as_object_mut()) {
        out.insert(String::from("scimType"), json!(word.as_str()));
    }
    out
}

/// A description of the service. `base` is the address that clients know, without a slash at its end.
///
/// # Errors
/// There is no schema or resource type of that name.
pub fn discovery(asked: &Discovery, features: Features, base: &str, media: Media) -> Result<Reply, Error> {
    let missing = || Error::NotFound { what: "resource" };
    let all = |resources: Vec<Value>| {
        list(resources.len(), Page { start: 1, count: resources.len() }, resources, media)
    };
    Ok(match asked {
        Discovery::ServiceProviderConfig => {
            body(200, &schema::service_provider_config(features, base), media)
        }
        Discovery::ResourceTypes(None) => all(schema::resource_types(base)),
        Discovery::ResourceTypes(Some(name)) => {
            body(200, &schema::resource_type(name, base).ok_or_else(missing)?, media)
        }
        Discovery::Schemas(None) => all(schema::schemas(base, features.stricter)),
        Discovery::Schemas(Some(urn)) => {
            body(200, &schema::schema(urn, base, features.stricter).ok_or_else(missing)?, media)
        }
    })
}

pub(super) fn body(status: u16, value: &Value, media: Media) -> Reply {
    let mut headers = common();
    headers.insert(0, (String::from("content-type"), media.as_str().to_owned()));
    Reply { status, headers, body: value.to_string().into_bytes() }
}

/// Answers are about people: nobody keeps them on the way.
fn common() -> Vec<(String, String)> {
    vec![
        (String::from("cache-control"), String::from("no-store")),
        (String::from("x-content-type-options"), String::from("nosniff")),
    ]
}
