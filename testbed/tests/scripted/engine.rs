//! The engine of provisioning: what it remembers, what it leaves alone, whom it links, what it tells.

use samlgate::effect::{Answer, Ask, CallFailure, Event, Tell};
use samlgate::http::HttpResponse;
use serde_json::{Value, json};
use testbed::idp::User;
use testbed::jira::UserSeed;

use crate::host::{Ended, NOW, ScriptedHost, honest, set};

fn provisioning(patch: &Value) -> ScriptedHost {
    let mut settings = json!({ "create_missing_groups": false, "circuit_open_for": "0s" });
    testbed::config::merge(&mut settings, patch);
    ScriptedHost::with(&json!({ "provisioning": settings }))
}

/// Signs in and counts the calls to the application.
fn counted(host: &ScriptedHost, user: User) -> (Ended, usize) {
    let mut calls = 0;
    let ended = host.sign_in(user, "/", &mut |_, ask, _| {
        calls += usize::from(matches!(ask, Ask::HttpCall(_)));
        None
    });
    (ended, calls)
}

/// Every call to the application ends so.
fn broken(host: &ScriptedHost, answer: &Answer) -> (String, usize) {
    let mut calls = 0;
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| {
        let Ask::HttpCall(_) = ask else { return None };
        calls += 1;
        Some(answer.clone())
    });
    (ended.code().to_owned(), calls)
}

fn status(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer::HttpResponse(HttpResponse { status, headers, body: b"{}".to_vec() })
}

fn audit(ended: &Ended) -> Vec<&Event> {
    let events = ended.tells.iter().filter_map(|tell| match tell {
        Tell::Audit(event) => Some(event),
        _ => None,
    });
    events.collect()
}

fn field<'a>(event: &'a Event, name: &str) -> &'a str {
    event.fields.iter().find(|(have, _)| *have == name).map_or("", |(_, value)| value.as_str())
}

fn codes(ended: &Ended) -> Vec<&'static str> {
    let codes = ended.tells.iter().filter_map(|tell| match tell {
        Tell::Event(event) => event.code.map(|code| code.id()),
        _ => None,
    });
    codes.collect()
}

fn writes(host: &ScriptedHost) -> Vec<String> {
    host.jira.rest_calls().into_iter().filter(|call| !call.starts_with("GET ")).collect()
}

const DEAD: Answer = Answer::HttpFailed(CallFailure::NoAnswer);

#[test]
fn a_dead_application_is_left_alone_and_tried_by_one() {
    let host = provisioning(&json!({ "circuit_open_for": "30s" }));
    for _ in 0..3 {
        // Both reads had left when the first one failed.
        assert_eq!(broken(&host, &DEAD), ("SG8001".to_owned(), 2));
    }
    assert_eq!(broken(&host, &DEAD), ("SG8012".to_owned(), 0));
    host.now.set(NOW + 29);
    assert_eq!(counted(&host, User::agent()).1, 0);
    host.now.set(NOW + 30);
    // Another worker was faster to try.
    let mut calls = 0;
    let late = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
        Ask::CompareAndSwap { key, .. } if key.ends_with(".circuit") => Some(Answer::Conflict),
        Ask::HttpCall(_) => {
            calls += 1;
            None
        }
        _ => None,
    });
    assert_eq!((late.code(), calls), ("SG8012", 0));
    // Who tries in vain makes the pause longer.
    assert_eq!(broken(&host, &DEAD), ("SG8001".to_owned(), 2));
    host.now.set(NOW + 30 + 59);
    assert_eq!(broken(&host, &DEAD).0, "SG8012");
    host.now.set(NOW + 30 + 60);
    let (ended, calls) = counted(&host, User::agent());
    assert!(ended.has_session() && calls > 2, "{}", ended.code());
    let (ended, calls) = counted(&host, User::agent());
    assert_eq!((ended.has_session(), calls), (true, 2), "and nothing is left of it");
}

#[test]
fn a_success_in_between_counts_and_one_persons_fault_does_not() {
    let host = provisioning(&json!({ "circuit_open_for": "30s" }));
    for _ in 0..4 {
        for _ in 0..2 {
            assert_eq!(broken(&host, &DEAD).0, "SG8001");
        }
        assert!(counted(&host, User::agent()).0.has_session());
    }
    for _ in 0..5 {
        assert_eq!(broken(&host, &status(403, &[])).0, "SG8003");
        assert_eq!(broken(&host, &status(500, &[])).0, "SG8001");
    }
    assert!(counted(&host, User::agent()).0.has_session());
}

#[test]
fn refused_credentials_and_a_wish_to_be_left_alone_open_the_circuit_at_once() {
    for (answer, code, pause) in [
        (status(401, &[]), "SG8002", 30),
        (status(403, &[("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; x")]), "SG8003", 30),
        (status(429, &[("retry-after", "70")]), "SG8004", 70),
        (status(429, &[("retry-after", "2")]), "SG8004", 2),
        (status(429, &[]), "SG8004", 1),
    ] {
        let host = provisioning(&json!({ "circuit_open_for": "30s" }));
        assert_eq!(broken(&host, &answer).0, code);
        host.now.set(NOW + pause - 1);
        assert_eq!(counted(&host, User::agent()).1, 0, "{code} {pause}");
        host.now.set(NOW + pause);
        assert!(counted(&host, User::agent()).0.has_session(), "{code} {pause}");
    }
}

#[test]
fn e17_who_changed_in_nothing_is_not_looked_at() {
    let host = provisioning(&json!({ "skip_unchanged_for": "3600s" }));
    assert!(counted(&host, User::agent()).1 > 3);
    for at in [0, 3599] {
        host.now.set(NOW + at);
        let (ended, calls) = counted(&host, User::agent());
        assert_eq!((ended.has_session(), calls), (true, 0), "{at}");
    }
    // The IdP says something else.
    let promoted = User { groups: vec!["idp-staff".to_owned()], ..User::agent() };
    let (ended, calls) = counted(&host, promoted.clone());
    assert!(ended.has_session() && calls == 3, "two reads and a removal: {calls}");
    assert_eq!(counted(&host, promoted.clone()).1, 0);
    assert!(!host.groups("agent").contains("service-desk-agents"));
    // By then somebody has changed something by hand.
    host.jira.change(|store| store.add_user(UserSeed::new("agent", &[])));
    assert_eq!(counted(&host, promoted.clone()).1, 0, "not seen yet");
    host.now.set(NOW + 3599 + 3600);
    assert!(counted(&host, promoted.clone()).1 > 2);
    assert!(host.groups("agent").contains("staff"));
    // A day later the marker is due.
    host.now.set(NOW + 200_000);
    assert_eq!(counted(&host, promoted).1, 3);
}

#[test]
fn who_needs_no_call_is_not_kept_out_by_a_dead_application() {
    let host = provisioning(&json!({ "skip_unchanged_for": "3600s", "circuit_open_for": "30s" }));
    assert!(counted(&host, User::agent()).0.has_session());
    let stranger = || User::new("stranger", "S", &["idp-staff"]);
    let mut dead = |_: usize, ask: &Ask, _: &ScriptedHost| matches!(ask, Ask::HttpCall(_)).then_some(DEAD);
    for _ in 0..3 {
        assert_eq!(host.sign_in(stranger(), "/", &mut dead).code(), "SG8001");
        assert!(counted(&host, User::agent()).0.has_session(), "which says nothing about the application");
    }
    assert_eq!(host.sign_in(stranger(), "/", &mut dead).code(), "SG8012");
    assert_eq!(counted(&host, User::agent()).1, 0);
}

#[test]
fn nobody_is_remembered_in_anothers_place_or_after_a_failure() {
    let host = provisioning(&json!({ "skip_unchanged_for": "3600s" }));
    assert!(counted(&host, User::agent()).0.has_session());
    // Someone else's record in the slot, rubbish, a failing store: the application is asked.
    for stored in [Some(&b"{}"[..]), Some(b"\xff"), None] {
        let mut calls = 0;
        let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
            Ask::Load { key } if key.contains(".person.") => Some(match stored {
                Some(value) => Answer::Loaded {
                    value: Some(value.to_vec()),
                    version: samlgate::effect::Version::Token(1),
                },
                None => Answer::StoreFailed,
            }),
            Ask::HttpCall(_) => {
                calls += 1;
                None
            }
            _ => None,
        });
        assert_eq!((ended.has_session(), calls), (true, 2));
    }
    // A change that broke off in the middle: what was known before is not so any more.
    let fewer = User { groups: vec!["idp-staff".to_owned()], ..User::agent() };
    let broken = host.sign_in(fewer, "/", &mut |_, ask, host| match ask {
        Ask::HttpCall(call) if call.method == "DELETE" => {
            host.call(call);
            Some(status(500, &[]))
        }
        Ask::HttpCall(call)
            if call.method == "GET" && !host.groups("agent").contains("service-desk-agents") =>
        {
            Some(status(500, &[]))
        }
        _ => None,
    });
    assert!(!broken.has_session());
    assert!(counted(&host, User::agent()).1 > 2, "as before, and looked at all the same");
    assert!(host.groups("agent").contains("service-desk-agents"));

    let host = provisioning(&json!({ "skip_unchanged_for": "3600s" }));
    let mut position = 0;
    let failed = host.sign_in(User::agent(), "/", &mut |_, ask, _| {
        let Ask::HttpCall(_) = ask else { return None };
        position += 1;
        (position == 5).then_some(DEAD)
    });
    assert!(!failed.has_session());
    assert!(counted(&host, User::agent()).1 > 2, "what failed is not remembered");
}

#[test]
fn j8_j15_an_account_with_the_same_address_is_linked_where_that_is_allowed() {
    let link = json!({ "link_by_email": { "email_domains": ["example.com"] } });
    let with = |patch: &Value, seeds: &[(&str, &str)]| {
        let host = provisioning(patch);
        host.jira.change(|store| {
            for (name, email) in seeds {
                store.add_user(UserSeed { email: (*email).to_owned(), ..UserSeed::new(name, &["local"]) });
            }
        });
        host
    };
    let host = with(&link, &[("a.agent", "Agent@Example.COM"), ("other", "agent@example.com.evil.test")]);
    let (ended, _) = counted(&host, User::agent());
    assert!(ended.has_session(), "{}", ended.code());
    assert!(!host.jira.store().has_user("agent"));
    assert!(host.groups("a.agent").is_superset(&set(&["local", "staff", "service-desk-agents"])));
    assert!(host.groups("other").is_subset(&set(&["local"])));
    assert_eq!(audit(&ended).iter().filter(|event| event.name == "account_linked").count(), 1);

    // The user name counts more than the address.
    let host = with(&link, &[("a.agent", "agent@example.com"), ("AGENT", "someone@example.com")]);
    assert!(counted(&host, User::agent()).0.has_session());
    assert_eq!(host.groups("a.agent"), set(&["local"]));
    assert!(host.groups("agent").contains("staff"));

    // Two accounts have it: neither is entered, and no third one is made.
    let host = with(&link, &[("one", "agent@example.com"), ("two", "AGENT@example.com")]);
    let (ended, _) = counted(&host, User::agent());
    assert_eq!((ended.code(), writes(&host)), ("SG8010", vec![]));

    // Other domains, and no linking at all: a new account.
    let other = json!({ "link_by_email": { "email_domains": ["example.org"] } });
    for patch in [other, json!({})] {
        let host = with(&patch, &[("a.agent", "agent@example.com")]);
        assert!(counted(&host, User::agent()).0.has_session());
        assert!(host.jira.store().has_user("agent"));
        assert_eq!(host.groups("a.agent"), set(&["local"]));
    }

    // An address with two meanings links nobody.
    let host = with(&link, &[("a.agent", "x@evil.test@example.com")]);
    let odd = User { email: "x@evil.test@example.com".to_owned(), ..User::agent() };
    assert!(counted(&host, odd).0.has_session());
    assert_eq!(host.groups("a.agent"), set(&["local"]));
}

#[test]
fn protected_names_are_never_entered() {
    let patch = json!({
        "link_by_email": { "email_domains": ["example.com"] },
        "protected_usernames": [{ "exact": "agent" }, { "prefix": "sys" }],
        "on_failure": "CONTINUE",
    });
    let host = provisioning(&patch);
    let (ended, calls) = counted(&host, User::agent());
    assert_eq!((ended.code(), calls), ("SG8011", 0));
    let (ended, calls) = counted(&host, User { name: "AGENT".to_owned(), ..User::agent() });
    assert_eq!((ended.code(), calls), ("SG8011", 0), "in any spelling");
    host.jira.change(|store| {
        store.add_user(UserSeed { email: "bob@example.com".to_owned(), ..UserSeed::new("sysadmin", &[]) });
    });
    let (ended, _) = counted(&host, User::new("bob", "Bob", &["idp-staff"]));
    assert_eq!((ended.code(), writes(&host)), ("SG8011", vec![]), "by the address neither");
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let host = provisioning(&json!({ "dry_run": true }));
    let (ended, calls) = counted(&host, User::agent());
    assert_eq!((ended.has_session(), calls, writes(&host)), (true, 2, vec![]));
    let told: Vec<String> = audit(&ended)
        .iter()
        .map(|event| {
            format!("{} {} {}", field(event, "operation"), field(event, "about"), field(event, "result"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "create_account  dry_run",
            "write_marker  dry_run",
            "add_to_group jira-software-users dry_run",
            "add_to_group service-desk-agents dry_run",
            "add_to_group staff dry_run",
            "write_marker  dry_run",
        ]
    );
}

#[test]
fn a_plan_that_goes_too_far_is_refused_as_a_whole_and_loudly() {
    let leaver = User::leaver;
    let seeded = |patch: &Value| {
        let host = provisioning(patch);
        host.jira.change(|store| {
            for group in ["staff", "service-desk-agents", "portal-customers"] {
                store.add_group(group);
            }
            store.add_user(UserSeed::new(
                "leaver",
                &["staff", "service-desk-agents", "portal-customers", "local"],
            ));
        });
        host
    };
    for limit in [json!({ "max_group_removals": 2 }), json!({ "max_group_removal_percent": 74 })] {
        let host = seeded(&limit);
        let (ended, _) = counted(&host, leaver());
        assert_eq!((ended.code(), writes(&host)), ("SG8006", vec![]), "{limit}");
        let mut lenient = limit.clone();
        testbed::config::merge(&mut lenient, &json!({ "on_guardrail": "CONTINUE" }));
        let host = seeded(&lenient);
        let (ended, _) = counted(&host, leaver());
        assert!(ended.has_session());
        assert_eq!((codes(&ended), writes(&host)), (vec!["SG8006"], vec![]), "{limit}");
        let refused =
            Tell::Count { outcome: "plan_refused", code: Some(samlgate::base::Code::GuardrailExceeded) };
        assert!(ended.tells.contains(&refused));
    }
    let host = seeded(&json!({ "max_group_removals": 3, "max_group_removal_percent": 75 }));
    assert!(counted(&host, leaver()).0.has_session());
    assert_eq!(host.groups("leaver"), set(&["local"]));
}

#[test]
fn licences_that_run_out_are_told_once_in_a_while_and_stop_nobody() {
    let host = provisioning(&json!({ "warn_when_seats_below": 1000 }));
    let (ended, calls) = counted(&host, User::agent());
    assert!(ended.has_session());
    assert_eq!(codes(&ended).first(), Some(&"SG8013"), "{:?}", codes(&ended));
    let second = User::new("second", "Second", &["idp-agents"]);
    let (ended, next) = counted(&host, second);
    assert!(!codes(&ended).contains(&"SG8013") && next < calls, "counted a while ago");
    host.now.set(NOW + 601);
    let third = User::new("third", "Third", &["idp-agents"]);
    assert!(codes(&counted(&host, third).0).contains(&"SG8013"));

    let host = provisioning(&json!({ "warn_when_seats_below": 1000 }));
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
        Ask::HttpCall(call) if call.path.contains("applicationrole") => Some(status(403, &[])),
        _ => None,
    });
    assert!(ended.has_session(), "a count that is refused keeps nobody out");
    let host = provisioning(&json!({}));
    assert!(!host.jira.rest_calls().iter().any(|call| call.contains("applicationrole")));
    assert!(!codes(&counted(&host, User::agent()).0).contains(&"SG8013"));
}

#[test]
fn every_change_is_audited_with_its_rule_and_people_as_configured() {
    for (identifiers, shown) in [("PLAIN", Some("agent")), ("HASHED", None), ("OFF", Some("-"))] {
        let host = ScriptedHost::with(&json!({
            "audit": { "identifiers": identifiers },
            "provisioning": { "create_missing_groups": false },
        }));
        let (ended, _) = counted(&host, User::agent());
        let changes: Vec<&Event> = audit(&ended);
        assert_eq!(changes.len(), writes(&host).len(), "one for each write");
        for change in &changes {
            let user = field(change, "user");
            assert_eq!(shown.unwrap_or(user), user);
            assert!(shown.is_some() || (user.starts_with('#') && user.len() == 11), "{user}");
            assert_eq!((field(change, "target"), field(change, "request_id")), ("jira_dc", "r-1"));
            assert_eq!(field(change, "result"), "applied");
            assert!(field(change, "milliseconds").parse::<u64>().is_ok());
        }
        let staff = changes.iter().find(|change| field(change, "about") == "staff").unwrap();
        assert_eq!(field(staff, "operation"), "add_to_group");
        assert_eq!(field(staff, "reason"), "granted, not a member");
        assert!(field(staff, "rule").contains("idp-staff"), "{}", field(staff, "rule"));
        let text = format!("{:?}", ended.tells);
        assert!(identifiers == "PLAIN" || !text.contains("Ada"), "{text}");
    }
    // A change that failed is in it too, with the code.
    let host = provisioning(&json!({}));
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
        Ask::HttpCall(call) if call.method == "POST" && call.path.contains("group") => Some(status(403, &[])),
        _ => None,
    });
    let last = *audit(&ended).last().unwrap();
    assert_eq!((field(last, "result"), last.code.unwrap().id()), ("failed", "SG8003"));
    let called = ended.tells.iter().any(|tell| {
        matches!(
            tell,
            Tell::Called { target: "jira_dc", request: "add_to_group", result: "target_refused", .. }
        )
    });
    assert!(called);
}

#[test]
fn people_without_an_address_are_told_where_the_application_knows_addresses() {
    let host = ScriptedHost::with(&json!({ "provisioning": {
        "jira_dc": null,
        "jira_cloud": { "cluster": "jira_api", "authority": "jira.internal" },
    } }));
    for email in ["", "nobody", "a@b@c", "a b@c.test"] {
        let (ended, calls) = counted(&host, User { email: email.to_owned(), ..User::agent() });
        assert_eq!((ended.code(), calls), ("SG8018", 0), "{email}");
    }
}

#[test]
fn a_change_that_timed_out_is_looked_for_briefly() {
    let host = provisioning(&json!({}));
    let mut patience = None;
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, host| {
        let Ask::HttpCall(call) = ask else { return None };
        if call.method == "POST" && call.path.ends_with("/user") && patience.is_none() {
            host.now.set(NOW + call.timeout.as_secs());
            patience = Some(call.timeout);
            return Some(DEAD);
        }
        if patience.is_some_and(|timeout| timeout.as_secs() == 5) && call.method == "GET" {
            patience = Some(call.timeout);
        }
        None
    });
    assert_eq!((ended.code(), patience.unwrap().as_secs()), ("SG8001", 1));
    assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
}

#[test]
fn m10_a_directory_that_can_only_be_read_is_called_so() {
    let seeded = |patch: &Value, groups: &[&str]| {
        let host = provisioning(patch);
        host.jira.change(|store| {
            store.add_user(UserSeed {
                email: "other@example.com".to_owned(),
                ..UserSeed::new("agent", groups)
            });
            store.set_read_only(true);
        });
        host
    };
    let all = ["staff", "service-desk-agents"];
    let no_update = json!({ "update_accounts": false });
    for (patch, groups, operation) in [
        (json!({}), &all[..], "update_account"),
        (no_update.clone(), &all[..1], "add_to_group"),
        (no_update.clone(), &["staff", "service-desk-agents", "portal-customers"], "remove_from_group"),
    ] {
        let host = seeded(&patch, groups);
        let (ended, _) = counted(&host, User::agent());
        let last = *audit(&ended).last().unwrap_or_else(|| panic!("{operation}: {}", ended.code()));
        assert_eq!((ended.code(), field(last, "operation")), ("SG8009", operation));
    }
    // Overlooked where failures are, and nothing else of the plan is tried.
    let host = seeded(&json!({ "on_failure": "CONTINUE" }), &[]);
    assert!(counted(&host, User::agent()).0.has_session());
    assert_eq!(writes(&host).len(), 1);
    // With groups that nobody changes and fields that nobody updates there is nothing to refuse.
    let host = seeded(&no_update, &all);
    assert!(counted(&host, User::agent()).0.has_session());
}

#[test]
fn an_application_that_dies_in_the_middle_costs_one_timeout() {
    let host = provisioning(&json!({}));
    let mut timeouts = Vec::new();
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, host| {
        let Ask::HttpCall(call) = ask else { return None };
        // The account is made; from then on nothing comes back.
        let made = host.jira.store().has_user("agent");
        made.then(|| {
            timeouts.push(call.timeout.as_secs());
            host.now.set(host.now.get() + call.timeout.as_secs());
            DEAD
        })
    });
    assert_eq!(ended.code(), "SG8001");
    assert_eq!(timeouts, [5, 1, 1], "the marker, the first group, and the look whether it was given");
    host.now.set(NOW);
    assert!(host.sign_in(User::agent(), "/", &mut honest).has_session());
}

#[test]
fn protected_names_stay_closed_when_the_application_is_not_asked() {
    let protected = json!({
        "protected_usernames": [{ "exact": "Agent" }], "on_failure": "CONTINUE", "circuit_open_for": "30s",
    });
    let host = provisioning(&protected);
    let mut dead = |_: usize, ask: &Ask, _: &ScriptedHost| matches!(ask, Ask::HttpCall(_)).then_some(DEAD);
    for _ in 0..4 {
        assert!(host.sign_in(User::new("other", "O", &["idp-staff"]), "/", &mut dead).has_session());
    }
    for name in ["agent", "Agent", "AGENT"] {
        let (ended, calls) = counted(&host, User { name: name.to_owned(), ..User::agent() });
        assert_eq!((ended.code(), ended.has_session(), calls), ("SG8011", false, 0), "{name}, circuit open");
    }
    let host = ScriptedHost::with(&json!({ "provisioning": {
        "jira_dc": null,
        "webhook": { "cluster": "jira_api", "authority": "jira.internal",
                     "secrets": [{ "inline_string": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }] },
        "protected_usernames": [{ "prefix": "AG" }], "on_failure": "CONTINUE",
    } }));
    let (ended, calls) = counted(&host, User::agent());
    assert_eq!((ended.code(), calls), ("SG8011", 0), "an application that is not read");
}

#[test]
fn nobody_makes_themselves_new_by_writing_the_marker() {
    let host = provisioning(&json!({}));
    let forged = |value: Value| {
        host.jira.change(|store| {
            let mut seed = UserSeed::new("agent", &["staff"]);
            seed.properties.insert("samlgate".to_owned(), value);
            store.add_user(seed);
        });
        assert!(counted(&host, User::agent()).0.has_session());
        assert!(!host.groups("agent").contains("jira-software-users"), "what only new people get");
    };
    forged(json!({ "v": 1, "unfinished": true }));
    forged(json!({ "v": 1, "unfinished": true, "proof": "AUWvzFJSFH" }));
    // The proof of somebody else's account, who broke off in the middle.
    let mut calls = 0;
    let other = User::new("other", "O", &["idp-staff"]);
    host.sign_in(other, "/", &mut |_, ask, _| {
        let Ask::HttpCall(call) = ask else { return None };
        calls += usize::from(call.method != "GET");
        (calls > 2).then_some(DEAD)
    });
    let marker = host.jira.store().property("other", "samlgate").cloned().unwrap();
    assert_eq!(marker["unfinished"], true);
    assert!(marker["proof"].is_string(), "{marker}");
    forged(marker.clone());
    assert!(counted(&host, User::new("other", "O", &["idp-staff"])).0.has_session());
    assert!(host.groups("other").contains("jira-software-users"), "and whose it is gets it");
    // Whoever kept it does not become new again.
    host.jira.change(|store| {
        let mut seed = UserSeed::new("other", &["staff"]);
        seed.properties.insert("samlgate".to_owned(), marker);
        store.remove_user("other");
        store.add_user(seed);
    });
    host.now.set(NOW + 24 * 60 * 60);
    assert!(counted(&host, User::new("other", "O", &["idp-staff"])).0.has_session());
    assert!(!host.groups("other").contains("jira-software-users"));
}

#[test]
fn nobody_is_new_twice() {
    // Without a marker only the note of the first sign-in could say so, and that is struck out.
    let host = ScriptedHost::with(&json!({
        "policy": { "default_groups": { "groups": ["jira-software-users"], "assign_to": "NEW_USERS" } },
        "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s" },
    }));
    assert!(counted(&host, User::agent()).0.has_session());
    assert!(host.groups("agent").contains("jira-software-users"));
    host.jira.change(|store| {
        store.remove_user("agent");
        store.add_user(UserSeed::new("agent", &["staff"]));
    });
    assert!(counted(&host, User::agent()).0.has_session());
    assert!(!host.groups("agent").contains("jira-software-users"), "made by hand, so not new");
}

#[test]
fn a_failure_gives_nobody_groups_that_were_not_given() {
    let host = provisioning(&json!({ "on_failure": "CONTINUE" }));
    host.jira.change(|store| store.add_user(UserSeed::new("agent", &["staff"])));
    let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
        Ask::HttpCall(call) if call.method == "POST" && call.path.contains("group") => Some(status(403, &[])),
        _ => None,
    });
    assert!(ended.has_session());
    let event = ended.tells.iter().find_map(|tell| match tell {
        Tell::Event(event) if event.name == "sign_in" => Some(event),
        _ => None,
    });
    assert_eq!(field(event.unwrap(), "groups"), "1", "staff, and not service-desk-agents");
}

#[test]
fn a_group_that_was_deleted_behind_our_back_is_made_again() {
    let host = ScriptedHost::with(&json!({ "provisioning": { "create_missing_groups": true } }));
    assert!(counted(&host, User::agent()).0.has_session());
    host.jira.change(|store| {
        store.remove_group("staff");
        store.remove_group("service-desk-agents");
    });
    let (ended, _) = counted(&host, User::new("second", "Second", &["idp-agents", "idp-staff"]));
    assert!(ended.has_session(), "{}", ended.code());
    assert!(host.groups("second").is_superset(&set(&[
        "staff",
        "service-desk-agents",
        "jira-software-users"
    ])));
    // A group that is made and missing all the same is not made for ever.
    let host = ScriptedHost::with(&json!({ "provisioning": { "create_missing_groups": true } }));
    assert!(counted(&host, User::agent()).0.has_session());
    let mut made = 0;
    let ended = host.sign_in(User::new("third", "Third", &["idp-staff"]), "/", &mut |_, ask, _| {
        let Ask::HttpCall(call) = ask else { return None };
        made += usize::from(call.method == "POST" && call.path.ends_with("/group"));
        (call.path.contains("groupname=staff") && call.method == "POST").then(|| status(404, &[]))
    });
    assert_eq!((ended.code(), made), ("SG8003", 1));

    // Where groups are not made it is refused, and at the next sign-in too.
    let host = provisioning(&json!({}));
    assert!(counted(&host, User::agent()).0.has_session());
    host.jira.change(|store| {
        store.remove_group("staff");
    });
    for _ in 0..2 {
        assert_eq!(counted(&host, User::new("second", "Second", &["idp-staff"])).0.code(), "SG8003");
    }
}
