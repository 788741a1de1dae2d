//! The findings about a configuration, as Envoy's log would have them.

use std::collections::BTreeMap;

use samlgate::base::{Code, UnixTime};
use samlgate::config::{self, ConfigError, Path, Warning};
use samlgate::gateway::Settings;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

type Variables = BTreeMap<String, String>;

/// Why a configuration cannot be used.
pub(crate) enum Refused {
    /// The text is no YAML.
    Text(serde_norway::Error),
    /// The core's findings.
    Faults(Vec<ConfigError>),
}

/// What can be used, with the core's warnings.
pub(crate) type Loaded = Result<(Settings, Vec<Warning>), Refused>;

/// Reads `text` as the filter would after Envoy made JSON of it.
pub(crate) fn load(text: &str, environment: &Variables, now: UnixTime) -> Loaded {
    let json = to_json(text).map_err(Refused::Text)?;
    config::load(json.as_bytes(), environment, now).map_err(Refused::Faults)
}

/// JSON stays as it is, for the core to find what is wrong with it.
pub(crate) fn to_json(text: &str) -> Result<String, serde_norway::Error> {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Ok(text.to_owned());
    }
    match serde_norway::from_str::<serde_norway::Value>(text) {
        Ok(value) => serde_json::to_string(&value).map_err(serde::de::Error::custom),
        Err(_) if text.trim_start().starts_with('{') => Ok(text.to_owned()),
        Err(error) => Err(error),
    }
}

/// `{ok, findings: [{severity, code, slug, path, message, line, column}], variables: [{name, path, set}]}`
pub(crate) fn check(text: &str, environment: &Variables, now: UnixTime) -> Value {
    let loaded = load(text, environment, now);
    json!({
        "ok": loaded.is_ok(),
        "findings": findings(text, &loaded),
        "variables": variables(text, environment),
    })
}

/// What there is to say about a configuration, in the order of the places.
pub(crate) fn findings(text: &str, loaded: &Loaded) -> Vec<Value> {
    match loaded {
        Ok((_, warnings)) => warnings
            .iter()
            .map(|warning| finding("warning", None, text, warning.path(), &warning.to_string()))
            .collect(),
        Err(Refused::Faults(faults)) => faults
            .iter()
            .map(|fault| finding("error", Some(fault.code()), text, fault.path(), &fault.to_string()))
            .collect(),
        Err(Refused::Text(error)) => {
            let at = error.location();
            vec![json!({
                "severity": "error",
                "code": Code::ConfigMalformed.id(),
                "slug": Code::ConfigMalformed.slug(),
                "path": Path::default().to_string(),
                "message": format!("not valid YAML: {error}"),
                "line": at.as_ref().map(serde_norway::Location::line),
                "column": at.as_ref().map(serde_norway::Location::column),
            })]
        }
    }
}

fn finding(severity: &str, code: Option<Code>, text: &str, path: &Path, said: &str) -> Value {
    let place = path.to_string();
    let at = locate(text, path);
    json!({
        "severity": severity,
        "code": code.map(Code::id),
        "slug": code.map(Code::slug),
        "path": place,
        "message": said.strip_prefix(&format!("`{place}`: ")).unwrap_or(said),
        "line": at.map(|(line, _)| line),
        "column": at.map(|(_, column)| column),
    })
}

/// Line and column, counted from 1.
fn locate(text: &str, path: &Path) -> Option<(usize, usize)> {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let found = config::locate(&mut serde_json::Deserializer::from_str(text), path)?;
        return Some((found.line(), found.column()));
    }
    let found = config::locate(serde_norway::Deserializer::from_str(text), path)?.location()?;
    Some((found.line(), found.column()))
}

/// The environment variables that the text takes values from.
fn variables(text: &str, environment: &Variables) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(value) = to_json(text).ok().and_then(|json| serde_json::from_str::<Value>(&json).ok()) {
        sources(&value, "", &mut |path, name| {
            let set = environment.get(name).is_some_and(|value| !value.trim().is_empty());
            found.push(json!({ "name": name, "path": path, "set": set }));
        });
    }
    found
}

fn sources(value: &Value, path: &str, found: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(name) if key == "environment_variable" => found(path, name),
                    _ => sources(
                        value,
                        &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }),
                        found,
                    ),
                }
            }
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                sources(entry, &format!("{path}[{at}]"), found);
            }
        }
        _ => {}
    }
}
