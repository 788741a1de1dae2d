//! Runs `tests/vectors/policy/*/case.yaml`: a configuration, identity, request and account in; decision and plan out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "support/configuration.rs"]
mod configuration;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use samlgate::base::{Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::{AccountFacts, Facts, RequestFacts, StartUrl, decide};
use samlgate::provision::{
    self, DesiredState, Directory, Operation, Profile, RemoteAccount, RemoteMarker, RemoteState,
};
use serde::Deserialize;
use serde_json::Value;

use configuration::NOW;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `accept`, or `reject` when the decision admits nobody.
    expect: String,
    comment: String,
    /// The behaviours that the case proves; docs/coverage.md lists them.
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    section: String,
    /// Sections of the configuration as an operator writes them.
    config: Value,
    #[serde(default)]
    person: PersonYaml,
    identity: IdentityYaml,
    /// Path and query where the sign-in started; `null` for no request.
    started_at: Option<String>,
    account: AccountYaml,
    /// Groups of the application besides those of the account.
    #[serde(default)]
    existing_groups: BTreeSet<String>,
    expected: Expected,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonYaml {
    username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Vec<String>>,
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
    Inactive(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Why nobody is admitted, with the code.
    refusal: Option<String>,
    /// What becomes of the account; not looked at where it is left out.
    account: Option<String>,
    /// Whether the account is to be marked; not looked at where it is left out.
    mark: Option<bool>,
    application_groups: BTreeSet<String>,
    /// Groups that are given only if the application has them; not looked at where it is left out.
    if_it_exists: Option<BTreeSet<String>>,
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/policy");
    for entry in fs::read_dir(folder).unwrap() {
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
        match run(&case) {
            Ok(faults) => failures.extend(
                faults.iter().map(|fault| format!("{name} ({}; {}): {fault}", case.comment, case.section)),
            ),
            Err(faults) => failures.push(format!("{name}: {faults}")),
        }
        names.insert(name);
    }
    assert!(failures.is_empty(), "{} faults:\n{}", failures.len(), failures.join("\n"));
    assert!(names.len() >= 90, "only {} cases were found", names.len());
    let missing: Vec<_> = DECIDED.iter().filter(|id| !ids.contains_key(**id)).collect();
    assert!(missing.is_empty(), "no case covers {missing:?}");
}

/// Every behaviour that a decision about one person shows.
const DECIDED: &[&str] = &[
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R19", "R20", "M1", "M2",
    "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M12", "M13", "M14", "M15", "M16", "M17", "M18", "M20",
    "A1", "A2", "A3", "A4", "A6", "A7", "A8", "E2", "E7", "E10", "E11", "E12", "E13", "E14", "E15", "E16",
    "E17",
];

fn run(case: &Case) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    let mut compare = |what: &str, found: &str, expected: &str| {
        if found != expected {
            faults.push(format!("{what}\n    found    {found}\n    expected {expected}"));
        }
    };
    let identity = identity(case);
    let has_application = !matches!(case.account, AccountYaml::Unknown);
    let settings = configuration::settings(&case.config, has_application)?;
    let remote = remote(case);
    let account = remote.as_ref().map_or(AccountFacts::Unknown, RemoteState::account_facts);
    let started_at = case.started_at.as_deref().map(|path_and_query| StartUrl {
        origin: "https://jira.example.com",
        path: path_and_query.split('?').next().unwrap(),
        path_and_query,
    });
    let request = RequestFacts { started_at };
    let facts = Facts { identity: &identity, request, account: &account, now: UnixTime::from_secs(NOW) };
    let mut decision = decide(&facts, &settings.policy);
    let refusal = decision.clone().admit().err().map(|why| format!("{} {why}", why.code().id()));

    compare("expect", if refusal.is_some() { "reject" } else { "accept" }, &case.expect);
    compare("refusal", &format!("{refusal:?}"), &format!("{:?}", case.expected.refusal));
    if let Some(account) = &case.expected.account {
        compare("account", decision.account.as_str(), account);
    }
    if let Some(mark) = case.expected.mark {
        compare("mark", &decision.mark.to_string(), &mark.to_string());
    }
    compare(
        "application_groups",
        &format!("{:?}", decision.application_groups),
        &format!("{:?}", case.expected.application_groups),
    );
    if let Some(groups) = &case.expected.if_it_exists {
        compare("if_it_exists", &format!("{:?}", decision.desired.if_it_exists), &format!("{groups:?}"));
    }
    compare("customer", &decision.customer.to_string(), &case.expected.customer.to_string());
    let plan = remote.as_ref().filter(|_| refusal.is_none()).map(|remote| {
        let desired = DesiredState {
            username: identity.username.clone(),
            email: None,
            display_name: None,
            profile: Profile::new(),
            is_customer: decision.customer,
            account: decision.account,
            groups: decision.desired.clone(),
            marker: None,
        };
        let rules = settings.provisioning.as_ref().map(|provisioning| provisioning.rules.clone());
        provision::plan(&desired, remote, &rules.unwrap_or_default()).expect("a plan for who is admitted")
    });
    for operation in plan.iter().flat_map(provision::Plan::operations) {
        if let Operation::CreateGroup { group } = operation {
            decision.explanation.creates(group);
        }
    }
    compare("explanation", &decision.explanation.to_string(), &case.expected.explanation.join("; "));
    let operations = plan.map(|plan| plan.operations().iter().map(ToString::to_string).collect::<Vec<_>>());
    compare("operations", &format!("{operations:?}"), &format!("{:?}", case.expected.operations));
    Ok(faults)
}

fn identity(case: &Case) -> Identity {
    let PersonYaml { username, email, attributes } = &case.person;
    Identity {
        username: Pii::new(username.clone().unwrap_or_else(|| "alice".to_owned())),
        name_id: None,
        email: email.clone().map(Pii::new),
        display_name: None,
        groups: match &case.identity {
            IdentityYaml::Groups(groups) => AssertedGroups::Known(groups.iter().cloned().collect()),
            IdentityYaml::ClaimMissing => AssertedGroups::Unknown(UnknownGroups::ClaimMissing),
            IdentityYaml::Overage => AssertedGroups::Unknown(UnknownGroups::Overage),
        },
        attributes: attributes.clone(),
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}

/// What the application knows; `None` where nobody looked.
fn remote(case: &Case) -> Option<RemoteState> {
    let account = |groups: &[String], active| RemoteAccount {
        username: Pii::new("alice".to_owned()),
        email: None,
        display_name: Pii::new("Alice".to_owned()),
        active,
        groups: groups.iter().cloned().collect(),
        id: None,
        profile: Profile::new(),
    };
    let account = match &case.account {
        AccountYaml::Unknown => return None,
        AccountYaml::Absent => None,
        AccountYaml::Present(groups) => Some(account(groups, true)),
        AccountYaml::Inactive(groups) => Some(account(groups, false)),
    };
    let directory = Directory::with_groups(&case.existing_groups);
    Some(RemoteState { account, marker: RemoteMarker::NotRead, directory, ..RemoteState::default() })
}
