//! What would be decided about a person, and done at the application: decision, plan, operations, calls.

use core::fmt::Write as _;

use crate::base::Rejection;
use crate::http::HttpCall;
use crate::identity::Identity;
use crate::policy::{self, AccountFacts, Decision, Facts, RequestFacts};
use crate::provision::{Operation, RemoteMarker, RemoteState};
use crate::report;

use super::super::provisioning::{self, SignIn};
use super::Explainer;
use super::timeline::Stage;

/// Decides as the flow would, and plans what it would do.
pub(super) fn decide(
    explainer: &mut Explainer<'_>,
    identity: &Identity,
    request: RequestFacts<'_>,
) -> Result<Decision, Rejection> {
    let env = explainer.env;
    let Some(provisioning) = &env.settings.provisioning else {
        let facts = Facts { identity, request, account: &AccountFacts::Unknown, now: env.now };
        let decision = policy::decide(&facts, &env.settings.policy);
        explainer.report.decision = Some(outline(&decision));
        explainer.timeline.pass(Stage::Access, "allowed");
        let detail = match explainer.input.account {
            Some(_) => "the application is told by headers alone, so the account was not looked at",
            None => "the application is told by headers alone",
        };
        explainer.timeline.pass(Stage::Provisioning, detail);
        return Ok(decision);
    };
    let nobody = RemoteState { marker: RemoteMarker::Absent, ..RemoteState::default() };
    let remote = explainer.input.account.unwrap_or(&nobody);
    let sign_in = SignIn { identity, request, provisioning };
    let decision = provisioning::decide(remote, sign_in, &env);
    explainer.report.decision = Some(outline(&decision));
    explainer.timeline.pass(Stage::Access, "allowed");

    let approved = provisioning::approve(&decision, remote, sign_in, &env)?;
    let operations = approved.inner().operations();
    let reads = [
        provisioning.target.read_account(&identity.username),
        provisioning.target.read_marker(&identity.username),
    ];
    let changes = operations.iter().map(|operation| provisioning.target.call(operation));
    explainer.report.calls = reads.into_iter().chain(changes).map(call).collect();
    explainer.report.operations = operations.iter().map(operation_outline).collect();
    let person = if explainer.input.account.is_some() { "the given account" } else { "a new account" };
    let detail = match operations.len() {
        0 => format!("nothing to change at {person}"),
        1 => format!("1 change at {person}"),
        more => format!("{more} changes at {person}"),
    };
    explainer.timeline.pass(Stage::Provisioning, detail);
    Ok(decision)
}

fn outline(decision: &Decision) -> report::Decision {
    let granted = decision.desired.ensure.iter().map(|group| report::GroupVerdict {
        group: group.clone(),
        verdict: "add",
        rule: String::new(),
    });
    report::Decision {
        access: report::Access { outcome: "allow", rule: String::from("no rule") },
        account: report::Account { action: "none", reason: String::new() },
        customer: decision.customer,
        groups: granted.collect(),
        notes: decision.explanation.reasons().iter().map(ToString::to_string).collect(),
    }
}

fn operation_outline(operation: &Operation) -> report::Operation {
    report::Operation {
        operation: operation.kind().as_str(),
        detail: detail(operation),
        reason: operation.reason().to_string(),
    }
}

/// What `operation` changes, in the clear.
fn detail(operation: &Operation) -> String {
    match operation {
        Operation::CreateAccount { username, email, display_name } => {
            let mut text = format!("{}, {}", username.expose(), display_name.expose());
            if let Some(email) = email {
                // Writing to a string cannot fail.
                let _ = write!(text, ", {}", email.expose());
            }
            text
        }
        Operation::UpdateAccount { changes, .. } => {
            let changed = [&changes.email, &changes.display_name];
            let values: Vec<&str> =
                changed.into_iter().flatten().map(|value| value.expose().as_str()).collect();
            values.join(", ")
        }
        Operation::CreateGroup { group }
        | Operation::AddToGroup { group, .. }
        | Operation::RemoveFromGroup { group, .. } => group.clone(),
        Operation::WriteMarker { marker, .. } => {
            let login = marker.customer_login.as_ref().map(|name| format!("customerLogin {}", name.expose()));
            let last = marker.last_login.map(|at| format!("lastLogin {at}"));
            let unfinished = marker.unfinished.then(|| String::from("unfinished"));
            let parts: Vec<String> = [login, last, unfinished].into_iter().flatten().collect();
            parts.join(", ")
        }
    }
}

/// `call` without its headers: one of them may be a credential.
fn call(call: HttpCall) -> report::Call {
    report::Call {
        method: call.method,
        path: call.path,
        body: (!call.body.is_empty()).then(|| String::from_utf8_lossy(&call.body).into_owned()),
    }
}
