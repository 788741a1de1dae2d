//! Whom the rules keep out although the directory has them: nobody is made, and whoever was let in before loses what the rules
//! gave.

use samlgate::effect::{Answer, Ask, CallFailure};
use serde_json::{Value, json};
use testbed::idp::User;

use crate::host::{ScriptedHost, honest, set};
use crate::ownership::{World, inactive, person, replace};

/// Only members of one group are to be in the application.
fn required() -> Value {
    json!({ "policy": {
        "required_groups": { "sync": ["idp-members"] },
        "group_mapping": [{ "idp_group": "idp-staff", "groups": ["staff"] }],
    } })
}

/// The path of a new group.
pub(crate) fn group(world: &World, name: &str) -> String {
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name });
    let (status, made) = world.sent("POST", "/scim/v2/Groups", &body, &mut honest);
    assert_eq!(status, 201, "{made}");
    format!("/scim/v2/Groups/{}", made["id"].as_str().unwrap())
}

pub(crate) fn member(world: &World, op: &str, group: &str, user: &str) -> u16 {
    let id = user.trim_start_matches('/');
    let operation = match op {
        "remove" => json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }),
        _ => json!({ "op": "add", "path": "members", "value": [{ "value": id }] }),
    };
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    world.sent("PATCH", group, &json!({ "schemas": schemas, "Operations": [operation] }), &mut honest).0
}

/// Somebody in both groups.
pub(crate) fn joined(world: &World, user: &str, groups: &[&str]) -> String {
    let id = world.made(&person(user));
    for group in groups {
        assert_eq!(member(world, "add", group, &id), 204);
    }
    id
}

#[test]
fn r1_who_is_taken_out_of_the_required_group_loses_what_the_rules_gave_and_keeps_the_account() {
    let world = World::new("out", &required());
    let (members, staff) = (group(&world, "idp-members"), group(&world, "idp-staff"));
    let alice = world.made(&person("alice"));
    assert_eq!(world.is_active("alice"), None, "outside, nobody is made");
    assert_eq!(member(&world, "add", &staff, &alice), 204);
    assert_eq!(world.is_active("alice"), None);
    assert_eq!(member(&world, "add", &members, &alice), 204);
    assert_eq!(world.host.groups("alice"), set(&["staff"]));
    world.host.jira.change(|store| {
        store.add_group("local");
        store.join("alice", "local");
    });
    assert_eq!(member(&world, "remove", &members, &alice), 204);
    assert_eq!(world.host.groups("alice"), set(&["local"]));
    assert_eq!(world.is_active("alice"), Some(true), "the account stays");
    // What is pushed while they are outside gives nothing back.
    assert_eq!(world.scim("PATCH", &alice, &replace("displayName", &json!("A"))).0, 200);
    assert_eq!(world.host.groups("alice"), set(&["local"]));
    // Back again, everything is as it was.
    assert_eq!(member(&world, "add", &members, &alice), 204);
    assert_eq!(world.host.groups("alice"), set(&["local", "staff"]));
    // R4: a sign-in of somebody outside goes by the pushed groups, whatever a push may do.
    assert_eq!(member(&world, "remove", &members, &alice), 204);
    let ended = world.host.sign_in(User::new("alice", "alice", &[]), "/", &mut honest);
    assert!(ended.has_session(), "{}", ended.code());
    assert_eq!(world.host.groups("alice"), set(&["local", "staff"]));
    // They can still be deactivated.
    assert_eq!(world.scim("PATCH", &alice, &replace("active", &json!(false))).0, 200);
    assert_eq!(world.is_active("alice"), Some(false));
}

#[test]
fn r1_who_was_never_let_in_loses_nothing() {
    let world = World::new("never-in", &required());
    let (_, staff) = (group(&world, "idp-members"), group(&world, "idp-staff"));
    world.host.jira.change(|store| {
        store.join("admin", "staff");
    });
    let admin = world.made(&person("admin"));
    assert_eq!(member(&world, "add", &staff, &admin), 204);
    assert_eq!(member(&world, "remove", &staff, &admin), 204);
    assert_eq!(world.host.groups("admin"), set(&["staff"]), "an account that was there before");
    // And it is not theirs by having been looked at.
    assert_eq!(world.scim("PATCH", &admin, &replace("active", &json!(false))).0, 200);
    assert_eq!(world.scim("DELETE", &admin, &Value::Null).0, 204);
    assert_eq!(world.is_active("admin"), Some(true));
    // The same where there was no account, and somebody makes one by hand.
    let bea = world.made(&person("bea"));
    assert_eq!(world.is_active("bea"), None);
    world.add("bea");
    assert_eq!(world.scim("PUT", &bea, &inactive("bea")).0, 200);
    assert_eq!(world.is_active("bea"), Some(true));
    // The same after the application was away when they were looked for, and again when the rules were asked.
    for calls in 0..4 {
        let user = format!("cleo-{calls}");
        let mut passed = 0;
        let mut away = |_: usize, ask: &Ask, _: &ScriptedHost| {
            let is_jira = matches!(ask, Ask::HttpCall(call) if call.cluster == "jira_api");
            passed += usize::from(is_jira);
            (is_jira && passed > calls).then_some(Answer::HttpFailed(CallFailure::NotSent))
        };
        let (status, made) = world.with("POST", "", &person(&user), &mut away);
        assert!(matches!(status, 201 | 503), "{status} {made}");
        let (status, made) = world.scim("POST", "", &person(&user));
        assert!(matches!(status, 201 | 409), "{status} {made}");
        let (_, found) = world.sent(
            "GET",
            &format!("/scim/v2/Users?filter=userName+eq+%22{user}%22"),
            &Value::Null,
            &mut honest,
        );
        let id = format!("/{}", found["Resources"][0]["id"].as_str().unwrap());
        world.tick();
        assert_eq!(world.is_active(&user), None, "{calls}");
        world.add(&user);
        world.host.jira.change(|store| {
            store.join(&user, "staff");
        });
        world.tick();
        assert_eq!(world.scim("PATCH", &id, &replace("displayName", &json!("A"))).0, 200);
        assert_eq!(world.host.groups(&user), set(&["staff"]), "{calls}");
        assert_eq!(world.scim("DELETE", &id, &Value::Null).0, 204);
        assert_eq!(world.is_active(&user), Some(true), "{calls}");
    }
}

#[test]
fn r1_who_may_not_enter_loses_what_the_rules_gave_where_that_is_certain() {
    let rules = |condition: &Value| {
        json!({ "policy": {
            "group_mapping": [{ "idp_group": "idp-staff", "groups": ["staff"] }],
            "access": [{ "name": "blocked", "match": condition, "action": "DENY" }],
        } })
    };
    let world = World::new("denied", &rules(&json!({ "groups": { "any_of": ["idp-blocked"] } })));
    let (blocked, staff) = (group(&world, "idp-blocked"), group(&world, "idp-staff"));
    let alice = joined(&world, "alice", &[&staff]);
    assert_eq!(world.host.groups("alice"), set(&["staff"]));
    assert_eq!(member(&world, "add", &blocked, &alice), 204);
    assert_eq!((world.host.groups("alice"), world.is_active("alice")), (set(&[]), Some(true)));
    assert_eq!(member(&world, "remove", &blocked, &alice), 204);
    assert_eq!(world.host.groups("alice"), set(&["staff"]));
}

#[test]
fn r1_too_many_who_are_kept_out_in_one_hour_wait() {
    let mut patch = required();
    patch["scim_gateway"] = json!({ "max_deactivations_per_hour": 1 });
    let world = World::new("braked", &patch);
    let (members, staff) = (group(&world, "idp-members"), group(&world, "idp-staff"));
    let groups = [members.as_str(), staff.as_str()];
    let (alice, berta) = (joined(&world, "alice", &groups), joined(&world, "berta", &groups));
    assert_eq!(member(&world, "remove", &members, &alice), 204);
    assert_eq!(member(&world, "remove", &members, &berta), 503);
    assert_eq!((world.host.groups("alice"), world.host.groups("berta")), (set(&[]), set(&["staff"])));
    // Nothing that changes nothing is counted, and the next hour has room for one more.
    world.host.now.set(world.host.now.get() + 3_700);
    assert_eq!(world.scim("PATCH", &alice, &replace("displayName", &json!("A"))).0, 200);
    assert_eq!(member(&world, "remove", &members, &berta), 204);
    assert_eq!(world.host.groups("berta"), set(&[]));
}

#[test]
fn r1_a_dry_run_takes_nothing_and_leaves_it_to_do() {
    let world = World::new("dry", &required());
    let (members, staff) = (group(&world, "idp-members"), group(&world, "idp-staff"));
    let alice = joined(&world, "alice", &[&members, &staff]);
    world.restart_with(&json!({ "provisioning": { "dry_run": true } }));
    assert_eq!(member(&world, "remove", &members, &alice), 204);
    assert_eq!(world.host.groups("alice"), set(&["staff"]));
    world.restart_with(&json!({}));
    world.tick();
    assert_eq!(world.host.groups("alice"), set(&[]));
}
