//! The body of a bulk request.

use serde_json::{Map, Value};

use super::{Bulk, Error, Limits, Method, Operation, ResourceKind};
use crate::scim::json::member;

pub(super) fn bulk(body: &Map<String, Value>, limits: &Limits) -> Result<Bulk, Error> {
    let Some(Value::Array(given)) = member(body, "Operations") else {
        return Err(Error::syntax("the body has no list `Operations`"));
    };
    // RFC 7644 3.7.4.
    if given.len() > limits.max_bulk_operations {
        return Err(Error::TooLarge {
            what: "operations of one bulk request",
            limit: limits.max_bulk_operations,
        });
    }
    let fail_on_errors = match member(body, "failOnErrors") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
            Some(number @ 1..) => Some(number),
            _ => return Err(Error::value("failOnErrors", "is no number from 1")),
        },
    };
    let mut operations: Vec<Operation> = Vec::new();
    for given in given {
        let operation = operation(given)?;
        // RFC 7644 3.7: unique within the request.
        let is_taken = |other: &Operation| other.bulk_id.is_some() && other.bulk_id == operation.bulk_id;
        if operations.iter().any(is_taken) {
            return Err(Error::value("bulkId", "names two operations"));
        }
        operations.push(operation);
    }
    Ok(Bulk { operations, fail_on_errors })
}

fn operation(given: &Value) -> Result<Operation, Error> {
    let Value::Object(given) = given else { return Err(Error::syntax("an operation is no object")) };
    let text = |name: &'static str| match member(given, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Error::value(name, "is no text")),
    };
    let method = match text("method")?.map(str::to_ascii_uppercase).as_deref() {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        Some("PATCH") => Method::Patch,
        Some("DELETE") => Method::Delete,
        _ => return Err(Error::syntax("`method` is none of POST, PUT, PATCH and DELETE")),
    };
    let path = text("path")?.unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (endpoint, id) = match segments.as_slice() {
        [endpoint] => (*endpoint, None),
        [endpoint, id] => (*endpoint, Some(*id)),
        _ => return Err(Error::syntax("`path` of an operation is no path to a resource")),
    };
    let kind = match endpoint {
        "Users" => ResourceKind::User,
        "Groups" => ResourceKind::Group,
        _ => return Err(Error::syntax("`path` of an operation is no path to a resource")),
    };
    if (method == Method::Post) != id.is_none() {
        return Err(Error::syntax("`path` of an operation does not fit its method"));
    }
    let bulk_id = text("bulkId")?.filter(|id| !id.is_empty());
    // RFC 7644 3.7: required for POST.
    if method == Method::Post && bulk_id.is_none() {
        return Err(Error::value("bulkId", "is missing in an operation POST"));
    }
    let data = match (method, member(given, "data")) {
        (Method::Delete, _) => Map::new(),
        (_, Some(Value::Object(data))) => data.clone(),
        _ => return Err(Error::syntax("`data` of an operation is no object")),
    };
    Ok(Operation {
        method,
        kind,
        id: id.map(str::to_owned),
        bulk_id: bulk_id.map(str::to_owned),
        version: text("version")?.map(str::to_owned),
        data,
    })
}
