//! What the kinds of directories have in common where they describe a person.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::Pii;
use crate::directory::{Membership, Person};

/// Bytes of an id: those of directories are GUIDs or words of 20 characters; SCIM sets no bound.
const MAX_ID_BYTES: usize = 256;

/// Attributes of one person that are kept, and values of each; rules name a handful.
const MAX_ATTRIBUTES: usize = 128;
const MAX_VALUES: usize = 64;

/// Bytes of one value. Photographs are larger, and no rule asks for one.
const MAX_VALUE_BYTES: usize = 2 * 1024;

/// An id that can stand in a path and in a checkpoint.
pub(super) fn is_id(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
}

/// Attributes while they are read.
#[derive(Debug, Default)]
pub(super) struct Attributes(BTreeMap<String, Vec<String>>);

impl Attributes {
    /// Takes the texts, numbers and booleans of `value`, one or a list; what is none of these is no value.
    pub(super) fn take(&mut self, name: &str, value: &Value) {
        let list = match value {
            Value::Array(list) => list.as_slice(),
            single => core::slice::from_ref(single),
        };
        for value in list.iter().take(MAX_VALUES) {
            match value {
                Value::String(text) => self.put(name, text),
                Value::Bool(_) | Value::Number(_) => self.put(name, &value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => {}
            }
        }
    }

    /// Adds one value.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        let fits = self.0.len() < MAX_ATTRIBUTES || self.0.contains_key(name);
        if fits && !name.is_empty() && !value.is_empty() && value.len() <= MAX_VALUE_BYTES {
            let values = self.0.entry(name.to_owned()).or_default();
            if values.len() < MAX_VALUES {
                values.push(value.to_owned());
            }
        }
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The person whose user name is the attribute `username`; `None` for one without. Whether they are active is said by
/// [`super::source::PageRead::enter`].
pub(super) fn person(
    id: &str,
    username: &str,
    email: Option<&str>,
    display_name: Option<&str>,
    attributes: Attributes,
) -> Option<Person> {
    let said = |text: Option<&str>| {
        text.map(str::trim).filter(|text| !text.is_empty()).map(|text| Pii::new(text.to_owned()))
    };
    Some(Person {
        id: id.to_owned(),
        username: Pii::new(attributes.first(username)?.to_owned()),
        active: false,
        email: said(email),
        display_name: said(display_name),
        attributes: attributes.0,
        groups: Membership::Unknown,
    })
}

/// Is it the same user name? All of these directories compare them without case.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
