//! What the answers to changes are taken for.

use super::*;

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    let table = [
        // 200, 201, 204, 400, 403, 403 page, 404, 404 page, 405, 409, 415, 302, HTML with 200
        (OperationKind::CreateAccount, "sssRLrrmrRrmm"),
        (OperationKind::UpdateAccount, "AAARrrrmrRrmm"),
        (OperationKind::CreateGroup, "AAARrrrmrSrmm"),
        (OperationKind::AddToGroup, "AAARrrMmrRrmm"),
        (OperationKind::RemoveFromGroup, "AAARrrRmrRrmm"),
    ];
    for (operation, (kind, expected)) in operations().iter().zip(table) {
        assert_eq!(operation.kind(), kind);
        let responses = [
            answer(200, "{}"),
            answer(201, ""),
            answer(204, ""),
            error(400),
            error(403),
            answer(403, PAGE),
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
    for (what, response, code) in [
        ("wrong token, or a missing permission", error(401), Code::TargetUnauthorized),
        ("401 of a proxy", answer(401, PAGE), Code::TargetUnauthorized),
        ("above the caller", error(403), Code::TargetRefused),
        ("throttled", error(429), Code::TargetThrottled),
        ("server error", error(500), Code::TargetUnreachable),
        ("bad gateway", answer(502, PAGE), Code::TargetUnreachable),
        ("maintenance", answer(503, PAGE), Code::TargetUnreachable),
    ] {
        assert_eq!(account("alice", &response).unwrap_err().code(), code, "{what}");
        for operation in operations() {
            let written = match outcome(&operation, &response) {
                Outcome::Refused(error) => error.code(),
                Outcome::RetryAfter(_) => Code::TargetThrottled,
                other => panic!("{other:?}"),
            };
            assert_eq!(written, code, "{what}: {operation}");
        }
    }
}

#[test]
fn only_bitbucket_itself_passes_a_group_over() {
    let account = AccountRef::named(pii("alice"));
    let add = Operation::AddToGroup { account, group: "g".to_owned(), if_it_exists: true };
    assert_eq!(outcome(&add, &error(404)), Outcome::PassedOver);
    for response in [answer(404, PAGE), answer(404, ""), answer(404, "[]"), error(403)] {
        assert!(matches!(outcome(&add, &response), Outcome::Refused(_)), "{response:?}");
    }
}

#[test]
fn a_reread_decides_what_400_and_409_meant() {
    let account = AccountRef::named(pii("alice"));
    let add =
        Operation::AddToGroup { account: account.clone(), group: "STAFF".to_owned(), if_it_exists: false };
    let remove = Operation::RemoveFromGroup { account, group: "staff".to_owned() };
    let question = bitbucket().reread(&add, &RemoteState::default());
    let mut fresh = RemoteState::default();
    let on_the_second_page = page(&[user("alice2", "x")], Some(9));
    let raised = bitbucket().learn(&question, &on_the_second_page, &mut fresh).unwrap();
    let found = page(&[user("Alice", "a@example.test")], None);
    let raised = bitbucket().learn(&raised[0], &found, &mut fresh).unwrap();
    assert_eq!(raised, [memberships("alice", Page::FIRST)], "asked for on whichever page the account is");
    assert!(!satisfied(&add, &fresh), "the groups are still to come");
    bitbucket().learn(&raised[0], &page(&names(&["Staff"]), None), &mut fresh).unwrap();
    assert!(satisfied(&add, &fresh) && !satisfied(&remove, &fresh));

    let before = fresh.clone();
    assert!(bitbucket().learn(&question, &answer(200, PAGE), &mut fresh).is_err());
    assert_eq!(fresh, before, "an answer that says nothing changes nothing");
    let raised = bitbucket().learn(&question, &page(&[], None), &mut fresh).unwrap();
    assert_eq!(raised, [], "nobody has no groups to ask for");
    assert!(!satisfied(&add, &fresh) && !satisfied(&remove, &fresh));
}

#[test]
fn a_deactivated_account_of_that_name_is_no_success() {
    let Operation::CreateAccount { email, display_name, profile, .. } = operations().remove(0) else {
        panic!()
    };
    let taken =
        Operation::CreateAccount { username: pii("Alice"), email, display_name, profile, customer: false };
    assert_eq!(outcome(&taken, &error(409)), Outcome::Reread);
    let question = bitbucket().reread(&taken, &RemoteState::default());
    let mut alice = user("alice", "a@example.test");
    let read = |user: &Value| learned(&[(question.clone(), page(std::slice::from_ref(user), None))]).unwrap();
    assert!(satisfied(&taken, &read(&alice)));
    alice["active"] = json!(false);
    assert!(!satisfied(&taken, &read(&alice)));
}

#[test]
fn the_password_in_the_query_is_not_the_one_that_stays() {
    let create = operations().remove(0);
    let mut remote = RemoteState::default();
    remote.pieces.password = Some(NewPassword::from_random([0; 32]));
    let made = call(&create, &remote).path;
    assert_eq!(bitbucket().outcome(&create, &answer(204, ""), &mut remote), Outcome::Stale);
    remote.pieces.password = Some(NewPassword::from_random([1; 32]));
    let replaced = call(&create, &remote);
    let body: Value = serde_json::from_slice(&replaced.body).unwrap();
    let (method, path) = (replaced.method, replaced.path.as_str());
    assert_eq!((method, path), ("PUT", "/ctx/rest/api/latest/admin/users/credentials"));
    assert_eq!((&body["name"], &body["password"]), (&json!("A&b=c d/é"), &body["passwordConfirm"]));
    let stays = body["password"].as_str().unwrap();
    assert!(!made.contains(stays.trim_start_matches("aA1!").trim_end_matches('=')), "{made}");
    for (status, expected) in [
        (200, Outcome::Applied),
        (204, Outcome::Applied),
        // The account is there, and its owner may come in.
        (400, Outcome::Applied),
        (404, Outcome::Applied),
        (401, Outcome::Applied),
    ] {
        assert_eq!(bitbucket().outcome(&create, &error(status), &mut remote.clone()), expected, "{status}");
    }
    for status in [302, 500, 503] {
        let outcome = bitbucket().outcome(&create, &error(status), &mut remote.clone());
        assert!(matches!(outcome, Outcome::Refused(_)), "{status}");
    }
    remote.pieces.password = None;
    assert_eq!(prepared(&create, &remote), Prepared::AlreadySo);
}

#[test]
fn who_was_not_made_gets_no_second_password() {
    let create = operations().remove(0);
    for response in [error(400), error(403), error(409), error(500), answer(302, ""), answer(200, PAGE)] {
        let mut remote = RemoteState::default();
        assert_ne!(bitbucket().outcome(&create, &response, &mut remote), Outcome::Stale);
        assert_eq!(remote, RemoteState::default(), "{response:?}");
    }
}
