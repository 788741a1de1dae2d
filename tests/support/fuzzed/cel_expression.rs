//! Any text is an expression or is refused with a reason; an expression answers, the same each time; and what denies it
//! answers the opposite.

use std::collections::{BTreeMap, BTreeSet};

use samlgate::base::{Pii, UnixTime};
use samlgate::identity::{AssertedGroups, Identity, UnknownGroups};
use samlgate::policy::condition::{Expression, Holds};
use samlgate::policy::{AccountFacts, Facts, RequestFacts, StartUrl};

fn identity(groups: AssertedGroups) -> Identity {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    Identity {
        username: Pii::new(String::from("alice")),
        name_id: None,
        email: Some(Pii::new(String::from("alice@example.com"))),
        display_name: None,
        groups,
        attributes: BTreeMap::from([
            (String::from("department"), values(&["IT", "sales"])),
            (String::from("clearance"), values(&["3"])),
            (String::from("partly"), values(&["x"])),
            (String::from("photo"), vec!["/9j/4AAQ".repeat(4_096)]),
        ]),
        friendly_names: BTreeMap::from([(String::from("d"), String::from("department"))]),
        incomplete_attributes: BTreeSet::from([String::from("partly")]),
    }
}

pub fn check(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let expression = match Expression::admit(text) {
        Ok(expression) => expression,
        Err(refused) => {
            let refused = refused.to_string();
            assert!(!refused.is_empty() && !refused.contains(['\n', '\r']), "{refused:?}");
            return;
        }
    };
    // A comment swallows the bracket.
    let denied = Expression::admit(&format!("!({text}\n)")).ok();
    let groups = (0..400).map(|number| format!("CN=group-{number},OU=Groups,DC=example,DC=com")).collect();
    let known = identity(AssertedGroups::Known(groups));
    let unknown = identity(AssertedGroups::Unknown(UnknownGroups::Overage));
    let account = AccountFacts::Present {
        groups: BTreeSet::from([String::from("jira-users")]),
        active: true,
        unfinished: false,
    };
    let portal = StartUrl {
        origin: "https://jira.example.com",
        path: "/servicedesk/",
        path_and_query: "/servicedesk/?x=1",
    };
    for (identity, account, started_at) in
        [(&known, &account, Some(portal)), (&unknown, &AccountFacts::Unknown, None)]
    {
        let request = RequestFacts { started_at };
        let facts = Facts { identity, request, account, now: UnixTime::from_secs(1_800_000_000) };
        let holds = expression.holds(&facts);
        assert_eq!(expression.holds(&facts), holds, "another answer the second time: {text}");
        if let Some(denied) = &denied {
            let expected = match holds {
                Holds::Yes => Holds::No,
                Holds::No => Holds::Yes,
                Holds::Unknown => Holds::Unknown,
            };
            assert_eq!(denied.holds(&facts), expected, "denied: {text}");
        }
    }
}
