//! What a filter says about the resources it can match, so that whoever keeps them need not read all.

use super::{Error, Literal, Node, Operator, Test};
use crate::scim::path::Name;
use crate::scim::schema::ResourceKind;

/// A value that every matching resource has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// `id`, with case.
    Id(&'a str),
    /// `externalId`, with case.
    ExternalId(&'a str),
    /// `userName`, folded.
    UserName(&'a str),
    /// `displayName` of a group, folded.
    DisplayName(&'a str),
    /// One of the e-mail addresses, folded.
    Email(&'a str),
    /// A member of a group, with case.
    Member(&'a str),
}

/// How a filter speaks of the names of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamesGroups<'a> {
    /// Not at all.
    No,
    /// It is `displayName eq` this, as it was written, and nothing else.
    Equals(&'a str),
    /// In another way.
    Otherwise,
}

pub(super) fn names_groups(node: &Node) -> NamesGroups<'_> {
    let all = |nodes: &[Node]| {
        if nodes.iter().all(|node| names_groups(node) == NamesGroups::No) {
            NamesGroups::No
        } else {
            NamesGroups::Otherwise
        }
    };
    match node {
        Node::And(nodes) | Node::Or(nodes) => all(nodes),
        Node::Not(node) => all(core::slice::from_ref(node)),
        Node::Test(name, Test::Compare(Operator::Eq, Literal::Text { written, .. }))
            if name.is_of("displayName") =>
        {
            NamesGroups::Equals(written)
        }
        Node::Test(name, _) if name.is_of("displayName") => NamesGroups::Otherwise,
        Node::Test(..) | Node::Within { .. } => NamesGroups::No,
    }
}

/// The narrowest of what all matches have in common.
pub(super) fn lookup(kind: ResourceKind, node: &Node) -> Option<Lookup<'_>> {
    match node {
        Node::And(nodes) => nodes.iter().filter_map(|node| lookup(kind, node)).min_by_key(rank),
        Node::Test(name, Test::Compare(Operator::Eq, Literal::Text { compared, .. })) => {
            of_name(kind, name, name.sub.map(|sub| sub.name), compared)
        }
        Node::Within { name, inner, then } => {
            let then = match then {
                Some((Some(sub), Test::Compare(Operator::Eq, Literal::Text { compared, .. }))) => {
                    of_name(kind, name, Some(sub.name), compared)
                }
                _ => None,
            };
            then.or_else(|| inner_value(inner).and_then(|value| of_name(kind, name, Some("value"), value)))
        }
        _ => None,
    }
}

const fn rank(lookup: &Lookup<'_>) -> u8 {
    match lookup {
        Lookup::Id(_) => 0,
        Lookup::UserName(_) => 1,
        Lookup::ExternalId(_) => 2,
        Lookup::DisplayName(_) => 3,
        Lookup::Email(_) => 4,
        Lookup::Member(_) => 5,
    }
}

fn of_name<'a>(kind: ResourceKind, name: &Name, sub: Option<&str>, value: &'a str) -> Option<Lookup<'a>> {
    let attribute = name.attribute.filter(|_| name.extension.is_none())?;
    Some(match (kind, attribute.name, sub) {
        (_, "id", None) => Lookup::Id(value),
        (_, "externalId", None) => Lookup::ExternalId(value),
        (ResourceKind::User, "userName", None) => Lookup::UserName(value),
        (ResourceKind::User, "emails", None | Some("value")) => Lookup::Email(value),
        (ResourceKind::Group, "displayName", None) => Lookup::DisplayName(value),
        (ResourceKind::Group, "members", None | Some("value")) => Lookup::Member(value),
        _ => return None,
    })
}

/// The text that `value` must equal inside brackets.
fn inner_value(node: &Node) -> Option<&str> {
    match node {
        Node::And(nodes) => nodes.iter().find_map(inner_value),
        Node::Test(name, Test::Compare(Operator::Eq, Literal::Text { compared, .. })) => {
            name.attribute.filter(|attribute| attribute.name == "value").map(|_| compared.as_str())
        }
        _ => None,
    }
}

/// Memberships are kept one by one: they can be asked for by id and in no other way.
pub(super) fn check_memberships(node: &Node) -> Result<(), Error> {
    let refused =
        || Err(Error::Filter { finding: String::from("memberships can be compared by `value eq` only") });
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().try_for_each(check_memberships),
        Node::Not(node) => check_memberships(node),
        Node::Test(name, test) if is_membership(name) => {
            let by_value = name.sub.is_none_or(|sub| sub.name == "value");
            if by_value && is_text_eq(test) { Ok(()) } else { refused() }
        }
        Node::Within { name, inner, then } if is_membership(name) => {
            if then.is_none() && only_values(inner) {
                Ok(())
            } else {
                refused()
            }
        }
        _ => Ok(()),
    }
}

/// The ids that [`check_memberships`] lets through.
pub(super) fn memberships(node: &Node) -> Vec<&str> {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().flat_map(memberships).collect(),
        Node::Not(node) => memberships(node),
        Node::Test(name, Test::Compare(_, Literal::Text { compared, .. })) if is_membership(name) => {
            vec![compared]
        }
        Node::Within { name, inner, .. } if is_membership(name) => values(inner),
        _ => Vec::new(),
    }
}

fn is_membership(name: &Name) -> bool {
    name.is_of("members") || name.is_of("groups")
}

fn is_text_eq(test: &Test) -> bool {
    matches!(test, Test::Compare(Operator::Eq, Literal::Text { .. }))
}

/// Whether the filter of `members[..]` is made of `value eq "x"` and `or` only.
pub(in crate::scim) fn only_values(node: &Node) -> bool {
    match node {
        Node::Or(nodes) => nodes.iter().all(only_values),
        Node::Test(name, test) => {
            name.attribute.is_some_and(|attribute| attribute.name == "value") && is_text_eq(test)
        }
        _ => false,
    }
}

/// The ids in such a filter.
pub(in crate::scim) fn values(node: &Node) -> Vec<&str> {
    match node {
        Node::Or(nodes) => nodes.iter().flat_map(values).collect(),
        Node::Test(_, Test::Compare(_, Literal::Text { compared, .. })) => vec![compared],
        _ => Vec::new(),
    }
}
