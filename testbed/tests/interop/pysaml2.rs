//! pysaml2, whose signatures libxmlsec makes, signs people in.

use std::fs;
use std::path::Path;
use std::process::Command;

use testbed::app::App;
use testbed::browser::Browser;
use testbed::client::fetch;
use testbed::jira::{self, JiraState};

use crate::gate::Gate;
use crate::support::{Program, free_port, repository, scratch, tool};

fn start(state: &Path, options: &[&str]) -> Program {
    let port = free_port();
    let mut command = Command::new(tool("INTEROP_PYTHON", &[".cache/venv/bin/python"]));
    command
        .arg(repository().join("envoy/e2e/pysaml2/idp.py"))
        .args(["--port", &port.to_string(), "--state"])
        .arg(state)
        .args(options)
        .arg("--xmlsec1")
        .arg(tool("XMLSEC1", &["/usr/bin/xmlsec1"]));
    Program::start(command, port, &state.join("idp.out"))
}

fn signs_in(name: &str, options: &[&str]) {
    let scratch = scratch(&format!("pysaml2-{name}"));
    let idp = start(&scratch, options);
    let metadata = fetch(idp.address, "/metadata").unwrap().text();
    let app = App::start(0, jira::router(JiraState::default())).unwrap();
    let gate = Gate::start("envoy/e2e/pysaml2/envoy.yaml", Gate::reserve(), app.port(), &metadata, &scratch);
    fs::write(scratch.join("sp-metadata.xml"), gate.metadata().body).unwrap();

    let people = [
        ("agent", "agent@example.org", r#"["jira-agents","staff, all"]"#),
        ("customer", "customer@example.org", r#"["portal-customers"]"#),
    ];
    for (user, email, groups) in people {
        let mut browser = Browser::new();
        let path = "/browse/TEST-1?filter=mine";
        let login = browser.open(&gate.url(path)).unwrap();
        let form = login.form();
        assert!(form.field("SAMLRequest").is_some(), "no login form: {}\n{}", login.text(), idp.said());
        let page = browser.submit(&login, &form.with("username", user).with("password", user)).unwrap();
        gate.assert_arrived(&browser, &page, path);

        let seen = app.last_request().unwrap();
        assert_eq!(seen.target, path);
        assert_eq!(seen.header("x-remote-user"), Some(user));
        assert_eq!(seen.header("x-remote-email"), Some(email));
        assert_eq!(seen.header("x-remote-groups"), Some(groups));
        assert!(seen.header("x-remote-name").is_some());
    }
}

#[test]
fn pysaml2_signs_in_with_a_signed_assertion() {
    signs_in("assertion", &["--sign", "assertion"]);
}

#[test]
fn pysaml2_signs_in_with_a_signed_response() {
    signs_in("response", &["--sign", "response"]);
}

#[test]
fn pysaml2_signs_in_with_both_signed_after_a_signed_request() {
    signs_in("both", &["--sign", "both", "--want-signed"]);
}
