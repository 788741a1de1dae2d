//! Build, test and demo tasks: `cargo xtask --help`.
//!
//! Whatever a task needs and the machine lacks is installed by the task, in a pinned version, with the command shown.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod bench;
mod budgets;
mod demo;
mod docs;
mod fuzz;
mod interop;
mod mutants;
mod playground;
mod run;
mod serve;
mod soak;
mod stages;
mod timing;
mod tools;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, test and demo tasks of samlgate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the demo: an identity provider, a stand-in Jira and Envoy with the filter, until Ctrl-C.
    Demo(demo::Demo),
    /// Run every test; this is what CI runs. The last line counts the stages.
    Test {
        /// Only format, lints and the tests that need neither Envoy nor other programs.
        #[arg(long)]
        quick: bool,
        /// Only the stages whose name contains this.
        #[arg(long, value_name = "WORD")]
        only: Option<String>,
    },
    /// Build the filter: target/samlgate.wasm.
    Build {
        /// Build target/samlgate-provoked.wasm instead, which tests crash.
        #[arg(long)]
        provoked: bool,
    },
    /// Check format, lints and the import order of the rooms.
    Check,
    /// Write docs/config.schema.json and docs/config.md from the definitions of the configuration.
    Schema,
    /// Write docs/errors.md from the catalogue of codes.
    Codes,
    /// Write docs/coverage.md from the names of the tests and the cases.
    Coverage,
    /// Write the tables of docs/threats.md from the attacks that the testbed makes.
    Threats,
    /// Write docs/cli.md from the help of the `samlgate` command.
    CliDocs,
    /// Build the page that explains sign-ins in a browser, and serve it on this machine.
    Playground(playground::Playground),
    /// Build the filter and hold its size against the budget.
    Size,
    /// Measure what the filter costs, beside Envoy without it; writes docs/performance.md.
    Bench(bench::Bench),
    /// Measure what hostile documents cost, natively and in wasm; writes docs/budgets.md.
    Budgets(budgets::Budgets),
    /// Fuzz the core, seeded with the vectors; the last line counts the executions. Needs the nightly toolchain.
    Fuzz(fuzz::Fuzz),
    /// Change the core line by line and see whether a test notices; the last line counts the mutants.
    Mutants(mutants::Mutants),
    /// Measure whether failures to decrypt can be told apart by time; writes docs/timing.md.
    Timing(timing::Timing),
    /// Sign people in while the application misbehaves at random, and check every write; the last line counts them.
    Soak(soak::Soak),
    /// Install what the other tasks need, without running one.
    Setup {
        /// Also the foreign identity and service providers that the interoperability tests talk to.
        #[arg(long)]
        interop: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo(demo) => demo::run(&demo),
        Task::Test { quick, only } => stages::test(quick, only.as_deref()),
        Task::Build { provoked } => {
            let build = if provoked { wasm::build_provoked } else { wasm::build };
            build().map(|path| println!("{}", path.display()))
        }
        Task::Check => stages::check(),
        Task::Schema => docs::write("_is_current"),
        Task::Codes => docs::write("errors_are_current"),
        Task::Coverage => docs::write_coverage(),
        Task::Threats => docs::write_threats(),
        Task::CliDocs => docs::write_cli(),
        Task::Playground(arguments) => playground::run_task(&arguments),
        Task::Size => wasm::build().and_then(|path| wasm::size(&path)),
        Task::Bench(arguments) => bench::bench(&arguments),
        Task::Budgets(arguments) => budgets::budgets(&arguments),
        Task::Fuzz(arguments) => fuzz::fuzz(&arguments),
        Task::Mutants(arguments) => mutants::mutants(&arguments),
        Task::Timing(arguments) => timing::run(&arguments),
        Task::Soak(arguments) => soak::run_task(&arguments),
        Task::Setup { interop } => stages::setup(interop),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
