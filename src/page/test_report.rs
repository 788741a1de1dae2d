//! What a test sign-in found, for the person who made it.

use super::look::Look;
use super::render::{Frame, Html};
use crate::http::Reply;
use crate::report::{CheckOutcome, Groups, Identity, Outcome, Report};

/// `report` as a page. It holds personal data in the clear, so it goes to nobody but who may see it. `note` stands above
/// the rest.
#[must_use]
pub fn test_report(look: &Look, report: &Report, note: Option<&str>) -> Reply {
    let mut body = Html::new();
    let accepted = report.outcome == Outcome::Accepted;
    let verdict = match report.code {
        Some(code) => format!("{code} {}.", report.slug.unwrap_or_default()),
        None => String::from("A sign-in would be accepted."),
    };
    body.verdict(accepted, &verdict, &report.reason);
    if let Some(remedy) = report.remedy {
        body.element("p", remedy);
    }
    if let Some(note) = note {
        body.element("p", note);
    }
    body.element("p", "This was a test: nothing was changed, and you are not signed in to the application.");
    if let Some(identity) = &report.identity {
        show_identity(identity, &mut body);
    }
    show_decision(report, &mut body);
    show_response(report, &mut body);
    Frame { for_operators: true, wide: true, ..Frame::new(look, 200, "Test sign-in") }.page(&body)
}

fn show_identity(identity: &Identity, body: &mut Html) {
    let name_id = identity.name_id.as_ref();
    let facts = [
        ("User name", identity.username.clone()),
        ("NameID", name_id.map(|name_id| name_id.value.clone())),
        ("NameID format", name_id.and_then(|name_id| name_id.format.clone())),
        ("E-mail", identity.email.clone()),
        ("Display name", identity.display_name.clone()),
        ("Groups", identity.groups.as_ref().map(groups)),
    ];
    body.table("Person", &["", "As read"], &pairs(facts));
    let attributes: Vec<_> = identity
        .attributes
        .iter()
        .map(|attribute| {
            vec![
                attribute.name.clone(),
                attribute.friendly_name.clone().unwrap_or_default(),
                attribute.values.join("\u{2009}|\u{2009}"),
            ]
        })
        .collect();
    body.table("Attributes, letter by letter", &["Name", "Friendly name", "Values"], &attributes);
}

fn groups(groups: &Groups) -> String {
    match groups {
        Groups::Known(groups) if groups.is_empty() => String::from("none"),
        Groups::Known(groups) => groups.join(", "),
        Groups::Unknown(why) => format!("not known: {why}"),
    }
}

fn show_decision(report: &Report, body: &mut Html) {
    if let Some(decision) = &report.decision {
        let facts = [
            ("Access", Some(format!("{} ({})", decision.access.outcome, decision.access.rule))),
            ("Account", Some(format!("{} ({})", decision.account.action, decision.account.reason))),
            ("Customer portal", Some(String::from(if decision.customer { "yes" } else { "no" }))),
            ("Notes", (!decision.notes.is_empty()).then(|| decision.notes.join("; "))),
        ];
        body.table("Decision", &["", ""], &pairs(facts));
        let verdicts = decision.groups.iter();
        let verdicts: Vec<_> = verdicts
            .map(|group| vec![group.group.clone(), group.verdict.to_owned(), group.rule.clone()])
            .collect();
        body.table("Groups", &["Group", "Verdict", "Rule"], &verdicts);
    }
    let headers: Vec<_> =
        report.headers.iter().map(|header| vec![header.name.clone(), header.value.clone()]).collect();
    body.table("Headers to the application", &["Name", "Value"], &headers);
    let operations: Vec<_> = report
        .operations
        .iter()
        .map(|operation| {
            vec![operation.operation.to_owned(), operation.detail.clone(), operation.reason.clone()]
        })
        .collect();
    body.table("Changes that would be made", &["Change", "Of", "Why"], &operations);
    let calls: Vec<_> = report
        .calls
        .iter()
        .map(|call| vec![call.method.to_owned(), call.path.clone(), call.body.clone().unwrap_or_default()])
        .collect();
    body.table("Calls that would be sent", &["Method", "Path", "Body"], &calls);
}

fn show_response(report: &Report, body: &mut Html) {
    if let Some(response) = &report.response {
        let signatures = response.signatures.iter();
        let signatures: Vec<_> = signatures
            .map(|signature| format!("{} by {} ({})", signature.element, signature.key, signature.algorithm))
            .collect();
        let facts = [
            ("Issuer", response.issuer.clone()),
            ("Destination", response.destination.clone()),
            ("Issued at", Some(response.issue_instant.clone())),
            (
                "Clock of the identity provider",
                response.clock_skew_seconds.map(|seconds| format!("{seconds:+} s against ours")),
            ),
            ("Assertion encrypted", Some(String::from(if response.encrypted { "yes" } else { "no" }))),
            ("Signatures", (!signatures.is_empty()).then(|| signatures.join("; "))),
        ];
        body.table("Response", &["", ""], &pairs(facts));
    }
    let checks: Vec<_> = report
        .checks
        .iter()
        .map(|check| {
            let outcome = match check.outcome {
                CheckOutcome::Passed => "passed",
                CheckOutcome::Failed => "failed",
                CheckOutcome::NotReached => "not reached",
            };
            vec![check.check.to_owned(), outcome.to_owned(), check.detail.clone(), check.section.to_owned()]
        })
        .collect();
    body.table("Checks", &["Check", "Outcome", "Found", "Section"], &checks);
}

fn pairs<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<Vec<String>> {
    let facts = facts.into_iter();
    facts.filter_map(|(name, value)| Some(vec![name.to_owned(), value?])).collect()
}
