//! The `samlgate` command: answers of the core on the command line, and nothing that the filter does not do.
//!
//! Exit status: 0 for what is accepted or in order, 1 for a sign-in that would be refused or a sync that was not done in
//! full, 2 for a mistake in the arguments, a file or the configuration.

mod arguments;
mod check;
mod document;
mod environment;
mod explain;
mod failure;
mod file;
mod har;
mod keygen;
mod place;
mod plugin;
mod reference;
mod sync;
mod terminal;

use std::process::ExitCode;

use clap::CommandFactory as _;
use samlgate::gateway;
use samlgate::xmlsec::RustCrypto;

pub use arguments::Arguments;
use arguments::Task;
use failure::Failure;
pub use reference::markdown;

/// Runs the command and says how it ended.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    let outcome = match arguments.task {
        Task::Check(check) => check::run(&check),
        Task::Explain(explain) => explain::run(&explain),
        Task::Metadata(metadata) => print_metadata(&metadata),
        Task::Sync(sync) => sync::run(&sync),
        Task::Keygen(keygen) => keygen::run(&keygen),
        Task::Schema => terminal::print(&samlgate::config::schema::json()),
        Task::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "samlgate", &mut text);
            terminal::print(&String::from_utf8_lossy(&text))
        }
        Task::Man => reference::man().and_then(|text| terminal::print(&text)),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            terminal::complain(&failure);
            ExitCode::from(2)
        }
    }
}

fn print_metadata(metadata: &arguments::Metadata) -> Result<ExitCode, Failure> {
    let settings = plugin::load_one(&metadata.configuration, environment::now()?)?;
    let document = gateway::metadata(&settings, &RustCrypto).map_err(Failure::new)?;
    terminal::print(&document)
}
