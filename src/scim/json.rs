//! The body of a request as JSON, in which no name occurs twice.

use core::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Error;

/// The object that `bytes` hold.
///
/// Two names that differ only in case are one name (RFC 7643 2.1): an object with both can be read in two ways, and is refused.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = Node.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match parsed {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::syntax("the body is no JSON object")),
        // The message of serde_json may quote the value; its place is enough.
        Err(error) => Err(Error::syntax(format!(
            "the body is no JSON in which every name occurs once: line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// `name` in `map`, in any case.
pub(super) fn member<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| map.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

struct Node;

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
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

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(Node)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut folded = std::collections::BTreeSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            if !folded.insert(name.to_ascii_lowercase()) {
                return Err(de::Error::custom("a name occurs twice"));
            }
            map.insert(name, entries.next_value_seed(Node)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for body in [
            &br#"{"active":true,"active":false}"#[..],
            br#"{"active":true,"ACTIVE":false}"#,
            br#"{"name":{"givenName":"a","givenname":"b"}}"#,
            br#"{"emails":[{"value":"a","Value":"b"}]}"#,
            br#"{"active":true}{"active":false}"#,
            br#"{"active":true} x"#,
            br#"{"userName":"a\ud800"}"#,
            b"{\"userName\":\"a\xff\"}",
            br#"{"userName":"a",}"#,
            br#"{"n":1e999}"#,
            br#"{"n":NaN}"#,
            br#"["userName"]"#,
            br#""userName""#,
            b"\xef\xbb\xbf{}",
            b"",
            b" ",
        ] {
            let found = object(body);
            assert!(matches!(found, Err(Error::Syntax { .. })), "{}", String::from_utf8_lossy(body));
        }
        let deep = [vec![b'['; 5000], vec![b']'; 5000]].concat();
        assert!(object(&[br#"{"a":"#.to_vec(), deep, b"}".to_vec()].concat()).is_err());
    }

    #[test]
    fn an_error_quotes_nothing_of_the_body() {
        let error = object(br#"{"password":"hunter2" "x"}"#).expect_err("no JSON");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn names_are_found_in_any_case() {
        let map = object(br#"{"operations":[1.5,-3,true,null,"x"]}"#).expect("an object");
        assert!(member(&map, "Operations").is_some_and(Value::is_array));
        assert_eq!(member(&map, "schemas"), None);
    }
}
