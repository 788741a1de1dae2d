//! `identity` and `headers`.

use super::matcher::string_matches;
use super::{Checker, quoted};
use crate::base::Limits;
use crate::config::path::Path;
use crate::config::raw::{
    GroupTransform as RawTransform, Headers, Identity, ListFormat, RegexRewrite as RawRewrite, UnknownGroups,
    UsernameSource as RawUsernameSource,
};
use crate::flow::{AttributeHeader, IdentityHeaders, MultiValueFormat, MultiValueHeader};
use crate::http::RegexRewrite;
use crate::http::matcher::FullRegex;
use crate::http::substitution::RewriteError;
use crate::identity::{
    GroupFilter, GroupTransform, Settings, UnknownGroupsPolicy, UsernamePattern, UsernameSource,
};

pub(super) fn identity(raw: &Identity, limits: Limits, checker: &mut Checker<'_>) -> Option<Settings> {
    let at = Path::default().field("identity");
    let username = match &raw.username {
        RawUsernameSource::NameId(_) => Some(UsernameSource::NameId),
        RawUsernameSource::Attribute(attribute) => {
            let path = at.field("username.attribute.names");
            if attribute.names.is_empty() {
                checker.missing(&path, "at least one attribute name");
                None
            } else {
                names(&attribute.names, &path, checker);
                Some(UsernameSource::Attribute(attribute.names.clone()))
            }
        }
    };
    for (field, list) in [("email", &raw.email), ("display_name", &raw.display_name), ("groups", &raw.groups)]
    {
        names(list, &at.field(field), checker);
    }
    let pattern_path = at.field("username_pattern");
    let username_pattern = match &raw.username_pattern {
        None => Some(None),
        // The first compilation bounds length and size.
        Some(pattern) => match FullRegex::new(pattern)
            .map_err(|error| error.to_string())
            .and_then(|_| UsernamePattern::compile(pattern).map_err(|error| error.to_string()))
        {
            Ok(compiled) => Some(Some(compiled)),
            Err(error) => {
                checker.invalid(
                    &pattern_path,
                    quoted(pattern),
                    format_args!("a regular expression ({error})"),
                );
                None
            }
        },
    };
    let group_transforms = group_transforms(&raw.group_transforms, &at.field("group_transforms"), checker);
    let filter = at.field("group_filter");
    let group_filter = GroupFilter {
        allow: string_matches(&raw.group_filter.allow, MAX_FILTERS, &filter.field("allow"), checker),
        deny: string_matches(&raw.group_filter.deny, MAX_FILTERS, &filter.field("deny"), checker),
    };
    Some(Settings {
        group_transforms,
        group_filter,
        unknown_groups: match raw.unknown_groups {
            UnknownGroups::Keep => UnknownGroupsPolicy::Keep,
            UnknownGroups::Refuse => UnknownGroupsPolicy::Refuse,
        },
        max_groups: limits.max_groups,
        max_group_bytes: limits.max_group_bytes,
        username: username?,
        username_pattern: username_pattern?,
        email: raw.email.clone(),
        display_name: raw.display_name.clone(),
        groups: raw.groups.clone(),
    })
}

/// Steps that each group goes through. Four kinds of steps, and a few expressions.
const MAX_TRANSFORMS: usize = 16;
/// Comparisons that each group goes through.
const MAX_FILTERS: usize = 64;
/// Characters of a separator; `; ` has two.
const MAX_SEPARATOR: usize = 16;
/// Characters of a substitution: as many as a group of Jira may have.
const MAX_SUBSTITUTION: usize = 255;

fn group_transforms(raw: &[RawTransform], at: &Path, checker: &mut Checker<'_>) -> Vec<GroupTransform> {
    checker.at_most(raw.len(), MAX_TRANSFORMS, "steps", at);
    let mut transforms = Vec::new();
    for (index, step) in raw.iter().enumerate().take(MAX_TRANSFORMS) {
        let path = at.index(index);
        transforms.extend(match step {
            RawTransform::Split(split) => {
                let path = path.field("split.separator");
                separator(split.separator.as_ref(), &path, checker)
                    .map(|separator| GroupTransform::Split { separator })
            }
            RawTransform::LastPathSegment(_) => Some(GroupTransform::LastPathSegment),
            RawTransform::CommonName(_) => Some(GroupTransform::CommonName),
            RawTransform::RegexRewrite(rewrite) => {
                regex_rewrite(rewrite, &path.field("regex_rewrite"), checker)
                    .map(GroupTransform::RegexRewrite)
            }
        });
    }
    transforms
}

fn separator(raw: Option<&String>, at: &Path, checker: &mut Checker<'_>) -> Option<String> {
    let separator = checker.required(raw, at, "the text between two groups")?;
    let control = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !(1..=MAX_SEPARATOR).contains(&separator.chars().count()) || separator.chars().any(control) {
        checker.invalid(at, quoted(separator), format_args!("a text of 1 to {MAX_SEPARATOR} characters"));
        return None;
    }
    Some(separator.clone())
}

fn regex_rewrite(raw: &RawRewrite, at: &Path, checker: &mut Checker<'_>) -> Option<RegexRewrite> {
    let pattern_path = at.field("pattern.regex");
    let pattern = raw.pattern.as_ref().and_then(|pattern| pattern.regex.as_ref());
    let pattern = checker.required(pattern, &pattern_path, "a regular expression");
    let substitution_path = at.field("substitution");
    let text = &raw.substitution;
    if text.chars().count() > MAX_SUBSTITUTION || text.chars().any(char::is_control) {
        let expected = format_args!("a text of at most {MAX_SUBSTITUTION} characters");
        checker.invalid(&substitution_path, quoted(text), expected);
        return None;
    }
    match RegexRewrite::new(pattern?, text) {
        Ok(rewrite) => Some(rewrite),
        Err(RewriteError::Pattern(error)) => {
            let expected = format_args!("a regular expression ({error})");
            checker.invalid(&pattern_path, quoted(pattern?), expected);
            None
        }
        Err(RewriteError::Substitution(error)) => {
            checker.invalid(&substitution_path, quoted(text), format_args!("a substitution ({error})"));
            None
        }
    }
}

fn names(list: &[String], at: &Path, checker: &mut Checker<'_>) {
    for (index, name) in list.iter().enumerate() {
        attribute_name(name, &at.index(index), checker);
    }
}

pub(super) fn attribute_name(name: &str, path: &Path, checker: &mut Checker<'_>) {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        checker.invalid(path, quoted(name), "an attribute name without white space around it");
    }
}

/// Headers that HTTP, browsers or Envoy use themselves: setting or removing them would break requests.
const RESERVED: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "age",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
    "x-request-id",
];

/// Beginnings of such headers.
const RESERVED_PREFIXES: &[&str] =
    &["access-control-", "content-", "proxy-", "sec-", "x-envoy-", "x-forwarded-"];

pub(super) fn headers(raw: &Headers, checker: &mut Checker<'_>) -> Option<IdentityHeaders> {
    let at = Path::default().field("headers");
    let mut names: Vec<(String, Path)> = Vec::new();
    let mut fine = true;
    let mut take = |name: &str, path: Path, checker: &mut Checker<'_>| {
        fine &= header_name(name, &path, checker);
        // The names are lower case and without `_`, so equal means equal after folding.
        match names.iter().find(|(other, _)| other == name) {
            Some((_, other)) => checker.conflict(&path, other.clone(), "both are the same header"),
            None => names.push((name.to_owned(), path)),
        }
    };
    take(&raw.username, at.field("username"), checker);
    let single = [
        ("email", &raw.email),
        ("display_name", &raw.display_name),
        ("name_id", &raw.name_id),
        ("session_id", &raw.session_id),
    ];
    for (field, name) in single {
        if let Some(name) = name {
            take(name, at.field(field), checker);
        }
    }
    let groups = raw.groups.as_ref().and_then(|groups| {
        let path = at.field("groups.name");
        let name = checker.required(groups.name.as_ref(), &path, "a header name")?;
        take(name, path, checker);
        Some(list_header(name, groups.format))
    });
    let mut attributes = Vec::new();
    for (index, entry) in raw.attributes.iter().enumerate() {
        let path = at.field("attributes").index(index);
        let attribute =
            checker.required(entry.attribute.as_ref(), &path.field("attribute"), "an attribute name");
        if let Some(attribute) = attribute {
            attribute_name(attribute, &path.field("attribute"), checker);
        }
        let header = checker.required(entry.header.as_ref(), &path.field("header"), "a header name");
        if let Some(header) = header {
            take(header, path.field("header"), checker);
        }
        if let (Some(attribute), Some(header)) = (attribute, header) {
            let header = list_header(header, entry.format);
            attributes.push(AttributeHeader { attribute: attribute.clone(), header });
        }
    }
    fine.then(|| IdentityHeaders {
        username: Some(raw.username.clone()),
        email: raw.email.clone(),
        display_name: raw.display_name.clone(),
        name_id: raw.name_id.clone(),
        session_id: raw.session_id.clone(),
        groups,
        attributes,
        ..IdentityHeaders::default()
    })
}

fn list_header(name: &str, format: ListFormat) -> MultiValueHeader {
    let format = match format {
        ListFormat::CommaSeparated => MultiValueFormat::CommaSeparated,
        ListFormat::Json => MultiValueFormat::Json,
    };
    MultiValueHeader { name: name.to_owned(), format }
}

/// Lower-case letters, digits and `-`: what every server and every application reads as the same name.
pub(super) fn is_plain_header(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// Is it a name that a header of ours may have?
pub(super) fn header_name(name: &str, path: &Path, checker: &mut Checker<'_>) -> bool {
    if !is_plain_header(name) {
        checker.invalid(path, quoted(name), "a header name of lower-case letters, digits and `-`");
        return false;
    }
    let reserved =
        RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if reserved {
        checker.invalid(path, quoted(name), "a header that HTTP, browsers and Envoy do not use themselves");
    }
    !reserved
}
