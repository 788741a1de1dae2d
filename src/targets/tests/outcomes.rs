//! What the answers to such changes are taken for.

use crate::base::Code;
use crate::effect::CallFailure;
use crate::policy::FoldedName;
use crate::provision::{Known, satisfied};
use crate::targets::Outcome;

use super::*;

/// The error object of each application for what is not there.
fn absent(name: &str) -> &'static str {
    match name {
        "jira_dc" | "jsm_dc" | "jira_cloud" => r#"{"errorMessages":["x"],"errors":{}}"#,
        "crowd" => r#"{"reason":"USER_NOT_FOUND","message":"x"}"#,
        "confluence_dc" => r#"{"statusCode":404,"message":"x"}"#,
        "bitbucket_dc" => r#"{"errors":[{"context":null,"message":"x"}]}"#,
        _ => r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"x"}"#,
    }
}

fn letter(outcome: &Outcome) -> char {
    match outcome {
        Outcome::Applied => 'A',
        Outcome::AlreadySo => 'S',
        Outcome::PassedOver => 'P',
        Outcome::Reread => 'R',
        Outcome::Stale => 's',
        Outcome::RetryAfter(_) => 't',
        Outcome::Refused(fault) => match fault.code() {
            Code::TargetRefused => 'r',
            Code::TargetUnauthorized => 'u',
            Code::TargetUnreachable => 'x',
            Code::TargetAnswerMalformed => 'm',
            Code::NameTaken => 'n',
            Code::DirectoryReadOnly => 'o',
            _ => '?',
        },
    }
}

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    // 200 202 204 400 401 403 404 404-page 409 429 500 302 page
    let table = [
        ("jira_dc", "DeactivateAccount", "AmARurRRRtxmm"),
        ("jira_dc", "AnonymizeAccount", "AAArurrrttxmm"),
        ("jira_dc", "DeleteAccount", "AmARurRRRtxmm"),
        ("jira_dc", "RenameAccount", "AmARurRRRtxmm"),
        ("jira_dc", "DeleteGroup", "AmARurRRRtxmm"),
        ("jsm_dc", "DeleteOrganization", "AmArurssrtxmm"),
        ("jira_cloud", "DeleteAccount", "AmArurSrrtxmm"),
        ("jira_cloud", "DeleteGroup", "AmARurRRRtxmm"),
        ("jira_cloud", "DeleteOrganization", "AmArurssrtxmm"),
        ("crowd", "DeactivateAccount", "AmARurRrRtxmm"),
        ("crowd", "DeleteAccount", "AmARurSrRtxmm"),
        ("crowd", "RenameAccount", "AmARurRrRtxmm"),
        ("crowd", "DeleteGroup", "AmARurRrRtxmm"),
        ("confluence_dc", "DeactivateAccount", "AmARurRmRtxmm"),
        ("confluence_dc", "DeleteAccount", "AAARurSmRtxmm"),
        ("confluence_dc", "DeleteGroup", "AmARurSmRtxmm"),
        ("bitbucket_dc", "DeleteAccount", "AmARurSmrtxmm"),
        ("bitbucket_dc", "RenameAccount", "AmARurRmRtxmm"),
        ("bitbucket_dc", "DeleteGroup", "AmARurSmRtxmm"),
        ("scim", "DeactivateAccount", "AmARurRRRtxmm"),
        ("scim", "DeleteAccount", "AmARurSrRtxmm"),
        ("scim", "RenameAccount", "AmARurRRntxmm"),
        ("scim", "RenameGroup", "AmARurrrntxmm"),
        ("scim", "DeleteGroup", "AmARurSrRtxmm"),
    ];
    for (name, kind, expected) in table {
        let application = application(name);
        let operation = operations().into_iter().find(|one| format!("{:?}", one.kind()) == kind).unwrap();
        let responses = [
            answer(200, "{}"),
            answer(202, "{}"),
            answer(204, ""),
            answer(400, "{}"),
            answer(401, PAGE),
            answer(403, PAGE),
            answer(404, absent(name)),
            answer(404, PAGE),
            answer(409, "{}"),
            answer(429, ""),
            answer(500, PAGE),
            answer(302, ""),
            answer(200, PAGE),
        ];
        let found: String = responses
            .iter()
            .map(|response| letter(&application.outcome(&operation, response, &mut known())))
            .collect();
        assert_eq!(found, expected, "{name} {kind}");
    }
}

#[test]
fn no_text_of_an_error_decides() {
    for body in [
        r#"{"errorMessages":["The user was deleted."],"errors":{}}"#,
        r#"{"reason":"INVALID_USER","message":"already deleted"}"#,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"deleted"}"#,
    ] {
        for (name, application) in applications() {
            for operation in operations() {
                let Prepared::Call(_) = prepare(&*application, &operation, &known()) else { continue };
                let outcome = application.outcome(&operation, &answer(400, body), &mut known());
                assert!(
                    matches!(outcome, Outcome::Reread | Outcome::Refused(_)),
                    "{name} {operation}: {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn the_page_of_a_proxy_is_nobodys_deletion() {
    for (name, application) in applications() {
        for operation in operations() {
            let Prepared::Call(_) = prepare(&*application, &operation, &known()) else { continue };
            for response in
                [answer(404, PAGE), answer(404, ""), answer(404, r#"{"message":"no Route matched"}"#)]
            {
                let outcome = application.outcome(&operation, &response, &mut known());
                let claims = matches!(outcome, Outcome::Applied | Outcome::AlreadySo | Outcome::PassedOver);
                // Bitbucket's and Confluence's own words have no mark that a gateway's may not have.
                let vague =
                    ["confluence_dc", "bitbucket_dc"].contains(&name) && response.body.starts_with(b"{");
                assert!(!claims || vague, "{name} {operation}: {outcome:?}");
            }
        }
    }
}

#[test]
fn an_answer_that_was_lost_is_looked_for_where_it_tells() {
    for (name, application) in applications() {
        for operation in operations() {
            let Prepared::Call(_) = prepare(&*application, &operation, &known()) else { continue };
            assert_eq!(Outcome::without_answer(CallFailure::NoAnswer), Outcome::Reread);
            let path = application.ask(&application.reread(&operation, &known())).path;
            let about = match &operation {
                // What is renamed is looked for under its new name; only its id tells whether it is the same.
                Operation::RenameAccount { .. } => "bo%26b",
                Operation::RenameGroup { .. } => "c%5C%22d",
                Operation::DeleteGroup { .. } => "a%2Fb",
                Operation::DeleteOrganization { .. } => "organization",
                _ => "l%20ice",
            };
            assert!(path.contains(about), "{name} {operation}: {path}");
        }
    }
}

#[test]
fn what_was_read_decides_whether_it_is_done() {
    let [deactivate, anonymize, delete, rename, rename_group, delete_group, rename_org, delete_org] =
        operations();
    let nobody = RemoteState::default();
    let mut inactive = known();
    inactive.apply(&deactivate);
    let mut renamed = known();
    renamed.apply(&rename);
    for (operation, still, done) in [
        (&deactivate, known(), vec![inactive.clone(), nobody.clone()]),
        (&anonymize, inactive.clone(), vec![nobody.clone()]),
        (&delete, inactive, vec![nobody.clone()]),
        (&rename, known(), vec![]),
    ] {
        assert!(!satisfied(operation, &still), "{operation}");
        assert!(done.iter().all(|remote| satisfied(operation, remote)), "{operation}");
    }
    // Nobody's absence shows that an account has another name now, and without ids its presence does not either.
    assert!(!satisfied(&rename, &nobody));
    let has_id = rename.account().is_some_and(|account| account.id.is_some());
    assert_eq!(satisfied(&rename, &renamed), has_id);
    for (operation, unread) in [
        (&rename_group, RemoteState::default()),
        (&delete_group, RemoteState::default()),
        (&rename_org, RemoteState::default()),
        (&delete_org, RemoteState::default()),
    ] {
        assert!(!satisfied(operation, &unread), "{operation}: nobody looked");
        assert!(!satisfied(operation, &known()), "{operation}");
        let mut done = known();
        done.apply(operation);
        assert!(satisfied(operation, &done), "{operation}");
    }
    // A name that only differs in case is not the new one yet.
    let spelled = Operation::RenameGroup { group: group("a/b"), name: group("A/B") };
    assert!(FoldedName::same("a/b", "A/B") && !satisfied(&spelled, &known()));
    let mut done = known();
    done.apply(&spelled);
    assert!(satisfied(&spelled, &done));
    assert_eq!(done.directory.group_id("a/b"), Some("g/1"), "the id stays");
    assert!(done.account.unwrap().groups.contains("A/B"));
}

#[test]
fn what_was_deleted_is_known_to_be_gone() {
    for name in ["jira_cloud", "scim", "customers"] {
        let mut remote = known();
        let outcome = application(name).outcome(&operations()[5], &answer(204, ""), &mut remote);
        assert_eq!(
            (outcome, remote.directory.group("A/B")),
            (Outcome::Applied, Some(&Known::Absent)),
            "{name}"
        );
    }
    for name in ["jsm_dc", "jira_cloud"] {
        let application = application(name);
        let mut remote = known();
        let outcome = application.outcome(&operations()[7], &answer(204, ""), &mut remote);
        assert_eq!(
            (outcome, remote.directory.organization("Acme")),
            (Outcome::Applied, Some(&Known::Absent))
        );
        // An id that was remembered is gone: the list decides, and an absent one is as deleted as can be.
        let mut stale = known();
        let outcome = application.outcome(&operations()[7], &answer(404, absent(name)), &mut stale);
        assert_eq!((outcome, stale.directory.organization("Acme")), (Outcome::Stale, None));
        stale.directory.learn_no_organization("Acme");
        assert_eq!(prepare(&*application, &operations()[7], &stale), Prepared::AlreadySo);
    }
}

#[test]
fn m10_a_directory_that_may_only_be_read_is_told() {
    let denied = answer(403, r#"{"reason":"APPLICATION_PERMISSION_DENIED","message":"x"}"#);
    let immutable = answer(400, r#"{"schemas":[],"scimType":"mutability","status":"400"}"#);
    for (name, response) in [("crowd", &denied), ("scim", &immutable), ("scim put", &immutable)] {
        let application = application(name);
        for operation in operations() {
            let Prepared::Call(_) = prepare(&*application, &operation, &known()) else { continue };
            let outcome = application.outcome(&operation, response, &mut known());
            assert_eq!(letter(&outcome), 'o', "{name} {operation}: {outcome:?}");
        }
    }
}
