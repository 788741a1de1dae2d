//! scim2-tester, which somebody else wrote, asks a service what a SCIM service must do.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::config::repository;

/// What the tester found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Checks that went well.
    pub passed: usize,
    /// How many those are by what they ask and of what.
    pub titles: BTreeMap<String, usize>,
    /// The others, one line of JSON each.
    pub failed: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed.len())?;
        self.failed.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// All checks of the tester against the service at `base`, with a bearer token.
///
/// # Errors
/// When the tester is not installed (`cargo xtask setup` does that) or ends before its last check.
pub fn checked(base: &str, token: &str) -> io::Result<Report> {
    let python =
        std::env::var_os("PYTHON").map_or_else(|| repository().join(".cache/venv/bin/python"), PathBuf::from);
    let output = Command::new(python)
        .arg(repository().join("testbed/scim_servers/tester.py"))
        .args([base, token])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{}: {text}\n{errors}", output.status)));
    }
    let mut report = Report::default();
    for line in text.lines() {
        let check: Value = serde_json::from_str(line)?;
        // A search over users and groups at once is answered 501, as RFC 7644 3.4.2.1 allows, and then skipped.
        let is = |name: &str, text: &str| check.get(name).and_then(Value::as_str) == Some(text);
        let optional = is("status", "SKIPPED") && is("title", "search_with_attributes");
        if is("status", "SUCCESS") {
            report.passed = report.passed.saturating_add(1);
            let text = |name: &str| check.get(name).and_then(Value::as_str).unwrap_or_default();
            let count =
                report.titles.entry(format!("{} {}", text("title"), text("resource_type"))).or_default();
            *count = count.saturating_add(1);
        } else if !optional {
            report.failed.push(line.to_owned());
        }
    }
    Ok(report)
}
