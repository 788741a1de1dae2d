//! What is believed of a page of a list, and what is not.

use crate::base::Code;
use crate::provision::{Listed, Page};
use crate::targets::TargetError;

use super::*;

/// An application with two pages of its accounts, and what a page that is no page looks like.
struct Case {
    name: &'static str,
    first: &'static str,
    last: &'static str,
}

const CASES: [Case; 7] = [
    Case {
        name: "jira_dc",
        first: r#"{"isLast":false,"nextCursor":"41","values":[{"name":"a","emailAddress":"a@b.test","active":true},
            {"name":"gone","active":false,"deleted":true},{"name":"b","emailAddress":"","active":false}]}"#,
        last: r#"{"isLast":true,"values":[{"name":"c","active":true}]}"#,
    },
    Case {
        name: "jira_cloud",
        first: r#"[{"accountId":"a","accountType":"atlassian","emailAddress":"a@b.test","active":true},
            {"accountId":"bot","accountType":"app","active":true},
            {"accountId":"qm:b","accountType":"customer","active":false}]"#,
        last: "[]",
    },
    Case {
        name: "crowd",
        first: r#"{"users":[{"name":"a","email":"a@b.test","active":true},{"name":"b","email":"","active":false}]}"#,
        last: r#"{"users":[]}"#,
    },
    Case {
        name: "confluence_dc",
        first: r#"{"start":0,"results":[{"username":"a","status":"current"},{"type":"unknown"},
            {"username":"b","status":"deactivated"}],"_links":{"next":"/x"}}"#,
        last: r#"{"start":3,"results":[],"_links":{}}"#,
    },
    Case {
        name: "bitbucket_dc",
        first: r#"{"isLastPage":false,"nextPageStart":90,"values":[{"name":"a","emailAddress":"a@b.test","active":true},
            {"name":"b","active":false}]}"#,
        last: r#"{"isLastPage":true,"values":[]}"#,
    },
    Case {
        name: "scim",
        first: r#"{"totalResults":3,"startIndex":1,"Resources":[{"id":"1","userName":"a","emails":{"value":"a@b.test"}},
            {"id":"2","userName":"b","active":"False"}]}"#,
        last: r#"{"totalResults":3,"startIndex":3,"Resources":[{"id":"3","userName":"c","active":true}]}"#,
    },
    Case {
        name: "customers",
        first: r#"{"totalResults":"3","Resources":[{"id":"1","userName":"a","emails":[{"value":"a@b.test"}]},
            {"id":"2","userName":"b","active":false}]}"#,
        last: r#"{"totalResults":4,"startIndex":3,"Resources":[{"id":"3","userName":"c"},{"id":"4","userName":"d"}]}"#,
    },
];

fn read(name: &str, page: &Page, response: &HttpResponse) -> Result<Listed, TargetError> {
    application(name).listed_accounts(page, response)
}

fn path(name: &str, page: &Page) -> String {
    application(name).list_accounts(page).unwrap().path
}

#[test]
fn r15_everybody_is_listed_page_by_page() {
    for Case { name, first, last } in CASES {
        let listed = read(name, &Page::FIRST, &answer(200, first)).unwrap();
        let active: Vec<bool> = listed.accounts.iter().map(|account| account.active).collect();
        assert_eq!(active, [true, false], "{name}");
        let addresses: Vec<_> = listed.accounts.iter().map(|account| account.email.is_some()).collect();
        assert_eq!(addresses, [name != "confluence_dc", false], "{name}");
        let next = listed.next.unwrap_or_else(|| panic!("{name}: there is more"));
        assert_ne!(path(name, &next), path(name, &Page::FIRST), "{name}");
        let listed = read(name, &next, &answer(200, last)).unwrap();
        assert_eq!(listed.next, None, "{name}");
    }
}

#[test]
fn each_page_is_asked_for_in_the_applications_own_words() {
    for (name, cursor, expected) in [
        ("jira_dc", None, "/ctx/rest/api/2/user/list?maxResults=1000"),
        ("jira_dc", Some("3 -41"), "/ctx/rest/api/2/user/list?maxResults=1000&cursor=-41"),
        (
            "jira_dc",
            Some(".2000"),
            "/ctx/rest/api/2/user/search?username=.&includeActive=true&includeInactive=true&startAt=2000&maxResults=1000",
        ),
        // A cursor that nobody made is the first page, not somebody's path.
        (
            "jira_dc",
            Some("../x"),
            "/ctx/rest/api/2/user/search?username=.&includeActive=true&includeInactive=true&startAt=0&maxResults=1000",
        ),
        ("jira_dc", Some("5 a&b=c"), "/ctx/rest/api/2/user/list?maxResults=1000&cursor=a%26b%3Dc"),
        ("jira_dc", Some("x&y"), "/ctx/rest/api/2/user/list?maxResults=1000"),
        ("jira_cloud", Some("3"), "/ctx/rest/api/3/users/search?startAt=3&maxResults=1000"),
        (
            "crowd",
            Some("3"),
            "/ctx/rest/usermanagement/1/search?entity-type=user&expand=user&start-index=3&max-results=1000",
        ),
        ("confluence_dc", Some("3"), "/ctx/rest/api/user/list?expand=status&start=3&limit=200"),
        ("bitbucket_dc", Some("90"), "/ctx/rest/api/latest/admin/users?start=90&limit=500"),
        ("scim", None, "/ctx/Users?startIndex=1&count=100&attributes=userName%2Cemails%2Cactive"),
        (
            "scim",
            Some("101 250"),
            "/ctx/Users?startIndex=101&count=100&attributes=userName%2Cemails%2Cactive",
        ),
    ] {
        let page = cursor.map_or(Page::FIRST, |cursor| Page::at(cursor.to_owned()));
        assert_eq!(path(name, &page), expected, "{name} {cursor:?}");
    }
}

#[test]
fn r15_what_is_no_whole_page_is_no_end_of_the_list() {
    for Case { name, first, .. } in CASES {
        let half = first.get(..first.len() / 2).unwrap();
        for (what, response, code) in [
            ("nothing", answer(200, ""), Code::TargetAnswerMalformed),
            ("cut off", answer(200, half), Code::TargetAnswerMalformed),
            ("page", answer(200, PAGE), Code::TargetAnswerMalformed),
            ("null", answer(200, "null"), Code::TargetAnswerMalformed),
            ("empty object", answer(200, "{}"), Code::TargetAnswerMalformed),
            ("text", answer(200, "\"users\""), Code::TargetAnswerMalformed),
            ("two documents", answer(200, &format!("{first}{first}")), Code::TargetAnswerMalformed),
            ("no content", answer(204, ""), Code::TargetAnswerMalformed),
            ("created", answer(201, first), Code::TargetAnswerMalformed),
            ("redirect", answer(302, ""), Code::TargetAnswerMalformed),
            ("bad request", answer(400, "{}"), Code::TargetRefused),
            ("expired", answer(401, "{}"), Code::TargetUnauthorized),
            ("forbidden", answer(403, PAGE), Code::TargetRefused),
            ("throttled", answer(429, ""), Code::TargetThrottled),
            ("down", answer(503, PAGE), Code::TargetUnreachable),
        ] {
            let fault = read(name, &Page::FIRST, &response).unwrap_err();
            assert_eq!(fault.code(), code, "{name}, {what}: {fault}");
        }
    }
    // Not there is an answer of one application only, and to its first page only.
    for Case { name, .. } in CASES {
        let later = Page::at(String::from("3 41"));
        let pages = if name == "jira_dc" { vec![later] } else { vec![Page::FIRST, later] };
        for page in pages {
            let fault = read(name, &page, &answer(404, r#"{"errorMessages":[],"errors":{}}"#)).unwrap_err();
            assert_eq!(fault.code(), Code::TargetRefused, "{name}: {fault}");
        }
    }
}

#[test]
fn entries_that_cannot_be_told_apart_are_no_entries() {
    for (name, body) in [
        ("jira_dc", r#"{"isLast":true,"values":[{"emailAddress":"a@b.test","active":true}]}"#),
        ("jira_dc", r#"{"isLast":true,"values":[{"name":"a"}]}"#),
        ("jira_dc", r#"{"values":[]}"#),
        ("jira_dc", r#"{"isLast":"true","values":[]}"#),
        ("jira_cloud", r#"[{"accountType":"atlassian","active":true}]"#),
        ("jira_cloud", r#"[{"accountId":"","accountType":"atlassian","active":true}]"#),
        ("jira_cloud", r#"[{"accountId":"a","accountType":"atlassian"}]"#),
        // Names only: the list was not expanded.
        ("crowd", r#"{"users":[{"name":"a"}]}"#),
        ("crowd", r#"{"users":[{"email":"a@b.test","active":true}]}"#),
        ("confluence_dc", r#"{"start":200,"results":[{"username":"a"}]}"#),
        ("confluence_dc", r#"{"results":[{"username":"a"}]}"#),
        ("confluence_dc", r#"{"start":0,"results":[],"_links":{"next":"/x"}}"#),
        ("bitbucket_dc", r#"{"isLastPage":true,"values":[{"name":"a"}]}"#),
        ("bitbucket_dc", r#"{"values":[{"name":"a","active":true}]}"#),
        ("scim", r#"{"totalResults":1,"Resources":[{"userName":"a"}]}"#),
        ("scim", r#"{"totalResults":1,"Resources":[{"id":"1"}]}"#),
        ("scim", r#"{"totalResults":1,"Resources":[{"id":"1","userName":"a","active":"maybe"}]}"#),
        ("scim", r#"{"totalResults":9,"startIndex":1,"Resources":[]}"#),
        ("scim", r#"{"totalResults":9,"startIndex":7,"Resources":[{"id":"1","userName":"a"}]}"#),
        ("scim", r#"{"totalResults":0,"Resources":[{"id":"1","userName":"a"}]}"#),
        ("scim", r#"{"Resources":[{"id":"1","userName":"a"}]}"#),
    ] {
        let fault = read(name, &Page::FIRST, &answer(200, body)).unwrap_err();
        assert_eq!(fault.code(), Code::TargetAnswerMalformed, "{name} {body}: {fault}");
    }
}

#[test]
fn pages_that_do_not_end_come_to_an_end() {
    let entry = |name: &str| match name {
        "jira_dc" => r#"{"isLast":false,"nextCursor":7,"values":[{"name":"a","active":true}]}"#,
        "jira_cloud" => r#"[{"accountId":"a","accountType":"atlassian","active":true}]"#,
        "crowd" => r#"{"users":[{"name":"a","active":true}]}"#,
        "bitbucket_dc" => r#"{"isLastPage":false,"nextPageStart":7,"values":[]}"#,
        _ => r#"{"totalResults":99999999,"Resources":[{"id":"1","userName":"a"}]}"#,
    };
    for (name, cursor) in [
        ("jira_dc", "1000000 3"),
        // The cursor that was just used.
        ("jira_dc", "5 7"),
        ("jira_cloud", "1000000"),
        ("crowd", "1000000"),
        ("bitbucket_dc", "7"),
        ("bitbucket_dc", "8"),
        ("scim", "1000000 99999999"),
    ] {
        let read = read(name, &Page::at(cursor.to_owned()), &answer(200, entry(name)));
        let fault = read.unwrap_err();
        assert!(matches!(fault, TargetError::Endless { .. }), "{name} {cursor}: {fault}");
    }
    let stuck = r#"{"isLast":false,"nextCursor":9,"values":[]}"#;
    assert!(read("jira_dc", &Page::FIRST, &answer(200, stuck)).is_err(), "nobody, and more to come");
    let endless = format!(
        r#"{{"isLast":false,"nextCursor":"{}","values":[{{"name":"a","active":true}}]}}"#,
        "9".repeat(300)
    );
    assert!(read("jira_dc", &Page::FIRST, &answer(200, &endless)).is_err(), "a cursor that nobody remembers");
    let nameless = r#"{"isLast":false,"nextCursor":"","values":[{"name":"a","active":true}]}"#;
    assert!(read("jira_dc", &Page::FIRST, &answer(200, nameless)).is_err(), "no cursor");
    let silent = r#"{"isLast":false,"values":[{"name":"a","active":true}]}"#;
    assert!(read("jira_dc", &Page::FIRST, &answer(200, silent)).is_err(), "more to come, and nowhere");
}

#[test]
fn r15_a_directory_that_promises_fewer_on_the_way_has_lost_some() {
    for name in ["scim", "scim put", "customers", "managed"] {
        let page = Page::at(String::from("3 250"));
        let of = |total: u64| {
            let body = format!(r#"{{"totalResults":{total},"Resources":[{{"id":"1","userName":"a"}}]}}"#);
            read(name, &page, &answer(200, &body))
        };
        assert!(of(249).is_err(), "{name}");
        assert_eq!(of(250).unwrap().next, Some(Page::at(String::from("4 250"))), "{name}");
        assert_eq!(of(251).unwrap().next, Some(Page::at(String::from("4 251"))), "{name}: somebody came");
    }
}

#[test]
fn an_old_jira_is_asked_by_the_search_until_nobody_is_left() {
    let name = "jira_dc";
    let users = |count: usize| {
        let user = |number: usize| format!(r#"{{"name":"u{number}","active":true}}"#);
        format!("[{}]", (0..count).map(user).collect::<Vec<_>>().join(","))
    };
    for absent in
        [answer(404, r#"{"message":"null for uri","status-code":404}"#), answer(404, PAGE), answer(405, "")]
    {
        let turned = read(name, &Page::FIRST, &absent).unwrap();
        assert!(turned.accounts.is_empty());
        let mut page = turned.next.unwrap();
        // Fewer than asked for: more is cut off silently, so only an empty page is the last.
        for (count, start) in [(1000, ".1000"), (30, ".1030")] {
            let listed = read(name, &page, &answer(200, &users(count))).unwrap();
            assert_eq!(listed.accounts.len(), count);
            page = listed.next.unwrap();
            assert_eq!(page.as_str(), Some(start));
        }
        assert_eq!(read(name, &page, &answer(200, "[]")).unwrap().next, None);
        // What has no search either is no Jira.
        assert!(read(name, &page, &absent).is_err());
    }
}

#[test]
fn j9_organizations_are_listed_with_whose_they_are() {
    for name in ["jsm_dc", "jira_cloud"] {
        let application = application(name);
        let list = |page: &Page, body: &str| application.listed_organizations(page, &answer(200, body));
        let first = r#"{"size":2,"start":0,"limit":50,"isLastPage":false,"values":[{"id":"2154","name":"Acme"},
            {"id":7,"name":"Bolt","scimManaged":true}]}"#;
        let listed = list(&Page::FIRST, first).unwrap();
        let found: Vec<_> = listed
            .organizations
            .iter()
            .map(|one| (one.id.as_str(), one.name.as_str(), one.kept_elsewhere))
            .collect();
        assert_eq!(found, [("2154", "Acme", false), ("7", "Bolt", true)]);
        let next = listed.next.unwrap();
        let call = application.list_organizations(&next).unwrap();
        assert_eq!(call.path, "/ctx/rest/servicedeskapi/organization?start=2&limit=50");
        let empty = r#"{"size":0,"start":2,"isLastPage":true,"values":[]}"#;
        assert_eq!(list(&next, empty).unwrap().next, None);
        for (what, page, body) in [
            ("the first page again", &next, first),
            ("nothing, and more", &next, r#"{"size":0,"start":2,"isLastPage":false,"values":[]}"#),
            ("fewer than said", &Page::FIRST, r#"{"size":9,"start":0,"isLastPage":true,"values":[]}"#),
            (
                "an id that leads elsewhere",
                &Page::FIRST,
                r#"{"size":1,"start":0,"isLastPage":true,"values":[{"id":"../user","name":"Acme"}]}"#,
            ),
            ("no name", &Page::FIRST, r#"{"size":1,"start":0,"isLastPage":true,"values":[{"id":"1"}]}"#),
            ("page", &Page::FIRST, PAGE),
            ("nothing", &Page::FIRST, ""),
        ] {
            let fault = list(page, body).unwrap_err();
            assert_eq!(fault.code(), Code::TargetAnswerMalformed, "{name}, {what}: {fault}");
        }
    }
    for name in ["jira_dc", "crowd", "scim", "bitbucket_dc", "confluence_dc"] {
        assert!(application(name).listed_organizations(&Page::FIRST, &answer(200, "{}")).is_err(), "{name}");
    }
}
