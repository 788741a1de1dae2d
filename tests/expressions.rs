//! docs/expressions.md says what its examples answer, and this is what they answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(missing_docs, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use samlgate::base::{Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::condition::{Expression, Holds};
use samlgate::policy::{AccountFacts, Facts, RequestFacts, StartUrl};

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/expressions.md")).unwrap()
}

/// The expressions in the blocks that say `cel`.
fn examples(text: &str) -> Vec<String> {
    let blocks = text.split("```cel\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().trim().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn identity(name: &str, groups: AssertedGroups, attributes: &[(&str, &str)]) -> Identity {
    let attributes: BTreeMap<_, _> =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
    Identity {
        username: Pii::new(name.to_owned()),
        name_id: None,
        email: Some(Pii::new(format!("{name}@example.com"))),
        display_name: None,
        groups,
        attributes,
        friendly_names: BTreeMap::new(),
        incomplete_attributes: BTreeSet::new(),
    }
}

fn by(path: &str) -> RequestFacts<'_> {
    let origin = "https://jira.example.com";
    RequestFacts { started_at: Some(StartUrl { origin, path, path_and_query: path }) }
}

/// The columns of the table.
fn answers(expression: &Expression) -> [Holds; 5] {
    let attributes = [("department", "IT"), ("clearance", "4")];
    let agent = identity("agent", AssertedGroups::Known(set(&["jira-agents", "dept-it"])), &attributes);
    let customer = identity("customer", AssertedGroups::Known(set(&[])), &[]);
    let synced = identity("agent", AssertedGroups::Unknown(UnknownGroups::ClaimMissing), &[]);
    let account =
        AccountFacts::Present { groups: set(&["Jira-Software-Users"]), active: true, unfinished: false };
    let portal = by("/servicedesk/customer/portals");
    let front = by("/");
    [
        (&customer, portal, &AccountFacts::Absent),
        (&agent, front, &account),
        (&customer, front, &AccountFacts::Absent),
        (&agent, portal, &account),
        (&synced, RequestFacts::default(), &account),
    ]
    .map(|(identity, request, account)| {
        expression.holds(&Facts { identity, request, account, now: UnixTime::from_secs(1_800_000_000) })
    })
}

#[test]
fn r6_r7_r12_r15_the_examples_answer_as_documented() {
    let text = document();
    let examples = examples(&text);
    assert_eq!(examples.len(), 10);
    for (number, example) in examples.iter().enumerate() {
        let expression = Expression::admit(example).unwrap_or_else(|error| panic!("{example}: {error}"));
        let answers = answers(&expression).map(|holds| match holds {
            Holds::Yes => "yes",
            Holds::No => "no",
            Holds::Unknown => "unknown",
        });
        let row = format!("| {} | {} |", number + 1, answers.join(" | "));
        assert!(text.contains(&row), "{example}\n{row}");
    }
}
