//! What goes beneath a file, and what does not.

use serde_json::json;

use super::*;

fn expanded(mut value: Value) -> (Value, Vec<String>) {
    let expansion = expand(&mut value);
    value.as_object_mut().unwrap().remove("presets");
    (value, expansion.faults.iter().map(ToString::to_string).collect())
}

#[test]
fn every_preset_is_a_map_of_known_sections() {
    for (word, text) in PRESETS {
        let preset: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{word}: {error}"));
        let mut leaves = Vec::new();
        collect(preset.as_object().unwrap().clone(), &Path::default(), &mut leaves);
        assert!(!leaves.is_empty());
        for (path, leaf) in leaves {
            // A map is a choice or a comparison, with one key, or a switch that is on by being there.
            assert!(leaf.as_object().is_none_or(|map| map.len() <= 1), "{word}: {path} is a section");
        }
    }
    for section in BEGUN_BY_OPERATOR {
        assert!(SECTIONS.contains(&section), "{section}");
    }
}

#[test]
fn the_file_counts_more_and_lists_and_choices_are_taken_as_a_whole() {
    let file = json!({
        "presets": ["JSM_PORTAL"],
        "policy": {
            "default_groups": { "groups": ["users"], "only_if": { "match": { "email_domains": ["a.example"] } } },
            "portal": { "path_prefixes": ["/jira/servicedesk/"] },
        },
    });
    let (value, faults) = expanded(file);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(
        value,
        json!({
            "policy": {
                "default_groups": {
                    "groups": ["users"],
                    "assign_to": "ALL_USERS",
                    "only_if": { "match": { "email_domains": ["a.example"] } },
                    "keep": true,
                },
                "portal": {
                    "path_prefixes": ["/jira/servicedesk/"],
                    "no_request": "GIVE",
                    "mark": "PORTAL_SIGN_INS",
                    "mark_lifetime": "7776000s",
                },
                "manage_groups": "LISTED",
            },
        })
    );
}

#[test]
fn what_needs_a_name_waits_for_it() {
    let (value, _) = expanded(json!({ "presets": ["MINIORANGE"] }));
    assert_eq!(value.pointer("/policy/apply_idp_groups_to"), Some(&json!("NEW_USERS")));
    assert_eq!(value.pointer("/policy/default_groups"), None);
    assert_eq!(value.pointer("/provisioning"), None);
    let (value, _) = expanded(json!({ "presets": ["MINIORANGE"], "provisioning": {} }));
    assert_eq!(value.pointer("/provisioning/create_accounts"), Some(&json!(true)));
}

#[test]
fn m16_fields_that_the_file_makes_senseless_stay_away() {
    for (policy, manage, keep) in [
        (json!({ "keep_existing_groups": true }), None, None),
        (json!({ "keep_existing_groups": false }), Some("ALL"), Some(false)),
        (json!({ "keep_existing_groups": "true" }), Some("ALL"), Some(false)),
        (json!({ "managed_groups": [{ "prefix": "jira-" }] }), None, Some(false)),
        (json!({ "managed_groups": [] }), Some("ALL"), Some(false)),
        (json!({ "managed_groups": [{ "exact": "a" }], "manage_groups": "ALL" }), Some("ALL"), Some(false)),
    ] {
        let mut file = json!({ "presets": ["MINIORANGE"], "policy": policy });
        file["policy"]["default_groups"] = json!({ "groups": ["users"] });
        let (value, _) = expanded(file);
        assert_eq!(value["policy"].get("manage_groups").and_then(Value::as_str), manage, "{policy}");
        assert_eq!(value["policy"]["default_groups"].get("keep").and_then(Value::as_bool), keep, "{policy}");
    }
}

#[test]
fn what_has_the_wrong_shape_is_left_as_it_is() {
    for file in [
        json!({ "presets": { "MINIORANGE": {} } }),
        json!({ "presets": ["mini_orange", 1, null, ["MINIORANGE"], {}] }),
        json!({ "presets": {} }),
        json!({}),
        json!({ "presets": [] }),
        json!([]),
        json!("MINIORANGE"),
    ] {
        let mut value = file.clone();
        assert!(expand(&mut value).faults.is_empty());
        assert_eq!(value, file);
    }
    for wrong in [json!(null), json!([]), json!("x"), json!(false)] {
        let (value, faults) = expanded(json!({ "presets": ["MINIORANGE"], "policy": wrong }));
        assert_eq!((value, faults), (json!({ "policy": wrong }), vec![]));
    }
    let (value, _) = expanded(json!({ "presets": ["MINIORANGE"], "policy": { "default_groups": 5 } }));
    assert_eq!(value.pointer("/policy/default_groups"), Some(&json!(5)));
}

#[test]
fn two_presets_must_agree_unless_the_file_decides() {
    let both = json!({ "presets": ["EASYSSO", "ATLASSIAN_DC"] });
    let (_, faults) = expanded(both);
    assert_eq!(
        faults,
        [
            "`presets[1]`: contradicts `presets[0]`: presets `EASYSSO` and `ATLASSIAN_DC` say different things about \
          `policy.apply_idp_groups_to`; set it yourself"
        ]
    );
    let decided = json!({
        "presets": ["EASYSSO", "ATLASSIAN_DC", "EASYSSO"],
        "policy": { "apply_idp_groups_to": "EXISTING_USERS" },
    });
    let (value, faults) = expanded(decided);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(value.pointer("/policy/apply_idp_groups_to"), Some(&json!("EXISTING_USERS")));
}

#[test]
fn messages_name_the_preset_of_a_field_that_is_not_in_the_file() {
    let mut value = json!({ "presets": ["MINIORANGE"], "policy": { "always_groups": [] } });
    let origins = expand(&mut value).origins;
    let path = |name: &str| Path::default().field(name);
    let managed = path("policy.manage_groups");
    assert_eq!(
        origins.remark(&path("policy.always_groups"), Some(&managed)).as_deref(),
        Some("`policy.manage_groups` is set by preset `MINIORANGE`")
    );
    assert_eq!(
        origins.remark(&managed.key("x"), None).as_deref(),
        Some("`policy.manage_groups.x` is set by preset `MINIORANGE`")
    );
    for own in ["policy", "policy.always_groups", "policy.manage", "sp"] {
        assert_eq!(origins.remark(&path(own), None), None, "{own}");
    }
}
