//! What answers to changes mean.

use std::collections::BTreeSet;

use super::*;
use crate::provision::{OperationKind, RemoteAccount, satisfied};

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    let responses = || {
        [
            answer(200, ADA),
            answer(201, ADA),
            answer(204, ""),
            error(400, "invalidValue"),
            error(400, "mutability"),
            error(404, "x"),
            error(409, "uniqueness"),
            error(412, "invalidVers"),
            error(413, "x"),
            answer(200, "<html>"),
            answer(302, ""),
            error(401, "x"),
            error(403, "x"),
            error(429, "x"),
            error(500, "x"),
            error(501, "x"),
            error(405, "x"),
        ]
    };
    let table = [
        // 200 201 204 400 mutability 404 409 412 413 HTML 302 401 403 429 500 501 405; a creation's answer must have the id and be about the account
        (OperationKind::CreateAccount, "RRRRorRrrmmurtxxr", "RRRRorRrrmmurtxxr"),
        (OperationKind::ReactivateAccount, "AAARorRrrmmurtxpp", "AAARorRSrmmurtxxr"),
        (OperationKind::UpdateAccount, "AAARorRrrmmurtxpp", "AAARorRSrmmurtxxr"),
        (OperationKind::CreateGroup, "AAARorRrrmmurtxxr", "AAARorRrrmmurtxxr"),
        (OperationKind::AddToGroup, "AAARoSRrrmmurtxpp", "AAARoSRSrmmurtxxr"),
        (OperationKind::RemoveFromGroup, "AAARoRRrrmmurtxpp", "AAARoRRSrmmurtxxr"),
    ];
    for (scim, column) in [(scim(), 1), (putting(), 2)] {
        for (operation, (kind, patch, put)) in operations().iter().zip(table) {
            assert_eq!(operation.kind(), kind);
            let found: String = responses()
                .iter()
                .map(|response| match scim.outcome(operation, response, &mut known()) {
                    Outcome::Applied => 'A',
                    Outcome::Reread => 'R',
                    Outcome::Stale => 'S',
                    Outcome::RetryAfter(_) => 't',
                    Outcome::Refused(TargetError::Missing { .. }) => 'p',
                    Outcome::Refused(fault) => match fault.code() {
                        Code::TargetRefused => 'r',
                        Code::DirectoryReadOnly => 'o',
                        Code::TargetAnswerMalformed => 'm',
                        Code::TargetUnauthorized => 'u',
                        Code::TargetUnreachable => 'x',
                        _ => '?',
                    },
                    Outcome::AlreadySo | Outcome::PassedOver => '?',
                })
                .collect();
            let expected = if column == 1 { patch } else { put };
            assert_eq!(found, expected, "{} {column}", kind.as_str());
        }
    }
}

#[test]
fn an_id_that_is_gone_is_forgotten() {
    let mut remote = known();
    assert_eq!(scim().outcome(&add("staff"), &error(404, "x"), &mut remote), Outcome::Stale);
    assert_eq!(remote.directory.group("staff"), None);
    let mut remote = known();
    assert_eq!(scim().outcome(&remove("staff"), &error(404, "x"), &mut remote), Outcome::Reread);
    assert_eq!(remote.directory.group("staff"), None);
}

#[test]
fn what_was_made_is_known_by_its_id() {
    let mut remote = known();
    let create = Operation::CreateGroup { group: "New".to_owned() };
    assert_eq!(scim().outcome(&create, &answer(201, r#"{"id":"g7"}"#), &mut remote), Outcome::Applied);
    assert_eq!(remote.directory.group_id("new"), Some("g7"));
    assert_eq!(scim().outcome(&create, &answer(201, "no json"), &mut remote), Outcome::Applied);
    // The account is there, and nothing can be done to it without its id: it is looked up.
    for body in ["", "{}", "[]", r#"{"id":7,"userName":"ada"}"#, r#"{"userName":"ada"}"#] {
        let mut remote = RemoteState::default();
        assert_eq!(
            scim().outcome(&operations()[0], &answer(201, body), &mut remote),
            Outcome::Reread,
            "{body}"
        );
        assert_eq!(remote.account, None);
    }
}

#[test]
fn a_reread_decides_what_a_conflict_meant() {
    let create = Operation::CreateAccount {
        username: pii("ada"),
        email: None,
        display_name: pii("Ada"),
        profile: Profile::new(),
        customer: false,
    };
    assert_eq!(scim().outcome(&create, &error(409, "uniqueness"), &mut known()), Outcome::Reread);
    let question = scim().reread(&create, &known());
    let mut fresh = RemoteState::default();
    scim().learn(&question, &list(&[ADA]), &mut fresh).unwrap();
    assert!(
        satisfied(&create, &fresh)
            && satisfied(&add("STAFF"), &fresh)
            && !satisfied(&remove("staff"), &fresh)
    );
    let deactivated = ADA.replace("\"active\":true", "\"active\":false");
    scim().learn(&question, &list(&[&deactivated]), &mut fresh).unwrap();
    assert!(!satisfied(&create, &fresh), "a deactivated account is not entered by the back door");
    for operation in operations() {
        let question = scim().reread(&operation, &known());
        let about_group = matches!(operation, Operation::CreateGroup { .. });
        assert_eq!(matches!(question, Question::Group { .. }), about_group);
    }
}

#[test]
fn what_the_answers_of_one_service_say_stays_with_it() {
    let remote = RemoteAccount { groups: BTreeSet::new(), ..known().account.unwrap() };
    assert!(!format!("{remote:?}").contains("ada@b.test"));
    assert!(!format!("{:?}", known()).contains("home@b.test"), "resources that were kept are not printed");
}
