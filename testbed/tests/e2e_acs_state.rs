//! What a sign-in leaves in the browser and in Envoy: pending requests, replays, the session and its keys.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::sync::{Barrier, OnceLock};
use std::time::{Duration, Instant};

use acs::{FORM, SESSION, alone, begin, begin_in, must_refuse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use serde_json::json;
use testbed::browser::Browser;
use testbed::client::send_bytes;
use testbed::idp::{Groups, fresh_id};
use testbed::scene::{Scene, SceneOptions};

const PENDING: &str = "__Host-samlgate-p-";

/// One Envoy for the file, with two workers; every group of the assertion goes into the session.
fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let options = SceneOptions::new().concurrency(2).patch(json!({
            "provisioning": null,
            "headers": { "attributes": [{ "attribute": "groups", "header": "x-all-groups", "format": "JSON" }] }
        }));
        Scene::start(options).unwrap()
    })
}

/// Gives the pending cookies of `browser` another value.
fn with_pending(mut browser: Browser, value: impl Fn(&str) -> String) -> Browser {
    let mut cookies: Vec<_> =
        browser.jar.cookies().filter(|cookie| cookie.name.starts_with(PENDING)).cloned().collect();
    assert!(!cookies.is_empty());
    browser.jar.forget(|cookie| cookie.name.starts_with(PENDING));
    for cookie in &mut cookies {
        cookie.value = value(&cookie.value);
        browser.jar.plant(cookie.clone());
    }
    browser
}

fn pending_value(browser: &Browser) -> String {
    browser.jar.cookies().find(|cookie| cookie.name.starts_with(PENDING)).unwrap().value.clone()
}

#[test]
fn without_a_pending_request_of_this_browser_nothing_is_accepted() {
    let _alone = alone();
    let mut victim = begin(scene(), "/pending/none");
    let response = victim.response(scene(), |_| {});
    let kept = victim.browser.clone();
    victim.browser = scene().browser();
    must_refuse(scene(), &mut victim, Code::PendingRequestMissing, |sign_in| sign_in.post(&response));
    // Somebody else's browser, which waits for an answer of its own.
    victim.browser = begin(scene(), "/pending/other").browser;
    must_refuse(scene(), &mut victim, Code::PendingRequestMissing, |sign_in| sign_in.post(&response));
    // The right name with the other browser's text.
    let foreign = pending_value(&victim.browser);
    victim.browser = with_pending(kept.clone(), |_| foreign.clone());
    must_refuse(scene(), &mut victim, Code::PendingRequestUnreadable, |sign_in| sign_in.post(&response));
    for change in [
        |value: &str| value.replacen(value.chars().nth(40).unwrap(), "-", 1),
        |value: &str| value.chars().take(value.len() - 4).collect(),
        |_: &str| "AAAA".to_owned(),
        |_: &str| "x".repeat(3_000),
    ] {
        victim.browser = with_pending(kept.clone(), change);
        must_refuse(scene(), &mut victim, Code::PendingRequestUnreadable, |sign_in| sign_in.post(&response));
    }
    // Untouched, it would have been accepted.
    victim.browser = kept;
    assert_eq!(victim.complete(scene(), &response).status(), 200);
}

#[test]
fn a_flood_without_pending_requests_is_answered_before_its_bodies_arrive() {
    let head = format!(
        "POST /saml/acs HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\nContent-Type: {FORM}\r\nContent-Length: 500000\r\n\r\nSAML",
        scene().origin().trim_start_matches("http://"),
    );
    // The rest of the body never comes, so whatever is answered was answered without it.
    let response = send_bytes(scene().address(), head.as_bytes(), false, Duration::from_secs(60)).unwrap();
    assert_eq!((response.status, response.header("x-samlgate-code")), (403, Some("SG5001")));
}

#[test]
fn the_relay_state_of_another_tab_is_refused() {
    let _alone = alone();
    let first = begin(scene(), "/tab/first");
    let mut second = begin_in(scene(), first.browser.clone(), "/tab/second");
    let response = first.response(scene(), |_| {});
    must_refuse(scene(), &mut second, Code::InResponseToMismatch, |sign_in| sign_in.post(&response));
    second.relay_state = first.relay_state.clone();
    let page = second.complete(scene(), &response);
    assert_eq!(page.url.as_str(), scene().app_url("/tab/first"));
}

#[test]
fn a_response_is_good_for_one_session_on_all_workers() {
    let _alone = alone();
    for round in 0..3 {
        let sign_in = begin(scene(), &format!("/replay/{round}"));
        let response = sign_in.response(scene(), |_| {});
        let barrier = Barrier::new(12);
        let answers: Vec<(u16, Option<String>, bool)> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..12)
                .map(|_| {
                    let mut sign_in = sign_in.clone();
                    let (response, barrier) = (&response, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let page = sign_in.post(response);
                        let code = page.header("x-samlgate-code").map(str::to_owned);
                        (page.status(), code, sign_in.browser.cookie(SESSION).is_some())
                    })
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|(status, _, _)| *status == 303).count(), 1, "{answers:?}");
        for (status, code, session) in &answers {
            assert_eq!(*session, *status == 303, "{answers:?}");
            assert!(*status == 303 || code.as_deref() == Some("SG5004"), "{answers:?}");
        }
        let mut late = sign_in.clone();
        must_refuse(scene(), &mut late, Code::AssertionReplayed, |sign_in| sign_in.post(&response));
    }
    // It was indeed more than one worker that decided.
    let stats = scene().envoy_stats().unwrap();
    let workers: Vec<_> = stats
        .iter()
        .filter(|(name, count)| {
            name.starts_with("listener.127.0.0.1_")
                && name.contains(".worker_")
                && name.ends_with("downstream_cx_total")
                && **count > 0
        })
        .collect();
    assert_eq!(workers.len(), 2, "{workers:?}");
}

#[test]
fn the_same_assertion_id_in_another_response_is_a_replay() {
    let _alone = alone();
    let id = fresh_id();
    let mut first = begin(scene(), "/same-id/first");
    let response = first.response(scene(), |options| options.assertion_id.clone_from(&id));
    assert_eq!(first.complete(scene(), &response).status(), 200);
    let mut second = begin(scene(), "/same-id/second");
    let response = second.response(scene(), |options| options.assertion_id = id);
    must_refuse(scene(), &mut second, Code::AssertionReplayed, |sign_in| sign_in.post(&response));
}

#[test]
fn the_back_button_leads_into_the_site() {
    let mut sign_in = begin(scene(), "/back");
    let response = sign_in.response(scene(), |_| {});
    assert_eq!(sign_in.complete(scene(), &response).status(), 200);
    // The page is loaded again: the form goes out once more, with the session's cookie.
    let again = scene()
        .request("POST", "/saml/acs")
        .header("Accept", "text/html")
        .header("Cookie", &format!("{SESSION}={}", sign_in.browser.cookie(SESSION).unwrap()))
        .body(FORM, format!("SAMLResponse=x&RelayState={}", sign_in.relay_state));
    let again = scene().send(&again).unwrap();
    assert_eq!((again.status, again.header("location")), (303, Some("/")));
    // The identity provider's page posts once more: from there a browser sends no Lax cookie, so that this cannot be
    // told from a sign-in of somebody else. The page has a link, and the session is still there.
    let page = sign_in.post(&response);
    assert_eq!((page.status(), page.header("x-samlgate-code")), (403, Some("SG5001")));
    assert!(page.text().contains("<a href=\"/\">"), "{}", page.text());
    let inside = sign_in.browser.follow_link(&page, "/").unwrap();
    assert_eq!((inside.status(), inside.url.as_str()), (200, scene().app_url("/").as_str()));
}

#[test]
fn large_sessions_travel_in_several_cookies_and_too_large_ones_are_refused() {
    let _alone = alone();
    // Random names, because a session is compressed.
    let groups = |count: usize| (0..count).map(|_| format!("group{}", fresh_id())).collect::<Vec<_>>();
    let mut sign_in = begin(scene(), "/large?m=large");
    let many = groups(300);
    let response = sign_in.response(scene(), |options| options.groups = Groups::These(many.clone()));
    assert_eq!(sign_in.complete(scene(), &response).status(), 200);
    let chunks = sign_in.browser.jar.cookies().filter(|cookie| cookie.name.starts_with(SESSION)).count();
    assert!(chunks >= 2, "{chunks}");
    let seen = scene().app_requests().into_iter().rev().find(|seen| seen.target.contains("m=large")).unwrap();
    let told: Vec<String> = serde_json::from_str(seen.header("x-all-groups").unwrap()).unwrap();
    assert_eq!(told, many);
    assert_eq!(seen.header("cookie"), None);
    // A chunk too few opens nothing.
    let mut short = sign_in.browser.clone();
    short.follow = false;
    short.jar.forget(|cookie| cookie.name == format!("{SESSION}.1"));
    assert_eq!(short.open(&scene().app_url("/large?m=short")).unwrap().status(), 302);
    // The next sign-in of this browser is small. The old chunks are not sent with the post from the other site, so they
    // stay, and harm nothing; signing out removes them.
    sign_in.browser.jar.forget(|cookie| cookie.name == SESSION);
    let mut again = begin_in(scene(), sign_in.browser.clone(), "/large/again?m=small");
    let response = again.response(scene(), |_| {});
    assert_eq!(again.complete(scene(), &response).status(), 200);
    let seen = scene().app_requests().into_iter().rev().find(|seen| seen.target.contains("m=small")).unwrap();
    assert_eq!(
        (seen.header("x-all-groups"), seen.header("cookie")),
        (Some(r#"["idp-agents","idp-staff"]"#), None)
    );
    again.browser.open(&scene().app_url("/saml/logout")).unwrap();
    let part = |name: &str| name == SESSION || name.starts_with(&format!("{SESSION}."));
    assert!(!again.browser.jar.cookies().any(|cookie| part(&cookie.name)));

    let mut sign_in = begin(scene(), "/too-large");
    let response = sign_in.response(scene(), |options| options.groups = Groups::These(groups(1_500)));
    must_refuse(scene(), &mut sign_in, Code::SessionTooLarge, |sign_in| sign_in.post(&response));
}

#[test]
fn the_session_ends_with_that_of_the_identity_provider() {
    let mut sign_in = begin(scene(), "/ends");
    let response = sign_in.response(scene(), |options| options.session_not_on_or_after = Some(3));
    assert_eq!(sign_in.complete(scene(), &response).status(), 200);
    let cookie = format!("{SESSION}={}", sign_in.browser.cookie(SESSION).unwrap());
    let request = scene().request("GET", "/ends?2").header("Accept", "text/html").header("Cookie", &cookie);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(scene().send(&request).unwrap().status, 302);
}

#[test]
fn sessions_survive_a_restart_and_a_new_key_in_front() {
    let start = |port: u16, keys: serde_json::Value| {
        let options = SceneOptions::new().port(port).concurrency(1).environment("NEW_KEY", NEW_KEY);
        let options = options.patch(json!({ "provisioning": null, "session": { "keys": keys } }));
        Scene::start(options.envoy(|config| {
            let pointer = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0\
                /typed_config/config/vm_config/environment_variables/host_env_keys";
            config.pointer_mut(pointer).unwrap().as_array_mut().unwrap().push("NEW_KEY".into());
        }))
        .unwrap()
    };
    const NEW_KEY: &str = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    let old = json!([{ "environment_variable": "SESSION_KEY" }]);
    let both = json!([{ "environment_variable": "NEW_KEY" }, { "environment_variable": "SESSION_KEY" }]);
    let new = json!([{ "environment_variable": "NEW_KEY" }]);
    let port = testbed::envoy::free_port().unwrap();
    let scene = start(port, old.clone());
    let mut sign_in = begin(&scene, "/restart");
    let waiting = begin(&scene, "/restart/waiting");
    let response = sign_in.response(&scene, |_| {});
    assert_eq!(sign_in.complete(&scene, &response).status(), 200);
    drop(scene);
    for (keys, status) in [(old, 200), (both, 200), (new, 302)] {
        let scene = start(port, keys.clone());
        sign_in.browser.follow = false;
        let page = sign_in.browser.open(&scene.app_url("/restart/again")).unwrap();
        assert_eq!(page.status(), status, "{keys}");
        // A sign-in that was under way across the restart ends well, too.
        let mut waiting = waiting.clone();
        let response = waiting.response(&scene, |_| {});
        let page = waiting.post(&response);
        let expected = if status == 200 { (303, None) } else { (403, Some("SG5002")) };
        assert_eq!((page.status(), page.header("x-samlgate-code")), expected, "{keys}");
    }
}

#[test]
fn pending_requests_sessions_and_idle_sessions_end_in_time() {
    // The shortest times that the configuration takes.
    let options = SceneOptions::new().concurrency(1).patch(json!({
        "provisioning": null,
        "session": { "absolute_timeout": "66s", "idle_timeout": "60s", "pending_request_timeout": "60s" }
    }));
    let scene = Scene::start(options).unwrap();
    let mut waiting = begin(&scene, "/late");
    let cookie = waiting.browser.jar.cookies().find(|cookie| cookie.name.starts_with(PENDING)).unwrap();
    let pending = format!("{}={}", cookie.name, cookie.value);
    let signed_in = |path: &str| {
        let mut sign_in = begin(&scene, path);
        let response = sign_in.response(&scene, |_| {});
        assert_eq!(sign_in.complete(&scene, &response).status(), 200);
        sign_in.browser.follow = false;
        sign_in.browser
    };
    let idle = signed_in("/idle");
    let mut busy = signed_in("/busy");
    let began = Instant::now();
    let asks = |browser: &Browser| {
        let cookie = format!("{SESSION}={}", browser.cookie(SESSION).unwrap());
        let request = scene.request("GET", "/").header("Accept", "text/html").header("Cookie", &cookie);
        scene.send(&request).unwrap().status
    };
    std::thread::sleep(Duration::from_secs(30));
    assert_eq!(busy.open(&scene.app_url("/busy/half")).unwrap().status(), 200);
    std::thread::sleep(Duration::from_secs(62).saturating_sub(began.elapsed()));
    assert_eq!((asks(&idle), asks(&busy)), (302, 200));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &STANDARD.encode(waiting.response(&scene, |_| {})))
        .append_pair("RelayState", &waiting.relay_state)
        .finish();
    let late = scene
        .request("POST", "/saml/acs")
        .header("Accept", "text/html")
        .header("Cookie", &pending)
        .body(FORM, form);
    let answer = scene.send(&late).unwrap();
    assert_eq!((answer.status, answer.header("x-samlgate-code")), (403, Some("SG5003")));
    // A browser has forgotten the cookie by then.
    let response = waiting.response(&scene, |_| {});
    must_refuse(&scene, &mut waiting, Code::PendingRequestMissing, |sign_in| sign_in.post(&response));
    std::thread::sleep(Duration::from_secs(68).saturating_sub(began.elapsed()));
    assert_eq!(asks(&busy), 302);
}
