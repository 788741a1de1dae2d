//! Who is in a group, and what a request changes about it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::read;
use crate::scim::{Error, Limits};

/// A member as `members` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the user.
    pub id: String,
    /// How the user is shown, where that is known.
    pub display: Option<String>,
}

/// The ids of the members that a request names.
pub type Members = BTreeSet<String>;

/// What a request changes about the members: what it adds and removes, perhaps after it emptied the group.
///
/// A group of 100,000 people is changed by one without being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersChange {
    clear: bool,
    add: Members,
    remove: Members,
}

impl MembersChange {
    /// These and nobody else.
    #[must_use]
    pub const fn replace_by(members: Members) -> Self {
        Self { clear: true, add: members, remove: Members::new() }
    }

    /// Whether nothing changes, whoever is in the group.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.clear && self.add.is_empty() && self.remove.is_empty()
    }

    /// Whether who is not added is out.
    #[must_use]
    pub const fn replaces(&self) -> bool {
        self.clear
    }

    /// Who is in afterwards.
    #[must_use]
    pub const fn added(&self) -> &Members {
        &self.add
    }

    /// Who is out afterwards; empty where [`MembersChange::replaces`].
    #[must_use]
    pub const fn removed(&self) -> &Members {
        &self.remove
    }

    /// Who is in, when `present` were.
    #[must_use]
    pub fn applied_to(&self, present: &Members) -> Members {
        if self.clear {
            return self.add.clone();
        }
        present.union(&self.add).filter(|id| !self.remove.contains(*id)).cloned().collect()
    }

    /// How many are named.
    pub(in crate::scim) fn size(&self) -> usize {
        self.add.len().saturating_add(self.remove.len())
    }

    /// `added` come in afterwards.
    pub(in crate::scim) fn add(&mut self, added: Members) {
        for id in added {
            self.remove.remove(&id);
            self.add.insert(id);
        }
    }

    /// `removed` go out afterwards.
    pub(in crate::scim) fn remove(&mut self, removed: Members) {
        for id in removed {
            self.add.remove(&id);
            if !self.clear {
                self.remove.insert(id);
            }
        }
    }

    /// Everybody goes out, then `members` come in.
    pub(in crate::scim) fn replace(&mut self, members: Members) {
        *self = Self::replace_by(members);
    }
}

/// The ids in the value of `members`, after it was read by its schema. Nested groups are refused: no client sends them in provisioning,
/// and leaving one out would be a partial success.
pub(in crate::scim) fn ids(value: Option<&Value>) -> Result<Members, Error> {
    let values = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut ids = Members::new();
    for value in values {
        let member = value.as_object();
        let kind = member.and_then(|member| read::text(member, "type"));
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
            return Err(Error::value("members.type", "is not `User`; groups in groups are not taken"));
        }
        match member.and_then(|member| read::text(member, "value")) {
            Some(id) => ids.insert(id.to_owned()),
            None => return Err(Error::value("members.value", "is missing")),
        };
    }
    Ok(ids)
}

/// Takes `members` out of the attributes of a group.
pub(super) fn take(attributes: &mut Map<String, Value>, limits: &Limits) -> Result<Members, Error> {
    let ids = ids(attributes.remove("members").as_ref())?;
    if ids.len() > limits.max_members {
        return Err(Error::TooLarge { what: "members of one request", limit: limits.max_members });
    }
    Ok(ids)
}
