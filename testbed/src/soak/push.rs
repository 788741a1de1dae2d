//! A whole directory pushed by SCIM through a real Envoy: `kill -9` in the middle, and then every person exactly once.

use std::collections::BTreeSet;
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

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Numbers of people, one run each.
    pub people: Vec<u64>,
    /// How many groups, of ten members each.
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
    /// Requests that had to be sent again.
    pub repeated: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.took.as_secs_f64() * 1e3 / self.pushed.max(1) as f64;
        write!(
            f,
            "{:>7} {:<28} {:>8.1} s  {each:>7.2} ms each  Envoy {:>6.1} MiB  {:>5} sent again",
            self.pushed,
            self.step,
            self.took.as_secs_f64(),
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
    let groups = options.groups.min(people / 10);
    // Killed while requests are under way: whoever was not answered is pushed again, as clients do.
    let dies_at = people / 2;
    let began = Instant::now();
    let pushed = each(&scene, 0..people, "people, until kill -9", |scene, number| {
        if number == dies_at {
            kill(scene.envoy_process())?;
        }
        tried(scene, "POST", "/Users", &person(number), &[201], 1).map(|_| 0)
    });
    if pushed.is_ok() {
        return Err(io::Error::other("Envoy did not die"));
    }
    told(&Figure {
        pushed: dies_at,
        step: "people, until kill -9",
        took: began.elapsed(),
        envoy_kib: 0,
        repeated: 0,
    });
    scene.restart_envoy()?;
    send(&scene, "GET", "/Users?count=0", &Value::Null, 200)?;
    told(&push(&scene, 0..people, "people, from the beginning")?);
    told(&push(&scene, 0..people, "people pushed once more")?);
    told(&push_groups(&scene, groups)?);
    wait_until_settled(&etcd)?;
    check(&scene, people)
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
        .patch(json!({ "policy": { "default_groups": null } }))
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

/// Pushes everybody of `range`; who is there already is a conflict, which is as good.
fn push(scene: &Scene, range: std::ops::Range<u64>, step: &'static str) -> io::Result<Figure> {
    each(scene, range, step, |scene, number| {
        post(scene, "/Users", &person(number), &[201, 409]).map(|(_, repeated)| repeated)
    })
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

/// Pushes groups of ten people each.
fn push_groups(scene: &Scene, groups: u64) -> io::Result<Figure> {
    each(scene, 0..groups, "groups of ten", |scene, number| {
        let mut repeated = 0;
        let mut members = Vec::new();
        for member in 0..10 {
            let filter = format!("/Users?filter=userName+eq+%22person-{}%22", number * 10 + member);
            let (found, again) = request(scene, "GET", &filter, &Value::Null, &[200])?;
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
        post(scene, "/Groups", &body, &[201, 409]).map(|(_, again)| repeated + again)
    })
}

/// Does `act` for each of `range`, [`CLIENTS`] at a time.
fn each(
    scene: &Scene,
    range: std::ops::Range<u64>,
    step: &'static str,
    act: impl Fn(&Scene, u64) -> io::Result<u64> + Sync,
) -> io::Result<Figure> {
    let began = Instant::now();
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
        repeated: repeated.into_inner(),
    })
}

fn post(scene: &Scene, path: &str, body: &Value, good: &[u16]) -> io::Result<(Response, u64)> {
    request(scene, "POST", path, body, good)
}

fn send(scene: &Scene, method: &str, path: &str, body: &Value, good: u16) -> io::Result<(Response, u64)> {
    request(scene, method, path, body, &[good])
}

/// The answer, and how often it had to be asked for again.
fn request(
    scene: &Scene,
    method: &str,
    path: &str,
    body: &Value,
    good: &[u16],
) -> io::Result<(Response, u64)> {
    tried(scene, method, path, body, good, TRIES)
}

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
        let rows = etcd.everything()?;
        if !rows.iter().any(|(key, _)| String::from_utf8_lossy(key).contains("/table/todo/")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Err(io::Error::other("something is left to do after ten minutes"))
}

/// Everybody has exactly one account, and there are as many users as people.
fn check(scene: &Scene, people: u64) -> io::Result<()> {
    let (listed, _) = send(scene, "GET", "/Users?count=0", &Value::Null, 200)?;
    let total = listed.json().get("totalResults").and_then(Value::as_u64);
    if total != Some(people) {
        return Err(io::Error::other(format!("{total:?} users instead of {people}")));
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
    if names.len() as u64 != people || distinct.len() != names.len() {
        return Err(io::Error::other(format!("{} accounts for {people} people", names.len())));
    }
    Ok(())
}

/// The memory that the process holds now, in KiB; 0 when it is gone.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
