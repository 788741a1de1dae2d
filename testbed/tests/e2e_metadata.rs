//! Metadata by address in a real Envoy: before the first copy, through everything that goes wrong, over a change of keys,
//! and after its end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod acs;

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use acs::{SESSION, begin, counted, faults_of_refusal};
use samlgate::base::{Code, UnixTime};
use samlgate::xmlsec::{Canonicalization, RustCrypto, sign};
use serde_json::{Value, json};
use testbed::envoy::free_port;
use testbed::idp::{IdpOptions, TestKey};
use testbed::metadata_server::MetadataServer;
use testbed::scene::{Scene, SceneOptions};
use testbed::server::Server;
use testbed::stand_in::{Effect, Fault, StandIn};

/// What `idp` publishes: its address, these keys and these attributes of the entity.
fn document(idp: &Published, keys: &[TestKey], attributes: &str) -> String {
    let keys: String = keys
        .iter()
        .map(|key| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
                 <ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
                 </md:KeyDescriptor>",
                key.certificate_base64()
            )
        })
        .collect();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\" {attributes}>\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{}/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
        idp.entity_id, idp.origin
    )
}

/// An identity provider and the server that publishes what it is.
struct Published {
    port: u16,
    origin: String,
    entity_id: String,
    server: StandIn<MetadataServer>,
    listening: Server,
}

impl Published {
    fn start() -> Self {
        let port = free_port().unwrap();
        let origin = format!("http://idp.localhost:{port}");
        let entity_id = format!("{origin}/metadata");
        let server = MetadataServer::of("");
        let listening = Server::start(0, server.router()).unwrap();
        Self { port, origin, entity_id, server, listening }
    }

    fn scene(&self, remote: &Value) -> Scene {
        let mut idp = json!({
            "metadata": null,
            "entity_id": self.entity_id,
            "remote_metadata": {
                "uri": "https://idp.example/saml/metadata?app=1",
                "cluster": "idp_metadata",
                "timeout": "1s",
                "min_refresh_interval": "5s",
                "max_refresh_interval": "6s"
            },
        });
        testbed::config::merge(&mut idp, remote);
        let cluster = json!({
            "name": "idp_metadata", "type": "STATIC", "connect_timeout": "1s",
            "load_assignment": { "cluster_name": "idp_metadata", "endpoints": [{ "lb_endpoints": [{ "endpoint": {
                "address": { "socket_address": { "address": "127.0.0.1", "port_value": self.listening.port() } }
            } }] }] }
        });
        let options = SceneOptions::new()
            .idp(IdpOptions { port: self.port, ..IdpOptions::default() })
            .patch(json!({ "provisioning": null, "idp": idp }))
            .envoy(move |config| {
                let clusters = config.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
                clusters.unwrap().push(cluster);
            });
        Scene::start(options).unwrap()
    }
}

fn stat(scene: &Scene, name: &str) -> u64 {
    scene.envoy_stats().unwrap().get(&format!("wasmcustom.samlgate.{name}")).copied().unwrap_or_default()
}

fn failed(scene: &Scene, code: Code) -> u64 {
    stat(scene, &format!("metadata_refresh_failed.{}", code.slug()))
}

fn until(what: &str, within: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(within);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {within} s");
        sleep(Duration::from_millis(100));
    }
}

/// Every worker knows what the one who fetched knows: each looks every two seconds.
fn settle() {
    sleep(Duration::from_millis(2_500));
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Signs somebody in with an answer that `key` signed; the status and the code of what the browser sees.
fn sign_in_with(scene: &Scene, path: &str, key: TestKey) -> (u16, Option<String>) {
    let mut sign_in = begin(scene, path);
    let response = sign_in.response(scene, |options| options.key = key);
    let page = sign_in.post(&response);
    (page.status(), page.header("x-samlgate-code").map(str::to_owned))
}

#[test]
fn fetched_kept_through_everything_and_changed_when_the_keys_change() {
    let idp = Published::start();
    idp.server.publish(&document(&idp, &[TestKey::Rsa], ""));
    idp.server.fault(Fault::new("GET", "", Effect::Reset).times(2));
    let scene = idp.scene(&json!({}));

    // Before the first copy: a page to read that says when to come back, and nothing behind it.
    let mut browser = scene.browser();
    let page = browser.open(&scene.app_url("/early")).unwrap();
    assert_eq!(faults_of_refusal(&page, Code::MetadataUnavailable), Vec::<String>::new());
    assert_eq!(page.header("retry-after"), Some("10"));
    assert!(scene.app_requests().is_empty());
    let own = browser.open(&scene.app_url("/saml/metadata")).unwrap();
    assert_eq!(own.status(), 200, "our metadata needs none of theirs");

    // The first copy: one worker asked, all know.
    until("the first copy", 30, || stat(&scene, "metadata_confirmed") > 0);
    settle();
    for visit in 0..8 {
        let page = scene.browser().open(&scene.app_url(&format!("/first/{visit}"))).unwrap();
        assert!(page.url.as_str().starts_with(&idp.origin), "{} {}", page.url, page.text());
    }
    let (mut guest, page) = scene.sign_in("agent", "/guest").unwrap();
    assert_eq!(page.status(), 200);
    let calls = idp.server.take_calls();
    assert!((3..=5).contains(&calls.len()), "two resets and one or two answers: {calls:?}");
    let call = calls.last().unwrap();
    assert_eq!(call.path, "/saml/metadata?app=1");
    assert_eq!(
        (call.header("host"), call.header("accept-encoding")),
        (Some("idp.example"), Some("identity"))
    );
    assert!(stat(&scene, "idp.idp.metadata_confirmed_at") + 60 > now());
    assert!(stat(&scene, "idp.idp.certificate_expires_at") > now());

    // Whatever goes wrong, the last good copy does. A server that may say "unchanged" could not do all of it wrong.
    idp.server.change(|server| server.with_etag = false);
    let evil = document(&idp, &[TestKey::Stranger], "");
    let elsewhere = evil.replace(&idp.entity_id, "https://evil.example");
    let expired = document(&idp, &[TestKey::Stranger], "validUntil=\"2026-01-01T00:00:00Z\"");
    let fetch_failed = Code::MetadataFetchFailed;
    for (what, fault, body, code) in [
        ("hangs", Some(Effect::Hang), None, fetch_failed),
        ("breaks off", Some(Effect::Truncated), None, fetch_failed),
        ("is slow", Some(Effect::SlowBody(20)), None, fetch_failed),
        ("says 500", Some(Effect::Status(500)), None, fetch_failed),
        ("shows a page", Some(Effect::Html), None, Code::MetadataMalformed),
        ("is cut", None, evil.get(..900), Code::MetadataMalformed),
        ("is about somebody else", None, Some(elsewhere.as_str()), Code::MetadataWithoutIdp),
        ("is too old", None, Some(expired.as_str()), Code::MetadataExpired),
    ] {
        let before = failed(&scene, code);
        if let Some(body) = body {
            idp.server.publish(body);
        }
        if let Some(effect) = fault {
            idp.server.fault(Fault::new("GET", "", effect).times(u32::MAX));
        }
        until(what, 30, || failed(&scene, code) > before);
        idp.server.clear_faults();
        idp.server.publish(&document(&idp, &[TestKey::Rsa], ""));
        assert_eq!(guest.open(&scene.app_url("/guest/again")).unwrap().status(), 200, "{what}");
        let path = format!("/during/{}", what.replace(' ', "-"));
        assert_eq!(sign_in_with(&scene, &path, TestKey::Rsa), (303, None), "{what}");
        let confirmed = stat(&scene, "metadata_confirmed");
        until("it heals", 30, || stat(&scene, "metadata_confirmed") > confirmed);
    }
    // What is the same is not sent again.
    idp.server.change(|server| server.with_etag = true);
    idp.server.clear_calls();
    until("two fetches", 30, || idp.server.calls().len() > 1);
    let calls = idp.server.take_calls();
    let last = calls.last().unwrap();
    assert!(last.status == 304 && last.header("if-none-match").is_some(), "{calls:?}");

    // The key changes. Nobody knows the new one until it is published; then the one who comes with it makes it known.
    let unknown = Some(Code::SignatureInvalid.id().to_owned());
    assert_eq!(sign_in_with(&scene, "/new-key/early", TestKey::OtherIdp), (403, unknown.clone()));
    idp.server.publish(&document(&idp, &[TestKey::Rsa, TestKey::OtherIdp], ""));
    until("the new key", 30, || sign_in_with(&scene, "/new-key", TestKey::OtherIdp).0 == 303);
    settle();
    for key in [TestKey::Rsa, TestKey::OtherIdp] {
        for visit in 0..4 {
            assert_eq!(sign_in_with(&scene, &format!("/both/{key:?}/{visit}"), key), (303, None));
        }
    }
    // A key that is not published any more lets nobody in, on no worker.
    idp.server.publish(&document(&idp, &[TestKey::OtherIdp], ""));
    let changes = stat(&scene, "metadata_changed");
    until("the old key goes", 30, || stat(&scene, "metadata_changed") > changes);
    settle();
    for visit in 0..8 {
        assert_eq!(sign_in_with(&scene, &format!("/old-key/{visit}"), TestKey::Rsa), (403, unknown.clone()));
    }
    assert!(counted(&scene, Code::SignatureInvalid) >= 9);
    assert_eq!(guest.open(&scene.app_url("/guest/still")).unwrap().status(), 200, "sessions are not touched");
    let log = scene.envoy_log();
    let told = log
        .lines()
        .filter(|line| line.contains("metadata_changed") && line.contains("keys_removed\":\"sha256:"));
    assert_eq!(told.count(), 1, "the one who fetched says which key went");
}

/// `xml` signed by `key`.
fn signed(xml: &str, key: TestKey) -> String {
    let request = sign::SigningRequest {
        key: &key.signing_key().unwrap(),
        scheme: key.scheme(),
        certificate: Some(&key.certificate().unwrap()),
        canonicalization: Canonicalization::default(),
    };
    sign::enveloped(xml, &request, &RustCrypto).unwrap()
}

#[test]
fn signed_metadata_is_believed_as_long_as_it_says_and_nothing_else_is() {
    let idp = Published::start();
    let evil = document(&idp, &[TestKey::Stranger], "ID=\"_m\"");
    idp.server.publish(&evil);
    let scene = idp.scene(&json!({ "remote_metadata": {
        "signing_certificates": [{ "inline_string": TestKey::P256.certificate_pem() }],
        "max_validity": "3600s"
    } }));
    let refused = |what: &str, body: &str, code: Code| {
        let before = failed(&scene, code);
        idp.server.publish(body);
        until(what, 40, || failed(&scene, code) > before);
        let page = scene.browser().open(&scene.app_url("/protected")).unwrap();
        assert_eq!(faults_of_refusal(&page, Code::MetadataUnavailable), Vec::<String>::new(), "{what}");
    };
    refused("unsigned", &evil, Code::MetadataSignatureInvalid);
    refused("signed by itself", &signed(&evil, TestKey::Stranger), Code::MetadataSignatureInvalid);
    refused("valid for ever", &signed(&evil, TestKey::P256), Code::MetadataValidityRefused);
    assert!(scene.app_requests().is_empty());

    let ends = now() + 75;
    let valid_until = UnixTime::from_secs(ends).to_xs_date_time();
    let good = document(&idp, &[TestKey::Rsa], &format!("ID=\"_m\" validUntil=\"{valid_until}\""));
    idp.server.publish(&signed(&good, TestKey::P256));
    until("the first copy", 65, || stat(&scene, "metadata_confirmed") > 0);
    settle();
    let (mut guest, page) = scene.sign_in("agent", "/guest").unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(stat(&scene, "idp.idp.metadata_expires_at"), ends);

    // The source is gone for good, and then what it said last has an end.
    idp.server.fault(Fault::new("GET", "", Effect::Hang).times(u32::MAX));
    while now() <= ends {
        assert_eq!(guest.open(&scene.app_url("/guest/during")).unwrap().status(), 200);
        sleep(Duration::from_secs(1));
    }
    let page = scene.browser().open(&scene.app_url("/late")).unwrap();
    assert_eq!(faults_of_refusal(&page, Code::MetadataExpired), Vec::<String>::new());
    assert_eq!(page.header("retry-after"), Some("10"));
    assert_eq!(
        guest.open(&scene.app_url("/guest/after")).unwrap().status(),
        200,
        "sessions outlive the outage"
    );
    assert!(guest.cookie(SESSION).is_some());
}
