//! What is sent to Bitbucket, byte for byte, and what its answers are taken for, hostile ones above all.

mod calls;
mod outcomes;
mod reads;

use std::time::Duration;

use super::*;
use crate::base::{Code, Secret};
use crate::provision::{Marker, OperationKind, Profile, satisfied};
use crate::targets::Credentials;

fn bitbucket() -> BitbucketDc {
    BitbucketDc::new(Endpoint {
        cluster: "bitbucket".to_owned(),
        authority: "bitbucket.example.test".to_owned(),
        path_prefix: "/ctx".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Bearer(Secret::new("t0ken".to_owned())),
    })
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn by_name(username: &str) -> Question {
    Question::Account { by: AccountKey::Username(pii(username)), page: Page::FIRST }
}

fn by_email(email: &str, page: Page) -> Question {
    Question::Account { by: AccountKey::Email(pii(email)), page }
}

fn memberships(username: &str, page: Page) -> Question {
    Question::Memberships { account: AccountRef::named(pii(username)), page }
}

fn group(name: &str) -> Question {
    Question::Group { name: name.to_owned(), page: Page::FIRST }
}

fn at(cursor: &str) -> Page {
    Page::at(cursor.to_owned())
}

/// The state after these answers, one after the other.
fn learned(answers: &[(Question, HttpResponse)]) -> Result<RemoteState, TargetError> {
    let mut remote = RemoteState::default();
    for (question, response) in answers {
        bitbucket().learn(question, response, &mut remote)?;
    }
    Ok(remote)
}

fn account(username: &str, response: &HttpResponse) -> Result<Option<RemoteAccount>, TargetError> {
    learned(&[(by_name(username), response.clone())]).map(|remote| remote.account)
}

fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    bitbucket().outcome(operation, response, &mut RemoteState::default())
}

fn prepared(operation: &Operation, remote: &RemoteState) -> Prepared {
    bitbucket().prepare(operation, remote, UnixTime::from_secs(0))
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

fn error(status: u16) -> HttpResponse {
    answer(status, r#"{"errors":[{"context":null,"message":"Gibt es schon","exceptionName":"x.y.Z"}]}"#)
}

fn with(mut response: HttpResponse, name: &str, value: &str) -> HttpResponse {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}

/// A page; `next` is where the next one begins.
fn page(values: &[Value], next: Option<u64>) -> HttpResponse {
    let page = json!({
        "size": values.len(), "limit": 25, "start": 0, "isLastPage": next.is_none(), "nextPageStart": next,
        "values": values,
    });
    answer(200, &page.to_string())
}

fn user(name: &str, email: &str) -> Value {
    json!({
        "name": name, "emailAddress": email, "displayName": "Alice Archer", "active": true, "id": 7, "slug": "alice",
        "type": "NORMAL", "directoryName": "Internal", "mutableDetails": true, "mutableGroups": true,
    })
}

fn names(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "name": name, "deletable": true })).collect()
}

const PAGE: &str = "\n <!DOCTYPE html><html>log in</html>";

/// One operation of each kind, with names that try to break out.
fn operations() -> Vec<Operation> {
    let username = pii("A&b=c d/é");
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
        Operation::UpdateAccount {
            account: account.clone(),
            changes: AccountChanges { email: Some(pii("new@example.test")), ..AccountChanges::default() },
        },
        Operation::CreateGroup { group: group.clone() },
        Operation::AddToGroup { account: account.clone(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account, group },
    ]
}
