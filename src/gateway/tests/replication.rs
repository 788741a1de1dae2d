//! Logouts on their way to other replicas and from them: nothing is lost between workers, sites and a store that fails, and
//! no session is relied on while nobody knows.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::identity_token::{Entropy, cookies, forwarded, gateway, get, replied, set};
use crate::base::Pii;
use crate::effect::{
    Answer, Ask, AskId, CallFailure, SharedData, Step, StoreFailure, Tell, Verdict, Version,
};
use crate::encoding::{base64, base64url};
use crate::flow::Turn;
use crate::gateway::{Exchange, Gateway, Host};
use crate::http::{HttpCall, HttpResponse};
use crate::session::outbox::{Announcement, Outbox};
use crate::session::revocation::{LogoutInstants, Revocation, Subject};
use crate::session::sealed_for_store;
use crate::session::tests::NOW;
use crate::xmlsec::RustCrypto;

/// What the workers of one Envoy share, and an etcd.
struct World {
    data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    writes: Cell<u32>,
    /// Records by their keys, with their revisions.
    etcd: RefCell<BTreeMap<String, (String, u64)>>,
    revision: Cell<u64>,
    cluster: Cell<u64>,
    /// Calls that etcd still answers.
    answers: Cell<u32>,
    puts: Cell<u32>,
    /// Writes of an outbox that somebody else was faster than.
    conflicts: Cell<u32>,
    /// A logout during each of so many puts.
    intruders: Cell<u32>,
}

impl SharedData for World {
    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.data.borrow().get(key).map(|(value, _)| value.clone()))
    }
}

impl World {
    fn new() -> Self {
        Self {
            data: RefCell::default(),
            writes: Cell::new(0),
            etcd: RefCell::default(),
            revision: Cell::new(1),
            cluster: Cell::new(7),
            answers: Cell::new(u32::MAX),
            puts: Cell::new(0),
            conflicts: Cell::new(0),
            intruders: Cell::new(0),
        }
    }

    fn host(&self, offset: u64) -> Host<'_> {
        let passed = Duration::from_secs(offset);
        Host {
            now: NOW.saturating_add(passed),
            uptime: passed,
            entropy: &Entropy,
            crypto: &RustCrypto,
            shared: self,
        }
    }

    fn write(&self, key: &str, value: Vec<u8>) {
        self.writes.set(self.writes.get() + 1);
        self.data.borrow_mut().insert(key.to_owned(), (value, self.writes.get()));
    }

    fn perform(&self, gateway: &Gateway, ask: Ask) -> Answer {
        match ask {
            Ask::Load { key } => match self.data.borrow().get(&key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, expected, value } => {
                if key.contains("outbox") && self.conflicts.get() > 0 {
                    self.conflicts.set(self.conflicts.get() - 1);
                    return Answer::Conflict;
                }
                let have =
                    self.data.borrow().get(&key).map_or(Version::Absent, |(_, token)| Version::Token(*token));
                if have != expected {
                    return Answer::Conflict;
                }
                self.write(&key, value);
                Answer::Swapped
            }
            Ask::HttpCall(call) => {
                if self.answers.get() == 0 {
                    return Answer::HttpFailed(CallFailure::NoAnswer);
                }
                self.answers.set(self.answers.get() - 1);
                Answer::HttpResponse(self.etcd(gateway, &call))
            }
            other => panic!("{other:?}"),
        }
    }

    fn etcd(&self, gateway: &Gateway, call: &HttpCall) -> HttpResponse {
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let text = |name: &str| {
            String::from_utf8(base64::decode_strict(body[name].as_str().unwrap()).unwrap()).unwrap()
        };
        let mut answer = json!({});
        match call.path.as_str() {
            "/v3/kv/put" => {
                self.puts.set(self.puts.get() + 1);
                if self.intruders.get() > 0 {
                    self.intruders.set(self.intruders.get() - 1);
                    self.leave(gateway, &format!("intruder {}", self.puts.get()), 0);
                }
                self.revision.set(self.revision.get() + 1);
                let value = body["value"].as_str().unwrap().to_owned();
                self.etcd.borrow_mut().insert(text("key"), (value, self.revision.get()));
            }
            "/v3/kv/range" => {
                let since: u64 = body["min_mod_revision"].as_str().unwrap().parse().unwrap();
                let etcd = self.etcd.borrow();
                let mut found: Vec<_> = etcd
                    .range(text("key")..text("range_end"))
                    .filter(|(_, (_, revision))| *revision >= since)
                    .collect();
                found.sort_by_key(|(_, (_, revision))| *revision);
                found.truncate(200);
                let kvs = found.into_iter().map(|(key, (value, revision))| {
                    json!({ "key": key, "value": value, "mod_revision": revision.to_string() })
                });
                answer["kvs"] = kvs.collect();
            }
            other => panic!("{other}"),
        }
        answer["header"] = json!({
            "cluster_id": self.cluster.get().to_string(),
            "revision": self.revision.get().to_string(),
        });
        HttpResponse { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() }
    }

    /// Another worker of `gateway` ends the sessions of `name`.
    fn leave(&self, gateway: &Gateway, name: &str, offset: u64) {
        let now = NOW.saturating_add(Duration::from_secs(offset));
        let name = Pii::new(name.to_owned());
        let subject = Subject { idp_entity_id: "https://elsewhere.example", name: &name };
        let instants = LogoutInstants { issued: now, absolute_ttl: Duration::from_secs(3600) };
        let settings = &gateway.settings.flow.session;
        let new: Vec<Announcement> = Revocation::of_subject(subject, &[], &instants)
            .iter()
            .map(|revocation| Announcement::new(revocation, settings, now, &Entropy).unwrap())
            .collect();
        let mut outbox = self.outbox(gateway);
        outbox.add(&new).unwrap();
        self.write(&key("outbox", gateway), outbox.store());
    }

    fn outbox(&self, gateway: &Gateway) -> Outbox {
        Outbox::load(self.read(&key("outbox", gateway)).unwrap().as_deref(), NOW)
    }

    fn records(&self, prefix: &str) -> usize {
        self.etcd.borrow().keys().filter(|key| key.starts_with(&format!("{prefix}record/"))).count()
    }

    /// One tick and what follows from it; what was told.
    fn round(&self, gateway: &mut Gateway, offset: u64) -> Vec<Tell> {
        let host = self.host(offset);
        let turn = gateway.tick(&host);
        let mut asks = VecDeque::from(turn.asks);
        let mut tells = turn.tells;
        while let Some((id, ask)) = asks.pop_front() {
            let answer = self.perform(gateway, ask);
            let turn = gateway.chore_answer(id, answer, &host);
            asks.extend(turn.asks);
            tells.extend(turn.tells);
        }
        tells
    }

    /// A request to its end.
    fn get(&self, gateway: &mut Gateway, offset: u64, path: &str, headers: &[(&str, &str)]) -> Verdict {
        self.finish(gateway, offset, |gateway, host| get(gateway, host, path, headers))
    }

    fn finish(
        &self,
        gateway: &mut Gateway,
        offset: u64,
        start: impl FnOnce(&mut Gateway, &Host<'_>) -> Step<Exchange>,
    ) -> Verdict {
        let host = self.host(offset);
        let mut step = start(gateway, &host);
        loop {
            match step {
                Step::End { verdict, .. } => return verdict,
                Step::Wait { state, mut asks, .. } => {
                    let (id, ask) = asks.pop().unwrap();
                    let answer = self.perform(gateway, ask);
                    step = gateway.answer(state, id, answer, &host);
                }
            }
        }
    }
}

fn key(what: &str, gateway: &Gateway) -> String {
    let settings = &gateway.settings.flow;
    sealed_for_store::key(what, &settings.shared_store.as_ref().unwrap().etcd, &settings.session)
}

/// A site with the store under `prefix`.
fn site(prefix: &str, patch: &Value) -> Gateway {
    let mut whole = json!({
        "shared_store": {
            "etcd": { "cluster": "etcd", "authority": "etcd.internal", "key_prefix": prefix },
            "poll_interval": "2s",
            "max_staleness": "30s",
        },
    });
    whole.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    gateway(&whole)
}

fn events(tells: &[Tell]) -> Vec<&'static str> {
    let names = tells.iter().map(|tell| if let Tell::Event(event) = tell { event.name } else { "" });
    names.filter(|name| name.starts_with("shared_store")).collect()
}

fn code(step: Step<Exchange>) -> Option<&'static str> {
    replied(step).1
}

#[test]
fn a_backlog_is_told_while_people_go_on_signing_out() {
    for answers_of_a_round in [u32::MAX, 30] {
        let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
        for number in 0..120 {
            world.leave(&gateway, &format!("person {number}"), 0);
        }
        world.intruders.set(60);
        for round in 0..8 {
            world.answers.set(answers_of_a_round);
            world.round(&mut gateway, 3 * round);
        }
        assert_eq!(world.records("samlgate/"), 180, "{answers_of_a_round}");
        assert_eq!(world.puts.get(), 180, "each was told once");
        assert!(world.outbox(&gateway).untold(1).is_empty());
    }
}

#[test]
fn what_was_told_is_noted_though_others_write_first() {
    let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
    world.leave(&gateway, "alice", 0);
    world.conflicts.set(3);
    world.round(&mut gateway, 0);
    assert_eq!((world.puts.get(), world.conflicts.get()), (1, 0));
    assert!(world.outbox(&gateway).untold(1).is_empty());
    // When it never works the round ends all the same, and others' logouts are read.
    world.leave(&gateway, "bob", 0);
    world.conflicts.set(u32::MAX);
    world.round(&mut gateway, 40);
    assert_eq!(world.puts.get(), 2);
    assert_eq!(world.outbox(&gateway).untold(9).len(), 1);
    let cookie = cookies(&gateway);
    forwarded(get(&mut gateway, &world.host(41), "/", &[("cookie", &cookie)]));
}

#[test]
fn a_store_that_forgot_is_told_everything_though_others_write_first() {
    let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
    for number in 0..5 {
        world.leave(&gateway, &format!("person {number}"), 0);
    }
    world.round(&mut gateway, 0);
    assert_eq!(world.records("samlgate/"), 5);
    world.etcd.borrow_mut().clear();
    world.cluster.set(8);
    // Nobody gets through: then it has not been seen, and is seen again.
    world.conflicts.set(u32::MAX);
    assert_eq!(events(&world.round(&mut gateway, 3)), ["shared_store_forgot"]);
    world.conflicts.set(2);
    assert_eq!(events(&world.round(&mut gateway, 6)), ["shared_store_forgot"]);
    world.round(&mut gateway, 9);
    assert_eq!(world.records("samlgate/"), 5);
}

#[test]
fn whoever_runs_the_site_hears_of_a_backlog_that_is_too_old() {
    let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
    for number in 0..200 {
        world.leave(&gateway, &format!("person {number}"), 0);
    }
    assert!(events(&world.round(&mut gateway, 20)).is_empty(), "nothing is too old");
    assert_eq!(events(&world.round(&mut gateway, 31)), ["shared_store_behind"]);
    assert!(events(&world.round(&mut gateway, 34)).is_empty(), "it was told once");
    assert!(events(&world.round(&mut gateway, 37)).is_empty());
    assert!(world.outbox(&gateway).untold(1).is_empty());
}

#[test]
fn a_logout_that_other_replicas_will_not_hear_of_is_none() {
    let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
    world.round(&mut gateway, 0);
    for number in 0..1_000 {
        world.leave(&gateway, &format!("person {number}"), 0);
    }
    let cookie = cookies(&gateway);
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let Verdict::Reply(reply) = world.get(&mut gateway, 1, "/saml/logout", &headers) else { panic!() };
    assert_eq!(reply.status, 503);
    assert!(String::from_utf8_lossy(&reply.body).contains("SG5018"));
    assert_eq!(world.outbox(&gateway).untold(2_000).len(), 1_000, "nobody was forgotten for it");
    let step = get(&mut gateway, &world.host(1), "/", &[("cookie", &cookie), ("accept", "*/*")]);
    assert_eq!(replied(step).0.status, 401, "here the session has ended");
}

#[test]
fn sites_of_one_vm_keep_their_own_logouts_and_their_own_age() {
    let world = World::new();
    let (mut one, mut two) = (site("one/", &json!({})), site("two/", &json!({})));
    world.round(&mut one, 0);
    let open = |gateway: &mut Gateway, offset| {
        let cookie = cookies(gateway);
        let step = get(gateway, &world.host(offset), "/", &[("cookie", &cookie)]);
        match step {
            Step::End { verdict: Verdict::Forward(_), .. } => None,
            step => code(step),
        }
    };
    assert_eq!(open(&mut one, 1), None);
    assert_eq!(open(&mut two, 1), Some("SG5014"), "nobody has looked there");
    world.leave(&two, "alice", 0);
    world.round(&mut one, 3);
    assert_eq!((world.records("one/"), world.records("two/")), (0, 0));
    world.round(&mut two, 3);
    assert_eq!((world.records("one/"), world.records("two/")), (0, 1));
    assert_eq!(open(&mut two, 4), None);
    // The configuration of one names another place from now on: what is known of the first says nothing about it.
    let mut pushed = site("three/", &json!({}));
    assert_eq!(open(&mut pushed, 4), Some("SG5014"));
    world.round(&mut pushed, 4);
    assert_eq!(open(&mut pushed, 4), None);
    let elsewhere = json!({ "etcd": { "cluster": "etcd", "authority": "b.internal", "key_prefix": "one/" } });
    assert_eq!(open(&mut site("one/", &json!({ "shared_store": elsewhere })), 4), Some("SG5014"));
}

#[test]
fn no_address_relies_on_a_session_while_nobody_knows_but_people_can_sign_out() {
    let world = World::new();
    let patch = json!({ "discovery": { "remember_for": "3600s" }, "saved_forms": {} });
    let mut gateway = site("samlgate/", &patch);
    let cookie = cookies(&gateway);
    let form = format!("/saml/form/{}{}", "0".repeat(16), base64url::encode(&[1; 16]));
    let with = |more: &[(&'static str, &'static str)]| {
        let mut headers = vec![("cookie", cookie.as_str()), ("sec-fetch-mode", "navigate")];
        headers.extend_from_slice(more);
        headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>()
    };
    for offset in [0, 100] {
        let host = world.host(offset);
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/saml/discovery?target=/x"),
            ("GET", form.as_str()),
            ("POST", "/saml/acs"),
        ] {
            let headers = with(&[]);
            let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            headers.extend([(":method", method), (":path", path)]);
            let step = super::identity_token::ask(&mut gateway, &host, &headers);
            let (reply, code) = replied(step);
            assert_eq!((reply.status, code), (503, Some("SG5014")), "{method} {path} {offset}");
        }
        let edits = forwarded(get(&mut gateway, &host, "/either", &[("cookie", &cookie)]));
        assert_eq!(set(&edits, "x-remote-user"), None);
        // A round, and what is known grows old again.
        if offset == 0 {
            world.round(&mut gateway, 10);
            let headers = [("cookie", cookie.as_str())];
            forwarded(get(&mut gateway, &world.host(11), "/", &headers));
            let (reply, _) =
                replied(get(&mut gateway, &world.host(11), "/saml/discovery?target=/x", &headers));
            assert_eq!(reply.status, 303);
        }
    }
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let Verdict::Reply(reply) = world.get(&mut gateway, 100, "/saml/logout", &headers) else { panic!() };
    assert_eq!(reply.status, 303, "{reply:?}");
    assert_eq!(
        world.outbox(&gateway).untold(9).len(),
        2,
        "the logout is in force and will be told: the session, and those before it"
    );
    world.round(&mut gateway, 101);
    let step = get(&mut gateway, &world.host(102), "/", &[("cookie", &cookie), ("accept", "*/*")]);
    assert_eq!(replied(step).0.status, 401);
}

#[test]
fn a_round_whose_call_nobody_answers_is_given_up() {
    let (world, mut gateway) = (World::new(), site("samlgate/", &json!({})));
    let asked = |turn: Turn| turn.asks.into_iter().map(|(id, _)| id).collect::<Vec<AskId>>();
    let first = asked(gateway.tick(&world.host(0)));
    assert_eq!(first.len(), 1);
    for offset in [1, 30, 60] {
        assert!(asked(gateway.tick(&world.host(offset))).is_empty(), "{offset}");
    }
    let second = asked(gateway.tick(&world.host(62)));
    assert_eq!(second.len(), 1);
    // The lost answer comes after all.
    let nothing = || Answer::Loaded { value: None, version: Version::Absent };
    assert!(asked(gateway.chore_answer(first[0], nothing(), &world.host(63))).is_empty());
    // The time runs from the last call of a round, not from its beginning.
    let third = asked(gateway.chore_answer(second[0], nothing(), &world.host(100)));
    assert_eq!(third.len(), 1);
    assert!(asked(gateway.tick(&world.host(130))).is_empty());
    assert_eq!(asked(gateway.tick(&world.host(162))).len(), 1);
}
