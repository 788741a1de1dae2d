//! JSON text to a value, with every key that occurs twice reported.

use core::cell::RefCell;
use core::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::errors::{ConfigError, Finding};
use super::path::Path;
use super::protobuf;

/// Parses `bytes`, JSON or an encoded Struct; the faults are keys that occur twice, of which the first is kept.
///
/// # Errors
/// One fault when the text is no JSON.
pub(super) fn parse(bytes: &[u8]) -> Result<(Value, Vec<ConfigError>), ConfigError> {
    let repeated = RefCell::new(Vec::new());
    let seed = Node { path: Path::default(), repeated: &repeated };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match parsed {
        Ok(value) => Ok((value, repeated.into_inner())),
        Err(error) => {
            if let Some(value) = protobuf::parse_struct(bytes).filter(|_| !bytes.is_empty()) {
                return Ok((value, Vec::new()));
            }
            // Only syntax errors occur here, and their messages hold no values.
            let detail = format!("not valid JSON: {error}");
            Err(ConfigError::new(Path::default(), Finding::Malformed(detail)))
        }
    }
}

#[derive(Clone)]
struct Node<'a> {
    path: Path,
    repeated: &'a RefCell<Vec<ConfigError>>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) =
            entries.next_element_seed(Node { path: self.path.index(list.len()), repeated: self.repeated })?
        {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = self.path.key(&key);
            let value = entries.next_value_seed(Node { path: path.clone(), repeated: self.repeated })?;
            if map.contains_key(&key) {
                let finding = Finding::Malformed(String::from("the field occurs twice"));
                self.repeated.borrow_mut().push(ConfigError::new(path, finding));
            } else {
                map.insert(key, value);
            }
        }
        Ok(Value::Object(map))
    }
}
