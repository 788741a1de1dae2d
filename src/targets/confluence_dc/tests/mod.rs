//! What is sent to Confluence, byte for byte, and what its answers are taken for, hostile ones above all.

mod calls;
mod outcomes;
mod reads;

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::base::{Code, Secret};
use crate::provision::{Marker, NewPassword, OperationKind, Profile, RemoteMarker, satisfied};
use crate::targets::Credentials;

fn with_default_group(default_group: Option<&str>) -> ConfluenceDc {
    let endpoint = Endpoint {
        cluster: "confluence".to_owned(),
        authority: "confluence.example.test".to_owned(),
        path_prefix: "/wiki".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Bearer(Secret::new("t0ken".to_owned())),
    };
    ConfluenceDc::new(endpoint, default_group.map(str::to_owned))
}

fn confluence() -> ConfluenceDc {
    with_default_group(None)
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn by_name(username: &str) -> Question {
    Question::Account { by: AccountKey::Username(pii(username)), page: Page::FIRST }
}

fn memberships(username: &str, page: Page) -> Question {
    Question::Memberships { account: AccountRef::named(pii(username)), page }
}

fn group(name: &str) -> Question {
    Question::Group { name: name.to_owned(), page: Page::FIRST }
}

/// The state after these answers, one after the other.
fn learned(answers: &[(Question, HttpResponse)]) -> Result<RemoteState, TargetError> {
    let mut remote = RemoteState::default();
    for (question, response) in answers {
        confluence().learn(question, response, &mut remote)?;
    }
    Ok(remote)
}

fn account(username: &str, response: &HttpResponse) -> Result<Option<RemoteAccount>, TargetError> {
    learned(&[(by_name(username), response.clone())]).map(|remote| remote.account)
}

fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    confluence().outcome(operation, response, &mut RemoteState::default())
}

fn call(operation: &Operation, remote: &RemoteState) -> HttpCall {
    match confluence().prepare(operation, remote, UnixTime::from_secs(0)) {
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
    let data = r#"{"authorized":false,"valid":true,"errors":[]}"#;
    answer(
        status,
        &format!(r#"{{"statusCode":{status},"data":{data},"message":"Gibt es schon","reason":"x"}}"#),
    )
}

fn with(mut response: HttpResponse, name: &str, value: &str) -> HttpResponse {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}

const PAGE: &str = "\n <!DOCTYPE html><html>log in</html>";
const ALICE: &str = r#"{"type":"known","username":"alice","userKey":"4028d6768851","displayName":"Alice Archer",
    "profilePicture":{"path":"/x.svg"},"status":"current","_links":{"self":"http://x"},"_expandable":{}}"#;
const GROUPS: &str = r#"{"results":[{"type":"group","name":"Staff","_links":{"self":"http://x"}},{"name":"b"}],
    "start":0,"limit":200,"size":2,"_links":{"base":"http://x","context":""}}"#;

fn edited(from: &str, to: &str) -> HttpResponse {
    assert!(ALICE.contains(from), "{from}");
    answer(200, &ALICE.replace(from, to))
}

fn create() -> Operation {
    Operation::CreateAccount {
        username: pii("A/b%é"),
        email: Some(pii("a\"b@example.test")),
        display_name: pii("Ä \"quoted\" \\ name"),
        profile: Profile::new(),
        customer: false,
    }
}

/// One operation of each kind, with names that try to break out.
fn operations() -> Vec<Operation> {
    let account = AccountRef::named(pii("A/b%é"));
    let group = "R&D #1/ä?x=\"y\"".to_owned();
    vec![
        create(),
        Operation::ReactivateAccount { account: account.clone() },
        Operation::UpdateAccount {
            account: account.clone(),
            changes: AccountChanges { email: Some(pii("new@example.test")), ..AccountChanges::default() },
        },
        Operation::CreateGroup { group: group.clone() },
        Operation::AddToGroup { account: account.clone(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account, group },
    ]
}
