//! One operation on the attributes of a resource.

use serde_json::{Map, Value};

use super::element::{self, Elements};
use super::{Error, Limits, Op, Path};
use crate::scim::path::Name;
use crate::scim::resource::read;
use crate::scim::schema::{self, Attribute, Kind, Mutability, ResourceKind};

pub(super) fn apply(
    op: Op,
    path: &Path,
    value: Option<&Value>,
    resource: &mut Map<String, Value>,
    limits: &Limits,
) -> Result<(), Error> {
    let Some(urn) = path.name.extension else {
        return match path.name.attribute {
            Some(attribute) => at(op, path, attribute, value, resource, limits),
            None => Ok(()),
        };
    };
    let mut home = match resource.remove(urn) {
        Some(Value::Object(home)) => home,
        _ => Map::new(),
    };
    match path.name.attribute {
        Some(attribute) => at(op, path, attribute, value, &mut home, limits)?,
        None => extension(op, urn, value, &mut home, limits)?,
    }
    if !home.is_empty() {
        resource.insert(urn.to_owned(), Value::Object(home));
    }
    Ok(())
}

/// An operation on a whole extension: its attributes are set one by one, as Okta sends them.
fn extension(
    op: Op,
    urn: &'static str,
    value: Option<&Value>,
    home: &mut Map<String, Value>,
    limits: &Limits,
) -> Result<(), Error> {
    let parts = match (op, value) {
        (Op::Remove, _) | (Op::Replace, Some(Value::Null)) => {
            home.clear();
            return Ok(());
        }
        (_, Some(Value::Object(parts))) => parts,
        _ => return Err(Error::value(urn, "is no object")),
    };
    let attributes = ResourceKind::User.extension().filter(|(known, _)| *known == urn);
    for (name, value) in parts {
        let Some(attribute) = attributes.and_then(|(_, attributes)| schema::find(attributes, name)) else {
            continue;
        };
        let name = Name { extension: Some(urn), attribute: Some(attribute), sub: None };
        at(op, &Path { name, filter: None }, attribute, Some(value), home, limits)?;
    }
    Ok(())
}

/// An operation on `attribute`, which stands in `home`.
fn at(
    op: Op,
    path: &Path,
    attribute: &'static Attribute,
    value: Option<&Value>,
    home: &mut Map<String, Value>,
    limits: &Limits,
) -> Result<(), Error> {
    // Okta changes passwords by PATCH: accepted and dropped, as at creation.
    if attribute.mutability == Mutability::WriteOnly {
        return Ok(());
    }
    let spelled = path.name.spelled();
    // RFC 7644 3.5.2.2: what is required cannot be removed.
    let empties = op == Op::Remove || value.is_none_or(Value::is_null);
    if attribute.required && path.name.sub.is_none() && empties {
        return Err(Error::Mutability { attribute: spelled, finding: "is required" });
    }
    if attribute.multi_valued {
        let elements = Elements { attribute, path, spelled: &spelled, limits };
        return elements.apply(op, value, home);
    }
    match (path.name.sub, attribute.kind) {
        (Some(sub), _) => {
            let mut object = match home.remove(attribute.name) {
                Some(Value::Object(object)) => object,
                _ => Map::new(),
            };
            let before = object.get("value").cloned();
            element::set(op, sub, &spelled, value, &mut object, limits)?;
            forget_stale(attribute, before.as_ref(), &mut object);
            if !object.is_empty() {
                home.insert(attribute.name.to_owned(), Value::Object(object));
            }
            Ok(())
        }
        (None, Kind::Complex(_)) => complex(op, attribute, &spelled, value, home, limits),
        (None, _) => element::set(op, attribute, &spelled, value, home, limits),
    }
}

/// RFC 7644 3.5.2.3: of a single complex value the parts that are named are set, the others stay.
fn complex(
    op: Op,
    attribute: &'static Attribute,
    spelled: &str,
    value: Option<&Value>,
    home: &mut Map<String, Value>,
    limits: &Limits,
) -> Result<(), Error> {
    let read = match (op, value) {
        (Op::Remove, _) | (_, None) => None,
        (_, Some(value)) => read::single(attribute, spelled, value, limits)?,
    };
    let present = home.remove(attribute.name);
    let mut object = match present {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    match (op, value, read) {
        (Op::Remove, ..) | (Op::Replace, Some(Value::Null), _) => return Ok(()),
        (op, Some(given), read) => {
            let before = object.get("value").cloned();
            // `null` says that there is none.
            if let (Op::Replace, Value::Object(given)) = (op, given) {
                for name in given.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name) {
                    attribute.sub(name).map(|sub| object.remove(sub.name));
                }
            }
            let has_new_address = read.as_ref().is_some_and(|read| read.get("$ref").is_some());
            if let Some(Value::Object(read)) = read {
                object.extend(read);
            }
            if !has_new_address {
                forget_stale(attribute, before.as_ref(), &mut object);
            }
        }
        _ => {}
    }
    if !object.is_empty() {
        home.insert(attribute.name.to_owned(), Value::Object(object));
    }
    Ok(())
}

/// The address of the last manager is none of the next one's.
fn forget_stale(attribute: &Attribute, before: Option<&Value>, object: &mut Map<String, Value>) {
    if attribute.sub("$ref").is_some() && before.is_some() && object.get("value") != before {
        object.remove("$ref");
    }
}
