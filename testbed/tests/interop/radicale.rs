//! Radicale, a calendar server that believes `X-Remote-User`, behind the filter.

use std::net::SocketAddr;
use std::process::Command;

use testbed::browser::Browser;
use testbed::client::{Request, Response};
use testbed::idp::{Idp, IdpOptions};

use crate::gate::Gate;
use crate::support::{Program, free_port, repository, scratch, tool};

const WHO_AM_I: &str = r#"<?xml version="1.0"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:current-user-principal/></d:prop></d:propfind>"#;

/// Asks for the principal at `address`, with `headers`.
fn propfind(address: SocketAddr, host: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::new("PROPFIND", host, "/").header("Depth", "0");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body("application/xml", WHO_AM_I).send(address).unwrap()
}

fn principal(response: &Response) -> Option<String> {
    let text = response.text();
    let (_, after) = text.split_once("<current-user-principal><href>")?;
    after.split_once("</href>").map(|(principal, _)| principal.to_owned())
}

#[test]
fn radicale_knows_who_signed_in_and_nobody_else() {
    let scratch = scratch("radicale");
    let port = free_port();
    let mut command = Command::new(repository().join("envoy/e2e/radicale/app.sh"));
    command
        .env("RADICALE", tool("RADICALE", &[".cache/venv/bin/radicale"]))
        .env("APP_STATE", scratch.join("collections"))
        .env("APP_PORT", port.to_string());
    let radicale = Program::start(command, port, &scratch.join("radicale.log"));
    // Why it must not be reachable but through the filter: it believes whoever comes, in either spelling.
    for name in ["X-Remote-User", "X_Remote_User"] {
        let answer = propfind(radicale.address, "radicale", &[(name, "victim")]);
        assert_eq!(principal(&answer).as_deref(), Some("/victim/"), "{name}");
    }

    let idp = Idp::start(&IdpOptions::default()).unwrap();
    let app = Gate::reserve();
    let gate = Gate::start("envoy/e2e/radicale/envoy.yaml", app, port, &idp.metadata(), &scratch);
    let address = SocketAddr::from(([127, 0, 0, 1], app));
    let host = format!("app.localhost:{app}");

    // Without a session nobody gets through, whatever they call themselves.
    let spoofs: [&[(&str, &str)]; 6] = [
        &[],
        &[("X-Remote-User", "victim")],
        &[("X_Remote_User", "victim")],
        &[("x-remote_user", "victim")],
        &[("X-Remote-User", "victim"), ("Cookie", "__Host-samlgate=forged")],
        &[("Connection", "x-remote-user"), ("X-Remote-User", "victim")],
    ];
    for spoof in spoofs {
        let answer = propfind(address, &host, spoof);
        assert!(matches!(answer.status, 302 | 400 | 401 | 403), "{spoof:?}: {}", answer.status);
        assert_eq!(principal(&answer), None, "{spoof:?}");
    }

    let mut browser = Browser::new();
    let login = browser.open(&gate.url("/")).unwrap();
    let form = login.form().with("user", "agent").with("password", "agent");
    browser.submit(&login, &form).unwrap();
    let session: Vec<String> = browser
        .jar
        .cookies()
        .filter(|cookie| cookie.domain == "app.localhost")
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    let session = session.join("; ");

    // With one, the principal is who signed in, whatever else the client says.
    let claims: [&[(&str, &str)]; 5] = [
        &[],
        &[("X-Remote-User", "victim")],
        &[("X_Remote_User", "victim")],
        &[("x-remote_user", "victim"), ("X-REMOTE-USER", "victim")],
        &[("Connection", "x-remote-user")],
    ];
    for claim in claims {
        let headers: Vec<(&str, &str)> =
            claim.iter().copied().chain([("Cookie", session.as_str())]).collect();
        let answer = propfind(address, &host, &headers);
        assert_eq!(answer.status, 207, "{claim:?}: {}\n{}", answer.text(), gate.envoy.log());
        assert_eq!(principal(&answer).as_deref(), Some("/agent/"), "{claim:?}");
    }
}
