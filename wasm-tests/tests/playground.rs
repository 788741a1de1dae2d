//! The playground's exports where they are used: in Node, and in Chromium with `WASM_BINDGEN_USE_BROWSER=1`.
//!
//! `cargo test --test parity` writes `target/parity.jsonl` first; `cargo xtask test --only playground` does all of it.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests fail by panicking")]

use samlgate_playground::{check, explain, redact, schema, version};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// Name, input and native report of every response and policy vector.
const NATIVE: &str = include_str!("../../target/parity.jsonl");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn checked(configuration: &str) -> Value {
    parsed(&check(&json!({ "configuration": configuration, "now": 1_767_323_045 }).to_string()))
}

#[wasm_bindgen_test]
fn every_vector_has_the_report_that_it_has_natively() {
    let mut count = 0;
    for line in NATIVE.lines() {
        let case = parsed(line);
        let here = explain(case["input"].as_str().unwrap());
        assert_eq!(here, case["report"].as_str().unwrap(), "{}", case["name"]);
        count += 1;
    }
    assert!(count >= 500, "only {count} vectors");
}

#[wasm_bindgen_test]
fn a_fault_is_told_with_its_line() {
    let found =
        checked("# mine\nsp:\n  entity_id: https://sp.example/saml\n  base_ur: https://jira.example\n");
    assert_eq!(found["ok"], false);
    let fault =
        &found["findings"].as_array().unwrap().iter().find(|fault| fault["path"] == "sp.base_ur").unwrap();
    assert_eq!((&fault["line"], &fault["severity"]), (&json!(4), &json!("error")));
    assert!(fault["message"].as_str().unwrap().contains("did you mean `base_uri`"), "{fault}");
    assert!(fault["code"].as_str().unwrap().starts_with("SG9"));
}

#[wasm_bindgen_test]
fn text_that_is_no_yaml_or_json_is_told_with_its_line() {
    for (text, line) in [("a: 1\nb: [\n", 3), ("{\"sp\": {},\n \"sp\" 1}", 2), ("a: 1\na: 2\n", 1)] {
        let found = checked(text);
        assert_eq!(found["findings"][0]["code"], "SG9001", "{text}: {found}");
        let said = found["findings"][0].to_string();
        assert!(
            found["findings"][0]["line"].as_u64().unwrap_or_default() > 0 && said.contains("line"),
            "{line}: {said}"
        );
    }
    assert_eq!(checked("")["ok"], false);
}

#[wasm_bindgen_test]
fn what_comes_from_the_environment_is_listed() {
    let found = checked("session: { keys: [ { environment_variable: KEY } ] }\nsp: {}\n");
    assert_eq!(found["variables"], json!([{ "name": "KEY", "path": "session.keys[0]", "set": false }]));
}

#[wasm_bindgen_test]
fn a_refused_configuration_explains_nothing() {
    let input = json!({ "configuration": "sp: 1", "response": "<a/>", "now": 1 });
    let answer = parsed(&explain(&input.to_string()));
    assert!(answer["findings"].as_array().is_some_and(|found| !found.is_empty()), "{answer}");
    assert!(answer.get("outcome").is_none());
}

#[wasm_bindgen_test]
fn a_slip_of_the_page_is_a_problem_and_no_panic() {
    for input in ["", "{", "[]", "{\"now\": -1}", "{\"unheard\": 1}"] {
        for answer in [check(input), explain(input), redact(input)] {
            assert!(parsed(&answer)["problem"].is_string(), "{input}: {answer}");
        }
    }
}

#[wasm_bindgen_test]
fn a_trace_loses_people_and_comments() {
    let trace = json!({ "input": { "configuration": "# for Zoltan\nsp: { entity_id: x }\n" }, "report": {
        "identity": { "username": "zoltan" }, "reason": "`zoltan` may not" } });
    let redacted = parsed(&redact(&json!({ "trace": trace }).to_string()));
    assert_eq!(redacted["input"]["configuration"], json!({ "sp": { "entity_id": "x" } }));
    assert_eq!(redacted["report"]["reason"], "`user-1` may not");
}

#[wasm_bindgen_test]
fn the_schema_and_the_version_are_those_of_the_core() {
    assert_eq!(parsed(&schema()), parsed(include_str!("../../docs/config.schema.json")));
    assert!(!version().is_empty());
}
