//! `samlgate check`: every fault of every configuration in a file.

use std::fmt::Write as _;
use std::process::ExitCode;

use samlgate::config::Path;

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
        line(&mut out, &styled(HEADING, &format!("{}{}", check.file.display(), plugin.at())));
        let number =
            |path: &Path| plugin.line(&text, path).map_or_else(String::new, |line| format!("line {line}: "));
        match plugin.load(&variables, now) {
            Ok((_, found)) => {
                warnings = warnings.saturating_add(found.len());
                for warning in found {
                    line(
                        &mut out,
                        &format!("  {} {}{warning}", styled(CAREFUL, "warning"), number(warning.path())),
                    );
                }
                line(&mut out, &format!("  {}", styled(GOOD, "ok")));
            }
            Err(found) => {
                faults = faults.saturating_add(found.len());
                for fault in found {
                    let code = fault.code().id();
                    let (number, hint) = (number(fault.path()), plugin.hint(&fault));
                    line(&mut out, &format!("  {} {code} {number}{fault}{hint}", styled(BAD, "error")));
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
    if check.expand {
        // The findings go where they do not end up in the file that is made of the rest.
        terminal::remark(&out);
        let expanded = plugins.iter().filter_map(|plugin| plugin.expand().ok()).collect::<Vec<_>>();
        terminal::print(&expanded.join("---\n"))?;
    } else {
        terminal::print(&out)?;
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
