//! Calls and answers of the webhook.

use std::collections::BTreeSet;

use super::*;
use crate::base::Pii;
use crate::provision::Profile;
use crate::targets::Credentials;

const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

fn webhook(path: &str) -> Webhook {
    let endpoint = Endpoint {
        cluster: "receiver".to_owned(),
        authority: "receiver.internal".to_owned(),
        path_prefix: path.to_owned(),
        timeout: core::time::Duration::from_secs(5),
        credentials: Credentials::Injected,
    };
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    Webhook::new(endpoint, vec![secret])
}

fn delivery(username: &str) -> Delivery {
    let pii = |text: &str| Pii::new(text.to_owned());
    Delivery {
        username: pii(username),
        email: Some(pii("alice@example.com")),
        display_name: pii("Alice \"A\" </script>"),
        profile: Profile::from([(ProfileField::TimeZone, pii("Europe/Berlin"))]),
        is_customer: false,
        groups: BTreeSet::from(["staff".to_owned()]),
        not_groups: BTreeSet::from(["agents".to_owned()]),
        organizations: None,
        signed_in_at: Some(NOW),
    }
}

fn call(webhook: &Webhook, delivery: Delivery, now: UnixTime) -> HttpCall {
    let operation = Operation::Deliver(Box::new(delivery));
    match webhook.prepare(&operation, &RemoteState::default(), now) {
        Prepared::Call(call) => call,
        other => panic!("{other:?}"),
    }
}

fn header<'a>(call: &'a HttpCall, name: &str) -> Option<&'a str> {
    call.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

#[test]
fn one_signed_post_tells_everything() {
    let call = call(&webhook("/hooks/saml"), delivery("alice"), NOW);
    assert_eq!(
        (call.method, call.path.as_str(), call.authority.as_str()),
        ("POST", "/hooks/saml", "receiver.internal")
    );
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "type": "samlgate.sign_in",
            "timestamp": "2026-09-21T14:13:20Z",
            "data": {
                "username": "alice",
                "email": "alice@example.com",
                "display_name": "Alice \"A\" </script>",
                "profile": { "time_zone": "Europe/Berlin" },
                "customer": false,
                "groups": ["staff"],
                "not_groups": ["agents"],
                "organizations": null,
                "signed_in_at": "2026-09-21T14:13:20Z"
            }
        })
    );
    assert_eq!(header(&call, "webhook-timestamp"), Some("1790000000"));
    assert!(header(&call, "webhook-id").is_some_and(|id| id.starts_with("msg_") && !id.contains('.')));
    assert!(header(&call, "webhook-signature").is_some_and(|signature| signature.starts_with("v1,")));
    for absent in ["cookie", "origin", "x-atlassian-token", "authorization"] {
        assert_eq!(header(&call, absent), None, "{absent}");
    }
    assert_eq!(self::call(&webhook(""), delivery("alice"), NOW).path, "/");
}

#[test]
fn the_id_stands_for_the_message() {
    let id = |delivery, now| header(&call(&webhook(""), delivery, now), "webhook-id").unwrap().to_owned();
    let one = id(delivery("alice"), NOW);
    assert_eq!(one, id(delivery("alice"), NOW));
    assert_ne!(one, id(delivery("bob"), NOW));
    assert_ne!(one, id(delivery("alice"), UnixTime::from_secs(1)));
}

#[test]
fn nothing_else_is_ever_sent() {
    let webhook = webhook("");
    assert!(webhook.look_up(&AccountKey::Username(Pii::new("alice".to_owned()))).is_empty());
    let create = Operation::CreateGroup { group: "staff".to_owned() };
    assert!(matches!(webhook.prepare(&create, &RemoteState::default(), NOW), Prepared::Refuse(_)));
    let question = Question::Seats;
    let answer = HttpResponse { status: 200, headers: Vec::new(), body: b"{}".to_vec() };
    assert!(webhook.learn(&question, &answer, &mut RemoteState::default()).is_err());
    assert!(!format!("{webhook:?}").contains("MfKQ9r8"), "a secret is printed");
}

#[test]
fn answers_are_read_by_status() {
    let outcome = |status, headers: &[(&str, &str)], body: &str| {
        let operation = Operation::Deliver(Box::new(delivery("alice")));
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = HttpResponse { status, headers, body: body.as_bytes().to_vec() };
        webhook("").outcome(&operation, &response, &mut RemoteState::default())
    };
    for (status, body) in [(200, ""), (201, "{}"), (202, "thanks"), (204, "")] {
        assert_eq!(outcome(status, &[], body), Outcome::Applied, "{status}");
    }
    for status in [301, 302, 307, 304, 199, 100, 0, 600] {
        assert!(
            matches!(outcome(status, &[], ""), Outcome::Refused(TargetError::Malformed { .. })),
            "{status}"
        );
    }
    for status in [400, 403, 404, 409, 410, 412, 413] {
        assert!(
            matches!(outcome(status, &[], ""), Outcome::Refused(TargetError::Refused { .. })),
            "{status}"
        );
    }
    assert!(matches!(outcome(401, &[], ""), Outcome::Refused(TargetError::Unauthorized { .. })));
    assert!(matches!(outcome(500, &[], ""), Outcome::Refused(TargetError::Unavailable { .. })));
    let wait = core::time::Duration::from_secs(9);
    assert_eq!(outcome(429, &[("retry-after", "9")], ""), Outcome::RetryAfter(wait));
    let page = [("content-type", "text/html")];
    assert!(matches!(outcome(200, &page, "hello"), Outcome::Refused(TargetError::Malformed { .. })));
    assert!(matches!(outcome(200, &[], " <!DOCTYPE html>"), Outcome::Refused(TargetError::Malformed { .. })));
}
