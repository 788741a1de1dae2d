//! What a sign-in takes from what was pushed, when it cannot be taken: groups are unknown then, or nobody enters. Never do the
//! asserted groups count instead, and nothing is taken away.

use std::collections::BTreeSet;

use samlgate::effect::{Answer, Ask, CallFailure};
use samlgate::encoding::base64::encode;
use samlgate::http::HttpResponse;
use serde_json::{Value, json};
use testbed::idp::User;

use crate::host::{Ended, Script, honest, set};
use crate::ownership::{TOKEN, World, no_rename, person, rename};

/// agent is in `idp-staff`, as the directory says, and somebody put the account into a group that the rules manage.
struct Place {
    world: World,
    /// `/ID` of agent and of somebody else.
    agent: String,
    bob: String,
}

impl Place {
    fn new(name: &str, on_failure: &str) -> Self {
        let world = World::new(name, &json!({ "shared_store": { "on_failure": on_failure } }));
        let (agent, bob) = (world.made(&person("agent")), world.made(&person("robert")));
        let member = json!({ "value": agent.trim_start_matches('/') });
        let group = json!({ "displayName": "idp-staff", "members": [member] });
        let authorization = format!("Bearer {TOKEN}");
        let head = [("authorization", authorization.as_str()), ("content-type", "application/scim+json")];
        let body = group.to_string().into_bytes();
        let made = world.host.request("POST", "/scim/v2/Groups", &head, &body, &mut honest);
        assert_eq!(made.reply.status, 201);
        Self { world, agent, bob }
    }

    /// The assertion says something else: in `idp-agents`, and not in `idp-staff`.
    fn sign_in(&self, script: Script<'_>) -> (Ended, BTreeSet<String>) {
        self.world.host.jira.change(|store| {
            for group in ["staff", "service-desk-agents"] {
                store.join("agent", group);
            }
        });
        let user = User::new("agent", "Agent", &["idp-agents"]);
        let ended = self.world.host.sign_in(user, "/", script);
        (ended, self.world.host.groups("agent"))
    }

    fn counts(&self, what: &str) {
        let (ended, groups) = self.sign_in(&mut honest);
        assert_eq!((ended.code(), ended.has_session()), ("none", true), "{what}");
        assert_eq!(groups, set(&["staff"]), "{what}: what was pushed counts");
    }

    fn is_unknown(&self, what: &str) {
        let (ended, groups) = self.sign_in(&mut honest);
        assert_eq!((ended.code(), ended.has_session()), ("none", true), "{what}");
        assert_eq!(groups, set(&["staff", "service-desk-agents"]), "{what}: nothing is known");
    }

    fn is_refused(&self, what: &str, code: &str) {
        let (ended, groups) = self.sign_in(&mut honest);
        assert_eq!((ended.code(), ended.has_session()), (code, false), "{what}");
        assert_eq!(groups, set(&["staff", "service-desk-agents"]), "{what}: nothing is done");
    }

    /// The row whose key ends so.
    fn row(&self, end: &str) -> (Vec<u8>, Vec<u8>) {
        let rows = self.world.etcd.everything().unwrap();
        rows.into_iter().find(|(key, _)| key.ends_with(end.as_bytes())).unwrap_or_else(|| panic!("{end}"))
    }

    fn put(&self, key: &[u8], value: &[u8]) {
        let row = json!({ "key": encode(key), "value": encode(value) });
        assert_eq!(self.world.etcd.ask("/v3/kv/put", &row).unwrap().status, 200);
    }

    fn delete(&self, key: &[u8]) {
        let row = json!({ "key": encode(key) });
        assert_eq!(self.world.etcd.ask("/v3/kv/deleterange", &row).unwrap().status, 200);
    }

    /// Rows of agent that a sign-in rests on, each with the same of somebody else.
    fn rows(&self) -> [(String, String); 2] {
        ["user", "at"].map(|kind| (format!("/{kind}{}", self.agent), format!("/{kind}{}", self.bob)))
    }
}

#[test]
fn a_row_that_is_lost_makes_groups_unknown() {
    let place = Place::new("lost-row", "REFUSE");
    place.counts("as it is");
    for (mine, _) in place.rows() {
        let (key, value) = place.row(&mine);
        place.delete(&key);
        place.is_unknown(&mine);
        place.put(&key, &value);
        place.counts(&mine);
    }
}

#[test]
fn a_row_of_somebody_else_or_of_another_key_is_believed_by_nobody() {
    for (name, on_failure) in [("forged-refuse", "REFUSE"), ("forged-continue", "CONTINUE")] {
        let place = Place::new(name, on_failure);
        let names = place.world.etcd.everything().unwrap();
        let accounts: Vec<_> =
            names.into_iter().filter(|(key, _)| String::from_utf8_lossy(key).contains("/account/")).collect();
        for (mine, other) in place.rows() {
            let ((key, value), (_, theirs)) = (place.row(&mine), place.row(&other));
            let mut sealed_otherwise = value.clone();
            if let Some(last) = sealed_otherwise.last_mut() {
                *last ^= 1;
            }
            let earlier = accounts.first().map(|(_, value)| value.clone()).unwrap();
            for wrong in [theirs, sealed_otherwise, earlier, Vec::new(), b"{}".to_vec()] {
                place.put(&key, &wrong);
                match on_failure {
                    "REFUSE" => place.is_refused(&mine, "SG7034"),
                    _ => place.is_unknown(&mine),
                }
            }
            place.put(&key, &value);
            place.counts(&mine);
        }
        // Each account's row at the place of the other.
        for (at, (key, value)) in accounts.iter().enumerate() {
            let (_, other) = &accounts[(at + 1) % accounts.len()];
            place.put(key, other);
            let (ended, groups) = place.sign_in(&mut honest);
            assert!(groups.contains("staff"), "{}: taken", ended.code());
            place.put(key, value);
        }
        place.counts("as it was");
    }
}

#[test]
fn a_store_that_fails_at_any_point_takes_nothing_and_gives_nothing() {
    for (name, on_failure) in [("away-refuse", "REFUSE"), ("away-continue", "CONTINUE")] {
        let place = Place::new(name, on_failure);
        let is_store = |ask: &Ask| matches!(ask, Ask::HttpCall(call) if call.cluster == "etcd");
        let mut calls = 0;
        place.sign_in(&mut |_, ask, _| {
            calls += usize::from(is_store(ask));
            None
        });
        assert!(calls >= 4, "only {calls} calls to the store");
        let error =
            |status| Answer::HttpResponse(HttpResponse { status, headers: Vec::new(), body: b"{}".to_vec() });
        let mut ends = BTreeSet::new();
        for answer in [Answer::HttpFailed(CallFailure::NoAnswer), error(503), error(200)] {
            // From one call on, and that call alone.
            for (from, alone) in (0..calls).flat_map(|from| [(from, false), (from, true)]) {
                let mut number = 0;
                let (ended, groups) = place.sign_in(&mut |_, ask, _| {
                    if !is_store(ask) {
                        return None;
                    }
                    number += 1;
                    let fails = if alone { number == from + 1 } else { number > from };
                    fails.then(|| answer.clone())
                });
                let what = format!("{on_failure} {answer:?} {from} {alone} {}", ended.code());
                let known = groups == set(&["staff"]);
                assert!(known || groups == set(&["staff", "service-desk-agents"]), "{what}: {groups:?}");
                if on_failure == "REFUSE" && !known {
                    assert!(!ended.has_session(), "{what}");
                }
                ends.insert((ended.has_session(), known));
            }
        }
        let unknown = (on_failure == "CONTINUE", false);
        assert!(ends.contains(&unknown), "{on_failure} {ends:?}");
        place.counts("the store is back");
    }
}

#[test]
fn j12_a_name_that_the_application_has_not_followed_makes_groups_unknown() {
    let place = Place::new("renamed", "REFUSE");
    let (status, _) = place.world.with("PATCH", &place.agent, &rename("agentina"), &mut no_rename);
    assert_eq!(status, 503);
    place.is_unknown("under the old name");
    // Under the new one nobody gets what the assertion says either.
    let user = User::new("agentina", "Agentina", &["idp-agents"]);
    place.world.host.sign_in(user, "/", &mut honest);
    assert_eq!(place.world.host.groups("agentina"), set(&[]));
    assert!(place.world.host.groups("agent").contains("staff"), "nothing is taken");
}

#[test]
fn who_was_deleted_and_is_still_in_the_application_gets_nothing_by_an_assertion() {
    let place = Place::new("deleted", "REFUSE");
    let (status, _) = place.world.with("DELETE", &place.agent, &Value::Null, &mut |_, ask, _| {
        let to_jira = matches!(ask, Ask::HttpCall(call) if call.cluster == "jira_api");
        to_jira.then_some(Answer::HttpFailed(CallFailure::NoAnswer))
    });
    assert_eq!(status, 503);
    place.is_unknown("deleted");
}
