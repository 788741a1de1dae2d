//! What an operator meets: refused configurations, the option that is easily forgotten, statistics.

use std::time::Duration;

use serde_json::json;
use testbed::{Scene, SceneOptions};

use crate::{demo, refusal};

#[test]
fn a_faulty_configuration_is_refused_with_all_its_faults() {
    let error = Scene::start(SceneOptions::new().patch(json!({
        "sp": { "base_url": "http://app.localhost" },
        "session": { "absolute_timeout": "8h", "keys": [{ "inline_string": "c2hvcnQ=" }] },
        "provisioning": { "on_failure": "IGNORE" },
    })))
    .unwrap_err()
    .to_string();
    for needed in
        ["sp.base_url", "base_uri", "session.absolute_timeout", "session.keys", "provisioning.on_failure"]
    {
        assert!(error.contains(needed), "`{needed}` is not in\n{error}");
    }
    assert!(!error.contains("c2hvcnQ="), "a secret is in\n{error}");
}

#[test]
fn a_missing_secret_is_named() {
    let scene = SceneOptions::new()
        .patch(json!({ "session": { "keys": [{ "environment_variable": "NO_SUCH_KEY" }] } }));
    let error = Scene::start(scene).unwrap_err().to_string();
    assert!(error.contains("SG9006") && error.contains("NO_SUCH_KEY"), "{error}");
}

/// Without `allow_on_headers_stop_iteration` Envoy never hands the body over: the person gets an answer that names the
/// option instead of a hanging page.
#[test]
fn the_forgotten_option_is_named_instead_of_hanging() {
    let scene = Scene::start(SceneOptions::new().envoy(|config| {
        let pointer = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config";
        config.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove("allow_on_headers_stop_iteration");
    }))
    .unwrap();
    let mut browser = scene.browser();
    browser.timeout = Duration::from_secs(60);
    let page = scene.sign_in_with(&mut browser, "agent", "/").unwrap();
    assert_eq!(refusal(&page.response), (503, "SG9010"));
    assert!(scene.envoy_log().contains("allow_on_headers_stop_iteration"));
}

#[test]
fn sign_ins_are_counted_and_logged_without_names() {
    let scene = demo();
    let sign_ins = || {
        let stats = scene.envoy_stats().unwrap();
        stats
            .iter()
            .filter(|(name, _)| name.ends_with("samlgate.sign_in_accepted"))
            .map(|(_, count)| *count)
            .sum::<u64>()
    };
    let before = sign_ins();
    scene.sign_in("admin", "/").unwrap();
    assert_eq!(sign_ins(), before + 1);
    let log = scene.envoy_log();
    assert!(log.contains("sign_in"));
    for name in ["Alma Admin", "admin@example.com"] {
        assert!(!log.contains(name), "`{name}` is in the log");
    }
}

#[test]
fn many_at_once() {
    let scene = demo();
    let scene = &*scene;
    std::thread::scope(|threads| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                threads.spawn(move || {
                    for round in 0..4 {
                        let path = format!("/round/{round}");
                        let (mut browser, page) = scene.sign_in("agent", &path).unwrap();
                        assert_eq!((page.status(), page.url.path()), (200, path.as_str()), "{}", page.text());
                        for _ in 0..10 {
                            assert_eq!(browser.open(&scene.app_url("/x")).unwrap().status(), 200);
                        }
                    }
                })
            })
            .collect();
        for one in all {
            one.join().unwrap();
        }
    });
    assert_eq!(scene.jira_groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
}
