//! A directory whose people are worked out, not kept: a hundred thousand take no memory.

use serde_json::{Value, json};

use crate::stand_in::{Answer, Api, Incoming};

/// People of one page, at most.
const MAX_PAGE: u64 = 1000;

/// How many groups somebody is in.
const GROUPS_EACH: u64 = 3;

/// A SCIM service with so many people and groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// How many people there are.
    pub people: u64,
    /// How many groups there are.
    pub groups: u64,
}

impl Population {
    /// The user name of the person `number`.
    #[must_use]
    pub fn name(number: u64) -> String {
        format!("p{number}")
    }

    /// The groups of the person `number`: neighbours share some, and all groups are about as large.
    #[must_use]
    pub fn groups_of(&self, number: u64) -> Vec<String> {
        let group =
            |step: u64| number.wrapping_mul(7).wrapping_add(step.wrapping_mul(11)) % self.groups.max(1);
        let mut groups: Vec<String> = (0..GROUPS_EACH).map(|step| format!("g{}", group(step))).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    fn user(&self, number: u64) -> Value {
        let name = Self::name(number);
        let groups: Vec<Value> =
            self.groups_of(number).iter().map(|group| json!({ "value": group, "display": group })).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": format!("id-{number}"), "userName": name, "displayName": format!("Person {number}"),
            "active": true, "groups": groups,
            "emails": [{ "value": format!("{name}@example.test"), "type": "work", "primary": true }],
        })
    }
}

impl Api for Population {
    fn answer(&mut self, request: &Incoming) -> Answer {
        let number = |name: &str, otherwise: u64| {
            request.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
        };
        if request.method != "GET" || !request.path.ends_with("/Users") {
            return Answer::error(404, "There are users, and nothing else.");
        }
        let (start, count) = (number("startIndex", 1).max(1), number("count", 100).min(MAX_PAGE));
        let end = start.saturating_add(count).min(self.people.saturating_add(1));
        let users: Vec<Value> = (start..end).map(|number| self.user(number)).collect();
        Answer::json(
            200,
            &json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": self.people, "startIndex": start, "itemsPerPage": users.len(), "Resources": users,
            }),
        )
    }
}
