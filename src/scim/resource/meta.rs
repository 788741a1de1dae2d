//! What the service says about a resource besides what the client said (RFC 7643 3.1).

use serde_json::{Map, Value, json};

use crate::base::UnixTime;
use crate::scim::ResourceKind;

/// What the keeper of a resource knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The id that the keeper gave it.
    pub id: String,
    /// When it was made.
    pub created: UnixTime,
    /// When it was last changed.
    pub last_modified: UnixTime,
    /// Something that changes whenever the resource does: letters, digits, `-`, `_`, `.`.
    pub version: String,
}

/// A group that a person is in, as `groups` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReference {
    /// The id of the group.
    pub id: String,
    /// Its name.
    pub display: String,
}

impl Meta {
    /// The version as it stands in `meta.version` and in `ETag` (RFC 7644 3.14).
    #[must_use]
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// Puts `id`, `schemas` and `meta` into a resource. `base` is the address that clients know, without a slash at its end.
    pub(super) fn put_into(&self, resource: &mut Map<String, Value>, kind: ResourceKind, base: &str) {
        let mut schemas = vec![kind.urn()];
        schemas.extend(kind.extension().map(|(urn, _)| urn).filter(|urn| resource.contains_key(*urn)));
        resource.insert(String::from("schemas"), json!(schemas));
        resource.insert(String::from("id"), json!(self.id));
        let meta = json!({
            "resourceType": kind.name(),
            "created": self.created.to_xs_date_time(),
            "lastModified": self.last_modified.to_xs_date_time(),
            "location": format!("{base}/{}/{}", kind.endpoint(), self.id),
            "version": self.etag(),
        });
        resource.insert(String::from("meta"), meta);
    }
}
