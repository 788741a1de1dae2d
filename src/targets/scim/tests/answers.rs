//! What answers to questions are believed.

use std::collections::BTreeSet;

use super::*;

fn find(scim: &Scim, response: &HttpResponse) -> Result<(RemoteState, Vec<Question>), TargetError> {
    let mut remote = RemoteState::default();
    let raised = scim.learn(&account_question(&account().username), response, &mut remote)?;
    Ok((remote, raised))
}

#[test]
fn an_account_is_read_whole_in_any_dialect() {
    let (remote, raised) = find(&scim(), &list(&[ADA])).unwrap();
    assert_eq!(raised, []);
    let account = remote.account.unwrap();
    assert_eq!(account.id, Some(AccountId::new("u/1".to_owned())));
    assert_eq!(account.username.expose(), "Ada");
    assert_eq!(account.email.unwrap().expose(), "ada@b.test");
    assert_eq!(account.groups, BTreeSet::from(["Staff".to_owned()]), "not what comes by other groups");
    assert_eq!(account.profile.len(), 2);
    assert_eq!(remote.directory.group_id("staff"), Some("g/1"));

    let edited = |from: &str, to: &str| {
        assert!(ADA.contains(from), "{from}");
        find(&scim(), &list(&[&ADA.replace(from, to)])).unwrap().0.account.unwrap()
    };
    assert!(!edited("\"active\":true", "\"active\":\"False\"").active);
    assert!(!edited("\"active\":true", "\"Active\":false").active);
    assert!(edited("\"active\":true,", "").active, "a service that has no deactivated users");
    assert_eq!(edited("userName", "USERNAME").username.expose(), "Ada");
    assert_eq!(
        edited("\"type\":\"work\",\"primary\":true", "\"type\":\"Work\"").email,
        Some(pii("ada@b.test"))
    );
    assert_eq!(edited(",\"type\":\"work\",\"primary\":true", "").email, Some(pii("home@b.test")));
    assert_eq!(edited("\"displayName\":\"Ada\"", "\"displayName\":null").display_name, pii(""));
    let formatted = "\"name\":{\"formatted\":\"Ada A\"}";
    assert_eq!(edited("\"displayName\":\"Ada\"", formatted).display_name, pii("Ada A"));
    let parts = "\"name\":{\"familyName\":\"A\",\"givenName\":\"Ada\"}";
    assert_eq!(edited("\"displayName\":\"Ada\"", parts).display_name, pii("Ada A"));

    let none = r#"{"totalResults":0}"#;
    for empty in [none, r#"{"totalResults":"0","Resources":[]}"#, r#"{"TotalResults":0,"resources":null}"#] {
        assert_eq!(find(&scim(), &answer(200, empty)).unwrap().0.account, None, "{empty}");
    }
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let other = ADA.replace("\"userName\":\"Ada\"", "\"userName\":\"Adam\"");
    let edited = |from: &str, to: &str| {
        assert!(ADA.contains(from), "{from}");
        list(&[&ADA.replace(from, to)])
    };
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"totalResults\":0,\"x\":\"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let html = HttpResponse {
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        ..answer(200, "{\"totalResults\":0}")
    };
    for (what, response) in [
        ("page", answer(200, "<html>log in</html>")),
        ("json declared as a page", html),
        ("empty", answer(200, "")),
        ("empty object", answer(200, "{}")),
        ("array", answer(200, "[]")),
        ("null", answer(200, "null")),
        ("the user itself", answer(200, ADA)),
        ("an error with 200", error(200, "x")),
        ("deep", answer(200, &deep)),
        ("huge", answer(200, &huge)),
        ("filter ignored", list(&[ADA, &other])),
        ("another account", list(&[&other])),
        ("two of one name", list(&[ADA, ADA])),
        ("hits that are not shown", answer(200, r#"{"totalResults":1,"Resources":[]}"#)),
        ("hits that are not all shown", answer(200, &format!(r#"{{"totalResults":2,"Resources":[{ADA}]}}"#))),
        ("more shown than there are", answer(200, &format!(r#"{{"totalResults":0,"Resources":[{ADA}]}}"#))),
        ("another page", answer(200, &format!(r#"{{"totalResults":1,"startIndex":2,"Resources":[{ADA}]}}"#))),
        ("resources are one object", answer(200, &format!(r#"{{"totalResults":1,"Resources":{ADA}}}"#))),
        ("negative total", answer(200, r#"{"totalResults":-1}"#)),
        ("total is text", answer(200, r#"{"totalResults":"many"}"#)),
        ("no id", edited("\"id\":\"u/1\",", "")),
        ("id is a number", edited("\"id\":\"u/1\"", "\"id\":1")),
        ("empty id", edited("\"id\":\"u/1\"", "\"id\":\" \"")),
        ("no user name", edited("\"userName\":\"Ada\",", "")),
        ("active is a number", edited("\"active\":true", "\"active\":1")),
        ("active is a word", edited("\"active\":true", "\"active\":\"yes\"")),
        (
            "truncated",
            answer(200, list(&[ADA]).body.get(..200).map(|b| core::str::from_utf8(b).unwrap()).unwrap()),
        ),
        ("created", answer(201, r#"{"totalResults":0}"#)),
        ("redirect", answer(302, "")),
    ] {
        let fault = find(&scim(), &response).unwrap_err();
        assert_eq!(fault.code(), Code::TargetAnswerMalformed, "{what}: {fault}");
    }
    // An absence that is no list: a wrong base address, which would make everybody look new.
    for (status, code) in [
        (404, Code::TargetRefused),
        (400, Code::TargetRefused),
        (401, Code::TargetUnauthorized),
        (403, Code::TargetRefused),
        (429, Code::TargetThrottled),
        (503, Code::TargetUnreachable),
    ] {
        assert_eq!(find(&scim(), &error(status, "x")).unwrap_err().code(), code, "{status}");
    }
    let nameless = edited("\"display\":\"Staff\"", "\"display\":null");
    let user_only = service(Changes::Patch, Memberships::User);
    assert_eq!(find(&user_only, &nameless).unwrap_err().code(), Code::TargetAnswerMalformed);
}

#[test]
fn memberships_are_read_where_the_service_has_them() {
    let groupless = ADA.replace("\"groups\":", "\"gruppen\":");
    let by_filter = Question::Memberships { account: account_of("Ada"), page: Page::FIRST };
    let raised = |memberships: Memberships, user: &str| {
        find(&service(Changes::Patch, memberships), &list(&[user])).unwrap()
    };
    assert_eq!(raised(Memberships::Automatic, &groupless).1, std::slice::from_ref(&by_filter));
    assert_eq!(raised(Memberships::MemberFilter, ADA).1, std::slice::from_ref(&by_filter));
    assert_eq!(raised(Memberships::MemberFilter, ADA).0.account.unwrap().groups, BTreeSet::new());
    assert_eq!(raised(Memberships::User, &groupless).1, []);
    let nameless = ADA.replace("\"display\":\"Staff\"", "\"$ref\":\"x\"");
    assert_eq!(raised(Memberships::Automatic, &nameless).1, std::slice::from_ref(&by_filter));
    let listed = Memberships::Groups(vec!["staff".to_owned(), "other".to_owned()]);
    let (mut remote, questions) = raised(listed.clone(), ADA);
    assert_eq!(questions.len(), 2);
    let listed = service(Changes::Patch, listed);
    let with_ada = STAFF.replace("u9", "u/1");
    listed.learn(&questions[0], &list(&[&with_ada]), &mut remote).unwrap();
    listed.learn(&questions[1], &list(&[]), &mut remote).unwrap();
    assert_eq!(remote.account.as_ref().unwrap().groups, BTreeSet::from(["Staff".to_owned()]));
    assert_eq!(remote.directory.group("other"), Some(&Known::Absent));
    assert_eq!(remote.documents.len(), 1, "groups of others are not kept for nothing");

    // Pages, by what came and not by what was promised.
    let (mut remote, _) = raised(Memberships::Automatic, &groupless);
    let page = |start: u64, names: &[&str]| {
        let groups: Vec<String> =
            names.iter().map(|name| format!(r#"{{"id":"{name}","displayName":"{name}"}}"#)).collect();
        let groups = groups.join(",");
        answer(
            200,
            &format!(
                r#"{{"totalResults":3,"startIndex":{start},"itemsPerPage":100,"Resources":[{groups}]}}"#
            ),
        )
    };
    let next = scim().learn(&by_filter, &page(1, &["a", "b"]), &mut remote).unwrap();
    let second = Question::Memberships { account: account_of("Ada"), page: Page::at("3".to_owned()) };
    assert_eq!(next, std::slice::from_ref(&second));
    for (what, hostile) in [
        ("the first page again", page(1, &["a", "b"])),
        ("nothing", page(3, &[])),
        ("no names", answer(200, r#"{"totalResults":3,"startIndex":3,"Resources":[{"id":"c"}]}"#)),
        ("refused", error(400, "invalidFilter")),
    ] {
        let before = remote.clone();
        assert!(scim().learn(&second, &hostile, &mut remote).is_err(), "{what}");
        assert_eq!(remote, before, "{what}");
    }
    assert_eq!(scim().learn(&second, &page(3, &["c"]), &mut remote).unwrap(), []);
    let groups = remote.account.unwrap().groups;
    assert_eq!(groups, BTreeSet::from(["a".to_owned(), "b".to_owned(), "c".to_owned()]));
}

fn account_of(username: &str) -> AccountRef {
    AccountRef { username: pii(username), ..account() }
}

#[test]
fn an_address_leads_to_one_account_or_to_none() {
    let email = Question::Account { by: AccountKey::Email(pii("ADA@b.test")), page: Page::FIRST };
    let twin = ADA.replace("\"userName\":\"Ada\"", "\"userName\":\"ada2\"");
    // The service compares any address, we only the one that counts.
    let other = ADA.replace("ada@b.test", "eve@b.test").replace("home@b.test", "ada@b.test");
    for (what, response, found, ambiguous) in [
        ("one", list(&[ADA]), true, false),
        ("none", list(&[]), false, false),
        ("an address that does not count", list(&[&other]), false, false),
        ("two", list(&[ADA, &twin]), false, true),
        (
            "more than shown",
            answer(200, &format!(r#"{{"totalResults":5,"Resources":[{ADA}]}}"#)),
            false,
            true,
        ),
    ] {
        let mut remote = RemoteState::default();
        scim().learn(&email, &response, &mut remote).unwrap();
        assert_eq!((remote.account.is_some(), remote.ambiguous), (found, ambiguous), "{what}");
    }
}

#[test]
fn a_group_exists_only_when_the_service_shows_it() {
    let question = Question::Group { name: "staff".to_owned(), page: Page::FIRST };
    let learn = |response: &HttpResponse| {
        let mut remote = RemoteState::default();
        scim().learn(&question, response, &mut remote).map(|_| remote.directory)
    };
    assert_eq!(learn(&list(&[STAFF])).unwrap().group_id("staff"), Some("g/1"));
    assert_eq!(learn(&list(&[])).unwrap().group("staff"), Some(&Known::Absent));
    let lower = STAFF.replace("Staff", "staff").replace("g/1", "g2");
    assert_eq!(learn(&list(&[STAFF, &lower])).unwrap().group_id("staff"), Some("g2"), "the same spelling");
    for (what, response) in [
        ("another", list(&[&STAFF.replace("Staff", "Stuff")])),
        ("two in other spellings", list(&[STAFF, &STAFF.replace("Staff", "STAFF")])),
        ("two in this spelling", list(&[&lower, &lower])),
        ("no id", list(&[&STAFF.replace("\"id\":\"g/1\",", "")])),
        ("more than shown", answer(200, &format!(r#"{{"totalResults":2,"Resources":[{STAFF}]}}"#))),
        ("page", answer(200, "<!DOCTYPE html>")),
        ("absent", answer(404, "{}")),
    ] {
        assert!(learn(&response).is_err(), "{what}");
    }
}
