//! A sign-in in a real browser.

use std::process::Command;

use axum::Router;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse};
use axum::routing::{get, post};
use serde_json::json;
use testbed::envoy::{binary, wasm};
use testbed::server::Server;

use crate::support::{Program, free_port, scratch};
use crate::webdriver::Chromium;

fn cookies(headers: &HeaderMap) -> String {
    headers.get(COOKIE).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// What the filter counts on, without the filter: Chromium keeps `__Host-` cookies of http://*.localhost, sends those
/// with SameSite=None along with another site's POST and keeps those with SameSite=Lax for the page after it.
#[test]
fn host_cookies_on_localhost_survive_a_post_from_another_site() {
    let scratch = scratch("chromium-cookies");
    let (app, idp) = (free_port(), free_port());
    let pages = Router::new()
        .route(
            "/start",
            get(move || async move {
                (
                    StatusCode::FOUND,
                    AppendHeaders([
                        (LOCATION, format!("http://idp.localhost:{idp}/login")),
                        (SET_COOKIE, "__Host-pending=1; Path=/; Secure; HttpOnly; SameSite=None".to_owned()),
                        (SET_COOKIE, "__Host-lax=1; Path=/; Secure; HttpOnly; SameSite=Lax".to_owned()),
                    ]),
                )
            }),
        )
        .route(
            "/acs",
            post(|headers: HeaderMap| async move {
                assert_eq!(cookies(&headers), "__Host-pending=1");
                (
                    StatusCode::SEE_OTHER,
                    AppendHeaders([
                        (LOCATION, "/end?x=1"),
                        (SET_COOKIE, "__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
                    ]),
                )
            }),
        )
        .route("/end", get(|headers: HeaderMap| async move { cookies(&headers) }));
    let login = Router::new().route(
        "/login",
        get(move || async move {
            Html(format!(
                "<form method=post action='http://app.localhost:{app}/acs'><input name=a value=b></form>\
                 <script>document.forms[0].submit()</script>"
            ))
            .into_response()
        }),
    );
    let _app = Server::start(app, pages).unwrap();
    let _idp = Server::start(idp, login).unwrap();
    let browser = Chromium::start(&scratch);
    browser.open(&format!("http://app.localhost:{app}/start"));
    browser.wait_for_url(&format!("http://app.localhost:{app}/end?x=1"));
    let mut seen: Vec<String> = browser.text().split("; ").map(str::to_owned).collect();
    seen.sort();
    assert_eq!(seen, ["__Host-lax=1", "__Host-pending=1", "__Host-session=1"]);
}

/// The demo in a real browser: a customer opens the portal, signs in, and lands where they wanted to go.
#[test]
fn a_customer_signs_in_to_the_demo() {
    let scratch = scratch("chromium-sign-in");
    let port = free_port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command
        .args(["--port", &port.to_string()])
        .env("SAMLGATE_ENVOY", binary().unwrap())
        .env("SAMLGATE_WASM", wasm().unwrap());
    let demo = Program::start(command, port, &scratch.join("demo.log"));

    let browser = Chromium::start(&scratch);
    let portal = format!("http://app.localhost:{port}/servicedesk/customer/portal/1?x=1");
    browser.open(&portal);
    assert!(
        browser.url().starts_with("http://idp.localhost:"),
        "{}: {}\n{}",
        browser.url(),
        browser.text(),
        demo.said()
    );
    browser.fill("input[name=user]", "customer");
    browser.fill("input[name=password]", "customer");
    browser.click("button[type=submit]");
    browser.wait_for_url(&portal);
    let text = browser.text();
    browser.screenshot(&scratch.join("page.png"));
    assert!(
        text.contains("Carl Customer") && text.contains("customer@example.com"),
        "{text}\n{}",
        demo.said()
    );

    // The session is out of reach for scripts and for plain connections, and the pending sign-in is gone.
    let cookies = browser.cookies();
    let session = cookies.iter().find(|cookie| cookie["name"] == "__Host-samlgate").unwrap();
    assert_eq!(
        (&session["httpOnly"], &session["secure"], &session["path"]),
        (&json!(true), &json!(true), &json!("/"))
    );
    assert_eq!(session["sameSite"], "Lax");
    assert!(
        !cookies.iter().any(|cookie| cookie["name"].as_str().unwrap().starts_with("__Host-samlgate-p-")),
        "{cookies:?}"
    );

    // A second page needs no sign-in; signed out, the application is out of reach again.
    browser.open(&format!("http://app.localhost:{port}/browse/TEST-1"));
    assert_eq!(browser.url(), format!("http://app.localhost:{port}/browse/TEST-1"));
    browser.open(&format!("http://app.localhost:{port}/saml/logout"));
    browser.wait_for_url(&format!("http://app.localhost:{port}/saml/logged-out"));
    assert!(!browser.cookies().iter().any(|cookie| cookie["name"] == "__Host-samlgate"));
    // The identity provider still knows the customer, so the way back in needs no password.
    browser.open(&portal);
    browser.wait_for_url(&portal);
}
