//! SCIM pushes act on the accounts of the people that they are about, and on nobody else's.

use samlgate::effect::{Answer, Ask, AskId, CallFailure, Tell};
use serde_json::{Value, json};
use std::collections::VecDeque;
use testbed::etcd::Etcd;
use testbed::idp::User;
use testbed::jira::UserSeed;

use crate::host::{Script, ScriptedHost, honest, set};

pub(crate) const TOKEN: &str = "a-token-of-the-directory-that-is-long-enough";

pub(crate) struct World {
    pub(crate) host: ScriptedHost,
    configuration: Value,
    pub(crate) etcd: Etcd,
}

impl World {
    pub(crate) fn new(name: &str, patch: &Value) -> Self {
        let folder = std::env::temp_dir().join(format!("samlgate-whose-{name}-{}", std::process::id()));
        let etcd = Etcd::start(&folder).unwrap();
        let mut configuration = json!({
            "policy": { "default_groups": null, "portal": null },
            "provisioning": { "circuit_open_for": "0s", "skip_unchanged_for": "0s" },
            "shared_store": { "etcd": { "cluster": "etcd", "authority": "etcd.internal", "key_prefix": format!("{name}/") } },
            "scim_gateway": { "table": "BEGIN_ANEW", "tokens": [{ "name": "idp", "token": { "inline_string": TOKEN } }] },
        });
        testbed::config::merge(&mut configuration, patch);
        let host = ScriptedHost::with(&configuration);
        host.route("etcd", etcd.address());
        let world = Self { host, configuration, etcd };
        for user in ["admin", "bob"] {
            world.add(user);
        }
        world.tick();
        world
    }

    /// The configuration with `patch` in it.
    pub(crate) fn with_patch(&self, patch: &Value) -> Value {
        let mut configuration = self.configuration.clone();
        testbed::config::merge(&mut configuration, patch);
        configuration
    }

    /// Envoy runs again, with `patch` in its configuration.
    pub(crate) fn restart_with(&self, patch: &Value) {
        self.host.restart_with(&self.with_patch(patch));
        self.tick();
    }

    pub(crate) fn add(&self, user: &str) {
        let email = format!("{user}@example.com");
        self.host.jira.change(|store| store.add_user(UserSeed { email, ..UserSeed::new(user, &[]) }));
    }

    pub(crate) fn tick(&self) {
        for _ in 0..4 {
            self.tick_once(&mut |_| true);
        }
    }

    /// Time passes once, and what the caretaker asks for is done for as long as `goes_on`; what is told.
    pub(crate) fn tick_once(&self, goes_on: &mut dyn FnMut(&Ask) -> bool) -> Vec<Tell> {
        self.host.now.set(self.host.now.get() + 4_000);
        let turn = self.host.gateway.borrow_mut().tick(&self.host.host());
        let (mut open, mut tells): (VecDeque<(AskId, Ask)>, _) = (turn.asks.into(), turn.tells);
        while let Some((id, ask)) = open.pop_front() {
            if !goes_on(&ask) {
                return tells;
            }
            let answer = self.host.perform(&ask, b"");
            let turn = self.host.gateway.borrow_mut().chore_answer(id, answer, &self.host.host());
            open.extend(turn.asks);
            tells.extend(turn.tells);
        }
        tells
    }

    pub(crate) fn with(&self, method: &str, path: &str, body: &Value, script: Script<'_>) -> (u16, Value) {
        self.sent(method, &format!("/scim/v2/Users{path}"), body, script)
    }

    pub(crate) fn sent(&self, method: &str, path: &str, body: &Value, script: Script<'_>) -> (u16, Value) {
        let authorization = format!("Bearer {TOKEN}");
        let head = [("authorization", authorization.as_str()), ("content-type", "application/scim+json")];
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let ended = self.host.request(method, path, &head, &bytes, script);
        (ended.reply.status, serde_json::from_slice(&ended.reply.body).unwrap_or(Value::Null))
    }

    pub(crate) fn scim(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.with(method, path, body, &mut honest)
    }

    pub(crate) fn made(&self, body: &Value) -> String {
        let (status, made) = self.scim("POST", "", body);
        assert_eq!(status, 201, "{made}");
        format!("/{}", made["id"].as_str().unwrap())
    }

    pub(crate) fn is_active(&self, user: &str) -> Option<bool> {
        self.host.jira.store().is_active(user)
    }
}

pub(crate) fn person(user: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user, "active": true,
        "emails": [{ "value": format!("{user}@example.com"), "type": "work", "primary": true }],
    })
}

pub(crate) fn inactive(user: &str) -> Value {
    let mut person = person(user);
    person["active"] = json!(false);
    person
}

pub(crate) fn replace(path: &str, value: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": path, "value": value }],
    })
}

pub(crate) fn rename(to: &str) -> Value {
    replace("userName", &json!(to))
}

pub(crate) fn no_rename(_: usize, ask: &Ask, _: &ScriptedHost) -> Option<Answer> {
    is_rename(ask).then_some(Answer::HttpFailed(CallFailure::NotSent))
}

fn is_rename(ask: &Ask) -> bool {
    matches!(ask, Ask::HttpCall(call) if call.method == "PUT" && call.path.contains("/user?")
        && String::from_utf8_lossy(&call.body).contains("\"name\""))
}

#[test]
fn j21_whoever_was_never_brought_here_leaves_nobodys_account() {
    let world = World::new("stranger", &json!({}));
    let admin = world.made(&inactive("admin"));
    assert_eq!(world.is_active("admin"), Some(true));
    assert_eq!(world.scim("DELETE", &admin, &Value::Null).0, 204);
    assert_eq!(world.is_active("admin"), Some(true));
    // One that was taken over while its owner was active goes with them.
    let admin = world.made(&person("admin"));
    assert_eq!(world.scim("PATCH", &admin, &replace("active", &json!(false))).0, 200);
    assert_eq!(world.is_active("admin"), Some(false));
}

#[test]
fn j12_j21_a_name_that_is_not_followed_leads_to_nobody_and_stops_nobody_from_leaving() {
    let world = World::new("refused", &json!({}));
    let alice = world.made(&person("alice"));
    // bob is an account of somebody whom the directory never pushed.
    let (status, refused) = world.scim("PATCH", &alice, &rename("bob"));
    assert_eq!(status, 409, "{refused}");
    world.tick();
    assert_eq!(world.scim("PATCH", &alice, &replace("active", &json!(false))).0, 200);
    assert_eq!((world.is_active("alice"), world.is_active("bob")), (Some(false), Some(true)));
    let back = world.scim("PATCH", &alice, &replace("active", &json!(true)));
    assert_eq!(back.0, 409, "{}", back.1);
    assert_eq!(world.scim("DELETE", &alice, &Value::Null).0, 204);
    assert_eq!((world.is_active("alice"), world.is_active("bob")), (Some(false), Some(true)));

    // However often it is tried, deletion stays possible.
    let carol = world.made(&person("carol"));
    let mut statuses = Vec::new();
    for number in 0..40 {
        let to = rename(&format!("carol-{number}"));
        statuses.push(world.with("PATCH", &carol, &to, &mut no_rename).0);
    }
    assert!(statuses.iter().all(|status| *status == 503), "{statuses:?}");
    assert_eq!(world.scim("DELETE", &carol, &Value::Null).0, 204);
    assert_eq!(world.is_active("carol"), Some(false));
}

#[test]
fn j12_after_a_crash_in_a_rename_it_goes_on_with_the_same_account() {
    let world = World::new("crash", &json!({}));
    let alice = world.made(&person("alice"));
    // It is renamed, and nobody lives to write that down.
    let mut renamed = false;
    let (status, _) = world.with("PATCH", &alice, &rename("alicia"), &mut |_, ask, host| {
        if is_rename(ask) {
            renamed = true;
            host.perform(ask, b"");
        }
        renamed.then_some(Answer::HttpFailed(CallFailure::NoAnswer))
    });
    assert_eq!((status, renamed), (503, true));
    assert_eq!((world.is_active("alice"), world.is_active("alicia")), (None, Some(true)));
    world.host.restart();
    world.host.now.set(world.host.now.get() + 100);
    let (status, answer) = world.scim("PATCH", &alice, &rename("alina"));
    assert_eq!(status, 200, "{answer}");
    let names = ["alice", "alicia", "alina"].map(|name| world.is_active(name));
    assert_eq!(names, [None, None, Some(true)]);

    // The same, and then they leave.
    let mut renamed = false;
    world.with("PATCH", &alice, &rename("alma"), &mut |_, ask, host| {
        if is_rename(ask) {
            renamed = true;
            host.perform(ask, b"");
        }
        renamed.then_some(Answer::HttpFailed(CallFailure::NoAnswer))
    });
    world.host.restart();
    world.add("alina");
    world.host.jira.change(|store| {
        store.remove_user("alina");
    });
    world.host.now.set(world.host.now.get() + 100);
    assert_eq!(world.scim("DELETE", &alice, &Value::Null).0, 204);
    assert_eq!(world.is_active("alma"), Some(false));
}

#[test]
fn j21_names_of_the_directory_are_not_those_of_the_application() {
    let patch = json!({ "identity": { "username_pattern": "([^@]+)@example[.]com" } });
    let world = World::new("pattern", &patch);
    world.add("alice@example.com");
    let alice = world.made(&person("alice@example.com"));
    assert_eq!(world.is_active("alice"), Some(true));
    assert_eq!(world.scim("PATCH", &alice, &replace("active", &json!(false))).0, 200);
    assert_eq!((world.is_active("alice"), world.is_active("alice@example.com")), (Some(false), Some(true)));
    assert_eq!(world.scim("PATCH", &alice, &replace("active", &json!(true))).0, 200);
    assert_eq!(world.scim("DELETE", &alice, &Value::Null).0, 204);
    assert_eq!((world.is_active("alice"), world.is_active("alice@example.com")), (Some(false), Some(true)));
}

#[test]
fn j15_a_linked_account_is_its_owners_alone_keeps_its_name_and_goes_with_them() {
    let patch = json!({ "provisioning": { "link_by_email": { "email_domains": ["example.com"] } } });
    let world = World::new("linked", &patch);
    let mut robert = person("robert");
    robert["emails"][0]["value"] = json!("bob@example.com");
    let id = world.made(&robert);
    assert_eq!(world.is_active("robert"), None, "linked");
    // Nobody else gets it, by name or by address.
    assert_eq!(world.scim("POST", "", &person("bob")).0, 409);
    let mut other = robert.clone();
    other["userName"] = json!("other");
    assert_eq!(world.scim("POST", "", &other).0, 409);
    assert_eq!(world.is_active("other"), None);
    // It is not renamed, and another address leads nowhere.
    assert_eq!(world.scim("PATCH", &id, &rename("rob")).0, 400);
    let address = replace("emails[type eq \"work\"].value", &json!("admin@example.com"));
    assert_eq!(world.scim("PATCH", &id, &address).0, 400);
    assert_eq!((world.is_active("rob"), world.is_active("bob")), (None, Some(true)));
    assert_eq!(world.scim("PATCH", &id, &replace("active", &json!(false))).0, 200);
    assert_eq!((world.is_active("bob"), world.is_active("admin")), (Some(false), Some(true)));
    assert_eq!(world.scim("DELETE", &id, &Value::Null).0, 204);
    // From then on the name is free.
    world.made(&person("bob"));
    assert_eq!(world.is_active("bob"), Some(true));
}

#[test]
fn protected_names_are_neither_given_nor_taken() {
    let world = World::new(
        "protected",
        &json!({ "provisioning": { "protected_usernames": [{ "exact": "admin" }] } }),
    );
    for pushed in [person("admin"), person("ADMIN"), inactive("admin")] {
        let (status, refused) = world.scim("POST", "", &pushed);
        assert_eq!(status, 400, "{refused}");
    }
    let alice = world.made(&person("alice"));
    let (status, refused) = world.scim("PATCH", &alice, &rename("Admin"));
    assert_eq!(status, 400, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("SG8011"), "{refused}");
    assert_eq!((world.is_active("admin"), world.is_active("alice")), (Some(true), Some(true)));
}

#[test]
fn j8_j15_a_sign_in_that_is_linked_to_a_pushed_persons_account_takes_nothing_from_it() {
    let patch = json!({
        "policy": { "group_mapping": [{ "idp_group": "idp-staff", "groups": ["staff"] }] },
        "provisioning": { "link_by_email": { "email_domains": ["example.com"] } },
    });
    let world = World::new("other-name", &patch);
    let mut robert = person("robert");
    robert["emails"][0]["value"] = json!("Bob@example.com");
    let robert = world.made(&robert);
    let staff = crate::kept_out::group(&world, "idp-staff");
    assert_eq!(crate::kept_out::member(&world, "add", &staff, &robert), 204);
    assert_eq!(world.host.groups("bob"), set(&["staff"]));
    // The account is called bob, the directory says robert, and the assertion may say either or something else: what was
    // pushed is not taken by an assertion that does not carry it.
    for name in ["robert", "bob", "rob", "r.bobson"] {
        let user = User { email: "bob@example.com".to_owned(), ..User::new(name, "Robert", &["idp-other"]) };
        let ended = world.host.sign_in(user, "/", &mut honest);
        assert!(ended.has_session(), "{name}: {}", ended.code());
        assert_eq!(world.host.groups("bob"), set(&["staff"]), "{name}");
        assert_eq!(
            ["robert", "rob", "r.bobson"].map(|name| world.is_active(name)),
            [None; 3],
            "{name}: linked"
        );
    }
    // What the directory takes is not given back by a name that it does not know.
    assert_eq!(crate::kept_out::member(&world, "remove", &staff, &robert), 204);
    assert_eq!(world.host.groups("bob"), set(&[]));
    let user = User { email: "bob@example.com".to_owned(), ..User::new("rob", "Robert", &["idp-staff"]) };
    assert!(world.host.sign_in(user, "/", &mut honest).has_session());
    assert_eq!(world.host.groups("bob"), set(&[]));
    // Who was never pushed is linked and decided by the assertion as ever.
    let user = User { email: "admin@example.com".to_owned(), ..User::new("adam", "Adam", &["idp-staff"]) };
    assert!(world.host.sign_in(user, "/", &mut honest).has_session());
    assert_eq!((world.host.groups("admin"), world.is_active("adam")), (set(&["staff"]), None));
}
