//! Output: colours where a person looks at it, plain text where a program does.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const CAREFUL: Style = AnsiColor::Yellow.on_default();
pub(crate) const HEADING: Style = Style::new().bold();

/// `text` in `style`; the stream drops the style where it is no terminal.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Prints `text` and a line end if it has none.
pub(crate) fn print(text: &str) -> Result<ExitCode, Failure> {
    let mut out = anstream::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{end}").and_then(|()| out.flush()) {
        // Whoever reads us has read enough, as in `samlgate schema | head`.
        Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format_args!("standard output: {fault}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Says `text` on standard error.
pub(crate) fn remark(text: &str) {
    // Where not even that can be written, the exit status has to do.
    drop(write!(anstream::stderr().lock(), "{text}"));
}

/// Says on standard error what went wrong.
pub(crate) fn complain(failure: &Failure) {
    remark(&format!("{}: {failure}\n", styled(BAD, "error")));
}
