//! Walking an element child by child in the order of the schema.
//!
//! There is no search by name anywhere in this room: an element is where the schema puts it or the message is
//! refused. That is what stops wrapping attacks that a lookup (`//Assertion`, `getElementById`) would fall for.

use super::error::{ProfileError, ResponseError, SchemaProblem};
use super::names;
use crate::base::UnixTime;
use crate::xml::Element;

/// The children of one element, taken in order.
pub(super) struct Sequence<'a> {
    name: &'static str,
    rest: core::iter::Peekable<std::vec::IntoIter<Element<'a>>>,
}

impl<'a> Sequence<'a> {
    /// The children of `element`, which errors call `name`. Text between them is refused: a comment trick that
    /// hides content there has no reader to fool.
    pub(super) fn of(element: Element<'a>, name: &'static str) -> Result<Self, ProfileError> {
        if element.has_stray_text() {
            return Err(violation(name, SchemaProblem::StrayText));
        }
        let children: Vec<_> = element.children().collect();
        Ok(Self { name, rest: children.into_iter().peekable() })
    }

    /// The next child if it is `{ns}local`.
    pub(super) fn optional(&mut self, ns: &str, local: &str) -> Option<Element<'a>> {
        self.rest.next_if(|child| child.is(ns, local))
    }

    /// The next child, which must be `{ns}local`.
    pub(super) fn required(&mut self, ns: &str, local: &'static str) -> Result<Element<'a>, ProfileError> {
        self.optional(ns, local).ok_or_else(|| violation(self.name, SchemaProblem::ElementMissing(local)))
    }

    /// The next child, whatever it is.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        self.rest.next()
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), ProfileError> {
        self.rest.next().map_or(Ok(()), |child| Err(unexpected(self.name, child)))
    }
}

/// A schema violation inside `element`.
pub(super) const fn violation(element: &'static str, problem: SchemaProblem) -> ProfileError {
    ProfileError::SchemaViolation { element, problem }
}

/// `child` does not belong into `element`.
pub(super) fn unexpected(element: &'static str, child: Element<'_>) -> ProfileError {
    violation(element, SchemaProblem::ElementUnexpected(child.local_name().to_owned()))
}

/// The attribute `name`, which must be there.
pub(super) fn attribute<'a>(
    element: Element<'a>,
    parent: &'static str,
    name: &'static str,
) -> Result<&'a str, ProfileError> {
    element.attribute(name).ok_or_else(|| violation(parent, SchemaProblem::AttributeMissing(name)))
}

/// The attribute `name` as an instant (core 1.3.3), if it is there.
pub(super) fn instant(element: Element<'_>, name: &'static str) -> Result<Option<UnixTime>, ProfileError> {
    let Some(text) = element.attribute(name) else { return Ok(None) };
    match UnixTime::parse_xs_date_time(text) {
        Some(instant) => Ok(Some(instant)),
        None => Err(ProfileError::InstantMalformed { attribute: name, presented: text.to_owned() }),
    }
}

/// The attribute `name` as an instant, which must be there.
pub(super) fn required_instant(
    element: Element<'_>,
    parent: &'static str,
    name: &'static str,
) -> Result<UnixTime, ProfileError> {
    instant(element, name)?.ok_or_else(|| violation(parent, SchemaProblem::AttributeMissing(name)))
}

/// `Version`, which must say 2.0 (core 2.3.3, 3.2.2, 4.1.3.3).
pub(super) fn version(element: Element<'_>, name: &'static str) -> Result<(), ProfileError> {
    match element.attribute("Version") {
        Some("2.0") => Ok(()),
        other => Err(ProfileError::VersionUnsupported { element: name, presented: other.map(str::to_owned) }),
    }
}

/// `ID`, an `xs:ID` and so an NCName (core 1.3.4).
pub(super) fn id(element: Element<'_>, name: &'static str) -> Result<String, ProfileError> {
    let id = attribute(element, name, "ID")?;
    if !is_ncname(id) {
        return Err(violation(name, SchemaProblem::AttributeMalformed("ID")));
    }
    Ok(id.to_owned())
}

/// Is `text` an NCName? Letters and digits are Unicode's, which is a little narrower than XML's list.
pub(super) fn is_ncname(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.'))
}

/// The text of `element`, which errors call `name`, if it has no more than `limit` bytes.
pub(super) fn bounded<'a>(
    element: Element<'a>,
    name: &'static str,
    limit: usize,
) -> Result<&'a str, ResponseError> {
    let text = element.value()?;
    if text.len() > limit {
        return Err(ProfileError::ValueTooLong { element: name, bytes: text.len(), limit }.into());
    }
    Ok(text)
}

/// Counts one more of `elements`, of which there may be `limit`.
pub(super) const fn count(
    elements: &'static str,
    number: &mut usize,
    limit: usize,
) -> Result<(), ProfileError> {
    *number = number.saturating_add(1);
    if *number > limit { Err(ProfileError::TooMany { elements, limit }) } else { Ok(()) }
}

/// The text of an element whose type is a URI or a name: XML white space around it does not count, because
/// pretty-printing identity providers add it and no URI contains it.
pub(super) fn trimmed(element: Element<'_>, name: &'static str) -> Result<String, ResponseError> {
    let text = bounded(element, name, element.limits().max_uri_bytes)?;
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Err(violation(name, SchemaProblem::ValueEmpty).into());
    }
    Ok(text.to_owned())
}

/// Refuses SAML, protocol and signature elements below `element`: extension points hold other people's elements,
/// and an assertion hidden there is an attack, not an extension.
pub(super) fn foreign_only(element: Element<'_>, name: &'static str) -> Result<(), ProfileError> {
    let mut waiting: Vec<_> = element.children().collect();
    while let Some(next) = waiting.pop() {
        if matches!(next.namespace(), Some(names::ASSERTION | names::PROTOCOL | names::DSIG)) {
            return Err(unexpected(name, next));
        }
        waiting.extend(next.children());
    }
    Ok(())
}
