//! What is sent to Jira Cloud, byte for byte, and what its answers are taken for, hostile ones above all. Organizations
//! and service desks are tested with Data Center's; here is what differs.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::base::{Code, Secret};
use crate::provision::{
    AccountChanges, Marker, OperationKind, Profile, RemoteAccount, RemoteMarker, satisfied,
};
use crate::targets::Credentials;

fn cloud() -> JiraCloud {
    JiraCloud::new(Endpoint {
        cluster: "atlassian".to_owned(),
        authority: "site.atlassian.net".to_owned(),
        path_prefix: "/ex/jira/1".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Basic {
            username: "admin@example.test".to_owned(),
            password: Secret::new("t0ken".to_owned()),
        },
    })
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

const ADDRESS: &str = "a\"b+c&d@example.test";
const ID: &str = "712020:5b-10?x=y&z";
const GROUP: &str = "R&D #1/ä?x=\"y\"";

/// As the plan names somebody who has no account yet.
fn unnamed() -> AccountRef {
    AccountRef::named(pii(ADDRESS))
}

fn named() -> AccountRef {
    AccountRef { username: pii(ADDRESS), id: Some(AccountId::new(ID.to_owned())) }
}

fn create(customer: bool) -> Operation {
    Operation::CreateAccount {
        username: pii(ADDRESS),
        email: Some(pii(ADDRESS)),
        display_name: pii("Ä \"quoted\""),
        profile: Profile::new(),
        customer,
    }
}

fn add(if_it_exists: bool) -> Operation {
    Operation::AddToGroup { account: named(), group: GROUP.to_owned(), if_it_exists }
}

fn remove() -> Operation {
    Operation::RemoveFromGroup { account: named(), group: GROUP.to_owned() }
}

fn create_group() -> Operation {
    Operation::CreateGroup { group: GROUP.to_owned() }
}

fn write_marker() -> Operation {
    Operation::WriteMarker { account: named(), marker: Marker { unfinished: true, ..Marker::default() } }
}

fn join(account: AccountRef) -> Operation {
    Operation::AddToOrganization { account, organization: "Acme".to_owned() }
}

/// The group exists under an id that tries to break out.
fn with_group() -> RemoteState {
    let mut remote = RemoteState::default();
    remote.directory.learn_group(GROUP, Some("g&1"));
    remote
}

fn without_group() -> RemoteState {
    let mut remote = RemoteState::default();
    remote.directory.learn_no_group(GROUP);
    remote
}

fn prepared(operation: &Operation, remote: &RemoteState) -> String {
    match cloud().prepare(operation, remote, UnixTime::from_secs(0)) {
        Prepared::Call(call) => shown(&call),
        Prepared::Ask(question) => format!("ask {}", question.as_str()),
        Prepared::AlreadySo => "already so".to_owned(),
        Prepared::PassOver => "pass over".to_owned(),
        Prepared::Refuse(error) => format!("{:?}", error.code()),
    }
}

fn shown(call: &HttpCall) -> String {
    let path = call.path.strip_prefix("/ex/jira/1/rest/").unwrap_or("elsewhere");
    format!("{} {path}\n{}", call.method, String::from_utf8_lossy(&call.body))
}

#[test]
fn every_operation_becomes_the_documented_call() {
    for (operation, remote, expected) in [
        (
            create(false),
            RemoteState::default(),
            "POST api/3/user\n{\"emailAddress\":\"a\\\"b+c&d@example.test\",\"products\":[]}",
        ),
        (
            create(true),
            RemoteState::default(),
            "POST servicedeskapi/customer?strictConflictStatusCode=true\n\
             {\"displayName\":\"Ä \\\"quoted\\\"\",\"email\":\"a\\\"b+c&d@example.test\"}",
        ),
        (create_group(), without_group(), "POST api/3/group\n{\"name\":\"R&D #1/ä?x=\\\"y\\\"\"}"),
        (
            add(false),
            with_group(),
            "POST api/3/group/user?groupId=g%261\n{\"accountId\":\"712020:5b-10?x=y&z\"}",
        ),
        (
            remove(),
            with_group(),
            "DELETE api/3/group/user?groupId=g%261&accountId=712020%3A5b-10%3Fx%3Dy%26z\n",
        ),
        (
            write_marker(),
            RemoteState::default(),
            "PUT api/3/user/properties/samlgate?accountId=712020%3A5b-10%3Fx%3Dy%26z\n\
             {\"unfinished\":true,\"v\":1}",
        ),
        (
            Operation::CreateOrganization { organization: "Acme".to_owned() },
            RemoteState::default(),
            "POST servicedeskapi/organization\n{\"name\":\"Acme\"}",
        ),
        (
            Operation::AddCustomer { account: named(), service_desk: "HELP".to_owned() },
            RemoteState::default(),
            "POST servicedeskapi/servicedesk/HELP/customer\n{\"accountIds\":[\"712020:5b-10?x=y&z\"]}",
        ),
    ] {
        assert_eq!(prepared(&operation, &remote), expected, "{operation}");
    }
}

#[test]
fn ids_are_asked_for_once_and_what_is_missing_is_said() {
    for (operation, unknown, exists, gone) in [
        (create_group(), "ask read_group", "already so", "POST"),
        (add(false), "ask read_group", "POST", "TargetRefused"),
        (add(true), "ask read_group", "POST", "pass over"),
        (remove(), "ask read_group", "DELETE", "already so"),
        (join(named()), "ask read_organization", "ask", "ask"),
    ] {
        let remotes = [(RemoteState::default(), unknown), (with_group(), exists), (without_group(), gone)];
        for (remote, expected) in remotes {
            let found = prepared(&operation, &remote);
            assert!(found.starts_with(expected), "{operation}: {found}");
        }
    }
    // A name alone is not enough.
    let mut remote = RemoteState::default();
    remote.directory.learn_group(GROUP, None);
    assert_eq!(prepared(&add(false), &remote), "ask read_group");
}

#[test]
fn an_account_that_was_made_a_moment_ago_is_named_by_its_id() {
    let operations = [
        Operation::AddToGroup { account: unnamed(), group: GROUP.to_owned(), if_it_exists: false },
        Operation::RemoveFromGroup { account: unnamed(), group: GROUP.to_owned() },
        Operation::WriteMarker { account: unnamed(), marker: Marker::default() },
        Operation::AddCustomer { account: unnamed(), service_desk: "1".to_owned() },
        join(unnamed()),
    ];
    let mut remote = with_group();
    remote.directory.learn_organization("Acme", "7");
    for operation in &operations {
        assert_eq!(prepared(operation, &remote), "TargetRefused", "{operation}: nobody is meant");
    }
    let made = answer(201, &ALICE.replace("a@example.test", "A\\\"B+c&d@example.test"));
    assert_eq!(cloud().outcome(&create(false), &made, &mut remote), Outcome::Applied);
    for operation in &operations {
        let found = prepared(operation, &remote);
        assert!(found.contains("712020:5b10") || found.contains("712020%3A5b10"), "{operation}: {found}");
    }
    for operation in &operations[..3] {
        let (Question::Memberships { account, .. } | Question::Marker { account }) =
            cloud().reread(operation, &remote)
        else {
            panic!("{operation}")
        };
        assert_eq!(account.id.as_ref().map(AccountId::as_str), Some("712020:5b10"), "{operation}");
    }
}

#[test]
fn a_portal_only_account_is_in_no_group() {
    let mut remote = with_group();
    remote.account = Some(account("qm:1:2"));
    let account = unnamed();
    let add =
        Operation::AddToGroup { account: account.clone(), group: GROUP.to_owned(), if_it_exists: false };
    assert_eq!(prepared(&add, &remote), "pass over");
    let remove = Operation::RemoveFromGroup { account, group: GROUP.to_owned() };
    assert_eq!(prepared(&remove, &remote), "already so");
}

#[test]
fn what_cannot_be_changed_refuses_nobody() {
    let changes = AccountChanges { display_name: Some(pii("New")), ..AccountChanges::default() };
    let update = Operation::UpdateAccount { account: named(), changes };
    assert_eq!(prepared(&update, &RemoteState::default()), "pass over");
    let reactivate = Operation::ReactivateAccount { account: named() };
    assert_eq!(prepared(&reactivate, &RemoteState::default()), "TargetRefused");
    let capabilities = cloud().capabilities();
    assert!(capabilities.email_immutable && capabilities.organizations);
    assert!(!capabilities.updates && !capabilities.reactivates);
    assert_eq!(capabilities.accounts_by, AccountKeyKind::Email);
}

#[test]
fn questions_become_the_documented_calls() {
    let by = |page: Page| Question::Account { by: AccountKey::Email(pii(ADDRESS)), page };
    for (question, expected) in [
        (
            by(Page::FIRST),
            "GET api/3/user/search?query=a%22b%2Bc%26d%40example.test&startAt=0&maxResults=50\n",
        ),
        (
            by(Page::at("50".to_owned())),
            "GET api/3/user/search?query=a%22b%2Bc%26d%40example.test&startAt=50&maxResults=50\n",
        ),
        (
            Question::Memberships { account: named(), page: Page::FIRST },
            "GET api/3/user/groups?accountId=712020%3A5b-10%3Fx%3Dy%26z\n",
        ),
        (
            Question::Marker { account: named() },
            "GET api/3/user/properties/samlgate?accountId=712020%3A5b-10%3Fx%3Dy%26z\n",
        ),
        (
            Question::Group { name: GROUP.to_owned(), page: Page::FIRST },
            "GET api/3/group/bulk?groupName=R%26D%20%231%2F%C3%A4%3Fx%3D%22y%22&maxResults=50\n",
        ),
        (Question::Seats, "GET api/3/applicationrole\n"),
        (
            Question::Organization { name: "Acme".to_owned(), page: Page::FIRST },
            "GET servicedeskapi/organization?start=0&limit=50\n",
        ),
    ] {
        let call = cloud().ask(&question);
        assert_eq!(shown(&call), expected);
        assert!(call.headers.iter().any(|(name, value)| {
            name == "authorization" && value == "Basic YWRtaW5AZXhhbXBsZS50ZXN0OnQwa2Vu"
        }));
    }
    assert_eq!(cloud().look_up(&AccountKey::Email(pii(ADDRESS))), [by(Page::FIRST)]);
    assert!(!format!("{:?}", cloud()).contains("t0ken"));
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

const PAGE: &str = "\n <!DOCTYPE html><html>log in</html>";
const ABSENT: &str = r#"{"errorMessages":["Der Benutzer ist nicht vorhanden."],"errors":{}}"#;
const ALICE: &str = r#"{"self":"http://x","accountId":"712020:5b10","accountType":"atlassian",
    "emailAddress":"a@example.test","displayName":"Alice A","active":true,"timeZone":"Etc/UTC"}"#;

fn search(body: &str) -> Result<(RemoteState, Vec<Question>), TargetError> {
    let mut remote = RemoteState::default();
    let question = Question::Account { by: AccountKey::Email(pii("A@Example.test")), page: Page::FIRST };
    let raised = cloud().learn(&question, &answer(200, body), &mut remote)?;
    Ok((remote, raised))
}

fn words(questions: &[Question]) -> Vec<&'static str> {
    questions.iter().map(Question::as_str).collect()
}

#[test]
fn j4_an_address_leads_to_the_account_that_shows_it() {
    let (remote, raised) = search(&format!("[{ALICE}]")).unwrap();
    let account = remote.account.unwrap();
    assert_eq!(account.id.as_ref().map(AccountId::as_str), Some("712020:5b10"));
    assert_eq!(account.username.expose(), "A@Example.test", "there are no names");
    assert_eq!((account.active, account.display_name.expose().as_str()), (true, "Alice A"));
    assert_eq!(words(&raised), ["read_marker", "read_memberships"]);
    // A customer has no groups to ask for.
    let (remote, raised) = search(&format!("[{}]", ALICE.replace("\"atlassian\"", "\"customer\""))).unwrap();
    assert!(remote.account.is_some());
    assert_eq!(words(&raised), ["read_marker"]);
}

#[test]
fn j8_j15_nobody_enters_by_an_account_that_only_looks_alike() {
    let longer = ALICE.replace("a@example.test", "a@example.test.evil");
    let hidden = ALICE.replace("\"emailAddress\":\"a@example.test\",", "");
    let null = ALICE.replace("\"a@example.test\"", "null");
    let by_name = hidden.replace("Alice A", "a@example.test");
    let app = ALICE.replace("\"atlassian\"", "\"app\"");
    for found in [&longer, &hidden, &null, &by_name, &app, ""] {
        let (remote, raised) = search(&format!("[{found}]")).unwrap();
        assert_eq!((remote.account, raised.len(), remote.ambiguous), (None, 0, false), "{found}");
        assert_eq!(remote.marker, RemoteMarker::Absent, "a new account may be marked");
    }
}

#[test]
fn of_several_accounts_the_one_of_atlassian_counts_or_none() {
    let customer = ALICE.replace("\"atlassian\"", "\"customer\"").replace("712020:5b10", "qm:1:2");
    let other = ALICE.replace("712020:5b10", "712020:other");
    let (remote, _) = search(&format!("[{customer},{ALICE}]")).unwrap();
    assert_eq!(remote.account.unwrap().id.unwrap().as_str(), "712020:5b10");
    for several in [format!("[{ALICE},{other}]"), format!("[{customer},{customer}]")] {
        let (remote, raised) = search(&several).unwrap();
        assert!(remote.ambiguous && remote.account.is_none() && raised.is_empty());
    }
}

#[test]
fn a_full_page_is_followed_by_the_next() {
    let others = vec![ALICE.replace("a@example.test", "a@example.test.org"); 50];
    let (remote, raised) = search(&format!("[{}]", others.join(","))).unwrap();
    let [Question::Account { page, .. }] = raised.as_slice() else { panic!("{raised:?}") };
    assert_eq!((page.as_str(), remote), (Some("50"), RemoteState::default()));
    assert!(search(&format!("[{},{ALICE}]", others.join(","))).is_err(), "more than was asked for");
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let huge = format!("[{{\"accountId\":\"{}\"}}]", "a".repeat(5 * 1024 * 1024));
    let edited = |from: &str, to: &str| {
        assert!(ALICE.contains(from), "{from}");
        answer(200, &format!("[{}]", ALICE.replace(from, to)))
    };
    let question = Question::Account { by: AccountKey::Email(pii("a@example.test")), page: Page::FIRST };
    for (what, response, code) in [
        ("page", answer(200, PAGE), Code::TargetAnswerMalformed),
        ("empty", answer(200, ""), Code::TargetAnswerMalformed),
        ("one account", answer(200, ALICE), Code::TargetAnswerMalformed),
        ("null", answer(200, "null"), Code::TargetAnswerMalformed),
        ("huge", answer(200, &huge), Code::TargetAnswerMalformed),
        ("truncated", answer(200, "[{\"accountId\":"), Code::TargetAnswerMalformed),
        ("no id", edited("\"accountId\"", "\"id\""), Code::TargetAnswerMalformed),
        ("empty id", edited("712020:5b10", ""), Code::TargetAnswerMalformed),
        ("endless id", edited("712020:5b10", &"7".repeat(129)), Code::TargetAnswerMalformed),
        ("active is text", edited("true", "\"true\""), Code::TargetAnswerMalformed),
        ("active is missing", edited("\"active\":true,", ""), Code::TargetAnswerMalformed),
        ("created", answer(201, &format!("[{ALICE}]")), Code::TargetAnswerMalformed),
        ("redirect", answer(302, ""), Code::TargetAnswerMalformed),
        ("absence that is none", answer(404, ABSENT), Code::TargetRefused),
        ("wrong path", answer(404, PAGE), Code::TargetRefused),
        ("bad request", answer(400, ABSENT), Code::TargetRefused),
        ("forbidden", answer(403, ABSENT), Code::TargetRefused),
        ("expired", answer(401, "text"), Code::TargetUnauthorized),
        ("throttled", answer(429, ABSENT), Code::TargetThrottled),
        ("unavailable", answer(503, PAGE), Code::TargetUnreachable),
    ] {
        let mut remote = RemoteState::default();
        let error = cloud().learn(&question, &response, &mut remote).unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
        assert_eq!(remote, RemoteState::default(), "{what}");
    }
}

fn account(id: &str) -> RemoteAccount {
    RemoteAccount {
        id: Some(AccountId::new(id.to_owned())),
        username: pii(ADDRESS),
        email: None,
        display_name: pii("Alice"),
        active: true,
        groups: BTreeSet::new(),
        profile: Profile::new(),
    }
}

#[test]
fn memberships_come_with_the_ids_of_their_groups() {
    let question = Question::Memberships { account: named(), page: Page::FIRST };
    let groups = r#"[{"name":"Staff","groupId":"g1","self":""},{"name":"b","groupId":"g2"}]"#;
    let mut remote = RemoteState { account: Some(account(ID)), ..RemoteState::default() };
    assert_eq!(cloud().learn(&question, &answer(200, groups), &mut remote), Ok(vec![]));
    let found = &remote.account.as_ref().unwrap().groups;
    assert_eq!(*found, BTreeSet::from(["Staff".to_owned(), "b".to_owned()]));
    assert_eq!(remote.directory.group_id("staff"), Some("g1"));
    // Read again after an ambiguous answer, when nothing else is known.
    let mut fresh = RemoteState::default();
    cloud().learn(&question, &answer(200, groups), &mut fresh).unwrap();
    let add = Operation::AddToGroup { account: named(), group: "STAFF".to_owned(), if_it_exists: false };
    assert!(satisfied(&add, &fresh));
    cloud().learn(&question, &answer(404, ABSENT), &mut fresh).unwrap();
    assert_eq!(fresh.account, None, "the account is gone");
    for wrong in [
        answer(200, PAGE),
        answer(200, "{}"),
        answer(200, r#"[{"name":"Staff"}]"#),
        answer(200, r#"{"size":2,"items":[]}"#),
        answer(404, PAGE),
        answer(204, ""),
    ] {
        let before = remote.clone();
        assert!(cloud().learn(&question, &wrong, &mut remote).is_err());
        assert_eq!(remote, before);
    }
}

#[test]
fn a_group_is_found_by_its_exact_name() {
    let question = Question::Group { name: "Staff".to_owned(), page: Page::FIRST };
    let read = |status, body: &str| {
        let mut remote = RemoteState::default();
        let result = cloud().learn(&question, &answer(status, body), &mut remote);
        result.map(|_| remote.directory.group_id("staff").map(str::to_owned))
    };
    let found =
        r#"{"maxResults":50,"startAt":0,"total":1,"isLast":true,"values":[{"name":"staff","groupId":"g1"}]}"#;
    assert_eq!(read(200, found), Ok(Some("g1".to_owned())));
    assert_eq!(read(200, r#"{"isLast":true,"values":[]}"#), Ok(None));
    assert_eq!(read(200, r#"{"isLast":true,"values":[{"name":"staff2","groupId":"g1"}]}"#), Ok(None));
    for (status, body, code) in [
        (200, r#"{"isLast":false,"values":[]}"#, Code::TargetAnswerMalformed),
        (200, r#"{"values":[]}"#, Code::TargetAnswerMalformed),
        (200, r#"{"isLast":true,"values":[{"name":"Staff"}]}"#, Code::TargetAnswerMalformed),
        (200, PAGE, Code::TargetAnswerMalformed),
        (200, "[]", Code::TargetAnswerMalformed),
        (404, ABSENT, Code::TargetRefused),
        (404, PAGE, Code::TargetRefused),
        (401, "", Code::TargetUnauthorized),
    ] {
        assert_eq!(read(status, body).unwrap_err().code(), code, "{status} {body}");
    }
}

#[test]
fn every_status_of_every_operation_has_a_meaning() {
    const GROUP_MADE: &str = r#"{"name":"R&D #1/ä?x=\"y\"","groupId":"g9","self":""}"#;
    let user = ALICE.replace("a@example.test", "a\\\"b+c&d@example.test");
    let table = [
        // 200, 201, 204, 400, 404, 405, 409, 412, 415, 302, HTML with 200, 403, 401, 429, 503
        (create(false), user.as_str(), "AARRrrRrrmmrut!"),
        (create(true), user.as_str(), "AARRrrRrrmmrut!"),
        (create_group(), GROUP_MADE, "AARRrrRrrmmrut!"),
        (add(false), "{}", "AAARXrRrrmmrut!"),
        (remove(), "", "AAARRrRrrmmrut!"),
        (write_marker(), "", "AAArrrrrrmmrut!"),
        (join(named()), "", "AAArXrrrrmmrut!"),
    ];
    for (operation, body, expected) in table {
        let refused = [400, 404, 405, 409, 412, 415].map(|status| answer(status, ABSENT));
        let mut responses = vec![answer(200, body), answer(201, body), answer(204, "")];
        responses.extend(refused);
        responses.extend([answer(302, ""), answer(200, PAGE)]);
        responses.extend([403, 401, 429, 503].map(|status| answer(status, PAGE)));
        let found: String = responses
            .iter()
            .map(|response| match cloud().outcome(&operation, response, &mut with_group()) {
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
        assert_eq!(found, expected, "{}", operation.kind().as_str());
    }
    let kinds = [create(false), remove()].map(|operation| operation.kind());
    assert_eq!(kinds, [OperationKind::CreateAccount, OperationKind::RemoveFromGroup]);
}

/// An account that is there already is answered like one that was made, if it has access to the site.
#[test]
fn an_account_that_was_not_found_and_is_there_is_nobodys() {
    let user = ALICE.replace("a@example.test", "a\\\"b+c&d@example.test");
    let made = |body: &str| {
        let mut remote = RemoteState::default();
        let outcome = cloud().outcome(&create(false), &answer(201, body), &mut remote);
        (outcome, remote.account.is_some())
    };
    assert_eq!(made(&user), (Outcome::Applied, true));
    for (what, body, code) in [
        ("deactivated", user.replace("true", "false"), Code::AccountInactive),
        ("of somebody else", ALICE.to_owned(), Code::AccountInactive),
        ("hidden", user.replace("emailAddress", "x"), Code::AccountInactive),
        ("without id", user.replace("712020:5b10", ""), Code::TargetAnswerMalformed),
        ("nothing", String::new(), Code::TargetAnswerMalformed),
        ("a list", format!("[{user}]"), Code::TargetAnswerMalformed),
    ] {
        let (outcome, known) = made(&body);
        let Outcome::Refused(error) = outcome else { panic!("{what}: {outcome:?}") };
        assert_eq!((error.code(), known), (code, false), "{what}");
    }
}

#[test]
fn a_group_that_is_made_is_known_by_its_id_and_one_that_is_gone_is_forgotten() {
    let made = |body: &str| {
        let mut remote = without_group();
        let outcome = cloud().outcome(&create_group(), &answer(201, body), &mut remote);
        (outcome == Outcome::Applied, remote.directory.group_id(GROUP).map(str::to_owned))
    };
    assert_eq!(made(r#"{"name":"R&D #1/Ä?x=\"y\"","groupId":"g9"}"#), (true, Some("g9".to_owned())));
    for wrong in
        ["", "{}", r#"{"name":"other","groupId":"g9"}"#, r#"{"name":"R&D #1/ä?x=\"y\"","groupId":""}"#]
    {
        assert_eq!(made(wrong), (false, None), "{wrong}");
    }
    let mut remote = with_group();
    cloud().outcome(&add(false), &answer(404, ABSENT), &mut remote);
    assert_eq!(remote.directory.group(GROUP), None);
}

#[test]
fn an_existing_organization_is_taken_unless_an_identity_provider_keeps_it() {
    let create = Operation::CreateOrganization { organization: "Acme".to_owned() };
    let mut remote = RemoteState::default();
    let made = answer(201, r#"{"id":"7","uuid":"x","name":"Acme","scimManaged":false}"#);
    assert_eq!(cloud().outcome(&create, &made, &mut remote), Outcome::Applied);
    assert_eq!(
        prepared(&join(named()), &remote),
        "POST servicedeskapi/organization/7/user\n{\"accountIds\":[\"712020:5b-10?x=y&z\"]}"
    );
    let kept = answer(201, r#"{"id":"7","uuid":"x","name":"Acme","scimManaged":true}"#);
    let Outcome::Refused(error) = cloud().outcome(&create, &kept, &mut RemoteState::default()) else {
        panic!()
    };
    assert_eq!(error.code(), Code::OrganizationRefused);
}

#[test]
fn seats_and_markers_are_read_as_on_data_center() {
    let mut remote = RemoteState::default();
    let roles = r#"[{"key":"jira-software","groups":["jira-users"],"remainingSeats":3,"hasUnlimitedSeats":false},
        {"key":"jira-core","groups":[],"remainingSeats":-1},{"key":"x","groups":["y"],"remainingSeats":9,"hasUnlimitedSeats":true}]"#;
    cloud().learn(&Question::Seats, &answer(200, roles), &mut remote).unwrap();
    assert_eq!(remote.seats.iter().map(|seats| seats.remaining).collect::<Vec<_>>(), [Some(3), None, None]);
    let marker = Question::Marker { account: named() };
    let read = |response: &HttpResponse| {
        let mut remote = RemoteState::default();
        cloud().learn(&marker, response, &mut remote).map(|_| remote.marker)
    };
    let value = |value: &str| answer(200, &format!("{{\"key\":\"samlgate\",\"value\":{value}}}"));
    assert_eq!(read(&value(r#"{"v":1}"#)), Ok(RemoteMarker::Present(Marker::default())));
    assert_eq!(read(&value(r#"{"v":2}"#)), Ok(RemoteMarker::Foreign));
    assert_eq!(read(&value("\"text\"")), Ok(RemoteMarker::Absent));
    assert_eq!(read(&answer(404, ABSENT)), Ok(RemoteMarker::Absent));
    for wrong in [answer(404, PAGE), answer(200, PAGE), answer(200, "{}"), answer(204, "")] {
        assert!(read(&wrong).is_err());
    }
    for wrong in [answer(200, "{}"), answer(404, ABSENT), answer(200, PAGE)] {
        assert!(cloud().learn(&Question::Seats, &wrong, &mut remote).is_err());
    }
}
