//! A whole directory pushed by SCIM through a real Envoy: `kill -9` in the middle of the people and of the groups, and then
//! every person, group and membership exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::etcd::Etcd;
use crate::jira::Store;
use crate::scene::{Scene, SceneOptions};

const TOKEN: &str = "soak-token-0123456789-0123456789-01";

/// Requests at a time: what a directory's client sends.
const CLIENTS: u64 = 8;

/// How often one request is tried: Envoy is away for some seconds once.
const TRIES: u32 = 120;

/// Members of each group.
const MEMBERS: u64 = 10;

/// People after whom a figure of its own begins.
const MARKS: [u64; 3] = [1_000, 10_000, 100_000];

/// There are groups as long as there are so many people for each: 150,000 people make 20,000 groups.
const MIN_PEOPLE: u64 = 7;

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Numbers of people, one run each.
    pub people: Vec<u64>,
    /// How many groups, of [`MEMBERS`] members each; at most one for [`MIN_PEOPLE`] people.
    pub groups: u64,
    /// Where Envoy and etcd keep their files.
    pub directory: PathBuf,
}

/// One step of one run.
#[derive(Clone, Debug)]
pub struct Figure {
    /// People or groups that were pushed.
    pub pushed: u64,
    /// Which.
    pub step: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Envoy's memory afterwards.
    pub envoy_kib: u64,
    /// The processor time that Envoy needed, which other programs on the machine hardly change.
    pub processor: Duration,
    /// Requests that had to be sent again.
    pub repeated: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |time: Duration| time.as_secs_f64() * 1e3 / self.pushed.max(1) as f64;
        write!(
            f,
            "{:>7} {:<26} {:>8.1} s  {:>7.2} ms each, {:>6.2} ms of Envoy's processor  Envoy {:>6.1} MiB  {:>5} sent again",
            self.pushed,
            self.step,
            self.took.as_secs_f64(),
            each(self.took),
            each(self.processor),
            self.envoy_kib as f64 / 1024.0,
            self.repeated
        )
    }
}

/// Pushes directories of growing size and tells each step.
///
/// # Errors
/// When something cannot be started, or the end is not what was pushed.
pub fn run(options: &Options, told: &mut dyn FnMut(&Figure)) -> io::Result<()> {
    for people in &options.people {
        one(*people, options, told)?;
    }
    Ok(())
}

fn one(people: u64, options: &Options, told: &mut dyn FnMut(&Figure)) -> io::Result<()> {
    let etcd = Etcd::start(&options.directory.join("etcd"))?;
    let mut scene = Scene::start(scene_options(&etcd, options))?;
    send(&scene, "GET", "/Users?count=0", &Value::Null, 200)?;
    let groups = Groups { count: options.groups.min(people / MIN_PEOPLE), people };
    let half = people / 2;
    let create = |scene: &Scene, number| create(scene, number, TRIES);
    let mut before = parts(0..half);
    let last = before.pop().unwrap_or(0..half);
    for part in before {
        told(&each(&scene, part, "people", create)?);
    }
    // Killed while requests are under way: whoever was not answered is pushed again, as clients do.
    told(&killed(&scene, last, "people, until kill -9", &create_once)?);
    scene.restart_envoy()?;
    send(&scene, "GET", "/Users?count=0", &Value::Null, 200)?;
    told(&each(&scene, 0..half, "people, from the beginning", create)?);
    for part in parts(half..people) {
        told(&each(&scene, part, "people", create)?);
    }
    told(&killed(&scene, 0..groups.count / 2, "groups, until kill -9", &|scene, number| {
        groups.create(scene, number, 1)
    })?);
    scene.restart_envoy()?;
    told(&each(&scene, 0..groups.count, "groups, from the beginning", |scene, number| {
        groups.create(scene, number, TRIES)
    })?);
    wait_until_settled(&etcd)?;
    check(&scene, groups)
}

fn scene_options(etcd: &Etcd, options: &Options) -> SceneOptions {
    let address = etcd.address();
    let store = json!({ "etcd": { "cluster": "etcd", "authority": "etcd.internal", "timeout": "5s" } });
    let gateway = json!({
        "table": "BEGIN_ANEW",
        "max_deactivations_per_hour": 150_000,
        "tokens": [{ "name": "soak", "token": { "inline_string": TOKEN } }],
        "max_requests_per_second": 1000,
    });
    SceneOptions::new()
        .directory(options.directory.join("envoy"))
        .jira(Store::demo())
        .patch(json!({ "shared_store": store, "scim_gateway": gateway }))
        .patch(json!({ "policy": {
            "default_groups": null, "group_mapping": null, "portal": null,
            "same_name_groups": { "matching": [{ "prefix": "group-" }] },
        } }))
        .patch(json!({ "provisioning": { "create_missing_groups": true } }))
        .envoy(move |config| {
            let address =
                json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
            let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
            let cluster = json!({
                "name": "etcd", "type": "STATIC", "connect_timeout": "0.5s",
                "load_assignment": { "cluster_name": "etcd", "endpoints": endpoints },
            });
            if let Some(clusters) =
                config.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut)
            {
                clusters.push(cluster);
            }
        })
}

/// `range` cut where figures are of interest: do they grow with what is there already?
fn parts(range: std::ops::Range<u64>) -> Vec<std::ops::Range<u64>> {
    let cuts = MARKS.into_iter().filter(|mark| range.contains(mark) && *mark != range.start);
    let ends: Vec<u64> = cuts.chain([range.end]).collect();
    let mut start = range.start;
    ends.into_iter().map(|end| std::mem::replace(&mut start, end)..end).collect()
}

/// Does `act` for `range`, at whose end Envoy is killed; whoever is not answered then is the end of it.
fn killed(
    scene: &Scene,
    range: std::ops::Range<u64>,
    step: &'static str,
    act: &(dyn Fn(&Scene, u64) -> io::Result<u64> + Sync),
) -> io::Result<Figure> {
    let began = Instant::now();
    let before = processor(scene.envoy_process());
    let needed = AtomicU64::new(0);
    let std::ops::Range { start, end: dies_at } = range;
    let pushed = each(scene, start..dies_at + CLIENTS * 4, step, |scene, number| {
        if number == dies_at {
            let processor = processor(scene.envoy_process()).saturating_sub(before);
            needed.store(u64::try_from(processor.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
            kill(scene.envoy_process())?;
        }
        act(scene, number)
    });
    if pushed.is_ok() {
        return Err(io::Error::other("Envoy did not die"));
    }
    let processor = Duration::from_millis(needed.into_inner());
    Ok(Figure { pushed: dies_at - start, step, took: began.elapsed(), envoy_kib: 0, processor, repeated: 0 })
}

fn create_once(scene: &Scene, number: u64) -> io::Result<u64> {
    create(scene, number, 1)
}

/// Pushes the person `number`, which is a conflict when it is there already: as good. How often it had to be asked again.
fn create(scene: &Scene, number: u64, tries: u32) -> io::Result<u64> {
    tried(scene, "POST", "/Users", &person(number), &[201, 409], tries).map(|(_, repeated)| repeated)
}

fn person(number: u64) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("person-{number}"), "externalId": format!("ext-{number}"), "active": true,
        "displayName": format!("Person {number}"),
        "emails": [{ "value": format!("person-{number}@example.test"), "type": "work", "primary": true }],
    })
}

/// `kill -9`.
fn kill(process: u32) -> io::Result<()> {
    let status = std::process::Command::new("kill").args(["-9", &process.to_string()]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("kill failed")) }
}

/// Groups of [`MEMBERS`] people: neighbours, and after the last person the first again.
#[derive(Clone, Copy)]
struct Groups {
    count: u64,
    people: u64,
}

impl Groups {
    fn members(self, number: u64) -> impl Iterator<Item = u64> {
        (0..MEMBERS).map(move |member| (number * MEMBERS + member) % self.people)
    }

    /// Pushes the group `number` as clients do: asks for the ids of its people, and creates it.
    fn create(self, scene: &Scene, number: u64, tries: u32) -> io::Result<u64> {
        let mut repeated = 0;
        let mut members = Vec::new();
        for member in self.members(number) {
            let filter = format!("/Users?filter=userName+eq+%22person-{member}%22");
            let (found, again) = tried(scene, "GET", &filter, &Value::Null, &[200], tries)?;
            repeated += again;
            let id = found.json().pointer("/Resources/0/id").and_then(Value::as_str).map(str::to_owned);
            members.push(
                json!({ "value": id.ok_or_else(|| io::Error::other(format!("{filter} finds nobody")))? }),
            );
        }
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": format!("group-{number}"), "members": members,
        });
        tried(scene, "POST", "/Groups", &body, &[201, 409], tries).map(|(_, again)| repeated + again)
    }
}

/// Does `act` for each of `range`, [`CLIENTS`] at a time.
fn each(
    scene: &Scene,
    range: std::ops::Range<u64>,
    step: &'static str,
    act: impl Fn(&Scene, u64) -> io::Result<u64> + Sync,
) -> io::Result<Figure> {
    let began = Instant::now();
    let before = processor(scene.envoy_process());
    let pushed = range.end - range.start;
    let next = AtomicU64::new(range.start);
    let repeated = AtomicU64::new(0);
    let failures: Vec<io::Error> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= range.end {
                            return Ok(());
                        }
                        repeated.fetch_add(act(scene, number)?, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        runs.into_iter()
            .filter_map(|run| run.join().unwrap_or_else(|_| Err(io::Error::other("panicked"))).err())
            .collect()
    });
    if let Some(failure) = failures.into_iter().next() {
        return Err(failure);
    }
    Ok(Figure {
        pushed,
        step,
        took: began.elapsed(),
        envoy_kib: resident(scene.envoy_process()),
        processor: processor(scene.envoy_process()).saturating_sub(before),
        repeated: repeated.into_inner(),
    })
}

fn send(scene: &Scene, method: &str, path: &str, body: &Value, good: u16) -> io::Result<(Response, u64)> {
    tried(scene, method, path, body, &[good], TRIES)
}

/// The answer, and how often it had to be asked for again.
fn tried(
    scene: &Scene,
    method: &str,
    path: &str,
    body: &Value,
    good: &[u16],
    tries: u32,
) -> io::Result<(Response, u64)> {
    let mut last = String::new();
    for again in 0..tries {
        if again > 0 {
            std::thread::sleep(Duration::from_millis(500));
        }
        let mut request: Request = scene
            .request(method, &format!("/scim/v2{path}"))
            .header("Authorization", &format!("Bearer {TOKEN}"));
        request.timeout = Duration::from_secs(60);
        if !body.is_null() {
            request = request.body("application/scim+json", body.to_string());
        }
        match scene.send(&request) {
            Ok(response) if good.contains(&response.status) => return Ok((response, u64::from(again))),
            Ok(response) if matches!(response.status, 429 | 500..=599) => last = response.text(),
            Ok(response) => {
                let text = response.text();
                return Err(io::Error::other(format!("{method} {path}: {} {text}", response.status)));
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(io::Error::other(format!("{method} {path}: {last}")))
}

/// Waits until nothing is left to do at the application.
fn wait_until_settled(etcd: &Etcd) -> io::Result<()> {
    for _ in 0..600 {
        if etcd.count("samlgate/table/todo/")? == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Err(io::Error::other("something is left to do after ten minutes"))
}

/// Everybody has exactly one account, every group exactly its members, and there are as many as were pushed.
fn check(scene: &Scene, groups: Groups) -> io::Result<()> {
    for (kind, expected) in [("Users", groups.people), ("Groups", groups.count)] {
        let (listed, _) = send(scene, "GET", &format!("/{kind}?count=0"), &Value::Null, 200)?;
        let total = listed.json().get("totalResults").and_then(Value::as_u64);
        if total != Some(expected) {
            return Err(io::Error::other(format!("{total:?} {kind} instead of {expected}")));
        }
    }
    let state = scene.jira.store().to_json();
    let names: Vec<&str> = state
        .get("users")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|user| user.get("name")?.as_str())
        .filter(|name| name.starts_with("person-"))
        .collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    if names.len() as u64 != groups.people || distinct.len() != names.len() {
        return Err(io::Error::other(format!("{} accounts for {} people", names.len(), groups.people)));
    }
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for number in 0..groups.count {
        for member in groups.members(number) {
            expected.entry(format!("person-{member}")).or_default().insert(format!("group-{number}"));
        }
    }
    let jira = scene.jira.store();
    for name in names {
        let found: BTreeSet<String> =
            jira.groups_of(name).into_iter().filter(|group| group.starts_with("group-")).collect();
        let wanted = expected.remove(name).unwrap_or_default();
        if found != wanted {
            return Err(io::Error::other(format!("{name} is in {found:?} instead of {wanted:?}")));
        }
    }
    Ok(())
}

/// The processor time that the process has needed: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
fn processor(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before them is in parentheses and may contain anything.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks: u64 = fields.into_iter().flatten().filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The memory that the process holds now, in KiB; 0 when it is gone.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
