//! PATCH (RFC 7644 3.5.2) as far as the directories take it.

use serde_json::{Map, Value, json};

use crate::stand_in::Answer;

use super::resource::error;

/// One operation of a PATCH.
pub(super) struct Change<'a> {
    pub(super) op: Op,
    /// Empty when there is none.
    pub(super) path: &'a str,
    pub(super) value: &'a Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Replace,
    Remove,
}

/// The operations of `body`.
pub(super) fn changes(body: &Map<String, Value>) -> Result<Vec<Change<'_>>, Answer> {
    let operations = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("operations"));
    let Some(operations) = operations.and_then(|(_, value)| value.as_array()).filter(|list| !list.is_empty())
    else {
        return Err(error(400, Some("invalidSyntax"), "no Operations"));
    };
    operations
        .iter()
        .map(|operation| {
            let op = match operation.get("op").and_then(Value::as_str).unwrap_or_default() {
                op if op.eq_ignore_ascii_case("add") => Op::Add,
                op if op.eq_ignore_ascii_case("replace") => Op::Replace,
                op if op.eq_ignore_ascii_case("remove") => Op::Remove,
                _ => return Err(error(400, Some("invalidSyntax"), "no such op")),
            };
            let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
            if op == Op::Remove && path.is_empty() {
                return Err(error(400, Some("noTarget"), "remove needs a path"));
            }
            Ok(Change { op, path, value: operation.get("value").unwrap_or(&Value::Null) })
        })
        .collect()
}

/// Carries the operations of `body` out on the attributes of a user; on refusal they are half changed and of no use.
pub(super) fn apply(
    body: &Map<String, Value>,
    attributes: &mut Map<String, Value>,
    writable: &[&'static str],
) -> Result<(), Answer> {
    for change in changes(body)? {
        if change.path.is_empty() {
            let Value::Object(values) = change.value else {
                return Err(error(400, Some("invalidValue"), "without a path the value is an object"));
            };
            for (path, value) in values.iter().filter(|(path, _)| *path != "id" && *path != "schemas") {
                set(path, change.op, value, attributes, writable)?;
            }
        } else {
            set(change.path, change.op, change.value, attributes, writable)?;
        }
    }
    Ok(())
}

fn set(
    path: &str,
    op: Op,
    value: &Value,
    attributes: &mut Map<String, Value>,
    writable: &[&'static str],
) -> Result<(), Answer> {
    if let Some(picked) = path.strip_prefix("emails[").and_then(|rest| rest.strip_suffix("].value")) {
        return set_email(picked, value, attributes);
    }
    let (name, sub) = path.split_once('.').unwrap_or((path, ""));
    let Some(name) = writable.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
        return Err(error(400, Some("invalidPath"), "no such attribute, or a read-only one"));
    };
    let target = attributes.entry(*name).or_insert(Value::Null);
    match (op, sub) {
        (Op::Remove, "") => drop(attributes.remove(*name)),
        (_, "") => *target = value.clone(),
        (op, sub) => {
            if !target.is_object() {
                *target = json!({});
            }
            if let Value::Object(target) = target {
                let value = if op == Op::Remove { Value::Null } else { value.clone() };
                target.insert(sub.to_owned(), value);
            }
        }
    }
    Ok(())
}

fn set_email(picked: &str, value: &Value, attributes: &mut Map<String, Value>) -> Result<(), Answer> {
    let emails = attributes.get_mut("emails").and_then(Value::as_array_mut);
    let hit = emails.into_iter().flatten().find(|email| match picked {
        r#"type eq "work""# => email.get("type") == Some(&json!("work")),
        "primary eq true" => email.get("primary") == Some(&json!(true)),
        _ => false,
    });
    let Some(hit) = hit else { return Err(error(400, Some("noTarget"), "no such e-mail address")) };
    if let Value::Object(hit) = hit {
        hit.insert("value".to_owned(), value.clone());
    }
    Ok(())
}
