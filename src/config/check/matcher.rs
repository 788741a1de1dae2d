//! Comparisons of text and of paths, wherever the configuration has them.

use super::{Checker, quoted};
use crate::config::errors::one_of;
use crate::config::path::Path;
use crate::config::raw::{PathMatch as RawPath, Regex, StringMatch as RawString};
use crate::http::matcher::FullRegex;
use crate::http::{PathMatch, StringMatch};

/// The one key of a matcher that is given, or a fault.
pub(super) fn only_key(
    given: &[(&'static str, bool)],
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<&'static str> {
    let present: Vec<_> = given.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    if let [only] = present.as_slice() {
        return Some(only);
    }
    let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
    if present.is_empty() {
        checker.missing(at, "exactly one of the matching keys");
    } else {
        let found: Vec<_> = present.iter().map(|name| format!("`{name}`")).collect();
        checker.invalid(at, found.join(" and "), format_args!("exactly {}", one_of(&names)));
    }
    None
}

pub(super) fn path_match(raw: &RawPath, at: &Path, checker: &mut Checker<'_>) -> Option<PathMatch> {
    let given = [
        ("exact", raw.exact.is_some()),
        ("prefix", raw.prefix.is_some()),
        ("path_separated_prefix", raw.path_separated_prefix.is_some()),
        ("suffix", raw.suffix.is_some()),
        ("safe_regex", raw.safe_regex.is_some()),
    ];
    let key = only_key(&given, at, checker)?;
    let ignore_case = raw.ignore_case;
    let field = at.field(key);
    if ignore_case && matches!(key, "path_separated_prefix" | "safe_regex") {
        checker.conflict(&at.field("ignore_case"), field.clone(), "it compares letter by letter");
    }
    if let Some(text) = &raw.exact {
        return checker.path(text, &field).map(|value| PathMatch::Exact { value, ignore_case });
    }
    if let Some(text) = &raw.prefix {
        return checker.path(text, &field).map(|value| PathMatch::Prefix { value, ignore_case });
    }
    if let Some(text) = &raw.path_separated_prefix {
        let value = checker.path(text, &field)?;
        if value.ends_with('/') {
            checker.invalid(&field, quoted(text), "a path without `/` at its end");
            return None;
        }
        return Some(PathMatch::PathSeparatedPrefix { value });
    }
    if let Some(text) = &raw.suffix {
        // What a normal form never has would never match.
        if text.is_empty() || text.contains(['?', '#', ';', '\\']) || text.contains("//") {
            checker.invalid(&field, quoted(text), "the end of a path in its normal form");
            return None;
        }
        return Some(PathMatch::Suffix { value: text.clone(), ignore_case });
    }
    regex(raw.safe_regex.as_ref()?, &field, checker).map(PathMatch::SafeRegex)
}

pub(super) fn regex(raw: &Regex, at: &Path, checker: &mut Checker<'_>) -> Option<FullRegex> {
    let path = at.field("regex");
    let pattern = checker.required(raw.regex.as_ref(), &path, "a regular expression")?;
    match FullRegex::new(pattern) {
        Ok(regex) => Some(regex),
        Err(error) => {
            checker.invalid(&path, quoted(pattern), format_args!("a regular expression ({error})"));
            None
        }
    }
}

pub(super) fn string_match(raw: &RawString, at: &Path, checker: &mut Checker<'_>) -> Option<StringMatch> {
    let given = [
        ("exact", raw.exact.is_some()),
        ("prefix", raw.prefix.is_some()),
        ("suffix", raw.suffix.is_some()),
        ("contains", raw.contains.is_some()),
        ("safe_regex", raw.safe_regex.is_some()),
    ];
    let key = only_key(&given, at, checker)?;
    let ignore_case = raw.ignore_case;
    if let Some(pattern) = &raw.safe_regex {
        let field = at.field(key);
        if ignore_case {
            checker.conflict(&at.field("ignore_case"), field.clone(), "write `(?i)` into the expression");
        }
        return regex(pattern, &field, checker).map(StringMatch::SafeRegex);
    }
    let value =
        raw.exact.as_ref().or(raw.prefix.as_ref()).or(raw.suffix.as_ref()).or(raw.contains.as_ref())?.clone();
    if (value.is_empty() && key != "exact") || value.chars().any(char::is_control) {
        checker.invalid(&at.field(key), quoted(&value), "text to compare with");
        return None;
    }
    Some(match key {
        "exact" => StringMatch::Exact { value, ignore_case },
        "prefix" => StringMatch::Prefix { value, ignore_case },
        "suffix" => StringMatch::Suffix { value, ignore_case },
        _ => StringMatch::Contains { value, ignore_case },
    })
}

/// Comparisons of one list. Each is tried on each text.
pub(super) fn string_matches(
    raw: &[RawString],
    most: usize,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Vec<StringMatch> {
    checker.at_most(raw.len(), most, "comparisons", at);
    let mut matches = Vec::new();
    for (index, one) in raw.iter().enumerate().take(most) {
        matches.extend(string_match(one, &at.index(index), checker));
    }
    matches
}

/// The text that a comparison asks for by itself.
pub(super) fn is_exactly(raw: &RawString) -> Option<&str> {
    raw.exact.as_deref()
}
