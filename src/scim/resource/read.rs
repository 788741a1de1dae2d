//! From JSON to attributes in the schema's spelling: what is unknown or read-only is left out, what is there is of the right
//! type.

use serde_json::{Map, Value};

use crate::scim::schema::{self, Attribute, COMMON, Kind, Mutability, ResourceKind};
use crate::scim::{Error, Limits};

/// The attributes of a resource that a client may set, from the body of a POST or PUT.
///
/// Unknown attributes and schemas are ignored (RFC 7643 3.3, RFC 7644 3.3; Entra ID adds one of its own), read-only ones too
/// (RFC 7644 3.5.1).
pub(in crate::scim) fn resource(
    kind: ResourceKind,
    body: &Map<String, Value>,
    limits: &Limits,
) -> Result<Map<String, Value>, Error> {
    let mut out = Map::new();
    for (name, value) in body {
        let core = schema::find(kind.attributes(), name).or_else(|| schema::find(COMMON, name));
        if let Some(attribute) = core {
            put(&mut out, attribute, attribute.name, value, limits)?;
            continue;
        }
        let Some((urn, attributes)) = kind.extension().filter(|(urn, _)| urn.eq_ignore_ascii_case(name))
        else {
            continue;
        };
        match value {
            Value::Object(extension) => {
                let extension = members(attributes, urn, extension, limits)?;
                if !extension.is_empty() {
                    out.insert(urn.to_owned(), Value::Object(extension));
                }
            }
            Value::Null => {}
            _ => return Err(Error::value(urn, "is no object")),
        }
    }
    Ok(out)
}

/// The members of a complex value or of an extension.
fn members(
    attributes: &'static [Attribute],
    path: &str,
    object: &Map<String, Value>,
    limits: &Limits,
) -> Result<Map<String, Value>, Error> {
    let mut out = Map::new();
    for (name, value) in object {
        if let Some(attribute) = schema::find(attributes, name) {
            put(&mut out, attribute, &format!("{path}.{}", attribute.name), value, limits)?;
        }
    }
    Ok(out)
}

fn put(
    out: &mut Map<String, Value>,
    attribute: &'static Attribute,
    path: &str,
    value: &Value,
    limits: &Limits,
) -> Result<(), Error> {
    // A password is accepted and dropped: Okta sends a random one with every new user.
    if matches!(attribute.mutability, Mutability::ReadOnly | Mutability::WriteOnly) {
        return Ok(());
    }
    if let Some(value) = attribute_value(attribute, path, value, limits)? {
        out.insert(attribute.name.to_owned(), value);
    }
    Ok(())
}

/// The value of an attribute, `None` for no value: `null` and an empty list (RFC 7643 2.5).
pub(in crate::scim) fn attribute_value(
    attribute: &'static Attribute,
    path: &str,
    value: &Value,
    limits: &Limits,
) -> Result<Option<Value>, Error> {
    if !attribute.multi_valued {
        return match value {
            // Templates write a list of one where a single value is meant, and an empty one for none.
            Value::Array(list) => match list.as_slice() {
                [] => Ok(None),
                [one] => single(attribute, path, one, limits),
                _ => Err(Error::value(path, "has several values")),
            },
            value => single(attribute, path, value, limits),
        };
    }
    if value.is_null() {
        return Ok(None);
    }
    // Small clients send an object or a text where a list is meant.
    let values = match value {
        Value::Array(values) => values.as_slice(),
        single => core::slice::from_ref(single),
    };
    let limit = if attribute.name == "members" { limits.max_members } else { limits.max_values };
    if values.len() > limit {
        return Err(Error::TooLarge { what: "values of one attribute", limit });
    }
    let mut out = Vec::new();
    for value in values {
        match single(attribute, path, value, limits)? {
            Some(value) => out.push(value),
            // A member that names nobody must not become a list that names nobody: that one removes all.
            None if attribute.name == "members" => {
                return Err(Error::value("members.value", "is missing"));
            }
            None => {}
        }
    }
    Ok((!out.is_empty()).then_some(Value::Array(out)))
}

/// One value, or one value of several.
pub(in crate::scim) fn single(
    attribute: &'static Attribute,
    path: &str,
    value: &Value,
    limits: &Limits,
) -> Result<Option<Value>, Error> {
    let read = match (attribute.kind, value) {
        (_, Value::Null) => return Ok(None),
        (Kind::Boolean, value) => Value::Bool(boolean(path, value)?),
        (Kind::Complex(subs), Value::Object(object)) => {
            let mut read = members(subs, path, object, limits)?;
            // A template of OneLogin writes the manager as `{"managerId": ..}`.
            if attribute.name == "manager"
                && let Some(id @ Value::String(_)) = crate::scim::json::member(object, "managerId")
            {
                read.entry("value").or_insert_with(|| id.clone());
            }
            if read.is_empty() {
                return Ok(None);
            }
            Value::Object(read)
        }
        // A bare text for `{"value": text}`: small clients, for members, e-mail addresses and the manager.
        (Kind::Complex(_), value @ Value::String(_)) => {
            let Some(sub) = attribute.sub("value") else {
                return Err(Error::value(path, "is no object"));
            };
            let Some(value) = single(sub, path, value, limits)? else { return Ok(None) };
            Value::Object(Map::from_iter([(String::from("value"), value)]))
        }
        (Kind::Complex(_), _) => return Err(Error::value(path, "is no object")),
        (_, Value::String(text)) => {
            if text.len() > limits.max_value_bytes {
                return Err(Error::TooLarge { what: "bytes of one value", limit: limits.max_value_bytes });
            }
            Value::String(text.clone())
        }
        // An employee number or a postal code that a template forgot to quote.
        (Kind::String, Value::Number(number)) => Value::String(number.to_string()),
        _ => return Err(Error::value(path, "is no text")),
    };
    Ok(Some(read))
}

/// A boolean, also as text: Entra ID sends `"False"` unless it is told otherwise.
pub(in crate::scim) fn boolean(path: &str, value: &Value) -> Result<bool, Error> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Error::value(path, "is neither true nor false")),
    }
}

/// No attribute has two primary values (RFC 7643 2.4).
pub(in crate::scim) fn check_primary(resource: &Map<String, Value>) -> Result<(), Error> {
    for (name, value) in resource {
        let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
        if values.iter().filter(|value| is_primary(value)).count() > 1 {
            return Err(Error::value(name, "has two primary values"));
        }
    }
    Ok(())
}

pub(in crate::scim) fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// The text of an attribute that says something.
pub(in crate::scim) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.trim().is_empty())
}
