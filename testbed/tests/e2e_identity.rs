//! Who is signed in, beyond a header: the token as Envoy's own `jwt_authn` and another library verify it, and what Envoy's
//! RBAC, rate limit and access log see. The configuration is the shipped one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testbed::browser::Browser;
use testbed::idp::User;
use testbed::scene::{Scene, SceneOptions};

const CONFIGURATION: &str = "envoy/identity/envoy.yaml";

/// The key of the tokens; tests have no other.
const TOKEN_KEY: &str = include_str!("../../tests/keys/p256.key.pem");

fn options() -> SceneOptions {
    SceneOptions::new().configuration(CONFIGURATION).environment("TOKEN_KEY", TOKEN_KEY)
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The cookies of `browser` for a request made by hand.
fn cookie(browser: &Browser) -> String {
    let name = "__Host-samlgate";
    format!("{name}={}", browser.cookie(name).unwrap())
}

fn status(scene: &Scene, path: &str, headers: &[(&str, &str)]) -> u16 {
    let request = scene.request("GET", path).header("accept", "text/html");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    scene.send(&request).unwrap().status
}

/// The line of the access log for `path` that has `word` in it.
fn logged(scene: &Scene, path: &str, word: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(15);
    let start = format!("access GET {path} ");
    loop {
        let log = scene.envoy.access_log();
        if let Some(line) = log.lines().find(|line| line.starts_with(&start) && line.contains(word)) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "no line for {path} with {word}:\n{log}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn envoys_own_filters_know_who_is_signed_in() {
    let odd =
        json!({ "idp_group": "odd", "groups": ["x,administrators,y", "xadministrators", "Administrators"] });
    let scene = Scene::start(options().plugin(move |configuration| {
        configuration["policy"]["group_mapping"].as_array_mut().unwrap().push(odd);
    }))
    .unwrap();

    // The token that the application gets is good to a verifier of other people, which read the keys at our address.
    let (agent, page) = scene.sign_in("agent", "/browse").unwrap();
    assert_eq!(page.status(), 200);
    let received = scene.app_requests();
    let request = received.iter().find(|request| request.target == "/browse").unwrap();
    assert_eq!(request.header("x-verified-user"), Some("agent"), "jwt_authn saw another subject");
    let token = request.header("x-samlgate-token").unwrap();
    let said = claims(token);
    assert_eq!((&said["sub"], &said["aud"]), (&json!("agent"), &json!("app")));
    assert_eq!(said["iss"], scene.origin());
    assert_eq!(said["groups"], json!(["agents"]));
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 300);
    let set = scene.send(&scene.request("GET", "/saml/jwks")).unwrap();
    assert_eq!(set.json()["keys"][0]["kid"], part(token, 0)["kid"]);

    // The access log tells person, groups and session; the last is the one in the token.
    let line = logged(&scene, "/browse", "user=agent");
    assert!(line.contains(" groups=,agents, "), "{line}");
    assert!(line.contains(&format!("session={}", said["sid"].as_str().unwrap())), "{line}");

    // RBAC by group: an agent is no administrator, whatever is sent.
    let agent = cookie(&agent);
    let forged = [
        ("cookie", agent.as_str()),
        ("x-samlgate-token", token),
        ("wasm.samlgate-groups", ",administrators,"),
    ];
    assert_eq!(status(&scene, "/admin/users", &[("cookie", &agent)]), 403);
    assert_eq!(status(&scene, "/admin/users", &forged), 403);
    assert!(logged(&scene, "/admin/users", "user=agent").contains("rbac_access_denied"));
    let (admin, page) = scene.sign_in("admin", "/admin/users").unwrap();
    assert_eq!(page.status(), 200, "{}", page.text());
    // Somebody whose group only looks like it is none either.
    scene.idp.add_user(User::new("lookalike", "Lou Lookalike", &["odd"]));
    let (_, page) = scene.sign_in("lookalike", "/admin/users").unwrap();
    assert_eq!(page.status(), 403);

    // Nobody without a session reaches the application, and a token alone is no session.
    let before = scene.app_requests().len();
    assert_eq!(status(&scene, "/browse", &[]), 302);
    assert_eq!(status(&scene, "/browse", &[("x-samlgate-token", token)]), 302);
    assert_eq!(scene.app_requests().len(), before);
    // Where nobody has to be signed in the token is taken out like any header of ours.
    assert_eq!(status(&scene, "/status", &[("x-samlgate-token", token), ("cookie", &agent)]), 200);
    let last = scene.app_requests().pop().unwrap();
    assert_eq!((last.header("x-samlgate-token"), last.header("x-remote-user")), (None, None));
    assert!(logged(&scene, "/status", " ").contains("user=- groups=- session=-"));

    // The rate limit is per person: ten requests a minute, and nobody pays for another.
    let mut refused = 0;
    for _ in 0..12 {
        refused += u32::from(status(&scene, "/busy", &[("cookie", &agent)]) == 429);
    }
    assert!(refused >= 2, "the limit held {refused} times");
    assert_eq!(status(&scene, "/busy", &[("cookie", &cookie(&admin))]), 200);

    // The health check needs neither name nor session.
    assert_eq!(status(&scene, "/saml/health", &[]), 200);
    let probe = testbed::client::Request::new("GET", "10.0.0.1:9999", "/saml/health");
    assert_eq!(scene.send(&probe).unwrap().status, 200);
    let other = testbed::client::Request::new("GET", "10.0.0.1:9999", "/saml/jwks");
    assert!(scene.send(&other).unwrap().status >= 400);
}

/// Old and new key are both published, so a verifier that has read the set takes tokens of either.
#[test]
fn a_token_key_changes_without_a_gap() {
    let further = include_str!("../../tests/keys/rsa2048.crt.pem");
    let patch = json!({ "identity_token": { "further_public_keys": [{ "inline_string": further }] } });
    let scene = Scene::start(options().patch(patch)).unwrap();
    let set = scene.send(&scene.request("GET", "/saml/jwks")).unwrap().json();
    let kinds: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| key["kty"].clone()).collect();
    assert_eq!(kinds, ["EC", "RSA"]);
    let (_, page) = scene.sign_in("agent", "/browse").unwrap();
    assert_eq!(page.status(), 200);
}

/// Whoever looks for what a sign-in did at the application finds it by the ids of the request that caused it.
#[test]
fn calls_carry_what_finds_them_again() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let scene = Scene::start(SceneOptions::new().concurrency(1).envoy(|config| {
        let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
        let header = |name: &str, value: &str| json!({ "append": { "header": { "key": name, "value": value } } });
        // As a proxy in front would: each request has a trace, and one header is longer than any may be.
        config.pointer_mut(manager).unwrap()["early_header_mutation_extensions"] = json!([{
            "name": "trace",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                "mutations": [header("traceparent", TRACE), header("tracestate", &"x=y,".repeat(150))],
            },
        }]);
    }))
    .unwrap();
    assert_eq!(scene.sign_in("agent", "/").unwrap().1.status(), 200);
    let calls: Vec<_> =
        scene.jira.calls().into_iter().filter(|call| call.path.starts_with("/rest/")).collect();
    assert!(calls.len() > 3);
    for call in calls {
        assert_eq!(call.header("traceparent"), Some(TRACE), "{}", call.line());
        assert_eq!(call.header("tracestate"), None, "{}", call.line());
        let ids: Vec<_> = call.headers.iter().filter(|(name, _)| name == "x-request-id").collect();
        assert_eq!(ids.len(), 1, "{}", call.line());
        assert!(ids[0].1.len() >= 32, "{}", call.line());
    }
}
