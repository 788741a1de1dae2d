//! SimpleSAMLphp, the identity provider of many universities, signs people in.

use std::fs;
use std::path::Path;
use std::process::Command;

use testbed::app::App;
use testbed::browser::{Browser, Page};
use testbed::client::fetch;
use testbed::idp::TestKey;
use testbed::jira::{self, JiraState};

use crate::gate::{Gate, response, signatures};
use crate::signers::xmlsec1;
use crate::support::{Program, free_port, repository, scratch, tool};

const METADATA: &str = "/simplesaml/saml2/idp/metadata.php";

fn start(state: &Path, sign: &str, encrypt: &str) -> Program {
    let port = free_port();
    let mut command = Command::new(repository().join("envoy/e2e/simplesamlphp/idp.sh"));
    command
        .env(
            "SSP_HOME",
            tool("SSP_HOME", &[".cache/simplesamlphp/usr/share/simplesamlphp", "/usr/share/simplesamlphp"]),
        )
        .env("IDP_STATE", state)
        .env("IDP_PORT", port.to_string())
        .env("IDP_SIGN", sign)
        .env("IDP_ENCRYPT", encrypt)
        .env("SP_METADATA", state.join("sp-metadata.xml"));
    Program::start(command, port, &state.join("idp.log"))
}

/// Our metadata is signed by the key that `Gate` is given.
fn assert_signed(metadata: &Path, certificate: &Path) {
    fs::write(certificate, TestKey::Stranger.certificate_pem()).unwrap();
    let said = xmlsec1(metadata, certificate, "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

/// SimpleSAMLphp, the filter and the application behind it.
struct Scene {
    gate: Gate,
    app: App,
    // Stops when it is dropped.
    _idp: Program,
}

/// `sign` is what SimpleSAMLphp signs and `encrypt` what it encrypts. It refuses our AuthnRequest unless its signature is
/// good, and it reads our metadata as the filter serves it.
fn scene(sign: &str, encrypt: &str) -> Scene {
    let scratch = scratch(&format!("simplesamlphp-{sign}-{encrypt}"));
    let idp = start(&scratch, sign, encrypt);
    let metadata = fetch(idp.address, METADATA).unwrap().text();
    let app = App::start(0, jira::router(JiraState::default())).unwrap();
    let gate =
        Gate::start("envoy/e2e/simplesamlphp/envoy.yaml", Gate::reserve(), app.port(), &metadata, &scratch);
    let sp_metadata = scratch.join("sp-metadata.xml");
    fs::write(&sp_metadata, gate.metadata().body).unwrap();
    assert_signed(&sp_metadata, &scratch.join("sp.crt.pem"));
    Scene { gate, app, _idp: idp }
}

impl Scene {
    /// Opens `path`, signs `user` in, and hands over what SimpleSAMLphp sends back before it is posted.
    fn answer(&self, user: &str, path: &str) -> (Browser, Page) {
        let mut browser = Browser::new();
        let login = browser.open(&self.gate.url(path)).unwrap();
        let form = login.form();
        assert!(form.field("AuthState").is_some(), "no login form: {}", login.text());
        let sent = browser.submit(&login, &form.with("username", user).with("password", user)).unwrap();
        // Its page posts by a script in a file of its own, which the browser without a screen does not fetch.
        (browser, sent)
    }
}

/// Signs agent and customer in.
fn signs_in(sign: &str, signed: usize) {
    let scene = scene(sign, "nothing");
    let people = [
        ("agent", "agent@example.org", "Ada Agent & S%C3%B6hne <ops>", r#"["jira-agents","staff, all"]"#),
        ("customer", "customer@example.org", "Carl Customer", r#"["portal-customers"]"#),
    ];
    for (user, email, name, groups) in people {
        let path = "/servicedesk/customer/portal/1?x=1&y=%C3%B6";
        let (mut browser, sent) = scene.answer(user, path);
        assert_eq!(signatures(&sent.form()), signed);
        let page = browser.submit(&sent, &sent.form()).unwrap();
        scene.gate.assert_arrived(&browser, &page, path);

        let seen = scene.app.last_request().unwrap();
        assert_eq!(seen.target, path);
        assert_eq!(seen.header("x-remote-user"), Some(user));
        assert_eq!(seen.header("x-remote-email"), Some(email));
        assert_eq!(seen.header("x-remote-groups"), Some(groups));
        assert_eq!(seen.header("x-remote-name"), Some(name));
        assert!(seen.header("cookie").is_none_or(|cookie| !cookie.contains("samlgate")), "{seen:?}");
    }
}

/// SimpleSAMLphp encrypts with AES-CBC, which is read inside a signed response and nowhere else.
fn encrypts(encrypt: &str, element: &str) {
    let path = "/browse/TEST-1";
    for sign in ["response", "both"] {
        let scene = scene(sign, encrypt);
        let (mut browser, sent) = scene.answer("agent", path);
        assert!(response(&sent.form()).contains(element), "{sign}");
        let page = browser.submit(&sent, &sent.form()).unwrap();
        scene.gate.assert_arrived(&browser, &page, path);
        let seen = scene.app.last_request().unwrap();
        assert_eq!(seen.header("x-remote-user"), Some("agent"));
        assert_eq!(seen.header("x-remote-groups"), Some(r#"["jira-agents","staff, all"]"#));
    }
    let scene = scene("assertion", encrypt);
    let (mut browser, sent) = scene.answer("agent", path);
    let page = browser.submit(&sent, &sent.form()).unwrap();
    assert_eq!((page.status(), page.header("x-samlgate-code")), (403, Some("SG3020")), "{}", page.text());
}

#[test]
fn simplesamlphp_encrypts_the_assertion() {
    encrypts("assertion", ":EncryptedAssertion");
}

#[test]
fn simplesamlphp_encrypts_the_name() {
    encrypts("name", ":EncryptedID");
}

#[test]
fn simplesamlphp_signs_in_with_a_signed_assertion() {
    signs_in("assertion", 1);
}

#[test]
fn simplesamlphp_signs_in_with_a_signed_response() {
    signs_in("response", 1);
}

#[test]
fn simplesamlphp_signs_in_with_both_signed() {
    signs_in("both", 2);
}
