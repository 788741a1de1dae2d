//! The stages of `test` and `check`.

use std::time::{Duration, Instant};

use crate::run::{Failure, Outcome, cargo, exists, native_tests, repository, run};
use crate::{tools, wasm};

struct Stage {
    name: &'static str,
    /// Runs without Envoy and without other programs.
    quick: bool,
    act: fn() -> Outcome,
}

const STAGES: &[Stage] = &[
    Stage { name: "format", quick: true, act: format },
    Stage { name: "lints", quick: true, act: lints },
    Stage { name: "core tests", quick: true, act: core_tests },
    Stage { name: "documents", quick: true, act: crate::docs::check },
    Stage { name: "command line", quick: true, act: command_line },
    Stage { name: "testbed tests", quick: true, act: testbed_tests },
    Stage { name: "what must not compile", quick: false, act: compile_fail },
    Stage { name: "dependencies", quick: false, act: dependencies },
    Stage { name: "filter lints", quick: false, act: filter_lints },
    Stage { name: "filter build and size", quick: false, act: filter_size },
    Stage { name: "parity in wasm", quick: false, act: parity },
    Stage { name: "playground", quick: false, act: crate::playground::stage },
    Stage { name: "fuzzing", quick: false, act: crate::fuzz::stage },
    Stage { name: "end-to-end tests", quick: false, act: end_to_end_tests },
    Stage { name: "demo check", quick: false, act: demo_check },
];

const COMPILE_FAIL: &str = "compile_fail";

/// The tests that also run in wasm: bytes in, verdict or bytes out.
const PARITY: &[&str] = &[
    "expressions",
    "parity",
    "vectors_c14n",
    "vectors_interop",
    "vectors_policy",
    "vectors_response",
    "vectors_signature",
    "vectors_signers",
    "vectors_xml",
];

/// Runs the stages, all of them even after a failure, and counts.
pub(crate) fn test(quick: bool, only: Option<&str>) -> Outcome {
    let mut results: Vec<(&str, Duration, Option<Failure>)> = Vec::new();
    for stage in STAGES {
        if quick && !stage.quick || only.is_some_and(|word| !stage.name.contains(word)) {
            continue;
        }
        println!("\n== {}", stage.name);
        let start = Instant::now();
        let failure = (stage.act)().err();
        if let Some(failure) = &failure {
            println!("error: {failure}");
        }
        results.push((stage.name, start.elapsed(), failure));
    }
    println!();
    for (name, time, failure) in &results {
        let verdict = if failure.is_some() { "FAILED" } else { "passed" };
        println!("{verdict} {:>7.1} s  {name}", time.as_secs_f64());
    }
    let failed = results.iter().filter(|(_, _, failure)| failure.is_some()).count();
    println!("{} passed, {failed} failed", results.len().saturating_sub(failed));
    if failed == 0 && !results.is_empty() { Ok(()) } else { Err(Failure::new("not every stage passed")) }
}

/// Format, lints, import order.
pub(crate) fn check() -> Outcome {
    format()?;
    lints()?;
    if repository().join("tests/architecture.rs").is_file() {
        run(&mut cargo(&["test", "--test", "architecture"]))?;
    }
    Ok(())
}

/// Installs what the stages need.
pub(crate) fn setup(interop: bool) -> Outcome {
    tools::wasm_targets()?;
    println!("{}", tools::envoy()?.display());
    if interop {
        crate::interop::install()?;
    }
    Ok(())
}

fn format() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> Outcome {
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--exclude",
        "samlgate-filter",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn filter_lints() -> Outcome {
    tools::wasm_targets()?;
    run(&mut cargo(&[
        "clippy",
        "--package",
        "samlgate-filter",
        "--target",
        "wasm32-wasip1",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// All but those that start a compiler for each of their cases, which take minutes.
fn core_tests() -> Outcome {
    let mut command = native_tests(&["--lib"]);
    for name in tests("tests")?.iter().filter(|name| *name != COMPILE_FAIL) {
        command.args(["--test", name]);
    }
    run(&mut command)
}

fn compile_fail() -> Outcome {
    run(&mut native_tests(&["--test", COMPILE_FAIL]))
}

/// The names of the integration tests in `folder`.
fn tests(folder: &str) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(repository().join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_suffix(".rs") {
            Some(name) => names.push(name.to_owned()),
            None if entry.path().join("main.rs").is_file() => names.push(name),
            None => {}
        }
    }
    names.sort();
    Ok(names)
}

/// Licences, sources and known vulnerabilities of what we depend on.
fn dependencies() -> Outcome {
    if !exists("cargo-deny", "--version") {
        println!("skipped: cargo-deny is not on the PATH (CONTRIBUTING.md says how to get it)");
        return Ok(());
    }
    run(&mut cargo(&["deny", "--workspace", "check", "licenses", "bans", "sources"]))?;
    // The list of vulnerabilities comes from the network.
    if let Err(failure) = run(&mut cargo(&["deny", "fetch", "db"])) {
        println!("skipped the vulnerabilities: {failure}");
        return Ok(());
    }
    run(&mut cargo(&["deny", "check", "advisories"]))
}

/// The `samlgate` command, run as a person runs it.
fn command_line() -> Outcome {
    let mut command = native_tests(&["--bin", "samlgate"]);
    for name in tests("cli/tests")? {
        command.args(["--test", &name]);
    }
    run(&mut command)
}

/// Those that need neither Envoy nor other programs.
const QUICK_TESTBED: &[&str] = &["attacks", "threats"];

fn testbed_tests() -> Outcome {
    let mut command = native_tests(&[]);
    for name in QUICK_TESTBED {
        command.args(["--test", name]);
    }
    run(&mut command)
}

fn filter_size() -> Outcome {
    let path = wasm::build()?;
    wasm::size(&path)?;
    run(cargo(&["test", "--package", "wasm-tests"]).env("SAMLGATE_WASM", path))
}

/// The same vectors give the same answers where the filter runs: 32 bits, the optimizations of wasm, no threads.
fn parity() -> Outcome {
    tools::wasm_targets()?;
    if !exists("node", "--version") {
        tools::debian(&["nodejs"])?;
    }
    // Writes down what the native core says, for the test of the same name to compare with.
    run(&mut native_tests(&["--test", "parity"]))?;
    let mut command = cargo(&["test", "--target", "wasm32-wasip1"]);
    for name in PARITY {
        command.args(["--test", name]);
    }
    let script = repository().join("wasm-tests/run-wasi.mjs");
    let runner = format!("node --no-warnings {}", script.display());
    run(command.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner).env("SAMLGATE_ROOT", repository()))
}

fn end_to_end_tests() -> Outcome {
    let envoy = tools::envoy()?;
    let provoked = wasm::build_provoked()?;
    let filter = wasm::build()?;
    crate::interop::install()?;
    // Most of them wait: for timeouts, for circuits, for the background service.
    let mut command = native_tests(&[]);
    for name in tests("testbed/tests")?.iter().filter(|name| !QUICK_TESTBED.contains(&name.as_str())) {
        command.args(["--test", name]);
    }
    run(command
        .env("RUST_TEST_THREADS", "6")
        .env("SAMLGATE_ENVOY", envoy)
        .env("SAMLGATE_WASM", filter)
        .env("SAMLGATE_PROVOKED_WASM", provoked))
}

fn demo_check() -> Outcome {
    crate::demo::run(&crate::demo::Demo::check())
}
