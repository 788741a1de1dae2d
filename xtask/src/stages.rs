//! The stages of `test` and `check`.

use std::time::{Duration, Instant};

use crate::run::{Failure, Outcome, cargo, repository, run};
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
    Stage { name: "testbed tests", quick: true, act: testbed_tests },
    Stage { name: "filter lints", quick: false, act: filter_lints },
    Stage { name: "filter build and size", quick: false, act: filter_size },
    Stage { name: "end-to-end tests", quick: false, act: end_to_end_tests },
    Stage { name: "demo check", quick: false, act: demo_check },
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

fn core_tests() -> Outcome {
    run(&mut cargo(&["test", "--no-fail-fast"]))
}

fn testbed_tests() -> Outcome {
    run(&mut cargo(&["test", "--package", "testbed", "--lib"]))
}

fn filter_size() -> Outcome {
    wasm::build().and_then(|path| wasm::size(&path))
}

fn end_to_end_tests() -> Outcome {
    let envoy = tools::envoy()?;
    let filter = wasm::build()?;
    crate::interop::install()?;
    run(cargo(&["test", "--package", "testbed", "--tests", "--no-fail-fast"])
        .env("SAMLGATE_ENVOY", envoy)
        .env("SAMLGATE_WASM", filter))
}

fn demo_check() -> Outcome {
    crate::demo::run(&crate::demo::Demo::check())
}
