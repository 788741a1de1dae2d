//! Every answer of etcd that is documented or was seen, and answers that are none of its.

use serde_json::{Value, json};

use super::*;
use crate::base::{Code, EntropyFailure, EntropySource, Secret, UnixTime};
use crate::effect::CallFailure;
use crate::encoding::base64;
use crate::http::{HttpCall, HttpResponse};
use core::time::Duration;

struct Counting;

impl EntropySource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        for (byte, value) in out.iter_mut().zip(1..) {
            *byte = value;
        }
        Ok(())
    }
}

fn etcd() -> Etcd {
    Etcd {
        cluster: String::from("etcd"),
        authority: String::from("etcd.internal"),
        timeout: Duration::from_secs(1),
        key_prefix: String::from("samlgate/"),
        credentials: Some(Credentials {
            username: String::from("samlgate"),
            password: Secret::new(String::from("tr\"icky")),
        }),
    }
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    raw(status, &body.to_string())
}

fn raw(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn body(call: &HttpCall) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

fn header() -> Value {
    json!({ "cluster_id": "14841639068965178418", "member_id": "1", "revision": "7", "raft_term": "2" })
}

fn key(of: &HttpCall) -> Value {
    body(of).pointer("/compare/0/key").unwrap().clone()
}

const fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds)
}

fn a_claim() -> (Name, Mark, Lease) {
    let lease = Lease::until(at(1_000_001), at(1_000_000), "samlgate/");
    (Name::of("assertion", &[b"https://idp", b"_1"]), Mark::new(&Counting).unwrap(), lease)
}

#[test]
fn a_claim_is_one_transaction_under_the_prefix() {
    let (name, mark, lease) = a_claim();
    let call = etcd().claim(&name, &mark, lease, Some(&Token::kept(String::from("abc.1"))));
    assert_eq!((call.method, call.path.as_str(), call.cluster.as_str()), ("POST", "/v3/kv/txn", "etcd"));
    assert!(call.headers.contains(&(String::from("authorization"), String::from("abc.1"))));
    assert!(!format!("{call:?}").contains("abc.1"), "{call:?}");
    let body = body(&call);
    let key = key(&call);
    let text = base64::decode_strict(key.as_str().unwrap()).unwrap();
    assert!(String::from_utf8(text).unwrap().starts_with("samlgate/claim/"));
    assert_eq!(body.pointer("/compare/0/create_revision"), Some(&json!("0")));
    assert_eq!(body.pointer("/compare/0/target"), Some(&json!("CREATE")));
    assert_eq!(body.pointer("/success/0/request_put/key"), Some(&key));
    assert_eq!(body.pointer("/failure/0/request_range/key"), Some(&key));
    // Nothing readable of the assertion or its issuer leaves the house.
    assert!(!String::from_utf8_lossy(&call.body).contains("idp"));
}

#[test]
fn only_a_transaction_that_succeeded_or_our_own_mark_is_a_claim() {
    let (name, mark, lease) = a_claim();
    let etcd = etcd();
    let key = key(&etcd.claim(&name, &mark, lease, None));
    let shown = |key: &Value, value: &Value| {
        json!({ "header": header(), "responses": [{ "response_range": {
            "kvs": [{ "key": key, "value": value }], "count": "1" } }] })
    };
    let ours = json!(base64::encode(&(1..=16).collect::<Vec<u8>>()));
    let theirs = json!(base64::encode(&[9; 16]));
    let read = |body: &Value| etcd.claimed(&name, &mark, &answer(200, body));
    let succeeded = json!({ "header": header(), "succeeded": true, "responses": [{}] });
    assert!(matches!(read(&succeeded), Ok(Claim::Ours(proof)) if proof.is_for(&name)));
    // It arrived twice: a proxy in between sent it again.
    assert!(matches!(read(&shown(&key, &ours)), Ok(Claim::Ours(_))));
    assert!(matches!(read(&shown(&key, &theirs)), Ok(Claim::Taken)));
    assert!(matches!(read(&shown(&key, &Value::Null)), Ok(Claim::Taken)));
    let other = Name::of("assertion", &[b"https://idp", b"_2"]);
    assert!(matches!(read(&succeeded), Ok(Claim::Ours(proof)) if !proof.is_for(&other)));

    let another_key = shown(&json!(base64::encode(b"samlgate/claim/other")), &ours);
    for wrong in [
        another_key,
        json!({}),
        json!(null),
        json!({ "succeeded": true }),
        json!({ "succeeded": true, "header": {} }),
        json!({ "succeeded": true, "header": { "revision": "seven" } }),
        json!({ "succeeded": "true", "header": header() }),
        json!({ "succeeded": 1, "header": header() }),
        json!({ "header": header() }),
        json!({ "header": header(), "succeeded": false, "responses": [] }),
        json!({ "header": header(), "responses": [{ "response_range": { "kvs": [] } }] }),
        json!({ "header": header(), "responses": { "0": 1 } }),
    ] {
        let found = read(&wrong).unwrap_err();
        assert!(matches!(found, StoreError::AnswerMalformed { .. }), "{wrong}: {found:?}");
        assert_eq!(found.code(), Code::SharedStoreUnavailable);
    }
    for text in ["", "<html>", "{\"succeeded\":true", "\u{0}"] {
        assert!(etcd.claimed(&name, &mark, &raw(200, text)).is_err(), "{text}");
    }
    // Success is 200 and nothing else, whatever the body says.
    for status in [0, 100, 201, 204, 302, 400, 500] {
        assert!(etcd.claimed(&name, &mark, &answer(status, &succeeded)).is_err(), "{status}");
    }
}

#[test]
fn every_documented_error_is_told_apart() {
    let refused = |status, code: u64, sentence: &str| {
        // 3.4 says it twice; 3.5 and later say `message` and `details`.
        let old = answer(status, &json!({ "error": sentence, "message": sentence, "code": code }));
        let new = answer(status, &json!({ "code": code, "message": sentence, "details": [] }));
        let found = Etcd::published(&old).unwrap_err();
        assert_eq!(Etcd::published(&new), Err(found.clone()));
        found
    };
    let cases = [
        (404, 5, "etcdserver: requested lease not found", StoreError::LeaseMissing),
        (412, 9, "etcdserver: lease already exists", StoreError::LeaseExists),
        (401, 16, "etcdserver: invalid auth token", StoreError::TokenRefused),
        (400, 3, "etcdserver: user name is empty", StoreError::TokenRefused),
        (400, 3, "etcdserver: revision of auth store is old", StoreError::TokenRefused),
        (
            400,
            3,
            "etcdserver: authentication failed, invalid user ID or password",
            StoreError::CredentialsRefused,
        ),
        (412, 9, "etcdserver: authentication is not enabled", StoreError::CredentialsRefused),
        (403, 7, "etcdserver: permission denied", StoreError::PermissionDenied),
        (503, 14, "etcdserver: no leader", StoreError::Unavailable { status: 503 }),
        (504, 4, "context deadline exceeded", StoreError::Unavailable { status: 504 }),
        (429, 8, "etcdserver: mvcc: database space exceeded", StoreError::Unavailable { status: 429 }),
        (400, 11, "etcdserver: too large lease TTL", StoreError::Refused { status: 400, code: Some(11) }),
        (400, 3, "etcdserver: key is not provided", StoreError::Refused { status: 400, code: Some(3) }),
        (404, 5, "etcdserver: something else", StoreError::Refused { status: 404, code: Some(5) }),
    ];
    for (status, code, sentence, expected) in cases {
        assert_eq!(refused(status, code, sentence), expected, "{sentence}");
        assert_eq!(expected.code(), Code::SharedStoreUnavailable);
    }
    let strange = Etcd::published(&raw(502, "<html>bad gateway</html>"));
    assert_eq!(strange, Err(StoreError::Refused { status: 502, code: None }));
    for failure in [CallFailure::NotSent, CallFailure::NoAnswer] {
        assert!(StoreError::NotReached(failure).to_string().contains("shared store"));
    }
}

#[test]
fn a_lease_that_exists_is_as_good_as_granted() {
    let exists = json!({ "code": 9, "message": "etcdserver: lease already exists" });
    assert_eq!(Etcd::granted(&answer(412, &exists)), Ok(()));
    assert_eq!(Etcd::granted(&answer(200, &json!({ "header": header(), "ID": "5", "TTL": "9" }))), Ok(()));
    assert!(Etcd::granted(&answer(200, &json!({ "ID": "5" }))).is_err());
    assert!(Etcd::granted(&answer(403, &json!({ "code": 7 }))).is_err());
}

#[test]
fn leases_outlive_what_they_hold_and_are_shared() {
    let lease = |until, now| Lease::until(at(until), at(now), "samlgate/");
    let ttl = |lease: Lease| lease.ttl_secs();
    for until in [1_000_001, 1_000_199, 1_000_200, 1_000_201, 1_003_600] {
        let now = 1_000_000;
        let lease = lease(until, now);
        assert!(now + ttl(lease) >= until + 300, "{until}");
        assert!(now + ttl(lease) <= until + 300 + 600, "{until}");
    }
    // Ten minutes share a number, whoever asks when; other minutes and other installations do not.
    assert_eq!(lease(1_000_201, 1_000_000).id(), lease(1_000_800, 1_000_100).id());
    assert_ne!(lease(1_000_200, 1_000_000).id(), lease(1_000_201, 1_000_000).id());
    assert_ne!(lease(5, 1).id(), Lease::until(at(5), at(1), "other/").id());
    assert!(lease(5, 1).id() > 0);
    // No clock makes a lease of no time, or one that etcd refuses.
    assert_eq!(ttl(lease(0, 1_000_000)), 60);
    assert_eq!(ttl(lease(u64::MAX, 0)), 9_000_000_000);
}

fn range(records: &[(u64, &[u8])], more: bool, revision: u64) -> HttpResponse {
    let kvs: Vec<Value> = records
        .iter()
        .map(|(revision, value)| {
            json!({ "key": "a", "mod_revision": revision.to_string(), "value": base64::encode(value) })
        })
        .collect();
    let header = json!({ "cluster_id": "7", "revision": revision.to_string() });
    answer(200, &json!({ "header": header, "kvs": kvs, "more": more, "count": "99" }))
}

#[test]
fn changes_are_read_on_from_where_the_last_page_ended() {
    let call = etcd().changes(Revision::kept(41), None);
    let asked = body(&call);
    assert_eq!(asked.get("min_mod_revision"), Some(&json!("42")));
    let folder = |field: &str| {
        let text = asked.get(field).unwrap().as_str().unwrap().to_owned();
        String::from_utf8(base64::decode_strict(&text).unwrap()).unwrap()
    };
    assert_eq!((folder("key"), folder("range_end")), ("samlgate/record/".into(), "samlgate/record0".into()));

    let since = Revision::kept(41);
    let page = Etcd::changed(since, &range(&[(42, b"a"), (44, b"b")], true, 50)).unwrap();
    assert_eq!((page.upto, page.more, page.cluster), (Revision::kept(44), true, 7));
    assert_eq!(page.records, [Record(b"a".to_vec()), Record(b"b".to_vec())]);
    // The last page leads past whatever else happened in the store.
    let page = Etcd::changed(since, &range(&[(42, b"a")], false, 50)).unwrap();
    assert_eq!((page.upto, page.more), (Revision::kept(50), false));
    let nothing = answer(200, &json!({ "header": { "cluster_id": "7", "revision": "41" } }));
    let page = Etcd::changed(since, &nothing).unwrap();
    assert_eq!((page.upto, page.records.len()), (since, 0));
    // A store that lost its history says so by its revision; the reader compares.
    let restored = answer(200, &json!({ "header": { "cluster_id": "7", "revision": "3" } }));
    assert!(Etcd::changed(since, &restored).unwrap().upto < since);
}

#[test]
fn pages_that_would_skip_records_are_refused() {
    let since = Revision::kept(41);
    for (records, more, revision) in [
        // Out of order, from before what was asked for, from the future, and "more" after nothing.
        (vec![(44, b"a".as_slice()), (43, b"b")], false, 50),
        (vec![(40, b"a".as_slice())], false, 50),
        (vec![(41, b"a".as_slice())], false, 50),
        (vec![(51, b"a".as_slice())], false, 50),
        (vec![], true, 50),
    ] {
        let found = Etcd::changed(since, &range(&records, more, revision));
        assert!(matches!(found, Err(StoreError::AnswerMalformed { .. })), "{records:?}");
    }
    let many: Vec<(u64, &[u8])> = (42..243).map(|revision| (revision, b"".as_slice())).collect();
    assert_eq!(many.len(), 201);
    assert!(Etcd::changed(since, &range(&many, false, 999)).is_err());
    for wrong in [
        json!({ "header": header(), "kvs": {} }),
        json!({ "header": header(), "kvs": [{}] }),
        json!({ "header": header(), "kvs": [{ "mod_revision": "-1" }] }),
        json!({ "header": { "revision": "7" } }),
        json!({ "kvs": [] }),
    ] {
        assert!(Etcd::changed(Revision::START, &answer(200, &wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn what_somebody_else_wrote_is_handed_on_as_unreadable() {
    let pairs = json!([
        { "mod_revision": "1" },
        { "mod_revision": "2", "value": "!!" },
        { "mod_revision": "3", "value": base64::encode(&[1; 4097]) },
        { "mod_revision": "4", "value": base64::encode(&[1; 4096]) },
    ]);
    let read =
        Etcd::changed(Revision::START, &answer(200, &json!({ "header": header(), "kvs": pairs }))).unwrap();
    let lengths: Vec<usize> = read.records.iter().map(|record| record.0.len()).collect();
    assert_eq!(lengths, [0, 0, 0, 4096]);
}

#[test]
fn tokens_come_for_credentials_and_fit_into_a_header() {
    let call = etcd().authenticate().unwrap();
    assert_eq!(call.path, "/v3/auth/authenticate");
    assert_eq!(body(&call), json!({ "name": "samlgate", "password": "tr\"icky" }));
    assert!(Etcd { credentials: None, ..etcd() }.authenticate().is_none());
    assert!(!format!("{:?}", etcd()).contains("icky"));
    let token =
        |token: &str| Etcd::authenticated(&answer(200, &json!({ "header": header(), "token": token })));
    assert_eq!(token("GXZPIknLMSvEslbB.25").unwrap().expose(), "GXZPIknLMSvEslbB.25");
    let long = "a".repeat(4097);
    for wrong in ["", "a b", "a\r\nx-evil: 1", "ä", long.as_str()] {
        assert!(token(wrong).is_err(), "{wrong:?}");
    }
    assert!(Etcd::authenticated(&answer(200, &json!({ "token": "a.1" }))).is_err());
}

#[test]
fn an_office_is_held_as_long_as_its_lease_lives() {
    let (office, mark, _) = a_claim();
    let lease = Lease::of_holder(&Name::of("holder", &[b"1"]), Duration::from_secs(15));
    let call = etcd().lead(&office, &mark, lease, None);
    let succeeded = json!({ "header": header(), "succeeded": true });
    assert_eq!(etcd().leads(&office, &mark, &answer(200, &succeeded)), Ok(true));
    // A claim of the same name is another key.
    assert_ne!(key(&call), key(&etcd().claim(&office, &mark, lease, None)));
    assert_eq!(body(&etcd().grant(lease, None)).get("TTL"), Some(&json!("15")));
    let alive = |result: Value| Etcd::kept_alive(&answer(200, &json!({ "result": result })));
    assert_eq!(alive(json!({ "header": header(), "ID": "4711", "TTL": "15" })), Ok(true));
    assert_eq!(alive(json!({ "header": header(), "ID": "999" })), Ok(false));
    assert!(alive(json!({ "ID": "4711", "TTL": "15" })).is_err());
    assert!(Etcd::kept_alive(&answer(200, &json!({ "header": header(), "TTL": "15" }))).is_err());
    assert_eq!(body(&etcd().revoke(lease, None)), body(&etcd().keep_alive(lease, None)));
}

#[test]
fn a_failure_is_overlooked_only_where_the_configuration_says_so() {
    let settings = |on_failure| Settings {
        etcd: etcd(),
        on_failure,
        poll_interval: Duration::from_secs(1),
        max_staleness: Duration::from_secs(30),
    };
    let (name, ..) = a_claim();
    let failure = StoreError::NotReached(CallFailure::NoAnswer);
    let refused = SharedClaim::overlooked(name, failure.clone(), &settings(OnFailure::Refuse));
    assert_eq!(refused.unwrap_err(), failure);
    let proof = SharedClaim::overlooked(name, failure, &settings(OnFailure::Continue)).unwrap();
    assert!(proof.is_for(&name) && !proof.is_for(&Name::of("other", &[])));
    assert!(SharedClaim::unneeded(Some(&settings(OnFailure::Continue))).is_none());
    assert!(SharedClaim::unneeded(None).is_some_and(|proof| proof.is_for(&name)));
}

#[test]
fn names_keep_their_parts_apart() {
    let name = |kind: &str, parts: &[&str]| {
        Name::of(kind, &parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())
    };
    let names = [
        name("a", &["bc"]),
        name("ab", &["c"]),
        name("a", &["b", "c"]),
        name("a", &["bc", ""]),
        name("a", &["", "bc"]),
    ];
    for (at, one) in names.iter().enumerate() {
        assert!(names.iter().skip(at + 1).all(|other| other != one), "{at}");
    }
}
