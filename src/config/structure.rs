//! The shape of the file: unknown fields, wrong kinds of values, choices with none or several keys.
//!
//! Serde stops at the first fault. So each fault is cut out of the value and the rest read again, until what is left
//! has the right shape; that rest goes on to `check`, which finds the faults of meaning in the same run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serde_path_to_error as located;

use super::errors::{ConfigError, Finding, nearest, one_of};
use super::path::{Path, Quoted, Segment};
use super::raw::Configuration;

/// Faults of shape that are looked for in one file. Each costs one more reading.
const MAX_FAULTS: usize = 50;

/// The part of the file that has the right shape.
pub(super) struct Structure {
    /// What could be read.
    pub(super) configuration: Configuration,
    /// The faults of shape.
    pub(super) faults: Vec<ConfigError>,
    /// Where what was cut out had been.
    pub(super) cuts: Cuts,
}

/// Places that were cut out of the value, in the file's own numbering.
#[derive(Default)]
pub(super) struct Cuts {
    places: BTreeSet<Path>,
    /// For lists that lost entries: the original index of each entry that is left.
    indices: BTreeMap<Path, Vec<usize>>,
}

impl Cuts {
    /// Translates a place in what is left into a place in the file.
    pub(super) fn original(&self, path: &Path) -> Path {
        let mut original = Path::default();
        for segment in path.segments() {
            let segment = match segment {
                Segment::Index(index) => {
                    let kept = self.indices.get(&original).and_then(|kept| kept.get(*index));
                    Segment::Index(kept.copied().unwrap_or(*index))
                }
                Segment::Key(key) => Segment::Key(key.clone()),
            };
            original.push(segment);
        }
        original
    }

    /// Was `path`, something above it or something below it cut out, so that its absence says nothing?
    pub(super) fn touch(&self, path: &Path) -> bool {
        self.places.iter().any(|place| place.starts_with(path) || path.starts_with(place))
    }

    fn cut(&mut self, value: &mut Value, path: &Path) -> bool {
        let original = self.original(path);
        let mut parent = path.clone();
        let Some(last) = parent.pop() else { return false };
        let Some(container) = find(value, &parent) else { return false };
        match (container, last) {
            (Value::Object(map), Segment::Key(key)) => {
                if map.remove(&key).is_none() {
                    return false;
                }
            }
            (Value::Array(list), Segment::Index(index)) if index < list.len() => {
                let length = list.len();
                list.remove(index);
                let parent = self.original(&parent);
                self.indices.entry(parent).or_insert_with(|| (0..length).collect()).remove(index);
            }
            _ => return false,
        }
        self.places.insert(original);
        true
    }
}

fn find<'v>(value: &'v mut Value, path: &Path) -> Option<&'v mut Value> {
    path.segments().iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key.as_str()),
        Segment::Index(index) => value.get_mut(*index),
    })
}

/// Reads as much of `value` as has the right shape.
pub(super) fn read(mut value: Value) -> Structure {
    let mut cuts = Cuts::default();
    let mut faults = Vec::new();
    let mut nulls = nulls(&value);
    let configuration = loop {
        let error = match located::deserialize::<_, Configuration>(&value) {
            Ok(configuration) => break configuration,
            Err(error) => error,
        };
        let Fault { path, cut, finding } = describe(&error, &mut value);
        let path = cuts.original(&path);
        nulls.retain(|null| !null.starts_with(&path));
        faults.push(ConfigError::new(path, finding));
        if faults.len() >= MAX_FAULTS || !cuts.cut(&mut value, &cut) {
            // Nothing is left that could be judged.
            cuts.places.insert(Path::default());
            break Configuration::default();
        }
    };
    // Where `null` was read as an absent field.
    faults.extend(nulls.into_iter().take(MAX_FAULTS).map(|path| {
        let expected = String::from("a value; leave the field out for its default");
        ConfigError::new(path, Finding::Invalid { found: String::from("null"), expected })
    }));
    Structure { configuration, faults, cuts }
}

/// One fault of shape.
struct Fault {
    path: Path,
    /// What has to go so that the rest can be read.
    cut: Path,
    finding: Finding,
}

/// Places with `null`, except for the one field where it means something.
fn nulls(value: &Value) -> Vec<Path> {
    fn walk(value: &Value, path: &Path, found: &mut Vec<Path>) {
        match value {
            Value::Null => found.push(path.clone()),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    walk(value, &path.index(index), found);
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    walk(value, &path.key(key), found);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(value, &Path::default(), &mut found);
    let meant = Path::default().field("session.idle_timeout");
    found.retain(|path| !path.segments().is_empty() && *path != meant);
    found
}

/// The place that is at fault and what is wrong with it, from serde's message. Text of the file is shown only where
/// one of fixed words was expected: elsewhere it could be a secret that was put in the wrong place.
fn describe(error: &located::Error<serde_json::Error>, value: &mut Value) -> Fault {
    let mut path = Path::default();
    // The content of a choice is cut together with its key, because a choice without a key would be the next fault.
    let mut cut = Path::default();
    for segment in error.path() {
        match segment {
            located::Segment::Seq { index } => path.push(Segment::Index(*index)),
            located::Segment::Map { key } => path.push(Segment::Key(key.clone())),
            located::Segment::Enum { variant } => {
                path.push(Segment::Key(variant.clone()));
                continue;
            }
            located::Segment::Unknown => continue,
        }
        cut = path.clone();
    }
    let message = error.inner().to_string();
    let expected = words(&message);
    if let Some(name) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
        let named = path.segments().last() == Some(&Segment::Key(name.to_owned()));
        let path = if named { path } else { path.key(name) };
        return Fault { cut: path.clone(), path, finding: Finding::UnknownField { expected } };
    }
    // The name of a choice's key as text: the choice itself is at fault, its content is not there.
    let path = if message.contains("newtype variant") { cut.clone() } else { path };
    let found = find(value, &path);
    let finding = if message.starts_with("unknown variant") || message.contains("map with a single key") {
        wrong_choice(found.as_deref(), &expected)
    } else {
        let shown = match found.as_deref() {
            Some(Value::String(text)) if message.starts_with("invalid value: string") => {
                format!("`{}`", Quoted(text))
            }
            other => kind(other),
        };
        Finding::Invalid { found: shown, expected: shape(&message) }
    };
    Fault { path, cut, finding }
}

fn wrong_choice(found: Option<&Value>, expected: &[String]) -> Finding {
    let is_word = expected.iter().any(|word| word.starts_with(|letter: char| letter.is_ascii_uppercase()));
    let suggestion = |found: &str| match nearest(found, expected) {
        Some(near) => format!("; did you mean `{near}`"),
        None => String::new(),
    };
    let (found, suggestion) = match found {
        Some(Value::String(word)) if is_word => {
            let expected = format!("{}{}", one_of(expected), suggestion(word));
            return Finding::Invalid { found: format!("`{}`", Quoted(word)), expected };
        }
        Some(Value::Object(map)) if map.is_empty() => (String::from("an empty map"), String::new()),
        Some(Value::Object(map)) => {
            let keys: Vec<_> = map.keys().take(8).map(|key| format!("`{}`", Quoted(key))).collect();
            (keys.join(" and "), map.keys().next().map(|key| suggestion(key)).unwrap_or_default())
        }
        other => (kind(other), String::new()),
    };
    let names = if expected.is_empty() { String::new() } else { format!(", {}", one_of(expected)) };
    Finding::Invalid { found, expected: format!("a map with exactly one key{names}{suggestion}") }
}

/// The words in backticks after "expected".
fn words(message: &str) -> Vec<String> {
    let Some((_, expected)) = message.rsplit_once("expected ") else { return Vec::new() };
    expected.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// What serde expected, without the names of our types.
fn shape(message: &str) -> String {
    let expected = message.rsplit_once("expected ").map_or(message, |(_, expected)| expected);
    let expected = expected.split(" at line ").next().unwrap_or_default();
    match expected {
        "a sequence" => String::from("a list"),
        "a string" => String::from("text"),
        "a boolean" => String::from("true or false"),
        "string or map" | "newtype variant" => String::from("a map with exactly one key"),
        other => other.to_owned(),
    }
}

fn kind(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Null) => String::from("null"),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(_)) => String::from("text"),
        Some(Value::Array(_)) => String::from("a list"),
        Some(Value::Object(_)) => String::from("a map"),
    }
}
