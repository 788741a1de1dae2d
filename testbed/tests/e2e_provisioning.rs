//! What a sign-in does to the account in Jira, through a real Envoy: every call, every fault, and what people see.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod visits;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use samlgate::base::{Code, UnixTime};
use serde_json::{Value, json};
use testbed::browser::{Browser, Page};
use testbed::idp::{Groups, User};
use testbed::jira::{Effect, Fault, Store, UserSeed};
use testbed::scene::{Scene, SceneOptions};
use visits::{counter, enter, logged_since, refused, sign_in};

/// `provisioning.jira_dc.timeout` of every scene here.
const TIMEOUT: Duration = Duration::from_secs(2);

const READ_ACCOUNT: &str = "/rest/api/2/user?username=";
const CREATE_ACCOUNT: &str = "/rest/api/2/user";
const MARKER: &str = "/rest/api/2/user/properties/samlgate";
const GROUP: &str = "/rest/api/2/group";
const MEMBERSHIP: &str = "/rest/api/2/group/user";

/// One Envoy for many tests, used by one at a time because they share its Jira.
struct Stage {
    scene: Scene,
    busy: Mutex<()>,
}

/// The stage for the length of one test.
struct Turn {
    scene: &'static Scene,
    _busy: MutexGuard<'static, ()>,
}

impl Stage {
    fn start(patch: Value) -> Self {
        let options = SceneOptions::new().concurrency(1).patch(json!({
            "policy": {
                "group_mapping": [
                    { "idp_group": "idp-agents", "groups": ["service-desk-agents"] },
                    { "idp_group": "idp-staff", "groups": ["staff"] },
                    { "idp_group": "idp-customers", "groups": ["portal-customers"] },
                    { "idp_group": "idp-many", "groups": ["m1", "m2", "m3", "m4"] }
                ],
                "ignored_groups": ["jira-administrators"]
            },
            "provisioning": { "jira_dc": { "timeout": "2s" }, "max_group_removals": 3, "circuit_open_for": "0s" }
        }));
        Self { scene: Scene::start(options.patch(patch)).unwrap(), busy: Mutex::new(()) }
    }

    /// Jira as at the start, no faults, an honest identity provider.
    fn turn(&'static self) -> Turn {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = Turn { scene: &self.scene, _busy: busy };
        turn.reset();
        turn
    }
}

/// The demo's rules: a failure refuses the sign-in.
fn strict() -> Turn {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::start(json!({}))).turn()
}

/// The demo's rules, and an Envoy that remembers nothing of a Jira before.
fn fresh() -> Turn {
    let stage: &'static Stage = Box::leak(Box::new(Stage::start(json!({}))));
    stage.turn()
}

/// A failure of Jira is overlooked, and accounts are not made.
fn lenient() -> Turn {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE
        .get_or_init(|| {
            Stage::start(json!({ "provisioning": { "on_failure": "CONTINUE", "create_accounts": false } }))
        })
        .turn()
}

/// Accounts are linked by address, and unchanged ones are not looked at.
fn linking() -> Turn {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE
        .get_or_init(|| {
            Stage::start(json!({ "provisioning": {
                "link_by_email": { "email_domains": ["example.com"] },
                "protected_usernames": [{ "exact": "root" }],
                "skip_unchanged_for": "600s",
            } }))
        })
        .turn()
}

impl Turn {
    fn reset(&self) {
        self.scene.jira.reset();
        self.scene.idp.honest();
        for user in User::everybody() {
            self.scene.idp.add_user(user);
        }
    }

    fn sign_in(&self, user: &str, path: &str) -> (Browser, Page) {
        sign_in(self.scene, user, path)
    }

    /// Signs in and expects the application's page.
    fn enter(&self, user: &str, path: &str) -> Browser {
        enter(self.scene, user, path)
    }

    /// Signs in and expects the page of `code`: page, header, counter, event, and no session.
    fn refused(&self, user: &str, path: &str, code: Code) -> Browser {
        refused(self.scene, user, path, code)
    }

    /// The REST calls of one sign-in: what was read first, sorted because both reads leave at once, then the rest in
    /// order.
    fn calls_of(&self, sign_in: impl FnOnce()) -> (Vec<String>, Vec<String>) {
        self.scene.jira.clear_calls();
        sign_in();
        let mut calls: Vec<String> =
            self.scene.jira_calls().iter().map(|call| call.replace("/rest/api/2", "")).collect();
        let rest = calls.split_off(calls.len().min(2));
        calls.sort();
        (calls, rest)
    }

    fn seed(&self, user: UserSeed) {
        self.scene.jira.change(|store| store.add_user(user));
    }

    fn groups(&self, user: &str) -> Vec<String> {
        self.scene.jira_groups(user)
    }

    fn marker(&self, user: &str) -> Option<Value> {
        self.scene.jira.store().property(user, "samlgate").cloned()
    }

    fn fault(&self, fault: Fault) {
        self.scene.jira.fault(fault);
    }

    /// What the application was told last at `target`.
    fn told(&self, target: &str) -> (Option<String>, Option<Value>) {
        let requests = self.scene.app_requests();
        let request = requests.iter().rev().find(|request| request.target == target).unwrap();
        let groups = request.header("x-remote-groups").map(|text| serde_json::from_str(text).unwrap());
        (request.header("x-remote-user").map(str::to_owned), groups)
    }

    fn store(&self) -> Store {
        self.scene.jira.store()
    }
}

fn reads(user: &str, account: u16, marker: u16) -> Vec<String> {
    vec![
        format!("GET /user/properties/samlgate?username={user} {marker}"),
        format!("GET /user?username={user}&expand=groups {account}"),
    ]
}

fn fresh_marker() -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({ "v": 1, "lastLogin": UnixTime::from_secs(now).to_xs_date_time() })
}

/// An account that has signed in today already, called as the identity provider calls it.
fn account(user: &User, groups: &[&str]) -> UserSeed {
    let mut seed = UserSeed::new(&user.name, groups);
    seed.email.clone_from(&user.email);
    seed.display_name.clone_from(&user.display_name);
    seed.properties.insert("samlgate".to_owned(), fresh_marker());
    seed
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn r7_an_agent_gets_an_account_with_mapped_and_default_groups() {
    let turn = fresh();
    let (first, rest) = turn.calls_of(|| drop(turn.enter("agent", "/")));
    assert_eq!(first, reads("agent", 404, 404));
    assert_eq!(
        rest,
        [
            "POST /user 201",
            "PUT /user/properties/samlgate?username=agent 201",
            "POST /group 400",
            "GET /group/member?groupname=jira-software-users&maxResults=1 200",
            "POST /group 201",
            "POST /group 201",
            "POST /group/user?groupname=jira-software-users 201",
            "POST /group/user?groupname=service-desk-agents 201",
            "POST /group/user?groupname=staff 201",
            "PUT /user/properties/samlgate?username=agent 200",
        ]
    );
    assert_eq!(turn.groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
    let marker = turn.marker("agent").unwrap();
    assert_eq!(marker.get("customerLogin"), None);
    assert_eq!(marker.get("unfinished"), None);
    let create = turn.scene.jira.calls().into_iter().find(|call| call.method == "POST").unwrap();
    let body: Value = serde_json::from_str(&create.body).unwrap();
    assert_eq!(
        body,
        json!({
            "name": "agent", "emailAddress": "agent@example.com", "displayName": "Ada Agent",
            "applicationKeys": []
        })
    );

    // A second sign-in changes nothing, by whichever door.
    for path in ["/", "/browse/A-1"] {
        let (first, rest) = turn.calls_of(|| drop(turn.enter("agent", path)));
        assert_eq!((first, rest), (reads("agent", 200, 200), nothing()), "{path}");
    }
}

#[test]
fn r8_a_customer_by_the_portal_costs_no_licence() {
    let turn = fresh();
    let portal = "/servicedesk/customer/portal/1";
    let (first, rest) = turn.calls_of(|| drop(turn.enter("customer", portal)));
    assert_eq!(first, reads("customer", 404, 404));
    assert_eq!(
        rest,
        [
            "POST /user 201",
            "PUT /user/properties/samlgate?username=customer 201",
            "POST /group 201",
            "POST /group/user?groupname=portal-customers 201",
            "PUT /user/properties/samlgate?username=customer 200",
        ]
    );
    assert_eq!(turn.groups("customer"), ["portal-customers"]);
    assert_eq!(turn.store().seats_of("customer"), nothing());
    assert_eq!(turn.marker("customer").unwrap().get("customerLogin"), Some(&json!("customer")));
    let create = turn.scene.jira.calls().into_iter().find(|call| call.method == "POST").unwrap();
    let body: Value = serde_json::from_str(&create.body).unwrap();
    assert_eq!(body.get("applicationKeys"), Some(&json!([])));

    // Later visits, by whichever door, neither give nor take.
    for path in [portal, "/", "/servicedesk/"] {
        let (first, rest) = turn.calls_of(|| drop(turn.enter("customer", path)));
        assert_eq!((first, rest), (reads("customer", 200, 200), nothing()), "{path}");
        assert_eq!(turn.groups("customer"), ["portal-customers"]);
    }
}

#[test]
fn r20_who_is_new_by_the_front_door_gets_the_default_group_whoever_they_are() {
    let turn = strict();
    turn.enter("customer", "/");
    assert_eq!(turn.groups("customer"), ["jira-software-users", "portal-customers"]);
    assert_eq!(turn.marker("customer").unwrap().get("customerLogin"), None);
    // What looks like the portal and is not.
    for (user, path) in [("c1", "/servicedesks/1"), ("c2", "/?next=/servicedesk/"), ("c3", "/x/servicedesk/")]
    {
        turn.scene.idp.add_user(User::new(user, user, &[]));
        turn.enter(user, path);
        assert_eq!(turn.groups(user), ["jira-software-users"], "{path}");
    }
    for (user, path) in
        [("p1", "/servicedesk"), ("p2", "/servicedesk/?x=1"), ("p3", "/x/../servicedesk/customer")]
    {
        turn.scene.idp.add_user(User::new(user, user, &[]));
        turn.sign_in(user, path);
        assert_eq!(turn.groups(user), nothing(), "{path}");
        assert!(turn.store().has_user(user), "{path}");
    }
}

#[test]
fn r10_r20_an_agent_by_the_portal_keeps_everything() {
    let turn = strict();
    turn.enter("agent", "/");
    let before = turn.groups("agent");
    let (first, rest) = turn.calls_of(|| drop(turn.enter("agent", "/servicedesk/customer/portal/1")));
    assert_eq!(first, reads("agent", 200, 200));
    // That they came by the portal is remembered once.
    assert_eq!(rest, ["PUT /user/properties/samlgate?username=agent 200"]);
    assert_eq!(turn.groups("agent"), before);
    assert_eq!(turn.marker("agent").unwrap().get("customerLogin"), Some(&json!("agent")));
    let told = turn.told("/servicedesk/customer/portal/1");
    assert_eq!(told.1, Some(json!(["jira-software-users", "service-desk-agents", "staff"])));
    let (_, rest) = turn.calls_of(|| drop(turn.enter("agent", "/servicedesk/customer/portal/1")));
    assert_eq!(rest, nothing());
}

#[test]
fn the_application_is_told_user_and_groups() {
    let turn = strict();
    turn.enter("agent", "/told/agent");
    turn.enter("customer", "/servicedesk/told/customer");
    assert_eq!(
        turn.told("/told/agent"),
        (Some("agent".to_owned()), Some(json!(["jira-software-users", "service-desk-agents", "staff"])))
    );
    assert_eq!(
        turn.told("/servicedesk/told/customer"),
        (Some("customer".to_owned()), Some(json!(["portal-customers"])))
    );
}

#[test]
fn a_leaver_loses_the_mapped_groups_and_nothing_else() {
    let turn = strict();
    let groups = ["Staff", "chess-club", "jira-administrators", "jira-software-users", "service-desk-agents"];
    turn.seed(account(&User::leaver(), &groups));
    let (first, rest) = turn.calls_of(|| drop(turn.enter("leaver", "/")));
    assert_eq!(first, reads("leaver", 200, 200));
    assert_eq!(
        rest,
        [
            "DELETE /group/user?groupname=service-desk-agents&username=leaver 200",
            "DELETE /group/user?groupname=Staff&username=leaver 200",
        ]
    );
    assert_eq!(turn.groups("leaver"), ["chess-club", "jira-administrators", "jira-software-users"]);
    assert_eq!(turn.told("/").1, Some(json!(["jira-software-users"])));
}

#[test]
fn a_change_of_groups_adds_and_then_removes() {
    let turn = strict();
    turn.enter("agent", "/");
    turn.scene.idp.set_groups("agent", &["idp-customers", "idp-staff", "idp-unmapped"]);
    let (first, rest) = turn.calls_of(|| drop(turn.enter("agent", "/")));
    assert_eq!(first, reads("agent", 200, 200));
    assert_eq!(
        rest,
        [
            "POST /group 201",
            "POST /group/user?groupname=portal-customers 201",
            "DELETE /group/user?groupname=service-desk-agents&username=agent 200",
        ]
    );
    assert_eq!(turn.groups("agent"), ["jira-software-users", "portal-customers", "staff"]);
}

#[test]
fn groups_that_are_not_asserted_take_nothing_away() {
    let turn = strict();
    turn.seed(account(&User::agent(), &["service-desk-agents", "staff", "m1"]));
    for groups in [Groups::Omitted, Groups::Overage] {
        let asserted = groups.clone();
        turn.scene.idp.change(move |options| options.groups = asserted.clone());
        let (first, rest) = turn.calls_of(|| drop(turn.enter("agent", "/")));
        assert_eq!((first, rest), (reads("agent", 200, 200), nothing()), "{groups:?}");
        assert_eq!(turn.groups("agent"), ["m1", "service-desk-agents", "staff"], "{groups:?}");
        assert_eq!(turn.told("/").1, Some(json!(["m1", "service-desk-agents", "staff"])), "{groups:?}");
    }
    // An attribute without values says that there are none.
    turn.scene.idp.change(|options| options.groups = Groups::These(Vec::new()));
    turn.enter("agent", "/");
    assert_eq!(turn.groups("agent"), nothing());
}

#[test]
fn name_and_address_follow_the_identity_provider() {
    let turn = strict();
    turn.seed(account(&User::agent(), &["service-desk-agents", "staff"]));
    turn.scene.idp.add_user(User { display_name: "Ada L. Agent".to_owned(), ..User::agent() });
    let (_, rest) = turn.calls_of(|| drop(turn.enter("agent", "/")));
    assert_eq!(rest, ["PUT /user?username=agent 200"]);
    let call = turn.scene.jira.calls().into_iter().find(|call| call.method == "PUT").unwrap();
    assert_eq!(call.body, r#"{"displayName":"Ada L. Agent"}"#);
}

#[test]
fn decisions_refuse_without_a_write() {
    let turn = strict();
    // A deactivated account is not reactivated by a sign-in.
    turn.seed(UserSeed { active: false, ..account(&User::agent(), &["staff"]) });
    let before = turn.store();
    let (first, rest) = turn.calls_of(|| drop(turn.refused("agent", "/", Code::AccountInactive)));
    assert_eq!((first, rest), (reads("agent", 200, 200), nothing()));
    assert_eq!(turn.store(), before);
    // More removals than one sign-in may make.
    turn.seed(account(&User::leaver(), &["m1", "m2", "m3", "m4", "jira-software-users"]));
    let before = turn.store();
    let (first, rest) = turn.calls_of(|| drop(turn.refused("leaver", "/", Code::GuardrailExceeded)));
    assert_eq!((first, rest), (reads("leaver", 200, 200), nothing()));
    assert_eq!(turn.store(), before);
}

#[test]
fn who_has_no_account_is_refused_where_none_are_made() {
    let turn = lenient();
    let before = turn.store();
    let (first, rest) = turn.calls_of(|| drop(turn.refused("agent", "/", Code::AccountAbsent)));
    assert_eq!((first, rest), (reads("agent", 404, 404), nothing()));
    assert_eq!(turn.store(), before);
}

fn unhelpful() -> Vec<(Effect, Code)> {
    vec![
        (Effect::Reset, Code::TargetUnreachable),
        (Effect::Truncated, Code::TargetUnreachable),
        (Effect::Status(500), Code::TargetUnreachable),
        (Effect::Status(502), Code::TargetUnreachable),
        (Effect::Status(401), Code::TargetUnauthorized),
        (Effect::Status(403), Code::TargetRefused),
        (Effect::Captcha, Code::TargetRefused),
        (Effect::RateLimit(7), Code::TargetThrottled),
        (Effect::Html, Code::TargetAnswerMalformed),
        (Effect::Status(302), Code::TargetAnswerMalformed),
    ]
}

#[test]
fn a_read_that_fails_refuses_before_any_write() {
    let turn = strict();
    turn.seed(account(&User::leaver(), &["staff", "service-desk-agents"]));
    let before = turn.store();
    for (effect, code) in unhelpful() {
        for path in [READ_ACCOUNT, MARKER] {
            turn.fault(Fault::new("GET", path, effect.clone()));
            let (first, rest) = turn.calls_of(|| drop(turn.refused("leaver", "/", code)));
            assert!(
                first.iter().all(|call| call.starts_with("GET ")) && rest.is_empty(),
                "{first:?} {rest:?}"
            );
            assert_eq!(turn.store(), before, "{effect:?} {path}");
            turn.scene.jira.clear_faults();
        }
    }
    // A 200 without JSON, and a list of groups that was not expanded, are no accounts without groups.
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::Status(200)));
    turn.refused("leaver", "/", Code::TargetAnswerMalformed);
    // A 404 of a proxy is no absence.
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::Status(404)));
    turn.enter("leaver", "/");
}

#[test]
fn a_change_that_fails_refuses_and_the_next_sign_in_heals() {
    for (method, path, operation) in [
        ("POST", CREATE_ACCOUNT, "create_account"),
        ("PUT", MARKER, "write_marker"),
        ("POST", MEMBERSHIP, "add_to_group"),
    ] {
        for (effect, code) in unhelpful() {
            let turn = strict();
            for group in ["service-desk-agents", "staff"] {
                turn.scene.jira.change(|store| assert!(store.add_group(group)));
            }
            // The first of the two marks is a precaution that may fail.
            let times = if path == MARKER { 2 } else { 1 };
            turn.fault(Fault::new(method, path, effect.clone()).times(times));
            let logged = turn.scene.envoy_log().len();
            turn.refused("agent", "/", code);
            logged_since(turn.scene, logged, &[r#""event":"refused""#, operation]);
            turn.enter("agent", "/");
            assert_eq!(
                turn.groups("agent"),
                ["jira-software-users", "service-desk-agents", "staff"],
                "{operation} {effect:?}"
            );
            let marker = turn.marker("agent").unwrap();
            assert_eq!(marker.get("unfinished"), None, "{operation} {effect:?}");
        }
    }
}

#[test]
fn a_removal_that_fails_refuses_and_the_next_sign_in_heals() {
    for (effect, code) in unhelpful() {
        let turn = strict();
        turn.seed(account(&User::leaver(), &["service-desk-agents", "staff", "chess-club"]));
        turn.fault(Fault::new("DELETE", MEMBERSHIP, effect.clone()));
        turn.refused("leaver", "/", code);
        assert_eq!(turn.groups("leaver"), ["chess-club", "service-desk-agents", "staff"], "{effect:?}");
        turn.enter("leaver", "/");
        assert_eq!(turn.groups("leaver"), ["chess-club"], "{effect:?}");
    }
}

#[test]
fn a_change_whose_answer_was_lost_counts_as_made() {
    let lost = [Effect::Reset, Effect::Truncated, Effect::Status(503), Effect::Status(400), Effect::Hang];
    for (method, path) in [("POST", CREATE_ACCOUNT), ("POST", GROUP), ("POST", MEMBERSHIP), ("PUT", MARKER)] {
        for effect in &lost {
            if *effect == Effect::Status(400) && path == MARKER {
                // Jira's 400 to a property is about the account.
                continue;
            }
            let turn = strict();
            turn.fault(Fault::new(method, path, effect.clone()).after());
            turn.enter("agent", "/");
            assert_eq!(
                turn.groups("agent"),
                ["jira-software-users", "service-desk-agents", "staff"],
                "{method} {path} {effect:?}"
            );
            assert_eq!(turn.marker("agent").unwrap().get("unfinished"), None);
            let creations = turn.scene.jira_calls();
            let creations = creations.iter().filter(|call| call.starts_with("POST /rest/api/2/user "));
            assert_eq!(creations.count(), 1, "{method} {path} {effect:?}");
        }
    }
    for effect in &lost {
        let turn = strict();
        turn.seed(account(&User::leaver(), &["service-desk-agents", "staff"]));
        turn.fault(Fault::new("DELETE", MEMBERSHIP, effect.clone()).after());
        turn.enter("leaver", "/");
        assert_eq!(turn.groups("leaver"), nothing(), "{effect:?}");
    }
}

#[test]
fn a_400_for_what_is_so_already_is_no_failure() {
    let turn = fresh();
    // Another sign-in was faster: the reads showed no account, and now there is one, with the group.
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::Status(404)));
    turn.seed(account(&User::agent(), &["staff"]));
    let (_, rest) = turn.calls_of(|| drop(turn.enter("agent", "/")));
    let has = |call: &str| rest.iter().any(|have| have == call);
    assert!(has("POST /user 400") && has("GET /user?username=agent&expand=groups 200"), "{rest:?}");
    assert!(has("POST /group/user?groupname=staff 400"), "{rest:?}");
    assert_eq!(turn.groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);

    // 400 for another reason is one: the person is not what the plan wants.
    turn.reset();
    turn.fault(Fault::new("POST", CREATE_ACCOUNT, Effect::Status(400)));
    turn.refused("agent", "/", Code::TargetRefused);
    turn.reset();
    turn.fault(Fault::new("POST", MEMBERSHIP, Effect::Status(400)));
    turn.refused("agent", "/", Code::DirectoryReadOnly);
}

#[test]
fn a_jira_that_hangs_costs_one_timeout() {
    let turn = strict();
    turn.fault(Fault::new("", "/rest/", Effect::Hang).times(10));
    let began = Instant::now();
    let (first, rest) = turn.calls_of(|| drop(turn.refused("agent", "/", Code::TargetUnreachable)));
    let took = began.elapsed();
    // Both reads were on their way before either timed out.
    assert_eq!((first, rest), (reads("agent", 0, 0), nothing()));
    assert!(took >= TIMEOUT && took < TIMEOUT + Duration::from_secs(2), "{took:?}");

    // Dying in the middle of a change costs a second one, for looking whether it was made.
    turn.reset();
    turn.fault(Fault::new("POST", MEMBERSHIP, Effect::Hang));
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::Status(404)));
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::Hang));
    let began = Instant::now();
    turn.refused("agent", "/", Code::TargetUnreachable);
    let took = began.elapsed();
    assert!(took < TIMEOUT * 2 + Duration::from_secs(2), "{took:?}");
    turn.enter("agent", "/");
    assert_eq!(turn.groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
}

#[test]
fn a_jira_that_is_slow_but_answers_is_waited_for() {
    let turn = strict();
    turn.seed(account(&User::agent(), &["service-desk-agents", "staff"]));
    turn.fault(Fault::new("GET", MARKER, Effect::SlowBody(5)));
    turn.enter("agent", "/");
    // Byte by byte is no way around the timeout.
    turn.fault(Fault::new("GET", READ_ACCOUNT, Effect::SlowBody(100)));
    let began = Instant::now();
    turn.refused("agent", "/", Code::TargetUnreachable);
    assert!(began.elapsed() < TIMEOUT + Duration::from_secs(2));
}

#[test]
fn a_jira_that_is_not_there_refuses_at_once() {
    let dead = testbed::envoy::free_port().unwrap();
    let gone = SceneOptions::new().concurrency(1).envoy(move |config| {
        let port = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
        let clusters = config.pointer_mut("/static_resources/clusters").unwrap().as_array_mut().unwrap();
        let jira = clusters.iter_mut().find(|cluster| cluster.get("name") == Some(&json!("jira_api")));
        *jira.unwrap().pointer_mut(port).unwrap() = json!(dead);
    });
    let unknown = SceneOptions::new()
        .concurrency(1)
        .patch(json!({ "provisioning": { "jira_dc": { "cluster": "nowhere" } } }));
    for options in [gone, unknown] {
        let scene = Scene::start(options).unwrap();
        let began = Instant::now();
        refused(&scene, "agent", "/", Code::TargetUnreachable);
        refused(&scene, "customer", "/servicedesk/customer/portal/1", Code::TargetUnreachable);
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert_eq!(scene.jira_calls(), nothing());
    }
}

#[test]
fn a_failure_is_overlooked_where_it_is_configured_and_told() {
    for (effect, code) in unhelpful() {
        let turn = lenient();
        turn.seed(account(&User::agent(), &["staff", "portal-customers"]));
        turn.fault(Fault::new("GET", READ_ACCOUNT, effect.clone()));
        overlooked(&turn, code);
        // Without the account nothing but what the assertion itself gives is told.
        assert_eq!(turn.told("/").1, Some(json!(["service-desk-agents", "staff"])), "{effect:?}");

        turn.fault(Fault::new("POST", MEMBERSHIP, effect.clone()));
        overlooked(&turn, code);
        assert_eq!(
            turn.groups("agent"),
            ["portal-customers", "staff"],
            "nothing is taken before all is given"
        );
        turn.enter("agent", "/");
        assert_eq!(turn.groups("agent"), ["service-desk-agents", "staff"]);
    }
}

fn overlooked(turn: &Turn, code: Code) {
    let name = format!("refused.{}", code.slug());
    let (before, accepted) = (counter(turn.scene, &name), counter(turn.scene, "sign_in_accepted"));
    let logged = turn.scene.envoy_log().len();
    turn.enter("agent", "/");
    assert_eq!(counter(turn.scene, &name), before + 1);
    assert_eq!(counter(turn.scene, "sign_in_accepted"), accepted + 1);
    let line = logged_since(turn.scene, logged, &[r#""event":"sign_in""#, "signed in all the same"]);
    assert!(line.contains(code.id()), "{line}");
    assert!(!line.contains("agent@example.com") && !line.contains("Ada"), "{line}");
}

#[test]
fn a_browser_that_goes_away_in_the_middle_breaks_nothing() {
    let turn = strict();
    for (method, path) in [("GET", "/rest/"), ("PUT", MARKER), ("POST", GROUP), ("POST", MEMBERSHIP)] {
        turn.scene.jira.reset();
        turn.fault(Fault::new(method, path, Effect::Hang).after());
        let mut browser = turn.scene.browser().without_scripts();
        let login = browser.open(&turn.scene.app_url("/")).unwrap();
        let answer =
            browser.submit(&login, &login.form().with("user", "agent").with("password", "agent")).unwrap();
        browser.timeout = Duration::from_millis(400);
        browser.submit(&answer, &answer.form()).unwrap_err();
        turn.scene.jira.clear_faults();
        // The answer was used; going back does not use it again.
        browser.timeout = Duration::from_secs(20);
        let again = browser.submit(&answer, &answer.form()).unwrap();
        assert_eq!(again.header("x-samlgate-code"), Some("SG5004"), "{method} {path}");
        turn.enter("agent", "/");
        assert_eq!(
            turn.groups("agent"),
            ["jira-software-users", "service-desk-agents", "staff"],
            "{method} {path}"
        );
    }
    // Also when Envoy hears from Jira long after the browser has gone.
    std::thread::sleep(TIMEOUT);
    turn.enter("agent", "/");
    let log = turn.scene.envoy_log();
    assert!(!log.contains("panicked") && !log.contains("Function: proxy_on"), "the filter crashed");
}

#[test]
fn parallel_sign_ins_of_one_person_all_succeed() {
    let turn = strict();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| turn.enter("agent", "/"));
        }
    });
    assert_eq!(turn.groups("agent"), ["jira-software-users", "service-desk-agents", "staff"]);
    assert_eq!(turn.marker("agent").unwrap().get("unfinished"), None);
}

#[test]
fn j8_j15_whoever_is_linked_is_known_by_the_applications_name_from_then_on() {
    let turn = linking();
    turn.seed(UserSeed { email: "AGENT@example.com".to_owned(), ..UserSeed::new("a.agent", &["local"]) });
    turn.enter("agent", "/dashboard");
    let (user, _) = turn.told("/dashboard");
    assert_eq!(user.as_deref(), Some("a.agent"));
    assert!(!turn.store().has_user("agent"));
    assert!(turn.groups("a.agent").contains(&"staff".to_owned()));
    // The second time nobody looks, and the name is the same.
    turn.scene.jira.clear_calls();
    turn.enter("agent", "/dashboard");
    assert_eq!(turn.scene.jira_calls(), Vec::<String>::new());
    assert_eq!(turn.told("/dashboard").0.as_deref(), Some("a.agent"));
    // Nobody enters the account that is protected, whatever address it has.
    turn.seed(UserSeed { email: "customer@example.com".to_owned(), ..UserSeed::new("root", &[]) });
    turn.refused("customer", "/", Code::AccountProtected);
    let log = turn.scene.envoy_log();
    assert!(log.contains("samlgate-audit: {") && log.contains("\"event\":\"account_linked\""), "{log}");
    let stats = turn.scene.envoy_stats().unwrap();
    let name = "wasmcustom.samlgate.provisioning.jira_dc.add_to_group.applied";
    assert!(stats.get(name).is_some_and(|count| *count > 0), "{name}");
}
