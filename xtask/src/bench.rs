//! `cargo xtask bench`: what the filter costs, written to `docs/performance.md`.

use std::fs;

use clap::Args;

use crate::run::{Outcome, cargo, read, repository, run};
use crate::{interop, tools, wasm};

/// Arguments of the bench.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Seconds of load in each round of signed-in requests.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Responses in each round at the assertion consumer service.
    #[arg(long, default_value_t = 1000)]
    responses: u32,
    /// Leave the native benches out.
    #[arg(long)]
    skip_native: bool,
    /// Measure nothing but decisions, which needs no Envoy.
    #[arg(long)]
    only_decisions: bool,
    /// Print only, leave docs/performance.md as it is.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn bench(arguments: &Bench) -> Outcome {
    if arguments.only_decisions {
        return decisions(arguments.dry_run);
    }
    interop::load()?;
    let envoy = tools::envoy()?;
    let filter = wasm::build()?;
    let noop = wasm::build_noop()?;
    let native = filter.with_file_name("native-bench.txt");
    if !arguments.skip_native {
        println!("measuring the parts natively");
        fs::write(&native, read(&mut cargo(&["bench", "--quiet", "--bench", "response"]))?)?;
    }
    let mut measure = cargo(&["run", "--quiet", "--package", "bench", "--"]);
    measure.arg("--envoy").arg(envoy).arg("--noop").arg(noop).arg("--filter").arg(filter);
    for (name, value) in [
        ("--rounds", arguments.rounds),
        ("--seconds", arguments.seconds),
        ("--responses", arguments.responses),
    ] {
        measure.arg(name).arg(value.to_string());
    }
    if !arguments.skip_native {
        measure.arg("--native").arg(&native);
    }
    if !arguments.dry_run {
        measure.arg("--report").arg(repository().join("docs/performance.md"));
    }
    run(&mut measure)?;
    decisions(arguments.dry_run || arguments.skip_native)
}

const DECISIONS: &str = "\n## A decision\n";

/// Measures decisions and puts them at the end of docs/performance.md.
fn decisions(dry_run: bool) -> Outcome {
    let table = read(&mut cargo(&["bench", "--quiet", "--bench", "policy", "--", "--table"]))?;
    println!("{table}");
    if dry_run {
        return Ok(());
    }
    let path = repository().join("docs/performance.md");
    let before = fs::read_to_string(&path)?;
    let before = before.split(DECISIONS).next().unwrap_or_default();
    let text = format!(
        "{before}{DECISIONS}
`cargo xtask bench --only-decisions`, natively: the middle of 301 rounds in which everything is measured in turn. The table is
indexed once, when the configuration is read; reading the groups is what it takes to make a set of the values of the attribute.

{}
",
        table.trim()
    );
    Ok(fs::write(&path, text)?)
}
