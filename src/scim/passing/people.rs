//! People on their way through: what gives power beside groups does not go on, and whose names are spoken of.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::scim::Document;
use crate::scim::json::member;
use crate::scim::path::Name;
use crate::scim::schema::ResourceKind;

/// Read-only at a user (RFC 7643 4.1.2): groups are changed at the group, where a rule must lead to them.
const READ_ONLY: &str = "groups";

/// What services give rights by: an owner of an enterprise is a role at some of them.
const POWER: [&str; 2] = ["roles", "entitlements"];

/// Objects in objects that are looked into for names: a list of addresses has two levels.
const MAX_DEPTH: usize = 4;

/// A body that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sifted {
    /// What goes on; `None` when nothing of it may.
    pub body: Option<Vec<u8>>,
    /// The attributes that were left out.
    pub left_out: BTreeSet<&'static str>,
}

impl Document {
    /// The body of a POST or PUT of a user without `groups` and, unless `roles`, without roles and entitlements; `raw` is the
    /// same as it came.
    #[must_use]
    pub fn sifted_user(&self, raw: &[u8], roles: bool) -> Sifted {
        let mut sieve = Sieve { roles, left_out: BTreeSet::new() };
        let mut object = self.object().clone();
        sieve.object(&mut object);
        sieve.sifted(raw, Some(object))
    }

    /// The same for the body of a PATCH of a user. Operations of which nothing is left are left out, and with the last of
    /// them the whole body.
    #[must_use]
    pub fn sifted_user_patch(&self, raw: &[u8], roles: bool) -> Sifted {
        let mut sieve = Sieve { roles, left_out: BTreeSet::new() };
        let mut object = self.object().clone();
        let mut left = false;
        for (_, operations) in object.iter_mut().filter(|(name, _)| is(name, "Operations")) {
            if let Some(operations) = operations.as_array_mut() {
                operations.retain_mut(|operation| sieve.operation(operation));
                left |= !operations.is_empty();
            }
        }
        sieve.sifted(raw, left.then_some(object))
    }

    /// The user names and addresses that the body of a POST, PUT or PATCH of a user gives somebody, or that a service's user
    /// has.
    #[must_use]
    pub fn user_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        names_in(self.object(), MAX_DEPTH, &mut names);
        let operations = member(self.object(), "Operations").and_then(Value::as_array);
        for operation in operations.into_iter().flatten().filter_map(Value::as_object) {
            let path = member(operation, "path").and_then(Value::as_str).unwrap_or_default().trim();
            match member(operation, "value") {
                Some(Value::Object(parts)) if path.is_empty() || is_urn(path) => {
                    names_in(parts, MAX_DEPTH, &mut names);
                }
                Some(value) if is_name_of_user(path) => texts(value, MAX_DEPTH, &mut names),
                _ => {}
            }
        }
        names
    }
}

struct Sieve {
    roles: bool,
    left_out: BTreeSet<&'static str>,
}

impl Sieve {
    /// Does what `text` leads to stay here?
    fn holds(&mut self, text: &str) -> bool {
        let attribute = attribute_of(text);
        let power = POWER.into_iter().filter(|_| !self.roles);
        let found = power.chain([READ_ONLY]).find(|held| is(attribute, held));
        self.left_out.extend(found);
        found.is_some()
    }

    fn object(&mut self, object: &mut Map<String, Value>) {
        object.retain(|name, value| {
            if self.holds(name) {
                return false;
            }
            match value {
                // A schema as one object; the parser has bounded how deep they can stand in one another.
                Value::Object(parts) if is_urn(name) && !parts.is_empty() => {
                    self.object(parts);
                    !parts.is_empty()
                }
                _ => true,
            }
        });
    }

    /// Is anything left of it?
    fn operation(&mut self, operation: &mut Value) -> bool {
        let Some(operation) = operation.as_object_mut() else { return true };
        let path = member(operation, "path").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        if !path.is_empty() && self.holds(&path) {
            return false;
        }
        if !path.is_empty() && !is_urn(&path) {
            return true;
        }
        for (_, value) in operation.iter_mut().filter(|(name, _)| is(name, "value")) {
            if let Value::Object(parts) = value
                && !parts.is_empty()
            {
                self.object(parts);
                return !parts.is_empty();
            }
        }
        true
    }

    fn sifted(self, raw: &[u8], object: Option<Map<String, Value>>) -> Sifted {
        // What nothing was taken from goes on byte by byte.
        let body = if self.left_out.is_empty() {
            Some(raw.to_vec())
        } else {
            object.map(|object| Value::Object(object).to_string().into_bytes())
        };
        Sifted { body, left_out: self.left_out }
    }
}

/// The attribute that a name or a path leads to. Under the URN of a schema that nobody knows it is what stands last: how the
/// service behind us reads it must not decide what it means.
fn attribute_of(text: &str) -> &str {
    // What follows is a filter, in which anything may stand.
    let text = text.split('[').next().unwrap_or_default().trim();
    if let Some(attribute) = Name::parse(ResourceKind::User, text).and_then(|name| name.attribute) {
        return attribute.name;
    }
    let last = text.rsplit(':').next().unwrap_or_default();
    last.split('.').next().unwrap_or_default().trim()
}

fn is_name_of_user(text: &str) -> bool {
    ["userName", "emails"].iter().any(|attribute| is(attribute_of(text), attribute))
}

/// Also as services compare that fold more than ASCII: a long s is an `S` there, and a dotless i an `I`.
pub(super) fn is(name: &str, other: &str) -> bool {
    name.to_uppercase() == other.to_uppercase()
}

/// Is it the name of, or the path to, what services give rights by?
pub(super) fn is_power(text: &str) -> bool {
    POWER.iter().any(|power| is(attribute_of(text), power))
}

fn is_urn(text: &str) -> bool {
    text.trim().get(..4).is_some_and(|start| is(start, "urn:"))
}

fn names_in<'a>(object: &'a Map<String, Value>, depth: usize, names: &mut Vec<&'a str>) {
    for (name, value) in object {
        match value {
            value if is_name_of_user(name) => texts(value, depth, names),
            Value::Object(parts) if is_urn(name) && depth > 0 => {
                names_in(parts, depth.saturating_sub(1), names);
            }
            _ => {}
        }
    }
}

/// The texts of a value: one, a list, or objects with a `value`.
fn texts<'a>(value: &'a Value, depth: usize, names: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => names.push(text),
        Value::Array(values) if depth > 0 => {
            values.iter().for_each(|value| texts(value, depth.saturating_sub(1), names));
        }
        Value::Object(parts) if depth > 0 => {
            if let Some(value) = member(parts, "value") {
                texts(value, depth.saturating_sub(1), names);
            }
        }
        _ => {}
    }
}
