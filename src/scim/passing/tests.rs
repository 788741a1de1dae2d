//! Names and addresses on their way through.

use serde_json::{Value, json};

use super::{Document, Rename, moved, shown};
use crate::base::Code;

struct Prefix;

impl Rename for Prefix {
    fn rename(&self, name: &str) -> Option<String> {
        name.strip_prefix("idp-").map(|rest| format!("app-{rest}"))
    }
}

struct Back;

impl Rename for Back {
    fn rename(&self, name: &str) -> Option<String> {
        name.strip_prefix("app-").map(|rest| format!("idp-{rest}"))
    }
}

fn document(value: &Value) -> Document {
    Document::parse(value.to_string().as_bytes()).expect("an object")
}

fn parsed(bytes: Vec<u8>) -> Value {
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn every_place_in_which_a_group_gets_a_name_is_found() {
    let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    for (sent, passed) in [
        (
            json!({ "displayName": "idp-a", "members": [{ "value": "1" }] }),
            json!({ "displayName": "app-a", "members": [{ "value": "1" }] }),
        ),
        (json!({ "DISPLAYNAME": "idp-a" }), json!({ "DISPLAYNAME": "app-a" })),
        (
            json!({ format!("{group}:displayName"): "idp-a" }),
            json!({ format!("{group}:displayName"): "app-a" }),
        ),
        (json!({ group: { "displayname": "idp-a" } }), json!({ group: { "displayname": "app-a" } })),
    ] {
        assert_eq!(parsed(document(&sent).renamed_group(&Prefix).expect("a body")), passed);
    }
    let operations = |operations: Value| json!({ "Operations": operations });
    for (sent, passed) in [
        (
            json!([{ "op": "replace", "path": "displayName", "value": "idp-a" }]),
            json!([{ "op": "replace", "path": "displayName", "value": "app-a" }]),
        ),
        (
            json!([{ "op": "Replace", "PATH": " DisplayName ", "VALUE": "idp-a" }]),
            json!([{ "op": "Replace", "PATH": " DisplayName ", "VALUE": "app-a" }]),
        ),
        (
            json!([{ "op": "add", "path": format!("{group}:displayName"), "value": "idp-a" }]),
            json!([{ "op": "add", "path": format!("{group}:displayName"), "value": "app-a" }]),
        ),
        (
            json!([{ "op": "replace", "value": { "id": "1", "displayName": "idp-a" } }]),
            json!([{ "op": "replace", "value": { "id": "1", "displayName": "app-a" } }]),
        ),
        (
            json!([{ "op": "replace", "path": "", "value": { group: { "displayName": "idp-a" } } }]),
            json!([{ "op": "replace", "path": "", "value": { group: { "displayName": "app-a" } } }]),
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "value": "1", "display": "idp-a" }] }]),
            json!([{ "op": "add", "path": "members", "value": [{ "value": "1", "display": "idp-a" }] }]),
        ),
    ] {
        let found = document(&operations(sent)).renamed_group_patch(&Prefix).expect("a body");
        assert_eq!(parsed(found), operations(passed));
    }
    let lower = json!({ "operations": [{ "op": "replace", "path": "displayName", "value": "idp-a" }] });
    let found = parsed(document(&lower).renamed_group_patch(&Prefix).expect("a body"));
    assert_eq!(found.pointer("/operations/0/value"), Some(&json!("app-a")));
}

/// A name that slips through unchanged would be a group of the application that no rule leads to: its administrators'.
#[test]
fn a_group_that_no_rule_leads_through_does_not_pass() {
    let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    for body in [
        json!({ "displayName": "jira-administrators" }),
        json!({ "displayname": "app-a" }),
        json!({ format!("{}:DISPLAYNAME", group.to_uppercase()): "jira-administrators" }),
        json!({ group.to_uppercase(): { "displayName": "jira-administrators" } }),
        json!({ "displayName": "" }),
    ] {
        let code = document(&body).renamed_group(&Prefix).map_err(|error| (error.code(), error.status()));
        assert_eq!(code, Err((Code::ScimGroupUnmapped, 403)), "{body}");
    }
    for operation in [
        json!({ "op": "replace", "path": "displayName", "value": "jira-administrators" }),
        json!({ "op": "replace", "path": format!("{group}:displayname"), "value": "jira-administrators" }),
        json!({ "op": "replace", "value": { "displayName": "jira-administrators" } }),
        json!({ "op": "replace", "path": null, "value": { group: { "DisplayName": "jira-administrators" } } }),
    ] {
        let body =
            document(&json!({ "Operations": [{ "op": "add", "path": "members", "value": [] }, operation] }));
        let code = body.renamed_group_patch(&Prefix).map_err(|error| error.code());
        assert_eq!(code, Err(Code::ScimGroupUnmapped), "{operation}");
    }
    for hidden in
        [json!(["jira-administrators"]), json!({ "value": "jira-administrators" }), json!(7), Value::Null]
    {
        let body = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": hidden }] });
        let code = document(&body).renamed_group_patch(&Prefix).map_err(|error| error.code());
        assert_eq!(code, Err(Code::ScimValue), "{body}");
        let code =
            document(&json!({ "displayName": hidden })).renamed_group(&Prefix).map_err(|error| error.code());
        assert_eq!(code, Err(Code::ScimValue), "{hidden}");
    }
}

#[test]
fn answers_show_our_addresses_and_our_names() {
    let group = |name: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "displayName": name,
            "members": [{ "value": "u", "$ref": "https://api.example/scim/directory/7/Users/u" }],
            "meta": { "resourceType": "Group", "location": "https://api.example/scim/directory/7/Groups/g" },
        })
    };
    let base = "https://gate.example/scim/v2";
    let seen = shown(group("app-a"), base, &Back);
    assert_eq!(seen["displayName"], "idp-a");
    assert_eq!(seen.pointer("/meta/location"), Some(&json!(format!("{base}/Groups/g"))));
    assert_eq!(seen.pointer("/members/0/$ref"), Some(&json!(format!("{base}/Users/u"))));
    let list = json!({ "totalResults": 2, "Resources": [group("jira-administrators"), group("app-b")] });
    let seen = shown(list, base, &Back);
    assert_eq!(seen["Resources"].as_array().map(Vec::len), Some(1));
    assert_eq!(seen.pointer("/Resources/0/displayName"), Some(&json!("idp-b")));
    let user = json!({
        "id": "u", "displayName": "Ann", "meta": { "resourceType": "User" },
        "groups": [{ "value": "g", "display": "app-a" }, { "value": "h", "display": "jira-administrators" }, { "value": "i" }],
    });
    let seen = shown(user, base, &Back);
    assert_eq!(seen["displayName"], "Ann", "people are not renamed");
    assert_eq!(seen["groups"], json!([{ "value": "g", "display": "idp-a" }, { "value": "i" }]));
}

#[test]
fn addresses_that_are_none_stay() {
    let base = "https://gate.example/scim/v2";
    assert_eq!(
        moved("https://x/Users/Users/1", base).as_deref(),
        Some("https://gate.example/scim/v2/Users/1")
    );
    assert_eq!(
        moved("https://x/y/ServiceProviderConfig", base).as_deref(),
        Some("https://gate.example/scim/v2/ServiceProviderConfig")
    );
    assert_eq!(moved("https://x/photo.png", base), None);
    assert_eq!(moved("", base), None);
}
