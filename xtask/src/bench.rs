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
    /// Print only, leave docs/performance.md as it is.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn bench(arguments: &Bench) -> Outcome {
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
    run(&mut measure)
}
