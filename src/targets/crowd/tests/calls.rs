//! What is sent, byte for byte.

use super::*;

#[test]
fn every_operation_becomes_the_documented_call() {
    let mut remote = RemoteState::default();
    remote.pieces.password = Some(NewPassword::from_random([0; 32]));
    let calls: Vec<String> =
        operations()[..5].iter().map(|operation| shown(&call(operation, &remote))).collect();
    let password = "aA1!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(
        calls,
        [
            format!(
                "POST /crowd/rest/usermanagement/1/user\n{{\"active\":true,\
                 \"display-name\":\"Ä \\\"quoted\\\" \\\\ name\",\"email\":\"a\\\"b@example.test\",\
                 \"first-name\":\"Ä \\\"quoted\\\" \\\\\",\"last-name\":\"name\",\"name\":\"a&b=c d/é\",\
                 \"password\":{{\"value\":\"{password}\"}}}}"
            ),
            "POST /crowd/rest/usermanagement/1/group\n{\"active\":true,\"description\":\"\",\
             \"name\":\"R&D #1/ä?x=\\\"y\\\"\",\"type\":\"GROUP\"}"
                .to_owned(),
            "POST /crowd/rest/usermanagement/1/group/user/direct?groupname=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n\
             {\"name\":\"a&b=c d/é\"}"
                .to_owned(),
            "DELETE /crowd/rest/usermanagement/1/user/group/direct?username=a%26b%3Dc%20d%2F%C3%A9\
             &groupname=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n"
                .to_owned(),
            "POST /crowd/rest/usermanagement/1/user/attribute?username=a%26b%3Dc%20d%2F%C3%A9\n\
             {\"attributes\":[{\"name\":\"samlgate.version\",\"values\":[\"1\"]},\
             {\"name\":\"customerLogin\",\"values\":[\"a\\\"b\"]},\
             {\"name\":\"samlgate.lastLogin\",\"values\":[\"2026-01-02T03:04:05Z\"]},\
             {\"name\":\"samlgate.unfinished\",\"values\":[\"true\"]},\
             {\"name\":\"samlgate.organizations\",\"values\":[\"Acme\",\"Über GmbH\"]},\
             {\"name\":\"samlgate.serviceDesks\",\"values\":[\"3\"]}]}"
                .to_owned(),
        ]
    );
}

#[test]
fn a_sign_in_asks_two_questions_at_once() {
    let crowd = crowd();
    let asked: Vec<String> = crowd
        .look_up(&AccountKey::Username(pii("a&expand=x")))
        .iter()
        .map(|question| shown(&crowd.ask(question)))
        .collect();
    assert_eq!(
        asked,
        [
            "GET /crowd/rest/usermanagement/1/user?username=a%26expand%3Dx&expand=attributes\n",
            "GET /crowd/rest/usermanagement/1/user/group/direct?username=a%26expand%3Dx&start-index=0&max-results=1000\n",
        ]
    );
    assert_eq!(
        shown(&crowd.ask(&by_email("a\"b\\*@example.test"))),
        "GET /crowd/rest/usermanagement/1/search?entity-type=user\
         &restriction=email%3D%22a%5C%22b%5C%5C%2A%40example.test%22&expand=user&start-index=0&max-results=100\n"
    );
    assert_eq!(
        shown(&crowd.ask(&marker_of("ä"))),
        "GET /crowd/rest/usermanagement/1/user/attribute?username=%C3%A4\n"
    );
    assert_eq!(shown(&crowd.ask(&group("a b"))), "GET /crowd/rest/usermanagement/1/group?groupname=a%20b\n");
}

#[test]
fn every_call_signs_in_as_the_application_and_asks_for_json() {
    let call = crowd().ask(&by_name("a"));
    let headers: Vec<String> = call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "accept: application/json",
            "content-type: application/json",
            "x-atlassian-token: no-check",
            concat!("user-agent: samlgate/", env!("CARGO_PKG_VERSION")),
            "authorization: Basic c2FtbGdhdGU6cGE6c3M=",
        ]
    );
    assert!(!format!("{:?}", crowd()).contains("pa:ss"));
}

#[test]
fn a_change_sends_back_everything_that_was_shown() {
    let changes = AccountChanges { email: Some(pii("new@example.test")), ..AccountChanges::default() };
    let call = call(&update(changes), &alice());
    assert_eq!(
        (call.method, call.path.as_str()),
        ("PUT", "/crowd/rest/usermanagement/1/user?username=Alice")
    );
    assert_eq!(
        body(&call),
        json!({
            "name": "Alice", "key": "32769:7", "first-name": "Alice", "last-name": "Archer",
            "display-name": "Alice Archer", "email": "new@example.test", "employee-number": "17", "active": true,
        })
    );
}

#[test]
fn first_and_last_name_follow_only_where_they_said_the_same() {
    let married = AccountChanges { display_name: Some(pii("Alice van Buren")), ..AccountChanges::default() };
    let sent = body(&call(&update(married.clone()), &alice()));
    assert_eq!(sent["display-name"], "Alice van Buren");
    assert_eq!((&sent["first-name"], &sent["last-name"]), (&json!("Alice van"), &json!("Buren")));
    let own = learned(&[(by_name("alice"), edited("\"first-name\":\"Alice\"", "\"first-name\":\"Ally\""))]);
    let sent = body(&call(&update(married), &own.unwrap()));
    assert_eq!((&sent["first-name"], &sent["last-name"]), (&json!("Ally"), &json!("Archer")));
}

#[test]
fn an_account_that_was_not_shown_is_read_before_it_is_changed() {
    let changes = AccountChanges { email: Some(pii("new@example.test")), ..AccountChanges::default() };
    let Prepared::Ask(question) = prepared(&update(changes.clone()), &RemoteState::default()) else {
        panic!()
    };
    let mut remote = RemoteState::default();
    let raised = crowd().learn(&question, &answer(200, ALICE), &mut remote).unwrap();
    assert_eq!(raised, [memberships("Alice")], "groups belong to it");
    assert!(matches!(prepared(&update(changes), &remote), Prepared::Call(_)), "and asked no second time");
}

#[test]
fn an_activation_is_not_undone_by_the_update_after_it() {
    let inactive = (by_name("alice"), edited("\"active\":true", "\"active\":false"));
    let mut remote = learned(&[inactive]).unwrap();
    let reactivate = Operation::ReactivateAccount { account: AccountRef::named(pii("Alice")) };
    let sent = body(&call(&reactivate, &remote));
    assert_eq!((&sent["active"], &sent["email"]), (&json!(true), &json!("a@example.test")));
    remote.apply(&reactivate);
    let changes = AccountChanges { display_name: Some(pii("A")), ..AccountChanges::default() };
    assert_eq!(body(&call(&update(changes), &remote))["active"], json!(true));
}

#[test]
fn an_address_that_is_not_shown_is_not_made_up() {
    let hidden = learned(&[(by_name("alice"), edited("\"email\":\"a@example.test\",", ""))]).unwrap();
    assert_eq!(hidden.account.as_ref().unwrap().email, None);
    let changes = AccountChanges { display_name: Some(pii("A")), ..AccountChanges::default() };
    assert_eq!(body(&call(&update(changes), &hidden)).get("email"), None);
}

#[test]
fn what_crowd_does_not_have_is_refused() {
    let organization = Operation::CreateOrganization { organization: "Acme".to_owned() };
    let Prepared::Refuse(error) = prepared(&organization, &RemoteState::default()) else { panic!() };
    assert_eq!(error.code(), Code::TargetRefused);
    assert!(!crowd().capabilities().organizations);
}
