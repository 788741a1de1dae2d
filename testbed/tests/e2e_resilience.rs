//! Envoy restarts, its configuration is loaded again under load, a worker's VM fails: no session is lost, and no request
//! reaches the application without one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use acs::{SESSION, begin};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use serde_json::{Value, json};
use testbed::browser::{Browser, Visit};
use testbed::client::{Request, Response};
use testbed::config::plugin_configuration;
use testbed::envoy;
use testbed::load::{Load, Sent};
use testbed::scene::{Scene, SceneOptions};

const RELOADS: u32 = 10;
const PER_SECOND: u32 = 200;

/// The requests of a load, and what each must come to.
const WITH_SESSION: usize = 0;
const NAVIGATION: usize = 1;
const FORGED: usize = 2;
const ALTERED: usize = 3;

fn headers_only() -> SceneOptions {
    SceneOptions::new().patch(json!({ "provisioning": null })).wasm_log_level("info")
}

/// The cookies of `browser`'s session as one header.
fn session_cookies(browser: &Browser) -> String {
    let cookies: Vec<String> = browser
        .jar
        .cookies()
        .filter(|cookie| cookie.name == SESSION)
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    assert!(!cookies.is_empty());
    cookies.join("; ")
}

/// One with a session, and three that must not get through: without one, with a header that only we may set, and with
/// a session that somebody altered.
fn requests(scene: &Scene, browser: &Browser) -> Vec<Request> {
    let cookies = session_cookies(browser);
    let altered: String = {
        let (kept, last) = cookies.split_at(cookies.len() - 1);
        format!("{kept}{}", if last == "A" { "B" } else { "A" })
    };
    vec![
        scene.request("GET", "/load/session").header("Cookie", &cookies),
        scene
            .request("GET", "/load/nobody")
            .header("Accept", "text/html")
            .header("Sec-Fetch-Mode", "navigate"),
        scene
            .request("GET", "/load/forged")
            .header("X-Remote-User", "admin")
            .header("X-Remote-Groups", r#"["jira-administrators"]"#),
        scene.request("GET", "/load/altered").header("Cookie", &altered),
    ]
}

/// What may never happen, whatever else does: a request without a session at the application, or with another name.
fn nobody_got_through(scene: &Scene, sent: &[Sent]) {
    for seen in scene.app_requests().iter().filter(|seen| seen.target.starts_with("/load/")) {
        assert_eq!(seen.target, "/load/session", "reached the application");
        assert_eq!(seen.header("x-remote-user"), Some("agent"));
        assert_eq!(seen.all("x-remote-user").count(), 1);
    }
    for Sent { which, at, result } in sent {
        let Ok(response) = result else { continue };
        assert!(*which == WITH_SESSION || response.status != 200, "{which} at {at:?}: {}", response.status);
    }
}

/// How the answers ended, by request and status; 0 for none.
fn count(sent: &[Sent]) -> BTreeMap<(usize, u16), usize> {
    let mut counts = BTreeMap::new();
    for Sent { which, result, .. } in sent {
        let status = result.as_ref().map_or(0, |response: &Response| response.status);
        *counts.entry((*which, status)).or_default() += 1;
    }
    counts
}

/// Every request came to what it comes to on a quiet day.
fn all_were_answered(scene: &Scene, sent: &[Sent]) {
    nobody_got_through(scene, sent);
    let wanted = BTreeMap::from([(WITH_SESSION, 200), (NAVIGATION, 302), (FORGED, 401), (ALTERED, 401)]);
    for Sent { which, at, result } in sent {
        let status = result.as_ref().unwrap_or_else(|error| panic!("{which} at {at:?}: {error}")).status;
        assert_eq!(Some(&status), wanted.get(which), "request {which} at {at:?}; all: {:?}", count(sent));
    }
}

/// A sign-in that was complete but for the post, and the form.
fn half_done(scene: &Scene, path: &str) -> (acs::SignIn, String) {
    let sign_in = begin(scene, path);
    let response = sign_in.response(scene, |_| {});
    (sign_in, response)
}

#[test]
fn a_restart_loses_no_session_and_no_sign_in_under_way() {
    let mut scene = Scene::start(headers_only()).unwrap();
    let (mut browser, page) = scene.sign_in("agent", "/before").unwrap();
    assert_eq!(page.status(), 200);
    let (mut under_way, response) = half_done(&scene, "/under-way");

    // While it is away and comes back, requests fail or are answered as ever.
    let load = Load::start(scene.address(), &requests(&scene, &browser), 50);
    sleep(Duration::from_millis(500));
    scene.restart_envoy().unwrap();
    sleep(Duration::from_millis(500));
    let (sent, _) = load.stop();
    nobody_got_through(&scene, &sent);
    let statuses = count(&sent);
    assert!(statuses.keys().all(|(_, status)| [0, 200, 302, 401].contains(status)), "{statuses:?}");
    assert!(statuses.get(&(WITH_SESSION, 200)).is_some_and(|count| *count > 10), "{statuses:?}");

    let visits = scene.idp.requests().len();
    let page = browser.open(&scene.app_url("/after")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/after"));
    assert_eq!(scene.idp.requests().len(), visits, "the session was not asked for again");
    assert_eq!(under_way.complete(&scene, &response).status(), 200);
}

/// Moves the listeners of a scene into a file of their own, which Envoy watches.
struct Listeners {
    file: PathBuf,
    first: Arc<Mutex<Value>>,
    version: u32,
}

impl Listeners {
    fn of(options: SceneOptions, directory: &Path) -> (SceneOptions, Self) {
        fs::create_dir_all(directory).unwrap();
        let file = directory.join("listeners.json");
        let first = Arc::new(Mutex::new(Value::Null));
        let (kept, path) = (Arc::clone(&first), file.clone());
        let options = options.directory(directory.to_owned()).envoy(move |config| {
            let listeners = config.pointer_mut("/static_resources/listeners").unwrap();
            let listener = listeners.as_array_mut().unwrap().remove(0);
            *kept.lock().unwrap() = listener.clone();
            write(&path, 0, listener);
            let node = json!({ "id": "test", "cluster": "test" });
            let watched = json!({ "path_config_source": { "path": path, "watched_directory": {
                "path": path.parent().unwrap() } } });
            let fields = config.as_object_mut().unwrap();
            fields.insert("node".to_owned(), node);
            fields.insert("dynamic_resources".to_owned(), json!({ "lds_config": watched }));
        });
        (options, Self { file, first, version: 0 })
    }

    /// Writes the listener with another plugin configuration, and waits until Envoy says `statistic` once more.
    fn reload(&mut self, scene: &Scene, statistic: &str, edit: impl FnOnce(&mut Value)) {
        let value = |scene: &Scene| scene.envoy_stats().unwrap().get(statistic).copied().unwrap_or_default();
        let before = value(scene);
        let mut listener = self.first.lock().unwrap().clone();
        edit(plugin_configuration(&mut listener).unwrap());
        self.version += 1;
        write(&self.file, self.version, listener);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let warming =
                scene.envoy_stats().unwrap().get("listener_manager.total_listeners_warming").copied();
            if value(scene) > before && warming == Some(0) {
                return;
            }
            assert!(Instant::now() < deadline, "no {statistic}: {}", scene.envoy.last_words());
            sleep(Duration::from_millis(50));
        }
    }
}

/// Replaced in one step, as Envoy wants it.
fn write(file: &Path, version: u32, mut listener: Value) {
    let kind = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    listener.as_object_mut().unwrap().insert("@type".to_owned(), kind);
    let answer = json!({ "version_info": version.to_string(), "resources": [listener] });
    let fresh = file.with_extension("new");
    fs::write(&fresh, answer.to_string()).unwrap();
    fs::rename(&fresh, file).unwrap();
}

/// A session key that is not the scene's.
fn another_key() -> String {
    STANDARD.encode([7_u8; 32])
}

#[test]
fn ten_reloads_at_200_requests_a_second_lose_nothing_and_let_nobody_through() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reloads");
    let (options, mut listeners) = Listeners::of(headers_only(), &directory);
    let scene = Scene::start(options).unwrap();
    let (browser, page) = scene.sign_in("agent", "/before").unwrap();
    assert_eq!(page.status(), 200);

    let load = Load::start(scene.address(), &requests(&scene, &browser), PER_SECOND);
    sleep(Duration::from_millis(500));
    for number in 1..=RELOADS {
        let (mut under_way, response) = half_done(&scene, &format!("/under-way/{number}"));
        listeners.reload(&scene, "listener_manager.listener_modified", |plugin| {
            let session = plugin.pointer_mut("/session").unwrap().as_object_mut().unwrap();
            session.insert("idle_timeout".to_owned(), json!(format!("{}s", 3600 + number)));
            // From the middle on another key seals, and the old one still opens.
            if number > RELOADS / 2 {
                session.get_mut("keys").unwrap().as_array_mut().unwrap().insert(
                    0,
                    json!({
                        "inline_string": another_key()
                    }),
                );
            }
        });
        assert_eq!(under_way.complete(&scene, &response).status(), 200, "reload {number}");
        sleep(Duration::from_millis(300));
    }
    // What is no configuration changes nothing.
    listeners.reload(&scene, "listener_manager.lds.update_rejected", |plugin| {
        *plugin = json!({ "sp": { "entity_id": "" }, "rules": [{ "match": {}, "access": "BYPASS" }] });
    });
    sleep(Duration::from_millis(500));
    let (sent, rate) = load.stop();
    all_were_answered(&scene, &sent);
    assert!(rate > f64::from(PER_SECOND) * 0.9, "only {rate} requests a second");
    let stats = scene.envoy_stats().unwrap();
    assert!(
        stats.get("listener_manager.listener_modified").is_some_and(|count| *count >= u64::from(RELOADS))
    );
    assert!(scene.envoy_log().contains("configuration refused"));
    // The last configuration is in force: its key seals.
    let (mut fresh, page) = scene.sign_in("agent", "/fresh").unwrap();
    assert_eq!(page.status(), 200);
    listeners.reload(&scene, "listener_manager.listener_modified", |_| {});
    let asked = scene.idp.requests().len();
    fresh.open(&scene.app_url("/gone")).unwrap();
    assert_eq!(scene.idp.requests().len(), asked + 1, "it was sealed with the new key");
}

fn provoke(scene: &Scene, request: Request) -> Option<u16> {
    scene.send(&request.header("X-Samlgate-Provoke", "1")).ok().map(|response| response.status)
}

#[test]
fn a_vm_that_fails_loses_no_session_and_forgets_no_assertion() {
    let wasm = envoy::provoked_wasm().unwrap();
    let options = headers_only().envoy(move |config| replace_wasm(config, &json!(wasm)));
    let scene = Scene::start(options).unwrap();
    let (mut browser, page) = scene.sign_in("agent", "/before").unwrap();
    assert_eq!(page.status(), 200);
    let (mut under_way, response) = half_done(&scene, "/under-way");
    let mut used = begin(&scene, "/used");
    let used_response = used.response(&scene, |_| {});
    let mut again = used.clone();
    assert_eq!(used.complete(&scene, &used_response).status(), 200);

    let cookies = session_cookies(&browser);
    let load = Load::start(scene.address(), &requests(&scene, &browser), PER_SECOND);
    // One by one, and then faster than the pause after which a VM is made anew.
    for number in 0..24 {
        sleep(Duration::from_millis(if number < 6 { 400 } else { 20 }));
        // With a session and without: neither request gets through the failure.
        let request = scene.request("GET", "/load/provoked");
        let request = if number % 2 == 0 { request } else { request.header("Cookie", &cookies) };
        let status = provoke(&scene, request);
        assert!(status.is_some_and(|status| status >= 500), "{status:?}");
    }
    sleep(Duration::from_secs(3));
    let quiet = load.elapsed();
    sleep(Duration::from_secs(1));
    let (sent, _) = load.stop();
    nobody_got_through(&scene, &sent);
    let statuses = count(&sent);
    // A worker without its VM refuses; it asks nobody to sign in again and lets nobody in.
    assert!(
        statuses.keys().all(|(which, status)| {
            *status == 0
                || *status >= 500
                || matches!(
                    (which, status),
                    (&WITH_SESSION, 200) | (&NAVIGATION, 302) | (&FORGED | &ALTERED, 401)
                )
        }),
        "{statuses:?}"
    );
    let afterwards: Vec<Sent> = sent.into_iter().filter(|sent| sent.at > quiet).collect();
    assert!(!afterwards.is_empty());
    all_were_answered(&scene, &afterwards);
    assert!(scene.envoy_log().matches("a failure was provoked").count() > 6);

    let page = browser.open(&scene.app_url("/after")).unwrap();
    assert_eq!((page.status(), page.url.path()), (200, "/after"));
    assert_eq!(under_way.complete(&scene, &response).status(), 200);
    // The ledger of used assertions is Envoy's, not the VM's: the browser that kept its pending request is refused.
    let refused = again.post(&used_response);
    assert_eq!(
        (refused.status(), refused.header("x-samlgate-code")),
        (403, Some(Code::AssertionReplayed.id()))
    );
}

#[test]
fn a_post_to_the_application_is_never_sent_twice_or_let_through_by_a_failure() {
    let wasm = envoy::provoked_wasm().unwrap();
    let options = headers_only().concurrency(1).envoy(move |config| replace_wasm(config, &json!(wasm)));
    let scene = Scene::start(options).unwrap();
    let (mut browser, page) = scene.sign_in("agent", "/before").unwrap();
    let post = |path: &str| {
        Visit::navigation("POST", &scene.app_url(path), &page.url)
            .body("application/x-www-form-urlencoded", "a=b".as_bytes())
    };
    let crash = post("/load/session").header("X-Samlgate-Provoke", "1");
    let answer = browser.once(&crash).map(|page| page.status());
    assert!(answer.as_ref().map_or(true, |status| *status >= 500), "{answer:?}");
    assert!(scene.app_requests().iter().all(|seen| seen.method != "POST"));
    // The worker is back after its pause, and the same session is good.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let page = browser.once(&post("/load/session")).unwrap();
        if page.status() == 200 {
            break;
        }
        assert!(page.status() >= 500 && Instant::now() < deadline, "{}", page.status());
        sleep(Duration::from_millis(100));
    }
    assert_eq!(scene.app_requests().iter().filter(|seen| seen.method == "POST").count(), 1);
}

/// Puts another module where the scene's is.
fn replace_wasm(config: &mut Value, wasm: &Value) {
    match config {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if name == "filename" && value.as_str().is_some_and(|name| name.ends_with(".wasm")) {
                    *value = wasm.clone();
                } else {
                    replace_wasm(value, wasm);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_wasm(item, wasm)),
        _ => {}
    }
}
