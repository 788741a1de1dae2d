//! Measures what the filter costs in a real Envoy; `cargo xtask bench` builds what it needs and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod acs;
mod auth;
mod jwt;
mod peers;
mod process;
mod report;
mod sign_in;
mod statistics;
mod wrk;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Measures the filter side by side with Envoy without a filter, a no-op Wasm filter and Envoy's own jwt_authn.
#[derive(Parser)]
struct Arguments {
    /// The Envoy program.
    #[arg(long)]
    envoy: PathBuf,
    /// The no-op filter's .wasm.
    #[arg(long)]
    noop: PathBuf,
    /// The filter's .wasm.
    #[arg(long)]
    filter: PathBuf,
    /// The repository.
    #[arg(long, default_value = ".")]
    repository: PathBuf,
    /// Where the report goes; it is always printed.
    #[arg(long)]
    report: Option<PathBuf>,
    /// What the native benches printed, to be put into the report.
    #[arg(long)]
    native: Option<PathBuf>,
    /// Measure signed-in requests of one filter only (none, noop, jwt, jwt_cached, samlgate), or
    /// sign-ins only (acs), and write no report.
    #[arg(long)]
    only: Option<String>,
    /// Rounds of each measurement; the tables show medians and quartiles.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Seconds of load in each round of signed-in requests.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Responses in each round at the assertion consumer service.
    #[arg(long, default_value_t = 1000)]
    responses: u32,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A line of progress for whoever waits.
fn note(line: &str) {
    eprintln!("{line}");
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let scratch = std::env::temp_dir().join(format!("samlgate-bench-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let places =
        peers::Places { envoy: arguments.envoy.clone(), bench: arguments.repository.join("bench"), scratch };
    let upstream = places.upstream(process::OTHER_CORE)?;
    let filter = peers::samlgate(&places, &arguments.filter, process::MEASURED_CORE, &upstream)?;
    let mut all = vec![peers::none(), peers::noop(&places, &arguments.noop)?];
    all.extend(peers::jwt_authn(&places)?);
    all.push(filter.clone());
    if arguments.only.as_deref() == Some("acs") {
        let acs = acs::measure(&places, &upstream, &filter, arguments.rounds, arguments.responses)?;
        println!("{:.0} us accepted, {:.0} us without a filter", acs.accepted.median, acs.passed.median);
        return Ok(());
    }
    if let Some(only) = &arguments.only {
        all.retain(|peer| peer.slug == only);
        for row in auth::measure(&places, &upstream, &all, arguments.rounds, arguments.seconds)? {
            let ratio = row.ratio;
            println!("{}: {:.3} ({:.3}-{:.3}) x no filter", row.name, ratio.median, ratio.low, ratio.high);
        }
        return Ok(());
    }
    let rows = auth::measure(&places, &upstream, &all, arguments.rounds, arguments.seconds)?;
    let acs = acs::measure(&places, &upstream, &filter, arguments.rounds, arguments.responses)?;
    let native = arguments.native.as_ref().map(fs::read_to_string).transpose()?;
    let text = report::render(arguments.rounds, arguments.seconds, &rows, &acs, native.as_deref())?;
    print!("{text}");
    if let Some(file) = &arguments.report {
        fs::write(file, &text)?;
    }
    fs::remove_dir_all(&places.scratch)?;
    Ok(())
}
