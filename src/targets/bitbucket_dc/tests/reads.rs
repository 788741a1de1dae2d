//! What Bitbucket is believed to have, and what is not believed.

use super::*;

#[test]
fn account_and_groups_come_in_either_order() {
    let found = page(&[user("malice", "m@example.test"), user("Alice", "A@example.test")], None);
    let groups = (memberships("aLICE", Page::FIRST), page(&names(&["Staff", "b"]), None));
    let answers = [(by_name("aLICE"), found), groups];
    let mut turned = answers.clone();
    turned.reverse();
    let (one, other) = (learned(&answers).unwrap(), learned(&turned).unwrap());
    assert_eq!(one, other);
    let account = one.account.unwrap();
    assert_eq!((account.username.expose().as_str(), account.active), ("Alice", true));
    assert_eq!(account.email.unwrap().expose(), "A@example.test");
    assert_eq!(account.groups, BTreeSet::from(["Staff".to_owned(), "b".to_owned()]));
}

#[test]
fn whose_name_only_contains_the_name_is_somebody_else() {
    let others = [user("alice2", "alice@example.test"), user("malice", "x"), user("ali ce", "y")];
    assert_eq!(account("alice", &page(&others, None)), Ok(None));
    assert_eq!(account("alice", &page(&[], None)), Ok(None));
}

#[test]
fn pages_are_searched_to_the_end_and_no_further() {
    let mut remote = RemoteState::default();
    let first = page(&[user("alice1", "x"), user("alice2", "x")], Some(75));
    let raised = bitbucket().learn(&by_name("alice"), &first, &mut remote).unwrap();
    let next = Question::Account { by: AccountKey::Username(pii("alice")), page: at("75") };
    assert_eq!(raised, std::slice::from_ref(&next));
    assert!(bitbucket().ask(&next).path.ends_with("&start=75&limit=500"), "not start + limit");
    let second = page(&[user("alice", "x")], Some(150));
    assert_eq!(bitbucket().learn(&next, &second, &mut remote), Ok(vec![]), "found is found");
    assert!(remote.account.is_some());
}

#[test]
fn pages_that_do_not_go_on_are_no_answer() {
    let alices = [user("alice1", "a@example.test")];
    let page_at = |next: Option<u64>| page(&alices, next);
    let by = |page| Question::Account { by: AccountKey::Username(pii("alice")), page };
    for question in [by(at("75")), by(at("groups 75")), by_email("b@example.test", at("75"))] {
        for next in [0, 1, 75] {
            let error = learned(&[(question.clone(), page_at(Some(next)))]).unwrap_err();
            assert_eq!(error.code(), Code::TargetAnswerMalformed, "{question:?} {next}");
            assert!(matches!(error, TargetError::Endless { .. }));
        }
    }
    let nowhere = answer(200, r#"{"values":[],"isLastPage":false,"nextPageStart":null}"#);
    for question in [by(Page::FIRST), memberships("alice", Page::FIRST), group("g")] {
        let error = learned(&[(question, nowhere.clone())]).unwrap_err();
        assert!(matches!(error, TargetError::Endless { .. }), "{error}");
    }
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let whole = page(&[user("alice", "a@example.test")], None);
    let text = String::from_utf8(whole.body.clone()).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        answer(200, &text.replace(from, to))
    };
    let declared = HttpResponse {
        headers: vec![("Content-Type".to_owned(), "Text/HTML; charset=utf-8".to_owned())],
        ..whole.clone()
    };
    for (what, response) in [
        ("empty", answer(200, "")),
        ("page", answer(200, PAGE)),
        ("json declared as a page", declared),
        ("redirect", with(answer(302, ""), "location", "/login")),
        ("truncated", answer(200, text.get(..text.len() / 2).unwrap())),
        ("array", answer(200, "[]")),
        ("null", answer(200, "null")),
        ("empty object", answer(200, "{}")),
        ("deep", answer(200, &deep)),
        ("two documents", answer(200, &format!("{text}{text}"))),
        ("no list", edited("\"values\":", "\"value\":")),
        ("no end", edited("\"isLastPage\":true", "\"lastPage\":true")),
        ("an end that is text", edited("\"isLastPage\":true", "\"isLastPage\":\"true\"")),
        ("a next page that is negative", edited("\"nextPageStart\":null", "\"nextPageStart\":-1")),
        ("a name that is no text", edited("\"name\":\"alice\"", "\"name\":7")),
        ("no name", edited("\"name\":\"alice\"", "\"nom\":\"alice\"")),
        ("active is text", edited("\"active\":true", "\"active\":\"true\"")),
        ("active is missing", edited("\"active\":true", "\"aktiv\":true")),
        ("created", HttpResponse { status: 201, ..whole.clone() }),
        ("no content", answer(204, "")),
    ] {
        let error = account("alice", &response).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed, "{what}: {error}");
    }
    assert!(account("alice", &whole).unwrap().is_some());
}

#[test]
fn a_404_is_never_an_absence() {
    for response in [error(404), answer(404, PAGE), answer(404, "")] {
        for question in [by_name("alice"), memberships("alice", Page::FIRST), group("g")] {
            let error = learned(&[(question, response.clone())]).unwrap_err();
            assert_eq!(error.code(), Code::TargetRefused);
        }
    }
}

#[test]
fn j8_an_address_leads_to_one_account_on_all_pages_or_to_none() {
    let mail = "a@example.test";
    let owned = |users: &[&Value]| users.iter().copied().cloned().collect::<Vec<_>>();
    let first = |users: &[&Value], next| (by_email(mail, Page::FIRST), page(&owned(users), next));
    let second = |users: &[&Value]| (by_email(mail, at("75")), page(&owned(users), None));
    let found = |answers: &[(Question, HttpResponse)]| {
        let remote = learned(answers).unwrap();
        (remote.account.map(|account| account.username.into_inner()), remote.ambiguous)
    };
    let alice = user("alice", "A@EXAMPLE.test");
    let other = user("bob", mail);
    let part = user("carl", "aa@example.test");
    assert_eq!(found(&[first(&[&part, &alice], None)]), (Some("alice".to_owned()), false));
    assert_eq!(found(&[first(&[&part], Some(75)), second(&[&alice])]).0, Some("alice".to_owned()));
    assert_eq!(found(&[first(&[&alice], Some(75)), second(&[&part])]).0, Some("alice".to_owned()));
    assert_eq!(found(&[first(&[&alice], Some(75)), second(&[&other])]), (None, true));
    assert_eq!(found(&[first(&[&alice, &other], None)]), (None, true));
    assert_eq!(found(&[first(&[&part], None)]), (None, false));

    let mut remote = RemoteState::default();
    let (question, response) = first(&[&alice], None);
    let raised = bitbucket().learn(&question, &response, &mut remote).unwrap();
    assert_eq!(raised, [memberships("alice", Page::FIRST)], "groups belong to it");
}

#[test]
fn groups_come_in_pages_that_the_server_counts() {
    let mut remote = learned(&[(by_name("alice"), page(&[user("alice", "x")], None))]).unwrap();
    let first = memberships("alice", Page::FIRST);
    let raised = bitbucket().learn(&first, &page(&names(&["a", "b"]), Some(9)), &mut remote).unwrap();
    assert_eq!(raised, [memberships("alice", at("9"))]);
    bitbucket().learn(&raised[0], &page(&names(&["c"]), None), &mut remote).unwrap();
    let before = remote.clone();
    assert_eq!(before.account.as_ref().unwrap().groups.len(), 3);
    for wrong in [answer(200, "{}"), answer(200, PAGE), answer(200, r#"{"values":["a"],"isLastPage":true}"#)]
    {
        assert!(bitbucket().learn(&first, &wrong, &mut remote).is_err());
        assert_eq!(remote, before, "an answer that says nothing changes nothing");
    }
}

#[test]
fn a_group_exists_only_under_its_whole_name() {
    let exists = |response: &HttpResponse| {
        learned(&[(group("g"), response.clone())]).map(|remote| remote.directory.has_group("g"))
    };
    assert_eq!(exists(&page(&names(&["gg", "G"]), None)), Ok(true));
    assert_eq!(exists(&page(&names(&["gg", "xg"]), None)), Ok(false));
    assert_eq!(exists(&page(&[], None)), Ok(false));
    let mut remote = RemoteState::default();
    let raised = bitbucket().learn(&group("g"), &page(&names(&["gg"]), Some(9)), &mut remote).unwrap();
    assert_eq!(raised, [Question::Group { name: "g".to_owned(), page: at("9") }]);
    assert_eq!(remote.directory.group("g"), None, "not known yet");
    for (response, code) in [
        (answer(200, PAGE), Code::TargetAnswerMalformed),
        (answer(200, "[]"), Code::TargetAnswerMalformed),
        (error(401), Code::TargetUnauthorized),
    ] {
        assert_eq!(exists(&response).unwrap_err().code(), code);
    }
}
