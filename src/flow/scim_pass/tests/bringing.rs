//! People who are brought to the application after a push. Most of these try to make somebody get what they must not have, or
//! keep it.

use super::application::World;
use super::*;

fn world() -> World {
    World::new(&json!({}))
}

fn operations(operations: Value) -> Value {
    json!({ "Operations": operations })
}

fn named(people: &[u32]) -> Value {
    people.iter().map(|number| json!({ "value": format!("u{number}") })).collect()
}

fn members(op: &str, people: &[u32]) -> Value {
    operations(json!([{ "op": op, "path": "members", "value": named(people) }]))
}

const STAFF: &str = "/Groups/staff";

#[test]
fn a4_a6_a8_a_member_gets_the_default_group_by_another_way_and_loses_it() {
    let world = world();
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0, 1])).0, 204);
    assert_eq!(
        (world.groups_of(0), world.groups_of(1)),
        (vec!["product-users".to_owned()], vec!["product-users".to_owned()])
    );
    // Of both (A6), the second as it is pushed.
    assert_eq!(world.send("PATCH", "/Groups/agents", &members("add", &[1, 2])).0, 204);
    assert_eq!(world.groups_of(1), ["both", "product-users"]);
    assert_eq!(world.groups_of(2), Vec::<String>::new());
    assert_eq!(world.send("PATCH", STAFF, &members("remove", &[1])).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len()), (1, 0));
    // What the directory writes through the service is written by nobody else.
    let changes = world.changes.borrow().join("\n");
    assert!(!changes.contains("jira-users") && !changes.contains("agents & more"), "{changes}");
    // The same again changes nothing.
    let before = world.changes.borrow().len();
    assert_eq!(world.send("PATCH", STAFF, &members("remove", &[1])).0, 204);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0])).0, 204);
    assert_eq!(world.changes.borrow().len(), before);
}

#[test]
fn whoever_is_not_named_leaves_too() {
    let gone = |act: fn(&World) -> (u16, String)| {
        let world = world();
        world.omits_none.set(true);
        assert_eq!(world.send("PATCH", STAFF, &members("add", &[0, 1])).0, 204);
        let answer = act(&world);
        assert!((200..300).contains(&answer.0), "{answer:?}");
        (world.groups_of(0).len(), world.groups_of(1).len(), world.groups_of(2).len())
    };
    let put = |world: &World| {
        world.send("PUT", STAFF, &json!({ "displayName": "Staff (IdP)", "members": named(&[1, 2]) }))
    };
    assert_eq!(gone(put), (0, 1, 1));
    assert_eq!(gone(|world| world.send("PATCH", STAFF, &members("replace", &[2]))), (0, 0, 1));
    assert_eq!(gone(|world| world.send("PATCH", STAFF, &members("replace", &[]))), (0, 0, 0));
    assert_eq!(gone(|world| world.send("PUT", STAFF, &json!({ "displayName": "Staff (IdP)" }))), (0, 0, 0));
    assert_eq!(gone(|world| world.send("DELETE", STAFF, &Value::Null)), (0, 0, 0));
    let all = |world: &World| {
        world.send("PATCH", STAFF, &operations(json!([{ "op": "remove", "path": "members" }])))
    };
    assert_eq!(gone(all), (0, 0, 0));
    // A list of nobody that takes nobody away (Entra ID, JumpCloud).
    assert_eq!(gone(|world| world.send("PATCH", STAFF, &members("remove", &[]))), (1, 1, 0));
}

#[test]
fn a_group_of_another_name_means_something_else_for_everybody_in_it() {
    let world = world();
    world.groups.borrow_mut().remove("agents");
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0, 1])).0, 204);
    let rename = operations(json!([{ "op": "replace", "path": "displayName", "value": "AGENTS \"IdP\"" }]));
    assert_eq!(world.send("PATCH", STAFF, &rename).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len()), (0, 0));
    let back = json!({ "displayName": "staff (idp)", "members": named(&[0, 2]) });
    assert_eq!(world.send("PUT", STAFF, &back).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len(), world.groups_of(2).len()), (1, 0, 1));
}

#[test]
fn a_new_group_and_a_new_person_are_brought_on() {
    let world = world();
    world.groups.borrow_mut().remove("staff");
    let group = json!({ "displayName": "STAFF (idp)", "members": named(&[0]) });
    assert_eq!(world.send("POST", "/Groups", &group).0, 201);
    assert_eq!(world.groups_of(0), ["product-users"]);
    let everybody = json!({ "policy": { "always_groups": ["everybody"] } });
    let world = World::new(&everybody);
    assert_eq!(world.send("POST", "/Users", &json!({ "userName": "person-9" })).0, 201);
    assert_eq!(world.groups_of(9), ["everybody"]);
}

/// The list of a person's groups lags behind in services that are spread out: the request says better.
#[test]
fn a_list_that_lags_behind_neither_gives_nor_keeps() {
    let world = world();
    *world.lags.borrow_mut() = Some(world.groups.borrow().clone());
    world.send("PATCH", STAFF, &members("add", &[0]));
    assert_eq!(world.groups_of(0), ["product-users"]);
    *world.lags.borrow_mut() = Some(world.groups.borrow().clone());
    world.send("PATCH", STAFF, &members("remove", &[0]));
    assert_eq!(world.groups_of(0), Vec::<String>::new());
}

#[test]
fn a_service_that_does_not_tell_groups_gives_and_takes_nothing() {
    let world = world();
    world.send("PATCH", STAFF, &members("add", &[0]));
    world.hides_groups.set(true);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[1])).0, 204);
    assert_eq!(world.send("PATCH", STAFF, &members("remove", &[0])).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len()), (1, 0));
}

#[test]
fn an_application_that_is_away_keeps_the_directory_coming_until_it_is_done() {
    let world = world();
    world.is_away.set(true);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0])), (503, "SG7025".to_owned()));
    assert_eq!(world.sent.borrow().len(), 1, "the service took it");
    world.is_away.set(false);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0])).0, 204);
    assert_eq!(world.groups_of(0), ["product-users"]);
    // Whoever leaves: the service must not forget who was in before that is done.
    for (method, body) in [
        ("DELETE", Value::Null),
        ("PUT", json!({ "displayName": "Staff (IdP)", "members": [] })),
        ("PATCH", members("replace", &[])),
        ("PATCH", members("remove", &[0])),
    ] {
        let sent = world.sent.borrow().len();
        world.is_away.set(true);
        for _ in 0..2 {
            assert_eq!(world.send(method, STAFF, &body), (503, "SG7025".to_owned()), "{method}");
        }
        assert_eq!(world.sent.borrow().len(), sent, "{method}: the service was told");
        world.is_away.set(false);
        assert_eq!(world.send(method, STAFF, &body).0, 204, "{method}");
        assert_eq!(world.groups_of(0), Vec::<String>::new(), "{method}");
        world.groups.borrow_mut().insert("staff".to_owned(), ("jira-users".to_owned(), [].into()));
        world.send("PATCH", STAFF, &members("add", &[0]));
    }
}

/// A repetition of a whole list finds nobody new: who is in is brought on all the same.
#[test]
fn a_list_that_is_sent_again_completes_what_was_begun() {
    let world = world();
    let put = json!({ "displayName": "Staff (IdP)", "members": named(&[0, 1]) });
    world.stuck.borrow_mut().insert("person-1".to_owned());
    assert_eq!(world.send("PUT", STAFF, &put), (503, "SG7025".to_owned()));
    world.stuck.borrow_mut().clear();
    assert_eq!(world.send("PUT", STAFF, &put).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len()), (1, 1));
}

/// A POST is not sent again: the service would refuse it as a duplicate, and Okta would give up.
#[test]
fn what_is_made_is_made_while_the_application_is_away() {
    let world = world();
    world.groups.borrow_mut().remove("staff");
    world.is_away.set(true);
    let group = json!({ "displayName": "Staff (IdP)", "members": named(&[0]) });
    assert_eq!(world.send("POST", "/Groups", &group), (201, String::new()));
    assert_eq!(world.send("POST", "/Users", &json!({ "userName": "person-9" })), (201, String::new()));
    assert!(world.told.borrow().contains("scim_people_unsettled"));
}

#[test]
fn what_the_service_refuses_gives_nothing_and_takes_nothing() {
    for (status, answered) in
        [(400, 400), (404, 404), (409, 409), (412, 412), (500, 503), (401, 503), (429, 429)]
    {
        let world = world();
        world.send("PATCH", STAFF, &members("add", &[0]));
        world.refuses.set(Some(status));
        assert_eq!(world.send("PATCH", STAFF, &members("add", &[1])).0, answered);
        assert_eq!(world.groups_of(1), Vec::<String>::new(), "{status}");
        assert_eq!(world.send("PATCH", STAFF, &members("remove", &[0])).0, answered);
        if status < 500 {
            // They are in, as the service says.
            assert_eq!(world.groups_of(0), ["product-users"], "{status}");
        }
        assert_eq!(world.send("POST", "/Users", &json!({ "userName": "person-9" })).0, answered);
        assert_eq!(world.groups_of(9), Vec::<String>::new());
    }
}

#[test]
fn whoever_may_not_use_the_application_is_left_alone() {
    let world = world();
    world.send("PATCH", STAFF, &members("add", &[0]));
    let active = |active: bool| operations(json!([{ "op": "replace", "path": "active", "value": active }]));
    let before = world.changes.borrow().len();
    assert_eq!(world.send("PATCH", "/Users/u0", &active(false)).0, 204);
    assert_eq!(world.send("PATCH", STAFF, &members("remove", &[0])).0, 204);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[9])).0, 204, "nobody of that id");
    assert_eq!(world.changes.borrow().len(), before, "what they have is theirs until they come back (J21)");
    assert_eq!(world.send("PATCH", "/Users/u0", &active(true)).0, 204);
    assert_eq!(world.groups_of(0), Vec::<String>::new());
    assert_eq!(world.send("DELETE", "/Users/u0", &Value::Null).0, 204);
}

#[test]
fn groups_that_no_rule_leads_to_bring_nobody_anywhere() {
    let world = world();
    for (method, body) in [("PATCH", members("add", &[0])), ("DELETE", Value::Null)] {
        assert_eq!(world.send(method, "/Groups/own", &body), (403, "SG7020".to_owned()));
    }
    assert!(world.sent.borrow().is_empty() && world.changes.borrow().is_empty());
    // Nor do they count: by that name a rule would give something.
    world.groups.borrow_mut().insert("x".to_owned(), ("nobody".to_owned(), ["u0".to_owned()].into()));
    world.send("PATCH", "/Groups/agents", &members("add", &[0]));
    assert_eq!(world.groups_of(0), Vec::<String>::new());
}

#[test]
fn what_nobody_can_read_is_not_sent() {
    let world = world();
    world.send("PATCH", STAFF, &members("add", &[0]));
    let sent = world.sent.borrow().len();
    for (body, status) in [
        (operations(json!([{ "op": "remove", "path": "members[display eq \"x\"]" }])), 400),
        (
            operations(
                json!([{ "op": "add", "path": "members", "value": [{ "value": "g", "type": "Group" }] }]),
            ),
            400,
        ),
        (operations(json!([{ "op": "replace", "path": "members", "value": [{ "display": "x" }] }])), 400),
    ] {
        assert_eq!(world.send("PATCH", STAFF, &body).0, status, "{body}");
    }
    let nested = json!({ "displayName": "Staff (IdP)", "members": null });
    assert_eq!(world.send("PUT", STAFF, &nested).0, 400);
    for power in ["roles", "Entitlements", "role\u{17f}", "urn:example:roles"] {
        let body = json!({ "displayName": "Staff (IdP)", "members": [], power: ["owner"] });
        assert_eq!(world.send("PUT", STAFF, &body).0, 400, "{power}");
        let body = operations(json!([{ "op": "add", "value": { power: ["owner"] } }]));
        assert_eq!(world.send("PATCH", STAFF, &body).0, 400, "{power}");
    }
    let nested = json!({ "displayName": "Staff (IdP)", "members": [{ "value": "g", "type": "Group" }] });
    assert_eq!(world.send("PUT", STAFF, &nested).0, 400);
    assert_eq!(world.sent.borrow().len(), sent);
    assert_eq!(world.groups_of(0), ["product-users"]);
}

#[test]
fn one_request_brings_so_many_and_says_how_many_are_left() {
    let people: Vec<u32> = (0..60).collect();
    let world = world().peopled(60);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &people)).0, 204);
    let brought = people.iter().filter(|number| !world.groups_of(**number).is_empty()).count();
    assert_eq!(brought, MAX_PEOPLE);
    assert!(world.told.borrow().contains("(\"people\", \"10\")"), "{}", world.told.borrow());
    assert!(world.told.borrow().contains(&format!("{:?}", Code::ScimPeopleLeft)));
    assert!(world.most_at_once() <= 4, "{}", world.most_at_once());
    // Time is bounded too.
    let world = self::world().peopled(60);
    world.slow.set(3);
    assert_eq!(world.send("PATCH", STAFF, &members("add", &people)).0, 204);
    let brought = people.iter().filter(|number| !world.groups_of(**number).is_empty()).count();
    assert!((1..MAX_PEOPLE).contains(&brought), "{brought}");
    assert!(world.told.borrow().contains(&format!("(\"people\", \"{}\")", 60 - brought)));
}

#[test]
fn one_person_who_cannot_be_brought_keeps_nobody_else_waiting() {
    let world = World::new(&json!({ "provisioning": { "protected_usernames": [{ "exact": "person-1" }] } }));
    assert_eq!(world.send("PATCH", STAFF, &members("add", &[0, 1, 2])).0, 204);
    assert_eq!((world.groups_of(0).len(), world.groups_of(1).len(), world.groups_of(2).len()), (1, 0, 1));
    assert!(world.told.borrow().contains("scim_person_skipped"));
}

/// What a rule gives there would be read as what the directory says, and never be taken back.
#[test]
fn nobody_is_brought_to_the_very_service_behind() {
    let service = json!({ "cluster": "scim", "authority": "api.atlassian.example", "path_prefix": "/scim/directory/7" });
    let house = House::new(&json!({ "provisioning": { "scim": service } }));
    let (flow, _) = waits(house.start("PATCH", STAFF, &members("add", &[0])));
    let (flow, call) = waits(house.answer(flow, CALL, response(200, &[], &group("jira-users"))));
    assert_eq!(call.method, "PATCH");
    assert_eq!(ends(house.answer(flow, CALL, response(204, &[], &Value::Null))).0.status, 204);
    let other = json!({ "cluster": "scim", "authority": "api.atlassian.example", "path_prefix": "/scim/directory/8" });
    let house = House::new(&json!({ "provisioning": { "scim": other } }));
    assert!(house.with(|gate| gate.brings()));
}
