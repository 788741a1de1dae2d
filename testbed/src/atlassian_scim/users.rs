//! Users of a directory, and the people of the site that they are linked with.

use serde_json::{Map, Value, json};

use crate::stand_in::{Answer, Incoming};

use super::resource::{error, list, meta, scim, text};
use super::site::{Person, locale};
use super::{AtlassianScim, Profile, filter, fold, patch};

/// What a client may write; everything else in a body is ignored.
const WRITABLE: [&str; 14] = [
    "userName",
    "externalId",
    "displayName",
    "name",
    "nickName",
    "title",
    "preferredLanguage",
    "locale",
    "department",
    "organization",
    "timezone",
    "phoneNumbers",
    "emails",
    "active",
];

/// A user as the directory holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScimUser {
    /// The directory's id; never used again.
    pub id: String,
    /// What clients wrote.
    pub attributes: Map<String, Value>,
    pub(super) created: u64,
    pub(super) modified: u64,
}

impl ScimUser {
    /// The user name.
    #[must_use]
    pub fn username(&self) -> &str {
        text(&self.attributes, "userName").unwrap_or_default()
    }

    /// The primary e-mail address.
    #[must_use]
    pub fn email(&self) -> &str {
        primary_email(&self.attributes).unwrap_or_default()
    }

    /// What to call the person.
    #[must_use]
    pub fn display_name(&self) -> &str {
        text(&self.attributes, "displayName").unwrap_or_else(|| self.username())
    }

    /// Whether the person may sign in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.attributes.get("active").and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        fold(self.username()) == fold(name)
    }
}

impl AtlassianScim {
    pub(super) fn list_users(&self, request: &Incoming) -> Answer {
        let Some(filter) = request.query("filter") else {
            return list(&self.users.values().map(|user| self.shown_user(user)).collect::<Vec<_>>(), request);
        };
        let Ok((attribute, value)) = filter::parse(filter, &["userName", "externalId"]) else {
            return error(400, Some("invalidFilter"), "only one eq on userName or externalId is supported");
        };
        let hits = self.users.values().filter(|user| match attribute {
            "userName" => user.is_named(&value),
            _ => text(&user.attributes, "externalId") == Some(value.as_str()),
        });
        list(&hits.map(|user| self.shown_user(user)).collect::<Vec<_>>(), request)
    }

    pub(super) fn read_user(&self, id: &str) -> Answer {
        self.users.get(id).map_or_else(no_user, |user| scim(200, &self.shown_user(user)))
    }

    pub(super) fn create_user(&mut self, body: &Map<String, Value>) -> Answer {
        let id = Self::fresh_id("user");
        let attributes = self.written(body);
        if let Err(refusal) = self.check(&id, &attributes) {
            return refusal;
        }
        let email = primary_email(&attributes).unwrap_or_default().to_owned();
        // A person who was here before is linked, and keeps the day they came.
        let created = self.site.person(&email).map_or(self.minutes, |person| person.since);
        let user = ScimUser { id: id.clone(), attributes, created, modified: self.minutes };
        self.users.insert(id.clone(), user);
        self.follow(&id, &email);
        let shown = self.users.get(&id).map(|user| self.shown_user(user)).unwrap_or_default();
        scim(201, &shown)
            .with("location", shown.pointer("/meta/location").and_then(Value::as_str).unwrap_or(""))
    }

    pub(super) fn replace_user(&mut self, id: &str, body: &Map<String, Value>) -> Answer {
        let attributes = self.written(body);
        self.commit_user(id, attributes)
    }

    pub(super) fn patch_user(&mut self, id: &str, body: &Map<String, Value>) -> Answer {
        let Some(user) = self.users.get(id) else { return no_user() };
        let mut attributes = user.attributes.clone();
        match patch::apply(body, &mut attributes, &WRITABLE) {
            Ok(()) => self.commit_user(id, attributes),
            Err(refusal) => refusal,
        }
    }

    pub(super) fn delete_user(&mut self, id: &str) -> Answer {
        let Some(user) = self.users.remove(id) else { return no_user() };
        for group in self.groups.values_mut() {
            group.members.remove(id);
        }
        match self.profile {
            Profile::ManagedUsers => {
                if let Some(person) = self.site.person_mut(user.email()) {
                    (person.active, person.synced) = (false, false);
                }
            }
            Profile::JsmCustomers => {
                let email = fold(user.email());
                self.site.people.retain(|person| fold(&person.email) != email);
                for organization in &mut self.site.organizations {
                    organization.members.remove(&email);
                }
            }
        }
        Answer::empty(204)
    }

    pub(super) fn shown_user(&self, user: &ScimUser) -> Value {
        let mut shown = user.attributes.clone();
        let of = self.groups.values().filter(|group| group.members.contains(&user.id));
        let groups: Vec<Value> =
            of.map(|group| json!({ "value": group.id, "display": group.name, "type": "direct" })).collect();
        let meta = meta("User", user.created, user.modified);
        shown.extend([
            ("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"])),
            ("id".to_owned(), json!(user.id)),
            ("groups".to_owned(), json!(groups)),
            ("meta".to_owned(), meta),
        ]);
        Value::Object(shown)
    }

    /// What of `body` is kept; `active` is never missing.
    fn written(&self, body: &Map<String, Value>) -> Map<String, Value> {
        let kept = WRITABLE.into_iter().filter_map(|name| {
            let (_, value) = body.iter().find(|(have, _)| have.eq_ignore_ascii_case(name))?;
            (!value.is_null()).then(|| (name.to_owned(), value.clone()))
        });
        let mut attributes: Map<String, Value> = kept.collect();
        attributes.entry("active").or_insert_with(|| json!(self.default_active));
        attributes
    }

    /// Would a user `id` with these attributes be in order?
    fn check(&self, id: &str, attributes: &Map<String, Value>) -> Result<(), Answer> {
        let invalid = |detail| Err(error(400, Some("invalidValue"), detail));
        let Some(username) = text(attributes, "userName").filter(|name| !name.is_empty()) else {
            return invalid("userName is required");
        };
        let Some(email) = primary_email(attributes).filter(|email| email.contains('@')) else {
            return invalid("one of the emails must be primary");
        };
        if !attributes.get("active").is_some_and(Value::is_boolean) {
            return invalid("active is a boolean");
        }
        let clashes = |other: &&ScimUser| {
            other.id != id && (other.is_named(username) || fold(other.email()) == fold(email))
        };
        if self.users.values().any(|user| clashes(&user)) {
            return Err(error(409, Some("uniqueness"), "Resource [USER]: already exists."));
        }
        Ok(())
    }

    fn commit_user(&mut self, id: &str, attributes: Map<String, Value>) -> Answer {
        let Some(user) = self.users.get(id) else { return no_user() };
        if let Err(refusal) = self.check(id, &attributes) {
            return refusal;
        }
        let before = user.email().to_owned();
        let email = primary_email(&attributes).unwrap_or_default();
        if self.profile == Profile::JsmCustomers && fold(email) != fold(&before) {
            return error(400, Some("mutability"), "the e-mail address of a synced user cannot be changed");
        }
        let minutes = self.minutes;
        if let Some(user) = self.users.get_mut(id)
            && user.attributes != attributes
        {
            (user.attributes, user.modified) = (attributes, minutes);
        }
        self.follow(id, &before);
        self.users.get(id).map_or_else(no_user, |user| scim(200, &self.shown_user(user)))
    }

    /// The person behind the user follows it; `email` is the address so far.
    fn follow(&mut self, id: &str, email: &str) {
        let Some(user) = self.users.get(id).cloned() else { return };
        if self.site.person(email).is_none() {
            self.site.add_customer(email);
            if let Some(person) = self.site.people.last_mut() {
                person.since = self.minutes;
            }
        }
        let language =
            text(&user.attributes, "locale").or_else(|| text(&user.attributes, "preferredLanguage"));
        if let Some(person) = self.site.person_mut(email) {
            *person = Person {
                email: user.email().to_owned(),
                display_name: user.display_name().to_owned(),
                active: user.is_active(),
                locale: language.map_or("en_US", locale),
                synced: true,
                since: person.since,
            };
        }
    }
}

fn no_user() -> Answer {
    error(404, None, "Resource [USER]: does not exist.")
}

/// The address that is marked primary; exactly one must be.
fn primary_email(attributes: &Map<String, Value>) -> Option<&str> {
    let emails = attributes.get("emails")?.as_array()?;
    let mut primary = emails.iter().filter(|email| email.get("primary") == Some(&Value::Bool(true)));
    let email = primary.next()?.get("value")?.as_str()?;
    primary.next().is_none().then_some(email)
}
