//! Conditions of rules.

use super::matcher::{path_match, string_match};
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    AttributeMatch as RawAttribute, Condition as RawCondition, StartedAt as RawStartedAt,
};
use crate::policy::Condition;
use crate::policy::condition::{
    AccountMatch, AttributeMatch, AttributeValueMatch, DomainMatch, Expression, GroupsMatch, StartedAt,
};

/// Attributes of one condition. An assertion has at most 256, and a rule speaks of few.
const MAX_ATTRIBUTES: usize = 32;
/// Expressions of the whole policy: each may take [`Expression::MAX_STEPS`] steps of a sign-in.
const MAX_EXPRESSIONS: usize = 20;
/// Entries of one list of names: each is looked up in what the person has.
const MAX_NAMES: usize = 1000;

/// The condition; one that cannot be used is reported and nothing takes its place.
pub(super) fn condition(raw: &RawCondition, at: &Path, checker: &mut Checker<'_>) -> Condition {
    usable(raw, at, checker).unwrap_or_default()
}

fn usable(raw: &RawCondition, at: &Path, checker: &mut Checker<'_>) -> Option<Condition> {
    let started = at.field("started_at");
    let started_at = raw.started_at.as_ref().map(|raw| started_at(raw, &started, checker));
    let attributes_path = at.field("attributes");
    checker.at_most(raw.attributes.len(), MAX_ATTRIBUTES, "attributes", &attributes_path);
    let mut attributes = Vec::new();
    for (index, one) in raw.attributes.iter().enumerate() {
        attributes.push(attribute(one, &attributes_path.index(index), checker));
    }
    let email_domains = domains(&raw.email_domains, &at.field("email_domains"), checker);
    let username = raw.username.as_ref().map(|raw| string_match(raw, &at.field("username"), checker));
    let groups = raw.groups.as_ref().map(|raw| {
        let at = at.field("groups");
        let lists = [("any_of", &raw.any_of), ("all_of", &raw.all_of), ("none_of", &raw.none_of)];
        if lists.iter().all(|(_, list)| list.is_empty()) {
            checker.missing(&at, "at least one group in `any_of`, `all_of` or `none_of`");
        }
        for (name, list) in lists {
            idp_groups(list, &at.field(name), checker);
        }
        let set = |list: &[String]| list.iter().cloned().collect();
        GroupsMatch { any_of: set(&raw.any_of), all_of: set(&raw.all_of), none_of: set(&raw.none_of) }
    });
    let account = raw.account.as_ref().map(|raw| {
        let at = at.field("account");
        if raw.exists.is_none() && raw.active.is_none() && raw.any_of_groups.is_empty() {
            checker.missing(&at, "`exists`, `active` or `any_of_groups`");
        }
        checker.group_names(&raw.any_of_groups, &at.field("any_of_groups"));
        if raw.exists == Some(false) && (raw.active.is_some() || !raw.any_of_groups.is_empty()) {
            let other = if raw.active.is_some() { "active" } else { "any_of_groups" };
            checker.conflict(&at.field("exists"), at.field(other), "no account has that");
        }
        AccountMatch {
            exists: raw.exists,
            active: raw.active,
            any_of_groups: raw.any_of_groups.iter().collect(),
        }
    });
    let expression_path = at.field("expression");
    let expression = raw.expression.as_ref().map(|text| expression(text, &expression_path, checker));
    Some(Condition {
        started_at: optional(started_at)?,
        attributes: attributes.into_iter().collect::<Option<_>>()?,
        email_domains: email_domains?,
        username: optional(username)?,
        groups,
        account,
        expression: optional(expression)?,
    })
}

fn expression(text: &str, at: &Path, checker: &mut Checker<'_>) -> Option<Expression> {
    checker.expressions = checker.expressions.saturating_add(1);
    if checker.expressions == MAX_EXPRESSIONS.saturating_add(1) {
        checker.invalid(at, "one more expression", format_args!("at most {MAX_EXPRESSIONS} in the policy"));
    }
    match Expression::admit(text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            checker.invalid(at, quoted(text), format_args!("an expression ({error})"));
            None
        }
    }
}

/// Nothing is asked for.
pub(super) const fn is_everybody(raw: &RawCondition) -> bool {
    is_everybody_else(raw) && raw.started_at.is_none()
}

/// Nothing is asked for but where the sign-in started.
pub(super) const fn is_everybody_else(raw: &RawCondition) -> bool {
    raw.attributes.is_empty()
        && raw.email_domains.is_empty()
        && raw.username.is_none()
        && raw.groups.is_none()
        && raw.account.is_none()
        && raw.expression.is_none()
}

fn started_at(raw: &RawStartedAt, at: &Path, checker: &mut Checker<'_>) -> Option<StartedAt> {
    let RawStartedAt::Request(request) = raw else { return Some(StartedAt::NoRequest) };
    let at = at.field("request");
    let path = request.path.as_ref().map(|path| path_match(path, &at.field("path"), checker));
    let url = request.url.as_ref().map(|url| string_match(url, &at.field("url"), checker));
    Some(StartedAt::Request { path: optional(path)?, url: optional(url)? })
}

fn attribute(raw: &RawAttribute, at: &Path, checker: &mut Checker<'_>) -> Option<AttributeMatch> {
    let name_path = at.field("name");
    let name = checker.required(raw.name.as_ref(), &name_path, "an attribute name");
    if let Some(name) = name {
        super::identity::attribute_name(name, &name_path, checker);
    }
    let string_path = at.field("string_match");
    let value = match (&raw.string_match, raw.present_match) {
        (Some(_), Some(_)) => {
            checker.conflict(&at.field("present_match"), string_path, "only one of them can hold");
            None
        }
        (Some(string), None) => string_match(string, &string_path, checker).map(AttributeValueMatch::String),
        (None, present) => Some(AttributeValueMatch::Present(present.unwrap_or(true))),
    };
    Some(AttributeMatch { name: name?.clone(), value: value?, invert: raw.invert_match })
}

pub(super) fn domains(raw: &[String], at: &Path, checker: &mut Checker<'_>) -> Option<Vec<DomainMatch>> {
    checker.at_most(raw.len(), MAX_NAMES, "domains", at);
    let mut domains = Vec::new();
    for (index, text) in raw.iter().enumerate() {
        let domain = DomainMatch::new(text);
        if domain.is_none() {
            let expected = "a domain such as `example.com` or `*.example.com`, in ASCII";
            checker.invalid(&at.index(index), quoted(text), expected);
        }
        domains.push(domain);
    }
    domains.into_iter().collect()
}

/// Names of groups of the identity provider. They are compared letter by letter, so that nothing is trimmed.
pub(super) fn idp_groups(list: &[String], at: &Path, checker: &mut Checker<'_>) {
    checker.at_most(list.len(), MAX_NAMES, "groups", at);
    for (index, name) in list.iter().enumerate() {
        idp_group(name, &at.index(index), checker);
    }
}

pub(super) fn idp_group(name: &str, at: &Path, checker: &mut Checker<'_>) {
    if name.is_empty() || name.chars().any(char::is_control) {
        checker.invalid(at, quoted(name), "a group of the identity provider");
    }
}

impl Checker<'_> {
    /// Names of groups of the application.
    pub(super) fn group_names(&mut self, list: &[String], at: &Path) {
        self.at_most(list.len(), MAX_NAMES, "groups", at);
        for (index, name) in list.iter().enumerate() {
            let fits = !name.is_empty() && name.trim() == name && name.chars().count() <= 255;
            if !fits || name.chars().any(char::is_control) {
                let expected = "a group name of 1 to 255 characters without white space around it";
                self.invalid(&at.index(index), quoted(name), expected);
            }
        }
    }

    /// Names of groups of the application, of which there must be one.
    pub(super) fn some_group_names(&mut self, list: &[String], at: &Path) {
        if list.is_empty() {
            self.missing(at, "at least one group of the application");
        }
        self.group_names(list, at);
    }
}
