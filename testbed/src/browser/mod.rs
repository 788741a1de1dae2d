//! A browser without a screen: cookies, sites, redirects, forms and the headers that tell where a request came from.
//!
//! It blocks; every request uses a connection of its own. Names below `localhost` are 127.0.0.1, as in real browsers.

mod cookie;
mod html;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use url::Url;

pub use cookie::{Context, Cookie, Jar, Refused, SameSite, is_trustworthy, site};
pub use html::{Form, escape, forms, submits_itself, unescape};

use crate::client::{Request, Response};

/// As many steps as one navigation may take before it is a loop.
const MAX_STEPS: usize = 20;

/// One request and its answer, in short.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The method.
    pub method: String,
    /// The address.
    pub url: Url,
    /// Names of the cookies that were sent.
    pub cookies_sent: Vec<String>,
    /// The answer's status.
    pub status: u16,
    /// The answer's `Location`.
    pub location: Option<String>,
    /// The cookies of the answer that were kept: name and whether they were set or removed.
    pub cookies_set: Vec<(String, bool)>,
    /// The cookies of the answer that a browser throws away.
    pub cookies_refused: Vec<(String, Refused)>,
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4} {}", self.method, shorten(self.url.as_str()))?;
        if !self.cookies_sent.is_empty() {
            write!(f, "\n       cookies sent: {}", self.cookies_sent.join(", "))?;
        }
        write!(f, "\n    -> {}", self.status)?;
        if let Some(location) = &self.location {
            write!(f, " to {}", shorten(location))?;
        }
        for (name, set) in &self.cookies_set {
            write!(f, "\n       cookie {}: {name}", if *set { "set" } else { "removed" })?;
        }
        for (name, why) in &self.cookies_refused {
            write!(f, "\n       cookie refused by the browser ({why:?}): {name}")?;
        }
        Ok(())
    }
}

/// Long addresses carry a SAMLRequest that nobody reads.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 110;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}.. ({} bytes)", text.len())
}

/// What the browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address in the address bar.
    pub url: Url,
    /// The answer.
    pub response: Response,
}

impl Page {
    /// HTTP status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.response.status
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.response.text()
    }

    /// The first value of the header `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The page's forms.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        forms(&self.text())
    }

    /// The page's first form; an empty one when it has none.
    #[must_use]
    pub fn form(&self) -> Form {
        self.forms().into_iter().next().unwrap_or_default()
    }

    /// Does the page post a form by itself where scripts run?
    #[must_use]
    pub fn submits_itself(&self) -> bool {
        self.status() == 200 && submits_itself(&self.text())
    }
}

/// A request as a test asks for it.
#[derive(Clone, Debug)]
pub struct Visit {
    method: String,
    url: String,
    raw_target: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<(String, Vec<u8>)>,
    initiator: Option<Url>,
    navigation: bool,
    null_origin: bool,
}

impl Visit {
    /// A navigation by the person: typed, or from a bookmark.
    #[must_use]
    pub fn typed(url: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            raw_target: None,
            headers: Vec::new(),
            body: None,
            initiator: None,
            navigation: true,
            null_origin: false,
        }
    }

    /// A link, form or script of the page at `initiator` navigates with `method`.
    #[must_use]
    pub fn navigation(method: &str, url: &str, initiator: &Url) -> Self {
        Self { method: method.to_owned(), initiator: Some(initiator.clone()), ..Self::typed(url) }
    }

    /// A script's fetch, or an image, of the page at `initiator`.
    #[must_use]
    pub fn subresource(method: &str, url: &str, initiator: &Url) -> Self {
        Self { navigation: false, ..Self::navigation(method, url, initiator) }
    }

    /// Sends exactly this request target instead of the address's own path and query.
    #[must_use]
    pub fn raw_target(mut self, target: &str) -> Self {
        self.raw_target = Some(target.to_owned());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((content_type.to_owned(), body.into()));
        self
    }
}

/// The browser.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Its cookies.
    pub jar: Jar,
    /// Follow redirects?
    pub follow: bool,
    /// Run the scripts that post a form by themselves?
    pub scripts: bool,
    /// How long to wait for each answer.
    pub timeout: Duration,
    hops: Vec<Hop>,
}

impl Default for Browser {
    fn default() -> Self {
        Self {
            jar: Jar::default(),
            follow: true,
            scripts: true,
            timeout: Duration::from_secs(20),
            hops: Vec::new(),
        }
    }
}

impl Browser {
    /// A browser with an empty jar that follows redirects and runs scripts that post forms.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same browser with scripts switched off: pages wait for their button.
    #[must_use]
    pub fn without_scripts(self) -> Self {
        Self { scripts: false, ..self }
    }

    /// What happened so far.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// What happened so far; afterwards nothing did.
    pub fn take_hops(&mut self) -> Vec<Hop> {
        std::mem::take(&mut self.hops)
    }

    /// The value of the cookie `name`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.cookies().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// Types `url` and goes where it leads.
    ///
    /// # Errors
    /// When an address is no address, a connection fails, or the steps do not end.
    pub fn open(&mut self, url: &str) -> io::Result<Page> {
        self.visit(Visit::typed(url))
    }

    /// Clicks a link to `url` on `page`.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub fn follow_link(&mut self, page: &Page, url: &str) -> io::Result<Page> {
        let target = page.url.join(url).map_err(io::Error::other)?;
        self.visit(Visit::navigation("GET", target.as_str(), &page.url))
    }

    /// Presses the button of `form` on `page`.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub fn submit(&mut self, page: &Page, form: &Form) -> io::Result<Page> {
        let visit = submission(page, form)?;
        self.visit(visit)
    }

    /// A script's request from `page`: cookies by its rules, nothing is followed.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub fn fetch(&mut self, page: &Page, method: &str, url: &str) -> io::Result<Page> {
        let target = page.url.join(url).map_err(io::Error::other)?;
        self.once(&Visit::subresource(method, target.as_str(), &page.url))
    }

    /// Makes `visit` and goes where it leads.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub fn visit(&mut self, visit: Visit) -> io::Result<Page> {
        let mut visit = visit;
        let mut crossed = false;
        for _ in 0..MAX_STEPS {
            let page = self.step(&visit, &mut crossed)?;
            if let (true, 301 | 302 | 303 | 307 | 308, Some(location)) =
                (self.follow && visit.navigation, page.status(), page.header("location"))
            {
                let target = page.url.join(location).map_err(io::Error::other)?;
                visit.raw_target = None;
                // Fetch 4.4: a POST becomes a GET after 301 and 302, everything but HEAD after 303.
                let keeps = match page.status() {
                    307 | 308 => true,
                    303 => matches!(visit.method.as_str(), "GET" | "HEAD"),
                    _ => visit.method != "POST",
                };
                if !keeps {
                    "GET".clone_into(&mut visit.method);
                    visit.body = None;
                }
                target.as_str().clone_into(&mut visit.url);
                continue;
            }
            if self.scripts && visit.navigation && page.submits_itself() {
                visit = submission(&page, &page.form())?;
                crossed = false;
                continue;
            }
            return Ok(page);
        }
        Err(io::Error::other(format!("more than {MAX_STEPS} steps: {}", visit.url)))
    }

    /// Makes one request and follows nothing.
    ///
    /// # Errors
    /// As for [`Browser::open`].
    pub fn once(&mut self, visit: &Visit) -> io::Result<Page> {
        self.step(visit, &mut false)
    }

    fn step(&mut self, visit: &Visit, crossed: &mut bool) -> io::Result<Page> {
        let url = Url::parse(&visit.url).map_err(io::Error::other)?;
        let same_site = visit.initiator.as_ref().is_none_or(|from| site(from) == site(&url));
        let same_origin = visit.initiator.as_ref().is_none_or(|from| from.origin() == url.origin());
        *crossed |= !same_site;
        let context = Context {
            same_site,
            navigation: visit.navigation,
            safe_method: matches!(visit.method.as_str(), "GET" | "HEAD" | "OPTIONS"),
        };
        let target = visit.raw_target.clone().unwrap_or_else(|| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        });
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(io::Error::other(format!("an address without a host: {url}"))),
        };
        let mut request = Request::new(&visit.method, &host, &target);
        request.timeout = self.timeout;
        let given = |name: &str| visit.headers.iter().any(|(have, _)| have.eq_ignore_ascii_case(name));
        let mut defaults = vec![("User-Agent", "testbed".to_owned())];
        if visit.navigation {
            defaults.push(("Accept", "text/html,application/xhtml+xml,*/*;q=0.8".to_owned()));
            defaults.push(("Upgrade-Insecure-Requests", "1".to_owned()));
        } else {
            defaults.push(("Accept", "*/*".to_owned()));
        }
        if is_trustworthy(&url) {
            // Fetch metadata is sent to trustworthy addresses only.
            let from = match &visit.initiator {
                None => "none",
                Some(_) if *crossed => "cross-site",
                Some(_) if same_origin => "same-origin",
                Some(_) => "same-site",
            };
            defaults.push(("Sec-Fetch-Site", from.to_owned()));
            defaults.push(("Sec-Fetch-Mode", if visit.navigation { "navigate" } else { "cors" }.to_owned()));
            defaults.push(("Sec-Fetch-Dest", if visit.navigation { "document" } else { "empty" }.to_owned()));
        }
        if let Some(from) = visit.initiator.as_ref()
            && (!matches!(visit.method.as_str(), "GET" | "HEAD") || (!visit.navigation && !same_origin))
        {
            let origin = if visit.null_origin && visit.navigation {
                "null".to_owned()
            } else {
                from.origin().ascii_serialization()
            };
            defaults.push(("Origin", origin));
        }
        for (name, value) in defaults {
            if !given(name) {
                request = request.header(name, &value);
            }
        }
        for (name, value) in &visit.headers {
            request = request.header(name, value);
        }
        let cookies: Vec<(String, String)> = self
            .jar
            .for_request(&url, context)
            .iter()
            .map(|cookie| (cookie.name.clone(), cookie.value.clone()))
            .collect();
        if !cookies.is_empty() && !given("cookie") {
            let header: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", &header.join("; "));
        }
        if let Some((content_type, body)) = &visit.body {
            request = request.body(content_type, body.clone());
        }
        let response = request.send(resolve(&url)?)?;
        let mut hop = Hop {
            method: visit.method.clone(),
            url: url.clone(),
            cookies_sent: cookies.into_iter().map(|(name, _)| name).collect(),
            status: response.status,
            location: response.header("location").map(str::to_owned),
            cookies_set: Vec::new(),
            cookies_refused: Vec::new(),
        };
        for header in response.all("set-cookie") {
            let name = header.split('=').next().unwrap_or_default().trim().to_owned();
            match self.jar.set(&url, header) {
                Ok(()) => {
                    let kept = self.jar.cookies().any(|cookie| cookie.name == name);
                    hop.cookies_set.push((name, kept));
                }
                Err(why) => hop.cookies_refused.push((name, why)),
            }
        }
        self.hops.push(hop);
        Ok(Page { url, response })
    }
}

/// What pressing the button of `form` on `page` sends.
fn submission(page: &Page, form: &Form) -> io::Result<Visit> {
    let mut target = page.url.join(&form.action).map_err(io::Error::other)?;
    let body =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(form.fields.iter().cloned()).finish();
    let policy = page.header("referrer-policy").unwrap_or_default();
    let null_origin =
        policy.ends_with("no-referrer") || policy == "same-origin" && target.origin() != page.url.origin();
    let visit = if form.method == "POST" {
        Visit::navigation("POST", target.as_str(), &page.url).body("application/x-www-form-urlencoded", body)
    } else {
        target.set_query(Some(&body));
        Visit::navigation("GET", target.as_str(), &page.url)
    };
    Ok(Visit { null_origin, ..visit })
}

fn resolve(url: &Url) -> io::Result<SocketAddr> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    if host == "localhost" || host.ends_with(".localhost") {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    (host, port).to_socket_addrs()?.next().ok_or_else(|| io::Error::other(format!("no address for {host}")))
}
