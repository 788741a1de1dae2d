//! Runs `tests/vectors/policy/*/case.yaml`: identity, request, account and rules in; decision and plan out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use samlgate::base::{Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::{
    self, AccountFacts, AssignTo, DefaultGroups, Facts, GroupRule, PortalRule, RequestFacts, StartUrl, decide,
};
use samlgate::provision::{self, DesiredState, RemoteAccount, RemoteMarker, RemoteState};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    expect: String,
    comment: String,
    /// The behaviours that the case proves; docs/coverage.md lists them.
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    section: String,
    settings: SettingsYaml,
    identity: IdentityYaml,
    /// The path where the sign-in started; `null` for no request.
    started_at: Option<String>,
    account: AccountYaml,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsYaml {
    #[serde(default)]
    group_mapping: Vec<RuleYaml>,
    #[serde(default)]
    default_groups: DefaultsYaml,
    #[serde(default)]
    portal: Option<Vec<String>>,
    #[serde(default)]
    ignored_groups: Vec<String>,
    #[serde(default)]
    protected_groups: Vec<String>,
    #[serde(default)]
    keep_existing_groups: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleYaml {
    idp_group: String,
    groups: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultsYaml {
    groups: Vec<String>,
    assign_to: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum IdentityYaml {
    Groups(Vec<String>),
    ClaimMissing,
    Overage,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AccountYaml {
    Unknown,
    Absent,
    Present(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    application_groups: BTreeSet<String>,
    customer: bool,
    explanation: Vec<String>,
    /// The whole plan; absent where nothing is provisioned.
    operations: Option<Vec<String>>,
}

#[test]
fn every_case_is_decided_as_it_says() {
    let mut failures = Vec::new();
    let mut ids = BTreeMap::<String, usize>::new();
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/policy")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path.join("case.yaml")).expect("every folder holds a case.yaml");
        let case: Case = match serde_norway::from_str(&text) {
            Ok(case) => case,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        for id in &case.covers {
            *ids.entry(id.clone()).or_default() += 1;
        }
        for fault in run(&case) {
            failures.push(format!("{name} ({}; {}): {fault}", case.comment, case.section));
        }
        names.insert(name);
    }
    assert!(failures.is_empty(), "{} faults:\n{}", failures.len(), failures.join("\n"));
    assert!(names.len() >= 30, "only {} cases were found", names.len());
    for id in [
        "R5", "R7", "R8", "R9", "R10", "R20", "M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M13", "M16",
        "M17", "M18", "M20",
    ] {
        assert!(ids.contains_key(id), "no case covers {id}");
    }
}

fn run(case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    let mut compare = |what: &str, found: &str, expected: &str| {
        if found != expected {
            faults.push(format!("{what}\n    found    {found}\n    expected {expected}"));
        }
    };
    let identity = identity(&case.identity);
    let settings = settings(&case.settings);
    let (facts, remote) = account(&case.account);
    let url = |path| StartUrl { origin: "https://app.example.test", path, path_and_query: path };
    let request = RequestFacts { started_at: case.started_at.as_deref().map(url) };
    let now = UnixTime::from_secs(0);
    let decision = decide(&Facts { identity: &identity, request, account: &facts, now }, &settings);

    compare("expect", &case.expect, "accept");
    compare(
        "application_groups",
        &format!("{:?}", decision.application_groups),
        &format!("{:?}", case.expected.application_groups),
    );
    compare("customer", &decision.customer.to_string(), &case.expected.customer.to_string());
    compare("explanation", &decision.explanation.to_string(), &case.expected.explanation.join("; "));

    let plan = remote.as_ref().map(|remote| {
        let desired = DesiredState {
            username: identity.username.clone(),
            email: None,
            display_name: None,
            account: decision.account,
            groups: decision.desired.clone(),
            marker: None,
        };
        let plan = provision::plan(&desired, remote, &provision::Settings::default()).unwrap();
        plan.operations().iter().map(ToString::to_string).collect::<Vec<_>>()
    });
    compare("operations", &format!("{plan:?}"), &format!("{:?}", case.expected.operations));
    faults
}

fn identity(yaml: &IdentityYaml) -> Identity {
    Identity {
        username: Pii::new("alice".to_owned()),
        name_id: None,
        email: None,
        display_name: None,
        groups: match yaml {
            IdentityYaml::Groups(groups) => AssertedGroups::Known(groups.iter().cloned().collect()),
            IdentityYaml::ClaimMissing => AssertedGroups::Unknown(UnknownGroups::ClaimMissing),
            IdentityYaml::Overage => AssertedGroups::Unknown(UnknownGroups::Overage),
        },
        attributes: BTreeMap::new(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}

fn settings(yaml: &SettingsYaml) -> policy::Settings {
    policy::Settings {
        group_mapping: yaml
            .group_mapping
            .iter()
            .map(|rule| GroupRule { idp_group: rule.idp_group.clone(), groups: rule.groups.clone() })
            .collect(),
        default_groups: DefaultGroups {
            groups: yaml.default_groups.groups.clone(),
            assign_to: match yaml.default_groups.assign_to.as_str() {
                "" | "NONE" => AssignTo::None,
                "NEW_USERS" => AssignTo::NewUsers,
                "ALL_USERS" => AssignTo::AllUsers,
                other => panic!("no such assign_to: {other}"),
            },
            ..DefaultGroups::default()
        },
        portal: yaml
            .portal
            .clone()
            .map(|path_prefixes| PortalRule { path_prefixes, ..PortalRule::default() }),
        ignored_groups: yaml.ignored_groups.clone(),
        protected_groups: yaml.protected_groups.clone(),
        keep_existing_groups: yaml.keep_existing_groups,
        ..policy::Settings::default()
    }
}

fn account(yaml: &AccountYaml) -> (AccountFacts, Option<RemoteState>) {
    let state = |account| RemoteState { account, marker: RemoteMarker::NotRead, ..RemoteState::default() };
    let remote = match yaml {
        AccountYaml::Unknown => return (AccountFacts::Unknown, None),
        AccountYaml::Absent => state(None),
        AccountYaml::Present(groups) => state(Some(RemoteAccount {
            username: Pii::new("alice".to_owned()),
            email: None,
            display_name: Pii::new("Alice".to_owned()),
            active: true,
            groups: groups.iter().cloned().collect(),
        })),
    };
    (remote.account_facts(), Some(remote))
}
