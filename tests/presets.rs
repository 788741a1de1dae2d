//! Presets: what they stand for, that `config::expand` shows it, and what is decided with them. And the configurations of
//! `docs/migration`, which are made of them.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use samlgate::base::{Pii, UnixTime};
use samlgate::config;
use samlgate::flow;
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::{
    AccountDecision, AccountFacts, ApplyTo, Decision, Facts, RequestFacts, StartUrl, decide,
};
use serde_json::{Value, json};

/// 2026-01-02T03:04:05Z.
const NOW: UnixTime = UnixTime::from_secs(1_767_323_045);

const PRESETS: [&str; 6] =
    ["ADMIN_AUTOMATIONS", "ATLASSIAN_DC", "EASYSSO", "JSM_PORTAL", "MINIORANGE", "RESOLUTION_USER_SYNC"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn variables() -> BTreeMap<String, String> {
    let metadata = fs::read_to_string(root().join("tests/vectors/config_idp/good.xml")).unwrap();
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    BTreeMap::from([
        text("IDP_METADATA", &metadata),
        text("SESSION_KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="),
        text("SAMLGATE_SESSION_KEY", "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI="),
        text("JIRA_TOKEN", "token"),
        text("JIRA_API_TOKEN", "token"),
        text("DIRECTORY_TOKEN", "token"),
        text("SCIM_TOKEN", "0123456789abcdef0123456789abcdef"),
        text("ATLASSIAN_SCIM_KEY", "token"),
        text("SYNC_STATUS_SECRET", "a-secret-of-the-status-page"),
        text("SP_KEY", include_str!("keys/rsa2048.key.pem")),
        text("SP_CERTIFICATE", include_str!("keys/rsa2048.crt.pem")),
        text("NEXT_SP_CERTIFICATE", include_str!("keys/rsa2048_second.crt.pem")),
        text("SP_DECRYPTION_KEY", include_str!("keys/rsa2048_decryption.key.pem")),
        text("SP_DECRYPTION_CERTIFICATE", include_str!("keys/rsa2048_decryption.crt.pem")),
    ])
}

/// The least that signs people in and provisions, with `preset` and `fields` on top.
fn configuration(preset: &str, fields: Value) -> Value {
    let mut value = json!({
        "presets": [preset],
        "sp": { "entity_id": "https://jira.example.com/saml/metadata", "base_uri": "https://jira.example.com" },
        "idp": { "metadata": { "environment_variable": "IDP_METADATA" } },
        "session": { "keys": [{ "environment_variable": "SESSION_KEY" }] },
        "provisioning": { "jira_dc": { "cluster": "jira", "authority": "jira.example.com" } },
    });
    for (name, field) in fields.as_object().unwrap() {
        let map = value.as_object_mut().unwrap();
        match (map.get_mut(name), field) {
            (Some(Value::Object(known)), Value::Object(field)) => known.extend(field.clone()),
            _ => drop(map.insert(name.clone(), field.clone())),
        }
    }
    value
}

fn load(value: &Value) -> flow::Settings {
    let json = serde_json::to_vec(value).unwrap();
    let loaded = config::load(&json, &variables(), NOW);
    loaded.unwrap_or_else(|faults| panic!("{value}: {faults:#?}")).0.flow
}

/// What a preset can set, as text.
fn shown(settings: &flow::Settings) -> String {
    let accounts = settings.provisioning.as_ref().map(|one| format!("{:?}", one.rules));
    format!("{:#?}\n{:#?}\n{accounts:#?}", settings.identity, settings.policy)
}

#[test]
fn presets_are_named_as_people_type_them() {
    let expanded = |presets: Value| {
        let mut value = configuration("EASYSSO", json!({ "provisioning": { "create_accounts": true } }));
        value["presets"] = presets;
        config::expand(&serde_json::to_vec(&value).unwrap())
    };
    let usual = expanded(json!(["EASYSSO"])).unwrap();
    for presets in [json!("EASYSSO"), json!("easysso"), json!(["easysso"]), json!(["EasySSO"])] {
        assert_eq!(expanded(presets).unwrap(), usual);
    }
    for presets in [json!(["easy_sso"]), json!(""), json!([" easysso"]), json!(7), json!({})] {
        assert!(expanded(presets.clone()).is_err(), "{presets}");
    }
}

#[test]
fn every_preset_loads_alone_and_its_expansion_is_the_same() {
    let named = json!({
        "policy": {
            "group_mapping": [{ "idp_group": "a", "groups": ["b"] }],
            "default_groups": { "groups": ["users"], "only_if": { "mapped_group": { "any_of": ["b"] } } },
        },
    });
    for preset in PRESETS {
        for fields in [json!({}), named.clone()] {
            let value = configuration(preset, fields);
            let expanded = config::expand(&serde_json::to_vec(&value).unwrap()).unwrap();
            assert_eq!(expanded.get("presets"), None);
            assert_eq!(shown(&load(&value)), shown(&load(&expanded)), "{preset}");
            let mut plain = value.clone();
            plain.as_object_mut().unwrap().remove("presets");
            assert_ne!(expanded, plain, "{preset} says nothing");
            let again = config::expand(&serde_json::to_vec(&expanded).unwrap()).unwrap();
            assert_eq!(again, expanded);
        }
    }
}

#[test]
fn what_cannot_be_expanded_is_said() {
    for (text, code) in [
        ("{", "SG9001"),
        (r#"{"presets":["EASYSSO"],"policy":{"x":1}}"#, "SG9002"),
        (r#"{"presets":["easy_sso"]}"#, "SG9003"),
        (r#"{"presets":["EASYSSO","ATLASSIAN_DC"]}"#, "SG9005"),
        (r#"{"presets":["EASYSSO"],"presets":[]}"#, "SG9001"),
        ("[]", "SG9003"),
    ] {
        let faults = config::expand(text.as_bytes()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.code().id() == code), "{text}: {faults:?}");
    }
    // what values mean, and whether all is there, is for `load`
    assert_eq!(config::expand(br#"{"presets":[],"sp":{}}"#).unwrap(), json!({ "sp": {} }));
}

/// One sign-in.
struct SignIn<'a> {
    groups: &'a [&'a str],
    /// Path and query; `None` for a background sync.
    at: Option<&'a str>,
    account: Option<&'a [&'a str]>,
}

fn decision(settings: &flow::Settings, sign_in: &SignIn<'_>) -> Decision {
    let groups = sign_in.groups.iter().map(|group| (*group).to_owned()).collect();
    let asserted = AssertedGroups::Known(groups);
    decision_about(settings, sign_in, asserted)
}

fn decision_about(settings: &flow::Settings, sign_in: &SignIn<'_>, asserted: AssertedGroups) -> Decision {
    let identity = Identity {
        username: Pii::new(String::from("alice")),
        name_id: None,
        email: None,
        display_name: None,
        groups: asserted,
        attributes: BTreeMap::new(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    };
    let account = match sign_in.account {
        None => AccountFacts::Absent,
        Some(groups) => AccountFacts::Present {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            active: true,
            unfinished: false,
        },
    };
    let started_at = sign_in.at.map(|at| StartUrl {
        origin: "https://jira.example.com",
        path: at.split('?').next().unwrap_or_default(),
        path_and_query: at,
    });
    let facts =
        Facts { identity: &identity, request: RequestFacts { started_at }, account: &account, now: NOW };
    decide(&facts, &settings.policy)
}

/// Groups that are given and taken away.
fn outcome(decision: &Decision) -> (Vec<&str>, Vec<&str>) {
    let ensure = decision.desired.ensure.iter().map(String::as_str).collect();
    (ensure, decision.desired.may_remove.iter().map(String::as_str).collect())
}

fn check(settings: &flow::Settings, cases: &[(SignIn<'_>, &[&str], &[&str])]) {
    for (sign_in, ensure, remove) in cases {
        let decision = decision(settings, sign_in);
        let expected = (ensure.to_vec(), remove.to_vec());
        assert_eq!(outcome(&decision), expected, "{:?} at {:?}", sign_in.groups, sign_in.at);
    }
}

const LICENCE: &str = "jira-software-users";

fn with_licence(more: Value) -> Value {
    let mut policy = json!({ "default_groups": { "groups": [LICENCE] } });
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "policy": policy })
}

#[test]
fn r5_r6_r7_r8_r9_r10_r20_resolution_decides_by_the_address_in_both_directions() {
    let settings = load(&configuration("RESOLUTION_USER_SYNC", with_licence(json!({}))));
    let agent = &["agents", LICENCE][..];
    check(
        &settings,
        &[
            // customer by the portal: the groups of the provider only
            (
                SignIn { groups: &["customers"], at: Some("/servicedesk/customer/portal/1"), account: None },
                &["customers"],
                &[],
            ),
            // customer by `/`: a licence
            (
                SignIn { groups: &["customers"], at: Some("/"), account: Some(&["customers"]) },
                &["customers", LICENCE],
                &[],
            ),
            // agent by `/`
            (SignIn { groups: &["agents"], at: Some("/"), account: Some(agent) }, agent, &[]),
            // agent by the portal: the licence goes
            (
                SignIn { groups: &["agents"], at: Some("/servicedesk/agent/x"), account: Some(agent) },
                &["agents"],
                &[LICENCE],
            ),
            // background sync: as if by `/`
            (SignIn { groups: &["agents"], at: None, account: None }, agent, &[]),
            // a text anywhere in the address, with its case
            (SignIn { groups: &[], at: Some("/?os_destination=/servicedesk/"), account: None }, &[], &[]),
            (SignIn { groups: &[], at: Some("/Servicedesk/"), account: None }, &[LICENCE], &[]),
            // the whole set of groups is the provider's
            (
                SignIn { groups: &["a"], at: Some("/"), account: Some(&["b", LICENCE]) },
                &["a", LICENCE],
                &["b"],
            ),
        ],
    );
    let by_door = |at| decision(&settings, &SignIn { groups: &[], at, account: Some(&[]) }).mark;
    assert_eq!([by_door(Some("/")), by_door(Some("/servicedesk/")), by_door(None)], [true, true, false]);
}

#[test]
fn r20_jsm_portal_only_withholds_and_a_licence_needs_a_sign() {
    let policy = json!({ "policy": {
        "group_mapping": [
            { "idp_group": "agents", "groups": ["jira-servicedesk-users"] },
            { "idp_group": "customers", "groups": ["portal"] },
        ],
        "default_groups": {
            "groups": [LICENCE],
            "only_if": { "mapped_group": { "any_of": ["jira-servicedesk-users"] } },
        },
    } });
    let settings = load(&configuration("JSM_PORTAL", policy));
    let desk = "jira-servicedesk-users";
    let agent = &[desk, LICENCE][..];
    check(
        &settings,
        &[
            (
                SignIn { groups: &["customers"], at: Some("/servicedesk/customer/portal/1"), account: None },
                &["portal"],
                &[],
            ),
            (SignIn { groups: &["customers"], at: Some("/"), account: None }, &["portal"], &[]),
            (SignIn { groups: &["customers"], at: Some("/"), account: Some(&[]) }, &["portal"], &[]),
            (SignIn { groups: &["agents"], at: Some("/"), account: None }, agent, &[]),
            (SignIn { groups: &["agents"], at: Some("/servicedesk/x"), account: Some(agent) }, &[desk], &[]),
            (SignIn { groups: &["agents"], at: None, account: Some(agent) }, agent, &[]),
            (SignIn { groups: &["customers"], at: None, account: None }, &["portal"], &[]),
            // the query is no portal, and no way around one
            (SignIn { groups: &["agents"], at: Some("/?x=/servicedesk/"), account: None }, agent, &[]),
        ],
    );
}

#[test]
fn m6_m10_m12_m15_m16_m20_miniorange_freezes_existing_accounts_until_told() {
    let table = json!({ "group_mapping": [
        { "idp_group": "IdP_admins", "groups": ["project-admins"] },
        { "idp_group": "IdP_users", "groups": [LICENCE] },
    ], "default_groups": { "groups": ["everybody"] } });
    let frozen = load(&configuration("MINIORANGE", json!({ "policy": table })));
    let new = SignIn { groups: &["IdP_users"], at: Some("/"), account: None };
    let existing = SignIn { groups: &["IdP_users"], at: Some("/"), account: Some(&["everybody", "local"]) };
    check(&frozen, &[(new, &["everybody", LICENCE], &[]), (existing, &[], &[])]);
    let accounts = frozen.policy.accounts;
    assert!(
        accounts.create && !accounts.create_only_with_mapped_group && !frozen.policy.create_missing_groups
    );

    let mut thawed = table;
    thawed["apply_idp_groups_to"] = json!("ALL_USERS");
    thawed["protected_groups"] = json!(["local"]);
    let thawed = load(&configuration("MINIORANGE", json!({ "policy": thawed })));
    let has = &["project-admins", "local", "other"][..];
    let moved = SignIn { groups: &["IdP_users"], at: Some("/"), account: Some(has) };
    check(&thawed, &[(moved, &[LICENCE], &["other", "project-admins"])]);
}

#[test]
fn e2_e7_easysso_does_nothing_until_it_is_switched_on() {
    let off = load(&configuration("EASYSSO", json!({})));
    assert_eq!(off.identity.groups, ["urn:oid:2.5.4.31"]);
    let stranger = SignIn { groups: &["a"], at: Some("/"), account: None };
    assert!(matches!(decision(&off, &stranger).account, AccountDecision::Refuse(_)));
    check(&off, &[(SignIn { groups: &["a"], at: Some("/"), account: Some(&["b"]) }, &[], &[])]);
}

#[test]
fn e12_e13_e14_e15_e16_easysso_switches_combine() {
    let on = json!({
        "policy": { "apply_idp_groups_to": "ALL_USERS", "ignored_groups": ["confluence-admins", "stash-admins"] },
        "provisioning": { "create_accounts": true, "create_missing_groups": true },
    });
    let on = load(&configuration("EASYSSO", on));
    assert!(on.policy.create_missing_groups);
    let first = SignIn { groups: &["a", "stash-admins"], at: Some("/"), account: None };
    let later =
        SignIn { groups: &["a", "stash-admins"], at: Some("/"), account: Some(&["b", "confluence-admins"]) };
    check(&on, &[(first, &["a"], &[]), (later, &["a"], &["b"])]);
    for (scope, first, later) in [
        ("NEW_USERS", (vec!["a"], vec![]), (vec![], vec![])),
        ("EXISTING_USERS", (vec![], vec![]), (vec!["a"], vec!["b"])),
    ] {
        let fields = json!({
            "policy": { "apply_idp_groups_to": scope }, "provisioning": { "create_accounts": true },
        });
        let settings = load(&configuration("EASYSSO", fields));
        let new = decision(&settings, &SignIn { groups: &["a"], at: Some("/"), account: None });
        let old = decision(&settings, &SignIn { groups: &["a"], at: Some("/"), account: Some(&["b"]) });
        assert_eq!((outcome(&new), outcome(&old)), (first, later), "{scope}");
    }
}

#[test]
fn a6_a7_a8_admin_automations_copies_and_takes_back() {
    let rule = |name: &str, groups: Value, target: &str| {
        json!({ "name": name, "match": { "groups": groups },
                "action": { "grant": { "groups": [target], "remove_otherwise": true } } })
    };
    let rules = json!([
        rule("any", json!({ "any_of": ["scim-jira", "scim-dev"] }), "jira-users-site"),
        rule("all", json!({ "all_of": ["scim-dev", "scim-wiki"] }), "confluence-users-site"),
    ]);
    let settings = load(&configuration("ADMIN_AUTOMATIONS", json!({ "policy": { "rules": rules } })));
    assert_eq!(settings.policy.apply_idp_groups_to, ApplyTo::None);
    let sign_in = |groups, account| SignIn { groups, at: Some("/"), account: Some(account) };
    check(
        &settings,
        &[
            (sign_in(&["scim-dev"], &[]), &["jira-users-site"], &[]),
            (sign_in(&["scim-dev", "scim-wiki"], &[]), &["confluence-users-site", "jira-users-site"], &[]),
            (sign_in(&["scim-wiki"], &["confluence-users-site", "local"]), &[], &["confluence-users-site"]),
            (sign_in(&[], &["jira-users-site", "other"]), &[], &["jira-users-site"]),
        ],
    );
    // nobody loses anything because a claim was left out
    let unknown = AssertedGroups::Unknown(UnknownGroups::Overage);
    let member = sign_in(&[], &["jira-users-site"]);
    assert_eq!(outcome(&decision_about(&settings, &member, unknown)), (vec![], vec![]));
    let stranger = SignIn { groups: &["scim-dev"], at: Some("/"), account: None };
    assert!(matches!(decision(&settings, &stranger).account, AccountDecision::Refuse(_)));
}

#[test]
fn atlassian_dc_takes_away_whatever_the_provider_does_not_say() {
    let settings = load(&configuration("ATLASSIAN_DC", json!({})));
    let sign_in =
        SignIn { groups: &["a", "jira-administrators"], at: Some("/"), account: Some(&["b", "site-admins"]) };
    // but for administrators, whom no name that was sent makes or unmakes
    check(&settings, &[(sign_in, &["a"], &["b"])]);
    let accounts = settings.policy.accounts;
    assert!(accounts.create && accounts.update);
}

/// The blocks of YAML in the document at `path`.
fn blocks(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_norway::from_str(block).unwrap()).collect()
}

/// Every block of YAML in `docs/migration` is a configuration that loads, without a remark but that nothing runs in the
/// background.
#[test]
fn configurations_of_the_migration_pages_are_accepted() {
    let mut pages = 0;
    for entry in fs::read_dir(root().join("docs/migration")).unwrap() {
        let path = entry.unwrap().path();
        let blocks = blocks(&path);
        let is_index = path.ends_with("README.md");
        assert!(is_index || !blocks.is_empty(), "{} has no configuration", path.display());
        pages += usize::from(!is_index);
        for block in blocks {
            let loaded = config::load(&serde_json::to_vec(&block).unwrap(), &variables(), NOW);
            let (_, warnings) =
                loaded.unwrap_or_else(|faults| panic!("{}: {faults:#?}\n{block}", path.display()));
            let odd: Vec<_> = warnings.iter().filter(|one| !one.to_string().contains("background")).collect();
            assert!(odd.is_empty(), "{}: {odd:?}", path.display());
        }
    }
    assert_eq!(pages, 6);
}

/// So does every part of one elsewhere, on top of the least that provisions.
#[test]
fn configurations_of_other_pages_are_accepted() {
    let mut pages = vec![root().join("README.md"), root().join("docs/expressions.md")];
    let operating = fs::read_dir(root().join("docs/operating")).unwrap();
    pages.extend(operating.map(|entry| entry.unwrap().path()));
    let mut found = 0;
    for page in pages {
        for block in blocks(&page) {
            let whole = block.get("sp").is_some();
            if !whole && ["policy", "provisioning", "identity"].iter().all(|part| block.get(part).is_none()) {
                continue;
            }
            found += 1;
            let mut value = configuration("JSM_PORTAL", block.clone());
            if block.get("presets").is_none() {
                value.as_object_mut().unwrap().remove("presets");
            }
            // One filter provisions one application.
            let provisioning = value["provisioning"].as_object_mut().unwrap();
            if provisioning.contains_key("jira_cloud") {
                provisioning.remove("jira_dc");
            }
            let value = if whole { block } else { value };
            let loaded = config::load(&serde_json::to_vec(&value).unwrap(), &variables(), NOW);
            assert!(loaded.is_ok(), "{}: {:#?}", page.display(), loaded.err());
        }
    }
    assert!(found >= 5, "{found}");
}
