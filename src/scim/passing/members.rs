//! What a request changes about who is in a group.

use serde_json::{Map, Value};

use crate::scim::json::member;
use crate::scim::{Document, Error, Group, Limits, Members, MembersChange, Patch};

impl Document {
    /// The group that a POST or PUT describes, and who is in it.
    ///
    /// # Errors
    /// It is no group.
    pub fn group(&self, limits: &Limits) -> Result<(Group, Members), Error> {
        Group::from_post(self, limits)
    }
}

impl Patch {
    /// What the group `id` is called afterwards that was called `name`, and what changes about its members.
    ///
    /// # Errors
    /// Nobody can say.
    pub fn of_group(&self, id: &str, name: &str, limits: &Limits) -> Result<(String, MembersChange), Error> {
        let named = Map::from_iter([(String::from("displayName"), Value::from(name))]);
        let (group, _) = Document::of(named).group(limits)?;
        let (group, change) = group.apply_patch(id, self, limits)?;
        Ok((group.display_name().to_owned(), change))
    }
}

/// The ids of the members of a service's group; `None` when it does not say.
#[must_use]
pub fn members_of(group: &Value) -> Option<Members> {
    let object = group.as_object()?;
    let listed = match member(object, "members") {
        // RFC 7643 2.5: no value and none given are the same.
        None | Some(Value::Null) => return Some(Members::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return None,
    };
    let id = |one: &Value| Some(member(one.as_object()?, "value")?.as_str()?.to_owned());
    listed.iter().map(id).collect()
}

/// The id of a service's resource.
#[must_use]
pub fn id_of(resource: &Value) -> Option<&str> {
    member(resource.as_object()?, "id")?.as_str().filter(|id| !id.is_empty())
}
