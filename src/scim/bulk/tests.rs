//! Bulk requests: order, references, and how they fail.

use serde_json::{Value, json};

use super::{Bulk, BulkRun, Document, Error, Limits};
use crate::base::Code;
use crate::http::Reply;
use crate::scim::message::{self, Media};
use crate::scim::router::Request;

const BASE: &str = "https://gate.example/scim/v2";

fn parse(body: &Value) -> Result<Bulk, Error> {
    Bulk::parse(&Document::parse(body.to_string().as_bytes()).expect("an object"), &Limits::DEFAULT)
}

fn post(bulk_id: &str, path: &str, data: Value) -> Value {
    json!({ "method": "POST", "bulkId": bulk_id, "path": path, "data": data })
}

fn made(id: &str) -> Reply {
    let resource = json!({ "id": id });
    message::resource(201, &resource, Some("W/\"1\""), Some(&format!("{BASE}/Users/{id}")), Media::Scim)
}

/// Answers creations with `made-1`, `made-2`, .. and all else with 204; says what was asked.
fn drive(run: &mut BulkRun, fail: &[usize]) -> Vec<String> {
    let mut asked = Vec::new();
    while let Some(request) = run.next(&Limits::DEFAULT) {
        let number = asked.len() + 1;
        let (text, reply) = match request {
            Request::Create { kind, body, .. } => {
                (format!("create {} {}", kind.name(), json!(body.object())), made(&format!("made-{number}")))
            }
            Request::Delete { id, .. } => (format!("delete {id}"), message::no_content(None)),
            Request::Patch { id, .. } => (format!("patch {id}"), message::no_content(Some("W/\"2\""))),
            other => (format!("{other:?}"), message::no_content(None)),
        };
        asked.push(text);
        let refused = Error::Uniqueness { attribute: "userName" };
        run.answered(&if fail.contains(&number) { message::error(&refused, Media::Scim) } else { reply });
    }
    asked
}

fn answer(run: &BulkRun) -> Vec<Value> {
    let reply = run.finish(BASE, Media::Scim);
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    body["Operations"].as_array().expect("a list").clone()
}

fn statuses(run: &BulkRun) -> Vec<String> {
    answer(run).iter().map(|one| one["status"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_group_waits_for_the_people_in_it_and_answers_keep_their_order() {
    let group = json!({ "displayName": "g", "members": [{ "value": "bulkId:ann" }, { "value": "known" }] });
    let body = json!({ "Operations": [
        post("g", "/Groups", group),
        post("ann", "/Users", json!({ "userName": "ann" })),
        { "method": "patch", "path": "/Users/bulkId:ann", "data": {
            "Operations": [{ "op": "replace", "path": "active", "value": false }] } },
    ] });
    let mut run = BulkRun::new(parse(&body).expect("a bulk request"));
    assert_eq!(
        drive(&mut run, &[]),
        [
            r#"create User {"userName":"ann"}"#,
            r#"create Group {"displayName":"g","members":[{"value":"made-1"},{"value":"known"}]}"#,
            "patch made-1",
        ]
    );
    let answers = answer(&run);
    assert_eq!(answers[0]["bulkId"], "g");
    assert_eq!(answers[1]["location"], format!("{BASE}/Users/made-1"));
    assert_eq!(answers[1]["version"], "W/\"1\"");
    assert_eq!(statuses(&run), ["201", "201", "204"]);
    assert!(answers.iter().all(|one| one.get("response").is_none()));
}

#[test]
fn operations_that_wait_for_one_another_are_refused() {
    let refers = |name: &str, to: &str| {
        post(
            name,
            "/Groups",
            json!({ "displayName": name, "members": [{ "value": format!("bulkId:{to}") }] }),
        )
    };
    let body = json!({ "Operations": [
        refers("a", "b"), refers("b", "a"), refers("self", "self"), refers("c", "nobody"),
        post("d", "/Users", json!({ "userName": "d" })),
    ] });
    let mut run = BulkRun::new(parse(&body).expect("a bulk request"));
    assert_eq!(drive(&mut run, &[]), [r#"create User {"userName":"d"}"#]);
    assert_eq!(statuses(&run), ["409", "409", "409", "409", "201"]);
    let detail = answer(&run)[0]["response"]["detail"].as_str().expect("a text").to_owned();
    assert!(detail.ends_with(&format!("({})", Code::ScimBulkReference.id())), "{detail}");
}

#[test]
fn what_refers_to_a_failure_fails() {
    let body = json!({ "Operations": [
        post("ann", "/Users", json!({ "userName": "ann" })),
        post("g", "/Groups", json!({ "displayName": "g", "members": [{ "value": "bulkId:ann" }] })),
        { "method": "DELETE", "path": "/Users/7" },
    ] });
    let mut run = BulkRun::new(parse(&body).expect("a bulk request"));
    assert_eq!(drive(&mut run, &[1]), [r#"create User {"userName":"ann"}"#, "delete 7"]);
    assert_eq!(statuses(&run), ["409", "409", "204"]);
    assert_eq!(answer(&run)[2]["location"], format!("{BASE}/Users/7"));
    assert_eq!(answer(&run)[0].get("location"), None, "nothing was made");
}

#[test]
fn enough_failures_end_it() {
    let people = ["a", "b", "c", "d"].map(|name| post(name, "/Users", json!({ "userName": name })));
    let body = json!({ "failOnErrors": 2, "Operations": people });
    let mut run = BulkRun::new(parse(&body).expect("a bulk request"));
    assert_eq!(drive(&mut run, &[1, 3]).len(), 3);
    assert_eq!(statuses(&run), ["409", "201", "409"], "the fourth was not reached");
}

#[test]
fn a_bad_operation_is_answered_and_the_others_go_on() {
    let body = json!({ "Operations": [
        { "method": "PATCH", "path": "/Users/7", "data": { "Operations": [{ "op": "move" }] } },
        { "method": "DELETE", "path": "/Groups/8" },
    ] });
    let mut run = BulkRun::new(parse(&body).expect("a bulk request"));
    assert_eq!(drive(&mut run, &[]), ["delete 8"]);
    assert_eq!(answer(&run)[0]["response"]["scimType"], "invalidSyntax");
}

#[test]
fn what_is_no_bulk_request_is_refused() {
    let one = |operation: Value| json!({ "Operations": [operation] });
    let user = json!({ "userName": "a" });
    for body in [
        json!({}),
        json!({ "Operations": {} }),
        json!({ "Operations": ["POST"] }),
        json!({ "failOnErrors": 0, "Operations": [] }),
        json!({ "failOnErrors": -1, "Operations": [] }),
        json!({ "failOnErrors": "2", "Operations": [] }),
        one(json!({ "method": "GET", "path": "/Users" })),
        one(json!({ "method": "POST", "path": "/Users", "data": user })),
        one(json!({ "method": "POST", "bulkId": "", "path": "/Users", "data": user })),
        one(json!({ "method": "POST", "bulkId": 7, "path": "/Users", "data": user })),
        one(json!({ "method": "POST", "bulkId": "a", "path": "/Users" })),
        one(json!({ "method": "POST", "bulkId": "a", "path": "/Users", "data": [user] })),
        one(json!({ "method": "POST", "bulkId": "a", "path": "/Users/7", "data": user })),
        one(json!({ "method": "POST", "bulkId": "a", "path": "/Bulk", "data": user })),
        one(json!({ "method": "POST", "bulkId": "a", "path": "https://evil.example/Users", "data": user })),
        one(json!({ "method": "DELETE", "path": "/Users" })),
        one(json!({ "method": "DELETE", "path": "/Users/7/8" })),
        one(json!({ "method": "DELETE" })),
        json!({ "Operations": [post("a", "/Users", user.clone()), post("a", "/Users", user.clone())] }),
    ] {
        let found = parse(&body);
        let code = found.map_err(|error| error.code());
        assert!(matches!(code, Err(Code::ScimSyntax | Code::ScimValue)), "{body}: {code:?}");
    }
    let many: Vec<Value> =
        (0..101).map(|id| json!({ "method": "DELETE", "path": format!("/Users/{id}") })).collect();
    let code = parse(&json!({ "Operations": many })).map_err(|error| error.code());
    assert_eq!(code.err(), Some(Code::ScimTooLarge));
}
