//! Fuzzing: the targets of `fuzz/`, which begin with the vectors.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::run::{Failure, Outcome, cargo, command, exists, read, repository, run};

const CARGO_FUZZ: &str = "0.13.2";

/// Seconds of one target as a stage of `test`.
const STAGE_SECONDS: u64 = 8;

/// Targets that run at the same time.
const AT_ONCE: usize = 2;

/// Seconds that one input may take, and megabytes; more is a finding.
const MOST_SECONDS: u64 = 30;
const MOST_MEGABYTES: u64 = 2_048;

/// How often a target says that it is still at work.
const PULSE: Duration = Duration::from_secs(20);

/// Arguments of fuzzing.
#[derive(Args, Debug)]
pub(crate) struct Fuzz {
    /// Only this target.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

/// What became of one target.
struct Report {
    name: String,
    executions: u64,
    finding: Option<String>,
}

/// Runs the targets; the last line counts their executions.
pub(crate) fn fuzz(arguments: &Fuzz) -> Outcome {
    if let Some(missing) = missing() {
        return Err(Failure::new(missing));
    }
    let mut names = targets()?;
    if let Some(wanted) = &arguments.target {
        if !names.contains(wanted) {
            return Err(Failure::new(format!("no target `{wanted}`; there are {}", names.join(", "))));
        }
        names.retain(|name| name == wanted);
    }
    fuzz_targets(&names, arguments.seconds)
}

/// A short run of every target, where the tools are there.
pub(crate) fn stage() -> Outcome {
    run(&mut cargo(&["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]))?;
    match missing() {
        Some(missing) => {
            println!("skipped: {missing}");
            Ok(())
        }
        None => fuzz_targets(&targets()?, STAGE_SECONDS),
    }
}

/// What fuzzing needs and the machine lacks, with the command that brings it.
fn missing() -> Option<String> {
    if !exists("rustup", "--version") {
        return Some(String::from(
            "fuzzing needs the nightly toolchain, which comes with rustup (https://rustup.rs)",
        ));
    }
    if read(&mut command("rustup", &["run", "nightly", "rustc", "--version"])).is_err() {
        let how = "rustup toolchain install nightly --profile minimal";
        return Some(format!("fuzzing needs the nightly toolchain: {how}"));
    }
    if !exists("cargo-fuzz", "--version") {
        return Some(format!("fuzzing needs cargo-fuzz: cargo install --locked cargo-fuzz@{CARGO_FUZZ}"));
    }
    if !exists("c++", "--version") {
        return Some(String::from("fuzzing needs a C++ compiler for libFuzzer: apt-get install g++"));
    }
    None
}

fn targets() -> Outcome<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(repository().join("fuzz/fuzz_targets"))?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

fn fuzz_targets(names: &[String], seconds: u64) -> Outcome {
    let seeds = repository().join(".cache/fuzz-seeds");
    fs::create_dir_all(&seeds)?;
    run(cargo(&["test", "--quiet", "--test", "properties_inputs", "--", "--ignored", "write_seeds"])
        .env("SAMLGATE_SEEDS", &seeds))?;
    // Without a sanitizer: nothing of ours is unsafe, and everything runs twice as often.
    run(&mut nightly(&["cargo", "fuzz", "build", "--sanitizer", "none"]))?;
    let binaries = repository().join("fuzz/target").join(host()?).join("release");
    println!("{} targets, {seconds} s each, {AT_ONCE} at a time", names.len());
    let mut reports = Vec::new();
    for together in names.chunks(AT_ONCE) {
        let running: Vec<_> = together
            .iter()
            .map(|name| {
                let (name, binary, seeds) = (name.clone(), binaries.join(name), seeds.join(name));
                thread::spawn(move || fuzz_one(name, &binary, &seeds, seconds))
            })
            .collect();
        for thread in running {
            let ended = thread.join().map_err(|_| Failure::new("a target's thread panicked"))?;
            reports.push(ended?);
        }
    }
    summary(&reports)
}

/// `rustup run nightly` and `words`. A task is itself run by the pinned cargo, whose traces in the environment would
/// choose that one again.
fn nightly(words: &[&str]) -> std::process::Command {
    let mut command = command("rustup", &["run", "nightly"]);
    command.args(words);
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}

/// The triple that cargo-fuzz builds for.
fn host() -> Outcome<String> {
    let version = read(&mut nightly(&["rustc", "--version", "--verbose"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("rustc does not say what it builds for"))
}

fn fuzz_one(name: String, binary: &Path, seeds: &Path, seconds: u64) -> Outcome<Report> {
    let folder = repository().join("fuzz");
    let corpus = folder.join("corpus").join(&name);
    let artifacts = folder.join("artifacts").join(&name);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let log = artifacts.join("log.txt");
    let mut child = command(binary, &[])
        .arg(&corpus)
        .arg(seeds)
        .arg(format!("-dict={}", folder.join("saml.dict").display()))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={MOST_SECONDS}"))
        .arg(format!("-rss_limit_mb={MOST_MEGABYTES}"))
        .arg("-print_final_stats=1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("`{}` cannot be started: {error}", binary.display())))?;
    let mut said = String::new();
    let mut executions = 0;
    let mut pulse = Instant::now();
    // A panic message may hold bytes of the input.
    for line in child.stderr.take().into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')) {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if let Some(count) = executions_in(&line) {
            executions = count;
            if pulse.elapsed() >= PULSE {
                println!("{name}: {executions} executions so far");
                pulse = Instant::now();
            }
        }
        said.push_str(&line);
        said.push('\n');
    }
    let status = child.wait()?;
    fs::write(&log, &said)?;
    let finding = (!status.success()).then(|| finding(&said, &log));
    match &finding {
        None => println!("{name}: {executions} executions, no finding"),
        Some(finding) => println!("{name}: {executions} executions, then a FINDING: {finding}"),
    }
    Ok(Report { name, executions, finding })
}

/// The count in `#1024 pulse ..` and in `stat::number_of_executed_units: 1024`.
fn executions_in(line: &str) -> Option<u64> {
    let count = match line.strip_prefix("stat::number_of_executed_units:") {
        Some(count) => count.trim(),
        None => line.strip_prefix('#')?.split_ascii_whitespace().next()?,
    };
    count.trim_end_matches(':').parse().ok()
}

/// What went wrong, in one line.
fn finding(said: &str, log: &Path) -> String {
    let kept =
        said.lines().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path.trim()));
    let log = PathBuf::from(log);
    match kept {
        Some(path) => format!("input {path}, what was said {}", log.display()),
        None => format!("what was said: {}", log.display()),
    }
}

fn summary(reports: &[Report]) -> Outcome {
    let all: u64 = reports.iter().map(|report| report.executions).sum();
    let each: Vec<_> =
        reports.iter().map(|report| format!("{} {}", report.name, report.executions)).collect();
    let findings: Vec<_> = reports.iter().filter(|report| report.finding.is_some()).collect();
    println!(
        "fuzz: {} targets, {all} executions, {} findings ({})",
        reports.len(),
        findings.len(),
        each.join(", ")
    );
    match findings.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!(
            "{} of {} targets have findings; to see the first: cargo +nightly fuzz run --sanitizer none {} INPUT",
            findings.len(),
            reports.len(),
            first.name
        ))),
    }
}
