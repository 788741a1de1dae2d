//! `idp.artifact_resolution`.

use core::time::Duration;

use super::origin::is_authority;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::ArtifactResolution as Raw;
use crate::flow::ArtifactResolution;
use crate::saml::metadata::idp::IdpMetadata;

/// `metadata` is what is known of it now; that of an address comes later.
pub(super) fn artifact_resolution(
    raw: &Raw,
    at: &Path,
    signing: bool,
    metadata: Option<&IdpMetadata>,
    checker: &mut Checker<'_>,
) -> Option<ArtifactResolution> {
    let cluster_path = at.field("cluster");
    let cluster = checker.required(raw.cluster.as_ref(), &cluster_path, "the name of a cluster");
    if let Some(cluster) = cluster
        && (cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        checker.invalid(&cluster_path, quoted(cluster), "the name of a cluster");
    }
    if let Some(authority) = &raw.authority
        && !is_authority(authority)
    {
        checker.invalid(&at.field("authority"), quoted(authority), "a host with or without a port");
    }
    if raw.timeout.0 < Duration::from_millis(100) || raw.timeout.0 > Duration::from_secs(30) {
        checker.invalid(&at.field("timeout"), quoted(&raw.timeout.to_string()), "`0.1s` to `30s`");
    }
    if metadata.is_some_and(|metadata| metadata.artifact_resolution.is_empty()) {
        let detail = "the metadata has no ArtifactResolutionService that speaks SOAP";
        checker.invalid(at, "", detail);
    }
    if !signing {
        checker.warn(
            at,
            "without `sp.signing` the identity provider knows us by the client certificate of the cluster only",
        );
    }
    Some(ArtifactResolution {
        cluster: cluster?.clone(),
        authority: raw.authority.clone(),
        timeout: raw.timeout.0,
    })
}
