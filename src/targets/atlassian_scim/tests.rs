//! What is sent to the directories, and what their answers are taken for.

use std::time::Duration;

use super::*;
use crate::base::Code;
use crate::provision::{AccountKeyKind, AccountRef};
use crate::targets::endpoint::Credentials;

fn directory(kind: DirectoryKind) -> AtlassianScim {
    AtlassianScim::new(
        Endpoint {
            cluster: "atlassian".to_owned(),
            authority: "api.atlassian.com".to_owned(),
            path_prefix: "/scim/directory/4f2d".to_owned(),
            timeout: Duration::from_secs(5),
            credentials: Credentials::Injected,
        },
        kind,
    )
}

fn customers() -> AtlassianScim {
    directory(DirectoryKind::JsmCustomers)
}

fn managed() -> AtlassianScim {
    directory(DirectoryKind::ManagedUsers)
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

const ADA: &str = r#"{"id":"u1","userName":"ada@b.test","displayName":"Ada","active":true,"department":"R & D",
    "preferredLanguage":"de-AT","emails":[{"value":"ada@b.test","primary":true}],"groups":[{"value":"g1","display":"Acme"}],
    "meta":{"created":"2026-01-02T03:00:00.000Z","lastModified":"2026-01-02T03:00:01Z"}}"#;

fn answer(status: u16, body: &str) -> HttpResponse {
    let headers = vec![("content-type".to_owned(), "application/scim+json".to_owned())];
    HttpResponse { status, headers, body: body.as_bytes().to_vec() }
}

/// 401 and 403 of the gateway before the directories are no SCIM.
fn outer(status: u16) -> HttpResponse {
    answer(status, r#"{"error":"x","traceId":"7a1c9d"}"#)
}

fn known(directory: &AtlassianScim) -> RemoteState {
    let mut remote = RemoteState::default();
    let list = format!(r#"{{"totalResults":1,"Resources":[{ADA}]}}"#);
    let question = Question::Account { by: AccountKey::Username(pii("ADA@b.test")), page: Page::FIRST };
    assert_eq!(directory.learn(&question, &answer(200, &list), &mut remote), Ok(Vec::new()));
    remote
}

fn account() -> AccountRef {
    AccountRef { username: pii("ada@b.test"), id: Some(AccountId::new("u1".to_owned())) }
}

fn create(email: Option<&str>) -> Operation {
    Operation::CreateAccount {
        username: pii("ada@b.test"),
        email: email.map(pii),
        display_name: pii("Ada"),
        profile: Profile::from([
            (ProfileField::Organization, pii("Acme")),
            (ProfileField::PreferredLanguage, pii("de-AT")),
        ]),
        customer: true,
    }
}

fn update(email: Option<&str>, language: Option<&str>) -> Operation {
    let profile =
        language.map(|language| (ProfileField::PreferredLanguage, pii(language))).into_iter().collect();
    let changes = AccountChanges { email: email.map(pii), display_name: None, profile };
    Operation::UpdateAccount { account: account(), changes }
}

fn prepare(directory: &AtlassianScim, operation: &Operation, remote: &RemoteState) -> Prepared {
    directory.prepare(operation, remote, UnixTime::from_secs(0))
}

fn body(prepared: Prepared) -> String {
    let Prepared::Call(call) = prepared else { panic!("{prepared:?}") };
    format!("{} {}\n{}", call.method, call.path, String::from_utf8(call.body).unwrap())
}

#[test]
fn j2_the_two_directories_differ_in_what_they_can_do() {
    for directory in [managed(), customers()] {
        let can = directory.capabilities();
        assert_eq!(directory.name(), "atlassian_scim");
        assert_eq!(can.accounts_by, AccountKeyKind::Username);
        assert_eq!(can.profile_fields.len(), 5);
        assert!(can.reads && can.reactivates && can.creates_groups && !can.marker && !can.organizations);
    }
    assert!(!managed().capabilities().email_immutable && customers().capabilities().email_immutable);
    assert!(!managed().capabilities().renames_groups && customers().capabilities().renames_groups);
}

#[test]
fn calls_stay_within_what_the_directories_take() {
    let path = |question: &Question| customers().ask(question).path;
    let by_email = Question::Account { by: AccountKey::Email(pii("a+b@c.test")), page: Page::FIRST };
    let base = "/scim/directory/4f2d";
    assert_eq!(path(&by_email), format!("{base}/Users?filter=userName%20eq%20%22a%2Bb%40c.test%22"));
    assert_eq!(
        path(&Question::Seats),
        format!("{base}/Groups?startIndex=1&count=1&excludedAttributes=members")
    );
    let remote = known(&customers());
    let user = |language: &str| {
        format!(
            "POST {base}/Users\n{{\"active\":true,\"displayName\":\"Ada\",\
             \"emails\":[{{\"primary\":true,\"type\":\"work\",\"value\":\"ada@b.test\"}}],\"organization\":\"Acme\",\
             \"preferredLanguage\":\"{language}\",\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\
             \"userName\":\"ada@b.test\"}}"
        )
    };
    assert_eq!(body(prepare(&customers(), &create(Some("ada@b.test")), &remote)), user("de-DE"));
    assert_eq!(
        body(prepare(&managed(), &create(None), &remote)),
        user("de-AT"),
        "a user name that is an address"
    );
    assert_eq!(
        remote.account.unwrap().profile[&ProfileField::Department],
        pii("R & D"),
        "not in an extension"
    );
}

#[test]
fn j18_j19_what_cannot_change_is_not_sent() {
    let remote = known(&customers());
    let sent = |directory: &AtlassianScim, operation: &Operation| match prepare(directory, operation, &remote)
    {
        Prepared::Call(call) => String::from_utf8(call.body).unwrap(),
        Prepared::AlreadySo => String::new(),
        other => panic!("{other:?}"),
    };
    let (email, language) = (Some("new@b.test"), |tag| Some(tag));
    assert_eq!(sent(&customers(), &update(email, None)), "");
    assert!(sent(&managed(), &update(email, None)).contains("new@b.test"));
    let both = sent(&customers(), &update(email, language("fr-CA")));
    assert!(both.contains("\"fr-FR\"") && !both.contains("new@b.test"), "{both}");
    assert_eq!(sent(&customers(), &update(None, language("de-CH"))), "", "the same locale");
    assert!(sent(&managed(), &update(None, language("de-CH"))).contains("de-CH"), "managed users have any");
}

#[test]
fn j6_j23_a_group_is_made_where_its_name_is_free_and_there_is_room() {
    let directory = customers();
    let create = Operation::CreateGroup { group: "New".to_owned() };
    let mut remote = known(&directory);
    let ask = Question::Group { name: "New".to_owned(), page: Page::FIRST };
    assert_eq!(prepare(&directory, &create, &remote), Prepared::Ask(ask));
    remote.directory.learn_no_group("new");
    assert_eq!(prepare(&directory, &create, &remote), Prepared::Ask(Question::Seats));
    let page = |total: &str| {
        answer(200, &format!(r#"{{"totalResults":{total},"Resources":[{{"id":"g","displayName":"g"}}]}}"#))
    };
    for (what, hostile, code) in [
        ("not a list", answer(200, "{}"), Code::TargetAnswerMalformed),
        ("a page", answer(200, "<html>"), Code::TargetAnswerMalformed),
        ("negative", page("-1"), Code::TargetAnswerMalformed),
        ("expired key", outer(401), Code::TargetUnauthorized),
        ("another key", outer(403), Code::TargetRefused),
    ] {
        let fault = directory.learn(&Question::Seats, &hostile, &mut remote).unwrap_err();
        assert_eq!((fault.code(), remote.seats.len()), (code, 0), "{what}");
    }
    for (total, room) in [("20000", false), ("20001", false), ("19999", true), ("1", true)] {
        directory.learn(&Question::Seats, &page(total), &mut remote).unwrap();
        match prepare(&directory, &create, &remote) {
            Prepared::Call(_) => assert!(room, "{total}"),
            Prepared::Refuse(fault) => {
                assert_eq!((fault.code(), room), (Code::LimitExceeded, false), "{total}");
            }
            other => panic!("{other:?}"),
        }
    }
    directory.learn(&Question::Seats, &page("19999"), &mut remote).unwrap();
    assert_eq!(directory.outcome(&create, &answer(201, r#"{"id":"g9"}"#), &mut remote), Outcome::Applied);
    let next = Operation::CreateGroup { group: "Next".to_owned() };
    remote.directory.learn_no_group("next");
    assert!(matches!(prepare(&directory, &next, &remote), Prepared::Refuse(_)), "that was the last one");
    assert_eq!(prepare(&directory, &create, &remote), Prepared::AlreadySo);
}

#[test]
fn j8_an_account_that_was_there_is_told_from_one_that_was_made() {
    let at = |created: &str, modified: &str| {
        ADA.replace("2026-01-02T03:00:00.000Z", created).replace("2026-01-02T03:00:01Z", modified)
    };
    let same = at("2026-01-02T03:00:00Z", "2026-01-02T03:00:00Z");
    for (what, response, linked) in [
        ("made now", answer(201, ADA), false),
        ("made now", answer(201, &same), false),
        ("made before", answer(201, &at("2025-01-02T03:00:00Z", "2026-01-02T03:00:00Z")), true),
        ("made later than changed", answer(201, &at("2027-01-02T03:00:00Z", "2026-01-02T03:00:00Z")), false),
        ("no time", answer(201, &at("yesterday", "2026-01-02T03:00:00Z")), false),
        ("not created", answer(200, &same), true),
    ] {
        let mut remote = RemoteState::default();
        let outcome = customers().outcome(&create(Some("ada@b.test")), &response, &mut remote);
        assert_eq!(outcome, if linked { Outcome::AlreadySo } else { Outcome::Applied }, "{what}");
        assert_eq!(remote.account.and_then(|account| account.id), account().id, "{what}");
    }
}

#[test]
fn every_refusal_has_a_meaning() {
    let error = |status: u16, kind: &str| {
        answer(status, &format!(r#"{{"status":"{status}","scimType":"{kind}","detail":"x"}}"#))
    };
    let group = "Acme".to_owned();
    let operations = [
        create(Some("ada@b.test")),
        Operation::ReactivateAccount { account: account() },
        update(None, Some("fr")),
        Operation::CreateGroup { group: group.clone() },
        Operation::AddToGroup { account: account(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account: account(), group },
    ];
    let table = [
        // 401 403 409 400 mutability 404 429 500 page
        "urRRorsxm",
        "urRRorsxm",
        "urRRorsxm",
        "urRRorsxm",
        "urRRoSsxm",
        "urRRoRsxm",
    ];
    for (operation, expected) in operations.iter().zip(table) {
        let responses = [
            outer(401),
            outer(403),
            error(409, "uniqueness"),
            error(400, "invalidValue"),
            error(400, "mutability"),
            error(404, "x"),
            error(429, "x"),
            error(500, "x"),
            answer(200, "<html>log in</html>"),
        ];
        let found: String = responses
            .iter()
            .map(|response| match customers().outcome(operation, response, &mut known(&customers())) {
                Outcome::Reread => 'R',
                Outcome::Stale => 'S',
                Outcome::RetryAfter(_) => 's',
                Outcome::Refused(fault) => match fault.code() {
                    Code::TargetUnauthorized => 'u',
                    Code::TargetRefused => 'r',
                    Code::DirectoryReadOnly => 'o',
                    Code::TargetUnreachable => 'x',
                    Code::TargetAnswerMalformed => 'm',
                    _ => '?',
                },
                Outcome::Applied | Outcome::AlreadySo | Outcome::PassedOver => '?',
            })
            .collect();
        assert_eq!(found, expected, "{operation}");
    }
}
