//! The body of a POST or PUT before anybody asked what it is about.

use serde_json::{Map, Value};

use crate::scim::{Error, json};

/// A JSON object in which every name occurs once.
#[derive(Clone, PartialEq)]
pub struct Document(Map<String, Value>);

impl Document {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// [`Error::Syntax`] for anything but one JSON object without a repeated name.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        json::object(body).map(Self)
    }

    /// The `data` of a bulk operation, which was parsed with its request.
    pub(in crate::scim) const fn of(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// Is `name` given, and null?
    #[must_use]
    pub fn has_null(&self, name: &str) -> bool {
        matches!(json::member(&self.0, name), Some(Value::Null))
    }

    pub(in crate::scim) const fn object(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl core::fmt::Debug for Document {
    /// Names only: the values are about people.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
