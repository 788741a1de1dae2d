//! `shared_store`.

use core::time::Duration;

use super::origin::is_authority;
use super::{Checker, optional, quoted};
use crate::config::path::Path;
use crate::config::raw;
use crate::store::{Credentials, Etcd, OnFailure, Settings};

pub(super) fn shared_store(raw: &raw::SharedStore, checker: &mut Checker<'_>) -> Option<Settings> {
    let at = Path::default().field("shared_store");
    let etcd = checker.required(raw.etcd.as_ref(), &at.field("etcd"), "where etcd is");
    let etcd = etcd.and_then(|raw| etcd_of(raw, &at.field("etcd"), checker));
    let between = |value: Duration, least, most| value >= least && value <= most;
    let second = Duration::from_secs(1);
    let poll_interval = raw.poll_interval.0;
    if !between(poll_interval, second, second.saturating_mul(60)) {
        let found = quoted(&raw.poll_interval.to_string());
        checker.invalid(&at.field("poll_interval"), found, "`1s` to `60s`");
    }
    let max_staleness = raw.max_staleness.0;
    let staleness_path = at.field("max_staleness");
    // A worker whose VM failed is missed after five seconds; another looks then.
    if !between(max_staleness, second.saturating_mul(10), second.saturating_mul(3600)) {
        checker.invalid(&staleness_path, quoted(&raw.max_staleness.to_string()), "`10s` to `3600s`");
    } else if max_staleness < poll_interval.saturating_mul(3) {
        let detail = "it must be at least three times as long, or one slow answer of etcd stops everybody";
        checker.conflict(&staleness_path, at.field("poll_interval"), detail);
    }
    Some(Settings {
        etcd: etcd?,
        on_failure: match raw.on_failure {
            raw::OnStoreFailure::Refuse => OnFailure::Refuse,
            raw::OnStoreFailure::Continue => OnFailure::Continue,
        },
        poll_interval,
        max_staleness,
    })
}

fn etcd_of(raw: &raw::Etcd, at: &Path, checker: &mut Checker<'_>) -> Option<Etcd> {
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
        checker.invalid(&authority_path, quoted(authority), "a host such as `etcd.example.com:2379`");
    }
    let timeout = raw.timeout.0;
    if timeout < Duration::from_millis(50) || timeout > Duration::from_secs(10) {
        checker.invalid(&at.field("timeout"), quoted(&raw.timeout.to_string()), "`0.05s` to `10s`");
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-./:".contains(character);
    if !(1..=64).contains(&raw.key_prefix.len()) || !raw.key_prefix.chars().all(plain) {
        let expected = "1 to 64 letters, digits and `_-./:`";
        checker.invalid(&at.field("key_prefix"), quoted(&raw.key_prefix), expected);
    }
    let credentials = optional(credentials(raw, at, checker));
    Some(Etcd {
        cluster: cluster?.clone(),
        authority: authority?.clone(),
        timeout,
        key_prefix: raw.key_prefix.clone(),
        credentials: credentials?,
    })
}

/// Both or neither.
fn credentials(raw: &raw::Etcd, at: &Path, checker: &mut Checker<'_>) -> Option<Option<Credentials>> {
    if raw.username.is_none() && raw.password.is_none() {
        return None;
    }
    let username_path = at.field("username");
    let username = checker.required(raw.username.as_ref(), &username_path, "the name of an etcd user");
    if let Some(username) = username
        && (username.is_empty() || username.chars().any(char::is_control))
    {
        checker.invalid(&username_path, quoted(username), "the name of an etcd user");
    }
    let password = checker.required_text(raw.password.as_ref(), &at.field("password"), "the user's password");
    Some(username.cloned().zip(password).map(|(username, password)| Credentials { username, password }))
}
