use serde_json::{Value, json};
use testbed::confluence::{Confluence, LICENCE_GROUP, Rights, TOKEN};
use testbed::stand_in::{Answer, Api as _, Incoming};

use super::{check, json, request};

fn token(token: &str) -> String {
    format!("Bearer {token}")
}

fn confluence() -> Confluence {
    let mut confluence = Confluence::demo();
    confluence.add_user("Alice", "alice@example.test", &["staff"]);
    confluence
}

fn ask(confluence: &mut Confluence, method: &str, target: &str) -> Answer {
    confluence.answer(&request(method, target, &token(TOKEN)))
}

#[test]
fn who_calls_decides_what_may_be_done() {
    let mut confluence = confluence();
    confluence.add_token("viewer", Rights::View);
    confluence.add_token("nobody", Rights::Nothing);
    let enable = "/rest/api/admin/user/alice/enable";
    let user = "/rest/api/user?username=alice";
    for (who, method, target, status) in [
        (TOKEN, "GET", user, 200),
        (TOKEN, "PUT", enable, 204),
        ("viewer", "GET", user, 200),
        ("viewer", "PUT", enable, 403),
        ("nobody", "GET", user, 403),
        ("expired", "GET", user, 401),
    ] {
        assert_eq!(confluence.answer(&request(method, target, &token(who))).status, status, "{who} {method}");
    }
    let bare = Incoming::new("PUT", enable).with("authorization", &token(TOKEN));
    assert_eq!(confluence.answer(&bare).status, 403, "no X-Atlassian-Token");
    let browser = request("GET", user, &token(TOKEN)).with("origin", "https://evil.example.test");
    assert_eq!(confluence.answer(&browser).status, 403);
    confluence.revoke_token(TOKEN);
    assert_eq!(ask(&mut confluence, "GET", user).status, 401);
}

#[test]
fn statuses_are_the_documented_ones() {
    let user = |name: &str, full: &str, email: &str, password: &str| json!({ "userName": name, "fullName": full, "email": email, "password": password });
    let mail = |name: &str, password: &str| {
        let mut body = user(name, "Carl", "c@example.test", password);
        body["notifyViaEmail"] = json!(true);
        body
    };
    let group = |name: &str| json!({ "name": name, "type": "group" });
    let nothing = Value::Null;
    let users = "/rest/api/admin/user";
    check(
        &mut confluence(),
        &token(TOKEN),
        &[
            ("GET", "/rest/api/user?username=ALICE", nothing.clone(), 200),
            ("GET", "/rest/api/user?username=bob", nothing.clone(), 404),
            ("GET", "/rest/api/user?key=x", nothing.clone(), 404),
            ("GET", "/rest/api/user", nothing.clone(), 400),
            ("POST", users, user("Bob", "Bob", "b@example.test", "x"), 400),
            ("POST", users, user("b b", "Bob", "b@example.test", "x"), 400),
            ("POST", users, user("b+b", "Bob", "b@example.test", "x"), 400),
            ("POST", users, user("anonymous", "Bob", "b@example.test", "x"), 400),
            ("POST", users, user("bob", "B<b", "b@example.test", "x"), 400),
            ("POST", users, user("bob", "", "b@example.test", "x"), 400),
            ("POST", users, user("bob", "Bob", "", "x"), 400),
            ("POST", users, user("bob", "Bob", "b@example.test", ""), 400),
            ("POST", users, user("bob", "Bob", "b@example.test", "x"), 201),
            ("POST", users, user("bob", "Bob", "b@example.test", "x"), 409),
            ("POST", users, mail("carl", "x"), 400),
            ("POST", users, mail("carl", ""), 201),
            ("POST", users, nothing.clone(), 400),
            ("PUT", "/rest/api/admin/user/bob", json!({ "fullName": "Bob B" }), 400),
            ("PUT", "/rest/api/admin/user/bob", json!({ "fullName": "B", "email": "b@example.test" }), 204),
            ("PUT", "/rest/api/admin/user/x", json!({ "fullName": "B", "email": "b@example.test" }), 404),
            ("PUT", "/rest/api/admin/user/bob/disable", nothing.clone(), 204),
            ("PUT", "/rest/api/admin/user/bob/disable", nothing.clone(), 204),
            ("PUT", "/rest/api/admin/user/bob/enable", nothing.clone(), 204),
            ("PUT", "/rest/api/admin/user/x/enable", nothing.clone(), 404),
            ("DELETE", "/rest/api/admin/user/bob", nothing.clone(), 202),
            ("DELETE", "/rest/api/admin/user/bob", nothing.clone(), 404),
            ("GET", "/rest/api/longtask/1507336", nothing.clone(), 200),
            ("GET", "/rest/api/group/STAFF", nothing.clone(), 200),
            ("GET", "/rest/api/group/x", nothing.clone(), 404),
            ("POST", "/rest/api/admin/group", group("new one"), 200),
            ("POST", "/rest/api/admin/group", group("NEW one"), 409),
            ("POST", "/rest/api/admin/group", json!({ "name": "other" }), 400),
            ("PUT", "/rest/api/user/alice/group/new%20one", nothing.clone(), 204),
            ("PUT", "/rest/api/user/alice/group/new%20one", nothing.clone(), 204),
            ("PUT", "/rest/api/user/alice/group/x", nothing.clone(), 404),
            ("PUT", "/rest/api/user/x/group/staff", nothing.clone(), 404),
            ("PUT", "/rest/api/user/alice/group/a%2Fb", nothing.clone(), 400),
            ("DELETE", "/rest/api/user/alice/group/new%20one", nothing.clone(), 204),
            ("DELETE", "/rest/api/user/alice/group/new%20one", nothing.clone(), 204),
            ("DELETE", "/rest/api/admin/group/new%20one", nothing.clone(), 204),
            ("DELETE", "/rest/api/admin/group/confluence-administrators", nothing.clone(), 400),
            ("POST", "/rest/api/user/alice/group/staff", nothing.clone(), 405),
            ("GET", "/rest/api/nothing", nothing, 404),
        ],
    );
}

#[test]
fn an_answer_shows_no_address_and_the_status_only_when_asked() {
    let mut confluence = confluence();
    let plain = json(&ask(&mut confluence, "GET", "/rest/api/user?username=alice"));
    assert!(plain.get("status").is_none() && !plain.to_string().contains("alice@example.test"), "{plain}");
    let status = |confluence: &mut Confluence| {
        json(&ask(confluence, "GET", "/rest/api/user?username=alice&expand=status"))["status"].clone()
    };
    assert_eq!(status(&mut confluence), "current");
    confluence.change_user("alice", |user| user.active = false);
    assert_eq!(status(&mut confluence), "deactivated");
    confluence.set_shows_status(false);
    assert_eq!(status(&mut confluence), Value::Null);
}

#[test]
fn licences_run_out_and_a_default_group_takes_them() {
    let mut confluence = confluence();
    let create = |confluence: &mut Confluence, name: &str| {
        let body = json!({ "userName": name, "fullName": name, "email": "x@example.test", "password": "x" });
        confluence.answer(&request("POST", "/rest/api/admin/user", &token(TOKEN)).with_json(&body)).status
    };
    assert_eq!(create(&mut confluence, "one"), 201);
    assert!(!confluence.is_licensed("one"));
    confluence.set_default_group(Some(LICENCE_GROUP));
    confluence.set_seats(2);
    assert_eq!(create(&mut confluence, "two"), 201);
    assert!(confluence.is_licensed("two") && confluence.is_full());
    assert_eq!(create(&mut confluence, "three"), 402);
}

#[test]
fn pages_are_smaller_than_asked_and_say_that_there_is_more() {
    let mut confluence = confluence();
    confluence.set_page_cap(2);
    for group in ["a", "b", "c", "d"] {
        confluence.add_group(group);
        confluence.join("alice", group);
    }
    let target = "/rest/api/user/memberof?username=alice&limit=500";
    let first = json(&ask(&mut confluence, "GET", target));
    assert_eq!((first["size"].as_u64(), first["results"][1]["name"].as_str()), (Some(2), Some("b")));
    assert_eq!(first["_links"]["next"], "/rest/api/user/memberof?limit=2&start=2");
    let last = json(&ask(&mut confluence, "GET", &format!("{target}&start=4")));
    assert_eq!((last["size"].as_u64(), last["_links"].get("next")), (Some(1), None));
    assert_eq!(ask(&mut confluence, "GET", "/rest/api/user/memberof?username=x").status, 404);
}

#[test]
fn a_read_only_directory_refuses_every_change() {
    let mut confluence = confluence();
    confluence.set_read_only(true);
    let user = json!({ "userName": "x", "fullName": "X", "email": "x@example.test", "password": "x" });
    check(
        &mut confluence,
        &token(TOKEN),
        &[
            ("POST", "/rest/api/admin/user", user.clone(), 403),
            ("PUT", "/rest/api/admin/user/alice", user, 403),
            ("PUT", "/rest/api/admin/user/alice/enable", Value::Null, 403),
            ("POST", "/rest/api/admin/group", json!({ "name": "x", "type": "group" }), 403),
            ("PUT", "/rest/api/user/alice/group/staff", Value::Null, 403),
            ("DELETE", "/rest/api/user/alice/group/staff", Value::Null, 403),
            ("GET", "/rest/api/user?username=alice", Value::Null, 200),
        ],
    );
}
