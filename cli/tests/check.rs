//! `samlgate check`: where the configuration is found, and what is said about it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use serde_json::json;
use support::{Folder, Run, read, samlgate, samlgate_with};

const ENVIRONMENT: &str = "cli/examples/secrets.env";
const PLUGIN: &str = "sp: { entity_id: https://sp.example/saml, base_uri: https://jira.example }\n\
                      session: { keys: [{ environment_variable: SESSION_KEY }] }\n";

fn check(file: &str) -> Run {
    samlgate(&["check", "--env-file", ENVIRONMENT, file])
}

fn check_text(text: &str) -> Run {
    samlgate_with(&["check", "--env-file", ENVIRONMENT, "-"], text.as_bytes())
}

/// `PLUGIN` as JSON, with `more` beside it.
fn plugin(more: &str) -> String {
    format!(
        r#"{{"sp": {{"entity_id": "https://sp.example/saml", "base_uri": "https://jira.example"}},
            "session": {{"keys": [{{"environment_variable": "SESSION_KEY"}}]}}{more}}}"#
    )
}

#[test]
fn the_plugin_is_found_wherever_it_may_be() {
    let json: serde_json::Value = serde_json::from_str(&plugin("")).unwrap();
    let wasm = |configuration: serde_json::Value| json!({ "name": "x", "root_id": "y", "vm_config": { "runtime": "r" }, "configuration": configuration });
    let structure = json!({ "@type": "type.googleapis.com/google.protobuf.Struct", "value": json });
    let string = json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": plugin("") });
    let ecds = json!({ "resources": [{ "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": "f", "typed_config": { "@type": "..Wasm", "config": wasm(structure.clone()) } }] });
    let per_route = json!({ "static_resources": { "listeners": [{ "typed_per_filter_config": {
        "f": { "@type": "..Wasm", "config": wasm(string.clone()) } } }] } });
    let service = json!({ "bootstrap_extensions": [{ "typed_config": { "@type": "..WasmService", "singleton": true,
        "config": wasm(structure.clone()) } }] });
    let camel = json!({ "typedConfig": { "config": { "vmConfig": {}, "configuration": structure } } });
    let istio = json!({ "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "spec": { "url": "oci://x", "pluginConfig": json } });
    let gateway = json!({ "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyExtensionPolicy",
        "spec": { "wasm": [{ "name": "other", "config": { "a": 1 } }, { "name": "x", "config": json }] } });
    let map = json!({ "kind": "ConfigMap", "data": { "readme.txt": "a: b: c", "envoy.yaml": per_route.to_string() } });
    let list = json!({ "kind": "List", "items": [istio] });
    for (value, place) in [
        (json.clone(), ""),
        (ecds, "resources[0].typed_config.config.configuration.value"),
        (per_route, "static_resources.listeners[0].typed_per_filter_config.f.config.configuration.value"),
        (service, "bootstrap_extensions[0].typed_config.config.configuration.value"),
        (camel, "typedConfig.config.configuration.value"),
        (istio.clone(), "spec.pluginConfig"),
        (gateway, "spec.wasm[1].config"),
        (
            map,
            "data.envoy.yaml.static_resources.listeners[0].typed_per_filter_config.f.config.configuration.value",
        ),
        (list, "items[0].spec.pluginConfig"),
    ] {
        let run = check_text(&value.to_string());
        assert_eq!(run.code, 0, "{value:#}: {}", run.all());
        let heading = if place.is_empty() { String::from("-") } else { format!("-: {place}") };
        assert_eq!(run.out.lines().next(), Some(heading.as_str()));
        assert!(run.out.ends_with("1 configuration, 0 faults, 1 warning\n"), "{}", run.out);
    }
    let documents = format!("---\nkind: Service\n---\n{istio}\n---\n---\n{PLUGIN}");
    let run = check_text(&documents);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.out.contains("-: document 2.spec.pluginConfig\n") && run.out.contains("-: document 4\n"));
    assert!(run.out.ends_with("2 configurations, 0 faults, 2 warnings\n"), "{}", run.out);
}

#[test]
fn the_examples_of_the_repository_hold_one_plugin_each() {
    for file in [
        "envoy/demo/envoy.yaml",
        "envoy/minimal/envoy.yaml",
        "envoy/istio/samlgate.yaml",
        "envoy/gateway/samlgate.yaml",
        "envoy/e2e/pysaml2/envoy.yaml",
        "envoy/e2e/simplesamlphp/envoy.yaml",
    ] {
        let run = check(file);
        assert!(run.out.contains("\n1 configuration, "), "{file}: {}", run.all());
        // They need keys of their own, and the demo's addresses are filled in when it starts.
        let other = run.out.lines().filter(|line| line.contains("error"));
        let other: Vec<&str> =
            other.filter(|line| !line.contains("SG9006") && !line.contains("_PORT}")).collect();
        assert!(other.is_empty(), "{file}: {other:?}");
    }
    assert_eq!(check("cli/examples/envoy.yaml").code, 0);
    assert_eq!(check("envoy/istio/samlgate.yaml").code, 0);
}

#[test]
fn all_faults_are_listed_with_code_and_place() {
    let run =
        check_text(&plugin(r#", "rulez": [], "policy": {"group_mapping": [{"idp_grup": "x"}]}, "sp": {}"#));
    assert_eq!(run.code, 2, "{}", run.all());
    for expected in [
        "SG9002 line 2: `rulez`",
        "SG9002 line 2: `policy.group_mapping[0].idp_grup`",
        "did you mean `idp_group`",
        "the field occurs twice",
    ] {
        assert!(run.out.contains(expected), "{expected}: {}", run.out);
    }
    assert!(run.out.contains("1 configuration, "), "{}", run.out);
    let run = check_text(&plugin(
        r#", "idp": {"metadata": {"environment_variable": "IDP_METADATA"}, "danger_allow_sha1": true}"#,
    ));
    assert!(run.code == 0 && run.out.contains("warning line 2: `idp.danger_allow_sha1`"), "{}", run.all());
    // Without the variables of the file.
    let run = samlgate_with(&["check", "-"], PLUGIN.as_bytes());
    assert!(
        run.code == 2 && run.out.contains("SG9006 line 2: `session.keys[0].environment_variable`"),
        "{}",
        run.all()
    );
}

#[test]
fn a_fault_has_its_line_wherever_the_configuration_stands() {
    let faulty = PLUGIN.replace("session:", "sesion:");
    let indented =
        |text: &str, by: usize| text.lines().map(|line| format!("{:by$}{line}\n", "")).collect::<String>();
    let manifest = format!(
        "# A comment.\nkind: Service\n---\nkind: WasmPlugin\nspec:\n  pluginConfig:\n{}",
        indented(&faulty, 4)
    );
    let envoy = format!(
        "static_resources:\n  filters:\n    - {{}}\n    - config:\n        vm_config: {{}}\n        configuration:\n          \
         \"@type\": type.googleapis.com/google.protobuf.Struct\n          value:\n{}",
        indented(&faulty, 12)
    );
    let json = plugin("").replace("\"session\"", "\"sesion\"");
    for (text, line) in [(faulty.clone(), 2), (manifest, 8), (envoy, 10), (json, 2)] {
        let run = check_text(&text);
        let expected = format!("error SG9002 line {line}: `sesion`: unknown field");
        assert!(run.code == 2 && run.out.contains(&expected), "{expected}: {}", run.all());
    }
    // Text within the file has lines of its own.
    let map = json!({ "kind": "ConfigMap", "data": { "samlgate.yaml": faulty } }).to_string();
    let run = check_text(&map);
    assert!(run.code == 2 && run.out.contains("error SG9002 `sesion`"), "{}", run.all());
}

#[test]
fn presets_are_expanded_into_what_means_the_same() {
    let text =
        format!("{PLUGIN}presets: [JSM_PORTAL]\npolicy: {{ portal: {{ path_prefixes: [/desk/] }} }}\n");
    let run = samlgate_with(&["check", "--expand", "--env-file", ENVIRONMENT, "-"], text.as_bytes());
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(!run.out.contains("presets") && run.out.contains("/desk/"), "{}", run.out);
    assert!(run.err.ends_with("1 configuration, 0 faults, 1 warning\n"), "{}", run.err);
    let again = check_text(&run.out);
    assert!(again.code == 0, "what is printed is a configuration: {}", again.all());

    let secret = "a-secret-that-nobody-may-see-32-bytes";
    let inline = text.replace("environment_variable: SESSION_KEY", &format!("inline_string: {secret}"));
    let run = samlgate_with(&["check", "--expand", "-"], inline.as_bytes());
    assert!(run.out.contains("(not shown)") && !run.all().contains(secret), "{}", run.all());
    let wrong = text.replace("JSM_PORTAL", "JSM");
    let run = samlgate_with(&["check", "--expand", "--env-file", ENVIRONMENT, "-"], wrong.as_bytes());
    assert!(run.code == 2 && run.out.trim().is_empty() && run.err.contains("presets"), "{}", run.all());
}

#[test]
fn what_holds_no_configuration_is_refused_with_the_reason() {
    let folder = Folder::new("check");
    let large = folder.file("large.yaml", "x".repeat(10 * 1024 * 1024));
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let binary = folder.file("binary.yaml", binary);
    let other = json!({ "static_resources": { "http_filters": [{ "config": { "vm_config": {}, "root_id": "other",
        "configuration": { "@type": "..StringValue", "value": "{\"policy\": 1}" } } }] } });
    let none = "holds neither a configuration of samlgate nor a Wasm plugin with one";
    for (file, complaint) in [
        (folder.file("empty.yaml", ""), none),
        (folder.file("word.yaml", "hello"), none),
        (folder.file("null.json", "null"), none),
        (folder.file("list.json", "[1, 2]"), none),
        (folder.file("envoy.yaml", "static_resources: { listeners: [] }"), none),
        (folder.file("service.yaml", "kind: Service\nspec: {}\n"), none),
        (folder.file("other.json", other.to_string()), "1 Wasm plugins, and none of them"),
        (folder.file("broken.yaml", "sp:\n  entity_id: [\n"), "not valid YAML"),
        (folder.file("broken.json", "{\"sp\": {"), "not valid JSON"),
        (folder.file("twice.yaml", format!("{PLUGIN}sp: {{}}\n")), "duplicate entry"),
        (folder.file("tabs.yaml", "sp:\n\tentity_id: x\n"), "not valid YAML"),
        (folder.file("tag.yaml", "sp: !env x\n"), "tag"),
        (folder.path("nowhere.yaml"), "nowhere.yaml: "),
        (large, none),
        (binary, "is no text in UTF-8"),
    ] {
        let run = check(&file);
        assert_eq!(run.code, 2, "{file}: {}", run.all());
        assert!(run.err.starts_with(&format!("error: {file}: ")), "{}", run.err);
        assert!(run.err.contains(complaint) && run.err.lines().count() == 1, "{complaint}: {}", run.err);
    }
    let deep = check(&folder.file("deep.yaml", "[".repeat(100_000)));
    assert!(deep.code == 2 && deep.err.contains("recursion"), "{}", deep.err);
}

#[test]
fn text_in_a_string_value_is_what_the_filter_reads() {
    let envoy = |value: &str| {
        json!({ "static_resources": { "config": { "root_id": "samlgate", "vm_config": {},
            "configuration": { "@type": "..StringValue", "value": value } } } })
        .to_string()
    };
    let run = check_text(&envoy(PLUGIN));
    assert!(run.code == 2 && run.out.contains("for YAML write `google.protobuf.Struct`"), "{}", run.all());
    let run = check_text(&envoy(""));
    assert!(run.code == 2 && run.out.contains("SG9001"), "named like us, so it is ours: {}", run.all());
    assert_eq!(check_text(&envoy(&plugin(""))).code, 0);
}

#[test]
fn of_several_plugins_one_has_to_be_chosen() {
    let other = plugin("").replace("https://sp.example/saml", "https://sp.example/other");
    let file = |one: &str, two: &str| format!("{one}\n---\n{two}\n").replace("\n            ", " ");
    let folder = Folder::new("two");
    let two = folder.file("two.yaml", file(&plugin(""), &other));
    let run = check(&two);
    assert!(run.code == 0 && run.out.ends_with("2 configurations, 0 faults, 2 warnings\n"), "{}", run.all());
    let metadata = |more: &[&str]| {
        let mut arguments = vec!["metadata", "--env-file", ENVIRONMENT, "--config", &two];
        arguments.extend(more);
        samlgate(&arguments)
    };
    let run = metadata(&[]);
    assert!(
        run.code == 2 && run.err.contains("--plugin NUMBER\n  1: document 1\n  2: document 2"),
        "{}",
        run.err
    );
    assert!(metadata(&["--plugin", "1"]).out.contains("entityID=\"https://sp.example/saml\""));
    assert!(metadata(&["--plugin", "2"]).out.contains("entityID=\"https://sp.example/other\""));
    // The filter and its service are configured alike.
    let same = folder.file("same.yaml", file(&plugin(""), &plugin("")));
    assert_eq!(samlgate(&["metadata", "--env-file", ENVIRONMENT, "--config", &same]).code, 0);
}

#[test]
fn a_broken_environment_file_is_named_with_its_line() {
    let folder = Folder::new("environment");
    let file = folder.file("broken.env", "A=1\nB\n");
    let run = samlgate(&["check", "--env-file", &file, "cli/examples/envoy.yaml"]);
    assert!(run.code == 2 && run.err.contains("broken.env:2: expected NAME=VALUE"), "{}", run.err);
    assert!(!run.all().contains(read(ENVIRONMENT).lines().nth(1).unwrap()));
}
