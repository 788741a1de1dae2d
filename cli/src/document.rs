//! YAML and JSON text as JSON values.

use serde::Deserialize as _;
use serde_json::{Map, Value};

/// The documents of `text`, also empty ones. The message of an error says where it is.
pub(crate) fn parse(text: &str) -> Result<Vec<Value>, String> {
    let json = match serde_json::from_str(text) {
        Ok(value) => return Ok(vec![value]),
        Err(fault) => fault,
    };
    yaml(text).map_err(|fault| {
        // What begins as JSON was meant to be JSON, and JSON's complaint is the better one.
        if text.trim_start().starts_with('{') {
            format!("not valid JSON: {json}")
        } else {
            format!("not valid YAML: {fault}")
        }
    })
}

fn yaml(text: &str) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for document in serde_norway::Deserializer::from_str(text) {
        // By way of YAML's own values, because JSON's would keep the last of two equal keys in silence.
        let value = serde_norway::Value::deserialize(document).map_err(|fault| fault.to_string())?;
        found.push(json(value)?);
    }
    Ok(found)
}

fn json(value: serde_norway::Value) -> Result<Value, String> {
    Ok(match value {
        serde_norway::Value::Null => Value::Null,
        serde_norway::Value::Bool(bool) => Value::Bool(bool),
        serde_norway::Value::Number(number) => number_to_json(&number)?,
        serde_norway::Value::String(text) => Value::String(text),
        serde_norway::Value::Sequence(entries) => {
            Value::Array(entries.into_iter().map(json).collect::<Result<_, _>>()?)
        }
        serde_norway::Value::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = match json(key)? {
                    Value::String(key) => key,
                    key @ (Value::Bool(_) | Value::Number(_)) => key.to_string(),
                    _ => return Err(String::from("a key is neither text nor a number")),
                };
                map.insert(key, json(value)?);
            }
            Value::Object(map)
        }
        serde_norway::Value::Tagged(tagged) => {
            return Err(format!("the tag `{}` means nothing here", tagged.tag));
        }
    })
}

fn number_to_json(number: &serde_norway::Number) -> Result<Value, String> {
    let whole = number.as_u64().map(Value::from).or_else(|| number.as_i64().map(Value::from));
    let real = || number.as_f64().and_then(serde_json::Number::from_f64).map(Value::Number);
    whole.or_else(real).ok_or_else(|| format!("`{number}` is no number of JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_in_order() {
        let found = parse("---\na: 1\n---\n# nothing\n---\n- 1.5\n- x: ~\n  2: yes\n");
        let expected =
            vec![serde_json::json!({"a": 1}), Value::Null, serde_json::json!([1.5, {"x": null, "2": "yes"}])];
        assert_eq!(found, Ok(expected));
        assert_eq!(parse("{\"a\": 1}"), Ok(vec![serde_json::json!({"a": 1})]));
        assert!(parse("").is_ok_and(|all| all.iter().all(Value::is_null)));
    }

    #[test]
    fn what_would_be_read_in_silence_is_refused() {
        let bomb: String = (1..20).fold(String::from("a0: &a0 [x]\n"), |mut text, at| {
            let before = format!("*a{}, ", at - 1).repeat(9);
            text.push_str(&format!("a{at}: &a{at} [{}]\n", before.trim_end_matches(", ")));
            text
        });
        for (text, complaint) in [
            ("a: 1\na: 2\n", "duplicate"),
            ("a: 1\n  b: 2\n", "line 2"),
            ("a: [1\n", "line"),
            ("a: !secret x\n", "tag"),
            ("a: .nan\n", "no number"),
            ("? [1]\n: 2\n", "a key is neither"),
            ("{\"a\": 1", "not valid JSON"),
            (bomb.as_str(), "repetition"),
            (&"[".repeat(5_000), "recursion"),
        ] {
            let found = parse(text).err().unwrap_or_default();
            assert!(found.contains(complaint), "{found}");
        }
    }
}
