//! `rules`, `portals`, `requests_with_credentials`, `cors_preflight`, `allowed_hosts`, `allowed_origins`, `stat_prefix`.

use super::authentication::authentication;
use super::identity::is_plain_header;
use super::matcher::{path_match, string_match};
use super::origin::{Origin, is_authority};
use super::portals::portals;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{Access, Configuration, HeaderMatch as RawHeader, Match, PassOrProtect};
use crate::flow::IdentityHeaders;
use crate::gateway::{self, Rule};
use crate::http::{HeaderMatch, HeaderValueMatch, HostMatch, PathMatch, RequestMatch};

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
    checker.at_most(raw.rules.len(), MAX_RULES, "rules", &rules_path);
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
        let authn = rule.authentication.as_ref().map(|raw| authentication(raw, rule.access, &path, checker));
        if let (Some(access), Some(matches), Some(authn)) = (access, matches, optional(authn)) {
            let access = match access {
                Access::Protect => gateway::Access::Protect,
                Access::Bypass => gateway::Access::Bypass,
                Access::Optional => gateway::Access::Optional,
            };
            rules.push(Rule { matches, access, authn });
        }
    }
    if let Some(raw_portals) = &raw.portals {
        let context = raw.provisioning.as_ref().map(super::target::portal_context).unwrap_or_default();
        let portals = portals(raw_portals, context, checker);
        hidden_portals(&rules, &portals, catch_all, checker);
        let at = catch_all.unwrap_or(rules.len()).min(rules.len());
        rules.splice(at..at, portals);
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

/// Rules of the file that speak of every request for a page of which `portals` speaks too.
fn hidden_portals(rules: &[Rule], portals: &[Rule], catch_all: Option<usize>, checker: &mut Checker<'_>) {
    let at = Path::default().field("portals");
    let before = catch_all.unwrap_or(rules.len());
    for (index, rule) in rules.iter().enumerate().take(before) {
        let RequestMatch { path: Some(path), methods, headers, hosts } = &rule.matches else { continue };
        let every = methods.is_empty() && headers.is_empty() && hosts.is_empty();
        let hides = |portal: &Rule| match &portal.matches.path {
            Some(PathMatch::PathSeparatedPrefix { value }) => path.matches_text(value),
            _ => false,
        };
        if every && portals.iter().any(hides) {
            checker.warn(&at, format_args!("not for pages of which rules[{index}] speaks first"));
        }
    }
}

pub(super) const fn is_everything(raw: &Match) -> bool {
    raw.path.is_none() && raw.methods.is_empty() && raw.headers.is_empty() && raw.hosts.is_empty()
}

pub(super) fn request_match(
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
