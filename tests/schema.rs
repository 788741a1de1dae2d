//! The published schema says the same as the reader: what the reader takes is valid, and what it refuses for its shape is
//! not. The validator here knows the keywords that our schema uses and fails on any other.
#![cfg(feature = "schema")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

struct Schema {
    root: Value,
}

impl Schema {
    fn new() -> Self {
        Self { root: serde_json::from_str(&samlgate::config::schema::json()).unwrap() }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.valid(&self.root, value)
    }

    fn valid(&self, schema: &Value, value: &Value) -> bool {
        let count = |number: &Value| number.as_u64().unwrap() as usize;
        schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            "$ref" => {
                let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                self.valid(&self.root["$defs"][name], value)
            }
            "type" => match wanted {
                Value::Array(kinds) => kinds.iter().any(|kind| has_type(value, kind.as_str().unwrap())),
                kind => has_type(value, kind.as_str().unwrap()),
            },
            "const" => wanted == value,
            "enum" => wanted.as_array().unwrap().contains(value),
            "properties" => value.as_object().is_none_or(|map| {
                map.iter().all(|(key, value)| wanted.get(key).is_none_or(|schema| self.valid(schema, value)))
            }),
            "required" => value.as_object().is_none_or(|map| {
                wanted.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))
            }),
            "additionalProperties" => {
                assert_eq!(wanted, &json!(false));
                let known = &schema["properties"];
                value.as_object().is_none_or(|map| map.keys().all(|key| known.get(key).is_some()))
            }
            "items" => value.as_array().is_none_or(|list| list.iter().all(|value| self.valid(wanted, value))),
            "oneOf" => {
                wanted.as_array().unwrap().iter().filter(|schema| self.valid(schema, value)).count() == 1
            }
            "anyOf" => wanted.as_array().unwrap().iter().any(|schema| self.valid(schema, value)),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= count(wanted)),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= count(wanted)),
            "minItems" => value.as_array().is_none_or(|list| list.len() >= count(wanted)),
            "maxItems" => value.as_array().is_none_or(|list| list.len() <= count(wanted)),
            "pattern" => {
                let pattern = regex_lite::Regex::new(wanted.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            other => panic!("the schema uses `{other}`, which this test does not know"),
        })
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

fn vector(name: &str) -> Option<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/config").join(name);
    if let Ok(text) = fs::read_to_string(directory.join("config.yaml")) {
        return serde_norway::from_str(&text).ok();
    }
    serde_json::from_str(&fs::read_to_string(directory.join("config.json")).ok()?).ok()
}

#[test]
fn good_configurations_are_valid() {
    let schema = Schema::new();
    for name in ["good_minimal", "good_full", "good_without_idp", "good_idle_timeout_off"] {
        assert!(schema.accepts(&vector(name).unwrap()), "{name}");
    }
}

#[test]
fn every_damage_to_the_shape_is_invalid() {
    let schema = Schema::new();
    let good = vector("good_full").unwrap();
    let mut pointers = Vec::new();
    collect(&good, String::new(), &mut pointers);
    assert!(pointers.len() > 100);
    for pointer in pointers {
        let original = good.pointer(&pointer).unwrap();
        for wrong in [json!(null), json!(-1.5), json!([[]])] {
            let mut bad = good.clone();
            *bad.pointer_mut(&pointer).unwrap() = wrong.clone();
            let meant = pointer == "/session/idle_timeout" && wrong.is_null();
            assert_eq!(schema.accepts(&bad), meant, "{pointer} = {wrong}");
        }
        if original.is_object() {
            let mut bad = good.clone();
            bad.pointer_mut(&pointer).unwrap()["zzz"] = json!(1);
            assert!(!schema.accepts(&bad), "{pointer}/zzz");
        }
    }
}

#[test]
fn what_is_required_is_marked() {
    let schema = Schema::new();
    let good = vector("good_full").unwrap();
    for (pointer, field) in [
        ("", "sp"),
        ("", "session"),
        ("/sp", "entity_id"),
        ("/sp", "base_uri"),
        ("/sp/signing", "private_key"),
        ("/idp", "metadata"),
        ("/session", "keys"),
        ("/headers/groups", "name"),
        ("/headers/attributes/0", "header"),
        ("/rules/0", "access"),
        ("/rules/1/match/path", "path_separated_prefix"),
        ("/policy/group_mapping/0", "idp_group"),
        ("/policy/group_mapping/0", "groups"),
        ("/provisioning/jira_dc", "cluster"),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        assert!(!schema.accepts(&bad), "{pointer}/{field}");
    }
}

#[test]
fn every_field_is_described() {
    fn walk(value: &Value, at: &str) {
        match value {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    for (name, property) in properties {
                        // The key of a choice is described beside it.
                        let beside = if properties.len() == 1 { map.get("description") } else { None };
                        let text = property.get("description").or(beside);
                        let text = text.and_then(Value::as_str).unwrap_or_default();
                        assert!(text.ends_with('.'), "{at}/{name} has no description");
                    }
                }
                map.iter().for_each(|(key, value)| walk(value, &format!("{at}/{key}")));
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, at)),
            _ => {}
        }
    }
    walk(&Schema::new().root["$defs"], "");
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, format!("{at}/{key}"), pointers));
        }
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| collect(value, format!("{at}/{index}"), pointers));
        }
        _ => {}
    }
    if !at.is_empty() {
        pointers.push(at);
    }
}
