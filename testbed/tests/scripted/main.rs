//! Whole sign-ins without Envoy: every answer that a host can give, at every place where it can give it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod background;
mod deleted;
mod engine;
mod evidence;
mod host;
mod interleaving;
mod kept_out;
mod logout;
mod look_again;
mod ownership;

use samlgate::effect::{Answer, Ask, CallFailure, Version};
use samlgate::http::HttpResponse;
use testbed::config::repository;
use testbed::idp::User;
use testbed::jira::UserSeed;

use host::{NOW, ScriptedHost, honest, set};

#[test]
fn a_sign_in_begins_a_session_and_cannot_be_used_twice() {
    let host = ScriptedHost::start();
    let (cookies, request) = host.begin("/");
    let form = host.form(User::agent(), &request);
    let ended = host.post(&cookies, &form, &mut honest);
    assert!(ended.has_session(), "{}: {:?}", ended.code(), ended.tells);
    assert_eq!((ended.reply.status, ended.header("location")), (303, Some("/")));
    assert_eq!(host.groups("agent"), set(&["jira-software-users", "service-desk-agents", "staff"]));
    let again = host.post(&cookies, &form, &mut honest);
    assert_eq!((again.code(), again.has_session()), ("SG5004", false));
}

/// What is remembered of the application: nothing depends on it.
fn is_memory(key: &str) -> bool {
    key.starts_with("samlgate.provisioning.")
}

#[test]
fn conflicts_are_tried_again_and_not_for_ever() {
    for (conflicts, code) in [(0, "none"), (1, "none"), (7, "none"), (8, "SG5005"), (100, "SG5005")] {
        let host = ScriptedHost::start();
        let mut left = conflicts;
        let mut loads = 0;
        let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
            Ask::Load { key } | Ask::CompareAndSwap { key, .. } if is_memory(key) => None,
            Ask::Load { .. } => {
                loads += 1;
                None
            }
            Ask::CompareAndSwap { .. } if left > 0 => {
                left -= 1;
                Some(Answer::Conflict)
            }
            _ => None,
        });
        assert_eq!((ended.code(), ended.has_session()), (code, code == "none"), "{conflicts}");
        assert_eq!(loads, (conflicts + 1).min(8), "{conflicts}");
        assert_eq!(host.jira.store().has_user("agent"), code == "none", "provisioned without a claim");
    }
}

#[test]
fn of_two_that_use_one_assertion_at_once_one_wins() {
    let host = ScriptedHost::start();
    let (cookies, request) = host.begin("/");
    let form = host.form(User::agent(), &request);
    let mut second = None;
    // Between load and swap of the first, another worker takes the same form to its end.
    let first = host.post(&cookies, &form, &mut |_, ask, host| {
        if matches!(ask, Ask::CompareAndSwap { .. }) && second.is_none() {
            second = Some(host.post(&cookies, &form, &mut honest));
        }
        None
    });
    assert!(second.unwrap().has_session());
    assert_eq!((first.code(), first.has_session()), ("SG5004", false));
}

#[test]
fn a_store_that_fails_begins_no_session_and_changes_nothing() {
    let rubbish = || Answer::Loaded { value: Some(b"rubbish".to_vec()), version: Version::Token(1) };
    for (at_load, answer) in [(true, Answer::StoreFailed), (false, Answer::StoreFailed), (true, rubbish())] {
        let host = ScriptedHost::start();
        let ended = host.sign_in(User::agent(), "/", &mut |_, ask, _| match ask {
            Ask::Load { .. } if at_load => Some(answer.clone()),
            Ask::CompareAndSwap { .. } if !at_load => Some(answer.clone()),
            _ => None,
        });
        assert_eq!((ended.code(), ended.has_session()), ("SG5005", false), "{answer:?}");
        assert!(!host.jira.store().has_user("agent"));
    }
}

/// One answer of every kind.
fn every_answer() -> Vec<Answer> {
    vec![
        Answer::RequestBody(b"SAMLResponse=x".to_vec()),
        Answer::RequestBodyTooLarge,
        Answer::HttpResponse(HttpResponse { status: 200, headers: Vec::new(), body: b"{}".to_vec() }),
        Answer::HttpFailed(CallFailure::NotSent),
        Answer::HttpFailed(CallFailure::NoAnswer),
        Answer::Loaded { value: None, version: Version::Absent },
        Answer::Loaded { value: Some(Vec::new()), version: Version::Token(9) },
        Answer::Swapped,
        Answer::Conflict,
        Answer::StoreFailed,
    ]
}

fn fits(ask: &Ask, answer: &Answer) -> bool {
    matches!(
        (ask, answer),
        (Ask::RequestBody { .. }, Answer::RequestBody(_) | Answer::RequestBodyTooLarge)
            | (Ask::HttpCall(_), Answer::HttpResponse(_) | Answer::HttpFailed(_))
            | (Ask::Load { .. }, Answer::Loaded { .. } | Answer::StoreFailed)
            | (Ask::CompareAndSwap { .. }, Answer::Swapped | Answer::Conflict | Answer::StoreFailed)
    )
}

#[test]
fn answers_out_of_turn_end_in_a_refusal() {
    let host = ScriptedHost::start();
    let asks = host.sign_in(User::agent(), "/", &mut honest).asks;
    assert!(asks > 8, "{asks}");
    for position in 0..asks {
        for answer in every_answer() {
            host.jira.change(|store| store.add_user(UserSeed::new("agent", &["staff"])));
            let mut wrong = None;
            let ended = host.sign_in(User::agent(), "/", &mut |number, ask, _| {
                (number == position && !fits(ask, &answer)).then(|| {
                    wrong = Some(ask.clone());
                    answer.clone()
                })
            });
            let Some(ask) = wrong else { continue };
            let expected = match &ask {
                Ask::RequestBody { .. } | Ask::HttpCall(_) => "SG9011",
                Ask::Load { key } | Ask::CompareAndSwap { key, .. } if is_memory(key) => "SG9011",
                Ask::Load { .. } | Ask::CompareAndSwap { .. } => "SG5005",
                Ask::Enqueue { .. } | Ask::SourceAddress => panic!("no sign-in asks that here"),
            };
            assert_eq!(
                (ended.code(), ended.has_session()),
                (expected, false),
                "{position} {ask:?} answered {answer:?}"
            );
        }
    }
}

/// What can happen to one call: its name, whether Jira carries it out, what the flow is told.
fn mishaps() -> Vec<(&'static str, bool, Answer)> {
    let response = |status, body: &str| {
        let headers = vec![(String::from("content-type"), String::from("application/json"))];
        Answer::HttpResponse(HttpResponse { status, headers, body: body.as_bytes().to_vec() })
    };
    let none = || Answer::HttpFailed(CallFailure::NoAnswer);
    vec![
        ("not sent", false, Answer::HttpFailed(CallFailure::NotSent)),
        ("no answer, not done", false, none()),
        ("no answer, done", true, none()),
        ("500, not done", false, response(500, "{}")),
        ("504, done", true, response(504, "upstream request timeout")),
        ("401", false, response(401, "{}")),
        ("403", false, response(403, "{}")),
        ("429", false, response(429, "{}")),
        ("400", false, response(400, "{}")),
        ("302", false, response(302, "")),
        ("login page", false, response(200, "<html>")),
        ("status 0", false, response(0, "")),
        ("reads nothing", false, response(299, "")),
    ]
}

struct Story {
    name: &'static str,
    user: fn() -> User,
    path: &'static str,
    /// The groups of the account at the start; `None` when there is none.
    before: Option<&'static [&'static str]>,
    after: &'static [&'static str],
}

const STORIES: &[Story] = &[
    Story {
        name: "new agent",
        user: User::agent,
        path: "/",
        before: None,
        after: &["jira-software-users", "service-desk-agents", "staff"],
    },
    Story {
        name: "new customer",
        user: User::customer,
        path: "/servicedesk/customer/portal/1",
        before: None,
        after: &["portal-customers"],
    },
    Story {
        name: "mover",
        user: User::agent,
        path: "/",
        before: Some(&["portal-customers", "jira-software-users", "chess-club"]),
        after: &["service-desk-agents", "staff", "jira-software-users", "chess-club"],
    },
    Story {
        name: "leaver",
        user: User::leaver,
        path: "/",
        before: Some(&["service-desk-agents", "staff", "portal-customers", "chess-club"]),
        after: &["chess-club"],
    },
];

impl Story {
    fn host(&self) -> ScriptedHost {
        let host = ScriptedHost::start();
        self.set_up(&host);
        host
    }

    fn set_up(&self, host: &ScriptedHost) {
        let user = (self.user)();
        host.jira.reset();
        host.jira.change(|store| {
            for group in ["service-desk-agents", "staff", "portal-customers"] {
                store.add_group(group);
            }
            if let Some(groups) = self.before {
                store.add_user(UserSeed {
                    email: user.email.clone(),
                    display_name: user.display_name.clone(),
                    ..UserSeed::new(&user.name, groups)
                });
            }
        });
    }

    /// The numbers of the asks that are calls to the application, in a sign-in in which all is well.
    fn calls(&self, host: &ScriptedHost) -> Vec<usize> {
        let mut calls = Vec::new();
        host.sign_in((self.user)(), self.path, &mut |number, ask, _| {
            calls.extend(matches!(ask, Ask::HttpCall(_)).then_some(number));
            None
        });
        calls
    }

    /// The account is as it should be.
    fn is_told(&self, host: &ScriptedHost) -> bool {
        let store = host.jira.store();
        let name = (self.user)().name;
        let finished =
            store.property(&name, "samlgate").is_some_and(|marker| marker.get("unfinished").is_none());
        finished && host.groups(&name) == set(self.after)
    }
}

#[test]
fn whichever_call_fails_nobody_enters_half_provisioned_and_nothing_is_lost() {
    for story in STORIES {
        let host = story.host();
        let name = (story.user)().name;
        let asks = story.calls(&host);
        assert!(story.is_told(&host), "{}", story.name);
        assert!(asks.len() > 2, "{}", story.name);
        for position in asks {
            for (mishap, done, answer) in mishaps() {
                let what = format!("{}, ask {position}: {mishap}", story.name);
                story.set_up(&host);
                let mut took_place = false;
                let mut calls_after = 0;
                let ended = host.sign_in((story.user)(), story.path, &mut |number, ask, host| {
                    let Ask::HttpCall(call) = ask else { return None };
                    calls_after += usize::from(number > position);
                    (number == position).then(|| {
                        took_place = true;
                        if done {
                            host.call(call);
                        }
                        answer.clone()
                    })
                });
                assert!(took_place, "{what}");
                if ended.has_session() {
                    assert!(story.is_told(&host), "{what}: entered with {:?}", host.groups(&name));
                } else {
                    assert!(ended.code().starts_with("SG8"), "{what}: {}", ended.code());
                    assert_eq!(ended.reply.status, 503, "{what}");
                    let before = set(story.before.unwrap_or_default());
                    let after = set(story.after);
                    let have = host.groups(&name);
                    // Nothing goes before all additions are made, and nothing goes that may stay.
                    assert!(
                        have.is_superset(&before) || have.is_superset(&after),
                        "{what}: {have:?} lost something early"
                    );
                    assert!(before.intersection(&after).all(|kept| have.contains(kept)), "{what}: {have:?}");
                    assert!(have.iter().all(|group| before.contains(group) || after.contains(group)));
                    // No call after the failure but the other read, or the one that looks.
                    assert!(calls_after <= 1, "{what}: {calls_after} calls");
                }
                // Without a fault the next sign-in brings everything in order.
                let healed = host.sign_in((story.user)(), story.path, &mut honest);
                assert!(healed.has_session() && story.is_told(&host), "{what}: {:?}", host.groups(&name));
            }
        }
    }
}

#[test]
fn a_sign_in_that_takes_too_long_stops_changing_things() {
    let story = STORIES.first().unwrap();
    let host = story.host();
    let (_, asks) = story.calls(&host).split_last().map(|(last, rest)| (*last, rest.to_vec())).unwrap();
    let calls_of = |position: usize, more: usize| {
        asks.iter().filter(|number| **number <= position).count().saturating_add(more)
    };
    // The last call's answer ends it; before that there is something left to do.
    for (index, position) in asks.iter().copied().enumerate() {
        story.set_up(&host);
        host.now.set(NOW);
        let mut calls = 0;
        let ended = host.sign_in((story.user)(), story.path, &mut |number, ask, host| {
            calls += usize::from(matches!(ask, Ask::HttpCall(_)));
            if number == position {
                host.now.set(NOW + 61);
            }
            None
        });
        // The first of two reads is answered late: the second is under way already. An account that was made is marked
        // as unfinished, however late it is.
        let further = usize::from(index == 2);
        assert_eq!((ended.code(), ended.has_session()), ("SG8001", false), "{position}");
        assert_eq!(calls, calls_of(position, further), "{position}");
        host.now.set(NOW);
        assert!(host.sign_in((story.user)(), story.path, &mut honest).has_session());
        assert!(story.is_told(&host), "{position}");
    }
}

#[test]
fn without_randomness_nothing_begins() {
    let host = ScriptedHost::start();
    let (cookies, request) = host.begin("/");
    let used = u32::MAX - host.entropy.left.get();
    for left in 0..used {
        host.entropy.left.set(left);
        let head = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let ended = host.request("GET", "/", &head, b"", &mut honest);
        assert_eq!((ended.code(), ended.header("location")), ("SG5012", None), "{left}");
        assert!(!ended.reply.headers.iter().any(|(name, _)| name == "set-cookie"));
    }
    host.entropy.left.set(u32::MAX);
    let form = host.form(User::agent(), &request);
    host.entropy.left.set(0);
    let ended = host.post(&cookies, &form, &mut honest);
    assert_eq!((ended.code(), ended.has_session()), ("SG5012", false));
    // The assertion counts as used: it does not come back with the randomness.
    host.entropy.left.set(u32::MAX);
    assert_eq!(host.post(&cookies, &form, &mut honest).code(), "SG5004");
    // At every later draw as well.
    for left in 1..8 {
        let (cookies, request) = host.begin("/");
        let form = host.form(User::agent(), &request);
        host.entropy.left.set(left);
        let ended = host.post(&cookies, &form, &mut honest);
        let dry = host.entropy.left.get() == 0 && ended.code() == "SG5012";
        assert!(dry != ended.has_session(), "{left}: {}", ended.code());
        host.entropy.left.set(u32::MAX);
    }
}

/// The same seed, inputs and answers give the same outputs, byte for byte, and those that are committed.
#[test]
fn a_recorded_sign_in_replays_byte_for_byte() {
    for (file, story, fault) in
        [("new-agent", 0, None), ("new-customer", 1, None), ("mover-refused", 2, Some(5))]
    {
        let story: &Story = STORIES.get(story).unwrap();
        let record = || {
            let host = story.host();
            host.sign_in((story.user)(), story.path, &mut |number, _, _| {
                (Some(number) == fault).then_some(Answer::HttpFailed(CallFailure::NotSent))
            });
            host.trace.into_inner()
        };
        let trace = record();
        assert_eq!(trace, record(), "{file}");
        let path = repository().join(format!("testbed/tests/traces/{file}.txt"));
        if std::env::var_os("SAMLGATE_RECORD").is_some() {
            std::fs::write(&path, &trace).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        for (line, (have, want)) in trace.lines().zip(committed.lines()).enumerate() {
            assert_eq!(have, want, "{file}, line {}: set SAMLGATE_RECORD to take it", line + 1);
        }
        assert_eq!(trace.lines().count(), committed.lines().count(), "{file}");
    }
}
