//! Presets: words that stand for ordinary fields.
//!
//! A preset is a file beside this one. Its fields go beneath those of the operator's file before anything is read, so that
//! from there on nobody knows presets but the messages.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::errors::{ConfigError, Finding};
use super::path::{Path, Segment};

/// The words of `presets` with their files.
const PRESETS: [(&str, &str); 6] = [
    ("ADMIN_AUTOMATIONS", include_str!("admin_automations.json")),
    ("ATLASSIAN_DC", include_str!("atlassian_dc.json")),
    ("EASYSSO", include_str!("easysso.json")),
    ("JSM_PORTAL", include_str!("jsm_portal.json")),
    ("MINIORANGE", include_str!("miniorange.json")),
    ("RESOLUTION_USER_SYNC", include_str!("resolution_user_sync.json")),
];

/// Maps whose fields go into the operator's map one by one. Every other value counts as a whole: the two keys of two
/// choices, or the entries of two lists, do not make a third.
const SECTIONS: [&str; 6] =
    ["identity", "policy", "policy.cleanup", "policy.default_groups", "policy.portal", "provisioning"];

/// Sections of which a preset only knows a part: without the name of a group or of an application they mean nothing, so
/// they stay away until the operator begins them.
const BEGUN_BY_OPERATOR: [&str; 2] = ["policy.default_groups", "provisioning"];

/// What presets made of a configuration.
pub(super) struct Expansion {
    /// Contradictions between presets.
    pub(super) faults: Vec<ConfigError>,
    /// Which fields come from which preset.
    pub(super) origins: Origins,
}

/// The fields that presets set.
#[derive(Default)]
pub(super) struct Origins(BTreeMap<Path, &'static str>);

impl Origins {
    /// The preset that set `path` or a map or list above it.
    fn of(&self, path: &Path) -> Option<&'static str> {
        self.0.iter().find(|(set, _)| path.starts_with(set)).map(|(_, preset)| *preset)
    }

    /// Where a place in a message is not in the operator's file.
    pub(super) fn remark(&self, path: &Path, other: Option<&Path>) -> Option<String> {
        let places = core::iter::once(path).chain(other);
        let remarks =
            places.filter_map(|place| Some(format!("`{place}` is set by preset `{}`", self.of(place)?)));
        let remarks: Vec<_> = remarks.collect();
        (!remarks.is_empty()).then(|| remarks.join(", "))
    }
}

/// One field of a preset.
struct Field {
    value: Value,
    /// Its place in `presets`.
    index: usize,
    preset: &'static str,
}

/// Puts the fields of the presets that `value` names beneath its own. Words that name none are left to whoever checks the
/// shape.
pub(super) fn expand(value: &mut Value) -> Expansion {
    normalize(value);
    let mut faults = Vec::new();
    let mut fields = BTreeMap::<Path, Field>::new();
    for (index, (preset, text)) in named(value) {
        // The files are our own, and a test reads them all.
        let Ok(Value::Object(map)) = serde_json::from_str(text) else { continue };
        let mut leaves = Vec::new();
        collect(map, &Path::default(), &mut leaves);
        for (path, leaf) in leaves {
            if is_set(value, &path) || !has_begun(value, &path) || yields(value, &path) {
                continue;
            }
            match fields.get(&path) {
                Some(known) if known.value != leaf => faults.push(contradiction(&path, known, index, preset)),
                Some(_) => {}
                None => {
                    fields.insert(path, Field { value: leaf, index, preset });
                }
            }
        }
    }
    let mut origins = Origins::default();
    for (path, field) in fields {
        if insert(value, &path, field.value).is_some() {
            origins.0.insert(path, field.preset);
        }
    }
    Expansion { faults, origins }
}

/// Products are written as people type them: one without a list, and in lower case.
fn normalize(value: &mut Value) {
    let Some(presets) = value.get_mut("presets") else { return };
    if presets.is_string() {
        *presets = Value::Array(vec![presets.take()]);
    }
    for word in presets.as_array_mut().into_iter().flatten() {
        let known =
            |(name, _): &(&str, &str)| word.as_str().is_some_and(|word| word.eq_ignore_ascii_case(name));
        if let Some((name, _)) = PRESETS.iter().find(|preset| known(preset)) {
            *word = Value::from(*name);
        }
    }
}

/// The presets of `value`, with their places in the list.
fn named(value: &Value) -> Vec<(usize, (&'static str, &'static str))> {
    let words = value.get("presets").and_then(Value::as_array).into_iter().flatten();
    let known = |word: &Value| PRESETS.into_iter().find(|(name, _)| word.as_str() == Some(name));
    words.enumerate().filter_map(|(index, word)| Some((index, known(word)?))).collect()
}

fn contradiction(path: &Path, known: &Field, index: usize, preset: &str) -> ConfigError {
    let presets = Path::default().field("presets");
    let detail = format!(
        "presets `{}` and `{preset}` say different things about `{path}`; set it yourself",
        known.preset
    );
    ConfigError::new(presets.index(index), Finding::Conflict { other: presets.index(known.index), detail })
}

/// The fields of a preset with their places.
fn collect(map: Map<String, Value>, at: &Path, leaves: &mut Vec<(Path, Value)>) {
    for (key, value) in map {
        let path = at.key(&key);
        match value {
            Value::Object(fields) if SECTIONS.contains(&path.to_string().as_str()) => {
                collect(fields, &path, leaves);
            }
            leaf => leaves.push((path, leaf)),
        }
    }
}

/// Does the file say something at `path`, or something above it that is no map?
fn is_set(value: &Value, path: &Path) -> bool {
    let mut value = value;
    for segment in path.segments() {
        let Segment::Key(key) = segment else { return false };
        match value {
            Value::Object(map) => match map.get(key) {
                Some(inner) => value = inner,
                None => return false,
            },
            _ => return true,
        }
    }
    true
}

/// Is `path` outside the sections that the operator has to begin, or has that been done?
fn has_begun(value: &Value, path: &Path) -> bool {
    let within = |section: &Path| path.starts_with(section);
    let sections = BEGUN_BY_OPERATOR.iter().map(|name| Path::default().field(name));
    sections.filter(within).all(|section| is_set(value, &section))
}

/// Does the file say something elsewhere that leaves the field at `path` without sense?
fn yields(value: &Value, path: &Path) -> bool {
    let policy = |field| value.get("policy").and_then(|policy| policy.get(field));
    let keeps_everything = policy("keep_existing_groups") == Some(&Value::Bool(true));
    let managed = policy("managed_groups").and_then(Value::as_array);
    match path.to_string().as_str() {
        "policy.manage_groups" => keeps_everything || managed.is_some_and(|list| !list.is_empty()),
        "policy.default_groups.keep" => keeps_everything,
        _ => false,
    }
}

fn insert(value: &mut Value, path: &Path, leaf: Value) -> Option<()> {
    let mut parents = path.segments().iter();
    let Some(Segment::Key(last)) = parents.next_back() else { return None };
    let mut value = value;
    for segment in parents {
        let (Segment::Key(key), Value::Object(map)) = (segment, value) else { return None };
        value = map.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
    }
    let Value::Object(map) = value else { return None };
    map.entry(last.clone()).or_insert(leaf);
    Some(())
}

#[cfg(test)]
mod tests;
