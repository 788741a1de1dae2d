//! A service that speaks SCIM, and an application whose groups it cannot write; both keep what they are told.

use core::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::effect::Version;
use crate::provision::{
    AccountKey, AccountKeyKind, Capabilities, Marker, Operation, Page, Question, RemoteAccount, RemoteMarker,
    RemoteState,
};
use crate::targets::{Application, Outcome, Prepared, Target, TargetError};

const CAPABILITIES: Capabilities = Capabilities {
    reads: true,
    accounts_by: AccountKeyKind::Username,
    marker: true,
    email_immutable: false,
    shows_email: true,
    updates: true,
    reactivates: true,
    creates_groups: true,
    organizations: false,
    needs_password: false,
    needs_email: false,
    profile_fields: &[],
    deactivates: true,
    anonymizes: true,
    deletes_accounts: true,
    renames_accounts: false,
    renames_groups: false,
    deletes_groups: false,
    renames_organizations: false,
    deletes_organizations: false,
    lists_accounts: false,
    lists_organizations: false,
    groups_are_organizations: false,
};

#[derive(Debug)]
struct Fake;

fn call(method: &'static str, path: String, body: &Value) -> HttpCall {
    HttpCall {
        cluster: "application".to_owned(),
        authority: "jira.example.com".to_owned(),
        method,
        path,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        timeout: Duration::from_secs(5),
    }
}

impl Application for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn look_up(&self, key: &AccountKey) -> Vec<Question> {
        vec![Question::Account { by: key.clone(), page: Page::FIRST }]
    }

    fn ask(&self, question: &Question) -> HttpCall {
        let name = match question {
            Question::Account { by, .. } => by.value().expose().clone(),
            _ => String::new(),
        };
        call("GET", format!("/account/{name}"), &Value::Null)
    }

    fn learn(
        &self,
        question: &Question,
        response: &HttpResponse,
        remote: &mut RemoteState,
    ) -> Result<Vec<Question>, TargetError> {
        let request = crate::targets::Request::of(question);
        remote.marker = RemoteMarker::Absent;
        match response.status {
            404 => Ok(Vec::new()),
            200 => {
                let body: Value = serde_json::from_slice(&response.body).expect("JSON");
                remote.account =
                    serde_json::from_value::<Option<RemoteAccount>>(body["account"].clone()).expect("one");
                let marker = serde_json::from_value::<Option<Marker>>(body["marker"].clone()).expect("one");
                remote.marker = marker.map_or(RemoteMarker::Absent, RemoteMarker::Present);
                Ok(Vec::new())
            }
            status => Err(TargetError::Unavailable { request, status }),
        }
    }

    fn prepare(&self, operation: &Operation, remote: &RemoteState, _: UnixTime) -> Prepared {
        let who = remote.account.as_ref().map(|account| account.username.expose().clone());
        let body = match operation {
            Operation::CreateAccount { username, .. } => json!({ "who": username.expose() }),
            Operation::WriteMarker { marker, .. } => json!({ "who": who, "marker": marker }),
            other => json!({ "who": who, "about": other.about() }),
        };
        Prepared::Call(call("POST", format!("/{}", operation.kind().as_str()), &body))
    }

    fn outcome(&self, operation: &Operation, response: &HttpResponse, _: &mut RemoteState) -> Outcome {
        let request = crate::targets::Request::Change(operation.kind());
        match response.status {
            200 => Outcome::Applied,
            status => Outcome::Refused(TargetError::Refused { request, status }),
        }
    }

    fn reread(&self, _: &Operation, remote: &RemoteState) -> Question {
        let username = remote.account.as_ref().map(|account| account.username.clone()).expect("an account");
        Question::Account { by: AccountKey::Username(username), page: Page::FIRST }
    }
}

/// Somebody at the service.
pub(super) struct User {
    pub(super) name: String,
    pub(super) active: bool,
}

/// Somebody at the application.
#[derive(Default)]
struct Account {
    groups: BTreeSet<String>,
    marker: Value,
}

/// By id: the name, and who is in.
type Groups = BTreeMap<String, (String, BTreeSet<String>)>;

/// Everything outside.
pub(super) struct World {
    pub(super) house: House,
    pub(super) users: RefCell<BTreeMap<String, User>>,
    pub(super) groups: RefCell<Groups>,
    accounts: RefCell<BTreeMap<String, Account>>,
    data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    writes: Cell<u32>,
    /// What the application was told, without markers.
    pub(super) changes: RefCell<Vec<String>>,
    /// What the service was told.
    pub(super) sent: RefCell<Vec<String>>,
    pub(super) looks: Cell<u32>,
    /// Lines of the log.
    pub(super) told: RefCell<String>,
    /// The service answers changes with this and does nothing.
    pub(super) refuses: Cell<Option<u16>>,
    /// Nobody's groups are shown.
    pub(super) hides_groups: Cell<bool>,
    /// A list of groups that is empty is left out.
    pub(super) omits_none: Cell<bool>,
    /// The service shows people's groups as they were before.
    pub(super) lags: RefCell<Option<Groups>>,
    /// The application does not answer.
    pub(super) is_away: Cell<bool>,
    /// The application does not answer about these.
    pub(super) stuck: RefCell<BTreeSet<String>>,
    /// Seconds of each call.
    pub(super) slow: Cell<u64>,
    most_at_once: Cell<usize>,
}

impl World {
    /// Staff get `product-users`, and lose it when they are staff no more; whoever is an agent too gets `both`.
    pub(super) fn new(more: &Value) -> Self {
        let rule = |name: &str, groups: Value, group: &str| {
            json!({ "name": name, "match": { "groups": groups },
                    "action": { "grant": { "groups": [group], "remove_otherwise": true } } })
        };
        let mut all = json!({
            "policy": { "rules": [
                rule("any", json!({ "any_of": ["Staff (IdP)", "nobody"] }), "product-users"),
                rule("all", json!({ "all_of": ["Staff (IdP)", "Agents \"IdP\""] }), "both"),
            ] },
            "provisioning": {
                "create_accounts": true, "circuit_open_for": "0s",
                "jira_dc": { "cluster": "jira", "authority": "jira.example.com",
                    "credentials": { "bearer": { "inline_string": "token" } } },
            },
        });
        merge(&mut all, more);
        let mut house = House::new(&all);
        if let Some(provisioning) = &mut house.settings.provisioning {
            provisioning.target = Target::new(Fake);
            provisioning.rules.capabilities = CAPABILITIES;
        }
        let group = |id: &str, name: &str| (id.to_owned(), (name.to_owned(), BTreeSet::new()));
        let groups =
            [group("staff", "jira-users"), group("agents", "agents & more"), group("own", "administrators")];
        let user =
            |number: u32| (format!("u{number}"), User { name: format!("person-{number}"), active: true });
        Self {
            house,
            users: RefCell::new((0..3).map(user).collect()),
            groups: RefCell::new(groups.into()),
            accounts: RefCell::default(),
            data: RefCell::default(),
            writes: Cell::new(0),
            changes: RefCell::default(),
            sent: RefCell::default(),
            looks: Cell::new(0),
            told: RefCell::default(),
            refuses: Cell::new(None),
            hides_groups: Cell::new(false),
            omits_none: Cell::new(false),
            lags: RefCell::default(),
            is_away: Cell::new(false),
            stuck: RefCell::default(),
            slow: Cell::new(0),
            most_at_once: Cell::new(0),
        }
    }

    /// A request to its end.
    pub(super) fn send(&self, method: &str, target: &str, body: &Value) -> (u16, String) {
        let mut turn = self.house.start(method, target, body);
        let mut open = std::collections::VecDeque::new();
        for _ in 0..10_000 {
            let flow = match turn {
                PassTurn::End { reply, fault, tells } => {
                    self.hear(&tells);
                    let detail = fault.map(|(error, _)| error.code().id().to_owned());
                    return (reply.status, detail.unwrap_or_default());
                }
                PassTurn::Wait { inner, asks, tells } => {
                    self.hear(&tells);
                    open.extend(asks);
                    inner
                }
            };
            let calls = open.iter().filter(|(_, ask)| matches!(ask, Ask::HttpCall(_))).count();
            self.most_at_once.set(self.most_at_once.get().max(calls));
            let (id, ask) = open.pop_front().expect("the request hangs");
            turn = self.house.answer(flow, id, self.perform(ask));
        }
        panic!("the request does not end");
    }

    fn hear(&self, tells: &[Tell]) {
        let text = format!("{tells:?}");
        self.told.borrow_mut().push_str(&text);
        let events: Vec<_> = tells.iter().filter(|tell| matches!(tell, Tell::Event(_))).collect();
        assert!(!format!("{events:?}").contains("person-"), "somebody's name is told: {text}");
    }

    fn perform(&self, ask: Ask) -> Answer {
        match ask {
            Ask::Load { key } => match self.data.borrow().get(&key) {
                Some((value, token)) => {
                    Answer::Loaded { value: Some(value.clone()), version: Version::Token(*token) }
                }
                None => Answer::Loaded { value: None, version: Version::Absent },
            },
            Ask::CompareAndSwap { key, value, .. } => {
                self.writes.set(self.writes.get() + 1);
                self.data.borrow_mut().insert(key, (value, self.writes.get()));
                Answer::Swapped
            }
            Ask::HttpCall(call) => {
                self.house.now.set(self.house.now.get().saturating_add(Duration::from_secs(self.slow.get())));
                if call.cluster == "scim" { self.service(&call) } else { self.application(&call) }
            }
            other => panic!("{other:?}"),
        }
    }

    fn service(&self, call: &HttpCall) -> Answer {
        let path = call.path.strip_prefix("/scim/directory/7/").expect("the prefix");
        let path = path.split('?').next().unwrap_or_default();
        let (kind, id) = path.split_once('/').unwrap_or((path, ""));
        let error = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "x" });
        if call.method == "GET" {
            self.looks.set(self.looks.get() + 1);
        } else {
            self.sent.borrow_mut().push(format!("{} {path}", call.method));
            if let Some(status) = self.refuses.get() {
                return response(status, &[], &error);
            }
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        match (call.method, kind) {
            ("GET", "Users") => match self.users.borrow().get(id) {
                Some(user) => response(200, &[], &self.shown(id, user)),
                None => response(404, &[], &error),
            },
            ("POST", "Users") => {
                let user =
                    User { name: body["userName"].as_str().unwrap_or_default().to_owned(), active: true };
                let shown = self.shown("new", &user);
                self.users.borrow_mut().insert("new".to_owned(), user);
                response(201, &[], &shown)
            }
            ("PATCH" | "PUT", "Users") => match self.users.borrow_mut().get_mut(id) {
                Some(user) => {
                    let active = body.pointer("/Operations/0/value").and_then(Value::as_bool);
                    user.active = active.unwrap_or(user.active);
                    response(204, &[], &Value::Null)
                }
                None => response(404, &[], &error),
            },
            ("DELETE", "Users") => {
                self.users.borrow_mut().remove(id);
                response(204, &[], &Value::Null)
            }
            ("POST", "Groups") => {
                let name = body["displayName"].as_str().unwrap_or_default().to_owned();
                self.groups.borrow_mut().insert("made".to_owned(), (name.clone(), ids(&body["members"])));
                response(201, &[], &json!({ "id": "made", "displayName": name }))
            }
            (method, _) => match (method, self.groups.borrow_mut().get_mut(id)) {
                (_, None) => response(404, &[], &error),
                ("GET", Some((name, members))) => {
                    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
                    response(200, &[], &json!({ "id": id, "displayName": name, "members": members }))
                }
                ("PUT", Some((name, members))) => {
                    body["displayName"].as_str().unwrap_or_default().clone_into(name);
                    *members = ids(&body["members"]);
                    response(204, &[], &Value::Null)
                }
                ("PATCH", Some((name, members))) => {
                    for operation in body["Operations"].as_array().map(Vec::as_slice).unwrap_or_default() {
                        let value = &operation["value"];
                        match (operation["op"].as_str(), operation["path"].as_str()) {
                            (Some("add"), Some("members")) => members.extend(ids(value)),
                            (Some("remove"), Some("members")) if value.is_null() => members.clear(),
                            (Some("remove"), Some("members")) => {
                                members.retain(|id| !ids(value).contains(id))
                            }
                            (Some("replace"), Some("members")) => *members = ids(value),
                            (_, Some("displayName")) => value.as_str().unwrap_or_default().clone_into(name),
                            other => panic!("{other:?}"),
                        }
                    }
                    response(204, &[], &Value::Null)
                }
                ("DELETE", Some(_)) => response(204, &[], &Value::Null),
                other => panic!("{:?}", other.0),
            },
        }
        .then_delete(call, kind, id, self)
    }

    fn shown(&self, id: &str, user: &User) -> Value {
        let lags = self.lags.borrow();
        let now = self.groups.borrow();
        let groups: Vec<Value> = lags
            .as_ref()
            .unwrap_or(&now)
            .iter()
            .filter(|(_, (_, members))| members.contains(id))
            .map(|(id, (name, _))| json!({ "value": id, "display": name }))
            .collect();
        let mut shown = json!({ "id": id, "userName": user.name, "active": user.active });
        let hidden = self.hides_groups.get() || (self.omits_none.get() && groups.is_empty());
        if !hidden {
            shown["groups"] = json!(groups);
        }
        shown
    }

    fn application(&self, call: &HttpCall) -> Answer {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let name =
            call.path.strip_prefix("/account/").or(body["who"].as_str()).unwrap_or_default().to_owned();
        if self.is_away.get() || self.stuck.borrow().contains(&name) {
            return Answer::HttpFailed(CallFailure::NoAnswer);
        }
        let mut accounts = self.accounts.borrow_mut();
        if call.method == "GET" {
            return match accounts.get(&name) {
                None => response(404, &[], &json!({})),
                Some(Account { groups, marker }) => {
                    let account = json!({ "username": name, "email": null, "display_name": name, "active": true, "groups": groups });
                    response(200, &[], &json!({ "account": account, "marker": marker }))
                }
            };
        }
        let kind = call.path.trim_start_matches('/');
        let account = accounts.entry(name.clone()).or_default();
        let about = body["about"].as_str().unwrap_or_default().to_owned();
        if kind != "write_marker" {
            self.changes.borrow_mut().push(format!("{kind} {name} {about}"));
        }
        match kind {
            "add_to_group" => drop(account.groups.insert(about)),
            "remove_from_group" => drop(account.groups.remove(&about)),
            "write_marker" => account.marker = body["marker"].clone(),
            "create_account" | "update_account" | "create_group" => {}
            other => panic!("{other}"),
        }
        response(200, &[], &json!({}))
    }

    /// The groups of the account of `person-NUMBER`.
    pub(super) fn groups_of(&self, number: u32) -> Vec<String> {
        let accounts = self.accounts.borrow();
        accounts
            .get(&format!("person-{number}"))
            .map(|one| one.groups.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// As many people as `number`, with nobody in a group.
    pub(super) fn peopled(self, number: u32) -> Self {
        let user =
            |number: u32| (format!("u{number}"), User { name: format!("person-{number}"), active: true });
        self.users.borrow_mut().extend((0..number).map(user));
        self
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.get()
    }
}

trait ThenDelete {
    fn then_delete(self, call: &HttpCall, kind: &str, id: &str, world: &World) -> Self;
}

impl ThenDelete for Answer {
    /// A group that is deleted is gone.
    fn then_delete(self, call: &HttpCall, kind: &str, id: &str, world: &World) -> Self {
        if call.method == "DELETE" && kind == "Groups" {
            world.groups.borrow_mut().remove(id);
        }
        self
    }
}

fn ids(members: &Value) -> BTreeSet<String> {
    let id = |one: &Value| one["value"].as_str().unwrap_or_default().to_owned();
    members.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(id).collect()
}
