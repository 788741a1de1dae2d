//! Configurations other than the demo's.

use serde_json::json;
use testbed::browser::Visit;
use testbed::{Scene, SceneOptions};

use crate::{page_refusal, refusal};

#[test]
fn allowed_origins_may_send_unsafe_requests() {
    let scene = Scene::start(SceneOptions::new().patch(json!({
        "allowed_origins": ["http://portal.localhost:7000"],
        "session": { "cookie": { "same_site": "NONE" } },
    })))
    .unwrap();
    let (mut browser, _) = scene.sign_in("agent", "/").unwrap();
    let from = |origin: &str| {
        let origin = url::Url::parse(origin).unwrap();
        Visit::subresource("POST", &scene.app_url("/rest"), &origin)
    };
    assert_eq!(browser.once(&from("http://portal.localhost:7000/")).unwrap().status(), 200);
    assert_eq!(page_refusal(&browser.once(&from("http://portal.localhost:7001/")).unwrap()), (403, "SG5011"));
}

#[test]
fn identity_from_attributes_with_a_pattern() {
    let scene = Scene::start(SceneOptions::new().patch(json!({
        "identity": {
            "username": { "name_id": null, "attribute": { "names": ["mail"] } },
            "username_pattern": "([^@]+)@example\\.com",
        },
        "provisioning": null,
    })))
    .unwrap();
    scene.idp.change(|options| options.name_id_xml = Some("opaque-7f3a".to_owned()));
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200, "{:?}", page_refusal(&page));
    assert_eq!(scene.app.last_request().unwrap().header("x-remote-user"), Some("agent"));
    scene.idp.add_user(testbed::idp::User {
        email: "agent@evil.example".to_owned(),
        ..testbed::idp::User::new("mallory", "Mallory", &[])
    });
    let (_, page) = scene.sign_in("mallory", "/").unwrap();
    assert_eq!(page_refusal(&page), (403, "SG4041"));
    assert!(scene.jira_calls().is_empty(), "no provisioning, no calls");
}

#[test]
fn without_an_identity_provider_metadata_is_served_and_nothing_else() {
    let scene = Scene::start(SceneOptions::new().patch(json!({ "idp": null }))).unwrap();
    let metadata = scene.browser().open(&scene.app_url("/saml/metadata")).unwrap();
    assert_eq!(metadata.status(), 200);
    let page = scene.browser().open(&scene.app_url("/")).unwrap();
    assert_eq!(page_refusal(&page), (503, "SG9012"));
    assert!(scene.app_requests().is_empty());
}

#[test]
fn other_hosts_are_served_when_they_are_listed() {
    let scene =
        Scene::start(SceneOptions::new().patch(json!({ "allowed_hosts": ["jira.internal:8080"] }))).unwrap();
    let request =
        testbed::client::Request::new("GET", "jira.internal:8080", "/").header("Accept", "text/html");
    let answer = request.send(scene.address()).unwrap();
    assert_eq!(answer.status, 302);
    let other = testbed::client::Request::new("GET", "jira.internal", "/").send(scene.address()).unwrap();
    assert_eq!(refusal(&other), (421, "SG1013"));
}
