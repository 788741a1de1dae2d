//! The bodies that create and change resources.

use serde_json::{Map, Value, json};

use crate::base::Pii;
use crate::provision::{AccountChanges, AccountId, Profile, ProfileField};

use super::wire::{ENTERPRISE, PATCH, USER, attribute, text, values};

/// A new user. It is active, and says so: what a service makes of a user without `active` differs.
pub(super) fn new_user(
    username: &Pii<String>,
    email: Option<&Pii<String>>,
    display_name: &Pii<String>,
    profile: &Profile,
    flat: bool,
) -> Value {
    let mut user = json!({
        "schemas": [USER],
        "userName": username.expose(),
        "displayName": display_name.expose(),
        "active": true,
    });
    if let (Some(email), Value::Object(fields)) = (email, &mut user) {
        fields.insert(String::from("emails"), json!([work(email)]));
    }
    let mut edits = Edits::default();
    edits.profile(profile, flat);
    edits.applied_to(user)
}

fn work(email: &Pii<String>) -> Value {
    json!({ "value": email.expose(), "type": "work", "primary": true })
}

/// New values of a user's attributes.
#[derive(Debug, Default)]
pub(in crate::targets) struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    /// In the enterprise extension, not in the user itself.
    enterprise: bool,
    attribute: &'static str,
    value: Value,
}

impl Edits {
    /// The user may sign in, or may not.
    pub(in crate::targets) fn active(active: bool) -> Self {
        let mut edits = Self::default();
        edits.set("active", json!(active));
        edits
    }

    /// The user has another user name.
    pub(super) fn username(username: &Pii<String>) -> Self {
        let mut edits = Self::default();
        edits.set("userName", json!(username.expose()));
        edits
    }

    /// The group has another name.
    pub(super) fn display_name(name: &str) -> Self {
        let mut edits = Self::default();
        edits.set("displayName", json!(name));
        edits
    }

    /// What `changes` say. `document` is the user as it was read.
    pub(super) fn of(changes: &AccountChanges, document: Option<&Value>, flat: bool) -> Self {
        let mut edits = Self::default();
        if let Some(email) = &changes.email {
            edits.set("emails", json!(with_email(document, email)));
        }
        if let Some(display_name) = &changes.display_name {
            edits.set("displayName", json!(display_name.expose()));
        }
        edits.profile(&changes.profile, flat);
        edits
    }

    fn set(&mut self, attribute: &'static str, value: Value) {
        self.0.push(Edit { enterprise: false, attribute, value });
    }

    fn profile(&mut self, profile: &Profile, flat: bool) {
        for (field, value) in profile {
            let enterprise = !flat && matches!(field, ProfileField::Department | ProfileField::Organization);
            self.0.push(Edit { enterprise, attribute: name(*field), value: json!(value.expose()) });
        }
    }

    /// A PATCH that makes these changes (RFC 7644 3.5.2).
    pub(super) fn patch(&self) -> Value {
        let operations = self.0.iter().map(|edit| {
            let path = if edit.enterprise {
                format!("{ENTERPRISE}:{}", edit.attribute)
            } else {
                edit.attribute.to_owned()
            };
            json!({ "op": "replace", "path": path, "value": edit.value })
        });
        json!({ "schemas": [PATCH], "Operations": operations.collect::<Vec<_>>() })
    }

    /// `user` with these changes.
    pub(super) fn applied_to(self, mut user: Value) -> Value {
        let Value::Object(fields) = &mut user else { return user };
        for edit in self.0 {
            if !edit.enterprise {
                put(fields, edit.attribute, edit.value);
                continue;
            }
            let mut extension = take(fields, ENTERPRISE).unwrap_or_else(|| json!({}));
            if let Value::Object(extension) = &mut extension {
                put(extension, edit.attribute, edit.value);
            }
            fields.insert(String::from(ENTERPRISE), extension);
            let schemas = fields.entry("schemas").or_insert_with(|| json!([USER]));
            if let Value::Array(schemas) = schemas
                && !schemas.iter().any(|schema| schema == ENTERPRISE)
            {
                schemas.push(json!(ENTERPRISE));
            }
        }
        user
    }
}

/// The attribute that holds a field.
pub(super) const fn name(field: ProfileField) -> &'static str {
    match field {
        ProfileField::Title => "title",
        ProfileField::Department => "department",
        ProfileField::Organization => "organization",
        ProfileField::TimeZone => "timezone",
        ProfileField::PreferredLanguage => "preferredLanguage",
    }
}

/// All addresses of the user, with `email` in the place of the one that counts: the list is replaced as a whole, which every
/// service can do, and the others are not lost by it.
fn with_email(document: Option<&Value>, email: &Pii<String>) -> Vec<Value> {
    let mut emails = document.and_then(|user| values(user, "emails")).unwrap_or_default().to_vec();
    match chosen_email(&emails).and_then(|at| emails.get_mut(at)) {
        Some(Value::Object(fields)) => put(fields, "value", json!(email.expose())),
        _ => emails.push(work(email)),
    }
    emails
}

/// Which of a user's addresses counts: the primary one, else the one for work, else the first.
pub(crate) fn chosen_email(emails: &[Value]) -> Option<usize> {
    let with = |picks: &dyn Fn(&Value) -> bool| {
        emails.iter().position(|email| text(email, "value").is_some() && picks(email))
    };
    with(&|email| super::wire::boolean(email, "primary") == Ok(Some(true)))
        .or_else(|| with(&|email| text(email, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("work"))))
        .or_else(|| with(&|_| true))
}

/// A PATCH that adds members to a group.
pub(in crate::targets) fn add_members(members: &[AccountId]) -> Value {
    let members: Vec<Value> = members.iter().map(|member| json!({ "value": member.as_str() })).collect();
    json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "members", "value": members }] })
}

/// A PATCH that takes one member out of a group. Never `members` alone: by the letter of RFC 7644 3.5.2.2 that empties it.
pub(super) fn remove_member(member: &AccountId) -> Value {
    let path = format!("members[{}]", super::wire::eq("value", member.as_str()));
    json!({ "schemas": [PATCH], "Operations": [{ "op": "remove", "path": path }] })
}

/// `group` with or without `member`; `None` when it is so already.
pub(super) fn with_membership(mut group: Value, member: &AccountId, joins: bool) -> Option<Value> {
    let mut members = values(&group, "members").unwrap_or_default().to_vec();
    let is = |value: &Value| text(value, "value") == Some(member.as_str());
    if members.iter().any(is) == joins {
        return None;
    }
    if joins {
        members.push(json!({ "value": member.as_str() }));
    } else {
        members.retain(|value| !is(value));
    }
    put(group.as_object_mut()?, "members", json!(members));
    Some(group)
}

/// `resource` without what only the service writes (RFC 7643 3.1 and 4.1.2).
pub(super) fn writable(mut resource: Value) -> Value {
    let is_group =
        attribute(&resource, "displayName").is_some() && attribute(&resource, "userName").is_none();
    if let Value::Object(fields) = &mut resource {
        take(fields, "meta");
        if !is_group {
            take(fields, "groups");
        }
    }
    resource
}

/// Sets an attribute in whatever spelling it has.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let known = fields.keys().find(|have| have.eq_ignore_ascii_case(name)).cloned();
    fields.insert(known.unwrap_or_else(|| name.to_owned()), value);
}

fn take(fields: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let known = fields.keys().find(|have| have.eq_ignore_ascii_case(name)).cloned()?;
    fields.remove(&known)
}
