//! The domain of an e-mail address, as a condition.

use super::Holds;
use crate::base::Pii;

/// `example.com` for that domain alone, or `*.example.com` for every domain below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainMatch(String);

/// The part of an e-mail address after its only `@`.
///
/// Letters outside ASCII are text like any other: a lookalike is another domain, and a domain that the IdP writes in
/// letters is not the one that a rule writes in Punycode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailDomain<'a>(&'a str);

impl DomainMatch {
    /// Bytes of a domain name (RFC 1035 2.3.4).
    pub const MAX_BYTES: usize = 253;

    /// Takes `pattern` in either case, or `None` when it is no domain name in ASCII (international ones in Punycode),
    /// with or without `*.` before it.
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        let name = pattern.strip_prefix("*.").unwrap_or(pattern);
        let fits = name.len() <= Self::MAX_BYTES && name.split('.').all(is_label);
        fits.then(|| Self(pattern.to_ascii_lowercase()))
    }

    /// The pattern in lower case.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.0
    }

    /// Is `domain` this one, or below it?
    #[must_use]
    pub fn matches(&self, domain: EmailDomain<'_>) -> bool {
        match self.0.strip_prefix("*.") {
            None => domain.0.eq_ignore_ascii_case(&self.0),
            // By whole labels: what is left of `.example.com` is a label or more, never a part of one.
            Some(parent) => {
                let mut below = domain.0;
                while let Some((_, above)) = below.split_once('.') {
                    if above.eq_ignore_ascii_case(parent) {
                        return true;
                    }
                    below = above;
                }
                false
            }
        }
    }
}

/// RFC 1123 2.1: letters, digits and hyphens, no hyphen at the ends; 63 bytes (RFC 1035 2.3.4).
fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl<'a> EmailDomain<'a> {
    /// The domain of `address`, or `None` when it is not plain which one that is: no `@` or several, nothing on one of
    /// its sides, an empty label (a dot at the end makes one), white space or a control character.
    #[must_use]
    pub fn of(address: &'a str) -> Option<Self> {
        let (local, domain) = address.split_once('@')?;
        let plain = !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
            && !address.chars().any(|character| character.is_whitespace() || character.is_control());
        plain.then_some(Self(domain))
    }
}

/// Is the person's domain one of these? An address that is missing or cannot be read says nothing about it.
pub(super) fn any_holds(domains: &[DomainMatch], email: Option<&Pii<String>>) -> Holds {
    match email.and_then(|address| EmailDomain::of(address.expose())) {
        None => Holds::Unknown,
        Some(domain) => domains.iter().any(|wanted| wanted.matches(domain)).into(),
    }
}
