//! Sessions: one sealed cookie that any replica opens and nobody else.

use serde_json::json;
use testbed::{Scene, SceneOptions};

use crate::{demo, refusal};

#[test]
fn attributes_of_the_cookies_are_the_strict_ones() {
    let scene = demo();
    let first = scene.send(&scene.request("GET", "/").header("Accept", "text/html")).unwrap();
    let pending = first.header("set-cookie").unwrap();
    for needed in ["__Host-samlgate-p-", "Path=/", "Secure", "HttpOnly", "SameSite=None", "Max-Age=600"] {
        assert!(pending.contains(needed), "{needed} is not in {pending}");
    }
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let (browser, _) = scene.sign_in("agent", "/").unwrap();
    let session = browser.jar.cookies().find(|cookie| cookie.name == "__Host-samlgate").unwrap();
    assert!(session.secure && session.http_only && session.host_only);
    assert_eq!(session.same_site, testbed::browser::SameSite::Lax);
    assert!(!session.value.contains("agent"));
}

#[test]
fn replicas_that_share_the_keys_share_sessions_and_keys_can_be_rotated() {
    const NEW: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let port = testbed::envoy::free_port().unwrap();
    let old = Scene::start(SceneOptions::new().port(port)).unwrap();
    let (mut browser, _) = old.sign_in("agent", "/").unwrap();
    let under_way = browser.clone().open(&old.app_url("/")).unwrap();
    assert_eq!(under_way.status(), 200);
    drop(old);

    // The same address after a restart, with a new key in front of the old one.
    let both = SceneOptions::new().port(port).patch(json!({
        "session": { "keys": [{ "inline_string": NEW }, { "environment_variable": "SESSION_KEY" }] },
    }));
    let restarted = Scene::start(both).unwrap();
    assert_eq!(browser.open(&restarted.app_url("/after")).unwrap().status(), 200);
    assert_eq!(restarted.app.last_request().unwrap().header("x-remote-user"), Some("agent"));
    drop(restarted);

    // And without the old key the session is over.
    let only_new =
        SceneOptions::new().port(port).patch(json!({ "session": { "keys": [{ "inline_string": NEW }] } }));
    let rotated = Scene::start(only_new).unwrap();
    let page = browser.open(&rotated.app_url("/after")).unwrap();
    assert!(page.url.host_str() == Some("idp.localhost"), "{}", page.url);
}

#[test]
fn a_large_session_is_cut_into_cookies_and_one_that_is_too_large_is_refused() {
    let scene = Scene::start(SceneOptions::new().patch(json!({
        "headers": { "attributes": [{ "attribute": "entitlements", "header": "x-remote-entitlements" }] },
    })))
    .unwrap();
    // Compression must not help: fresh ids look random.
    let values = |count: usize| (0..count).map(|_| testbed::idp::fresh_id()).collect::<Vec<_>>();
    let several = values(200);
    let told = several.clone();
    scene.idp.change(move |options| options.attributes = vec![("entitlements".to_owned(), several.clone())]);
    let (mut browser, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200, "{}", page.text());
    let parts = |browser: &testbed::browser::Browser| {
        let part = |name: &str| name == "__Host-samlgate" || name.starts_with("__Host-samlgate.");
        browser.jar.cookies().filter(|cookie| part(&cookie.name)).count()
    };
    assert!(parts(&browser) > 1, "{} cookies", parts(&browser));
    assert_eq!(
        scene.app.last_request().unwrap().header("x-remote-entitlements"),
        Some(told.join(",").as_str())
    );
    // Without one of its parts it is no session.
    let mut cut = browser.clone();
    cut.jar.forget(|cookie| cookie.name == "__Host-samlgate.1");
    assert_eq!(cut.fetch(&page, "GET", "/").unwrap().status(), 401);

    // A smaller one afterwards leaves no part of the larger one behind.
    scene.idp.honest();
    browser.jar.forget(|cookie| cookie.name == "__Host-samlgate.1");
    let page = scene.sign_in_with(&mut browser, "agent", "/").unwrap();
    assert_eq!((page.status(), parts(&browser)), (200, 1));

    let too_many = values(2_000);
    scene.idp.change(move |options| options.attributes = vec![("entitlements".to_owned(), too_many.clone())]);
    let (_, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(refusal(&page.response), (403, "SG5006"));
}

#[test]
fn the_session_ends_when_the_identity_provider_says_so() {
    let scene = demo();
    scene.idp.change(|options| options.session_not_on_or_after = Some(3));
    let (mut browser, page) = scene.sign_in("agent", "/").unwrap();
    assert_eq!(page.status(), 200);
    std::thread::sleep(std::time::Duration::from_secs(5));
    // The cookie may have gone by itself; a copy of it must be worthless too.
    let page = browser.fetch(&page, "GET", "/rest").unwrap();
    assert_eq!(page.status(), 401);
}
