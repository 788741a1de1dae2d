//! `session` and `limits`.

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use super::origin::Origin;
use super::{Checker, quoted};
use crate::base::{self, Secret};
use crate::config::path::Path;
use crate::config::raw::{Cookie, CookieSameSite, Limits, Session, Span, Whole};
use crate::encoding::base64;
use crate::flow::ServiceProvider;
use crate::http::SameSite;
use crate::session::{CookieSettings, SealingKeys, Settings};

/// Keys that may be kept at a time.
const MAX_KEYS: usize = 8;

/// Different bytes that random keys have: 32 random bytes have fewer in one of 10^13 cases.
const MIN_DISTINCT_BYTES: usize = 16;

pub(super) fn session(
    raw: &Session,
    sp: Option<&ServiceProvider>,
    checker: &mut Checker<'_>,
) -> Option<Settings> {
    let at = Path::default().field("session");
    let keys = keys(raw, &at.field("keys"), checker);
    let cookie = cookie(&raw.cookie, sp, checker);
    let absolute = span(raw.absolute_timeout, 60..=2_592_000, &at.field("absolute_timeout"), checker);
    let idle_path = at.field("idle_timeout");
    let idle = match raw.idle_timeout {
        None => Some(None),
        Some(idle) => match span(idle, 60..=2_592_000, &idle_path, checker) {
            Some(idle) if absolute.is_some_and(|absolute| idle > absolute) => {
                checker.conflict(&idle_path, at.field("absolute_timeout"), "it is longer");
                None
            }
            idle => idle.map(Some),
        },
    };
    let pending = span(raw.pending_request_timeout, 60..=3600, &at.field("pending_request_timeout"), checker);
    let max_pending = count(raw.max_pending_requests, 1..=32, &at.field("max_pending_requests"), checker);
    let max_bytes = count(raw.max_cookie_bytes, 4096..=65_536, &at.field("max_cookie_bytes"), checker);
    // Bound into every sealed text, so that keys shared by two service providers open nothing of the other.
    let keys = keys.zip(sp).and_then(|(keys, sp)| {
        match SealingKeys::new(keys, &format!("{} {}", sp.entity_id, sp.base_uri)) {
            Ok(keys) => Some(keys),
            Err(error) => {
                checker.room(&at.field("keys"), error.code(), error);
                None
            }
        }
    });
    Some(Settings {
        keys: keys?,
        cookie: cookie?,
        absolute_ttl: absolute?,
        idle_ttl: idle?,
        pending_request_ttl: pending?,
        max_pending_requests: max_pending?,
        max_cookie_bytes: max_bytes?,
    })
}

fn keys(raw: &Session, at: &Path, checker: &mut Checker<'_>) -> Option<Vec<Secret<Vec<u8>>>> {
    if raw.keys.is_empty() {
        checker.missing(at, "at least one key of 32 random bytes in base64");
        return None;
    }
    if raw.keys.len() > MAX_KEYS {
        checker.invalid(at, format_args!("{} keys", raw.keys.len()), format_args!("at most {MAX_KEYS}"));
        return None;
    }
    let mut keys: Vec<Secret<Vec<u8>>> = Vec::new();
    let mut fine = true;
    for (index, source) in raw.keys.iter().enumerate() {
        let path = at.index(index);
        match key(source, &path, checker) {
            None => fine = false,
            Some(key) => {
                if keys.iter().any(|other| other.expose() == key.expose()) {
                    checker.invalid(&path, "", "a key that is not in the list yet");
                    fine = false;
                }
                keys.push(key);
            }
        }
    }
    fine.then_some(keys)
}

fn key(
    source: &crate::config::raw::DataSource,
    path: &Path,
    checker: &mut Checker<'_>,
) -> Option<Secret<Vec<u8>>> {
    let text = checker.text(source, path)?;
    let Ok(key) = base64::decode_strict(text.expose()).map(Secret::new) else {
        checker.invalid(path, "", "random bytes in base64, such as `openssl rand -base64 32` prints");
        return None;
    };
    let length = key.expose().len();
    if length < SealingKeys::MIN_SECRET_BYTES {
        checker.invalid(
            path,
            format_args!("{length} bytes"),
            format_args!("at least {} random bytes in base64", SealingKeys::MIN_SECRET_BYTES),
        );
        return None;
    }
    let distinct: std::collections::BTreeSet<_> = key.expose().iter().collect();
    if distinct.len() < MIN_DISTINCT_BYTES {
        checker.warn(path, "the key does not look random; make one with `openssl rand -base64 32`");
    }
    Some(key)
}

fn cookie(raw: &Cookie, sp: Option<&ServiceProvider>, checker: &mut Checker<'_>) -> Option<CookieSettings> {
    let root = Path::default();
    let at = root.field("session.cookie");
    let name_path = at.field("name");
    // RFC 9110 5.6.2: a token.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !(1..=64).contains(&raw.name.len()) || !raw.name.bytes().all(token) {
        checker.invalid(
            &name_path,
            quoted(&raw.name),
            "a cookie name of 1 to 64 characters without separators",
        );
    }
    checker.path(&raw.path, &at.field("path"));
    if raw.path.contains([';', ',']) {
        checker.invalid(&at.field("path"), quoted(&raw.path), "a path without `;` and `,`");
    }
    // RFC 6265bis 4.1.3: the prefix in any case, as browsers compare it.
    let prefix =
        |prefix: &str| raw.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if prefix("__Host-") {
        if raw.domain.is_some() {
            checker.conflict(&at.field("domain"), name_path.clone(), "a `__Host-` cookie has no domain");
        }
        if raw.path != "/" {
            checker.conflict(&at.field("path"), name_path, "a `__Host-` cookie has the path `/`");
        }
    } else {
        // RFC 6265 8.6: cookies have no integrity among the hosts of one domain.
        checker.warn(
            &name_path,
            "without the prefix `__Host-` any host of the same domain can plant its own session in a browser",
        );
    }
    if let Some(domain) = &raw.domain {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let path = at.field("domain");
        let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
        if !dotted || !domain.bytes().all(plain) {
            checker.invalid(&path, quoted(domain), "a lower-case domain such as `example.com`");
        } else if let Some(host) =
            sp.and_then(|sp| Origin::parse(&sp.base_uri).ok()).map(|origin| origin.host)
            && host != domain
            && !host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
        {
            // RFC 6265 5.3: browsers drop a cookie for a domain that the host is not in.
            checker.conflict(&path, root.field("sp.base_uri"), "its host is not in this domain");
        }
    }
    if raw.partitioned && raw.same_site != CookieSameSite::None {
        checker.conflict(
            &at.field("partitioned"),
            at.field("same_site"),
            "a partitioned cookie needs `NONE`",
        );
    }
    Some(CookieSettings {
        name: raw.name.clone(),
        domain: raw.domain.clone(),
        path: raw.path.clone(),
        same_site: match raw.same_site {
            CookieSameSite::Lax => SameSite::Lax,
            CookieSameSite::Strict => SameSite::Strict,
            CookieSameSite::None => SameSite::None,
        },
        partitioned: raw.partitioned,
    })
}

/// A duration of whole seconds in `range`.
pub(super) fn span(
    raw: Span,
    range: RangeInclusive<u64>,
    path: &Path,
    checker: &mut Checker<'_>,
) -> Option<Duration> {
    if raw.0.subsec_nanos() != 0 || !range.contains(&raw.0.as_secs()) {
        let expected = format!("whole seconds from `{}s` to `{}s`", range.start(), range.end());
        checker.invalid(path, quoted(&raw.to_string()), expected);
        return None;
    }
    Some(raw.0)
}

/// A number in `range`.
pub(super) fn count<N>(
    raw: Whole,
    range: RangeInclusive<N>,
    path: &Path,
    checker: &mut Checker<'_>,
) -> Option<N>
where
    N: TryFrom<u64> + PartialOrd + fmt::Display,
{
    let number = N::try_from(raw.0).ok().filter(|number| range.contains(number));
    if number.is_none() {
        checker.invalid(path, raw.0, format_args!("{} to {}", range.start(), range.end()));
    }
    number
}

pub(super) fn limits(raw: &Limits, checker: &mut Checker<'_>) -> Option<base::Limits> {
    let at = Path::default().field("limits");
    let mut size = |value, range, name: &str| count::<usize>(value, range, &at.field(name), checker);
    let max_xml_bytes = size(raw.max_xml_bytes, 4096..=base::Limits::LARGEST_XML_BYTES, "max_xml_bytes");
    // Unless they are set these three follow the size of the document.
    let max_body_bytes = match raw.max_body_bytes {
        Some(bytes) => size(bytes, 4096..=16_777_216, "max_body_bytes"),
        None => max_xml_bytes.map(base::Limits::body_for),
    };
    let max_xml_nodes = match raw.max_xml_nodes {
        Some(nodes) => size(nodes, 256..=400_000, "max_xml_nodes"),
        None => max_xml_bytes.map(base::Limits::nodes_for),
    };
    let max_groups = match raw.max_groups {
        Some(groups) => size(groups, 1..=100_000, "max_groups"),
        None => max_xml_bytes.map(base::Limits::groups_for),
    };
    let max_attributes = size(raw.max_attributes, 16..=4096, "max_attributes");
    let max_value_bytes = size(raw.max_value_bytes, 1024..=1_048_576, "max_value_bytes");
    let max_xml_depth = size(raw.max_xml_depth, 16..=128, "max_xml_depth");
    let max_xml_attributes = size(raw.max_xml_attributes, 8..=200, "max_xml_attributes");
    let max_xml_prefixes = size(raw.max_xml_prefixes, 8..=100, "max_xml_prefixes");
    let max_inflated_bytes = size(raw.max_inflated_bytes, 4096..=1_048_576, "max_inflated_bytes");
    let max_encrypted_keys = size(raw.max_encrypted_keys, 1..=64, "max_encrypted_keys");
    let path = at.field("max_signature_checks");
    let max_signature_checks = count::<u32>(raw.max_signature_checks, 2..=64, &path, checker);
    let path = at.field("max_decryptions");
    let max_decryptions = count::<u32>(raw.max_decryptions, 1..=64, &path, checker);
    Some(base::Limits {
        max_body_bytes: max_body_bytes?,
        max_xml_bytes: max_xml_bytes?,
        max_xml_depth: max_xml_depth?,
        max_xml_nodes: max_xml_nodes?,
        max_xml_attributes: max_xml_attributes?,
        max_xml_prefixes: max_xml_prefixes?,
        max_attributes: max_attributes?,
        max_groups: max_groups?,
        max_value_bytes: max_value_bytes?,
        max_inflated_bytes: max_inflated_bytes?,
        max_signature_checks: max_signature_checks?,
        max_encrypted_keys: max_encrypted_keys?,
        max_decryptions: max_decryptions?,
        ..base::Limits::DEFAULT
    })
}
