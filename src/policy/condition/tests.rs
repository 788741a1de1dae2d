//! Conditions as tables; what is refused or unknown outnumbers what holds.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::base::{Pii, UnixTime};
use crate::http::PathMatch;
use crate::http::matcher::FullRegex;
use crate::identity::{AssertedGroups, Identity, UnknownGroups};
use crate::policy::group_name::GroupNames;
use crate::policy::{AccountFacts, RequestFacts, StartUrl};

const ALL: [Holds; 3] = [Holds::Yes, Holds::No, Holds::Unknown];

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn exact(value: &str) -> StringMatch {
    StringMatch::Exact { value: value.to_owned(), ignore_case: false }
}

fn alice() -> Identity {
    Identity {
        username: Pii::new(String::from("alice")),
        name_id: None,
        email: Some(Pii::new(String::from("alice@example.com"))),
        display_name: None,
        groups: AssertedGroups::Known(set(&["it", "agents"])),
        attributes: BTreeMap::from([
            (String::from("urn:oid:2.5.4.11"), vec![String::from("sales"), String::from("it,ops")]),
            (String::from("empty"), Vec::new()),
            (String::from("partly"), vec![String::from("sales")]),
        ]),
        friendly_names: BTreeMap::from([
            (String::from("ou"), String::from("urn:oid:2.5.4.11")),
            // A name that is taken is found by name first.
            (String::from("empty"), String::from("urn:oid:2.5.4.11")),
        ]),
        incomplete_attributes: set(&["partly"]),
    }
}

fn account(groups: &[&str], active: bool) -> AccountFacts {
    AccountFacts::Present { groups: set(groups), active, unfinished: false }
}

fn started_at(path_and_query: &str) -> RequestFacts<'_> {
    let path = path_and_query.split('?').next().unwrap();
    RequestFacts { started_at: Some(StartUrl { origin: "https://jira.example.com", path, path_and_query }) }
}

fn holds(condition: &Condition, identity: &Identity) -> Holds {
    let account = account(&["Jira-Users"], true);
    let facts = Facts { identity, request: started_at("/"), account: &account, now: UnixTime::from_secs(0) };
    condition.holds(&facts)
}

#[test]
fn what_is_known_not_to_hold_wins_over_what_is_unknown() {
    for one in ALL {
        for other in ALL {
            let both = one.and(other);
            assert_eq!(both, other.and(one));
            assert_eq!(both == Holds::Yes, one == Holds::Yes && other == Holds::Yes);
            assert_eq!(both == Holds::No, one == Holds::No || other == Holds::No);
        }
    }
    assert!(Holds::Yes.is_yes() && !Holds::No.is_yes() && !Holds::Unknown.is_yes());
    assert!(Holds::Yes.may_be() && !Holds::No.may_be() && Holds::Unknown.may_be());
}

#[test]
fn an_empty_condition_always_holds() {
    assert_eq!(holds(&Condition::default(), &alice()), Holds::Yes);
}

#[test]
fn every_part_of_a_condition_must_hold() {
    let groups = |any_of: &[&str]| Some(GroupsMatch { any_of: set(any_of), ..GroupsMatch::default() });
    let right = Condition {
        started_at: Some(StartedAt::Request { path: None, url: None }),
        attributes: vec![AttributeMatch {
            name: String::from("ou"),
            value: AttributeValueMatch::String(exact("sales")),
            invert: false,
        }],
        email_domains: vec![DomainMatch::new("example.com").unwrap()],
        username: Some(exact("alice")),
        groups: groups(&["it"]),
        account: Some(AccountMatch { exists: Some(true), ..AccountMatch::default() }),
        expression: None,
    };
    let alice = alice();
    assert_eq!(holds(&right, &alice), Holds::Yes);
    let wrong = [
        Condition { started_at: Some(StartedAt::NoRequest), ..right.clone() },
        Condition {
            attributes: right
                .attributes
                .iter()
                .cloned()
                .chain([AttributeMatch {
                    name: String::from("ou"),
                    value: AttributeValueMatch::String(exact("it")),
                    invert: false,
                }])
                .collect(),
            ..right.clone()
        },
        Condition { email_domains: vec![DomainMatch::new("example.org").unwrap()], ..right.clone() },
        Condition { username: Some(exact("Alice")), ..right.clone() },
        Condition { groups: groups(&["IT"]), ..right.clone() },
        Condition {
            account: Some(AccountMatch { exists: Some(false), ..AccountMatch::default() }),
            ..right.clone()
        },
    ];
    for condition in wrong {
        assert_eq!(holds(&condition, &alice), Holds::No, "{condition:?}");
        // What is unknown besides does not hide it.
        let nobody = Identity { groups: AssertedGroups::Unknown(UnknownGroups::Overage), ..self::alice() };
        let condition = Condition {
            groups: condition.groups.clone().filter(|groups| !groups.any_of.contains("IT")),
            ..condition
        };
        if condition.groups.is_some() {
            assert_eq!(holds(&condition, &nobody), Holds::No, "{condition:?}");
        }
    }
    let nobody = Identity { groups: AssertedGroups::Unknown(UnknownGroups::Overage), ..self::alice() };
    assert_eq!(holds(&right, &nobody), Holds::Unknown);
}

#[test]
fn r9_r19_no_request_is_a_case_of_its_own() {
    let prefix = |value: &str| PathMatch::PathSeparatedPrefix { value: value.to_owned() };
    let request = |path, url| StartedAt::Request { path, url };
    let contains = |value: &str| StringMatch::Contains { value: value.to_owned(), ignore_case: false };
    let any = request(None, None);
    let portal = request(Some(prefix("/servicedesk")), None);
    let vendor = request(None, Some(contains("/servicedesk/")));
    let both = request(Some(prefix("/servicedesk")), Some(contains("/portal/2")));
    let all = request(Some(PathMatch::SafeRegex(FullRegex::new(".*").unwrap())), Some(contains("")));
    let host = request(None, Some(exact("https://jira.example.com/")));
    for (start, expected) in [
        (Some("/"), [true, false, false, false, true, true]),
        (Some("/servicedesk/customer/portal/2"), [true, true, true, true, true, false]),
        (Some("/servicedesk"), [true, true, false, false, true, false]),
        (Some("/servicedesks/"), [true, false, false, false, true, false]),
        (Some("/?to=/servicedesk/"), [true, false, true, false, true, false]),
        (Some("/servicedesk?x=/portal/2"), [true, true, false, true, true, false]),
        (None, [false; 6]),
    ] {
        let request = start.map(started_at).unwrap_or_default();
        for (condition, expected) in [&any, &portal, &vendor, &both, &all, &host].into_iter().zip(expected) {
            assert_eq!(condition.holds(&request), expected, "{condition:?} {start:?}");
        }
        assert_eq!(StartedAt::NoRequest.holds(&request), start.is_none());
    }
}

#[test]
fn r19_attributes_match_as_headers_do_in_envoy() {
    let alice = alice();
    let present = AttributeValueMatch::Present;
    let string = |value: &str| AttributeValueMatch::String(exact(value));
    for (name, value, [plain, inverted]) in [
        ("urn:oid:2.5.4.11", string("sales"), [Holds::Yes, Holds::No]),
        ("ou", string("sales"), [Holds::Yes, Holds::No]),
        ("ou", string("it,ops"), [Holds::Yes, Holds::No]),
        // Values are neither split nor joined.
        ("ou", string("it"), [Holds::No, Holds::Yes]),
        ("ou", string("sales,it,ops"), [Holds::No, Holds::Yes]),
        ("ou", string("SALES"), [Holds::No, Holds::Yes]),
        ("ou", string(""), [Holds::No, Holds::Yes]),
        ("ou", present(true), [Holds::Yes, Holds::No]),
        ("ou", present(false), [Holds::No, Holds::Yes]),
        // Names are exact.
        ("OU", string("sales"), [Holds::No, Holds::No]),
        ("ou ", string("sales"), [Holds::No, Holds::No]),
        ("", string("sales"), [Holds::No, Holds::No]),
        // Nothing said is nothing matched, inverted or not.
        ("absent", string("sales"), [Holds::No, Holds::No]),
        ("absent", string(""), [Holds::No, Holds::No]),
        ("absent", present(true), [Holds::No, Holds::Yes]),
        ("absent", present(false), [Holds::Yes, Holds::No]),
        ("empty", string(""), [Holds::No, Holds::No]),
        ("empty", string("sales"), [Holds::No, Holds::No]),
        ("empty", present(true), [Holds::Yes, Holds::No]),
        // What was not read could be anything.
        ("partly", string("sales"), [Holds::Unknown, Holds::Unknown]),
        ("partly", string("it"), [Holds::Unknown, Holds::Unknown]),
        ("partly", present(true), [Holds::Yes, Holds::No]),
    ] {
        for (invert, expected) in [(false, plain), (true, inverted)] {
            let condition = AttributeMatch { name: name.to_owned(), value: value.clone(), invert };
            assert_eq!(condition.holds(&alice), expected, "{condition:?}");
        }
    }
}

#[test]
fn r19_a_domain_is_compared_by_whole_labels() {
    let domains = |patterns: &[&str]| -> Vec<DomainMatch> {
        patterns.iter().map(|pattern| DomainMatch::new(pattern).unwrap()).collect()
    };
    let plain = domains(&["Example.COM"]);
    let below = domains(&["*.example.com"]);
    let punycode = domains(&["xn--bcher-kva.example", "*.xn--bcher-kva.example"]);
    let (yes, no, unknown) = (Holds::Yes, Holds::No, Holds::Unknown);
    for (address, expected) in [
        ("alice@example.com", [yes, no, no]),
        ("alice@EXAMPLE.com", [yes, no, no]),
        ("alice+tag@example.com", [yes, no, no]),
        ("alice@mail.example.com", [no, yes, no]),
        ("alice@a.b.Example.com", [no, yes, no]),
        ("alice@xn--bcher-kva.example", [no, no, yes]),
        ("alice@www.XN--bcher-kva.example", [no, no, yes]),
        // Neighbours and lookalikes.
        ("alice@evil-example.com", [no, no, no]),
        ("alice@evilexample.com", [no, no, no]),
        ("alice@example.com.evil", [no, no, no]),
        ("alice@mail.example.com.evil.org", [no, no, no]),
        ("alice@com", [no, no, no]),
        ("alice@example", [no, no, no]),
        ("alice@ex\u{430}mple.com", [no, no, no]),
        ("alice@mail.ex\u{430}mple.com", [no, no, no]),
        ("alice@example\u{3002}com", [no, no, no]),
        ("alice@\u{ff45}xample.com", [no, no, no]),
        ("alice@b\u{fc}cher.example", [no, no, no]),
        ("alice@[192.0.2.1]", [no, no, no]),
        ("alice@*.example.com", [no, yes, no]),
        // Whose domain it is cannot be told.
        ("alice@evil.org@example.com", [unknown; 3]),
        ("alice@example.com@evil.org", [unknown; 3]),
        ("\"alice@evil.org\"@example.com", [unknown; 3]),
        ("@example.com", [unknown; 3]),
        ("alice@", [unknown; 3]),
        ("alice@.", [unknown; 3]),
        ("example.com", [unknown; 3]),
        ("alice", [unknown; 3]),
        ("", [unknown; 3]),
        ("alice@example.com.", [unknown; 3]),
        ("alice@mail.example.com.", [unknown; 3]),
        ("alice@.example.com", [unknown; 3]),
        ("alice@mail..example.com", [unknown; 3]),
        ("alice@example.com ", [unknown; 3]),
        ("alice@example.com\n", [unknown; 3]),
        ("alice@evil.org\0.example.com", [unknown; 3]),
        ("alice@evil.org\u{a0}.example.com", [unknown; 3]),
        ("alice@evil.org, bob@example.com", [unknown; 3]),
    ] {
        let email = Some(Pii::new(address.to_owned()));
        for (patterns, expected) in [&plain, &below, &punycode].into_iter().zip(expected) {
            assert_eq!(domain::any_holds(patterns, email.as_ref()), expected, "{address} {patterns:?}");
        }
    }
    assert_eq!(domain::any_holds(&plain, None), Holds::Unknown);
}

#[test]
fn what_is_no_domain_is_no_pattern() {
    let long = format!("{}.com", "a".repeat(64));
    let too_long = format!("{}com", "abc.".repeat(63));
    for pattern in [
        "",
        "*",
        "*.",
        ".",
        "*example.com",
        "*.*.example.com",
        "a.*.example.com",
        ".example.com",
        "example.com.",
        "example..com",
        "@example.com",
        "alice@example.com",
        "example.com/",
        "https://example.com",
        "example.com:443",
        "-example.com",
        "example-.com",
        "exa mple.com",
        "b\u{fc}cher.example",
        "example_com",
        &long,
        &too_long,
    ] {
        assert_eq!(DomainMatch::new(pattern), None, "{pattern}");
    }
    assert_eq!(DomainMatch::new("*.Example.com").unwrap().pattern(), "*.example.com");
}

#[test]
fn r19_groups_that_are_not_known_are_not_none() {
    let known = |groups: &[&str]| AssertedGroups::Known(set(groups));
    let unknown = [UnknownGroups::ClaimMissing, UnknownGroups::Overage, UnknownGroups::Unreadable];
    for (any_of, all_of, none_of, groups, expected) in [
        (&[][..], &[][..], &[][..], known(&[]), true),
        (&["a", "b"], &[], &[], known(&["b"]), true),
        (&["a", "b"], &[], &[], known(&["A", "b "]), false),
        (&["a"], &[], &[], known(&[]), false),
        (&[], &["a", "b"], &[], known(&["a", "b", "c"]), true),
        (&[], &["a", "b"], &[], known(&["a"]), false),
        (&[], &[], &["a"], known(&[]), true),
        (&[], &[], &["a"], known(&["b"]), true),
        (&[], &[], &["a", "b"], known(&["b", "c"]), false),
        (&["a"], &["b"], &["c"], known(&["a", "b"]), true),
        (&["a"], &["b"], &["c"], known(&["a", "b", "c"]), false),
        (&["a"], &["b"], &["c"], known(&["b"]), false),
        (&["a"], &[], &["a"], known(&["a"]), false),
    ] {
        let condition = GroupsMatch { any_of: set(any_of), all_of: set(all_of), none_of: set(none_of) };
        assert_eq!(condition.holds(&groups), Holds::from(expected), "{condition:?} {groups:?}");
        for why in unknown {
            assert_eq!(condition.holds(&AssertedGroups::Unknown(why)), Holds::Unknown);
        }
    }
}

#[test]
fn r19_an_account_that_was_not_finished_does_not_exist_yet() {
    let member = |groups: &[&str]| AccountMatch {
        any_of_groups: GroupNames::from_iter(groups),
        ..AccountMatch::default()
    };
    let exists = |wanted| AccountMatch { exists: Some(wanted), ..AccountMatch::default() };
    let active = |wanted| AccountMatch { active: Some(wanted), ..AccountMatch::default() };
    let agent = account(&["Jira-Agents"], true);
    let left = account(&["Jira-Agents"], false);
    let half = AccountFacts::Present { groups: set(&["jira-agents"]), active: true, unfinished: true };
    for (condition, expected) in [
        (AccountMatch::default(), [true, true, true, true]),
        (exists(true), [true, true, false, false]),
        (exists(false), [false, false, true, true]),
        (active(true), [true, false, false, false]),
        (active(false), [false, true, false, false]),
        (member(&["jira-AGENTS", "x"]), [true, true, false, false]),
        (member(&["jira-agents "]), [false; 4]),
        (AccountMatch { exists: Some(true), ..member(&["jira-agents"]) }, [true, true, false, false]),
        (AccountMatch { exists: Some(false), ..member(&["jira-agents"]) }, [false; 4]),
        (AccountMatch { exists: Some(false), active: Some(false), ..AccountMatch::default() }, [false; 4]),
    ] {
        for (account, expected) in [&agent, &left, &half, &AccountFacts::Absent].into_iter().zip(expected) {
            assert_eq!(condition.holds(account), Holds::from(expected), "{condition:?} {account:?}");
        }
        assert_eq!(condition.holds(&AccountFacts::Unknown), Holds::Unknown);
    }
}
