//! From method, path, headers and body to what a client wants (RFC 7644 3).

mod condition;
mod discovery;
mod page;
mod projection;
mod query;

use percent_encoding::percent_decode_str;

use super::bulk::Bulk;
use super::{Document, Error, Filter, Limits, Patch, ResourceKind};
pub use condition::{Condition, Precondition};
pub use discovery::Discovery;
pub use page::Page;
pub use projection::Projection;

/// A request as it came, below the base address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incoming<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// The path below the base address, still escaped: `/Users/42`.
    pub path: &'a str,
    /// The query without its `?`, still escaped.
    pub query: &'a str,
    /// The header `content-type`.
    pub content_type: Option<&'a str>,
    /// The header `if-match`.
    pub if_match: Option<&'a str>,
    /// The header `if-none-match`.
    pub if_none_match: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What a client wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A description of the service: [`super::message::discovery`] answers it.
    Discover(Discovery),
    /// POST: a new resource.
    Create {
        /// Of which kind.
        kind: ResourceKind,
        /// What the client says about it.
        body: Document,
        /// What the answer shows.
        projection: Projection,
    },
    /// GET of one resource.
    Read {
        /// Of which kind.
        kind: ResourceKind,
        /// Which one.
        id: String,
        /// What the answer shows.
        projection: Projection,
        /// When there is nothing to tell.
        condition: Condition,
    },
    /// GET of many, or a search by POST.
    List(Query),
    /// PUT.
    Replace {
        /// Of which kind.
        kind: ResourceKind,
        /// Which one.
        id: String,
        /// What the client says about it.
        body: Document,
        /// What the answer shows.
        projection: Projection,
        /// Which version it must have.
        precondition: Precondition,
    },
    /// PATCH.
    Patch {
        /// Of which kind.
        kind: ResourceKind,
        /// Which one.
        id: String,
        /// What changes.
        patch: Patch,
        /// What the answer shows.
        projection: Projection,
        /// Which version it must have.
        precondition: Precondition,
    },
    /// DELETE.
    Delete {
        /// Of which kind.
        kind: ResourceKind,
        /// Which one.
        id: String,
        /// Which version it must have.
        precondition: Precondition,
    },
    /// Several of the above in one (RFC 7644 3.7).
    Bulk(Bulk),
}

/// A question for many resources (RFC 7644 3.4.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Of which kind.
    pub kind: ResourceKind,
    /// Which of them; all without.
    pub filter: Option<Filter>,
    /// Which page.
    pub page: Page,
    /// What the answer shows.
    pub projection: Projection,
}

/// What a client wants.
///
/// # Errors
/// The request cannot be understood, or asks for what is not offered.
pub fn parse(incoming: &Incoming<'_>, limits: &Limits) -> Result<Request, Error> {
    // A doubled or trailing slash comes from base addresses that were typed with one.
    let mut segments = Vec::new();
    for segment in incoming.path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_decode_str(segment).decode_utf8();
        segments.push(decoded.map_err(|_| Error::NotFound { what: "endpoint" })?.into_owned());
    }
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["Users", rest @ ..] => of_kind(ResourceKind::User, rest, incoming, limits),
        ["Groups", rest @ ..] => of_kind(ResourceKind::Group, rest, incoming, limits),
        ["Bulk"] if incoming.method == "POST" => {
            body(incoming).and_then(|body| Bulk::parse(&body, limits)).map(Request::Bulk)
        }
        ["Bulk"] => Err(Error::Method),
        // RFC 7644 3.11: the person behind a bearer token of a directory is nobody.
        ["Me", ..] => Err(Error::NotImplemented { what: "`/Me`" }),
        // RFC 7644 3.4.2.1: a search over users and groups at once.
        [] | [".search"] => Err(Error::NotImplemented { what: "a search over all resources" }),
        other => match Discovery::parse(other) {
            Some(discovery) => discovery.checked(incoming).map(Request::Discover),
            None => Err(Error::NotFound { what: "endpoint" }),
        },
    }
}

fn of_kind(
    kind: ResourceKind,
    rest: &[&str],
    incoming: &Incoming<'_>,
    limits: &Limits,
) -> Result<Request, Error> {
    let parameters = query::Parameters::parse(incoming.query)?;
    let projection = parameters.projection();
    let precondition = Precondition::parse(incoming.if_match);
    match (incoming.method, rest) {
        ("GET", []) => Ok(Request::List(Query {
            kind,
            filter: parameters.filter(kind, limits)?,
            page: parameters.page(limits)?,
            projection: projection?,
        })),
        ("POST", []) => Ok(Request::Create { kind, body: body(incoming)?, projection: projection? }),
        ("POST", [".search"]) => query::searched(kind, &body(incoming)?, limits).map(Request::List),
        ("GET", [id]) => Ok(Request::Read {
            kind,
            id: (*id).to_owned(),
            projection: projection?,
            condition: Condition::parse(incoming.if_none_match),
        }),
        ("PUT", [id]) => Ok(Request::Replace {
            kind,
            id: (*id).to_owned(),
            body: body(incoming)?,
            projection: projection?,
            precondition,
        }),
        ("PATCH", [id]) => Ok(Request::Patch {
            kind,
            id: (*id).to_owned(),
            patch: Patch::parse(kind, &body(incoming)?, limits)?,
            projection: projection?,
            precondition,
        }),
        ("DELETE", [id]) => Ok(Request::Delete { kind, id: (*id).to_owned(), precondition }),
        (_, [] | [_]) => Err(Error::Method),
        _ => Err(Error::NotFound { what: "endpoint" }),
    }
}

/// The body as JSON. RFC 7644 3.1: `application/scim+json`, or `application/json`; some clients name no type.
fn body(incoming: &Incoming<'_>) -> Result<Document, Error> {
    let essence = incoming.content_type.map(|value| value.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence)
            if !essence.eq_ignore_ascii_case("application/scim+json")
                && !essence.eq_ignore_ascii_case("application/json") =>
        {
            Err(Error::MediaType)
        }
        _ => Document::parse(incoming.body),
    }
}

#[cfg(test)]
mod tests;
