//! Every attack of the factory against the whole gateway, without Envoy and with an exact clock.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use samlgate::base::Code;
use testbed::attack::{Attack, Class, Expect, Form, Identity, Make, Outcome, Stage, VICTIM, all, named};
use testbed::idp::{Signed, TestKey, User, issue};

/// What the application is told about the genuine response.
fn genuine(stage: &Stage, attack: &Attack) -> Identity {
    let waiting = stage.begin().unwrap();
    let xml = attack.genuine(&waiting.setting).unwrap();
    let form = Form::response(xml.as_bytes(), &waiting.setting.relay_state);
    match stage.post(&waiting.cookies, &form).unwrap() {
        Outcome::SignedIn(identity) => identity,
        Outcome::Refused(code) => {
            panic!("{}: the response that it starts from is refused: {code}", attack.name)
        }
    }
}

#[test]
fn every_attack_is_refused_by_name_and_what_it_starts_from_is_accepted() {
    let stage = Stage::new().unwrap();
    let mut faults = Vec::new();
    // One for each way of signing and each key: the rest of the setting is the same.
    let mut starts = BTreeMap::new();
    for attack in all() {
        let start = format!("{:?} {:?}", attack.on, attack.key);
        let genuine = starts.entry(start).or_insert_with(|| genuine(&stage, attack));
        assert_eq!(genuine.get("x-remote-user").map(String::as_str), Some("agent"), "{}", attack.name);
        match stage.run(attack) {
            Ok(outcome) if outcome.is(attack.expect, genuine) => {}
            Ok(outcome) => {
                let expected = attack.code().map_or("the same identity", |code| code.id());
                faults.push(format!("{}: {outcome:?} instead of {expected}", attack.name));
            }
            Err(error) => faults.push(format!("{}: {error}", attack.name)),
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), all().len(), faults.join("\n"));
}

/// Two changes of one message: what either hides, the other could let through.
#[test]
fn of_two_attacks_on_one_message_none_lets_anybody_else_in() {
    const PAIRS: usize = 3_000;
    let stage = Stage::new().unwrap();
    let start = named("xsw3").unwrap();
    let genuine = genuine(&stage, start);
    let changes: Vec<&Attack> = all()
        .iter()
        .filter(|attack| {
            matches!(attack.make, Make::Text(_)) && (attack.on, attack.key) == (start.on, start.key)
        })
        // The bombs stop whatever is with them, and cost time.
        .filter(|attack| attack.class() != Class::Bomb)
        .collect();
    let mut waiting = stage.begin().unwrap();
    let mut xml = start.genuine(&waiting.setting).unwrap();
    let (mut made, mut accepted, mut codes) = (0, 0, BTreeMap::<String, u32>::new());
    let mut number = 0_usize;
    while made < PAIRS {
        // A step that is prime to the number of pairs passes through all of them without a pattern.
        number = number.wrapping_add(7_919) % (changes.len() * changes.len());
        let (first, second) = (changes[number / changes.len()], changes[number % changes.len()]);
        let Some(hostile) = first.alter(&xml).and_then(|xml| second.alter(&xml)) else { continue };
        made += 1;
        let form = Form::response(hostile.as_bytes(), &waiting.setting.relay_state);
        match stage.post(&waiting.cookies, &form).unwrap() {
            Outcome::Refused(code) => *codes.entry(code).or_default() += 1,
            Outcome::SignedIn(identity) => {
                assert_eq!(identity, genuine, "{} and {}:\n{hostile}", first.name, second.name);
                accepted += 1;
                waiting = stage.begin().unwrap();
                xml = start.genuine(&waiting.setting).unwrap();
            }
        }
    }
    // Enough of them got past the parser for the test to mean something.
    assert!(accepted > 0 && codes.len() > 15, "{accepted} {codes:?}");
    assert!(!codes.contains_key(Code::AssertionReplayed.id()), "an assertion was used up: {codes:?}");
}

/// The stage notices who came in: with a key of the identity provider the attacker would be the victim.
#[test]
fn a_forgery_that_succeeded_would_be_noticed() {
    let stage = Stage::new().unwrap();
    let attack = named("xsw3").unwrap();
    let genuine = genuine(&stage, attack);
    let waiting = stage.begin().unwrap();
    let mut options = waiting.setting.honest(attack);
    options.user = User::admin();
    let form = Form::response(issue(&options).unwrap().as_bytes(), &waiting.setting.relay_state);
    let outcome = stage.post(&waiting.cookies, &form).unwrap();
    let Outcome::SignedIn(identity) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(identity.get("x-remote-user").map(String::as_str), Some(VICTIM));
    assert!(!outcome.is(attack.expect, &genuine) && !outcome.is(Expect::SameIdentity, &genuine));
}

/// Attacks are made for one way of signing and one key; from every other response they let nobody else in either.
#[test]
fn from_whatever_response_an_attack_starts_nobody_else_comes_in() {
    let stage = Stage::new().unwrap();
    let mut made = 0;
    for on in [Signed::Assertion, Signed::Response, Signed::Both] {
        for key in [TestKey::Rsa, TestKey::P256] {
            let start = Attack { on, key, ..named("xsw3").unwrap().clone() };
            let genuine = genuine(&stage, &start);
            let mut waiting = stage.begin().unwrap();
            let mut xml = start.genuine(&waiting.setting).unwrap();
            for attack in all().iter().filter(|attack| attack.class() != Class::Bomb) {
                let Some(hostile) = attack.alter(&xml) else { continue };
                made += 1;
                let form = Form::response(hostile.as_bytes(), &waiting.setting.relay_state);
                if let Outcome::SignedIn(identity) = stage.post(&waiting.cookies, &form).unwrap() {
                    assert_eq!(identity, genuine, "{} from {on:?} {key:?}:\n{hostile}", attack.name);
                    waiting = stage.begin().unwrap();
                    xml = start.genuine(&waiting.setting).unwrap();
                }
            }
        }
    }
    assert!(made > 3_000, "{made}");
}
