//! What the answers to changes are taken for.

use super::*;

#[test]
fn refusals_are_told_apart() {
    for (what, response, code) in [
        (
            "wrong application password",
            answer(401, "Application failed to authenticate"),
            Code::TargetUnauthorized,
        ),
        (
            "address not listed",
            answer(403, "Client with address \"192.0.2.7\" is forbidden"),
            Code::TargetRefused,
        ),
        ("page", answer(403, PAGE), Code::TargetRefused),
        ("throttled by a proxy", answer(429, "slow down"), Code::TargetThrottled),
        ("server error", answer(500, PAGE), Code::TargetUnreachable),
        ("operation failed", refused(500, "OPERATION_FAILED"), Code::TargetUnreachable),
        ("bad gateway", answer(502, ""), Code::TargetUnreachable),
    ] {
        assert_eq!(account("alice", &response).unwrap_err().code(), code, "{what}");
        let written = match outcome(&operations()[2], &response) {
            Outcome::Refused(error) => error.code(),
            Outcome::RetryAfter(_) => Code::TargetThrottled,
            other => panic!("{other:?}"),
        };
        assert_eq!(written, code, "{what}");
    }
}

#[test]
fn m10_a_directory_that_may_only_be_read_is_recognised() {
    for operation in operations() {
        let Outcome::Refused(error) = outcome(&operation, &refused(403, "APPLICATION_PERMISSION_DENIED"))
        else {
            panic!("{operation}")
        };
        assert_eq!(error.code(), Code::DirectoryReadOnly, "{operation}");
        let Outcome::Refused(error) = outcome(&operation, &refused(403, "APPLICATION_ACCESS_DENIED")) else {
            panic!("{operation}")
        };
        assert_eq!(error.code(), Code::TargetRefused, "{operation}");
    }
}

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    let table = [
        // 200, 201, 204, 400 exists, 404 no user, 404 no group, 404 no member, 404 page, 409 member, 409, 415, 302, HTML
        (OperationKind::CreateAccount, "AAARRrrrRRrmm"),
        (OperationKind::CreateGroup, "AAARRrrrRRrmm"),
        (OperationKind::AddToGroup, "AAARRMrrSRrmm"),
        (OperationKind::RemoveFromGroup, "AAARRSSrRRrmm"),
        (OperationKind::WriteMarker, "AAArrrrrrrrmm"),
        (OperationKind::UpdateAccount, "AAARRrrrRRrmm"),
    ];
    for (operation, (kind, expected)) in operations().iter().zip(table) {
        assert_eq!(operation.kind(), kind);
        let responses = [
            answer(200, "{}"),
            answer(201, ""),
            answer(204, ""),
            refused(400, "INVALID_USER"),
            refused(404, "USER_NOT_FOUND"),
            refused(404, "GROUP_NOT_FOUND"),
            refused(404, "MEMBERSHIP_NOT_FOUND"),
            answer(404, PAGE),
            refused(409, "MEMBERSHIP_ALREADY_EXISTS"),
            refused(409, "OPERATION_FAILED"),
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
                Outcome::Refused(error) if error.code() == Code::TargetRefused => 'r',
                Outcome::Refused(error) if error.code() == Code::TargetAnswerMalformed => 'm',
                Outcome::Refused(_) => '?',
            })
            .collect();
        assert_eq!(found, expected, "{}", kind.as_str());
    }
}

#[test]
fn only_crowd_itself_passes_a_group_over() {
    let account = AccountRef::named(pii("alice"));
    let add = Operation::AddToGroup { account, group: "g".to_owned(), if_it_exists: true };
    assert_eq!(outcome(&add, &refused(404, "GROUP_NOT_FOUND")), Outcome::PassedOver);
    for response in
        [answer(404, PAGE), answer(404, ""), answer(404, "{}"), refused(404, "APPLICATION_NOT_FOUND")]
    {
        assert!(matches!(outcome(&add, &response), Outcome::Refused(_)), "{response:?}");
    }
}

#[test]
fn a_reread_decides_what_400_meant() {
    let account = AccountRef::named(pii("alice"));
    let add =
        Operation::AddToGroup { account: account.clone(), group: "STAFF".to_owned(), if_it_exists: false };
    let remove = Operation::RemoveFromGroup { account: account.clone(), group: "staff".to_owned() };
    let mark = Operation::WriteMarker { account, marker: whole_marker() };
    let question = crowd().reread(&add, &RemoteState::default());
    let mut fresh = RemoteState::default();
    let raised = crowd().learn(&question, &answer(200, ALICE), &mut fresh).unwrap();
    assert!(!satisfied(&add, &fresh), "the groups are still to come");
    crowd().learn(&raised[0], &answer(200, GROUPS), &mut fresh).unwrap();
    assert!(satisfied(&add, &fresh) && !satisfied(&remove, &fresh) && !satisfied(&mark, &fresh));

    let before = fresh.clone();
    assert!(crowd().learn(&question, &answer(200, PAGE), &mut fresh).is_err());
    assert_eq!(fresh, before, "an answer that says nothing changes nothing");
    let raised = crowd().learn(&question, &refused(404, "USER_NOT_FOUND"), &mut fresh).unwrap();
    assert_eq!(raised, [], "nobody has no groups to ask for");
    assert!(!satisfied(&add, &fresh) && !satisfied(&remove, &fresh));
    assert_eq!(crowd().reread(&mark, &fresh), marker_of("alice"));
}
