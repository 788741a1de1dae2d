//! Sign-ins without end, almost, against an application that misbehaves at random.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use testbed::soak::{Options, directory, push, run};

/// Signs people in through a real Envoy while the application misbehaves at random, and checks every write.
#[derive(Debug, Parser)]
struct Arguments {
    /// Sign-ins besides the clean pass at the end.
    #[arg(long, default_value_t = 2_000)]
    sign_ins: u32,
    /// People who sign in.
    #[arg(long, default_value_t = 100)]
    people: u32,
    /// What chance begins with; the same seed makes the same sign-ins and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The `samlgate` command, to bring whole directories to an application instead.
    #[arg(long, value_name = "FILE")]
    directory: Option<PathBuf>,
    /// How many people such a directory has; several numbers make several runs.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    directory_people: Vec<u64>,
    /// How many groups it has.
    #[arg(long, default_value_t = 20_000)]
    directory_groups: u64,
    /// Pushes such directories by SCIM instead, through a real Envoy.
    #[arg(long)]
    push: bool,
}

fn main() -> ExitCode {
    let Arguments { sign_ins, people, seed, directory, directory_people, directory_groups, push: pushes } =
        Arguments::parse();
    if pushes {
        let directory = std::env::temp_dir().join(format!("samlgate-push-{}", std::process::id()));
        let options = push::Options { people: directory_people, groups: directory_groups, directory };
        return match push::run(&options, &mut |figure| println!("{figure}")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if let Some(command) = directory {
        let folder = std::env::temp_dir().join(format!("samlgate-soak-{}", std::process::id()));
        let options = directory::Options {
            command,
            people: directory_people,
            groups: directory_groups,
            directory: folder,
        };
        return match directory::run(&options, &mut |figure| println!("{figure}")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let result = run(Options { sign_ins, people, seed }, &mut |number, report| {
        if number % 100 == 0 {
            println!("{number:>6} of {sign_ins}: {} calls, {} writes", report.calls, report.writes);
        }
    });
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: seed {seed}: {error}");
            ExitCode::FAILURE
        }
    }
}
