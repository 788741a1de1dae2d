//! `provisioning.TARGET`: where the application is, and how to speak to it.

use core::time::Duration;

use super::origin::is_authority;
use super::scim::{atlassian_scim, scim};
use super::{Checker, optional, quoted, webhook};
use crate::base::Secret;
use crate::config::path::Path;
use crate::config::raw::{
    BasicCredentials, Credentials as RawCredentials, DataSource, Endpoint as RawEndpoint, Provisioning,
};
use crate::targets::bitbucket_dc::BitbucketDc;
use crate::targets::confluence_dc::ConfluenceDc;
use crate::targets::crowd::Crowd;
use crate::targets::jira_cloud::JiraCloud;
use crate::targets::jira_dc::JiraDc;
use crate::targets::jsm_dc::JsmDc;
use crate::targets::webhook::Webhook;
use crate::targets::{Credentials, Endpoint, Target};

/// The one target that is configured.
pub(super) fn target(raw: &Provisioning, at: &Path, checker: &mut Checker<'_>) -> Option<Target> {
    let mut found = Vec::new();
    if let Some(raw) = &raw.jira_dc {
        let endpoint = endpoint(&raw.endpoint(), &at.field("jira_dc"), checker);
        found.push(("jira_dc", endpoint.map(|endpoint| Target::new(JiraDc::new(endpoint)))));
    }
    if let Some(raw) = &raw.crowd {
        let at = at.field("crowd");
        if let Some(RawCredentials::Bearer(_)) = raw.credentials {
            let path = at.field("credentials").field("bearer");
            checker.invalid(&path, "`bearer`", "`basic`: an application of Crowd has a name and a password");
        }
        let endpoint = endpoint(&raw.endpoint(), &at, checker);
        found.push(("crowd", endpoint.map(|endpoint| Target::new(Crowd::new(endpoint)))));
    }
    if let Some(raw) = &raw.confluence_dc {
        let at = at.field("confluence_dc");
        if raw.default_group.as_deref().is_some_and(|group| group.trim().is_empty()) {
            checker.invalid(&at.field("default_group"), "no text", "the name of a group");
        }
        let endpoint = endpoint(&raw.endpoint(), &at, checker);
        let target = |endpoint| Target::new(ConfluenceDc::new(endpoint, raw.default_group.clone()));
        found.push(("confluence_dc", endpoint.map(target)));
    }
    if let Some(raw) = &raw.bitbucket_dc {
        let endpoint = endpoint(&raw.endpoint(), &at.field("bitbucket_dc"), checker);
        found.push(("bitbucket_dc", endpoint.map(|endpoint| Target::new(BitbucketDc::new(endpoint)))));
    }
    if let Some(raw) = &raw.jsm_dc {
        let endpoint = endpoint(&raw.endpoint(), &at.field("jsm_dc"), checker);
        found.push(("jsm_dc", endpoint.map(|endpoint| Target::new(JsmDc::new(endpoint)))));
    }
    if let Some(raw) = &raw.jira_cloud {
        let endpoint = endpoint(&raw.endpoint(), &at.field("jira_cloud"), checker);
        found.push(("jira_cloud", endpoint.map(|endpoint| Target::new(JiraCloud::new(endpoint)))));
    }
    if let Some(raw) = &raw.scim {
        found.push(("scim", scim(raw, &at.field("scim"), checker)));
    }
    if let Some(raw) = &raw.webhook {
        let path = at.field("webhook");
        let endpoint = endpoint(&raw.endpoint(), &path, checker);
        let secrets = webhook::secrets(&raw.secrets, &path.field("secrets"), checker);
        let target = endpoint.zip(secrets).map(|(endpoint, secrets)| Webhook::new(endpoint, secrets));
        found.push(("webhook", target.map(Target::new)));
    }
    if let Some(raw) = &raw.atlassian_scim {
        found.push(("atlassian_scim", atlassian_scim(raw, &at.field("atlassian_scim"), checker)));
    }
    let mut found = found.into_iter();
    let Some((name, target)) = found.next() else {
        return checker.required(None, at, "an application, such as `jira_dc`");
    };
    if let Some((other, _)) = found.next() {
        let detail = "one filter provisions one application; give the other its own filter";
        checker.conflict(&at.field(name), at.field(other), detail);
        return None;
    }
    target
}

/// The context path below which the portals of Jira Service Management are.
pub(super) fn portal_context(raw: &Provisioning) -> &str {
    let jira = raw.jira_dc.as_ref().map(|jira| jira.path_prefix.as_str());
    let jsm = raw.jsm_dc.as_ref().map(|jsm| jsm.path_prefix.as_str());
    jira.or(jsm).unwrap_or_default()
}

pub(super) fn endpoint(raw: &RawEndpoint<'_>, at: &Path, checker: &mut Checker<'_>) -> Option<Endpoint> {
    let cluster_path = at.field("cluster");
    let cluster = checker.required(raw.cluster, &cluster_path, "the name of a cluster");
    if let Some(cluster) = cluster
        && (cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        checker.invalid(&cluster_path, quoted(cluster), "the name of a cluster");
    }
    let authority_path = at.field("authority");
    let authority = checker.required(raw.authority, &authority_path, "the host of the calls");
    if let Some(authority) = authority
        && !is_authority(authority)
    {
        checker.invalid(&authority_path, quoted(authority), "a host such as `jira.example.com`");
    }
    if !raw.path_prefix.is_empty() {
        let path = at.field("path_prefix");
        let prefix = checker.path(raw.path_prefix, &path);
        if prefix.is_some_and(|prefix| prefix.ends_with('/')) {
            checker.invalid(&path, quoted(raw.path_prefix), "a path without `/` at its end, or no text");
        }
    }
    let timeout_path = at.field("timeout");
    if raw.timeout.0 < Duration::from_millis(100) || raw.timeout.0 > Duration::from_secs(30) {
        checker.invalid(&timeout_path, quoted(&raw.timeout.to_string()), "`0.1s` to `30s`");
    }
    let credentials = raw.credentials.map(|raw| credentials(raw, &at.field("credentials"), checker));
    Some(Endpoint {
        cluster: cluster?.clone(),
        authority: authority?.clone(),
        path_prefix: raw.path_prefix.to_owned(),
        timeout: raw.timeout.0,
        credentials: optional(credentials)?.unwrap_or(Credentials::Injected),
    })
}

fn credentials(raw: &RawCredentials, at: &Path, checker: &mut Checker<'_>) -> Option<Credentials> {
    match raw {
        RawCredentials::Bearer(source) => {
            token(source, &at.field("bearer"), checker).map(Credentials::Bearer)
        }
        RawCredentials::Basic(raw) => {
            let pair = basic(raw, &at.field("basic"), checker);
            pair.map(|(username, password)| Credentials::Basic { username, password })
        }
    }
}

/// A token that can stand in a header.
pub(super) fn token(source: &DataSource, at: &Path, checker: &mut Checker<'_>) -> Option<Secret<String>> {
    let token = checker.text(source, at)?;
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        checker.invalid(at, "", "a token of visible ASCII characters");
    }
    Some(token)
}

/// Name and password.
pub(super) fn basic(
    raw: &BasicCredentials,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<(String, Secret<String>)> {
    let username_path = at.field("username");
    let username = checker.required(raw.username.as_ref(), &username_path, "the name");
    let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    if let Some(username) = username
        && (!plain(username) || username.contains(':'))
    {
        checker.invalid(&username_path, quoted(username), "a name without a colon (RFC 7617 2)");
    }
    let password_path = at.field("password");
    let source = checker.required(raw.password.as_ref(), &password_path, "the password");
    let password = source.and_then(|source| checker.text(source, &password_path));
    if let Some(password) = &password
        && !plain(password.expose())
    {
        checker.invalid(&password_path, "", "a password without control characters");
    }
    Some((username?.clone(), password?))
}
