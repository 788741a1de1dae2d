//! `discovery`.

use core::time::Duration;

use super::own_path::own_path;
use super::request::{is_everything, request_match};
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{Configuration, Discovery as RawDiscovery, DiscoveryBy, DiscoveryRule as RawRule};
use crate::flow::{Discovery, DiscoveryRule, IdentityHeaders, IdentityProvider, Way};
use crate::policy::condition::DomainMatch;

/// Rules that are tried for every sign-in.
const MAX_RULES: usize = 256;
/// Domains that are compared with an address: as many as a large group of companies has.
const MAX_DOMAINS: usize = 1024;
/// How long an identity provider may be remembered: browsers keep no cookie longer (RFC 6265bis 5.5).
const MAX_REMEMBERED: Duration = Duration::from_secs(400 * 24 * 3600);
/// Bytes of the address of a discovery service: two of ours are put behind it.
const MAX_SERVICE: usize = 1024;

/// What is known while the section is read.
struct Known<'a> {
    idps: &'a [IdentityProvider],
    headers: Option<&'a IdentityHeaders>,
}

/// `None` in the result where there is nothing to choose.
pub(super) fn discovery(
    whole: &Configuration,
    idps: &[IdentityProvider],
    headers: Option<&IdentityHeaders>,
    checker: &mut Checker<'_>,
) -> Option<Option<Discovery>> {
    let default = RawDiscovery::default();
    let raw = match &whole.discovery {
        Some(raw) => raw,
        None if idps.len() < 2 => return Some(None),
        None => &default,
    };
    let at = Path::default().field("discovery");
    let faults = checker.faults.len();
    own_path(&raw.path, &at.field("path"), whole, checker);
    let known = Known { idps, headers };
    let rules_at = at.field("rules");
    checker.at_most(raw.rules.len(), MAX_RULES, "rules", &rules_at);
    let mut last_word: Option<usize> = None;
    let mut rules = Vec::new();
    for (index, rule) in raw.rules.iter().enumerate().take(MAX_RULES) {
        let at = rules_at.index(index);
        if let Some(earlier) = last_word {
            checker.warn(&at, format_args!("never reached: rules[{earlier}] decides about every request"));
        }
        if is_everything(&rule.r#match)
            && !matches!(rule.by, None | Some(DiscoveryBy::QueryParameter(_) | DiscoveryBy::Last(_)))
        {
            last_word = last_word.or(Some(index));
        }
        rules.extend(self::rule(rule, raw, &known, &at, checker));
    }
    let email_domains = email_domains(raw, &known, &at.field("email_domains"), checker);
    let other_domains = raw
        .other_email_domains
        .as_deref()
        .map(|id| idp(id, &at.field("other_email_domains"), &known, checker));
    let remember_at = at.field("remember_for");
    let remember_for = raw.remember_for.map(|span| span.0);
    if remember_for.is_some_and(|span| span.is_zero() || span > MAX_REMEMBERED) {
        let found = raw.remember_for.map(|span| span.to_string()).unwrap_or_default();
        checker.invalid(&remember_at, quoted(&found), "more than `0s` and at most `34560000s`");
    }
    (checker.faults.len() == faults).then(|| {
        Some(Discovery {
            path: raw.path.clone(),
            rules,
            email_domains,
            other_domains: other_domains.flatten(),
            remember_for,
        })
    })
}

fn rule(
    rule: &RawRule,
    raw: &RawDiscovery,
    known: &Known<'_>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<DiscoveryRule> {
    let matches = request_match(&rule.r#match, &at.field("match"), known.headers, checker);
    let by_at = at.field("by");
    let by = checker.required(rule.by.as_ref(), &by_at, "one of the ways")?;
    let section = Path::default().field("discovery");
    let way = match by {
        DiscoveryBy::Idp(id) => Way::Idp(idp(id, &by_at.field("idp"), known, checker)?),
        DiscoveryBy::QueryParameter(name) => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
            if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
                let expected = "1 to 64 letters, digits, `_`, `-` and `.`";
                checker.invalid(&by_at.field("query_parameter"), quoted(name), expected);
            }
            Way::QueryParameter(name.clone())
        }
        DiscoveryBy::Last(_) => {
            if raw.remember_for.is_none() {
                let detail = "nothing is remembered";
                checker.conflict(&by_at.field("last"), section.field("remember_for"), detail);
            }
            Way::Last
        }
        DiscoveryBy::Chooser(chooser) => {
            let at = by_at.field("chooser").field("idps");
            let ids = chooser.idps.iter().enumerate();
            let listed: Vec<_> =
                ids.filter_map(|(index, id)| idp(id, &at.index(index), known, checker)).collect();
            Way::Chooser(if chooser.idps.is_empty() { (0..known.idps.len()).collect() } else { listed })
        }
        DiscoveryBy::EmailDomain(_) => {
            if raw.email_domains.is_empty() {
                let detail = "there are no domains to look up";
                checker.conflict(&by_at.field("email_domain"), section.field("email_domains"), detail);
            }
            Way::Email
        }
        DiscoveryBy::DiscoveryService(service) => {
            let at = by_at.field("discovery_service").field("uri");
            let uri = checker.required(service.uri.as_deref(), &at, "an `https` address")?;
            let authority = uri.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next());
            let plain = uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains('#');
            let named = authority.is_some_and(|name| !name.is_empty() && !name.contains(['@', '\\']));
            if !plain || !named || uri.len() > MAX_SERVICE {
                checker.invalid(&at, quoted(uri), "an `https` address without a fragment");
            }
            Way::Service(uri.to_owned())
        }
    };
    Some(DiscoveryRule { matches: matches?, way })
}

fn email_domains(
    raw: &RawDiscovery,
    known: &Known<'_>,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Vec<(DomainMatch, usize)> {
    let total = raw.email_domains.iter().map(|entry| entry.domains.len()).sum();
    checker.at_most(total, MAX_DOMAINS, "domains", at);
    let mut listed: Vec<(DomainMatch, usize)> = Vec::new();
    for (index, entry) in raw.email_domains.iter().enumerate().take(MAX_DOMAINS) {
        let at = at.index(index);
        let id = checker.required(entry.idp.as_deref(), &at.field("idp"), "the `id` of an identity provider");
        let idp = id.and_then(|id| idp(id, &at.field("idp"), known, checker));
        if entry.domains.is_empty() {
            checker.missing(&at.field("domains"), "a domain such as `example.com`");
        }
        for (number, text) in entry.domains.iter().enumerate().take(MAX_DOMAINS) {
            let at = at.field("domains").index(number);
            match DomainMatch::new(text) {
                None => checker.invalid(&at, quoted(text), "`example.com` or `*.example.com`"),
                Some(domain) if listed.iter().any(|(one, _)| *one == domain) => {
                    checker.invalid(&at, "a domain that was there before", "each domain once");
                }
                Some(domain) => listed.extend(idp.map(|idp| (domain, idp))),
            }
        }
    }
    listed
}

/// The place of the identity provider `id`.
fn idp(id: &str, at: &Path, known: &Known<'_>, checker: &mut Checker<'_>) -> Option<usize> {
    let place = known.idps.iter().position(|idp| idp.id == id);
    if place.is_none() {
        checker.invalid(at, quoted(id), "the `id` of one of `idps`");
    }
    place
}
