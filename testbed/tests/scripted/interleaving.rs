//! SCIM pushes, sign-ins and syncs in any order, with faults and deaths in between, end where the directory says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use samlgate::effect::{Answer, Ask, AskId, CallFailure};
use samlgate::flow::Turn;
use samlgate::flow::sync::Run;
use samlgate::http::HttpResponse;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testbed::etcd::Etcd;
use testbed::idp::User;
use testbed::server::Server;

use crate::host::{Ended, ScriptedHost, honest, set};

const TOKEN: &str = "a-token-of-the-directory-that-is-long-enough";
const GROUPS: [(&str, &str); 3] =
    [("idp-agents", "service-desk-agents"), ("idp-staff", "staff"), ("idp-customers", "portal-customers")];
const PEOPLE: usize = 6;
/// Steps of one history.
const STEPS: usize = 120;

/// What the directory has: the only thing that the end depends on.
#[derive(Clone, Debug, Default)]
struct Truth {
    people: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    active: bool,
    groups: BTreeSet<&'static str>,
}

impl Truth {
    /// The groups that the application is to have of somebody.
    fn expected(&self, user: &str) -> BTreeSet<String> {
        let entry = self.people.get(user).unwrap();
        GROUPS
            .iter()
            .filter(|(idp, _)| entry.groups.contains(idp))
            .map(|(_, app)| (*app).to_owned())
            .collect()
    }
}

/// One change that a SCIM client pushes.
#[derive(Clone, Debug)]
enum Push {
    Create(String),
    Active(String, bool),
    Join(String, &'static str),
    Leave(String, &'static str),
    Delete(String),
}

/// Reproducible choices.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

struct World {
    host: ScriptedHost,
    _etcd: Etcd,
    _source: Server,
    served: Arc<Mutex<Truth>>,
    truth: Truth,
    /// What the client has still to push, in order.
    pushes: VecDeque<Push>,
    /// Ids as the client learned them.
    users: BTreeMap<String, String>,
    groups: BTreeMap<&'static str, String>,
    run: Option<(Run, VecDeque<(AskId, Ask)>)>,
    dice: Dice,
    /// One call in so many fails; 0 for none.
    faults: usize,
    seed: u64,
}

impl World {
    fn new(seed: u64, folder: &std::path::Path) -> Self {
        let etcd = Etcd::start(folder).unwrap();
        let served = Arc::new(Mutex::new(Truth::default()));
        let source = Server::start(0, source(Arc::clone(&served))).unwrap();
        let mapping: Vec<Value> =
            GROUPS.iter().map(|(idp, app)| json!({ "idp_group": idp, "groups": [app] })).collect();
        let host = ScriptedHost::with(&json!({
            "policy": { "group_mapping": mapping, "default_groups": null, "portal": null,
                        "cleanup": { "mode": "DISABLE" } },
            "provisioning": { "create_missing_groups": false, "circuit_open_for": "0s", "reactivate_accounts": true },
            "shared_store": { "etcd": { "cluster": "etcd", "authority": "etcd.internal", "key_prefix": format!("model{seed}/") } },
            "scim_gateway": { "table": "BEGIN_ANEW", "tokens": [{ "name": "idp", "token": { "inline_string": TOKEN } }] },
            "directory_sync": {
                "source": { "scim": { "cluster": "directory", "authority": "directory.internal", "path_prefix": "/scim/v2" } },
                "page_size": 10, "first_run": "ACT",
                "guardrail": { "max_deactivations": 100, "max_deactivation_percent": 100, "max_failed_people": 100,
                    "max_group_removals": 1000, "max_group_removal_percent": 100 },
            },
        }));
        host.route("etcd", etcd.address());
        host.route("directory", source.address());
        // A group that nobody manages, and somebody in it whom the directory does not know.
        host.jira.change(|store| {
            store.add_group("local-only");
            store.add_user(testbed::jira::UserSeed::new("stranger", &["local-only", "staff"]));
        });
        let truth = Truth::default();
        Self {
            host,
            _etcd: etcd,
            _source: source,
            served,
            truth,
            pushes: VecDeque::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            run: None,
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            faults: 0,
            seed,
        }
    }

    fn scim(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("Bearer {TOKEN}");
        let head = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/scim+json"),
            ("accept", "application/scim+json"),
        ];
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (faults, dice) = (self.faults, &mut self.dice);
        let ended: Ended = self
            .host
            .request(method, path, &head, &bytes, &mut |_, ask, host| fault(ask, host, &bytes, faults, dice));
        (ended.reply.status, serde_json::from_slice(&ended.reply.body).unwrap_or(Value::Null))
    }

    /// The id under which the client knows somebody; asked for by name where it never heard of one.
    fn user_id(&mut self, user: &str) -> Result<Option<String>, ()> {
        if let Some(id) = self.users.get(user) {
            return Ok(Some(id.clone()));
        }
        let found = self.find("Users", &format!("userName eq \"{user}\""))?;
        if let Some(id) = &found {
            self.users.insert(user.to_owned(), id.clone());
        }
        Ok(found)
    }

    fn group_id(&mut self, group: &'static str) -> Result<String, ()> {
        if let Some(id) = self.groups.get(group) {
            return Ok(id.clone());
        }
        let id = match self.find("Groups", &format!("displayName eq \"{group}\""))? {
            Some(id) => id,
            None => {
                let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
                let body = json!({ "schemas": schemas, "displayName": group });
                let (status, made) = self.scim("POST", "/scim/v2/Groups", &body);
                if status != 201 {
                    return Err(());
                }
                made.get("id").and_then(Value::as_str).unwrap().to_owned()
            }
        };
        self.groups.insert(group, id.clone());
        Ok(id)
    }

    fn find(&mut self, kind: &str, filter: &str) -> Result<Option<String>, ()> {
        let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let (status, list) = self.scim("GET", &format!("/scim/v2/{kind}?filter={filter}"), &Value::Null);
        if status != 200 {
            return Err(());
        }
        Ok(list.pointer("/Resources/0/id").and_then(Value::as_str).map(str::to_owned))
    }

    /// Pushes what has waited longest, as a client does: what fails stays, and is tried again.
    fn push(&mut self) {
        let Some(push) = self.pushes.front().cloned() else { return };
        if self.pushed(&push).is_ok() {
            self.pushes.pop_front();
        }
    }

    fn pushed(&mut self, push: &Push) -> Result<(), ()> {
        let patch = |operation: Value| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        let seed = self.seed;
        let good = |(status, answer): (u16, Value)| match status {
            200..=299 => Ok(()),
            429 | 500..=599 => Err(()),
            _ => panic!("seed {seed}: {push:?}: {status} {answer}"),
        };
        match push {
            Push::Create(user) => {
                if self.user_id(user)?.is_some() {
                    return Ok(());
                }
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                    "userName": user, "displayName": user, "active": true,
                    "emails": [{ "type": "work", "primary": true, "value": format!("{user}@example.com") }],
                });
                let (status, made) = self.scim("POST", "/scim/v2/Users", &body);
                if status == 201 {
                    let id = made.get("id").and_then(Value::as_str).unwrap().to_owned();
                    self.users.insert(user.clone(), id);
                }
                // Made by a try whose answer was lost: the client looks again.
                if status == 409 { Err(()) } else { good((status, made)) }
            }
            Push::Active(user, active) => {
                let id =
                    self.user_id(user)?.unwrap_or_else(|| panic!("seed {seed}: {user} was never pushed"));
                let body = patch(json!({ "op": "replace", "path": "active", "value": active }));
                good(self.scim("PATCH", &format!("/scim/v2/Users/{id}"), &body))
            }
            Push::Join(user, group) | Push::Leave(user, group) => {
                let id =
                    self.user_id(user)?.unwrap_or_else(|| panic!("seed {seed}: {user} was never pushed"));
                let group = self.group_id(group)?;
                let body = if matches!(push, Push::Join(..)) {
                    patch(json!({ "op": "add", "path": "members", "value": [{ "value": id }] }))
                } else {
                    patch(json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }))
                };
                good(self.scim("PATCH", &format!("/scim/v2/Groups/{group}"), &body))
            }
            Push::Delete(user) => {
                let Some(id) = self.user_id(user)? else { return Ok(()) };
                let (status, answer) = self.scim("DELETE", &format!("/scim/v2/Users/{id}"), &Value::Null);
                if status != 404 {
                    good((status, answer))?;
                }
                self.users.remove(user);
                Ok(())
            }
        }
    }

    /// Something happens in the directory, and is to be pushed.
    fn change_directory(&mut self) {
        let user = format!("person-{}", self.dice.below(PEOPLE));
        let group = GROUPS.get(self.dice.below(GROUPS.len())).unwrap().0;
        let what = self.dice.below(8);
        match self.truth.people.get_mut(&user) {
            None => {
                let entry = Entry { active: true, groups: BTreeSet::new() };
                self.truth.people.insert(user.clone(), entry);
                self.pushes.push_back(Push::Create(user));
            }
            Some(_) if what == 0 => {
                self.truth.people.remove(&user);
                self.pushes.push_back(Push::Delete(user));
            }
            Some(entry) if what == 1 => {
                entry.active = !entry.active;
                self.pushes.push_back(Push::Active(user, entry.active));
            }
            Some(entry) => {
                if entry.groups.remove(group) {
                    self.pushes.push_back(Push::Leave(user, group));
                } else {
                    entry.groups.insert(group);
                    self.pushes.push_back(Push::Join(user, group));
                }
            }
        }
        *self.served.lock().unwrap() = self.truth.clone();
    }

    /// Somebody signs in with what the directory says now.
    fn sign_in(&mut self, user: &str) -> bool {
        let Some(entry) = self.truth.people.get(user).filter(|entry| entry.active) else { return false };
        let groups: Vec<&str> = entry.groups.iter().copied().collect();
        let person = User::new(user, user, &groups);
        let (faults, dice) = (self.faults, &mut self.dice);
        let ended = self.host.sign_in(person, "/", &mut |_, ask, host| fault(ask, host, b"", faults, dice));
        ended.has_session()
    }

    /// Time passes at the gateway, and what it asks for is done.
    fn tick(&mut self) {
        let turn = self.host.gateway.borrow_mut().tick(&self.host.host());
        let mut open: VecDeque<(AskId, Ask)> = turn.asks.into();
        for _ in 0..2_000 {
            let Some((id, ask)) = open.pop_front() else { return };
            let answer = fault(&ask, &self.host, b"", self.faults, &mut self.dice)
                .unwrap_or_else(|| self.host.perform(&ask, b""));
            let turn = self.host.gateway.borrow_mut().chore_answer(id, answer, &self.host.host());
            open.extend(turn.asks);
        }
        panic!("seed {}: a chore does not end", self.seed);
    }

    /// Takes a sync a little further, beginning one where none goes on.
    fn sync(&mut self, answers: usize) {
        let (mut run, mut open) = self.run.take().unwrap_or_else(|| (self.host.new_run(), VecDeque::new()));
        for _ in 0..answers {
            let turn: Turn = match open.pop_front() {
                Some((id, ask)) => {
                    let answer = fault(&ask, &self.host, b"", self.faults, &mut self.dice)
                        .unwrap_or_else(|| self.host.perform(&ask, b""));
                    run.answer(id, answer, &self.host.gateway.borrow().env(&self.host.host()))
                }
                None => {
                    self.host.now.set(self.host.now.get() + 1);
                    run.tick(&self.host.gateway.borrow().env(&self.host.host()))
                }
            };
            open.extend(turn.asks);
            if run.finished().is_some() {
                return;
            }
        }
        self.run = Some((run, open));
    }

    /// A whole sync, from its beginning to its end.
    fn sync_whole(&mut self) {
        self.run = None;
        for _ in 0..50 {
            self.sync(2_000);
            if self.run.is_none() {
                return;
            }
        }
        panic!("seed {}: a sync does not end", self.seed);
    }

    /// `kill -9`: what is in memory is gone; etcd and the application stay.
    fn die(&mut self) {
        self.run = None;
        self.host.restart();
    }

    fn step(&mut self) {
        self.host.now.set(self.host.now.get() + self.dice.below(20) as u64);
        match self.dice.below(20) {
            0..=5 => self.change_directory(),
            6..=10 => self.push(),
            11..=13 => {
                let user = format!("person-{}", self.dice.below(PEOPLE));
                self.sign_in(&user);
            }
            14..=16 => {
                let answers = self.dice.below(60);
                self.sync(answers);
            }
            17 => self.tick(),
            18 => self.faults = *[0, 0, 5, 20].get(self.dice.below(4)).unwrap(),
            _ => self.die(),
        }
    }

    /// Nothing fails any more, and everybody does what is left to do.
    fn settle(&mut self) {
        self.faults = 0;
        for _ in 0..400 {
            if self.pushes.is_empty() {
                break;
            }
            self.push();
            // What an earlier push left to do is done by the caretaker.
            self.host.now.set(self.host.now.get() + 200);
            self.tick();
        }
        assert!(self.pushes.is_empty(), "seed {}: {:?} is never taken", self.seed, self.pushes.front());
        for _ in 0..60 {
            self.host.now.set(self.host.now.get() + 200);
            self.tick();
        }
        // The last sign-in is remembered to the day: who may have been here since is not cleaned up yet.
        self.host.now.set(self.host.now.get() + 2 * 24 * 60 * 60);
        self.sync_whole();
    }

    fn check(&self) {
        let store = self.host.jira.store();
        for number in 0..PEOPLE {
            let user = format!("person-{number}");
            let shown = store.to_json();
            match self.truth.people.get(&user) {
                // Nobody makes an account that could not be used.
                Some(entry) if !entry.active && !store.has_user(&user) => {}
                Some(entry) => {
                    assert!(store.has_user(&user), "seed {}: {user} has no account: {shown}", self.seed);
                    assert_eq!(
                        store.is_active(&user),
                        Some(entry.active),
                        "seed {}: {user}: {shown}",
                        self.seed
                    );
                    if entry.active {
                        let groups: BTreeSet<String> = store.groups_of(&user).into_iter().collect();
                        assert_eq!(groups, self.truth.expected(&user), "seed {}: {user}", self.seed);
                    }
                }
                None if store.has_user(&user) => {
                    assert_eq!(
                        store.is_active(&user),
                        Some(false),
                        "seed {}: {user} is gone and enters: {shown}",
                        self.seed
                    );
                }
                None => {}
            }
        }
        let groups: BTreeSet<String> = store.groups_of("stranger").into_iter().collect();
        assert_eq!(groups, set(&["local-only", "staff"]), "seed {}", self.seed);
        assert_eq!(store.is_active("stranger"), Some(true));
    }
}

/// What happens instead of `ask`, one time in `faults`.
fn fault(ask: &Ask, host: &ScriptedHost, body: &[u8], faults: usize, dice: &mut Dice) -> Option<Answer> {
    if faults == 0 || !dice.once_in(faults) {
        return None;
    }
    match ask {
        Ask::HttpCall(_) => Some(match dice.below(4) {
            0 => Answer::HttpFailed(CallFailure::NotSent),
            1 => {
                // It was done, and nobody hears of it.
                host.perform(ask, body);
                Answer::HttpFailed(CallFailure::NoAnswer)
            }
            2 => Answer::HttpResponse(HttpResponse {
                status: 503,
                headers: Vec::new(),
                body: b"busy".to_vec(),
            }),
            _ => Answer::HttpResponse(HttpResponse {
                status: 429,
                headers: vec![("retry-after".to_owned(), "1".to_owned())],
                body: Vec::new(),
            }),
        }),
        Ask::CompareAndSwap { .. } => Some(Answer::Conflict),
        _ => None,
    }
}

/// A directory that speaks SCIM and shows what it has now.
fn source(truth: Arc<Mutex<Truth>>) -> Router {
    async fn users(State(truth): State<Arc<Mutex<Truth>>>, RawQuery(query): RawQuery) -> axum::Json<Value> {
        let query = query.unwrap_or_default();
        let number = |name: &str, default: usize| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(have, _)| have == name)
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or(default)
        };
        let (start, count) = (number("startIndex", 1), number("count", 10));
        // The only filter that a sync sends: `userName eq "NAME"`.
        let filter = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "filter");
        let wanted = filter.and_then(|(_, filter)| filter.split('"').nth(1).map(str::to_owned));
        let truth = truth.lock().unwrap().clone();
        let all: Vec<Value> = truth
            .people
            .iter()
            .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == *name))
            .map(|(name, entry)| {
                let groups: Vec<Value> =
                    entry.groups.iter().map(|group| json!({ "value": group, "display": group })).collect();
                json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": format!("id-{name}"),
                    "userName": name, "displayName": name, "active": entry.active, "groups": groups,
                    "emails": [{ "value": format!("{name}@example.com"), "primary": true }],
                })
            })
            .collect();
        let page: Vec<Value> = all.iter().skip(start - 1).take(count).cloned().collect();
        axum::Json(json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": all.len(),
            "startIndex": start, "itemsPerPage": page.len(), "Resources": page,
        }))
    }
    Router::new().route("/scim/v2/Users", get(users)).with_state(truth)
}

#[test]
fn any_order_of_pushes_sign_ins_and_syncs_ends_where_the_directory_says() {
    let seeds: Vec<u64> = match std::env::var("SAMLGATE_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=8).collect(),
    };
    let folder = std::env::temp_dir().join(format!("samlgate-interleaving-{}", std::process::id()));
    for seed in seeds {
        let mut world = World::new(seed, &folder);
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        world.check();
        // It stays there: nobody undoes what another did.
        for number in 0..PEOPLE {
            let user = format!("person-{number}");
            let may_enter = world.truth.people.get(&user).is_some_and(|entry| entry.active);
            assert_eq!(world.sign_in(&user), may_enter, "seed {seed}: {user}");
        }
        world.sync_whole();
        world.check();
    }
    drop(std::fs::remove_dir_all(folder));
}

/// The complaint that directories and sign-ins undo each other: somebody is put into a group by SCIM, and the assertion does
/// not carry it.
#[test]
fn a_sign_in_does_not_take_away_what_was_pushed() {
    let folder = std::env::temp_dir().join(format!("samlgate-one-truth-{}", std::process::id()));
    let mut world = World::new(1_000, &folder);
    world.tick();
    let person = "person-0";
    let entry = Entry { active: true, groups: BTreeSet::from(["idp-staff"]) };
    world.truth.people.insert(person.to_owned(), entry);
    for push in [Push::Create(person.to_owned()), Push::Join(person.to_owned(), "idp-staff")] {
        world.pushed(&push).unwrap();
    }
    let groups = |world: &World| world.host.groups(person);
    assert_eq!(groups(&world), set(&["staff"]));
    // The assertion knows of another group, or of none, or of too many to be sent.
    for asserted in [&["idp-agents"][..], &[]] {
        let ended = world.host.sign_in(User::new(person, person, asserted), "/", &mut honest);
        assert!(ended.has_session(), "{}", ended.code());
        assert_eq!(groups(&world), set(&["staff"]), "{asserted:?}");
    }
    // And what the directory takes away, no assertion gives back.
    world.pushed(&Push::Leave(person.to_owned(), "idp-staff")).unwrap();
    assert_eq!(groups(&world), set(&[]));
    let ended = world.host.sign_in(User::new(person, person, &["idp-staff"]), "/", &mut honest);
    assert!(ended.has_session(), "{}", ended.code());
    assert_eq!(groups(&world), set(&[]));
    // Whoever was never pushed is decided by the assertion.
    let ended = world.host.sign_in(User::new("other", "other", &["idp-staff"]), "/", &mut honest);
    assert!(ended.has_session(), "{}", ended.code());
    assert_eq!(world.host.groups("other"), set(&["staff"]));
    // Nobody is judged while the table cannot be read.
    let ended =
        world.host.sign_in(User::new(person, person, &["idp-staff"]), "/", &mut |_, ask, _| match ask {
            Ask::HttpCall(call) if call.cluster == "etcd" && is_row(call) => {
                Some(Answer::HttpFailed(CallFailure::NoAnswer))
            }
            _ => None,
        });
    assert_eq!((ended.code(), ended.has_session()), ("SG7033", false));
    assert_eq!(groups(&world), set(&[]));
    drop(std::fs::remove_dir_all(folder));
}

/// Is it a call for rows of the table, and not the claim of an assertion?
fn is_row(call: &samlgate::http::HttpCall) -> bool {
    let key = samlgate::encoding::base64::encode(b"model1000/table/");
    String::from_utf8_lossy(&call.body).contains(key.trim_end_matches('=').get(..20).unwrap())
}
