//! What an operator meets: a site before its identity provider, bindings and signatures of requests, the logs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use acs::{SESSION, begin, faults_of_refusal, must_refuse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samlgate::base::Code;
use serde_json::{Value, json};
use testbed::idp::{Binding, Groups, IdpOptions, SignatureCheck, User};
use testbed::scene::{Scene, SceneOptions};

#[test]
fn metadata_is_there_before_the_identity_provider_is() {
    let options = SceneOptions::new().concurrency(1).patch(json!({ "provisioning": null, "idp": null }));
    let scene = Scene::start(options).unwrap();
    let mut browser = scene.browser();
    let metadata = browser.open(&scene.app_url("/saml/metadata")).unwrap();
    assert_eq!(metadata.status(), 200);
    assert!(metadata.text().contains(&scene.app_url("/saml/acs")));
    let page = browser.open(&scene.app_url("/protected")).unwrap();
    assert_eq!(faults_of_refusal(&page, Code::IdpNotConfigured), Vec::<String>::new());
    assert_eq!(page.header("retry-after"), Some("10"));
    assert!(scene.app_requests().is_empty());
}

#[test]
fn requests_are_signed_by_redirect_where_the_identity_provider_wants_it() {
    let idp = IdpOptions { wants_signed_requests: true, ..IdpOptions::default() };
    let options = SceneOptions::new().concurrency(1).patch(json!({ "provisioning": null })).idp(idp);
    let scene = Scene::start(options).unwrap();
    let mut sign_in = begin(&scene, "/signed");
    let received = scene.idp.requests();
    let request = received.last().unwrap();
    assert_eq!((request.binding, request.signature), (Binding::Redirect, SignatureCheck::Good));
    assert_eq!(request.destination.as_deref(), Some(format!("{}/sso", scene.idp.origin()).as_str()));
    let response = sign_in.response(&scene, |_| {});
    assert_eq!(sign_in.complete(&scene, &response).status(), 200);
}

#[test]
fn requests_go_by_post_and_signed_where_configured() {
    let idp = IdpOptions { post_only: true, ..IdpOptions::default() };
    let options = SceneOptions::new().concurrency(1).idp(idp).patch(json!({
        "provisioning": null,
        "idp": { "authn_request_binding": "HTTP_POST", "sign_authn_requests": "ALWAYS" }
    }));
    let scene = Scene::start(options).unwrap();
    for mut browser in [scene.browser(), scene.browser().without_scripts()] {
        let mut page = browser.open(&scene.app_url("/by/post?a=b")).unwrap();
        if !browser.scripts {
            assert_eq!(page.url.as_str(), scene.app_url("/by/post?a=b"));
            page = browser.submit(&page, &page.form()).unwrap();
        }
        let received = scene.idp.requests();
        let request = received.last().unwrap();
        assert_eq!((request.binding, request.signature), (Binding::Post, SignatureCheck::Good));
        page = browser.submit(&page, &page.form().with("user", "agent").with("password", "agent")).unwrap();
        if !browser.scripts {
            page = browser.submit(&page, &page.form()).unwrap();
        }
        assert_eq!((page.status(), page.url.as_str()), (200, scene.app_url("/by/post?a=b").as_str()));
    }
    assert_eq!(scene.app_requests().last().unwrap().header("x-remote-user"), Some("agent"));
}

/// The JSON of every event line called `name`.
fn events(log: &str, name: &str) -> Vec<Value> {
    log.lines()
        .filter_map(|line| line.split_once("samlgate: {"))
        .filter_map(|(_, json)| serde_json::from_str::<Value>(&format!("{{{json}")).ok())
        .filter(|event| event.get("event").and_then(Value::as_str) == Some(name))
        .collect()
}

#[test]
fn the_log_tells_what_happened_and_nothing_about_people() {
    let scene = Scene::start(SceneOptions::new().concurrency(1).wasm_log_level("trace")).unwrap();
    let person = User {
        name: "zebedee.quill".to_owned(),
        email: "zq@private.example".to_owned(),
        display_name: "Zebedee Quill".to_owned(),
        groups: Vec::new(),
    };
    let mut sign_in = begin(&scene, "/log?m=logged");
    let response = sign_in.response(&scene, |options| {
        options.user = person.clone();
        options.groups = Groups::These(vec!["idp-agents".to_owned(), "cn=secret-therapy-group".to_owned()]);
    });
    let pending = sign_in.browser.jar.cookies().map(|cookie| cookie.value.clone()).collect::<Vec<_>>();
    assert_eq!(sign_in.complete(&scene, &response).status(), 200);
    let session = sign_in.browser.cookie(SESSION).unwrap().to_owned();

    // Refusals that have the person's values in hand: a name with a line break, and one with a comment.
    let mut refused = begin(&scene, "/log/refused");
    let bad = refused.response(&scene, |options| {
        options.user = person.clone();
        options.name_id_xml = Some("zebedee.quill&#10;x".to_owned());
    });
    must_refuse(&scene, &mut refused, Code::UsernameRefused, |sign_in| sign_in.post(&bad));
    let split = "zebedee.quill<!-- -->x".to_owned();
    let bad = refused.response(&scene, |options| options.name_id_xml = Some(split));
    must_refuse(&scene, &mut refused, Code::XmlValueSplit, |sign_in| sign_in.post(&bad));

    let log = scene.envoy_log();
    let sign_ins = events(&log, "sign_in");
    let [event] = sign_ins.as_slice() else { panic!("{sign_ins:?}") };
    let field = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let hash = field("user");
    assert!(hash.starts_with('#') && hash.len() == 11, "{event}");
    assert_eq!(field("request_id").len(), 36, "{event}");
    assert!(field("decision").contains("service-desk-agents"), "{event}");
    assert!(field("provisioning").contains("account"), "{event}");
    let refusals = events(&log, "refused");
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    for refusal in &refusals {
        for name in ["code", "severity", "slug", "detail", "remedy", "request_id"] {
            assert!(refusal.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{name}");
        }
    }

    let encoded = STANDARD.encode(&response);
    let mut secrets = vec![
        "zebedee",
        "Zebedee",
        "zq@private",
        "secret-therapy-group",
        session.as_str(),
        encoded.get(200..260).unwrap(),
        "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE",
        "BEGIN PRIVATE KEY",
        "<saml",
        testbed::jira::TOKEN,
    ];
    secrets.extend(pending.iter().filter(|value| value.len() > 20).map(String::as_str));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "`{secret}` is in the log");
    }

    let access = scene.envoy.access_log();
    let line = access.lines().rfind(|line| line.contains("POST /saml/acs")).unwrap_or(&access);
    assert!(line.contains("SG2015"), "{access}");
}

#[test]
fn several_people_are_told_apart_in_the_log_by_their_hash_only() {
    let options = SceneOptions::new().concurrency(1).patch(json!({ "provisioning": null }));
    let scene = Scene::start(options).unwrap();
    for (number, user) in [User::agent(), User::admin(), User::agent()].into_iter().enumerate() {
        let mut sign_in = begin(&scene, &format!("/hash/{number}"));
        let response = sign_in.response(&scene, |options| options.user = user);
        assert_eq!(sign_in.complete(&scene, &response).status(), 200);
    }
    let users: Vec<Value> = events(&scene.envoy_log(), "sign_in")
        .iter()
        .map(|event| event.get("user").unwrap().clone())
        .collect();
    let [one, two, three] = users.as_slice() else { panic!("{users:?}") };
    assert!(one == three && one != two, "{users:?}");
    let stats = scene.envoy_stats().unwrap();
    assert_eq!(stats.get("wasmcustom.samlgate.sign_in_accepted"), Some(&3));
}
