//! What of people goes on, and people whom nobody touches.

use super::*;

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn sent(method: &str, target: &str, body: &Value) -> (String, Value) {
    let (_, call) = waits(start(method, target, body));
    (call.method.to_owned(), serde_json::from_slice(&call.body).unwrap_or_default())
}

fn patch(operations: Value) -> Value {
    json!({ "Operations": operations })
}

#[test]
fn roles_of_a_new_person_stay_here_and_the_rest_goes_on() {
    let role = json!([{ "value": "owner", "primary": true }]);
    for (body, passed) in [
        (json!({ "userName": "a", "roles": role }), json!({ "userName": "a" })),
        (json!({ "userName": "a", "ROLES": role, "Entitlements": "x" }), json!({ "userName": "a" })),
        (json!({ "userName": "a", "groups": [{ "value": "g" }] }), json!({ "userName": "a" })),
        (json!({ "userName": "a", " roles ": role }), json!({ "userName": "a" })),
        (json!({ "userName": "a", format!("{CORE}:roles"): role }), json!({ "userName": "a" })),
        (
            json!({ "userName": "a", format!("{}:Roles", CORE.to_uppercase()): role }),
            json!({ "userName": "a" }),
        ),
        (
            json!({ "userName": "a", CORE: { "roles": role, "title": "x" } }),
            json!({ "userName": "a", CORE: { "title": "x" } }),
        ),
        (json!({ "userName": "a", CORE: { "entitlements": role } }), json!({ "userName": "a" })),
        (json!({ "userName": "a", CORE: { CORE: { "roles": role } } }), json!({ "userName": "a" })),
        (json!({ "userName": "a", "urn:vendor:2.0:User:roles": role }), json!({ "userName": "a" })),
        (json!({ "userName": "a", "urn:vendor:2.0:User": { "Roles": role } }), json!({ "userName": "a" })),
        (
            json!({ "userName": "a", "roles.value": "owner", "roles[primary eq true].value": "x" }),
            json!({ "userName": "a" }),
        ),
    ] {
        assert_eq!(sent("POST", "/Users", &body), ("POST".to_owned(), passed.clone()), "{body}");
        assert_eq!(sent("PUT", "/Users/u", &body), ("PUT".to_owned(), passed), "{body}");
    }
    // What is called alike is something else.
    for body in [
        json!({ "userName": "a", "title": "roles", "userType": "entitlements" }),
        json!({ "userName": "a", "name": { "roles": "x" }, "rolesx": 1, "x-roles": [] }),
        json!({ "userName": "a", "emails": [{ "type": "roles", "value": "a@x" }] }),
    ] {
        assert_eq!(sent("POST", "/Users", &body).1, body);
    }
}

#[test]
fn roles_in_a_patch_stay_here_in_every_shape() {
    let keep = json!({ "op": "replace", "path": "title", "value": "x" });
    for operation in [
        json!({ "op": "add", "path": "roles", "value": [{ "value": "owner" }] }),
        json!({ "op": "Add", "PATH": " Roles ", "VALUE": "owner" }),
        json!({ "op": "replace", "path": "roles[primary eq true].value", "value": "owner" }),
        json!({ "op": "replace", "path": "roles[value eq \"title\"]", "value": { "value": "owner" } }),
        json!({ "op": "remove", "path": "entitlements" }),
        json!({ "op": "add", "path": format!("{CORE}:roles"), "value": "owner" }),
        json!({ "op": "add", "path": "urn:vendor:x:roles", "value": "owner" }),
        json!({ "op": "add", "path": "urn:vendor:x:User", "value": { "roles": "owner" } }),
        json!({ "op": "add", "value": { "roles": "owner" } }),
        json!({ "op": "add", "path": null, "value": { "roles[type eq \"x\"].value": "owner", "ENTITLEMENTS": 1 } }),
        json!({ "op": "add", "path": " ", "value": { CORE: { "roles": "owner" } } }),
        json!({ "op": "add", "value": { format!("{CORE}:entitlements"): "owner" } }),
    ] {
        let both = sent("PATCH", "/Users/u", &patch(json!([operation, keep])));
        assert_eq!(both, ("PATCH".to_owned(), patch(json!([keep]))), "{operation}");
        // Nothing is left of it: the person is shown as they are.
        let (flow, call) = waits(start("PATCH", "/Users/u", &patch(json!([operation]))));
        assert_eq!((call.method, call.body.len()), ("GET", 0), "{operation}");
        let user = json!({ "id": "u", "userName": "a", "meta": { "resourceType": "User" } });
        assert_eq!(ends(then(flow, response(200, &[], &user))).0.status, 200);
        let (flow, _) = waits(start("PATCH", "/Users/u", &patch(json!([operation]))));
        assert_eq!(code(then(flow, response(404, &[], &Value::Null))), (404, "SG7009".to_owned()));
    }
    let mixed = patch(json!([{ "op": "replace", "value": { "title": "x", "roles": [], "groups": [] } }]));
    let left = patch(json!([{ "op": "replace", "value": { "title": "x" } }]));
    assert_eq!(sent("PATCH", "/Users/u", &mixed).1, left);
    let read_only = patch(json!([{ "op": "replace", "value": { "groups": [{ "value": "g" }] } }]));
    assert_eq!(sent("PATCH", "/Users/u", &read_only).0, "GET");
}

#[test]
fn what_can_be_read_in_two_ways_is_no_request() {
    let house = House::plain();
    for body in [
        r#"{"userName":"a","roles":[],"ROLES":[{"value":"owner"}]}"#,
        r#"{"Operations":[],"operations":[{"op":"add","path":"roles","value":"x"}]}"#,
        r#"{"Operations":[{"op":"add","path":"title","Path":"roles","value":"x"}]}"#,
        r#"{"Operations":[{"op":"add","value":{"title":"x","Title":"y"}}]}"#,
    ] {
        for (method, target) in [("POST", "/Users"), ("PUT", "/Users/u"), ("PATCH", "/Users/u")] {
            assert!(house.start_raw(method, target, body.as_bytes()).is_err(), "{method} {body}");
        }
    }
}

#[test]
fn whoever_wants_roles_forwarded_says_so() {
    let house = House::new(&json!({ "scim_gateway": { "pass_through": { "forward_roles": true } } }));
    let body = json!({ "userName": "a", "roles": [{ "value": "x" }], "groups": [] });
    let (_, call) = waits(house.start("POST", "/Users", &body));
    let passed: Value = serde_json::from_slice(&call.body).expect("JSON");
    assert_eq!(passed, json!({ "userName": "a", "roles": [{ "value": "x" }] }), "groups are read-only");
    let one = patch(json!([{ "op": "add", "path": "roles", "value": "x" }]));
    assert_eq!(waits(house.start("PATCH", "/Users/u", &one)).1.body, one.to_string().into_bytes());
}

#[test]
fn what_stays_here_is_told_without_its_value() {
    let body = json!({ "userName": "ann", "roles": [{ "value": "owner" }] });
    let PassTurn::Wait { tells, .. } = start("POST", "/Users", &body) else { panic!("it goes on") };
    let told = format!("{tells:?}");
    assert!(told.contains("scim_attributes_left_out") && told.contains("\"roles\""), "{told}");
    assert!(!told.contains("owner") && !told.contains("ann"), "{told}");
}

fn guarded() -> House {
    let endpoint = json!({ "cluster": "jira", "authority": "jira.example.com" });
    House::new(&json!({ "provisioning": {
        "protected_usernames": [{ "exact": "root" }, { "prefix": "svc-" }], "jira_dc": endpoint,
    } }))
}

fn refused() -> (u16, String) {
    (403, "SG8011".to_owned())
}

#[test]
fn nobody_gets_a_protected_name() {
    let house = guarded();
    for body in [
        json!({ "userName": "root" }),
        json!({ "USERNAME": "ROOT" }),
        json!({ "userName": " Root " }),
        json!({ "userName": "svc-backup" }),
        json!({ "userName": ["root"] }),
        json!({ "userName": "a", "emails": [{ "value": "root" }] }),
        json!({ "userName": "a", "emails": "root" }),
        json!({ "userName": "a", format!("{CORE}:userName"): "root" }),
        json!({ "userName": "a", CORE: { "userName": "root" } }),
    ] {
        assert_eq!(code(house.start("POST", "/Users", &body)), refused(), "{body}");
        assert_eq!(code(house.start("PUT", "/Users/u", &body)), refused(), "{body}");
        assert_eq!(
            code(house.start("PATCH", "/Users/u", &patch(json!([{ "op": "replace", "value": body }])))),
            refused(),
            "{body}"
        );
    }
    for path in ["userName", "USERNAME", "emails", "emails[type eq \"work\"].value"] {
        let rename = patch(json!([{ "op": "replace", "path": path, "value": "root" }]));
        assert_eq!(code(house.start("PATCH", "/Users/u", &rename)), refused(), "{path}");
    }
    waits(house.start("POST", "/Users", &json!({ "userName": "rooty", "title": "root" })));
}

#[test]
fn nobody_who_is_protected_is_changed_deactivated_or_deleted() {
    let house = guarded();
    let off = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    let put = json!({ "userName": "somebody" });
    for (method, body) in [("PATCH", &off), ("PUT", &put), ("DELETE", &Value::Null)] {
        let look = || {
            let (flow, look) = waits(house.start(method, "/Users/u", body));
            assert_eq!((look.method, look.path.as_str()), ("GET", "/scim/directory/7/Users/u"));
            flow
        };
        for name in ["root", "ROOT", "svc-x"] {
            let turn =
                house.answer(look(), CALL, response(200, &[], &json!({ "id": "u", "username": name })));
            assert_eq!(code(turn), refused(), "{method} {name}");
        }
        // Whoever cannot be told apart from them is not changed either.
        for odd in [json!({}), json!([]), json!({ "userName": 7 }), Value::Null] {
            let turn = house.answer(look(), CALL, response(200, &[], &odd));
            assert_eq!(code(turn), (503, "SG7023".to_owned()), "{method} {odd}");
        }
        for (status, answered) in [(204, 503), (302, 503), (404, 404), (500, 503), (401, 503)] {
            let (reply, _) = ends(house.answer(look(), CALL, response(status, &[], &Value::Null)));
            assert_eq!(reply.status, answered, "{method} {status}");
        }
        let somebody = json!({ "id": "u", "userName": "somebody" });
        let (_, call) = waits(house.answer(look(), CALL, response(200, &[], &somebody)));
        assert_eq!(call.method, method);
    }
    // To be looked at is no harm.
    let (_, call) = waits(house.start("GET", "/Users/u", &Value::Null));
    assert_eq!(call.method, "GET");
}
