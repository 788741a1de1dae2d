//! Every attack of the factory against the whole gateway, without Envoy and with an exact clock.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use testbed::attack::{Attack, Form, Identity, Outcome, Stage, all};

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
