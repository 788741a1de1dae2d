//! Somebody is deleted while the application is away.

use samlgate::effect::{Answer, Ask, CallFailure};
use serde_json::{Value, json};

use crate::host::{ScriptedHost, honest};
use crate::kept_out::{group, joined};
use crate::ownership::{World, replace};

fn away(_: usize, ask: &Ask, _: &ScriptedHost) -> Option<Answer> {
    let is_jira = matches!(ask, Ask::HttpCall(call) if call.cluster == "jira_api");
    is_jira.then_some(Answer::HttpFailed(CallFailure::NotSent))
}

#[test]
fn j22_a_deletion_that_waits_is_not_forgotten_when_a_group_is_looked_at() {
    let world = World::new("waits", &json!({ "scim_gateway": { "max_requests_per_second": 1000 } }));
    // More than one transaction takes somebody out of.
    let groups: Vec<String> = (0..40).map(|number| group(&world, &format!("idp-{number}"))).collect();
    let of: Vec<&str> = groups.iter().map(String::as_str).collect();
    let alice = joined(&world, "alice", &of);
    // The store is away as well, right after it took the deletion.
    let mut taken = false;
    let (status, _) = world.with("DELETE", &alice, &Value::Null, &mut |_, ask, _| {
        let lost = taken.then_some(Answer::HttpFailed(CallFailure::NotSent));
        taken |= matches!(ask, Ask::HttpCall(call) if String::from_utf8_lossy(&call.body).contains("delete_range"));
        lost
    });
    assert!(taken && status >= 500, "{status}");
    // Each has all its members looked at.
    for group in &groups {
        let other = replace("displayName", &json!(format!("{group}-again")));
        let (status, answer) = world.sent("PATCH", group, &other, &mut away);
        assert!(matches!(status, 200 | 204 | 503), "{status} {answer}");
    }
    world.tick();
    assert_eq!(world.is_active("alice"), Some(false));
    // And nobody is left to be deleted once more.
    assert_eq!(world.with("DELETE", &alice, &Value::Null, &mut honest).0, 404);
}
