//! SCIM.

use serde_json::{Value, json as value};

use super::super::cursor::DeltaToken;
use super::super::scim::{Scim, ScimGroups, ScimOptions};
use super::super::{Cursor, End, Key, Next, Pull, Source, SourceError};
use super::{NOW, endpoint, expected, json, next, odd, raw, read, scim, start};
use crate::directory::{Group, Membership, Person};

fn user(number: usize) -> Value {
    value!({ "id": number.to_string(), "userName": format!("user{number:03}"), "active": true })
}

fn page(numbers: impl IntoIterator<Item = usize>, total: usize) -> Value {
    value!({ "totalResults": total, "Resources": numbers.into_iter().map(user).collect::<Vec<_>>() })
}

fn auto() -> Scim {
    scim(ScimGroups::Automatic)
}

fn one(source: &Scim, user: Value) -> Result<Person, SourceError> {
    let page = value!({ "totalResults": 1, "Resources": [user] });
    read(source, &start(source), &page).map(|mut read| read.people.remove(0))
}

#[test]
fn pages_are_counted_from_one_and_overlap() {
    let source = auto();
    let first = start(&source);
    assert_eq!(source.page(&first).path, "/scim/v2/Users?startIndex=1&count=10");
    let second = next(read(&source, &first, &page(0..10, 14)).unwrap());
    assert_eq!(source.page(&second).path, "/scim/v2/Users?startIndex=6&count=10");
    let last = read(&source, &second, &page(5..14, 14)).unwrap();
    assert_eq!(last.people.len(), 4);
    let Next::End(End { whole: Some(whole), delta: None }) = last.next else { panic!("{:?}", last.next) };
    assert_eq!(whole.entries(), 14);
}

#[test]
fn r16_a_list_that_says_more_than_it_shows_is_never_whole() {
    let source = auto();
    let pull = |answers: &[Value]| {
        let mut cursor = start(&source);
        for answer in answers {
            match read(&source, &cursor, answer)?.next {
                Next::Page(next) => cursor = next,
                Next::End(end) => return Ok(end.whole.is_some()),
            }
        }
        Ok(false)
    };
    let answers = [page(0..10, 100), page(5..15, 100), page(10..20, 40)];
    assert_eq!(pull(&answers), Err(SourceError::Shrunk { before: 100, after: 40 }));
    assert_eq!(
        pull(&[page(0..10, 100), page(5..10, 100)]),
        Err(SourceError::Incomplete { found: 10, expected: 100 })
    );
    assert_eq!(pull(&[page([], 100)]), Err(SourceError::Incomplete { found: 0, expected: 100 }));
    assert_eq!(pull(&[page([], 0)]), Err(SourceError::Incomplete { found: 0, expected: 1 }));
    assert_eq!(pull(&[page(0..10, 12), page(20..22, 12), page(20..30, 12)]), Err(SourceError::Shifted));
    // `Resources` may be left out where there are none, and only there (RFC 7644 3.4.2).
    assert!(pull(&[value!({ "totalResults": 3 })]).is_err());
    for list in [
        value!({ "Resources": [user(1)] }),
        value!({ "totalResults": -1, "Resources": [user(1)] }),
        value!({ "totalResults": "many", "Resources": [user(1)] }),
        value!({ "totalResults": 1, "Resources": user(1) }),
        value!({ "totalResults": 1, "Resources": [[]] }),
        value!([user(1)]),
    ] {
        assert!(pull(core::slice::from_ref(&list)).is_err(), "{list}");
    }
    assert_eq!(
        pull(&[value!({ "TOTALRESULTS": "1", "resources": [user(1)] })]),
        Ok(true),
        "names have no case"
    );
}

#[test]
fn people_are_read_as_services_write_them() {
    let found = one(&auto(), value!({
        "ID": "7", "username": " alice ", "Active": "False", "password": "hunter2",
        "name": { "givenName": "Alice", "familyName": "Smith" }, "TITLE": "Boss", "preferredlanguage": "de",
        "emails": [{ "value": "old@example.com" }, { "value": "a@example.com", "primary": "true" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "IT", "manager": { "value": "9" } },
    }))
    .unwrap();
    assert_eq!((found.id.as_str(), found.username.expose().as_str(), found.active), ("7", "alice", false));
    assert_eq!(found.email.unwrap().expose(), "a@example.com");
    assert_eq!(found.display_name.unwrap().expose(), "Alice Smith");
    let of = |name: &str| found.attributes.get(name).map(|values| values.join(","));
    assert_eq!(of("title").as_deref().or(of("TITLE").as_deref()), Some("Boss"));
    assert_eq!((of("preferredLanguage").as_deref(), of("department").as_deref()), (Some("de"), Some("IT")));
    assert!(!format!("{:?}", found.attributes).contains("hunter2"));
    let plain = one(&auto(), value!({ "id": "7", "userName": "alice@example.com" })).unwrap();
    assert!(plain.active, "RFC 7643 4.1.1 does not say; a user who is shown is one");
    assert_eq!(plain.email.unwrap().expose(), "alice@example.com");
    for user in [value!({ "userName": "alice" }), value!({ "id": "", "userName": "alice" })] {
        expected(one(&auto(), user));
    }
    for active in [value!("maybe"), value!(1), value!({ "value": true })] {
        let user = value!({ "id": "7", "userName": "alice", "active": active });
        let page = value!({ "totalResults": 1, "Resources": [user] });
        assert_eq!(odd(read(&auto(), &start(&auto()), &page)), ("alice".to_owned(), "`active` as a boolean"));
    }
    let nameless = value!({ "totalResults": 1, "Resources": [{ "id": "7", "userName": " " }] });
    assert_eq!(read(&auto(), &start(&auto()), &nameless).unwrap().nameless, 1);
}

#[test]
fn values_that_nobody_needs_are_bounded() {
    let mut user = user(1);
    for number in 0..1_000 {
        user[format!("x{number}")] = value!(vec!["y"; 200]);
    }
    user["photo"] = value!("p".repeat(100_000));
    let found = one(&auto(), user).unwrap();
    assert!(found.attributes.len() <= 128 && found.attributes.values().all(|values| values.len() <= 64));
    assert!(!found.attributes.contains_key("photo"));
}

#[test]
fn groups_are_known_only_where_they_were_all_told() {
    let with = |groups: Value| value!({ "id": "7", "userName": "alice", "groups": groups });
    let told = value!([{ "value": "g1", "display": "A" }, { "value": "g2", "display": "B" }]);
    let known = |ids: &[(&str, &str)]| {
        let group = |(id, name): &(&str, &str)| Group { id: (*id).to_owned(), name: (*name).to_owned() };
        Membership::Known(ids.iter().map(group).collect())
    };
    use ScimGroups::{Automatic, MemberFilter, User};
    for (groups, sent, found) in [
        (Automatic, told.clone(), Some(known(&[("g1", "A"), ("g2", "B")]))),
        (User, told.clone(), Some(known(&[("g1", "A"), ("g2", "B")]))),
        (MemberFilter, told, Some(Membership::Unknown)),
        (Automatic, value!([]), Some(known(&[]))),
        (Automatic, value!(null), Some(Membership::Unknown)),
        (User, value!(null), Some(known(&[]))),
        (Automatic, value!([{ "value": "g1" }]), Some(Membership::Unknown)),
        // One blank name makes the groups unknown, and breaks nothing else.
        (User, value!([{ "value": "g1" }]), Some(Membership::Unknown)),
        (User, value!([{ "display": "A" }]), Some(Membership::Unknown)),
        (Automatic, value!(["A"]), Some(Membership::Unknown)),
    ] {
        let person = one(&scim(groups), with(sent.clone()));
        assert_eq!(person.ok().map(|person| person.groups), found, "{groups:?} {sent}");
    }
    let asked = one(&auto(), value!({ "id": "7\" or id pr", "userName": "alice" })).unwrap();
    let cursor = auto().groups_of(&asked).unwrap();
    let path = auto().page(&cursor).path;
    assert!(
        path.starts_with("/scim/v2/Groups?filter=members.value%20eq%20%227%5C%22%20or%20id%20pr%22&"),
        "{path}"
    );
    let read = |body: &Value| auto().read_groups(&cursor, &json(200, body), NOW);
    assert!(
        read(&value!({ "totalResults": 2, "Resources": [{ "id": "g", "displayName": "G" }] }))
            .unwrap()
            .next
            .is_some()
    );
    assert!(read(&value!({ "totalResults": 2, "Resources": [] })).is_err(), "groups that are not shown");
    for name in [value!(null), value!(""), value!(" ")] {
        let blank = read(&value!({ "totalResults": 1, "Resources": [{ "id": "g", "displayName": name }] }));
        assert!(matches!(blank, Err(SourceError::Odd { .. })), "{name}");
    }
    assert_eq!(read(&value!({ "totalResults": 0 })).unwrap().groups, []);
    let known = one(&auto(), with(value!([]))).unwrap();
    assert_eq!(auto().groups_of(&known), None, "they came with the user");
}

/// A service that passes over the filter puts everybody into every group.
#[test]
fn groups_of_nobody_are_asked_for_first_and_whoever_shows_some_is_not_asked_again() {
    let source = auto();
    let before = source.start(&super::FULL, NOW).unwrap();
    let path = source.page(&before).path;
    assert!(path.starts_with("/scim/v2/Groups?filter=members.value%20eq%20%22"), "{path}");
    let group = value!({ "id": "g", "displayName": "admins" });
    let answers = [
        (json(200, &value!({ "totalResults": 0, "Resources": [] })), true),
        (json(200, &value!({ "totalResults": 0 })), true),
        (json(200, &value!({ "totalResults": 7, "Resources": [group] })), false),
        (json(200, &value!({ "totalResults": 0, "Resources": [group] })), false),
        (json(200, &value!({ "totalResults": 7 })), false),
        (json(400, &value!({ "scimType": "invalidFilter" })), false),
        (raw(404, &[], ""), false),
        (raw(501, &[], ""), false),
    ];
    for (answer, asks) in answers {
        let first = next(source.read(&before, &answer, NOW).unwrap());
        let found = read(&source, &first, &page(0..10, 14)).unwrap();
        assert_eq!(found.asks_groups, asks, "{answer:?}");
        // On each page, also when the run was broken off in between.
        let kept: Cursor = serde_json::from_str(&serde_json::to_string(&next(found)).unwrap()).unwrap();
        assert_eq!(read(&source, &kept, &page(5..14, 14)).unwrap().asks_groups, asks, "{answer:?}");
    }
    // What says nothing is no answer.
    for answer in
        [raw(200, &[], "<html>"), raw(429, &[], ""), raw(503, &[], ""), raw(401, &[], ""), raw(403, &[], "")]
    {
        assert!(source.read(&before, &answer, NOW).is_err(), "{answer:?}");
    }
    let source = scim(ScimGroups::User);
    let first = source.start(&super::FULL, NOW).unwrap();
    assert!(source.page(&first).path.starts_with("/scim/v2/Users?"), "nothing is asked of /Groups");
}

#[test]
fn changes_are_filtered_for_and_prove_nothing_about_others() {
    let options = ScimOptions {
        page_size: 10,
        filter: Some("active eq true or userType eq \"x\"".to_owned()),
        groups: ScimGroups::Automatic,
        delta: true,
    };
    let source = Scim::new(endpoint("/scim/v2"), options);
    let before = source.start(&Pull::Full { then_delta: true }, NOW).unwrap();
    let cursor = next(read(&source, &before, &page([], 0)).unwrap());
    let Next::End(End { delta: Some(token), .. }) = read(&source, &cursor, &page(0..1, 1)).unwrap().next
    else {
        panic!()
    };
    let before: Cursor = source.start(&Pull::Delta(token), NOW).unwrap();
    let changes = next(read(&source, &before, &page([], 0)).unwrap());
    let filter = "filter=%28active%20eq%20true%20or%20userType%20eq%20%22x%22%29%20and%20\
                  meta.lastModified%20ge%20%222025-12-31T23%3A55%3A00Z%22&";
    assert!(source.page(&changes).path.contains(filter), "{}", source.page(&changes).path);
    let end = read(&source, &changes, &page([], 0)).unwrap().next;
    assert!(matches!(end, Next::End(End { whole: None, delta: Some(_) })));
    for token in ["2026-01-01T00:00:01Z", "", "x", "2026-01-01T00:00:00Z\" or id pr or id eq \""] {
        let found = source.start(&Pull::Delta(DeltaToken(token.to_owned())), NOW);
        assert_eq!(found, Err(SourceError::DeltaExpired), "{token}");
    }
}

#[test]
fn absence_is_said_in_the_words_of_scim() {
    let gone = value!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404" });
    let key = Key::Id("7".to_owned());
    assert_eq!(auto().looked_up(&key, &json(404, &gone), NOW), Ok(None));
    assert!(auto().looked_up(&key, &json(200, &gone), NOW).is_err());
    assert!(auto().looked_up(&key, &json(404, &value!({ "schemas": ["x"] })), NOW).is_err());
    let name = Key::Username("user001".to_owned());
    assert_eq!(auto().looked_up(&name, &json(200, &page([], 0)), NOW), Ok(None));
    assert!(auto().looked_up(&name, &json(200, &page([], 3)), NOW).is_err(), "three that are not shown");
    assert!(auto().looked_up(&name, &json(200, &page([1], 2)), NOW).is_err());
    assert!(
        auto().looked_up(&name, &raw(404, &[], gone.to_string()), NOW).is_err(),
        "a list is never absent"
    );
}
