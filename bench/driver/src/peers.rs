//! The filters that are compared, each as an Envoy configuration and the headers that make its request a signed-in one.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use testbed::client::Request;

use crate::jwt;
use crate::process::Envoy;
use crate::sign_in::{self, Begun};

/// A filter under measurement.
#[derive(Clone)]
pub(crate) struct Peer {
    /// Row name in the table.
    pub(crate) name: &'static str,
    /// A word for file names.
    pub(crate) slug: &'static str,
    /// The filters, as YAML for `@FILTERS@`.
    pub(crate) filters: String,
    /// What a browser that is signed in sends, the cookie included; the Envoy beside it gets the same.
    pub(crate) headers: Vec<(String, String)>,
    /// The user the application must be told, if the filter knows one.
    pub(crate) user: Option<&'static str>,
}

/// Where things are.
pub(crate) struct Places {
    /// The Envoy program.
    pub(crate) envoy: PathBuf,
    /// The folder `bench/` of the repository.
    pub(crate) bench: PathBuf,
    /// A folder for configurations and logs.
    pub(crate) scratch: PathBuf,
}

impl Places {
    /// A configuration file of `bench/config`.
    pub(crate) fn config(&self, name: &str) -> std::io::Result<String> {
        fs::read_to_string(self.bench.join("config").join(name))
    }

    /// The scripts of wrk.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.bench.join("wrk")
    }

    /// Starts a measured Envoy with `filters` in front of `upstream`.
    pub(crate) fn start(
        &self,
        core: &str,
        name: &str,
        filters: &str,
        upstream: &Envoy,
    ) -> std::io::Result<Envoy> {
        let indented: String = filters.lines().map(|line| format!("          {line}\n")).collect();
        let text = self
            .config("envoy.yaml")?
            .replace("@UPSTREAM_PORT@", &upstream.port().to_string())
            .replace("@FILTERS@\n", &indented);
        Envoy::start(&self.envoy, core, &self.scratch, name, &text)
    }

    /// Starts the application.
    pub(crate) fn upstream(&self, core: &str) -> std::io::Result<Envoy> {
        Envoy::start(&self.envoy, core, &self.scratch, "upstream", &self.config("upstream.yaml")?)
    }

    /// The YAML of a Wasm filter.
    pub(crate) fn wasm(&self, name: &str, wasm: &Path, configuration: &str) -> std::io::Result<String> {
        Ok(self
            .config("wasm.yaml")?
            .replace("@NAME@", name)
            .replace("@WASM@", &quoted(&wasm.to_string_lossy()))
            .replace("@CONFIGURATION@", &quoted(configuration)))
    }
}

/// A text as a JSON string, which is a YAML scalar too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// Nine headers as Chromium sends them, and the cookie.
pub(crate) fn browser_headers(cookie: &str) -> Vec<(String, String)> {
    [
        ("Host", "app.localhost"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.9"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Referer", "http://app.localhost/browse/TEST-1"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Cookie", cookie),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// Envoy without a filter, with a cookie of the usual length.
pub(crate) fn none() -> Peer {
    let cookie = format!("session={}", "c2FtbGdhdGU".repeat(55));
    Peer {
        name: "no filter (control)",
        slug: "none",
        filters: String::new(),
        headers: browser_headers(&cookie),
        user: None,
    }
}

/// The Wasm filter that does nothing.
pub(crate) fn noop(places: &Places, wasm: &Path) -> Result<Peer, Box<dyn Error>> {
    let filters = places.wasm("noop", wasm, "")?;
    Ok(Peer {
        name: "no-op Wasm filter, same SDK",
        slug: "noop",
        filters,
        headers: none().headers,
        user: None,
    })
}

/// Envoy's own `jwt_authn`, with and without its cache of verified tokens.
pub(crate) fn jwt_authn(places: &Places) -> Result<[Peer; 2], Box<dyn Error>> {
    let (token, key_set) = jwt::make()?;
    let filters = places.config("jwt_authn.yaml")?.replace("@JWKS@", &quoted(&key_set));
    let cookie = format!("session={token}");
    let peer = |name, slug, cache: &str| Peer {
        name,
        slug,
        filters: filters.replace("@CACHE@\n", cache),
        headers: browser_headers(&cookie),
        user: Some("agent"),
    };
    Ok([
        peer("native jwt_authn, RS256, 4 claims to headers", "jwt", ""),
        peer(
            "native jwt_authn, RS256, jwt_cache_config",
            "jwt_cached",
            "        jwt_cache_config: { jwt_cache_size: 1000, jwt_max_token_size: 8192 }\n",
        ),
    ])
}

/// Our filter, signed in: the cookie comes from an Envoy that is ended afterwards, for the keys are in the configuration.
pub(crate) fn samlgate(
    places: &Places,
    wasm: &Path,
    core: &str,
    upstream: &Envoy,
) -> Result<Peer, Box<dyn Error>> {
    let filters = places.wasm("samlgate", wasm, &sign_in::configuration())?;
    let running = places.start(core, "sign_in", &filters, upstream)?;
    let cookie = Begun::at(running.port())?.finish(running.port())?;
    let headers = browser_headers(&cookie);
    Ok(Peer {
        name: "samlgate, session cookie, 4 identity headers",
        slug: "samlgate",
        filters,
        headers,
        user: Some("agent"),
    })
}

impl Peer {
    /// Fails unless a request of this peer reaches the application as it should.
    pub(crate) fn check(&self, running: &Envoy) -> Result<(), Box<dyn Error>> {
        let mut request = Request::new("GET", "app.localhost", "/whoami");
        request.headers.clone_from(&self.headers);
        let answer = request.send(sign_in::address(running.port()))?;
        let seen = answer.header("x-seen-user").unwrap_or_default();
        let groups = answer.header("x-seen-groups").is_some_and(|groups| groups.contains("staff"));
        if answer.status != 200 || seen != self.user.unwrap_or_default() || groups != self.user.is_some() {
            return Err(format!(
                "`{}` answered {} for user `{seen}`: {}",
                self.slug,
                answer.status,
                answer.text()
            )
            .into());
        }
        Ok(())
    }
}
