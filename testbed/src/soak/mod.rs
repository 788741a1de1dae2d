//! Many sign-ins through a real Envoy against an application that misbehaves at random: whatever happens, nothing is
//! written that the policy did not ask for, and one clean pass leaves everything as it should be.
//!
//! Reproducible by its seed, as far as the order of what Envoy's threads do allows.

mod chance;
pub mod directory;
mod expected;
pub mod push;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::idp::User;
use crate::jira::{Effect, Fault, UserSeed};
use crate::scene::{Scene, SceneOptions};

use chance::Chance;
use expected::{Expected, LICENCE, Watch};
pub use report::Report;

/// How many groups the rules know.
const GROUPS: u64 = 6;

/// How long the application is left alone after failures.
const CIRCUIT: Duration = Duration::from_secs(1);

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sign-ins, besides the clean pass.
    pub sign_ins: u32,
    /// People who sign in.
    pub people: u32,
    /// What chance begins with.
    pub seed: u64,
}

struct Person {
    name: String,
    /// Enters by the customer portal.
    customer: bool,
    groups: BTreeSet<u64>,
    /// What the account had before we knew it; `None` for people without an account.
    before: Option<BTreeSet<String>>,
}

/// Runs it; `progress` hears of every sign-in.
///
/// # Errors
/// When Envoy does not start, or anything was written, or left, that should not be.
pub fn run(options: Options, progress: &mut dyn FnMut(u32, &Report)) -> io::Result<Report> {
    let mut chance = Chance::new(options.seed);
    let scene = Scene::start(configuration())?;
    let mut people: Vec<Person> = (0..options.people).map(|number| person(number, &mut chance)).collect();
    for person in &people {
        seed(&scene, person);
    }
    let mut watch = Watch::default();
    let mut report = Report::new(options.seed);
    let began = Instant::now();
    for number in 1..=options.sign_ins {
        let Some(person) = chance.pick_mut(&mut people) else { break };
        if chance.one_in(3) {
            change_groups(person, &mut chance);
        }
        misbehave(&scene, &mut chance, &mut report);
        watch.check(&scene.jira.take_calls(), &mut report)?;
        tell_idp(&scene, person);
        watch.expect(&person.name, person.expected());
        if chance.one_in(40) {
            abandon(&scene, person, &mut chance)?;
            report.abandoned += 1;
        } else {
            let (_, page) = scene.sign_in(&person.name, person.path())?;
            report.page(&page);
        }
        watch.check_with_late_ones(&scene.jira.take_calls(), &person.name, &mut report)?;
        report.took = began.elapsed();
        progress(number, &report);
    }
    clean_pass(&scene, &people, &mut watch, &mut report)?;
    report.took = began.elapsed();
    report.background(&scene.envoy_stats()?);
    Ok(report)
}

fn configuration() -> SceneOptions {
    let mapping: Vec<_> = (0..GROUPS)
        .map(|number| json!({ "idp_group": format!("idp-{number}"), "groups": [format!("app-{number}")] }))
        .collect();
    SceneOptions::new().background().wasm_log_level("info").patch(json!({
        "policy": {
            "group_mapping": mapping,
            "default_groups": { "groups": [LICENCE], "assign_to": "NEW_USERS" },
            "ignored_groups": ["jira-administrators"]
        },
        "provisioning": {
            "jira_dc": { "timeout": "0.5s" },
            "on_failure": "CONTINUE_AND_RETRY",
            "circuit_open_for": format!("{}s", CIRCUIT.as_secs()),
            "max_group_removals": 100,
            "max_group_removal_percent": 100
        }
    }))
}

fn person(number: u32, chance: &mut Chance) -> Person {
    let known = number % 4 == 1;
    let before = known.then(|| {
        let managed = (0..GROUPS).filter(|_| chance.one_in(3)).map(|group| format!("app-{group}"));
        managed.chain(["chess-club".to_owned(), "jira-administrators".to_owned()]).collect()
    });
    let mut person = Person {
        name: format!("p{number}"),
        customer: number.is_multiple_of(3),
        groups: BTreeSet::new(),
        before,
    };
    change_groups(&mut person, chance);
    person
}

fn change_groups(person: &mut Person, chance: &mut Chance) {
    for group in 0..GROUPS {
        if chance.one_in(2) && !person.groups.remove(&group) {
            person.groups.insert(group);
        }
    }
}

impl Person {
    fn path(&self) -> &'static str {
        if self.customer { "/servicedesk/customer/portal/1" } else { "/" }
    }

    fn user(&self) -> User {
        let groups: Vec<String> = self.groups.iter().map(|group| format!("idp-{group}")).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        User::new(&self.name, &format!("Person {}", self.name), &groups)
    }

    /// What the rules say about the person now, written down a second time.
    fn expected(&self) -> Expected {
        Expected {
            mapped: self.groups.iter().map(|group| format!("app-{group}")).collect(),
            managed: (0..GROUPS).map(|group| format!("app-{group}")).collect(),
            may_be_made: self.before.is_none(),
            gets_licence: self.before.is_none() && !self.customer,
        }
    }

    /// The groups that the account should have in the end.
    fn wanted(&self) -> BTreeSet<String> {
        let expected = self.expected();
        let others = self.before.iter().flatten().filter(|group| !expected.managed.contains(*group)).cloned();
        let licence = expected.gets_licence.then(|| LICENCE.to_owned());
        expected.mapped.iter().cloned().chain(others).chain(licence).collect()
    }
}

fn seed(scene: &Scene, person: &Person) {
    let Some(groups) = &person.before else { return };
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let user = person.user();
    let seed = UserSeed {
        email: user.email,
        display_name: user.display_name,
        ..UserSeed::new(&person.name, &groups)
    };
    scene.jira.change(|store| store.add_user(seed));
}

fn tell_idp(scene: &Scene, person: &Person) {
    scene.idp.add_user(person.user());
}

/// Sets a fault, or takes all away, or leaves everything as it is.
fn misbehave(scene: &Scene, chance: &mut Chance, report: &mut Report) {
    if chance.one_in(2) {
        scene.jira.clear_faults();
    }
    if !chance.one_in(3) {
        return;
    }
    let places = [
        ("", "/rest/"),
        ("GET", "/rest/api/2/user?"),
        ("GET", "/rest/api/2/user/properties"),
        ("POST", "/rest/api/2/user"),
        ("PUT", "/rest/api/2/user/properties"),
        ("POST", "/rest/api/2/group"),
        ("POST", "/rest/api/2/group/user"),
        ("DELETE", "/rest/api/2/group/user"),
    ];
    let effects = [
        Effect::Reset,
        Effect::Truncated,
        Effect::Html,
        Effect::Hang,
        Effect::SlowBody(1),
        Effect::SlowBody(50),
        Effect::RateLimit(1),
        Effect::Status(400),
        Effect::Status(401),
        Effect::Status(403),
        Effect::Status(404),
        Effect::Status(409),
        Effect::Status(412),
        Effect::Status(500),
        Effect::Status(502),
        Effect::Status(503),
    ];
    let (Some((method, path)), Some(effect)) = (chance.pick(&places), chance.pick(&effects)) else { return };
    // A read that is answered "there is none" is a lie that nobody can tell from the truth, so nobody tells it here.
    let reads = matches!(*method, "" | "GET");
    let effect = if reads && *effect == Effect::Status(404) { &Effect::Status(504) } else { effect };
    let fault = Fault::new(method, path, effect.clone()).times(1 + u32::from(chance.one_in(3)) * 2);
    scene.jira.fault(if chance.one_in(2) { fault.after() } else { fault });
    report.faults += 1;
}

/// The browser goes away in the middle.
fn abandon(scene: &Scene, person: &Person, chance: &mut Chance) -> io::Result<()> {
    let mut browser = scene.browser().without_scripts();
    let login = browser.open(&scene.app_url(person.path()))?;
    let form = login.form().with("user", &person.name).with("password", &person.name);
    let answer = browser.submit(&login, &form)?;
    browser.timeout = Duration::from_millis(1 + chance.below(60));
    // Whether it was in time or not.
    drop(browser.submit(&answer, &answer.form()));
    Ok(())
}

/// Everybody signs in once more, and nothing misbehaves.
fn clean_pass(scene: &Scene, people: &[Person], watch: &mut Watch, report: &mut Report) -> io::Result<()> {
    scene.jira.clear_faults();
    std::thread::sleep(CIRCUIT * 3);
    let before = failures(&scene.envoy_stats()?);
    for person in people {
        watch.check(&scene.jira.take_calls(), report)?;
        tell_idp(scene, person);
        watch.expect(&person.name, person.expected());
        let (_, page) = scene.sign_in(&person.name, person.path())?;
        if page.status() != 200 {
            return Err(wrong(format!("{} was refused in the clean pass: {}", person.name, page.text())));
        }
        watch.check_with_late_ones(&scene.jira.take_calls(), &person.name, report)?;
    }
    let after = failures(&scene.envoy_stats()?);
    if after != before {
        return Err(wrong(format!("the clean pass was not clean: {before:?} became {after:?}")));
    }
    let store = scene.jira.state();
    let faults: Vec<String> = people
        .iter()
        .filter_map(|person| {
            let have: BTreeSet<String> = store.groups_of(&person.name).into_iter().collect();
            let wanted = person.wanted();
            (have != wanted).then(|| format!("{} has {have:?} instead of {wanted:?}", person.name))
        })
        .collect();
    if !faults.is_empty() {
        return Err(wrong(faults.join("\n")));
    }
    // Nobody is left who would still change something.
    std::thread::sleep(CIRCUIT * 6);
    watch.check(&scene.jira.take_calls(), report)?;
    if scene.jira.state() != store {
        return Err(wrong("something was changed after the clean pass".to_owned()));
    }
    report.people = people.len();
    Ok(())
}

/// The counters of what was refused or overlooked.
fn failures(stats: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let refused = stats.iter().filter(|(name, _)| name.starts_with("wasmcustom.samlgate.refused."));
    refused.map(|(name, count)| (name.clone(), *count)).collect()
}

fn wrong(what: String) -> io::Error {
    io::Error::other(what)
}
