//! What is sent to Jira, byte for byte, and what its answers are taken for, hostile ones above all.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::base::{Code, Secret};
use crate::effect::CallFailure;
use crate::provision::{Marker, OperationKind, Profile, RemoteAccount, RemoteMarker, satisfied};
use crate::targets::Credentials;

fn endpoint(credentials: Credentials) -> Endpoint {
    Endpoint {
        cluster: "jira".to_owned(),
        authority: "jira.example.test".to_owned(),
        path_prefix: "/ctx/".to_owned(),
        timeout: Duration::from_secs(5),
        credentials,
    }
}

fn jira() -> JiraDc {
    JiraDc::new(endpoint(Credentials::Bearer(Secret::new("t0ken".to_owned()))))
}

fn by_name(username: &str) -> Question {
    Question::Account { by: AccountKey::Username(pii(username)), page: Page::FIRST }
}

fn by_email(email: &str) -> Question {
    Question::Account { by: AccountKey::Email(pii(email)), page: Page::FIRST }
}

fn marker_of(username: &str) -> Question {
    Question::Marker { account: AccountRef::named(pii(username)) }
}

fn group(name: &str) -> Question {
    Question::Group { name: name.to_owned(), page: Page::FIRST }
}

fn learned(question: &Question, response: &HttpResponse) -> Result<RemoteState, TargetError> {
    let mut remote = RemoteState::default();
    jira().learn(question, response, &mut remote)?;
    Ok(remote)
}

fn read_account(username: &str, response: &HttpResponse) -> Result<Option<RemoteAccount>, TargetError> {
    learned(&by_name(username), response).map(|remote| remote.account)
}

fn read_marker(response: &HttpResponse) -> Result<RemoteMarker, TargetError> {
    learned(&marker_of("alice"), response).map(|remote| remote.marker)
}

fn group_exists(response: &HttpResponse) -> Result<bool, TargetError> {
    learned(&group("g"), response).map(|remote| remote.directory.has_group("g"))
}

fn outcome(operation: &Operation, response: &HttpResponse) -> Outcome {
    jira().outcome(operation, response, &mut RemoteState::default())
}

fn call(operation: &Operation) -> HttpCall {
    match jira().prepare(operation, &RemoteState::default(), UnixTime::from_secs(0)) {
        Prepared::Call(call) => call,
        other => panic!("{other:?}"),
    }
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

/// One operation of each kind, with names that try to break out.
fn operations() -> Vec<Operation> {
    let username = pii("a&b=c d/é");
    let account = AccountRef::named(username.clone());
    let group = "R&D #1/ä?x=\"y\"".to_owned();
    vec![
        Operation::CreateAccount {
            username,
            email: Some(pii("a\"b@example.test")),
            display_name: pii("Ä \"quoted\" \\ name"),
            profile: Profile::new(),
            customer: false,
        },
        Operation::UpdateAccount {
            account: account.clone(),
            changes: AccountChanges { email: Some(pii("new@example.test")), ..AccountChanges::default() },
        },
        Operation::CreateGroup { group: group.clone() },
        Operation::AddToGroup { account: account.clone(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account: account.clone(), group },
        Operation::WriteMarker {
            account,
            marker: Marker {
                customer_login: Some(pii("a\"b")),
                last_login: Some(UnixTime::from_secs(1_767_323_045)),
                unfinished: true,
                ..Marker::default()
            },
        },
    ]
}

fn shown(call: &HttpCall) -> String {
    format!("{} {}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body))
}

#[test]
fn every_operation_becomes_the_documented_call() {
    let calls: Vec<String> = operations().iter().map(|operation| shown(&call(operation))).collect();
    assert_eq!(
        calls,
        [
            "POST /ctx/rest/api/2/user\n\
             {\"applicationKeys\":[],\"displayName\":\"Ä \\\"quoted\\\" \\\\ name\",\
             \"emailAddress\":\"a\\\"b@example.test\",\"name\":\"a&b=c d/é\"}",
            "PUT /ctx/rest/api/2/user?username=a%26b%3Dc%20d%2F%C3%A9\n\
             {\"emailAddress\":\"new@example.test\"}",
            "POST /ctx/rest/api/2/group\n{\"name\":\"R&D #1/ä?x=\\\"y\\\"\"}",
            "POST /ctx/rest/api/2/group/user?groupname=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\n\
             {\"name\":\"a&b=c d/é\"}",
            "DELETE /ctx/rest/api/2/group/user?groupname=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22\
             &username=a%26b%3Dc%20d%2F%C3%A9\n",
            "PUT /ctx/rest/api/2/user/properties/samlgate?username=a%26b%3Dc%20d%2F%C3%A9\n\
             {\"customerLogin\":\"a\\\"b\",\"lastLogin\":\"2026-01-02T03:04:05Z\",\"unfinished\":true,\"v\":1}",
        ]
    );
    assert!(MARKER_KEY.len() < 255 && calls.iter().any(|call| call.contains(MARKER_KEY)));
}

#[test]
fn reads_ask_for_everything_at_once() {
    let jira = jira();
    assert_eq!(
        shown(&jira.ask(&by_name("a&expand=x"))),
        "GET /ctx/rest/api/2/user?username=a%26expand%3Dx&expand=groups\n"
    );
    assert_eq!(
        shown(&jira.ask(&marker_of("ä"))),
        "GET /ctx/rest/api/2/user/properties/samlgate?username=%C3%A4\n"
    );
    assert_eq!(
        shown(&jira.ask(&group("a b"))),
        "GET /ctx/rest/api/2/group/member?groupname=a%20b&maxResults=1\n"
    );
    assert_eq!(
        shown(&jira.ask(&by_email("a+b@example.test"))),
        "GET /ctx/rest/api/2/user/search?username=a%2Bb%40example.test&includeActive=true&includeInactive=true\
         &maxResults=50\n"
    );
    assert_eq!(shown(&jira.ask(&Question::Seats)), "GET /ctx/rest/api/2/applicationrole\n");
    let nothing = RemoteState::default();
    let reread = |operation: &Operation| jira.ask(&jira.reread(operation, &nothing)).path;
    let rereads: Vec<String> = operations().iter().map(reread).collect();
    let account = "/ctx/rest/api/2/user?username=a%26b%3Dc%20d%2F%C3%A9&expand=groups";
    let group = "/ctx/rest/api/2/group/member?groupname=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22&maxResults=1";
    let marker = "/ctx/rest/api/2/user/properties/samlgate?username=a%26b%3Dc%20d%2F%C3%A9";
    assert_eq!(rereads, [account, account, group, account, account, marker]);
}

#[test]
fn every_call_carries_the_same_headers_and_no_browser_ones() {
    let jira = jira();
    let mut calls: Vec<HttpCall> = operations().iter().map(call).collect();
    calls.extend(
        [by_name("a"), by_email("a@b"), marker_of("a"), group("g")].map(|question| jira.ask(&question)),
    );
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
            ]
        );
        assert_eq!((call.cluster.as_str(), call.authority.as_str()), ("jira", "jira.example.test"));
        assert_eq!(call.timeout, Duration::from_secs(5));
        assert!(call.path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let silent = JiraDc::new(endpoint(Credentials::Injected));
    assert!(silent.ask(&by_name("a")).headers.iter().all(|(name, _)| name != "authorization"));
    let basic = Credentials::Basic { username: "svc".to_owned(), password: Secret::new("pä:ss".to_owned()) };
    let basic = JiraDc::new(endpoint(basic));
    let header = basic.ask(&by_name("a")).headers.pop();
    assert_eq!(header, Some(("authorization".to_owned(), "Basic c3ZjOnDDpDpzcw==".to_owned())));
    assert!(!format!("{basic:?}").contains("ss\""));
    assert!(!format!("{jira:?} {:?}", jira.ask(&by_name("a"))).contains("t0ken"));
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

const PAGE: &str = "\n <!DOCTYPE html><html>log in</html>";
const ABSENT: &str = r#"{"errorMessages":["The user named 'x' does not exist"],"errors":{}}"#;
const ALICE: &str = r#"{"self":"http://x","name":"Alice","key":"JIRAUSER1","emailAddress":"a@example.test",
    "displayName":"Alice A","active":true,"deleted":false,"avatarUrls":{},
    "groups":{"size":2,"items":[{"name":"jira-Users","self":"http://y"},{"name":"b"}]},"expand":"groups"}"#;

#[test]
fn an_account_is_read_whole() {
    let account = read_account("aLICE", &answer(200, ALICE)).unwrap().unwrap();
    assert_eq!(account.username.expose(), "Alice");
    assert_eq!(account.email.unwrap().expose(), "a@example.test");
    assert_eq!(account.display_name.expose(), "Alice A");
    assert!(account.active);
    assert_eq!(account.groups, BTreeSet::from(["b".to_owned(), "jira-Users".to_owned()]));

    let hidden = ALICE.replace("\"a@example.test\"", "null").replace("\"deleted\":false", "\"deleted\":true");
    let account = read_account("alice", &answer(200, &hidden)).unwrap().unwrap();
    assert_eq!((account.email, account.active), (None, false));
    assert_eq!(read_account("alice", &answer(404, ABSENT)), Ok(None));
    assert_eq!(read_account("alice", &answer(404, "{}")), Ok(None));
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"name\":\"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let page = with(answer(200, ""), "x-served-by", "proxy");
    let html = HttpResponse {
        headers: vec![("Content-Type".to_owned(), "Text/HTML; charset=utf-8".to_owned())],
        ..answer(200, ALICE)
    };
    let login = with(answer(302, ""), "location", "/login.jsp");
    let edited = |from: &str, to: &str| {
        assert!(ALICE.contains(from), "{from}");
        answer(200, &ALICE.replace(from, to))
    };
    for (what, response) in [
        ("empty", page),
        ("page", answer(200, PAGE)),
        ("json declared as a page", html),
        ("page with 404", answer(404, PAGE)),
        ("nothing with 404", answer(404, "")),
        ("text with 404", answer(404, "no route")),
        ("redirect to the login page", login),
        ("truncated", answer(200, ALICE.get(..ALICE.len() / 2).unwrap())),
        ("array", answer(200, &format!("[{ALICE}]"))),
        ("null", answer(200, "null")),
        ("empty object", answer(200, "{}")),
        ("deep", answer(200, &deep)),
        ("huge", answer(200, &huge)),
        ("no utf-8", HttpResponse { body: b"{\"name\":\"\xff\"}".to_vec(), ..answer(200, "") }),
        ("two documents", answer(200, &format!("{ALICE}{ALICE}"))),
        ("another account", edited("\"name\":\"Alice\"", "\"name\":\"Alicia\"")),
        ("no name", edited("\"name\":\"Alice\",", "")),
        ("name is a number", edited("\"name\":\"Alice\"", "\"name\":7")),
        ("active is text", edited("\"active\":true", "\"active\":\"true\"")),
        ("active is missing", edited("\"active\":true,", "")),
        ("groups not expanded", edited(r#"[{"name":"jira-Users","self":"http://y"},{"name":"b"}]"#, "[]")),
        ("groups cut", edited("\"size\":2", "\"size\":3")),
        ("groups more than said", edited("\"size\":2", "\"size\":1")),
        ("negative size", edited("\"size\":2", "\"size\":-2")),
        ("groups missing", edited("\"groups\":", "\"gruppen\":")),
        ("group is text", edited("{\"name\":\"b\"}", "\"b\"")),
        ("created", answer(201, ALICE)),
        ("no status", answer(0, ALICE)),
    ] {
        let error = read_account("alice", &response).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed, "{what}: {error}");
    }
}

#[test]
fn refusals_are_told_apart() {
    let captcha = with(
        answer(403, PAGE),
        "x-authentication-denied-reason",
        "CAPTCHA_CHALLENGE; login-url=https://jira.example.test/login.jsp",
    );
    let captcha = with(captcha, "x-seraph-loginreason", "AUTHENTICATION_DENIED");
    let anonymous = with(answer(200, ALICE), "X-Seraph-LoginReason", "AUTHENTICATED_FAILED");
    let anonymous_404 = with(answer(404, ABSENT), "x-seraph-loginreason", "AUTHENTICATED_FAILED");
    let ok_reason = with(answer(200, ALICE), "x-seraph-loginreason", "OK");
    let update = &operations()[1];
    for (what, response, code) in [
        ("expired token", answer(401, PAGE), Some(Code::TargetUnauthorized)),
        ("anonymous", anonymous, Some(Code::TargetUnauthorized)),
        ("anonymous, not found", anonymous_404, Some(Code::TargetUnauthorized)),
        ("forbidden", answer(403, PAGE), Some(Code::TargetRefused)),
        ("captcha", captcha, Some(Code::TargetRefused)),
        ("throttled", answer(429, "slow down"), Some(Code::TargetThrottled)),
        ("server error", answer(500, PAGE), Some(Code::TargetUnreachable)),
        ("bad gateway", answer(502, ""), Some(Code::TargetUnreachable)),
        ("fine", ok_reason, None),
    ] {
        let read = read_account("alice", &response).map_err(|error| error.code());
        assert_eq!(read.err(), code, "{what}");
        let written = match outcome(update, &response) {
            Outcome::Refused(error) => Some(error.code()),
            Outcome::RetryAfter(_) => Some(Code::TargetThrottled),
            Outcome::Applied
            | Outcome::AlreadySo
            | Outcome::PassedOver
            | Outcome::Reread
            | Outcome::Stale => None,
        };
        assert_eq!(written, code, "{what}");
    }
    let captcha = TargetError::CaptchaRequired { request: Request::ReadAccount };
    assert!(captcha.to_string().contains("CAPTCHA"));
}

#[test]
fn retry_after_is_believed_within_reason() {
    let asked = |value: &str| match outcome(&operations()[3], &with(answer(429, ""), "retry-after", value)) {
        Outcome::RetryAfter(wait) => wait.as_secs(),
        other => panic!("{other:?}"),
    };
    for (value, seconds) in [
        ("7", 7),
        (" 30 ", 30),
        ("0", 1),
        ("-1", 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
        ("", 1),
        ("18446744073709551615", 3600),
        ("99999999999999999999999", 1),
    ] {
        assert_eq!(asked(value), seconds, "{value}");
    }
}

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    const EXISTS: &str = r#"{"errorMessages":["is already a member"],"errors":{}}"#;
    let table = [
        // kind, 200, 201, 204, 400, 404, 409, 415, 302, HTML with 200
        (OperationKind::CreateAccount, "AAARrRrmm"),
        (OperationKind::UpdateAccount, "AAARrRrmm"),
        (OperationKind::CreateGroup, "AAARrRrmm"),
        (OperationKind::AddToGroup, "AAARrRrmm"),
        (OperationKind::RemoveFromGroup, "AAARRRrmm"),
        (OperationKind::WriteMarker, "AAArrrrmm"),
    ];
    for (operation, (kind, expected)) in operations().iter().zip(table) {
        assert_eq!(operation.kind(), kind);
        let responses = [
            answer(200, ""),
            answer(201, "{}"),
            answer(204, ""),
            answer(400, EXISTS),
            answer(404, ABSENT),
            answer(409, EXISTS),
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
                Outcome::Refused(error) if error.code() == Code::TargetRefused => 'r',
                Outcome::Refused(error) if error.code() == Code::TargetAnswerMalformed => 'm',
                Outcome::Refused(_) => '?',
            })
            .collect();
        assert_eq!(found, expected, "{}", kind.as_str());
    }
}

#[test]
fn a_lost_answer_is_looked_up_and_an_unsent_call_is_not() {
    assert_eq!(Outcome::without_answer(CallFailure::NoAnswer), Outcome::Reread);
    let Outcome::Refused(error) = Outcome::without_answer(CallFailure::NotSent) else { panic!() };
    assert_eq!(error.code(), Code::TargetUnreachable);
    assert_eq!(TargetError::NotReached(CallFailure::NoAnswer).code(), Code::TargetUnreachable);
    let request = Request::Change(OperationKind::AddToGroup);
    assert_eq!(TargetError::NotSatisfied { request }.code(), Code::TargetRefused);
}

#[test]
fn r11_the_marker_survives_the_round_trip() {
    let Some(Operation::WriteMarker { account, marker }) = operations().pop() else { panic!() };
    let call = call(&Operation::WriteMarker { account, marker: marker.clone() });
    let body = String::from_utf8(call.body).unwrap();
    let response = answer(200, &format!("{{\"key\":\"samlgate\",\"value\":{body}}}"));
    assert_eq!(read_marker(&response), Ok(RemoteMarker::Present(marker)));
}

#[test]
fn markers_of_others_are_told_apart() {
    let read =
        |value: &str| read_marker(&answer(200, &format!("{{\"key\":\"samlgate\",\"value\":{value}}}")));
    let empty = RemoteMarker::Present(Marker::default());
    for (value, expected) in [
        (r#"{"v":1}"#, empty.clone()),
        (r#"{"v":1,"customerLogin":7,"lastLogin":"yesterday","unfinished":"yes"}"#, empty),
        (r#"{"v":2,"customerLogin":"a"}"#, RemoteMarker::Foreign),
        (r#"{"v":0}"#, RemoteMarker::Absent),
        (r#"{"v":"1"}"#, RemoteMarker::Absent),
        (r#"{"v":1.5}"#, RemoteMarker::Absent),
        ("{}", RemoteMarker::Absent),
        ("\"text\"", RemoteMarker::Absent),
        ("[1]", RemoteMarker::Absent),
        ("null", RemoteMarker::Absent),
    ] {
        assert_eq!(read(value), Ok(expected), "{value}");
    }
    assert_eq!(read_marker(&answer(404, ABSENT)), Ok(RemoteMarker::Absent));
    for wrong in [answer(200, PAGE), answer(200, "{}"), answer(404, PAGE), answer(204, "")] {
        assert_eq!(read_marker(&wrong).unwrap_err().code(), Code::TargetAnswerMalformed);
    }
}

#[test]
fn a_group_exists_only_when_jira_says_so() {
    let page = r#"{"maxResults":1,"startAt":0,"total":0,"isLast":true,"values":[]}"#;
    assert_eq!(group_exists(&answer(200, page)), Ok(true));
    assert_eq!(group_exists(&answer(404, ABSENT)), Ok(false));
    for (response, code) in [
        (answer(200, PAGE), Code::TargetAnswerMalformed),
        (answer(404, PAGE), Code::TargetAnswerMalformed),
        (answer(200, "[]"), Code::TargetAnswerMalformed),
        (answer(400, ABSENT), Code::TargetRefused),
        (answer(401, ""), Code::TargetUnauthorized),
    ] {
        assert_eq!(group_exists(&response).unwrap_err().code(), code);
    }
}

#[test]
fn a_reread_decides_what_400_meant() {
    let jira = jira();
    let account = AccountRef::named(pii("alice"));
    let add = Operation::AddToGroup {
        account: account.clone(),
        group: "JIRA-users".to_owned(),
        if_it_exists: false,
    };
    let remove = Operation::RemoveFromGroup { account, group: "jira-users".to_owned() };
    let create = Operation::CreateGroup { group: "New".to_owned() };
    let mut remote = RemoteState::default();
    let observe = |operation: &Operation, response: &HttpResponse, remote: &mut RemoteState| {
        jira.learn(&jira.reread(operation, remote), response, remote)
    };
    observe(&add, &answer(200, ALICE), &mut remote).unwrap();
    assert!(satisfied(&add, &remote));
    assert!(!satisfied(&remove, &remote));
    observe(&create, &answer(200, "{}"), &mut remote).unwrap();
    assert!(satisfied(&create, &remote));
    observe(&create, &answer(404, ABSENT), &mut remote).unwrap();
    assert!(!satisfied(&create, &remote));

    let before = remote.clone();
    assert!(observe(&add, &answer(200, PAGE), &mut remote).is_err());
    assert_eq!(remote, before, "an answer that says nothing changes nothing");
    observe(&add, &answer(404, ABSENT), &mut remote).unwrap();
    assert!(!satisfied(&add, &remote), "no account, no membership");
    assert!(!satisfied(&remove, &remote), "an account that vanished is no success");
}

#[test]
fn j8_one_address_leads_to_one_account_or_to_none() {
    let ask = |answer: &HttpResponse| {
        let mut remote = RemoteState::default();
        jira()
            .learn(&by_email("A.Archer@Example.test"), answer, &mut remote)
            .map(|next| (next, remote.ambiguous))
    };
    let user = |name: &str, email: &str, deleted: bool| {
        format!(r#"{{"name":"{name}","emailAddress":"{email}","active":true,"deleted":{deleted}}}"#)
    };
    let list = |users: &[String]| answer(200, &format!("[{}]", users.join(",")));
    let found = (vec![by_name("Alice"), marker_of("Alice")], false);
    let mine = user("Alice", "a.archer@example.TEST", false);
    for (what, response, expected) in [
        ("one", list(core::slice::from_ref(&mine)), found.clone()),
        ("none", list(&[]), (vec![], false)),
        ("part of it", list(&[user("x", "aa.archer@example.test", false)]), (vec![], false)),
        (
            "the name only",
            list(&[user("a.archer@example.test", "other@example.test", false)]),
            (vec![], false),
        ),
        ("no address", answer(200, r#"[{"name":"x"}]"#), (vec![], false)),
        (
            "one and a deleted",
            list(&[mine.clone(), user("Old", "a.archer@example.test", true)]),
            found.clone(),
        ),
        ("the same twice", list(&[mine.clone(), user("ALICE", "a.archer@example.test", false)]), found),
        ("two", list(&[mine.clone(), user("Bob", "a.archer@example.test", false)]), (vec![], true)),
    ] {
        assert_eq!(ask(&response), Ok(expected), "{what}");
    }
    for wrong in
        [answer(200, PAGE), answer(200, "{}"), answer(404, ABSENT), answer(401, ""), answer(200, &mine)]
    {
        assert!(ask(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn seats_are_read_where_they_are_counted() {
    let body = r#"[{"key":"jira-software","groups":["jira-software-users"],"numberOfSeats":10,"remainingSeats":3},
        {"key":"jira-core","groups":["all"],"remainingSeats":-1,"hasUnlimitedSeats":true}]"#;
    let seats = learned(&Question::Seats, &answer(200, body)).unwrap().seats;
    let found: Vec<_> = seats.iter().map(|seats| (seats.product.as_str(), seats.remaining)).collect();
    assert_eq!(found, [("jira-software", Some(3)), ("jira-core", None)]);
    assert!(seats[0].are_used_by("Jira-Software-Users") && !seats[0].are_used_by("all"));
    assert!(learned(&Question::Seats, &answer(200, "{}")).is_err());
}

#[test]
fn the_json_of_a_gateway_is_no_absence() {
    for body in [
        r#"{"message":"no Route matched with those values"}"#,
        r#"{"message":"null for uri","status-code":404}"#,
        r#"{"error":"not_found"}"#,
        "[]",
    ] {
        let error = read_account("alice", &answer(404, body)).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed, "{body}");
        assert!(read_marker(&answer(404, body)).is_err() && group_exists(&answer(404, body)).is_err());
    }
    assert_eq!(read_account("alice", &answer(404, r#"{"errors":{}}"#)), Ok(None));
}
