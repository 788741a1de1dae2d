//! A cookie jar by the rules of RFC 6265bis, as far as they decide whether a sign-in works.

use std::time::{Duration, SystemTime};

use url::Url;

/// Longest name and value together that browsers keep (6265bis 5.6).
const MAX_COOKIE_BYTES: usize = 4096;

/// `SameSite` as it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent to requests of the same site only.
    Strict,
    /// Also sent when another site navigates here with a safe method. Cookies without the attribute count as this.
    Lax,
    /// Always sent.
    None,
}

/// A cookie in the jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that set it, or the domain that it is for.
    pub domain: String,
    /// Sent to exactly `domain`, not below it.
    pub host_only: bool,
    /// The path it is for.
    pub path: String,
    /// Sent over secure connections only.
    pub secure: bool,
    /// Hidden from scripts.
    pub http_only: bool,
    /// When other sites may cause it to be sent.
    pub same_site: SameSite,
    /// Marked `Partitioned`.
    pub partitioned: bool,
    /// When it ends; `None` with the browser.
    pub expires: Option<SystemTime>,
}

/// Why a `Set-Cookie` was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No name, or bytes that may not occur.
    Malformed,
    /// Larger than browsers keep.
    TooLarge,
    /// `Secure` from a host that is not trustworthy.
    InsecureOrigin,
    /// A prefix whose conditions it does not meet.
    Prefix,
    /// A `Domain` that is not the host's own or one above it.
    Domain,
    /// `SameSite=None` or `Partitioned` without `Secure`.
    NotSecure,
}

/// What the request is, for the decision which cookies go with it.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Caused by a page of the same site, or by the person.
    pub same_site: bool,
    /// The address bar changes.
    pub navigation: bool,
    /// GET, HEAD or OPTIONS.
    pub safe_method: bool,
}

/// The cookies of one browser. As in real browsers the port does not matter.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// What is in the jar, expired cookies excepted.
    pub fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        let now = SystemTime::now();
        self.cookies.iter().filter(move |cookie| cookie.expires.is_none_or(|end| end > now))
    }

    /// Keeps the cookie of one `Set-Cookie` header received from `url`.
    ///
    /// # Errors
    /// The reason why a browser would throw it away.
    pub fn set(&mut self, url: &Url, header: &str) -> Result<(), Refused> {
        let cookie = parse(url, header)?;
        self.cookies.retain(|have| {
            (&have.name, &have.domain, &have.path) != (&cookie.name, &cookie.domain, &cookie.path)
        });
        if cookie.expires.is_none_or(|end| end > SystemTime::now()) {
            self.cookies.push(cookie);
        }
        Ok(())
    }

    /// The cookies that go with a request to `url`, longest path first, then oldest (6265bis 5.7.3).
    #[must_use]
    pub fn for_request(&self, url: &Url, context: Context) -> Vec<&Cookie> {
        let host = url.host_str().unwrap_or_default();
        let mut sent: Vec<&Cookie> = self
            .cookies()
            .filter(|cookie| {
                let here = if cookie.host_only {
                    cookie.domain == host
                } else {
                    domain_matches(host, &cookie.domain)
                };
                let site = match cookie.same_site {
                    SameSite::None => true,
                    SameSite::Lax => context.same_site || (context.navigation && context.safe_method),
                    SameSite::Strict => context.same_site,
                };
                here && site
                    && path_matches(url.path(), &cookie.path)
                    && (!cookie.secure || is_trustworthy(url))
            })
            .collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        sent
    }

    /// Puts a cookie in as it is, for tests that steal or plant one.
    pub fn plant(&mut self, cookie: Cookie) {
        self.cookies.push(cookie);
    }

    /// Takes out the cookies for which `gone` is true.
    pub fn forget(&mut self, gone: impl Fn(&Cookie) -> bool) {
        self.cookies.retain(|cookie| !gone(cookie));
    }
}

/// Is `url` one that browsers treat as secure: HTTPS, loopback, or a name below `localhost`?
#[must_use]
pub fn is_trustworthy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https"
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.starts_with("127.")
        || host == "[::1]"
}

/// Scheme and registrable domain: what `SameSite` compares. `idp.localhost` and `app.localhost` are two sites, because
/// `localhost` counts as a public suffix.
#[must_use]
pub fn site(url: &Url) -> (String, String) {
    let host = url.host_str().unwrap_or_default();
    let registrable =
        if host.starts_with('[') || host.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()) {
            host.to_owned()
        } else {
            let labels: Vec<&str> = host.rsplit('.').take(2).collect();
            labels.into_iter().rev().collect::<Vec<_>>().join(".")
        };
    (url.scheme().to_owned(), registrable)
}

fn parse(url: &Url, header: &str) -> Result<Cookie, Refused> {
    if header.bytes().any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f) {
        return Err(Refused::Malformed);
    }
    let mut parts = header.split(';');
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).ok_or(Refused::Malformed)?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return Err(Refused::Malformed);
    }
    if name.len().saturating_add(value.len()) > MAX_COOKIE_BYTES {
        return Err(Refused::TooLarge);
    }
    let host = url.host_str().unwrap_or_default();
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.to_owned(),
        host_only: true,
        path: default_path(url.path()),
        secure: false,
        http_only: false,
        same_site: SameSite::Lax,
        partitioned: false,
        expires: None,
    };
    let (mut expires, mut max_age, mut named_domain) = (None, None, false);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "partitioned" => cookie.partitioned = true,
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                }
            }
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "path" => cookie.path = default_path(url.path()),
            "domain" => {
                named_domain = !value.is_empty();
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                if !domain.is_empty() && domain != host {
                    // A name of one label is a public suffix.
                    if !domain.contains('.') || !domain_matches(host, &domain) {
                        return Err(Refused::Domain);
                    }
                }
                if !domain.is_empty() {
                    cookie.host_only = !domain.contains('.');
                    cookie.domain = domain;
                }
            }
            "expires" => expires = httpdate::parse_http_date(value).ok(),
            "max-age" => max_age = value.parse::<i64>().ok(),
            _ => {}
        }
    }
    cookie.expires = match max_age {
        Some(seconds) => Some(match u64::try_from(seconds) {
            Ok(seconds) if seconds > 0 => {
                SystemTime::now().checked_add(Duration::from_secs(seconds)).ok_or(Refused::Malformed)?
            }
            _ => SystemTime::UNIX_EPOCH,
        }),
        None => expires,
    };
    if cookie.secure && !is_trustworthy(url) {
        return Err(Refused::InsecureOrigin);
    }
    if (cookie.same_site == SameSite::None || cookie.partitioned) && !cookie.secure {
        return Err(Refused::NotSecure);
    }
    let prefix = name.to_ascii_lowercase();
    if prefix.starts_with("__secure-") && !cookie.secure {
        return Err(Refused::Prefix);
    }
    if prefix.starts_with("__host-") && (!cookie.secure || named_domain || cookie.path != "/") {
        return Err(Refused::Prefix);
    }
    Ok(cookie)
}

fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

fn default_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((before, _)) if !before.is_empty() => before.to_owned(),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: Context = Context { same_site: true, navigation: true, safe_method: true };
    const LINK: Context = Context { same_site: false, navigation: true, safe_method: true };
    const POST: Context = Context { same_site: false, navigation: true, safe_method: false };

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn names(jar: &Jar, at: &str, context: Context) -> String {
        jar.for_request(&url(at), context)
            .iter()
            .map(|cookie| cookie.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_a_browser_would_refuse() {
        let app = url("http://app.localhost:8000/a/b");
        for (header, reason) in [
            ("__Host-a=1; Path=/; Secure; Domain=app.localhost", Refused::Prefix),
            ("__Host-a=1; Path=/x; Secure", Refused::Prefix),
            ("__Host-a=1; Path=/", Refused::Prefix),
            ("__host-a=1; Secure", Refused::Prefix),
            ("a=1; SameSite=None", Refused::NotSecure),
            ("a=1; Partitioned", Refused::NotSecure),
            ("a=1; Domain=localhost", Refused::Domain),
            ("a=1; Domain=idp.localhost", Refused::Domain),
            ("a=1; Domain=b.app.localhost", Refused::Domain),
            ("=1", Refused::Malformed),
            ("nothing", Refused::Malformed),
        ] {
            assert_eq!(Jar::default().set(&app, header), Err(reason), "{header}");
        }
        let large = format!("a={}", "x".repeat(4096));
        assert_eq!(Jar::default().set(&app, &large), Err(Refused::TooLarge));
        let plain = url("http://app.example/");
        assert_eq!(Jar::default().set(&plain, "a=1; Secure"), Err(Refused::InsecureOrigin));
    }

    #[test]
    fn same_site_decides_what_another_site_can_cause() {
        let mut jar = Jar::default();
        let app = url("http://app.localhost:8000/");
        for header in
            ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "silent=1", "none=1; SameSite=None; Secure"]
        {
            jar.set(&app, header).unwrap();
        }
        assert_eq!(names(&jar, "http://app.localhost:9/", TYPED), "strict lax silent none");
        assert_eq!(names(&jar, "http://app.localhost/", LINK), "lax silent none");
        assert_eq!(names(&jar, "http://app.localhost/", POST), "none");
        assert_eq!(names(&jar, "http://idp.localhost/", TYPED), "");
        assert_ne!(site(&url("http://idp.localhost/")), site(&app));
        assert_eq!(site(&url("http://b.app.localhost/")), site(&app));
        assert_ne!(site(&url("https://app.localhost/")), site(&app));
    }

    #[test]
    fn domain_path_and_end() {
        let mut jar = Jar::default();
        let app = url("http://app.localhost/a/b");
        for header in
            ["host=1; Path=/", "wide=1; Domain=app.localhost; Path=/", "deep=1", "gone=1; Max-Age=0; Path=/"]
        {
            jar.set(&app, header).unwrap();
        }
        assert_eq!(names(&jar, "http://app.localhost/", TYPED), "host wide");
        assert_eq!(names(&jar, "http://app.localhost/a/c", TYPED), "deep host wide");
        assert_eq!(names(&jar, "http://app.localhost/ab", TYPED), "host wide");
        assert_eq!(names(&jar, "http://b.app.localhost/", TYPED), "wide");
        jar.set(&app, "host=2; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
        assert_eq!(names(&jar, "http://app.localhost/", TYPED), "wide");
    }
}
