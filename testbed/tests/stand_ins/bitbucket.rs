use serde_json::{Value, json};
use testbed::bitbucket::{Bitbucket, LICENCE_GROUP, Rights, TOKEN};
use testbed::stand_in::{Answer, Api as _, Incoming};

use super::{check, json, request};

fn token(token: &str) -> String {
    format!("Bearer {token}")
}

fn bitbucket() -> Bitbucket {
    let mut bitbucket = Bitbucket::demo();
    bitbucket.add_user("Alice", "alice@example.test", &["staff"]);
    bitbucket
}

fn ask(bitbucket: &mut Bitbucket, method: &str, target: &str) -> Answer {
    bitbucket.answer(&request(method, &format!("/rest/api/latest/admin/{target}"), &token(TOKEN)))
}

#[test]
fn a_missing_permission_is_401() {
    let mut bitbucket = bitbucket();
    bitbucket.add_token("user", Rights::Licensed);
    bitbucket.add_token("nobody", Rights::Nothing);
    let base = "/rest/api/latest/admin";
    for (who, method, target, status) in [
        (TOKEN, "GET", "users?filter=alice", 200),
        ("user", "GET", "users?filter=alice", 200),
        ("user", "POST", "groups?name=x", 401),
        ("nobody", "GET", "users?filter=alice", 401),
        ("expired", "GET", "users?filter=alice", 401),
        (TOKEN, "POST", "groups?name=x", 200),
    ] {
        let call = request(method, &format!("{base}/{target}"), &token(who));
        assert_eq!(bitbucket.answer(&call).status, status, "{who} {method} {target}");
    }
    let bare = Incoming::new("POST", &format!("{base}/groups?name=y")).with("authorization", &token(TOKEN));
    assert_eq!(bitbucket.answer(&bare).status, 403, "no X-Atlassian-Token");
    bitbucket.revoke_token(TOKEN);
    assert_eq!(ask(&mut bitbucket, "GET", "users").status, 401);
}

#[test]
fn statuses_are_the_documented_ones() {
    let nothing = Value::Null;
    let details = |name: &str| json!({ "name": name, "displayName": "B", "email": "b@example.test" });
    let password = |name: &str, one: &str, other: &str| json!({ "name": name, "password": one, "passwordConfirm": other });
    let groups = |user: &str, groups: &[&str]| json!({ "user": user, "groups": groups });
    let leave = |user: &str, group: &str| json!({ "context": user, "itemName": group });
    let new = "users?displayName=Bob&emailAddress=b%40example.test&addToDefaultGroup=false";
    let table = [
        ("POST", format!("{new}&name=bob"), nothing.clone(), 400),
        ("POST", format!("{new}&password=x"), nothing.clone(), 400),
        ("POST", "users".to_owned(), json!({ "name": "bob" }), 400),
        ("POST", format!("{new}&name=bob&password=x"), nothing.clone(), 204),
        ("POST", format!("{new}&name=BOB&password=x"), nothing.clone(), 409),
        ("POST", format!("{new}&name=carl&notify=true"), nothing.clone(), 204),
        ("PUT", "users".to_owned(), details("bob"), 200),
        ("PUT", "users".to_owned(), details("x"), 404),
        ("PUT", "users".to_owned(), json!({ "name": "bob" }), 400),
        ("PUT", "users/credentials".to_owned(), password("bob", "y", "z"), 400),
        ("PUT", "users/credentials".to_owned(), password("bob", "", ""), 400),
        ("PUT", "users/credentials".to_owned(), password("x", "y", "y"), 404),
        ("PUT", "users/credentials".to_owned(), password("bob", "y", "y"), 204),
        ("POST", "users/rename".to_owned(), json!({ "name": "bob", "newName": "alice" }), 400),
        ("POST", "users/rename".to_owned(), json!({ "name": "bob", "newName": "rob" }), 200),
        ("POST", "groups?name=new".to_owned(), nothing.clone(), 200),
        ("POST", "groups?name=NEW".to_owned(), nothing.clone(), 409),
        ("POST", "groups?name=".to_owned(), nothing.clone(), 400),
        ("POST", "users/add-groups".to_owned(), groups("rob", &["new", "staff"]), 200),
        ("POST", "users/add-groups".to_owned(), groups("rob", &["new"]), 200),
        ("POST", "users/add-groups".to_owned(), groups("rob", &["x"]), 404),
        ("POST", "users/add-groups".to_owned(), groups("x", &["new"]), 404),
        ("POST", "users/add-groups".to_owned(), groups("rob", &[]), 400),
        ("POST", "groups/add-users".to_owned(), json!({ "group": "new", "users": ["alice"] }), 200),
        ("POST", "users/remove-group".to_owned(), leave("rob", "new"), 200),
        ("POST", "users/remove-group".to_owned(), leave("rob", "new"), 200),
        ("POST", "users/remove-group".to_owned(), leave("rob", "x"), 404),
        ("POST", "users/remove-group".to_owned(), leave("x", "new"), 404),
        ("GET", "users/more-members?context=nobody".to_owned(), nothing.clone(), 200),
        ("GET", "groups/more-members?context=new".to_owned(), nothing.clone(), 200),
        ("DELETE", "users?name=rob".to_owned(), nothing.clone(), 200),
        ("DELETE", "users?name=rob".to_owned(), nothing.clone(), 404),
        ("DELETE", "groups?name=new".to_owned(), nothing.clone(), 200),
        ("DELETE", "groups?name=new".to_owned(), nothing.clone(), 404),
        ("PUT", "groups".to_owned(), nothing.clone(), 405),
        ("GET", "nothing".to_owned(), nothing, 404),
    ];
    let table: Vec<(&str, String, Value, u16)> = table
        .into_iter()
        .map(|(method, target, body, status)| (method, format!("/rest/api/1.0/admin/{target}"), body, status))
        .collect();
    let table: Vec<(&str, &str, Value, u16)> = table
        .iter()
        .map(|(method, target, body, status)| (*method, target.as_str(), body.clone(), *status))
        .collect();
    check(&mut bitbucket(), &token(TOKEN), &table);
}

#[test]
fn a_filter_finds_parts_of_everything() {
    let mut bitbucket = bitbucket();
    bitbucket.add_user("malice", "m@example.test", &[]);
    bitbucket.add_user("bob", "x-alice@example.test", &[]);
    let found = json(&ask(&mut bitbucket, "GET", "users?filter=ALICE"));
    let names: Vec<&str> =
        found["values"].as_array().unwrap().iter().filter_map(|u| u["name"].as_str()).collect();
    assert_eq!(names, ["Alice", "bob", "malice"]);
    assert_eq!(found["values"][0]["mutableGroups"], true);
}

#[test]
fn the_next_page_begins_where_only_the_server_knows() {
    let mut bitbucket = bitbucket();
    for group in ["a", "b", "c", "d"] {
        bitbucket.add_group(group);
        bitbucket.join("alice", group);
    }
    let mut start = 0;
    let mut names = Vec::new();
    loop {
        let target = format!("users/more-members?context=alice&limit=2&start={start}");
        let page = json(&ask(&mut bitbucket, "GET", &target));
        let values = page["values"].as_array().unwrap().clone();
        names.extend(values.iter().filter_map(|group| group["name"].as_str()).map(str::to_owned));
        let Some(next) = page["nextPageStart"].as_u64() else {
            assert_eq!(page["isLastPage"], true);
            break;
        };
        assert_ne!(next, start + 2);
        start = next;
    }
    assert_eq!(names, ["a", "b", "c", "d", "staff"]);
    let wrong = json(&ask(&mut bitbucket, "GET", "users/more-members?context=alice&limit=2&start=2"));
    assert_eq!(wrong["values"][0]["name"], "b", "start + limit reads twice what was read");
}

#[test]
fn licences_are_403() {
    let mut bitbucket = bitbucket();
    bitbucket.set_seats(1);
    let new = "users?name=bob&displayName=Bob&emailAddress=b%40example.test&password=x";
    assert_eq!(ask(&mut bitbucket, "POST", new).status, 403, "the default group is the default");
    assert_eq!(ask(&mut bitbucket, "POST", &format!("{new}&addToDefaultGroup=false")).status, 204);
    assert!(!bitbucket.is_licensed("bob"));
    let add = json!({ "user": "bob", "groups": ["staff", LICENCE_GROUP] });
    let call = request("POST", "/rest/api/latest/admin/users/add-groups", &token(TOKEN)).with_json(&add);
    assert_eq!(bitbucket.answer(&call).status, 403);
    assert_eq!(bitbucket.groups_of("bob"), [""; 0], "all or nothing");
}

#[test]
fn a_read_only_directory_refuses_details_and_groups() {
    let mut bitbucket = bitbucket();
    bitbucket.change_user("alice", |user| {
        user.mutable_details = false;
        user.mutable_groups = false;
    });
    let base = "/rest/api/latest/admin";
    for (method, target, body, status) in [
        ("PUT", "users", json!({ "name": "alice", "displayName": "A", "email": "a@example.test" }), 409),
        ("POST", "users/add-groups", json!({ "user": "alice", "groups": ["staff"] }), 403),
        ("POST", "users/remove-group", json!({ "context": "alice", "itemName": "staff" }), 403),
    ] {
        let call = request(method, &format!("{base}/{target}"), &token(TOKEN)).with_json(&body);
        assert_eq!(bitbucket.answer(&call).status, status, "{method} {target}");
    }
}
