//! pysaml2, whose signatures libxmlsec makes, signs people in.

use std::fs;
use std::path::Path;
use std::process::Command;

use testbed::app::App;
use testbed::browser::Browser;
use testbed::client::fetch;
use testbed::jira::{self, JiraState};

use crate::gate::{Gate, signatures};
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

fn signs_in(name: &str, options: &[&str], signed: usize) {
    let scratch = scratch(&format!("pysaml2-{name}"));
    let idp = start(&scratch, options);
    let metadata = fetch(idp.address, "/metadata").unwrap().text();
    let app = App::start(0, jira::router(JiraState::default())).unwrap();
    let gate = Gate::start("envoy/e2e/pysaml2/envoy.yaml", Gate::reserve(), app.port(), &metadata, &scratch);
    fs::write(scratch.join("sp-metadata.xml"), gate.metadata().body).unwrap();

    let people = [
        ("agent", "agent@example.org", "Ada Agent & S%C3%B6hne <ops>", r#"["jira-agents","staff, all"]"#),
        ("customer", "customer@example.org", "Carl Customer", r#"["portal-customers"]"#),
    ];
    for (user, email, name, groups) in people {
        // The page with the response is looked at before it is sent on.
        let mut browser = Browser::new();
        browser.scripts = false;
        let path = "/browse/TEST-1?filter=mine";
        let login = browser.open(&gate.url(path)).unwrap();
        let form = login.form();
        assert!(form.field("SAMLRequest").is_some(), "no login form: {}\n{}", login.text(), idp.said());
        let sent = browser.submit(&login, &form.with("username", user).with("password", user)).unwrap();
        assert_eq!(signatures(&sent.form()), signed);
        let page = browser.submit(&sent, &sent.form()).unwrap();
        gate.assert_arrived(&browser, &page, path);

        let seen = app.last_request().unwrap();
        assert_eq!(seen.target, path);
        assert_eq!(seen.header("x-remote-user"), Some(user));
        assert_eq!(seen.header("x-remote-email"), Some(email));
        assert_eq!(seen.header("x-remote-groups"), Some(groups));
        assert_eq!(seen.header("x-remote-name"), Some(name));
    }
}

#[test]
fn pysaml2_signs_in_with_a_signed_assertion() {
    signs_in("assertion", &["--sign", "assertion"], 1);
}

#[test]
fn pysaml2_signs_in_with_a_signed_response() {
    signs_in("response", &["--sign", "response"], 1);
}

#[test]
fn pysaml2_signs_in_with_both_signed_after_a_signed_request() {
    signs_in("both", &["--sign", "both", "--want-signed"], 2);
}
