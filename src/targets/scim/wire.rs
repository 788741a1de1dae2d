//! SCIM's resources and messages as they come: attribute names in any case, booleans as text, lists that are one object.

use serde_json::Value;

use crate::base::Pii;
use crate::http::HttpResponse;
use crate::provision::RemoteState;
use crate::targets::answer::read_json;
use crate::targets::error::{Request, TargetError};

/// The schema of users (RFC 7643 4.1).
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The enterprise extension of users (RFC 7643 4.3).
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schema of groups (RFC 7643 4.2).
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The schema of a PATCH's body (RFC 7644 3.5.2).
pub(super) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Which resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
}

/// The filter `attribute eq "value"`; its value is a JSON string (RFC 7644 3.4.2.2).
pub(crate) fn eq(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

/// The attribute `name` of `resource`, whose names are compared without case (RFC 7643 2.1); `null` and an empty list are no
/// value (RFC 7643 2.5).
pub(crate) fn attribute<'a>(resource: &'a Value, name: &str) -> Option<&'a Value> {
    let found = resource.as_object()?.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

/// A text that says something.
pub(crate) fn text<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    attribute(resource, name)?.as_str().filter(|text| !text.trim().is_empty())
}

/// A boolean, also as text; `Err` for what is neither.
pub(crate) fn boolean(resource: &Value, name: &str) -> Result<Option<bool>, ()> {
    match attribute(resource, name) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(_) => Err(()),
    }
}

/// The values of a multi-valued attribute, also of one that came as a single object; `None` when it did not come.
pub(crate) fn values<'a>(resource: &'a Value, name: &str) -> Option<&'a [Value]> {
    attribute(resource, name).map(|value| match value {
        Value::Array(values) => values.as_slice(),
        single => core::slice::from_ref(single),
    })
}

/// One page of a list (RFC 7644 3.4.2).
pub(super) struct Page {
    pub(super) total: u64,
    pub(super) resources: Vec<Value>,
}

/// The page that begins with the resource number `start`.
///
/// `itemsPerPage` is not read: some services say what they would have sent. A page that begins elsewhere than asked comes
/// from a service that does not page, and would come for ever.
pub(super) fn page(request: Request, response: &HttpResponse, start: u64) -> Result<Page, TargetError> {
    let expected = "a list of resources";
    let malformed = TargetError::Malformed { request, status: response.status, expected };
    let list: Value = read_json(request, response, expected)?;
    let number = |name| match attribute(&list, name) {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let total = number("totalResults").ok_or(malformed)?;
    if attribute(&list, "startIndex").is_some() && number("startIndex") != Some(start) && total > 0 {
        return Err(malformed);
    }
    let resources = match attribute(&list, "Resources") {
        None => Vec::new(),
        Some(Value::Array(resources)) => resources.clone(),
        Some(_) => return Err(malformed),
    };
    // A list that promises hits and shows none says nothing about what there is.
    if usize::try_from(total).is_ok_and(|total| total < resources.len())
        || (total > 0 && resources.is_empty())
    {
        return Err(malformed);
    }
    Ok(Page { total, resources })
}

/// Keeps a resource as it was read, for a service that takes only whole ones back.
pub(super) fn keep(remote: &mut RemoteState, kind: Kind, resource: &Value) {
    if let Some(id) = text(resource, "id") {
        remote.documents.insert(key(kind, id), Pii::new(resource.to_string()));
    }
}

/// What was kept is not what is there any more.
pub(super) fn forget(remote: &mut RemoteState, kind: Kind, id: &str) {
    remote.documents.remove(&key(kind, id));
}

/// The resource as it was read.
pub(super) fn document(remote: &RemoteState, kind: Kind, id: &str) -> Option<Value> {
    serde_json::from_str(remote.documents.get(&key(kind, id))?.expose()).ok()
}

/// The version of a resource (RFC 7644 3.14), which only services with ETags give.
pub(super) fn version(resource: &Value) -> Option<&str> {
    let version = text(attribute(resource, "meta")?, "version")?;
    version.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ').then_some(version)
}

fn key(kind: Kind, id: &str) -> String {
    match kind {
        Kind::User => format!("Users/{id}"),
        Kind::Group => format!("Groups/{id}"),
    }
}
