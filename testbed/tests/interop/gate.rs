//! The filter in a real Envoy, in front of one application.

use std::collections::BTreeMap;
use std::path::Path;

use testbed::browser::{Browser, Page};
use testbed::client::{Response, fetch};
use testbed::config;
use testbed::envoy::{Envoy, EnvoyOptions, binary, free_port, wasm};
use testbed::idp::TestKey;

/// A running Envoy with the filter.
pub struct Gate {
    /// Envoy.
    pub envoy: Envoy,
    port: u16,
}

impl Gate {
    /// A port for the listener, for those who must name it before it is there.
    pub fn reserve() -> u16 {
        free_port().unwrap()
    }

    /// Starts the configuration `file` (relative to the repository) on `port`, in front of the application at `upstream`.
    pub fn start(file: &str, port: u16, upstream: u16, idp_metadata: &str, scratch: &Path) -> Self {
        let words = BTreeMap::from([
            ("ADMIN_PORT", "0".to_owned()),
            ("APP_PORT", port.to_string()),
            ("UPSTREAM_PORT", upstream.to_string()),
            ("WASM", wasm().unwrap().display().to_string()),
        ]);
        let environment = [
            ("IDP_METADATA", idp_metadata),
            ("SESSION_KEY", "the session key of the interop tests, 32 bytes or more"),
            ("SP_PRIVATE_KEY", TestKey::Stranger.private_pem()),
            ("SP_CERTIFICATE", TestKey::Stranger.certificate_pem()),
        ];
        let envoy = Envoy::start(&EnvoyOptions {
            binary: binary().unwrap(),
            config: config::render(file, &words).unwrap(),
            directory: scratch.join("envoy"),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            concurrency: 2,
            wasm_log_level: "info",
        })
        .unwrap();
        Self { envoy, port }
    }

    /// The address of `path` as a browser knows it.
    pub fn url(&self, path: &str) -> String {
        format!("http://app.localhost:{}{path}", self.port)
    }

    /// Our metadata, as the identity provider is given it.
    pub fn metadata(&self) -> Response {
        let response = fetch(([127, 0, 0, 1], self.port).into(), "/saml/metadata").unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        response
    }

    /// Fails with what Envoy and the browser said unless the browser shows the application at `path`.
    pub fn assert_arrived(&self, browser: &Browser, page: &Page, path: &str) {
        assert!(
            page.status() == 200 && page.url.as_str() == self.url(path),
            "the browser is at {} ({}) and not at {}\n{}\n{}\n{}",
            page.url,
            page.status(),
            self.url(path),
            browser.hops().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            page.text(),
            self.envoy.log()
        );
    }
}
