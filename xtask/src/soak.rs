//! `cargo xtask soak`: many sign-ins against an application that misbehaves at random.

use clap::Args;

use crate::run::{Outcome, cargo, repository, run};
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
    /// Brings whole directories to an application instead, by `samlgate sync`, and says how long that takes and how much
    /// memory.
    #[arg(long)]
    directory: bool,
    /// Pushes such directories by SCIM through a real Envoy instead.
    #[arg(long)]
    push: bool,
    /// How many people such a directory has; several numbers make several runs.
    #[arg(long, value_name = "N,N,..", default_value = "1000,10000,100000")]
    directory_people: String,
    /// How many groups it has.
    #[arg(long, default_value_t = 20_000)]
    directory_groups: u64,
}

pub(crate) fn run_task(arguments: &Soak) -> Outcome {
    if arguments.directory {
        return directories(arguments);
    }
    let envoy = tools::envoy()?;
    let filter = wasm::build()?;
    if arguments.push {
        let mut command =
            cargo(&["run", "--quiet", "--release", "--package", "testbed", "--bin", "soak", "--", "--push"]);
        command.args(["--directory-people", &arguments.directory_people]);
        command.args(["--directory-groups", &arguments.directory_groups.to_string()]);
        return run(command.env("SAMLGATE_ENVOY", envoy).env("SAMLGATE_WASM", filter));
    }
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

/// Both programs as they are used, so that the figures mean something.
fn directories(arguments: &Soak) -> Outcome {
    run(&mut cargo(&["build", "--quiet", "--release", "--package", "samlgate-cli"]))?;
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "testbed", "--bin", "soak", "--"]);
    command.arg("--directory").arg(repository().join("target/release/samlgate"));
    command.args(["--directory-people", &arguments.directory_people]);
    command.args(["--directory-groups", &arguments.directory_groups.to_string()]);
    run(&mut command)
}
