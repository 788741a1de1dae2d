//! `cargo xtask soak`: many sign-ins against an application that misbehaves at random.

use clap::Args;

use crate::run::{Outcome, cargo, run};
use crate::{tools, wasm};

/// Arguments of the run.
#[derive(Args, Debug)]
pub(crate) struct Soak {
    /// Sign-ins besides the clean pass at the end.
    #[arg(long, default_value_t = 2_000)]
    sign_ins: u32,
    /// People who sign in.
    #[arg(long, default_value_t = 100)]
    people: u32,
    /// What chance begins with; the same seed makes the same sign-ins and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run_task(arguments: &Soak) -> Outcome {
    let envoy = tools::envoy()?;
    let filter = wasm::build()?;
    let mut command = cargo(&["run", "--quiet", "--package", "testbed", "--bin", "soak", "--"]);
    for (name, value) in [
        ("--sign-ins", u64::from(arguments.sign_ins)),
        ("--people", u64::from(arguments.people)),
        ("--seed", arguments.seed),
    ] {
        command.args([name, &value.to_string()]);
    }
    run(command.env("SAMLGATE_ENVOY", envoy).env("SAMLGATE_WASM", filter))
}
