//! What is sent, byte for byte.

use super::*;

#[test]
fn every_operation_becomes_the_documented_call() {
    let mut remote = RemoteState::default();
    remote.pieces.password = Some(NewPassword::from_random([0; 32]));
    let calls: Vec<String> = operations().iter().map(|operation| shown(&call(operation, &remote))).collect();
    let password = "aA1!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(
        calls,
        [
            format!(
                "POST /wiki/rest/api/admin/user\n{{\"email\":\"a\\\"b@example.test\",\
                 \"fullName\":\"Ä \\\"quoted\\\" \\\\ name\",\"password\":\"{password}\",\"userName\":\"a/b%é\"}}"
            ),
            "PUT /wiki/rest/api/admin/user/a%2Fb%25%C3%A9/enable\n".to_owned(),
            "PUT /wiki/rest/api/admin/user/a%2Fb%25%C3%A9\n{\"email\":\"new@example.test\"}".to_owned(),
            "POST /wiki/rest/api/admin/group\n{\"name\":\"R&D #1/ä?x=\\\"y\\\"\",\"type\":\"group\"}"
                .to_owned(),
            "PUT /wiki/rest/api/user/a%2Fb%25%C3%A9/group/R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n".to_owned(),
            "DELETE /wiki/rest/api/user/a%2Fb%25%C3%A9/group/R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n"
                .to_owned(),
        ]
    );
}

#[test]
fn names_that_would_lead_elsewhere_lead_nowhere() {
    let to = |username: &str, group: &str| {
        let account = AccountRef::named(pii(username));
        let add = Operation::AddToGroup { account, group: group.to_owned(), if_it_exists: false };
        call(&add, &RemoteState::default()).path
    };
    assert_eq!(to("..", "."), "/wiki/rest/api/user/..%EF%BF%BD/group/.%EF%BF%BD");
    assert_eq!(to("a", "../../admin/group"), "/wiki/rest/api/user/a/group/..%2F..%2Fadmin%2Fgroup");
}

#[test]
fn a_sign_in_asks_two_questions_at_once() {
    let confluence = confluence();
    let asked: Vec<String> = confluence
        .look_up(&AccountKey::Username(pii("A&expand=x")))
        .iter()
        .map(|question| shown(&confluence.ask(question)))
        .collect();
    assert_eq!(
        asked,
        [
            "GET /wiki/rest/api/user?username=a%26expand%3Dx&expand=status\n",
            "GET /wiki/rest/api/user/memberof?username=a%26expand%3Dx&start=0&limit=200\n",
        ]
    );
    assert_eq!(confluence.look_up(&AccountKey::Email(pii("a@example.test"))), [], "nobody is found by it");
    assert_eq!(shown(&confluence.ask(&group("a b"))), "GET /wiki/rest/api/group/a%20b\n");
}

#[test]
fn every_call_carries_the_token_and_no_word_of_it_is_shown() {
    let call = confluence().ask(&by_name("a"));
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
    assert!(!format!("{:?}", confluence()).contains("t0ken"));
}

#[test]
fn a_change_names_both_fields() {
    let remote = learned(&[(by_name("alice"), answer(200, ALICE))]).unwrap();
    let change = |email: Option<&str>, display_name: Option<&str>| {
        let changes = AccountChanges {
            email: email.map(pii),
            display_name: display_name.map(pii),
            ..AccountChanges::default()
        };
        let operation = Operation::UpdateAccount { account: AccountRef::named(pii("alice")), changes };
        String::from_utf8(call(&operation, &remote).body).unwrap()
    };
    let both = r#"{"email":"a@example.test","fullName":"Alice Archer"}"#;
    assert_eq!(change(Some("a@example.test"), None), both);
    assert_eq!(change(Some("a@example.test"), Some("Alice Archer")), both);
    assert_eq!(change(None, Some("A")), r#"{"fullName":"A"}"#, "an address is not made up");
}

#[test]
fn what_confluence_does_not_have_is_refused() {
    let account = AccountRef::named(pii("alice"));
    for operation in [
        Operation::CreateOrganization { organization: "Acme".to_owned() },
        Operation::WriteMarker { account, marker: Marker::default() },
    ] {
        let prepared = confluence().prepare(&operation, &RemoteState::default(), UnixTime::from_secs(0));
        let Prepared::Refuse(error) = prepared else { panic!() };
        assert_eq!(error.code(), Code::TargetRefused);
    }
    let capabilities = confluence().capabilities();
    assert!(!capabilities.marker && !capabilities.organizations && !capabilities.shows_email);
}

#[test]
fn r20_the_default_group_is_taken_back_from_a_new_account() {
    let confluence = with_default_group(Some("confluence-users"));
    let mut remote = RemoteState::default();
    let prepare = |remote: &RemoteState| match confluence.prepare(&create(), remote, UnixTime::from_secs(0)) {
        Prepared::Call(call) => format!("{} {}", call.method, call.path),
        other => panic!("{other:?}"),
    };
    assert_eq!(prepare(&remote), "POST /wiki/rest/api/admin/user");
    let created = answer(201, r#"{"userKey":"4028"}"#);
    assert_eq!(confluence.outcome(&create(), &created, &mut remote), Outcome::Stale);
    assert_eq!(prepare(&remote), "DELETE /wiki/rest/api/user/a%2Fb%25%C3%A9/group/confluence-users");
    for (status, expected) in [(204, true), (404, true), (403, false), (500, false), (302, false)] {
        let mut remote = remote.clone();
        let done = confluence.outcome(&create(), &error(status), &mut remote) == Outcome::Applied;
        let groups = remote.account.unwrap().groups;
        assert_eq!((done, groups.is_empty()), (expected, expected), "{status}");
    }
    for refused in [400, 402, 409, 500] {
        let mut remote = RemoteState::default();
        assert_ne!(confluence.outcome(&create(), &error(refused), &mut remote), Outcome::Stale);
        assert_eq!(remote, RemoteState::default(), "{refused}: nobody was made");
    }
}
