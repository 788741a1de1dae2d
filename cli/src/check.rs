//! `samlgate check`: every fault of every configuration in a file.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::arguments::Check;
use crate::environment::{self, Variables};
use crate::failure::Failure;
use crate::terminal::{self, BAD, CAREFUL, GOOD, HEADING, styled};
use crate::{file, plugin};

pub(crate) fn run(check: &Check) -> Result<ExitCode, Failure> {
    let text = file::text(&check.file)?;
    let variables = Variables::read(&check.environment)?;
    let now = environment::now()?;
    let plugins =
        plugin::find(&text).map_err(|what| Failure::new(format_args!("{}: {what}", check.file.display())))?;

    let mut out = String::new();
    let (mut faults, mut warnings) = (0_usize, 0_usize);
    for plugin in &plugins {
        let place = if plugin.place.is_empty() { String::new() } else { format!(": {}", plugin.place) };
        line(&mut out, &styled(HEADING, &format!("{}{place}", check.file.display())));
        match plugin.load(&variables, now) {
            Ok((_, found)) => {
                warnings = warnings.saturating_add(found.len());
                for warning in found {
                    line(&mut out, &format!("  {} {warning}", styled(CAREFUL, "warning")));
                }
                line(&mut out, &format!("  {}", styled(GOOD, "ok")));
            }
            Err(found) => {
                faults = faults.saturating_add(found.len());
                for fault in found {
                    let code = fault.code().id();
                    line(
                        &mut out,
                        &format!("  {} {code} {fault}{}", styled(BAD, "error"), plugin.hint(&fault)),
                    );
                }
            }
        }
    }
    line(
        &mut out,
        &format!(
            "{}, {}, {}",
            count(plugins.len(), "configuration"),
            count(faults, "fault"),
            count(warnings, "warning")
        ),
    );
    terminal::print(&out)?;
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
