//! What a run says while it goes on, and how it ended.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use samlgate::base::{Code, Severity};
use samlgate::effect::{Event, Tell};
use samlgate::flow::sync::{Outcome, Progress, Run};
use serde_json::{Map, Value, json};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::terminal::{self, BAD, CAREFUL, GOOD, styled};

/// Signs of the bar.
const BAR: u64 = 30;

/// What a run says.
pub(super) struct Report {
    format: Format,
    /// Somebody looks at standard error.
    watched: bool,
    /// A bar stands in the last line.
    drawn: bool,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        Self { format, watched: std::io::stderr().is_terminal(), drawn: false }
    }

    /// Something that the operator should know.
    pub(super) fn remark(&mut self, text: &str) {
        self.line(&format!("{}: {text}", styled(CAREFUL, "warning")));
    }

    /// The lines of the log, and of the audit trail.
    pub(super) fn tell(&mut self, tells: Vec<Tell>) {
        for tell in tells {
            match tell {
                Tell::Audit(event) => self.line(&format!("samlgate-audit: {}", line(&event))),
                // What the filter logs below its usual level is for people who look for something.
                Tell::Event(event) if event.code.is_some_and(|code| code.severity() == Severity::Notice) => {}
                Tell::Event(event) => self.line(&format!("samlgate: {}", line(&event))),
                Tell::Called { .. } | Tell::Gauge { .. } | Tell::Count { .. } => {}
            }
        }
    }

    /// Draws how far it is, where somebody looks.
    pub(super) fn progress(&mut self, progress: &Progress) {
        if self.watched {
            terminal::remark(&format!("\r\x1b[K{}", bar(progress)));
            self.drawn = true;
        }
    }

    /// The end.
    pub(super) fn end(mut self, outcome: &Outcome, run: &Run) -> Result<ExitCode, Failure> {
        self.clear();
        let (word, rejection, good) = match outcome {
            Outcome::NotDue(_) => ("not_due", None, true),
            Outcome::Elsewhere => ("elsewhere", None, true),
            Outcome::Done => ("done", None, true),
            // Only to report is what was asked for.
            Outcome::DoneWithoutCleanup(rejection) => {
                ("done_without_cleanup", Some(rejection), rejection.code == Code::CleanupReportOnly)
            }
            Outcome::Failed(rejection) => ("failed", Some(rejection), false),
        };
        let text = match self.format {
            Format::Json => {
                let mut report = json!({ "outcome": word, "progress": run.progress() });
                if let (Some(rejection), Value::Object(report)) = (rejection, &mut report) {
                    report.insert(String::from("code"), json!(rejection.code.id()));
                    report.insert(String::from("detail"), json!(rejection.detail));
                }
                serde_json::to_string_pretty(&report).map_err(Failure::new)?
            }
            Format::Text => text(outcome, run.progress()),
        };
        terminal::print(&text)?;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn line(&mut self, text: &str) {
        self.clear();
        terminal::remark(&format!("{text}\n"));
    }

    fn clear(&mut self) {
        if core::mem::take(&mut self.drawn) {
            terminal::remark("\r\x1b[K");
        }
    }
}

fn text(outcome: &Outcome, progress: &Progress) -> String {
    let counts = &progress.counts;
    let dry = if progress.dry_run { " (dry run: nothing was changed)" } else { "" };
    let mut text = match outcome {
        Outcome::NotDue(due) => {
            return format!(
                "{}: the next pull is due at {}\n",
                styled(GOOD, "nothing to do"),
                due.to_xs_date_time()
            );
        }
        Outcome::Elsewhere => return format!("{}: another run is at it\n", styled(GOOD, "nothing to do")),
        Outcome::Done => format!("{}{dry}\n", styled(GOOD, "done")),
        Outcome::DoneWithoutCleanup(rejection) => {
            format!(
                "{}{dry}: {rejection}\n  remedy: {}\n",
                styled(CAREFUL, "done without cleanup"),
                rejection.code.remedy()
            )
        }
        Outcome::Failed(rejection) => {
            format!("{}{dry}: {rejection}\n  remedy: {}\n", styled(BAD, "failed"), rejection.code.remedy())
        }
    };
    for (what, number) in [
        ("people", counts.people),
        ("unchanged", counts.unchanged),
        ("changed", counts.changed),
        ("created", counts.created),
        ("left out by the rules", counts.skipped),
        ("inactive", counts.inactive),
        ("failed", counts.failed),
        ("accounts looked at", counts.accounts),
        ("accounts nobody saw", counts.candidates),
        ("accounts cleaned up", counts.cleaned),
    ] {
        text.push_str(&format!("  {number:>8}  {what}\n"));
    }
    for trouble in &progress.troubles {
        text.push_str(&format!("  {} {} {}\n", trouble.at.to_xs_date_time(), trouble.code, trouble.detail));
    }
    text
}

/// `pulling [#####.....] 12,345 of 150,000, 8 min left`.
fn bar(progress: &Progress) -> String {
    let people = progress.counts.people;
    let mut text = String::from(progress.phase.as_str());
    if let (Some(permille), Some(expected)) = (progress.permille(), progress.expected) {
        let full = usize::try_from(permille.saturating_mul(BAR) / 1000).unwrap_or_default();
        let empty = usize::try_from(BAR).unwrap_or_default().saturating_sub(full);
        text.push_str(&format!(" [{}{}] {people} of {expected}", "#".repeat(full), ".".repeat(empty)));
    } else {
        text.push_str(&format!(" {people} people"));
    }
    if let Some(left) = progress.remaining() {
        text.push_str(&match left.as_secs() {
            seconds @ 0..=90 => format!(", {seconds} s left"),
            seconds => format!(", {} min left", seconds.div_ceil(60)),
        });
    }
    if progress.counts.failed > 0 {
        text.push_str(&format!(", {} failed", progress.counts.failed));
    }
    text
}

fn line(event: &Event) -> Value {
    let mut object = Map::new();
    object.insert(String::from("event"), event.name.into());
    if let Some(code) = event.code {
        object.insert(String::from("code"), code.id().into());
        object.insert(String::from("severity"), code.severity().as_str().into());
    }
    for (name, value) in &event.fields {
        object.insert((*name).to_owned(), value.as_str().into());
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use samlgate::base::UnixTime;
    use samlgate::flow::sync::{Counts, Phase};

    use super::*;

    #[test]
    fn the_bar_is_as_long_as_what_is_done() {
        let at = |seconds| Some(UnixTime::from_secs(seconds));
        let progress = |people, expected| Progress {
            phase: Phase::Pulling,
            expected,
            started_at: at(0),
            updated_at: at(100),
            counts: Counts { people, ..Counts::default() },
            ..Progress::default()
        };
        let half = bar(&progress(500, Some(1_000)));
        assert_eq!(
            half,
            format!("pulling [{}{}] 500 of 1000, 100 s left", "#".repeat(15), ".".repeat(15))
                .replace("100 s", "2 min")
        );
        assert!(bar(&progress(2_000, Some(1_000))).contains(&"#".repeat(30)), "more than was said");
        assert_eq!(bar(&progress(7, None)), "pulling 7 people");
        let failed = Progress { counts: Counts { failed: 3, ..Counts::default() }, ..Progress::default() };
        assert_eq!(bar(&failed), "idle 0 people, 3 failed");
    }
}
