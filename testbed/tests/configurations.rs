//! The example configurations: each is read by the filter's own configuration room, and Envoy takes those that it can.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samlgate::base::UnixTime;
use serde::Deserialize as _;
use serde_json::Value;
use testbed::config::{plugin_configuration, repository};
use testbed::envoy;
use testbed::idp::{Idp, IdpOptions, TestKey};

const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

fn environment(idp: &Idp) -> BTreeMap<String, String> {
    [
        ("IDP_METADATA", idp.metadata()),
        ("SESSION_KEY", "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=".to_owned()),
        ("SP_PRIVATE_KEY", TestKey::Stranger.private_pem().to_owned()),
        ("SP_CERTIFICATE", TestKey::Stranger.certificate_pem().to_owned()),
        ("SP_DECRYPTION_KEY", TestKey::Decryption.private_pem().to_owned()),
        ("SP_DECRYPTION_CERTIFICATE", TestKey::Decryption.certificate_pem().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Every document of the file, `${APP_PORT}` filled in.
fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap().replace("${APP_PORT}", "8080");
    serde_norway::Deserializer::from_str(&text)
        .map(|document| {
            Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

#[test]
fn the_filter_accepts_every_example() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let environment = environment(&idp);
    let mut found = Vec::new();
    files(&repository().join("envoy"), &mut found);
    let mut checked = 0;
    let mut faults = Vec::new();
    for path in found {
        for mut document in documents(&path) {
            let Some(configuration) = plugin_configuration(&mut document) else { continue };
            checked += 1;
            let bytes = serde_json::to_vec(configuration).unwrap();
            if let Err(errors) = samlgate::config::load(&bytes, &environment, NOW) {
                faults.extend(errors.iter().map(|error| format!("{}: {error}", path.display())));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked >= 4, "only {checked} examples were found");
}

/// Every shipped example has the settings without which it hangs, stays down, or can be tricked.
#[test]
fn no_example_lacks_a_lock() {
    for name in ["demo/envoy.yaml", "minimal/envoy.yaml", "istio/samlgate.yaml", "gateway/samlgate.yaml"] {
        let text = fs::read_to_string(repository().join("envoy").join(name)).unwrap();
        for needed in
            ["allow_on_headers_stop_iteration: true", "failure_policy: FAIL_RELOAD", "reload_config:"]
        {
            assert!(text.contains(needed), "{name} lacks `{needed}`");
        }
        assert!(
            text.contains("headers_with_underscores_action: REJECT_REQUEST")
                || text.contains("withUnderscoresAction: RejectRequest"),
            "{name} lets header names with underscores through"
        );
        assert!(!text.contains("FAIL_OPEN"), "{name}");
    }
}

#[test]
fn envoy_accepts_the_minimal_example() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let key = |name: &str| repository().join("tests/keys").join(name).display().to_string();
    let text = fs::read_to_string(repository().join("envoy/minimal/envoy.yaml"))
        .unwrap()
        .replace("/etc/envoy/samlgate.wasm", &envoy::wasm().unwrap().display().to_string())
        .replace("/etc/envoy/tls/tls.crt", &key("rsa2048.crt.pem"))
        .replace("/etc/envoy/tls/tls.key", &key("rsa2048.key.pem"));
    let file = repository().join("target/scenes/minimal.yaml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let output = Command::new(envoy::binary().unwrap())
        .args(["--mode", "validate", "--config-path"])
        .arg(&file)
        .env_clear()
        .envs(environment(&idp))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
