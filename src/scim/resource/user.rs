//! A user (RFC 7643 4.1) with the enterprise extension (RFC 7643 4.3).

use serde_json::{Map, Value, json};

use super::{Document, GroupReference, Meta, read};
use crate::scim::schema::{ENTERPRISE, ResourceKind};
use crate::scim::{Error, Limits, Patch};

/// What a client said about a person: attributes in the schema's spelling, values as they were sent.
///
/// `id`, `meta`, `schemas`, `groups` and `password` are not in it.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct User(Map<String, Value>);

impl core::fmt::Debug for User {
    /// Names only: the values are about a person.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl User {
    /// The user that a POST makes. Without `active` the person is active, and that is written down (J17).
    ///
    /// # Errors
    /// A value is missing, of the wrong type or too large.
    pub fn from_post(body: &Document, limits: &Limits) -> Result<Self, Error> {
        let mut attributes = read::resource(ResourceKind::User, body.object(), limits)?;
        attributes.entry("active").or_insert(Value::Bool(true));
        Self::checked(attributes, limits)
    }

    /// What a PUT makes of this user: what is not sent is gone (RFC 7644 3.5.1). Without `active` the present state stays, so
    /// that a client which never sends it brings nobody back.
    ///
    /// # Errors
    /// As [`User::from_post`].
    pub fn apply_put(&self, body: &Document, limits: &Limits) -> Result<Self, Error> {
        let mut attributes = read::resource(ResourceKind::User, body.object(), limits)?;
        attributes.entry("active").or_insert(Value::Bool(self.active()));
        Self::checked(attributes, limits)
    }

    /// What a PATCH makes of this user: all of it or, with an error, nothing (RFC 7644 3.5.2). `id` is the user's own.
    ///
    /// # Errors
    /// An operation cannot be carried out, or the result is no user.
    pub fn apply_patch(&self, id: &str, patch: &Patch, limits: &Limits) -> Result<Self, Error> {
        let mut attributes = self.0.clone();
        patch.apply_to_user(id, &mut attributes, limits)?;
        Self::checked(attributes, limits)
    }

    fn checked(attributes: Map<String, Value>, limits: &Limits) -> Result<Self, Error> {
        // RFC 7643 4.1.1: `userName` is required and not empty.
        if read::text(&attributes, "userName").is_none() {
            return Err(Error::value("userName", "is missing or empty"));
        }
        read::check_primary(&attributes)?;
        let user = Self(attributes);
        let bytes = serde_json::to_vec(&user.0).map_or(usize::MAX, |json| json.len());
        if bytes > limits.max_resource_bytes {
            return Err(Error::TooLarge { what: "bytes of one resource", limit: limits.max_resource_bytes });
        }
        Ok(user)
    }

    /// The whole resource as an answer shows it. `base` is the address that clients know, without a slash at its end.
    #[must_use]
    pub fn render(&self, meta: &Meta, groups: &[GroupReference], base: &str) -> Value {
        let mut resource = self.0.clone();
        meta.put_into(&mut resource, ResourceKind::User, base);
        if !groups.is_empty() {
            let shown = |group: &GroupReference| {
                json!({
                    "value": group.id,
                    "$ref": format!("{base}/Groups/{}", group.id),
                    "display": group.display,
                    "type": "direct",
                })
            };
            resource.insert(String::from("groups"), groups.iter().map(shown).collect());
        }
        Value::Object(resource)
    }

    /// The name the person signs in with; compared without case.
    #[must_use]
    pub fn user_name(&self) -> &str {
        read::text(&self.0, "userName").unwrap_or_default()
    }

    /// The client's own id; compared with case.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        read::text(&self.0, "externalId")
    }

    /// Whether the person may use the application.
    #[must_use]
    pub fn active(&self) -> bool {
        self.0.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The name to show: `displayName`, else the formatted name, else given and family name, else the user name.
    #[must_use]
    pub fn display_name(&self) -> String {
        let name = self.0.get("name").and_then(Value::as_object);
        let part = |part| name.and_then(|name| read::text(name, part));
        let composed = || {
            let parts: Vec<&str> = [part("givenName"), part("familyName")].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let whole = read::text(&self.0, "displayName").or_else(|| part("formatted"));
        whole.map(str::to_owned).or_else(composed).unwrap_or_else(|| self.user_name().to_owned())
    }

    /// The address to write to: the primary one, else one for work, else the first, else the user name where it has an `@`.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        let emails = self.0.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let said =
            |email: &'_ Value| email.as_object().is_some_and(|email| read::text(email, "value").is_some());
        let is_work = |email: &&Value| {
            email.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
        };
        let emails = || emails.iter().filter(|email| said(email));
        let chosen = emails()
            .find(|email| read::is_primary(email))
            .or_else(|| emails().find(is_work))
            .or_else(|| emails().next());
        let chosen = chosen.and_then(|email| email.get("value")?.as_str());
        chosen.or_else(|| Some(self.user_name()).filter(|name| name.contains('@')))
    }

    /// All e-mail addresses, for an index.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        let emails = self.0.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        emails.iter().filter_map(|email| read::text(email.as_object()?, "value"))
    }

    /// An attribute of the core schema with one text value.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        read::text(&self.0, name)
    }

    /// An attribute of the enterprise extension with one text value.
    #[must_use]
    pub fn enterprise(&self, name: &str) -> Option<&str> {
        read::text(self.0.get(ENTERPRISE)?.as_object()?, name)
    }

    pub(in crate::scim) const fn attributes(&self) -> &Map<String, Value> {
        &self.0
    }
}
