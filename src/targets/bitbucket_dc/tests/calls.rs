//! What is sent, byte for byte.

use super::*;

#[test]
fn every_operation_becomes_the_documented_call() {
    let found = page(&[user("a&b=c d/é", "a@example.test")], None);
    let known = learned(&[(by_name("A&b=c d/é"), found)]).unwrap();
    let mut unknown = RemoteState::default();
    unknown.pieces.password = Some(NewPassword::from_random([0; 32]));
    let creates = |operation: &Operation| matches!(operation, Operation::CreateAccount { .. });
    let calls: Vec<String> = operations()
        .iter()
        .map(|operation| shown(&call(operation, if creates(operation) { &unknown } else { &known })))
        .collect();
    let password = "aA1%21AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D";
    assert_eq!(
        calls,
        [
            format!(
                "POST /ctx/rest/api/latest/admin/users?name=A%26b%3Dc%20d%2F%C3%A9\
                 &displayName=%C3%84%20%22quoted%22%20%5C%20name&emailAddress=a%22b%40example.test\
                 &password={password}&addToDefaultGroup=false&notify=false\n"
            ),
            "PUT /ctx/rest/api/latest/admin/users\n\
             {\"displayName\":\"Alice Archer\",\"email\":\"new@example.test\",\"name\":\"A&b=c d/é\"}"
                .to_owned(),
            "POST /ctx/rest/api/latest/admin/groups?name=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n".to_owned(),
            "POST /ctx/rest/api/latest/admin/users/add-groups\n\
             {\"groups\":[\"R&D #1/ä?x=\\\"y\\\"\"],\"user\":\"A&b=c d/é\"}"
                .to_owned(),
            "POST /ctx/rest/api/latest/admin/users/remove-group\n\
             {\"context\":\"A&b=c d/é\",\"itemName\":\"R&D #1/ä?x=\\\"y\\\"\"}"
                .to_owned(),
        ]
    );
}

#[test]
fn r20_an_account_is_never_made_with_the_default_group() {
    let path = call(&operations()[0], &RemoteState::default()).path;
    assert!(path.contains("addToDefaultGroup=false") && path.contains("notify=false"), "{path}");
    assert!(!path.contains("password="), "none is made up without randomness");
}

#[test]
fn a_sign_in_asks_two_questions_at_once() {
    let bitbucket = bitbucket();
    let asked: Vec<String> = bitbucket
        .look_up(&AccountKey::Username(pii("a&limit=1")))
        .iter()
        .map(|question| shown(&bitbucket.ask(question)))
        .collect();
    let base = "/ctx/rest/api/latest/admin";
    assert_eq!(
        asked,
        [
            format!("GET {base}/users?filter=a%26limit%3D1&start=0&limit=500\n"),
            format!("GET {base}/users/more-members?context=a%26limit%3D1&start=0&limit=500\n"),
        ]
    );
    let shown = |question: &Question| shown(&bitbucket.ask(question));
    let found = shown(&by_email("a+b@example.test", at("75")));
    assert_eq!(found, format!("GET {base}/users?filter=a%2Bb%40example.test&start=75&limit=500\n"));
    assert_eq!(shown(&group("a b")), format!("GET {base}/groups?filter=a%20b&start=0&limit=500\n"));
}

#[test]
fn every_call_carries_the_token_and_no_word_of_it_is_shown() {
    let call = bitbucket().ask(&by_name("a"));
    let headers: Vec<String> = call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "accept: application/json",
            "content-type: application/json",
            "x-atlassian-token: no-check",
            concat!("user-agent: samlgate/", env!("CARGO_PKG_VERSION")),
            "authorization: Bearer t0ken",
        ]
    );
    assert!(!format!("{:?}", bitbucket()).contains("t0ken"));
}

#[test]
fn m10_what_the_directory_does_not_allow_is_not_tried() {
    let with = |field: &str, value: Value| {
        let mut alice = user("alice", "a@example.test");
        alice[field] = value;
        learned(&[(by_name("alice"), page(&[alice], None))]).unwrap()
    };
    let refused = |remote: &RemoteState| -> Vec<OperationKind> {
        let all = operations();
        let refused = all.iter().filter(|operation| match prepared(operation, remote) {
            Prepared::Refuse(error) => {
                assert_eq!(error.code(), Code::DirectoryReadOnly);
                true
            }
            _ => false,
        });
        refused.map(Operation::kind).collect()
    };
    assert_eq!(refused(&with("mutableDetails", json!(false))), [OperationKind::UpdateAccount]);
    let groups = [OperationKind::AddToGroup, OperationKind::RemoveFromGroup];
    assert_eq!(refused(&with("mutableGroups", json!(false))), groups);
    for unknown in [json!(null), json!("false"), json!(0), json!(true)] {
        assert_eq!(refused(&with("mutableGroups", unknown)), []);
    }
}

#[test]
fn what_bitbucket_does_not_have_is_refused() {
    let account = AccountRef::named(pii("alice"));
    for operation in [
        Operation::ReactivateAccount { account: account.clone() },
        Operation::WriteMarker { account, marker: Marker::default() },
        Operation::CreateOrganization { organization: "Acme".to_owned() },
    ] {
        let Prepared::Refuse(error) = prepared(&operation, &RemoteState::default()) else { panic!() };
        assert_eq!(error.code(), Code::TargetRefused);
    }
    let capabilities = bitbucket().capabilities();
    assert!(!capabilities.marker && !capabilities.reactivates && !capabilities.organizations);
}
