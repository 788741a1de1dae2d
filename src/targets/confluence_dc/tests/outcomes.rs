//! What the answers to changes are taken for.

use super::*;

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    let table = [
        // 200, 201, 204, 400, 402, 403, 404, 404 page, 405, 409, 415, 302, HTML with 200
        (OperationKind::CreateAccount, "AAARLrrmrRrmm"),
        (OperationKind::ReactivateAccount, "AAARLrrmrRrmm"),
        (OperationKind::UpdateAccount, "AAARLrrmrRrmm"),
        (OperationKind::CreateGroup, "AAARLrrmrSrmm"),
        (OperationKind::AddToGroup, "AAARLrMmrRrmm"),
        (OperationKind::RemoveFromGroup, "AAARLrRmrRrmm"),
    ];
    for (operation, (kind, expected)) in operations().iter().zip(table) {
        assert_eq!(operation.kind(), kind);
        let responses = [
            answer(200, "{}"),
            answer(201, r#"{"userKey":"4028"}"#),
            answer(204, ""),
            error(400),
            error(402),
            error(403),
            error(404),
            answer(404, PAGE),
            answer(405, ""),
            error(409),
            answer(415, ""),
            answer(302, ""),
            answer(200, PAGE),
        ];
        let found: String = responses
            .iter()
            .map(|response| match outcome(operation, response) {
                Outcome::Applied => 'A',
                Outcome::AlreadySo => 'S',
                Outcome::PassedOver => 'P',
                Outcome::Reread => 'R',
                Outcome::Stale => 's',
                Outcome::RetryAfter(_) => 't',
                Outcome::Refused(TargetError::Missing { .. }) => 'M',
                Outcome::Refused(TargetError::NoLicence { .. }) => 'L',
                Outcome::Refused(error) if error.code() == Code::TargetRefused => 'r',
                Outcome::Refused(error) if error.code() == Code::TargetAnswerMalformed => 'm',
                Outcome::Refused(_) => '?',
            })
            .collect();
        assert_eq!(found, expected, "{}", kind.as_str());
    }
}

#[test]
fn refusals_are_told_apart() {
    let captcha = with(answer(403, PAGE), "x-authentication-denied-reason", "CAPTCHA_CHALLENGE; login-url=x");
    for (what, response, code) in [
        ("expired token", answer(401, PAGE), Code::TargetUnauthorized),
        ("forbidden", error(403), Code::TargetRefused),
        ("captcha", captcha, Code::TargetRefused),
        ("throttled", answer(429, "slow down"), Code::TargetThrottled),
        ("server error", answer(500, PAGE), Code::TargetUnreachable),
        ("bad gateway", answer(502, ""), Code::TargetUnreachable),
        ("read-only site", answer(503, ""), Code::TargetUnreachable),
    ] {
        assert_eq!(account("alice", &response).unwrap_err().code(), code, "{what}");
        let written = match outcome(&create(), &response) {
            Outcome::Refused(error) => error.code(),
            Outcome::RetryAfter(_) => Code::TargetThrottled,
            other => panic!("{other:?}"),
        };
        assert_eq!(written, code, "{what}");
    }
}

#[test]
fn only_confluence_itself_passes_a_group_over() {
    let account = AccountRef::named(pii("alice"));
    let add = Operation::AddToGroup { account, group: "g".to_owned(), if_it_exists: true };
    assert_eq!(outcome(&add, &error(404)), Outcome::PassedOver);
    for response in [answer(404, PAGE), answer(404, ""), answer(404, "[]"), error(403)] {
        assert!(matches!(outcome(&add, &response), Outcome::Refused(_)), "{response:?}");
    }
}

#[test]
fn a_reread_decides_what_400_and_409_meant() {
    let account = AccountRef::named(pii("Alice"));
    let add =
        Operation::AddToGroup { account: account.clone(), group: "STAFF".to_owned(), if_it_exists: false };
    let remove = Operation::RemoveFromGroup { account: account.clone(), group: "staff".to_owned() };
    let changes = AccountChanges {
        email: Some(pii("not.shown@example.test")),
        display_name: Some(pii("Alice Archer")),
        ..AccountChanges::default()
    };
    let update = Operation::UpdateAccount { account, changes };
    let question = confluence().reread(&add, &RemoteState::default());
    let mut fresh = RemoteState::default();
    let raised = confluence().learn(&question, &answer(200, ALICE), &mut fresh).unwrap();
    assert!(!satisfied(&add, &fresh), "the groups are still to come");
    confluence().learn(&raised[0], &answer(200, GROUPS), &mut fresh).unwrap();
    assert!(satisfied(&add, &fresh) && !satisfied(&remove, &fresh));
    assert!(satisfied(&update, &fresh), "an address that is not shown cannot be seen to differ");

    let before = fresh.clone();
    assert!(confluence().learn(&question, &answer(200, PAGE), &mut fresh).is_err());
    assert_eq!(fresh, before, "an answer that says nothing changes nothing");
    let raised = confluence().learn(&question, &error(404), &mut fresh).unwrap();
    assert_eq!(raised, [], "nobody has no groups to ask for");
    assert!(!satisfied(&add, &fresh) && !satisfied(&remove, &fresh) && !satisfied(&update, &fresh));
}

#[test]
fn a_deactivated_account_of_that_name_is_no_success() {
    let taken = Operation::CreateAccount {
        username: pii("Alice"),
        email: None,
        display_name: pii("Alice"),
        profile: Profile::new(),
        customer: false,
    };
    assert_eq!(outcome(&taken, &error(409)), Outcome::Reread);
    let question = confluence().reread(&taken, &RemoteState::default());
    let read = |response| learned(&[(question.clone(), response)]).unwrap();
    assert!(satisfied(&taken, &read(answer(200, ALICE))));
    assert!(!satisfied(&taken, &read(edited("\"current\"", "\"deactivated\""))));
}
