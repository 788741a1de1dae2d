//! The stand-in Jira and the `jira_dc` target against each other, over a socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use samlgate::base::{Code, Pii, Secret, UnixTime};
use samlgate::effect::CallFailure;
use samlgate::http::{HttpCall, HttpResponse};
use samlgate::identity::{AssertedGroups, Identity};
use samlgate::policy::{
    self, AccountDecision, AssignTo, DefaultGroups, DesiredGroups, Facts, RequestFacts, StartUrl, decide,
};
use samlgate::provision::{
    AccountKey, AccountRef, DesiredState, Done, Guardrail, Marker, MarkerUpdate, Operation, OperationKind,
    Profile, Progress, Question, RemoteMarker, RemoteState, Settings, plan, satisfied,
};
use samlgate::targets::jira_dc::JiraDc;
use samlgate::targets::{
    Application, Credentials, Endpoint, Outcome, Prepared, Request as Asked, TargetError,
};
use serde_json::{Value, json};
use testbed::client::{Request, Response, fetch};
use testbed::jira::{Effect, Fault, JiraState, Rights, Store, TOKEN, UserSeed, router};
use testbed::server::Server;

/// A running stand-in and a target that speaks to it.
struct World {
    state: JiraState,
    server: Server,
    jira: JiraDc,
    timeout: Duration,
}

impl World {
    fn new(store: Store) -> Self {
        Self::with_token(store, TOKEN)
    }

    fn with_token(store: Store, token: &str) -> Self {
        let state = JiraState::below("/jira", store);
        let server = Server::start(0, router(state.clone())).unwrap();
        let jira = JiraDc::new(Endpoint {
            cluster: "jira".to_owned(),
            authority: "jira.example.test".to_owned(),
            path_prefix: "/jira".to_owned(),
            timeout: Duration::from_secs(5),
            credentials: Credentials::Bearer(Secret::new(token.to_owned())),
        });
        Self { state, server, jira, timeout: Duration::from_secs(5) }
    }

    fn send(&self, call: &HttpCall) -> Result<HttpResponse, CallFailure> {
        let mut request = Request::new(call.method, &call.authority, &call.path);
        request.timeout = self.timeout;
        request.headers.extend(call.headers.clone());
        request.body = call.body.clone();
        let response = request.send(self.server.address()).map_err(|_| CallFailure::NoAnswer)?;
        Ok(HttpResponse { status: response.status, headers: response.headers, body: response.body })
    }

    fn read(&self, username: &str) -> Result<RemoteState, TargetError> {
        let mut remote = RemoteState::default();
        for question in self.jira.look_up(&AccountKey::Username(pii(username))) {
            self.learn(&question, &mut remote)?;
        }
        Ok(remote)
    }

    fn learn(&self, question: &Question, remote: &mut RemoteState) -> Result<(), TargetError> {
        let response = self.send(&self.jira.ask(question)).map_err(TargetError::NotReached)?;
        self.jira.learn(question, &response, remote).map(drop)
    }

    /// One operation as the flow does it.
    fn carry_out(&self, operation: &Operation) -> Result<Done, TargetError> {
        let mut remote = RemoteState::default();
        let Prepared::Call(call) = self.jira.prepare(operation, &remote, UnixTime::from_secs(0)) else {
            panic!("{operation}");
        };
        let outcome = match self.send(&call) {
            Ok(response) => self.jira.outcome(operation, &response, &mut remote),
            Err(failure) => Outcome::without_answer(failure),
        };
        let request = Asked::Change(operation.kind());
        match outcome {
            Outcome::Applied => Ok(Done::Applied),
            Outcome::AlreadySo => Ok(Done::AlreadySo),
            Outcome::PassedOver => Ok(Done::PassedOver),
            Outcome::RetryAfter(retry_after) => Err(TargetError::Throttled { request, retry_after }),
            Outcome::Refused(error) => Err(error),
            Outcome::Stale => panic!("nothing was remembered"),
            Outcome::Reread => {
                self.learn(&self.jira.reread(operation, &remote), &mut remote)?;
                let found = satisfied(operation, &remote);
                if found { Ok(Done::AlreadySo) } else { Err(TargetError::NotSatisfied { request }) }
            }
        }
    }

    /// A whole sign-in: read, plan, approve, do.
    fn sign_in(&self, desired: &DesiredState, settings: &Settings) -> Result<Vec<Done>, Code> {
        let remote = self.read(desired.username.expose()).map_err(|error| error.code())?;
        let plan = plan(desired, &remote, settings).map_err(|error| error.code())?;
        let approved = Guardrail::new(settings).approve(plan).map_err(|error| error.code())?;
        let mut progress = Progress::new(approved);
        while let Some(operation) = progress.next() {
            let done = self.carry_out(operation).map_err(|error| error.code())?;
            progress.record(done);
        }
        Ok(progress.completed().map(|(_, done)| done).collect())
    }

    /// The REST calls since the last look, without the context path.
    fn calls(&self) -> Vec<String> {
        let calls = self.state.rest_calls();
        self.state.clear_calls();
        calls.iter().map(|call| call.replace("/jira/rest/api/2/", "")).collect()
    }
}

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn desired(username: &str, ensure: &[&str], may_remove: &[&str]) -> DesiredState {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    DesiredState {
        username: pii(username),
        email: Some(pii("alice@example.test")),
        display_name: Some(pii("Alice Archer")),
        profile: Profile::new(),
        is_customer: false,
        account: AccountDecision::Create,
        groups: DesiredGroups {
            ensure: names(ensure),
            may_remove: names(may_remove),
            ..DesiredGroups::default()
        },
        marker: Some(MarkerUpdate {
            customer_login: Some(pii("alice")),
            signed_in_at: Some(UnixTime::from_secs(1_767_323_045)),
            ..MarkerUpdate::default()
        }),
    }
}

const DONE: Done = Done::Applied;

#[test]
fn r20_a_customer_is_made_without_a_licence_and_a_second_sign_in_writes_nothing() {
    let world = World::new(Store::demo());
    let customer = desired("alice", &[], &[]);
    assert_eq!(world.sign_in(&customer, &Settings::default()), Ok(vec![DONE, DONE]));
    assert_eq!(
        world.calls(),
        [
            "GET user?username=alice&expand=groups 404",
            "GET user/properties/samlgate?username=alice 404",
            "POST user 201",
            "PUT user/properties/samlgate?username=alice 201",
        ]
    );
    let store = world.state.store();
    assert_eq!(store.seats_of("alice"), Vec::<String>::new());
    assert_eq!(store.groups_of("alice"), Vec::<String>::new());
    assert_eq!(
        store.property("alice", "samlgate"),
        Some(&json!({ "v": 1, "customerLogin": "alice", "lastLogin": "2026-01-02T03:04:05Z" }))
    );

    assert_eq!(world.sign_in(&customer, &Settings::default()), Ok(vec![]));
    assert_eq!(
        world.calls(),
        ["GET user?username=alice&expand=groups 200", "GET user/properties/samlgate?username=alice 200",]
    );
}

#[test]
fn m3_m4_groups_are_added_before_they_are_removed() {
    let mut store = Store::demo();
    store.add_group("R&D #1/ä");
    store.add_user(UserSeed {
        display_name: "Old Name".to_owned(),
        ..UserSeed::new("Alice", &["project-a", "local"])
    });
    let world = World::new(store);
    let agent = desired("alice", &["R&D #1/ä", "JIRA-software-users"], &["Project-A"]);
    assert_eq!(world.sign_in(&agent, &Settings::default()), Ok(vec![DONE; 5]));
    assert_eq!(
        world.calls()[2..],
        [
            "PUT user?username=Alice 200",
            "POST group/user?groupname=JIRA-software-users 201",
            "POST group/user?groupname=R%26D%20%231%2F%C3%A4 201",
            "DELETE group/user?groupname=project-a&username=Alice 200",
            "PUT user/properties/samlgate?username=Alice 201",
        ]
    );
    let store = world.state.store();
    assert_eq!(store.groups_of("alice"), ["jira-software-users", "local", "R&D #1/ä"]);
    assert_eq!(store.seats_of("alice"), ["jira-software"]);
    assert_eq!(world.sign_in(&agent, &Settings::default()), Ok(vec![]));
}

#[test]
fn m15_e13_missing_groups_are_made_only_on_demand() {
    let world = World::new(Store::demo());
    let wanted = desired("jira-admin", &["brand new"], &[]);
    assert_eq!(world.sign_in(&wanted, &Settings::default()), Err(Code::TargetRefused));
    let wanted = DesiredState { account: AccountDecision::Keep, ..wanted };
    let making = Settings { create_missing_groups: true, ..Settings::default() };
    assert_eq!(world.sign_in(&wanted, &making), Ok(vec![DONE, DONE, DONE]));
    // Somebody else knows the group already: making it again is refused with 400 and found to be so.
    world.state.change(|store| store.add_user(UserSeed::new("bob", &[])));
    let wanted = DesiredState { account: AccountDecision::Keep, ..desired("bob", &["Brand New"], &[]) };
    assert_eq!(world.sign_in(&wanted, &making), Ok(vec![Done::AlreadySo, DONE, DONE]));
}

#[test]
fn every_operation_may_be_repeated() {
    let world = World::new(Store::demo());
    let account = AccountRef::named(pii("alice"));
    let group = "jira-software-users".to_owned();
    let operations = [
        Operation::CreateAccount {
            username: pii("alice"),
            email: Some(pii("alice@example.test")),
            display_name: pii("Alice"),
            profile: Profile::new(),
            customer: false,
        },
        Operation::CreateGroup { group: "new".to_owned() },
        Operation::AddToGroup { account: account.clone(), group: group.clone(), if_it_exists: false },
        Operation::RemoveFromGroup { account: account.clone(), group },
        Operation::WriteMarker { account, marker: Marker::default() },
    ];
    for operation in &operations {
        assert_eq!(world.carry_out(operation), Ok(Done::Applied), "{operation}");
        let again = world.carry_out(operation);
        let idempotent = operation.kind() == OperationKind::WriteMarker;
        let expected = if idempotent { Done::Applied } else { Done::AlreadySo };
        assert_eq!(again, Ok(expected), "{operation}");
    }
    assert_eq!(world.read("ALICE").unwrap().marker, RemoteMarker::Present(Marker::default()));
}

#[test]
fn a_lost_answer_does_not_stop_the_sign_in() {
    for effect in [Effect::Reset, Effect::Truncated] {
        let world = World::new(Store::demo());
        world.state.fault(Fault::new("POST", "/jira/rest/api/2/user", effect.clone()).after());
        world.state.fault(Fault::new("POST", "/jira/rest/api/2/group/user", effect.clone()).after());
        let wanted = desired("alice", &["jira-software-users"], &[]);
        let done = world.sign_in(&wanted, &Settings::default());
        assert_eq!(done, Ok(vec![Done::AlreadySo, DONE, Done::AlreadySo, DONE]), "{effect:?}");
        assert_eq!(world.state.store().groups_of("alice"), ["jira-software-users"]);
    }
}

#[test]
fn faults_end_the_sign_in_with_their_code_and_the_next_one_finishes_it() {
    for (effect, code) in [
        (Effect::Status(500), Code::TargetUnreachable),
        (Effect::Status(503), Code::TargetUnreachable),
        (Effect::Status(401), Code::TargetUnauthorized),
        (Effect::Status(403), Code::TargetRefused),
        (Effect::Status(400), Code::TargetRefused),
        (Effect::Status(404), Code::TargetRefused),
        (Effect::Captcha, Code::TargetRefused),
        (Effect::RateLimit(3), Code::TargetThrottled),
        (Effect::Html, Code::TargetAnswerMalformed),
        (Effect::Reset, Code::TargetRefused),
    ] {
        let world = World::new(Store::demo());
        let wanted = desired("alice", &["jira-software-users", "jira-servicemanagement-users"], &[]);
        let second_group = "/jira/rest/api/2/group/user?groupname=jira-software-users";
        world.state.fault(Fault::new("POST", second_group, effect.clone()));
        assert_eq!(world.sign_in(&wanted, &Settings::default()), Err(code), "{effect:?}");
        let store = world.state.store();
        assert_eq!(store.groups_of("alice"), ["jira-servicemanagement-users"], "{effect:?}");
        let marker = store.property("alice", "samlgate").unwrap();
        assert_eq!(marker["unfinished"], true, "the marker that says done comes last");
        assert_eq!(world.sign_in(&wanted, &Settings::default()), Ok(vec![DONE, DONE]), "{effect:?}");
    }
}

#[test]
fn faults_of_reads_end_the_sign_in_before_anything_is_written() {
    for (effect, code) in [
        (Effect::Status(500), Code::TargetUnreachable),
        (Effect::Status(401), Code::TargetUnauthorized),
        (Effect::Status(403), Code::TargetRefused),
        (Effect::Captcha, Code::TargetRefused),
        (Effect::RateLimit(3), Code::TargetThrottled),
        (Effect::Html, Code::TargetAnswerMalformed),
        (Effect::Reset, Code::TargetUnreachable),
        (Effect::Truncated, Code::TargetUnreachable),
        (Effect::Hang, Code::TargetUnreachable),
        (Effect::SlowBody(1000), Code::TargetUnreachable),
    ] {
        for path in ["/jira/rest/api/2/user?", "/jira/rest/api/2/user/properties/"] {
            let mut world = World::new(Store::demo());
            if matches!(effect, Effect::Hang | Effect::SlowBody(_)) {
                world.timeout = Duration::from_millis(200);
            }
            world.state.fault(Fault::new("GET", path, effect.clone()).times(1));
            let wanted = desired("alice", &[], &[]);
            assert_eq!(world.sign_in(&wanted, &Settings::default()), Err(code), "{effect:?} {path}");
            assert!(world.calls().iter().all(|call| call.starts_with("GET ")), "{effect:?} {path}");
        }
    }
}

#[test]
fn only_an_administrators_token_may_write() {
    let mut store = Store::demo();
    store.add_token("reader", Rights::Browse);
    let wanted = desired("alice", &[], &[]);
    let reader = World::with_token(store.clone(), "reader");
    assert_eq!(reader.sign_in(&wanted, &Settings::default()), Err(Code::TargetRefused));
    let stranger = World::with_token(store.clone(), "stranger");
    assert_eq!(stranger.sign_in(&wanted, &Settings::default()), Err(Code::TargetUnauthorized));
    assert_eq!(stranger.calls().len(), 1, "a refused token is not tried again");
    store.revoke_token(TOKEN);
    let revoked = World::new(store);
    assert_eq!(revoked.sign_in(&wanted, &Settings::default()), Err(Code::TargetUnauthorized));
}

#[test]
fn m6_who_is_new_stays_new_until_the_first_sign_in_is_finished() {
    let rules = policy::Settings {
        default_groups: DefaultGroups {
            groups: vec!["jira-software-users".to_owned()],
            assign_to: AssignTo::NewUsers,
            ..DefaultGroups::default()
        },
        ..policy::Settings::default()
    };
    let world = World::new(Store::demo());
    let sign_in = || {
        let alice = Identity {
            username: pii("alice"),
            name_id: None,
            email: None,
            display_name: None,
            groups: AssertedGroups::Known(BTreeSet::new()),
            attributes: BTreeMap::new(),
            friendly_names: BTreeMap::new(),
            incomplete_attributes: BTreeSet::new(),
        };
        let account = &world.read("alice").unwrap().account_facts();
        let url = StartUrl { origin: "https://jira.example.test", path: "/", path_and_query: "/" };
        let request = RequestFacts { started_at: Some(url) };
        let now = UnixTime::from_secs(0);
        let decision = decide(&Facts { identity: &alice, request, account, now }, &rules);
        let wanted = DesiredState { groups: decision.desired, ..desired("alice", &[], &[]) };
        world.sign_in(&wanted, &Settings::default())
    };
    world.state.fault(Fault::new("POST", "/jira/rest/api/2/group/user", Effect::RateLimit(1)));
    assert_eq!(sign_in(), Err(Code::TargetThrottled));
    assert_eq!(world.state.store().groups_of("alice"), Vec::<String>::new());
    assert_eq!(world.state.store().property("alice", "samlgate").unwrap()["unfinished"], true);
    assert_eq!(sign_in(), Ok(vec![DONE, DONE]));
    assert_eq!(world.state.store().groups_of("alice"), ["jira-software-users"]);
    assert_eq!(world.state.store().property("alice", "samlgate").unwrap()["unfinished"], Value::Null);
    // From now on an administrator's change lasts.
    world.state.change(|store| {
        store.leave("alice", "jira-software-users");
    });
    assert_eq!(sign_in(), Ok(vec![]));
}

#[test]
fn deactivated_and_unknown_people_are_refused() {
    let world = World::new(Store::demo());
    world.state.change(|store| store.set_active("jira-admin", false));
    let wanted = desired("jira-admin", &[], &[]);
    assert_eq!(world.sign_in(&wanted, &Settings::default()), Err(Code::AccountInactive));
    let unknown = DesiredState { account: AccountDecision::Update, ..desired("alice", &[], &[]) };
    assert_eq!(world.sign_in(&unknown, &Settings::default()), Err(Code::AccountAbsent));
    assert!(world.calls().iter().all(|call| call.starts_with("GET ")));
}

#[test]
fn e7_an_account_is_activated_again_where_that_was_decided() {
    let world = World::new(Store::demo());
    world.state.change(|store| store.set_active("jira-admin", false));
    let reactivate = AccountDecision::Reactivate { update: false };
    let wanted = DesiredState { account: reactivate, ..desired("jira-admin", &[], &[]) };
    assert_eq!(world.sign_in(&wanted, &Settings::default()), Ok(vec![DONE, DONE]));
    assert!(world.calls().contains(&"PUT user?username=jira-admin 200".to_owned()), "{:?}", world.calls());
    assert!(world.read("jira-admin").unwrap().account.unwrap().active);
    assert_eq!(world.sign_in(&wanted, &Settings::default()), Ok(vec![]));
}

#[test]
fn m14_a_group_that_the_idp_names_and_jira_lacks_is_passed_over() {
    let world = World::new(Store::demo());
    let mut wanted = desired("alice", &["nobody knows it", "jira-software-users"], &[]);
    wanted.groups.if_it_exists = ["nobody knows it".to_owned()].into();
    let done = world.sign_in(&wanted, &Settings::default()).unwrap();
    assert_eq!(done.iter().filter(|done| **done == Done::PassedOver).count(), 1, "{done:?}");
    assert_eq!(world.state.store().groups_of("alice"), ["jira-software-users"]);
    // Named by the configuration it is a mistake.
    wanted.groups.if_it_exists.clear();
    assert_eq!(world.sign_in(&wanted, &Settings::default()), Err(Code::TargetRefused));
}

// The stand-in by itself.

fn rest(world: &World, method: &str, path: &str, body: &Value) -> Response {
    let mut request = Request::new(method, "jira.example.test", &format!("/jira/rest/api/2/{path}"))
        .header("Authorization", &format!("Bearer {TOKEN}"))
        .header("X-Atlassian-Token", "no-check");
    if !body.is_null() {
        request = request.body("application/json", body.to_string());
    }
    request.send(world.server.address()).unwrap()
}

#[test]
fn the_stand_in_gives_a_licence_to_who_is_created_carelessly() {
    let world = World::new(Store::demo());
    let account = |name: &str, keys: Value| {
        let mut body = json!({ "name": name, "emailAddress": "x@example.test", "displayName": "X" });
        if !keys.is_null() {
            body["applicationKeys"] = keys;
        }
        let answer = rest(&world, "POST", "user", &body);
        (answer.status, world.state.store().seats_of(name))
    };
    assert_eq!(account("default", Value::Null), (201, vec!["jira-software".to_owned()]));
    assert_eq!(account("none", json!([])), (201, vec![]));
    assert_eq!(account("desk", json!(["jira-servicedesk"])), (201, vec!["jira-servicedesk".to_owned()]));
    assert_eq!(account("wrong", json!(["nope"])).0, 400);
    world.state.change(|store| store.set_seats("jira-software", 2));
    assert_eq!(account("full", Value::Null), (400, vec![]));
    let roles = rest(&world, "GET", "applicationrole", &Value::Null).json();
    assert_eq!(roles[0]["userCount"], 2);
    assert_eq!(roles[0]["remainingSeats"], 0);
}

#[test]
fn the_stand_in_answers_with_the_documented_statuses() {
    let world = World::new(Store::demo());
    let nothing = Value::Null;
    for (method, path, body, status) in [
        ("GET", "user?username=nobody", nothing.clone(), 404),
        ("GET", "user", nothing.clone(), 400),
        ("GET", "user?username=JIRA-ADMIN", nothing.clone(), 200),
        ("GET", "user?key=JIRAUSER10000", nothing.clone(), 200),
        ("POST", "user", json!({ "name": "Jira-Admin" }), 400),
        ("POST", "user", json!({ "name": "new", "emailAddress": "nope", "displayName": "N" }), 400),
        ("PUT", "user?username=nobody", json!({ "displayName": "x" }), 404),
        ("PUT", "user?username=jira-admin", json!({}), 400),
        ("PUT", "user?username=jira-admin", json!({ "displayName": "x" }), 200),
        ("POST", "group", json!({ "name": "JIRA-administrators" }), 400),
        ("POST", "group", json!({ "name": "" }), 400),
        ("POST", "group", json!({ "name": "g" }), 201),
        ("POST", "group/user?groupname=G", json!({ "name": "nobody" }), 404),
        ("POST", "group/user?groupname=nope", json!({ "name": "jira-admin" }), 404),
        ("POST", "group/user?groupname=G", json!({ "name": "Jira-Admin" }), 201),
        ("POST", "group/user?groupname=g", json!({ "name": "jira-admin" }), 400),
        ("GET", "group/member?groupname=g", nothing.clone(), 200),
        ("GET", "group/member?groupname=nope", nothing.clone(), 404),
        ("GET", "group/member?groupname=", nothing.clone(), 400),
        ("DELETE", "group/user?groupname=g&username=jira-admin", nothing.clone(), 200),
        ("DELETE", "group/user?groupname=g&username=jira-admin", nothing.clone(), 400),
        ("DELETE", "group/user?groupname=nope&username=jira-admin", nothing.clone(), 404),
        ("DELETE", "group?groupname=g", nothing.clone(), 200),
        ("DELETE", "group?groupname=g", nothing.clone(), 404),
        ("GET", "user/properties/p?username=jira-admin", nothing.clone(), 404),
        ("PUT", "user/properties/p?username=jira-admin", json!([1]), 201),
        ("PUT", "user/properties/p?username=jira-admin", json!([2]), 200),
        ("PUT", "user/properties/p?username=jira-admin", json!("x".repeat(40_000)), 400),
        ("PUT", "user/properties/p?username=nobody", json!(1), 404),
        ("GET", "user/properties?username=jira-admin", nothing.clone(), 200),
        ("DELETE", "user/properties/p?username=jira-admin", nothing.clone(), 204),
        ("POST", "user/application?username=jira-admin&applicationKey=nope", nothing.clone(), 400),
        ("DELETE", "user/application?username=jira-admin&applicationKey=jira-software", nothing.clone(), 204),
        ("POST", "user/application?username=jira-admin&applicationKey=jira-software", nothing.clone(), 200),
        ("GET", "myself", nothing.clone(), 200),
        ("GET", "serverInfo", nothing.clone(), 200),
        ("GET", "nonsense", nothing.clone(), 404),
        ("PATCH", "user?username=jira-admin", nothing.clone(), 405),
        ("DELETE", "user?username=jira-admin", nothing.clone(), 204),
        ("DELETE", "user?username=jira-admin", nothing, 404),
    ] {
        let answer = rest(&world, method, path, &body);
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
    }
}

#[test]
fn the_stand_in_refuses_browsers_and_strangers() {
    let world = World::new(Store::demo());
    let send = |headers: &[(&str, &str)], kind: &str| {
        let mut request = Request::new("POST", "x", "/jira/rest/api/2/group");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(kind, "{\"name\":\"g\"}").send(world.server.address()).unwrap().status
    };
    let token = ("Authorization", "Bearer stand-in-jira-token");
    let no_check = ("X-Atlassian-Token", "no-check");
    let json = "application/json";
    assert_eq!(send(&[], json), 401);
    assert_eq!(send(&[("Authorization", "Basic YTpi"), no_check], json), 401);
    assert_eq!(send(&[token], json), 403);
    assert_eq!(send(&[token, no_check, ("Origin", "http://evil.test")], json), 403);
    assert_eq!(send(&[token, no_check, ("User-Agent", "Mozilla/5.0")], json), 403);
    assert_eq!(send(&[token, no_check], "text/plain"), 415);
    assert_eq!(send(&[("X-Remote-User", "nobody"), no_check], json), 401);
    assert_eq!(send(&[("X-Remote-User", "jira-admin"), no_check], json), 201);
}

#[test]
fn the_stand_in_pages_and_searches_as_jira_does() {
    let mut store = Store::empty();
    for index in 0..60 {
        store.add_user(UserSeed::new(&format!("user{index:02}"), &["many"]));
    }
    store.set_active("user00", false);
    let world = World::new(store);
    let get = |path: &str| rest(&world, "GET", path, &Value::Null).json();
    let page = get("group/member?groupname=MANY&maxResults=500");
    assert_eq!((page["values"].as_array().unwrap().len(), &page["total"]), (50, &json!(59)));
    let page = get("group/member?groupname=many&startAt=50&includeInactiveUsers=true");
    assert_eq!((page["values"].as_array().unwrap().len(), &page["isLast"]), (10, &json!(true)));
    assert_eq!(get("user/search?username=USER0").as_array().unwrap().len(), 9);
    assert_eq!(get("user/search?username=user0&includeInactive=true").as_array().unwrap().len(), 10);
    assert_eq!(get("user/search?username=user59@EXAMPLE.test")[0]["name"], "user59");
    let first = get("user/list?maxResults=40");
    assert_eq!(first["isLast"], false);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = get(&format!("user/list?maxResults=40&cursor={cursor}"));
    assert_eq!((second["values"].as_array().unwrap().len(), &second["isLast"]), (20, &json!(true)));
    assert_eq!(get("groups/picker?query=AN")["groups"][0]["name"], "many");
    assert_eq!(get("user?username=user01")["groups"], json!({ "size": 1, "items": [] }));
}

#[test]
fn the_testbed_addresses_seed_record_misbehave_and_reset() {
    let state = JiraState::default();
    let server = Server::start(0, router(state)).unwrap();
    let send = |method: &str, path: &str, body: &str| {
        let request = Request::new(method, "x", path).body("application/json", body);
        request.send(server.address()).unwrap()
    };
    let seed = r#"{"groups":["empty"],"users":[{"name":"bob","groups":["g"],"active":false}]}"#;
    assert_eq!(send("PUT", "/__testbed/state", seed).status, 204);
    let now = send("GET", "/__testbed/state", "").json();
    assert_eq!(now["groups"], json!(["empty", "g"]));
    assert_eq!(now["users"][0]["groups"], json!(["g"]));
    assert_eq!(now["users"][0]["active"], json!(false));
    assert_eq!(send("PUT", "/__testbed/state", "{\"user\":[]}").status, 400);

    let fault = r#"{"method":"GET","path_prefix":"/rest/","times":2,"effect":{"status":418}}"#;
    assert_eq!(send("POST", "/__testbed/faults", fault).status, 204);
    assert_eq!(send("POST", "/__testbed/faults", r#"{"effect":"melt"}"#).status, 400);
    assert_eq!(send("GET", "/__testbed/faults", "").json()[0]["times"], 2);
    assert_eq!(send("GET", "/", "").status, 200);
    assert_eq!(send("GET", "/rest/api/2/myself", "").status, 418);
    assert_eq!(send("GET", "/rest/api/2/myself", "").status, 418);
    assert_eq!(send("GET", "/rest/api/2/myself", "").status, 401);
    let calls = send("GET", "/__testbed/calls", "").json();
    let statuses: Vec<&Value> = calls.as_array().unwrap().iter().map(|call| &call["status"]).collect();
    assert_eq!(statuses, [200, 418, 418, 401]);
    assert_eq!(send("DELETE", "/__testbed/calls", "").status, 204);
    assert_eq!(send("GET", "/__testbed/calls", "").json(), json!([]));
    assert_eq!(send("POST", "/__testbed/reset", "").status, 204);
    assert_eq!(send("GET", "/__testbed/state", "").json()["users"][0]["name"], "jira-admin");
    assert_eq!(send("POST", "/__testbed/calls", "").status, 405);
    assert_eq!(send("GET", "/__testbed/nothing", "").status, 404);
}

#[test]
fn the_echo_shows_what_arrived() {
    let server = Server::start(0, router(JiraState::default())).unwrap();
    let request = Request::new("PUT", "app.example.test", "/__testbed/echo/a%20b?x=1&x=%2F")
        .header("X-Remote-User", "alice")
        .header("x-remote-user", "mallory")
        .body("text/plain", "hello");
    let seen = request.send(server.address()).unwrap().json();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["target"], "/__testbed/echo/a%20b?x=1&x=%2F");
    assert_eq!(seen["path"], "/__testbed/echo/a b");
    assert_eq!(seen["query"], json!([["x", "1"], ["x", "/"]]));
    assert_eq!(seen["body"], "hello");
    let users: Vec<&Value> =
        seen["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == "x-remote-user").collect();
    assert_eq!(users, [&json!(["x-remote-user", "alice"]), &json!(["x-remote-user", "mallory"])]);
}

#[test]
fn the_page_tells_who_is_signed_in_and_escapes_what_it_shows() {
    let mut store = Store::demo();
    store.add_user(UserSeed { display_name: "<b>Bob".to_owned(), ..UserSeed::new("bob", &[]) });
    store.add_user(UserSeed::new("gone", &[]));
    store.set_active("gone", false);
    let server = Server::start(0, router(JiraState::new(store))).unwrap();
    let page = |path: &str, user: &str| {
        let request = Request::new("GET", "x", path)
            .header("Cookie", "__Host-samlgate=secret; JSESSIONID=1")
            .header("X-Evil", "<script>alert(1)</script>")
            .header("X-Remote-User", user);
        request.send(server.address()).unwrap()
    };
    let admin = page("/secure/Dashboard.jspa", "jira-admin");
    assert_eq!(admin.header("content-type"), Some("text/html;charset=UTF-8"));
    let text = admin.text();
    assert!(text.contains("Signed in as <strong>Jira Administrator</strong>"), "{text}");
    assert!(text.contains("uses a jira-software licence"));
    assert!(text.contains("<tr class=\"identity\"><td><code>x-remote-user</code></td><td>jira-admin</td>"));
    assert!(text.contains("__Host-samlgate") && !text.contains("secret;") && !text.contains("=secret"));
    assert!(!text.contains("<script"), "no script, ours or theirs");

    let bob = page("/servicedesk/customer/portal/1", "BOB").text();
    assert!(bob.contains("<h1>Customer portal</h1>") && bob.contains("&lt;b&gt;Bob"));
    assert!(bob.contains("customer, uses no licence"));
    assert!(page("/", "nobody").text().contains("Unknown user"));
    assert!(page("/", "gone").text().contains("Deactivated"));
    assert!(fetch(server.address(), "/").unwrap().text().contains("Anonymous"));
}
