//! Sign-ins without end, almost, against an application that misbehaves at random.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::process::ExitCode;

use clap::Parser;
use testbed::soak::{Options, run};

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
}

fn main() -> ExitCode {
    let Arguments { sign_ins, people, seed } = Arguments::parse();
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
