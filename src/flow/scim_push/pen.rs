//! What a request writes: conditions and sealed rows of one transaction.

use serde::Serialize;

use crate::base::{Code, EntropySource};
use crate::scim::Error;
use crate::session::table_key::{NotSealed, TableKey};
use crate::store::table::{Action, Condition, MAX_ROW_BYTES, RowKey, RowVersion};

use super::book::Stop;

/// A transaction that is being written.
pub(super) struct Pen<'a> {
    pub(super) table: &'a TableKey,
    pub(super) entropy: &'a dyn EntropySource,
    pub(super) conditions: Vec<Condition>,
    pub(super) actions: Vec<Action>,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(table: &'a TableKey, entropy: &'a dyn EntropySource) -> Self {
        Self { table, entropy, conditions: Vec::new(), actions: Vec::new() }
    }

    pub(super) fn unchanged(&mut self, key: &RowKey, version: RowVersion) {
        self.conditions.push(Condition::Unchanged(key.clone(), version));
    }

    pub(super) fn exists(&mut self, key: &RowKey) {
        self.conditions.push(Condition::Exists(key.clone()));
    }

    pub(super) fn put<T: Serialize>(&mut self, key: RowKey, value: &T) -> Result<(), Stop> {
        let sealed = self.table.seal(&key, value, self.entropy).map_err(|fault| {
            Stop::Refuse(match fault {
                NotSealed::TooLarge => {
                    Error::TooLarge { what: "bytes of one resource", limit: MAX_ROW_BYTES }
                }
                NotSealed::EntropyUnavailable => unavailable(Code::EntropyUnavailable),
            })
        })?;
        self.actions.push(Action::Put(key, sealed));
        Ok(())
    }

    pub(super) fn delete(&mut self, key: RowKey) {
        self.actions.push(Action::Delete(key));
    }
}

/// Something that is asked for again in a moment.
pub(super) fn unavailable(code: Code) -> Error {
    Error::Refused {
        status: 503,
        scim_type: None,
        code,
        retry_after: Some(core::time::Duration::from_secs(5)),
    }
}

/// The row that `parts` name; there always is one, because ids and hashes are letters and digits.
pub(super) fn row(key: Option<RowKey>) -> Result<RowKey, Stop> {
    key.ok_or(Stop::Refuse(Error::NotFound { what: "resource" }))
}
