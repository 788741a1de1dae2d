//! The body of a PATCH, in every shape that clients give it.

use serde_json::{Map, Value};

use super::{Error, Limits, Op, Operation, Path, ResourceKind, Target};
use crate::scim::json::member;
use crate::scim::path::PathError;
use crate::scim::schema::Mutability;

pub(super) fn operations(
    kind: ResourceKind,
    body: &Map<String, Value>,
    limits: &Limits,
) -> Result<Vec<Operation>, Error> {
    // `operations` in lower case was seen; the schema is not asked for, since some clients leave it out.
    let Some(Value::Array(given)) = member(body, "Operations") else {
        return Err(Error::syntax("the body has no list `Operations`"));
    };
    if given.is_empty() {
        return Err(Error::syntax("`Operations` is empty"));
    }
    let mut operations = Vec::new();
    for given in given {
        let Value::Object(given) = given else {
            return Err(Error::syntax("an operation is no object"));
        };
        operation(kind, given, limits, &mut operations)?;
        // Objects without a path are taken apart: their parts count.
        if operations.len() > limits.max_patch_operations {
            let limit = limits.max_patch_operations;
            return Err(Error::TooLarge { what: "operations of one PATCH", limit });
        }
    }
    Ok(operations)
}

fn operation(
    kind: ResourceKind,
    given: &Map<String, Value>,
    limits: &Limits,
    out: &mut Vec<Operation>,
) -> Result<(), Error> {
    // `Add`, `Replace` and `Remove` come from Entra ID unless it is told otherwise.
    let op = match member(given, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Op::Add,
        Some("replace") => Op::Replace,
        Some("remove") => Op::Remove,
        _ => return Err(Error::syntax("`op` is none of add, replace and remove")),
    };
    let value = member(given, "value");
    let path = match member(given, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.trim()).filter(|path| !path.is_empty()),
        Some(_) => return Err(Error::Path { finding: String::from("the path is no text") }),
    };
    match (op, path, value) {
        // RFC 7644 3.5.2.2.
        (Op::Remove, None, _) => Err(Error::NoTarget { finding: "an operation `remove` has no path" }),
        (_, None, Some(Value::Object(parts))) => take_apart(kind, op, parts, limits, out),
        (_, None, _) => Err(Error::value("value", "is no object, and the operation has no path")),
        (Op::Add | Op::Replace, Some(_), None) => {
            Err(Error::value("value", "is missing in an operation that adds or replaces"))
        }
        (_, Some(path), value) => {
            let target = if path.eq_ignore_ascii_case("id") {
                Target::Id
            } else {
                match Path::parse(kind, path, limits) {
                    Ok(path) => Target::Path(path),
                    // What other schemas mean is nobody's business here, in a PATCH as in a POST.
                    Err(PathError::Name(crate::scim::path::NameError::UnknownSchema)) => return Ok(()),
                    Err(error) => return Err(error.into_error()),
                }
            };
            out.push(Operation { op, target, value: value.cloned() });
            Ok(())
        }
    }
}

/// An object without a path: each of its names is an attribute, or a path as Entra ID writes it (`name.givenName`,
/// `emails[type eq "work"].value`, `urn:..:User:department`). As in a POST, what is unknown or read-only is passed over.
fn take_apart(
    kind: ResourceKind,
    op: Op,
    parts: &Map<String, Value>,
    limits: &Limits,
    out: &mut Vec<Operation>,
) -> Result<(), Error> {
    for (name, value) in parts {
        let target = match (name.as_str(), value) {
            (name, Value::Object(parts)) if name.eq_ignore_ascii_case(kind.urn()) => {
                // One level: within it the same name means nothing.
                let inner = parts.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(kind.urn()));
                let inner = inner.map(|(name, value)| (name.clone(), value.clone())).collect();
                take_apart(kind, op, &inner, limits, out)?;
                continue;
            }
            (name, _) if name.eq_ignore_ascii_case("id") => Target::Id,
            (name, _) => match Path::parse(kind, name, limits) {
                Err(PathError::Name(_)) => continue,
                Err(PathError::Refused(error)) => return Err(error),
                Ok(path) => {
                    let is_fixed =
                        path.name.attribute.is_some_and(|known| known.mutability == Mutability::ReadOnly);
                    if is_fixed {
                        continue;
                    }
                    Target::Path(path)
                }
            },
        };
        // A template's `"id": null` says nothing.
        if target == Target::Id && value.is_null() {
            continue;
        }
        out.push(Operation { op, target, value: Some(value.clone()) });
    }
    Ok(())
}
