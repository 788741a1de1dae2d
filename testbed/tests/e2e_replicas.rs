//! Two Envoys behind one balancer, and an etcd that both use: real ones, and everything that can happen to an etcd.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use acs::{SESSION, SignIn, begin, faults_of_refusal};
use axum::Router;
use samlgate::base::Code;
use serde_json::{Value, json};
use testbed::balancer::Balancer;
use testbed::browser::{Browser, Page, Visit};
use testbed::envoy::{Envoy, EnvoyOptions, free_port};
use testbed::etcd::Etcd;
use testbed::idp::IdpOptions;
use testbed::scene::{Scene, SceneOptions};
use testbed::server::Server;

/// A look each second, and a call that may take half of one: what was ended at one replica is ended at the other within
/// this, on a busy machine.
const SOON: Duration = Duration::from_secs(8);

/// `max_staleness` of these tests, and the second in which it is noticed.
const STALE: Duration = Duration::from_secs(13);

/// Two replicas of one site. The scene's addresses are the balancer's.
struct Replicas {
    scene: Scene,
    other: Envoy,
    other_options: EnvoyOptions,
    balancer: Balancer,
    etcd: Etcd,
}

fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replicas-{test}"))
}

fn listen(config: &mut Value, port: u16) {
    let pointer = "/static_resources/listeners/0/address/socket_address/port_value";
    *config.pointer_mut(pointer).unwrap() = json!(port);
}

fn cluster(address: SocketAddr) -> Value {
    let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    json!({
        "name": "etcd",
        "type": "STATIC",
        "connect_timeout": "0.5s",
        "load_assignment": { "cluster_name": "etcd", "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }] }
    })
}

impl Replicas {
    fn start(test: &str, on_failure: &str, etcd: Etcd, user: &Value) -> Self {
        let folder = folder(test);
        let (site, one, two) = (free_port().unwrap(), free_port().unwrap(), free_port().unwrap());
        let address = etcd.address();
        let store = json!({
            "etcd": { "cluster": "etcd", "authority": "etcd.internal", "timeout": "0.5s" },
            "on_failure": on_failure,
            "poll_interval": "1s",
            "max_staleness": "10s",
        });
        let options = SceneOptions::new()
            .port(site)
            .idp(IdpOptions { port: free_port().unwrap(), ..IdpOptions::default() })
            .directory(folder.join("one"))
            .wasm_log_level("info")
            .patch(json!({ "provisioning": null, "shared_store": store }))
            .patch(json!({ "shared_store": { "etcd": user } }))
            .envoy(move |config| {
                listen(config, one);
                let clusters = config.pointer_mut("/static_resources/clusters").unwrap();
                clusters.as_array_mut().unwrap().push(cluster(address));
            });
        let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let balancer = Balancer::start(site, vec![here(one), here(two)]).unwrap();
        let scene = Scene::start(options).unwrap();
        let mut other_options = scene.envoy_options().clone();
        listen(&mut other_options.config, two);
        other_options.directory = folder.join("two");
        let other = Envoy::start(&other_options).unwrap();
        Self { scene, other, other_options, balancer, etcd }
    }

    /// From now on `replica` answers; `None` for one after the other.
    fn at(&self, replica: Option<usize>) -> &Self {
        self.balancer.pin(replica);
        self
    }

    fn open(&self, browser: &mut Browser, replica: usize, path: &str) -> Page {
        self.at(Some(replica));
        browser.once(&Visit::typed(&self.scene.app_url(path))).unwrap()
    }

    /// Is `browser`'s session good at `replica`? 302 leads to the identity provider.
    fn status(&self, browser: &Browser, replica: usize) -> (u16, Option<String>) {
        let page = self.open(&mut browser.clone(), replica, "/status-of-session");
        (page.status(), page.header("x-samlgate-code").map(str::to_owned))
    }

    fn signed_in(&self, path: &str) -> Browser {
        self.at(None);
        let (browser, page) = self.scene.sign_in("agent", path).unwrap();
        assert_eq!(page.status(), 200, "{:?} {}", page.header("x-samlgate-code"), page.text());
        browser
    }

    /// Posts `response` to `replica`.
    fn post(&self, sign_in: &SignIn, response: &str, replica: usize) -> Page {
        self.at(Some(replica));
        sign_in.clone().post(response)
    }

    fn log_out(&self, browser: &Browser, replica: usize) {
        self.at(Some(replica));
        let from = self.scene.app_url("/").parse().unwrap();
        let page =
            browser.clone().once(&Visit::navigation("POST", &self.scene.app_url("/saml/logout"), &from));
        let page = page.unwrap();
        assert!(matches!(page.status(), 200 | 302 | 303), "{} {}", page.status(), page.text());
    }

    fn logs(&self) -> String {
        format!("{}{}", self.scene.envoy_log(), self.other.log())
    }

    fn eventually(&self, what: &str, within: Duration, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + within;
        while !holds() {
            assert!(Instant::now() < deadline, "{what}: not within {within:?}");
            sleep(Duration::from_millis(100));
        }
    }

    /// Both replicas have read the store.
    fn ready(&self, browser: &Browser) {
        for replica in [0, 1] {
            self.eventually("a session is good again", SOON, || self.status(browser, replica).0 == 200);
        }
    }
}

fn is_refused(page: &Page, code: Code) {
    assert_eq!(faults_of_refusal(page, code), Vec::<String>::new());
}

fn half_done(replicas: &Replicas, path: &str) -> (SignIn, String) {
    replicas.at(None);
    let sign_in = begin(&replicas.scene, path);
    let response = sign_in.response(&replicas.scene, |_| {});
    (sign_in, response)
}

#[test]
fn what_is_used_or_ended_at_one_replica_is_used_or_ended_at_both_whatever_becomes_of_etcd() {
    let etcd = Etcd::start(&folder("refuse").join("etcd")).unwrap();
    let mut replicas = Replicas::start("refuse", "REFUSE", etcd, &json!({}));
    let staying = {
        // The first look may still be under way.
        let (browser, _) = replicas.scene.sign_in("agent", "/first").unwrap();
        browser
    };
    assert!(staying.cookie(SESSION).is_some());
    replicas.ready(&staying);

    one_use_among_all(&replicas);
    let ended = a_logout_reaches_the_other_replica(&replicas);
    nothing_personal_is_written_and_nothing_planted_is_believed(&replicas, &staying);
    without_etcd_nobody_signs_in_and_sessions_wait(&mut replicas, &staying);
    an_etcd_that_hangs_or_lies_is_no_etcd(&mut replicas, &staying);
    an_etcd_without_memory_is_told_again(&mut replicas, &staying);
    a_replica_that_starts_anew_knows_what_happened(&mut replicas, &staying, &ended);
}

/// Replay at the other replica, one after the other and at the same time.
fn one_use_among_all(replicas: &Replicas) {
    for (first, second) in [(0, 1), (1, 0), (0, 0)] {
        let (sign_in, response) = half_done(replicas, &format!("/use/{first}/{second}"));
        assert_eq!(replicas.post(&sign_in, &response, first).status(), 303);
        is_refused(&replicas.post(&sign_in, &response, second), Code::AssertionReplayed);
    }
    for round in 0..5 {
        let (sign_in, response) = half_done(replicas, &format!("/race/{round}"));
        replicas.at(None);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let tries: Vec<_> =
                (0..6).map(|_| scope.spawn(|| sign_in.clone().post(&response).status())).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 303 | 403)), "{statuses:?}");
    }
}

fn a_logout_reaches_the_other_replica(replicas: &Replicas) -> Browser {
    let mut last = None;
    for (here, there) in [(0, 1), (1, 0)] {
        let browser = replicas.signed_in(&format!("/ends/{here}"));
        assert_eq!((replicas.status(&browser, 0).0, replicas.status(&browser, 1).0), (200, 200));
        replicas.log_out(&browser, here);
        assert_eq!(replicas.status(&browser, here).0, 302, "at once where it was asked for");
        replicas
            .eventually("a logout at the other replica", SOON, || replicas.status(&browser, there).0 == 302);
        last = Some(browser);
    }
    last.unwrap()
}

fn nothing_personal_is_written_and_nothing_planted_is_believed(replicas: &Replicas, staying: &Browser) {
    let everything = replicas.etcd.everything().unwrap();
    let folder = |name: &str| format!("samlgate/{name}/").into_bytes();
    let of = |name: &str| everything.iter().filter(|(key, _)| key.starts_with(&folder(name))).count();
    assert!(of("claim") >= 9 && of("record") >= 2, "{} keys", everything.len());
    assert_eq!(of("claim") + of("record"), everything.len(), "nothing else is written");
    for (key, value) in &everything {
        let text = String::from_utf8_lossy(&[key.as_slice(), value].concat()).to_lowercase();
        assert!(!text.contains("agent") && !text.contains("idp.localhost"), "{text}");
    }
    // Somebody else writes: records of nobody, and one of ours under another name.
    let (_, ours) = everything.iter().find(|(key, _)| key.starts_with(&folder("record"))).unwrap();
    for (name, value) in [("x", b"nonsense".as_slice()), ("y", &[0; 64]), ("copy", ours)] {
        let encode = samlgate::encoding::base64::encode;
        let key = encode(format!("samlgate/record/{name}").as_bytes());
        let put = json!({ "key": key, "value": encode(value) });
        assert_eq!(replicas.etcd.ask("/v3/kv/put", &put).unwrap().status, 200);
    }
    let code = Code::SharedStoreRecordUnreadable.id();
    replicas.eventually("planted records are told", SOON, || replicas.logs().contains(code));
    assert_eq!((replicas.status(staying, 0).0, replicas.status(staying, 1).0), (200, 200));
}

fn without_etcd_nobody_signs_in_and_sessions_wait(replicas: &mut Replicas, staying: &Browser) {
    let leaving = replicas.signed_in("/leaves");
    let (sign_in, response) = half_done(replicas, "/without-etcd");
    replicas.etcd.kill();
    for replica in [0, 1] {
        is_refused(&replicas.post(&sign_in, &response, replica), Code::SharedStoreUnavailable);
    }
    // A logout needs no etcd where it is asked for.
    replicas.log_out(&leaving, 0);
    assert_eq!(replicas.status(&leaving, 0).0, 302);
    sleep(STALE);
    let arrived = replicas.scene.app_requests().len();
    for replica in [0, 1] {
        for browser in [staying, &leaving] {
            let (status, code) = replicas.status(browser, replica);
            let fine = (503, Some(Code::RevocationsStale.id().to_owned()));
            // Who signed out here is known here.
            assert!((status, code.clone()) == fine || (status == 302 && replica == 0), "{status} {code:?}");
        }
        assert_eq!(replicas.status(&Browser::new(), replica).0, 302, "who has no session is sent to sign in");
    }
    assert_eq!(replicas.scene.app_requests().len(), arrived, "reached the application");
    assert!(replicas.logs().contains("shared_store_failed"));

    replicas.etcd.run().unwrap();
    replicas.ready(staying);
    replicas.eventually("a logout of the meantime", SOON, || replicas.status(&leaving, 1).0 == 302);
    // The assertions that were refused count as used; a new sign-in works.
    is_refused(&replicas.post(&sign_in, &response, 0), Code::AssertionReplayed);
    replicas.signed_in("/with-etcd-again");
}

fn an_etcd_that_hangs_or_lies_is_no_etcd(replicas: &mut Replicas, staying: &Browser) {
    let (sign_in, response) = half_done(replicas, "/frozen");
    replicas.etcd.freeze().unwrap();
    let began = Instant::now();
    is_refused(&replicas.post(&sign_in, &response, 0), Code::SharedStoreUnavailable);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    replicas.etcd.thaw().unwrap();
    replicas.ready(staying);

    replicas.etcd.kill();
    let port = replicas.etcd.address().port();
    let header = r#""header":{"cluster_id":"1","revision":"1"}"#;
    for lie in [
        String::from("{}"),
        String::from(r#"{"succeeded":true}"#),
        String::from("<html>"),
        String::new(),
        format!("{{{header},\"succeeded\":1}}"),
        format!("{{{header},\"succeeded\":false}}"),
        format!("{{{header},\"succeeded\":true"),
        "[".repeat(100_000),
    ] {
        let (sign_in, response) = half_done(replicas, &format!("/lie/{}", lie.len()));
        let said = lie.clone();
        let liar = Server::start(port, Router::new().fallback(move || async move { said })).unwrap();
        is_refused(&replicas.post(&sign_in, &response, 1), Code::SharedStoreUnavailable);
        drop(liar);
        // The port is free again when its last connection is.
        sleep(Duration::from_millis(100));
    }
    replicas.etcd.run().unwrap();
    replicas.ready(staying);
}

fn an_etcd_without_memory_is_told_again(replicas: &mut Replicas, staying: &Browser) {
    // What was planted is told by nobody; a record of ours has the same name each time.
    const PLANTED: usize = "samlgate/record/copy".len();
    let records = |replicas: &Replicas| -> BTreeSet<Vec<u8>> {
        let everything = replicas.etcd.everything().unwrap().into_iter().map(|(key, _)| key);
        everything.filter(|key| key.starts_with(b"samlgate/record/") && key.len() > PLANTED).collect()
    };
    let before = records(replicas);
    assert!(before.len() >= 2, "{} records", before.len());
    replicas.etcd.kill();
    replicas.etcd.forget().unwrap();
    replicas.etcd.run().unwrap();
    replicas.ready(staying);
    replicas.eventually("it is noticed", SOON, || replicas.logs().contains(Code::SharedStoreForgot.id()));
    replicas.eventually("it is told again", SOON, || records(replicas).is_superset(&before));
    one_use_among_all(replicas);
}

fn a_replica_that_starts_anew_knows_what_happened(
    replicas: &mut Replicas,
    staying: &Browser,
    ended: &Browser,
) {
    let (sign_in, response) = half_done(replicas, "/used-before");
    assert_eq!(replicas.post(&sign_in, &response, 1).status(), 303);
    replicas.other.restart(&replicas.other_options).unwrap();
    replicas.ready(staying);
    assert_eq!(replicas.status(ended, 1).0, 302, "what was ended stays ended");
    is_refused(&replicas.post(&sign_in, &response, 1), Code::AssertionReplayed);
    let staying_too = replicas.signed_in("/after-restart");
    assert_eq!((replicas.status(&staying_too, 0).0, replicas.status(&staying_too, 1).0), (200, 200));
}

#[test]
fn replicas_that_may_go_on_alone_do_and_catch_up() {
    let etcd = Etcd::start(&folder("continue").join("etcd")).unwrap();
    etcd.add_user("gate", "a secret of etcd", "samlgate/").unwrap();
    let user = json!({ "username": "gate", "password": { "inline_string": "a secret of etcd" } });
    let mut replicas = Replicas::start("continue", "CONTINUE", etcd, &user);
    let staying = replicas.signed_in("/first");
    one_use_among_all(&replicas);
    let leaving = replicas.signed_in("/leaves");

    replicas.etcd.kill();
    let (sign_in, response) = half_done(&replicas, "/alone");
    assert_eq!(replicas.post(&sign_in, &response, 0).status(), 303);
    is_refused(&replicas.post(&sign_in, &response, 0), Code::AssertionReplayed);
    assert!(replicas.logs().contains("shared_store_overlooked"));
    replicas.log_out(&leaving, 0);
    assert_eq!(replicas.status(&leaving, 0).0, 302);
    sleep(STALE);
    for replica in [0, 1] {
        assert_eq!(replicas.status(&staying, replica).0, 200);
    }
    replicas.etcd.run().unwrap();
    replicas.eventually("a logout of the meantime", SOON, || replicas.status(&leaving, 1).0 == 302);
    one_use_among_all(&replicas);
    let logs = replicas.logs();
    assert!(!logs.contains("a secret of etcd"));
    let used = replicas.scene.app_requests().len();
    assert_eq!(replicas.status(&Browser::new(), 0).0, 302);
    assert_eq!(replicas.scene.app_requests().len(), used);
}
