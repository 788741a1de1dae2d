//! Filters (RFC 7644 3.4.2.2): which resources, and which of several values.

mod evaluate;
mod lexer;
mod lookup;
mod parse;

use serde_json::Value;

use super::path::Name;
use super::schema::{Attribute, ResourceKind};
use super::{Error, Limits};
pub use lookup::{Lookup, NamesGroups};
pub(super) use lookup::{only_values, values};

/// Which resources a client asks for. Comparisons of what cannot be compared do not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    kind: ResourceKind,
    node: Node,
}

impl Filter {
    /// Parses a filter over the attributes of `kind`.
    ///
    /// # Errors
    /// [`Error::Filter`] for what is malformed, names no attribute, or compares what cannot be compared; [`Error::TooLarge`].
    pub fn parse(kind: ResourceKind, text: &str, limits: &Limits) -> Result<Self, Error> {
        let node = parse::parse(parse::Scope::Resource(kind), text, limits)?;
        lookup::check_memberships(&node)?;
        Ok(Self { kind, node })
    }

    /// Whether `resource`, as it is rendered, is one of those. Of the memberships it needs to hold only those in
    /// [`Filter::memberships`].
    #[must_use]
    pub fn matches(&self, resource: &Value) -> bool {
        resource.as_object().is_some_and(|resource| evaluate::holds(&self.node, resource))
    }

    /// The value that every resource it matches has, by which an index finds the few that can match.
    #[must_use]
    pub fn lookup(&self) -> Option<Lookup<'_>> {
        lookup::lookup(self.kind, &self.node)
    }

    /// How it speaks of the names of groups.
    #[must_use]
    pub fn names_groups(&self) -> NamesGroups<'_> {
        lookup::names_groups(&self.node)
    }

    /// The memberships it asks about: ids of users in a filter for groups, ids of groups in one for users.
    #[must_use]
    pub fn memberships(&self) -> Vec<&str> {
        lookup::memberships(&self.node)
    }
}

/// The filter between the brackets of a path, over the sub-attributes of `attribute`.
pub(super) fn value_filter(
    attribute: &'static Attribute,
    text: &str,
    limits: &Limits,
) -> Result<Node, Error> {
    parse::parse(parse::Scope::Value(attribute), text, limits)
}

/// A condition. Its depth and its size are bounded by the parser.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// A comparison; of several values any may meet it.
    Test(Name, Test),
    /// `attribute[inner]`, or `attribute[inner].sub op value` as Entra ID writes it: one value meets all of it.
    Within {
        name: Name,
        inner: Box<Node>,
        then: Option<(Option<&'static Attribute>, Test)>,
    },
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Present,
    Compare(Operator, Literal),
}

/// RFC 7644 3.4.2.2, table 3, without `pr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// A value to compare with, of the attribute's type.
#[derive(Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    /// As it was written, and folded for attributes that are compared without case.
    Text {
        written: String,
        compared: String,
    },
    Instant(crate::base::UnixTime),
}

impl core::fmt::Debug for Literal {
    /// Without the value, which is about a person.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("#redacted")
    }
}

impl Node {
    /// The sub-attributes and texts of a filter made of `eq` and `and` only: what an element that it would match has.
    pub(super) fn equalities(&self) -> Option<Vec<(&'static Attribute, Value)>> {
        match self {
            Self::And(nodes) => {
                let all: Option<Vec<_>> = nodes.iter().map(Self::equalities).collect();
                Some(all?.into_iter().flatten().collect())
            }
            Self::Test(name, Test::Compare(Operator::Eq, literal)) => {
                let value = match literal {
                    Literal::Text { written, .. } => Value::String(written.clone()),
                    Literal::Boolean(value) => Value::Bool(*value),
                    Literal::Null | Literal::Instant(_) => return None,
                };
                Some(vec![(name.attribute?, value)])
            }
            _ => None,
        }
    }

    /// Whether a value of several meets it.
    pub(super) fn holds_for(&self, element: &Value) -> bool {
        element.as_object().is_some_and(|element| evaluate::holds(self, element))
    }
}

#[cfg(test)]
mod tests;
