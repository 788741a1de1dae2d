//! An application that does what it is told.

use serde_json::{Value, json};

use super::{World, answered};
use crate::base::{Pii, UnixTime};
use crate::effect::Answer;
use crate::http::{HttpCall, HttpResponse};
use crate::provision::{
    AccountKey, AccountRef, Capabilities, Listed, ListedAccount, Marker, Operation, Page, Question,
    RemoteAccount, RemoteMarker, RemoteState,
};
use crate::targets::{Application, Outcome, Prepared, TargetError};

pub(super) const CAPABILITIES: Capabilities = Capabilities {
    reads: true,
    accounts_by: crate::provision::AccountKeyKind::Username,
    marker: true,
    email_immutable: false,
    shows_email: true,
    updates: true,
    reactivates: true,
    creates_groups: true,
    organizations: false,
    needs_password: false,
    needs_email: false,
    profile_fields: &[],
    deactivates: true,
    anonymizes: true,
    deletes_accounts: true,
    renames_accounts: false,
    renames_groups: false,
    deletes_groups: false,
    renames_organizations: false,
    deletes_organizations: false,
    lists_accounts: true,
    lists_organizations: false,
    groups_are_organizations: false,
};

/// Accounts of one page.
const PAGE: usize = 7;

/// One account.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) active: bool,
    pub(super) groups: Vec<String>,
    pub(super) marker: Option<Marker>,
}

#[derive(Debug)]
pub(super) struct Fake;

fn call(method: &'static str, path: String, body: &Value) -> HttpCall {
    HttpCall {
        cluster: "jira".to_owned(),
        authority: "jira.example.com".to_owned(),
        method,
        path,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        timeout: core::time::Duration::from_secs(5),
    }
}

impl Application for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        vec![Question::Account { by: key.clone(), page: Page::FIRST }]
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let name = match question {
            Question::Account { by, .. } => by.value().expose().clone(),
            Question::Marker { account } | Question::Memberships { account, .. } => {
                account.username.expose().clone()
            }
            Question::Group { .. } | Question::Organization { .. } | Question::Seats => String::new(),
        };
        call("GET", format!("/account/{name}"), &Value::Null)
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        let request = crate::targets::Request::of(question);
        match response.status {
            404 => {
                remote.marker = RemoteMarker::Absent;
                Ok(Vec::new())
            }
            200 => {
                let body: Value = serde_json::from_slice(&response.body).unwrap();
                remote.account =
                    serde_json::from_value::<Option<RemoteAccount>>(body["account"].clone()).unwrap();
                let marker = serde_json::from_value::<Option<Marker>>(body["marker"].clone()).unwrap();
                remote.marker = marker.map_or(RemoteMarker::Absent, RemoteMarker::Present);
                Ok(Vec::new())
            }
            status => Err(TargetError::Unavailable { request, status }),
        }
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, _: UnixTime) -> Prepared {
        let username = remote.account.as_ref().map(|account| account.username.expose().clone());
        let body = match operation {
            Operation::CreateAccount { username, .. } => json!({ "who": username.expose() }),
            Operation::WriteMarker { marker, .. } => json!({ "who": username, "marker": marker }),
            other => json!({ "who": username, "about": other.about() }),
        };
        Prepared::Call(call("POST", format!("/{}", operation.kind().as_str()), &body))
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, _: &mut RemoteState) -> Outcome {
        let request = crate::targets::Request::Change(operation.kind());
        match response.status {
            200 => Outcome::Applied,
            status => Outcome::Refused(TargetError::Refused { request, status }),
        }
    }

    fn list_accounts(&self, page: &Page) -> Option<HttpCall> {
        Some(call("GET", format!("/accounts/{}", page.as_str().unwrap_or("0")), &Value::Null))
    }

    fn listed_accounts(&self, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
        if response.status != 200 {
            let request = crate::targets::Request::ListAccounts;
            return Err(TargetError::Unavailable { request, status: response.status });
        }
        let names: Vec<String> = serde_json::from_slice(&response.body).unwrap();
        let next = page.as_str().map_or(0, |at| at.parse().unwrap()) + PAGE;
        let account = |name: &String| ListedAccount {
            account: AccountRef::named(Pii::new(name.clone())),
            email: None,
            active: true,
        };
        Ok(Listed {
            accounts: names.iter().take(PAGE).map(account).collect(),
            next: (names.len() > PAGE).then(|| Page::at(next.to_string())),
        })
    }

    fn reread(&self, _: &Operation, remote: &RemoteState) -> Question {
        let username = remote.account.as_ref().map(|account| account.username.clone()).unwrap();
        Question::Account { by: AccountKey::Username(username), page: Page::FIRST }
    }
}

impl World {
    pub(super) fn application(&self, call: &HttpCall) -> Answer {
        let mut accounts = self.accounts.borrow_mut();
        let faults = self.faults.borrow();
        if let Some(from) = call.path.strip_prefix("/accounts/") {
            if faults.no_list {
                return answered(503, &json!({}));
            }
            let names: Vec<_> = accounts.keys().skip(from.parse().unwrap()).take(PAGE + 1).cloned().collect();
            return answered(200, &json!(names));
        }
        if let Some(name) = call.path.strip_prefix("/account/") {
            if faults.application_refuses.iter().any(|refused| refused == name) {
                return answered(503, &json!({}));
            }
            return match accounts.get(name) {
                None => answered(404, &json!({})),
                Some(Account { active, groups, marker }) => {
                    let account = json!({
                        "username": name, "email": format!("{name}@example.com"), "display_name": name,
                        "active": active, "groups": groups,
                    });
                    answered(200, &json!({ "account": account, "marker": marker }))
                }
            };
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let who = body["who"].as_str().unwrap().to_owned();
        let kind = call.path.trim_start_matches('/').to_owned();
        self.changes.borrow_mut().push(format!("{kind} {who}"));
        let account = accounts.entry(who.clone()).or_default();
        match kind.as_str() {
            "create_account" | "reactivate_account" => account.active = true,
            "deactivate_account" => account.active = false,
            "write_marker" => account.marker = serde_json::from_value(body["marker"].clone()).unwrap(),
            "delete_account" => drop(accounts.remove(&who)),
            "add_to_group" => account.groups.push(body["about"].as_str().unwrap().to_owned()),
            "remove_from_group" => account.groups.retain(|group| body["about"] != group.as_str()),
            "update_account" | "create_group" | "anonymize_account" => {}
            other => panic!("{other}"),
        }
        answered(200, &json!({}))
    }
}
