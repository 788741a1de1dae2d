//! Groups of very many members, and Envoy is killed while they are written.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking, and tell figures"
)]

#[allow(dead_code, reason = "shared with another test binary")]
#[path = "e2e_scim_tester/stage.rs"]
mod stage;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stage::Stage;
use testbed::client::Response;
use testbed::config::{merge, plugin_configuration};
use testbed::jira::Store;

/// People of the large groups; `SAMLGATE_SCIM_MEMBERS` says otherwise, for runs by hand.
const MEMBERS: usize = 200;

/// `kill -9` of Envoy, which then runs again with this configuration besides.
fn restart(stage: &mut Stage, patch: &Value) {
    let mut options = stage.scene.envoy_options().clone();
    merge(plugin_configuration(&mut options.config).unwrap(), patch);
    stage.scene.envoy.restart(&options).unwrap();
}

/// Makes the people `person-0` and so on, a hundred in one request; their ids.
fn many(stage: &Stage, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for from in (0..count).step_by(100) {
        let operations: Vec<Value> = (from..count.min(from + 100))
            .map(|number| {
                let name = format!("person-{number}");
                let email =
                    json!({ "value": format!("{name}@example.test"), "type": "work", "primary": true });
                json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": {
                    "userName": name, "active": true, "displayName": name, "emails": [email],
                } })
            })
            .collect();
        let schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
        let body = json!({ "schemas": [schema], "Operations": operations });
        let done = stage.expect(&stage.post("/Bulk", &body), 200);
        for made in done["Operations"].as_array().unwrap() {
            assert_eq!(made["status"], "201", "{made}");
            ids.push(made["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned());
        }
    }
    ids
}

/// How many rows of the table begin so.
fn rows(stage: &Stage, part: &str) -> usize {
    let encode = samlgate::encoding::base64::encode;
    let from = format!("samlgate/table/{part}").into_bytes();
    let mut to = from.clone();
    // Parts end with `/`.
    *to.last_mut().unwrap() += 1;
    let range = json!({ "key": encode(&from), "range_end": encode(&to), "count_only": true });
    let counted = stage.etcd.as_ref().unwrap().ask("/v3/kv/range", &range).unwrap().json();
    counted["count"].as_str().map_or(0, |count| count.parse().unwrap())
}

/// Sends the request and kills Envoy as soon as a part of it is written; `None` when there was no answer any more.
fn killed_halfway(stage: &mut Stage, method: &str, path: &str, body: &Value, part: &str) -> Option<Response> {
    let mut request = stage.scene.request(method, &format!("/scim/v2{path}"));
    request.timeout = Duration::from_secs(60);
    let request = request
        .header("Authorization", &format!("Bearer {}", stage::TOKEN))
        .body("application/scim+json", body.to_string());
    let address = stage.scene.address();
    let before = rows(stage, part);
    let sent = thread::spawn(move || request.send(address));
    let deadline = Instant::now() + Duration::from_secs(60);
    while rows(stage, part) == before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    restart(stage, &json!({}));
    stage.until("Envoy is back", || stage.get("/Users?count=0").status == 200);
    sent.join().unwrap().ok().filter(|answer| answer.status < 500)
}

#[test]
fn j5_j7_a_group_of_very_many_is_whole_or_not_there_whenever_envoy_dies() {
    let count =
        std::env::var("SAMLGATE_SCIM_MEMBERS").ok().and_then(|text| text.parse().ok()).unwrap_or(MEMBERS);
    let mut stage = Stage::keeping(
        "many",
        Store::demo(),
        &[&json!({ "policy": { "default_groups": null, "portal": null } })],
    );
    let began = Instant::now();
    let told = |what: &str| println!("{what}: {:.1} s after the start", began.elapsed().as_secs_f64());
    let people = many(&stage, count);
    told("people");
    let members: Vec<Value> = people.iter().map(|id| json!({ "value": id })).collect();
    let staff = json!({ "displayName": "idp-staff", "members": members });
    let find = "/Groups?filter=displayName%20eq%20%22idp-staff%22";

    // One POST, and Envoy dies in the middle of it.
    let answered = killed_halfway(&mut stage, "POST", "/Groups", &staff, "member/");
    told("POST, and kill -9");
    let found = stage.expect(&stage.get(find), 200);
    let half = rows(&stage, "member/");
    if found["totalResults"] == 0 {
        assert!(half > 0 && answered.is_none(), "{half}");
        for id in [&people[0], people.last().unwrap()] {
            let shown = stage.expect(&stage.get(&format!("/Users/{id}")), 200);
            assert_eq!(shown.get("groups"), None, "in a group that is not there: {shown}");
        }
        assert!(stage.scene.jira_groups("person-0").is_empty());
    } else {
        let id = found["Resources"][0]["id"].as_str().unwrap();
        assert_eq!(rows(&stage, &format!("member/{id}/")), count);
    }

    // The client asks again, and everybody is in it, once.
    let made = stage.post("/Groups?excludedAttributes=members", &staff);
    told("POST again");
    let id = stage.expect(&made, 201)["id"].as_str().unwrap().to_owned();
    let found = stage.expect(&stage.get(find), 200);
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(rows(&stage, &format!("member/{id}/")), count);
    // Killed while they are brought to the application: what is left goes on.
    restart(&mut stage, &json!({}));
    stage.until("Envoy is back", || stage.get("/Users?count=0").status == 200);
    let all_have = |stage: &Stage, group: &str| {
        let jira = stage.scene.jira.store();
        (0..count).all(|number| jira.groups_of(&format!("person-{number}")).iter().any(|have| have == group))
    };
    settled(&stage, count, "everybody is staff", || all_have(&stage, "staff"));
    told("everybody is staff");

    // One PATCH, and Envoy dies in the middle of it. The group was there before, so a part is a part; asked again, it is whole.
    let agents = stage.group("idp-agents", &[]);
    let path = format!("/Groups/{agents}");
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "add", "path": "members", "value": members }],
    });
    let part = format!("member/{agents}/");
    killed_halfway(&mut stage, "PATCH", &path, &body, &part);
    told("PATCH, and kill -9");
    stage.expect(&stage.with("PATCH", &path, Some(&body)), 204);
    told("PATCH again");
    assert_eq!(rows(&stage, &part), count);
    settled(&stage, count, "everybody is an agent", || all_have(&stage, "service-desk-agents"));
    told("everybody is an agent");
    let jira = stage.scene.jira.store();
    for number in 0..count {
        let mut groups = jira.groups_of(&format!("person-{number}"));
        groups.sort();
        assert_eq!(groups, ["service-desk-agents", "staff"], "person-{number}");
    }
    let accounts = jira.to_json()["users"].as_array().unwrap().len();
    assert_eq!(accounts, Store::demo().to_json()["users"].as_array().unwrap().len() + count, "nobody twice");
    // What was begun and never made is cleared away after ten minutes; nothing else is left to do.
    stage.until("nothing is left to do", || rows(&stage, "todo/") <= usize::from(answered.is_none()));

    // What is larger than `max_body_bytes` is refused as a whole, before anything of it is written.
    let padded = format!("{}{}", body, " ".repeat(1024 * 1024));
    let mut request = stage.scene.request("PATCH", &format!("/scim/v2{path}"));
    request.timeout = Duration::from_secs(60);
    let request = request
        .header("Authorization", &format!("Bearer {}", stage::TOKEN))
        .body("application/scim+json", padded);
    let refused = stage.scene.send(&request).unwrap();
    assert_eq!(refused.status, 413, "{}", refused.text());
    assert_eq!(rows(&stage, &part), count);
}

/// As [`Stage::until`], with time for so many people.
fn settled(stage: &Stage, count: usize, what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60 + u64::try_from(count).unwrap() / 5);
    while !holds() {
        if Instant::now() > deadline {
            stage.scene.show_logs();
            panic!("never: {what}");
        }
        thread::sleep(Duration::from_millis(500));
    }
}
