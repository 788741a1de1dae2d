//! Whether a resource, or one value of several, meets a condition.

use core::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Literal, Node, Operator, Test};
use crate::base::UnixTime;
use crate::scim::path::Name;
use crate::scim::schema::{Attribute, Kind};

/// Work is bounded by the terms of the filter times the values of the resource, both of which have limits.
pub(super) fn holds(node: &Node, object: &Map<String, Value>) -> bool {
    match node {
        Node::And(nodes) => nodes.iter().all(|node| holds(node, object)),
        Node::Or(nodes) => nodes.iter().any(|node| holds(node, object)),
        Node::Not(node) => !holds(node, object),
        Node::Test(name, test) => tested(name, test, object),
        Node::Within { name, inner, then } => {
            let Some(attribute) = name.attribute else { return false };
            elements(name.home(object).and_then(|home| home.get(attribute.name))).any(|element| {
                inner.holds_for(element)
                    && then.as_ref().is_none_or(|(sub, test)| {
                        sub.is_none_or(|sub| value_holds(sub, test, element.get(sub.name)))
                    })
            })
        }
    }
}

fn tested(name: &Name, test: &Test, object: &Map<String, Value>) -> bool {
    let Some(attribute) = name.attribute else {
        return name.home(object).is_some_and(|home| !home.is_empty());
    };
    let value = name.home(object).and_then(|home| home.get(attribute.name));
    let leaf = match (name.sub, attribute.kind) {
        (Some(sub), _) => Some(sub),
        (None, Kind::Complex(_)) if *test != Test::Present => attribute.sub("value"),
        (None, _) => None,
    };
    let part = |value: &'_ Value| match leaf {
        Some(leaf) => value_holds(leaf, test, value.get(leaf.name)),
        None => value_holds(attribute, test, Some(value)),
    };
    // Of several values any may meet it; where there is none, `ne` and `eq null` still do.
    let mut values = elements(value).peekable();
    if values.peek().is_none() {
        return value_holds(attribute, test, None);
    }
    values.any(part)
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(single) => core::slice::from_ref(single),
        None => &[],
    };
    values.iter().filter(|value| !value.is_null())
}

fn value_holds(attribute: &Attribute, test: &Test, value: Option<&Value>) -> bool {
    let value = value.filter(|value| !value.is_null());
    match test {
        Test::Present => value.is_some_and(|value| value.as_str() != Some("")),
        Test::Compare(operator, Literal::Null) => value.is_none() == (*operator == Operator::Eq),
        Test::Compare(operator, literal) => match value {
            None => *operator == Operator::Ne,
            Some(value) => compared(attribute, *operator, literal, value),
        },
    }
}

fn compared(attribute: &Attribute, operator: Operator, literal: &Literal, value: &Value) -> bool {
    match (literal, value) {
        (Literal::Boolean(literal), Value::Bool(value)) => match operator {
            Operator::Eq => value == literal,
            Operator::Ne => value != literal,
            _ => false,
        },
        (Literal::Text { compared, .. }, Value::String(value)) => {
            let folded;
            let value = if attribute.case_exact {
                value
            } else {
                folded = crate::scim::fold(value);
                &folded
            };
            match operator {
                Operator::Co => value.contains(compared.as_str()),
                Operator::Sw => value.starts_with(compared.as_str()),
                Operator::Ew => value.ends_with(compared.as_str()),
                ordered => in_order(ordered, value.as_str().cmp(compared.as_str())),
            }
        }
        (Literal::Instant(literal), Value::String(value)) => {
            UnixTime::parse_xs_date_time(value).is_some_and(|value| in_order(operator, value.cmp(literal)))
        }
        _ => operator == Operator::Ne,
    }
}

fn in_order(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
