//! The format that Crowd speaks unless JSON is asked for; nothing of ours reads it.

use std::fmt::Write as _;

use serde_json::Value;

/// `value` as a document. An error names its element, everything else is called `answer`.
pub(super) fn document(value: &Value) -> String {
    let root = if value.get("reason").is_some() { "error" } else { "answer" };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>");
    element(&mut out, root, value);
    out
}

fn element(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(out, name, item)),
        Value::Object(fields) => {
            let _ = write!(out, "<{name}>");
            fields.iter().for_each(|(field, value)| element(out, field, value));
            let _ = write!(out, "</{name}>");
        }
        Value::String(text) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let _ = write!(out, "<{name}>{text}</{name}>");
        }
        other => {
            let _ = write!(out, "<{name}>{other}</{name}>");
        }
    }
}
