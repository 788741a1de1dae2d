//! A group (RFC 7643 4.2), without its members: those may be many, and are kept one by one.

use serde_json::{Map, Value, json};

use super::{Document, Member, Members, MembersChange, Meta, members, read};
use crate::scim::schema::ResourceKind;
use crate::scim::{Error, Limits, Patch};

/// What a client said about a group: its name and the client's id.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Group(Map<String, Value>);

impl Group {
    /// The group that a POST makes, and who is in it.
    ///
    /// # Errors
    /// A value is missing, of the wrong type or too large.
    pub fn from_post(body: &Document, limits: &Limits) -> Result<(Self, Members), Error> {
        let mut attributes = read::resource(ResourceKind::Group, body.object(), limits)?;
        let members = members::take(&mut attributes, limits)?;
        Ok((Self::checked(attributes, limits)?, members))
    }

    /// What a PUT makes of this group. Without `members` nobody is in it (RFC 7644 3.5.1); Okta sends all.
    ///
    /// # Errors
    /// As [`Group::from_post`].
    pub fn apply_put(&self, body: &Document, limits: &Limits) -> Result<(Self, MembersChange), Error> {
        let (group, members) = Self::from_post(body, limits)?;
        // `null` is no statement about them: only a list, or its absence, is.
        if matches!(crate::scim::json::member(body.object(), "members"), Some(Value::Null)) {
            return Ok((group, MembersChange::default()));
        }
        Ok((group, MembersChange::replace_by(members)))
    }

    /// What a PATCH makes of this group: all of it or, with an error, nothing (RFC 7644 3.5.2). `id` is the group's own.
    ///
    /// # Errors
    /// An operation cannot be carried out, or the result is no group.
    pub fn apply_patch(
        &self,
        id: &str,
        patch: &Patch,
        limits: &Limits,
    ) -> Result<(Self, MembersChange), Error> {
        let mut attributes = self.0.clone();
        let mut change = MembersChange::default();
        patch.apply_to_group(id, &mut attributes, &mut change, limits)?;
        Ok((Self::checked(attributes, limits)?, change))
    }

    fn checked(attributes: Map<String, Value>, limits: &Limits) -> Result<Self, Error> {
        // RFC 7643 4.2: `displayName` is required.
        if read::text(&attributes, "displayName").is_none() {
            return Err(Error::value("displayName", "is missing or empty"));
        }
        let bytes = serde_json::to_vec(&attributes).map_or(usize::MAX, |json| json.len());
        if bytes > limits.max_resource_bytes {
            return Err(Error::TooLarge { what: "bytes of one resource", limit: limits.max_resource_bytes });
        }
        Ok(Self(attributes))
    }

    /// The whole resource as an answer shows it; without `members` where they were not asked for. `base` is the address that
    /// clients know, without a slash at its end.
    #[must_use]
    pub fn render(&self, meta: &Meta, members: Option<&[Member]>, base: &str) -> Value {
        let mut resource = self.0.clone();
        meta.put_into(&mut resource, ResourceKind::Group, base);
        if let Some(members) = members.filter(|members| !members.is_empty()) {
            let shown = |member: &Member| {
                let mut shown = json!({
                    "value": member.id,
                    "$ref": format!("{base}/Users/{}", member.id),
                    "type": "User",
                });
                if let (Some(display), Some(shown)) = (&member.display, shown.as_object_mut()) {
                    shown.insert(String::from("display"), json!(display));
                }
                shown
            };
            resource.insert(String::from("members"), members.iter().map(shown).collect());
        }
        Value::Object(resource)
    }

    /// The name of the group; compared without case.
    #[must_use]
    pub fn display_name(&self) -> &str {
        read::text(&self.0, "displayName").unwrap_or_default()
    }

    /// The client's own id; compared with case.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        read::text(&self.0, "externalId")
    }
}
