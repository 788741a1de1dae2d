//! What etcd answers to a transaction. An answer counts only when it is one to what was asked: as many parts, each of its
//! kind, each key where it was looked for. Anything else would read as "not there".

use serde_json::Value;

use super::super::answer::{malformed, number, success};
use super::super::error::StoreError;
use super::key::{Folder, RowKey};
use super::{Action, Done, List, Listed, MAX_ROW_BYTES, Outcome, Row, RowVersion, Transaction};
use crate::encoding::base64;
use crate::http::HttpResponse;

pub(super) fn outcome(
    response: &HttpResponse,
    transaction: &Transaction,
    table: &str,
) -> Result<Outcome, StoreError> {
    let body = success(response)?;
    let carried_out = match body.get("succeeded") {
        // Without conditions there is nothing that could fail.
        None | Some(Value::Bool(false)) if transaction.conditions.is_empty() => {
            return Err(malformed("a transaction without conditions failed"));
        }
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err(malformed("the outcome of a transaction is no boolean")),
    };
    let revision = number(&body, "/header/revision").ok_or(malformed("it has no header"))?;
    let actions = if carried_out { &transaction.then } else { &transaction.otherwise };
    let parts = match body.get("responses") {
        None => &[],
        Some(Value::Array(parts)) => parts.as_slice(),
        Some(_) => return Err(malformed("the parts of its outcome are no list")),
    };
    if parts.len() != actions.len() {
        return Err(malformed("its outcome has another number of parts"));
    }
    let done = actions.iter().zip(parts).map(|(action, part)| done(action, part, revision, table));
    Ok(Outcome { carried_out, done: done.collect::<Result<_, _>>()?, version: RowVersion(revision) })
}

fn done(action: &Action, part: &Value, revision: u64, table: &str) -> Result<Done, StoreError> {
    let of = |kind: &str| part.get(kind).ok_or(malformed("a part of its outcome is of another kind"));
    match action {
        Action::Put(..) => of("response_put").map(|_| Done::Put),
        Action::Delete(_) => of("response_delete_range").map(|_| Done::Deleted),
        Action::Read(key) | Action::Find(key) => {
            let mut rows = rows(of("response_range")?, revision, table)?.into_iter();
            match (rows.next(), rows.next()) {
                (row, None) if row.as_ref().is_none_or(|row| row.key == *key) => Ok(Done::Read(row)),
                _ => Err(malformed("it shows another row than was asked for")),
            }
        }
        Action::List(list) => listed(list, of("response_range")?, revision, table).map(Done::Listed),
    }
}

fn listed(list: &List, range: &Value, revision: u64, table: &str) -> Result<Listed, StoreError> {
    let rows = rows(range, revision, table)?;
    let most = list.most();
    let count = match range.get("count") {
        None => 0,
        Some(_) => number(range, "/count").ok_or(malformed("its count is no number"))?,
    };
    let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if shown > u64::from(most) || shown > count {
        return Err(malformed("it has more rows than were asked for"));
    }
    if !in_order(&list.folder, list.after.as_ref(), &rows) {
        return Err(malformed("its rows are not those that were asked for"));
    }
    let more = shown < count;
    if more && rows.is_empty() && most > 0 {
        return Err(malformed("it has more rows and shows none"));
    }
    // What was cut short without a limit being reached would read as the end.
    if more && shown < u64::from(most) {
        return Err(malformed("it shows fewer rows than there are"));
    }
    Ok(Listed { rows, count, more })
}

fn in_order(folder: &Folder, after: Option<&RowKey>, rows: &[Row]) -> bool {
    let keys = || after.into_iter().chain(rows.iter().map(|row| &row.key));
    rows.iter().all(|row| folder.holds(&row.key)) && keys().zip(keys().skip(1)).all(|(one, next)| one < next)
}

fn rows(range: &Value, revision: u64, table: &str) -> Result<Vec<Row>, StoreError> {
    let pairs = match range.get("kvs") {
        None => return Ok(Vec::new()),
        Some(Value::Array(pairs)) => pairs,
        Some(_) => return Err(malformed("its rows are no list")),
    };
    pairs.iter().map(|pair| row(pair, revision, table)).collect()
}

fn row(pair: &Value, revision: u64, table: &str) -> Result<Row, StoreError> {
    let bytes = |name: &str| match pair.get(name) {
        None => Some(Vec::new()),
        Some(value) => base64::decode_strict(value.as_str()?).ok(),
    };
    let key = bytes("key").and_then(|key| RowKey::read(&key, table));
    let key = key.ok_or(malformed("a row has no key of ours"))?;
    let version = number(pair, "/mod_revision").filter(|written| (1..=revision).contains(written));
    let version = RowVersion(version.ok_or(malformed("a row has no version"))?);
    // Somebody else's row is unreadable to its reader too.
    let content = bytes("value").filter(|content| content.len() <= MAX_ROW_BYTES).unwrap_or_default();
    Ok(Row { key, version, content })
}
