//! The filter in a real Envoy, in front of one application.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testbed::browser::{Browser, Form, Page};
use testbed::client::{Request, Response};
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
            ("SESSION_KEY", "c2FtbGdhdGUgaW50ZXJvcDogYSBrZXkgdGhhdCBwcm90ZWN0cyBub3RoaW5n"),
            ("SP_PRIVATE_KEY", TestKey::Stranger.private_pem()),
            ("SP_CERTIFICATE", TestKey::Stranger.certificate_pem()),
            ("SP_DECRYPTION_KEY", TestKey::Decryption.private_pem()),
            ("SP_DECRYPTION_CERTIFICATE", TestKey::Decryption.certificate_pem()),
        ];
        let directory = scratch.join("envoy");
        let envoy = Envoy::start(&EnvoyOptions {
            binary: binary().unwrap(),
            config: config::render(file, &words).unwrap(),
            directory: directory.clone(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            concurrency: 2,
            wasm_log_level: "info",
        })
        .unwrap_or_else(|_| panic!("Envoy did not start:\n{}", complaints(&directory)));
        Self { envoy, port }
    }

    /// The address of `path` as a browser knows it.
    pub fn url(&self, path: &str) -> String {
        format!("http://app.localhost:{}{path}", self.port)
    }

    /// Our metadata, as the identity provider is given it.
    pub fn metadata(&self) -> Response {
        let request = Request::new("GET", &format!("app.localhost:{}", self.port), "/saml/metadata");
        let response = request.send(([127, 0, 0, 1], self.port).into()).unwrap();
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
            complaints(self.envoy.directory())
        );
    }
}

/// How many signatures the response in `form` carries: what the case is named for.
pub fn signatures(form: &Form) -> usize {
    response(form).matches(":SignatureValue>").count() / 2
}

/// The response in `form`.
pub fn response(form: &Form) -> String {
    let response = form.field("SAMLResponse").unwrap_or_else(|| panic!("no response in {form:?}"));
    String::from_utf8(STANDARD.decode(response).unwrap()).unwrap()
}

/// What the filter said, and every warning of Envoy's.
fn complaints(directory: &Path) -> String {
    let log = std::fs::read_to_string(directory.join("envoy.log")).unwrap_or_default();
    let lines: Vec<&str> =
        log.lines().filter(|line| !line.contains("[info]") || line.contains("wasm log")).collect();
    lines.join("\n")
}
