//! An explanation and the sign-in that it explains: same outcome, same headers, and the very calls that it announces.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking, and their support is no public interface"
)]

#[path = "support/saml_response.rs"]
mod saml_response;
#[path = "support/sign_in.rs"]
mod sign_in;

use std::collections::BTreeMap;
use std::sync::Arc;

use saml_response::{NOW, REQUEST, SP, certificate};
use samlgate::base::{Code, UnixTime};
use samlgate::flow::MetadataSource;
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::provision::RecordedAccount;
use samlgate::report::{Call, CheckOutcome};
use samlgate::{config, flow};
use serde_json::{Value, json};

/// A gateway before Jira, with `policy` and `provisioning` as given; `None` where they contradict each other.
fn settings(policy: &Value, provisioning: &Value) -> Option<flow::Settings> {
    let mut jira = json!({ "jira_dc": { "cluster": "jira", "authority": "jira.internal",
                                        "credentials": { "bearer": { "environment_variable": "TOKEN" } } } });
    for (field, value) in provisioning.as_object().unwrap() {
        jira[field] = value.clone();
    }
    let configuration = json!({
        "sp": { "entity_id": SP, "base_uri": "https://jira.example" },
        "idp": { "metadata": { "inline_string": include_str!("vectors/config_idp/good.xml") } },
        "headers": { "username": "x-user", "groups": { "name": "x-groups" } },
        "session": { "keys": [{ "environment_variable": "KEY" }] },
        "policy": policy,
        "provisioning": jira,
    });
    let environment: BTreeMap<String, String> =
        [("KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="), ("TOKEN", "not-to-be-seen")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let bytes = configuration.to_string();
    let loaded = config::load(bytes.as_bytes(), &environment, UnixTime::from_secs(NOW));
    let (settings, _) = match loaded {
        Err(faults) if faults.iter().all(|fault| fault.code() == Code::ConfigConflict) => return None,
        loaded => loaded.unwrap_or_else(|faults| panic!("{policy}: {faults:?}")),
    };
    let mut settings = settings.flow;
    let idp = &mut settings.idps[0];
    let MetadataSource::Document(metadata) = &mut idp.source else { panic!("it is in the configuration") };
    let metadata = Arc::make_mut(metadata);
    metadata.entity_id = saml_response::IDP.to_owned();
    idp.entity_id.clone_from(&metadata.entity_id);
    metadata.signing_keys = vec![certificate("rsa2048").key().clone()];
    Some(settings)
}

/// Jira with one account, which does whatever it is told.
fn jira(account: &Value, call: &HttpCall) -> HttpResponse {
    let answer = |status, body: Value| HttpResponse {
        status,
        headers: vec![
            (String::from("content-type"), String::from("application/json")),
            (String::from("x-ausername"), String::from("samlgate")),
        ],
        body: body.to_string().into_bytes(),
    };
    if call.method != "GET" {
        return answer(200, json!({}));
    }
    let groups: Vec<Value> = account["groups"].as_array().into_iter().flatten().cloned().collect();
    if call.path.contains("/user/properties/") {
        return match &account["customer_login"] {
            Value::Null => answer(404, json!({ "errorMessages": [] })),
            login => answer(
                200,
                json!({ "key": "samlgate", "value": { "v": 1, "customerLogin": login, "lastLogin": account["last_login"] } }),
            ),
        };
    }
    if account.is_null() || account["exists"] == false {
        return answer(404, json!({ "errorMessages": [] }));
    }
    let items: Vec<Value> = groups.iter().map(|group| json!({ "name": group })).collect();
    answer(
        200,
        json!({
            "name": account["username"].as_str().unwrap_or("alice"),
            "emailAddress": account["email"],
            "displayName": account["display_name"].as_str().unwrap_or("alice"),
            "active": account["active"].as_bool().unwrap_or(true),
            "groups": { "size": items.len(), "items": items },
        }),
    )
}

/// The body with the word that an explanation shows instead of a proof.
fn without_proof(body: &[u8]) -> String {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    if let Some(proof) = body.get_mut("proof") {
        assert!(proof.as_str().is_some_and(|proof| proof.len() > 60), "{proof}");
        *proof = json!("PROOF");
    }
    body.to_string()
}

#[test]
fn an_explanation_announces_the_very_calls_of_the_sign_in() {
    let xml = saml_response::by_assertion(|_| {});
    let mapping = json!([{ "idp_group": "jira-users", "groups": ["staff", "wiki"] }]);
    let policies = [
        json!({}),
        json!({ "group_mapping": mapping }),
        json!({ "group_mapping": mapping, "default_groups": { "groups": ["software"], "assign_to": "NEW_USERS" } }),
        json!({ "group_mapping": mapping, "keep_existing_groups": true,
                "portal": { "path_prefixes": ["/servicedesk/"] },
                "default_groups": { "groups": ["software"], "assign_to": "ALL_USERS" } }),
        json!({ "group_mapping": mapping, "default_access": "DENY" }),
        json!({ "required_groups": { "sign_in": ["nobody"] } }),
        json!({ "group_mapping": [{ "idp_group": "x", "groups": ["a", "b", "c"] }] }),
        json!({ "same_name_groups": {}, "always_groups": ["everybody"] }),
    ];
    let rules = [
        json!({}),
        json!({ "create_accounts": false, "update_accounts": false }),
        json!({ "create_missing_groups": true, "max_group_removals": 1 }),
        json!({ "reactivate_accounts": true, "create_only_with_mapped_group": true }),
    ];
    let accounts = [
        Value::Null,
        json!({ "exists": false }),
        json!({}),
        json!({ "username": "Alice", "email": "old@example.com", "display_name": "A", "groups": ["staff", "software", "c"] }),
        json!({ "active": false, "groups": ["a", "b", "c"] }),
        json!({ "groups": ["a", "b", "c", "everybody"], "customer_login": "alice", "last_login": "2026-01-02T03:00:00Z" }),
    ];
    let (mut accepted, mut refused, mut changed) = (0, BTreeMap::<String, usize>::new(), 0);
    let mut contradictions = 0;
    for policy in &policies {
        for rules in &rules {
            let Some(settings) = settings(policy, rules) else {
                contradictions += 1;
                continue;
            };
            for account in &accounts {
                let what = format!("{policy} {rules} {account}");
                let mut calls = Vec::new();
                let mut application = |call: &HttpCall| {
                    calls.push(Call {
                        method: call.method,
                        path: call.path.clone(),
                        body: (!call.body.is_empty()).then(|| without_proof(&call.body)),
                    });
                    jira(account, call)
                };
                let reply = sign_in::posted_before(xml.as_bytes(), &mut application, &settings, NOW);
                let recorded: Option<RecordedAccount> = serde_json::from_value(account.clone()).unwrap();
                let report =
                    sign_in::report_about(xml.as_bytes(), Some(REQUEST), recorded.as_ref(), &settings, NOW);
                assert_eq!(sign_in::code(&reply), report.code, "{what}\n{report}");
                assert!(report.decision.is_some(), "{what}");
                if report.is_accepted() {
                    assert!(report.calls == calls, "{what}\n{report}\nbut these were made: {}", json!(calls));
                    assert!(report.headers.iter().any(|header| header.name == "x-user"), "{what}");
                    accepted += 1;
                    changed += usize::from(calls.len() > 2);
                } else {
                    // Nothing is changed for somebody who is refused.
                    assert!(calls.len() == 2 && report.operations.is_empty(), "{what}: {}", json!(calls));
                    assert!(report.headers.is_empty(), "{what}");
                    *refused.entry(report.slug.unwrap().to_owned()).or_default() += 1;
                }
                let failed: Vec<_> =
                    report.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).collect();
                assert_eq!(failed.len(), usize::from(!report.is_accepted()), "{what}");
                assert!(
                    failed.iter().all(|check| matches!(check.check, "access" | "provisioning")),
                    "{what}"
                );
                let everything = format!("{report} {}", json!(report));
                assert!(!everything.contains("not-to-be-seen"), "{what}");
            }
        }
    }
    assert!(contradictions <= 8, "{contradictions} of 32 configurations contradict themselves");
    assert!(accepted >= 50 && changed >= 40 && refused.len() >= 4, "{accepted} {changed} {refused:?}");
}

/// Bytes that were changed on the way are refused by both, and for the same reason.
#[test]
fn a_damaged_response_is_explained_as_the_service_answers_it() {
    let xml = saml_response::by_assertion(|_| {});
    let settings = settings(&json!({}), &json!({})).unwrap();
    let whole = sign_in::report(xml.as_bytes(), Some(REQUEST), &settings, NOW);
    assert!(whole.is_accepted(), "{whole}");
    // A linear congruential generator (Knuth, MMIX): the same damage in every run.
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut refused = BTreeMap::<&str, usize>::new();
    for _ in 0..400 {
        let mut damaged = xml.clone().into_bytes();
        let at = random(damaged.len());
        match random(4) {
            0 => damaged[at] = u8::try_from(random(256)).unwrap(),
            1 => drop(damaged.drain(at..(at + 1 + random(40)).min(xml.len()))),
            2 => damaged.truncate(at),
            _ => {
                let from = random(xml.len() - 40);
                damaged.splice(at..at, xml.as_bytes()[from..from + 40].iter().copied());
            }
        }
        let absent = |call: &HttpCall| jira(&Value::Null, call);
        let reply = sign_in::posted_before(&damaged, &mut { absent }, &settings, NOW);
        let report = sign_in::report(&damaged, Some(REQUEST), &settings, NOW);
        assert_eq!(sign_in::code(&reply), report.code, "{}\n{report}", String::from_utf8_lossy(&damaged));
        let failed = report.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).count();
        assert_eq!(failed, usize::from(!report.is_accepted()), "{report}");
        // The assertion alone is signed, and `KeyInfo` is not read: damage beside them changes nobody.
        assert!(!report.is_accepted() || report.identity == whole.identity, "{report}");
        *refused.entry(report.slug.unwrap_or("accepted")).or_default() += 1;
    }
    assert!(refused.len() >= 10, "{refused:?}");
}
