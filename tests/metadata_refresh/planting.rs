//! Who can write into the store, which belongs to a `vm_id` and not to us, plants no key.

use serde_json::json;

use crate::der;
use crate::world::{EVIL, FIRST, SECOND, World, good, response, served, settings, settings_with_key};

const OTHER_KEY: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";

/// The record that an Envoy with other keys, or with other settings, makes of the same answer.
fn record_of(world: &mut World) -> Vec<u8> {
    world.fetch(0, served(&good(&[EVIL])));
    let key = world.key();
    world.store[&key].1.clone()
}

#[test]
fn what_was_not_sealed_by_us_is_neither_believed_nor_in_the_way() {
    let mut stranger = World::new(0, &json!({}));
    stranger.add(settings_with_key(&json!({}), OTHER_KEY));
    let sealed_by_others = record_of(&mut stranger);
    let mut other = World::new(1, &json!({ "remote_metadata": { "cluster": "evil" } }));
    let of_another_source = record_of(&mut other);
    let mut genuine = World::new(1, &json!({}));
    let flipped: Vec<u8> = record_of(&mut genuine)
        .iter()
        .enumerate()
        .map(|(at, byte)| if at == 90 { byte ^ 1 } else { *byte })
        .collect();
    for (value, why) in [
        (Vec::new(), "nothing"),
        (b"garbage".to_vec(), "garbage"),
        (vec![0xff; 1 << 20], "a lot of it"),
        (sealed_by_others, "sealed with other keys"),
        (of_another_source, "sealed by us about another source"),
        (flipped, "changed"),
    ] {
        let mut world = World::new(2, &json!({}));
        world.fetch(0, served(&good(&[FIRST])));
        let key = world.key();
        world.write(key.clone(), value.clone());
        world.round();
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]), "{why}");
        world.restart(1);
        world.tick(1);
        assert!(world.workers[1].metadata.is_none(), "{why}");
        // Who knows nothing fetches at once, and then all know again.
        assert_eq!(world.workers[1].calls.len(), 1, "{why}");
        world.deliver(1, served(&good(&[SECOND])));
        world.round();
        assert!(world.workers.iter().all(|worker| worker.keys() == [der(SECOND)]), "{why}");
    }
}

#[test]
fn writing_over_it_again_and_again_makes_no_flood() {
    let mut world = World::new(2, &json!({}));
    world.fetch(0, served(&good(&[FIRST])));
    let key = world.key();
    let mut calls = 0;
    for _ in 0..300 {
        world.pass(2);
        world.write(key.clone(), b"garbage".to_vec());
        world.round();
        for at in 0..2 {
            if !world.workers[at].calls.is_empty() {
                world.deliver(at, served(&good(&[FIRST])));
                calls += 1;
            }
        }
    }
    assert_eq!(calls, 0, "who has a copy keeps to the time that it knows");
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
}

#[test]
fn an_old_record_put_back_takes_nobody_back() {
    let mut world = World::new(2, &json!({}));
    world.fetch(0, response(200, &[("etag", "\"a\"")], &good(&[EVIL])));
    let key = world.key();
    let old = world.store[&key].1.clone();
    // The key was stolen, and is not in the document any more.
    world.fetch(3_600, served(&good(&[FIRST])));
    world.write(key, old);
    let (at, waited) = world.until_call(60).unwrap();
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
    assert!(waited <= 10, "what looks overdue is fetched: {waited}");
    world.deliver(at, served(&good(&[FIRST])));
    world.round();
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
    world.restart(0);
    world.round();
    assert!(world.workers.iter().all(|worker| worker.keys() == [der(FIRST)]));
}

#[test]
fn what_is_demanded_of_a_document_decides_who_shares_it() {
    let signer = include_str!("../keys/rsa2048_second.crt.pem");
    let signed = json!({ "remote_metadata": { "signing_certificates": [{ "inline_string": signer }] } });
    for (other, why) in [
        (signed, "a signature is demanded"),
        (json!({ "remote_metadata": { "max_validity": "86400s" } }), "an end is demanded"),
        (json!({ "remote_metadata": { "uri": "https://idp.example.org/metadata" } }), "another address"),
        (json!({ "entity_id": "https://other.example" }), "another entity"),
    ] {
        let mut world = World::new(1, &json!({}));
        world.add(settings(&other));
        world.tick(0);
        world.deliver(0, served(&good(&[EVIL])));
        world.tick(1);
        assert!(world.workers[1].metadata.is_none(), "{why}");
        assert_eq!((world.workers[1].calls.len(), world.store.len()), (1, 2), "{why}");
    }
}
