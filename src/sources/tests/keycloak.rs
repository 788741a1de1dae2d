//! Keycloak.

use serde_json::{Value, json as value};

use super::super::cursor::DeltaToken;
use super::super::{Cursor, End, Key, Next, Pull, Source, SourceError};
use super::{NOW, expected, json, keycloak, names, next, read, start};
use crate::base::Code;

fn user(number: usize) -> Value {
    value!({ "id": format!("id-{number:03}"), "username": format!("user{number:03}"), "enabled": true })
}

fn users(numbers: impl IntoIterator<Item = usize>) -> Value {
    Value::Array(numbers.into_iter().map(user).collect())
}

/// The cursor of the first page of `total` people.
fn counted(total: u64) -> Cursor {
    let cursor = start(&keycloak());
    assert_eq!(keycloak().page(&cursor).path, "/auth/admin/realms/staff/users/count");
    next(read(&keycloak(), &cursor, &value!(total)).unwrap())
}

/// A pull in which the pages are what `directory` holds at the time; the counts are `before` and `after`.
fn pull(before: u64, after: u64, directory: impl Fn(usize) -> Vec<usize>) -> Result<usize, SourceError> {
    let mut cursor = counted(before);
    let mut found = 0;
    for turn in 0..1_000 {
        let path = keycloak().page(&cursor).path;
        if path.ends_with("/count") {
            return match read(&keycloak(), &cursor, &value!(after))?.next {
                Next::End(End { whole: Some(whole), .. }) => {
                    assert_eq!(usize::try_from(whole.entries()), Ok(found));
                    Ok(found)
                }
                other => panic!("{other:?}"),
            };
        }
        let first: usize = path.split("first=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
        let page = read(&keycloak(), &cursor, &users(directory(turn).into_iter().skip(first).take(10)))?;
        found += page.people.len();
        cursor = next(page);
    }
    panic!("it never ends");
}

#[test]
fn everybody_is_read_page_by_page_and_counted_twice() {
    let first = counted(2);
    let path = keycloak().page(&first).path;
    assert_eq!(path, "/auth/admin/realms/staff/users?briefRepresentation=false&first=0&max=10");
    for count in [1, 9, 10, 11, 25, 100] {
        assert_eq!(pull(count as u64, count as u64, |_| (0..count).collect()), Ok(count));
    }
    let found = read(&keycloak(), &first, &users([3, 4])).unwrap();
    assert_eq!(names(&found.people), ["user003", "user004"]);
}

#[test]
fn somebody_who_leaves_or_comes_meanwhile_hides_nobody() {
    // user001 leaves after the first page.
    let leaves = |turn: usize| (0..40).filter(|number| turn == 0 || *number != 1).collect();
    assert_eq!(pull(40, 39, leaves), Ok(40));
    let comes = |turn: usize| (usize::from(turn == 0)..40).collect();
    assert_eq!(pull(39, 40, comes), Ok(39));
}

#[test]
fn r16_a_pull_that_stops_half_way_is_never_whole() {
    // The pages end before everybody was on them; every page is the first; the count says nobody.
    assert_eq!(
        pull(100, 100, |turn| if turn > 3 { Vec::new() } else { (0..100).collect() }),
        Err(SourceError::Shifted)
    );
    assert_eq!(
        pull(100, 100, |_| (0..60).collect()),
        Err(SourceError::Incomplete { found: 60, expected: 100 })
    );
    assert_eq!(pull(100, 50, |_| (0..50).collect()), Err(SourceError::Shrunk { before: 100, after: 50 }));
    assert_eq!(pull(0, 0, |_| Vec::new()), Err(SourceError::Incomplete { found: 0, expected: 1 }));
    let same = |cursor: &Cursor| read(&keycloak(), cursor, &users(0..10)).map(next);
    let second = same(&counted(100)).unwrap();
    let third = same(&second).unwrap();
    assert!(keycloak().page(&third).path.ends_with("/count"), "nobody new was on it");
    let found = read(&keycloak(), &third, &value!(100));
    assert_eq!(found, Err(SourceError::Incomplete { found: 10, expected: 100 }));
}

#[test]
fn a_count_is_a_number() {
    let cursor = start(&keycloak());
    for count in [value!(null), value!("5"), value!(-1), value!(1.5), value!([]), value!({ "count": 5 })] {
        assert_eq!(expected(read(&keycloak(), &cursor, &count)), "a number", "{count}");
    }
}

#[test]
fn people_are_who_the_realm_says_and_not_what_they_write_into_their_profile() {
    let user = value!({
        "id": "1", "username": "alice", "enabled": false, "email": "alice@example.com", "firstName": "Alice",
        "lastName": "Smith", "attributes": { "username": ["admin"], "email": ["root@example.com"], "title": ["Boss"] },
    });
    let found = read(&keycloak(), &counted(1), &value!([user])).unwrap().people.remove(0);
    assert_eq!(found.username.expose(), "alice");
    assert_eq!(found.email.unwrap().expose(), "alice@example.com");
    assert_eq!(found.display_name.unwrap().expose(), "Alice Smith");
    assert_eq!(found.attributes["title"], ["Boss"]);
    assert_eq!(found.attributes["username"], ["alice"]);
    assert!(!found.active);
    for user in [
        value!({ "id": "1", "username": "alice" }),
        value!({ "id": "1", "username": "alice", "enabled": null, "attributes": null }),
    ] {
        let found = read(&keycloak(), &counted(1), &value!([user]));
        assert_eq!(super::odd(found), ("alice".to_owned(), "`enabled`"));
    }
    for user in [
        value!({ "id": "1", "username": "alice", "enabled": "true" }),
        value!({ "username": "alice", "enabled": true }),
        value!({ "id": "1", "enabled": true }),
        value!({ "id": "", "username": "alice", "enabled": true }),
        value!({ "id": "1", "username": "alice", "enabled": true, "attributes": { "x": "y" } }),
    ] {
        expected(read(&keycloak(), &counted(1), &value!([user])));
    }
}

#[test]
fn groups_are_read_to_the_short_page() {
    let alice = read(&keycloak(), &counted(1), &users([1])).unwrap().people.remove(0);
    let cursor = keycloak().groups_of(&alice).unwrap();
    let path = keycloak().page(&cursor).path;
    assert_eq!(path, "/auth/admin/realms/staff/users/id-001/groups?briefRepresentation=true&first=0&max=100");
    let group = |number: usize| value!({ "id": format!("g{number}"), "name": "n", "path": "/n" });
    let groups = |numbers: core::ops::Range<usize>| json(200, &numbers.map(group).collect());
    let first = keycloak().read_groups(&cursor, &groups(0..100), NOW).unwrap();
    let second = first.next.unwrap();
    assert!(keycloak().page(&second).path.contains("first=95"));
    let last = keycloak().read_groups(&second, &groups(95..110), NOW).unwrap();
    assert_eq!((first.groups.len(), last.groups.len(), last.next), (100, 10, None));
    let gone = json(404, &value!({ "error": "User not found" }));
    assert_eq!(keycloak().read_groups(&cursor, &gone, NOW), Err(SourceError::Vanished));
    let realm = json(404, &value!({ "error": "Realm not found." }));
    assert_eq!(keycloak().read_groups(&cursor, &realm, NOW).unwrap_err().code(), Code::SourceRefused);
    for group in
        [value!({ "id": "g", "name": " ", "path": "/" }), value!({ "id": "", "name": "n", "path": "/" })]
    {
        assert!(keycloak().read_groups(&cursor, &json(200, &value!([group])), NOW).is_err());
    }
}

#[test]
fn it_tells_no_changes_and_finds_people_by_their_exact_name() {
    let delta = Pull::Delta(DeltaToken("2026-01-01T00:00:00Z".to_owned()));
    assert_eq!(keycloak().start(&delta, NOW), Err(SourceError::DeltaExpired));
    assert!(!keycloak().has_delta());
    let path = keycloak().look_up(&Key::Username("a&b".to_owned())).path;
    assert!(path.ends_with("?briefRepresentation=false&exact=true&username=a%26b"), "{path}");
    let key = Key::Username("user001".to_owned());
    assert_eq!(keycloak().looked_up(&key, &json(200, &value!([])), NOW), Ok(None));
    // Before Keycloak 15 `exact` was passed over, and parts of names were found.
    let parts = json(200, &users([10, 11]));
    assert!(keycloak().looked_up(&key, &parts, NOW).is_err());
    let gone = json(404, &value!({ "error": "User not found" }));
    assert_eq!(keycloak().looked_up(&Key::Id("1".to_owned()), &gone, NOW), Ok(None));
    let realm = json(404, &value!({ "error": "Realm not found." }));
    assert!(keycloak().looked_up(&Key::Id("1".to_owned()), &realm, NOW).is_err());
}
