//! Configurations in `tests/vectors/config`: which are accepted, and every fault of those that are not.
//!
//! A case is a `config.json`, a `config.yaml`, or a `patch` in its `case.yaml` (a JSON merge patch) to the configuration
//! of the case `good_minimal` or of the one that `base` names. `faults` lists all faults in order: code, place, and a
//! part of the message. Variables come from `environment`; `{ file: .. }` is relative to `tests`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use samlgate::base::{Limits, UnixTime};
use samlgate::config;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    expect: String,
    #[expect(dead_code, reason = "for readers")]
    comment: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers")]
    section: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "counted elsewhere")]
    covers: Vec<String>,
    #[serde(default)]
    now: Option<u64>,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    patch: Option<Value>,
    #[serde(default)]
    environment: BTreeMap<String, Source>,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    File { file: PathBuf },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    code: String,
    path: String,
    message: String,
}

/// 2026-01-02T03:04:05Z.
const NOW: u64 = 1_767_323_045;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn vectors() -> PathBuf {
    tests().join("vectors/config")
}

fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn case(name: &str) -> Case {
    let text = fs::read_to_string(vectors().join(name).join("case.yaml")).unwrap();
    serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{name}/case.yaml: {error}"))
}

/// The bytes that the filter would get.
fn bytes(name: &str, case: &Case) -> Vec<u8> {
    let directory = vectors().join(name);
    if let Ok(json) = fs::read(directory.join("config.json")) {
        return json;
    }
    if let Ok(yaml) = fs::read_to_string(directory.join("config.yaml")) {
        let value: Value = serde_norway::from_str(&yaml).unwrap();
        return serde_json::to_vec(&value).unwrap();
    }
    let base = case.base.as_deref().unwrap_or("good_minimal");
    assert_ne!(base, name, "{name} has no configuration");
    let mut value: Value = serde_json::from_slice(&bytes(base, &self::case(base))).unwrap();
    let patch = case.patch.as_ref().unwrap_or_else(|| panic!("{name} has no configuration"));
    merge(&mut value, patch);
    serde_json::to_vec(&value).unwrap()
}

/// RFC 7396.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// What every case can refer to; its own variables come on top.
fn environment(case: &Case) -> BTreeMap<String, String> {
    let shared: BTreeMap<String, Source> =
        serde_norway::from_str(&fs::read_to_string(vectors().join("environment.yaml")).unwrap()).unwrap();
    let mut variables = BTreeMap::new();
    for (name, source) in shared.iter().chain(&case.environment) {
        let text = match source {
            Source::Text(text) => text.clone(),
            Source::File { file } => fs::read_to_string(tests().join(file)).unwrap(),
        };
        variables.insert(name.clone(), text);
    }
    variables
}

fn judge(name: &str) -> Result<(), String> {
    let case = case(name);
    let now = UnixTime::from_secs(case.now.unwrap_or(NOW));
    let outcome = config::load(&bytes(name, &case), &environment(&case), now);
    let (faults, warnings) = match outcome {
        Ok((_, warnings)) => (Vec::new(), warnings),
        Err(faults) => (faults, Vec::new()),
    };
    let shown: Vec<_> = faults.iter().map(|fault| format!("{} {fault}", fault.code().id())).collect();
    let shown = format!("found:\n    {}", shown.join("\n    "));
    let first = faults.first().map_or("accept", |fault| fault.code().id());
    // The expectation names the code of a fault that the case is about, not always the first.
    if (case.expect == "accept") != (first == "accept")
        || (case.expect != "accept" && !faults.iter().any(|fault| fault.code().id() == case.expect))
    {
        return Err(format!("expected {}, {shown}", case.expect));
    }
    let same = faults.len() == case.faults.len()
        && faults.iter().zip(&case.faults).all(|(found, expected)| {
            found.code().id() == expected.code
                && found.path().to_string() == expected.path
                && found.to_string().contains(&expected.message)
        });
    if !same {
        return Err(format!("other faults, {shown}"));
    }
    for fault in &faults {
        let text = fault.to_string();
        if text.contains('\n') || text.ends_with('.') || text.contains("serde") || text.contains("struct ") {
            return Err(format!("bad style: {text}"));
        }
        if text.contains("s3cret") {
            return Err(format!("a secret is shown: {text}"));
        }
    }
    let warned: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let as_expected = warned.len() == case.warnings.len()
        && warned.iter().zip(&case.warnings).all(|(found, expected)| found.contains(expected.as_str()));
    if case.expect == "accept" && !as_expected {
        return Err(format!("other warnings: {warned:#?}"));
    }
    Ok(())
}

#[test]
fn configurations() {
    let names = names();
    assert!(names.len() >= 42, "vectors are missing");
    let failures: Vec<_> =
        names.iter().filter_map(|name| judge(name).err().map(|why| format!("{name}: {why}"))).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases failed\n{}",
        failures.len(),
        names.len(),
        failures.join("\n")
    );
}

/// The full configuration with a key that is fast to check, for tests that load it often.
fn full() -> Value {
    let mut value: Value = serde_json::from_slice(&bytes("good_full", &case("good_full"))).unwrap();
    value["sp"]["signing"] = serde_json::json!({
        "algorithm": "ECDSA_SHA256",
        "private_key": { "environment_variable": "EC_PRIVATE_KEY" },
        "certificate": { "environment_variable": "EC_CERTIFICATE" },
    });
    value
}

/// No cut of a good configuration, and no single wrong byte, panics or takes long.
#[test]
fn damaged_configurations_are_refused_in_peace() {
    let good = full().to_string().into_bytes();
    let variables = environment(&case("good_full"));
    for end in (0..good.len()).step_by(7) {
        assert!(config::load(&good[..end], &variables, UnixTime::from_secs(NOW)).is_err());
    }
    for at in (0..good.len()).step_by(61) {
        let mut bad = good.clone();
        bad[at] = b'\\';
        let _ = config::load(&bad, &variables, UnixTime::from_secs(NOW));
    }
    for bad in
        ["[".repeat(100_000), "{\"sp\":".repeat(100_000), format!("{{\"rules\":[{}5]}}", "5,".repeat(20_000))]
    {
        assert!(config::load(bad.as_bytes(), &variables, UnixTime::from_secs(NOW)).is_err());
    }
}

/// What is not set follows the size of the document, and so does what the identity may hold.
#[test]
fn limits_follow_the_size_of_the_document_unless_they_are_set() {
    let good = case("good_minimal");
    let load = |limits: Value| {
        let mut value: Value = serde_json::from_slice(&bytes("good_minimal", &good)).unwrap();
        merge(&mut value, &serde_json::json!({ "limits": limits }));
        let json = serde_json::to_vec(&value).unwrap();
        config::load(&json, &environment(&good), UnixTime::from_secs(NOW)).unwrap().0.flow
    };
    let flow = load(serde_json::json!({}));
    assert_eq!(flow.limits, Limits::DEFAULT);
    let flow = load(serde_json::json!({ "max_xml_bytes": 4_194_304 }));
    assert_eq!(flow.limits, Limits::LARGEST);
    assert_eq!(flow.identity.max_groups, 83_886);
    let flow = load(serde_json::json!({
        "max_xml_bytes": 4_194_304, "max_body_bytes": 8192, "max_xml_nodes": 500, "max_groups": 7
    }));
    assert_eq!((flow.limits.max_body_bytes, flow.limits.max_xml_nodes), (8192, 500));
    assert_eq!((flow.limits.max_groups, flow.identity.max_groups), (7, 7));
}

/// The numbers of rows, rules and patterns that are taken, and one more of each.
#[test]
fn lists_of_the_policy_have_an_end() {
    let good = case("good_minimal");
    let load = |policy: Value| {
        let mut value: Value = serde_json::from_slice(&bytes("good_minimal", &good)).unwrap();
        merge(&mut value, &serde_json::json!({ "policy": policy }));
        let json = serde_json::to_vec(&value).unwrap();
        let outcome = config::load(&json, &environment(&good), UnixTime::from_secs(NOW));
        outcome.map(|(settings, _)| settings.flow.policy).map_err(|faults| faults[0].to_string())
    };
    let rows = |number: usize| -> Vec<Value> {
        let row =
            |row| serde_json::json!({ "idp_group": format!("idp-{row}"), "groups": [format!("g{row}")] });
        (0..number).map(row).collect()
    };
    let rules = |number: usize| -> Vec<Value> {
        let rule =
            |rule| serde_json::json!({ "name": format!("r{rule}"), "action": { "default_groups": "GIVE" } });
        (0..number).map(rule).collect()
    };
    let expressions = |number| {
        let mut rules = rules(number);
        rules.iter_mut().for_each(|rule| rule["match"] = serde_json::json!({ "expression": "true" }));
        rules
    };
    let patterns = vec![serde_json::json!({ "pattern": { "regex": "a" }, "groups": ["b"] }); 21];
    assert_eq!(
        load(serde_json::json!({ "group_mapping": rows(50_000) })).unwrap().group_mapping.rows().len(),
        50_000
    );
    assert_eq!(load(serde_json::json!({ "rules": rules(200) })).unwrap().rules.len(), 200);
    for (policy, message) in [
        (serde_json::json!({ "group_mapping": rows(50_001) }), "found 50001 rows; expected at most 50000"),
        (
            serde_json::json!({ "rules": expressions(21) }),
            "found one more expression; expected at most 20 in the policy",
        ),
        (serde_json::json!({ "rules": rules(201) }), "found 201 rules; expected at most 200"),
        (serde_json::json!({ "group_patterns": patterns }), "found 21 patterns; expected at most 20"),
        (serde_json::json!({ "always_groups": vec!["a"; 1001] }), "found 1001 groups; expected at most 1000"),
        (
            serde_json::json!({ "managed_groups": vec![serde_json::json!({ "exact": "a" }); 65] }),
            "found 65 comparisons; expected at most 64",
        ),
    ] {
        let fault = load(policy).unwrap_err();
        assert!(fault.ends_with(message), "{fault}");
    }
}

/// A table that is wrong in every row is said to be wrong, but not for ever.
#[test]
fn faults_have_an_end() {
    let good = case("good_minimal");
    let mut value: Value = serde_json::from_slice(&bytes("good_minimal", &good)).unwrap();
    merge(
        &mut value,
        &serde_json::json!({ "policy": { "group_mapping": vec![serde_json::json!({}); 2000] } }),
    );
    let json = serde_json::to_vec(&value).unwrap();
    let faults = config::load(&json, &environment(&good), UnixTime::from_secs(NOW)).err().unwrap();
    assert_eq!(faults.len(), 1000);
}

/// Replaces every part of a good configuration by values of other kinds: each gives a fault at or above its place.
#[test]
fn every_field_checks_its_kind() {
    let good = full();
    let variables = environment(&case("good_full"));
    let mut pointers = Vec::new();
    collect(&good, String::new(), &mut pointers);
    assert!(pointers.len() > 100);
    let mut failures = Vec::new();
    for pointer in &pointers {
        let original = good.pointer(pointer).unwrap();
        for wrong in
            [Value::Null, Value::from(true), Value::from(-1.5), Value::from("\u{1}"), serde_json::json!([[]])]
        {
            let mut bad = good.clone();
            let same_kind = std::mem::discriminant(original) == std::mem::discriminant(&wrong);
            *bad.pointer_mut(pointer).unwrap() = wrong.clone();
            let meant = (original.is_boolean() && same_kind)
                || (pointer == "/session/idle_timeout" && wrong.is_null())
                // Every text is an expression.
                || (wrong.is_string() && (pointer.ends_with("/regex") || pointer.ends_with("_pattern")));
            let outcome =
                config::load(&serde_json::to_vec(&bad).unwrap(), &variables, UnixTime::from_secs(NOW));
            match outcome {
                Ok(_) if !meant => failures.push(format!("{pointer} = {wrong}: accepted")),
                Err(faults) if !faults.iter().any(|fault| related(pointer, &fault.path().to_string())) => {
                    failures.push(format!("{pointer} = {wrong}: {faults:?}"));
                }
                _ => {}
            }
        }
        // And a field that does not exist beside it.
        if original.is_object() {
            let mut bad = good.clone();
            bad.pointer_mut(pointer).unwrap()["zzz"] = Value::from(1);
            let faults =
                config::load(&serde_json::to_vec(&bad).unwrap(), &variables, UnixTime::from_secs(NOW))
                    .err()
                    .unwrap_or_default();
            if faults.is_empty() {
                failures.push(format!("{pointer}/zzz: accepted"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, format!("{at}/{key}"), pointers))
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

/// Is `path` at, above or below `pointer`?
fn related(pointer: &str, path: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split(['/', '.', '[', ']']).filter(|part| !part.is_empty()).map(String::from).collect()
    };
    let (pointer, path) = (parts(pointer), parts(path));
    pointer.starts_with(&path) || path.starts_with(&pointer)
}

/// The plugin configurations inside the Envoy files of `envoy/` have the right shape, and no fault but those that
/// come from variables and words that are filled in when they run.
#[test]
fn examples_are_accepted() {
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy"), &mut files);
    let mut found = 0;
    let mut failures = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for document in serde_norway::Deserializer::from_str(&text) {
            let Ok(value) = Value::deserialize(document) else { continue };
            let mut configurations = Vec::new();
            plugins(&value, &mut configurations);
            for configuration in configurations {
                found += 1;
                let json = configuration.to_string();
                let json = json.replace("${APP_PORT}", "8080").replace("${ENVOY_PORT}", "8080");
                let faults =
                    config::load(json.as_bytes(), &example_variables(&json), UnixTime::from_secs(NOW));
                for fault in faults.err().unwrap_or_default() {
                    if !fault.to_string().contains("${") {
                        failures.push(format!("{}: {fault}", file.display()));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(found > 0, "no example found");
}

/// Variables named as the examples name them.
fn example_variables(json: &str) -> BTreeMap<String, String> {
    let shared = environment(&case("good_minimal"));
    let mut variables = shared.clone();
    for name in json.split("\"environment_variable\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let like = if name.contains("METADATA") {
            "IDP_METADATA"
        } else if name.contains("CERT") {
            "SP_CERTIFICATE"
        } else if name == "TOKEN_KEY" {
            "EC_PRIVATE_KEY"
        } else if ["PRIVATE", "SIGNING", "DECRYPT"].iter().any(|word| name.contains(word)) {
            "SP_PRIVATE_KEY"
        } else {
            "SESSION_KEY"
        };
        variables.entry(name.to_owned()).or_insert_with(|| shared[like].clone());
    }
    variables
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "json") {
            files.push(path);
        }
    }
    files.sort();
}

/// The configuration of every Wasm plugin: the `configuration` beside a `vm_config`, as a Struct or a StringValue; in
/// Kubernetes resources, `pluginConfig` (Istio) and `config` beside `code` (Envoy Gateway).
fn plugins(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(map) => {
            let typed = map.get("@type").and_then(Value::as_str).unwrap_or_default();
            if let Some(inner) = map.get("configuration").filter(|_| map.contains_key("vm_config")) {
                match inner.get("value") {
                    Some(Value::String(text)) => found.push(serde_norway::from_str(text).unwrap()),
                    Some(value) => found.push(value.clone()),
                    None => found.push(inner.clone()),
                }
            } else if let Some(inner) = map.get("pluginConfig") {
                found.push(inner.clone());
            } else if let Some(inner) =
                map.get("config").filter(|_| map.contains_key("code") && typed.is_empty())
            {
                found.push(inner.clone());
            }
            map.values().for_each(|value| plugins(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| plugins(value, found)),
        _ => {}
    }
}
