//! The `samlgate` command: [`samlgate_cli`] with a process around it.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    samlgate_cli::run(samlgate_cli::Arguments::parse())
}
