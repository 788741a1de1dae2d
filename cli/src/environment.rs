//! What surrounds a command: the time, randomness, environment variables.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use samlgate::base::{EntropyFailure, EntropySource, UnixTime};
use samlgate::config::Environment;

use crate::arguments::EnvironmentFile;
use crate::failure::Failure;
use crate::file;

/// The time of the machine.
pub(crate) fn now() -> Result<UnixTime, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .map(|since| UnixTime::from_secs(since.as_secs()))
        .map_err(|_| Failure::new("the clock of this machine is before 1970"))
}

/// An instant as RFC 3339 writes it, in any time zone.
pub(crate) fn instant(text: &str) -> Result<UnixTime, String> {
    let parsed = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    parsed
        .ok()
        .and_then(|at| u64::try_from(at.unix_timestamp()).ok())
        .map(UnixTime::from_secs)
        .ok_or_else(|| String::from("expected an instant after 1970 such as 2026-01-02T03:04:05Z"))
}

/// The randomness of the machine.
pub(crate) struct SystemEntropy;

impl EntropySource for SystemEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailure> {
        getrandom::fill(out).map_err(|_| EntropyFailure)
    }
}

/// Environment variables of a file, then those of the process.
pub(crate) struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned().or_else(|| std::env::var(name).ok())
    }
}

impl Variables {
    pub(crate) fn read(environment: &EnvironmentFile) -> Result<Self, Failure> {
        let Some(path) = &environment.env_file else { return Ok(Self(BTreeMap::new())) };
        let text = file::text(path)?;
        parse(&text)
            .map(Self)
            .map_err(|(line, what)| Failure::new(format_args!("{}:{line}: {what}", path.display())))
    }
}

/// `NAME=VALUE` lines, empty lines and `#` comments; a value between quotes may go over several lines.
fn parse(text: &str) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines().enumerate().map(|(at, line)| (at.saturating_add(1), line));
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or((number, "expected NAME=VALUE"))?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err((number, "expected NAME=VALUE"));
        }
        let value = value.trim();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let value = match quote {
            None => value.to_owned(),
            Some(quote) => {
                let mut rest = value.strip_prefix(quote).unwrap_or_default().to_owned();
                while !rest.ends_with(quote) {
                    let (_, next) = lines.next().ok_or((number, "the quote is not closed"))?;
                    rest.push('\n');
                    rest.push_str(next.trim_end());
                }
                rest.pop();
                if quote == '"' { rest.replace("\\n", "\n") } else { rest }
            }
        };
        found.insert(name.to_owned(), value);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_shells_and_containers_write_them() {
        let text = "# a comment\n\nA=1\nexport B = \"x\\ny\"\nC='one\n  two '\nD=a=b\nE=\n";
        let found = parse(text).unwrap_or_default();
        let of = |name: &str| found.get(name).map(String::as_str);
        assert_eq!(of("A"), Some("1"));
        assert_eq!(of("B"), Some("x\ny"));
        assert_eq!(of("C"), Some("one\n  two "));
        assert_eq!(of("D"), Some("a=b"));
        assert_eq!(of("E"), Some(""));
        for (wrong, line) in [("A", 1), ("A=1\n=2", 2), ("A B=1", 1), ("\nA='1\n2", 2)] {
            assert_eq!(parse(wrong).err().map(|(line, _)| line), Some(line), "{wrong}");
        }
    }

    #[test]
    fn instants_have_a_time_zone() {
        let at = instant("2026-01-02T03:04:05Z").ok();
        assert_eq!(at, Some(UnixTime::from_secs(1_767_323_045)));
        assert_eq!(instant("2026-01-02T05:04:05+02:00").ok(), at);
        for wrong in ["", "now", "2026-01-02", "2026-01-02T03:04:05", "1960-01-01T00:00:00Z"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
