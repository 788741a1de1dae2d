//! Laws of PATCH that no single vector shows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Patch;
use crate::scim::{Document, Error, Group, Limits, MembersChange, ResourceKind, User};

fn document(value: &Value) -> Document {
    Document::parse(value.to_string().as_bytes()).expect("an object")
}

fn patch(kind: ResourceKind, operations: &Value) -> Result<Patch, Error> {
    Patch::parse(kind, &document(&json!({ "Operations": operations })), &Limits::DEFAULT)
}

fn ids(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What is computed without reading the group is what comes out when each operation is applied to the whole group.
#[test]
fn a_change_of_members_is_the_sum_of_its_operations() {
    let pieces = [
        json!({ "op": "add", "path": "members", "value": ["a", "b"] }),
        json!({ "op": "remove", "path": "members", "value": ["b", "c"] }),
        json!({ "op": "remove", "path": "members[value eq \"a\"]" }),
        json!({ "op": "replace", "path": "members", "value": ["c"] }),
        json!({ "op": "remove", "path": "members" }),
    ];
    let group =
        Group::from_post(&document(&json!({ "displayName": "g" })), &Limits::DEFAULT).expect("a group").0;
    let change = |operations: &Value| -> MembersChange {
        let patch = patch(ResourceKind::Group, operations).expect("a patch");
        group.apply_patch("1", &patch, &Limits::DEFAULT).expect("a change").1
    };
    for present in [ids(&[]), ids(&["a"]), ids(&["b", "c"]), ids(&["a", "b", "c", "d"])] {
        for first in &pieces {
            for second in &pieces {
                for third in &pieces {
                    let each = [first, second, third];
                    let one_by_one = each
                        .iter()
                        .fold(present.clone(), |present, piece| change(&json!([piece])).applied_to(&present));
                    assert_eq!(
                        change(&json!(each)).applied_to(&present),
                        one_by_one,
                        "{each:?} on {present:?}"
                    );
                }
            }
        }
    }
}

/// A client that was not answered sends the same again.
#[test]
fn what_is_sent_twice_changes_once() {
    let user = json!({ "userName": "ann", "emails": [{ "value": "a@x", "type": "work" }] });
    let user = User::from_post(&document(&user), &Limits::DEFAULT).expect("a user");
    for operations in [
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "b@x", "primary": true }] }]),
        json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "h@x" }]),
        json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]),
        json!([{ "op": "replace", "value": { "name.givenName": "A", "active": "False" } }]),
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].type", "value": "work" }]),
    ] {
        let patch = patch(ResourceKind::User, &operations).expect("a patch");
        let once = user.apply_patch("1", &patch, &Limits::DEFAULT).expect("a user");
        let twice = once.apply_patch("1", &patch, &Limits::DEFAULT).expect("a user");
        assert_eq!(json!(once), json!(twice), "{operations}");
        assert!(!patch.is_empty() && patch.len() <= 2);
    }
}

/// A change that names nobody is told from one that empties the group.
#[test]
fn a_rename_is_no_change_of_members() {
    let group =
        Group::from_post(&document(&json!({ "displayName": "g" })), &Limits::DEFAULT).expect("a group").0;
    let change = |operations: Value| {
        let patch = patch(ResourceKind::Group, &operations).expect("a patch");
        group.apply_patch("1", &patch, &Limits::DEFAULT).expect("a change").1
    };
    assert!(change(json!([{ "op": "replace", "value": { "id": "1", "displayName": "n" } }])).is_nothing());
    assert!(change(json!([{ "op": "remove", "path": "members", "value": [] }])).is_nothing());
    let emptied = change(json!([{ "op": "replace", "value": { "members": [] } }]));
    assert!(!emptied.is_nothing() && emptied.replaces() && emptied.added().is_empty());
    assert_eq!(change(json!([{ "op": "remove", "path": "members", "value": "a" }])).removed(), &ids(&["a"]));
    for op in ["add", "replace", "remove"] {
        assert!(change(json!([{ "op": op, "path": "members", "value": null }])).is_nothing(), "{op}");
    }
    for op in ["add", "replace"] {
        assert!(change(json!([{ "op": op, "value": { "members": null } }])).is_nothing(), "{op}");
    }
    assert!(change(json!([{ "op": "replace", "path": "members", "value": [] }])).replaces());
}
