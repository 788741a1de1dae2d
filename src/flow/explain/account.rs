//! What would be decided about a person, and done at the application: decision, plan, operations, calls.

use core::fmt::Write as _;

use crate::base::Rejection;
use crate::http::HttpCall;
use crate::identity::Identity;
use crate::policy::{
    self, AccessDecision, AccountFacts, Admitted, Decision, Explanation, Facts, RequestFacts,
};
use crate::provision::{AccountId, Operation, Question, RemoteMarker, RemoteState};
use crate::report;
use crate::targets::Prepared;

use super::super::Env;
use super::super::provisioning::{self, SignIn};
use super::timeline::Stage;
use super::{Explainer, KnownAccount};

/// Stands for an id that only the application knows.
const UNKNOWN_ID: &str = "ID";

/// Stands for what shows that a mark is ours.
const PROOF: &str = "PROOF";

/// Decides as the flow would, and plans what it would do.
pub(super) fn decide(
    explainer: &mut Explainer<'_>,
    identity: &Identity,
    request: RequestFacts<'_>,
) -> Result<Admitted, Rejection> {
    let env = explainer.env;
    let Some(provisioning) = &env.settings.provisioning else {
        let facts = Facts { identity, request, account: &AccountFacts::Unknown, now: env.now };
        let admitted = admit(explainer, policy::decide(&facts, &env.settings.policy))?;
        let detail = match explainer.input.account {
            Some(_) => "the application is told by headers alone, so the account was not looked at",
            None => "the application is told by headers alone",
        };
        explainer.timeline.pass(Stage::Provisioning, detail);
        return Ok(admitted);
    };
    let nobody = RemoteState { marker: RemoteMarker::Absent, ..RemoteState::default() };
    let recorded;
    let remote = match explainer.input.account {
        None => &nobody,
        Some(KnownAccount::Read(remote)) => remote,
        Some(KnownAccount::Recorded(account)) => {
            recorded = account.remote(identity.username.expose());
            &recorded
        }
    };
    let sign_in = SignIn::of(identity, request, provisioning, "");
    let admitted = admit(explainer, provisioning::decide(remote, sign_in, &env))?;

    let approved = provisioning::approve(admitted.decision(), remote, sign_in, &env)?;
    let operations = approved.inner().operations();
    let mut explanation = admitted.decision().explanation.clone();
    for operation in operations {
        if let Operation::CreateGroup { group } = operation {
            explanation.creates(group);
        }
    }
    if let Some(decision) = &mut explainer.report.decision {
        decision.groups = verdicts(&explanation);
    }
    explainer.report.calls = calls(operations, remote, sign_in, &env)?;
    explainer.report.operations = operations.iter().map(operation_outline).collect();
    let person = if remote.account.is_some() { "the given account" } else { "a new account" };
    let detail = match operations.len() {
        0 => format!("nothing to change at {person}"),
        1 => format!("1 change at {person}"),
        more => format!("{more} changes at {person}"),
    };
    explainer.timeline.pass(Stage::Provisioning, detail);
    Ok(admitted)
}

/// The calls in the order in which they would be made. An id that only the application knows reads `ID`.
fn calls(
    operations: &[Operation],
    remote: &RemoteState,
    sign_in: SignIn<'_>,
    env: &Env<'_>,
) -> Result<Vec<report::Call>, Rejection> {
    let target = &sign_in.provisioning.target;
    let mut calls = Vec::new();
    if target.capabilities().reads {
        let questions = target.look_up(&sign_in.person().key(sign_in.provisioning)?);
        calls.extend(questions.iter().map(|question| target.ask(question)));
    }
    let mut remote = remote.clone();
    for operation in operations.iter().cloned().map(without_proof) {
        let operation = &operation;
        // Twice at most: a group and an organization that have to be found first.
        for _ in 0..2 {
            let Prepared::Ask(question) = target.prepare(operation, &remote, env.now) else { break };
            calls.push(target.ask(&question));
            match question {
                Question::Group { name, .. } => remote.directory.learn_group(&name, Some(UNKNOWN_ID)),
                Question::Organization { name, .. } => remote.directory.learn_organization(&name, UNKNOWN_ID),
                _ => break,
            }
        }
        if let Prepared::Call(call) = target.prepare(operation, &remote, env.now) {
            calls.push(call);
        }
        remote.apply(operation);
        if let Some(account) = &mut remote.account {
            account.id.get_or_insert_with(|| AccountId::new(UNKNOWN_ID.to_owned()));
        }
    }
    Ok(calls.into_iter().map(call).collect())
}

/// A proof is worth something to whoever reads it, so none is shown.
fn without_proof(mut operation: Operation) -> Operation {
    if let Operation::WriteMarker { marker, .. } = &mut operation
        && let Some(proof) = &mut marker.proof
    {
        PROOF.clone_into(proof);
    }
    operation
}

/// Shows the decision, whatever it is, and lets in whom it lets in.
fn admit(explainer: &mut Explainer<'_>, decision: Decision) -> Result<Admitted, Rejection> {
    explainer.report.decision = Some(outline(&decision));
    let admitted = decision.admit().map_err(|refusal| Rejection::new(refusal.code(), refusal))?;
    explainer.timeline.pass(Stage::Access, "allowed");
    Ok(admitted)
}

fn outline(decision: &Decision) -> report::Decision {
    report::Decision {
        access: match &decision.access {
            AccessDecision::Allowed { rule: Some(name) } => {
                report::Access { outcome: "allow", rule: format!("access rule `{name}`") }
            }
            AccessDecision::Allowed { rule: None } => {
                report::Access { outcome: "allow", rule: String::from("no rule against it") }
            }
            AccessDecision::Denied(why) => report::Access { outcome: "deny", rule: why.to_string() },
        },
        account: report::Account { action: decision.account.as_str(), reason: decision.account.to_string() },
        customer: decision.customer,
        groups: verdicts(&decision.explanation),
        notes: decision.explanation.notes().iter().map(ToString::to_string).collect(),
    }
}

fn verdicts(explanation: &Explanation) -> Vec<report::GroupVerdict> {
    let verdicts = explanation.groups().iter().map(|verdict| report::GroupVerdict {
        group: verdict.group.clone(),
        verdict: verdict.verdict.as_str(),
        rule: verdict.reason.to_string(),
    });
    verdicts.collect()
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
        Operation::CreateAccount { username, email, display_name, profile, .. } => {
            let mut text = format!("{}, {}", username.expose(), display_name.expose());
            for value in email.iter().chain(profile.values()) {
                // Writing to a string cannot fail.
                let _ = write!(text, ", {}", value.expose());
            }
            text
        }
        Operation::ReactivateAccount { account }
        | Operation::DeactivateAccount { account }
        | Operation::AnonymizeAccount { account }
        | Operation::DeleteAccount { account } => account.username.expose().clone(),
        Operation::RenameAccount { account, username } => {
            format!("{}, {}", account.username.expose(), username.expose())
        }
        Operation::RenameGroup { group: from, name }
        | Operation::RenameOrganization { organization: from, name } => {
            format!("{from}, {name}")
        }
        Operation::UpdateAccount { changes, .. } => {
            let changed = changes.email.iter().chain(&changes.display_name).chain(changes.profile.values());
            let values: Vec<&str> = changed.map(|value| value.expose().as_str()).collect();
            values.join(", ")
        }
        Operation::CreateGroup { group }
        | Operation::AddToGroup { group, .. }
        | Operation::DeleteGroup { group }
        | Operation::RemoveFromGroup { group, .. } => group.clone(),
        Operation::CreateOrganization { organization }
        | Operation::AddToOrganization { organization, .. }
        | Operation::DeleteOrganization { organization }
        | Operation::RemoveFromOrganization { organization, .. } => organization.clone(),
        Operation::LinkOrganization { organization, service_desk } => {
            format!("{organization}, service desk {service_desk}")
        }
        Operation::AddCustomer { service_desk, .. } => format!("service desk {service_desk}"),
        Operation::WriteMarker { marker, .. } => {
            let login = marker.customer_login.as_ref().map(|name| format!("customerLogin {}", name.expose()));
            let last = marker.last_login.map(|at| format!("lastLogin {at}"));
            let unfinished = marker.unfinished.then(|| String::from("unfinished"));
            let parts: Vec<String> = [login, last, unfinished].into_iter().flatten().collect();
            parts.join(", ")
        }
        Operation::Deliver(delivery) => {
            let groups: Vec<&str> = delivery.groups.iter().map(String::as_str).collect();
            format!("{}: {}", delivery.username.expose(), groups.join(", "))
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
