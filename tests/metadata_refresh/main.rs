//! Metadata by address, without a host: workers that share a store, and a source that does everything wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(missing_docs, reason = "a test")]

mod chance;
mod failures;
mod planting;
mod world;

use samlgate::effect::Answer;
use samlgate::effect::CallFailure;
use samlgate::xmlsec::key::Certificate;
use serde_json::json;
use world::{FIRST, IDP, NO_ANSWER, SECOND, World, document, good, response, served};

pub(crate) fn der(pem: &str) -> Vec<u8> {
    Certificate::parse(pem).unwrap().der().to_vec()
}

#[test]
fn one_worker_fetches_and_all_know() {
    let mut world = World::new(3, &json!({}));
    world.round();
    let calls: Vec<_> = world.workers.iter().map(|worker| worker.calls.len()).collect();
    assert_eq!(calls, [1, 0, 0], "one of them, and at once");
    let call = world.deliver(0, served(&good(&[FIRST])));
    assert_eq!(
        (call.cluster.as_str(), call.authority.as_str(), call.method, call.path.as_str()),
        ("idp", "idp.example.org", "GET", "/metadata?app=1")
    );
    assert!(call.headers.iter().all(|(name, _)| !name.starts_with("if-")), "there is nothing to compare");
    assert_eq!(world.workers[0].keys(), [der(FIRST)]);
    assert!(world.workers[1].metadata.is_none());
    world.round();
    for worker in &world.workers {
        assert_eq!(worker.keys(), [der(FIRST)]);
        assert_eq!(worker.gauges["idp.idp.metadata_confirmed_at"], world::START);
        assert_eq!(worker.gauges["idp.idp.metadata_expires_at"], 0);
        let end = Certificate::parse(FIRST).unwrap().not_after();
        assert_eq!(worker.gauges["idp.idp.certificate_expires_at"], end.as_secs());
    }
    // One line about it, by the one who fetched.
    let told = world.workers.iter().filter(|worker| worker.told("metadata_changed", "keys_added").is_some());
    assert_eq!(told.count(), 1);
    // A worker that is started later needs no call.
    world.restart(2);
    world.round();
    assert_eq!(world.workers[2].keys(), [der(FIRST)]);
    assert!(world.workers.iter().all(|worker| worker.calls.is_empty()));
}

#[test]
fn it_is_asked_again_within_the_bounds_whatever_document_and_server_wish() {
    let bounds =
        json!({ "remote_metadata": { "min_refresh_interval": "600s", "max_refresh_interval": "7200s" } });
    let caching = |value: &str| response(200, &[("cache-control", value)], &good(&[FIRST]));
    let lasting = |attributes: &str| served(&document(IDP, attributes, &[FIRST]));
    for (answer, least, most) in [
        (served(&good(&[FIRST])), 5_400, 7_200),
        (caching("max-age=1800"), 1_350, 1_800),
        (caching("public, Max-Age=\"1800\", must-revalidate"), 1_350, 1_800),
        (caching("max-age=0"), 600, 600),
        (caching("no-store"), 600, 600),
        (caching("max-age=99999999999999999999"), 5_400, 7_200),
        (caching("max-age=-1, s-maxage=700"), 5_400, 7_200),
        (lasting("cacheDuration=\"PT1H\""), 2_700, 3_600),
        (lasting("cacheDuration=\"PT1S\""), 600, 600),
        (lasting("cacheDuration=\"P1Y\""), 5_400, 7_200),
        // Half of what is left of it.
        (lasting("validUntil=\"2027-01-15T09:00:00Z\""), 1_350, 1_800),
        (lasting("validUntil=\"2027-01-15T08:00:01Z\""), 600, 600),
    ] {
        let mut world = World::new(2, &bounds);
        world.fetch(0, answer.clone());
        assert!(world.workers[1].metadata.is_some(), "{answer:?}");
        let (_, waited) = world.until_call(10_000).unwrap();
        assert!((least..=most).contains(&waited), "{waited} s after {answer:?}");
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let mut world = World::new(2, &json!({}));
    let headers = [("etag", "W/\"7 b\""), ("last-modified", "Fri, 15 Jan 2027 08:00:00 GMT")];
    world.fetch(0, response(200, &headers, &good(&[FIRST])));
    let call = world.fetch(3_600, response(304, &[], ""));
    let sent =
        |name: &str| call.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!(sent("if-none-match"), Some("W/\"7 b\""));
    assert_eq!(sent("if-modified-since"), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
    for worker in &world.workers {
        assert_eq!(worker.keys(), [der(FIRST)]);
        assert!(worker.gauges["idp.idp.metadata_confirmed_at"] > world::START);
        assert_eq!(worker.failure(), None);
    }
    let (_, waited) = world.until_call(3_600).unwrap();
    assert!(waited >= 2_700, "{waited}");
}

#[test]
fn a_validator_that_could_be_another_header_is_not_kept() {
    let long = "x".repeat(257);
    for etag in ["\"a\r\nx: y\"", "\"\u{fc}\"", "", &long, "\"a\0\""] {
        let mut world = World::new(1, &json!({}));
        world.fetch(0, response(200, &[("etag", etag)], &good(&[FIRST])));
        let call = world.fetch(3_600, served(&good(&[FIRST])));
        assert!(call.headers.iter().all(|(name, _)| !name.starts_with("if-")), "{etag:?}");
    }
    let mut world = World::new(1, &json!({}));
    world.fetch(0, response(200, &[("etag", "\"a\""), ("etag", "\"b\"")], &good(&[FIRST])));
    let call = world.fetch(3_600, response(304, &[], ""));
    assert!(call.headers.iter().all(|(name, _)| !name.starts_with("if-")), "two are none");
    assert_eq!(world.workers[0].failure(), Some("SG4038"), "and nothing was asked about");
}

#[test]
fn a_change_of_keys_is_told_with_the_keys_and_reaches_all() {
    let mut world = World::new(2, &json!({}));
    world.fetch(0, served(&good(&[FIRST])));
    world.fetch(3_600, served(&good(&[FIRST, SECOND])));
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST), der(SECOND)]));
    world.fetch(3_600, served(&good(&[SECOND])));
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(SECOND)]));
    let teller = |added: bool| {
        let field = if added { "keys_added" } else { "keys_removed" };
        let events = world.workers.iter().flat_map(|worker| &worker.events);
        let events = events.filter(|event| event.name == "metadata_changed");
        let values = events.filter_map(|event| event.fields.iter().find(|(name, _)| *name == field));
        values.map(|(_, value)| value.as_str()).filter(|value| value.starts_with("sha256:")).count()
    };
    assert_eq!((teller(true), teller(false)), (2, 1), "first, second, and the first again when it goes");
    // The same again is no change.
    world.fetch(3_600, served(&good(&[SECOND])));
    let changes = world.workers.iter().flat_map(|worker| &worker.events);
    assert_eq!(changes.filter(|event| event.name == "metadata_changed").count(), 3);
}

#[test]
fn an_unknown_key_makes_one_fetch_a_minute_however_many_come() {
    let mut world = World::new(2, &json!({}));
    world.fetch(0, served(&good(&[FIRST])));
    world.pass(120);
    // A forger posts to both workers again and again.
    let mut calls = 0;
    for _ in 0..300 {
        world.pass(2);
        (0..2).for_each(|at| world.unknown_key(at));
        world.round();
        for at in 0..2 {
            if !world.workers[at].calls.is_empty() {
                world.deliver(at, served(&good(&[FIRST])));
                calls += 1;
            }
        }
    }
    assert!((8..=10).contains(&calls), "{calls} in ten minutes");
}

#[test]
fn after_a_rollover_the_first_who_comes_with_the_new_key_makes_it_known() {
    let mut world = World::new(2, &json!({}));
    world.fetch(0, served(&good(&[FIRST])));
    world.pass(600);
    world.round();
    world.unknown_key(1);
    world.tick(0);
    world.tick(1);
    assert_eq!(world.workers[1].calls.len(), 1, "at once, by the worker that saw it");
    world.deliver(1, served(&good(&[FIRST, SECOND])));
    world.round();
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST), der(SECOND)]));
    // And then it rests again.
    world.rounds(600);
    assert!(world.workers.iter().all(|worker| worker.calls.is_empty()));
}

#[test]
fn a_worker_that_dies_while_it_fetches_is_replaced_and_its_late_answer_is_nobodys() {
    let mut world = World::new(2, &json!({}));
    world.round();
    let (id, _) = world.workers[0].calls.remove(0);
    world.rounds(12);
    assert!(world.workers[1].calls.is_empty(), "the lease is for the timeout of 5 s and 10 s more");
    world.rounds(4);
    assert_eq!(world.workers[1].calls.len(), 1);
    // The first was only slow.
    world.feed(0, id, served(&good(&[FIRST])));
    world.round();
    assert!(world.workers.iter().all(|worker| worker.metadata.is_none()), "somebody else fetches now");
    world.deliver(1, served(&good(&[SECOND])));
    world.round();
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(SECOND)]));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut world = World::new(1, &json!({}));
    world.round();
    let (id, _) = world.workers[0].calls[0].clone();
    world.deliver(0, served(&good(&[FIRST])));
    world.feed(0, id, served(&good(&[SECOND])));
    world.feed(0, samlgate::effect::AskId(999), served(&good(&[SECOND])));
    assert_eq!(world.workers[0].keys(), [der(FIRST)]);
    // Nor does one of another kind.
    let (at, _) = world.until_call(3_600).unwrap();
    world.deliver(at, Answer::Swapped);
    assert_eq!(world.workers[0].failure(), Some("SG4038"));
    assert_eq!(world.workers[0].keys(), [der(FIRST)]);
}

#[test]
fn a_call_whose_end_nobody_tells_is_given_up() {
    let mut world = World::new(1, &json!({}));
    world.round();
    world.workers[0].calls.clear();
    let (_, waited) = world.until_call(200).unwrap();
    assert!((60..=80).contains(&waited), "{waited}");
}

#[test]
fn a_clock_that_was_set_stops_nothing() {
    for (before, after) in [(4_000_000_000, world::START), (world::START, 4_000_000_000)] {
        let mut world = World::new(2, &json!({}));
        world.now = before;
        world.fetch(0, served(&good(&[FIRST])));
        world.now = after;
        world.pass(10);
        let (at, waited) = world.until_call(60).unwrap();
        assert!(waited <= 10, "{waited}");
        world.deliver(at, served(&good(&[SECOND])));
        world.round();
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(SECOND)]));
        // A lease of then is no lease of now.
        world.pass(7_200);
        world.until_call(3_600).unwrap();
        world.now = 1_900_000_000;
        for worker in &mut world.workers {
            worker.calls.clear();
        }
        world.restart(0);
        world.restart(0);
        world.pass(60);
        assert!(world.until_call(60).is_some());
    }
}

#[test]
fn without_a_store_nothing_is_believed_and_it_is_told() {
    let mut world = World::new(1, &json!({}));
    world.round();
    let (id, _) = world.workers[0].calls.remove(0);
    // The store breaks while the document is on its way.
    world.feed(0, id, Answer::HttpFailed(CallFailure::NotSent));
    assert_eq!(world.workers[0].failure(), Some("SG4038"));
    assert!(world.workers[0].metadata.is_none());
    world.fetch(60, NO_ANSWER);
    assert_eq!(world.workers[0].told("metadata_refresh_failed", "in_use"), Some("none"));
}

#[test]
fn a_new_configuration_knows_what_was_known_before_its_first_tick() {
    let mut world = World::new(1, &json!({}));
    world.fetch(0, served(&good(&[FIRST])));
    world.add(world::settings(&json!({ "clock_skew": "10s" })));
    world.recall(1);
    assert_eq!(world.workers[1].keys(), [der(FIRST)]);
    // What was not sealed by us, or cannot be read, is nothing.
    let key = world.key();
    world.write(key, b"garbage".to_vec());
    world.restart(1);
    world.recall(1);
    assert!(world.workers[1].metadata.is_none() && world.workers[1].calls.is_empty());
}
