//! The example configurations: each is read by the filter's own configuration room, and Envoy takes those that it can.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use samlgate::base::UnixTime;
use serde::Deserialize as _;
use serde_json::Value;
use testbed::config::{plugin_configuration, repository};
use testbed::envoy;
use testbed::idp::{Idp, IdpOptions, TestKey};
use testbed::jira::{Effect, Fault, JiraState, Store};
use testbed::receiver::{Receiver, SECRET};
use testbed::stand_in::StandIn;
use testbed::{Scene, SceneOptions};

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
        ("JIRA_SESSION_KEY", "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=".to_owned()),
        ("TOKEN_KEY", include_str!("../../tests/keys/p256.key.pem").to_owned()),
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
    for name in [
        "demo/envoy.yaml",
        "background/envoy.yaml",
        "minimal/envoy.yaml",
        "identity/envoy.yaml",
        "listeners/envoy.yaml",
        "compose/envoy.yaml",
        "kubernetes/samlgate.yaml",
        "istio/samlgate.yaml",
        "gateway/samlgate.yaml",
    ] {
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

/// Until `done`, for at most so long.
fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "nothing happened");
        std::thread::sleep(Duration::from_millis(100));
    }
}

const BACKGROUND: &str = "envoy/background/envoy.yaml";

#[test]
fn the_background_example_finishes_what_a_sign_in_left() {
    let scene = Scene::start(SceneOptions::new().configuration(BACKGROUND)).unwrap();
    scene.jira.fault(Fault::new("POST", "/rest/api/2/user", Effect::Status(503)));
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200);
    wait_until(|| scene.jira_groups("agent") == ["jira-software-users", "service-desk-agents", "staff"]);
}

/// A restart in between is healed by the next sign-in.
#[test]
fn a_job_that_waits_when_envoy_is_killed_is_made_good_by_the_next_sign_in() {
    let jira = JiraState::new(Store::demo());
    // The same site both times: what was sealed for another is nobody's.
    let port = testbed::envoy::free_port().unwrap();
    let start = || {
        let api = jira.router();
        Scene::start(SceneOptions::new().configuration(BACKGROUND).port(port).api(api)).unwrap()
    };
    let scene = start();
    jira.fault(Fault::new("POST", "/rest/api/2/group", Effect::Status(503)).times(1_000));
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200);
    let retried = || {
        let stats = scene.envoy_stats().unwrap();
        stats.iter().any(|(name, count)| name.contains("background_retry") && *count > 0)
    };
    wait_until(retried);
    // Killed, with the job waiting for its next try.
    drop(scene);
    jira.clear_faults();
    jira.clear_calls();
    let scene = start();
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(jira.calls(), [], "jobs do not outlive Envoy");
    assert_ne!(jira.state().groups_of("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(jira.state().groups_of("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
}

#[test]
fn without_the_background_service_a_sign_in_says_so_and_goes_on() {
    let options = SceneOptions::new()
        .patch(serde_json::json!({ "provisioning": { "on_failure": "CONTINUE_AND_RETRY" } }));
    let scene = Scene::start(options).unwrap();
    scene.jira.fault(Fault::new("POST", "/rest/api/2/user", Effect::Status(503)).times(10));
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200);
    wait_until(|| scene.envoy_log().contains("SG8014"));
}

/// The credential is added upstream of the filter: it reaches the application, and the filter has it nowhere.
#[test]
fn the_injected_credential_reaches_the_application_and_not_the_filter() {
    for configuration in [BACKGROUND, "envoy/demo/envoy.yaml"] {
        let options = SceneOptions::new().configuration(configuration).wasm_log_level("trace");
        let scene = Scene::start(options).unwrap();
        scene.sign_in("agent", "/").unwrap();
        let calls = scene.jira.calls();
        let calls: Vec<_> = calls.iter().filter(|call| call.path.starts_with("/rest/")).collect();
        assert!(calls.len() > 3, "{configuration}");
        for call in calls {
            let expected = format!("Bearer {}", testbed::jira::TOKEN);
            assert_eq!(
                call.header("authorization"),
                Some(expected.as_str()),
                "{configuration} {}",
                call.line()
            );
        }
        assert!(!scene.envoy_log().contains(testbed::jira::TOKEN), "{configuration}");
        // No route leads there, and the filter's environment does not hold it.
        let text = fs::read_to_string(repository().join(configuration)).unwrap();
        assert!(!text.contains("cluster: jira_api }}"), "{configuration}");
        let listed = text.lines().find(|line| line.contains("host_env_keys")).unwrap();
        assert!(!listed.contains("JIRA_AUTHORIZATION"), "{configuration}");
    }
}

/// The verification that docs/targets/webhook.md shows, run against what the filter signs.
#[test]
fn the_documented_verification_of_webhooks_verifies() {
    let page = fs::read_to_string(repository().join("docs/targets/webhook.md")).unwrap();
    let (_, rest) = page.split_once("```python\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let receiver = StandIn::new(Receiver::demo());
    let target = serde_json::json!({
        "jira_dc": null,
        "webhook": {
            "cluster": "jira_api", "authority": "hooks.example.com", "path_prefix": "/hooks/samlgate",
            "secrets": [{ "inline_string": SECRET }]
        }
    });
    let options =
        SceneOptions::new().api(receiver.router()).patch(serde_json::json!({ "provisioning": target }));
    let scene = Scene::start(options).unwrap();
    assert_eq!(scene.sign_in("agent", "/").unwrap().1.status(), 200);
    let call = receiver.calls().pop().unwrap();
    let headers: BTreeMap<_, _> = call.headers.iter().cloned().collect();
    let verify = |secret: &str, headers: &BTreeMap<String, String>, body: &str| {
        let script = format!(
            "{example}\nimport json, sys\nsecret, headers, body = json.load(sys.stdin)\n\
             print(verify(secret, headers, body.encode()))\n"
        );
        let mut python = Command::new("python3")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = serde_json::to_vec(&(secret, headers, body)).unwrap();
        python.stdin.take().unwrap().write_all(&input).unwrap();
        String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
    };
    assert_eq!(verify(SECRET, &headers, &call.body), "True");
    assert_eq!(verify(SECRET, &headers, &format!("{} ", call.body)), "False");
    assert_eq!(verify("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &headers, &call.body), "False");
    for (name, value) in
        [("webhook-id", "msg_other"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,x")]
    {
        let altered = headers
            .iter()
            .map(|(have, old)| (have.clone(), if have == name { value.to_owned() } else { old.clone() }));
        assert_eq!(verify(SECRET, &altered.collect(), &call.body), "False", "{name}");
    }
}
