//! Okta.

use serde_json::{Value, json as value};

use super::super::cursor::DeltaToken;
use super::super::okta::{Okta, OktaOptions};
use super::super::{End, Key, Next, PageRead, Pull, Source, SourceError};
use super::{NOW, endpoint, expected, json, names, next, odd, okta, raw, start};
use crate::base::Code;

const SELF: &str = r#"<https://id.example.com/api/v1/users?limit=200>; rel="self""#;

fn user(id: &str) -> Value {
    value!({ "id": id, "status": "ACTIVE", "profile": { "login": format!("{id}@example.com"), "email": "e" } })
}

fn answer(users: &[Value], links: &[&str]) -> Result<PageRead, SourceError> {
    let headers: Vec<(&str, &str)> = links.iter().map(|link| ("link", *link)).collect();
    okta().read(&start(&okta()), &raw(200, &headers, value!(users).to_string()), NOW)
}

#[test]
fn pages_are_followed_to_the_one_that_names_only_itself() {
    let source = okta();
    assert_eq!(source.page(&start(&source)).path, "/api/v1/users?limit=200");
    let following = r#"<https://id.example.com/api/v1/users?after=00u1&limit=200>; rel="next""#;
    let both = format!("{SELF}, {following}");
    // One header with both, or one each, in either order.
    for links in [vec![both.as_str()], vec![SELF, following], vec![following, SELF]] {
        let found = answer(&[user("a"), user("b")], &links).unwrap();
        assert_eq!(names(&found.people), ["a@example.com", "b@example.com"]);
        let second = next(found);
        assert_eq!(source.page(&second).path, "/api/v1/users?after=00u1&limit=200");
        let last = source.read(&second, &raw(200, &[("link", SELF)], value!([user("c")]).to_string()), NOW);
        let Next::End(End { whole: Some(whole), delta: None }) = last.unwrap().next else { panic!() };
        assert_eq!(whole.entries(), 3);
    }
}

/// A proxy that drops `link` makes every page look like the last one.
#[test]
fn a_page_without_links_is_not_the_last() {
    assert_eq!(expected(answer(&[user("a")], &[])), "a `link` header");
    let other = r#"<https://id.example.com/style.css>; rel="preload""#;
    assert_eq!(expected(answer(&[user("a")], &[other])), "a `link` header");
    assert_eq!(
        answer(&[], &[SELF]),
        Err(SourceError::Incomplete { found: 0, expected: 1 }),
        "an organization without anybody"
    );
}

/// The same of groups: those of the pages after it would be taken away.
#[test]
fn groups_of_a_page_without_links_are_not_all() {
    let source = okta();
    let alice = answer(&[user("a")], &[SELF]).unwrap().people.remove(0);
    let cursor = source.groups_of(&alice).unwrap();
    let groups = value!([{ "id": "g", "profile": { "name": "G" } }]).to_string();
    let read = |links: &[(&str, &str)]| source.read_groups(&cursor, &raw(200, links, &groups), NOW);
    assert!(read(&[("link", SELF)]).is_ok_and(|read| read.next.is_none()));
    let following = r#"<https://id.example.com/api/v1/users/a/groups?after=g>; rel="next""#;
    assert!(read(&[("link", following)]).is_ok_and(|read| read.next.is_some()));
    let other = r#"<https://id.example.com/style.css>; rel="preload""#;
    for links in [vec![], vec![("link", other)]] {
        assert!(matches!(read(&links), Err(SourceError::Odd { .. })), "{links:?}");
    }
}

#[test]
fn links_that_cannot_be_read_or_lead_elsewhere_are_refused() {
    let many = format!("{SELF}, ").repeat(20);
    for link in [
        "https://id.example.com/api/v1/users?after=1; rel=next",
        "<https://id.example.com/api/v1/users?after=1",
        "<https://id.example.com/api/v1/users?after=1>",
        "<https://id.example.com/a>; rel=next, <https://id.example.com/b>; rel=next",
        "nonsense",
        many.as_str(),
    ] {
        assert_eq!(
            expected(answer(&[user("a")], &[SELF, link])),
            "`link` headers that can be read",
            "{link}"
        );
    }
    for link in [
        r#"<https://evil.example/api/v1/users?after=1>; rel="next""#,
        r#"<https://id.example.com@evil.example/api/v1/users>; rel="next""#,
        r#"<https://id.example.com:8443/api/v1/users>; rel="next""#,
        r#"</api/v1/users?after=1>; rel="next""#,
        r#"<//evil.example/api/v1/users>; rel="next""#,
        r#"<https://id.example.com/api/v1/../../admin>; rel="next""#,
        r#"<>; rel="next""#,
    ] {
        let found = answer(&[user("a")], &[SELF, link]).unwrap_err();
        assert_eq!(found.code(), Code::SourceLinkRefused, "{link}");
    }
    let circle = r#"<https://id.example.com/api/v1/users?after=1>; rel="next""#;
    let second = next(answer(&[user("a")], &[SELF, circle]).unwrap());
    let again = raw(200, &[("link", circle)], value!([user("b")]).to_string());
    assert_eq!(okta().read(&second, &again, NOW).unwrap_err().code(), Code::SourceEndless);
}

#[test]
fn who_is_locked_out_keeps_the_account_and_an_unknown_status_is_not_guessed() {
    for (status, active) in [
        ("ACTIVE", Some(true)),
        ("LOCKED_OUT", Some(true)),
        ("PASSWORD_EXPIRED", Some(true)),
        ("RECOVERY", Some(true)),
        ("PROVISIONED", Some(true)),
        ("SUSPENDED", Some(false)),
        ("STAGED", Some(false)),
        ("DEPROVISIONED", Some(false)),
        ("active", None),
        ("ON_LEAVE", None),
        ("", None),
    ] {
        let user = value!({ "id": "a", "status": status, "profile": { "login": "a" } });
        let found = answer(&[user], &[SELF]);
        match active {
            Some(active) => assert_eq!(found.unwrap().people[0].active, active, "{status}"),
            None => assert_eq!(odd(found), ("a".to_owned(), "a known `status`"), "{status}"),
        }
    }
    // One whose entry is odd keeps nobody else waiting.
    let strange = value!({ "id": "a", "status": true, "profile": { "login": "a" } });
    let found = answer(&[user("b"), strange, user("c")], &[SELF]).unwrap();
    assert_eq!(names(&found.people), ["b@example.com", "c@example.com"]);
    assert!(matches!(found.next, Next::End(End { whole: Some(_), .. })));
    assert_eq!(odd(answer(&[value!({ "id": "a", "profile": { "login": "a" } })], &[SELF])).0, "a");
    assert_eq!(
        answer(&[value!({ "id": "a", "status": "ACTIVE" })], &[SELF]).map(|found| found.nameless),
        Ok(1)
    );
    for user in [
        value!({ "status": "ACTIVE", "profile": { "login": "a" } }),
        value!({ "id": "", "status": "ACTIVE", "profile": { "login": "a" } }),
    ] {
        expected(answer(&[user], &[SELF]));
    }
    let nameless = value!({ "id": "a", "status": "ACTIVE", "profile": { "email": "a@example.com" } });
    let found = answer(&[nameless], &[SELF]).unwrap();
    assert_eq!((found.people.len(), found.nameless), (0, 1));
}

#[test]
fn changes_are_searched_for_from_before_the_last_pull() {
    let options = OktaOptions {
        page_size: 200,
        search: Some("profile.department eq \"IT\" or profile.vip eq true".to_owned()),
        username: "login".to_owned(),
    };
    let source = Okta::new(endpoint(""), options);
    let cursor = source.start(&Pull::Full { then_delta: true }, NOW).unwrap();
    let last = source.read(&cursor, &raw(200, &[("link", SELF)], value!([user("a")]).to_string()), NOW);
    let Next::End(End { whole: Some(_), delta: Some(token) }) = last.unwrap().next else { panic!() };
    let changes = source.start(&Pull::Delta(token), NOW).unwrap();
    let path = source.page(&changes).path;
    // What the operator chose stays one term.
    let search = "search=%28profile.department%20eq%20%22IT%22%20or%20profile.vip%20eq%20true%29%20and%20\
                  lastUpdated%20gt%20%222025-12-31T23%3A50%3A00Z%22";
    assert!(path.ends_with(search), "{path}");
    let end = source.read(&changes, &raw(200, &[("link", SELF)], "[]"), NOW).unwrap().next;
    assert!(
        matches!(end, Next::End(End { whole: None, delta: Some(_) })),
        "nobody changed, and nobody is gone"
    );
    // A clock that was ahead: what changed meanwhile would be passed over.
    for (token, usable) in
        [("2026-01-01T00:00:00Z", true), ("2026-01-01T00:00:01Z", false), ("2031-01-01T00:00:00Z", false)]
    {
        assert_eq!(source.start(&Pull::Delta(DeltaToken(token.to_owned())), NOW).is_ok(), usable, "{token}");
    }
    for token in ["", "yesterday", "2026-01-01T00:00:00Z\" or id pr or \"", "2026-01-01", "/users/delta"] {
        let found = source.start(&Pull::Delta(DeltaToken(token.to_owned())), NOW);
        assert_eq!(found, Err(SourceError::DeltaExpired), "{token}");
    }
}

#[test]
fn nobody_is_found_by_another_name_for_them() {
    let source = okta();
    let path = source.look_up(&Key::Username("a\"b\\c".to_owned())).path;
    assert!(path.ends_with("search=profile.login%20eq%20%22a%5C%22b%5C%5Cc%22"), "{path}");
    let gone = json(404, &value!({ "errorCode": "E0000007" }));
    assert_eq!(source.looked_up(&Key::Id("a".to_owned()), &gone, NOW), Ok(None));
    let other = json(404, &value!({ "errorCode": "E0000022" }));
    assert!(source.looked_up(&Key::Id("a".to_owned()), &other, NOW).is_err());
    // `/users/me` is whoever asks.
    let me = json(200, &user("admin"));
    assert!(source.looked_up(&Key::Id("me".to_owned()), &me, NOW).is_err());
    let left = value!([{ "id": "a", "status": "DEPROVISIONED", "profile": { "login": "a" } }]);
    let found = source.looked_up(&Key::Username("A".to_owned()), &json(200, &left), NOW).unwrap();
    assert!(!found.unwrap().active);
}
