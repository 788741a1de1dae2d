//! Single logout in a real Envoy with two workers: whoever is signed out is out at once, on each of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use serde_json::json;
use testbed::browser::{Browser, Visit};
use testbed::client::Response;
use testbed::idp::{IdpOptions, LogoutMessage, SignatureCheck, TestKey};
use testbed::scene::{Scene, SceneOptions};
use testbed::{SharedScene, Turn};

static SCENE: SharedScene = SharedScene::new(|| {
    SceneOptions::new().idp(IdpOptions { single_logout: true, ..IdpOptions::default() }).patch(json!({
        "sp": { "single_logout_soap_path": "/saml/slo/soap" },
        "provisioning": { "circuit_open_for": "0s" },
    }))
});

fn scene() -> Turn<'static> {
    let turn = SCENE.turn().unwrap();
    // Whoever the test before signed out can sign in again.
    next_second();
    turn
}

/// Enough connections to meet each of the two workers.
const CONNECTIONS: usize = 24;

/// What a thief of the browser's cookies would send.
fn cookies(browser: &Browser) -> String {
    let own = browser.jar.cookies().filter(|cookie| cookie.name.starts_with("__Host-samlgate"));
    own.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
}

/// On how many of as many connections `cookies` reach the application.
fn let_in(scene: &Scene, cookies: &str) -> usize {
    let before = scene.app_requests().len();
    for _ in 0..CONNECTIONS {
        let response = scene.send(&scene.request("GET", "/any").header("Cookie", cookies)).unwrap();
        assert!(matches!(response.status, 200 | 401), "{}", response.status);
    }
    scene.app_requests().len() - before
}

fn request(scene: &Scene, path: &str) -> LogoutMessage {
    LogoutMessage::request(&scene.idp.entity_id(), &scene.app_url(path), "agent")
}

fn call(scene: &Scene, message: &LogoutMessage) -> Response {
    let body = message.envelope().unwrap();
    scene.send(&scene.request("POST", "/saml/slo/soap").body("text/xml", body)).unwrap()
}

/// Assertions and logouts have instants of whole seconds.
fn next_second() {
    std::thread::sleep(std::time::Duration::from_millis(1_100));
}

#[test]
fn whoever_signs_out_here_is_out_everywhere_and_their_cookies_are_worth_nothing() {
    let scene = scene();
    let (mut browser, page) = scene.sign_in("agent", "/").unwrap();
    let stolen = cookies(&browser);
    assert_eq!(let_in(&scene, &stolen), CONNECTIONS);
    // Another site cannot do it: not by a link, not by an image.
    let foreign = scene.idp.origin().parse().unwrap();
    browser.visit(Visit::subresource("GET", &scene.app_url("/saml/logout"), &foreign)).unwrap();
    let asked = browser.visit(Visit::navigation("GET", &scene.app_url("/saml/logout"), &foreign)).unwrap();
    assert!(asked.text().contains("Do you want to sign out"), "{}", asked.text());
    assert_eq!(let_in(&scene, &stolen), CONNECTIONS);

    let page = browser.follow_link(&page, &scene.app_url("/saml/logout")).unwrap();
    assert_eq!(page.url.path(), "/saml/slo");
    assert!(page.text().contains("signed out of this site and at your identity provider"), "{}", page.text());
    let received = scene.idp.logouts();
    assert_eq!(received.len(), 1);
    assert_eq!(received.first().unwrap().1, SignatureCheck::Good);
    assert!(!scene.idp.has_sessions());
    assert!(scene.jira_calls().iter().any(|call| call.contains("DELETE /rest/api/2/user/session/agent")));
    assert!(!cookies(&browser).contains("__Host-samlgate="), "{}", cookies(&browser));
    assert_eq!(let_in(&scene, &stolen), 0);

    // And in again.
    next_second();
    let page = scene.sign_in_with(&mut browser, "agent", "/again").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(let_in(&scene, &stolen), 0);
    scene.idp.sign_out_partly();
    let page = browser.follow_link(&page, &scene.app_url("/saml/logout")).unwrap();
    assert!(page.text().contains("could not sign you out everywhere"), "{}", page.text());
}

#[test]
fn the_identity_provider_signs_out_by_the_browser_and_nobody_else_does() {
    let scene = scene();
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    let (elsewhere, _) = scene.sign_in("agent", "/").unwrap();
    let (customer, _) = scene.sign_in("customer", "/").unwrap();
    let slo = scene.app_url("/saml/slo");
    let honest = request(&scene, "/saml/slo");
    for (forged, code) in [
        (LogoutMessage { key: None, ..honest.clone() }, "SG3001"),
        (LogoutMessage { key: Some(TestKey::Stranger), ..honest.clone() }, "SG3005"),
        (LogoutMessage { destination: Some("https://other.example/slo".into()), ..honest.clone() }, "SG4006"),
        (LogoutMessage { issuer: "https://evil.example".into(), ..honest.clone() }, "SG4004"),
    ] {
        let page = browser.open(&forged.url(&slo, "").unwrap()).unwrap();
        assert_eq!(page.header("x-samlgate-code"), Some(code));
        assert!(page.text().contains("Sign-out did not work"));
        let form = scene
            .request("POST", "/saml/slo")
            .body("application/x-www-form-urlencoded", forged.form("").unwrap());
        assert_eq!(scene.send(&form).unwrap().header("x-samlgate-code"), Some(code));
    }
    let (before, others) = (cookies(&browser), cookies(&elsewhere));
    assert_eq!((let_in(&scene, &before), let_in(&scene, &others)), (CONNECTIONS, CONNECTIONS));

    // The browser is led here and back with our answer.
    let page = browser.open(&honest.url(&slo, "state").unwrap()).unwrap();
    assert!(page.text().contains("Every application has answered"), "{}", page.text());
    let (answer, signature) = scene.idp.logouts().pop().unwrap();
    assert_eq!(signature, SignatureCheck::Good);
    assert!(answer.contains("status:Success") && answer.contains(&honest.id), "{answer}");
    assert_eq!((let_in(&scene, &before), let_in(&scene, &others)), (0, 0));
    assert_eq!(let_in(&scene, &cookies(&customer)), CONNECTIONS);
    assert!(scene.envoy_log().contains("\"event\":\"logout\""));
}

#[test]
fn the_identity_provider_signs_out_by_the_back_channel_on_every_worker_at_once() {
    let scene = scene();
    let (browser, _) = scene.sign_in("agent", "/").unwrap();
    let (customer, _) = scene.sign_in("customer", "/").unwrap();
    let stolen = cookies(&browser);
    assert_eq!(let_in(&scene, &stolen), CONNECTIONS);
    let honest = request(&scene, "/saml/slo/soap");
    for (forged, code) in [
        (LogoutMessage { key: None, ..honest.clone() }, "SG3001"),
        (LogoutMessage { key: Some(TestKey::Stranger), ..honest.clone() }, "SG3005"),
        (request(&scene, "/saml/slo"), "SG4006"),
        (LogoutMessage { issue_instant: honest.issue_instant - 3_600, ..honest.clone() }, "SG4025"),
    ] {
        let response = call(&scene, &forged);
        assert_eq!((response.status >= 400, response.header("x-samlgate-code")), (true, Some(code)));
    }
    assert_eq!(let_in(&scene, &stolen), CONNECTIONS);
    let response = call(&scene, &honest);
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/xml; charset=utf-8")));
    assert!(response.text().contains("status:Success") && response.text().contains("Signature"));
    // The very next requests, on whichever worker.
    assert_eq!(let_in(&scene, &stolen), 0);
    assert_eq!(let_in(&scene, &cookies(&customer)), CONNECTIONS);
    // Sent again it ends no newer session.
    next_second();
    let (again, _) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(call(&scene, &honest).status, 200);
    assert_eq!(let_in(&scene, &cookies(&again)), CONNECTIONS);
}

#[test]
fn an_identity_provider_that_takes_forms_only_gets_forms() {
    let idp = IdpOptions { post_only: true, single_logout: true, ..IdpOptions::default() };
    let scene =
        Scene::start(SceneOptions::new().concurrency(1).idp(idp).patch(json!({ "provisioning": null })))
            .unwrap();
    let (mut browser, page) = scene.sign_in("agent", "/").unwrap();
    let stolen = cookies(&browser);
    let page = browser.follow_link(&page, &scene.app_url("/saml/logout")).unwrap();
    assert!(page.text().contains("signed out of this site and at your identity provider"), "{}", page.text());
    assert_eq!(scene.idp.logouts().first().unwrap().1, SignatureCheck::Good);
    assert_eq!(let_in(&scene, &stolen), 0);
}
