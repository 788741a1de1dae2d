//! What one part of the policy promises and another forbids, and what has no effect or more than it seems.

use super::condition::{is_everybody, is_everybody_else};
use super::matcher::is_exactly;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    AllowOrDeny, ApplyTo, AssignTo, CleanupMode, Condition, Configuration, ManageGroups, OnlyIf, Policy,
    PolicyAction, Provisioning, StartedAt,
};
use crate::policy::{Contradiction, GroupNames, Settings};

/// Everything that two fields of `policy` and `provisioning` say of each other.
pub(super) fn policy(configuration: &Configuration, settings: &Settings, checker: &mut Checker<'_>) {
    let raw = &configuration.policy;
    let at = Path::default().field("policy");
    ignored(settings, &at, checker);
    admin_groups(raw, &at, checker);
    removal(raw, &at, checker);
    scopes(raw, configuration.provisioning.as_ref(), &at, checker);
    rules(raw, configuration.provisioning.is_some(), &at, checker);
    access(raw, &at, checker);
    if raw.cleanup.also_signed_in {
        let (mine, root) = (at.field("cleanup.also_signed_in"), Path::default());
        let detail = "whoever signed in may be somebody whom only the other one knows";
        if configuration.scim_gateway.is_some() {
            checker.conflict(&mine, root.field("scim_gateway"), detail);
        }
        if configuration.idps.len() > 1 {
            checker.conflict(&mine, root.field("idps"), detail);
        }
    }
    if raw.cleanup.mode != CleanupMode::Keep && configuration.directory_sync.is_none() {
        checker.warn(&at.field("cleanup.mode"), "there is no `directory_sync`, so nothing is cleaned up");
    }
}

/// Ignoring wins, and the operator should know.
fn ignored(settings: &Settings, at: &Path, checker: &mut Checker<'_>) {
    for contradiction in settings.contradictions() {
        let path = match &contradiction {
            Contradiction::IgnoredButMapped { rule, .. } => {
                at.field("group_mapping").index(*rule).field("groups")
            }
            Contradiction::IgnoredButDefault { .. } => at.field("default_groups.groups"),
            Contradiction::IgnoredButAlways { .. } => at.field("always_groups"),
            Contradiction::IgnoredButGranted { rule, .. } => {
                at.field("rules").index(*rule).field("action.grant.groups")
            }
        };
        checker.conflict(&path, at.field("ignored_groups"), contradiction);
    }
}

fn admin_groups(raw: &Policy, at: &Path, checker: &mut Checker<'_>) {
    let admins = raw.admin_groups.iter().collect::<GroupNames>();
    let admin_path = at.field("admin_groups");
    let lifted = raw.danger_allow_admin_groups_by_name;
    if lifted {
        let path = at.field("danger_allow_admin_groups_by_name");
        checker.warn(&path, "whoever names groups at the identity provider can make administrators");
    }
    if !lifted {
        for (index, pattern) in raw.group_patterns.iter().enumerate() {
            let groups = at.field("group_patterns").index(index).field("groups");
            for (index, group) in pattern.groups.iter().enumerate() {
                if admins.contains(group) {
                    let detail = "patterns never give groups of administrators; name it in group_mapping";
                    checker.conflict(&groups.index(index), admin_path.clone(), detail);
                }
            }
        }
        let same = raw.same_name_groups.iter().flat_map(|same| &same.matching).enumerate();
        for (index, text) in same {
            if is_exactly(text).is_some_and(|name| admins.contains(name)) {
                let path = at.field("same_name_groups.matching").index(index);
                let detail = "same names never give groups of administrators; name it in group_mapping";
                checker.conflict(&path, admin_path.clone(), detail);
            }
        }
    }
    if let Some(default) = raw.default_groups.as_ref().filter(|default| default.assign_to != AssignTo::None) {
        let path = at.field("default_groups.groups");
        to_everybody(&default.groups, &admins, &path, checker);
    }
    to_everybody(&raw.always_groups, &admins, &at.field("always_groups"), checker);
}

fn to_everybody(groups: &[String], admins: &GroupNames, at: &Path, checker: &mut Checker<'_>) {
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| admins.contains(group)) {
        let detail = format_args!("{} makes administrators of people who nobody chose", quoted(group));
        checker.warn(&at.index(index), detail);
    }
}

/// What is taken away, and what is not.
fn removal(raw: &Policy, at: &Path, checker: &mut Checker<'_>) {
    let all = raw.manage_groups == ManageGroups::All;
    let managed = at.field("managed_groups");
    if all && !raw.managed_groups.is_empty() {
        checker.conflict(&managed, at.field("manage_groups"), "all groups are managed");
    }
    if !raw.keep_existing_groups {
        return;
    }
    let keep = at.field("keep_existing_groups");
    if all {
        checker.conflict(&keep, at.field("manage_groups"), "no group is ever taken away");
    }
    if !raw.protected_groups.is_empty() {
        let path = at.field("protected_groups");
        checker.warn(&path, "without effect: keep_existing_groups protects every group");
    }
    if raw.default_groups.as_ref().is_some_and(|default| !default.keep) {
        let path = at.field("default_groups.keep");
        checker.conflict(&keep, path, "no group is ever taken away");
    }
    for (index, rule) in raw.rules.iter().enumerate() {
        if matches!(&rule.action, Some(PolicyAction::Grant(grant)) if grant.remove_otherwise) {
            let path = at.field("rules").index(index).field("action.grant.remove_otherwise");
            checker.conflict(&keep, path, "no group is ever taken away");
        }
    }
}

/// Whom something is for, when nobody can be told to be that.
fn scopes(raw: &Policy, accounts: Option<&Provisioning>, at: &Path, checker: &mut Checker<'_>) {
    let provisioning = Path::default().field("provisioning");
    let apply = at.field("apply_idp_groups_to");
    let scoped = matches!(raw.apply_idp_groups_to, ApplyTo::NewUsers | ApplyTo::ExistingUsers);
    let new_users = raw.default_groups.as_ref().is_some_and(|one| one.assign_to == AssignTo::NewUsers);
    let assign = at.field("default_groups.assign_to");
    match accounts {
        None => {
            // Not a fault: it gives less than meant, and who switches provisioning off for a day keeps the front door open.
            let detail = "without effect: without provisioning nobody knows who is new";
            if scoped {
                checker.warn(&apply, detail);
            }
            if new_users {
                checker.warn(&assign, detail);
            }
        }
        Some(accounts) if !accounts.create_accounts => {
            let detail = "without effect: provisioning.create_accounts is off, so nobody is new";
            if raw.apply_idp_groups_to == ApplyTo::NewUsers {
                checker.warn(&apply, detail);
            }
            if new_users {
                checker.warn(&assign, detail);
            }
        }
        Some(_) => {}
    }
    let maps =
        !raw.group_mapping.is_empty() || !raw.group_patterns.is_empty() || raw.same_name_groups.is_some();
    let mapping = at.field("group_mapping");
    if !maps {
        let detail = "no group of the identity provider stands for one of the application";
        let sign = raw.default_groups.as_ref().and_then(|default| default.only_if.as_ref());
        if matches!(sign, Some(OnlyIf::MappedGroup(_))) {
            checker.conflict(&at.field("default_groups.only_if"), mapping.clone(), detail);
        }
        if accounts.is_some_and(|accounts| accounts.create_only_with_mapped_group) {
            let path = provisioning.field("create_only_with_mapped_group");
            checker.conflict(&path, mapping, detail);
        }
    }
}

fn rules(raw: &Policy, provisions: bool, at: &Path, checker: &mut Checker<'_>) {
    for (index, rule) in raw.rules.iter().enumerate() {
        let path = at.field("rules").index(index);
        account(&rule.r#match, provisions, &path.field("match.account"), checker);
        match &rule.action {
            Some(PolicyAction::Grant(_)) => {
                gives_by_address(&rule.r#match, &path.field("match.started_at"), checker);
            }
            Some(PolicyAction::DefaultGroups(_)) if raw.default_groups.is_none() => {
                let detail = "without effect: there are no default_groups";
                checker.warn(&path.field("action.default_groups"), detail);
            }
            _ => {}
        }
    }
    if let Some(OnlyIf::Match(sign)) = raw.default_groups.as_ref().and_then(|one| one.only_if.as_ref()) {
        let path = at.field("default_groups.only_if.match");
        account(sign, provisions, &path.field("account"), checker);
        gives_by_address(sign, &path.field("started_at"), checker);
    }
}

fn access(raw: &Policy, at: &Path, checker: &mut Checker<'_>) {
    let allows = raw.access.iter().any(|rule| rule.action == Some(AllowOrDeny::Allow));
    if raw.default_access == AllowOrDeny::Deny && !allows {
        checker.conflict(&at.field("default_access"), at.field("access"), "nobody may enter");
    }
    let mut everybody: Option<usize> = None;
    for (index, rule) in raw.access.iter().enumerate() {
        let path = at.field("access").index(index);
        if let Some(earlier) = everybody {
            checker.warn(&path, format_args!("never reached: access[{earlier}] holds for everybody"));
        }
        if is_everybody(&rule.r#match) {
            everybody = everybody.or(Some(index));
        }
    }
}

/// A comparison of the account needs an application to ask.
fn account(raw: &Condition, provisions: bool, at: &Path, checker: &mut Checker<'_>) {
    if raw.account.is_some() && !provisions {
        checker.warn(at, "never known: without provisioning nobody looks for an account");
    }
}

/// Where somebody enters is their own choice.
fn gives_by_address(raw: &Condition, at: &Path, checker: &mut Checker<'_>) {
    let Some(StartedAt::Request(request)) = &raw.started_at else { return };
    if is_everybody_else(raw) {
        checker.warn(at, "whoever opens such an address gets these groups");
    } else if request.url.is_some() && request.path.is_none() {
        checker.warn(&at.field("request.url"), "the visitor chooses the query; compare the path");
    }
}
