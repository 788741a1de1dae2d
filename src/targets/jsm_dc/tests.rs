//! What is sent to Jira Service Management, byte for byte, and what its answers are taken for, hostile ones above all.
//! What Jira itself is sent is tested in its own room.

use std::time::Duration;

use super::*;
use crate::base::{Code, Pii, Secret};
use crate::provision::{AccountRef, Known, Marker, OperationKind, Page, Profile, RemoteMarker, satisfied};
use crate::targets::Credentials;

fn jsm() -> JsmDc {
    JsmDc::new(Endpoint {
        cluster: "jira".to_owned(),
        authority: "jira.example.test".to_owned(),
        path_prefix: "/ctx".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Bearer(Secret::new("t0ken".to_owned())),
    })
}

fn alice() -> AccountRef {
    AccountRef::named(Pii::new("a\"b c/é".to_owned()))
}

const ACME: &str = "Äcme \"&\" Söhne/..";

fn create() -> Operation {
    Operation::CreateOrganization { organization: ACME.to_owned() }
}

fn link() -> Operation {
    Operation::LinkOrganization { organization: ACME.to_owned(), service_desk: "3".to_owned() }
}

fn add_customer(service_desk: &str) -> Operation {
    Operation::AddCustomer { account: alice(), service_desk: service_desk.to_owned() }
}

fn join() -> Operation {
    Operation::AddToOrganization { account: alice(), organization: ACME.to_owned() }
}

fn leave() -> Operation {
    Operation::RemoveFromOrganization { account: alice(), organization: ACME.to_owned() }
}

fn operations() -> [Operation; 5] {
    [create(), link(), add_customer("3"), join(), leave()]
}

fn question(page: Page) -> Question {
    Question::Organization { name: ACME.to_owned(), page }
}

/// The organization exists under the id 2154.
fn known() -> RemoteState {
    let mut remote = RemoteState::default();
    remote.directory.learn_organization(ACME, "2154");
    remote
}

fn absent() -> RemoteState {
    let mut remote = RemoteState::default();
    remote.directory.learn_no_organization(ACME);
    remote
}

fn prepared(operation: &Operation, remote: &RemoteState) -> Prepared {
    jsm().prepare(operation, remote, UnixTime::from_secs(0))
}

fn shown(prepared: &Prepared) -> String {
    match prepared {
        Prepared::Call(call) => {
            format!("{} {}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body))
        }
        Prepared::Ask(asked) => {
            assert_eq!(asked, &question(Page::FIRST));
            "ask".to_owned()
        }
        Prepared::AlreadySo => "already so".to_owned(),
        Prepared::PassOver => "pass over".to_owned(),
        Prepared::Refuse(error) => format!("{:?}", error.code()),
    }
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn with(mut response: HttpResponse, name: &str, value: &str) -> HttpResponse {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}

const PAGE: &str = "\n <!DOCTYPE html><html>No valid licence was found.</html>";
const REFUSED: &str =
    r#"{"errorMessage":"Das ging nicht.","i18nErrorMessage":{"i18nKey":"x","parameters":[]}}"#;
const MADE: &str = r#"{"id":"2154","name":"Äcme \"&\" Söhne/..","_links":{}}"#;
const OTHERS: &str = r#"{"_expands":[],"size":2,"start":0,"limit":50,"isLastPage":false,
    "values":[{"id":"1","name":"Acme"},{"id":"2","name":"ÄCME \"&\" SÖHNE/.."}]}"#;
const LAST: &str = r#"{"size":1,"start":2,"limit":50,"isLastPage":true,
    "values":[{"id":2154,"name":"Äcme \"&\" Söhne/.."}]}"#;

#[test]
fn every_operation_becomes_the_documented_call() {
    let remote = known();
    let calls: Vec<String> =
        operations()[1..].iter().map(|operation| shown(&prepared(operation, &remote))).collect();
    let person = "{\"usernames\":[\"a\\\"b c/é\"]}";
    assert_eq!(
        calls,
        [
            "POST /ctx/rest/servicedeskapi/servicedesk/3/organization\n{\"organizationId\":2154}".to_owned(),
            format!("POST /ctx/rest/servicedeskapi/servicedesk/3/customer\n{person}"),
            format!("POST /ctx/rest/servicedeskapi/organization/2154/user\n{person}"),
            format!("DELETE /ctx/rest/servicedeskapi/organization/2154/user\n{person}"),
        ]
    );
    assert_eq!(
        shown(&prepared(&create(), &absent())),
        "POST /ctx/rest/servicedeskapi/organization\n{\"name\":\"Äcme \\\"&\\\" Söhne/..\"}"
    );
    assert_eq!(
        shown(&prepared(&add_customer("../3?x"), &absent())),
        format!("POST /ctx/rest/servicedeskapi/servicedesk/..%2F3%3Fx/customer\n{person}")
    );
}

#[test]
fn what_is_not_known_is_asked_once_and_what_is_missing_is_said() {
    for (operation, unknown, exists, gone) in [
        (create(), "ask", "already so", "POST"),
        (link(), "ask", "POST", "TargetRefused"),
        (add_customer("3"), "POST", "POST", "POST"),
        (join(), "ask", "POST", "TargetRefused"),
        (leave(), "ask", "DELETE", "already so"),
    ] {
        for (remote, expected) in [(RemoteState::default(), unknown), (known(), exists), (absent(), gone)] {
            let shown = shown(&prepared(&operation, &remote));
            assert!(shown.starts_with(expected), "{operation}: {shown}");
        }
    }
    let mut remote = RemoteState::default();
    remote.directory.learn_organization(ACME, "not a number");
    assert_eq!(shown(&prepared(&link(), &remote)), "TargetRefused");
}

#[test]
fn j10_every_call_says_that_it_knows_the_api_is_experimental() {
    let mut calls: Vec<HttpCall> = operations()
        .iter()
        .filter_map(|operation| match prepared(operation, &known()) {
            Prepared::Call(call) => Some(call),
            _ => None,
        })
        .collect();
    calls.push(jsm().ask(&question(Page::FIRST)));
    assert_eq!(calls.len(), 5);
    for call in calls {
        let headers: Vec<String> =
            call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            headers,
            [
                "accept: application/json",
                "content-type: application/json",
                "x-atlassian-token: no-check",
                concat!("user-agent: samlgate/", env!("CARGO_PKG_VERSION")),
                "authorization: Bearer t0ken",
                "x-experimentalapi: opt-in",
            ]
        );
        assert!(call.path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

#[test]
fn an_organization_is_looked_for_page_by_page() {
    let jsm = jsm();
    let first = jsm.ask(&question(Page::FIRST));
    assert_eq!(
        (first.method, first.path.as_str()),
        ("GET", "/ctx/rest/servicedeskapi/organization?start=0&limit=50")
    );
    let mut remote = RemoteState::default();
    let next = jsm.learn(&question(Page::FIRST), &answer(200, OTHERS), &mut remote).unwrap();
    assert_eq!(next, [question(Page::at("2".to_owned()))], "the step is what came, not what was asked");
    assert_eq!(remote, RemoteState::default(), "another spelling is another organization");
    assert_eq!(jsm.ask(&next[0]).path, "/ctx/rest/servicedeskapi/organization?start=2&limit=50");
    assert_eq!(jsm.learn(&next[0], &answer(200, LAST), &mut remote), Ok(vec![]));
    assert_eq!(remote.directory.organization_id(ACME), Some("2154"));

    let mut remote = RemoteState::default();
    let last = OTHERS.replace("false", "true");
    assert_eq!(jsm.learn(&question(Page::FIRST), &answer(200, &last), &mut remote), Ok(vec![]));
    assert_eq!(remote.directory.organization(ACME), Some(&Known::Absent));
}

#[test]
fn an_organization_is_not_read_out_of_anything_else() {
    let huge = format!("{{\"values\":\"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let edited = |from: &str, to: &str| {
        assert!(LAST.contains(from), "{from}");
        answer(200, &LAST.replace("\"start\":2", "\"start\":0").replace(from, to))
    };
    for (what, response, code) in [
        ("page", answer(200, PAGE), Code::TargetAnswerMalformed),
        ("empty", answer(200, ""), Code::TargetAnswerMalformed),
        ("null", answer(200, "null"), Code::TargetAnswerMalformed),
        ("array", answer(200, "[]"), Code::TargetAnswerMalformed),
        ("deep", answer(200, &deep), Code::TargetAnswerMalformed),
        ("huge", answer(200, &huge), Code::TargetAnswerMalformed),
        ("created", answer(201, LAST), Code::TargetAnswerMalformed),
        ("no content", answer(204, ""), Code::TargetAnswerMalformed),
        ("login", with(answer(302, ""), "location", "/login.jsp"), Code::TargetAnswerMalformed),
        ("another page", answer(200, LAST), Code::TargetAnswerMalformed),
        ("size is wrong", edited("\"size\":1", "\"size\":2"), Code::TargetAnswerMalformed),
        ("size is missing", edited("\"size\":1,", ""), Code::TargetAnswerMalformed),
        ("end is missing", edited("\"isLastPage\":true,", ""), Code::TargetAnswerMalformed),
        (
            "end is text",
            edited("\"isLastPage\":true", "\"isLastPage\":\"true\""),
            Code::TargetAnswerMalformed,
        ),
        ("id is a path", edited("2154", "\"../1\""), Code::TargetAnswerMalformed),
        ("id is empty", edited("2154", "\"\""), Code::TargetAnswerMalformed),
        ("id is negative", edited("2154", "-1"), Code::TargetAnswerMalformed),
        ("id is endless", edited("2154", "\"12345678901234567890\""), Code::TargetAnswerMalformed),
        ("name is missing", edited("\"name\"", "\"nom\""), Code::TargetAnswerMalformed),
        (
            "nothing, but more to come",
            answer(200, r#"{"size":0,"start":0,"isLastPage":false,"values":[]}"#),
            Code::TargetAnswerMalformed,
        ),
        ("no licence", answer(403, PAGE), Code::TargetRefused),
        ("no header", answer(412, REFUSED), Code::TargetRefused),
        ("no such API", answer(404, PAGE), Code::TargetRefused),
        ("bad request", answer(400, REFUSED), Code::TargetRefused),
        ("expired", answer(401, PAGE), Code::TargetUnauthorized),
        (
            "anonymous",
            with(answer(200, LAST), "X-Seraph-LoginReason", "AUTHENTICATED_FAILED"),
            Code::TargetUnauthorized,
        ),
        ("throttled", answer(429, ""), Code::TargetThrottled),
        ("broken", answer(500, PAGE), Code::TargetUnreachable),
        (
            "of an identity provider",
            edited("\"id\"", "\"scimManaged\":true,\"id\""),
            Code::OrganizationRefused,
        ),
    ] {
        let mut remote = RemoteState::default();
        let error = jsm().learn(&question(Page::FIRST), &response, &mut remote).unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
        assert_eq!(remote, RemoteState::default(), "{what}");
    }
    let strange = question(Page::at("x".to_owned()));
    assert!(jsm().learn(&strange, &answer(200, LAST), &mut RemoteState::default()).is_err());
}

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    let table = [
        // kind, 200, 201, 204, 400, 404, 409, 412, 415, 302, HTML with 200, 403, 401, 429, 503
        (OperationKind::CreateOrganization, "AARRrRrrmmrut!"),
        (OperationKind::LinkOrganization, "AAArrrrrmmrut!"),
        (OperationKind::AddCustomer, "AAArrrrrmmrut!"),
        (OperationKind::AddToOrganization, "AAArXrrrmmrut!"),
        (OperationKind::RemoveFromOrganization, "AAArXrrrmmrut!"),
    ];
    for (operation, (kind, expected)) in operations().iter().zip(table) {
        assert_eq!(operation.kind(), kind);
        let responses = [
            answer(200, MADE),
            answer(201, MADE),
            answer(204, ""),
            answer(400, REFUSED),
            answer(404, REFUSED),
            answer(409, REFUSED),
            answer(412, REFUSED),
            answer(415, ""),
            answer(302, ""),
            answer(200, PAGE),
            answer(403, PAGE),
            answer(401, PAGE),
            answer(429, ""),
            answer(503, ""),
        ];
        let found: String = responses
            .iter()
            .map(|response| match jsm().outcome(operation, response, &mut known()) {
                Outcome::Applied => 'A',
                Outcome::AlreadySo => 'S',
                Outcome::PassedOver => 'P',
                Outcome::Reread => 'R',
                Outcome::Stale => 'X',
                Outcome::RetryAfter(_) => 't',
                Outcome::Refused(error) => match error.code() {
                    Code::TargetRefused => 'r',
                    Code::TargetAnswerMalformed => 'm',
                    Code::TargetUnauthorized => 'u',
                    Code::TargetUnreachable => '!',
                    _ => '?',
                },
            })
            .collect();
        assert_eq!(found, expected, "{}", kind.as_str());
    }
}

#[test]
fn an_organization_that_is_made_is_known_by_its_id() {
    let outcome = |response: &HttpResponse| {
        let mut remote = absent();
        let outcome = jsm().outcome(&create(), response, &mut remote);
        (outcome, remote.directory.organization_id(ACME).map(str::to_owned))
    };
    assert_eq!(outcome(&answer(201, MADE)), (Outcome::Applied, Some("2154".to_owned())));
    let another_case = MADE.replace("Söhne", "SÖHNE");
    assert_eq!(outcome(&answer(201, &another_case)).0, Outcome::Applied);
    for (what, body, code) in [
        ("another", MADE.replace("Söhne", "Töchter"), Code::TargetAnswerMalformed),
        ("no id", MADE.replace("\"id\"", "\"uid\""), Code::TargetAnswerMalformed),
        ("a path", MADE.replace("2154", "2154/user"), Code::TargetAnswerMalformed),
        ("nothing", String::new(), Code::TargetAnswerMalformed),
        (
            "kept by others",
            MADE.replace("{\"id\"", "{\"scimManaged\":true,\"id\""),
            Code::OrganizationRefused,
        ),
    ] {
        let (outcome, id) = outcome(&answer(201, &body));
        let Outcome::Refused(error) = outcome else { panic!("{what}: {outcome:?}") };
        assert_eq!((error.code(), id), (code, None), "{what}");
    }
}

#[test]
fn an_id_that_is_gone_is_forgotten() {
    for operation in [link(), join(), leave()] {
        let mut remote = known();
        jsm().outcome(&operation, &answer(404, REFUSED), &mut remote);
        assert_eq!(remote.directory.organization(ACME), None, "{operation}");
    }
    let mut remote = known();
    jsm().outcome(&add_customer("3"), &answer(404, REFUSED), &mut remote);
    assert_eq!(remote, known(), "a service desk is no organization");
    jsm().outcome(&join(), &answer(400, REFUSED), &mut remote);
    assert_eq!(remote, known(), "400 is about the person");
}

#[test]
fn a_link_is_remembered_only_when_it_was_made() {
    let mut remote = known();
    for refused in [answer(400, REFUSED), answer(403, PAGE), answer(200, PAGE), answer(500, "")] {
        jsm().outcome(&link(), &refused, &mut remote);
        assert!(!satisfied(&link(), &remote));
    }
    assert_eq!(jsm().outcome(&link(), &answer(204, ""), &mut remote), Outcome::Applied);
    assert!(satisfied(&link(), &remote));
}

#[test]
fn r20_a_customer_is_made_without_a_licence_under_the_name_of_the_identity() {
    let customer = Operation::CreateAccount {
        username: Pii::new("alice".to_owned()),
        email: Some(Pii::new("alice@example.test".to_owned())),
        display_name: Pii::new("Alice".to_owned()),
        profile: Profile::new(),
        customer: true,
    };
    assert_eq!(
        shown(&prepared(&customer, &RemoteState::default())),
        "POST /ctx/rest/api/2/user\n{\"applicationKeys\":[],\"displayName\":\"Alice\",\
         \"emailAddress\":\"alice@example.test\",\"name\":\"alice\"}"
    );
    assert!(jsm().capabilities().organizations);
}

#[test]
fn everything_else_is_jiras() {
    let jsm = jsm();
    let account = alice();
    let by = AccountKey::Username(account.username.clone());
    assert_eq!(jsm.look_up(&by), jsm.jira.look_up(&by));
    for asked in [
        Question::Account { by, page: Page::FIRST },
        Question::Marker { account: account.clone() },
        Question::Group { name: "g".to_owned(), page: Page::FIRST },
        Question::Seats,
    ] {
        assert_eq!(jsm.ask(&asked), jsm.jira.ask(&asked));
    }
    let mut remote = RemoteState::default();
    let marker = answer(200, r#"{"key":"samlgate","value":{"v":1,"organizations":["Acme"]}}"#);
    jsm.learn(&Question::Marker { account: account.clone() }, &marker, &mut remote).unwrap();
    let RemoteMarker::Present(Marker { organizations, .. }) = &remote.marker else { panic!() };
    assert!(organizations.contains("Acme"));
    let add = Operation::AddToGroup { account, group: "g".to_owned(), if_it_exists: true };
    assert_eq!(jsm.outcome(&add, &answer(404, REFUSED), &mut remote), Outcome::PassedOver);
    assert_eq!(jsm.reread(&create(), &remote), question(Page::FIRST));
}
