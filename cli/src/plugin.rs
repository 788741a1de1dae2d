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

/// One configuration of the plugin.
pub(crate) struct Plugin {
    /// Where in the file it is; empty for the whole file.
    pub(crate) place: String,
    /// What Envoy would hand to the plugin.
    text: String,
    /// It stands as text in a `StringValue`.
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

impl Plugin {
    /// Reads and checks it as the filter does.
    pub(crate) fn load(
        &self,
        variables: &Variables,
        now: UnixTime,
    ) -> Result<(Settings, Vec<Warning>), Vec<ConfigError>> {
        config::load(self.text.as_bytes(), variables, now)
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

/// Every configuration in `text`.
pub(crate) fn find(text: &str) -> Result<Vec<Plugin>, String> {
    let documents = document::parse(text)?;
    let many = documents.len() > 1;
    let mut search = Search { found: Vec::new(), others: 0 };
    for (at, value) in documents.iter().enumerate() {
        let place = if many { format!("document {}", at.saturating_add(1)) } else { String::new() };
        match value {
            Value::Object(map) if !ENVOYS.iter().any(|field| map.contains_key(*field)) => {
                // JSON as it was written, so that the core sees a key that is there twice.
                let written = !many && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                let text = if written { text.to_owned() } else { value.to_string() };
                search.found.push(Plugin { place, text, quoted: false });
            }
            _ => search.walk(value, &place)?,
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
        let place = if plugin.place.is_empty() { String::new() } else { format!(", {}", plugin.place) };
        Failure::new(format_args!("{path}{place}: the configuration has faults{}", lines.concat()))
    })
}

struct Search {
    found: Vec<Plugin>,
    /// Wasm plugins that are not ours.
    others: usize,
}

impl Search {
    fn walk(&mut self, value: &Value, place: &str) -> Result<(), String> {
        match value {
            Value::Array(entries) => {
                for (at, entry) in entries.iter().enumerate() {
                    self.walk(entry, &format!("{place}[{at}]"))?;
                }
            }
            Value::Object(map) => self.walk_object(map, place)?,
            _ => {}
        }
        Ok(())
    }

    fn walk_object(&mut self, map: &Map<String, Value>, place: &str) -> Result<(), String> {
        let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default();
        match kind {
            // Istio.
            "WasmPlugin" => {
                if let Some(configuration) = at(map, &["spec", "pluginConfig"]) {
                    self.candidate(map, configuration, &below(place, "spec.pluginConfig"));
                }
                return Ok(());
            }
            // Envoy Gateway.
            "EnvoyExtensionPolicy" => {
                let plugins = at(map, &["spec", "wasm"]).and_then(Value::as_array);
                for (number, plugin) in plugins.into_iter().flatten().enumerate() {
                    if let (Some(plugin), Some(configuration)) = (plugin.as_object(), plugin.get("config")) {
                        let place = below(place, &format!("spec.wasm[{number}].config"));
                        self.candidate(plugin, configuration, &place);
                    }
                }
                return Ok(());
            }
            "ConfigMap" => {
                let files = map.get("data").and_then(Value::as_object);
                for (name, text) in files.into_iter().flatten() {
                    let place = below(place, &format!("data.{name}"));
                    let text = text.as_str().unwrap_or_default();
                    // Files of other kinds are none of our business.
                    for value in document::parse(text).unwrap_or_default() {
                        self.walk(&value, &place)?;
                    }
                }
                return Ok(());
            }
            _ => {}
        }
        let is_plugin =
            ["vm_config", "vmConfig", "root_id", "rootId"].iter().any(|field| map.contains_key(*field));
        let configuration =
            map.get("configuration").filter(|value| is_plugin || value.get("@type").is_some());
        if let Some(configuration) = configuration {
            self.candidate(map, configuration, &below(place, "configuration"));
            return Ok(());
        }
        for (key, value) in map {
            self.walk(value, &below(place, key))?;
        }
        Ok(())
    }

    /// Takes `configuration` of the Wasm plugin `plugin` if it is ours by its fields or by a name around it.
    fn candidate(&mut self, plugin: &Map<String, Value>, configuration: &Value, place: &str) {
        let kind = configuration.get("@type").and_then(Value::as_str).unwrap_or_default();
        let inner =
            if kind.is_empty() { configuration } else { configuration.get("value").unwrap_or(&Value::Null) };
        let (text, quoted) = match inner {
            Value::String(text) => (text.clone(), true),
            other => (other.to_string(), false),
        };
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
        if ours || named() {
            self.found.push(Plugin { place: place.to_owned(), text, quoted });
        } else {
            self.others = self.others.saturating_add(1);
        }
    }
}

fn is_ours(configuration: &Value) -> bool {
    OURS.iter().filter(|field| configuration.get(**field).is_some()).count() >= 2
}

fn at<'a>(map: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(map.get(*first)?, |value, field| value.get(*field))
}

fn below(place: &str, field: &str) -> String {
    if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") }
}
