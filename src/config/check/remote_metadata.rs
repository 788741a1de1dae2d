//! `idp.remote_metadata`.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::sync::Arc;

use super::origin::is_authority;
use super::{Checker, quoted};
use crate::config::path::Path;
use crate::config::raw::{RemoteMetadata as Raw, Span};
use crate::flow::RemoteMetadata;
use crate::xmlsec::key::Certificate;

/// Certificates that may be configured: two during a change of keys, and room for a second federation.
const MAX_CERTIFICATES: usize = 4;

const DAY: u64 = 24 * 3600;

pub(super) fn remote_metadata(
    raw: &Raw,
    at: &Path,
    checker: &mut Checker<'_>,
) -> Option<Arc<RemoteMetadata>> {
    let uri_path = at.field("uri");
    let uri = checker.required(raw.uri.as_deref(), &uri_path, "the address of the metadata");
    let address = uri.and_then(|uri| {
        let address = split(uri);
        if address.is_none() {
            checker.invalid(&uri_path, quoted(uri), "an absolute http or https address without fragment");
        }
        address
    });
    let cluster_path = at.field("cluster");
    let cluster = checker.required(raw.cluster.as_ref(), &cluster_path, "the name of a cluster");
    if let Some(cluster) = cluster
        && (cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        checker.invalid(&cluster_path, quoted(cluster), "the name of a cluster");
    }
    let timeout_path = at.field("timeout");
    if raw.timeout.0 < Duration::from_millis(100) || raw.timeout.0 > Duration::from_secs(30) {
        checker.invalid(&timeout_path, quoted(&raw.timeout.to_string()), "`0.1s` to `30s`");
    }
    let (min, max) = ("min_refresh_interval", "max_refresh_interval");
    within(&raw.min_refresh_interval, 5..=DAY, &at.field(min), checker);
    within(&raw.max_refresh_interval, 5..=DAY, &at.field(max), checker);
    if raw.min_refresh_interval.0 > raw.max_refresh_interval.0 {
        checker.conflict(&at.field(min), at.field(max), "the least is more than the most");
    }
    if let Some(max_validity) = &raw.max_validity {
        within(max_validity, 3600..=365 * DAY, &at.field("max_validity"), checker);
    }
    let bytes = usize::try_from(raw.max_bytes.0).unwrap_or(usize::MAX);
    if !(1024..=RemoteMetadata::LARGEST_BYTES).contains(&bytes) {
        let expected = format_args!("1024 to {}", RemoteMetadata::LARGEST_BYTES);
        checker.invalid(&at.field("max_bytes"), raw.max_bytes.0, expected);
    }
    let certificates = certificates(raw, &at.field("signing_certificates"), checker);
    if raw.signing_certificates.is_empty() && uri.is_some_and(|uri| uri.starts_with("http://")) {
        checker.warn(
            &uri_path,
            "neither TLS nor `signing_certificates`: whoever can change the document on its way decides who gets in",
        );
    }
    let (authority, path) = address?;
    Some(Arc::new(RemoteMetadata {
        cluster: cluster?.clone(),
        authority,
        path,
        timeout: raw.timeout.0,
        min_refresh_interval: raw.min_refresh_interval.0,
        max_refresh_interval: raw.max_refresh_interval.0,
        max_bytes: bytes,
        max_validity: raw.max_validity.as_ref().map(|span| span.0),
        signing_keys: certificates?.iter().map(|certificate| certificate.key().clone()).collect(),
    }))
}

fn within(span: &Span, seconds: RangeInclusive<u64>, at: &Path, checker: &mut Checker<'_>) {
    let (least, most) = (Duration::from_secs(*seconds.start()), Duration::from_secs(*seconds.end()));
    if span.0 < least || span.0 > most {
        let expected = format_args!("`{}s` to `{}s`", seconds.start(), seconds.end());
        checker.invalid(at, quoted(&span.to_string()), expected);
    }
}

fn certificates(raw: &Raw, at: &Path, checker: &mut Checker<'_>) -> Option<Vec<Certificate>> {
    checker.at_most(raw.signing_certificates.len(), MAX_CERTIFICATES, "certificates", at);
    let mut found = Vec::new();
    for (index, source) in raw.signing_certificates.iter().enumerate().take(MAX_CERTIFICATES) {
        let path = at.index(index);
        let text = checker.text(source, &path);
        // Its end is nobody's concern: trust is in the key that is configured.
        let certificate = text.map(|text| Certificate::parse(text.expose()));
        found.push(match certificate {
            Some(Ok(certificate)) => Some(certificate),
            Some(Err(error)) => {
                checker.room(&path, error.code(), error);
                None
            }
            None => None,
        });
    }
    found.into_iter().collect()
}

/// Host, and path with query, of an absolute address (RFC 3986).
fn split(uri: &str) -> Option<(String, String)> {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte);
    if !is_authority(authority) || !path.bytes().all(plain) {
        return None;
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some((authority.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_as_it_will_be_asked_for() {
        for (uri, authority, path) in [
            ("https://idp.example/metadata", "idp.example", "/metadata"),
            ("https://idp.example", "idp.example", "/"),
            ("https://idp.example?app=1", "idp.example", "/?app=1"),
            ("http://localhost:8080/a/b?c=d&e=%2f", "localhost:8080", "/a/b?c=d&e=%2f"),
            ("https://[::1]:8443/x", "[::1]:8443", "/x"),
            ("https://mdq.example/entities/%7Bsha1%7Dab", "mdq.example", "/entities/%7Bsha1%7Dab"),
        ] {
            assert_eq!(split(uri), Some((authority.to_owned(), path.to_owned())), "{uri}");
        }
        for uri in [
            "",
            "idp.example/metadata",
            "//idp.example/metadata",
            "ftp://idp.example/",
            "file:///etc/passwd",
            "https://",
            "https:///metadata",
            "https://user@idp.example/",
            "https://user:pw@idp.example/",
            "https://idp.example/#fragment",
            "https://idp.example/a b",
            "https://idp.example/a\r\nx: y",
            "https://idp.example\\@evil.example/",
            "https://idp.example:0/",
            "https://idp.example/\u{fc}",
            " https://idp.example/",
            "HTTPS://idp.example/",
        ] {
            assert_eq!(split(uri), None, "{uri}");
        }
    }
}
