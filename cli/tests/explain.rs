//! `samlgate explain` on real responses, and on what people give it by mistake.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

mod support;

use samlgate::encoding::{base64, percent};
use serde_json::{Value, json};
use support::{Folder, Run, read, samlgate, samlgate_with};

const CONFIG: &str = "cli/examples/envoy.yaml";
const RESPONSE: &str = "cli/examples/response.xml";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
const NOW: &str = "2026-01-02T03:04:06Z";

fn explain_with(more: &[&str], input: &[u8]) -> Run {
    let mut arguments = vec!["explain", "--config", CONFIG, "--env-file", "cli/examples/secrets.env"];
    arguments.extend(more);
    samlgate_with(&arguments, input)
}

fn explain(response: &str, more: &[&str]) -> Run {
    let mut arguments = vec!["--response", response, "--now", NOW];
    arguments.extend(more);
    explain_with(&arguments, b"")
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|fault| panic!("{fault}: {} {}", run.out, run.err))
}

/// A rejected sign-in is 1, and the JSON says the same.
fn code_of(run: &Run) -> Option<String> {
    let report = report(run);
    let accepted = report["outcome"] == "accepted";
    assert_eq!(run.code, i32::from(!accepted), "{}", run.out);
    assert_eq!(report["code"].is_null(), accepted);
    report["code"].as_str().map(str::to_owned)
}

#[test]
fn an_accepted_sign_in_has_everything() {
    let run = explain(
        RESPONSE,
        &[
            "--request-id",
            REQUEST,
            "--url",
            "/servicedesk/customer/portals",
            "--account",
            "cli/examples/account.yaml",
            "--format",
            "json",
        ],
    );
    assert_eq!(code_of(&run), None);
    let report = report(&run);
    let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
    for field in [
        "outcome",
        "code",
        "slug",
        "reason",
        "remedy",
        "checks",
        "response",
        "identity",
        "decision",
        "headers",
        "operations",
        "calls",
    ] {
        assert!(fields.iter().any(|have| *have == field), "{field}");
    }
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["outcome"], "passed", "{check}");
    }
    assert_eq!(report["response"]["clock_skew_seconds"], -1);
    assert_eq!(report["response"]["signatures"][0]["element"], "Assertion");
    assert_eq!(report["identity"]["username"], "alice");
    assert_eq!(report["identity"]["name_id"]["value"], "alice");
    assert_eq!(report["identity"]["groups"], json!({ "known": ["jira-admins", "jira-users"] }));
    assert_eq!(report["identity"]["attributes"][1]["values"], json!(["alice@example.com"]));
    assert_eq!(report["decision"]["access"]["outcome"], "allow");
    assert_eq!(report["decision"]["customer"], true);
    let verdict = |group: &str| {
        let groups = report["decision"]["groups"].as_array().unwrap();
        groups.iter().find(|verdict| verdict["group"] == group).map(|verdict| verdict["verdict"].clone())
    };
    assert_eq!(verdict("staff"), Some(json!("add")));
    let header = |name: &str| {
        let headers = report["headers"].as_array().unwrap();
        headers.iter().find(|header| header["name"] == name).map(|header| header["value"].clone())
    };
    assert_eq!(header("x-remote-user"), Some(json!("alice")));
    assert_eq!(header("x-remote-groups"), Some(json!("jira-software-users,staff")));
    let operations: Vec<&Value> =
        report["operations"].as_array().unwrap().iter().map(|operation| &operation["operation"]).collect();
    assert_eq!(operations, ["update_account", "add_to_group", "write_marker"]);
    let calls = report["calls"].as_array().unwrap();
    assert!(calls.iter().any(|call| {
        call["method"] == "POST" && call["path"] == "/rest/api/2/group/user?groupname=staff"
    }));
}

#[test]
fn every_response_of_the_vectors_ends_as_its_case_says() {
    // Those that need no other configuration than the example's.
    let folder = support::root().join("tests/vectors/response");
    let (mut tried, mut refused) = (0, 0);
    for name in [
        "good_assertion_signed",
        "good_both_signed",
        "good_response_signed",
        "assertion_missing",
        "assertion_twice",
        "audience_other",
        "audience_missing",
        "assertion_signature_broken_response_good",
        "algorithm_unknown",
        "assertion_issuer_other",
        "authn_statement_missing",
        "clock_response_issued_in_the_future",
    ] {
        let case = std::fs::read_to_string(folder.join(name).join("case.yaml")).unwrap();
        let expected = case.lines().next().unwrap().strip_prefix("expect: ").unwrap();
        let input = format!("tests/vectors/response/{name}/input.xml");
        let run = explain_with(
            &[
                "--response",
                &input,
                "--now",
                "2026-01-02T03:04:05Z",
                "--request-id",
                REQUEST,
                "--format",
                "json",
            ],
            b"",
        );
        let code = code_of(&run);
        assert_eq!(code.as_deref().unwrap_or("accept"), expected, "{name}: {}", run.out);
        tried += 1;
        refused += usize::from(code.is_some());
    }
    assert!(tried > refused && refused >= 8);
}

#[test]
fn the_response_may_come_in_any_form() {
    let folder = Folder::new("forms");
    let xml = read(RESPONSE);
    let plain = base64::encode(xml.as_bytes());
    let form = format!("RelayState=x&SAMLResponse={}", percent::query_component(&plain));
    let wrapped: Vec<&str> =
        plain.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let har = |post: Value| {
        let entry = |post: &Value| {
            json!({ "startedDateTime": "2026-01-02T05:04:06.123+02:00",
                    "request": { "method": "POST", "url": "https://jira.example/saml/acs", "postData": post } })
        };
        json!({ "log": { "entries": [
            { "request": { "method": "GET", "url": "https://jira.example/" } },
            entry(&post),
            { "request": { "method": "POST", "url": "https://jira.example/other", "postData": { "text": "a=b" } } },
        ] } })
        .to_string()
    };
    let har_text = har(json!({ "text": form }));
    let har_parameters = har(json!({ "params": [{ "name": "SAMLResponse", "value": plain }] }));
    for (name, content) in [
        ("plain", plain.as_str()),
        ("wrapped", &wrapped.join("\r\n")),
        ("escaped", &percent::query_component(&plain)),
        ("form", &form),
        ("text.har", &har_text),
        ("parameters.har", &har_parameters),
    ] {
        let run = explain(&folder.file(name, content), &["--format", "json"]);
        assert_eq!(code_of(&run), None, "{name}: {}", run.out);
        let run = explain_with(&["--response", "-", "--now", NOW, "--format", "json"], content.as_bytes());
        assert_eq!(code_of(&run), None, "{name} on standard input");
    }
    // A recording says when it was made.
    let run = explain_with(&["--response", "-", "--format", "json"], har_text.as_bytes());
    assert_eq!(code_of(&run), None);
    let run = explain_with(&["--response", "-", "--format", "json"], plain.as_bytes());
    assert_eq!(code_of(&run).as_deref(), Some("SG4025"), "long ago");
    assert!(run.err.contains("judged as of now") && run.err.contains("--now"), "{}", run.err);
}

#[test]
fn what_is_no_response_is_a_refusal_with_a_code_and_never_a_crash() {
    let folder = Folder::new("garbage");
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let doctype = "<!DOCTYPE x [<!ENTITY a \"b\">]><x/>";
    for (name, content, code) in [
        ("empty", Vec::new(), "SG1003"),
        ("binary", binary, "SG2002"),
        ("large", vec![b'A'; 10 * 1024 * 1024], "SG1004"),
        ("large.xml", [b"<a>".as_slice(), &vec![b'x'; 10 * 1024 * 1024], b"</a>"].concat(), "SG1004"),
        ("words", b"hello, world".to_vec(), "SG1001"),
        ("doctype", doctype.as_bytes().to_vec(), "SG2004"),
        ("html", b"<html><body>Sign in</body></html>".to_vec(), "SG4001"),
        ("repeated", b"SAMLResponse=PGEvPg==&SAMLResponse=PGEvPg==".to_vec(), "SG1009"),
        ("deep", "<a>".repeat(10_000).into_bytes(), "SG2006"),
    ] {
        let run = explain(&folder.file(name, content), &["--format", "json"]);
        assert_eq!(code_of(&run).as_deref(), Some(code), "{name}: {}", run.out);
        assert!(run.err.is_empty(), "{}", run.err);
        assert_eq!(report(&run)["headers"], json!([]));
    }
}

#[test]
fn mistakes_of_the_person_are_two_and_name_the_file() {
    let folder = Folder::new("mistakes");
    let empty_har = folder.file("empty.har", r#"{"log": {"entries": []}}"#);
    let unknown = folder.file("unknown.yaml", "user: alice\n");
    let instant = folder.file("instant.yaml", "last_login: yesterday\n");
    let broken = folder.file("broken.yaml", "groups: [a\n");
    let two = folder.file("two.yaml", "username: a\n---\nusername: b\n");
    for (arguments, complaint) in [
        (vec!["--response", "nowhere.xml"], "nowhere.xml: "),
        (vec!["--response", "cli"], "cli: is a directory"),
        (vec!["--response", &empty_har], "without a POST of a SAMLResponse"),
        (vec!["--response", RESPONSE, "--now", "today"], "2026-01-02T03:04:05Z"),
        (vec!["--response", RESPONSE, "--account", &unknown], "unknown field `user`"),
        (vec!["--response", RESPONSE, "--account", &instant], "expected an instant"),
        (vec!["--response", RESPONSE, "--account", &broken], "not valid YAML"),
        (vec!["--response", RESPONSE, "--account", &two], "expected one account"),
        (vec!["--response", RESPONSE, "--account", "nowhere.yaml"], "nowhere.yaml: "),
        (vec!["--response", RESPONSE, "--plugin", "2"], "has 1 configurations, not 2"),
        (vec!["--response", RESPONSE, "--plugin", "0"], "not 0"),
        (vec!["--response", RESPONSE, "--format", "xml"], "--format"),
        (vec!["--request-id", "x"], "--response"),
    ] {
        let run = explain_with(&arguments, b"");
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.all());
        assert!(run.err.contains(complaint) && run.out.is_empty(), "{arguments:?}: {}", run.err);
    }
    let both = samlgate(&["explain", "--config", "-", "--response", "-"]);
    assert!(both.code == 2 && both.err.contains("standard input"), "{}", both.err);
    let faulty = samlgate(&["explain", "--config", CONFIG, "--response", RESPONSE]);
    assert!(faulty.code == 2 && faulty.err.contains("SG9006 `session.keys[0]"), "{}", faulty.err);
    assert!(faulty.err.starts_with("error: cli/examples/envoy.yaml: static_resources"), "{}", faulty.err);
}

/// Where a sign-in started, who asks, and what the account is: each of it changes the answer.
#[test]
fn r7_r9_the_page_and_the_account_change_the_decision() {
    let groups = |more: &[&str]| {
        let mut arguments = vec!["--format", "json"];
        arguments.extend(more);
        let report = report(&explain(RESPONSE, &arguments));
        let headers = report["headers"].as_array().unwrap().clone();
        let header = headers.into_iter().find(|header| header["name"] == "x-remote-groups").unwrap();
        header["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(groups(&["--url", "/"]), "jira-software-users,staff");
    assert_eq!(
        groups(&["--url", "https://jira.example/secure/Dashboard.jspa?x#y"]),
        "jira-software-users,staff"
    );
    assert_eq!(groups(&["--url", "/servicedesk/customer"]), "staff");
    assert_eq!(groups(&["--url", "https://jira.example/servicedesk/"]), "staff");
    assert_eq!(groups(&[]), "staff");
    for foreign in ["https://evil.example/", "//evil.example/", "servicedesk", "https://jira.example.evil/"] {
        let run = explain(RESPONSE, &["--url", foreign, "--format", "json"]);
        assert_eq!(code_of(&run).as_deref(), Some("SG1012"), "{foreign}");
    }
}

#[test]
fn the_text_is_for_people_and_hides_no_control_characters() {
    let run = explain(RESPONSE, &["--url", "/"]);
    assert_eq!(run.code, 0);
    assert!(run.out.starts_with("ACCEPTED: every check passed\n"), "{}", run.out);
    assert!(!run.out.contains('\u{1b}'), "colours without a terminal");
    for heading in ["Checks", "Response", "Identity", "Attributes received", "Decision", "Groups", "Calls"] {
        assert!(run.out.contains(&format!("\n{heading}\n")), "{heading}: {}", run.out);
    }
    let late = explain_with(&["--response", RESPONSE, "--now", "2026-01-02T03:20:00Z"], b"");
    assert_eq!(late.code, 1);
    assert_eq!(late.out, read("cli/tests/snapshots/late.txt"), "{}", late.out);
}

#[test]
fn no_secret_is_printed() {
    let token = "a-token-that-nobody-may-see";
    let configuration = read(CONFIG).replace(
        "authority: jira.internal",
        "authority: jira.internal, credentials: { bearer: { environment_variable: TOKEN } }",
    );
    let folder = Folder::new("secrets");
    let config = folder.file("envoy.yaml", configuration);
    let environment = read("cli/examples/secrets.env") + &format!("TOKEN={token}\n");
    let environment = folder.file("secrets.env", environment);
    let arguments =
        ["explain", "--config", &config, "--env-file", &environment, "--response", RESPONSE, "--now", NOW];
    let run = samlgate(&arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    for secret in [token, "C1Sd5i94wQpTnOUud8AJUpvkLXa"] {
        assert!(!run.all().contains(secret));
    }
}

#[test]
fn metadata_that_the_filter_fetches_is_given_as_a_file() {
    let folder = Folder::new("remote");
    let document = read("cli/examples/secrets.env").split('\'').nth(1).unwrap().to_owned();
    let entity_id = document.split("entityID=\"").nth(1).unwrap().split('"').next().unwrap();
    let remote = format!(
        "idp: {{ entity_id: '{entity_id}', remote_metadata: {{ uri: 'https://idp.example/m', cluster: idp }} }}\n                            headers:"
    );
    let configured = "idp:\n                              metadata: { environment_variable: IDP_METADATA }\n                            headers:";
    let whole = read(CONFIG);
    assert!(whole.contains(configured));
    let config = folder.file("envoy.yaml", whole.replace(configured, &remote));
    let metadata = folder.file("idp.xml", &document);
    let other = folder.file("other.xml", document.replace(entity_id, "https://other.example"));
    let run = |more: &[&str]| {
        let mut arguments = vec!["explain", "--config", &config, "--env-file", "cli/examples/secrets.env"];
        arguments.extend(["--response", RESPONSE, "--now", NOW, "--format", "json"]);
        arguments.extend(more);
        samlgate(&arguments)
    };
    assert_eq!(code_of(&run(&["--idp-metadata", &metadata])), None);
    assert_eq!(code_of(&run(&[])).as_deref(), Some("SG4036"));
    let refused = run(&["--idp-metadata", &other]);
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.err.contains("SG4031") && refused.err.contains("other.xml"), "{}", refused.err);
    let useless = explain(RESPONSE, &["--idp-metadata", &metadata]);
    assert!(useless.code == 2 && useless.err.contains("remote_metadata"), "{}", useless.all());
}
