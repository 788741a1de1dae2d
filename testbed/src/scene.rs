//! Everything together: identity provider, application, Jira and Envoy with the filter, for one test file or the demo.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use serde_json::{Value, json};

use crate::app::{App, AppRequest};
use crate::browser::{Browser, Page};
use crate::client::{Request, Response};
use crate::config::{merge, plugin_configuration, render, repository};
use crate::envoy::{self, Envoy, EnvoyOptions};
use crate::idp::{Idp, IdpOptions, TestKey};
use crate::jira::{self, JiraState, Store};
use crate::server::Server;

/// The configuration that scenes run unless a test names another.
pub const DEMO_CONFIGURATION: &str = "envoy/demo/envoy.yaml";

/// Seals the sessions of the demo and of the tests.
const SESSION_KEY: &str = "RjuRMToPNVTQuZtuQZHxXUUgkSFj3byL3lNo66AGWtE=";

type Edit = Box<dyn FnOnce(&mut Value)>;

/// What is special about a scene. The default is the demo on free ports.
pub struct SceneOptions {
    configuration: &'static str,
    port: u16,
    idp: IdpOptions,
    jira: JiraState,
    api: Option<Router>,
    background: bool,
    concurrency: u32,
    wasm_log_level: &'static str,
    directory: Option<PathBuf>,
    environment: Vec<(String, String)>,
    plugin: Vec<Edit>,
    whole: Vec<Edit>,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            configuration: DEMO_CONFIGURATION,
            port: 0,
            idp: IdpOptions::default(),
            jira: JiraState::default(),
            api: None,
            background: false,
            concurrency: 2,
            wasm_log_level: "debug",
            directory: None,
            environment: Vec::new(),
            plugin: Vec::new(),
            whole: Vec::new(),
        }
    }
}

impl fmt::Debug for SceneOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SceneOptions({})", self.configuration)
    }
}

impl SceneOptions {
    /// The demo on free ports.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs another Envoy configuration; the path is relative to the repository.
    #[must_use]
    pub fn configuration(self, path: &'static str) -> Self {
        Self { configuration: path, ..self }
    }

    /// Fixes the application's port; the identity provider takes the next one. 0 takes free ones.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Starts the identity provider that way.
    #[must_use]
    pub fn idp(self, idp: IdpOptions) -> Self {
        Self { idp, ..self }
    }

    /// What Jira holds at the start.
    #[must_use]
    pub fn jira(self, store: Store) -> Self {
        Self { jira: JiraState::new(store), ..self }
    }

    /// What answers behind the cluster `jira_api` of the demo instead of Jira's REST API, so that a scene may provision
    /// into another application. The cluster adds Jira's bearer token to calls without credentials.
    #[must_use]
    pub fn api(self, router: Router) -> Self {
        Self { api: Some(router), ..self }
    }

    /// Adds the background service, configured as the filter is.
    #[must_use]
    pub fn background(self) -> Self {
        Self { background: true, ..self }
    }

    /// Worker threads of Envoy; 2 unless a test says otherwise.
    #[must_use]
    pub fn concurrency(self, concurrency: u32) -> Self {
        Self { concurrency, ..self }
    }

    /// Log level of the wasm component; `debug` unless a test says otherwise.
    #[must_use]
    pub fn wasm_log_level(self, level: &'static str) -> Self {
        Self { wasm_log_level: level, ..self }
    }

    /// Where configuration and logs go, instead of a new folder under `target/scenes`.
    #[must_use]
    pub fn directory(self, directory: PathBuf) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// Sets a variable of Envoy's environment. The filter sees it only when the configuration lists it.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Applies a JSON merge patch to the plugin's configuration: objects are merged, `null` removes.
    #[must_use]
    pub fn patch(self, patch: Value) -> Self {
        self.plugin(move |configuration| merge(configuration, &patch))
    }

    /// Changes the plugin's configuration.
    #[must_use]
    pub fn plugin(mut self, edit: impl FnOnce(&mut Value) + 'static) -> Self {
        self.plugin.push(Box::new(edit));
        self
    }

    /// Changes the whole Envoy configuration.
    #[must_use]
    pub fn envoy(mut self, edit: impl FnOnce(&mut Value) + 'static) -> Self {
        self.whole.push(Box::new(edit));
        self
    }

    /// Switches off what Envoy itself does against odd paths and header names, so that the filter's own rules are
    /// under test.
    #[must_use]
    pub fn without_envoys_own_locks(self) -> Self {
        self.envoy(|config| {
            let pointer = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
            let Some(Value::Object(manager)) = config.pointer_mut(pointer) else { return };
            for name in [
                "normalize_path",
                "merge_slashes",
                "path_with_escaped_slashes_action",
                "common_http_protocol_options",
            ] {
                manager.remove(name);
            }
        })
    }
}

/// A running scene. Dropping it ends everything; its files stay.
#[derive(Debug)]
pub struct Scene {
    /// The identity provider.
    pub idp: Idp,
    /// The application: Jira's pages, with every request recorded. REST calls of the filter go elsewhere.
    pub app: App,
    /// What Jira holds, behind the pages and the REST API.
    pub jira: JiraState,
    /// Envoy.
    pub envoy: Envoy,
    options: EnvoyOptions,
    port: u16,
    _jira_api: Server,
}

impl Scene {
    /// Starts everything and waits until Envoy is ready.
    ///
    /// # Errors
    /// When Envoy or the filter is missing, a port is taken, or Envoy refuses the configuration: the message has the
    /// end of its log.
    pub fn start(options: SceneOptions) -> io::Result<Self> {
        let port = if options.port == 0 { envoy::free_port()? } else { options.port };
        let mut idp_options = options.idp;
        if options.port != 0 && idp_options.port == 0 {
            idp_options.port = options.port.saturating_add(1);
        }
        let idp = Idp::start(&idp_options)?;
        idp.trust(TestKey::Stranger);
        let jira = options.jira;
        let app = App::start(0, jira::router(jira.clone()))?;
        let jira_api = Server::start(0, options.api.unwrap_or_else(|| jira::router(jira.clone())))?;
        let words = BTreeMap::from([
            ("ADMIN_PORT", "0".to_owned()),
            ("APP_PORT", port.to_string()),
            ("UPSTREAM_PORT", app.port().to_string()),
            ("JIRA_PORT", jira_api.port().to_string()),
            ("WASM", envoy::wasm()?.display().to_string()),
        ]);
        let mut config = render(options.configuration, &words)?;
        for edit in options.plugin {
            let configuration = plugin_configuration(&mut config)
                .ok_or_else(|| io::Error::other("the configuration has no plugin in it"))?;
            edit(configuration);
        }
        for edit in options.whole {
            edit(&mut config);
        }
        if options.background {
            add_background(&mut config)
                .ok_or_else(|| io::Error::other("the configuration has no plugin in it"))?;
        }
        let mut environment = vec![
            ("IDP_METADATA".to_owned(), idp.metadata()),
            ("SESSION_KEY".to_owned(), SESSION_KEY.to_owned()),
            ("SP_PRIVATE_KEY".to_owned(), TestKey::Stranger.private_pem().to_owned()),
            ("SP_CERTIFICATE".to_owned(), TestKey::Stranger.certificate_pem().to_owned()),
            ("JIRA_AUTHORIZATION".to_owned(), format!("Bearer {}", jira::TOKEN)),
        ];
        for (name, value) in options.environment {
            environment.retain(|(have, _)| *have != name);
            environment.push((name, value));
        }
        let options = EnvoyOptions {
            binary: envoy::binary()?,
            config,
            directory: options.directory.unwrap_or_else(fresh_directory),
            environment,
            concurrency: options.concurrency,
            wasm_log_level: options.wasm_log_level,
        };
        let envoy = Envoy::start(&options)?;
        Ok(Self { idp, app, jira, envoy, options, port, _jira_api: jira_api })
    }

    /// What Envoy was started with, for another one like it.
    #[must_use]
    pub const fn envoy_options(&self) -> &EnvoyOptions {
        &self.options
    }

    /// Kills Envoy and starts it again with the same configuration.
    ///
    /// # Errors
    /// As for [`Envoy::start`].
    pub fn restart_envoy(&mut self) -> io::Result<()> {
        self.envoy.restart(&self.options)
    }

    /// The number of Envoy's process.
    #[must_use]
    pub fn envoy_process(&self) -> u32 {
        self.envoy.process_id()
    }

    /// The application's origin: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://app.localhost:{}", self.port)
    }

    /// The address of `path` at the application, through Envoy.
    #[must_use]
    pub fn app_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// A browser that has never been here.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new()
    }

    /// Where Envoy listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (std::net::Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A request to Envoy, byte for byte as it is given, with the right `Host`.
    #[must_use]
    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(method, &format!("app.localhost:{}", self.port), target)
    }

    /// Sends `request` to Envoy.
    ///
    /// # Errors
    /// When the connection fails or no answer comes.
    pub fn send(&self, request: &Request) -> io::Result<Response> {
        request.send(self.address())
    }

    /// All counters and gauges of Envoy.
    ///
    /// # Errors
    /// When its admin interface does not answer.
    pub fn envoy_stats(&self) -> io::Result<BTreeMap<String, u64>> {
        self.envoy.stats()
    }

    /// What Envoy logged so far.
    #[must_use]
    pub fn envoy_log(&self) -> String {
        self.envoy.log()
    }

    /// The REST calls that Jira got so far: `METHOD path status`.
    #[must_use]
    pub fn jira_calls(&self) -> Vec<String> {
        self.jira.rest_calls()
    }

    /// The groups of `user`'s account in Jira; empty when there is none.
    #[must_use]
    pub fn jira_groups(&self, user: &str) -> Vec<String> {
        self.jira.store().groups_of(user)
    }

    /// Shows the end of Envoy's log and where the rest is.
    pub fn show_logs(&self) {
        let words = self.envoy.last_words();
        say(&format!("the logs are in {}; the end of them:\n{words}", self.envoy.directory().display()));
    }

    /// Signs `user` in with a fresh browser that starts at `path`; the page is where that leads.
    ///
    /// # Errors
    /// When a connection fails.
    pub fn sign_in(&self, user: &str, path: &str) -> io::Result<(Browser, Page)> {
        let mut browser = self.browser();
        let page = self.sign_in_with(&mut browser, user, path)?;
        Ok((browser, page))
    }

    /// The same with a browser that may have been here before.
    ///
    /// # Errors
    /// When a connection fails.
    pub fn sign_in_with(&self, browser: &mut Browser, user: &str, path: &str) -> io::Result<Page> {
        let page = browser.open(&self.app_url(path))?;
        if page.form().field("password").is_none() {
            return Ok(page);
        }
        browser.submit(&page, &page.form().with("user", user).with("password", user))
    }

    /// What the application received so far.
    #[must_use]
    pub fn app_requests(&self) -> Vec<AppRequest> {
        self.app.requests()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
    }
}

#[expect(clippy::print_stderr, reason = "libtest shows it with the failed test")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// The same module once more, as the one service of this Envoy.
fn add_background(config: &mut Value) -> Option<()> {
    let mut plugin = plugin(config)?.clone();
    plugin.as_object_mut()?.insert("root_id".to_owned(), json!("samlgate_background"));
    let service = json!({
        "name": "envoy.bootstrap.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.wasm.v3.WasmService",
            "singleton": true,
            "config": plugin
        }
    });
    config.as_object_mut()?.insert("bootstrap_extensions".to_owned(), json!([service]));
    Some(())
}

/// The filter's plugin: what has the `root_id` of the filter.
fn plugin(config: &Value) -> Option<&Value> {
    if config.get("root_id") == Some(&json!("samlgate")) {
        return Some(config);
    }
    match config {
        Value::Object(fields) => fields.values().find_map(plugin),
        Value::Array(items) => items.iter().find_map(plugin),
        _ => None,
    }
}

fn fresh_directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    repository().join("target/scenes").join(format!("{}-{number}", std::process::id()))
}
