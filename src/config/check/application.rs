//! `provisioning`.

use core::time::Duration;
use std::collections::BTreeSet;

use super::condition::domains;
use super::matcher::string_matches;
use super::session::count;
use super::target::target;
use super::{Checker, optional, quoted};
use crate::base::Pii;
use crate::config::path::Path;
use crate::config::raw::{
    Audit as RawAudit, AuditIdentifiers, Configuration, Customers as RawCustomers, DirectorySync,
    OnFailure as RawOnFailure, OnGuardrail as RawOnGuardrail, Organizations as RawOrganizations,
    ProfileAttribute, ProfileField as RawProfileField, Provisioning as RawProvisioning, ScimGroupsBecome,
    Span, SyncGroupsBecome,
};
use crate::flow::{Customers, Identifiers, OnFailure, OnGuardrail, Organizations, Provisioning};
use crate::http::StringMatch;
use crate::provision::memory::Scope;
use crate::provision::{self, AccountKey, ProfileField};

/// Names that nobody may sign in with. Each is tried at each sign-in; local administrators are few.
const MAX_PROTECTED_USERNAMES: usize = 100;

/// Does anybody learn of the groups?
pub(super) fn audience(raw: &Configuration, checker: &mut Checker<'_>) {
    let policy = &raw.policy;
    let gives = !policy.group_mapping.is_empty()
        || !policy.group_patterns.is_empty()
        || policy.same_name_groups.is_some()
        || policy.default_groups.is_some()
        || !policy.always_groups.is_empty()
        || !policy.rules.is_empty();
    let passes = raw.scim_gateway.as_ref().is_some_and(|gateway| gateway.pass_through.is_some());
    if gives && raw.provisioning.is_none() && raw.headers.groups.is_none() && !passes {
        let path = Path::default().field("policy");
        checker.warn(&path, "without headers.groups and provisioning nobody learns of the groups");
    }
}

pub(super) const fn audit(raw: &RawAudit) -> Identifiers {
    match raw.identifiers {
        AuditIdentifiers::Plain => Identifiers::Plain,
        AuditIdentifiers::Hashed => Identifiers::Hashed,
        AuditIdentifiers::Off => Identifiers::Off,
    }
}

/// Does a directory say which organizations there are?
fn of_directory(whole: &Configuration) -> bool {
    let pushed = whole.scim_gateway.as_ref().is_some_and(|gateway| {
        gateway.pass_through.is_none() && matches!(gateway.groups_become, ScimGroupsBecome::Organizations)
    });
    let pulled = |sync: &DirectorySync| matches!(sync.groups_become, SyncGroupsBecome::Organizations);
    pushed || whole.directory_sync.as_ref().is_some_and(pulled)
}

/// What `at`, where groups become organizations, needs of `provisioning.customers`.
pub(super) fn organizations_of_directory(whole: &Configuration, at: &Path, checker: &mut Checker<'_>) {
    let Some(provisioning) = &whole.provisioning else { return };
    let customers_at = Path::default().field("provisioning.customers");
    match provisioning.customers.as_ref().map(|customers| &customers.organizations) {
        None => checker.missing(&customers_at, "where customers belong, at least `{}`"),
        Some(Some(RawOrganizations::Fixed(_))) => {
            let detail =
                "sign-ins and the directory would undo each other: leave it out, or name an attribute";
            checker.conflict(at, customers_at.field("organizations.fixed"), detail);
        }
        Some(Some(RawOrganizations::Attribute(_)) | None) => {}
    }
}

pub(super) fn provisioning(
    raw: &RawProvisioning,
    whole: &Configuration,
    checker: &mut Checker<'_>,
) -> Option<Provisioning> {
    let at = Path::default().field("provisioning");
    let target = target(raw, &at, checker);
    let max_group_removals =
        count(raw.max_group_removals, 0..=1000, &at.field("max_group_removals"), checker);
    let max_group_creations =
        count(raw.max_group_creations, 0..=1000, &at.field("max_group_creations"), checker);
    let percent =
        count(raw.max_group_removal_percent, 1..=100, &at.field("max_group_removal_percent"), checker);
    if raw.on_failure != RawOnFailure::Refuse {
        checker
            .warn(&at.field("on_failure"), "people enter with the rights they had when provisioning fails");
    }
    let link_path = at.field("link_by_email").field("email_domains");
    let link_by_email = raw.link_by_email.as_ref().map(|link| {
        if link.email_domains.is_empty() {
            checker.missing(&link_path, "at least one domain");
        }
        domains(&link.email_domains, &link_path, checker)
    });
    let protected_path = at.field("protected_usernames");
    let protected_usernames =
        string_matches(&raw.protected_usernames, MAX_PROTECTED_USERNAMES, &protected_path, checker);
    let protected_usernames = folded(protected_usernames, &protected_path, checker);
    let customers = raw
        .customers
        .as_ref()
        .map(|raw| customers(raw, of_directory(whole), &at.field("customers"), checker));
    let profile = profile(&raw.profile, &at.field("profile"), checker);
    let skip_unchanged_for =
        span(&raw.skip_unchanged_for, 24 * 60 * 60, &at.field("skip_unchanged_for"), checker);
    let circuit_open_for = span(&raw.circuit_open_for, 60 * 60, &at.field("circuit_open_for"), checker);
    let seats_path = at.field("warn_when_seats_below");
    let warn_when_seats_below = count(raw.warn_when_seats_below, 0..=1_000_000, &seats_path, checker);
    if raw.dry_run {
        checker.warn(&at.field("dry_run"), "nothing is changed at the application");
    }
    let target = target?;
    let capabilities = target.capabilities();
    let scope = format!("{} {target:?}", target.name());
    if raw.customers.is_some() && capabilities.reads && !capabilities.organizations {
        let detail = format!("without effect: `{}` has no organizations", target.name());
        checker.warn(&at.field("customers"), &detail);
    }
    if raw.reactivate_accounts && capabilities.reads && !capabilities.reactivates {
        let detail = format!("without effect: `{}` cannot activate an account", target.name());
        checker.warn(&at.field("reactivate_accounts"), &detail);
    }
    let anybody = AccountKey::Email(Pii::new(String::from("a@example.com")));
    if raw.link_by_email.is_some() && target.look_up(&anybody).is_empty() {
        let detail = format!("without effect: `{}` finds nobody by e-mail address", target.name());
        checker.warn(&at.field("link_by_email"), &detail);
    }
    Some(Provisioning {
        rules: provision::Settings {
            create_missing_groups: raw.create_missing_groups,
            max_group_removals: max_group_removals?,
            max_group_creations: max_group_creations?,
            max_group_removal_percent: u8::try_from(percent?).unwrap_or(100),
            capabilities,
        },
        target,
        on_failure: match raw.on_failure {
            RawOnFailure::Refuse => OnFailure::Refuse,
            RawOnFailure::Continue => OnFailure::Continue,
            RawOnFailure::ContinueAndRetry => OnFailure::ContinueAndRetry,
        },
        on_guardrail: match raw.on_guardrail {
            RawOnGuardrail::Refuse => OnGuardrail::Refuse,
            RawOnGuardrail::Continue => OnGuardrail::Continue,
        },
        dry_run: raw.dry_run,
        end_sessions: raw.end_sessions_on_logout,
        skip_unchanged_for,
        circuit_open_for,
        warn_when_seats_below: u64::try_from(warn_when_seats_below?).unwrap_or_default(),
        scope: Scope::of(&scope),
        link_by_email: optional(link_by_email)?,
        protected_usernames,
        customers: optional(customers)?,
        profile: profile?,
    })
}

/// Comparisons with user names in lower case, as applications compare them.
fn folded(names: Vec<StringMatch>, at: &Path, checker: &mut Checker<'_>) -> Vec<StringMatch> {
    let mut folded = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        folded.push(match name {
            StringMatch::Exact { value, ignore_case } => {
                StringMatch::Exact { value: value.to_lowercase(), ignore_case }
            }
            StringMatch::Prefix { value, ignore_case } => {
                StringMatch::Prefix { value: value.to_lowercase(), ignore_case }
            }
            StringMatch::Suffix { value, ignore_case } => {
                StringMatch::Suffix { value: value.to_lowercase(), ignore_case }
            }
            StringMatch::Contains { value, ignore_case } => {
                StringMatch::Contains { value: value.to_lowercase(), ignore_case }
            }
            StringMatch::SafeRegex(regex) => {
                // An expression cannot be put into lower case: `\\S` would become `\\s`.
                let expected =
                    "`exact`, `prefix`, `suffix` or `contains`: user names are compared without case";
                checker.invalid(&at.index(index).field("safe_regex"), "an expression", expected);
                StringMatch::SafeRegex(regex)
            }
        });
    }
    folded
}

/// A duration of at most `most` seconds, or none.
fn span(raw: &Span, most: u64, at: &Path, checker: &mut Checker<'_>) -> Duration {
    if raw.0 > Duration::from_secs(most) {
        checker.invalid(at, quoted(&raw.to_string()), format_args!("`0s` to `{most}s`"));
    }
    raw.0
}

fn customers(
    raw: &RawCustomers,
    of_directory: bool,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Customers> {
    let path = at.field("organizations");
    let organizations = match &raw.organizations {
        None if of_directory => Some(Organizations::OfDirectory),
        None => Some(Organizations::Fixed(BTreeSet::new())),
        Some(RawOrganizations::Fixed(names)) => {
            let path = path.field("fixed");
            for (index, name) in names.iter().enumerate() {
                if !(1..=200).contains(&name.trim().chars().count()) || name.chars().any(char::is_control) {
                    checker.invalid(&path.index(index), quoted(name), "a name of 1 to 200 characters");
                }
            }
            Some(Organizations::Fixed(names.iter().map(|name| name.trim().to_owned()).collect()))
        }
        Some(RawOrganizations::Attribute(name)) => {
            if name.is_empty() {
                checker.invalid(&path.field("attribute"), quoted(name), "the name of an attribute");
            }
            Some(Organizations::Attribute(name.clone()))
        }
    };
    for (index, id) in raw.service_desks.iter().enumerate() {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let path = at.field("service_desks").index(index);
            checker.invalid(&path, quoted(id), "the id of a service desk, such as `3`");
        }
    }
    Some(Customers {
        organizations: organizations?,
        only_portal_sign_ins: raw.only_portal_sign_ins,
        service_desks: raw.service_desks.iter().cloned().collect(),
    })
}

fn profile(
    raw: &[ProfileAttribute],
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Vec<(ProfileField, String)>> {
    let mut pairs = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        let at = at.index(index);
        let field = checker.required(raw.field, &at.field("field"), "a field of the application");
        let attribute = checker.required(raw.attribute.as_ref(), &at.field("attribute"), "an attribute");
        if attribute.is_some_and(String::is_empty) {
            checker.invalid(&at.field("attribute"), "", "the name of an attribute");
        }
        let (Some(field), Some(attribute)) = (field, attribute) else { continue };
        let field = match field {
            RawProfileField::Title => ProfileField::Title,
            RawProfileField::Department => ProfileField::Department,
            RawProfileField::Organization => ProfileField::Organization,
            RawProfileField::TimeZone => ProfileField::TimeZone,
            RawProfileField::PreferredLanguage => ProfileField::PreferredLanguage,
        };
        if pairs.iter().any(|(have, _)| *have == field) {
            checker.conflict(&at.field("field"), Path::default(), "given twice");
        }
        pairs.push((field, attribute.clone()));
    }
    Some(pairs)
}
