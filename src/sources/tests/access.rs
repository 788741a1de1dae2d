//! Credentials: what is sent, and what a token endpoint can do wrong.

use core::time::Duration;

use serde_json::json as value;

use super::super::{Access, ClientCredentials, Credentials, Endpoint, Sending, SourceError};
use super::{NOW, endpoint, json, raw};
use crate::base::{Code, Secret, UnixTime};
use crate::http::{HttpCall, HttpResponse};

fn client() -> Endpoint {
    let client = ClientCredentials {
        cluster: "login".to_owned(),
        authority: "login.example.com".to_owned(),
        path: "/t/oauth2/v2.0/token".to_owned(),
        timeout: Duration::from_secs(5),
        client_id: "my client".to_owned(),
        client_secret: Secret::new("p:a~s%s".to_owned()),
        scope: Some("https://graph.example.com/.default".to_owned()),
    };
    Endpoint { credentials: Credentials::ClientCredentials(client), ..endpoint("") }
}

fn call(endpoint: &Endpoint) -> HttpCall {
    endpoint.get("/users".to_owned(), "application/json")
}

fn authorization(sending: &Sending) -> Option<&str> {
    let (Sending::Call(call) | Sending::Token(call)) = sending;
    call.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.as_str())
}

fn token(lifetime: &serde_json::Value) -> HttpResponse {
    json(200, &value!({ "access_token": "abc.def", "token_type": "bearer", "expires_in": lifetime }))
}

fn later(seconds: u64) -> UnixTime {
    NOW.saturating_add(Duration::from_secs(seconds))
}

#[test]
fn what_needs_no_token_goes_out_at_once() {
    let access = Access::default();
    for (credentials, sent) in [
        (Credentials::Injected, None),
        (Credentials::Bearer(Secret::new("t".to_owned())), Some("Bearer t")),
        (Credentials::Ssws(Secret::new("t".to_owned())), Some("SSWS t")),
        (
            Credentials::Basic { username: "a".to_owned(), password: Secret::new("b".to_owned()) },
            Some("Basic YTpi"),
        ),
    ] {
        let endpoint = Endpoint { credentials, ..endpoint("") };
        let sending = access.send(&endpoint, call(&endpoint), NOW);
        assert!(matches!(sending, Sending::Call(_)));
        assert_eq!(authorization(&sending), sent);
        assert!(
            !Access::default().refused(&endpoint, Access::default().held()),
            "nothing else could be sent"
        );
    }
}

#[test]
fn a_token_is_fetched_once_and_again_before_it_ends() {
    let endpoint = client();
    let mut access = Access::default();
    let sending = access.send(&endpoint, call(&endpoint), NOW);
    let Sending::Token(asked) = &sending else { panic!("{sending:?}") };
    assert_eq!((asked.cluster.as_str(), asked.method), ("login", "POST"));
    assert_eq!(asked.path, "/t/oauth2/v2.0/token");
    let body = String::from_utf8(asked.body.clone()).unwrap();
    assert_eq!(body, "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.example.com%2F.default");
    // RFC 6749 2.3.1: `my%20client:p%3Aa~s%25s`.
    assert_eq!(authorization(&sending), Some("Basic bXklMjBjbGllbnQ6cCUzQWF+cyUyNXM="));
    access.learn(&token(&value!(3600)), NOW).unwrap();
    for (seconds, usable) in [(0, true), (3_539, true), (3_540, false), (4_000, false)] {
        let sending = access.send(&endpoint, call(&endpoint), later(seconds));
        assert_eq!(matches!(sending, Sending::Call(_)), usable, "{seconds}");
        assert_eq!(authorization(&sending) == Some("Bearer abc.def"), usable);
    }
}

#[test]
fn a_token_that_is_not_accepted_is_replaced_once() {
    let endpoint = client();
    let mut access = Access::default();
    assert!(!access.refused(&endpoint, access.held()), "there was no token");
    let mut access_twice = || {
        access.learn(&token(&value!(3600)), NOW).unwrap();
        access.refused(&endpoint, access.held())
    };
    assert!(!access_twice(), "the refusal before counts");
    let mut access = Access::default();
    access.learn(&token(&value!(3600)), NOW).unwrap();
    assert!(access.refused(&endpoint, access.held()));
    assert!(matches!(access.send(&endpoint, call(&endpoint), NOW), Sending::Token(_)));
    access.learn(&token(&value!(3600)), NOW).unwrap();
    assert!(!access.refused(&endpoint, access.held()), "a new one is not accepted either");
    access.learn(&token(&value!(3600)), NOW).unwrap();
    access.accepted(access.held());
    assert!(access.refused(&endpoint, access.held()), "hours later");
}

/// Calls are under way side by side: a token that ends early is refused to all of them at once.
#[test]
fn as_many_refusals_as_calls_of_one_token_are_one_refusal() {
    let endpoint = client();
    let mut access = Access::default();
    access.learn(&token(&value!(3600)), NOW).unwrap();
    let sent = access.held();
    for call in 0..4 {
        assert!(access.refused(&endpoint, sent), "{call}");
    }
    // The answers of two of them bring a token each, and a late refusal takes none of them away.
    access.learn(&token(&value!(3600)), NOW).unwrap();
    access.learn(&token(&value!(3600)), NOW).unwrap();
    assert!(access.refused(&endpoint, sent));
    assert!(matches!(access.send(&endpoint, call(&endpoint), NOW), Sending::Call(_)));
    // What went out with the token before was accepted late: the new one was not, and is replaced once only.
    access.accepted(sent);
    let fresh = access.held();
    assert!(!access.refused(&endpoint, fresh), "neither is accepted");
}

#[test]
fn lifetimes_that_nobody_means_do_no_harm() {
    let endpoint = client();
    for (lifetime, usable_for) in [
        (value!(0), 1),
        (value!(1), 1),
        (value!(60), 30),
        (value!("3600"), 3_540),
        (value!(null), 60),
        (value!(u64::MAX), 24 * 3600 - 60),
    ] {
        let mut access = Access::default();
        access.learn(&token(&lifetime), NOW).unwrap();
        let usable =
            |seconds| matches!(access.send(&endpoint, call(&endpoint), later(seconds)), Sending::Call(_));
        assert!(usable(usable_for - 1) && !usable(usable_for), "{lifetime}");
    }
}

#[test]
fn what_is_no_token_is_refused_and_never_sent() {
    let endpoint = client();
    let with = |token: &str, kind: &str, lifetime: serde_json::Value| {
        json(200, &value!({ "access_token": token, "token_type": kind, "expires_in": lifetime }))
    };
    let long = "x".repeat(16 * 1024 + 1);
    for (case, response, code) in [
        ("wrong secret", json(401, &value!({ "error": "invalid_client" })), Code::SourceUnauthorized),
        ("expired secret", json(400, &value!({ "error": "invalid_client" })), Code::SourceUnauthorized),
        ("forbidden", raw(403, &[], ""), Code::SourceUnauthorized),
        ("throttled", raw(429, &[("retry-after", "7")], ""), Code::SourceThrottled),
        ("down", raw(503, &[], "no backend"), Code::SourceUnreachable),
        ("elsewhere", raw(302, &[("location", "https://evil.example/")], ""), Code::SourceRefused),
        ("login page", raw(200, &[("content-type", "text/html")], "<html>"), Code::SourceAnswerMalformed),
        ("nothing", raw(200, &[], ""), Code::SourceAnswerMalformed),
        ("cut off", raw(200, &[], r#"{"access_token":"abc"#), Code::SourceAnswerMalformed),
        ("no type", json(200, &value!({ "access_token": "a" })), Code::SourceAnswerMalformed),
        ("another type", with("a", "mac", value!(60)), Code::SourceAnswerMalformed),
        ("empty", with("", "Bearer", value!(60)), Code::SourceAnswerMalformed),
        ("a header in it", with("a\r\nx-evil: 1", "Bearer", value!(60)), Code::SourceAnswerMalformed),
        ("a space in it", with("a b", "Bearer", value!(60)), Code::SourceAnswerMalformed),
        ("too long", with(&long, "Bearer", value!(60)), Code::SourceAnswerMalformed),
        ("negative life", with("a", "Bearer", value!(-1)), Code::SourceAnswerMalformed),
        ("a life in words", with("a", "Bearer", value!("an hour")), Code::SourceAnswerMalformed),
        (
            "created",
            json(201, &value!({ "access_token": "a", "token_type": "Bearer" })),
            Code::SourceAnswerMalformed,
        ),
    ] {
        let mut access = Access::default();
        access.learn(&token(&value!(3600)), NOW).unwrap();
        let found = access.learn(&response, NOW).unwrap_err();
        assert_eq!(found.code(), code, "{case}: {found}");
        let sending = access.send(&endpoint, call(&endpoint), NOW);
        assert!(matches!(sending, Sending::Token(_)), "{case}: the token before is not used any more");
    }
    let mut access = Access::default();
    let throttled = access.learn(&raw(429, &[("retry-after", "7")], ""), NOW).unwrap_err();
    assert_eq!(throttled.retry_after(), Some(Duration::from_secs(7)));
    let refused = SourceError::TokenRefused { status: 401 };
    assert_eq!(refused.retry_after(), None, "trying again locks clients");
}

#[test]
fn no_secret_is_printed() {
    let endpoint = client();
    let mut access = Access::default();
    let asked = access.send(&endpoint, call(&endpoint), NOW);
    access.learn(&token(&value!(3600)), NOW).unwrap();
    let sent = access.send(&endpoint, call(&endpoint), NOW);
    let printed = format!("{endpoint:?} {access:?} {asked:?} {sent:?}");
    for secret in ["p:a~s", "p%3Aa", "bXkl", "abc.def"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
