//! What the directories answer: resources, lists and errors.

use serde_json::{Map, Value, json};

use crate::stand_in::{Answer, Incoming};

/// The most resources of one page.
const PAGE: usize = 100;

/// An answer of SCIM's media type.
pub(super) fn scim(status: u16, value: &Value) -> Answer {
    let mut answer = Answer::empty(status).with("content-type", "application/scim+json");
    answer.body = value.to_string().into_bytes();
    answer
}

/// SCIM's error (RFC 7644 3.12): its status is text.
pub(super) fn error(status: u16, kind: Option<&str>, detail: &str) -> Answer {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": detail,
    });
    if let (Some(kind), Value::Object(body)) = (kind, &mut body) {
        body.insert("scimType".to_owned(), json!(kind));
    }
    scim(status, &body)
}

/// What the gateway before the directories answers: no SCIM.
pub(super) fn outer_error(status: u16) -> Answer {
    let text = if status == 401 { "Unauthorized" } else { "Forbidden" };
    Answer::json(status, &json!({ "error": text, "traceId": "7a1c9d" }))
}

/// One page of `all` as the query asks for it.
pub(super) fn list(all: &[Value], request: &Incoming) -> Answer {
    let start = request.number("startIndex", 1).max(1);
    let count = request.number("count", PAGE).min(PAGE);
    let page: Vec<&Value> = all.iter().skip(start - 1).take(count).collect();
    scim(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": all.len(), "startIndex": start, "itemsPerPage": page.len(), "Resources": page,
        }),
    )
}

/// `meta` of a resource; times are minutes of the stand-in's clock.
pub(super) fn meta(kind: &str, created: u64, modified: u64) -> Value {
    json!({ "resourceType": kind, "created": time(created), "lastModified": time(modified) })
}

fn time(minutes: u64) -> String {
    let (day, hour, minute) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    format!("2026-{:02}-{:02}T{hour:02}:{minute:02}:00.000Z", 1 + day / 28 % 12, 1 + day % 28)
}

/// The strings of `value` when it is one or a list, or the `value`s of a list of objects.
pub(super) fn values(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => object.get("value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

/// A text of `body`, by any spelling of its name.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// What the service can do.
pub(super) fn service_provider_config() -> Answer {
    scim(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true }, "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": PAGE }, "changePassword": { "supported": false },
            "sort": { "supported": false }, "etag": { "supported": false },
            "authenticationSchemes": [{ "type": "oauthbearertoken", "name": "key", "description": "directory key" }],
        }),
    )
}
