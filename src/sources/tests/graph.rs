//! Microsoft Graph.

use serde_json::{Value, json as value};

use super::super::cursor::DeltaToken;
use super::super::graph::{Graph, GraphOptions};
use super::super::{End, Key, Next, Pull, Source, SourceError};
use super::{NOW, endpoint, expected, graph, json, names, next, odd, read, start};
use crate::base::Code;

const DELTA: Pull = Pull::Full { then_delta: true };

fn page(people: &[Value], link: Option<(&str, &str)>) -> Value {
    let mut page =
        value!({ "@odata.context": "https://id.example.com/v1.0/$metadata#users", "value": people });
    if let (Some((name, link)), Some(fields)) = (link, page.as_object_mut()) {
        fields.insert(name.to_owned(), value!(link));
    }
    page
}

fn user(id: &str) -> Value {
    value!({ "id": id, "userPrincipalName": format!("{id}@example.com"), "accountEnabled": true })
}

const NEXT: &str = "@odata.nextLink";
const DELTA_LINK: &str = "@odata.deltaLink";

#[test]
fn pages_are_followed_to_the_one_that_names_no_other() {
    let source = graph();
    let first = start(&source);
    let path = source.page(&first).path;
    assert!(path.starts_with("/v1.0/users?$select=id%2CaccountEnabled%2C"), "{path}");
    assert!(path.contains("mobilePhone") && path.ends_with("&$top=100"), "{path}");
    let link = "https://id.example.com/v1.0/users?$skiptoken=1";
    let found = read(&source, &first, &page(&[user("a"), user("b")], Some((NEXT, link)))).unwrap();
    assert_eq!(names(&found.people), ["a@example.com", "b@example.com"]);
    let second = next(found);
    assert_eq!(source.page(&second).path, "/v1.0/users?$skiptoken=1");
    // Graph may leave a page empty.
    let link = "https://id.example.com/v1.0/users?$skiptoken=2";
    let third = next(read(&source, &second, &page(&[], Some((NEXT, link)))).unwrap());
    let last = read(&source, &third, &page(&[user("c")], None)).unwrap();
    let Next::End(End { whole: Some(whole), delta: None }) = last.next else { panic!("{:?}", last.next) };
    assert_eq!(whole.entries(), 3);
}

#[test]
fn a_token_for_changes_is_taken_before_anybody_is_listed() {
    let source = graph();
    let cursor = source.start(&DELTA, NOW).unwrap();
    let path = source.page(&cursor).path;
    assert!(path.starts_with("/v1.0/users/delta?") && path.ends_with("&$deltatoken=latest"), "{path}");
    let link = "https://id.example.com/v1.0/users/delta?$deltatoken=now";
    let people = next(read(&source, &cursor, &page(&[], Some((DELTA_LINK, link)))).unwrap());
    assert!(source.page(&people).path.starts_with("/v1.0/users?"));
    let last = read(&source, &people, &page(&[user("a")], None)).unwrap();
    let Next::End(End { whole: Some(_), delta: Some(token) }) = last.next else { panic!("{:?}", last.next) };

    let changes = source.start(&Pull::Delta(token), NOW).unwrap();
    assert_eq!(source.page(&changes).path, "/v1.0/users/delta?$deltatoken=now");
    let told = [
        user("a"),
        value!({ "id": "b", "jobTitle": "Boss" }),
        value!({ "id": "c", "@removed": { "reason": "changed" } }),
    ];
    let link = "https://id.example.com/v1.0/users/delta?$skiptoken=2";
    let found = read(&source, &changes, &page(&told, Some((NEXT, link)))).unwrap();
    // Only what changed is certainly told, so everybody is read anew.
    assert!(found.people.is_empty());
    assert_eq!(
        (found.changed.as_slice(), found.gone.as_slice()),
        (["a", "b"].map(str::to_owned).as_slice(), ["c".to_owned()].as_slice())
    );
    let second = next(found);
    let link = "https://id.example.com/v1.0/users/delta?$deltatoken=later";
    let end = read(&source, &second, &page(&[], Some((DELTA_LINK, link)))).unwrap().next;
    assert!(
        matches!(end, Next::End(End { whole: None, delta: Some(_) })),
        "a delta proves nothing about others"
    );
}

#[test]
fn a_delta_that_is_forgotten_or_planted_means_everything_is_pulled() {
    let source = graph();
    for token in [
        "",
        "/v1.0/users?$deltatoken=1",
        "/v1.0/users/../groups/delta",
        "/beta/users/delta?x",
        "https://evil.example/v1.0/users/delta",
        "@evil.example/v1.0/users/delta",
        "/v1.0/users/delta?x\r\nx-evil: 1",
        "/v1.0/users/delta/../../../admin",
    ] {
        let found = source.start(&Pull::Delta(DeltaToken(token.to_owned())), NOW);
        assert_eq!(found, Err(SourceError::DeltaExpired), "{token}");
    }
    let token = DeltaToken("/v1.0/users/delta?$deltatoken=old".to_owned());
    let cursor = source.start(&Pull::Delta(token), NOW).unwrap();
    for status in [400, 410] {
        let gone = json(status, &value!({ "error": { "code": "syncStateNotFound" } }));
        assert_eq!(source.read(&cursor, &gone, NOW), Err(SourceError::DeltaExpired), "{status}");
        // The same words about a full pull are a refusal.
        let full = source.read(&start(&source), &gone, NOW).unwrap_err();
        assert_eq!(full.code(), Code::SourceRefused);
    }
}

#[test]
fn a_page_never_leads_elsewhere_or_in_a_circle() {
    let source = graph();
    let first = start(&source);
    for link in [
        "https://evil.example/v1.0/users?$skiptoken=1",
        "https://id.example.com/beta/users?$skiptoken=1",
        "https://id.example.com/v1.0/../admin",
        "//evil.example/v1.0/users",
        "/v1.0/users?$skiptoken=1",
        "",
    ] {
        let found = read(&source, &first, &page(&[user("a")], Some((NEXT, link)))).unwrap_err();
        assert_eq!(found.code(), Code::SourceLinkRefused, "{link}");
        let token = source.start(&DELTA, NOW).unwrap();
        let found = read(&source, &token, &page(&[], Some((DELTA_LINK, link)))).unwrap_err();
        assert_eq!(found.code(), Code::SourceLinkRefused, "{link}");
        let alice = source.read(&first, &json(200, &page(&[user("a")], None)), NOW).unwrap().people.remove(0);
        let groups = source.groups_of(&alice).unwrap();
        let answer = json(200, &page(&[], Some((NEXT, link))));
        assert_eq!(source.read_groups(&groups, &answer, NOW).unwrap_err().code(), Code::SourceLinkRefused);
    }
    let link = "https://id.example.com/v1.0/users?$skiptoken=1";
    let circle = page(&[user("a")], Some((NEXT, link)));
    let second = next(read(&source, &first, &circle).unwrap());
    let found = read(&source, &second, &circle).unwrap_err();
    assert_eq!(found.code(), Code::SourceEndless);
}

#[test]
fn an_end_that_is_none_proves_nothing() {
    let source = graph();
    let (full, delta) = (start(&source), source.start(&DELTA, NOW).unwrap());
    let link = "https://id.example.com/v1.0/users/delta?$deltatoken=1";
    let both = value!({ "@odata.context": "c", NEXT: link, DELTA_LINK: link, "value": [user("a")] });
    assert!(read(&source, &full, &both).is_err());
    assert!(
        read(&source, &full, &page(&[user("a")], Some((DELTA_LINK, link)))).is_err(),
        "not what was asked"
    );
    assert!(read(&source, &delta, &page(&[user("a")], None)).is_err(), "no token");
    assert_eq!(
        read(&source, &full, &page(&[], None)),
        Err(SourceError::Incomplete { found: 0, expected: 1 }),
        "a tenant without anybody"
    );
    // Somebody's list that is not Graph's.
    assert!(read(&source, &full, &value!({ "value": [user("a")] })).is_err());
    assert!(read(&source, &full, &value!({ "@odata.context": "c" })).is_err());
    assert!(read(&source, &full, &value!({ "@odata.context": "c", "value": null })).is_err());
}

#[test]
fn people_who_are_half_described_are_not_guessed() {
    let source = graph();
    let one = |user: Value| read(&source, &start(&source), &page(&[user], None));
    let disabled = value!({ "id": "a", "userPrincipalName": "a", "accountEnabled": false, "mail": " ", "displayName": null });
    let found = one(disabled).unwrap();
    assert!(!found.people[0].active);
    assert_eq!((found.people[0].email.as_ref(), found.people[0].display_name.as_ref()), (None, None));
    for user in [
        value!({ "id": "a", "userPrincipalName": "a" }),
        value!({ "id": "a", "userPrincipalName": "a", "accountEnabled": null }),
        value!({ "id": "a", "userPrincipalName": "a", "accountEnabled": "true" }),
    ] {
        let alone = source.looked_up(&Key::Id("a".to_owned()), &json(200, &user), NOW);
        assert!(matches!(alone, Err(SourceError::Odd { .. })), "{alone:?}");
        assert_eq!(odd(one(user)), ("a".to_owned(), "`accountEnabled`"));
    }
    for user in [
        value!({ "userPrincipalName": "a", "accountEnabled": true }),
        value!({ "id": "", "userPrincipalName": "a", "accountEnabled": true }),
        value!({ "id": 7, "userPrincipalName": "a", "accountEnabled": true }),
        value!({ "id": "a\r\nb", "userPrincipalName": "a", "accountEnabled": true }),
        value!({ "id": "x".repeat(257), "userPrincipalName": "a", "accountEnabled": true }),
    ] {
        expected(one(user));
    }
    for name in [value!(null), value!(""), value!("  "), value!(7.5), value!({ "x": 1 })] {
        let found = one(value!({ "id": "a", "userPrincipalName": name, "accountEnabled": true }));
        let found = found.map(|found| (found.people.len(), found.nameless));
        // A number is a name, if an odd one.
        assert!(found == Ok((0, 1)) || name == value!(7.5), "{name}: {found:?}");
    }
}

#[test]
fn groups_whose_names_may_not_be_read_are_not_left_out() {
    let source = graph();
    let alice = read(&source, &start(&source), &page(&[user("a")], None)).unwrap().people.remove(0);
    let cursor = source.groups_of(&alice).unwrap();
    let path = source.page(&cursor).path;
    assert_eq!(path, "/v1.0/users/a/transitiveMemberOf?$select=id%2CdisplayName&$top=999");
    let groups = |entry: Value| {
        let read = source.read_groups(&cursor, &json(200, &page(&[entry], None)), NOW);
        read.map(|read| read.groups.len())
    };
    let of = |kind: &str, name: Value| value!({ "@odata.type": kind, "id": "g", "displayName": name });
    assert_eq!(groups(of("#microsoft.graph.group", value!("G"))), Ok(1));
    assert_eq!(groups(of("#microsoft.graph.directoryRole", value!(null))), Ok(0), "no group");
    for entry in [
        of("#microsoft.graph.group", value!(null)),
        of("#microsoft.graph.group", value!(" ")),
        value!({ "id": "g", "displayName": "G" }),
        value!({ "@odata.type": "#microsoft.graph.group", "displayName": "G" }),
    ] {
        assert!(matches!(groups(entry.clone()), Err(SourceError::Odd { .. })), "{entry}");
    }
    let gone = json(404, &value!({ "error": { "code": "Request_ResourceNotFound" } }));
    assert_eq!(source.read_groups(&cursor, &gone, NOW), Err(SourceError::Vanished));
}

#[test]
fn one_person_is_asked_for_by_id_or_name_and_among_the_chosen_only() {
    let options = GraphOptions {
        page_size: 100,
        filter: Some("userType eq 'Member'".to_owned()),
        username: "mail".to_owned(),
        attributes: Vec::new(),
        nested_groups: false,
    };
    let source = Graph::new(endpoint("/v1.0"), options);
    let call = source.look_up(&Key::Username("o'neil@example.com".to_owned()));
    let filter =
        "$filter=%28userType%20eq%20%27Member%27%29%20and%20mail%20eq%20%27o%27%27neil%40example.com%27";
    assert!(call.path.contains(filter), "{}", call.path);
    let by_id = source.look_up(&Key::Id("a' or id ne '".to_owned()));
    let filter =
        "$filter=%28userType%20eq%20%27Member%27%29%20and%20id%20eq%20%27a%27%27%20or%20id%20ne%20%27%27%27&";
    assert!(by_id.path.contains(filter), "{}", by_id.path);
    // Without these Graph refuses filters on most properties.
    for call in [call, by_id, source.page(&start(&source))] {
        assert!(call.path.contains("$count=true"));
        assert!(call.headers.contains(&("consistencylevel".to_owned(), "eventual".to_owned())));
    }
    // A delta tells of everybody who changed: a guest is not among the chosen, and comes in by no delta.
    let mut guest = user("a");
    guest["mail"] = value!("a@example.com");
    let by_id = |answer: &Value| source.looked_up(&Key::Id("a".to_owned()), &json(200, answer), NOW);
    assert_eq!(by_id(&page(&[], None)), Ok(None));
    assert!(by_id(&page(core::slice::from_ref(&guest), None)).unwrap().is_some());
    let later = Some((NEXT, "https://id.example.com/v1.0/users?1"));
    for answer in
        [guest.clone(), page(&[], later), page(&[user("b")], None), page(&[guest.clone(), guest], None)]
    {
        assert!(by_id(&answer).is_err(), "{answer}");
    }
    let gone = json(404, &value!({ "error": { "code": "Request_ResourceNotFound", "message": "m" } }));
    let source = graph();
    assert_eq!(source.looked_up(&Key::Id("a".to_owned()), &gone, NOW), Ok(None));
    let wrong = json(404, &value!({ "error": { "code": "UnknownError" } }));
    assert!(source.looked_up(&Key::Id("a".to_owned()), &wrong, NOW).is_err());
    let name = Key::Username("a".to_owned());
    assert_eq!(source.looked_up(&name, &json(200, &page(&[], None)), NOW), Ok(None));
    let more = page(&[], Some((NEXT, "https://id.example.com/v1.0/users?1")));
    assert!(source.looked_up(&name, &json(200, &more), NOW).is_err(), "perhaps on the next page");
}
