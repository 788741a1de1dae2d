//! A whole directory brought to an empty application, killed in the middle and brought again: how long it takes and how
//! much memory, for growing numbers of people. `samlgate sync` runs the flow that Envoy's background service runs.

mod population;
mod process;

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::jira::{JiraState, Store, TOKEN};
use crate::server::Server;
use crate::stand_in::StandIn;

pub use population::Population;

/// How often a run is begun again, a second apart: a lease lasts for a minute.
const LEASE_TRIES: u32 = 90;

/// What is run, and on how many.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `samlgate` command.
    pub command: PathBuf,
    /// Numbers of people, one run each.
    pub people: Vec<u64>,
    /// How many groups they are in.
    pub groups: u64,
    /// Where configuration and state are kept.
    pub directory: PathBuf,
}

/// One step of one run.
#[derive(Clone, Debug)]
pub struct Figure {
    /// How many people there were.
    pub people: u64,
    /// What was done.
    pub step: &'static str,
    /// How long it took.
    pub took: Duration,
    /// The most memory of the program.
    pub peak_kib: u64,
    /// How many changes the application was asked for.
    pub writes: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_person = self.took.as_secs_f64() * 1e3 / self.people.max(1) as f64;
        write!(
            f,
            "{:>7} people  {:<22} {:>8.1} s  {per_person:>7.2} ms each  {:>6.1} MiB  {:>8} writes",
            self.people,
            self.step,
            self.took.as_secs_f64(),
            self.peak_kib as f64 / 1024.0,
            self.writes
        )
    }
}

/// Runs it; `progress` hears of every step.
///
/// # Errors
/// When a program does not end well, or the application is not what the directory says.
pub fn run(options: &Options, progress: &mut dyn FnMut(&Figure)) -> io::Result<()> {
    for people in &options.people {
        let population = Population { people: *people, groups: options.groups };
        Run::start(options, population)?.all(progress)?;
    }
    Ok(())
}

struct Run<'a> {
    options: &'a Options,
    population: Population,
    jira: JiraState,
    source: Server,
    application: Server,
    configuration: PathBuf,
    state: PathBuf,
}

impl<'a> Run<'a> {
    fn start(options: &'a Options, population: Population) -> io::Result<Self> {
        fs::create_dir_all(&options.directory)?;
        let path = |name: &str| options.directory.join(format!("{}-{name}", population.people));
        let (configuration, state) = (path("samlgate.json"), path("state.json"));
        fs::write(&configuration, settings().to_string())?;
        if state.exists() {
            fs::remove_file(&state)?;
        }
        let jira = JiraState::new(Store::demo());
        Ok(Self {
            source: Server::start(0, StandIn::new(population).router())?,
            application: Server::start(0, jira.router())?,
            options,
            population,
            jira,
            configuration,
            state,
        })
    }

    fn all(&self, progress: &mut dyn FnMut(&Figure)) -> io::Result<()> {
        // Killed once about a half is there: what is there stays, and nothing is made twice.
        let half = self.population.people / 2;
        progress(&self.sync("killed half-way", || self.jira.inspect(Store::people_made) > half)?);
        progress(&self.resume()?);
        self.check()?;
        progress(&self.sync("again", || false)?);
        self.check()
    }

    /// Whoever was killed holds the lease for a while, and nobody else works until it is over.
    fn resume(&self) -> io::Result<Figure> {
        for _ in 0..LEASE_TRIES {
            let figure = self.sync("resumed", || false)?;
            if figure.writes > 0 {
                return Ok(figure);
            }
            sleep(Duration::from_secs(1));
        }
        Err(io::Error::other(format!("{} people: nobody resumes", self.population.people)))
    }

    fn sync(&self, step: &'static str, stop: impl FnMut() -> bool) -> io::Result<Figure> {
        let before = self.jira.inspect(Store::writes);
        let mut killed = false;
        let mut stop = stop;
        let ended = process::run(&mut self.command(), || {
            killed = stop();
            killed
        })?;
        if !ended.status.success() && !killed {
            let said: String = ended.said.chars().take(2_000).collect();
            return Err(io::Error::other(format!("{step}: {}: {said}", ended.status)));
        }
        Ok(Figure {
            people: self.population.people,
            step,
            took: ended.took,
            peak_kib: ended.peak_kib,
            writes: self.jira.inspect(Store::writes).saturating_sub(before),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.options.command);
        command.arg("sync").arg("--full").args(["--format", "json"]);
        command.arg("--config").arg(&self.configuration).arg("--state").arg(&self.state);
        for (cluster, server) in [("directory", &self.source), ("jira", &self.application)] {
            command.arg("--upstream").arg(format!("{cluster}=http://{}", server.address()));
        }
        command
    }

    /// Everybody is there once, in the right groups, and nobody else.
    fn check(&self) -> io::Result<()> {
        let fault =
            |text: String| Err(io::Error::other(format!("{} people: {text}", self.population.people)));
        let made = self.jira.inspect(Store::people_made);
        if made != self.population.people {
            return fault(format!("{made} accounts were made"));
        }
        for number in 1..=self.population.people {
            let name = Population::name(number);
            let wanted = self.population.groups_of(number);
            let found = self.jira.inspect(|store| store.groups_of(&name));
            let have: Vec<&String> = wanted.iter().filter(|group| found.contains(group)).collect();
            if have.len() != wanted.len() || found.len() != wanted.len() {
                return fault(format!("{name} is in {found:?} instead of {wanted:?}"));
            }
        }
        Ok(())
    }
}

fn settings() -> serde_json::Value {
    json!({
        "sp": { "entity_id": "https://jira.example.test/saml", "base_uri": "https://jira.example.test" },
        "session": { "keys": [{ "inline_string": "C1Sd5i94wQpTnOUud8AJUpvkLXa/CFGa4yx1vgdQmeI=" }] },
        "policy": { "same_name_groups": { "matching": [{ "prefix": "g" }] } },
        "provisioning": {
            "jira_dc": {
                "cluster": "jira", "authority": "jira.example.test",
                "credentials": { "bearer": { "inline_string": TOKEN } }
            },
            "create_missing_groups": true,
        },
        "directory_sync": {
            "source": { "scim": { "cluster": "directory", "authority": "directory.example.test" } },
            "parallel_people": 16,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in::{Api as _, Incoming};

    fn page(population: &mut Population, query: &str) -> Vec<serde_json::Value> {
        let answer = population.answer(&Incoming::new("GET", &format!("/Users?{query}")));
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        body.get("Resources").and_then(|users| users.as_array()).cloned().unwrap_or_default()
    }

    #[test]
    fn the_last_page_of_a_large_directory_is_the_last() {
        let mut population = Population { people: 150_000, groups: 20_000 };
        let last = page(&mut population, "startIndex=149001&count=1000");
        let name = last.last().and_then(|user| user.get("userName")?.as_str());
        assert_eq!((last.len(), name), (1_000, Some("p150000")));
        assert!(page(&mut population, "startIndex=150001&count=1000").is_empty());
        assert_eq!(page(&mut population, "startIndex=149991&count=1000").len(), 10);
        assert_eq!(page(&mut population, "count=100000").len(), 1_000);
    }

    #[test]
    fn every_group_is_used_and_none_is_everybodys() {
        let population = Population { people: 1_000, groups: 50 };
        let mut sizes = std::collections::BTreeMap::<String, u32>::new();
        for number in 1..=population.people {
            for group in population.groups_of(number) {
                *sizes.entry(group).or_default() += 1;
            }
        }
        assert!(sizes.len() == 50 && sizes.values().all(|size| *size < 200), "{sizes:?}");
    }
}
