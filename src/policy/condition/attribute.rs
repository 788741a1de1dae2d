//! Attributes of the assertion, as a condition.

use super::Holds;
use crate::http::StringMatch;
use crate::identity::Identity;

/// A comparison of one attribute, shaped as Envoy's `HeaderMatcher`.
#[derive(Clone, Debug)]
pub struct AttributeMatch {
    /// `Name`, else `FriendlyName`; case matters.
    pub name: String,
    /// What is asked of it.
    pub value: AttributeValueMatch,
    /// Turns the answer around, but an attribute without values still does not match a value, as a missing header
    /// does not in Envoy.
    pub invert: bool,
}

/// What is asked of an attribute.
#[derive(Clone, Debug)]
pub enum AttributeValueMatch {
    /// The attribute is there (`true`) or not there (`false`), with or without values.
    Present(bool),
    /// One of its values matches. Values are never joined: `a,b` is one value.
    String(StringMatch),
}

impl AttributeMatch {
    pub(super) fn holds(&self, identity: &Identity) -> Holds {
        let attribute = identity.attribute(&self.name);
        match &self.value {
            AttributeValueMatch::Present(present) => {
                Holds::from((attribute.is_some() == *present) != self.invert)
            }
            AttributeValueMatch::String(string) => match attribute {
                None => Holds::No,
                // What could not be read might match, and might be what the rule is about.
                Some(attribute) if attribute.incomplete => Holds::Unknown,
                Some(attribute) => {
                    let matched = attribute.values.iter().any(|value| string.matches(value));
                    Holds::from(!attribute.values.is_empty() && matched != self.invert)
                }
            },
        }
    }
}
