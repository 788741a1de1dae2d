//! `policy` and `provisioning`.

use core::time::Duration;

use super::origin::is_authority;
use super::session::count;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    AssignTo as RawAssignTo, Configuration, JiraDc as RawJiraDc, OnFailure as RawOnFailure, Policy,
    Provisioning as RawProvisioning,
};
use crate::flow::{OnFailure, Provisioning};
use crate::policy::{AccountRules, AssignTo, Contradiction, DefaultGroups, GroupRule, PortalRule, Settings};
use crate::provision;
use crate::targets::Target;
use crate::targets::jira_dc::{self, JiraDc};

/// Does anybody learn of the groups?
pub(super) fn audience(raw: &Configuration, checker: &mut Checker<'_>) {
    let gives = !raw.policy.group_mapping.is_empty() || raw.policy.default_groups.is_some();
    if gives && raw.provisioning.is_none() && raw.headers.groups.is_none() {
        let path = Path::default().field("policy");
        checker.warn(&path, "without headers.groups and provisioning nobody learns of the groups");
    }
}

pub(super) fn policy(
    raw: &Policy,
    accounts: Option<&RawProvisioning>,
    checker: &mut Checker<'_>,
) -> Settings {
    let at = Path::default().field("policy");
    let mut group_mapping = Vec::new();
    for (index, entry) in raw.group_mapping.iter().enumerate() {
        let path = at.field("group_mapping").index(index);
        let field = path.field("idp_group");
        let idp_group =
            checker.required(entry.idp_group.as_ref(), &field, "a group of the identity provider");
        if let Some(name) = idp_group
            && (name.is_empty() || name.chars().any(char::is_control))
        {
            checker.invalid(&field, quoted(name), "a group of the identity provider");
        }
        groups(&entry.groups, &path.field("groups"), true, checker);
        group_mapping.push(GroupRule {
            idp_group: idp_group.cloned().unwrap_or_default(),
            groups: entry.groups.clone(),
        });
    }
    let default_groups = raw.default_groups.as_ref().map(|raw| {
        groups(&raw.groups, &at.field("default_groups.groups"), true, checker);
        DefaultGroups {
            groups: raw.groups.clone(),
            assign_to: match raw.assign_to {
                RawAssignTo::NewUsers => AssignTo::NewUsers,
                RawAssignTo::AllUsers => AssignTo::AllUsers,
                RawAssignTo::None => AssignTo::None,
            },
            ..DefaultGroups::default()
        }
    });
    groups(&raw.ignored_groups, &at.field("ignored_groups"), false, checker);
    groups(&raw.protected_groups, &at.field("protected_groups"), false, checker);
    let portal = raw.portal.as_ref().map(|raw| {
        let path = at.field("portal.path_prefixes");
        if raw.path_prefixes.is_empty() {
            checker.missing(&path, "at least one path such as `/servicedesk/`");
        }
        for (index, prefix) in raw.path_prefixes.iter().enumerate() {
            checker.path(prefix, &path.index(index));
        }
        PortalRule { path_prefixes: raw.path_prefixes.clone(), ..PortalRule::default() }
    });
    let settings = Settings {
        group_mapping: group_mapping.into(),
        default_groups: default_groups.unwrap_or_default(),
        portal,
        ignored_groups: raw.ignored_groups.clone(),
        protected_groups: raw.protected_groups.clone(),
        keep_existing_groups: raw.keep_existing_groups,
        accounts: accounts.map(account_rules).unwrap_or_default(),
        create_missing_groups: accounts.is_some_and(|raw| raw.create_missing_groups),
        ..Settings::default()
    };
    for contradiction in settings.contradictions() {
        let path = match &contradiction {
            Contradiction::IgnoredButMapped { rule, .. } => {
                at.field("group_mapping").index(*rule).field("groups")
            }
            Contradiction::IgnoredButDefault { .. } => at.field("default_groups.groups"),
            Contradiction::IgnoredButAlways { .. } => at.field("always_groups"),
            Contradiction::IgnoredButGranted { rule, .. } => at.field("rules").index(*rule),
        };
        checker.conflict(&path, at.field("ignored_groups"), contradiction);
    }
    settings
}

fn account_rules(raw: &RawProvisioning) -> AccountRules {
    AccountRules {
        create: raw.create_accounts,
        update: raw.update_accounts,
        reactivate: raw.reactivate_accounts,
        create_only_with_mapped_group: raw.create_only_with_mapped_group,
    }
}

/// Names of groups of the application.
fn groups(list: &[String], at: &Path, needed: bool, checker: &mut Checker<'_>) {
    if needed && list.is_empty() {
        checker.missing(at, "at least one group of the application");
    }
    for (index, name) in list.iter().enumerate() {
        let fits = !name.is_empty() && name.trim() == name && name.chars().count() <= 255;
        if !fits || name.chars().any(char::is_control) {
            let expected = "a group name of 1 to 255 characters without white space around it";
            checker.invalid(&at.index(index), quoted(name), expected);
        }
    }
}

pub(super) fn provisioning(raw: &RawProvisioning, checker: &mut Checker<'_>) -> Option<Provisioning> {
    let at = Path::default().field("provisioning");
    let target_path = at.field("jira_dc");
    let target = checker.required(raw.jira_dc.as_ref(), &target_path, "the application");
    let target = target.and_then(|raw| jira(raw, &target_path, checker));
    let max_group_removals =
        count(raw.max_group_removals, 0..=1000, &at.field("max_group_removals"), checker);
    let max_group_creations =
        count(raw.max_group_creations, 0..=1000, &at.field("max_group_creations"), checker);
    if raw.on_failure == RawOnFailure::Continue {
        checker
            .warn(&at.field("on_failure"), "people enter with the rights they had when provisioning fails");
    }
    Some(Provisioning {
        target: Target::JiraDc(JiraDc::new(target?)),
        rules: provision::Settings {
            create_missing_groups: raw.create_missing_groups,
            max_group_removals: max_group_removals?,
            max_group_creations: max_group_creations?,
        },
        on_failure: match raw.on_failure {
            RawOnFailure::Refuse => OnFailure::Refuse,
            RawOnFailure::Continue => OnFailure::Continue,
        },
    })
}

fn jira(raw: &RawJiraDc, at: &Path, checker: &mut Checker<'_>) -> Option<jira_dc::Settings> {
    let cluster_path = at.field("cluster");
    let cluster = checker.required(raw.cluster.as_ref(), &cluster_path, "the name of a cluster");
    if let Some(cluster) = cluster
        && (cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        checker.invalid(&cluster_path, quoted(cluster), "the name of a cluster");
    }
    let authority_path = at.field("authority");
    let authority = checker.required(raw.authority.as_ref(), &authority_path, "the host of the calls");
    if let Some(authority) = authority
        && !is_authority(authority)
    {
        checker.invalid(&authority_path, quoted(authority), "a host such as `jira.example.com`");
    }
    if !raw.path_prefix.is_empty() {
        let path = at.field("path_prefix");
        let prefix = checker.path(&raw.path_prefix, &path);
        if prefix.is_some_and(|prefix| prefix.ends_with('/')) {
            checker.invalid(&path, quoted(&raw.path_prefix), "a path without `/` at its end, or no text");
        }
    }
    let timeout_path = at.field("timeout");
    if raw.timeout.0 < Duration::from_millis(100) || raw.timeout.0 > Duration::from_secs(30) {
        checker.invalid(&timeout_path, quoted(&raw.timeout.to_string()), "`0.1s` to `30s`");
    }
    let token_path = at.field("token");
    let token = raw.token.as_ref().map(|source| checker.text(source, &token_path));
    if let Some(Some(token)) = &token
        && !token.expose().bytes().all(|byte| byte.is_ascii_graphic())
    {
        checker.invalid(&token_path, "", "a token of visible ASCII characters");
    }
    Some(jira_dc::Settings {
        cluster: cluster?.clone(),
        authority: authority?.clone(),
        path_prefix: raw.path_prefix.clone(),
        timeout: raw.timeout.0,
        token: optional(token)?,
    })
}
