//! What Confluence is believed to have, and what is not believed.

use super::*;

#[test]
fn account_and_groups_come_in_either_order() {
    let answers =
        [(by_name("ALICE"), answer(200, ALICE)), (memberships("ALICE", Page::FIRST), answer(200, GROUPS))];
    let mut turned = answers.clone();
    turned.reverse();
    let (one, other) = (learned(&answers).unwrap(), learned(&turned).unwrap());
    assert_eq!(one, other);
    let account = one.account.unwrap();
    assert_eq!((account.username.expose().as_str(), account.active), ("alice", true));
    assert_eq!((account.email, account.display_name.expose().as_str()), (None, "Alice Archer"));
    assert_eq!(account.groups, BTreeSet::from(["Staff".to_owned(), "b".to_owned()]));
    assert_eq!(one.marker, RemoteMarker::NotRead);
}

#[test]
fn nobody_is_nobody_whatever_came_first() {
    let gone = (by_name("x"), error(404));
    for groups in [error(404), answer(200, GROUPS)] {
        let groups = (memberships("x", Page::FIRST), groups);
        for answers in [[gone.clone(), groups.clone()], [groups, gone.clone()]] {
            assert_eq!(learned(&answers).unwrap().account, None, "{answers:?}");
        }
    }
}

#[test]
fn who_may_come_in_is_told_by_the_status_where_there_is_one() {
    for (status, active) in [
        ("\"current\"", true),
        ("\"CURRENT\"", true),
        ("\"unlicensed\"", true),
        ("null", true),
        ("\"deactivated\"", false),
        ("\"externally_deleted\"", false),
        ("\"\"", false),
        ("\"something new\"", false),
    ] {
        let response = edited("\"status\":\"current\"", &format!("\"status\":{status}"));
        assert_eq!(account("alice", &response).unwrap().unwrap().active, active, "{status}");
    }
    let old = edited("\"status\":\"current\",", "");
    assert!(account("alice", &old).unwrap().unwrap().active);
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let declared = HttpResponse {
        headers: vec![("Content-Type".to_owned(), "Text/HTML; charset=utf-8".to_owned())],
        ..answer(200, ALICE)
    };
    for (what, response) in [
        ("empty", answer(200, "")),
        ("page", answer(200, PAGE)),
        ("json declared as a page", declared),
        ("page with 404", answer(404, PAGE)),
        ("nothing with 404", answer(404, "")),
        ("text with 404", answer(404, "no route")),
        ("redirect", with(answer(302, ""), "location", "/login.action")),
        ("truncated", answer(200, ALICE.get(..ALICE.len() / 2).unwrap())),
        ("array", answer(200, &format!("[{ALICE}]"))),
        ("null", answer(200, "null")),
        ("deep", answer(200, &deep)),
        ("two documents", answer(200, &format!("{ALICE}{ALICE}"))),
        ("another account", edited("\"username\":\"alice\"", "\"username\":\"alicia\"")),
        ("anonymous", answer(200, r#"{"type":"anonymous","displayName":"Anonymous"}"#)),
        ("a name that is no text", edited("\"username\":\"alice\"", "\"username\":7")),
        ("a status that is no text", edited("\"status\":\"current\"", "\"status\":true")),
        ("created", answer(201, ALICE)),
        ("no content", answer(204, "")),
    ] {
        let error = account("alice", &response).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed, "{what}: {error}");
    }
}

#[test]
fn somebody_anonymous_is_never_asked_about_others() {
    let anonymous = with(answer(200, ALICE), "X-Seraph-LoginReason", "AUTHENTICATED_FAILED");
    let anonymous_404 = with(error(404), "x-seraph-loginreason", "AUTHENTICATED_FAILED");
    for response in [anonymous, anonymous_404] {
        assert_eq!(account("alice", &response).unwrap_err().code(), Code::TargetUnauthorized);
        assert!(matches!(outcome(&create(), &response), Outcome::Refused(TargetError::Unauthorized { .. })));
    }
}

fn page_of(start: usize, count: usize, more: bool) -> HttpResponse {
    let results: Vec<Value> = (start..start + count).map(|n| json!({ "name": format!("g{n}") })).collect();
    let links = if more { json!({ "next": "https://evil.example.test/?start=99" }) } else { json!({}) };
    answer(200, &json!({ "results": results, "size": count, "_links": links }).to_string())
}

#[test]
fn groups_come_in_pages_as_long_as_there_is_a_next() {
    let mut remote = learned(&[(by_name("alice"), answer(200, ALICE))]).unwrap();
    let first = memberships("alice", Page::FIRST);
    let raised = confluence().learn(&first, &page_of(0, 50, true), &mut remote).unwrap();
    let next = memberships("alice", Page::at("50".to_owned()));
    assert_eq!(raised, std::slice::from_ref(&next), "fewer than asked for");
    let asked = confluence().ask(&next);
    assert_eq!((asked.authority.as_str(), asked.method), ("confluence.example.test", "GET"));
    assert!(asked.path.ends_with("&start=50&limit=200"), "never the address in the answer");
    let raised = confluence().learn(&next, &page_of(50, 3, false), &mut remote).unwrap();
    assert_eq!((raised, remote.account.unwrap().groups.len()), (vec![], 53));
}

#[test]
fn pages_that_do_not_end_are_no_answer() {
    let mut remote = learned(&[(by_name("alice"), answer(200, ALICE))]).unwrap();
    confluence().learn(&memberships("alice", Page::FIRST), &page_of(0, 50, true), &mut remote).unwrap();
    let before = remote.clone();
    let next = memberships("alice", Page::at("50".to_owned()));
    for again in [page_of(0, 50, true), page_of(0, 0, true)] {
        let error = confluence().learn(&next, &again, &mut remote).unwrap_err();
        assert_eq!((error, &remote), (TargetError::Endless { request: Request::ReadMemberships }, &before));
    }
    for (what, response) in [
        ("no list", answer(200, "{}")),
        ("a list of texts", answer(200, r#"{"results":["a"]}"#)),
        ("links that are none", answer(200, r#"{"results":[],"_links":{"next":7}}"#)),
        ("half a page", answer(200, GROUPS.get(..GROUPS.len() / 2).unwrap())),
        ("page", answer(200, PAGE)),
        ("404 of a proxy", answer(404, PAGE)),
    ] {
        let error = confluence().learn(&next, &response, &mut remote).unwrap_err();
        assert_eq!((error.code(), &remote), (Code::TargetAnswerMalformed, &before), "{what}");
    }
}

#[test]
fn a_group_exists_only_when_confluence_says_so() {
    let exists = |response: &HttpResponse| {
        learned(&[(group("g"), response.clone())]).map(|remote| remote.directory.has_group("g"))
    };
    assert_eq!(exists(&answer(200, r#"{"type":"group","name":"G"}"#)), Ok(true));
    assert_eq!(exists(&error(404)), Ok(false));
    for (response, code) in [
        (answer(200, r#"{"name":"other"}"#), Code::TargetAnswerMalformed),
        (answer(200, PAGE), Code::TargetAnswerMalformed),
        (answer(404, PAGE), Code::TargetAnswerMalformed),
        (answer(400, PAGE), Code::TargetRefused),
        (error(403), Code::TargetRefused),
        (answer(401, ""), Code::TargetUnauthorized),
    ] {
        assert_eq!(exists(&response).unwrap_err().code(), code);
    }
}
