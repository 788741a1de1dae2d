//! What is sent to Crowd, byte for byte, and what its answers are taken for, hostile ones above all.

mod calls;
mod outcomes;
mod reads;

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::base::{Code, Secret};
use crate::provision::{Marker, NewPassword, OperationKind, Profile, RemoteAccount, RemoteMarker, satisfied};
use crate::targets::Credentials;

fn crowd() -> Crowd {
    Crowd::new(Endpoint {
        cluster: "crowd".to_owned(),
        authority: "crowd.example.test".to_owned(),
        path_prefix: "/crowd".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Basic {
            username: "samlgate".to_owned(),
            password: Secret::new("pa:ss".to_owned()),
        },
    })
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn by_name(username: &str) -> Question {
    Question::Account { by: AccountKey::Username(pii(username)), page: Page::FIRST }
}

fn by_email(email: &str) -> Question {
    Question::Account { by: AccountKey::Email(pii(email)), page: Page::FIRST }
}

fn memberships(username: &str) -> Question {
    first_page(username, Page::FIRST)
}

fn first_page(username: &str, page: Page) -> Question {
    Question::Memberships { account: AccountRef::named(pii(username)), page }
}

fn marker_of(username: &str) -> Question {
    Question::Marker { account: AccountRef::named(pii(username)) }
}

fn group(name: &str) -> Question {
    Question::Group { name: name.to_owned(), page: Page::FIRST }
}

/// `remote` after these answers, one after the other.
fn learned(answers: &[(Question, HttpResponse)]) -> Result<RemoteState, TargetError> {
    let mut remote = RemoteState::default();
    for (question, response) in answers {
        crowd().learn(question, response, &mut remote)?;
    }
    Ok(remote)
}

fn account(username: &str, response: &HttpResponse) -> Result<Option<RemoteAccount>, TargetError> {
    learned(&[(by_name(username), response.clone())]).map(|remote| remote.account)
}

fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    crowd().outcome(operation, response, &mut RemoteState::default())
}

fn prepared(operation: &Operation, remote: &RemoteState) -> Prepared {
    crowd().prepare(operation, remote, UnixTime::from_secs(0))
}

fn call(operation: &Operation, remote: &RemoteState) -> HttpCall {
    match prepared(operation, remote) {
        Prepared::Call(call) => call,
        other => panic!("{other:?}"),
    }
}

fn shown(call: &HttpCall) -> String {
    format!("{} {}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body))
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn refused(status: u16, reason: &str) -> HttpResponse {
    answer(status, &format!("{{\"reason\":\"{reason}\",\"message\":\"Benutzer existiert\"}}"))
}

fn with(mut response: HttpResponse, name: &str, value: &str) -> HttpResponse {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}

const PAGE: &str = "\n <!DOCTYPE html><html>log in</html>";
const XML: &str = "<?xml version=\"1.0\"?><user name=\"alice\"><active>true</active></user>";
const ALICE: &str = r#"{"expand":"attributes","link":{"href":"http://x","rel":"self"},"name":"Alice","key":"32769:7",
    "first-name":"Alice","last-name":"Archer","display-name":"Alice Archer","email":"a@example.test",
    "employee-number":"17","active":true,"password":{"link":{"href":"http://x","rel":"edit"}},
    "attributes":{"attributes":[{"name":"samlgate.version","values":["1"]},
    {"name":"customerLogin","values":["alice@idp"]},{"name":"samlgate.lastLogin","values":["2026-01-02T03:04:05Z"]},
    {"name":"other","values":["x","y"]}],"link":{"href":"http://x","rel":"self"}}}"#;
const GROUPS: &str = r#"{"expand":"group","groups":[{"link":{"rel":"self"},"name":"Staff"},{"name":"b"}]}"#;

fn edited(from: &str, to: &str) -> HttpResponse {
    assert!(ALICE.contains(from), "{from}");
    answer(200, &ALICE.replace(from, to))
}

/// Alice as she is read at a sign-in.
fn alice() -> RemoteState {
    learned(&[(by_name("alice"), answer(200, ALICE)), (memberships("alice"), answer(200, GROUPS))]).unwrap()
}

/// One operation of each kind, with names that try to break out.
fn operations() -> Vec<Operation> {
    let username = pii("a&b=c d/é");
    let account = AccountRef::named(username.clone());
    let group = "R&D #1/ä?x=\"y\"".to_owned();
    vec![
        Operation::CreateAccount {
            username,
            email: Some(pii("a\"b@example.test")),
            display_name: pii("Ä \"quoted\" \\ name"),
            profile: Profile::new(),
            customer: false,
        },
        Operation::CreateGroup { group: group.clone() },
        Operation::AddToGroup { account: account.clone(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account: account.clone(), group },
        Operation::WriteMarker { account: account.clone(), marker: whole_marker() },
        Operation::UpdateAccount { account, changes: AccountChanges::default() },
    ]
}

fn whole_marker() -> Marker {
    Marker {
        customer_login: Some(pii("a\"b")),
        last_login: Some(UnixTime::from_secs(1_767_323_045)),
        unfinished: true,
        organizations: BTreeSet::from(["Acme".to_owned(), "Über GmbH".to_owned()]),
        service_desks: BTreeSet::from(["3".to_owned()]),
        ..Marker::default()
    }
}

fn update(changes: AccountChanges) -> Operation {
    Operation::UpdateAccount { account: AccountRef::named(pii("Alice")), changes }
}

fn body(call: &HttpCall) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

fn page_of(start: usize, count: usize) -> HttpResponse {
    let groups: Vec<Value> = (start..start + count).map(|n| json!({ "name": format!("g{n}") })).collect();
    answer(200, &json!({ "groups": groups }).to_string())
}
