//! One answer everywhere: every response and every policy vector explained, and the whole report kept for comparison.
//!
//! Natively this writes `target/parity.jsonl`; compiled for WASI it compares with that file, byte for byte, and so do the
//! tests of `wasm-tests/` in Node and in a browser. `cargo xtask test --only parity` and `--only playground` run them in order.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/saml_response.rs"]
mod saml_response;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use saml_response::{ACS, IDP, NOW, SP, attribute, attributes, by_assertion, tests_folder};
use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config;
use samlgate::flow::{Env, Trust, explain};
use samlgate::provision::RecordedAccount;
use samlgate::xml::writer::escape_text;
use samlgate::xmlsec::RustCrypto;
use serde_json::{Value, json};

struct Zeros;

impl EntropySource for Zeros {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        out.fill(0);
        Ok(())
    }
}

/// What the playground is given, and what must come out.
struct Case {
    name: String,
    input: Value,
}

/// The core's report about what a person fills in on the playground's page; `None` if the configuration is refused.
fn report(input: &Value) -> Option<String> {
    let now = UnixTime::from_secs(input["now"].as_u64().unwrap());
    let loaded = config::load(input["configuration"].as_str().unwrap().as_bytes(), &BTreeMap::new(), now);
    let (settings, _) = loaded.ok()?;
    let env = Env {
        now,
        uptime: core::time::Duration::ZERO,
        entropy: &Zeros,
        crypto: &RustCrypto,
        settings: &settings.flow,
        trust: &Trust::new(&settings.flow),
    };
    let account: Option<RecordedAccount> = serde_json::from_value(input["account"].clone()).unwrap();
    let recorded = explain::Input {
        response: input["response"].as_str().unwrap().as_bytes(),
        request_id: input["request_id"].as_str(),
        idp_entity_id: None,
        started_at: input["started_at"].as_str(),
        account: account.as_ref().map(explain::KnownAccount::Recorded),
    };
    // As a value, in whose order the playground prints it.
    Some(serde_json::to_value(explain::explain(&recorded, &env)).unwrap().to_string())
}

fn metadata(entity_id: &str, keys: &[String]) -> String {
    let certificates = keys.iter().map(|name| {
        let pem = fs::read_to_string(tests_folder("keys").join(format!("{name}.crt.pem"))).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        format!(
            "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    });
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
        escape_text(entity_id),
        certificates.collect::<String>()
    )
}

fn configuration(metadata: &str) -> Value {
    json!({
        "sp": { "entity_id": SP, "base_uri": ACS.strip_suffix("/saml/acs").unwrap() },
        "idp": { "metadata": { "inline_string": metadata } },
        "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
        "headers": { "username": "x-user", "groups": { "name": "x-groups" } },
    })
}

fn folders(kind: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(tests_folder("vectors").join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

fn yaml(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("case.yaml")).unwrap();
    let read: serde_norway::Value = serde_norway::from_str(&text).unwrap();
    // A tag (`!present [..]`) becomes a map of one key, as serde writes an enum.
    serde_json::to_value(read).unwrap()
}

fn named(folder: &Path, kind: &str) -> String {
    format!("{kind}/{}", folder.file_name().unwrap().to_string_lossy())
}

fn responses() -> Vec<Case> {
    let names = |value: &Value| -> Option<Vec<String>> { serde_json::from_value(value.clone()).ok() };
    let mut cases = Vec::new();
    for folder in folders("response") {
        let case = yaml(&folder);
        let keys = names(&case["keys"]).unwrap_or_else(|| vec![String::from("rsa2048")]);
        let mut configuration = configuration(&metadata(case["idp"].as_str().unwrap_or(IDP), &keys));
        let idp = &mut configuration["idp"];
        for field in ["danger_allow_sha1", "danger_allow_aes_cbc"] {
            idp[field] = json!(case[field].as_bool().unwrap_or(false));
        }
        idp["clock_skew"] = json!(format!("{}s", case["skew"].as_u64().unwrap_or(60)));
        if let Some(demand) = case["demand"].as_str() {
            idp["require_signature"] = json!(demand);
        }
        let pem = |name: &str| json!({ "inline_string": fs::read_to_string(tests_folder("keys").join(name)).unwrap() });
        let decryption: Vec<Value> = names(&case["decryption"])
            .unwrap_or_default()
            .iter()
            .map(|name| json!({ "private_key": pem(&format!("{name}.key.pem")), "certificate": pem(&format!("{name}.crt.pem")) }))
            .collect();
        configuration["sp"]["decryption"] = json!(decryption);
        let mut identity = json!({});
        if let Some(name) = case["username_attribute"].as_str() {
            identity["username"] = json!({ "attribute": { "names": [name] } });
        }
        if let Some(pattern) = case["username_pattern"].as_str() {
            identity["username_pattern"] = json!(pattern);
        }
        configuration["identity"] = identity;
        let response = fs::read_to_string(folder.join("input.xml"));
        let input = json!({
            "configuration": configuration.to_string(),
            // What is no text cannot be pasted as XML.
            "response": response.unwrap_or_else(|_| {
                samlgate::encoding::base64::encode(&fs::read(folder.join("input.xml")).unwrap())
            }),
            "request_id": saml_response::REQUEST,
            "started_at": "/browse/TEST-1",
            "account": null,
            "now": case["now"].as_u64().unwrap_or(NOW),
        });
        cases.push(Case { name: named(&folder, "response"), input });
    }
    cases
}

/// Each policy vector as a sign-in that leads to its decision.
fn policies() -> Vec<Case> {
    let metadata = metadata(IDP, &[String::from("rsa2048")]);
    let mut cases = Vec::new();
    for folder in folders("policy") {
        let case = yaml(&folder);
        let mut configuration = configuration(&metadata);
        for (name, section) in case["config"].as_object().unwrap() {
            configuration[name] = section.clone();
        }
        if case["account"] != "unknown" || !configuration["provisioning"].is_null() {
            configuration["provisioning"]["jira_dc"] =
                json!({ "cluster": "jira", "authority": "jira.example" });
        }
        let groups = case["account"].get("present").or_else(|| case["account"].get("inactive"));
        let existing = case["existing_groups"].as_array().cloned().unwrap_or_default();
        let account = json!({
            "exists": groups.is_some(), "active": case["account"].get("present").is_some(), "display_name": "Alice",
            "groups": groups.cloned().unwrap_or_else(|| json!([])), "existing_groups": existing,
        });
        let input = json!({
            "configuration": configuration.to_string(),
            "response": response_of(&case),
            "request_id": saml_response::REQUEST,
            "started_at": case["started_at"],
            "account": account,
            "now": NOW,
        });
        cases.push(Case { name: named(&folder, "policy"), input });
    }
    cases
}

/// A message that says what a policy vector takes for known.
fn response_of(case: &Value) -> String {
    let list = |value: &Value| -> Vec<String> {
        let texts: Vec<String> = serde_json::from_value(value.clone()).unwrap_or_default();
        texts.iter().map(|text| escape_text(text)).collect()
    };
    let claim = |name: &str, values: &[String]| {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        attribute(&escape_text(name), &values)
    };
    let mut content = match case["identity"].as_str() {
        Some("overage") => {
            attribute("http://schemas.microsoft.com/claims/groups.link", &["https://graph.example/x"])
        }
        Some(_) => String::new(),
        None => claim("urn:oid:2.5.4.31", &list(&case["identity"]["groups"])),
    };
    let person = &case["person"];
    let email = person["email"].as_str().unwrap_or("alice@example.com").to_owned();
    content.push_str(&claim("urn:oid:0.9.2342.19200300.100.1.3", &[email]));
    for (name, values) in person["attributes"].as_object().into_iter().flatten() {
        content.push_str(&claim(name, &list(values)));
    }
    by_assertion(|message| {
        message.attribute_statement = attributes(&content);
        if let Some(username) = person["username"].as_str() {
            message.name_id = message.name_id.replace("alice", &escape_text(username));
        }
    })
}

#[test]
fn every_vector_has_one_report_everywhere() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/parity.jsonl");
    let mut lines = String::new();
    let (mut accepted, mut decided, mut refused) = (0, 0, 0);
    for case in responses().into_iter().chain(policies()) {
        let Some(report) = report(&case.input) else {
            refused += 1;
            continue;
        };
        let value: Value = serde_json::from_str(&report).unwrap();
        accepted += usize::from(value["outcome"] == "accepted");
        decided += usize::from(case.name.starts_with("policy/") && value["decision"].is_object());
        let line = json!({ "name": case.name, "input": case.input.to_string(), "report": report });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    assert!(accepted >= 100, "only {accepted} are accepted");
    assert!(refused <= 10, "{refused} configurations are refused");
    assert!(decided >= 120, "only {decided} policy vectors reach a decision");
    if cfg!(target_family = "wasm") {
        let native = fs::read_to_string(&file).unwrap_or_else(|fault| {
            panic!("{fault}: run `cargo test --test parity` first, which writes {}", file.display())
        });
        let mut differing = native.lines().zip(lines.lines()).filter(|(native, ours)| native != ours);
        if let Some((native, ours)) = differing.next() {
            panic!("native:\n{native}\nhere:\n{ours}\nand {} more", differing.count());
        }
        assert_eq!(native.lines().count(), lines.lines().count());
    } else {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, lines).unwrap();
    }
}
