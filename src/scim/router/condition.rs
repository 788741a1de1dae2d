//! Conditions on the version of a resource (RFC 7644 3.14, RFC 9110 13.1).

use super::Error;

/// Which version a resource must have for a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition(Tags);

/// Which version a client has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition(Tags);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Tags {
    #[default]
    Absent,
    Any,
    OneOf(Vec<String>),
}

impl Precondition {
    pub(in crate::scim) fn parse(if_match: Option<&str>) -> Self {
        Self(Tags::parse(if_match))
    }

    /// Checks the version that a resource has; `etag` as [`crate::scim::Meta::etag`] writes it.
    ///
    /// # Errors
    /// [`Error::Version`] when another one is demanded.
    pub fn check(&self, etag: &str) -> Result<(), Error> {
        match self.0 {
            Tags::Absent => Ok(()),
            _ if self.0.names(etag) => Ok(()),
            _ => Err(Error::Version),
        }
    }
}

impl Condition {
    pub(super) fn parse(if_none_match: Option<&str>) -> Self {
        Self(Tags::parse(if_none_match))
    }

    /// Whether the client has that version already, so that the answer is 304.
    #[must_use]
    pub fn is_known(&self, etag: &str) -> bool {
        self.0.names(etag)
    }
}

impl Tags {
    fn parse(header: Option<&str>) -> Self {
        match header.map(str::trim) {
            None => Self::Absent,
            Some("*") => Self::Any,
            // Versions of ours hold no comma; what is no tag matches nothing, so that a malformed condition changes nothing.
            Some(list) => Self::OneOf(list.split(',').map(|tag| opaque(tag).to_owned()).collect()),
        }
    }

    fn names(&self, etag: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag == opaque(etag)),
        }
    }
}

/// The tag without its mark of weakness: RFC 7644 3.14 compares weak ones.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}
