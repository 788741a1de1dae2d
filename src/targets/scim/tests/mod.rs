//! What is sent to a SCIM service, byte for byte.

mod answers;
mod outcomes;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::base::{Code, Pii, Secret};
use crate::provision::{AccountChanges, Directory, Profile};
use crate::targets::endpoint::Credentials;

const HOSTILE: &str = "a\"] or \"1\" eq \"1\\ ä/../?#&";

fn service(changes: Changes, memberships: Memberships) -> Scim {
    let endpoint = Endpoint {
        cluster: "scim".to_owned(),
        authority: "scim.example.test".to_owned(),
        path_prefix: "/scim/v2".to_owned(),
        timeout: Duration::from_secs(5),
        credentials: Credentials::Bearer(Secret::new("t0ken".to_owned())),
    };
    Scim::new(endpoint, changes, memberships)
}

fn scim() -> Scim {
    service(Changes::Patch, Memberships::Automatic)
}

fn putting() -> Scim {
    service(Changes::Put, Memberships::Automatic)
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn account() -> AccountRef {
    AccountRef { username: pii("ada"), id: Some(AccountId::new("u/1".to_owned())) }
}

fn add(group: &str) -> Operation {
    Operation::AddToGroup { account: account(), group: group.to_owned(), if_it_exists: false }
}

fn remove(group: &str) -> Operation {
    Operation::RemoveFromGroup { account: account(), group: group.to_owned() }
}

fn changes() -> AccountChanges {
    AccountChanges {
        email: Some(pii("new@b.test")),
        display_name: Some(pii("A \"B\"")),
        profile: Profile::from([
            (ProfileField::Title, pii("T")),
            (ProfileField::Department, pii("R & D")),
            (ProfileField::Organization, pii("Acme")),
            (ProfileField::TimeZone, pii("Europe/Berlin")),
            (ProfileField::PreferredLanguage, pii("de-AT")),
        ]),
    }
}

fn operations() -> Vec<Operation> {
    let AccountChanges { email, display_name, profile } = changes();
    vec![
        Operation::CreateAccount {
            username: pii(HOSTILE),
            email,
            display_name: display_name.unwrap(),
            profile,
            customer: true,
        },
        Operation::ReactivateAccount { account: account() },
        Operation::UpdateAccount { account: account(), changes: changes() },
        Operation::CreateGroup { group: HOSTILE.to_owned() },
        add("staff"),
        remove("staff"),
    ]
}

/// What is known after a look-up: the group `staff` and no other, and the account.
fn known() -> RemoteState {
    let mut remote = RemoteState::default();
    let raised = scim().learn(&account_question(&account().username), &list(&[ADA]), &mut remote).unwrap();
    assert_eq!(raised, []);
    remote.directory = Directory::default();
    remote.directory.learn_group("Staff", Some("g/1"));
    remote.directory.learn_no_group(HOSTILE);
    remote
}

const ADA: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u/1","userName":"Ada","displayName":"Ada",
    "active":true,"title":"T","emails":[{"value":"home@b.test","type":"home"},{"value":"ada@b.test","type":"work","primary":true}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R & D","costCenter":"7"},
    "groups":[{"value":"g/1","display":"Staff"},{"value":"g2","display":"all","type":"indirect"}],
    "meta":{"version":"W/\"3\"","location":"x"},"custom":{"kept":1}}"#;

const STAFF: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g/1","displayName":"Staff",
    "members":[{"value":"u9","display":"Eve"}],"meta":{"version":"W/\"5\""}}"#;

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/scim+json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn list(resources: &[&str]) -> HttpResponse {
    let count = resources.len();
    let resources = resources.join(",");
    answer(
        200,
        &format!(r#"{{"totalResults":{count},"startIndex":1,"itemsPerPage":20,"Resources":[{resources}]}}"#),
    )
}

fn error(status: u16, kind: &str) -> HttpResponse {
    answer(status, &format!(r#"{{"status":"{status}","scimType":"{kind}","detail":"x"}}"#))
}

fn shown(call: &HttpCall) -> String {
    format!("{} {}\n{}", call.method, call.path, String::from_utf8_lossy(&call.body))
}

fn call(prepared: Prepared) -> HttpCall {
    let Prepared::Call(call) = prepared else { panic!("{prepared:?}") };
    call
}

fn prepare(scim: &Scim, operation: &Operation, remote: &RemoteState) -> HttpCall {
    call(scim.prepare(operation, remote, UnixTime::from_secs(0)))
}

const HOSTILE_JSON: &str = r#"a\"] or \"1\" eq \"1\\ ä/../?#&"#;

#[test]
fn operations_become_calls_byte_for_byte() {
    let remote = known();
    let calls: Vec<String> =
        operations().iter().map(|operation| shown(&prepare(&scim(), operation, &remote))).collect();
    let patch = r#""schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]"#;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let replace = |path: &str, value: &str| format!(r#"{{"op":"replace","path":"{path}","value":{value}}}"#);
    let emails =
        r#"[{"type":"home","value":"home@b.test"},{"primary":true,"type":"work","value":"new@b.test"}]"#;
    let update = [
        replace("emails", emails),
        replace("displayName", r#""A \"B\"""#),
        replace("title", r#""T""#),
        replace(&format!("{enterprise}:department"), r#""R & D""#),
        replace(&format!("{enterprise}:organization"), r#""Acme""#),
        replace("timezone", r#""Europe/Berlin""#),
        replace("preferredLanguage", r#""de-AT""#),
    ];
    assert_eq!(
        calls,
        [
            format!(
                "POST /scim/v2/Users\n{{\"active\":true,\"displayName\":\"A \\\"B\\\"\",\
                 \"emails\":[{{\"primary\":true,\"type\":\"work\",\"value\":\"new@b.test\"}}],\
                 \"preferredLanguage\":\"de-AT\",\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\",\
                 \"{enterprise}\"],\"timezone\":\"Europe/Berlin\",\"title\":\"T\",\
                 \"{enterprise}\":{{\"department\":\"R & D\",\"organization\":\"Acme\"}},\
                 \"userName\":\"{HOSTILE_JSON}\"}}"
            ),
            format!("PATCH /scim/v2/Users/u%2F1\n{{\"Operations\":[{}],{patch}}}", replace("active", "true")),
            format!("PATCH /scim/v2/Users/u%2F1\n{{\"Operations\":[{}],{patch}}}", update.join(",")),
            format!(
                "POST /scim/v2/Groups\n{{\"displayName\":\"{HOSTILE_JSON}\",\
                 \"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"]}}"
            ),
            format!(
                "PATCH /scim/v2/Groups/g%2F1\n{{\"Operations\":[{{\"op\":\"add\",\"path\":\"members\",\
                 \"value\":[{{\"value\":\"u/1\"}}]}}],{patch}}}"
            ),
            format!(
                "PATCH /scim/v2/Groups/g%2F1\n{{\"Operations\":[{{\"op\":\"remove\",\
                 \"path\":\"members[value eq \\\"u/1\\\"]\"}}],{patch}}}"
            ),
        ]
    );
}

#[test]
fn a_service_without_patch_gets_its_resources_back() {
    let mut remote = known();
    let user = |operation: &Operation, remote: &RemoteState| {
        let call = prepare(&putting(), operation, remote);
        assert_eq!((call.method, call.path.as_str()), ("PUT", "/scim/v2/Users/u%2F1"));
        let version = call.headers.iter().find(|(name, _)| name == "if-match");
        assert_eq!(version.map(|(_, value)| value.as_str()), Some("W/\"3\""));
        serde_json::from_slice::<Value>(&call.body).unwrap()
    };
    let mut expected: Value = serde_json::from_str(ADA).unwrap();
    for name in ["groups", "meta"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(user(&operations()[1], &remote), expected);
    let sent = user(&operations()[2], &remote);
    assert_eq!(sent["custom"], json!({ "kept": 1 }), "what we do not know goes back as it came");
    assert_eq!(sent[wire::ENTERPRISE]["costCenter"], "7");
    assert_eq!(sent["emails"][0]["value"], "home@b.test");
    assert_eq!(sent["emails"][1]["value"], "new@b.test");
    assert_eq!(sent["schemas"], json!([wire::USER, wire::ENTERPRISE]));

    // What was sent back once is read again before it is sent a second time.
    for response in [answer(204, ""), answer(200, "{}"), error(409, "uniqueness"), answer(412, "")] {
        let mut after = known();
        putting().outcome(&operations()[1], &response, &mut after);
        let again = putting().prepare(&operations()[2], &after, UnixTime::from_secs(0));
        assert_eq!(again, Prepared::Ask(account_question(&account().username)), "{}", response.status);
    }

    // What goes back whole comes whole: a list may show groups without their members.
    let question = Question::Group { name: "staff".to_owned(), page: Page::at("id:g/1".to_owned()) };
    let asked = putting().prepare(&add("staff"), &remote, UnixTime::from_secs(0));
    assert_eq!(asked, Prepared::Ask(question.clone()));
    assert_eq!(shown(&putting().ask(&question)), "GET /scim/v2/Groups/g%2F1\n");
    for wrong in
        [list(&[STAFF]), answer(200, "{}"), answer(200, &STAFF.replace("g/1", "g/2")), answer(200, "<p>")]
    {
        assert!(putting().learn(&question, &wrong, &mut remote).is_err(), "{wrong:?}");
    }
    let mut gone = remote.clone();
    putting().learn(&question, &error(404, ""), &mut gone).unwrap();
    assert_eq!(gone.directory.group("staff"), None, "it is looked for by name again");
    putting().learn(&question, &answer(200, STAFF), &mut remote).unwrap();
    let joined = prepare(&putting(), &add("staff"), &remote);
    assert_eq!(
        shown(&joined),
        "PUT /scim/v2/Groups/g%2F1\n{\"displayName\":\"Staff\",\"id\":\"g/1\",\
         \"members\":[{\"display\":\"Eve\",\"value\":\"u9\"},{\"value\":\"u/1\"}],\
         \"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"]}"
    );
    assert!(joined.headers.contains(&("if-match".to_owned(), "W/\"5\"".to_owned())));
    let prepared = putting().prepare(&remove("staff"), &remote, UnixTime::from_secs(0));
    assert_eq!(prepared, Prepared::AlreadySo, "no member, nothing to take out");
    let outcome = putting().outcome(&add("staff"), &answer(412, ""), &mut remote);
    assert_eq!((outcome, remote.documents.get("Groups/g/1")), (Outcome::Stale, None), "somebody was faster");
}

#[test]
fn ids_are_found_out_before_they_are_used() {
    let scim = scim();
    let at = UnixTime::from_secs(0);
    let group = |name: &str| Prepared::Ask(Question::Group { name: name.to_owned(), page: Page::FIRST });
    let mut remote = known();
    assert_eq!(scim.prepare(&add("new"), &remote, at), group("new"));
    assert_eq!(scim.prepare(&remove("new"), &remote, at), group("new"));
    let create = Operation::CreateGroup { group: "new".to_owned() };
    assert_eq!(scim.prepare(&create, &remote, at), group("new"), "a second group of a name is not made");
    remote.directory.learn_group("New", None);
    assert_eq!(scim.prepare(&create, &remote, at), Prepared::AlreadySo);
    assert_eq!(scim.prepare(&add("new"), &remote, at), group("new"), "it exists, and its id is not known");
    remote.directory.learn_no_group("gone");
    assert_eq!(scim.prepare(&remove("gone"), &remote, at), Prepared::AlreadySo);
    let by_name = Operation::AddToGroup { account: account(), group: "gone".to_owned(), if_it_exists: true };
    assert_eq!(scim.prepare(&by_name, &remote, at), Prepared::PassOver);
    let Prepared::Refuse(fault) = scim.prepare(&add("gone"), &remote, at) else { panic!() };
    assert_eq!(fault.code(), Code::TargetRefused);

    // A new account has an id only since its creation was answered.
    let named = AccountRef::named(pii("ada"));
    let join = Operation::AddToGroup { account: named, group: "staff".to_owned(), if_it_exists: false };
    let mut remote = known();
    remote.account = None;
    assert!(matches!(scim.prepare(&join, &remote, at), Prepared::Refuse(TargetError::Missing { .. })));
    for other in [ADA.to_owned(), ADA.replace("\"active\":true", "\"active\":false")] {
        let made = scim.outcome(&operations()[0], &answer(201, &other), &mut remote);
        assert_eq!(
            (made, remote.account.is_none()),
            (Outcome::Reread, true),
            "an answer about somebody else"
        );
    }
    let mut create = operations().remove(0);
    if let Operation::CreateAccount { username, .. } = &mut create {
        *username = pii("ada");
    }
    assert_eq!(scim.outcome(&create, &answer(201, ADA), &mut remote), Outcome::Applied);
    assert!(shown(&prepare(&scim, &join, &remote)).contains("\"u/1\""));
    for operation in [
        Operation::CreateOrganization { organization: "x".to_owned() },
        Operation::AddCustomer { account: account(), service_desk: "1".to_owned() },
    ] {
        assert!(matches!(scim.prepare(&operation, &remote, at), Prepared::Refuse(_)));
    }
}

#[test]
fn questions_are_filters_and_names_stay_values() {
    let scim = scim();
    let by = |by| shown(&scim.ask(&Question::Account { by, page: Page::FIRST }));
    let escaped = "a%5C%22%5D%20or%20%5C%221%5C%22%20eq%20%5C%221%5C%5C%20%C3%A4%2F..%2F%3F%23%26";
    assert_eq!(
        by(AccountKey::Username(pii(HOSTILE))),
        format!("GET /scim/v2/Users?filter=userName%20eq%20%22{escaped}%22\n")
    );
    assert_eq!(
        by(AccountKey::Email(pii("a+b@c.test"))),
        "GET /scim/v2/Users?filter=emails.value%20eq%20%22a%2Bb%40c.test%22\n"
    );
    let memberships = Question::Memberships { account: account(), page: Page::at("101".to_owned()) };
    assert_eq!(
        shown(&scim.ask(&memberships)),
        "GET /scim/v2/Groups?filter=members.value%20eq%20%22u%2F1%22&excludedAttributes=members&startIndex=101&count=100\n"
    );
    let group = |page| Question::Group { name: HOSTILE.to_owned(), page };
    let path = format!("/scim/v2/Groups?filter=displayName%20eq%20%22{escaped}%22");
    assert_eq!(scim.ask(&group(Page::FIRST)).path, format!("{path}&excludedAttributes=members"));
    let with_members = group(Page::at(WITH_MEMBERS.to_owned()));
    assert_eq!(scim.ask(&with_members).path, path);
}

#[test]
fn every_call_speaks_scim_and_nothing_of_a_browser() {
    let remote = known();
    let mut calls: Vec<HttpCall> =
        operations().iter().map(|operation| prepare(&scim(), operation, &remote)).collect();
    calls.push(scim().ask(&account_question(&account().username)));
    for call in calls {
        let headers: BTreeMap<&str, &str> =
            call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers.len(), call.headers.len());
        assert_eq!(headers["accept"], "application/scim+json");
        assert_eq!(headers["content-type"], "application/scim+json");
        assert_eq!(headers["authorization"], "Bearer t0ken");
        for name in ["cookie", "origin", "referer", "if-match"] {
            assert!(!headers.contains_key(name), "{name}");
        }
        assert!(call.path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    assert!(!format!("{:?}", scim()).contains("t0ken"));
}
