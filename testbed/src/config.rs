//! Renders the Envoy configurations of `envoy/`: the file as it is, with its `${WORDS}` replaced and what a test wants
//! changed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The configuration in `path`, relative to the repository, with every `${WORD}` replaced by the word's value.
///
/// # Errors
/// When the file cannot be read, is not YAML, or has a word without a value.
pub fn render(path: &str, words: &BTreeMap<&str, String>) -> io::Result<Value> {
    let file = repository().join(path);
    let text = fs::read_to_string(&file)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
    let mut config: Value =
        serde_norway::from_str(&text).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
    replace(&mut config, words)
        .map_err(|word| io::Error::other(format!("{path}: no value for ${{{word}}}")))?;
    Ok(config)
}

fn replace(value: &mut Value, words: &BTreeMap<&str, String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            while let Some((before, after)) = text.split_once("${") {
                let (word, rest) = after.split_once('}').ok_or_else(|| after.to_owned())?;
                let known = words.get(word).ok_or_else(|| word.to_owned())?;
                *text = format!("{before}{known}{rest}");
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, words)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| replace(field, words)),
        _ => Ok(()),
    }
}

/// The plugin's own configuration inside an Envoy configuration: the value of the first `google.protobuf.Struct`.
pub fn plugin_configuration(envoy: &mut Value) -> Option<&mut Value> {
    match envoy {
        Value::Object(fields) => {
            let found = fields
                .get("@type")
                .and_then(Value::as_str)
                .is_some_and(|name| name.ends_with("google.protobuf.Struct"));
            if found {
                return fields.get_mut("value");
            }
            fields.values_mut().find_map(plugin_configuration)
        }
        Value::Array(items) => items.iter_mut().find_map(plugin_configuration),
        _ => None,
    }
}

/// Applies `patch` to `value` as a JSON merge patch (RFC 7396): objects are merged, `null` removes, the rest replaces.
pub fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_replaced_and_patches_merged() {
        let words = BTreeMap::from([("A", "1".to_owned())]);
        let mut value = json!({ "a": ["x${A}y${A}", 3], "b": { "c": "${A}" } });
        replace(&mut value, &words).unwrap();
        assert_eq!(value, json!({ "a": ["x1y1", 3], "b": { "c": "1" } }));
        assert_eq!(replace(&mut json!(["${B}"]), &words), Err("B".to_owned()));
        merge(&mut value, &json!({ "a": null, "b": { "d": { "e": 1, "f": null } } }));
        assert_eq!(value, json!({ "b": { "c": "1", "d": { "e": 1 } } }));
    }
}
