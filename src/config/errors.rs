//! Faults of a configuration, and remarks about one that works.

use core::fmt;

use super::path::{Path, Quoted};
use super::presets::Origins;
use crate::base::Code;

/// One fault and its place. All faults of a file are reported together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) path: Path,
    pub(super) finding: Finding,
    /// Where a preset said it.
    remark: Option<String>,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The text is no JSON, or a key occurs twice.
    Malformed(String),
    /// A field that does not exist.
    UnknownField { expected: Vec<String> },
    /// A value of the wrong kind or outside its range. `found` is empty where the value must not be shown.
    Invalid { found: String, expected: String },
    /// A required field is not there.
    Missing { expected: &'static str },
    /// Two values contradict each other.
    Conflict { other: Path, detail: String },
    /// A secret's source does not deliver.
    Unavailable { variable: String },
    /// What a room says about a value.
    Room { code: Code, detail: String },
}

impl ConfigError {
    pub(super) const fn new(path: Path, finding: Finding) -> Self {
        Self { path, finding, remark: None }
    }

    /// With a word about the fields that presets set.
    pub(super) fn remarked(self, origins: &Origins) -> Self {
        let other = match &self.finding {
            Finding::Conflict { other, .. } => Some(other),
            _ => None,
        };
        let remark = origins.remark(&self.path, other);
        Self { remark, ..self }
    }

    /// The finding in the catalogue: `SG90xx`, or that of the room that judged the value.
    #[must_use]
    pub const fn code(&self) -> Code {
        match &self.finding {
            Finding::Malformed(_) => Code::ConfigMalformed,
            Finding::UnknownField { .. } => Code::ConfigUnknownField,
            Finding::Invalid { .. } => Code::ConfigValueInvalid,
            Finding::Missing { .. } => Code::ConfigFieldMissing,
            Finding::Conflict { .. } => Code::ConfigConflict,
            Finding::Unavailable { .. } => Code::SecretUnavailable,
            Finding::Room { code, .. } => *code,
        }
    }

    /// Where the fault is, such as `rules[1].match.path`.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }
}

/// "`idp.metadata_ur`: unknown field; expected one of ..; did you mean `metadata`".
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: ", self.path)?;
        self.finding.fmt(f, &self.path)?;
        self.remark.iter().try_for_each(|remark| write!(f, " ({remark})"))
    }
}

impl Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
        match self {
            Finding::Malformed(detail) => f.write_str(detail),
            Finding::UnknownField { expected } => {
                f.write_str("unknown field")?;
                if expected.is_empty() {
                    return f.write_str("; no field is expected here");
                }
                write!(f, "; expected {}", one_of(expected))?;
                match path.segments().last() {
                    Some(super::path::Segment::Key(name)) => suggest(f, name, expected),
                    _ => Ok(()),
                }
            }
            Finding::Invalid { found, expected } if found.is_empty() => write!(f, "expected {expected}"),
            Finding::Invalid { found, expected } => write!(f, "found {found}; expected {expected}"),
            Finding::Missing { expected } => write!(f, "missing; expected {expected}"),
            Finding::Conflict { other, detail } => write!(f, "contradicts `{other}`: {detail}"),
            Finding::Unavailable { variable } => {
                write!(f, "environment variable `{}` is not set or empty", Quoted(variable))
            }
            Finding::Room { detail, .. } => f.write_str(detail),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Warning {
    /// With a word about a field that a preset set.
    pub(super) fn remarked(self, origins: &Origins) -> Self {
        match origins.remark(&self.path, None) {
            Some(remark) => Self { detail: format!("{} ({remark})", self.detail), ..self },
            None => self,
        }
    }
}

/// "`a`", "one of `a`, `b`".
pub(super) fn one_of<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    }
}

fn suggest(f: &mut fmt::Formatter<'_>, name: &str, expected: &[String]) -> fmt::Result {
    match nearest(name, expected) {
        Some(near) => write!(f, "; did you mean `{near}`"),
        None => Ok(()),
    }
}

/// The expected word that `found` most likely was meant to be.
pub(super) fn nearest<'a>(found: &str, expected: &'a [String]) -> Option<&'a str> {
    // Names are short; longer input is no slip of the pen, and the comparison is quadratic.
    if found.len() > 64 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let found = plain(found);
    let scored = expected.iter().map(|word| {
        let word_plain = plain(word);
        let inside = word_plain.len() > 3 && found.len() > 3;
        let part = inside && (found.starts_with(&word_plain) || word_plain.starts_with(&found));
        let likeness = strsim::jaro_winkler(&found, &word_plain);
        (if part { likeness.max(0.9) } else { likeness }, word.as_str())
    });
    scored.filter(|(score, _)| *score >= 0.8).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

/// Something that works but deserves a look: a weakened check, a value that will soon stop working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub(super) path: Path,
    pub(super) detail: String,
}

impl Warning {
    /// What it is about, such as `idp.danger_allow_sha1`.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.detail)
    }
}
