//! Names of attributes, and the paths of PATCH operations (RFC 7644 3.5.2 and 3.10).

use serde_json::{Map, Value};

use super::filter::{Node, value_filter};
use super::schema::{self, Attribute, COMMON, ResourceKind};
use super::{Error, Limits};

/// An attribute, one of its sub-attributes, or a whole extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The URN under which the attribute stands, for one of an extension.
    pub(super) extension: Option<&'static str>,
    /// The attribute; `None` for the whole extension.
    pub(super) attribute: Option<&'static Attribute>,
    pub(super) sub: Option<&'static Attribute>,
}

/// Why a text names no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameError {
    Malformed,
    /// It begins with a URN that is no schema of ours.
    UnknownSchema,
    UnknownAttribute,
}

impl Name {
    /// The attribute that `text` names, if any.
    pub(super) fn parse(kind: ResourceKind, text: &str) -> Option<Self> {
        Self::resolve(kind, text).ok()
    }

    /// The attribute that `text` names: `[URN:]attribute[.sub]`, in any case.
    ///
    /// A URN holds dots and colons itself, so that it ends where a known one does.
    pub(super) fn resolve(kind: ResourceKind, text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
            // Attributes of the extension without their URN: old reference checks of Entra ID ask for `manager` so.
            return Self::within(kind.attributes(), None, text)
                .or_else(|error| Self::within(COMMON, None, text).map_err(|_| error))
                .or_else(|error| match kind.extension() {
                    Some((urn, attributes)) => Self::within(attributes, Some(urn), text).map_err(|_| error),
                    None => Err(error),
                });
        }
        if let Some(rest) = after_urn(text, kind.urn()) {
            return match rest {
                "" => Err(NameError::UnknownAttribute),
                name => Self::within(kind.attributes(), None, name)
                    .or_else(|error| Self::within(COMMON, None, name).map_err(|_| error)),
            };
        }
        let Some((urn, attributes)) = kind.extension() else { return Err(NameError::UnknownSchema) };
        match after_urn(text, urn) {
            None => Err(NameError::UnknownSchema),
            Some("") => Ok(Self { extension: Some(urn), attribute: None, sub: None }),
            Some(name) => Self::within(attributes, Some(urn), name),
        }
    }

    fn within(
        attributes: &'static [Attribute],
        extension: Option<&'static str>,
        text: &str,
    ) -> Result<Self, NameError> {
        let (name, sub) = text.split_once('.').map_or((text, None), |(name, sub)| (name, Some(sub)));
        if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
            return Err(NameError::Malformed);
        }
        let attribute = schema::find(attributes, name).ok_or(NameError::UnknownAttribute)?;
        let sub = match sub {
            None => None,
            Some(sub) => Some(attribute.sub(sub).ok_or(NameError::UnknownAttribute)?),
        };
        Ok(Self { extension, attribute: Some(attribute), sub })
    }

    /// Whether this is the attribute of the core schema, or a part of it, called `name`.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.extension.is_none() && self.attribute.is_some_and(|attribute| attribute.name == name)
    }

    /// How answers call it.
    pub(super) fn spelled(&self) -> String {
        let attribute = self.attribute.map(|attribute| attribute.name);
        let mut text = match (self.extension, attribute) {
            (Some(urn), Some(name)) => format!("{urn}:{name}"),
            (Some(urn), None) => urn.to_owned(),
            (None, name) => name.unwrap_or_default().to_owned(),
        };
        if let Some(sub) = self.sub {
            text.push('.');
            text.push_str(sub.name);
        }
        text
    }

    /// The object in which the attribute stands.
    pub(super) fn home<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        match self.extension {
            None => Some(resource),
            Some(urn) => resource.get(urn)?.as_object(),
        }
    }

    /// Puts what is named from one resource into another.
    pub(super) fn copy(&self, from: &Map<String, Value>, to: &mut Map<String, Value>) {
        let Some(attribute) = self.attribute else {
            to.extend(self.extension.and_then(|urn| Some((urn.to_owned(), from.get(urn)?.clone()))));
            return;
        };
        let Some(value) = self.home(from).and_then(|home| home.get(attribute.name)) else { return };
        let home = match self.extension {
            None => to,
            Some(urn) => {
                let home = to.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                let Some(home) = home.as_object_mut() else { return };
                home
            }
        };
        let Some(sub) = self.sub else {
            home.insert(attribute.name.to_owned(), value.clone());
            return;
        };
        let part = |value: &Value| {
            let part = value.get(sub.name).map(|part| (sub.name.to_owned(), part.clone()));
            Map::from_iter(part)
        };
        match (value, home.get_mut(attribute.name)) {
            (Value::Object(_), Some(Value::Object(present))) => present.extend(part(value)),
            (Value::Array(values), Some(Value::Array(present))) => {
                for (value, present) in values.iter().zip(present) {
                    if let Some(present) = present.as_object_mut() {
                        present.extend(part(value));
                    }
                }
            }
            (Value::Array(values), _) => {
                let parts = values.iter().map(|value| Value::Object(part(value))).collect();
                home.insert(attribute.name.to_owned(), Value::Array(parts));
            }
            _ => {
                home.insert(attribute.name.to_owned(), Value::Object(part(value)));
            }
        }
    }

    /// Takes what is named out of a resource.
    pub(super) fn cut(&self, from: &mut Map<String, Value>) {
        let Some(attribute) = self.attribute else {
            self.extension.map(|urn| from.remove(urn));
            return;
        };
        let home = match self.extension {
            None => Some(from),
            Some(urn) => from.get_mut(urn).and_then(Value::as_object_mut),
        };
        let Some(home) = home else { return };
        let Some(sub) = self.sub else {
            home.remove(attribute.name);
            return;
        };
        match home.get_mut(attribute.name) {
            Some(Value::Object(object)) => {
                object.remove(sub.name);
            }
            Some(Value::Array(values)) => {
                for object in values.iter_mut().filter_map(Value::as_object_mut) {
                    object.remove(sub.name);
                }
            }
            _ => {}
        }
    }
}

/// What follows `urn` in `text`: nothing, or what stands behind a colon.
fn after_urn<'a>(text: &'a str, urn: &str) -> Option<&'a str> {
    let start = text.get(..urn.len())?;
    let rest = text.get(urn.len()..)?;
    start.eq_ignore_ascii_case(urn).then_some(())?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':').filter(|name| !name.is_empty()) }
}

/// RFC 7643 2.1, `ATTRNAME`; `$ref` is the one name that begins with a dollar.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

/// Where a PATCH operation works: `attribute`, `attribute.sub`, `attribute[filter]` or `attribute[filter].sub`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// The attribute; its `sub` is set in every form that has one.
    pub(super) name: Name,
    /// Which of several values.
    pub(super) filter: Option<Node>,
}

impl Path {
    /// Parses a path.
    pub(super) fn parse(kind: ResourceKind, text: &str, limits: &Limits) -> Result<Self, PathError> {
        if text.len() > limits.max_filter_bytes {
            return Err(PathError::Refused(Error::TooLarge {
                what: "bytes of a path",
                limit: limits.max_filter_bytes,
            }));
        }
        let Some((name, rest)) = text.split_once('[') else {
            return Ok(Self { name: Name::resolve(kind, text)?, filter: None });
        };
        // The filter may hold brackets in its texts, what follows it may not.
        let (filter, rest) = rest.rsplit_once(']').ok_or(NameError::Malformed)?;
        let mut name = Name::resolve(kind, name)?;
        let attribute = name.attribute.filter(|attribute| attribute.multi_valued && name.sub.is_none());
        let Some(attribute) = attribute else { return Err(NameError::Malformed.into()) };
        name.sub = match rest.trim().strip_prefix('.') {
            Some(sub) => Some(attribute.sub(sub).ok_or(NameError::UnknownAttribute)?),
            None if rest.trim().is_empty() => None,
            None => return Err(NameError::Malformed.into()),
        };
        Ok(Self { name, filter: Some(value_filter(attribute, filter, limits)?) })
    }
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PathError {
    Name(NameError),
    Refused(Error),
}

impl From<NameError> for PathError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl From<Error> for PathError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl PathError {
    /// What a client is told.
    pub(super) fn into_error(self) -> Error {
        let finding = match self {
            Self::Refused(error) => return error,
            Self::Name(NameError::Malformed) => "the path is no path to an attribute",
            Self::Name(NameError::UnknownSchema) => "the path begins with the URN of an unknown schema",
            Self::Name(NameError::UnknownAttribute) => "the path names an unknown attribute",
        };
        Error::Path { finding: finding.to_owned() }
    }
}
