//! What Crowd is believed to have, and what is not believed.

use super::*;

#[test]
fn r11_account_marker_and_groups_come_in_either_order() {
    let answers = [(by_name("aLICE"), answer(200, ALICE)), (memberships("aLICE"), answer(200, GROUPS))];
    let mut turned = answers.clone();
    turned.reverse();
    let (one, other) = (learned(&answers).unwrap(), learned(&turned).unwrap());
    assert_eq!(one, other);
    let account = one.account.unwrap();
    assert_eq!((account.username.expose().as_str(), account.active), ("Alice", true));
    assert_eq!(account.email.unwrap().expose(), "a@example.test");
    assert_eq!(account.display_name.expose(), "Alice Archer");
    assert_eq!(account.groups, BTreeSet::from(["Staff".to_owned(), "b".to_owned()]));
    let marker = Marker {
        customer_login: Some(pii("alice@idp")),
        last_login: Some(UnixTime::from_secs(1_767_323_045)),
        ..Marker::default()
    };
    assert_eq!(one.marker, RemoteMarker::Present(marker));
}

#[test]
fn nobody_is_nobody_whatever_came_first() {
    let gone = (by_name("x"), refused(404, "USER_NOT_FOUND"));
    let groups = (memberships("x"), refused(404, "USER_NOT_FOUND"));
    let made_meanwhile = (memberships("x"), answer(200, GROUPS));
    for answers in [
        [gone.clone(), groups.clone()],
        [groups, gone.clone()],
        [gone.clone(), made_meanwhile.clone()],
        [made_meanwhile, gone],
    ] {
        let remote = learned(&answers).unwrap();
        assert_eq!((remote.account, remote.marker), (None, RemoteMarker::Absent), "{answers:?}");
    }
}

#[test]
fn an_account_is_not_read_out_of_anything_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let xml = with(answer(200, XML), "x-served-by", "proxy");
    let declared = HttpResponse {
        headers: vec![("Content-Type".to_owned(), "Text/HTML; charset=utf-8".to_owned())],
        ..answer(200, ALICE)
    };
    for (what, response) in [
        ("empty", answer(200, "")),
        ("page", answer(200, PAGE)),
        ("XML", xml),
        ("XML with 404", answer(404, "<error><reason>USER_NOT_FOUND</reason></error>")),
        ("json declared as a page", declared),
        ("page with 404", answer(404, PAGE)),
        ("nothing with 404", answer(404, "")),
        ("text with 404", answer(404, "no route")),
        ("redirect", with(answer(302, ""), "location", "/crowd/console/login.action")),
        ("truncated", answer(200, ALICE.get(..ALICE.len() / 2).unwrap())),
        ("array", answer(200, &format!("[{ALICE}]"))),
        ("null", answer(200, "null")),
        ("deep", answer(200, &deep)),
        ("two documents", answer(200, &format!("{ALICE}{ALICE}"))),
        ("another account", edited("\"name\":\"Alice\"", "\"name\":\"Alicia\"")),
        ("no name", edited("\"name\":\"Alice\",", "")),
        ("name is a number", edited("\"name\":\"Alice\"", "\"name\":7")),
        ("active is text", edited("\"active\":true", "\"active\":\"true\"")),
        ("active is missing", edited("\"active\":true,", "")),
        ("attributes not expanded", edited("\"attributes\":{", "\"attribute\":{")),
        ("attributes are a text", edited("\"attributes\":[", "\"attributes\":\"\",\"x\":[")),
        ("created", answer(201, ALICE)),
        ("no content", answer(204, "")),
    ] {
        let error = account("alice", &response).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed, "{what}: {error}");
    }
}

#[test]
fn groups_come_in_pages_until_one_is_short() {
    let mut remote = alice();
    let raised = crowd().learn(&memberships("alice"), &page_of(0, 1000), &mut remote).unwrap();
    let next = first_page("alice", Page::at("1000".to_owned()));
    assert_eq!(raised, std::slice::from_ref(&next));
    assert!(crowd().ask(&next).path.ends_with("&start-index=1000&max-results=1000"));
    let raised = crowd().learn(&next, &page_of(1000, 3), &mut remote).unwrap();
    assert_eq!((raised, remote.account.unwrap().groups.len()), (vec![], 1003));
}

#[test]
fn pages_that_do_not_end_are_no_answer() {
    let mut remote = alice();
    crowd().learn(&memberships("alice"), &page_of(0, 1000), &mut remote).unwrap();
    let before = remote.clone();
    let next = first_page("alice", Page::at("1000".to_owned()));
    let error = crowd().learn(&next, &page_of(0, 1000), &mut remote).unwrap_err();
    assert_eq!((error, &remote), (TargetError::Endless { request: Request::ReadMemberships }, &before));
    for (what, response) in [
        ("more than asked", page_of(0, 1001)),
        ("no list", answer(200, "{}")),
        ("a list of texts", answer(200, r#"{"groups":["a"]}"#)),
        ("half a page", answer(200, GROUPS.get(..GROUPS.len() - 3).unwrap())),
        ("page", answer(200, PAGE)),
        ("404 of a proxy", answer(404, PAGE)),
    ] {
        let error = crowd().learn(&memberships("alice"), &response, &mut remote).unwrap_err();
        assert_eq!((error.code(), &remote), (Code::TargetAnswerMalformed, &before), "{what}");
    }
}

#[test]
fn j8_an_address_leads_to_one_account_or_to_none() {
    let users = |list: &[(&str, &str)]| {
        let users: Vec<Value> =
            list.iter().map(|(name, email)| json!({ "name": name, "email": email })).collect();
        answer(200, &json!({ "users": users }).to_string())
    };
    let raised = |response: &HttpResponse| {
        let mut remote = RemoteState::default();
        let raised = crowd().learn(&by_email("A@example.test"), response, &mut remote).unwrap();
        assert_eq!(remote.account, None, "found is not read");
        (raised, remote.ambiguous)
    };
    let one = users(&[("alice", "a@EXAMPLE.test"), ("b", "aa@example.test"), ("c", "")]);
    assert_eq!(raised(&one), (vec![by_name("alice"), memberships("alice")], false));
    assert!(!raised(&users(&[("alice", "a@example.test"), ("ALICE", "a@example.test")])).1);
    assert_eq!(raised(&users(&[("b", "a@example.test"), ("c", "A@example.test")])), (vec![], true));
    assert_eq!(raised(&users(&[])), (vec![], false));
    let many: Vec<(&str, &str)> = (0..100).map(|_| ("x", "x@example.test")).collect();
    assert_eq!(raised(&users(&many)), (vec![], true), "a full page may not be all");
    for response in
        [answer(200, PAGE), answer(200, "{}"), answer(200, "[]"), refused(400, "ILLEGAL_ARGUMENT")]
    {
        assert!(learned(&[(by_email("a@b"), response.clone())]).is_err(), "{response:?}");
    }
}

#[test]
fn r11_the_marker_survives_the_round_trip() {
    let read = |attributes: &Value| {
        learned(&[(marker_of("a"), answer(200, &attributes.to_string()))]).map(|remote| remote.marker)
    };
    assert_eq!(read(&marker::encode(&whole_marker())), Ok(RemoteMarker::Present(whole_marker())));
    let long = Marker { customer_login: Some(pii(&"ü".repeat(300))), ..Marker::default() };
    let Ok(RemoteMarker::Present(read)) = read(&marker::encode(&long)) else { panic!() };
    assert_eq!(read.customer_login.unwrap().expose().chars().count(), 255, "its presence counts");
}

#[test]
fn markers_of_others_are_told_apart() {
    let read = |body: &str| learned(&[(marker_of("a"), answer(200, body))]).map(|remote| remote.marker);
    let of = |version: &str| {
        let version = json!({ "name": "samlgate.version", "values": [version] });
        json!({ "attributes": [{ "name": "customerLogin", "values": ["x"] }, version] }).to_string()
    };
    assert_eq!(read(&of("2")), Ok(RemoteMarker::Foreign));
    for version in ["0", "-1", "1.5", "", "one", "99999999999999999999999"] {
        assert_eq!(read(&of(version)), Ok(RemoteMarker::Absent), "{version}");
    }
    // What another product left there is found again once we have written ours.
    let Ok(RemoteMarker::Present(marker)) = read(&of("1")) else { panic!() };
    assert_eq!(marker.customer_login, Some(pii("x")));
    let others = r#"{"attributes":[{"name":"customerLogin","values":["x"]}]}"#;
    assert_eq!(read(others), Ok(RemoteMarker::Absent));
    assert_eq!(read(r#"{"attributes":[]}"#), Ok(RemoteMarker::Absent));
    let odd = r#"{"attributes":[7,{"name":"samlgate.version"},{"values":["1"]},{"name":"x","values":"y"}]}"#;
    assert_eq!(read(odd), Ok(RemoteMarker::Absent));
    let absent = (marker_of("a"), refused(404, "USER_NOT_FOUND"));
    assert_eq!(learned(&[absent]).unwrap().marker, RemoteMarker::Absent);
    for wrong in [answer(200, PAGE), answer(200, "{}"), answer(404, PAGE), answer(204, "")] {
        let error = learned(&[(marker_of("a"), wrong)]).unwrap_err();
        assert_eq!(error.code(), Code::TargetAnswerMalformed);
    }
}

#[test]
fn a_group_exists_only_when_crowd_says_so() {
    let exists = |response: &HttpResponse| {
        learned(&[(group("g"), response.clone())]).map(|remote| remote.directory.has_group("g"))
    };
    assert_eq!(exists(&answer(200, r#"{"name":"G","type":"GROUP","active":true}"#)), Ok(true));
    assert_eq!(exists(&refused(404, "GROUP_NOT_FOUND")), Ok(false));
    for (response, code) in [
        (answer(200, r#"{"name":"other"}"#), Code::TargetAnswerMalformed),
        (answer(200, PAGE), Code::TargetAnswerMalformed),
        (answer(404, PAGE), Code::TargetAnswerMalformed),
        (answer(200, "[]"), Code::TargetAnswerMalformed),
        (refused(400, "ILLEGAL_ARGUMENT"), Code::TargetRefused),
        (answer(401, ""), Code::TargetUnauthorized),
    ] {
        assert_eq!(exists(&response).unwrap_err().code(), code);
    }
}
