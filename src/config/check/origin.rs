//! Origins and authorities, read strictly: the configuration holds them in the form in which browsers send them.
//!
//! Hand-written, because a whole URL parser with its tables of international names would be a tenth of the filter.

/// An origin in its normal form (RFC 6454 6.2): lower case, no default port, nothing after the authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// `https`, else `http`.
    pub(super) https: bool,
    /// Host name or address, brackets included.
    pub(super) host: &'a str,
}

impl<'a> Origin<'a> {
    /// Reads `text`. An error may carry the normal form that was probably meant.
    pub(super) fn parse(text: &'a str) -> Result<Self, Option<String>> {
        if let Some(origin) = Self::strict(text) {
            return Ok(origin);
        }
        let lower = text.trim().to_ascii_lowercase();
        let authority_at = lower.find("://").map_or(0, |at| at.saturating_add(3));
        let end = lower.bytes().enumerate().skip(authority_at).find(|(_, byte)| b"/?#\\".contains(byte));
        let whole = end.map_or(lower.as_str(), |(end, _)| lower.get(..end).unwrap_or_default());
        let port = if whole.starts_with("https://") { ":443" } else { ":80" };
        let normal = whole.strip_suffix(port).unwrap_or(whole);
        Err(Origin::strict(normal).is_some().then(|| normal.to_owned()))
    }

    fn strict(text: &'a str) -> Option<Self> {
        let (https, authority) = match text.strip_prefix("https://") {
            Some(authority) => (true, authority),
            None => (false, text.strip_prefix("http://")?),
        };
        let (host, port) = split(authority)?;
        if authority.bytes().any(|byte| byte.is_ascii_uppercase())
            || port == Some(if https { 443 } else { 80 })
        {
            return None;
        }
        Some(Self { https, host })
    }
}

/// Is `text` a host with or without a port and nothing else?
pub(super) fn is_authority(text: &str) -> bool {
    split(text).is_some()
}

/// Host and port of an authority without user name (RFC 3986 3.2).
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            // Digits without a leading zero, 1 to 65535.
            let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
            (host, Some(port.parse::<u16>().ok().filter(|_| digits)?))
        }
        _ => (authority, None),
    };
    is_host(host).then_some((host, port))
}

/// A name of labels (RFC 1123 2.1; international names in their ASCII form) or an address.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<core::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address);
    }
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What ends in a number is read as an IPv4 address by browsers, in odd notations too (WHATWG URL 3.5).
    let numeric = |label: &str| {
        let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
        label.bytes().all(|byte| byte.is_ascii_digit())
            || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let is_address = host.rsplit('.').next().is_some_and(numeric);
    host.len() <= 253
        && host.split('.').all(label)
        && (!is_address || host.parse::<core::net::Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_in_their_normal_form_only() {
        for text in [
            "https://jira.example.com",
            "https://jira.example.com:8443",
            "http://localhost:8080",
            "https://xn--bcher-kva.example",
            "https://10.0.0.1",
            "https://[::1]:8443",
            "https://a_b.example",
            "http://x:443",
        ] {
            assert!(Origin::parse(text).is_ok(), "{text}");
        }
        for (text, normal) in [
            ("https://jira.example.com/", Some("https://jira.example.com")),
            ("HTTPS://Jira.Example.com", Some("https://jira.example.com")),
            ("https://jira.example.com:443", Some("https://jira.example.com")),
            ("http://a:80/x", Some("http://a")),
            ("https://a/jira?x#y", Some("https://a")),
            (" https://a ", Some("https://a")),
            ("https://a\\@b", Some("https://a")),
            ("https://", None),
            ("https:///", None),
            ("https://user@a", None),
            ("https://user:pw@a", None),
            ("ftp://a", None),
            ("//a", None),
            ("a", None),
            ("", None),
            ("https://a:", None),
            ("https://a:0", None),
            ("https://a:080", None),
            ("https://a:65536", None),
            ("https://a:+1", None),
            ("https://a b", None),
            ("https://a,b", None),
            ("https://*.a", None),
            ("https://b\u{fc}cher.example", None),
            ("https://a..b", None),
            ("https://.a", None),
            ("https://a.", None),
            ("https://-a", None),
            ("https://1.2.3", None),
            ("https://0x7f.1", None),
            ("https://1.2.3.256", None),
            ("https://[::1", None),
            ("https://[1.2.3.4]", None),
            ("https://[::0001]", None),
            ("null", None),
        ] {
            assert_eq!(Origin::parse(text), Err(normal.map(String::from)), "{text}");
        }
    }

    #[test]
    fn authorities_are_hosts_with_or_without_port() {
        for text in ["a", "jira.internal:8080", "10.0.0.1:80", "[::1]", "[::1]:80", "A.example"] {
            assert!(is_authority(text), "{text}");
        }
        for text in ["", ":80", "a:", "a/", "a:80/", "u@a", "a b", "*.a", "[::1]x", "::1", "a:b", "a\r\nb"] {
            assert!(!is_authority(text), "{text}");
        }
    }
}
