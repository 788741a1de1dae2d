//! `provisioning`.

use core::time::Duration;

use super::origin::is_authority;
use super::session::count;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw::{
    Configuration, JiraDc as RawJiraDc, OnFailure as RawOnFailure, Provisioning as RawProvisioning,
};
use crate::flow::{OnFailure, Provisioning};
use crate::provision;
use crate::targets::Target;
use crate::targets::jira_dc::{self, JiraDc};

/// Does anybody learn of the groups?
pub(super) fn audience(raw: &Configuration, checker: &mut Checker<'_>) {
    let policy = &raw.policy;
    let gives = !policy.group_mapping.is_empty()
        || !policy.group_patterns.is_empty()
        || policy.same_name_groups.is_some()
        || policy.default_groups.is_some()
        || !policy.always_groups.is_empty()
        || !policy.rules.is_empty();
    if gives && raw.provisioning.is_none() && raw.headers.groups.is_none() {
        let path = Path::default().field("policy");
        checker.warn(&path, "without headers.groups and provisioning nobody learns of the groups");
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
