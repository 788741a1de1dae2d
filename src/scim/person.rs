//! A user as the rest of the house speaks of people.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::schema::ENTERPRISE;
use super::{User, locale};
use crate::base::Pii;
use crate::directory::{Membership, Person};

/// Attributes of the core schema with one text value.
const CORE: [&str; 8] =
    ["externalId", "title", "nickName", "userType", "preferredLanguage", "locale", "timezone", "profileUrl"];

/// Parts of the name.
const NAME: [&str; 6] =
    ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];

/// Attributes of the core schema with several values.
const SEVERAL: [&str; 4] = ["emails", "phoneNumbers", "roles", "entitlements"];

/// Attributes of the enterprise extension.
const EXTENSION: [&str; 5] = ["employeeNumber", "costCenter", "organization", "division", "department"];

/// What the SCIM client says about the person with the id `id`, under SCIM's own names: `title`, `name.givenName`,
/// `department`; and `jiraLocale`, the language in the spelling of Jira (J18).
#[must_use]
pub fn person(id: &str, user: &User, groups: Membership) -> Person {
    let core = user.attributes();
    let mut attributes = BTreeMap::new();
    let mut put = |name: String, values: Vec<String>| {
        if !values.is_empty() {
            attributes.insert(name, values);
        }
    };
    let one = |object: &Map<String, Value>, name: &str| -> Vec<String> {
        super::resource::read::text(object, name).map(str::to_owned).into_iter().collect()
    };
    for name in CORE {
        put(name.to_owned(), one(core, name));
    }
    if let Some(name) = core.get("name").and_then(Value::as_object) {
        for part in NAME {
            put(format!("name.{part}"), one(name, part));
        }
    }
    for name in SEVERAL {
        let values = core.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let values = values.iter().filter_map(Value::as_object);
        put(name.to_owned(), values.flat_map(|value| one(value, "value")).collect());
    }
    if let Some(extension) = core.get(ENTERPRISE).and_then(Value::as_object) {
        for name in EXTENSION {
            put(name.to_owned(), one(extension, name));
        }
        if let Some(manager) = extension.get("manager").and_then(Value::as_object) {
            put(String::from("manager"), one(manager, "value"));
        }
    }
    let mapped = locale::of(user.text("locale"), user.text("preferredLanguage"));
    put(String::from("jiraLocale"), mapped.map(str::to_owned).into_iter().collect());
    Person {
        id: id.to_owned(),
        username: Pii::new(user.user_name().to_owned()),
        active: user.active(),
        email: user.email().map(|email| Pii::new(email.to_owned())),
        display_name: Some(Pii::new(user.display_name())),
        attributes,
        groups,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::{Document, Limits};

    fn user(body: &Value) -> User {
        let body = Document::parse(body.to_string().as_bytes()).expect("an object");
        User::from_post(&body, &Limits::DEFAULT).expect("a user")
    }

    fn read(body: &Value) -> Person {
        person("7", &user(body), Membership::Unknown)
    }

    #[test]
    fn j16_attributes_keep_their_names_and_say_nothing_where_nothing_was_said() {
        let person = read(&json!({
            "userName": "ann", "title": "Clerk", "locale": "en-GB", "timezone": " ", "nickName": "",
            "name": { "givenName": "Ann", "familyName": "Lee" },
            "roles": [{ "value": "a" }, { "display": "no value" }, { "value": "b" }],
            ENTERPRISE: { "department": "Ops", "manager": { "value": "9" } },
        }));
        let found: Vec<(&str, String)> =
            person.attributes.iter().map(|(name, values)| (name.as_str(), values.join("|"))).collect();
        let expected = [
            ("department", "Ops"),
            ("jiraLocale", "en_UK"),
            ("locale", "en-GB"),
            ("manager", "9"),
            ("name.familyName", "Lee"),
            ("name.givenName", "Ann"),
            ("roles", "a|b"),
            ("title", "Clerk"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(person.groups, Membership::Unknown);
    }

    #[test]
    fn who_is_inactive_stays_inactive() {
        assert!(!read(&json!({ "userName": "ann", "active": "False" })).active);
        assert!(read(&json!({ "userName": "ann" })).active);
    }

    #[test]
    fn the_name_and_the_address_are_chosen_in_order() {
        for (body, name, email) in [
            (json!({ "userName": "u" }), "u", None),
            (json!({ "userName": "u@x" }), "u@x", Some("u@x")),
            (json!({ "userName": "u", "displayName": " ", "name": { "formatted": "F" } }), "F", None),
            (json!({ "userName": "u", "name": { "givenName": "G", "familyName": "L" } }), "G L", None),
            (json!({ "userName": "u", "name": { "familyName": "L", "honorificPrefix": "Dr" } }), "L", None),
            (
                json!({ "userName": "u@x", "displayName": "D", "name": { "formatted": "F" },
                    "emails": [{ "value": "a" }, { "value": "b", "type": "WORK" }] }),
                "D",
                Some("b"),
            ),
            (
                json!({ "userName": "u", "emails": [{ "value": "a", "type": "work" }, { "value": "b", "primary": true }] }),
                "u",
                Some("b"),
            ),
            (
                json!({ "userName": "u", "emails": [{ "value": " ", "primary": true }, { "value": "b" }] }),
                "u",
                Some("b"),
            ),
            (json!({ "userName": "u@x", "emails": [{ "type": "work" }] }), "u@x", Some("u@x")),
        ] {
            let person = read(&body);
            let found = person.display_name.map(Pii::into_inner);
            assert_eq!(found.as_deref(), Some(name), "{body}");
            assert_eq!(person.email.map(Pii::into_inner).as_deref(), email, "{body}");
        }
    }
}
