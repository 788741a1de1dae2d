//! What holds for every directory.

use core::time::Duration;

use serde_json::{Value, json as value};

use super::super::scim::ScimGroups;
use super::super::{Access, Key, Listing, Next, Request, Source, SourceError};
use super::{NOW, graph, json, keycloak, okta, raw, scim, start};
use crate::base::Code;
use crate::directory::{Membership, Person};
use crate::effect::CallFailure;
use crate::http::HttpResponse;

/// A directory with a page that is whole, the last one where it says so itself.
struct Case {
    source: Box<dyn Source>,
    page: HttpResponse,
    groups: HttpResponse,
    user: Value,
}

fn cases() -> Vec<Case> {
    let link = [("link", r#"<https://id.example.com/api/v1/users?limit=200>; rel="self""#)];
    let scim_user = value!({ "id": "1", "userName": "alice", "active": true });
    let graph_user = value!({ "id": "1", "userPrincipalName": "alice", "accountEnabled": true });
    let okta_user = value!({ "id": "1", "status": "ACTIVE", "profile": { "login": "alice" } });
    let keycloak_user = value!({ "id": "1", "username": "alice", "enabled": true });
    let context = "https://id.example.com/v1.0/$metadata#users";
    vec![
        Case {
            source: Box::new(scim(ScimGroups::Automatic)),
            page: json(200, &value!({ "totalResults": 1, "Resources": [scim_user] })),
            groups: json(
                200,
                &value!({ "totalResults": 1, "Resources": [{ "id": "g", "displayName": "G" }] }),
            ),
            user: scim_user,
        },
        Case {
            source: Box::new(graph()),
            page: json(200, &value!({ "@odata.context": context, "value": [graph_user] })),
            groups: json(
                200,
                &value!({ "@odata.context": context, "value": [
                    { "@odata.type": "#microsoft.graph.group", "id": "g", "displayName": "G" }
                ]}),
            ),
            user: graph_user,
        },
        Case {
            source: Box::new(okta()),
            page: raw(200, &link, value!([okta_user]).to_string()),
            groups: raw(200, &link, r#"[{"id":"g","profile":{"name":"G"}}]"#),
            user: okta_user,
        },
        Case {
            source: Box::new(keycloak()),
            page: json(200, &value!([keycloak_user])),
            groups: json(200, &value!([{ "id": "g", "name": "G", "path": "/G" }])),
            user: keycloak_user,
        },
    ]
}

impl Case {
    /// The cursor of the first page of people.
    fn people(&self) -> super::Cursor {
        let cursor = self.source.start(&super::FULL, NOW).unwrap();
        let before = match cursor.request() {
            Request::Count => value!(1),
            Request::Groups => value!({ "totalResults": 0 }),
            _ => return cursor,
        };
        match self.source.read(&cursor, &json(200, &before), NOW).unwrap().next {
            Next::Page(cursor) => cursor,
            Next::End(_) => panic!("no page"),
        }
    }

    fn person(&self) -> Person {
        self.source.read(&self.people(), &self.page, NOW).unwrap().people.remove(0)
    }
}

#[test]
fn a_page_is_read_and_its_people_have_groups() {
    for case in cases() {
        let name = case.source.name();
        let person = case.person();
        assert_eq!((person.id.as_str(), person.username.expose().as_str()), ("1", "alice"), "{name}");
        assert!(person.active);
        assert_eq!(person.groups, Membership::Unknown, "{name}: what nobody asked for is not known");
        let cursor = case.source.groups_of(&person).unwrap();
        assert_eq!(cursor.listing(), &Listing::Groups("1".to_owned()));
        let read = case.source.read_groups(&cursor, &case.groups, NOW).unwrap();
        let groups: Vec<_> =
            read.groups.iter().map(|group| (group.id.as_str(), group.name.as_str())).collect();
        assert_eq!((groups.as_slice(), read.next), ([("g", "G")].as_slice(), None), "{name}");
        for key in [Key::Id("1".to_owned()), Key::Username("ALICE".to_owned())] {
            let by_id = json(200, &case.user);
            let answer = if key == Key::Id("1".to_owned()) { &by_id } else { &case.page };
            let found = case.source.looked_up(&key, answer, NOW).unwrap();
            assert_eq!(found.map(|person| person.id), Some("1".to_owned()), "{name} {key:?}");
        }
    }
}

#[test]
fn calls_carry_no_credentials_and_ask_for_nothing_packed() {
    for case in cases() {
        let person = case.person();
        let calls = [
            case.source.page(&case.people()),
            case.source.page(&case.source.groups_of(&person).unwrap()),
            case.source.look_up(&Key::Id("a/../b".to_owned())),
            case.source.look_up(&Key::Username("o'neil\" or \\ & x eq \"y".to_owned())),
        ];
        for call in calls {
            assert_eq!((call.method, call.cluster.as_str()), ("GET", "directory"));
            assert!(call.path.starts_with(&case.source.endpoint().path_prefix), "{}", call.path);
            assert!(
                !call.path.contains(['"', '\'', ' ', '\\']) && !call.path.contains("a/../b"),
                "{}",
                call.path
            );
            let has = |name| call.headers.iter().any(|(have, _)| have == name);
            assert!(!has("authorization") && has("accept-encoding"));
        }
    }
}

/// Every answer that is not a whole page is an error, whatever was asked.
#[test]
fn r16_no_answer_but_a_whole_page_is_a_page() {
    let big = format!("[{}1]", " ".repeat(4 * 1024 * 1024));
    for case in cases() {
        let person = case.person();
        let groups = case.source.groups_of(&person).unwrap();
        let hostile = [
            (raw(200, &[("content-type", "text/html")], "<html>Sign in</html>"), Code::SourceAnswerMalformed),
            (raw(200, &[], ""), Code::SourceAnswerMalformed),
            (raw(200, &[], "null"), Code::SourceAnswerMalformed),
            (raw(200, &[], "\"ok\""), Code::SourceAnswerMalformed),
            (raw(200, &[], "{}"), Code::SourceAnswerMalformed),
            (raw(200, &[], "[{}]"), Code::SourceAnswerMalformed),
            (raw(200, &[], "[null]"), Code::SourceAnswerMalformed),
            (raw(200, &[], r#"{"value":{},"Resources":{},"totalResults":1}"#), Code::SourceAnswerMalformed),
            (raw(200, &[], &big), Code::SourceAnswerMalformed),
            (raw(201, &[], &case.page.body), Code::SourceAnswerMalformed),
            (raw(202, &[], &case.page.body), Code::SourceAnswerMalformed),
            (raw(204, &[], ""), Code::SourceAnswerMalformed),
            (raw(206, &[], &case.page.body), Code::SourceAnswerMalformed),
            (raw(302, &[("location", "/login")], ""), Code::SourceRefused),
            (raw(304, &[], ""), Code::SourceRefused),
            (raw(400, &[], &case.page.body), Code::SourceRefused),
            (raw(401, &[], ""), Code::SourceUnauthorized),
            (raw(403, &[], "{}"), Code::SourceRefused),
            (raw(409, &[], "{}"), Code::SourceRefused),
            (raw(410, &[], "{}"), Code::SourceRefused),
            (raw(418, &[], "{}"), Code::SourceRefused),
            (raw(429, &[], "{}"), Code::SourceThrottled),
            (raw(500, &[], &case.page.body), Code::SourceUnreachable),
            (raw(502, &[], "<html>"), Code::SourceUnreachable),
            (raw(599, &[], ""), Code::SourceUnreachable),
            (raw(100, &[], &case.page.body), Code::SourceAnswerMalformed),
            (raw(0, &[], &case.page.body), Code::SourceAnswerMalformed),
        ];
        for (response, code) in hostile {
            let name = case.source.name();
            let shown = format!("{name} {} {:.60?}", response.status, response.body);
            let page = case.source.read(&case.people(), &response, NOW).unwrap_err();
            assert_eq!(page.code(), code, "{shown}: {page}");
            let page = case.source.read_groups(&groups, &response, NOW).unwrap_err();
            assert_eq!(page.code(), code, "{shown}: {page}");
            for key in [Key::Id("1".to_owned()), Key::Username("alice".to_owned())] {
                let found = case.source.looked_up(&key, &response, NOW).unwrap_err();
                assert_eq!(found.code(), code, "{shown} {key:?}: {found}");
            }
        }
    }
}

#[test]
fn an_answer_that_was_cut_off_anywhere_is_no_page() {
    for case in cases() {
        let groups = case.source.groups_of(&case.person()).unwrap();
        for length in 0..case.page.body.len() {
            let cut = HttpResponse { body: case.page.body[..length].to_vec(), ..case.page.clone() };
            assert!(case.source.read(&case.people(), &cut, NOW).is_err(), "{} {length}", case.source.name());
        }
        for length in 0..case.groups.body.len() {
            let cut = HttpResponse { body: case.groups.body[..length].to_vec(), ..case.groups.clone() };
            assert!(case.source.read_groups(&groups, &cut, NOW).is_err(), "{} {length}", case.source.name());
        }
    }
}

/// A 404 is somebody's absence only in the directory's own words.
#[test]
fn nobody_is_gone_because_a_proxy_says_404() {
    for case in cases() {
        let person = case.person();
        let groups = case.source.groups_of(&person).unwrap();
        for body in
            ["", "not found", "<html>404</html>", "{}", r#"{"message":"no Route matched"}"#, "[]", "null"]
        {
            let response = raw(404, &[], body);
            let key = Key::Id("1".to_owned());
            let found = case.source.looked_up(&key, &response, NOW);
            assert!(found.is_err(), "{} {body}: {found:?}", case.source.name());
            let found = case.source.read_groups(&groups, &response, NOW);
            assert!(!matches!(found, Ok(_) | Err(SourceError::Vanished)), "{} {body}", case.source.name());
            assert!(case.source.read(&case.people(), &response, NOW).is_err());
        }
    }
}

#[test]
fn whoever_is_shown_instead_is_not_who_was_asked_for() {
    for case in cases() {
        let other = json(200, &case.user);
        let found = case.source.looked_up(&Key::Id("2".to_owned()), &other, NOW);
        assert_eq!(super::expected(found), "the user that was asked for", "{}", case.source.name());
        // A filter that is not understood and passed over shows others.
        let found = case.source.looked_up(&Key::Username("bob".to_owned()), &case.page, NOW);
        assert_eq!(
            super::expected(found),
            "users with the name that was asked for",
            "{}",
            case.source.name()
        );
    }
}

#[test]
fn waits_are_those_that_the_directory_asks_for_within_reason() {
    for (headers, seconds) in [
        (vec![], 2),
        (vec![("retry-after", "0")], 2),
        (vec![("retry-after", " 30 ")], 30),
        (vec![("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")], 60),
        (vec![("retry-after", "Thu, 01 Jan 1970 00:01:00 GMT")], 2),
        (vec![("retry-after", "999999999999")], 3600),
        (vec![("retry-after", "99999999999999999999999")], 2),
        (vec![("retry-after", "-5")], 2),
        (vec![("retry-after", "soon")], 2),
        (vec![("x-rate-limit-reset", "1767225645")], 45),
        (vec![("x-rate-limit-reset", "1")], 2),
        (vec![("x-rate-limit-reset", "18446744073709551615")], 3600),
        (vec![("retry-after", "5"), ("x-rate-limit-reset", "1767225645")], 5),
    ] {
        for status in [429, 503] {
            let response = raw(status, &headers, "{}");
            let error = okta().read(&start(&okta()), &response, NOW).unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)), "{headers:?}");
        }
    }
}

#[test]
fn errors_have_codes_and_one_line_without_names() {
    let request = Request::People;
    let errors = [
        (SourceError::NotReached(CallFailure::NotSent), Code::SourceUnreachable, true),
        (SourceError::NotReached(CallFailure::NoAnswer), Code::SourceUnreachable, true),
        (SourceError::Unauthorized { request }, Code::SourceUnauthorized, false),
        (SourceError::Refused { request, status: 403 }, Code::SourceRefused, false),
        (SourceError::Endless { request }, Code::SourceEndless, false),
        (SourceError::Incomplete { found: 1, expected: 2 }, Code::SourceIncomplete, false),
        (SourceError::Shrunk { before: 9, after: 1 }, Code::SourceIncomplete, false),
        (SourceError::Shifted, Code::SourceIncomplete, false),
        (SourceError::DeltaExpired, Code::SourceDeltaExpired, false),
        (SourceError::Vanished, Code::SourceAnswerMalformed, false),
        (SourceError::Odd { request, expected: "x" }, Code::SourceAnswerMalformed, false),
    ];
    for (error, code, again) in errors {
        assert_eq!((error.code(), error.retry_after().is_some()), (code, again), "{error}");
        let text = error.to_string();
        assert!(
            !text.ends_with('.') && !text.contains('\n') && text.starts_with(char::is_lowercase),
            "{text}"
        );
    }
    let printed = format!("{:?} {:?}", Key::Username("alice".to_owned()), Access::default());
    assert!(!printed.contains("alice"));
}
