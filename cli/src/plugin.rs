//! Where in a file the configuration of the plugin is: the file itself, or a Wasm plugin somewhere in it.

use samlgate::base::UnixTime;
use samlgate::config::{self, ConfigError, Warning};
use samlgate::gateway::Settings;
use serde_json::{Map, Value};

use crate::arguments::Configuration;
use crate::document;
use crate::environment::Variables;
use crate::failure::Failure;
use crate::file;
use crate::place::Place;

/// One configuration of the plugin.
pub(crate) struct Plugin {
    /// Where in the file it is.
    pub(crate) place: Place,
    /// What Envoy would hand to the plugin.
    text: String,
    /// It stands as text within the file.
    quoted: bool,
}

/// Fields of ours, two of which make a configuration ours.
const OURS: [&str; 8] = ["sp", "idp", "session", "identity", "headers", "policy", "provisioning", "presets"];

/// Fields at the top of files that may contain a plugin and are none.
const ENVOYS: [&str; 20] = [
    "@type",
    "admin",
    "apiVersion",
    "bootstrap_extensions",
    "configuration",
    "dynamic_resources",
    "filterChains",
    "filter_chains",
    "httpFilters",
    "http_filters",
    "items",
    "kind",
    "listeners",
    "node",
    "resources",
    "static_resources",
    "typedConfig",
    "typed_config",
    "vmConfig",
    "vm_config",
];

/// Bytes of a file in which lines are looked up. Files of people are far smaller, and the faults of a larger one have a
/// place all the same.
const MAX_LOCATED: usize = 1024 * 1024;

impl Plugin {
    /// Reads and checks it as the filter does.
    pub(crate) fn load(
        &self,
        variables: &Variables,
        now: UnixTime,
    ) -> Result<(Settings, Vec<Warning>), Vec<ConfigError>> {
        config::load(self.text.as_bytes(), variables, now)
    }

    /// It with its presets replaced by what they stand for, as YAML. Secrets that stand in it are left out.
    pub(crate) fn expand(&self) -> Result<String, Vec<ConfigError>> {
        let mut value = config::expand(self.text.as_bytes())?;
        hide(&mut value, "");
        // Values of JSON are values of YAML.
        Ok(serde_norway::to_string(&value).unwrap_or_default())
    }

    /// The line of `path` in the file `text`, where the configuration stands in it as it is.
    pub(crate) fn line(&self, text: &str, path: &config::Path) -> Option<usize> {
        // Each look goes through the whole text.
        if self.quoted || text.len() > MAX_LOCATED { None } else { self.place.line(text, path) }
    }

    /// "at PLACE", nothing for the whole file.
    pub(crate) fn at(&self) -> String {
        if self.place.is_whole() { String::new() } else { format!(": {}", self.place) }
    }

    /// What else to say about `fault`.
    pub(crate) fn hint(&self, fault: &ConfigError) -> &'static str {
        if self.quoted && fault.to_string().contains("not valid JSON") {
            " (a StringValue must hold JSON; for YAML write `google.protobuf.Struct`)"
        } else {
            ""
        }
    }
}

/// Replaces text that may be a secret: all that stands inline, but for what is public.
fn hide(value: &mut Value, field: &str) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == "inline_string" && !matches!(field, "metadata" | "certificate") {
                    *inner = Value::from("(not shown)");
                } else {
                    hide(inner, key);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| hide(entry, field)),
        _ => {}
    }
}

/// Every configuration in `text`.
pub(crate) fn find(text: &str) -> Result<Vec<Plugin>, String> {
    let documents = document::parse(text)?;
    let many = documents.iter().filter(|document| !document.is_null()).count() > 1;
    let mut search = Search { found: Vec::new(), others: 0 };
    for (at, value) in documents.iter().enumerate() {
        let place = Place::document(at, many);
        match value {
            Value::Object(map) if !ENVOYS.iter().any(|field| map.contains_key(*field)) => {
                // JSON as it was written, so that the core sees a key that is there twice.
                let written = !many && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                let text = if written { text.to_owned() } else { value.to_string() };
                search.found.push(Plugin { place, text, quoted: false });
            }
            _ => search.walk(value, &place, false),
        }
    }
    if search.found.is_empty() {
        return Err(match search.others {
            0 => String::from("holds neither a configuration of samlgate nor a Wasm plugin with one"),
            others => format!("holds {others} Wasm plugins, and none of them is configured as samlgate"),
        });
    }
    Ok(search.found)
}

/// The settings of the one configuration that is meant; all faults if it has any.
pub(crate) fn load_one(configuration: &Configuration, now: UnixTime) -> Result<Settings, Failure> {
    let path = configuration.file.display();
    let text = file::text(&configuration.file)?;
    let plugins = find(&text).map_err(|what| Failure::new(format_args!("{path}: {what}")))?;
    let variables = Variables::read(&configuration.environment)?;
    let plugin = match (configuration.plugin, plugins.as_slice()) {
        (Some(number), all) => number.checked_sub(1).and_then(|at| all.get(at)).ok_or_else(|| {
            Failure::new(format_args!("{path}: has {} configurations, not {number}", all.len()))
        })?,
        (None, [only]) => only,
        // The filter and its background service are configured alike.
        (None, [first, rest @ ..]) if rest.iter().all(|other| other.text == first.text) => first,
        (None, all) => {
            let places: Vec<String> = all
                .iter()
                .enumerate()
                .map(|(at, plugin)| format!("\n  {}: {}", at.saturating_add(1), plugin.place))
                .collect();
            return Err(Failure::new(format_args!(
                "{path}: has {} different configurations, choose one with --plugin NUMBER{}",
                all.len(),
                places.concat()
            )));
        }
    };
    plugin.load(&variables, now).map(|(settings, _)| settings).map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("\n  {} {fault}{}", fault.code().id(), plugin.hint(fault)))
            .collect();
        Failure::new(format_args!("{path}{}: the configuration has faults{}", plugin.at(), lines.concat()))
    })
}

struct Search {
    found: Vec<Plugin>,
    /// Wasm plugins that are not ours.
    others: usize,
}

impl Search {
    /// `quoted`: `value` stands as text in a file that stands in the file.
    fn walk(&mut self, value: &Value, place: &Place, quoted: bool) {
        match value {
            Value::Array(entries) => {
                for (at, entry) in entries.iter().enumerate() {
                    self.walk(entry, &place.index(at), quoted);
                }
            }
            Value::Object(map) => self.walk_object(map, place, quoted),
            _ => {}
        }
    }

    fn walk_object(&mut self, map: &Map<String, Value>, place: &Place, quoted: bool) {
        let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default();
        match kind {
            // Istio.
            "WasmPlugin" => {
                if let Some(configuration) = at(map, &["spec", "pluginConfig"]) {
                    self.candidate(map, configuration, &place.fields(&["spec", "pluginConfig"]), quoted);
                }
                return;
            }
            // Envoy Gateway.
            "EnvoyExtensionPolicy" => {
                let plugins = at(map, &["spec", "wasm"]).and_then(Value::as_array);
                for (number, plugin) in plugins.into_iter().flatten().enumerate() {
                    if let (Some(plugin), Some(configuration)) = (plugin.as_object(), plugin.get("config")) {
                        let place = place.fields(&["spec", "wasm"]).index(number).fields(&["config"]);
                        self.candidate(plugin, configuration, &place, quoted);
                    }
                }
                return;
            }
            "ConfigMap" => {
                let files = map.get("data").and_then(Value::as_object);
                for (name, text) in files.into_iter().flatten() {
                    let place = place.fields(&["data", name]);
                    // Files of other kinds are none of our business.
                    for value in document::parse(text.as_str().unwrap_or_default()).unwrap_or_default() {
                        if is_ours(&value) {
                            let text = value.to_string();
                            self.found.push(Plugin { place: place.clone(), text, quoted: true });
                        } else {
                            self.walk(&value, &place, true);
                        }
                    }
                }
                return;
            }
            _ => {}
        }
        let is_plugin =
            ["vm_config", "vmConfig", "root_id", "rootId"].iter().any(|field| map.contains_key(*field));
        let configuration =
            map.get("configuration").filter(|value| is_plugin || value.get("@type").is_some());
        if let Some(configuration) = configuration {
            self.candidate(map, configuration, &place.fields(&["configuration"]), quoted);
            return;
        }
        for (key, value) in map {
            self.walk(value, &place.fields(&[key]), quoted);
        }
    }

    /// Takes `configuration` of the Wasm plugin `plugin` if it is ours by its fields or by a name around it.
    fn candidate(&mut self, plugin: &Map<String, Value>, configuration: &Value, place: &Place, quoted: bool) {
        let typed = configuration.get("@type").is_some();
        let inner = if typed { configuration.get("value").unwrap_or(&Value::Null) } else { configuration };
        let ours = match inner {
            Value::String(text) => document::parse(text).is_ok_and(|all| all.iter().any(is_ours)),
            other => is_ours(other),
        };
        let named = || {
            plugin
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "configuration" | "spec" | "config"))
                .any(|(_, value)| value.to_string().contains("samlgate"))
                || at(plugin, &["spec", "url"]).is_some_and(|url| url.to_string().contains("samlgate"))
        };
        if !ours && !named() {
            self.others = self.others.saturating_add(1);
            return;
        }
        let place = if typed { place.fields(&["value"]) } else { place.clone() };
        self.found.push(match inner {
            Value::String(text) => Plugin { place, text: text.clone(), quoted: true },
            other => Plugin { place, text: other.to_string(), quoted },
        });
    }
}

/// Two of our fields, or the one that every configuration has and nobody else's: a slip elsewhere must not hide it.
fn is_ours(configuration: &Value) -> bool {
    let sp = configuration.get("sp");
    let is_sp = |field: &str| sp.is_some_and(|sp| sp.get(field).is_some());
    is_sp("entity_id")
        || is_sp("base_uri")
        || OURS.iter().filter(|field| configuration.get(**field).is_some()).count() >= 2
}

fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, field| value.get(*field))
}
