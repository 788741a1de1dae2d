//! An operator has everybody looked at again, after the rules became others.

use std::cell::Cell;

use samlgate::effect::{Ask, Tell};
use serde_json::{Value, json};

use crate::host::set;
use crate::kept_out::{group, joined, member};
use crate::ownership::{World, person};

fn rules(staff: &str, word: Option<&str>) -> Value {
    // Groups that no rule speaks of are nobody's to take.
    let managed = ["staff", "portal-customers", "service-desk-agents"];
    json!({
        "policy": { "group_mapping": [
            { "idp_group": "idp-staff", "groups": [staff] },
            { "idp_group": "idp-nobody", "groups": managed },
        ] },
        "scim_gateway": { "look_again": word, "max_requests_per_second": 1000 },
    })
}

/// Is it the write of the round that `world` is on?
fn is_round(name: &str, ask: &Ask) -> bool {
    let key = samlgate::encoding::base64::encode(format!("{name}/table/ever/round").as_bytes());
    let Ask::HttpCall(call) = ask else { return false };
    let body = String::from_utf8_lossy(&call.body);
    call.cluster == "etcd"
        && body.split("request_put").skip(1).any(|put| put.get(..120).unwrap_or(put).contains(&key))
}

fn left(tells: &[Tell]) -> Vec<u64> {
    let gauge = |tell: &Tell| match tell {
        Tell::Gauge { name, value } if name == "scim_look_again" => Some(*value),
        _ => None,
    };
    tells.iter().filter_map(gauge).collect()
}

/// Until nothing is left to do; what is told of the round, and how often it was written down.
fn settle(name: &str, world: &World) -> (Vec<u64>, usize) {
    let (written, mut tells) = (Cell::new(0), Vec::new());
    for _ in 0..8 {
        tells.extend(world.tick_once(&mut |ask| {
            written.set(written.get() + usize::from(is_round(name, ask)));
            true
        }));
    }
    (left(&tells), written.get())
}

#[test]
fn other_rules_reach_everybody_once_for_each_word() {
    let name = "again";
    let world = World::new(name, &rules("staff", None));
    let staff = group(&world, "idp-staff");
    for user in ["alice", "berta"] {
        joined(&world, user, &[&staff]);
    }
    world.made(&person("carol"));
    let groups = || ["alice", "berta", "carol"].map(|user| world.host.groups(user));
    let of = |group: &str| [set(&[group]), set(&[group]), set(&[])];
    world.restart_with(&rules("portal-customers", None));
    assert_eq!((settle(name, &world), groups()), ((vec![], 0), of("staff")), "nobody was told to look");
    world.restart_with(&rules("portal-customers", Some("one")));
    settle(name, &world);
    assert_eq!(groups(), of("portal-customers"));
    // Once only, also after a restart, and by replicas that know no word or an older one.
    world.restart_with(&rules("service-desk-agents", Some("two")));
    settle(name, &world);
    assert_eq!(groups(), of("service-desk-agents"));
    for word in [Some("two"), Some("one"), None] {
        world.restart_with(&rules("staff", word));
        assert_eq!((settle(name, &world), groups()), ((vec![], 0), of("service-desk-agents")), "{word:?}");
    }
}

#[test]
fn rules_that_went_wrong_take_only_so_much_in_an_hour() {
    let name = "again-brake";
    let world = World::new(name, &rules("staff", None));
    let staff = group(&world, "idp-staff");
    let users = ["alice", "berta", "carol", "doris"];
    for user in users {
        joined(&world, user, &[&staff]);
    }
    let mut wrong = rules("staff", Some("one"));
    wrong["policy"]["group_mapping"][0]["idp_group"] = json!("idp-staf");
    wrong["scim_gateway"]["max_deactivations_per_hour"] = json!(2);
    world.host.restart_with(&world.with_patch(&wrong));
    // Within one hour.
    let now = world.host.now.get();
    for minute in 1..40 {
        world.host.now.set(now + minute * 60 - 4_000);
        world.tick_once(&mut |_| true);
    }
    let left = users.iter().filter(|user| world.host.groups(user) == set(&["staff"])).count();
    assert_eq!(left, 2);
    // A row that is right again needs a word of its own, and gives back what was taken.
    world.restart_with(&rules("staff", Some("two")));
    settle(name, &world);
    assert!(users.iter().all(|user| world.host.groups(user) == set(&["staff"])));
}

#[test]
fn in_a_dry_run_nobody_is_changed_and_everybody_is_left_to_do() {
    let name = "again-dry";
    let world = World::new(name, &rules("staff", None));
    let staff = group(&world, "idp-staff");
    joined(&world, "alice", &[&staff]);
    let mut dry = rules("portal-customers", Some("one"));
    dry["provisioning"] = json!({ "dry_run": true });
    world.restart_with(&dry);
    settle(name, &world);
    assert_eq!(world.host.groups("alice"), set(&["staff"]));
    world.restart_with(&rules("portal-customers", Some("one")));
    settle(name, &world);
    assert_eq!(world.host.groups("alice"), set(&["portal-customers"]));
}

#[test]
fn a_crash_in_the_middle_and_whoever_leaves_meanwhile_lose_nobody() {
    let name = "again-many";
    let world = World::new(name, &rules("staff", None));
    let staff = group(&world, "idp-staff");
    let mut people: Vec<String> = (0..120).map(|number| format!("person-{number:03}")).collect();
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    let mut ids = Vec::new();
    for user in &people {
        ids.push(world.made(&person(user)));
    }
    // In the order of the pages: the first one is on the first.
    let mut both: Vec<_> = ids.into_iter().zip(people).collect();
    both.sort();
    (ids, people) = both.into_iter().unzip();
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id.trim_start_matches('/') })).collect();
    let body =
        json!({ "schemas": schemas, "Operations": [{ "op": "add", "path": "members", "value": members }] });
    let (status, answer) = world.sent("PATCH", &staff, &body, &mut crate::host::honest);
    assert_eq!(status, 204, "{answer}");
    settle(name, &world);
    world.host.restart_with(&world.with_patch(&rules("portal-customers", Some("one"))));
    // Somebody leaves right before the first page is written down: they are not brought back to what is left to do.
    let mut gone = false;
    for _ in 0..4 {
        world.tick_once(&mut |ask| {
            if is_round(name, ask) && !gone {
                gone = true;
                // The application is away, so that the deletion is left to do.
                let (status, _) = world.with("DELETE", &ids[0], &Value::Null, &mut |_, ask, _| match ask {
                    Ask::HttpCall(call) if call.cluster == "jira_api" => {
                        Some(samlgate::effect::Answer::HttpFailed(samlgate::effect::CallFailure::NotSent))
                    }
                    _ => None,
                });
                assert_eq!(status, 503);
            }
            true
        });
        if gone {
            break;
        }
    }
    assert!(gone, "no page was written");
    // Killed right before each write of the round, and right after.
    for after in [0, 1] {
        let mut seen = 0;
        world.tick_once(&mut |ask| {
            seen += usize::from(is_round(name, ask));
            seen <= after
        });
        world.host.restart();
    }
    settle(name, &world);
    settle(name, &world);
    assert_eq!(world.is_active(&people[0]), Some(false), "the deletion was not forgotten");
    for user in people.iter().skip(1) {
        assert_eq!(world.host.groups(user), set(&["portal-customers"]), "{user}");
    }
    assert_eq!(member(&world, "remove", &staff, &ids[1]), 204);
    assert_eq!(world.host.groups(&people[1]), set(&[]));
}
