use serde_json::{Value, json};
use testbed::crowd::{APPLICATION, Crowd, PASSWORD, Permission};
use testbed::stand_in::{Answer, Api as _, Incoming};

use super::{check, json, request};

const BASE: &str = "/rest/usermanagement/1";

fn basic(name: &str, password: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    format!("Basic {encoded}")
}

fn application() -> String {
    basic(APPLICATION, PASSWORD)
}

fn crowd() -> Crowd {
    let mut crowd = Crowd::demo();
    crowd.add_user("Alice", "Alice@example.test", &["staff"]);
    crowd
}

fn ask(crowd: &mut Crowd, method: &str, target: &str) -> Answer {
    crowd.answer(&request(method, &format!("{BASE}/{target}"), &application()))
}

fn reason(answer: &Answer) -> (u16, String) {
    (answer.status, json(answer)["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn an_application_signs_in_and_nobody_else() {
    let mut crowd = crowd();
    let target = format!("{BASE}/user?username=alice");
    for (who, authorization) in [
        ("a user", basic("alice", "secret")),
        ("a wrong password", basic(APPLICATION, "x")),
        ("a token", "Bearer x".to_owned()),
    ] {
        let answer = crowd.answer(&request("GET", &target, &authorization));
        assert_eq!((answer.status, json(&answer)), (401, Value::Null), "{who}");
    }
    assert_eq!(crowd.answer(&Incoming::new("GET", &target)).status, 401);
    let browser = request("GET", &target, &application()).with("cookie", "a=b");
    assert_eq!(crowd.answer(&browser).status, 403);
    crowd.refuse_address(true);
    let answer = ask(&mut crowd, "GET", "user?username=alice");
    assert_eq!((answer.status, json(&answer)), (403, Value::Null));
}

#[test]
fn xml_comes_unless_json_is_asked_for() {
    let mut crowd = crowd();
    let plain = Incoming::new("GET", &format!("{BASE}/user?username=alice"))
        .with("authorization", &application())
        .with("accept", "*/*");
    let answer = crowd.answer(&plain);
    assert!(answer.status == 200 && answer.body.starts_with(b"<?xml"));
    let missing = Incoming { query: vec![("username".to_owned(), "x".to_owned())], ..plain };
    let answer = crowd.answer(&missing);
    assert!(String::from_utf8_lossy(&answer.body).contains("<reason>USER_NOT_FOUND</reason>"));
}

#[test]
fn statuses_are_the_documented_ones() {
    let user = |name: &str, password: Option<&str>| match password {
        Some(password) => {
            json!({ "name": name, "email": "b@example.test", "active": true, "password": { "value": password } })
        }
        None => json!({ "name": name, "email": "b@example.test", "active": true }),
    };
    let group = |name: &str| json!({ "name": name, "type": "GROUP" });
    let nothing = Value::Null;
    let table = [
        ("GET", "/user?username=ALICE", nothing.clone(), 200),
        ("GET", "/user?username=bob", nothing.clone(), 404),
        ("GET", "/user?key=32769:0", nothing.clone(), 404),
        ("GET", "/user", nothing.clone(), 400),
        ("POST", "/user", user("bob", None), 400),
        ("POST", "/user", user("bob", Some("short")), 400),
        ("POST", "/user", user("", Some("long enough")), 400),
        ("POST", "/user", user("bob", Some("long enough")), 201),
        ("POST", "/user", user("BOB", Some("long enough")), 400),
        ("POST", "/user", nothing.clone(), 400),
        ("PUT", "/user?username=bob", user("alice", None), 400),
        ("PUT", "/user?username=nobody", user("nobody", None), 404),
        ("PUT", "/user?username=bob", user("Bob", None), 204),
        ("POST", "/user/rename?username=bob", json!({ "new-name": "alice" }), 400),
        ("POST", "/user/rename?username=bob", json!({ "new-name": "rob" }), 200),
        ("DELETE", "/user?username=rob", nothing.clone(), 204),
        ("DELETE", "/user?username=rob", nothing.clone(), 404),
        ("PATCH", "/user?username=alice", nothing.clone(), 405),
        ("GET", "/group?groupname=STAFF", nothing.clone(), 200),
        ("GET", "/group?groupname=x", nothing.clone(), 404),
        ("POST", "/group", group("new"), 201),
        ("POST", "/group", group("NEW"), 400),
        ("POST", "/group", json!({ "name": "other" }), 400),
        ("POST", "/user/group/direct?username=alice", json!({ "name": "new" }), 201),
        ("POST", "/user/group/direct?username=alice", json!({ "name": "New" }), 409),
        ("POST", "/user/group/direct?username=alice", json!({ "name": "x" }), 400),
        ("POST", "/user/group/direct?username=x", json!({ "name": "new" }), 404),
        ("POST", "/group/user/direct?groupname=new", json!({ "name": "alice" }), 409),
        ("POST", "/group/user/direct?groupname=new", json!({ "name": "x" }), 400),
        ("POST", "/group/user/direct?groupname=x", json!({ "name": "alice" }), 404),
        ("GET", "/user/group/direct?username=alice&groupname=new", nothing.clone(), 200),
        ("DELETE", "/user/group/direct?username=alice&groupname=new", nothing.clone(), 204),
        ("DELETE", "/user/group/direct?username=alice&groupname=new", nothing.clone(), 404),
        ("GET", "/user/group/direct?username=alice&groupname=new", nothing.clone(), 404),
        ("GET", "/user/group/direct?username=x", nothing.clone(), 404),
        ("DELETE", "/group?groupname=new", nothing.clone(), 204),
        ("GET", "/group/user/direct?groupname=new", nothing.clone(), 404),
        ("GET", "/nothing", nothing.clone(), 404),
        ("POST", "/search", nothing, 405),
    ];
    let table: Vec<(&str, String, Value, u16)> = table
        .into_iter()
        .map(|(method, target, body, status)| (method, format!("{BASE}{target}"), body, status))
        .collect();
    let table: Vec<(&str, &str, Value, u16)> = table
        .iter()
        .map(|(method, target, body, status)| (*method, target.as_str(), body.clone(), *status))
        .collect();
    check(&mut crowd(), &application(), &table);
}

#[test]
fn reasons_tell_what_the_status_does_not() {
    let mut crowd = crowd();
    let mut post = |target: &str, body: &Value| {
        let call = request("POST", &format!("{BASE}/{target}"), &application()).with_json(body);
        reason(&crowd.answer(&call))
    };
    let exists = json!({ "name": "alice", "password": { "value": "long enough" } });
    assert_eq!(post("user", &exists), (400, "INVALID_USER".to_owned()));
    assert_eq!(post("user", &json!({ "name": "x" })), (400, "INVALID_CREDENTIAL".to_owned()));
    assert_eq!(
        post("group/user/direct?groupname=staff", &json!({ "name": "alice" })),
        (409, "MEMBERSHIP_ALREADY_EXISTS".to_owned())
    );
    assert_eq!(
        post("group/user/direct?groupname=x", &json!({ "name": "alice" })),
        (404, "GROUP_NOT_FOUND".to_owned())
    );
    let gone = "user/group/direct?username=crowd-admin&groupname=staff";
    assert_eq!(reason(&ask(&mut crowd, "DELETE", gone)), (404, "MEMBERSHIP_NOT_FOUND".to_owned()));
}

#[test]
fn a_put_blanks_what_it_does_not_name() {
    let mut crowd = crowd();
    crowd.change_user("alice", |user| {
        user.first_name = "Alice".to_owned();
        user.attributes.insert("kept".to_owned(), vec!["1".to_owned()]);
    });
    let target = format!("{BASE}/user?username=alice");
    let body = json!({ "name": "Alice", "active": true });
    let answer = crowd.answer(&request("PUT", &target, &application()).with_json(&body));
    assert_eq!(answer.status, 204);
    let user = crowd.user("alice").unwrap();
    assert_eq!((user.first_name.as_str(), user.email.as_str(), user.active), ("", "", true));
    assert_eq!(crowd.attribute("alice", "kept"), Some(&["1".to_owned()][..]));
    let nameless = json!({ "name": "Alice" });
    crowd.answer(&request("PUT", &target, &application()).with_json(&nameless));
    assert!(!crowd.user("alice").unwrap().active, "active is blanked too");
}

#[test]
fn attributes_are_set_one_by_one_and_shown_when_asked_for() {
    let mut crowd = crowd();
    let target = format!("{BASE}/user/attribute?username=alice");
    let set = |crowd: &mut Crowd, name: &str, value: &str| {
        let body = json!({ "attributes": [{ "name": name, "values": [value] }] });
        crowd.answer(&request("POST", &target, &application()).with_json(&body)).status
    };
    assert_eq!(set(&mut crowd, "a", "1"), 204);
    assert_eq!(set(&mut crowd, "b", "2"), 204);
    assert_eq!(set(&mut crowd, "c", &"x".repeat(256)), 400);
    let shown = json(&ask(&mut crowd, "GET", "user?username=alice&expand=attributes"));
    assert_eq!(shown["attributes"]["attributes"][1], json!({ "name": "b", "values": ["2"] }));
    let hidden = json(&ask(&mut crowd, "GET", "user?username=alice"));
    assert_eq!(hidden["attributes"]["attributes"], json!([]));
    assert_eq!(ask(&mut crowd, "DELETE", "user/attribute?username=alice&attributename=a").status, 204);
    assert_eq!(crowd.attribute("alice", "a"), None);
}

#[test]
fn pages_are_cut_without_a_total_and_nesting_shows_more() {
    let mut crowd = crowd();
    for group in ["g1", "g2", "g3"] {
        crowd.add_group(group);
        crowd.join("alice", group);
    }
    crowd.add_group("above");
    crowd.nest("staff", "above");
    let names = |answer: Answer| -> Vec<String> {
        let groups = json(&answer)["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().map(|group| group["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let page = "user/group/direct?username=alice&start-index=1&max-results=2";
    assert_eq!(names(ask(&mut crowd, "GET", page)), ["g2", "g3"]);
    assert_eq!(names(ask(&mut crowd, "GET", "user/group/direct?username=alice&start-index=9")), [""; 0]);
    let nested = names(ask(&mut crowd, "GET", "user/group/nested?username=alice&max-results=-1"));
    assert!(nested.contains(&"above".to_owned()) && nested.len() == 5, "{nested:?}");
}

#[test]
fn people_are_found_by_address_without_case() {
    let mut crowd = crowd();
    let target = |restriction: &str| {
        format!("search?entity-type=user&expand=user&restriction={}", restriction.replace(' ', "%20"))
    };
    let found = json(&ask(&mut crowd, "GET", &target("email=%22ALICE@example.test%22")));
    assert_eq!(found["users"][0]["name"], "Alice");
    assert_eq!(json(&ask(&mut crowd, "GET", &target("email=%22x%22")))["users"], json!([]));
    assert_eq!(ask(&mut crowd, "GET", &target("email=%22x")).status, 400);
    assert_eq!(ask(&mut crowd, "GET", "search?restriction=").status, 400);
}

#[test]
fn a_read_only_directory_denies_permission() {
    let mut crowd = crowd();
    crowd.deny(&Permission::ALL);
    for (method, target, body) in [
        ("POST", "user", json!({ "name": "x", "password": { "value": "long enough" } })),
        ("PUT", "user?username=alice", json!({ "name": "alice" })),
        ("DELETE", "user?username=alice", json!({})),
        ("POST", "user/attribute?username=alice", json!({ "attributes": [] })),
        ("POST", "group", json!({ "name": "x", "type": "GROUP" })),
        ("POST", "group/user/direct?groupname=staff", json!({ "name": "alice" })),
        ("DELETE", "user/group/direct?username=alice&groupname=staff", json!({})),
    ] {
        let call = request(method, &format!("{BASE}/{target}"), &application()).with_json(&body);
        let answer = crowd.answer(&call);
        assert_eq!(reason(&answer), (403, "APPLICATION_PERMISSION_DENIED".to_owned()), "{method} {target}");
    }
    assert_eq!(ask(&mut crowd, "GET", "user?username=alice").status, 200);
}
