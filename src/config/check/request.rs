//! `rules`, `requests_with_credentials`, `cors_preflight`, `allowed_hosts`, `allowed_origins`, `stat_prefix`.

use super::identity::is_plain_header;
use super::origin::{Origin, is_authority};
use super::{Checker, optional, quoted};
use crate::config::errors::one_of;
use crate::config::path::Path;
use crate::config::raw::{
    Access, Configuration, HeaderMatch as RawHeader, Match, PassOrProtect, PathMatch as RawPath, Regex,
    StringMatch as RawString,
};
use crate::flow::IdentityHeaders;
use crate::gateway::{self, Rule};
use crate::http::matcher::FullRegex;
use crate::http::{HeaderMatch, HeaderValueMatch, HostMatch, PathMatch, RequestMatch, StringMatch};

/// What happens to which requests, as far as it is usable.
pub(super) struct Requests {
    pub(super) rules: Vec<Rule>,
    pub(super) pass_authorization_schemes: Vec<String>,
    pub(super) pass_cors_preflight: bool,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) allowed_origins: Vec<String>,
}

/// Rules that are tried for every request.
const MAX_RULES: usize = 256;

pub(super) fn request(
    raw: &Configuration,
    headers: Option<&IdentityHeaders>,
    checker: &mut Checker<'_>,
) -> Requests {
    let root = Path::default();
    let rules_path = root.field("rules");
    if raw.rules.len() > MAX_RULES {
        checker.invalid(
            &rules_path,
            format_args!("{} rules", raw.rules.len()),
            format_args!("at most {MAX_RULES}"),
        );
    }
    let mut rules = Vec::new();
    let mut catch_all: Option<usize> = None;
    for (index, rule) in raw.rules.iter().enumerate().take(MAX_RULES) {
        let path = rules_path.index(index);
        let access =
            checker.required(rule.access, &path.field("access"), "`PROTECT`, `BYPASS` or `OPTIONAL`");
        let matches = request_match(&rule.r#match, &path.field("match"), headers, checker);
        if let Some(earlier) = catch_all {
            checker.warn(&path, format_args!("never reached: rules[{earlier}] matches every request"));
        }
        if is_everything(&rule.r#match) {
            catch_all = catch_all.or(Some(index));
            if access == Some(Access::Bypass) {
                checker.warn(&path, "bypasses every request that no earlier rule matches");
            }
        } else if access == Some(Access::Bypass)
            && rule.r#match.path.is_none()
            && !rule.r#match.headers.is_empty()
        {
            checker.warn(&path, "whoever sends this header bypasses the sign-in on every path");
        }
        if let (Some(access), Some(matches)) = (access, matches) {
            let access = match access {
                Access::Protect => gateway::Access::Protect,
                Access::Bypass => gateway::Access::Bypass,
                Access::Optional => gateway::Access::Optional,
            };
            rules.push(Rule { matches, access });
        }
    }
    let credentials = &raw.requests_with_credentials;
    let schemes = [("basic", credentials.basic), ("bearer", credentials.bearer)];
    let passing = schemes.into_iter().filter(|(_, access)| *access == PassOrProtect::Pass);
    let allowed_hosts = hosts(&raw.allowed_hosts, &root.field("allowed_hosts"), checker);
    let allowed_origins = origins(&raw.allowed_origins, &root.field("allowed_origins"), checker);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    if !(1..=64).contains(&raw.stat_prefix.len()) || !raw.stat_prefix.bytes().all(plain) {
        let path = root.field("stat_prefix");
        checker.invalid(&path, quoted(&raw.stat_prefix), "1 to 64 letters, digits, `_` and `.`");
    }
    Requests {
        rules,
        pass_authorization_schemes: passing.map(|(name, _)| String::from(name)).collect(),
        pass_cors_preflight: raw.cors_preflight == PassOrProtect::Pass,
        allowed_hosts,
        allowed_origins,
    }
}

const fn is_everything(raw: &Match) -> bool {
    raw.path.is_none() && raw.methods.is_empty() && raw.headers.is_empty() && raw.hosts.is_empty()
}

fn request_match(
    raw: &Match,
    at: &Path,
    headers: Option<&IdentityHeaders>,
    checker: &mut Checker<'_>,
) -> Option<RequestMatch> {
    let path = raw.path.as_ref().map(|path| path_match(path, &at.field("path"), checker));
    for (index, method) in raw.methods.iter().enumerate() {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            checker.invalid(&at.field("methods").index(index), quoted(method), "a method in upper case");
        }
    }
    let mut matchers = Vec::new();
    for (index, header) in raw.headers.iter().enumerate() {
        matchers.extend(header_match(header, &at.field("headers").index(index), headers, checker));
    }
    let mut hosts = Vec::new();
    for (index, host) in raw.hosts.iter().enumerate() {
        match HostMatch::new(host) {
            Some(host) => hosts.push(host),
            None => checker.invalid(
                &at.field("hosts").index(index),
                quoted(host),
                "a host such as `jira.example.com` or `*.example.com`",
            ),
        }
    }
    Some(RequestMatch { path: optional(path)?, methods: raw.methods.clone(), headers: matchers, hosts })
}

/// The one key of a matcher that is given, or a fault.
fn only_key(given: &[(&'static str, bool)], at: &Path, checker: &mut Checker<'_>) -> Option<&'static str> {
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

fn path_match(raw: &RawPath, at: &Path, checker: &mut Checker<'_>) -> Option<PathMatch> {
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

fn regex(raw: &Regex, at: &Path, checker: &mut Checker<'_>) -> Option<FullRegex> {
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

fn header_match(
    raw: &RawHeader,
    at: &Path,
    headers: Option<&IdentityHeaders>,
    checker: &mut Checker<'_>,
) -> Option<HeaderMatch> {
    let name_path = at.field("name");
    let name = checker.required(raw.name.as_ref(), &name_path, "a header name");
    if let Some(name) = name {
        let pseudo = matches!(name.as_str(), ":method" | ":authority" | ":scheme");
        if !pseudo && !is_plain_header(name) {
            checker.invalid(&name_path, quoted(name), "a header name of lower-case letters, digits and `-`");
        } else if headers.is_some_and(|headers| headers.names().any(|owned| owned == name)) {
            checker.invalid(
                &name_path,
                quoted(name),
                "another header: identity headers are removed before rules",
            );
        }
    }
    let value = match (&raw.string_match, raw.present_match) {
        (Some(_), Some(_)) => {
            checker.conflict(
                &at.field("present_match"),
                at.field("string_match"),
                "only one of them can hold",
            );
            None
        }
        (Some(string), None) => {
            string_match(string, &at.field("string_match"), checker).map(HeaderValueMatch::String)
        }
        (None, present) => Some(HeaderValueMatch::Present(present.unwrap_or(true))),
    };
    Some(HeaderMatch { name: name?.clone(), value: value?, invert: raw.invert_match })
}

fn string_match(raw: &RawString, at: &Path, checker: &mut Checker<'_>) -> Option<StringMatch> {
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

/// Hosts as requests carry them, in lower case.
fn hosts(list: &[String], at: &Path, checker: &mut Checker<'_>) -> Vec<String> {
    let mut hosts = Vec::new();
    for (index, host) in list.iter().enumerate() {
        if is_authority(host) {
            hosts.push(host.to_ascii_lowercase());
        } else {
            checker.invalid(
                &at.index(index),
                quoted(host),
                "a host, with the port where it is not the default, such as `jira.internal:8080`",
            );
        }
    }
    hosts
}

fn origins(list: &[String], at: &Path, checker: &mut Checker<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    for (index, text) in list.iter().enumerate() {
        match Origin::parse(text) {
            Ok(_) => origins.push(text.clone()),
            Err(Some(normal)) => {
                checker.invalid(
                    &at.index(index),
                    quoted(text),
                    format_args!("scheme and host alone, `{normal}`"),
                );
            }
            Err(None) => {
                let expected = "scheme and host, such as `https://portal.example.com`";
                checker.invalid(&at.index(index), quoted(text), expected);
            }
        }
    }
    origins
}
