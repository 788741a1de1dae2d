//! Addresses of next pages, which the directory's answers name.
//!
//! Whoever can change an answer could lead us, with our credentials, anywhere the cluster goes. So an address is taken apart
//! and only its path is kept, and only when it is of the configured host and below the configured path.

use super::endpoint::Endpoint;
use super::error::{LinkFault, Request, SourceError};

/// Bytes of an address: tokens in those of Microsoft Graph have up to about 2,000, and Envoy takes 60 KiB of headers.
const MAX_LINK_BYTES: usize = 8 * 1024;

/// Path and query of `link`, for the next call to `endpoint`.
pub(super) fn follow(endpoint: &Endpoint, link: &str, request: Request) -> Result<String, SourceError> {
    path_of(endpoint, link).map_err(|fault| SourceError::LinkRefused { request, fault })
}

fn path_of(endpoint: &Endpoint, link: &str) -> Result<String, LinkFault> {
    // RFC 3986 2: what may stand in an address at all; `{`, `|` and the like are escaped by whoever means them.
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte);
    if link.is_empty() || link.len() > MAX_LINK_BYTES || !link.bytes().all(plain) {
        return Err(LinkFault::Malformed);
    }
    let (scheme, rest) = link.split_once("://").ok_or(LinkFault::Malformed)?;
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(LinkFault::Malformed),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).ok_or(LinkFault::Malformed)?;
    // RFC 3986 3.2.2 and 3.2.3: without case, and with or without the usual port. User information (3.2.1) fits nothing.
    let host = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    if host(authority) != host(&endpoint.authority) {
        return Err(LinkFault::Elsewhere);
    }
    let (resource, _) = path.split_once('?').unwrap_or((path, ""));
    let below = resource.strip_prefix(endpoint.path_prefix.as_str()).ok_or(LinkFault::OutsidePrefix)?;
    let below = below.strip_prefix('/').ok_or(LinkFault::OutsidePrefix)?;
    // RFC 3986 5.2.4: what resolves to another path than it begins with, also where a proxy reads escapes first.
    let leads_away = |segment: &str| {
        let segment = segment.to_ascii_lowercase();
        let dots = segment.replace("%2e", ".");
        let name = dots.split(';').next().unwrap_or_default();
        matches!(name, "" | "." | "..") || ["%2f", "%5c", "%00"].iter().any(|sign| segment.contains(sign))
    };
    if below.split('/').any(leads_away) {
        return Err(LinkFault::OutsidePrefix);
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::sources::Credentials;

    fn endpoint(authority: &str, path_prefix: &str) -> Endpoint {
        Endpoint {
            cluster: "directory".to_owned(),
            authority: authority.to_owned(),
            path_prefix: path_prefix.to_owned(),
            timeout: Duration::from_secs(5),
            credentials: Credentials::Injected,
        }
    }

    #[test]
    fn the_next_page_of_the_same_directory_is_followed() {
        let graph = endpoint("graph.microsoft.com", "/v1.0");
        for (link, path) in [
            ("https://graph.microsoft.com/v1.0/users?$skiptoken=a.b-c_d", "/v1.0/users?$skiptoken=a.b-c_d"),
            ("https://GRAPH.microsoft.com/v1.0/users", "/v1.0/users"),
            ("https://graph.microsoft.com:443/v1.0/users?x=../..", "/v1.0/users?x=../.."),
            (
                "https://graph.microsoft.com/v1.0/users('1')/transitiveMemberOf?$top=1",
                "/v1.0/users('1')/transitiveMemberOf?$top=1",
            ),
        ] {
            assert_eq!(path_of(&graph, link).as_deref(), Ok(path), "{link}");
        }
        let okta = endpoint("id.example.com:8443", "");
        assert_eq!(
            path_of(&okta, "http://id.example.com:8443/api/v1/users?after=1").as_deref(),
            Ok("/api/v1/users?after=1")
        );
    }

    #[test]
    fn nothing_leads_elsewhere() {
        use LinkFault::{Elsewhere, Malformed, OutsidePrefix};
        let graph = endpoint("graph.microsoft.com", "/v1.0");
        let long = format!("https://graph.microsoft.com/v1.0/users?{}", "x".repeat(9_000));
        for (link, fault) in [
            ("", Malformed),
            ("/v1.0/users", Malformed),
            ("//evil.example/v1.0/users", Malformed),
            ("ftp://graph.microsoft.com/v1.0/users", Malformed),
            ("file:///etc/passwd", Malformed),
            ("https:/graph.microsoft.com/v1.0/users", Malformed),
            ("https://graph.microsoft.com\\@evil.example/v1.0/users", Malformed),
            ("https://graph.microsoft.com/v1.0/users#x", Malformed),
            ("https://graph.microsoft.com/v1.0/users x", Malformed),
            ("https://graph.microsoft.com/v1.0/users\r\nx-evil: 1", Malformed),
            ("https://graph.microsoft.com/v1.0/us\u{e9}rs", Malformed),
            (&long, Malformed),
            ("https://evil.example/v1.0/users", Elsewhere),
            ("https://graph.microsoft.com.evil.example/v1.0/users", Elsewhere),
            ("https://evilgraph.microsoft.com/v1.0/users", Elsewhere),
            ("https://graph.microsoft.com@evil.example/v1.0/users", Elsewhere),
            ("https://me:pw@graph.microsoft.com/v1.0/users", Elsewhere),
            ("https://graph.microsoft.com:8443/v1.0/users", Elsewhere),
            ("http://graph.microsoft.com:443/v1.0/users", Elsewhere),
            ("https://graph.microsoft.com./v1.0/users", Elsewhere),
            ("https://169.254.169.254/v1.0/users", Elsewhere),
            ("https:///v1.0/users", Elsewhere),
            ("https://graph.microsoft.com", OutsidePrefix),
            ("https://graph.microsoft.com/", OutsidePrefix),
            ("https://graph.microsoft.com?/v1.0/users", OutsidePrefix),
            ("https://graph.microsoft.com/beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/../beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/%2e%2E/beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/.%2e/beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/..;x/beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/..%2fbeta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0/..%5cbeta/users", OutsidePrefix),
            ("https://graph.microsoft.com/v1.0//beta/users", OutsidePrefix),
            ("https://graph.microsoft.com/%761.0/users", OutsidePrefix),
        ] {
            assert_eq!(path_of(&graph, link), Err(fault), "{link}");
        }
    }
}
